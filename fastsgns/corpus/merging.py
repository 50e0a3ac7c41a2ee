"""The local ids of several scanners brought to one numbering: types in first-seen order."""

from dataclasses import dataclass

import numpy as np

from fastsgns.corpus.files import is_stream
from fastsgns.corpus.ranges import FileRange, FileScanner
from fastsgns.corpus.scan import Scanner
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.errors import NotUTF8Error
from fastsgns.formats.files import decompressor, open_binary

BLOCK_BYTES = 1 << 20


@dataclass
class MergedTypes:
    """All types of a scan.

    Attributes
    ----------
    words : Utf8Words or list of str
        In the order in which they stand in the files.
    counts : ndarray of int64
        Their tokens.
    tables : list of ndarray of int32
        For each scanner, the index in `words` of each of its ids; -1: the type is dropped.
    """

    words: Utf8Words | list[str]
    counts: np.ndarray
    tables: list[np.ndarray]


def merge_types(scan: FileScanner, errors: str) -> MergedTypes:
    """Merge the scanners of a finished scan, which are then given back.

    The result does not depend on how many scanners there were, or which range fell to which.

    Raises
    ------
    NotUTF8Error
        If a type is not UTF-8 and `errors` is "strict".
    """
    starts = _starts(scan.ranges)
    merged = scan.scanners[0]
    first = _positions(scan, starts, 0)
    tables = [np.arange(merged.n_types, dtype=np.int32)]
    for index, scanner in enumerate(scan.scanners[1:], 1):
        table = merged.merge(scanner)
        positions = _positions(scan, starts, index)
        n_new = merged.n_types - len(first)
        first = np.concatenate([first, np.full(n_new, np.iinfo(np.int64).max)])
        first[table] = np.minimum(first[table], positions)
        tables.append(table)

    order = np.argsort(first, kind="stable")  # few ascending runs, which it merges
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    counts = merged.counts()[order]
    try:
        words, unique = _decode(merged, order, errors)
    except _InvalidType as found:
        index, word = found.args
        raise _undecodable(scan, word, first[index], starts) from None
    if unique is not None:
        counts, rank = _join(counts, unique, len(words)), unique[rank]
    scan.scanners.clear()
    return MergedTypes(words, counts, [rank[table] for table in tables])


def _starts(ranges: list[FileRange]) -> np.ndarray:
    """How many tokens stand before each range."""
    return np.cumsum([0, *(part.n_tokens for part in ranges[:-1])], dtype=np.int64)


def _positions(scan: FileScanner, starts: np.ndarray, index: int) -> np.ndarray:
    """Find the position in the corpus of the first token of each type of a scanner."""
    first = scan.scanners[index].first()
    mine = np.array([i for i, part in enumerate(scan.ranges) if part.scanner == index], np.int64)
    if not len(mine):
        return first
    begins = np.array([scan.ranges[i].first_token for i in mine], np.int64)
    at = np.searchsorted(begins, first, "right") - 1
    return starts[mine][at] + first - begins[at]


def _decode(
    scanner: Scanner, order: np.ndarray, errors: str
) -> tuple[Utf8Words | list[str], np.ndarray | None]:
    """Decode the types in `order`; if any are alike or empty, also find the word of each.

    Raises
    ------
    _InvalidType
        If `errors` is "strict", for the first type that is not UTF-8.
    """
    arena, offsets = scanner.types()
    try:
        arena.decode("utf-8")
        return Utf8Words(arena, offsets[order], offsets[order + 1]), None
    except UnicodeDecodeError:
        if errors == "strict":
            raise _InvalidType(*_first_invalid(arena, offsets, order)) from None
    words = arena.decode("utf-8", errors).split("\n")
    ids: dict[str, int] = {}
    unique = [ids.setdefault(words[i], len(ids)) if words[i] else -1 for i in order.tolist()]
    return list(ids), np.array(unique, np.int32)


class _InvalidType(Exception):
    """A type that is not UTF-8: its id and its bytes."""


def _first_invalid(arena: bytes, offsets: np.ndarray, order: np.ndarray) -> tuple[int, bytes]:
    for index in order.tolist():
        word = arena[offsets[index] : offsets[index + 1] - 1]
        try:
            word.decode("utf-8")
        except UnicodeDecodeError:
            return index, word
    raise AssertionError("every type is UTF-8")


def _undecodable(scan: FileScanner, word: bytes, token: int, starts: np.ndarray) -> UnicodeError:
    """Make the exception for a type that is not UTF-8, first seen as token number `token`."""
    path = scan.ranges[np.searchsorted(starts, token, "right") - 1].path
    word = scan.as_written(word)
    try:
        word.decode("utf-8")
    except UnicodeDecodeError as error:
        number = _line_of(path, word)
        place = path if number is None else f"{path}, line {number}"
        return NotUTF8Error.of(error, f"{place}: the word {word[:40]!r} is not UTF-8", scan.remedy)
    raise AssertionError("the type is UTF-8")


def _line_of(path: str, word: bytes) -> int | None:
    """Find the number of the first line that holds a word; None where it cannot be read again."""
    if is_stream(path) and not decompressor(path):
        return None
    with open_binary(path) as file:
        n_lines, rest = 0, b""
        while block := file.read(BLOCK_BYTES):
            text = rest + block
            if (at := text.find(word)) >= 0:
                return n_lines + text.count(b"\n", 0, at) + 1
            rest = text[len(text) - len(word) + 1 :] if len(word) > 1 else b""
            n_lines += text.count(b"\n", 0, len(text) - len(rest))
    return None


def _join(counts: np.ndarray, unique: np.ndarray, n_words: int) -> np.ndarray:
    """Add the counts of types that decode alike; those that decode to nothing are dropped."""
    joined = np.zeros(n_words, np.int64)
    np.add.at(joined, unique[unique >= 0], counts[unique >= 0])
    return joined
