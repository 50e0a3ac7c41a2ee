"""Cooccurrences: how often each word stands near each other word, as a sparse matrix."""

from functools import cached_property
from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.arrays import integers
from fastsgns.cooccurrence.windows import WindowCounts
from fastsgns.corpus.encoded import encode_source
from fastsgns.corpus.spill import SpillBuffer, check_budget
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import Array, Content, Schema, Value
from fastsgns.kernels.cooccurrence import MAX_WINDOW
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import Progress

WEIGHTINGS = ("harmonic", "flat", "linear")
SIDES = ("both", "left", "right")
WINDOW = rules.integer(1, MAX_WINDOW)
COUNTING = {
    "window": WINDOW,
    "weighting": rules.choice(*WEIGHTINGS),
    "sides": rules.choice(*SIDES),
}
WORKERS = rules.integer(1, 2**16)


class Cooccurrences:
    """The weights of all pairs of a focus word and a word of its window: a sparse matrix.

    Make one with `from_corpus` or `load`. Cell (i, j) is the sum of weight(s) over all places
    where word j stands s places from word i in one sentence, s up to the window.

    Parameters
    ----------
    vocabulary : Vocabulary
        Of V words: those of rows and of columns.
    offsets : array_like of int, shape (V + 1,)
        Row i has the cells ``offsets[i]`` .. ``offsets[i + 1] - 1``.
    columns : array_like of int, shape (n_cells,)
        Ascending in each row.
    weights : array_like of float, shape (n_cells,)
        All above 0. The three are converted to int64, int32 and float32.
    window : int
    weighting : {"harmonic", "flat", "linear"}
    sides : {"both", "left", "right"}
    n_pairs : int
        Pairs of a focus and a context that were counted, each as 1.

    Notes
    -----
    Sums are exact, so they depend neither on the order nor on who adds: weights are integers in
    units of 1 / u, with u = 1 (flat), the window (linear) or the least common multiple of all
    distances (harmonic; beyond window 22, where that passes 2**32, u = 2**32 and weights are
    rounded to it). Only the end result is rounded, to float32. With sides "both" the matrix is
    symmetric to the last bit.

    Rows are counted one by one (`fastsgns.kernels.cooccurrence`), which needs no merging.

    Examples
    --------
    >>> from fastsgns import EncodedCorpus
    >>> corpus = EncodedCorpus.from_iterable([["to", "be", "or", "to", "be"]])
    >>> counts = Cooccurrences.from_corpus(corpus, window=2)
    >>> counts.rows.tolist(), counts.columns.tolist(), counts.weights.tolist()
    ([0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1], [2.5, 1.5, 2.5, 1.5, 1.5, 1.5])
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        offsets: np.ndarray,
        columns: np.ndarray,
        weights: np.ndarray,
        *,
        window: int,
        weighting: str = "harmonic",
        sides: str = "both",
        n_pairs: int = 0,
    ) -> None:
        self.vocabulary = vocabulary
        self.offsets = integers(offsets, np.int64, "offsets")
        self.columns = integers(columns, np.int32, "columns", len(vocabulary))
        self.weights = np.asanyarray(weights, np.float32)
        self.window, self.weighting, self.sides = window, weighting, sides
        self.n_pairs = n_pairs

    @classmethod
    def from_corpus(
        cls,
        corpus: Any,
        window: int = 10,
        weighting: str = "harmonic",
        sides: str = "both",
        workers: int | None = None,
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "Cooccurrences":
        """Count a corpus; the result is the same for any number of workers and any budget.

        Parameters
        ----------
        corpus : EncodedCorpus, or whatever `fastsgns.corpus.encoded.scan` reads
            Its sentences bound the windows.
        window : int
            The largest distance counted, from 1 to 4095.
        weighting : {"harmonic", "flat", "linear"}
            A pair at distance s of a window w counts 1 / s (GloVe), 1, or (w - s + 1) / w (what
            word2vec's random shrinking of windows comes to on average).
        sides : {"both", "left", "right"}
            Which words are contexts (columns) of a focus word (row): all around it, those before
            it, or those after it. "left" is the transpose of "right", "both" the sum of the two.
        workers : int, optional
            Threads; by default one for each core.
        memory_budget : int, optional
            The bytes of cells to keep in memory (8 for each cell); if there are more, they go to
            temporary files, mapped, in the directory that TMPDIR names. By default a quarter of
            the memory that is free. The places of words take up to a quarter of it in addition,
            but at least n_tokens / 32 bytes a worker, and what the most frequent word needs.
        progress : callable, optional
            ``progress(tokens_done, tokens_total)`` is called now and then from this thread.

        Raises
        ------
        ValueError
            If an argument is out of its range, or sums could overflow (a word of 4e9 occurrences).
        TypeError
            If the corpus is none.
        """
        window, weighting, sides = check_counting(window, weighting, sides)
        workers = WORKERS("workers", n_cores() if workers is None else workers)
        budget = check_budget(memory_budget)
        encoded = encode_source(corpus, workers=workers, memory_budget=budget)
        with SpillBuffer(budget) as spill:
            counting = WindowCounts(encoded, window, weighting, sides, workers, budget, spill)
            counting.run(progress)
            offsets, columns, weights = counting.join(budget // 2)
        return cls(
            encoded.vocabulary,
            offsets,
            columns,
            weights,
            window=window,
            weighting=weighting,
            sides=sides,
            n_pairs=sum(counting.n_pairs),
        )

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each cell, int32, shape (n_cells,), ascending; made when first asked for."""
        n_words = len(self.vocabulary)
        return np.repeat(np.arange(n_words, dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def row_sums(self) -> np.ndarray:
        """The sum of each row, float64, shape (V,)."""
        return np.bincount(self.rows, self.weights, len(self.vocabulary))

    @cached_property
    def column_sums(self) -> np.ndarray:
        """The sum of each column, float64, shape (V,)."""
        return np.bincount(self.columns, self.weights, len(self.vocabulary))

    @property
    def shape(self) -> tuple[int, int]:
        """(V, V)."""
        return len(self.vocabulary), len(self.vocabulary)

    @property
    def is_symmetric(self) -> bool:
        """Whether cell (i, j) is cell (j, i) by construction."""
        return self.sides == "both"

    def to_scipy(self) -> Any:
        """The matrix as a `scipy.sparse.csr_array` of shape (V, V), sharing memory."""
        from scipy.sparse import csr_array

        matrix = csr_array((self.weights, self.columns, self.offsets), shape=self.shape, copy=False)
        matrix.has_sorted_indices = matrix.has_canonical_format = True
        return matrix

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return (
            f"<Cooccurrences of {len(self.vocabulary):,} words: {len(self):,} cells, "
            f"{self.weighting} window of {self.window}, sides={self.sides!r}>"
        )

    def save(self, path: Any) -> None:
        """Write all to one file, atomically.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: bool = True) -> "Cooccurrences":
        """Read, or by default map, what `save` wrote.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
        mmap : bool
            Map the counts in place of reading them. While they are mapped, no other program may
            change the file in place or truncate it: that changes the counts, and can end the
            process (SIGBUS). To replace the file by a new one, as `save` does, is safe.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)


def check_nonempty(counts: Cooccurrences) -> None:
    """Raise an EmptyCorpusError if there are no pairs."""
    if not len(counts):
        raise EmptyCorpusError(
            f"no two of the {len(counts.vocabulary)} words are near each other; "
            "lower min_count or widen the window"
        )


def check_counting(window: Any, weighting: Any, sides: Any) -> tuple[int, str, str]:
    """Return how pairs are counted, as plain Python values.

    Raises
    ------
    ValueError
        If one of them is not allowed.
    """
    given = {"window": window, "weighting": weighting, "sides": sides}
    chosen = rules.checked(COUNTING, given)
    return chosen["window"], chosen["weighting"], chosen["sides"]


def _build(cls: Any, content: Content) -> Cooccurrences:
    arrays, words = content.arrays, content.words[""]
    vocabulary = Vocabulary(words, np.array(arrays["counts"]))  # a copy, where the rest is mapped
    counts: Cooccurrences = cls(
        vocabulary, arrays["offsets"], arrays["columns"], arrays["weights"], **content.values
    )
    return counts


def _fault(content: Content) -> str | None:
    offsets, columns = content.arrays["offsets"], content.arrays["columns"]
    return faults.of_rows(("offsets", "columns"), offsets, columns, content.sizes["words"])


SCHEMA = Schema(
    "cooccurrences",
    arrays={
        "offsets": Array("int64", "words + 1"),
        "columns": Array("int32", "cells"),
        "weights": Array("float32", "cells", fault=faults.not_positive),
        "counts": Array("int64", "words", "vocabulary.counts", fault=faults.negative),
    },
    values={
        "window": Value(int, COUNTING["window"]),
        "weighting": Value(str, COUNTING["weighting"]),
        "sides": Value(str, COUNTING["sides"]),
        "n_pairs": Value(int),
    },
    build=_build,
    fault=_fault,
)
