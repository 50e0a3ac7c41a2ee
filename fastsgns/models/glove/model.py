"""GloVe: word vectors from counts of co-occurring words.

The class reads top-down: parameters -> `count` -> allocate -> `train`, then the vectors by role.
"""

import logging
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np

from fastsgns import kernels
from fastsgns.arrays import check_mapped
from fastsgns.cooccurrence.counts import Cooccurrences, check_nonempty
from fastsgns.cooccurrence.windows import Sides, Weighting
from fastsgns.corpus.encoded import EncodedCorpus, encode, scan
from fastsgns.corpus.files import check_paths
from fastsgns.corpus.selection import select
from fastsgns.corpus.sentences import LineSentence
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotFittedError
from fastsgns.formats import kinds
from fastsgns.models import starting
from fastsgns.models.callbacks import Checkpoint, checkpoints
from fastsgns.models.exclusive import exclusive, is_being_trained, not_during
from fastsgns.models.glove import storage as glove_storage
from fastsgns.models.glove.arrays import GloVeArrays
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.models.glove.epoch import Epoch
from fastsgns.models.glove.grid import Grid
from fastsgns.models.glove.parameters import RULES, GloVeMatrices, check, normalize
from fastsgns.models.glove.storage import NO_WORDS
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.runtime.locks import first_use
from fastsgns.runtime.progress import (
    Bar,
    Fact,
    ShowProgress,
    make_bar,
    picklable,
    reading_bar,
)
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition
from fastsgns.training.epoch import EpochProgress, IsDue, Pause
from fastsgns.training.every import Every
from fastsgns.training.rounds import Elsewhere, rounds_elsewhere
from fastsgns.training.session import Session
from fastsgns.training.unfinished import Unfinished, settings_of, unfinished_of
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import Roles, link_matrices, linked_matrices

logger = logging.getLogger(__name__)

MASK = 2**64 - 1  # numpy takes no negative seeds
ROWS, CELLS, ORDER = range(3)  # the uses of random numbers, which have a stream each
SETTINGS = "deterministic", "exponent", "seed", "x_max"  # that may not change within an epoch
SUMMANDS = "model.input and model.output, of which model.wv is the sum"


class GloVe:
    """Vectors of words whose products with context vectors fit logarithms of co-occurrence counts.

    Parameters
    ----------
    sentences : iterable of sequences of hashable tokens, or EncodedCorpus, optional
        The corpus, which is read once. Without any source the model is trained later, by `train`.
    corpus_file : path or several paths, optional
        Text files with one sentence per line, instead of `sentences`; also .gz, .bz2, .xz.
    vector_size : int
        Dimensions d of a vector.
    window : int
        Largest distance between a focus word and a context word.
    x_max, exponent : float
        The count x of a pair has the weight f(x) = min(1, (x / x_max)^exponent) in the loss.
    alpha : float
        Learning rate of AdaGrad.
    epochs : int
        Passes over all pairs that have a count.
    seed : int or None
        With one worker, or with `deterministic`, results are the same for the same seed. None draws
        a seed.
    workers : int
        Number of threads.
    min_count : int
        Ignore words that occur less often.
    cooccurrences : Cooccurrences, optional
        Counts, instead of a corpus. They determine the vocabulary, window, weighting and sides.
    matrices : {"two", "tied"}
        "two": each word has a vector and a bias per role. "tied": one vector and one bias have
        both roles.
    max_final_vocab : int, optional
        Raise `min_count` until at most this many words are left.
    weighting, sides
        How pairs are counted: see `fastsgns.cooccurrence.Cooccurrences.from_corpus`.
    memory_budget : int, optional
        Number of bytes to keep in memory of each of the text, the counts and the shuffled counts.
        The rest is stored in temporary files. By default a quarter of the free memory.
    progress : bool, callable or None
        Whether to show progress bars. None: on a terminal or in a notebook. A callable is called
        with a `fastsgns.models.callbacks.ProgressReport` instead, as in `Word2Vec`.
    deterministic : bool
        Train cells in an order for which the result is the same, byte for byte, for any number of
        workers (on one kernel variant); see docs/glove.md. By default workers share rows without
        locks, and only one worker gives the same result again.
    init_from : KeyedVectors or model, optional
        Start from its vectors, for the words that it has, as in `Word2Vec`. Biases start at random.
    checkpoint, every
        As for `train`, if there is a corpus or counts to train on. They are not saved.

    Attributes
    ----------
    epoch_losses : list of float
        The mean loss J / n of each epoch over its n pairs. The loss of a pair is computed before
        its update.
    epochs_trained : int
        Epochs trained to their end.
    unfinished : Unfinished or None
        What `resume` would train: the rest of a call that ended early.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If more than one source is given.
    EmptyCorpusError
        If there are no pairs.
    FloatingPointError
        If the vectors overflow: `alpha` is too high.

    Notes
    -----
    Pennington, Socher, Manning (2014), "GloVe: Global Vectors for Word Representation", eq. 8:
    J = sum over x_ij > 0 of f(x_ij) (w_i . w~_j + b_i + b~_j - log x_ij)^2. As in the authors'
    program, AdaGrad sums squares of steps (of the learning rate times the gradient of J / 2), from
    1 on, and vectors and biases start uniform in [-1/2d, 1/2d).

    With symmetric counts (sides "both"), W and W~ differ only by their initial values.

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
        matrices: GloVeMatrices = "two",
        max_final_vocab: int | None = None,
        weighting: Weighting = "harmonic",
        sides: Sides = "both",
        memory_budget: int | None = None,
        progress: ShowProgress = None,
        deterministic: bool = False,
        init_from: Any = None,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> None:
        self.vector_size, self.window, self.epochs = vector_size, window, epochs
        self.x_max, self.exponent, self.alpha = x_max, exponent, alpha
        self.seed: Any = seed
        self.workers, self.min_count, self.max_final_vocab = workers, min_count, max_final_vocab
        self.matrices, self.weighting, self.sides = matrices, weighting, sides
        self.memory_budget, self.progress = memory_budget, progress
        self.deterministic = deterministic
        self.epoch_losses: list[float] = []
        self.epochs_trained = self.epochs_begun = 0
        self.vocabulary: Vocabulary | None = None
        self.arrays: GloVeArrays | None = None
        self._input: KeyedVectors | None = None
        self._sum: KeyedVectors | None = None
        self._init_from = init_from  # until the first training
        self.unfinished: Unfinished | None = None
        check(self)
        if checkpoints(checkpoint, every) and not any(
            source is not None for source in (sentences, corpus_file, cooccurrences)
        ):
            raise ValueError(
                "checkpoint is set, and there is nothing to train; give it to train(), or data"
            )
        if init_from is not None:
            starting.check_source(init_from, self.vector_size)
        if self.seed is None:
            self.seed = int(np.random.SeedSequence().generate_state(1)[0])
        if sum(source is not None for source in (sentences, corpus_file, cooccurrences)) > 1:
            raise TypeError("give one of sentences, corpus_file and cooccurrences")
        if sentences is not None or corpus_file is not None:
            cooccurrences = self.count(sentences, corpus_file)
        if cooccurrences is not None:
            self.train(cooccurrences, checkpoint=checkpoint, every=every)

    def count(self, sentences: Any = None, corpus_file: Any = None) -> Cooccurrences:
        """Count a corpus with the parameters of the model, for `train`.

        Parameters
        ----------
        sentences, corpus_file
            As for the constructor. Exactly one of them is required.

        Returns
        -------
        Cooccurrences
            Of the words of the model, if it has been trained, otherwise of the words that
            `min_count` and `max_final_vocab` select.
        """
        check(self)
        if (sentences is None) == (corpus_file is None):
            raise TypeError("give either an iterable of sentences or corpus_file, and not both")
        corpus = self._encode(sentences, corpus_file)
        with reading_bar(self.progress, "words", "counting") as report:
            return Cooccurrences.from_corpus(
                corpus, self.window, self.weighting, self.sides, self.workers,
                self.memory_budget, report,
            )  # fmt: skip

    def _encode(self, sentences: Any, corpus_file: Any) -> EncodedCorpus:
        source = LineSentence(check_paths(corpus_file)) if sentences is None else sentences
        with (
            reading_bar(self.progress, "B" if sentences is None else "sentences") as report,
            scan(
                source, workers=self.workers, memory_budget=self.memory_budget, progress=report
            ) as scanned,
        ):
            vocabulary = self.vocabulary
            if vocabulary is None:
                raw = scanned.vocabulary
                vocabulary = select(raw, self.min_count, self.max_final_vocab).vocabulary
            return encode(scanned, vocabulary)

    @exclusive
    def train(
        self,
        cooccurrences: Cooccurrences,
        epochs: int | None = None,
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> None:
        """Train the model, or continue its training.

        Parameters
        ----------
        cooccurrences : Cooccurrences
            The first time, the model takes its words from the counts. Later counts must have the
            same words.
        epochs : int, optional
            By default `epochs` of the model. One call with n + m epochs and two calls with n and m
            give the same result, also if the model is saved and loaded between the two.
        checkpoint : str or os.PathLike, optional
            File to save the model to during training, and at its end; a folder if the path ends
            with a slash. If the process is killed, `resume` continues from it. See
            docs/checkpoints.md.
        every : int, str or datetime.timedelta, optional
            From one save to `checkpoint` to the next: a number of epochs (default 1), or a duration
            such as ``"10 min"``, ``"30 s"`` or ``"2 h"``, which also saves within an epoch.

        Raises
        ------
        ValueError
            If the words are not those of the model, or if a parameter is out of its range.
        EmptyCorpusError
            If no two words are near each other.
        FloatingPointError
            If the vectors overflow: `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C, once all threads have stopped. The model can be used, and trained again.
        """
        check(self)
        n_epochs = RULES["epochs"]("epochs", self.epochs if epochs is None else epochs)
        callbacks = checkpoints(checkpoint, every)
        self._copy_replaced_vectors()
        self._check_counts(cooccurrences)
        left = Unfinished(
            "train", n_epochs, len(cooccurrences), _sum(cooccurrences), self.seed, self.alpha,
            self.alpha, settings=settings_of(vars(self), SETTINGS),
        )  # fmt: skip
        self._train(cooccurrences, left, callbacks)

    @exclusive
    def resume(
        self, cooccurrences: Cooccurrences, *, checkpoint: Any = None, every: Every | None = None
    ) -> None:
        """Continue a call of `train`, or of the constructor, that ended before its last epoch.

        What is left has the learning rate and the random numbers that it would have had. With
        ``workers=1``, or with `deterministic` and any number of workers, the model is therefore,
        bit for bit, that of training without a stop, after a checkpoint and after Ctrl-C.

        Parameters
        ----------
        cooccurrences : Cooccurrences
            The same counts as before; ``model.count(sentences)`` counts the same text again.
        checkpoint, every
            As for `train`.

        Raises
        ------
        RuntimeError
            If no call of `train` ended early.
        ValueError
            If the counts have other words, or another number of cells.

        Examples
        --------
        >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
        >>> def stop(report):
        ...     return report.epoch == 3
        >>> model = GloVe(sentences, vector_size=8, min_count=1, workers=1, progress=stop)
        >>> model.progress = None
        >>> model.resume(model.count(sentences), checkpoint="glove.fastsgns", every="10 min")
        >>> model.epochs_trained
        25
        """
        left = unfinished_of(self)
        check(self)
        callbacks = checkpoints(checkpoint, every)
        self._copy_replaced_vectors()
        self._check_counts(cooccurrences)
        left = left.with_settings(settings_of(vars(self), SETTINGS))
        left.check_data(len(cooccurrences), _sum(cooccurrences), "cells", "counts")
        self._train(cooccurrences, left, callbacks)

    def _train(
        self, cooccurrences: Cooccurrences, left: Unfinished, callbacks: tuple[Checkpoint, ...]
    ) -> None:
        """Train the epochs that are left of a call."""
        kernels.variant()  # before any work: an unknown FASTSGNS_KERNEL is an error
        seed, grid = self._seed(CELLS), None
        if self.deterministic:
            shape = len(cooccurrences.vocabulary), len(cooccurrences)
            grid = Grid(*shape, self.matrices == "tied", seed)
        with reading_bar(self.progress, "cells", "shuffling") as report:
            cells = ShuffledCells(
                cooccurrences, self.x_max, self.exponent, seed, self.memory_budget, report, grid
            )
        arrays = self._allocate(cooccurrences)  # last: a stop before it leaves the model as it is
        self._sum = None
        self.unfinished = left
        try:
            with Session(self, arrays, left.n_epochs, callbacks) as session:
                rows, divergence = arrays.kernel_rows(), arrays.divergence_check()
                progress = [EpochProgress.at(left.place())]  # of the present epoch
                epochs = self._train_epochs(
                    cells, rows, arrays.squares, divergence, left, progress, session.is_due,
                    rounds_elsewhere(),
                )  # fmt: skip
                session.run(
                    epochs,
                    after_epoch=lambda: progress.__setitem__(0, EpochProgress()),
                    changes=lambda: {"places": (progress[0].place,)},
                )
        finally:
            uninterrupted(self._end_training)

    def _end_training(self) -> None:
        self._update_views()
        with first_use:  # threads that read `wv` meanwhile have a sum of earlier vectors
            self._sum = None

    def _check_counts(self, counts: Cooccurrences) -> None:
        check_nonempty(counts)
        known = None if self.arrays is None else self.vocabulary
        if known is not None and self.arrays is not None:
            n_dimensions = self.arrays.vectors("input").shape[1]
            has = n_dimensions, "tied" if self.arrays.is_tied else "two"
            if (self.vector_size, self.matrices) != has:
                raise ValueError(
                    f"vector_size is {self.vector_size} and matrices is {self.matrices!r}, but the "
                    f"model was made with {has[0]} and {has[1]!r}; set them to that, or make a new "
                    "model"
                )
        if known is not None and known.words != counts.vocabulary.words:
            raise ValueError(
                f"the counts have {len(counts.vocabulary)} words, other than the model's "
                f"{len(known)}; count the new text with model.count()"
            )

    def _allocate(self, counts: Cooccurrences) -> GloVeArrays:
        """Return the arrays to train. The first counts determine the words, and create them."""
        if self.arrays is None or self.vocabulary is None:
            counts.vocabulary.warn_of_unsavable()
            rng = np.random.default_rng([self.seed & MASK, ROWS])
            n_matrices = 1 if self.matrices == "tied" else 2
            self.arrays = GloVeArrays.drawn(
                len(counts.vocabulary), self.vector_size, n_matrices, rng
            )
            source, self._init_from = self._init_from, None
            if source is not None:
                roles = ("input", "output")[:n_matrices]
                vectors = {role: self.arrays.vectors(role) for role in roles}
                starting.start_from(source, counts.vocabulary.words, vectors)
            self.vocabulary = counts.vocabulary
            self.window, self.weighting, self.sides = counts.window, counts.weighting, counts.sides
        return self.arrays

    def _train_epochs(
        self, cells: ShuffledCells, rows: Sequence[np.ndarray], squares: Sequence[np.ndarray],
        divergence: DivergenceCheck, left: Unfinished, progress: list[EpochProgress],
        is_due: IsDue | None, elsewhere: Elsewhere | None,
    ) -> Generator[float | Pause, None, None]:  # fmt: skip
        """Train one epoch per step of the generator, and yield its mean loss."""
        n_epochs, alpha = left.n_epochs, left.start_alpha
        with closing(make_bar(self.progress, n_epochs * len(cells), "training", "cells")) as bar:
            for epoch in range(n_epochs):
                facts: dict[str, Fact] = {"epoch": (epoch + 1, n_epochs), "alpha": alpha}
                if epoch:
                    facts["loss"] = self.epoch_losses[-1]
                show = partial(_show, bar, epoch * len(cells), facts)
                start = TrainingPosition(epoch + 1, n_epochs, 0, len(cells), "cells", alpha)
                rng = np.random.default_rng([left.seed & MASK, ORDER, self.epochs_begun])
                training = Epoch(
                    cells, rows, squares, self.vector_size, divergence, start, elsewhere
                )
                yield from training.run(rng, self.workers, show, progress[0], is_due)
                loss = progress[0].tally.loss / len(cells)
                logger.info("epoch %d: loss %.6f per cell", self.epochs_trained + 1, loss)
                bar.update_to((epoch + 1) * len(cells), **facts | {"loss": loss})
                yield loss

    def _seed(self, purpose: int) -> int:
        sequence = np.random.SeedSequence((self.seed & MASK, purpose))
        return int(sequence.generate_state(1, np.uint64)[0])

    @property
    def wv(self) -> KeyedVectors:
        """The word vectors of the paper, W + W~: a read-only copy. For a tied model, `input`.

        The sum is cached until `input` or `output` is read. From then on it is computed at each
        access, because the caller can change these arrays at any time; so it is during training.
        """
        if self.arrays is None or self.arrays.is_tied:
            return self.input
        with first_use:
            self._copy_replaced_vectors()
            is_fixed = self._input is None and not is_being_trained(self)
            if self._sum is not None and is_fixed:
                return self._sum
            total = self.arrays.vectors("input") + self.arrays.vectors("output")
            total.flags.writeable = False
            if self._sum is None:
                self._sum = self._keyed(total)
            self._sum.use_array(total, derived_from=SUMMANDS)
            return self._sum

    @property
    def input(self) -> KeyedVectors:
        """W, the vectors of focus words (rows of the counts), in the model's memory.

        ``input.output`` is `output`, and queries of `input` have the parameter ``space``.
        """
        with first_use:
            if self._input is None or not len(self._input):
                self._input = self._keyed(self._known_arrays().vectors("input"))
                self._update_views()
            self._copy_replaced_vectors()
            return self._input

    @property
    def output(self) -> KeyedVectors:
        """W~, the vectors of context words (columns). For a tied model, the same as `input`."""
        return self.roles.output

    @property
    def roles(self) -> Roles:
        """The matrices by role, and their combinations; see `fastsgns.vectors.roles.Roles`."""
        if self.vocabulary is None:
            raise NotFittedError(NO_WORDS)
        return Roles(self.input, linked_matrices(self.input) or self._known_arrays().matrices())

    @property
    def input_biases(self) -> np.ndarray:
        """b, float32, shape (V,), in the model's memory."""
        return self._known_arrays().biases("input")

    @property
    def output_biases(self) -> np.ndarray:
        """b~, float32, shape (V,). For a tied model, the same as `input_biases`."""
        return self._known_arrays().biases("output")

    def _known_arrays(self) -> GloVeArrays:
        """Return the arrays; before training, arrays without rows."""
        if self.arrays is None:
            return GloVeArrays.drawn(0, self.vector_size, 2, np.random.default_rng(0))
        return self.arrays

    def _keyed(self, vectors: np.ndarray) -> KeyedVectors:
        vocabulary = self.vocabulary
        if vocabulary is None:
            return KeyedVectors(self.vector_size)
        kv = KeyedVectors.from_arrays(vocabulary.words, vectors, vocabulary.counts, vocabulary.ids)
        kv.add_keys_advice = "train a new model on a corpus that has them"
        return kv

    @property
    def views(self) -> dict[str, KeyedVectors]:
        """The KeyedVectors that callers may hold now, by the name of the property."""
        views = {"wv": self._sum, "input": self._input}
        return {name: kv for name, kv in views.items() if kv is not None and len(kv)}

    def _update_views(self) -> None:
        """Set the memory of `input` and `output` to the current arrays."""
        if self._input is not None:
            arrays = self._known_arrays()
            self._input.use_array(arrays.vectors("input"))
            link_matrices(self._input, arrays.matrices())

    def _copy_replaced_vectors(self) -> None:
        """Copy arrays that the user assigned to `input.vectors` or `output.vectors` to `arrays`.

        Raises
        ------
        ValueError
            If an array has another shape.
        """
        if self._input is None or self.arrays is None:
            return
        linked = linked_matrices(self._input) or self.arrays.matrices()
        assigned = {"input": self._input.array, "output": linked.vectors.get("output")}
        is_new = False
        for role, vectors in assigned.items():
            rows = self.arrays.vectors(role)
            if vectors is None or vectors is rows:
                continue
            if vectors.shape != rows.shape:
                raise ValueError(
                    f"the vectors of a GloVe model have the shape {rows.shape}; the assigned array "
                    f"has {vectors.shape}"
                )
            rows[:] = vectors
            is_new = True
        if is_new:
            self._sum = None
            self._update_views()

    @not_during
    def __getstate__(self) -> dict[str, Any]:
        self._copy_replaced_vectors()
        made_again = {"_input": None, "_sum": None, "_init_from": None}  # the first two when read
        return self.__dict__ | made_again | {"progress": picklable(self.progress)}

    def __repr__(self) -> str:
        n_words = 0 if self.vocabulary is None else len(self.vocabulary)
        deterministic = ", deterministic" if self.deterministic else ""
        return (
            f"GloVe<vocab={n_words}, vector_size={self.vector_size}, window={self.window}, "
            f"matrices={self.matrices}, alpha={self.alpha}{deterministic}>"
        )

    @not_during
    def save(self, path: Any) -> None:
        """Write the model with everything that further training needs to one file, atomically.

        A path that ends with a slash is a folder of several files; see docs/checkpoints.md.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        ValueError
            If the model has no words yet.
        """
        normalize(self)
        self._copy_replaced_vectors()
        glove_storage.save(self, path)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "GloVe":
        """Read what `save` wrote. The arrays are copied into memory, whatever `mmap` is.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, glove_storage.SCHEMA, path, mmap)


def _sum(counts: Cooccurrences) -> float:
    """Return the sum of all counts."""
    check_mapped(counts.weights)
    return float(counts.weights.sum(dtype=np.float64))


def _show(bar: Bar, n_before: int, facts: dict[str, Fact], n_done: int) -> None:
    """Update a progress bar: cells done in all epochs, epoch and loss."""
    bar.update_to(n_before + n_done, **facts)
