"""Compiles the modules with coverage and AddressSanitizer, which takes clang, for the fuzzer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "build" / "sanitized-fuzzer" / "lib"  # where setup.py writes them
SANITIZED = b"__asan_init"
# What Python leaves at the end would be reported as leaks.
OPTIONS = (
    "detect_leaks=0:allocator_may_return_null=1:detect_odr_violation=0:malloc_context_size=6:"
    "quarantine_size_mb=32"
)


def clang() -> str | None:
    """Return the name of a clang that has the libraries of the sanitizer, or None."""
    names = ["clang", *(f"clang-{version}" for version in range(30, 13, -1))]
    return next((name for name in names if shutil.which(name) and _can_link(name)), None)


def _can_link(compiler: str) -> bool:
    """Return whether a compiler makes a module with coverage and AddressSanitizer."""
    command = [compiler, "-fsanitize=fuzzer-no-link,address", "-shared", "-fPIC", "-x", "c", "-"]
    source = "int f(void) { return 0; }"
    done = subprocess.run(
        [*command, "-o", os.devnull], input=source, text=True, capture_output=True, check=False
    )
    return done.returncode == 0


def build() -> dict[str, str]:
    """Compile what has changed; return the variables of processes that use the modules."""
    compiler = clang()
    if compiler is None:
        print(
            "there is no clang with the libraries of its sanitizers (Debian: apt install clang "
            "libclang-rt-dev), so compiled modules are neither instrumented nor sanitized"
        )
        return {}
    print(f"compiling fastsgns with {compiler} for coverage and AddressSanitizer", flush=True)
    for path in LIB.rglob("*.py"):  # files that were deleted
        path.unlink()
    link = f"{compiler} -shared"
    environment = os.environ | {"CC": compiler, "LDSHARED": link, "FASTSGNS_SANITIZE": "fuzzer"}
    command = [sys.executable, "setup.py", "--quiet", "build"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stderr.decode(errors='replace')}\nnot compiled with {compiler}")
    path = os.pathsep.join((str(LIB), str(ROOT / "tests"), str(ROOT)))
    return {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def runtime(package: Path, atheris: Path) -> dict[str, str]:
    """Return the variables with which a process loads AddressSanitizer, if modules need it.

    Parameters
    ----------
    package, atheris : Path
        The folders of fastsgns and atheris. The latter brings the library.
    """
    if not any(SANITIZED in path.read_bytes() for path in package.glob("corpus/scan*.so")):
        return {}
    library = atheris.parent / "asan_with_fuzzer.so"
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": OPTIONS}
