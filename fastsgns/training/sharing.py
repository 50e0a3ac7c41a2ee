"""Sharing of negatives: how many examples of skip-gram are trained at once, on the same draws."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from fastsgns.kernels.objective import Objective

NegativeSharing = Literal["pair", "window", "batch", "block"]
SHARINGS: tuple[NegativeSharing, ...] = get_args(NegativeSharing)
Order = Literal["sequential", "batch"]
MOST_CONTEXTS = 64
BLOCK_DRAWS = 0.6
MOST_PAIRS = 8
PAIR_DRAWS = 1.6
STEP_BOUND = {"sequential": 0.5, "batch": 0.25}
PATH_BOUND = 0.25
TIED_SUBWORDS_BOUND = 0.1
BLOCK_BOUND = 1.25
TINY_LOAD = 1e-9
MOST_SHARE = 0.25


class Sharing(NamedTuple):
    """What is trained at once, in the terms of `fastsgns.kernels.objective.Objective`.

    Attributes
    ----------
    window_order : {None, "sequential", "batch"}
        None: one pair after the other.
    n_shared_negatives : int
        Negatives drawn for all pairs of a focus word, or of a block of pairs.
    max_contexts : int
        Largest number of pairs of a focus word that are trained at once.
    pairs_per_block : int
        Pairs of a list that are trained at once.
    """

    window_order: Order | None = None
    n_shared_negatives: int = 0
    max_contexts: int = MOST_CONTEXTS
    pairs_per_block: int = 0


NO_SHARING = Sharing()


@dataclass(frozen=True)
class SkipGramStep:
    """The settings that decide how far skip-gram moves a row in one step.

    Attributes
    ----------
    sharing : {"pair", "window", "batch", "block"}
    negative : int
        Negatives per positive pair.
    learning_rate : float
        The largest one of the schedule.
    p_max : float
        Probability of the most probable negative.
    hs : bool
        Whether hierarchical softmax is trained too.
    three_matrices : bool
        Whether negatives have an output matrix of their own.
    one_matrix : bool
        Whether input and output rows are the same.
    subwords : bool
        Whether words are made of several rows, which other words have as well.
    top_share : float
        Share of the most frequent token among all tokens, where it may be large.
    """

    sharing: NegativeSharing
    negative: int
    learning_rate: float
    p_max: float
    hs: bool = False
    three_matrices: bool = False
    one_matrix: bool = False
    subwords: bool = False
    top_share: float = 0.0


def share_in_windows(step: SkipGramStep) -> Sharing:
    """Return how the pairs of a focus word are trained.

    ``"pair"`` is the algorithm of the papers, with its own draws for each pair. The other modes
    draw once for all pairs of a focus word (`fastsgns/kernels/windows.pxd`). ``"window"`` updates
    them in the papers' order, ``"batch"`` takes the gradient step of the whole window.
    ``"block"`` is "batch" with 0.6 times as many draws, each of which counts more.

    An output row moves by the gradients of all these pairs, whose scores are those of the old rows.
    It overshoots if the load of a step,

        learning rate * contexts * max(1, negative * p_max),

    is large. p_max matters in tiny vocabularies, where many draws are the same word. The number of
    contexts that are trained at once is therefore limited so that the load is at most `STEP_BOUND`,
    with hierarchical softmax `PATH_BOUND`.
    On random text of 3 to 2000 words, in which words also repeat 10 times in a row, with full
    windows and without subsampling, training was stable up to these bounds in every case. It
    diverged in the worst case at twice the bound. With three matrices the sequential order is not
    stable at these loads, because only the coupling holds the rows of positive targets back.
    "window" then has the batch order. With one matrix, a pair of a word with itself moves one row
    twice. Walks on graphs, which often return, diverged at a load of 0.5, but not at half of it, to
    which the load of one matrix is limited. "window" also has the batch order if a token is more
    than a quarter of all tokens, as the center of a star graph: most pairs of a window are then the
    same one, and the sequential order diverged at half of all tokens, but not at a quarter.
    With subwords "window" has the batch order, too. The vectors of words that share n-grams are
    alike, as if one word was repeated. On random text of 30,000 words with a common beginning, such
    as item123, the sequential order diverged, and the batch order did not. On wiki17m it gave the
    better vectors (docs/subwords.md). With one matrix the output vectors are alike, too: "block"
    then diverged at a load of 0.25, but not at `TIED_SUBWORDS_BOUND`.
    """
    if step.sharing == "pair":
        return NO_SHARING
    n_shared = step.negative
    if step.sharing == "block" and step.negative:
        n_shared = max(1, round(BLOCK_DRAWS * step.negative))
    is_varied = step.top_share <= MOST_SHARE and not (step.three_matrices or step.subwords)
    sequential = step.sharing == "window" and is_varied
    order: Order = "sequential" if sequential else "batch"
    load = step.learning_rate * max(1, step.negative * step.p_max)
    bound = PATH_BOUND if step.hs else STEP_BOUND["batch" if step.one_matrix else order]
    if step.one_matrix and step.subwords:
        bound = TIED_SUBWORDS_BOUND
    n_contexts = round(bound / max(load, TINY_LOAD))
    return Sharing(order, n_shared, max_contexts=min(max(n_contexts, 1), MOST_CONTEXTS))


def share_in_lists(step: SkipGramStep) -> Sharing:
    """Return how the pairs of a list are trained.

    In every mode but ``"pair"``, 8 consecutive pairs are trained at once and share 1.6 times as
    many draws as one pair has. They are fewer where the load of a step, learning rate * pairs *
    negative * max(1 / draws, p_max), would exceed `BLOCK_BOUND`.
    """
    if step.sharing == "pair":
        return NO_SHARING
    n_shared = round(PAIR_DRAWS * step.negative)
    load = step.learning_rate * step.negative * max(1 / max(n_shared, 1), step.p_max)
    n_pairs = min(MOST_PAIRS, int(BLOCK_BOUND / max(load, TINY_LOAD)))
    return Sharing("batch", n_shared, pairs_per_block=max(n_pairs, 1))


def describe(objective: Objective) -> str:
    """Return what is trained at once, in words."""
    if objective.n_batch_rows:
        return f"{'CBOW' if objective.cbow else 'skip-gram'} with full softmax"
    one = ", one matrix in both roles" if objective.output is objective.input else ""
    if objective.cbow:
        return "CBOW" + one
    if objective.window_order is None:
        return "skip-gram pair by pair" + one
    if objective.pairs_per_block:
        return f"skip-gram with {objective.pairs_per_block} pairs at once{one}"
    order = "one after the other" if objective.window_order == "sequential" else "at once"
    return f"skip-gram with all pairs of a word {order}, on the same negatives{one}"
