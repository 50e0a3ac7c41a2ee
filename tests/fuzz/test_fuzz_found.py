"""The harnesses of the fuzzer without it: seeds, simple changes of them, inputs of old faults."""

import random
from pathlib import Path

import pytest

from .harnesses import HARNESSES, find, read
from .mutators import simple_change

FOUND = sorted((Path(__file__).parent / "found").iterdir())
ALL = {f"{name}.{key}": r for name, readers in HARNESSES.items() for key, r in readers.items()}
N_CHANGES = 8  # per reader, so that all take seconds

quiet = pytest.mark.filterwarnings("ignore::UserWarning")


@quiet
@pytest.mark.parametrize("name", ALL)
def test_seeds_and_changes_of_them_are_read_or_refused(name, tmp_path):
    reader, rng = ALL[name], random.Random(name)
    seeds = list(reader.seeds())
    outcomes = [read(reader, seed, tmp_path) for seed in seeds]
    assert "read" in outcomes  # otherwise the harness tests no more than the first lines
    for _ in range(N_CHANGES):
        data = rng.choice(seeds)
        for _ in range(rng.choice([1, 1, 2, 4])):
            data = reader.mutate(data, rng, simple_change(rng))
        try:
            read(reader, data, tmp_path)
        except Exception as error:
            raise AssertionError(f"{name} with {data!r:.2000}") from error


@quiet
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_inputs_that_were_faults_are_read_or_refused(path, tmp_path):
    name = path.name.partition("--")[0]
    if name.partition(".")[0] not in HARNESSES:
        pytest.skip("pyarrow is not installed")
    (reader,) = find(name).values()
    read(reader, path.read_bytes(), tmp_path)
