"""Objective: all arrays and numbers that a kernel reads or trains."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

SIMD_PAD = 16  # the constant of the same name in rows.h


class Paths(NamedTuple):
    """Huffman paths of all words, concatenated.

    The path of word i is ``nodes[starts[i]:starts[i + 1]]`` and its labels are
    ``labels[starts[i]:starts[i + 1]]``.

    Attributes
    ----------
    nodes : ndarray of int32, shape (n_nodes,)
        Inner nodes of the Huffman tree from the root down: row numbers of `Objective.tree`.
    labels : ndarray of float32, shape (n_nodes + SIMD_PAD,)
        1 where the path takes the branch with code 0, else 0, as in Mikolov et al. (2013). The last
        `SIMD_PAD` entries are zeros, because vector loads read past the last path.
    starts : ndarray of int64, shape (V + 1,)
        Where each path starts.
    longest : int
        Length of the longest path.
    """

    nodes: np.ndarray
    labels: np.ndarray
    starts: np.ndarray
    longest: int


class Subwords(NamedTuple):
    """The rows of `Objective.input` that each word is made of (`fastsgns/kernels/subwords.pxd`).

    The input vector of word i is the mean of the rows ``rows[starts[i]:starts[i + 1]]``: its own
    row and those of its character n-grams. A row that is listed twice counts twice. A step adds the
    update of the vector to each of these rows, as fastText does (Bojanowski, Grave, Joulin, Mikolov
    2017, "Enriching Word Vectors with Subword Information").

    Attributes
    ----------
    starts : ndarray of int64, shape (V + 1,)
        Where the list of each word starts.
    rows : ndarray of int32, shape (n,)
        Row numbers of `Objective.input`.
    most : int
        Length of the longest list.
    factors : ndarray of float32, shape (number of rows,), or None
        Lock factors: by which the update of each row is multiplied; None means 1 for all.
    loads : ndarray of float32, shape (V,), or None
        How many private rows hold a row of a word at the same time, divided by the number of
        private rows of a worker; the mean over the word's rows. None: private rows are not bounded
        in how often they are updated.
    step : float
        A private row is merged after ``step / (learning rate * max(1, load))`` updates, where load
        is that of the word times the number of private rows of a worker.
        `fastsgns.training.subwords` computes `loads` and `step`.
    """

    starts: np.ndarray
    rows: np.ndarray
    most: int
    factors: np.ndarray | None = None
    loads: np.ndarray | None = None
    step: float = 0.0


class HotRows(NamedTuple):
    """The rows of which each worker has a copy of its own (`fastsgns/kernels/hot.pxd`).

    `fastsgns.training.hotrows` chooses them.

    Attributes
    ----------
    input_ids, output_ids : ndarray of int32, shape (n_slots,)
        The rows, of the input matrix and of both output matrices: slot i has a row whose remainder
        by n_slots is i, or -1. n_slots is a power of 2. A tied matrix has those of `input_ids`.
    input_step, output_step, negative_step : float
        For each matrix: the number of updates after which a copy is merged, times the learning
        rate.
    """

    input_ids: np.ndarray
    output_ids: np.ndarray
    input_step: float
    output_step: float
    negative_step: float


def make_stop_flag() -> np.ndarray:
    """Return a flag in a cache line of its own.

    Workers read it for every focus word, so that nothing in its line should change.
    """
    return np.zeros(64, np.int32)[32:33]  # at least 64 bytes from either end


@dataclass(frozen=True)
class Objective:
    """Everything that `train_chunk` and `train_pairs_chunk` need; arrays are shared, not copied.

    Parameters
    ----------
    input : ndarray of float32 or float64, shape (V, width)
        Input rows; `width` is a multiple of 16 and the padding columns are zero. With `subwords`
        there may be more or fewer rows than words.
    output : ndarray, shape (V, width), or None
        Output rows of negative sampling or full softmax; None switches both off. If it is the same
        array as `input`, the matrix is tied (`fastsgns/kernels/roles.pxd`). For lists of
        pairs the number of output rows may differ from V; `negative_output` then has as many.
    tree : ndarray, shape (V - 1, width), or None
        Output rows of hierarchical softmax, one per inner node; None switches it off. A replica
        (`fastsgns.training.replicas`) has the nodes on the paths of its words only.
    noise : ndarray of uint32, shape (V, 2), or None
        Alias table of the noise distribution (`fastsgns.sampling.alias_table`). A table of another
        length is allowed, whose aliases are rows of `output`.
    paths : Paths or None
        Huffman paths; required with `tree`.
    keep_thresholds : ndarray of uint32, shape (V,), or None
        Subsampling: a token of word i is kept with probability
        ``(keep_thresholds[i] + 1) / 2**32``. None keeps all tokens.
    lock_factors : ndarray of float32, shape (V,), or None
        Factor by which the update of each input row is multiplied; None means 1 for all.
    output_lock_factors : ndarray of float32, shape (V,), or None
        The same for each row of `output`, only with skip-gram, and neither `tree` nor
        `negative_output`. With a tied matrix, it is the same array as `lock_factors`.
    window : int
        Largest distance between a focus word and its context words.
    shrink_windows : bool
        Draw the window size of each focus word uniformly from 1 .. `window`.
    negative : int
        Negative samples per positive pair, or in CBOW per window.
    cbow : bool
        CBOW instead of skip-gram.
    mean_hidden, mean_gradient : bool
        CBOW: divide the hidden vector, and the gradient of each context row, by the number of
        context words. If both are equal, the gradient is exact; see `fastsgns.models.word2vec`.
    compute_loss : bool
        Compute the loss, which costs one exponential and one logarithm per score.
    window_order : {None, "sequential", "batch"}
        Skip-gram: train all pairs of a focus word at once, on shared negative samples, in this
        order (`fastsgns/kernels/windows.pxd`). None trains one pair after the other.
    n_shared_negatives : int
        With a `window_order`: negative samples drawn per focus word or block. Each has the weight
        ``negative / n_shared_negatives``. 0 if `negative` is 0.
    max_contexts : int
        With a `window_order`: largest number of context words of a focus word that are trained at
        once. More are trained in several steps on the same negative samples.
    pairs_per_block : int
        Lists of pairs: this number of consecutive pairs share their negative samples. 0 without a
        `window_order`, and for sentences.
    n_batch_rows : int
        Hidden rows per batch of full softmax over `output` (`fastsgns/kernels/softmax.pxd`); 0
        switches it off. Requires ``negative=0``, no `window_order` and no `tree`.
    longest_sentence : int, optional
        No sentence is longer. Bounds the memory that a large window needs.
    negative_output : ndarray, shape (V, width), or None
        Output rows of negative samples, if they differ from those of positive targets (`output`).
    coupling : float
        Weight of the penalty ``|negative_output[j] - output[j]|**2 / 2``, applied each time that
        either row is used.
    n_dimensions : int
        Tied matrix: number of columns before those of the bias.
    n_flipped : int
        Tied matrix: number of leading coordinates that change sign in the input role.
    bias : {None, "scalar", "word", "both"}
        Tied matrix: what is added to the score of input i and target j. "scalar" adds one
        number; "word" adds ``input[j, n_dimensions]``; "both" adds
        ``input[i, n_dimensions] + input[j, n_dimensions]``, where CBOW uses the hidden vector in
        place of input row i. The kernel needs a column of ones in the rows: column `n_dimensions`
        for "scalar", column ``n_dimensions + 1`` for "both".
    scalar_bias : ndarray of float64, shape (1,), or None
        The number that "scalar" adds. It learns at a hundredth of the learning rate.
    forward : bool
        Context words come only from before the focus word, so that the input row is always that of
        the earlier token.
    subwords : Subwords or None
        The rows of `input` that each word is made of. None: word i has row i. With a tied matrix
        the output vectors of words are made of these rows, too. Not with lock factors, which
        ``subwords.factors`` replaces, nor with lists of pairs.
    hot : HotRows or None
        The frequent rows of which each worker has a copy; None: no copies.
    stop_flag : ndarray of int32, shape (1,)
        Another thread sets it to 1 to make a running call return early.
    """

    input: np.ndarray
    output: np.ndarray | None
    tree: np.ndarray | None
    noise: np.ndarray | None
    paths: Paths | None
    keep_thresholds: np.ndarray | None
    lock_factors: np.ndarray | None
    window: int
    shrink_windows: bool
    negative: int
    cbow: bool
    mean_hidden: bool
    mean_gradient: bool
    compute_loss: bool
    window_order: Literal["sequential", "batch"] | None = None
    n_shared_negatives: int = 0
    max_contexts: int = 256
    pairs_per_block: int = 0
    n_batch_rows: int = 0
    longest_sentence: int | None = None
    negative_output: np.ndarray | None = None
    coupling: float = 0.0
    n_dimensions: int = 0
    n_flipped: int = 0
    bias: Literal["scalar", "word", "both"] | None = None
    scalar_bias: np.ndarray | None = None
    forward: bool = False
    hot: HotRows | None = None
    output_lock_factors: np.ndarray | None = None
    subwords: Subwords | None = None
    stop_flag: np.ndarray = field(default_factory=make_stop_flag)

    @property
    def n_words(self) -> int:
        """Number of words of the input role: V."""
        return len(self.input) if self.subwords is None else len(self.subwords.starts) - 1

    @property
    def max_radius(self) -> int:
        """Largest possible distance between a focus word and a context word."""
        if self.longest_sentence is None:
            return self.window
        return min(self.window, self.longest_sentence)
