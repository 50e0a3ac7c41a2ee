"""Allocation: the part of Word2Vec that makes the matrices of a vocabulary, and lets them grow."""

from collections.abc import Hashable

import numpy as np

from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.matrices import (
    BiasMode,
    Matrices,
    MatricesMode,
    MatrixLayout,
    estimate_bytes,
    padded,
    randomize,
    require_memory,
)
from fastsgns.models import parameters
from fastsgns.models.words.memory import Needs, Reading, path_bytes, word_bytes
from fastsgns.models.words.softmax import MOST_ROWS, MOST_SCORES
from fastsgns.models.words.tree import fit_tree
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import sync_matrices

MASK = 2**64 - 1
MAKING_NOISE, MAKING_TREE = 56, 220  # bytes per word of what makes the tables
MOST_WINDOW, SHARED_ROWS = 4096, 64


class Allocation:
    """Which matrices a model has, and how they start."""

    wv: KeyedVectors
    vector_size: int
    seed: int | None
    hs: int
    negative: int
    softmax: int = 0
    matrices: MatricesMode
    bias: BiasMode
    sample: float
    window: int
    workers: int
    _matrices: Matrices
    _reading: Reading | None = None

    def _rng(self, *key: int) -> np.random.Generator:
        """A generator from the model's seed; None is a seed from the operating system."""
        return np.random.default_rng(None if self.seed is None else [int(self.seed) & MASK, *key])

    def _has_output(self) -> bool:
        """Whether words have output rows: with negative sampling and with full softmax."""
        return bool(self.negative or self.softmax)

    def _start(self, vocabulary: Vocabulary) -> None:
        n_words = len(vocabulary)
        parameters.warn_of_matrices(self)
        needs = self._needs_of(vocabulary.words, vocabulary.counts)
        require_memory(
            needs.training - needs.corpus,  # its ids are there already
            f"{n_words} words of {self.vector_size} dimensions",
            "Raise min_count, set max_final_vocab or lower vector_size.",
        )
        matrices = Matrices(layout=self._layout())
        matrices.create("input", n_words, self.vector_size)
        matrices.start_bias(matrices.layout.initial_bias(self.negative))
        randomize(matrices.vectors["input"], self._rng())
        for role in self._target_roles():
            matrices.create(role, n_words, self.vector_size)
        if self.hs:
            matrices.create("tree", n_words - 1, self.vector_size)
        wv = KeyedVectors.from_arrays(
            vocabulary.words, matrices.vectors["input"], vocabulary.counts, vocabulary.ids
        )
        wv.strict = self.wv.strict
        self.wv, self._matrices = wv, matrices
        self._current()

    def _current(self) -> Matrices:
        """The matrices, with the words, their order and the input vectors that `wv` has now."""
        wv, matrices = self.wv, self._matrices
        sync_matrices(wv, matrices)
        counts = wv.expandos.get("count")
        if "tree" in matrices.vectors and counts is not None and len(counts) == len(wv):
            fit_tree(matrices, counts)
        return matrices

    def _layout(self) -> MatrixLayout:
        return MatrixLayout.of(self.matrices, self.bias)

    def _estimate(self, n_words: int, copies: bool = False) -> dict[str, int]:
        return estimate_bytes(
            n_words, self.vector_size, self._has_output(), self.hs > 0, self._layout(), copies
        )

    def _needs_of(self, words: list[Hashable], counts: np.ndarray) -> Needs:
        """Return the memory that a fit of these words takes."""
        n_words, reading = len(words), self._reading
        tables = 8 * n_words * bool(self.negative) + 4 * n_words * bool(self.sample)
        making = MAKING_NOISE * n_words * bool(self.negative)
        if self.hs:
            tables, making = tables + path_bytes(counts), MAKING_TREE * n_words
        row = 8 * padded(self.vector_size)  # of a value and its change
        scratch = (2 * min(self.window, MOST_WINDOW) + SHARED_ROWS) * row
        if self.softmax:
            scratch += n_words * (4 * min(MOST_ROWS, MOST_SCORES // n_words) + 12)
        return Needs(
            self._estimate(n_words), self._estimate(n_words, copies=True),
            word_bytes(words, reading is None or reading.owns_words),
            tables, making, int(counts.sum()), self.workers * scratch, reading,
        )  # fmt: skip

    def _target_roles(self) -> tuple[str, ...]:
        """Return the roles of targets that have an array of their own."""
        return self._layout().target_roles if self._has_output() else ()

    def _grow(self, vocabulary: Vocabulary) -> None:
        """Extend to a vocabulary that begins with the present one."""
        n_old, n_words = len(self.wv), len(vocabulary)
        matrices = self._current()
        matrices.grow("input", n_words)
        matrices.start_bias(matrices.layout.initial_bias(self.negative), n_old)
        randomize(matrices.vectors["input"][n_old:], self._rng(n_old))
        self.wv.extend_keys(vocabulary.words[n_old:], matrices.vectors["input"])
        self.wv.expandos["count"] = vocabulary.counts
        self._current()

    def _vocabulary(self) -> Vocabulary:
        """The words of `wv` with their counts."""
        counts = self.wv.expandos.get("count")
        if counts is None:
            raise RuntimeError(
                "model.wv has no counts, which training needs; set them with "
                "model.wv.set_vecattr(word, 'count', n), or call build_vocab"
            )
        vocabulary = Vocabulary(self.wv.index_to_key, counts)
        vocabulary.__dict__["ids"] = self.wv.key_to_index
        return vocabulary
