"""Fitting: the part of Word2Vec that turns its parameters into an objective and trains it."""

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from fastsgns import kernels, sampling
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.errors import EmptyCorpusError, warn
from fastsgns.kernels.objective import Objective
from fastsgns.models import parameters
from fastsgns.models.words.building import VocabularyBuilder
from fastsgns.models.words.inputs import input_rows
from fastsgns.models.words.softmax import batch_rows
from fastsgns.models.words.unfinished import Unfinished
from fastsgns.runtime.machine import release_memory
from fastsgns.training.examples import TokenChunks
from fastsgns.training.session import Session, choose_seed
from fastsgns.training.sharing import (
    NO_SHARING,
    BlockSize,
    NegativeSharing,
    SkipGramStep,
    block_of_windows,
    describe,
)
from fastsgns.training.trainer import Schedule, Tally, Trainer
from fastsgns.vectors.roles import sync_matrices

logger = logging.getLogger(__name__)

MANY_WORDS = 10_000


RATE_ROUNDING = 1e-9


class Fitting(VocabularyBuilder):
    """Schedule, objective and callbacks around a Trainer."""

    alpha: float
    min_alpha: float
    window: int
    shrink_windows: bool
    sg: int
    ns_exponent: float
    cbow_mean: int
    cbow_gradient: str
    negative_sharing: NegativeSharing
    coupling: float
    compute_loss: bool
    epochs_trained: int
    epochs_begun: int
    epoch_losses: list[float]
    running_training_loss: float
    min_alpha_yet_reached: float
    train_count: int
    total_train_time: float
    lifecycle_events: list[dict[str, Any]] | None

    unfinished: Unfinished | None

    def _train(
        self, corpus: EncodedCorpus, epochs: int, start: float, stop: float, n_skipped: int,
        callbacks: Iterable[Any],
    ) -> tuple[int, int]:  # fmt: skip
        """Train for some epochs, from a position on the line of the learning rate."""
        left = Unfinished(
            epochs, start, stop, n_skipped, corpus.n_raw_tokens, choose_seed(self.seed)
        )
        self.running_training_loss = 0.0
        return self._continue(corpus, left, callbacks)

    def _continue(
        self, corpus: EncodedCorpus, left: Unfinished, callbacks: Iterable[Any]
    ) -> tuple[int, int]:
        """Train for the epochs that are left."""
        if corpus.n_tokens == 0:
            raise EmptyCorpusError(
                f"none of the {corpus.n_raw_tokens} tokens of the corpus is in the vocabulary "
                f"of {len(self.wv)} words"
            )
        self.unfinished = left
        n_skipped = round(left.n_skipped * corpus.n_tokens / corpus.n_raw_tokens)
        schedule = Schedule(
            left.start_alpha, left.end_alpha, corpus.n_tokens, left.n_epochs, n_skipped
        )
        parameters.warn_of_no_effect(self)
        self._warn_of_rise(schedule.rate(0, 0))
        has_pairs = _warn_of_no_pairs(corpus)
        loss_so_far = 0.0

        def follow(epoch: int, tally: Tally, total: Tally) -> None:
            nonlocal loss_so_far
            loss = total.loss + tally.loss
            self.running_training_loss += loss - loss_so_far  # the user may have set it to 0
            loss_so_far = loss
            self.min_alpha_yet_reached = schedule.rate(epoch, tally.n_tokens)

        def shorten() -> None:
            self.unfinished = self.unfinished and self.unfinished.after_an_epoch()

        started = time.monotonic()
        try:
            with Session(self, self._matrices, left.n_epochs, tuple(callbacks)) as session:
                trainer = Trainer(
                    self._objective(), TokenChunks(corpus.ids, corpus.offsets), schedule,
                    left.seed, self.workers, self.epochs_begun, self.progress, follow,
                )  # fmt: skip
                logger.info(
                    "training %s, %s, with workers=%d and kernel %s on %d words", self,
                    describe(trainer.objective), self.workers, kernels.variant(), corpus.n_tokens,
                )  # fmt: skip
                session.run(trainer.losses(), partial(self._follow_changes, trainer), shorten)
        finally:
            self.train_count += 1
            self.total_train_time += time.monotonic() - started
            self.add_lifecycle_event("train", msg=str(self), n_epochs=left.n_epochs)
        if has_pairs and trainer.total.n_tokens and not trainer.total.n_examples:
            warn(
                "nothing was learned: subsampling left no two words beside each other "
                f"(sample is {self.sample:g}; 0 keeps all words)"
            )
        n_epochs = trainer.total.n_tokens / corpus.n_tokens
        return trainer.total.n_kept, round(corpus.n_raw_tokens * n_epochs)

    def _warn_of_rise(self, rate: float) -> None:
        """Log that the learning rate starts above where earlier training left it."""
        if self.epochs_begun and rate > self.min_alpha_yet_reached * (1 + RATE_ROUNDING):
            logger.warning(
                "alpha rises to %g, having come down to %g in earlier training",
                rate,
                self.min_alpha_yet_reached,
            )

    def _follow_changes(self, trainer: Trainer) -> None:
        """Train the matrices as callbacks have left them, or those that they have put in place."""
        objective = trainer.objective
        if len(self.wv) != len(objective.input):
            raise RuntimeError(
                f"a callback changed the vocabulary from {len(objective.input)} to "
                f"{len(self.wv)} words during training; do so between two calls of train()"
            )
        if any(rows is not getattr(objective, name) for name, rows in self._rows().items()):
            trainer.use(self._objective())

    def _rows(self) -> dict[str, Any]:
        """The arrays of an `Objective` that training writes (`Matrices.rows`)."""
        matrices, layout = self._matrices, self._matrices.layout
        return {
            "input": input_rows(self.wv, matrices),
            "output": matrices.rows("output") if self._has_output() else None,
            "tree": matrices.rows("tree") if self.hs else None,
            "negative_output": matrices.rows("negative")
            if matrices.layout.has_negative_matrix
            else None,
            "scalar_bias": matrices.bias if layout.bias == "scalar" else None,
        }

    def _objective(self) -> Objective:
        """What is to be trained: copies of `wv`, `syn1neg` and `syn1`, and how."""
        parameters.check_objective(self)
        sync_matrices(self.wv, self._matrices, thorough=True)
        vocabulary, matrices = self._vocabulary(), self._current()
        counts = vocabulary.counts
        if len(self.wv.array) != len(counts):
            raise ValueError(
                f"model.wv has {len(counts)} words, but vectors of shape {self.wv.array.shape}"
            )
        for role, n_rows in (
            *((role, len(counts)) for role in self._target_roles()),
            *([("tree", len(counts) - 1)] if self.hs else []),
        ):
            found = matrices.vectors.get(role)
            if found is None:
                matrices.create(role, n_rows, self.wv.vector_size)
            elif found.shape != (n_rows, self.wv.vector_size):
                raise ValueError(
                    f"the {role} matrix is of shape {found.shape}, but model.wv needs "
                    f"{(n_rows, self.wv.vector_size)}; was model.wv replaced?"
                )
        self._current()
        tables, p_max = self._tables(counts)
        layout = matrices.layout
        lock = self._lock(len(counts))
        if lock is not None and layout.shares_one_matrix:
            raise ValueError(
                f"with matrices={self.matrices!r} a row is input and output at once, so "
                "wv.vectors_lockf can't hold it still; let all be 1"
            )
        block = self._block_size(p_max, lock is not None)
        return Objective(
            **tables,
            lock_factors=lock,
            window=self.window,
            shrink_windows=bool(self.shrink_windows),
            negative=self.negative,
            cbow=not self.sg,
            mean_hidden=bool(self.cbow_mean),
            mean_gradient=self._divides_gradient(),
            compute_loss=self.compute_loss,
            **block._asdict(),
            n_batch_rows=batch_rows(len(counts)) if self.softmax else 0,
            coupling=float(self.coupling),
            n_dimensions=self.wv.vector_size,
            n_flipped=layout.n_flipped(self.wv.vector_size),
            bias=layout.bias,
            **self._rows(),  # last, when the memory that making the tables takes is free again
        )

    def _block_size(self, p_max: float, has_lock_factors: bool) -> BlockSize:
        """Return how many focus words of skip-gram share negatives."""
        mode = self.negative_sharing
        if self.softmax or not self.sg or mode == "pair":
            return NO_SHARING
        if has_lock_factors:
            logger.warning(
                "negative_sharing=%r becomes 'pair', because wv.vectors_lockf is not all 1", mode
            )
            return NO_SHARING
        rate = max(self.alpha, self.min_alpha)
        return block_of_windows(
            SkipGramStep(mode, self.negative, rate, p_max, self.window, bool(self.hs))
        )

    def _tables(self, counts: np.ndarray) -> tuple[dict[str, Any], float]:
        """Return the tables of an `Objective` over the words, and the largest noise probability.

        They are made before the rows of targets are first written to, so that the memory that
        making them takes is free again when the matrices need theirs.
        """
        noise = sampling.noise_distribution(counts, self.ns_exponent) if self.negative else None
        p_max = 0.0 if noise is None else float(noise.max())
        tables = {
            "noise": None if noise is None else sampling.alias_table(noise),
            "paths": sampling.huffman_paths(counts) if self.hs else None,
            "keep_thresholds": sampling.keep_thresholds(counts, self.sample),
        }
        del noise
        if len(counts) >= MANY_WORDS:
            release_memory()
        return tables, p_max

    def _lock(self, n_words: int) -> np.ndarray | None:
        """Factors of the updates by word, or None where all are 1."""
        lock = np.asarray(self.wv.vectors_lockf, np.float32)
        if lock.shape not in ((1,), (n_words,)):
            raise ValueError(
                f"wv.vectors_lockf is of shape {lock.shape}; allowed are (1,) and ({n_words},)"
            )
        if not np.isfinite(lock).all():
            word = int(np.argmin(np.isfinite(lock)))
            raise ValueError(
                f"wv.vectors_lockf[{word}] is {lock[word]}; allowed are finite numbers, such as 0 "
                "to keep a vector and 1 to train it"
            )
        return None if np.all(lock == 1) else np.ascontiguousarray(np.broadcast_to(lock, n_words))

    def _divides_gradient(self) -> bool:
        """Whether each context gets the hidden vector's gradient divided by their number.

        The derivative does so for a mean and not for a sum; word2vec's programs do the opposite.
        """
        exact = self.cbow_gradient == "exact"
        return exact if self.cbow_mean else not exact

    def get_latest_training_loss(self) -> float:
        """Loss summed since the last call of `train` began; see also `epoch_losses`."""
        return self.running_training_loss

    @property
    def cum_table(self) -> np.ndarray:
        """Cumulative noise distribution in units of 2**-31, as gensim keeps it."""
        noise = sampling.noise_distribution(self._vocabulary().counts, self.ns_exponent)
        return np.rint(np.cumsum(noise) * (2**31 - 1)).astype(np.uint32)

    def add_lifecycle_event(
        self, event_name: str, log_level: int | bool = logging.INFO, **event: Any
    ) -> None:
        """Append to `lifecycle_events` unless None, and log unless `log_level` is False."""
        moment = {"event": event_name, "datetime": time.strftime("%Y-%m-%dT%H:%M:%S")}
        if self.lifecycle_events is not None:
            self.lifecycle_events.append(moment | event)
        if log_level is not False:
            logger.log(log_level, "%s: %s", event_name, event)


def _warn_of_no_pairs(corpus: EncodedCorpus) -> bool:
    """Warn of a corpus without a pair of different words; return whether it has one."""
    if len(corpus) == corpus.n_tokens:
        example = corpus.vocabulary.words_at(corpus.ids[:1])[0]
        warn(
            f"each of the {len(corpus)} sentences has one token of the vocabulary, such as "
            f"{example!r:.60}, so that there is no pair to learn from. Are sentences split into "
            "tokens? Are words too rare to be kept?"
        )
        return False
    if len(corpus.vocabulary) == 1:
        warn(
            f"the vocabulary is one word, {corpus.vocabulary.words[0]!r:.60}: there is no other to "
            "tell it from, and nothing to learn"
        )
        return False
    return True
