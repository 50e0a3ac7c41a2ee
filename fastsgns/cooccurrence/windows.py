"""WindowCounts: the co-occurrences of a corpus, counted row by row in several threads."""

import threading
from math import lcm

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.scan import count_ids
from fastsgns.corpus.spill import BlockWriter, SpillBuffer, StoredBlock, allocate_int32
from fastsgns.kernels.cooccurrence import bitmap_size, collect_occurrences, count_rows
from fastsgns.runtime.progress import Progress
from fastsgns.runtime.threads import WorkerPool

LARGEST_UNIT = 1 << 32
MOST_SCANS = 256
LEAST_OCCURRENCES = 1 << 16
PIECE_CELLS = 1 << 19


class WindowCounts:
    """Groups of rows of the matrix of co-occurrences, each counted by one thread.

    Parameters
    ----------
    corpus : EncodedCorpus
    window, weighting, sides, workers
        As of `fastsgns.cooccurrence.Cooccurrences.from_corpus`.
    budget : int
        Bytes: a quarter of it for the places of the words that are being counted.
    spill : SpillBuffer
        Keeps what was counted until it is joined.

    Attributes
    ----------
    n_pairs : list of int
        Pairs of a focus and a context, by group.
    """

    def __init__(
        self, corpus: EncodedCorpus, window: int, weighting: str, sides: str, workers: int,
        budget: int, spill: SpillBuffer,
    ) -> None:  # fmt: skip
        self.ids, self.sentences = corpus.ids, corpus.offsets
        self.units, self.unit = units(window, weighting)
        self.before = window if sides != "right" else 0
        self.after = window if sides != "left" else 0
        counts = np.zeros(len(corpus.vocabulary), np.int64)
        count_ids(self.ids, counts)
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        if 2 * int(counts.max(initial=0)) * int(self.units.sum()) >= 2**63:
            raise ValueError(
                f"a word occurs {counts.max():,} times, which overflows the sums of a "
                f"{weighting} window of {window}; take a smaller window or another weighting"
            )
        self.n_cells = np.zeros(len(counts), np.int64)
        self.workers, self.spill = workers, spill
        self.groups = _grouped(self.starts, budget, workers)
        self.n_pairs = [0] * len(self.groups)
        self.pieces: list[list[tuple[StoredBlock, StoredBlock]]] = [[] for _ in self.groups]
        self.desks: dict[int, _Desk] = {}
        self.stop = threading.Event()
        self.n_done = 0
        self.lock = threading.Lock()

    def run(self, progress: Progress | None) -> None:
        """Count all groups."""
        total = len(self.ids)
        pool = WorkerPool(
            self.workers, range(len(self.groups)), self._count
        )  # not kept: it refers here
        self.stop = pool.stopping
        pool.run(progress and (lambda: progress(self.n_done, total)))
        if progress:
            progress(total, total)

    def _count(self, thread: int, group: int) -> None:
        """Count a group of rows."""
        first, last = self.groups[group]
        desk = self.desks.setdefault(thread, _Desk(len(self.n_cells), self.spill))
        starts = self.starts[first : last + 1] - self.starts[first]
        occurrences = np.empty(starts[-1], np.uint64)
        self.n_pairs[group] = collect_occurrences(
            self.ids, self.sentences, first, starts[:-1].copy(), starts[1:], self.before,
            self.after, occurrences,
        )  # fmt: skip
        row = 0
        while row < last - first and not self.stop.is_set():
            columns, weights = desk.room()
            n_rows, n_cells = count_rows(
                self.ids, occurrences, starts[row:], self.units, self.unit, desk.sums, desk.marks,
                bool(self.before and self.after), columns, weights.view(np.float32),
                self.n_cells[first + row : last],
            )  # fmt: skip
            self.pieces[group].append(desk.keep(n_cells))
            with self.lock:
                self.n_done += int(starts[row + n_rows] - starts[row])
            row += n_rows

    def join(self, budget: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give offsets, columns and weights of all rows; the pieces are used up."""
        self.desks.clear()
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.n_cells)])
        columns = allocate_int32(int(offsets[-1]), budget)
        weights = allocate_int32(int(offsets[-1]), budget)
        start = 0
        for pieces in self.pieces:
            pieces.reverse()
            while pieces:
                for stored, whole in zip(pieces.pop(), (columns, weights)):
                    part = self.spill.read(stored)
                    whole[start : start + len(part)] = part
                start += len(part)
        return offsets, columns, weights.view(np.float32)


class _Desk:
    """What a thread works with: the sums of a row, and where its cells are kept."""

    def __init__(self, n_words: int, spill: SpillBuffer) -> None:
        self.sums = np.zeros(n_words, np.int64)
        self.marks = np.zeros(bitmap_size(n_words), np.uint64)
        self._writers = BlockWriter(spill), BlockWriter(spill)
        self._size = max(n_words, PIECE_CELLS)

    def room(self) -> tuple[np.ndarray, np.ndarray]:
        """Arrays for columns and weights, with room for any row."""
        columns, weights = (writer.reserve(self._size) for writer in self._writers)
        return columns, weights

    def keep(self, n_cells: int) -> tuple[StoredBlock, StoredBlock]:
        """Keep the first cells of the room."""
        columns, weights = (writer.store(n_cells) for writer in self._writers)
        return columns, weights


def units(window: int, weighting: str) -> tuple[np.ndarray, int]:
    """The weights of distances 1 .. window as integers, and the integer that stands for 1.

    Examples
    --------
    >>> units(4, "harmonic")
    (array([12,  6,  4,  3]), 12)
    >>> units(4, "linear")
    (array([4, 3, 2, 1]), 4)
    """
    distances = range(1, window + 1)
    if weighting == "flat":
        return np.ones(window, np.int64), 1
    if weighting == "linear":
        return np.arange(window, 0, -1), window
    unit = lcm(*distances)
    unit = unit if unit <= LARGEST_UNIT else LARGEST_UNIT
    return np.array([(2 * unit + s) // (2 * s) for s in distances], np.int64), unit


def _grouped(starts: np.ndarray, budget: int, workers: int) -> list[tuple[int, int]]:
    """Cut the rows into groups of so many occurrences that all threads' places fit."""
    n_tokens, n_words = int(starts[-1]), len(starts) - 1
    size = min(n_tokens // (4 * workers), budget // (4 * 8 * workers))
    size = max(size, n_tokens // MOST_SCANS, LEAST_OCCURRENCES)
    groups, first = [], 0
    while first < n_words:
        last = int(np.searchsorted(starts, starts[first] + size, "right")) - 1
        last = min(max(last, first + 1), n_words)
        groups.append((first, last))
        first = last
    return groups
