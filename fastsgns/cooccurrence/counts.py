"""Cooccurrences: how often each word stands near each other word, as a sparse matrix."""

from functools import cached_property
from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.arrays import integers
from fastsgns.cooccurrence.windows import Progress, WindowCounts
from fastsgns.corpus.encoded import encode
from fastsgns.corpus.spill import SpillBuffer, check_budget
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import FormatError
from fastsgns.formats import native, registry, saving
from fastsgns.formats.contents import checked
from fastsgns.kernels.cooccurrence import MAX_WINDOW
from fastsgns.runtime.machine import n_cores

KIND = "cooccurrences"
WEIGHTINGS = ("harmonic", "flat", "linear")
SIDES = ("both", "left", "right")
BLOCK = 1 << 20
WINDOW = rules.integer(1, MAX_WINDOW)
COUNTING = {
    "window": WINDOW,
    "weighting": rules.choice(*WEIGHTINGS),
    "sides": rules.choice(*SIDES),
}
WORKERS = rules.integer(1, 2**16)
METADATA = {"window": int, "weighting": str, "sides": str, "n_pairs": int}


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
        corpus : EncodedCorpus, or whatever `fastsgns.corpus.encoded.encode` takes
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
        encoded = encode(corpus, workers=workers, memory_budget=budget)
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
        tensors = {"offsets": self.offsets, "columns": self.columns, "weights": self.weights}
        tensors |= {"counts": self.vocabulary.counts, **native.pack_words(self.vocabulary.words)}
        metadata = {name: getattr(self, name) for name in METADATA}
        saving.save(path, KIND, tensors, metadata, Cooccurrences._rebuilt)

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
        tensors, metadata = registry.read_as(KIND, path, mmap and not hasattr(path, "read"))
        try:
            return cls._rebuilt(tensors, metadata)
        except FormatError as error:
            raise FormatError(f"{path} is damaged: {error}") from None

    @classmethod
    def _rebuilt(cls, tensors: native.Tensors, metadata: dict) -> "Cooccurrences":
        words = native.unpack_words(tensors)
        metadata = checked("metadata", metadata, METADATA)
        if fault := _fault(tensors, metadata, len(words)):
            raise FormatError(fault)
        try:
            vocabulary = Vocabulary(words, np.array(tensors["counts"]))
            _ = vocabulary.ids
            arrays = (tensors[name] for name in ("offsets", "columns", "weights"))
            return cls(vocabulary, *arrays, **metadata)
        except ValueError as error:
            raise FormatError(str(error)) from None


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


def _fault(tensors: native.Tensors, metadata: dict, n_words: int) -> str | None:
    """Say what is wrong with the content of a saved file, if anything."""
    dtypes = {"offsets": np.int64, "columns": np.int32, "weights": np.float32, "counts": np.int64}
    for name, dtype in dtypes.items():
        array = tensors.get(name)
        if array is None or array.dtype != dtype or array.ndim != 1:
            return f"{name} is missing, or not a list of {np.dtype(dtype).name}"
    offsets, columns, weights = (tensors[name] for name in ("offsets", "columns", "weights"))
    if len(offsets) != n_words + 1 or len(tensors["counts"]) != n_words:
        return f"{len(offsets)} offsets and {len(tensors['counts'])} counts for {n_words} words"
    if offsets[0] != 0 or offsets[-1] != len(columns) or len(weights) != len(columns):
        return f"offsets, {len(columns)} columns and {len(weights)} weights contradict each other"
    if np.any(offsets[1:] < offsets[:-1]):
        return "offsets do not ascend"
    try:
        check_counting(metadata["window"], metadata["weighting"], metadata["sides"])
    except ValueError as error:
        return str(error)
    return _fault_of_cells(offsets, columns, weights, n_words)


def _fault_of_cells(
    offsets: np.ndarray, columns: np.ndarray, weights: np.ndarray, n_words: int
) -> str | None:
    for start in range(0, len(columns), BLOCK):
        part = columns[start : start + BLOCK + 1]
        if not 0 <= part.min() <= part.max() < n_words:
            return f"columns are not all between 0 and {n_words - 1}"
        firsts = offsets[slice(*np.searchsorted(offsets, (start, start + len(part)), "left"))]
        ascends = part[1:] > part[:-1]
        inside = firsts[firsts > start] - start - 1
        ascends[inside] = True
        if not ascends.all():
            return "the columns of a row do not ascend"
        block = weights[start : start + BLOCK]
        if not (np.isfinite(block).all() and block.min() > 0):
            return "weights are not all positive and finite"
    return None
