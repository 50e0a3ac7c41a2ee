"""Sharing of negatives: how many examples of skip-gram are trained at once, on the same draws."""

import logging
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from fastsgns.kernels.objective import Objective

logger = logging.getLogger(__name__)

NegativeSharing = Literal["pair", "window", "block"]
SHARINGS: tuple[NegativeSharing, ...] = get_args(NegativeSharing)
FOCUS_WORDS = 4
MAX_FOCUS_WORDS = 10
WINDOW_POSITIONS = 20
MAX_PAIRS = 8
DRAWS_PER_NEGATIVE = 1.6
STEP_BOUND = 1.25
PATH_BOUND = 0.5
TINY_LOAD = 1e-9


class BlockSize(NamedTuple):
    """What is trained at once.

    Attributes
    ----------
    n_focus : int
        Focus words, or pairs of a list, that share negatives; 0 if each pair has its own.
    n_shared_negatives : int
        Negatives drawn for all of them.
    """

    n_focus: int
    n_shared_negatives: int


NO_SHARING = BlockSize(0, 0)


@dataclass(frozen=True)
class SkipGramStep:
    """The settings that decide how far skip-gram moves a row in one step.

    Attributes
    ----------
    sharing : {"pair", "window", "block"}
    negative : int
        Negatives per positive pair.
    learning_rate : float
        The largest one of the schedule.
    p_max : float
        Probability of the most probable negative.
    window : int
        Half the number of context positions of a focus word. Lists of pairs do not use it.
    hs : bool
        Whether hierarchical softmax is trained too.
    """

    sharing: NegativeSharing
    negative: int
    learning_rate: float
    p_max: float
    window: int = 1
    hs: bool = False


def block_of_windows(step: SkipGramStep, level: int = logging.WARNING) -> BlockSize:
    """Return how many neighbouring focus words are trained at once, and how many draws they share.

    ``"pair"`` is the algorithm of the papers, with its own draws for each pair. ``"window"`` draws
    once for all pairs of a focus word. ``"block"`` draws 1.6 times as many negatives for a block of
    4 neighbouring focus words, which also share the random size of their windows. For windows
    below 5 a block has 20 / window focus words, up to 10: they have few pairs each, so that the
    load of a step is the same. Each draw is weighted so that the expected gradient is that of
    `negative` negatives per pair (`fastsgns.kernels.blocks`). With hierarchical softmax, both train
    all pairs of a focus word on its path at once.

    A row then moves by the gradients of several pairs at once. It overshoots if the load

        learning rate * 2 window * focus words * negative * max(1 / draws, p_max)

    is large. p_max matters in tiny vocabularies, where many draws are the same word. On random text
    of 3 to 2000 words, with full windows and without subsampling, training was stable up to
    `STEP_BOUND` and diverged at about twice that. Above it a block has fewer focus words, and if
    one is too many, pairs do not share; a log record says so if they are fewer than 4.
    Hierarchical softmax has a bound of its own: where the learning rate times the pairs of a focus
    word exceeds `PATH_BOUND`, pairs do not share. Up to it a tree of three words still learns, and
    up to twice that it stays finite. If a word repeats within a block, as in real text, the kernel
    shortens the step of that block.

    Parameters
    ----------
    step : SkipGramStep
    level : int
        Log level of the record that a block has fewer than 4 focus words.
    """
    if step.sharing == "pair":
        return NO_SHARING
    n_focus, n_shared = 1, step.negative
    if step.sharing == "block" and step.negative:
        n_focus = max(FOCUS_WORDS, min(WINDOW_POSITIONS // step.window, MAX_FOCUS_WORDS))
        n_shared = round(DRAWS_PER_NEGATIVE * step.negative)
    rate, n_pairs = step.learning_rate, 2 * step.window
    load = n_pairs * step.negative * max(1 / max(n_shared, 1), step.p_max)
    n_stable = int(STEP_BOUND / max(rate * load, TINY_LOAD))
    if step.hs and rate * n_pairs > PATH_BOUND:
        n_stable = 0
    if n_stable < min(n_focus, FOCUS_WORDS):
        _log_smaller_block(level, step, n_stable)
    return BlockSize(min(n_focus, n_stable), n_shared) if n_stable else NO_SHARING


def block_of_pairs(step: SkipGramStep) -> BlockSize:
    """Return how many pairs of a list are trained at once, and how many draws they share.

    Both ``"window"`` and ``"block"`` train 8 pairs at once, or fewer where the load of a step would
    exceed `STEP_BOUND`, as in `block_of_windows`.
    """
    if step.sharing == "pair":
        return NO_SHARING
    n_shared = round(DRAWS_PER_NEGATIVE * step.negative)
    load = step.learning_rate * step.negative * max(1 / n_shared, step.p_max)
    n_pairs = min(MAX_PAIRS, int(STEP_BOUND / max(load, TINY_LOAD)))
    return BlockSize(n_pairs, n_shared) if n_pairs else NO_SHARING


def _log_smaller_block(level: int, step: SkipGramStep, n_stable: int) -> None:
    action = f"the pairs of {n_stable} words are trained at once" if n_stable else "'pair' is used"
    logger.log(
        level,
        "learning rate %g with window %d is too much for negative_sharing=%r: %s, which is slower; "
        "lower alpha or window to avoid it", step.learning_rate, step.window, step.sharing, action,
    )  # fmt: skip


def describe(objective: Objective) -> str:
    """Return what is trained at once, in words."""
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
