"""Sides: the trainers that are compared, each a package and the source of its sentences."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from fastsgns.runtime.console import say


@dataclass(frozen=True)
class Side:
    """A package, the source of its sentences and, for fastsgns, the mode and the kernel.

    `package` has a ``models.word2vec`` like gensim, or is ``word2vec``, the C program.
    `feed` is ``file`` (corpus_file), ``lists`` (a list of token lists, read beforehand), ``lines``
    (LineSentence) or ``mapped`` (a saved EncodedCorpus). If `sharing` or `kernel` is None, fastsgns
    decides.
    """

    package: str
    feed: str
    sharing: str | None = None
    kernel: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of Word2Vec that only this side has."""
        if self.package != "fastsgns":
            return {}
        own = {"negative_sharing": self.sharing} if self.sharing else {}
        return {"progress": False} | own

    @property
    def job(self) -> dict[str, Any]:
        """The part of a job that describes its side."""
        return {"package": self.package, "feed": self.feed, "kernel": self.kernel}


SIDES = {
    "fastsgns-file": Side("fastsgns", "file"),
    "fastsgns-lists": Side("fastsgns", "lists"),
    "fastsgns-lines": Side("fastsgns", "lines"),
    "fastsgns-mapped": Side("fastsgns", "mapped"),
    "gensim-file": Side("gensim", "file"),
    "gensim-lists": Side("gensim", "lists"),
    "gensim-lines": Side("gensim", "lines"),
    "word2vec-c": Side("word2vec", "file"),
}
BASE = "gensim-file"
SHARINGS = ("pair", "window", "block")
REMEDIES = {
    "fastsgns": "pip install .",
    "gensim": "pip install fastsgns[bench]",
    "word2vec": "pip install word2vec, which compiles it with gcc",
}


def expand(
    names: Iterable[str], sharings: list[str] | None = None, kernels: list[str] | None = None
) -> dict[str, Side]:
    """Make a side of each mode and kernel of fastsgns, such as ``fastsgns-file block avx2``."""
    sides = {}
    for name in names:
        own = SIDES[name].package == "fastsgns"
        modes = product((own and sharings) or [None], (own and kernels) or [None])
        for sharing, kernel in modes:
            title = " ".join(filter(None, (name, sharing, kernel)))
            sides[title] = replace(SIDES[name], sharing=sharing, kernel=kernel)
    return sides


def package(side: str) -> str:
    """Return the package of a side: that of ``gensim-file`` and ``gensim`` is gensim."""
    return side.split()[0].split("-")[0]


def installed(sides: Iterable[str], versions: dict[str, Any]) -> list[str]:
    """Remove the sides of packages that cannot be imported, with a note."""
    missing = {package(side) for side in sides if not versions.get(package(side))}
    for name in sorted(missing):
        say(f"{name} is not installed, so it is left out: {REMEDIES[name]}")
    return [side for side in sides if package(side) not in missing]


def can_run(sides: dict[str, Side], versions: dict[str, Any]) -> dict[str, Side]:
    """Remove the sides whose package or kernel is not available, with a note."""
    there = {name: sides[name] for name in installed(list(sides), versions)}
    allowed = versions["fastsgns_kernels"]
    kernels = {side.kernel for side in there.values() if side.kernel}
    for kernel in sorted(kernels - set(allowed)):
        say(f"kernel {kernel} can't run here, so it is left out; these can: {' '.join(allowed)}")
    return {name: side for name, side in there.items() if side.kernel in (None, *allowed)}
