"""Compile the package for a sanitizer, and run tests with it: ``make asan``, ``ubsan``, ``tsan``.

``python tools/sanitize.py asan`` runs the tests of `RUNS`. What follows the name is passed to
Python instead, in the same environment: ``python tools/sanitize.py asan -m pytest -k vocabulary``.

The exit status is 1 if a test fails, or if the sanitizer reports anything in any process.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANITIZERS = {"asan": "address", "ubsan": "undefined", "tsan": "thread"}
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
MEMORY_TESTS = (
    "tests/kernels",
    "tests/formats",
    "tests/corpus",
    "tests/phrases",
    "tests/cooccurrence",
    "tests/training",
    "--deselect=tests/training/test_sharing.py",  # trains for minutes, on what others train on, too
    "tests/graph",
    "tests/vectors",
    "tests/models/words/test_prediction.py",
    "tests/fuzz",  # without the fuzzer: hostile inputs
    "tests/test_many_threads.py",
)
RACES = ("tests/races.py",)  # all models with all kernel variants, in threads
RUNS = {
    "asan": [(*PYTEST, *MEMORY_TESTS), RACES],
    "ubsan": [(*PYTEST, *MEMORY_TESTS), RACES],
    "tsan": [RACES],
}
OPTIONS = {
    # Tests ask for more memory than there is, and expect a MemoryError. GCC 12 does not align the
    # stack frames of detect_stack_use_after_return for vectors of AVX-512 (its bug 110027).
    "asan": "allocator_may_return_null=1:detect_stack_use_after_return=0:detect_leaks=1",
    "ubsan": "print_stacktrace=1",
    # All races of a run are reported, and `races` decides.
    "tsan": "halt_on_error=0:exitcode=0:second_deadlock_stack=1",
}


# Memory that is not freed when a process ends, and that compiled code of fastsgns allocated itself.
OWN_LEAK = re.compile(r"^ +#1 .*\bfastsgns/", re.M)

# Tests limit the memory of processes, and expect a MemoryError.
NO_MEMORY = re.compile(r"^=+\nERROR: Failed to mmap\n", re.M)

OWN_FRAME = re.compile(r"^ +#\d+ .*\bfastsgns/", re.M)
TLS_END = "_dl_deallocate_tls"


def compiler() -> list[str]:
    """Return the command of the C compiler that setuptools uses."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC"))


def check_compiler(name: str) -> None:
    """Exit with a message if the compiler lacks the sanitizer."""
    command = [*compiler(), f"-fsanitize={SANITIZERS[name]}", "-x", "c", "-", "-o", os.devnull]
    done = subprocess.run(command, input="int main(void) { return 0; }", text=True, check=False,
                          capture_output=True)  # fmt: skip
    if done.returncode:
        sys.exit(
            f"{compiler()[0]} can't compile for the sanitizer {SANITIZERS[name]!r}: use GCC or "
            f"clang with its run-time libraries (CC=clang)\n{done.stderr.strip()}"
        )


def runtime(name: str) -> str:
    """Return the path of the sanitizer's shared library, which the process has to load first."""
    machine = platform.machine()
    for library in (f"lib{name}.so", f"libclang_rt.{name}-{machine}.so", f"libclang_rt.{name}.so"):
        command = [*compiler(), f"-print-file-name={library}"]
        path = Path(subprocess.check_output(command, text=True).strip())
        if path.is_absolute() and path.exists():
            script = path.read_bytes()[:4096]  # of the linker, on some systems
            found = re.search(rb"INPUT *\( *(\S+)", script)
            return found[1].decode() if found and b"\x7fELF" not in script else str(path.resolve())
    sys.exit(f"{compiler()[0]} has no shared library of the sanitizer {SANITIZERS[name]!r}")


def build(name: str) -> Path:
    """Compile what has changed, and return the folder that has the package."""
    lib = ROOT / "build" / f"sanitized-{SANITIZERS[name]}" / "lib"
    for path in lib.rglob("*.py*"):  # files that were deleted
        path.unlink()
    print(f"compiling fastsgns for the sanitizer {SANITIZERS[name]!r}", flush=True)
    settings = os.environ | {"FASTSGNS_SANITIZE": SANITIZERS[name]}
    if "clang" in compiler()[0]:
        settings["LDFLAGS"] = f"{os.environ.get('LDFLAGS', '')} -shared-libsan"
    log = lib.parent / "build.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        done = subprocess.run([sys.executable, "setup.py", "--quiet", "build"], cwd=ROOT,
                              env=settings, stdout=file, stderr=file, check=False)  # fmt: skip
    if done.returncode:
        sys.exit(f"{log.read_text()}\nnot compiled; see {log}")
    for module in lib.rglob("*.so"):
        if f"__{name}".encode() not in module.read_bytes():
            sys.exit(f"{module} was compiled without the sanitizer: remove {lib.parent}")
    return lib


def environment(name: str, lib: Path, reports: Path) -> dict[str, str]:
    """Return the variables of processes that use the modules.

    Python's allocator takes its memory from malloc, so that an access beyond a buffer is seen.
    """
    options = f"{OPTIONS[name]}:log_path={reports / 'report'}"
    variables = {
        "PYTHONPATH": os.pathsep.join((str(lib), str(ROOT / "tests"), str(ROOT))),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        f"{name.upper()}_OPTIONS": options,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    if name != "ubsan":  # its library is loaded by each module
        libraries = [runtime(name)]
        found = subprocess.check_output([*compiler(), "-print-file-name=libstdc++.so"], text=True)
        if name == "asan" and Path(found.strip()).is_absolute():  # for exceptions in C++ of others
            libraries.append(str(Path(found.strip()).resolve()))
        variables["LD_PRELOAD"] = " ".join(libraries)
    if name == "asan":
        variables["PYTHONMALLOC"] = "malloc"
        variables["LSAN_OPTIONS"] = "exitcode=0"  # `own_leaks` decides
    return os.environ | variables


def own_leaks(report: str) -> str:
    """Return the leaks of a report that compiled code of fastsgns allocated itself.

    Python does not free everything when it ends.
    """
    leaks = re.split(r"\n\n", report)
    return "\n\n".join(leak for leak in leaks if "leak of" in leak and OWN_LEAK.search(leak))


def races(report: str) -> str:
    """Return the races of a report.

    A block that the C library frees when the thread-local memory of a thread ends is left out
    unless compiled code of fastsgns accessed it: the library's order is not seen.
    """
    found = [part for part in re.split(r"^=+\n", report, flags=re.M) if "WARNING:" in part]
    return "".join(race for race in found if TLS_END not in race or OWN_FRAME.search(race))


FILTERS = {"asan": own_leaks, "tsan": races}


def found_reports(name: str, reports: Path) -> Iterator[str]:
    """Yield what the sanitizer reported, by process."""
    for path in sorted(reports.iterdir()):
        report = NO_MEMORY.sub("", path.read_text(errors="replace")).lstrip("\n")
        if name != "asan" or "ERROR: LeakSanitizer" in report:
            report = FILTERS.get(name, str)(report)
        if report:
            yield report


def main() -> None:
    """Build, run, and print the reports."""
    name, *arguments = sys.argv[1:]
    check_compiler(name)
    lib = build(name)
    reports = lib.parent / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    prefix = []
    if name == "tsan" and shutil.which("setarch"):
        prefix = ["setarch", "-R"]  # fixed addresses, which older versions of the sanitizer need
    variables, failed = environment(name, lib, reports), False
    for run in [tuple(arguments)] if arguments else RUNS[name]:
        print("python", shlex.join(run), flush=True)
        command = [*prefix, sys.executable, *run]
        failed |= subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode != 0
    found = list(found_reports(name, reports))
    print(*found, sep="\n")
    print(f"{name}: {len(found)} processes with reports; {'failed' if failed else 'passed'}")
    sys.exit(1 if failed or found else 0)


if __name__ == "__main__":
    main()
