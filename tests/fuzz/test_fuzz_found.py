"""The harnesses of the fuzzer without it: seeds, simple changes of them, inputs of old faults."""

import random
from pathlib import Path

import pytest
from optional import need

need("resource")  # of POSIX; the harnesses measure memory with it

from .harnesses import HARNESSES, find, read  # noqa: E402
from .mutators import simple_change  # noqa: E402
from .reading import Finding, Reader, judge  # noqa: E402

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


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of memory cannot be reset"
)
def test_each_input_that_takes_much_memory_is_found(tmp_path):
    reader = Reader(lambda path: len(b"x" * (400 << 20)), list)
    for _ in range(2):  # also after another one has taken as much
        with pytest.raises(Finding, match=r"3 bytes took \d{3} MB of memory"):
            judge(reader, b"abc", tmp_path)
