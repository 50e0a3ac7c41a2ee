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
from fastsgns.models.words.objective import kernel_rows, make_objective
from fastsgns.models.words.unfinished import Unfinished
from fastsgns.models.words.vocabulary import explain_no_pairs, vocabulary_of
from fastsgns.training.examples import TokenChunks
from fastsgns.training.session import Session, choose_seed
from fastsgns.training.sharing import describe
from fastsgns.training.trainer import Schedule, Tally, Trainer, warn_of_rise

logger = logging.getLogger("fastsgns.models.word2vec")  # gensim's name, for which programs look

RATE_ROUNDING = 1e-9  # relative rounding error of a learning rate
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
        n_epochs=params.epochs, start_alpha=params.alpha, end_alpha=params.min_alpha,
        n_skipped=n_skipped, n_words=corpus.n_raw_tokens, seed=draw_seed(model, params),
    )  # fmt: skip
    return go_on(model, params, corpus, remaining, callbacks, report_delay)


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
    schedule = remaining.schedule(corpus.n_tokens, params.batch_words)
    if why_no_pairs := explain_no_pairs(corpus):
        warn(why_no_pairs)
    log = EpochLog(logger, report_delay)
    with (
        recorded(model, params, remaining.n_epochs, schedule.rate(0, 0)),
        Session(model, model.current_arrays(), remaining.n_epochs, callbacks) as session,
    ):
        # The objective has the rows filled for session.run; the session frees them in any case.
        trainer = _trainer(model, params, corpus, schedule, remaining.seed, log)
        log_start(model, params, trainer.objective, f"on {corpus.n_tokens} words")
        session.run(
            trainer.losses(),
            before_epoch=partial(refresh, model, session, trainer),
            after_epoch=partial(_end_epoch, model, trainer, corpus, log),
        )
    total = trainer.total
    if not why_no_pairs and total.n_units and not total.n_examples:
        warn(explain_no_examples(params.sample))
    n_epochs = total.n_units // corpus.n_tokens  # those that ended
    return total.n_kept, corpus.n_raw_tokens * n_epochs


def _trainer(
    model: Any, params: Parameters, corpus: EncodedCorpus, schedule: Schedule, seed: int,
    log: EpochLog,
) -> Trainer:  # fmt: skip
    counts = vocabulary_of(model.wv).counts
    return Trainer(
        objective_of(model, params), TokenChunks(corpus.ids, corpus.offsets), schedule, seed,
        params.workers, row_counts=(counts, counts), n_epochs_before=model.epochs_begun,
        show=params.progress, on_progress=_recorder(model, schedule, log), logs_epochs=False,
    )  # fmt: skip


def _recorder(model: Any, schedule: Schedule, log: EpochLog) -> Callable[[int, Tally, Tally], None]:
    """Return a function for the Trainer to call, which updates the loss and the rate."""
    recorded_loss = 0.0

    def record(epoch: int, tally: Tally, total: Tally) -> None:
        nonlocal recorded_loss
        loss, n_units = total.loss + tally.loss, tally.n_units
        model.running_training_loss += loss - recorded_loss  # the user may have set it to 0
        recorded_loss = loss
        # As in gensim: that of the last step of the learning rate, not that of the next.
        rates = schedule.rates(epoch, max(0, n_units - 1), n_units)
        model.min_alpha_yet_reached = rates[1]
        log.progress(n_units / max(1, schedule.n_units), total.n_kept + tally.n_kept)

    return record


def _end_epoch(model: Any, trainer: Trainer, corpus: EncodedCorpus, log: EpochLog) -> None:
    """Remove the epoch that was trained from what `resume` would train, and log it."""
    loss = model.epoch_losses[-1] if trainer.objective.compute_loss else None
    log.end_epoch(corpus.n_raw_tokens, trainer.total.n_kept, model.min_alpha_yet_reached, loss)
    if model.unfinished is not None:
        model.unfinished = model.unfinished.after_an_epoch()


def _train_nothing(model: Any, n_words: int, n_epochs: int, callbacks: Callbacks) -> Counts:
    """Call the callbacks as for any other corpus, but train nothing."""
    n_before = model.epochs_trained
    with Session(model, Matrices(), n_epochs, callbacks) as session:
        session.run(None for _ in range(n_epochs))
    model.train_count += 1
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
        As for `check_layout`.
    RuntimeError
        If an array was deleted that training needs.
    """
    check_layout(model, params)
    for role in (*params.target_roles, *(("tree",) if params.hs else ())):
        check_not_deleted(model.current_arrays(), role, "training")


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


@contextmanager
def recorded(model: Any, params: Parameters, n_epochs: int, first_rate: float) -> Iterator[None]:
    """Log what is set without effect or by mistake; when training ends, record it in the model.

    Parameters
    ----------
    model : Word2Vec
    params : Parameters
    n_epochs : int
        Epochs of this call.
    first_rate : float
        The learning rate at which it starts.
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
    started = time.monotonic()
    try:
        yield
    finally:
        model.train_count += 1
        model.total_train_time += time.monotonic() - started
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
