"""Training by jobs: the methods that gensim calls for each batch, which subclasses override.

Gensim cuts the sentences of an epoch into batches of about `batch_words` words, and its threads
call ``model._do_train_job(batch, alpha, inits)`` for each. Programs override this method to change
what a batch trains (fastnode2vec replaces the sentences by random walks). `Word2Vec` encodes a
corpus once and trains chunks of it instead, so it never calls these methods of its own. Where a
subclass overrides one of them, training runs as in gensim: this module cuts the batches, lowers the
learning rate from batch to batch, and calls the methods in worker threads.
"""

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fastsgns import kernels
from fastsgns.errors import warn
from fastsgns.kernels.objective import Objective
from fastsgns.models import parameters
from fastsgns.models.parameters import Parameters
from fastsgns.models.words import training
from fastsgns.models.words.log import EpochLog
from fastsgns.models.words.training import Counts
from fastsgns.models.words.vocabulary import explain_nothing
from fastsgns.runtime.progress import Bar, Fact, ShowProgress, make_bar
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition
from fastsgns.training.epoch import EpochProgress, IsDue, Pause, Tally, train_chunks
from fastsgns.training.session import Session
from fastsgns.training.trainer import for_the_rest, trained_arrays
from fastsgns.training.unfinished import Unfinished, epochs_before

UINT64_MASK = 2**64 - 1  # SeedSequence refuses negative integers


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
    left : Unfinished
        The epochs to train. With the number of a batch, its seed determines the random numbers.
    n_threads : int
    show : bool, callable or None
        Whether to show a progress bar, as for `make_bar`.
    log : EpochLog

    Attributes
    ----------
    n_trained, n_words : int
        Words trained on and words read, over all batches, as `_do_train_job` returned them.
    n_sentences : int
        Sentences of all batches.
    n_batches, n_known, n_examples : int
        Calls of `train_batch`, and the words of the vocabulary and the examples in them.
    progress : EpochProgress
        How far the present epoch is, or the last one; units are sentences.
    """

    def __init__(
        self, model: Any, objective: Objective, left: Unfinished, n_threads: int,
        show: ShowProgress, log: EpochLog,
    ) -> None:  # fmt: skip
        self.model, self.left, self.seed = model, left, left.seed & UINT64_MASK
        self.n_threads, self.show, self.log = n_threads, show, log
        self.n_trained = self.n_words = self.n_sentences = 0
        self.n_batches = self.n_known = self.n_examples = 0
        self._lock, self._n_drawn = threading.Lock(), left.n_batches
        # So that each call draws new random numbers
        self._n_epochs_before = epochs_before(model, left) - left.n_done
        self.progress = EpochProgress.at(left.place())
        self._of_job = threading.local()  # the sums of the job of each thread
        self.set_objective(objective)

    def set_objective(self, objective: Objective) -> None:
        """Train `objective` from the next batch on."""
        self._computes_loss = objective.compute_loss  # after an epoch that has none
        self.objective = for_the_rest(objective, self.progress)
        self.divergence = DivergenceCheck(trained_arrays(objective))
        self._ids = dict(self.model.wv.key_to_index)

    def begin_epoch(self) -> None:
        """Forget how far the last epoch was, before an interruption of the next one is noted."""
        self.progress = EpochProgress()

    def changes(self) -> dict[str, Any]:
        """Return the fields of ``model.unfinished`` that differ by what was trained."""
        return {"places": (self.progress.place,), "n_batches": self._n_drawn}

    def losses(
        self, sentences: Any, totals: Totals, is_due: IsDue | None = None
    ) -> Generator[float | Pause | None, None, None]:
        """Train epoch after epoch, and yield the mean loss of each; None: not computed."""
        n_done, n_epochs = self.left.n_done, self.left.n_epochs
        bar = make_bar(self.show, n_epochs * totals.n_units, "training", totals.unit)
        try:
            for epoch in range(n_epochs):
                if epoch:
                    self.begin_epoch()
                    self.objective = replace(self.objective, compute_loss=self._computes_loss)
                n_before = self.n_words
                report = partial(self._report_progress, bar, epoch, totals)
                jobs = self._jobs(sentences, n_done + epoch, totals, self.progress.n_chunks)
                yield from self._train_epoch(jobs, report, is_due)
                n_words, rate = self.n_words - n_before, self.model.min_alpha_yet_reached
                self.divergence.check_all_rows(
                    TrainingPosition(epoch + 1, n_epochs, n_words, n_words, "words", rate)
                )
                is_computed = self.objective.compute_loss
                loss = self.progress.tally.mean_loss if is_computed else None
                self.log.end_epoch(n_words, self.n_trained, rate, loss)
                yield loss
        finally:
            bar.close()

    def _report_progress(self, bar: Bar, epoch: int, totals: Totals) -> None:
        fields: dict[str, Fact] = {"epoch": (epoch + 1, self.left.n_epochs)}
        fields["alpha"] = self.model.min_alpha_yet_reached
        if self.objective.compute_loss and self.progress.tally.n_examples:
            fields["loss"] = self.progress.tally.mean_loss
        n_done = self.n_sentences if totals.n_sentences else self.n_words
        self.log.progress(n_done / totals.n_units - epoch, self.n_trained)
        bar.update_to(n_done, **fields)

    def _jobs(
        self, sentences: Any, epoch: int, totals: Totals, n_skipped: int
    ) -> Iterator[tuple[list[Any], float]]:
        """Yield batches of at most `batch_words` words, or of one sentence, and their rates.

        The first `n_skipped` batches are read only.

        Raises
        ------
        ValueError
            If there are fewer, or others than those that were trained.
        """
        model, batch = self.model, list[Any]()
        n_words = n_words_before = n_sentences_before = 0

        def take() -> Iterator[tuple[list[Any], float]]:
            nonlocal n_skipped
            if n_skipped:
                n_skipped -= 1
                with self._lock:
                    self.n_words += n_words
                    self.n_sentences += len(batch)
                if not n_skipped:
                    self._check_skipped()
            else:
                yield batch, self._rate(epoch, n_sentences_before, n_words_before, totals)

        for sentence in sentences:
            length = model._raw_word_count([sentence])
            if batch and n_words + length > model.batch_words:
                yield from take()
                n_words_before += n_words
                n_sentences_before += len(batch)
                batch, n_words = [], 0
            batch.append(sentence)
            n_words += length
        if batch:
            yield from take()
        if n_skipped:
            self._check_skipped()

    def _check_skipped(self) -> None:
        """Raise a ValueError if other batches were skipped than were trained."""
        if self.n_sentences != self.progress.tally.n_units:
            raise ValueError(
                f"{self.progress.tally.n_units:,} sentences of this epoch were trained, and the "
                f"same batches of this corpus have {self.n_sentences:,}; give the same corpus, or "
                "call train()"
            )

    def _rate(self, epoch: int, n_sentences: int, n_words: int, totals: Totals) -> float:
        n_done = n_sentences if totals.n_sentences else n_words
        return float(self.model._get_next_alpha(n_done / totals.n_units, epoch))

    def _train_epoch(
        self, jobs: Iterator[tuple[list[Any], float]], report: Callable[[], None],
        is_due: IsDue | None,
    ) -> Generator[Pause, None, None]:  # fmt: skip
        """Train the batches in threads, each of which takes one at a time."""
        model = self.model
        memory = [model._get_thread_working_mem() for _ in range(self.n_threads)]

        def work(thread: int, job: tuple[list[Any], float]) -> Tally:
            self._of_job.tally = done = Tally(n_units=len(job[0]))
            n_trained, n_words = model._do_train_job(*job, memory[thread])
            with self._lock:
                self.n_trained += int(n_trained)
                self.n_words += int(n_words)
                self.n_sentences += len(job[0])
            return done

        stop_flag = self.objective.stop_flag
        yield from train_chunks(
            jobs, self.progress, work, self.n_threads, report, stop_flag, is_due
        )

    def train_batch(self, sentences: Iterable[Any], alpha: float) -> int:
        """Train sentences in this thread; return the words trained on, after subsampling."""
        find = self._ids.get
        rows = [[i for i in map(find, sentence) if i is not None] for sentence in sentences]
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        with self._lock:
            self.n_batches += 1
            self.n_known += int(offsets[-1])
        if not offsets[-1]:
            return 0
        ids = np.fromiter(itertools.chain.from_iterable(rows), np.int32, offsets[-1])
        with self._lock:
            entropy = self.seed, self._n_epochs_before, self._n_drawn
            self._n_drawn += 1
        stream = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
        objective = replace(self.objective, longest_sentence=max(map(len, rows)))
        loss, n_examples, n_kept = kernels.train_chunk(
            objective, ids, offsets, 0, len(ids), alpha, alpha, stream
        )
        with self._lock:
            # A job that a subclass trains in threads of its own has no sums
            tally: Tally = getattr(self._of_job, "tally", self.progress.tally)
            tally.add(Tally(n_examples=n_examples, loss=loss))
            self.n_examples += n_examples
            self.model.running_training_loss += loss
        return n_kept


_trainers: dict[int, JobTrainer] = {}  # of the models that are being trained, by id


@contextmanager
def _session(
    model: Any, params: Parameters, left: Unfinished, callbacks: Any, report_delay: float = 1.0
) -> Iterator[tuple[Session, JobTrainer]]:
    """Prepare the arrays of a model for training; afterwards they hold what was trained."""
    with Session(model, model.current_arrays(), left.n_epochs, callbacks) as session:
        objective = training.objective_of(model, params)
        log = EpochLog(training.logger, report_delay)
        n_threads = 1 if params.deterministic else params.workers  # a job trains the shared rows
        trainer = JobTrainer(model, objective, left, n_threads, params.progress, log)
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
    params = parameters.check(model)
    left = Unfinished("train", 1, 1, 0, training.draw_seed(model, params))
    with _session(model, params, left, ()) as (_, trainer):
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


def train_by_jobs(
    model: Any,
    sentences: Any,
    totals: Totals,
    callbacks: training.Callbacks,
    report_delay: float = 1.0,
) -> Counts:
    """Train a model for ``model.epochs`` epochs through the methods of `JobHooks`.

    The arguments and the result are as of `fastsgns.models.words.training.start`, but for the
    sentences, which are read once per epoch, and their totals.

    Returns
    -------
    (int, int)
        The sums of what `_do_train_job` returned.
    """
    params = parameters.check(model)
    training.begin(model, params)
    left = Unfinished(
        "train", params.epochs, totals.n_units, 0, training.draw_seed(model, params), params.alpha,
        params.min_alpha, batches_of=totals.unit, settings=training.settings_of_words(params),
    )  # fmt: skip
    return _train_epochs(model, params, sentences, left, totals, callbacks, report_delay)


def resume_jobs(
    model: Any, sentences: Any, left: Unfinished, callbacks: training.Callbacks
) -> Counts:
    """Train the epochs that are left of a call of `train_by_jobs`."""
    is_words = left.batches_of == "words"
    totals = Totals(None, left.n_units) if is_words else Totals(left.n_units, None)
    return _train_epochs(model, parameters.check(model), sentences, left, totals, callbacks)


def _train_epochs(
    model: Any,
    params: Parameters,
    sentences: Any,
    left: Unfinished,
    totals: Totals,
    callbacks: training.Callbacks,
    report_delay: float = 1.0,
) -> Counts:
    n_before = model.epochs_trained
    model.unfinished = left
    with (
        training.recorded(model, params, left.n_epochs, params.alpha) as timed,
        _session(model, params, left, callbacks, report_delay) as (session, trainer),
    ):
        how = f"by batches of at most {params.batch_words} words"
        training.log_start(model, params, trainer.objective, how)
        session.run(
            trainer.losses(sentences, totals, session.is_due),
            before_epoch=partial(training.refresh, model, session, trainer),
            after_epoch=trainer.begin_epoch,
            changes=timed(trainer.changes),
        )
    if model.epochs_trained > n_before and not trainer.n_trained:
        _warn_of_nothing(trainer, sentences, params.sample, model.epochs_trained - n_before)
    return trainer.n_trained, trainer.n_words


def _warn_of_nothing(trainer: JobTrainer, sentences: Any, sample: float, n_epochs: int) -> None:
    """Warn of why nothing was trained, unless the subclass trains in its own way."""
    sizes = trainer.n_sentences // n_epochs, trainer.n_words // n_epochs
    if not trainer.n_known and (trainer.n_batches or not trainer.n_words):
        warn(explain_nothing(sentences, *sizes, len(trainer.model.wv)))
    elif trainer.n_batches and not trainer.n_examples:
        warn(training.explain_no_examples(sample))
