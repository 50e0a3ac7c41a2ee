"""Sides: the trainers that are compared, each a package and the source of its sentences."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, get_args

from fastsgns.matrices import MatricesMode
from fastsgns.runtime.console import say
from fastsgns.training.sharing import SHARINGS


@dataclass(frozen=True)
class Side:
    """A package, the source of its sentences and, for fastsgns, the mode, kernel and matrices.

    `package` has a ``models.word2vec`` like gensim, or is ``word2vec``, the C program.
    `feed` is ``file`` (corpus_file), ``lists`` (a list of token lists, read beforehand), ``lines``
    (LineSentence) or ``mapped`` (a saved EncodedCorpus). `layout` is a name of matrices, and `sg`
    is 1 for skip-gram and 0 for CBOW. What is None is decided by the command or by fastsgns.
    """

    package: str
    feed: str
    sharing: str | None = None
    kernel: str | None = None
    layout: str | None = None
    sg: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments of Word2Vec that only this side has."""
        own: dict[str, Any] = {} if self.sg is None else {"sg": self.sg}
        if self.package != "fastsgns":
            return own
        if self.sharing:
            own["negative_sharing"] = self.sharing
        return {"progress": False} | own | (layout_settings(self.layout) if self.layout else {})

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
REMEDIES = {
    "fastsgns": "pip install .",
    "gensim": "pip install fastsgns[bench]",
    "word2vec": "pip install word2vec, which compiles it with gcc",
}


def expand(
    names: Iterable[str],
    sharings: list[str] | None = None,
    kernels: list[str] | None = None,
    layouts: list[str] | None = None,
) -> dict[str, Side]:
    """Make a side of each mode, layout and kernel, such as ``fastsgns-file block tied avx2``."""
    sides = {}
    for name in names:
        is_own = SIDES[name].package == "fastsgns"
        options = [(is_own and given) or [None] for given in (sharings, layouts, kernels)]
        for sharing, layout, kernel in product(*options):
            title = " ".join(filter(None, (name, sharing, layout, kernel)))
            sides[title] = replace(SIDES[name], sharing=sharing, layout=layout, kernel=kernel)
    return sides


def layout_settings(layout: str) -> dict[str, Any]:
    """Return the arguments of Word2Vec for a name of matrices.

    A bias (``tied+bias:word``) or a coupling (``three:10``) can follow the name.

    Raises
    ------
    ValueError
        If the name is not a value of `matrices`.

    Examples
    --------
    >>> layout_settings("tied+bias:word")
    {'matrices': 'tied+bias', 'bias': 'word'}
    """
    matrices, _, extra = layout.partition(":")
    if matrices not in get_args(MatricesMode):
        raise ValueError(f"{layout!r} does not begin with one of {get_args(MatricesMode)}")
    own = {"coupling": float(extra)} if extra and matrices == "three" else {"bias": extra}
    return {"matrices": matrices} | (own if extra else {})


def named(name: str) -> Side:
    """Return the side of a name: a mode or ``cbow``, and optionally the matrices.

    ``gensim`` is skip-gram, and ``gensim cbow`` is CBOW. ``fastsgns`` is skip-gram in the default
    mode. All sides read a file.

    Raises
    ------
    ValueError
        If a word of the name is unknown.

    Examples
    --------
    >>> named("gensim cbow").settings
    {'sg': 0}
    >>> named("window tied+bias:word").layout
    'tied+bias:word'
    """
    words = name.split()
    package = "gensim" if words[:1] == ["gensim"] else "fastsgns"
    sharing = next((word for word in words if word in SHARINGS), None)
    rest = [word for word in words if word not in (package, sharing, "cbow")]
    layout = rest.pop() if rest and package == "fastsgns" else None
    if not words or rest or (sharing and (package == "gensim" or "cbow" in words)):
        raise ValueError(f"{name!r} is not the name of a side, such as 'window' or 'gensim cbow'")
    if layout:
        layout_settings(layout)
    sg = int("cbow" not in words)
    return Side(package, "file", sharing, layout=layout, sg=sg)


def package(side: str) -> str:
    """Return the package of a side: that of ``gensim-file`` and ``gensim cbow`` is gensim."""
    name = side.split()[0].split("-")[0]
    return name if name in REMEDIES else "fastsgns"


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
