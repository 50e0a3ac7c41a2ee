"""The examples in docstrings run and say the truth."""

import doctest
import importlib
import pkgutil

import pytest

import fastsgns

MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(fastsgns.__path__, "fastsgns.")
    if not name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module(name)).failed == 0
