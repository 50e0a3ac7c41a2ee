"""Objective: everything a kernel reads or trains, as arrays and numbers."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

SLACK = 16  # as in rows.h


class Paths(NamedTuple):
    """Huffman paths of all words, concatenated: word i owns ``[starts[i], starts[i + 1])``.

    `nodes` (int32) are rows of the tree's matrix from the root down; `labels` (float32) are 1
    where the path takes the branch coded 0, as in Mikolov et al. (2013), and 0 where it does not,
    with `SLACK` zeros after the last path. `longest` is the length of the longest path.
    """

    nodes: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    longest: int


@dataclass(frozen=True)
class Objective:
    """What `train_chunk` needs to know; arrays are shared, not copied.

    Parameters
    ----------
    input : ndarray of float32 or float64, shape (V, width)
        Input rows; `width` is a multiple of 16 and the padding is zero.
    output : ndarray, shape (V, width), or None
        Output rows of negative sampling or full softmax; None leaves both out. For lists of pairs
        there may be another number of them, also in what follows about targets. The same array as
        `input` lets one matrix play both roles (`fastsgns.kernels.roles`).
    tree : ndarray, shape (V - 1, width), or None
        Output rows of hierarchical softmax, one an inner node; None leaves it out.
    noise : ndarray of uint32, shape (V, 2), or None
        Alias table of the noise distribution.
    paths : Paths or None
        Huffman paths, with `tree`.
    keep : ndarray of uint32, shape (V,), or None
        A token of word i is kept with probability ``(keep[i] + 1) / 2**32``; None keeps all.
    lock : ndarray of float32, shape (V,), or None
        Factor of the updates of each input row; None is 1 for all.
    window : int
        Largest distance between focus and context.
    forward : bool
        Contexts only lie before their focus, so that the input row is always the earlier token's.
    shrink : bool
        Draw each focus's window uniformly from 1 .. `window`.
    negative : int
        Negatives a positive.
    cbow : bool
        CBOW instead of skip-gram.
    mean_hidden, mean_gradient : bool
        CBOW: divide the hidden vector, and the gradient handed to each context, by the number of
        contexts. The two alike is the true gradient; see `fastsgns.models.word2vec`.
    want_loss : bool
        Compute the loss, at the cost of an exponential and a logarithm a score.
    n_focus, n_shared : int
        How many neighbouring focus words, or pairs of a list, share negatives, and how many draws
        they share; 0 draws `negative` for each example (`fastsgns.kernels.blocks`). With `tree`,
        all contexts of a focus word also meet its path at once; without `output`, `n_shared` is
        then 0.
    n_batch : int
        Full softmax over `output` (`fastsgns.kernels.softmax`): how many hidden vectors learn at
        once; 0 leaves it out. Needs ``negative=0``, no `tree` and `n_focus` 0.
    max_reach : int, optional
        No sentence is longer than this: a bound on the scratch that a large window takes.
    negatives : ndarray, shape (V, width), or None
        Rows of the negative targets, if they are not those of the positive ones.
    coupling : float
        Weight of the penalty ``|negatives[j] - output[j]|**2 / 2`` each time either row is met.
    n_dimensions : int
        One matrix: the columns before those of the bias.
    n_flipped : int
        One matrix: so many leading coordinates have the other sign in the input role.
    bias : {None, "scalar", "word", "both"}
        One matrix: what is added to a score. One number; ``input[j, n_dimensions]`` of the target
        j; or the sum of that column over input and target (a CBOW window: over the hidden vector
        and target). What is 1 in a row: column `n_dimensions` with "scalar", the next with "both".
    scalar : ndarray of float64, shape (1,), or None
        The number of "scalar", which learns at a hundredth of the rate.
    stop : ndarray of int32, shape (1,)
        Another thread sets it to 1 to make a running call return early.
    """

    input: np.ndarray
    output: np.ndarray | None
    tree: np.ndarray | None
    noise: np.ndarray | None
    paths: Paths | None
    keep: np.ndarray | None
    lock: np.ndarray | None
    window: int
    shrink: bool
    negative: int
    cbow: bool
    mean_hidden: bool
    mean_gradient: bool
    want_loss: bool
    n_focus: int = 0
    n_shared: int = 0
    n_batch: int = 0
    max_reach: int | None = None
    negatives: np.ndarray | None = None
    coupling: float = 0.0
    n_dimensions: int = 0
    n_flipped: int = 0
    bias: str | None = None
    scalar: np.ndarray | None = None
    forward: bool = False
    stop: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int32))

    @property
    def reach(self) -> int:
        """How far a context can be from its focus."""
        return self.window if self.max_reach is None else min(self.window, self.max_reach)
