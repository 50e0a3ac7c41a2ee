"""Loads: how much a shard has trained each row, by which `fastsgns.training.merge` weighs changes.

The load of a row is the expected sum of the learning rates of all pairs that it is updated for. An
update of an input row sums the gradients of `negative` + 1 pairs. Expectations are over windows,
subsampling and negative samples, for sentences that are longer than a window.
"""

from collections.abc import Sequence

import numpy as np

from fastsgns.kernels.objective import Objective, Paths, Subwords
from fastsgns.training.examples import Pairs, Sentences

BIAS_SHARE = 0.01  # of the learning rate, at which a scalar bias learns


class WordLoads:
    """The loads of the words of a replica in each role, at a learning rate of 1.

    Parameters
    ----------
    inputs : ndarray of float, shape (n,)
        Pairs in which each word is the input, with negative samples or nodes of paths counted.
    targets : ndarray of float, shape (n,)
        Pairs in which each word is the target or a negative sample.
    positives : ndarray of float, shape (n,)
        Pairs in which each word is the target. Its path is trained as often.
    """

    def __init__(self, inputs: np.ndarray, targets: np.ndarray, positives: np.ndarray) -> None:
        self.inputs, self.targets, self.positives = inputs, targets, positives

    @classmethod
    def of_sentences(
        cls, objective: Objective, parts: Sequence[Sentences], n_words: int,
        pool: np.ndarray | None,
    ) -> "WordLoads":  # fmt: skip
        """Compute the loads of sentences in the numbers of a replica, with its tables."""
        counts = np.zeros(n_words)
        for part in parts:
            counts += np.bincount(part.ids[part.start : part.stop], minlength=n_words)
        if objective.keep_thresholds is not None:
            counts *= (objective.keep_thresholds + 1.0) / 2.0**32
        n_contexts = contexts_per_word(objective)
        positives = counts if objective.cbow else counts * n_contexts
        n_targets = 0.0
        targets = np.zeros(n_words)
        if objective.n_batch_rows:
            n_targets += 2.0
            targets += positives + positives.sum() / n_words
        elif objective.output is not None:
            n_targets += 1.0 + objective.negative
            targets += positives
            if pool is not None:
                share = np.bincount(pool, minlength=n_words) / len(pool)
                targets += positives.sum() * objective.negative * share
        if objective.paths is not None:
            n_targets += path_length(objective.paths, counts)
        inputs = counts * n_contexts * n_targets
        if objective.cbow:
            inputs /= (n_contexts if objective.mean_hidden else 1) * (
                n_contexts if objective.mean_gradient else 1
            )
        return cls(inputs, targets, positives)

    def of_subwords(self, subwords: Subwords, is_tied: bool, n_rows: int) -> np.ndarray:
        """Return the loads of rows of subwords: each has those of all words that it is part of."""
        words = self.inputs + self.targets if is_tied else self.inputs
        weights = np.repeat(words, np.diff(subwords.starts))
        return np.bincount(subwords.rows, weights, n_rows)

    def of_nodes(self, paths: Paths, n_rows: int) -> np.ndarray:
        """Return the loads of inner nodes of the Huffman tree."""
        weights = np.repeat(self.positives, np.diff(paths.starts))
        return np.bincount(paths.nodes, weights, n_rows)


def contexts_per_word(objective: Objective) -> float:
    """Return the mean number of context words of a focus word."""
    radius = (objective.window + 1) / 2 if objective.shrink_windows else objective.window
    radius = min(radius, objective.max_radius)
    return float(radius if objective.forward else 2 * radius)


def path_length(paths: Paths, counts: np.ndarray) -> float:
    """Return the mean length of the paths of words."""
    # Not with "@": BLAS sums in another order on another processor, and with other threads.
    return float((counts * np.diff(paths.starts)).sum() / max(counts.sum(), 1.0))


def loads_of_pairs(
    objective: Objective, parts: Sequence[Pairs], role: str, n_rows: int, pool: np.ndarray | None
) -> np.ndarray:
    """Return the loads of the rows of one matrix at a learning rate of 1, from lists of pairs.

    Parameters
    ----------
    objective : Objective
    parts : sequence of Pairs
        In the numbers of a replica.
    role : {"input", "output"}
    n_rows : int
    pool : ndarray of int32, or None
        From which negative samples of this role are drawn.
    """
    loads, n_pairs = np.zeros(n_rows), 0
    for part in parts:
        if part.roles[0] == role:
            loads += np.bincount(part.sources, minlength=n_rows) * (1.0 + objective.negative)
        if part.roles[1] == role:
            loads += np.bincount(part.targets, minlength=n_rows)
            n_pairs += len(part.targets)
    if pool is not None:
        share = np.bincount(pool, minlength=n_rows) / len(pool)
        loads += n_pairs * objective.negative * share
    return loads
