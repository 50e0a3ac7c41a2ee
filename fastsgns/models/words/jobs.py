"""Training by jobs: the methods that gensim calls for each batch, which subclasses override.

Gensim cuts the sentences of an epoch into batches of about `batch_words` words, and its threads
call ``model._do_train_job(batch, alpha, inits)`` for each. Programs override this method to change
what a batch trains (fastnode2vec replaces the sentences by random walks). `Word2Vec` encodes a
corpus once and trains chunks of it instead, so it never calls these methods of its own. Where a
subclass overrides one of them, training runs as in gensim: this module cuts the batches, lowers the
learning rate from batch to batch, and calls the methods in worker threads.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.objective import Objective
from fastsgns.models import parameters
from fastsgns.runtime.progress import Bar, Fact, ShowProgress, make_bar
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition
from fastsgns.training.session import Session, choose_seed
from fastsgns.training.trainer import trained_arrays, warn_of_rise

logger = logging.getLogger(__name__)

UINT64_MASK = 2**64 - 1  # SeedSequence refuses negative integers
Counts = tuple[int, int]  # words trained on, and words read


class JobHooks:
    """The methods of a batch, for subclasses to override; `Word2Vec` inherits them.

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> class Reversed(Word2Vec):
    ...     def _do_train_job(self, sentences, alpha, inits):
    ...         return super()._do_train_job([s[::-1] for s in sentences], alpha, inits)
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> Reversed(sentences, vector_size=8, min_count=1, workers=1).epochs_trained
    5
    """

    def _do_train_job(self, sentences: Iterable[Any], alpha: float, inits: Any) -> Counts:
        """Train a batch of sentences at one learning rate.

        Parameters
        ----------
        sentences : iterable of sequences of words
        alpha : float
        inits : tuple of ndarray
            What `_get_thread_working_mem` returned to this thread. Not used.

        Returns
        -------
        (int, int)
            Words trained on, after subsampling, and words read.
        """
        batch = list(sentences)
        return train_batch(self, batch, alpha), self._raw_word_count(batch)

    def _raw_word_count(self, job: Iterable[Any]) -> int:
        """Return the number of words of a batch."""
        return sum(map(len, job))

    def _get_thread_working_mem(self: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return two arrays of `vector_size` zeros, one pair per thread, as in gensim."""
        return np.zeros(self.layer1_size, np.float32), np.zeros(self.layer1_size, np.float32)

    def _get_next_alpha(self: Any, epoch_progress: float, cur_epoch: int) -> float:
        """Return the learning rate of the next batch; `epoch_progress` is a share of the epoch."""
        done = min(1.0, (cur_epoch + epoch_progress) / self.epochs)
        rate = self.alpha + (self.min_alpha - self.alpha) * done
        self.min_alpha_yet_reached = float(rate)
        return float(rate)


HOOKS = ("_do_train_job", "_raw_word_count", "_get_thread_working_mem", "_get_next_alpha")


def has_hooks(model: Any) -> bool:
    """Return whether a model overrides a method of `JobHooks`, in its class or by an attribute."""
    cls, own = type(model), vars(model)
    return any(name in own or getattr(cls, name) is not getattr(JobHooks, name) for name in HOOKS)


class Totals(NamedTuple):
    """The size of an epoch, by which the learning rate falls; one of them is enough."""

    n_sentences: int | None
    n_words: int | None

    @property
    def unit(self) -> str:
        """What is counted; as in gensim, sentences are preferred."""
        return "sentences" if self.n_sentences else "words"

    @property
    def n_units(self) -> int:
        """Number of units of an epoch."""
        return self.n_sentences or self.n_words or 1


class JobTrainer:
    """Trains batches of sentences; the counterpart of `fastsgns.training.trainer.Trainer`.

    Parameters
    ----------
    model : Word2Vec
    objective : Objective
        The argument of the kernels. Its arrays are changed in place.
    seed : int
        With the number of the batch it determines the random numbers.
    n_threads : int
    show : bool, callable or None
        Whether to show a progress bar, as for `make_bar`.

    Attributes
    ----------
    n_trained, n_words : int
        Words trained on and words read, over all batches, as `_do_train_job` returned them.
    """

    def __init__(
        self, model: Any, objective: Objective, seed: int, n_threads: int, show: ShowProgress
    ) -> None:
        self.model, self.seed = model, seed & UINT64_MASK
        self.n_threads, self.show = n_threads, show
        self.n_trained = self.n_words = self._n_sentences = 0
        self._lock, self._batch_numbers = threading.Lock(), itertools.count()
        self._n_epochs_before = model.epochs_begun  # so that each call draws new random numbers
        self._loss, self._n_examples = 0.0, 0
        self.set_objective(objective)

    def set_objective(self, objective: Objective) -> None:
        """Train `objective` from the next batch on."""
        self.objective = objective
        self.divergence = DivergenceCheck(trained_arrays(objective))
        self._ids = dict(self.model.wv.key_to_index)

    def losses(self, sentences: Any, totals: Totals) -> Generator[float | None, None, None]:
        """Train epoch after epoch, and yield the mean loss of each; None: not computed."""
        n_epochs = self.model.epochs
        bar = make_bar(self.show, n_epochs * totals.n_units, "training", totals.unit)
        try:
            for epoch in range(n_epochs):
                started, n_before = time.monotonic(), self.n_words
                self._loss, self._n_examples = 0.0, 0
                report = partial(self._report_progress, bar, epoch, totals)
                self._train_epoch(self._jobs(sentences, epoch, totals), report)
                n_words, rate = self.n_words - n_before, self.model.min_alpha_yet_reached
                self.divergence.check_all_rows(
                    TrainingPosition(epoch + 1, n_epochs, n_words, n_words, "words", rate)
                )
                logger.info(
                    "epoch %d of %d: %d words in %.1f s, alpha now %.5f", epoch + 1, n_epochs,
                    n_words, time.monotonic() - started, rate,
                )  # fmt: skip
                yield self._mean_loss if self.objective.compute_loss else None
        finally:
            bar.close()

    @property
    def _mean_loss(self) -> float:
        return self._loss / max(1, self._n_examples)

    def _report_progress(self, bar: Bar, epoch: int, totals: Totals) -> None:
        fields: dict[str, Fact] = {"epoch": (epoch + 1, self.model.epochs)}
        fields["alpha"] = self.model.min_alpha_yet_reached
        if self.objective.compute_loss and self._n_examples:
            fields["loss"] = self._mean_loss
        n_done = self._n_sentences if totals.n_sentences else self.n_words
        bar.update_to(n_done, **fields)

    def _jobs(
        self, sentences: Any, epoch: int, totals: Totals
    ) -> Iterator[tuple[list[Any], float]]:
        """Yield batches of at most `batch_words` words, or of one sentence, and their rates."""
        model, batch = self.model, list[Any]()
        n_words = n_words_before = n_sentences_before = 0
        for sentence in sentences:
            length = model._raw_word_count([sentence])
            if batch and n_words + length > model.batch_words:
                yield batch, self._rate(epoch, n_sentences_before, n_words_before, totals)
                n_words_before += n_words
                n_sentences_before += len(batch)
                batch, n_words = [], 0
            batch.append(sentence)
            n_words += length
        if batch:
            yield batch, self._rate(epoch, n_sentences_before, n_words_before, totals)

    def _rate(self, epoch: int, n_sentences: int, n_words: int, totals: Totals) -> float:
        n_done = n_sentences if totals.n_sentences else n_words
        return float(self.model._get_next_alpha(n_done / totals.n_units, epoch))

    def _train_epoch(
        self, jobs: Iterator[tuple[list[Any], float]], report: Callable[[], None]
    ) -> None:
        """Train the batches in threads, each of which takes one at a time."""
        model = self.model
        memory = [model._get_thread_working_mem() for _ in range(self.n_threads)]

        def work(thread: int, job: tuple[list[Any], float]) -> None:
            n_trained, n_words = model._do_train_job(*job, memory[thread])
            with self._lock:
                self.n_trained += int(n_trained)
                self.n_words += int(n_words)
                self._n_sentences += len(job[0])

        stop_flag = self.objective.stop_flag
        WorkerPool(self.n_threads, jobs, work, stop_flag=stop_flag, stop_timeout=None).run(report)
        report()

    def train_batch(self, sentences: Iterable[Any], alpha: float) -> int:
        """Train sentences in this thread; return the words trained on, after subsampling."""
        find = self._ids.get
        rows = [[i for i in map(find, sentence) if i is not None] for sentence in sentences]
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        if not offsets[-1]:
            return 0
        ids = np.fromiter(itertools.chain.from_iterable(rows), np.int32, offsets[-1])
        with self._lock:
            entropy = self.seed, self._n_epochs_before, next(self._batch_numbers)
        stream = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
        objective = replace(self.objective, longest_sentence=max(map(len, rows)))
        loss, n_examples, n_kept = kernels.train_chunk(
            objective, ids, offsets, 0, len(ids), alpha, alpha, stream
        )
        with self._lock:
            self._loss += loss
            self._n_examples += n_examples
            self.model.running_training_loss += loss
        return n_kept


_trainers: dict[int, JobTrainer] = {}  # of the models that are being trained, by id


@contextmanager
def _session(model: Any, n_epochs: int, callbacks: Any) -> Iterator[tuple[Session, JobTrainer]]:
    """Prepare the arrays of a model for training; afterwards they hold what was trained."""
    params = parameters.check(model)
    with Session(model, model._matrices, n_epochs, callbacks) as session:
        objective, seed = model._objective(params), choose_seed(params.seed)
        trainer = JobTrainer(model, objective, seed, params.workers, params.progress)
        _trainers[id(model)] = trainer
        try:
            yield session, trainer
        finally:
            del _trainers[id(model)]


def train_batch(model: Any, sentences: Iterable[Any], alpha: float) -> int:
    """Train a batch of sentences; return the number of words trained on, after subsampling.

    During `train` the batch belongs to it. At other times the batch is trained on its own, and the
    arrays of the model hold the result.
    """
    trainer = _trainers.get(id(model))
    if trainer is not None:
        return trainer.train_batch(sentences, alpha)
    with _session(model, 1, ()) as (_, trainer):
        return trainer.train_batch(sentences, alpha)


def train_batch_sg(
    model: Any, sentences: Iterable[Any], alpha: float, work: Any = None, compute_loss: Any = None
) -> int:
    """Train a batch as `train_batch`, under gensim's name for skip-gram.

    `work` and `compute_loss` have no effect; what is trained depends on the model's parameters.
    """
    return train_batch(model, sentences, alpha)


def train_batch_cbow(
    model: Any,
    sentences: Iterable[Any],
    alpha: float,
    work: Any = None,
    neu1: Any = None,
    compute_loss: Any = None,
) -> int:
    """Train a batch as `train_batch`, under gensim's name for CBOW; see `train_batch_sg`."""
    return train_batch(model, sentences, alpha)


def train_by_jobs(model: Any, sentences: Any, totals: Totals, callbacks: tuple[Any, ...]) -> Counts:
    """Train a model for ``model.epochs`` epochs through the methods of `JobHooks`.

    Returns
    -------
    (int, int)
        The sums of what `_do_train_job` returned.
    """
    model.running_training_loss = 0.0
    model.unfinished = None  # the batches of a stopped call are not known
    warn_of_rise(model.alpha, model.min_alpha)
    started = time.monotonic()
    try:
        with _session(model, model.epochs, callbacks) as (session, trainer):
            session.run(
                trainer.losses(sentences, totals),
                before_epoch=partial(model._refresh, session, trainer),
            )
    finally:
        model.train_count += 1
        model.total_train_time += time.monotonic() - started
        model.add_lifecycle_event("train", msg=str(model), n_epochs=model.epochs)
    return trainer.n_trained, trainer.n_words
