"""Sharing: which examples get their negatives from the same draws."""

import logging
from typing import Any

from fastsgns.kernels.objective import Objective

logger = logging.getLogger(__name__)

SHARINGS = ("pair", "window", "block")
FOCUS_WORDS = 4
MOST_FOCUS_WORDS = 10
WINDOW_POSITIONS = 20
DRAWS_PER_NEGATIVE = 1.6
STEP_BOUND = 1.25
PATH_BOUND = 0.5


def sharing(
    model: Any, p_max: float, locked: bool, level: int = logging.WARNING
) -> tuple[int, int]:
    """How many neighbouring focus words are trained at once, and how many draws they share.

    ``"pair"`` is the papers' algorithm, a draw for each pair: (0, 0). ``"window"`` draws once for
    all pairs of a focus word, ``"block"`` 1.6 times as many for 4 neighbouring focus words, or for
    20 / window (up to 10) of a window below 5, whose few pairs load a step no more than those of
    4 words with window 5; they also share the drawn reach of their windows. Each draw is weighted
    so that every pair is owed `negative` negatives, as in the paper, and the expectation of the
    gradient is the same (`fastsgns.kernels.blocks`). In hierarchical softmax both let all pairs of
    a focus word meet its path at once. CBOW has one example a focus word, and nothing to share:
    (0, 0).

    A row then moves by the gradients of several pairs at once, which overshoots where

        learning rate * 2 window * focus words * negative * max(1 / draws, p_max)

    is large; p_max, the probability of the most probable negative, counts in tiny vocabularies,
    where the draws are alike. On random text of 3 to 2000 words, with full windows and no
    subsampling, training stayed stable up to `STEP_BOUND` and diverged at about twice that.
    Beyond it a block takes fewer focus words, and if not even one is left, "pair" is used; fewer
    than 4 with a log record. So it is where the learning rate times the pairs of a focus word
    exceeds `PATH_BOUND` in hierarchical softmax: up to there a tree of three words still learns, up
    to twice that it stays finite. Where a word repeats within a block, as in text that is not
    random, the kernel shortens that block's step.

    Parameters
    ----------
    model : Word2Vec
    p_max : float
        Probability of the most probable negative.
    locked : bool
        Whether updates of some rows are scaled, which only "pair" can do.
    level : int
        Of the log record that says that a block takes fewer than 4 focus words.

    Returns
    -------
    n_focus, n_shared_negatives : int
    """
    wanted = model.negative_sharing
    if wanted == "pair" or not model.sg:
        return 0, 0
    if locked:
        logger.warning(
            "negative_sharing=%r becomes 'pair', because wv.vectors_lockf is not all 1", wanted
        )
        return 0, 0
    n_focus, n_shared_negatives = 1, model.negative
    if wanted == "block" and model.negative:
        n_focus = max(FOCUS_WORDS, min(WINDOW_POSITIONS // model.window, MOST_FOCUS_WORDS))
        n_shared_negatives = round(DRAWS_PER_NEGATIVE * model.negative)
    rate = max(model.alpha, model.min_alpha)
    load = 2 * model.window * model.negative * max(1 / max(n_shared_negatives, 1), p_max)
    n_stable = int(STEP_BOUND / max(rate * load, 1e-9))
    if model.hs and rate * 2 * model.window > PATH_BOUND:
        n_stable = 0
    if n_stable < min(n_focus, FOCUS_WORDS):
        _say_so(level, wanted, rate, model.window, n_stable)
    return (min(n_focus, n_stable), n_shared_negatives) if n_stable else (0, 0)


def _say_so(level: int, wanted: str, rate: float, window: int, n_stable: int) -> None:
    logger.log(
        level,
        "learning rate %g with window %d is too much for negative_sharing=%r: %s, which is slower; "
        "lower alpha or window to avoid it", rate, window, wanted,
        f"the pairs of {n_stable} words are trained at once" if n_stable else "'pair' is used",
    )  # fmt: skip


def described(objective: Objective) -> str:
    """What is trained at once, in words."""
    if objective.n_batch_rows:
        return f"{'CBOW' if objective.cbow else 'skip-gram'} with full softmax"
    one = ", one matrix in both roles" if objective.output is objective.input else ""
    if objective.cbow:
        return "CBOW" + one
    if not objective.n_focus:
        return "skip-gram pair by pair" + one
    if objective.n_focus == 1:
        return "skip-gram with all pairs of a word at once" + one
    return f"skip-gram with all pairs of {objective.n_focus} neighbouring words at once{one}"
