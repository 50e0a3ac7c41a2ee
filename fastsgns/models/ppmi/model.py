"""PPMI: sparse word vectors of the positive pointwise mutual information with context words."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.cooccurrence.counts import COUNTING, Cooccurrences, check_counting, check_nonempty
from fastsgns.cooccurrence.windows import Weighting
from fastsgns.corpus.encoded import encode, scan
from fastsgns.corpus.selection import select
from fastsgns.corpus.sentences import LineSentence, check_corpus
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError, warn
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.keys import check_keys, plain_all
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value
from fastsgns.models.ppmi.pmi import SHIFT, SMOOTHING, pmi
from fastsgns.runtime.progress import ShowProgress, reading_bar
from fastsgns.vectors import evaluation
from fastsgns.vectors.norms import divide, largest
from fastsgns.vectors.spaces import Space

PAIR_BLOCK, QUERY_BLOCK = 1 << 10, 1 << 7  # rows that are converted at a time
COUNT = rules.integer(0, 2**62)
RULES: dict[str, rules.Rule] = {
    "smoothing": SMOOTHING,
    "shift": SHIFT,
    "window": COUNTING["window"],
    "weighting": COUNTING["weighting"],
    "min_count": rules.integer(0, 2**62),
    "max_final_vocab": rules.integer(0, 2**62, none=None),
    "workers": rules.WORKERS,
    "progress": rules.PROGRESS,
}


class PPMI:
    """Sparse word vectors: the (shifted) positive PMI of a word with each context word.

    Parameters
    ----------
    sentences : EncodedCorpus, or iterable of sequences of tokens
        The corpus, which is read once.
    corpus_file : path or several paths, instead of `sentences`
        Text files with one sentence per line; also .gz, .bz2, .xz.
    window : int
        Largest distance between a focus word and a context word.
    weighting : {"linear", "flat", "harmonic"}
        The weight of a pair by its distance. "linear" is that of word2vec. See `Cooccurrences`.
    min_count : int
        Words that occur less often are removed before pairs are counted.
    max_final_vocab : int, optional
        Largest number of words.
    smoothing, shift : float
        As in `pmi`.
    workers : int, optional
        Number of threads; by default one per core.
    progress : bool, callable or None
        Whether to show progress bars, or what to call instead, as in `Word2Vec`.

    Attributes
    ----------
    matrix : csr_array of float32, shape (V, V)
        A row per word and a column per context word.
    norms : ndarray of float64, shape (V,)
        The lengths of the rows.
    index_to_key : list of length V
    key_to_index : dict
    vocabulary : Vocabulary

    Raises
    ------
    TypeError
        If both sources are given, or neither.
    EmptyCorpusError
        If no word occurs `min_count` times, or if no two words are near each other.

    References
    ----------
    Levy, Goldberg, Dagan: Improving distributional similarity with lessons learned from word
    embeddings, 2015, sections 2.1 and 3.2.

    Examples
    --------
    >>> text = [["cat", "purrs"], ["cat", "eats"], ["dog", "barks"], ["dog", "eats"]] * 5
    >>> ppmi = PPMI(text, min_count=1)
    >>> ppmi.contexts("dog", topn=1)[0][0]
    'barks'
    >>> [word for word, _ in ppmi.most_similar("cat", topn=1)]
    ['dog']
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        *,
        window: int = 5,
        weighting: Weighting = "linear",
        min_count: int = 5,
        max_final_vocab: int | None = None,
        smoothing: float = 0.75,
        shift: float = 1.0,
        workers: int | None = None,
        progress: ShowProgress = None,
    ) -> None:
        if (sentences is None) == (corpus_file is None):
            raise TypeError("give either an iterable of sentences or corpus_file, and not both")
        smoothing, shift = SMOOTHING("smoothing", smoothing), SHIFT("shift", shift)
        window, weighting, _ = check_counting(window, weighting, "both")
        min_count = RULES["min_count"]("min_count", min_count)
        max_final_vocab = RULES["max_final_vocab"]("max_final_vocab", max_final_vocab)
        workers = RULES["workers"]("workers", workers)
        progress = RULES["progress"]("progress", progress)

        source = LineSentence(corpus_file) if sentences is None else sentences
        check_corpus(source)
        with (
            reading_bar(progress, "B" if sentences is None else "sentences") as report,
            scan(source, workers=workers, progress=report) as scanned,
        ):
            vocabulary = _selected(scanned.vocabulary, min_count, max_final_vocab)
            corpus = encode(scanned, vocabulary)
        with reading_bar(progress, "tokens", "counting") as report:
            counts = Cooccurrences.from_corpus(
                corpus, window=window, weighting=weighting, workers=workers, progress=report
            )
        self._set(_ppmi(counts, smoothing, shift), corpus.vocabulary, smoothing, shift)

    @classmethod
    def from_counts(cls, counts: Cooccurrences, smoothing: float = 0.75, shift: float = 1.0) -> Any:
        """Return the PPMI vectors of co-occurrence counts.

        Parameters
        ----------
        counts : Cooccurrences
            With sides "left" or "right", contexts are only the words before or after.
        smoothing, shift : float
            As in `pmi`.

        Examples
        --------
        >>> counts = Cooccurrences.from_corpus([["a", "b"], ["a", "c"]], window=1)
        >>> PPMI.from_counts(counts, smoothing=1)
        <PPMI of 3 words, 4 cells, smoothing=1, shift=1.0>
        """
        self = cls.__new__(cls)
        smoothing, shift = SMOOTHING("smoothing", smoothing), SHIFT("shift", shift)
        self._set(_ppmi(counts, smoothing, shift), counts.vocabulary, smoothing, shift)
        return self

    def _set(self, matrix: Any, vocabulary: Vocabulary, smoothing: float, shift: float) -> None:
        self.matrix, self.vocabulary = matrix, vocabulary
        self.smoothing, self.shift = smoothing, shift
        squares = np.square(matrix.data, dtype=np.float64)
        sums = np.concatenate([[0], np.cumsum(squares)])
        self.norms = np.sqrt(np.diff(sums[matrix.indptr]))

    @property
    def index_to_key(self) -> list[Any]:
        """The words, the most frequent first."""
        return self.vocabulary.words

    @property
    def key_to_index(self) -> dict[Any, int]:
        """The row and column of each word."""
        return self.vocabulary.ids

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __contains__(self, word: Any) -> bool:
        return word in self.vocabulary

    def __repr__(self) -> str:
        return (
            f"<PPMI of {len(self):,} words, {self.matrix.nnz:,} cells, "
            f"smoothing={self.smoothing}, shift={self.shift}>"
        )

    def _ids(self, words: Iterable[Any]) -> list[int]:
        words = plain_all(words)
        try:
            return [self.key_to_index[word] for word in words]
        except TypeError:
            check_keys(words, "word")
            raise
        except KeyError as missing:
            raise KeyError(f"Key {missing} not present in vocabulary") from None

    def _unit_rows(self, ids: Any) -> Any:
        """Return sparse rows of length 1, shape (n, V); rows of zeros stay zero."""
        from scipy.sparse import diags_array

        return diags_array(divide(np.ones(len(ids)), self.norms[ids])) @ self.matrix[ids]

    def contexts(self, word: Any, topn: int = 10) -> list[tuple[Any, float]]:
        """Return the context words with the highest PPMI to a word, and this PPMI.

        Raises
        ------
        KeyError
            If the word is absent.
        """
        row = self.matrix[self._ids([word])]
        best = largest(row.data, COUNT("topn", topn))
        words = self.index_to_key
        return [(words[row.indices[i]], float(row.data[i])) for i in best.tolist()]

    def similarity(self, first: Any, second: Any) -> float:
        """Return the cosine of two words' rows; 0 if one of them is empty.

        Raises
        ------
        KeyError
            If a word is absent.
        """
        return float(self.pair_cosines(np.array([self._ids([first, second])]))[0])

    def most_similar(
        self, positive: Any, negative: Any = (), topn: int = 10
    ) -> list[tuple[Any, float]]:
        """Return the words nearest by cosine to the unit rows of `positive` minus `negative`.

        Parameters
        ----------
        positive, negative : word or list of words
        topn : int

        Returns
        -------
        list of (word, float)
            Nearest first, without the words of the query.

        Raises
        ------
        KeyError
            If a word is absent.

        Notes
        -----
        Computes a product with the whole matrix, which takes about 10 ms for 20 million cells.
        """
        plus, minus = _listed(positive), _listed(negative)
        ids = self._ids([*plus, *minus])
        signs = np.concatenate([np.ones(len(plus)), -np.ones(len(minus))])
        direction = (signs @ self._unit_rows(ids)).astype(np.float32)
        scores = divide(self.matrix @ direction, self.norms * np.linalg.norm(direction))
        scores[ids] = -np.inf
        best = largest(scores, min(COUNT("topn", topn), len(self) - len(set(ids))))
        return [(self.index_to_key[i], float(scores[i])) for i in best.tolist()]

    evaluate_word_pairs = evaluation.evaluate_word_pairs
    evaluate_word_analogies = evaluation.evaluate_word_analogies

    def pair_cosines(self, pairs: np.ndarray, space: Space = "in-in") -> np.ndarray:
        """Return the cosines of pairs of ids, shape (n, 2); `evaluation` needs them."""
        if space != "in-in":
            raise ValueError(f"space {space!r}: explicit vectors have only 'in-in'")
        blocks = [pairs[start : start + PAIR_BLOCK] for start in range(0, len(pairs), PAIR_BLOCK)]
        rows = [[self._unit_rows(column) for column in block.T] for block in blocks]
        sums = [np.asarray((a * b).sum(axis=1)) for a, b in rows]
        return np.concatenate([np.zeros(0), *sums])

    @rules.takes(restrict_vocab=rules.LIMIT)
    def cosines_to(self, ids: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
        """Return the cosines of the first `restrict_vocab` words with `ids`, shape (n, words)."""
        rows, norms = self.matrix[:restrict_vocab], self.norms[:restrict_vocab]
        cosines = np.empty((len(ids), len(norms)), np.float32)
        for start in range(0, len(ids), QUERY_BLOCK):
            queries = self._unit_rows(ids[start : start + QUERY_BLOCK]).astype(np.float32)
            cosines[start : start + QUERY_BLOCK] = (rows @ queries.T.toarray()).T
        return divide(cosines, norms)

    def save(self, path: Any) -> None:
        """Write matrix and words to one file, atomically; `load` reads it.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "PPMI":
        """Read what `save` wrote; with ``mmap="r"`` the arrays are mapped instead of read.

        `fastsgns.load` explains what may happen to a file that is mapped.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)


def _listed(given: Any) -> list[Any]:
    is_list = isinstance(given, (list, tuple, set, np.ndarray)) and getattr(given, "ndim", 1) > 0
    return list(given) if is_list else [given]


def _ppmi(counts: Cooccurrences, smoothing: float, shift: float) -> Any:
    """Return the PPMI matrix of counts.

    Raises
    ------
    EmptyCorpusError
        If there are no pairs.
    """
    check_nonempty(counts)
    matrix = pmi(counts.to_scipy(), smoothing, shift)
    if not matrix.nnz:
        warn(
            f"none of the {len(counts)} pairs of words occurs more often than by chance "
            f"(smoothing={smoothing:g}, shift={shift:g}): all vectors are zero"
        )
    return matrix


def _selected(raw: Vocabulary, min_count: int, max_final_vocab: int | None) -> Vocabulary:
    vocabulary = select(raw, min_count, max_final_vocab).vocabulary
    if not len(vocabulary):
        most = int(raw.counts.max()) if len(raw) else 0
        raise EmptyCorpusError(
            f"none of {len(raw)} words is left: the most frequent occurs {most} times, "
            f"and min_count is {min_count}"
        )
    vocabulary.warn_of_unsavable()
    return vocabulary


def _build(cls: Any, content: Content) -> PPMI:
    from scipy.sparse import csr_array

    vocabulary = Vocabulary(content.words[""], content.arrays["counts"], content.ids[""])
    cells = content.arrays["cells"], content.arrays["columns"], _offsets(content)
    ppmi: PPMI = cls.__new__(cls)
    matrix = csr_array(cells, shape=(len(vocabulary), len(vocabulary)))
    ppmi._set(matrix, vocabulary, content.values["smoothing"], content.values["shift"])
    return ppmi


def _offsets(content: Content) -> np.ndarray:
    return np.concatenate([[0], content.arrays["ends"]])


def _fault(content: Content) -> str | None:
    n_words = content.sizes["words"]
    return faults.of_rows(
        ("ends", "columns"), _offsets(content), content.arrays["columns"], n_words
    )


SCHEMA = Schema(
    "ppmi",
    arrays={
        "ends": Array("int64", "words", lambda ppmi: ppmi.matrix.indptr[1:].astype(np.int64)),
        "columns": Array("int32", "cells", lambda ppmi: ppmi.matrix.indices.astype(np.int32)),
        "cells": Array("float32", "cells", "matrix.data", fault=faults.negative),
        "counts": Array("int64", "words", "vocabulary.counts", fault=faults.negative),
    },
    values={"smoothing": Value(REAL), "shift": Value(REAL)},
    build=_build,
    fault=_fault,
    set_by_build=("matrix", "vocabulary", "smoothing", "shift", "norms"),
)
