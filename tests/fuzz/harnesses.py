"""The table of all harnesses, and the function that gives bytes to one."""

import contextlib
import shutil
from pathlib import Path

from . import arrays, fasttext, graphs, lists, native, rows, texts
from .reading import Reader, judge

HARNESSES: dict[str, dict[str, Reader]] = {
    "native": native.READERS,
    "arrays": arrays.READERS,
    "rows": rows.READERS,
    "fasttext": fasttext.READERS,
    "texts": texts.READERS,
    "graphs": graphs.READERS,
    "lists": lists.READERS,
}
with contextlib.suppress(ImportError):  # of pyarrow, an extra
    from . import columns

    HARNESSES["columns"] = columns.READERS


def find(name: str) -> dict[str, Reader]:
    """Return the readers of a harness, ``native``, one of them, ``native.graph``, or ``all``.

    Raises
    ------
    SystemExit
        If there is no such harness or reader.
    """
    if name == "all":
        return {key: each for harness in HARNESSES for key, each in find(harness).items()}
    harness, _, reader = name.partition(".")
    readers = HARNESSES.get(harness, {})
    chosen = {key: value for key, value in readers.items() if reader in ("", key)}
    if not chosen:
        raise SystemExit(f"there is no harness {name!r}; `python -m tests.fuzz --list` lists all")
    return {f"{harness}.{key}": value for key, value in chosen.items()}


def read(reader: Reader, data: bytes, folder: Path) -> str:
    """Read an input in a folder that is empty; see `fuzz.reading.judge`."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return judge(reader, data, folder)
