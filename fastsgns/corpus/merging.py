"""merge_types: the types (distinct tokens) that several threads found, under one numbering."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastsgns.corpus.files import can_reread
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.errors import NotUTF8Error
from fastsgns.formats.files import open_binary

BLOCK_BYTES = 1 << 20
REMEDY = "read it with LineSentence(path, errors='replace'), or convert the file to UTF-8"


class MergedTypes(NamedTuple):
    """All words of several files."""

    words: Utf8Words | list[str]
    """In first-seen order."""
    counts: np.ndarray
    """int64: how often each word occurs."""
    vocabulary_ids: list[np.ndarray]
    """For each scanner, the index in `words` of each of its ids, int32; -1: not a word."""


class JoinedTypes(NamedTuple):
    """All types of several files, as bytes, in no particular order."""

    arena: bytes
    """The types, each followed by a newline."""
    starts: np.ndarray
    """int64: where each type starts in `arena`, and the length of `arena`."""
    counts: np.ndarray
    """int64: how often each type occurs."""
    first: np.ndarray
    """int64: the position of its first token in the files, among all tokens."""
    scanner_ids: list[np.ndarray]
    """For each scanner, the index in these arrays of each of its ids, int32."""


def merge_types(
    files: FileScanner,
    errors: str,
    remedy: str = REMEDY,
    as_written: Callable[[bytes], bytes] = bytes,
) -> MergedTypes:
    """Merge the types of the scanners of a finished scan. The scanners are used up.

    The result depends neither on the number of scanners nor on which of them read a range.

    Parameters
    ----------
    files : FileScanner
    errors : str
        How to decode types that are not UTF-8, as for `bytes.decode`.
    remedy : str
        What to do about a file that is not UTF-8, for the error.
    as_written : callable, optional
        Returns the bytes that a type has in its file, if the scanner was fed other ones.

    Raises
    ------
    NotUTF8Error
        If a type is not UTF-8 and `errors` is "strict".
    """
    merged = join_types(files)
    order = np.argsort(merged.first, kind="stable")  # fast, as there are few ascending runs
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    counts, arena, offsets = merged.counts[order], merged.arena, merged.starts
    words: Utf8Words | list[str] = Utf8Words(arena, offsets[order], offsets[order + 1])
    if not is_utf8(arena):
        if errors == "strict":
            wrong = next(i for i in order if not is_utf8(arena[offsets[i] : offsets[i + 1]]))
            at = np.searchsorted(_starts(files), merged.first[wrong], "right") - 1
            token = as_written(arena[offsets[wrong] : offsets[wrong + 1] - 1])
            raise not_utf8(files.ranges[at].path, token, remedy)
        words, counts, word_ids = _decode(arena.decode("utf-8", errors).split("\n"), order, counts)
        rank = word_ids[rank]
    return MergedTypes(words, counts, [rank[ids] for ids in merged.scanner_ids])


def join_types(files: FileScanner) -> JoinedTypes:
    """Return the types of the scanners of a finished scan, as bytes. The scanners are used up."""
    starts, merged = _starts(files), files.scanners[0]
    first_tokens = _first_tokens(files, starts, 0)
    scanner_ids = [np.arange(merged.n_types, dtype=np.int32)]
    for index, scanner in enumerate(files.scanners[1:], 1):
        ids = merged.merge(scanner)
        n_new = merged.n_types - len(first_tokens)
        first_tokens = np.append(first_tokens, np.full(n_new, np.iinfo(np.int64).max))
        first_tokens[ids] = np.minimum(first_tokens[ids], _first_tokens(files, starts, index))
        scanner_ids.append(ids)
    files.scanners.clear()
    return JoinedTypes(*merged.types(), merged.counts(), first_tokens, scanner_ids)


def _starts(files: FileScanner) -> np.ndarray:
    """Return the number of tokens before each range, int64."""
    n_tokens = [file_range.n_tokens for file_range in files.ranges]
    return np.cumsum([0, *n_tokens[:-1]], dtype=np.int64)


def _first_tokens(files: FileScanner, starts: np.ndarray, index: int) -> np.ndarray:
    """Return the position in the corpus of the first token of each type of a scanner, int64."""
    first = files.scanners[index].first()  # as the scanner has counted the tokens
    own = [i for i, file_range in enumerate(files.ranges) if file_range.scanner == index]
    if not own:
        return first
    own_starts = np.array([files.ranges[i].first_token for i in own], np.int64)
    in_range = np.searchsorted(own_starts, first, "right") - 1
    return starts[own][in_range] + first - own_starts[in_range]


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode(
    types: list[str], order: np.ndarray, counts: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Make types that decode to the same string one word, and drop those that decode to nothing.

    Returns
    -------
    words : list of str
    counts : ndarray of int64
    index : ndarray of int32
        The index in `words` of each type in `order`, or -1.
    """
    ids: dict[str, int] = {}
    word_ids = [ids.setdefault(types[i], len(ids)) if types[i] else -1 for i in order.tolist()]
    index = np.array(word_ids, np.int32)
    added = np.zeros(len(ids), np.int64)
    np.add.at(added, index[index >= 0], counts[index >= 0])
    return list(ids), added, index


def not_utf8(path: str, token: bytes, remedy: str) -> UnicodeError:
    """Return the error for a file with a token that is not UTF-8."""
    line = _line_of(path, token)
    place = path if line is None else f"{path}, line {line}"
    try:
        token.decode("utf-8")
    except UnicodeDecodeError as error:
        return NotUTF8Error.of(error, f"{place}: the word {token[:40]!r} is not UTF-8", remedy)
    raise AssertionError("the token is UTF-8")


def _line_of(path: str, token: bytes) -> int | None:
    """Return the number of the first line that holds a token; None if it cannot be read again."""
    if not can_reread(path):
        return None
    with open_binary(path) as file:
        n_lines, rest = 0, b""
        while block := file.read(BLOCK_BYTES):
            text: bytes = rest + block
            if (at := text.find(token)) >= 0:
                return n_lines + text.count(b"\n", 0, at) + 1
            rest = text[len(text) - len(token) + 1 :] if len(token) > 1 else b""
            n_lines += text.count(b"\n", 0, len(text) - len(rest))
    return None
