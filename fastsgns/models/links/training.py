"""Training of links by skip-gram with negative sampling: arrays, objective and epochs.

`NodeEmbedding` trains on walks on a graph, `PairEmbedding` on a list of pairs.
"""

import logging
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np

from fastsgns import kernels, rules, sampling
from fastsgns.formats.keys import plain, plain_all, warn_of_unsavable
from fastsgns.graph.degrees import MAX_EXPONENT, SMOOTHING
from fastsgns.graph.walks.typed import listed_metapaths
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import (
    ColumnBlock,
    Matrices,
    MatrixLayout,
    array_bytes,
    copy_bytes,
    padded,
    randomize,
)  # fmt: skip
from fastsgns.models.links import growth
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.growth import NO_LOCKS, GrowingModel, Links, Locks, Names
from fastsgns.models.links.known import KnownLinks
from fastsgns.runtime.machine import n_cores, require_memory
from fastsgns.runtime.progress import Bar, Fact, ShowProgress, make_bar
from fastsgns.training import sharing
from fastsgns.training.epoch import IsDue, Pause, Tally
from fastsgns.training.examples import Chunks, PairChunks
from fastsgns.training.replica_memory import ReplicaRows
from fastsgns.training.session import Session, TrainedModel, choose_seed
from fastsgns.training.trainer import BATCH_WORDS, Schedule, Trainer, warn_of_rise
from fastsgns.training.unfinished import Call, Unfinished, epochs_before, settings_of

logger = logging.getLogger(__name__)

MASK = 2**64 - 1  # numpy refuses negative seeds
LinkMatrices = Literal["two", "tied", "tied+bias", "tied+reflect"]
MATRICES: tuple[LinkMatrices, ...] = get_args(LinkMatrices)
WITHOUT_REPLICAS = "Fewer dimensions need less, and deterministic=False needs none."
MAX_STEP_WEIGHT = 1e30  # sums of weights of edges, times 1 / p or 1 / q, stay finite
STEP_WEIGHT = rules.real(
    "numbers from 1e-30 to 1e30", lambda value: 1 / MAX_STEP_WEIGHT <= value <= MAX_STEP_WEIGHT
)


class MetapathRule(rules.Rule):
    """One metapath or several; they become lists of plain Python values."""

    def typed(self, name: str, value: Any) -> Any:  # noqa: D102
        if isinstance(value, (str, bytes)) or not isinstance(value, (Iterable, type(None))):
            raise self._refusal(name, value)
        if value is None:
            return None
        return [
            plain_all(part) if isinstance(part, (list, tuple)) else plain(part) for part in value
        ]

    def __call__(self, name: str, value: Any) -> Any:  # noqa: D102
        found = self.typed(name, value)
        if found is not None:
            listed_metapaths(found)
        return found


RULES: dict[str, rules.Rule] = {
    "dimensions": rules.integer(1, 2**20),
    "walk_length": rules.integer(2, 2**20, none=None),
    "num_walks": rules.integer(1, 2**31, none=None),
    "window_size": rules.integer(1, 2**20, none=None),
    "negative": rules.integer(1, 2**16),
    "epochs": rules.integer(1, 2**31),
    "workers": rules.WORKERS,
    "seed": rules.SEED,
    "p": STEP_WEIGHT,
    "q": STEP_WEIGHT,
    "alpha": rules.real(
        "0 and positive numbers, and None for the default", lambda value: value >= 0, none=None
    ),
    "min_alpha": rules.NOT_NEGATIVE,
    "sample": rules.NOT_NEGATIVE,
    "ns_exponent": rules.ANY_NUMBER,
    "stop": rules.real("probabilities above 0", lambda value: 0 < value <= 1),
    "shrink_windows": rules.flag(),
    "joint": rules.flag(),
    "metapath": MetapathRule('lists of types such as ["author", "paper", "author"], and None'),
    "strict_times": rules.flag(),
    "shuffle": rules.flag(),
    "compute_loss": rules.flag(),
    "deterministic": rules.flag(),
    "progress": rules.PROGRESS,
    "matrices": rules.choice(*MATRICES),
    "task": rules.choice("links", "labels"),
    "check": rules.flag(),
    "negative_sharing": rules.choice(*sharing.SHARINGS),
}


CHANGEABLE = {  # within an epoch, or compared otherwise: `check_layout`, `Unfinished`
    "alpha", "compute_loss", "dimensions", "epochs", "matrices", "min_alpha", "progress", "workers",
}  # fmt: skip


class Rest(NamedTuple):
    """What `resume` needs of the call that is unfinished, beside its numbers.

    Attributes
    ----------
    former : KnownLinks or None
        For `update`: the links known before.
    locks : Locks
        The factors by which the updates of rows are multiplied.
    """

    former: KnownLinks | None = None
    locks: Locks = NO_LOCKS


NO_REST = Rest()


class TrainableModel(TrainedModel, GrowingModel, Protocol):
    """The attributes of a model that training uses; `NodeEmbedding` explains the parameters.

    Attributes
    ----------
    rest : Rest
        Of the call that is unfinished.
    source_counts, target_counts : ndarray of float64, shape (n,), or None
        How often each source and each target occurs in the links.
    """

    rest: Rest
    dimensions: int
    matrices: LinkMatrices
    negative: int
    ns_exponent: float
    alpha: float | None
    min_alpha: float
    epochs: int
    negative_sharing: sharing.NegativeSharing
    workers: int | None
    seed: int | None
    compute_loss: bool
    deterministic: bool
    progress: ShowProgress

    @property
    def default_alpha(self) -> float: ...  # noqa: D102
    @property
    def n_blocks(self) -> int: ...  # noqa: D102

    def set_arrays(  # noqa: D102
        self, arrays: Matrices, sources: list[Hashable], targets: list[Hashable]
    ) -> None: ...


class Windows(NamedTuple):
    """How training pairs are taken from a walk, as from a sentence in word2vec.

    The fields are those of `fastsgns.kernels.objective.Objective`.
    """

    window: int
    shrink_windows: bool
    forward: bool
    keep_thresholds: np.ndarray | None


PAIRS = Windows(window=1, shrink_windows=False, forward=False, keep_thresholds=None)


def check_parameters(model: LinkModel) -> None:
    """Check the parameters of a model, and replace them by plain Python values.

    Raises
    ------
    ValueError
        If a parameter is not allowed, or the environment asks for an unknown kernel.
    """
    kernels.variant()  # raises if FASTSGNS_KERNEL names an unknown kernel
    model.replace_parameters(rules.checked(RULES, vars(model)))


def new_call(
    model: TrainableModel, call: Call, n_epochs: int, n_units: int, total: float
) -> Unfinished:
    """Return what a new call will train: so many epochs, of so many edges or pairs."""
    rates = start_rate(model), float(model.min_alpha)
    seed, settings = choose_seed(model.seed), settings_of_links(model)
    return Unfinished(call, n_epochs, n_units, total, seed, *rates, settings=settings)


def settings_of_links(model: Any) -> dict[str, Any]:
    """Return the parameters that may not change within an epoch."""
    return settings_of(vars(model), RULES.keys() - CHANGEABLE | {"walks"})


def forget_rest(model: TrainableModel) -> None:
    """Forget what is left of an earlier call."""
    model.unfinished, model.rest = None, NO_REST


def check_epochs(model: TrainableModel, epochs: int | None) -> int:
    """Return the number of epochs to train: `epochs`, or the model's if that is None.

    Raises
    ------
    ValueError
        If the number is out of range.
    """
    n_epochs: int = RULES["epochs"]("epochs", model.epochs if epochs is None else epochs)
    return n_epochs


def normalize_parameters(model: LinkModel) -> None:
    """Replace the parameters of a model by plain Python values, as files hold them.

    Values out of range stay: they matter only to training.
    """
    model.replace_parameters(rules.typed(RULES, vars(model)))


def start_rate(model: TrainableModel) -> float:
    """Return the learning rate at the start of training."""
    return model.default_alpha if model.alpha is None else model.alpha


def layout_of(model: TrainableModel) -> MatrixLayout:
    """Return the layout of a model's matrices."""
    return MatrixLayout.of(model.matrices, "word")  # "tied+bias" has a bias per row


def check_layout(model: TrainableModel) -> None:
    """Raise a ValueError if `dimensions` or `matrices` are no longer those of the fitted arrays."""
    fitted = model.arrays.vectors["input"].shape[1]
    if model.dimensions != fitted:
        raise ValueError(
            f"dimensions is {model.dimensions}, and the model was fitted with {fitted}; call fit() "
            "to start again"
        )
    if layout_of(model) != model.arrays.layout:
        raise ValueError(
            f"matrices is {model.matrices!r}, and the model was fitted with "
            f"{model.arrays.layout.matrices!r}; call fit() to start again"
        )


def initialize(model: TrainableModel, sources: list[Hashable], targets: list[Hashable]) -> None:
    """Create the matrices for these names, and reset the state of training.

    The input rows are random, the output rows are zero, and the biases are -log(negative).
    `targets` is `sources` if sources and targets are the same nodes. `train` sets the priors.

    Raises
    ------
    MemoryError
        If the arrays, and the copies of them that kernels train, do not fit the free memory.
    """
    _check_names(model, sources, targets)
    layout = layout_of(model)
    arrays = Matrices(layout=layout)
    arrays.create("input", len(sources), model.dimensions)
    arrays.start_bias(layout.initial_bias(model.negative))
    seed = None if model.seed is None else [int(model.seed) & MASK]
    randomize(arrays.vectors["input"], np.random.default_rng(seed))
    if not layout.shares_one_matrix:
        arrays.create("output", len(targets), model.dimensions)
    model.set_arrays(arrays, sources, targets)
    model.known = model.source_counts = model.target_counts = None
    model.epochs_trained = model.epochs_begun = 0
    model.epoch_losses = []
    forget_rest(model)


def grow(
    model: TrainableModel, names: Names, links: Callable[[], Links], known: KnownLinks | None
) -> None:
    """Change the names of a fitted model, and its known links; new rows start at means.

    If this raises an exception, the model is unchanged.

    Parameters
    ----------
    model : TrainableModel
    names : Names
    links : callable
        Returns the links of all names, by which new rows start.
    known : KnownLinks or None

    Raises
    ------
    ValueError
        If `source` or `target` was replaced by other vectors.
    MemoryError
        As for `initialize`.
    """
    if names.are_as_before(model):
        model.known = known
        return
    _check_names(model, names.sources, names.targets)
    first_bias = model.arrays.layout.initial_bias(model.negative)
    seed = None if model.seed is None else int(model.seed) & MASK
    growth.install(model, growth.with_rows(model, names, links, seed, first_bias), names, known)


def _check_names(model: TrainableModel, sources: list[Hashable], targets: list[Hashable]) -> None:
    """Warn of names that no file can hold; raise a MemoryError if there are too many rows."""
    warn_of_unsavable(sources)
    if targets is not sources:
        warn_of_unsavable(targets)
    layout = layout_of(model)

    def row_bytes(n_biases: int) -> int:
        copies = copy_bytes(model.dimensions, n_biases)
        if model.n_blocks > 1:  # kernels train copies of blocks of the columns
            copies = sum(4 * padded(stop - start) for start, stop in _ends(model, model.n_blocks))
        return array_bytes(model.dimensions, n_biases) + copies

    n_bytes = len(sources) * row_bytes(layout.n_bias_columns)
    if not layout.shares_one_matrix:
        n_bytes += len(targets) * row_bytes(0)
    require_memory(n_bytes, f"{len(sources)} sources and {len(targets)} targets")


class Part(NamedTuple):
    """Examples that train a block of the dimensions of a model, or all of them.

    Attributes
    ----------
    chunks : Chunks
        The examples.
    noise_counts : ndarray of float, shape (n_targets,)
        Negative samples are drawn in proportion to ``noise_counts ** model.ns_exponent``.
    windows : Windows or None
        How pairs are taken from walks. None if `chunks` yields pairs.
    """

    chunks: Chunks
    noise_counts: np.ndarray
    windows: Windows | None = None


class Counts(NamedTuple):
    """How often sources and targets occur in the links: the degrees of nodes.

    Attributes
    ----------
    sources, targets : ndarray of float64, shape (n,)
    unit : float
        The count of one link: the mean weight of an edge.
    direction_weight : float
        The weight of the direction in scores; see `LinkModel.score`.
    """

    sources: np.ndarray
    targets: np.ndarray
    unit: float = 1.0
    direction_weight: float = 0.0


def train(
    model: TrainableModel,
    parts: Sequence[Part],
    counts: Counts,
    left: Unfinished,
    callbacks: Sequence[object] = (),
    finish: Callable[[], None] | None = None,
) -> None:
    """Train what is left of a call. After an interruption the model keeps what it has learned.

    Parameters
    ----------
    model : TrainableModel
        Its `rest` has the locks.
    parts : sequence of Part
        One, or several that train a block of the dimensions each.
    counts : Counts
        Sets the priors that scores add.
    left : Unfinished
    callbacks : sequence
        As for `Session`.
    finish : callable, optional
        Called after the last epoch, before a callback saves the model for the last time.

    Raises
    ------
    FloatingPointError
        If the vectors overflow.
    KeyboardInterrupt
        On Ctrl-C, once all threads have stopped.
    """
    _require_replicas(model, parts)
    blocks = _blocks(model, len(parts))
    warn_of_rise(left.start_alpha, left.end_alpha)
    model.unfinished = left
    with ExitStack() as stack:
        session = stack.enter_context(Session(model, blocks, left.n_epochs, callbacks))
        set_priors(model, counts)
        trainers = [
            _trainer(model, part, block, left, number, session.is_due)
            for number, (part, block) in enumerate(zip(parts, blocks.blocks))
        ]

        def end_epoch() -> None:
            for trainer in trainers:
                trainer.begin_epoch()
            if model.unfinished is None:
                model.rest = NO_REST
                if finish is not None:
                    finish()

        session.run(
            _losses(trainers, model),
            after_epoch=end_epoch,
            changes=lambda: {"places": tuple(trainer.progress.place for trainer in trainers)},
        )


def _require_replicas(model: TrainableModel, parts: Sequence[Part]) -> None:
    """Raise a MemoryError if the replicas of a deterministic training do not fit the memory."""
    if not model.deterministic:
        return
    n_bytes, row_bytes = 0, 4 * padded(model.dimensions // len(parts) + 1)
    for part in parts:
        noise = sampling.noise_distribution(part.noise_counts, model.ns_exponent)
        rows = ReplicaRows(
            part.noise_counts, noise, part.chunks.n_units, part.chunks.tokens_per_unit,
            model.negative, layout_of(model).shares_one_matrix,
        )  # fmt: skip
        size = 2 * rows.used_or_drawn * row_bytes
        n_bytes = max(n_bytes, rows.total(size, 2 * len(noise), model.workers or n_cores()))
    require_memory(n_bytes, "the replicas of a deterministic training", WITHOUT_REPLICAS)


def set_priors(model: TrainableModel, counts: Counts) -> None:
    """Set the priors: the logarithms that turn what skip-gram learns into scores of links.

    They are log(count of the source + e) and a log(count of the target + e), where a is
    `ns_exponent` and e is a tenth of `unit`. If the direction has a weight, `balance` is the
    difference of the logarithms of both counts of a node.
    """
    model.source_counts, model.target_counts = (
        np.asarray(side, np.float64) for side in (counts.sources, counts.targets)
    )
    smallest = SMOOTHING * counts.unit
    active, popular = (
        np.log(side + smallest).astype(np.float32)
        for side in (model.source_counts, model.target_counts)
    )
    exponent = min(max(model.ns_exponent, -MAX_EXPONENT), MAX_EXPONENT)
    model.source_prior, model.target_prior = active, np.float32(exponent) * popular
    model.direction_weight = counts.direction_weight
    model.balance = active - popular if counts.direction_weight else None


class _Blocks:
    """The arrays of each part of the examples, for a `Session`."""

    are_saved_as_rows = False

    def __init__(self, blocks: Sequence[Matrices | ColumnBlock]) -> None:
        self.blocks = blocks

    def spread(self) -> None:
        for block in self.blocks:
            block.spread()

    def collect(self) -> None:
        for block in self.blocks:
            block.collect()

    def release(self) -> None:
        for block in self.blocks:
            block.release()


def _blocks(model: TrainableModel, n_blocks: int) -> _Blocks:
    if n_blocks == 1:
        return _Blocks([model.arrays])
    columns = [slice(*pair) for pair in _ends(model, n_blocks)]
    return _Blocks([ColumnBlock(model.arrays, block, n_blocks) for block in columns])


def _ends(model: TrainableModel, n_blocks: int) -> Iterator[tuple[int, int]]:
    """Yield the first dimension of each block, and that of the next one."""
    return pairwise(model.dimensions * i // n_blocks for i in range(n_blocks + 1))


def _trainer(
    model: TrainableModel,
    part: Part,
    block: Matrices | ColumnBlock,
    left: Unfinished,
    number: int,
    is_due: IsDue | None,
) -> Trainer:
    objective = make_objective(model, part.noise_counts, part.windows, block, model.rest.locks)
    chunks = part.chunks
    schedule = Schedule(
        left.start_alpha, left.end_alpha, chunks.n_units, left.n_epochs,
        n_skipped=left.n_done * chunks.n_units, step=BATCH_WORDS // chunks.tokens_per_unit,
    )  # fmt: skip
    logger.info("training on %d %s, %s", chunks.n_units, chunks.unit, sharing.describe(objective))
    return Trainer(
        objective, chunks, schedule, seed=left.seed,
        n_workers=model.workers or n_cores(), n_epochs_before=epochs_before(model, left),
        row_counts=(_input_counts(chunks, part.noise_counts), part.noise_counts),
        show=model.progress, begin=left.place(number), is_due=is_due,
        deterministic=model.deterministic,
    )  # fmt: skip


def _losses(
    trainers: Sequence[Trainer], model: TrainableModel
) -> Generator[float | Pause | None, None, None]:
    """Train all parts, epoch by epoch, and yield the mean loss of each epoch; None: not computed.

    Several trainers share one progress bar, and one line of the log per epoch.
    """
    if len(trainers) == 1:
        yield from trainers[0].losses()
        return
    total = sum(trainer.schedule.n_units * trainer.schedule.n_epochs for trainer in trainers)
    with ExitStack() as stack:
        bar = stack.enter_context(closing(make_bar(model.progress, total, "training", "walks")))
        done = [0] * len(trainers)
        for i, trainer in enumerate(trainers):
            trainer.show, trainer.on_progress = False, _reporter(bar, done, i, trainer)
            trainer.logs_epochs = False
        epochs = [stack.enter_context(closing(trainer.epochs())) for trainer in trainers]
        for epoch in range(1, trainers[0].schedule.n_epochs + 1):
            both = Tally()
            for trained in epochs:
                while isinstance(tally := next(trained), Pause):
                    yield tally
                both.add(tally)
            schedule = trainers[0].schedule
            logger.info(
                "epoch %d of %d: %d walks, %d trained on, alpha now %.5f%s", epoch,
                schedule.n_epochs, both.n_units, both.n_kept, schedule.rate(epoch, 0),
                f", loss {both.mean_loss:.5f}" if trainers[0].objective.compute_loss else "",
            )  # fmt: skip
            yield both.mean_loss if trainers[0].objective.compute_loss else None


def _reporter(
    bar: Bar, done: list[int], place: int, trainer: Trainer
) -> Callable[[int, Tally, Tally], None]:
    """Return a function that shows the progress of one of several trainers."""

    def report(epoch: int, tally: Tally, earlier: Tally) -> None:
        done[place] = earlier.n_units + tally.n_units
        rate = trainer.schedule.rate(epoch, tally.n_units)
        facts: dict[str, Fact] = {"epoch": (epoch + 1, trainer.schedule.n_epochs), "alpha": rate}
        if trainer.objective.compute_loss and tally.n_examples:
            facts["loss"] = tally.mean_loss
        bar.update_to(sum(done), **facts)

    return report


def make_objective(
    model: TrainableModel,
    counts: np.ndarray,
    windows: Windows | None = None,
    block: ColumnBlock | Matrices | None = None,
    locks: Locks = NO_LOCKS,
) -> Objective:
    """Return the `Objective` for a model, or for a block of its columns.

    Negative samples are drawn in proportion to ``counts ** model.ns_exponent``.
    """
    noise = sampling.noise_distribution(counts, model.ns_exponent)
    arrays = block or model.arrays
    layout = arrays.layout
    rows, output = arrays.rows("input"), arrays.rows("output")
    assert rows is not None  # `initialize` or a file created them
    n_dimensions = block.n_dimensions if isinstance(block, ColumnBlock) else model.dimensions
    return Objective(
        input=rows, output=output, tree=None, noise=sampling.alias_table(noise), paths=None,
        lock_factors=locks.sources, output_lock_factors=locks.targets,
        negative=model.negative, cbow=False, mean_hidden=False, mean_gradient=False,
        compute_loss=model.compute_loss, n_dimensions=n_dimensions,
        n_flipped=layout.n_flipped(n_dimensions), bias=layout.bias,
        **_sharing(model, counts, noise, windows)._asdict(),
        **(windows or PAIRS)._asdict(),
    )  # fmt: skip


def _input_counts(chunks: Chunks, counts: np.ndarray) -> np.ndarray:
    """Return how often each input row is used, at least roughly."""
    if isinstance(chunks, PairChunks):
        return np.bincount(chunks.sources)
    return counts  # the nodes of a graph have both roles


def _sharing(
    model: TrainableModel, counts: np.ndarray, noise: np.ndarray, windows: Windows | None
) -> sharing.Sharing:
    rate, share = max(start_rate(model), model.min_alpha), float(counts.max() / counts.sum())
    step = sharing.SkipGramStep(
        model.negative_sharing, model.negative, rate, float(noise.max()), top_share=share,
        one_matrix=layout_of(model).shares_one_matrix,
    )  # fmt: skip
    return sharing.share_in_lists(step) if windows is None else sharing.share_in_windows(step)
