"""Calls of `Word2Vec.train`: from an encoded corpus to the epochs.

`start` and `go_on` train chunks of the corpus. What they share with the training by batches
(`fastsgns.models.words.jobs`) is here as well: the seed, the objective, the warnings, the lines of
the log, and what the model records of a call.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import numpy as np

from fastsgns import kernels
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.errors import warn
from fastsgns.formats.saving import fault_of_values
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import ArrayRole, Matrices
from fastsgns.models import parameters
from fastsgns.models.parameters import Parameters
from fastsgns.models.words.log import EpochLog
from fastsgns.models.words.objective import check_factors, kernel_rows, make_objective
from fastsgns.models.words.vocabulary import explain_no_pairs, vocabulary_of
from fastsgns.training.epoch import IsDue, Tally
from fastsgns.training.session import Session, choose_seed
from fastsgns.training.sharing import describe
from fastsgns.training.trainer import Schedule, Trainer, warn_of_rise
from fastsgns.training.unfinished import Unfinished, epochs_before, settings_of

logger = logging.getLogger("fastsgns.models.word2vec")  # gensim's name, for which programs look

RATE_ROUNDING = 1e-9  # relative rounding error of a learning rate
SETTINGS = (  # the layout of the arrays is compared by `check_layout`
    "batch_words", "cbow_gradient", "cbow_mean", "coupling", "deterministic", "hs", "negative",
    "negative_sharing",
    "ns_exponent", "sample", "sg", "shrink_windows", "softmax", "window",
)  # fmt: skip
Counts = tuple[int, int]  # words trained on, and words read
Callbacks = Sequence[Any]


class TrainsObjective(Protocol):
    """What trains an `Objective`: a `Trainer` or a `fastsgns.models.words.jobs.JobTrainer`."""

    objective: Objective

    def set_objective(self, objective: Objective) -> None:
        """Train another objective from the next epoch on."""


def start(
    model: Any,
    params: Parameters,
    corpus: EncodedCorpus,
    callbacks: Callbacks,
    n_skipped: int = 0,
    report_delay: float = 1.0,
) -> Counts:
    """Fix the schedule and the seed of a new training call of `model`, and train its epochs.

    Parameters
    ----------
    model : Word2Vec
    params : Parameters
        Its checked parameters.
    corpus : EncodedCorpus
        In the ids of the present words.
    callbacks : sequence
    n_skipped : int
        The schedule starts after this many words.
    report_delay : float
        Seconds from one line of the log to the next within an epoch.

    Returns
    -------
    (int, int)
        Words trained on, after subsampling, and words read, both over all epochs.
    """
    begin(model, params)
    remaining = Unfinished(
        "train", params.epochs, max(1, corpus.n_raw_tokens), corpus.n_tokens,
        draw_seed(model, params), params.alpha, params.min_alpha, n_skipped,
        settings=settings_of_words(params),
    )  # fmt: skip
    return go_on(model, params, corpus, remaining, callbacks, report_delay)


def settings_of_words(params: Parameters) -> dict[str, Any]:
    """Return the parameters that may not change within an epoch."""
    return settings_of(vars(params), SETTINGS)


def go_on(
    model: Any,
    params: Parameters,
    corpus: EncodedCorpus,
    remaining: Unfinished,
    callbacks: Callbacks,
    report_delay: float = 1.0,
) -> Counts:
    """Train the remaining epochs of a training call; the other arguments are those of `start`."""
    if corpus.n_tokens == 0:
        return _train_nothing(model, corpus.n_raw_tokens, remaining.n_epochs, callbacks)
    model.unfinished = remaining  # first, so that after an error below `resume` can go on
    schedule = schedule_of(remaining, corpus.n_tokens, params.batch_words)
    if why_no_pairs := explain_no_pairs(corpus):
        warn(why_no_pairs)
    log = EpochLog(logger, report_delay)
    running = RunningLoss(model, remaining)
    with (
        recorded(
            model, params, remaining.n_epochs, schedule.rate(0, remaining.place().n_units)
        ) as timed,
        Session(model, model.current_arrays(), remaining.n_epochs, callbacks) as session,
    ):
        # The objective has the rows filled for session.run; the session frees them in any case.
        trainer = _trainer(
            model, params, corpus, schedule, remaining, _recorder(model, schedule, log, running),
            session.is_due,
        )  # fmt: skip
        log_start(model, params, trainer.objective, f"on {corpus.n_tokens} words")
        session.run(
            trainer.losses(),
            before_epoch=partial(refresh, model, session, trainer),
            after_epoch=partial(_end_epoch, model, trainer, corpus, log, running),
            changes=timed(lambda: {
                "places": (trainer.progress.place,), "running_loss": running.at_start
            }),
        )  # fmt: skip
    total = trainer.total
    if not why_no_pairs and total.n_units and not total.n_examples:
        warn(explain_no_examples(params.sample))
    n_epochs = total.n_units // corpus.n_tokens  # those that ended
    return total.n_kept, corpus.n_raw_tokens * n_epochs


def schedule_of(left: Unfinished, n_tokens: int, batch_words: int) -> Schedule:
    """Return the schedule of the epochs that are left, over the `n_tokens` known words.

    The learning rate of a small corpus falls every `batch_words` words, those outside the
    vocabulary included.
    """
    n_words = left.n_skipped + left.n_done * left.n_units
    n_skipped, step = (round(n * n_tokens / left.n_units) for n in (n_words, batch_words))
    return Schedule(left.start_alpha, left.end_alpha, n_tokens, left.n_epochs, n_skipped, step)


def _trainer(
    model: Any, params: Parameters, corpus: EncodedCorpus, schedule: Schedule, left: Unfinished,
    on_progress: Callable[[int, Tally, Tally], None], is_due: IsDue | None,
) -> Trainer:  # fmt: skip
    counts = vocabulary_of(model.wv).counts
    return Trainer(
        objective_of(model, params), corpus.chunks(), schedule, left.seed,
        params.workers, row_counts=(counts, counts), n_epochs_before=epochs_before(model, left),
        show=params.progress, on_progress=on_progress, logs_epochs=False, begin=left.place(),
        is_due=is_due, deterministic=params.deterministic,
    )  # fmt: skip


class RunningLoss:
    """``model.running_training_loss``: the loss of the call so far.

    It is the sum of the losses of whole epochs and of the part of an epoch, whenever it is looked
    at, so that its last digits do not depend on when that was. The user may set it to 0.

    Attributes
    ----------
    at_start : float
        The sum at the start of this epoch.
    """

    def __init__(self, model: Any, left: Unfinished) -> None:
        self._model = model
        self.at_start = left.running_loss if left.places else model.running_training_loss
        self._set = model.running_training_loss

    def update(self, of_epoch: float) -> None:
        """Add the loss of the part of the epoch that was trained."""
        self.at_start += self._model.running_training_loss - self._set  # 0 unless the user set it
        self._set = self._model.running_training_loss = self.at_start + of_epoch

    def end_epoch(self) -> None:
        """Begin another epoch."""
        self.at_start += self._model.running_training_loss - self._set
        self.at_start = self._set = self._model.running_training_loss


def _recorder(
    model: Any, schedule: Schedule, log: EpochLog, running: RunningLoss
) -> Callable[[int, Tally, Tally], None]:
    """Return a function for the Trainer to call, which updates the loss and the rate."""

    def record(epoch: int, tally: Tally, total: Tally) -> None:
        n_units = tally.n_units
        running.update(tally.loss)
        # As in gensim: that of the last step of the learning rate, not that of the next.
        rates = schedule.rates(epoch, max(0, n_units - 1), n_units)
        model.min_alpha_yet_reached = rates[1]
        log.progress(n_units / max(1, schedule.n_units), total.n_kept + tally.n_kept)

    return record


def _end_epoch(
    model: Any, trainer: Trainer, corpus: EncodedCorpus, log: EpochLog, running: RunningLoss
) -> None:
    """Log the epoch that was trained."""
    trainer.begin_epoch()
    running.end_epoch()
    loss = model.epoch_losses[-1] if trainer.objective.compute_loss else None
    log.end_epoch(corpus.n_raw_tokens, trainer.total.n_kept, model.min_alpha_yet_reached, loss)


def _train_nothing(model: Any, n_words: int, n_epochs: int, callbacks: Callbacks) -> Counts:
    """Call the callbacks as for any other corpus, but train nothing."""
    n_before, model.unfinished = model.epochs_trained, None
    with Session(model, Matrices(), n_epochs, callbacks) as session:
        session.run(None for _ in range(n_epochs))
    return 0, n_words * (model.epochs_trained - n_before)


# Shared with training by batches


def check_layout(model: Any, params: Parameters) -> None:
    """Refuse parameters that do not fit the arrays that the model has.

    Raises
    ------
    ValueError
        If `vector_size`, `matrices` or `bias` were set to other values since the arrays were made.
    """
    has, matrices = model.wv.vector_size, model.current_arrays()
    if params.vector_size != has:
        raise ValueError(
            f"vector_size is {params.vector_size}, and model.wv has vectors of {has} dimensions "
            f"(was it replaced?); set vector_size to {has}, or call build_vocab or init_weights, "
            "which make new vectors"
        )
    if params.layout != matrices.layout:
        raise ValueError(
            f"matrices is {params.matrices!r} with bias {params.bias!r}, for which the model's "
            "arrays were not made; set them to what they were, or call build_vocab or "
            "init_weights, which make new arrays"
        )
    check_scheme(model, params)


def check_scheme(model: Any, params: Parameters) -> None:
    """Refuse parameters of subwords that do not fit the rows that the model has.

    Raises
    ------
    ValueError
        If `min_n`, `max_n`, `bucket` or `hash_count` were set to other values since.
    """
    subwords = model.current_arrays().subwords
    scheme = None if subwords is None else subwords.scheme
    if len(model.wv) and params.scheme != scheme:
        raise ValueError(
            f"the parameters of subwords are {params.scheme or 'none'}, and the model's rows were "
            f"made for {scheme or 'none'}; set min_n, max_n, bucket and hash_count to what they "
            "were, or call build_vocab, which makes new rows"
        )


def check_arrays(model: Any, params: Parameters) -> None:
    """Refuse, before a corpus is read, to train arrays that do not fit or were deleted.

    Raises
    ------
    ValueError
        As for `check_layout` and `check_factors`.
    RuntimeError
        If an array was deleted that training needs.
    """
    check_layout(model, params)
    for role in (*params.target_roles, *(("tree",) if params.hs else ())):
        check_not_deleted(model.current_arrays(), role, "training")
    check_factors(model.wv, model.current_arrays())


def check_not_deleted(matrices: Matrices, role: ArrayRole, what: str) -> None:
    """Raise a RuntimeError if `what` needs an array that the user has deleted."""
    if role in matrices.deleted:
        name = "syn1" if role == "tree" else "syn1neg"
        raise RuntimeError(
            f"{what} needs model.{name}, which was deleted; set it to an array, or call "
            "init_weights, which makes new vectors for all words"
        )


def begin(model: Any, params: Parameters) -> None:
    """Begin the record of a new training call.

    Warns
    -----
    UserWarning
        If the learning rate rises, or if `save` would refuse a value that the user has set, so that
        nobody learns of it after the training.
    """
    if fault := fault_of_values(model.SCHEMA, model):
        warn(f"model.save() would refuse this model: {fault}; set another value")
    model.running_training_loss = 0.0
    model.train_count += 1  # not at the end: a checkpoint has it too
    warn_of_rise(params.alpha, params.min_alpha)


def draw_seed(model: Any, params: Parameters) -> int:
    """Return the seed of a training call: from ``model.random`` if it was set, or ``seed``."""
    if not model.has_own_random:
        return choose_seed(params.seed)
    generator = model.random
    if isinstance(generator, np.random.Generator):
        return int(generator.integers(2**63))
    return int(generator.randint(2**63, dtype=np.int64))


def objective_of(model: Any, params: Parameters) -> Objective:
    """Return the argument of the kernels for the present words and arrays, with filled rows."""
    parameters.check_objective(params)  # a callback may have changed parameters
    check_arrays(model, params)
    matrices = model.current_arrays(thorough=True)  # affordable: not called for each epoch
    return make_objective(params, model.wv, matrices, vocabulary_of(model.wv).counts)


def refresh(model: Any, session: Session, trainer: TrainsObjective) -> None:
    """Copy the present arrays to the rows of the kernels, before an epoch.

    If a callback has replaced arrays, the trainer gets a new objective. Parameters that a callback
    has set take effect only then, or in the next call of `train`.

    Raises
    ------
    RuntimeError
        If a callback has changed the number of words.
    """
    n_words = trainer.objective.n_words
    if len(model.wv) != n_words:
        raise RuntimeError(
            f"a callback changed the vocabulary from {n_words} to "
            f"{len(model.wv)} words during training; do so between two calls of train()"
        )
    params, objective = parameters.normalize(model), trainer.objective
    session.arrays = matrices = model.current_arrays()
    rows = kernel_rows(params, model.wv, matrices)  # fills them; new ones for replaced arrays
    if any(array is not getattr(objective, name) for name, array in rows.items()):
        trainer.set_objective(objective_of(model, params))


Changes = Callable[[], dict[str, Any]]


@contextmanager
def recorded(
    model: Any, params: Parameters, n_epochs: int, first_rate: float
) -> Iterator[Callable[[Changes], Changes]]:
    """Log what is set without effect or by mistake; when training ends, record it in the model.

    Parameters
    ----------
    model : Word2Vec
    params : Parameters
    n_epochs : int
        Epochs of this call.
    first_rate : float
        The learning rate at which it starts.

    Yields
    ------
    callable
        Wraps `changes` of `Session.run`, which is called before each save, so that a checkpoint has
        the time until then.
    """
    parameters.warn_of_no_effect(params)
    if params.hs and params.negative:
        logger.warning(
            "Both hierarchical softmax and negative sampling are activated: hs=1 and negative=%d, "
            "which are trained one after the other; if that is not wanted, set one of them to 0",
            params.negative,
        )
    reached = model.min_alpha_yet_reached
    if model.epochs_begun and first_rate > reached * (1 + RATE_ROUNDING):
        logger.warning(  # in the words of gensim, which programs look for
            "Effective 'alpha' higher than previous training cycles: it rises to %g, having come "
            "down to %g", first_rate, reached,
        )  # fmt: skip
    counted = time.monotonic()

    def count_time() -> None:
        nonlocal counted
        before, counted = counted, time.monotonic()
        model.total_train_time += counted - before

    def timed(changes: Changes) -> Changes:
        def change() -> dict[str, Any]:
            count_time()
            return changes()

        return change

    try:
        yield timed
    finally:
        count_time()
        model.add_lifecycle_event("train", msg=str(model), n_epochs=n_epochs)


def log_start(model: Any, params: Parameters, objective: Objective, on: str) -> None:
    """Log what is trained, and how."""
    logger.info(
        "training %s, %s, with workers=%d and kernel %s %s", model, describe(objective),
        params.workers, kernels.variant(), on,
    )  # fmt: skip


def explain_no_examples(sample: float) -> str:
    """Return why training has found no two words beside each other."""
    if sample:
        return (
            "nothing was learned: subsampling left no two words beside each other "
            f"(sample is {sample:g}; 0 keeps all words)"
        )
    return (
        "nothing was learned: no sentence has two words of the vocabulary. Are sentences split "
        "into tokens? Are words too rare to be kept?"
    )
