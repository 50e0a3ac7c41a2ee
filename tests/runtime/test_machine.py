"""The limits of containers are honored."""

import errno
import mmap

import numpy as np
import pytest
from optional import need

from fastsgns.corpus import spill
from fastsgns.formats import native
from fastsgns.matrices import allocate_rows
from fastsgns.runtime import machine

MACHINE = 64 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system whose files hold what a dict says."""

    def describe(groups, files):
        (tmp_path / "own").write_text(groups)
        (tmp_path / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {MACHINE >> 10} kB\n")
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    monkeypatch.setattr(machine, "CGROUP", str(tmp_path / "cgroup"))
    monkeypatch.setattr(machine, "OWN_CGROUPS", str(tmp_path / "own"))
    monkeypatch.setattr(machine, "MEMORY", str(tmp_path / "meminfo"))
    return describe


STAT = "anon 500\nactive_file 200\ninactive_file 100\n"
V2 = {"memory.max": "1000000\n", "memory.current": "800\n", "memory.stat": STAT}
V1 = {
    "memory/a/memory.limit_in_bytes": "5000\n",
    "memory/a/memory.usage_in_bytes": "800\n",
    "memory/a/memory.stat": "total_active_file 200\ntotal_inactive_file 100\n",
}


@pytest.mark.parametrize(
    ("groups", "files", "free"),
    [
        ("", {}, MACHINE),
        ("0::/\n", V2, 1000000 - 500),
        ("0::/a/b\n", {f"a/{name}": text for name, text in V2.items()}, 1000000 - 500),
        ("0::/\n", V2 | {"memory.max": "max\n"}, MACHINE),
        ("0::/\n", V2 | {"memory.max": "300\n"}, 0),
        ("0::/\n", V2 | {"memory.stat": "nonsense"}, MACHINE),
        ("3:cpu:/\n2:memory,x:/a/b\n", V1, 5000 - 500),
        ("2:memory:/../a\n", V1, 5000 - 500),
    ],
)
def test_memory_is_what_the_narrowest_limit_leaves(system, groups, files, free):
    system(groups, files)
    assert machine.available_memory() == free
    assert spill.check_budget(None) == free // 4


def test_matrices_stay_below_the_limit(system):
    system("0::/\n", V2)
    with pytest.raises(MemoryError, match="999,500 are free"):
        allocate_rows(10**6, 16)


def test_where_nothing_is_said_there_is_a_default(monkeypatch):
    monkeypatch.setattr(spill, "available_memory", lambda: None)
    assert spill.check_budget(None) == 1 << 30


def test_cores_are_those_of_the_process(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert machine.n_cores() == 3


def test_the_limit_of_address_space_counts(system, tmp_path, monkeypatch):
    resource = need("resource")
    system("", {})
    (tmp_path / "statm").write_text("10 3 1\n")
    monkeypatch.setattr(machine, "OWN_SIZES", str(tmp_path / "statm"))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 30, 1 << 31))
    assert machine.available_memory() == (1 << 30) - 10 * mmap.PAGESIZE
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    assert machine.available_memory() == 0
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert machine.available_memory() == MACHINE


def _refuse(*_, **__):
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


@pytest.mark.parametrize(
    ("allocate", "words"),
    [
        (lambda _: allocate_rows(1000, 100), "1000 rows of 100 dimensions"),
        (lambda _: spill.BlockWriter(None).reserve(10), "ids"),
        (lambda _: spill.allocate_int32(10, 0), "the 40 bytes of ids"),
        (lambda path: native.read(path, mmap=True), "the 400 bytes of"),
    ],
)
def test_a_system_that_refuses_memory_is_a_memory_error(allocate, words, tmp_path, monkeypatch):
    path = tmp_path / "file"
    native.write(path, "test", {"x": np.zeros(100, np.float32)}, {})
    monkeypatch.setattr(mmap, "mmap", _refuse)
    with pytest.raises(MemoryError, match=r"no memory for the .* bytes are free") as caught:
        allocate(path)
    assert words in str(caught.value)


def test_other_errors_of_a_mapping_stay_what_they_are():
    with pytest.raises(OSError, match="Permission"), machine.memory_errors(1, "x"):
        raise OSError(errno.EACCES, "Permission denied")
