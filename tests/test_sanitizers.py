"""The sanitizers' builds: what they do not check, what they run, and that nobody ships them."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from optional import ROOT, need, need_repository

import fastsgns

need_repository()

TOOL = ROOT / "tools" / "sanitize.py"
KERNELS = ROOT / "fastsgns" / "kernels"
SOURCES = sorted(
    path
    for folder in ("fastsgns", "bench", "tests", "tools")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".h", ".c", ".pyx", ".pxd", ".py") and path != Path(__file__).resolve()
)
ROW_OPERATIONS = {  # the files that read or write rows while other threads do
    "rows.h", "rows_plain.h", "rows_simd.h", "cbow_simd.h", "window_simd.h", "sgns_plain.c",
    "sgns_blas.c", "glove_scalar.h", "glove_simd.h", "glove_plain.c",
}  # fmt: skip
NOT_CHECKED = r"\bRACY\b|no_sanitize|disable_sanitizer_instrumentation|no_instrument_function"
ACCESS = r"\bSHARED_ACCESS\b|\b(?:load|store)_(?:f32|f64|shared)\b|\b(?:LOAD|STORE)_ROW\b"


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def files_with(pattern: str) -> set[str]:
    return {path.name for path in SOURCES if re.search(pattern, source(path))}


@pytest.fixture(scope="module")
def tool() -> dict:
    if not TOOL.exists():
        pytest.skip("the tools are not part of this installation")
    return runpy.run_path(str(TOOL), run_name="tool")


def test_the_only_code_without_checks_loads_or_stores_one_value():
    text = source(KERNELS / "rows.h")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    uses = [line.strip() for line in code.splitlines() if re.search(NOT_CHECKED, line)]
    assert files_with(NOT_CHECKED) == {"rows.h"}
    assert [" ".join(use.rstrip("\\").split()) for use in uses] == [
        '#define RACY static __attribute__((noinline, unused, no_sanitize("thread")))',
        "#define RACY static inline __attribute__((always_inline))",
        "#define RACY static inline",
        "RACY type load(const type *address) { return *address; }",
        "RACY void store(type *address, type value) { *address = value; }",
    ]


def test_only_row_operations_use_it():
    assert files_with(ACCESS) <= ROW_OPERATIONS
    defined = {path.name for path in SOURCES if re.search("^SHARED_ACCESS", source(path), re.M)}
    assert defined == {"rows.h", "rows_simd.h", "glove_simd.h"}


def test_no_report_is_suppressed(tool: dict):
    options = " ".join(tool["OPTIONS"].values())
    assert not re.search(r"suppress|ignore_|report_bugs", options)


def test_the_tests_that_run_exist(tool: dict):
    makefile = source(ROOT / "Makefile")
    assert set(tool["RUNS"]) == set(tool["OPTIONS"]) == set(tool["SANITIZERS"])
    for name, runs in tool["RUNS"].items():
        assert re.search(rf"^{name}: .*## ", makefile, re.M)
        paths = [word for run in runs for word in run if word.startswith("tests/")]
        assert paths and all((ROOT / path).exists() for path in paths)


SHARDS = """
import races
from fastsgns.models.glove.grid import Grid
from fastsgns.training import merge, rounds

races.enlarge()
races.divide()
counted, merging = [], []
train, pool = rounds.LocalRounds.__call__, merge.WorkerPool


def count(runner, *arguments):
    counted.append(len(arguments[2]))
    return train(runner, *arguments)


def count_threads(n_threads, *arguments, **options):
    merging.append(n_threads)
    return pool(n_threads, *arguments, **options)


rounds.LocalRounds.__call__, merge.WorkerPool = count, count_threads
for name, call in races.deterministic():
    model = call()
    if "glove" in name:
        grid = Grid(len(model.wv), 1000, "tied" in name, 1)
        assert min(map(len, grid.rounds())) >= races.WORKERS, name
    else:
        assert max(counted) >= 4 and max(merging) == races.WORKERS, (name, counted, merging)
    print(name)
    counted.clear()
    merging.clear()
"""


def test_threads_train_shards_and_merge_them_where_races_are_looked_for():
    path = os.pathsep.join((str(Path(fastsgns.__file__).parent.parent), str(ROOT / "tests")))
    done = subprocess.run([sys.executable, "-c", SHARDS], env=os.environ | {"PYTHONPATH": path},
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("words", "subwords", "nodes", "pairs", "glove"):
        assert f"deterministic {name}" in done.stdout


def test_leaks_of_compiled_code_are_reported_and_those_of_python_are_not(tool: dict):
    own = (
        "Direct leak of 64 byte(s) in 1 object(s) allocated from:\n"
        "    #0 0x7f in __interceptor_calloc asan_malloc_linux.cpp:77\n"
        "    #1 0x7e in allocate build/sanitized-address/cython/fastsgns/kernels/sgns.c:4711"
    )
    python = own.replace("in allocate build/sanitized", "in _PyObject_New Objects/object.c:176\n x")
    report = f"==1==ERROR: LeakSanitizer: detected memory leaks\n\n{python}\n\n{own}\n\nSUMMARY: x"
    assert tool["own_leaks"](report) == own
    assert tool["own_leaks"](report.replace(own, python)) == ""


def test_a_process_without_memory_is_no_report(tool: dict, tmp_path):
    no_memory = f"\n{'=' * 65}\nERROR: Failed to mmap\n"
    (tmp_path / "report.1").write_text(no_memory)
    (tmp_path / "report.2").write_text(no_memory + "==2==ERROR: AddressSanitizer: SEGV\n")
    assert list(tool["found_reports"]("asan", tmp_path)) == ["==2==ERROR: AddressSanitizer: SEGV\n"]


def test_all_races_are_reported_but_the_end_of_thread_local_memory_of_others(tool: dict):
    rule = "==================\n"
    race = "WARNING: ThreadSanitizer: data race (pid=1)\n    #0 {} (libx.so+0x1)\n"
    own, numpy = race.format("sweep fastsgns/kernels/rows.h:3"), race.format("memcpy")
    end = race.format("__GI__dl_deallocate_tls ../elf/dl-tls.c:682")
    own_end = end + "    #1 sweep fastsgns/kernels/rows.h:3 (rows.so+0x1)\n"
    found = tool["races"]("".join(rule + each + rule for each in (own, end, numpy, own_end)))
    assert found == own + numpy + own_end


@pytest.mark.skipif(os.name != "posix", reason="the compiler is a script of a POSIX shell")
@pytest.mark.parametrize("name", ["asan", "ubsan", "tsan"])
def test_a_compiler_without_the_sanitizer_is_named(name: str, tool: dict, tmp_path: Path):
    compiler = tmp_path / "plain-cc"
    compiler.write_text("#!/bin/sh\necho 'no such option' >&2\nexit 1\n")
    compiler.chmod(0o755)
    done = subprocess.run([sys.executable, TOOL, name], env=os.environ | {"CC": str(compiler)},
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert f"{compiler} can't compile for the sanitizer" in done.stderr
    assert "no such option" in done.stderr


@pytest.mark.parametrize(
    ("sanitizer", "command", "message"),
    [
        ("address", "bdist_wheel", "is for `python setup.py build` alone; got 'bdist_wheel'"),
        ("thread", "install", "is for `python setup.py build` alone; got 'install'"),
        ("addres", "build", "'addres' is not a sanitizer: set it to address, "),
    ],
)
def test_sanitized_modules_are_not_packaged(sanitizer: str, command: str, message: str):
    need("Cython")
    need("setuptools")
    done = subprocess.run(
        [sys.executable, "setup.py", command], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"FASTSGNS_SANITIZE": sanitizer},
    )  # fmt: skip
    assert done.returncode == 1
    assert message in done.stderr
