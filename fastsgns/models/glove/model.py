"""GloVe: vectors of words from how often they stand near each other."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastsgns import kernels
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import EncodedCorpus, encode
from fastsgns.corpus.vocabulary import Vocabulary, select
from fastsgns.errors import EmptyCorpusError, NotFittedError
from fastsgns.formats import kinds
from fastsgns.matrices import Matrices, MatrixLayout, RowStore, allocate_rows
from fastsgns.models.exclusive import exclusive
from fastsgns.models.glove import storage as glove_storage
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.models.glove.epoch import Epoch
from fastsgns.models.glove.parameters import RULES, check, normalize
from fastsgns.models.glove.storage import ROLES
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.runtime.progress import Bar, make_bar, reading_bar
from fastsgns.training.divergence import Place, Watch, parts
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import Roles, link_matrices, linked_matrices

logger = logging.getLogger(__name__)

MASK = 2**64 - 1
ROWS, CELLS, ORDER = range(3)  # what random numbers are for
SUMMANDS = "model.input and model.output, of which model.wv is the sum"


class GloVe:
    """Vectors of words whose products with context vectors fit logarithms of co-occurrence counts.

    Parameters
    ----------
    sentences : iterable of sequences of hashable tokens, or EncodedCorpus, optional
        Read once. Without any source the model waits for `train`.
    corpus_file : path or several paths, optional
        Instead of `sentences`: text, a sentence a line; also .gz, .bz2, .xz.
    vector_size : int
        Dimensions d of a vector.
    window : int
        Largest distance between focus and context.
    x_max, exponent : float
        Cells count by f(x) = min(1, (x / x_max)^exponent).
    alpha : float
        Learning rate of AdaGrad.
    epochs : int
        Passes over all cells that are not zero.
    seed : int or None
        With one worker the same seed gives the same bytes. None draws one.
    workers : int
        Threads.
    min_count : int
        Words that occur less often are left out.
    cooccurrences : Cooccurrences, optional
        Instead of a corpus: counts, whose vocabulary, window, weighting and sides are taken over.
    matrices : {"two", "tied"}
        "two": words have a vector and a bias in each role. "tied": one vector and one bias serve
        both roles.
    max_final_vocab : int, optional
        Raise min_count until at most this many words are left.
    weighting, sides
        How pairs are counted: `fastsgns.cooccurrence.Cooccurrences.from_corpus`.
    memory_budget : int, optional
        Bytes to keep in memory of the text, of the counts and of the cells, each; more goes to
        temporary files. By default a quarter of what is free.
    progress : bool or None
        Progress bars: yes, no, or on a terminal and in a notebook.

    Attributes
    ----------
    epoch_losses : list of float
        J of each epoch, divided by the number of cells; each cell before its step.
    epochs_trained : int
        Epochs that came to their end.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If more than one source is given.
    EmptyCorpusError
        If there is no cell to train on.
    FloatingPointError
        If the vectors overflow: `alpha` is too high.

    Notes
    -----
    Pennington, Socher, Manning (2014), "GloVe: Global Vectors for Word Representation", eq. 8:
    J = sum over x_ij > 0 of f(x_ij) (w_i . w~_j + b_i + b~_j - log x_ij)^2. As in the authors'
    program, AdaGrad sums squares of steps (of the learning rate times the gradient of J / 2), from
    1 on, and vectors and biases start uniform in [-1 / 2d, 1 / 2d).

    With symmetric counts (sides "both") nothing but their first values tells W from W~.

    Examples
    --------
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = GloVe(sentences, vector_size=8, min_count=1, workers=1)
    >>> model.wv["cat"].shape, len(model.input), model.epochs_trained
    ((8,), 4, 25)
    >>> model.epoch_losses[-1] < model.epoch_losses[0]
    True
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        vector_size: int = 100,
        window: int = 10,
        x_max: float = 100.0,
        exponent: float = 0.75,
        alpha: float = 0.05,
        epochs: int = 25,
        seed: int | None = 1,
        workers: int = 3,
        min_count: int = 5,
        *,
        cooccurrences: Cooccurrences | None = None,
        matrices: str = "two",
        max_final_vocab: int | None = None,
        weighting: str = "harmonic",
        sides: str = "both",
        memory_budget: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self.vector_size, self.window, self.epochs = vector_size, window, epochs
        self.x_max, self.exponent, self.alpha = x_max, exponent, alpha
        self.seed: Any = seed
        self.workers, self.min_count, self.max_final_vocab = workers, min_count, max_final_vocab
        self.matrices, self.weighting, self.sides = matrices, weighting, sides
        self.memory_budget, self.progress = memory_budget, progress
        self.epoch_losses: list[float] = []
        self.epochs_trained = self.epochs_begun = 0
        self.vocabulary: Vocabulary | None = None
        self._stores: list[RowStore] = []  # of input and output, each with its biases
        self._squares: list[np.ndarray] = []
        self._input: KeyedVectors | None = None
        self._sum: KeyedVectors | None = None
        check(self)
        if self.seed is None:
            self.seed = int(np.random.SeedSequence().generate_state(1)[0])
        if sum(source is not None for source in (sentences, corpus_file, cooccurrences)) > 1:
            raise TypeError("give one of sentences, corpus_file and cooccurrences")
        if sentences is not None or corpus_file is not None:
            cooccurrences = self.count(sentences, corpus_file)
        if cooccurrences is not None:
            self.train(cooccurrences)

    def count(self, sentences: Any = None, corpus_file: Any = None) -> Cooccurrences:
        """Count a corpus as the model wants it, for `train`.

        Parameters
        ----------
        sentences, corpus_file
            As for the constructor; just one of them.

        Returns
        -------
        Cooccurrences
            Over the words of the model, if it has been trained.
        """
        check(self)
        if (sentences is None) == (corpus_file is None):
            raise TypeError("give either an iterable of sentences or corpus_file, and not both")
        corpus = self._encoded(sentences, corpus_file)
        with reading_bar(self.progress, "words", "counting") as report:
            return Cooccurrences.from_corpus(
                corpus, self.window, self.weighting, self.sides, self.workers,
                self.memory_budget, report,
            )  # fmt: skip

    def _encoded(self, sentences: Any, corpus_file: Any) -> EncodedCorpus:
        def chosen(raw: Vocabulary) -> Vocabulary:
            if self.vocabulary is not None:
                return self.vocabulary
            return select(raw, self.min_count, self.max_final_vocab, None, True).vocabulary

        with reading_bar(self.progress, "sentences" if corpus_file is None else "B") as report:
            if corpus_file is not None:
                return EncodedCorpus.from_files(
                    corpus_file, chosen, self.workers, "strict", self.memory_budget, report
                )
            return encode(
                sentences, chosen, workers=self.workers, memory_budget=self.memory_budget,
                progress=report,
            )  # fmt: skip

    @exclusive
    def train(self, cooccurrences: Cooccurrences, epochs: int | None = None) -> None:
        """Train, or train on, all that has been learnt so far.

        Parameters
        ----------
        cooccurrences : Cooccurrences
            The first time they give the model its words; later they must have the same ones.
        epochs : int, optional
            By default the model's. One call with n + m epochs and two with n and m come to the
            same, also if the model was saved and loaded in between.

        Raises
        ------
        ValueError
            If the words are other ones, or the parameters are out of range.
        EmptyCorpusError
            If no two words stand near each other.
        FloatingPointError
            If the vectors overflow: `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C, once all threads have stopped; the model is usable and can be trained on.
        """
        check(self)
        n_epochs = RULES["epochs"]("epochs", self.epochs if epochs is None else epochs)
        kernels.variant()
        self._take_replaced()
        self._adopt(cooccurrences)
        with reading_bar(self.progress, "cells", "shuffling") as report:
            cells = ShuffledCells(
                cooccurrences, self.x_max, self.exponent, self._seed(CELLS), self.memory_budget,
                report,
            )  # fmt: skip
        self._sum = None
        bar = make_bar(self.progress, n_epochs * len(cells), "training", "cells")
        try:
            rows = self._rows()
            watch = self._watch(rows)
            for epoch in range(n_epochs):
                facts = {"epoch": f"{epoch + 1}/{n_epochs}"}
                if epoch:
                    facts["loss"] = f"{self.epoch_losses[-1]:.5f}"
                    self._rows()
                place = Place(epoch + 1, n_epochs, 0, len(cells), "cells", self.alpha)
                show = partial(_show, bar, epoch * len(cells), facts)
                self._train_epoch(
                    Epoch(cells, rows, self._squares, self.vector_size, watch, place), show
                )
        finally:
            uninterrupted(self._release)
            bar.close()

    def _rows(self) -> list[np.ndarray]:
        """Copies of the rows of each matrix for the kernels to train, until `_release`."""
        return [store.spread() for store in self._stores]

    def _collect(self) -> None:
        """Copy what the kernels have learned back; see `RowStore`."""
        for store in self._stores:
            store.collect()

    def _release(self) -> None:
        for store in self._stores:
            store.release()
        self._follow()

    def _watch(self, rows: list[np.ndarray]) -> Watch:
        watched: dict[str, np.ndarray] = {}
        for role, stored in zip(ROLES, rows):
            watched |= parts(role, stored, self.vector_size, has_bias=True)
        squares = (f"sums of squares of the {role} vectors" for role in ROLES)
        return Watch(watched, dict(zip(squares, self._squares)))

    def _train_epoch(self, epoch: Epoch, show: Callable[[int], None]) -> None:
        self.epochs_begun += 1  # so that no later epoch repeats its order
        rng = np.random.default_rng([self.seed & MASK, ORDER, self.epochs_begun])
        loss = epoch.run(rng, self.workers, show)
        uninterrupted(self._collect)
        self.epochs_trained += 1
        self.epoch_losses.append(loss)
        logger.info("epoch %d: loss %.6f a cell", self.epochs_trained, loss)

    def _adopt(self, counts: Cooccurrences) -> None:
        """Take words and the way of counting from the counts, or make sure that they agree."""
        if not len(counts):
            raise EmptyCorpusError(
                f"no two of the {len(counts.vocabulary)} words stand near each other; "
                "lower min_count or widen the window"
            )
        if self.vocabulary is None:
            counts.vocabulary.warn_of_unsavable()
            self.vocabulary = counts.vocabulary
            self.window, self.weighting, self.sides = counts.window, counts.weighting, counts.sides
            self._start(len(counts.vocabulary))
        elif self.vocabulary.words != counts.vocabulary.words:
            raise ValueError(
                f"the counts are of {len(counts.vocabulary)} words that are not the model's "
                f"{len(self.vocabulary)}; count the new text with model.count()"
            )

    def _start(self, n_words: int) -> None:
        """Make rows of d numbers and a bias, uniform in [-1/2d, 1/2d), and squares of 1."""
        n_matrices = 1 if self.matrices == "tied" else 2
        rng = np.random.default_rng([self.seed & MASK, ROWS])
        for _ in range(n_matrices):
            store = RowStore.zeros(n_words, self.vector_size, 1)
            for start in range(0, n_words, 1 << 13):
                rows = slice(start, min(start + (1 << 13), n_words))
                drawn = rng.random((rows.stop - start, self.vector_size + 1), np.float32)
                drawn -= 0.5
                drawn /= self.vector_size
                store.vectors[rows], store.columns[0, rows] = drawn[:, :-1], drawn[:, -1]
            squares = allocate_rows(n_words, self.vector_size + 1)
            squares[:] = 1
            self._stores.append(store)
            self._squares.append(squares)

    def _seed(self, purpose: int) -> int:
        return int(
            np.random.SeedSequence((self.seed & MASK, purpose)).generate_state(1, np.uint64)[0]
        )

    def _keyed(self, vectors: np.ndarray) -> KeyedVectors:
        vocabulary = self.vocabulary
        if vocabulary is None:
            return KeyedVectors(self.vector_size)
        kv = KeyedVectors.from_arrays(vocabulary.words, vectors, vocabulary.counts, vocabulary.ids)
        kv.add_keys_advice = "train a new model on a corpus that has them"
        return kv

    def _take_replaced(self) -> None:
        """Copy into the model's rows what the user has put in place of `input` or `output`.

        Raises
        ------
        ValueError
            If it has another shape.
        """
        if self._input is None or not self._stores:
            return
        given = (
            self._input.array,
            (linked_matrices(self._input) or self._by_role()).vectors.get("output"),
        )
        is_new = False
        for role, vectors in zip(range(len(self._stores)), given):
            rows = self._role(role)[0]
            if vectors is None or vectors is rows:
                continue
            if vectors.shape != rows.shape:
                raise ValueError(
                    f"the vectors of a GloVe model have the shape {rows.shape}; those that were "
                    f"put in their place have {vectors.shape}"
                )
            rows[:] = vectors
            is_new = True
        if is_new:
            self._sum = None
            self._follow()

    def _role(self, role: int) -> tuple[np.ndarray, np.ndarray]:
        """The vectors, shape (V, d), and biases, shape (V,), of input (0) or output (1)."""
        if not self._stores:
            return np.empty((0, self.vector_size), np.float32), np.empty(0, np.float32)
        store = self._stores[min(role, len(self._stores) - 1)]
        return store.vectors, store.columns[0]

    def _follow(self) -> None:
        """Let `input` and `output` show the rows as they are now."""
        if self._input is not None:
            self._input.use_array(self._role(0)[0])
            link_matrices(self._input, self._by_role())

    @property
    def wv(self) -> KeyedVectors:
        """What the paper uses: W + W~, a read-only copy; of a tied model `input`.

        It is kept until somebody asks for `input` or `output`, which may then be written to at any
        time; from then on it is computed each time.
        """
        if self.matrices == "tied" or not self._stores:
            return self.input
        self._take_replaced()
        if self._sum is None or self._input is not None:
            total = self._role(0)[0] + self._role(1)[0]
            total.flags.writeable = False
            if self._sum is None:
                self._sum = self._keyed(total)
                self._sum.derived_from = SUMMANDS
            self._sum.use_array(total)
        return self._sum

    @property
    def input(self) -> KeyedVectors:
        """W, the vectors of words as focus (rows of the counts), sharing the model's memory.

        ``input.output`` is `output`, and queries of `input` take a ``space``.
        """
        if self._input is None or not len(self._input):
            self._input = self._keyed(self._role(0)[0])
            self._follow()
        self._take_replaced()
        return self._input

    def _by_role(self) -> Matrices:
        vectors = self._role(0)[0]
        if self.matrices == "tied":
            return Matrices(
                {"input": vectors}, MatrixLayout("tied+bias", "both"), self.input_biases
            )
        return Matrices({"input": vectors, "output": self._role(1)[0]})

    @property
    def output(self) -> KeyedVectors:
        """W~, the vectors of words as contexts (columns); of a tied model the same as `input`."""
        return self.roles.output

    @property
    def roles(self) -> Roles:
        """The matrices by role, and their combinations; see `fastsgns.vectors.roles.Roles`."""
        if self.vocabulary is None:
            raise NotFittedError(glove_storage.NO_WORDS)
        return Roles(self.input, linked_matrices(self.input) or self._by_role())

    @property
    def input_biases(self) -> np.ndarray:
        """b, float32, shape (V,), sharing the model's memory."""
        return self._role(0)[1]

    @property
    def output_biases(self) -> np.ndarray:
        """b~, float32, shape (V,); of a tied model the same as `input_biases`."""
        return self._role(1)[1]

    def __getstate__(self) -> dict[str, Any]:
        self._take_replaced()
        return self.__dict__ | {"_input": None, "_sum": None}  # made anew, on the copy's memory

    def __repr__(self) -> str:
        n_words = 0 if self.vocabulary is None else len(self.vocabulary)
        return (
            f"GloVe<vocab={n_words}, vector_size={self.vector_size}, window={self.window}, "
            f"matrices={self.matrices}, alpha={self.alpha}>"
        )

    def save(self, path: Any) -> None:
        """Write the model, with all that training on needs, to one file, atomically.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        ValueError
            If the model has no words yet.
        """
        normalize(self)
        self._take_replaced()
        glove_storage.save(self, path)

    @classmethod
    def load(cls, path: Any) -> "GloVe":
        """Read what `save` wrote.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        model: GloVe = kinds.load_as(cls, glove_storage.SCHEMA, path, mmap=True)
        return model


def _show(bar: Bar, n_before: int, facts: dict[str, str], n_done: int) -> None:
    bar.update_to(n_before + n_done, **facts)
