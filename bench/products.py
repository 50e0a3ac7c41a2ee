"""The numbers of products and of moved rows per example, counted on a sample."""

from typing import Any

import numpy as np

SAMPLE = 200_000


def per_example(objective: Any, ids: np.ndarray, offsets: np.ndarray) -> tuple[float, float]:
    """Return the products and the moved rows per example: a pair in skip-gram, a window in CBOW.

    An example with its own negative samples has 1 + negative products. Examples that share negative
    samples are computed as blocks: all input rows times all output rows, with each distinct row
    once. This function draws the blocks of a sample of sentences as the kernel does, and counts
    their rows.
    """
    if objective.cbow or not objective.n_focus:
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
        for first in range(0, len(sentence), objective.n_focus):
            block = sentence[first : first + objective.n_focus]
            drawn = set(_draws(objective, rng))
            reach = int(rng.integers(1, objective.window + 1))
            reach = reach if objective.shrink_windows else objective.window
            if len(sentence) < 2:
                continue
            low, high = max(0, first - reach), min(len(sentence), first + len(block) + reach)
            in_a_pair = [i for i in range(low, high) if len(block) > 1 or i != first]
            contexts = {sentence[i] for i in in_a_pair}
            targets = drawn.union(block)
            n_products += len(contexts) * len(targets)
            n_rows += len(contexts) + len(targets)
            for focus in range(first, first + len(block)):
                n_examples += min(len(sentence), focus + reach + 1) - max(0, focus - reach) - 1
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
