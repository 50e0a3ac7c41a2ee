"""Training of links by skip-gram with negative sampling: arrays, objective and epochs.

`NodeEmbedding` trains on walks on a graph, `PairEmbedding` on a list of pairs.
"""

import logging
from collections.abc import Hashable
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np

from fastsgns import kernels, rules, sampling
from fastsgns.formats.keys import warn_of_unsavable
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import (
    Matrices,
    MatrixLayout,
    array_bytes,
    copy_bytes,
    randomize,
    require_memory,
)  # fmt: skip
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.known import KnownLinks
from fastsgns.runtime.machine import n_cores
from fastsgns.training import sharing
from fastsgns.training.examples import Chunks, PairChunks
from fastsgns.training.session import Session, TrainedModel, choose_seed
from fastsgns.training.trainer import Schedule, Trainer

logger = logging.getLogger(__name__)

MASK = 2**64 - 1  # numpy refuses negative seeds
MIN_NOISE = 1e-30  # so that the logarithm of a noise probability of 0 is finite
LinkMatrices = Literal["two", "tied", "tied+bias", "tied+reflect"]
MATRICES: tuple[LinkMatrices, ...] = get_args(LinkMatrices)
MAX_STEP_WEIGHT = 1e30  # sums of weights of edges, times 1 / p or 1 / q, stay finite
STEP_WEIGHT = rules.real(
    "numbers from 1e-30 to 1e30", lambda value: 1 / MAX_STEP_WEIGHT <= value <= MAX_STEP_WEIGHT
)
RULES: dict[str, rules.Rule] = {
    "dimensions": rules.integer(1, 2**20),
    "walk_length": rules.integer(2, 2**20, none=None),
    "num_walks": rules.integer(1, 2**31, none=None),
    "window_size": rules.integer(1, 2**20),
    "negative": rules.integer(1, 2**16),
    "epochs": rules.integer(1, 2**31),
    "workers": rules.integer(1, 2**16, none=None),
    "seed": rules.SEED,
    "p": STEP_WEIGHT,
    "q": STEP_WEIGHT,
    "alpha": rules.NOT_NEGATIVE,
    "min_alpha": rules.NOT_NEGATIVE,
    "sample": rules.NOT_NEGATIVE,
    "ns_exponent": rules.ANY_NUMBER,
    "stop": rules.real("probabilities above 0", lambda value: 0 < value <= 1),
    "shrink_windows": rules.flag(),
    "joint": rules.flag(),
    "shuffle": rules.flag(),
    "compute_loss": rules.flag(),
    "progress": rules.PROGRESS,
    "matrices": rules.choice(*MATRICES),
    "negative_sharing": rules.choice(*sharing.SHARINGS),
}


class TrainableModel(TrainedModel, Protocol):
    """The attributes of a model that training uses; `NodeEmbedding` explains the parameters.

    Attributes
    ----------
    target_counts : ndarray of float64, shape (n_targets,), or None
        The counts or degrees that the noise distribution was computed from.
    """

    dimensions: int
    matrices: LinkMatrices
    negative: int
    ns_exponent: float
    alpha: float
    min_alpha: float
    epochs: int
    negative_sharing: sharing.NegativeSharing
    workers: int | None
    seed: int | None
    compute_loss: bool
    progress: bool | None
    arrays: Matrices
    known: KnownLinks | None
    target_counts: np.ndarray | None
    target_prior: np.ndarray | None

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


def layout_of(model: TrainableModel) -> MatrixLayout:
    """Return the layout of a model's matrices."""
    return MatrixLayout.of(model.matrices, "word")  # "tied+bias" has a bias per row


def initialize(model: TrainableModel, sources: list[Hashable], targets: list[Hashable]) -> None:
    """Create the matrices for these names, and reset the state of training.

    The input rows are random, the output rows are zero, and the biases are -log(negative).
    `targets` is `sources` if sources and targets are the same nodes. `train` sets `target_prior`.

    Raises
    ------
    MemoryError
        If the arrays, and the copies of them that kernels train, do not fit the free memory.
    """
    warn_of_unsavable(sources)
    if targets is not sources:
        warn_of_unsavable(targets)
    layout = layout_of(model)

    def row_bytes(n_biases: int) -> int:
        return array_bytes(model.dimensions, n_biases) + copy_bytes(model.dimensions, n_biases)

    n_bytes = len(sources) * row_bytes(layout.n_bias_columns)
    if not layout.shares_one_matrix:
        n_bytes += len(targets) * row_bytes(0)
    require_memory(n_bytes, f"{len(sources)} sources and {len(targets)} targets")
    arrays = Matrices(layout=layout)
    arrays.create("input", len(sources), model.dimensions)
    arrays.start_bias(layout.initial_bias(model.negative))
    seed = None if model.seed is None else [int(model.seed) & MASK]
    randomize(arrays.vectors["input"], np.random.default_rng(seed))
    if not layout.shares_one_matrix:
        arrays.create("output", len(targets), model.dimensions)
    model.set_arrays(arrays, sources, targets)
    model.known = model.target_counts = None
    model.epochs_trained = model.epochs_begun = 0
    model.epoch_losses = []


def train(
    model: TrainableModel,
    chunks: Chunks,
    counts: np.ndarray,
    n_epochs: int,
    windows: Windows | None = None,
) -> None:
    """Train a model for `n_epochs`. After an interruption it keeps what it has learned.

    Parameters
    ----------
    model : TrainableModel
    chunks : Chunks
        The examples.
    counts : ndarray of float, shape (n_targets,)
        Negative samples are drawn in proportion to ``counts ** model.ns_exponent``.
    n_epochs : int
    windows : Windows, optional
        How pairs are taken from walks. None if `chunks` yields pairs.

    Raises
    ------
    FloatingPointError
        If the vectors overflow.
    KeyboardInterrupt
        On Ctrl-C, once all threads have stopped.
    """
    noise = sampling.noise_distribution(counts, model.ns_exponent)
    with Session(model, model.arrays, n_epochs) as session:
        model.target_counts = np.asarray(counts, np.float64)
        model.target_prior = np.log(np.maximum(noise, MIN_NOISE)).astype(np.float32)
        objective = make_objective(model, noise, windows)
        schedule = Schedule(model.alpha, model.min_alpha, chunks.n_units, n_epochs)
        trainer = Trainer(
            objective, chunks, schedule, seed=choose_seed(model.seed),
            n_workers=model.workers or n_cores(), n_epochs_before=model.epochs_begun,
            row_counts=(_input_counts(chunks, counts), counts), show=model.progress,
        )  # fmt: skip
        logger.info(
            "training on %d %s, %s", chunks.n_units, chunks.unit, sharing.describe(objective)
        )
        session.run(trainer.losses())


def make_objective(
    model: TrainableModel, noise: np.ndarray, windows: Windows | None = None
) -> Objective:
    """Return the `Objective` for a model, with negative samples from `noise`."""
    layout, arrays = model.arrays.layout, model.arrays
    rows, output = arrays.rows("input"), arrays.rows("output")
    assert rows is not None  # `initialize` or a file created them
    return Objective(
        input=rows, output=output, tree=None, noise=sampling.alias_table(noise), paths=None,
        lock_factors=None, negative=model.negative, cbow=False, mean_hidden=False,
        mean_gradient=False, compute_loss=model.compute_loss, n_dimensions=model.dimensions,
        n_flipped=layout.n_flipped(model.dimensions), bias=layout.bias,
        **_sharing(model, float(noise.max()), windows)._asdict(),
        **(windows or PAIRS)._asdict(),
    )  # fmt: skip


def _input_counts(chunks: Chunks, counts: np.ndarray) -> np.ndarray:
    """Return how often each input row is used, at least roughly."""
    if isinstance(chunks, PairChunks):
        return np.bincount(chunks.sources)
    return counts  # the nodes of a graph have both roles


def _sharing(model: TrainableModel, p_max: float, windows: Windows | None) -> sharing.Sharing:
    rate = max(model.alpha, model.min_alpha)
    step = sharing.SkipGramStep(model.negative_sharing, model.negative, rate, p_max)
    return sharing.share_in_lists(step) if windows is None else sharing.share_in_windows(step)
