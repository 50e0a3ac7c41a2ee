"""Check that a source tree has compiled modules, and that they were compiled from its sources.

A clone is imported from where it is: by Python, and by notebooks, that are started in it.
``setup.py`` therefore compiles in place as well and records the sources by `write_record`.
`check` runs when the package is imported. An installed package has no sources, so there is nothing
to check.
"""

import hashlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PACKAGE = Path(__file__).parent
SUFFIXES = (".pyx", ".pxd", ".h", ".c")
MODULE_SUFFIX = EXTENSION_SUFFIXES[0]  # such as .cpython-311-x86_64-linux-gnu.so


def check(package: Path = PACKAGE) -> None:
    """Raise an ImportError if a source tree was not compiled, or has changed since then.

    Parameters
    ----------
    package : Path
        The folder ``fastsgns``.

    Raises
    ------
    ImportError
        With what to do, in one line.
    """
    found = sources(package)
    modules = [path for path in found if path.suffix == ".pyx"]
    if not all(path.with_name(path.stem + MODULE_SUFFIX).exists() for path in modules):
        problem = f"is not compiled for this Python ({sys.version.split()[0]})"
    elif modules and recorded(package) != fingerprint(package):
        problem = "has changed since it was compiled"
    else:
        return
    raise ImportError(f"{package} {problem}: run `python -m pip install .` in {package.parent}")


def sources(package: Path) -> list[Path]:
    """Return the files that the compiled modules depend on, sorted; none of an installed package.

    If the ``.pyx`` of the kernels is missing, all are: an installed package needs one check.
    """
    if not (package / "kernels" / "sgns.pyx").exists():
        return []
    return sorted(path for path in package.rglob("*") if path.suffix in SUFFIXES)


def fingerprint(package: Path) -> str:
    """Compute a digest of the names and contents of the sources."""
    digest = hashlib.sha256()
    for path in sources(package):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def record_path(package: Path) -> Path:
    """Return the path of the record, which is one for each kind of Python, as the modules are."""
    return package / f"_compiled{MODULE_SUFFIX}.sha256"


def recorded(package: Path) -> str | None:
    """Return the fingerprint of the sources that were compiled last; None without a record."""
    path = record_path(package)
    return path.read_text().strip() if path.exists() else None


def write_record(package: Path = PACKAGE) -> None:
    """Record that the modules were compiled from the present sources."""
    record_path(package).write_text(fingerprint(package) + "\n")


if __name__ == "fastsgns._compiled":  # imported, and not run by setup.py
    check()
