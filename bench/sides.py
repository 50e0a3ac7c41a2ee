"""Sides: the trainers that are compared, each a package and the way it is fed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from fastsgns.runtime.console import say


@dataclass(frozen=True)
class Side:
    """A package, what its sentences come from and, of fastsgns, the mode and the kernel.

    `package` is one whose ``models.word2vec`` is gensim's by name, or ``word2vec``, the C program.
    `feed` is ``file`` (corpus_file), ``lists`` (a list of token lists, read beforehand), ``lines``
    (LineSentence) or ``mapped`` (a saved EncodedCorpus). None leaves `sharing` and `kernel` to
    fastsgns.
    """

    package: str
    feed: str
    sharing: str | None = None
    kernel: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of Word2Vec that only this side takes."""
        if self.package != "fastsgns":
            return {}
        own = {"negative_sharing": self.sharing} if self.sharing else {}
        return {"progress": False} | own

    @property
    def job(self) -> dict[str, Any]:
        """What a job says of its side."""
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
    """Name the package of a side: ``gensim-file`` and ``gensim`` are gensim's."""
    return side.split()[0].split("-")[0]


def installed(sides: Iterable[str], versions: dict[str, Any]) -> list[str]:
    """Leave out the sides of packages that can't be imported, with a note."""
    missing = {package(side) for side in sides if not versions.get(package(side))}
    for name in sorted(missing):
        say(f"{name} is not installed, so it is left out: {REMEDIES[name]}")
    return [side for side in sides if package(side) not in missing]


def can_run(sides: dict[str, Side], versions: dict[str, Any]) -> dict[str, Side]:
    """Leave out sides whose package or whose kernel is not there, with a note."""
    there = {name: sides[name] for name in installed(list(sides), versions)}
    allowed = versions["fastsgns_kernels"]
    kernels = {side.kernel for side in there.values() if side.kernel}
    for kernel in sorted(kernels - set(allowed)):
        say(f"kernel {kernel} can't run here, so it is left out; these can: {' '.join(allowed)}")
    return {name: side for name, side in there.items() if side.kernel in (None, *allowed)}
