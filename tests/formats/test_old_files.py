"""Files written by version 0.1.0, one of each kind of model, are read as they were meant."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from classes import content

import fastsgns

FOLDER = Path(__file__).parent.parent / "files_0_1_0"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


def value_of(model: object, name: str) -> np.ndarray:
    value = getattr(model, name)
    if hasattr(value, "vectors"):
        value = value.vectors
    if name == "syn1":
        value = value[:-1]  # without the row that is not used, as it was then
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_version_0_1_0_loads(name: str, tmp_path: Path):
    expected = dict(EXPECTED[name])
    module, class_name = expected.pop("class").split(":")
    cls = getattr(importlib.import_module(module), class_name)
    model = cls.load(FOLDER / f"{name}.fastsgns")
    assert type(model) is type(fastsgns.load(FOLDER / f"{name}.fastsgns")) is cls and expected
    model.save(tmp_path / "again")
    again = cls.load(tmp_path / "again")
    for loaded in (model, again):
        for attribute, value in expected.items():
            np.testing.assert_array_equal(value_of(loaded, attribute), value, attribute)
    assert content(again) == content(model)
