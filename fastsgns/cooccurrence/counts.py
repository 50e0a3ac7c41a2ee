"""Cooccurrences: how often each word occurs near each other word, as a sparse matrix."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fastsgns import rules
from fastsgns.arrays import integers
from fastsgns.cooccurrence.windows import SIDES, WEIGHTINGS, Sides, Weighting, WindowCounter
from fastsgns.corpus.encoded import encode, scan
from fastsgns.corpus.spill import SpillBuffer, check_budget
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import Array, Content, Schema, Value
from fastsgns.kernels.cooccurrence import MAX_WINDOW
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import Progress

WINDOW = rules.integer(1, MAX_WINDOW)
COUNTING = {"window": WINDOW, "weighting": rules.choice(*WEIGHTINGS), "sides": rules.choice(*SIDES)}


class Cooccurrences:
    """A sparse matrix of the weights of all pairs of a focus word and a context word.

    Make one with `from_corpus` or `load`. Cell (i, j) is the sum of weight(s) over all pairs of
    tokens of word i and word j in one sentence, s tokens apart, where s is at most the window.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words of the rows and of the columns.
    offsets : array_like of int, shape (V + 1,)
        Row i has the cells ``offsets[i]`` .. ``offsets[i + 1] - 1``.
    columns : array_like of int, shape (n_cells,)
        Ascending in each row.
    weights : array_like of float, shape (n_cells,)
        All above 0. The three arrays are converted to int64, int32 and float32.
    window : int
    weighting : {"harmonic", "flat", "linear"}
    sides : {"both", "left", "right"}
    n_pairs : int
        How many pairs of tokens were counted, each as 1.

    Notes
    -----
    Sums are exact, so they do not depend on the order of addition or the number of threads:
    weights are added as integers in units of 1 / u. With flat weights, u is 1; with linear ones,
    the window; with harmonic ones, the least common multiple of all distances. Beyond window 22
    this multiple exceeds 2**32; then u is 2**32 and the weights are rounded to its multiples. Only
    the final sums are rounded, to float32. With sides "both" the matrix is exactly symmetric.

    Each row is counted by one thread (`fastsgns.kernels.cooccurrence`), so none are merged.

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
        weighting: Weighting = "harmonic",
        sides: Sides = "both",
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
        weighting: Weighting = "harmonic",
        sides: Sides = "both",
        workers: int | None = None,
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "Cooccurrences":
        """Count a corpus; the result is the same for any number of workers and any budget.

        Parameters
        ----------
        corpus : EncodedCorpus, or whatever `fastsgns.corpus.encoded.scan` reads
            Windows end at the borders of its sentences.
        window : int
            The largest distance counted, from 1 to 4095.
        weighting : {"harmonic", "flat", "linear"}
            The weight of a pair at distance s in a window w: 1 / s (as in GloVe), 1, or
            (w - s + 1) / w (the mean of word2vec's randomly reduced windows).
        sides : {"both", "left", "right"}
            Which words are contexts (columns) of a focus word (row): those on both sides of it,
            before it, or after it. "left" is the transpose of "right", "both" the sum of the two.
        workers : int, optional
            Threads; by default one per core.
        memory_budget : int, optional
            How many bytes of cells to keep in RAM, 8 bytes per cell. More cells are stored in
            mapped temporary files, in the directory that TMPDIR names. By default a quarter of the
            memory that is free. The positions of words need up to a quarter of the budget in
            addition, but at least n_tokens / 32 bytes per worker, and 8 bytes per occurrence of
            the most frequent word.
        progress : callable, optional
            ``progress(tokens_done, tokens_total)`` is called ten times per second from this
            thread.

        Raises
        ------
        ValueError
            If an argument is out of its range, or sums could overflow (a word of 4e9 occurrences).
        TypeError
            If the corpus is not an iterable of sentences.
        """
        window, weighting, sides = check_counting(window, weighting, sides)
        workers = int(rules.WORKERS("workers", workers) or n_cores())
        budget = check_budget(memory_budget)
        with scan(corpus, workers=workers, memory_budget=budget) as scanned:
            encoded = encode(scanned)
        with SpillBuffer(budget) as spill:
            counter = WindowCounter(encoded, window, weighting, sides, workers, spill)
            counter.run(progress)
            matrix = counter.join(budget // 2)
        counting: Any = {"window": window, "weighting": weighting, "sides": sides}
        return cls(encoded.vocabulary, *matrix, **counting, n_pairs=counter.n_pairs)

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each cell, int32, shape (n_cells,), ascending; made when first used."""
        n_words = len(self.vocabulary)
        return np.repeat(np.arange(n_words, dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def row_sums(self) -> np.ndarray:
        """The sum of each row, float64, shape (V,)."""
        return np.bincount(self.rows, self.weights, len(self.vocabulary))

    @property
    def shape(self) -> tuple[int, int]:
        """(V, V)."""
        return len(self.vocabulary), len(self.vocabulary)

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
            Map the counts instead of reading them. While they are mapped, no other program may
            change the file in place or truncate it: that would change the counts, and could end
            the process (SIGBUS). Replacing the file by a new one, as `save` does, is safe.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)


def check_nonempty(counts: Cooccurrences) -> None:
    """Raise an EmptyCorpusError if there are no pairs, and a TypeError for other than counts."""
    if not isinstance(counts, Cooccurrences):
        raise TypeError(
            f"the counts are {counts!r:.60}, a {type(counts).__name__}; allowed are Cooccurrences, "
            "which model.count(sentences) and Cooccurrences.load(path) return"
        )
    if not len(counts):
        raise EmptyCorpusError(
            f"no two of the {len(counts.vocabulary)} words are near each other; "
            "lower min_count or widen the window"
        )


class Counting(NamedTuple):
    """How pairs are counted; see `Cooccurrences.from_corpus`."""

    window: int
    weighting: Weighting
    sides: Sides


def check_counting(window: Any, weighting: Any, sides: Any) -> Counting:
    """Return how pairs are counted, as plain Python values.

    Raises
    ------
    ValueError
        If one of them is not allowed.
    """
    options = {"window": window, "weighting": weighting, "sides": sides}
    return Counting(**rules.checked(COUNTING, options))


def _build(cls: type[Cooccurrences], content: Content) -> Cooccurrences:
    counts = np.array(content.arrays["counts"])  # a copy, where the rest is mapped
    vocabulary = Vocabulary(content.words[""], counts, content.ids[""])
    cells = (content.arrays[name] for name in ("offsets", "columns", "weights"))
    counted = cls.__new__(cls)  # a derived class may take other arguments
    Cooccurrences.__init__(counted, vocabulary, *cells, **content.values)
    return counted


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
    set_by_build=(
        "vocabulary",
        "offsets",
        "columns",
        "weights",
        "window",
        "weighting",
        "sides",
        "n_pairs",
    ),
)
