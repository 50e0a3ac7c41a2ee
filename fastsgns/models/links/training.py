"""LinkTraining: the part of a LinkModel that learns by negative sampling."""

import logging
from collections.abc import Callable, Hashable
from contextlib import closing
from typing import Any

import numpy as np

from fastsgns import kernels, rules, sampling
from fastsgns.formats.keys import warn_of_unsavable
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import (
    Matrices,
    MatricesMode,
    MatrixLayout,
    estimate_bytes,
    randomize,
    require_memory,
)
from fastsgns.models.links.base import LinkModel, Parametrized, role_vectors
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.runtime.machine import n_cores
from fastsgns.training.examples import Chunks
from fastsgns.training.sharing import (
    SHARINGS,
    NegativeSharing,
    SkipGramStep,
    block_of_pairs,
    block_of_windows,
    describe,
)
from fastsgns.training.trainer import Schedule, Trainer

logger = logging.getLogger(__name__)

MASK = 2**64 - 1
LEAST_PRIOR = 1e-30
MATRICES = ("two", "tied", "tied+bias", "tied+reflect")
LARGEST_BIAS = 1e30
BIAS = rules.real(
    "numbers from 1e-30 to 1e30", lambda value: 1 / LARGEST_BIAS <= value <= LARGEST_BIAS
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
    "p": BIAS,
    "q": BIAS,
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
    "negative_sharing": rules.choice(*SHARINGS),
}


class LinkTraining(Parametrized, LinkModel):
    """Matrices, objective and epochs; a subclass says what is trained on."""

    dimensions: int
    negative: int
    ns_exponent: float
    alpha: float
    min_alpha: float
    epochs: int
    matrices: MatricesMode
    negative_sharing: NegativeSharing
    workers: int | None
    seed: int | None
    compute_loss: bool
    progress: bool | None
    epoch_losses: list[float]
    epochs_trained: int
    epochs_begun: int
    target_counts: np.ndarray | None = None
    _matrices: Matrices

    def _check(self) -> None:
        """Refuse parameters that no training could work with; make them plain Python values."""
        kernels.variant()
        self.__dict__.update(rules.checked(RULES, self.__dict__))

    def _normalize(self) -> None:
        """Make parameters plain Python values, of any range."""
        self.__dict__.update(rules.typed(RULES, self.__dict__))

    def _chosen_epochs(self, epochs: int | None) -> int:
        return RULES["epochs"]("epochs", self.epochs if epochs is None else epochs)

    def _layout(self) -> MatrixLayout:
        return MatrixLayout.of(self.matrices, "word")

    def _start(self, sources: list[Hashable], targets: list[Hashable]) -> None:
        """Make the matrices: random input rows, output rows at zero, biases at -log k."""
        warn_of_unsavable(sources)
        if targets is not sources:
            warn_of_unsavable(targets)
        layout = self._layout()
        sides = [(len(sources), layout)]
        if not layout.shares_one_matrix:
            sides.append((len(targets), MatrixLayout()))
        needed = sum(
            estimate_bytes(n, self.dimensions, False, False, of, copies)["input"]
            for n, of in sides
            for copies in (False, True)
        )
        require_memory(needed, f"{len(sources)} sources and {len(targets)} targets")
        self._matrices = Matrices(layout=layout)
        self._matrices.create("input", len(sources), self.dimensions)
        self._matrices.start_bias(layout.initial_bias(self.negative))
        seed = None if self.seed is None else [int(self.seed) & MASK]
        randomize(self._matrices.vectors["input"], np.random.default_rng(seed))
        if not layout.shares_one_matrix:
            self._matrices.create("output", len(targets), self.dimensions)
        self._show(sources, targets)
        self.known = self.target_counts = None
        self.epochs_trained = self.epochs_begun = 0
        self.epoch_losses = []

    def _show(self, sources: list[Hashable], targets: list[Hashable]) -> None:
        """Give out the matrices by role."""
        self.source, self.target = role_vectors(self._matrices, sources, targets)

    @property
    def target_bias(self) -> np.ndarray | None:
        """What is added to the scores of each target, shape (n_targets,), or None."""
        return self._matrices.bias if hasattr(self, "_matrices") else None

    @target_bias.setter
    def target_bias(self, bias: Any) -> None:
        old, new = self.target_bias, np.asarray(bias, np.float32)
        if old is None or new.shape != old.shape:
            allowed = "none, in this model" if old is None else f"those of shape {old.shape}"
            raise ValueError(f"target_bias is of shape {new.shape}; allowed are {allowed}")
        self._matrices.bias = new

    def _scored(self, rows: np.ndarray) -> np.ndarray:
        n_flipped = self._matrices.layout.n_flipped(rows.shape[-1])
        return rows * self._matrices.layout.signs(rows.shape[-1]) if n_flipped else rows

    def _targets(self) -> np.ndarray:
        return self._matrices.vectors[self._matrices.layout.array_of("output")]

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if hasattr(self, "source"):
            state["source"], state["target"] = self.source.index_to_key, self.target.index_to_key
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "source" in state:
            self._show(state["source"], state["target"])

    def _release(self) -> None:
        self._matrices.release()

    def known_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the links learned from so far, each once: sources and targets, int32."""
        self._check_learned()
        if self.known is None:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        offsets, targets = self.known
        return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets)), targets

    def _remember(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Add to the known links."""
        known = self.known_pairs()
        rows = np.concatenate([known[0], sources]).astype(np.int64) << 32
        keys = np.unique(rows | np.concatenate([known[1], targets]))
        starts = np.arange(len(self.source) + 1, dtype=np.int64) << 32
        offsets = np.searchsorted(keys, starts).astype(np.int64)
        self.known = offsets, (keys & 0xFFFFFFFF).astype(np.int32)

    def _learn(self, chunks: Chunks, goal: Callable[[], Objective], epochs: int) -> None:
        """Train for some epochs, after which, or where they are interrupted, the model is usable.

        Parameters
        ----------
        chunks : Chunks
        goal : callable
            Makes the objective, such as by `_objective`.
        epochs : int

        Raises
        ------
        FloatingPointError
            If the vectors overflow.
        KeyboardInterrupt
            On Ctrl-C, once all threads have stopped.
        """
        seed = int(np.random.default_rng().integers(2**63) if self.seed is None else self.seed)
        schedule = Schedule(self.alpha, self.min_alpha, chunks.n_units, epochs)
        try:
            objective = goal()
            trainer = Trainer(
                objective, chunks, schedule, seed, self.workers or n_cores(), self.epochs_begun,
                self.progress,
            )  # fmt: skip
            logger.info("training on %d %s, %s", chunks.n_units, chunks.unit, describe(objective))
            with closing(trainer.epochs()) as tallies:
                for epoch in range(epochs):
                    if epoch:
                        self._matrices.spread()
                    self.epochs_begun += 1
                    tally = next(tallies)
                    uninterrupted(self._matrices.collect)
                    self.epochs_trained += 1
                    if self.compute_loss:
                        self.epoch_losses.append(tally.mean_loss)
        finally:
            uninterrupted(self._release)

    def _objective(self, counts: np.ndarray, **options: Any) -> Objective:
        """The matrices as an objective, with negatives by the counts of the targets.

        Parameters
        ----------
        counts : ndarray of float, shape (n_targets,)
        **options
            ``window`` and what else windows need; without it the objective is one of pairs.
        """
        self.target_counts = np.asarray(counts, np.float64)
        noise = sampling.noise_distribution(counts, self.ns_exponent)
        self.target_prior = np.log(np.maximum(noise, LEAST_PRIOR)).astype(np.float32)
        window = options.get("window")
        if window is None:
            block = block_of_pairs(self._step(1, float(noise.max())))
        else:
            width = -(-window // 2) if options.get("forward") else window
            block = block_of_windows(self._step(width, float(noise.max())), logging.INFO)
        layout, matrices = self._matrices.layout, self._matrices
        rows, output = matrices.rows("input"), matrices.rows("output")
        assert rows is not None
        defaults: dict[str, Any] = {"window": 1, "shrink_windows": False, "keep_thresholds": None}
        return Objective(
            input=rows, output=output, tree=None, noise=sampling.alias_table(noise), paths=None,
            lock_factors=None, negative=self.negative, cbow=False, mean_hidden=False,
            mean_gradient=False, compute_loss=self.compute_loss, n_dimensions=self.dimensions,
            n_flipped=layout.n_flipped(self.dimensions), bias=layout.bias,
            **block._asdict(), **defaults | options,
        )  # fmt: skip

    def _step(self, window: int, p_max: float) -> SkipGramStep:
        rate = max(self.alpha, self.min_alpha)
        return SkipGramStep(self.negative_sharing, self.negative, rate, p_max, window)
