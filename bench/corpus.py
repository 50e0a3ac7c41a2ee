"""The corpus of a measurement: found, decompressed, cut to a length, and in the page cache."""

import getpass
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bench import process
from fastsgns.corpus.files import check_path, is_stream
from fastsgns.demo import build_corpus
from fastsgns.formats.files import open_binary
from fastsgns.runtime.console import say

SMALL = 1_000_000
NAMES = ("wiki17m.txt", "wiki17m.txt.xz", "wiki65m.txt", "wiki65m.txt.bz2")
BLOCK = 1 << 22


@dataclass(frozen=True)
class Corpus:
    """A plain text file to measure on, and what it was made from."""

    path: Path
    name: str
    n_tokens: int | None  # that it was cut to; None is all

    def facts(self) -> dict[str, Any]:
        """Return what identifies a corpus, in whatever folder it is."""
        return {"name": self.name, "bytes": self.path.stat().st_size, "tokens": self.n_tokens}

    def __str__(self) -> str:
        return self.name + (f", first {self.n_tokens:,} tokens" if self.n_tokens else "")


def data_folder() -> Path:
    """Return the folder of corpora and evaluation sets: FASTSGNS_DATA, or ``../shared/data``."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("FASTSGNS_DATA", beside))


def cache_folder() -> Path:
    """Return the folder of decompressed and cut corpora, which the system may empty."""
    return Path(tempfile.gettempdir()) / f"fastsgns-bench-{getpass.getuser()}"


def prepare(source: str | None, n_tokens: int | None, cache: Path) -> Corpus:
    """Make a plain file of the first tokens of a corpus, or use the one made before.

    Parameters
    ----------
    source : path, or None
        None is the first corpus found in `data_folder`, or else the documentation of this Python.
        Of either, by default, a million tokens are used.
    n_tokens : int or None
        Number of tokens; None is all.
    """
    if source is None:
        n_tokens = n_tokens or SMALL
    path = Path(check_path(source or _find(cache)))
    if n_tokens or is_stream(str(path)):
        cache.mkdir(parents=True, exist_ok=True)
        ready = cache / _cached_name(path, n_tokens)
        if not ready.exists():
            say(f"writing {ready}")
            _write(path, n_tokens, ready)
    else:
        ready = path
    _warm(ready)
    return Corpus(ready, path.name, n_tokens)


def encoded(corpus: Corpus, min_count: int, cache: Path) -> Path:
    """Encode a corpus into a file of the cache."""
    ready = cache / f"{_cached_name(corpus.path, None)}-{min_count}.fastsgns"
    return _saved(ready, {"text": str(corpus.path), "min_count": min_count})


def zipf(n_types: int, n_tokens: int, is_encoded: bool, cache: Path) -> Path:
    """Make a file of words that follow Zipf's law, as text or encoded. It is always the same."""
    ready = cache / f"zipf-{n_types}-{n_tokens}.{'fastsgns' if is_encoded else 'txt'}"
    job = {"n_types": n_types, "n_tokens": n_tokens, "encoded": is_encoded}
    return _saved(ready, job)


def _saved(ready: Path, job: dict[str, Any]) -> Path:
    if not ready.exists():
        ready.parent.mkdir(parents=True, exist_ok=True)
        say(f"writing {ready}")
        process.run({"job": "save", "target": str(ready)} | job)
    _warm(ready)
    return ready


def _find(cache: Path) -> Path:
    for name in NAMES:
        if (path := data_folder() / "corpora" / name).exists():
            return path
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / "documentation.txt"
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}")
        build_corpus(unfinished)
        os.replace(unfinished, path)
    return path


def _cached_name(path: Path, n_tokens: int | None) -> str:
    facts = path.stat()
    version = f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"
    digest = hashlib.sha256(version.encode()).hexdigest()[:10]
    stem = path.name.split(".")[0]
    return f"{stem}-{n_tokens or 'all'}-{digest}.txt"


def _write(path: Path, n_tokens: int | None, target: Path) -> None:
    unfinished = target.with_suffix(f".{os.getpid()}")
    try:
        with open_binary(str(path)) as text, open(unfinished, "wb") as out:
            if n_tokens is None:
                while block := text.read(BLOCK):
                    out.write(block)
            else:
                _write_first(text, n_tokens, out)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_first(text: BinaryIO, n_tokens: int, out: BinaryIO) -> None:
    left = n_tokens
    for line in text:
        tokens = line.split()[:left]
        out.write(b" ".join(tokens) + b"\n")
        left -= len(tokens)
        if not left:
            return


def _warm(path: Path) -> None:
    """Read the file once, so that the first to be measured does not wait for the disk."""
    with open(path, "rb") as text:
        while text.read(BLOCK):
            pass
