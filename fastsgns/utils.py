"""Functions for text that programs use together with Word2Vec, under gensim's names."""

import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from fastsgns.corpus.selection import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from fastsgns.formats.files import open_binary
from fastsgns.formats.writing import destination
from fastsgns.rules import takes_flags

__all__ = [
    "RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP", "ClippedCorpus", "RepeatCorpusNTimes",
    "any2unicode", "any2utf8", "deaccent", "open", "save_as_line_sentence", "simple_preprocess",
    "to_unicode", "to_utf8", "tokenize",
]  # fmt: skip

WORD = re.compile(r"[^\W\d]+")


def to_unicode(text: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return text as str; bytes are decoded."""
    return text if isinstance(text, str) else str(text, encoding, errors)


def to_utf8(text: str | bytes, errors: str = "strict", encoding: str = "utf8") -> bytes:
    """Return text as UTF-8; bytes are decoded with `encoding` first."""
    return to_unicode(text, encoding, errors).encode()


any2unicode, any2utf8 = to_unicode, to_utf8


def deaccent(text: str | bytes) -> str:
    """Return text without the accents of letters.

    Examples
    --------
    >>> deaccent("déjà vu")
    'deja vu'
    """
    decomposed = unicodedata.normalize("NFD", to_unicode(text))
    letters = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", letters)


@takes_flags
def tokenize(
    text: str | bytes,
    lowercase: bool = False,
    deacc: bool = False,
    encoding: str = "utf8",
    errors: str = "strict",
    to_lower: bool = False,
    lower: bool = False,
) -> Iterator[str]:
    """Yield the runs of letters and underscores; every other character separates them.

    Parameters
    ----------
    text : str or bytes
    lowercase, to_lower, lower : bool
        Convert to lower case if any of them is true.
    deacc : bool
        Remove accents.
    encoding, errors : str
        How to decode bytes.

    Examples
    --------
    >>> list(tokenize("Don't panic: 42b is déjà_vu", lower=True, deacc=True))
    ['don', 't', 'panic', 'b', 'is', 'deja_vu']
    """
    plain = to_unicode(text, encoding, errors)
    if lowercase or to_lower or lower:
        plain = plain.lower()
    for match in WORD.finditer(deaccent(plain) if deacc else plain):
        yield match.group()


@takes_flags
def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Split a document into words in lower case.

    Words that begin with an underscore, and bytes that are not UTF-8, are left out.

    Parameters
    ----------
    doc : str or bytes
    deacc : bool
        Remove accents.
    min_len, max_len : int
        Leave out words with fewer, or with more, characters.

    Examples
    --------
    >>> simple_preprocess("A Tale of 2 _private cities")
    ['tale', 'of', 'cities']
    """
    words = tokenize(doc, lower=True, deacc=deacc, errors="ignore")
    return [word for word in words if min_len <= len(word) <= max_len and word[0] != "_"]


def save_as_line_sentence(
    corpus: Iterable[Iterable[Any]], filename: str | os.PathLike[str]
) -> None:
    """Write sentences to a text file, one per line, which `LineSentence` reads.

    Parameters
    ----------
    corpus : iterable of iterables of str
    filename : str or os.PathLike
        A file whose name ends in .gz, .bz2 or .xz is compressed.
    """
    with destination(filename) as file:
        for sentence in corpus:
            file.write(to_utf8(" ".join(map(to_unicode, sentence)) + "\n"))


def open(
    uri: Any,
    mode: str = "r",
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> Any:
    """Open a file, plain or compressed.

    Parameters
    ----------
    uri : str, os.PathLike or binary file object
        A name that ends in .gz, .bz2 or .xz is read and written through the compressor. A URL needs
        the package smart_open.
    mode : {"r", "w", "a", "rb", "wb", "ab"}
        With a b the content is bytes; otherwise, or with a t, it is text.
    encoding, errors, newline
        Of text, as for the function of Python. The encoding is UTF-8 by default.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(pathlib.Path(folder, "text.gz"), "w") as file:
    ...         _ = file.write("to be")
    ...     open(pathlib.Path(folder, "text.gz")).read()
    'to be'
    """
    way = mode.replace("b", "").replace("t", "")
    if way not in ("r", "w", "a") or len(mode) > 2:
        raise ValueError(f"mode is {mode!r}; it must be r, w or a, with b for bytes or t for text")
    file: Any = open_binary(uri, f"{way}b")
    if "b" in mode:
        return file
    return io.TextIOWrapper(file, encoding or "utf8", errors, newline)


class RepeatCorpusNTimes:
    """A corpus repeated `n` times.

    Examples
    --------
    >>> list(RepeatCorpusNTimes([["a"], ["b"]], 2))
    [['a'], ['b'], ['a'], ['b']]
    """

    def __init__(self, corpus: Iterable[Any], n: int) -> None:
        self.corpus, self.n = corpus, n

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self.n):
            yield from self.corpus


class ClippedCorpus:
    """The first `max_docs` sentences of a corpus, or all if it is None.

    Examples
    --------
    >>> clipped = ClippedCorpus([["a"], ["b"]], 1)
    >>> list(clipped), len(clipped)
    ([['a']], 1)
    """

    def __init__(self, corpus: Any, max_docs: int | None = None) -> None:
        self.corpus, self.max_docs = corpus, max_docs

    def __iter__(self) -> Iterator[Any]:
        return islice(self.corpus, self.max_docs)

    def __len__(self) -> int:
        n = len(self.corpus)
        return n if self.max_docs is None else min(self.max_docs, n)
