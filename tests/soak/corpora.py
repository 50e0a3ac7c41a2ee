"""Random corpora of every shape, and every way to hand one to a model."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .draws import Dice

MOST_TOKENS = 3000  # of a corpus, but for one in twenty, which has as many as a batch and more
MANY_TOKENS = 25_000
ODD = (
    "ä", "ß", "日本語", "😀", "\u00e9", "e\u0301", "\u0130", "a\u200bb", "x" * 300, "\ufeffa", "%s",
    "</s>", "_", "__",
)  # fmt: skip
SPACED = ("", " ", "a b", "tab\tin", "line\nend", "\u00a0", "\u3000", "\x85", "\x00")
OPEN = {"": open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def sentences(dice: Dice, text_only: bool = False, n_words: int | None = None) -> list[list[Any]]:
    """Draw a corpus.

    Parameters
    ----------
    text_only : bool
        Tokens are strings.
    n_words : int, optional
        The largest number of different words.
    """
    words = _words(dice, text_only, n_words)
    lengths = dice.pick(_LENGTHS)(dice)
    zipf = dice.rng.choice([0.0, 1.0, 2.0])
    weights = 1 / (1 + dice.rng.permutation(len(words))) ** zipf
    weights /= weights.sum()
    found = []
    for length in lengths:
        ids = dice.rng.choice(len(words), length, p=weights)
        found.append([words[i] for i in ids.tolist()])
    if found and dice.chance(0.2):
        found += found[: dice.integer(1, 20)]  # duplicates
    return found


def _words(dice: Dice, text_only: bool, most: int | None) -> list[Any]:
    n = dice.pick((1, 2, 5, 20, 60, 300))
    n = n if most is None else min(n, most)
    kind = dice.pick(("plain", "plain", "plain", "odd", "integers", "mixed"))
    plain: list[Any] = [f"w{i}" for i in range(n)]
    if kind == "odd" or (text_only and kind != "plain"):
        return [*ODD, *plain][:n] if n > 5 else plain
    if kind == "integers":
        return [dice.pick((i, -i, 10**6 + i)) if i else 0 for i in range(n)]
    if kind == "mixed":
        return [*SPACED, (1, "a"), 2.5, b"x", *plain][:n] if n > 5 else plain
    return plain


def _many_short(dice: Dice) -> list[int]:
    return dice.rng.integers(1, 6, dice.integer(50, MOST_TOKENS // 5)).tolist()


def _usual(dice: Dice) -> list[int]:
    return dice.rng.integers(0, 30, dice.integer(10, MOST_TOKENS // 30)).tolist()


def _long(dice: Dice) -> list[int]:
    return [dice.pick((MOST_TOKENS, MOST_TOKENS, MOST_TOKENS, MANY_TOKENS))]


_LENGTHS = (
    _usual, _usual, _usual, _many_short, _long,
    lambda dice: [dice.integer(1, 3) for _ in range(dice.integer(1, 3))],
    lambda dice: dice.pick(([], [0], [1], [2], [0, 0, 1, 0], [1] * 40)),
)  # fmt: skip


class Again:
    """An iterable that is not a list; it can be iterated again."""

    def __init__(self, listed: list[list[Any]]) -> None:
        self._listed = listed

    def __iter__(self) -> Iterator[Any]:
        return iter(self._listed)


def fits_files(listed: list[list[Any]]) -> bool:
    """Return whether a text file can hold the sentences: words of str without white space."""
    tokens = {token for sentence in listed for token in sentence}
    return all(isinstance(token, str) and token.split() == [token] and "\x00" not in token
               and not token.startswith("\ufeff") for token in tokens)  # fmt: skip


def write(dice: Dice, listed: list[list[str]], folder: Path, name: str = "text") -> Path:
    """Write sentences to a text file, which may be compressed."""
    path = folder / f"{name}{dice.pick(('', '', *OPEN))}"
    end = dice.pick(("\n", "\n", "\r\n"))
    lines = end.join(" ".join(sentence) for sentence in listed)
    with OPEN[path.suffix](path, "wb") as file:
        file.write((lines + dice.pick(("", end))).encode())
    return path


def source(
    dice: Dice, listed: list[list[Any]], folder: Path, once: bool = False, encoded: bool = True
) -> dict[str, Any]:
    """Return the argument by which a model takes a corpus: an iterable, or files.

    Parameters
    ----------
    once : bool
        Whether an iterator is allowed, which can be read only once.
    encoded : bool
        Whether an EncodedCorpus is allowed.
    """
    kinds = ["list", "tuple", "again", "pandas", "numpy"]
    kinds += ["generator", "map"] if once else []
    kinds += ["encoded"] if encoded else []
    kinds += ["file", "files", "lines"] if fits_files(listed) and any(listed) else []
    kind = dice.pick(kinds)
    if kind == "file":
        return {"corpus_file": str(write(dice, listed, folder))}
    if kind == "files":
        half = len(listed) // 2
        parts = (listed[:half], listed[half:])
        return {"corpus_file": [write(dice, p, folder, f"part{i}") for i, p in enumerate(parts)]}
    return {"sentences": _iterable(dice, kind, listed, folder)}


def _iterable(dice: Dice, kind: str, listed: list[list[Any]], folder: Path) -> Any:
    from fastsgns import EncodedCorpus, LineSentence

    if kind == "pandas":
        import pandas as pd

        return pd.Series(listed, dtype=object)
    if kind == "numpy":
        import numpy as np

        column = np.empty(len(listed), object)
        column[:] = listed
        return column
    if kind == "lines":
        return LineSentence(write(dice, listed, folder))
    if kind == "encoded":
        return EncodedCorpus.from_iterable(listed)
    if kind == "generator":
        return (sentence for sentence in listed)
    return {"list": list, "tuple": tuple, "again": Again, "map": lambda x: map(tuple, x)}[kind](
        listed
    )
