"""Sharing: which examples get their negatives from the same draws."""

import logging
from typing import Any

logger = logging.getLogger(__name__)

SHARINGS = ("pair", "window", "block")
FOCUS_WORDS = {"skip-gram": 4, "CBOW": 8}
DRAWS_PER_NEGATIVE = 1.6


def sharing(model: Any, locked: bool) -> tuple[int, int]:
    """How many neighbouring focus words share negatives, and how many draws they share.

    ``"pair"`` is the papers' algorithm, a draw for each pair: (0, 0). ``"window"`` draws once for
    all pairs of a focus word, ``"block"`` 1.6 times as many for several neighbouring focus words;
    each draw is weighted so that every pair is owed `negative` negatives, as in the paper, and the
    expectation of the gradient is the same (`fastsgns.kernels.blocks`).

    Parameters
    ----------
    model : Word2Vec
    locked : bool
        Whether updates of some rows are scaled, which only "pair" can do.

    Returns
    -------
    n_focus, n_shared : int
    """
    wanted = model.negative_sharing
    if wanted == "pair" or not model.negative:
        return 0, 0
    reason = "hs=1" if model.hs else "wv.vectors_lockf is not all 1" if locked else None
    if reason:
        logger.info("negative_sharing=%r becomes 'pair', because %s", wanted, reason)
        return 0, 0
    if wanted == "window":
        return (1, model.negative) if model.sg else (0, 0)
    n_focus = FOCUS_WORDS["skip-gram" if model.sg else "CBOW"]
    return n_focus, round(DRAWS_PER_NEGATIVE * model.negative)
