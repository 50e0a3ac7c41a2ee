"""WindowCounter: counts the co-occurrences of a corpus by several threads, row by row."""

import threading
from math import lcm
from typing import Literal, NamedTuple, get_args

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.scan import count_ids
from fastsgns.corpus.spill import BlockWriter, SpillBuffer, StoredBlock, allocate_int32
from fastsgns.kernels.cooccurrence import bitmap_size, collect_occurrences, count_rows
from fastsgns.runtime.progress import Progress
from fastsgns.runtime.threads import WorkerPool

Weighting = Literal["harmonic", "flat", "linear"]
Sides = Literal["both", "left", "right"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
SIDES: tuple[Sides, ...] = get_args(Sides)

MAX_UNIT = 1 << 32
MAX_GROUPS = 256
"""About how many times the whole corpus is read at most: once per group of rows."""
MIN_GROUP_TOKENS = 1 << 16
BLOCK_CELLS = 1 << 19


class WindowCounter:
    """Counts groups of consecutive rows of the matrix, each group by one thread.

    Parameters
    ----------
    corpus : EncodedCorpus
    window, weighting, sides, workers
        As in `Cooccurrences.from_corpus`.
    spill : SpillBuffer
        Stores the cells until they are joined. A quarter of its budget may be used in addition
        for the positions of the words that are being counted.

    Attributes
    ----------
    n_pairs : int
        Pairs of a focus word and a context word that were counted.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        window: int,
        weighting: Weighting,
        sides: Sides,
        workers: int,
        spill: SpillBuffer,
    ) -> None:
        self.n_pairs = 0
        self._ids, self._sentences = corpus.ids, corpus.offsets
        self._units, self._unit = distance_units(window, weighting)
        self._n_before = window if sides != "right" else 0
        self._n_after = window if sides != "left" else 0
        counts = np.zeros(len(corpus.vocabulary), np.int64)
        count_ids(self._ids, counts)
        if 2 * int(counts.max(initial=0)) * int(self._units.sum()) >= 2**63:
            raise ValueError(
                f"a word occurs {counts.max():,} times, which overflows the sums of a "
                f"{weighting} window of {window}; take a smaller window or another weighting"
            )
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        self._n_cells = np.zeros(len(counts), np.int64)  # of each row
        self._workers, self._spill = workers, spill
        self._groups = _group_rows(self._starts, spill.budget, workers)
        self._blocks: list[list[_CellBlock]] = [[] for _ in self._groups]
        self._writers: dict[int, _RowWriter] = {}
        self._stopping = threading.Event()
        self._n_tokens_done = 0
        self._lock = threading.Lock()

    def run(self, progress: Progress | None) -> None:
        """Count all rows."""
        n_tokens = len(self._ids)
        pool = WorkerPool(self._workers, range(len(self._groups)), self._count)
        self._stopping = pool.stopping  # not the pool: it refers to this object
        pool.run(progress and (lambda: progress(self._n_tokens_done, n_tokens)))
        if progress:
            progress(n_tokens, n_tokens)

    def _count(self, thread: int, group: int) -> None:
        """Count a group of rows."""
        first, last = self._groups[group]
        writer = self._writers.setdefault(thread, _RowWriter(len(self._n_cells), self._spill))
        starts = self._starts[first : last + 1] - self._starts[first]
        occurrences = np.empty(starts[-1], np.uint64)
        n_pairs = collect_occurrences(
            self._ids, self._sentences, first, starts[:-1].copy(), starts[1:], self._n_before,
            self._n_after, occurrences,
        )  # fmt: skip
        with self._lock:
            self.n_pairs += n_pairs
        both_sides = bool(self._n_before and self._n_after)
        row = 0
        while row < last - first and not self._stopping.is_set():
            columns, weights = writer.reserve()
            n_rows, n_cells = count_rows(
                self._ids, occurrences, starts[row:], self._units, self._unit, writer.sums,
                writer.bitmap, both_sides, columns, weights.view(np.float32),
                self._n_cells[first + row : last],
            )  # fmt: skip
            self._blocks[group].append(writer.store(n_cells))
            with self._lock:
                self._n_tokens_done += int(starts[row + n_rows] - starts[row])
            row += n_rows

    def join(self, budget: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return `offsets`, `columns` and `weights` of a `Cooccurrences`.

        Columns and weights may use `budget` bytes of RAM each. This consumes the stored cells.
        """
        self._writers.clear()
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._n_cells)])
        columns = allocate_int32(int(offsets[-1]), budget)
        weights = allocate_int32(int(offsets[-1]), budget)
        start = 0
        for blocks in self._blocks:
            blocks.reverse()
            while blocks:
                block = blocks.pop()
                for stored, joined in ((block.columns, columns), (block.weights, weights)):
                    values = self._spill.read(stored)
                    joined[start : start + len(values)] = values
                start += len(values)
        return offsets, columns, weights.view(np.float32)


class _CellBlock(NamedTuple):
    """Cells of consecutive rows; weights are stored as the int32 with the bits of the float32."""

    columns: StoredBlock
    weights: StoredBlock


class _RowWriter:
    """The working memory of one thread, and where it writes its cells."""

    def __init__(self, n_words: int, spill: SpillBuffer) -> None:
        self.sums = np.zeros(n_words, np.int64)
        self.bitmap = np.zeros(bitmap_size(n_words), np.uint64)
        self._columns, self._weights = BlockWriter(spill), BlockWriter(spill)
        self._size = max(n_words, BLOCK_CELLS)

    def reserve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return arrays for columns and weights, with room for any row."""
        return self._columns.reserve(self._size), self._weights.reserve(self._size)

    def store(self, n_cells: int) -> _CellBlock:
        """Store the first cells of the arrays that `reserve` returned."""
        return _CellBlock(self._columns.store(n_cells), self._weights.store(n_cells))


def distance_units(window: int, weighting: Weighting) -> tuple[np.ndarray, int]:
    """Return the weights of the distances 1 .. window as integers, and the integer for weight 1.

    Examples
    --------
    >>> distance_units(4, "harmonic")
    (array([12,  6,  4,  3]), 12)
    >>> distance_units(4, "linear")
    (array([4, 3, 2, 1]), 4)
    """
    distances = range(1, window + 1)
    if weighting == "flat":
        return np.ones(window, np.int64), 1
    if weighting == "linear":
        return np.arange(window, 0, -1), window
    unit = min(lcm(*distances), MAX_UNIT)
    rounded = [(2 * unit + distance) // (2 * distance) for distance in distances]
    return np.array(rounded, np.int64), unit


def _group_rows(starts: np.ndarray, budget: int, workers: int) -> list[tuple[int, int]]:
    """Split the rows into groups with so few occurrences that those of all threads fit in memory.

    Parameters
    ----------
    starts : ndarray of int64, shape (V + 1,)
        How many occurrences the words before each word have.
    budget : int
        Bytes. An occurrence takes 8 bytes, and a quarter of the budget is used.
    workers : int

    Returns
    -------
    list of (int, int)
        The first row of each group and the one after its last.
    """
    n_tokens, n_words = int(starts[-1]), len(starts) - 1
    size = min(n_tokens // (4 * workers), budget // (4 * 8 * workers))
    size = max(size, n_tokens // MAX_GROUPS, MIN_GROUP_TOKENS)
    groups, first = [], 0
    while first < n_words:
        last = int(np.searchsorted(starts, starts[first] + size, "right")) - 1
        last = min(max(last, first + 1), n_words)
        groups.append((first, last))
        first = last
    return groups
