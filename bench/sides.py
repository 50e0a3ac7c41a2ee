"""Sides: the trainers that are compared, each a package and the way it is fed."""

from dataclasses import dataclass

from fastsgns.console import say


@dataclass(frozen=True)
class Side:
    """A package whose ``models.word2vec`` is gensim's by name, and what its sentences come from.

    `feed` is ``file`` (corpus_file), ``lists`` (a list of token lists, read beforehand) or
    ``lines`` (LineSentence).
    """

    package: str
    feed: str


SIDES = {
    "fastsgns-file": Side("fastsgns", "file"),
    "fastsgns-lists": Side("fastsgns", "lists"),
    "gensim-file": Side("gensim", "file"),
    "gensim-lists": Side("gensim", "lists"),
}
BASE = "gensim-file"


def package(side: str) -> str:
    """Name the package of a side: ``gensim-file`` and ``gensim`` are gensim's."""
    return side.split("-")[0]


def installed(sides: list[str], versions: dict[str, str | None]) -> list[str]:
    """Leave out the sides of packages that can't be imported, with a note."""
    missing = {package(side) for side in sides if not versions.get(package(side))}
    for name in sorted(missing):
        say(f"{name} is not installed, so it is left out: pip install fastsgns[bench]")
    return [side for side in sides if package(side) not in missing]
