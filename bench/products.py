"""The numbers of products and of moved rows per example, counted on a sample."""

from typing import Any

import numpy as np

SAMPLE = 200_000


def per_example(objective: Any, ids: np.ndarray, offsets: np.ndarray) -> tuple[float, float]:
    """Return the products and the moved rows per example: a pair in skip-gram, a window in CBOW.

    An example with its own negative samples has 1 + negative products. Examples that share negative
    samples are the pairs of a focus word: the input rows of its context words times the output rows
    of the focus word and of the different words among its negative samples. This function draws the
    windows of a sample of sentences as the kernel does, and counts their rows.
    """
    if objective.cbow or not objective.window_order:
        contexts = (
            objective.window * (1 if objective.shrink_windows else 2) + objective.shrink_windows
        )
        n_input = contexts if objective.cbow else 1
        return 1.0 + objective.negative, 1.0 + objective.negative + n_input
    rng = np.random.default_rng(1)
    n_products = n_rows = n_examples = 0
    end = int(np.searchsorted(offsets, min(len(ids), SAMPLE), "right"))
    for start, stop in zip(offsets[: end - 1].tolist(), offsets[1:end].tolist()):
        sentence = _kept(objective, ids[start:stop], rng)
        for position, focus in enumerate(sentence):
            targets = {focus, *_draws(objective, rng)}
            radius = int(rng.integers(1, objective.window + 1))
            radius = radius if objective.shrink_windows else objective.window
            first, last = max(0, position - radius), min(len(sentence) - 1, position + radius)
            n_products += (last - first) * len(targets)
            n_rows += last - first + len(targets) if last > first else 0
            n_examples += last - first
    return n_products / max(1, n_examples), n_rows / max(1, n_examples)


def _kept(objective: Any, sentence: np.ndarray, rng: np.random.Generator) -> list[int]:
    if objective.keep_thresholds is None:
        return sentence.tolist()
    luck = rng.integers(0, 2**32, len(sentence))
    return sentence[luck <= objective.keep_thresholds[sentence]].tolist()


def _draws(objective: Any, rng: np.random.Generator) -> list[int]:
    slots = rng.integers(0, len(objective.noise), objective.n_shared_negatives)
    thresholds, aliases = objective.noise[slots].T
    keeps = rng.integers(0, 2**32, len(slots)) < thresholds
    return np.where(keeps, slots, aliases).tolist()
