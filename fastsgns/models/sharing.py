"""Sharing: which examples get their negatives from the same draws."""

import logging
from typing import Any

logger = logging.getLogger(__name__)

SHARINGS = ("pair", "window", "block")
FOCUS_WORDS = {"skip-gram": 4, "CBOW": 8}
DRAWS_PER_NEGATIVE = 1.6
STEP_BOUND = {"skip-gram": 1.25, "CBOW": 0.3}


def sharing(model: Any, p_max: float, locked: bool) -> tuple[int, int]:
    """How many neighbouring focus words share negatives, and how many draws they share.

    ``"pair"`` is the papers' algorithm, a draw for each pair: (0, 0). ``"window"`` draws once for
    all pairs of a focus word, ``"block"`` 1.6 times as many for several neighbouring focus words;
    each draw is weighted so that every pair is owed `negative` negatives, as in the paper, and the
    expectation of the gradient is the same (`fastsgns.kernels.blocks`).

    A drawn row then moves by the gradients of all pairs of a block at once, which overshoots where

        learning rate * pairs of a block * negative * max(1 / draws, p_max)

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
    if wanted == "pair" or (wanted == "window" and not model.sg):
        return 0, 0
    reason = "wv.vectors_lockf is not all 1" if locked else None
    if model.hs and not model.sg:
        reason = "CBOW with hierarchical softmax has nothing to share"
    if reason:
        logger.info("negative_sharing=%r becomes 'pair', because %s", wanted, reason)
        return 0, 0
    method = "skip-gram" if model.sg else "CBOW"
    n_pairs = 2 * model.window if model.sg else 1
    n_focus, n_shared = 1, model.negative
    if wanted == "block" and model.negative:
        n_focus, n_shared = FOCUS_WORDS[method], round(DRAWS_PER_NEGATIVE * model.negative)
    load = n_pairs * model.negative * max(1 / max(n_shared, 1), p_max)
    if model.hs:
        load = max(load, n_pairs)
    n_stable = int(STEP_BOUND[method] / max(load * model.alpha, load * model.min_alpha, 1e-9))
    if n_stable < n_focus:
        logger.warning(
            "alpha %g with window %d and %d negatives is too much for %d focus words to share "
            "negatives; %d will", model.alpha, model.window, model.negative, n_focus, n_stable
        )  # fmt: skip
    return (min(n_focus, n_stable), n_shared) if n_stable else (0, 0)
