"""Sharing: which examples get their negatives from the same draws."""

import logging
from typing import Any

logger = logging.getLogger(__name__)

SHARINGS = ("window", "block", "pair")
FOCUS_WORDS = {"skip-gram": 4, "CBOW": 8}
DRAWS_PER_NEGATIVE = 1.6
STEP_BOUND = {"skip-gram": 1.25, "CBOW": 0.33}
LEAST_CBOW_LOAD = 0.4


def sharing(model: Any, p_max: float, locked: bool) -> tuple[int, int]:
    """How many neighbouring focus words are trained at once, and how many draws they share.

    Skip-gram: ``"pair"`` is the papers' algorithm, a draw for each pair: (0, 0). ``"window"`` draws
    once for all pairs of a focus word, ``"block"`` 1.6 times as many for several neighbouring focus
    words; each draw is weighted so that every pair is owed `negative` negatives, as in the paper,
    and the expectation of the gradient is the same (`fastsgns.kernels.blocks`). In hierarchical
    softmax, both let all pairs of a focus word meet its path at once.

    CBOW has one example a focus word, and keeps its own negatives for each. ``"window"`` and
    ``"block"`` gather the windows of several neighbouring words at once, whose sums slide.

    A row then moves by the gradients of several examples at once, which overshoots where

        skip-gram  learning rate * pairs of a block * negative * max(1 / draws, p_max)
        CBOW       learning rate * focus words * max(negative * p_max, 0.4)

    is large; p_max, the probability of the most probable negative, counts in tiny vocabularies,
    where the draws are alike. On vocabularies of 20 to 2000 words, with full windows and no
    subsampling (the worst case), training stayed stable up to the products in `STEP_BOUND` and
    diverged at about twice these. Beyond them a block takes fewer focus words, and if not even one
    is left, "pair" is used; each with a log record.

    Parameters
    ----------
    model : Word2Vec
    p_max : float
        Probability of the most probable negative.
    locked : bool
        Whether updates of some rows are scaled, which only "pair" can do.

    Returns
    -------
    n_focus, n_shared : int
    """
    wanted = model.negative_sharing
    if wanted == "pair":
        return 0, 0
    if locked:
        logger.info(
            "negative_sharing=%r becomes 'pair', because wv.vectors_lockf is not all 1", wanted
        )
        return 0, 0
    method = "skip-gram" if model.sg else "CBOW"
    n_focus, n_shared = _wanted(model, method)
    load = max(_load(model, n_shared, p_max) * max(model.alpha, model.min_alpha), 1e-9)
    n_stable = int(STEP_BOUND[method] / load)
    if n_stable < n_focus:
        logger.info(
            "alpha %g with window %d and %d negatives is too much for %d focus words to be trained "
            "at once; %d will", model.alpha, model.window, model.negative, n_focus, n_stable
        )  # fmt: skip
    return (min(n_focus, n_stable), n_shared) if n_stable else (0, 0)


def _wanted(model: Any, method: str) -> tuple[int, int]:
    if not model.sg:
        return FOCUS_WORDS[method], 0
    if model.negative_sharing == "window" or not model.negative:
        return 1, model.negative
    return FOCUS_WORDS[method], round(DRAWS_PER_NEGATIVE * model.negative)


def _load(model: Any, n_shared: int, p_max: float) -> float:
    """How many examples of one focus word move the same row at once."""
    if not model.sg:
        return max(model.negative * p_max, LEAST_CBOW_LOAD)
    n_pairs = 2 * model.window
    negative = n_pairs * model.negative * max(1 / max(n_shared, 1), p_max)
    return max(negative, n_pairs) if model.hs else negative
