"""Build the `Objective` of a Word2Vec, the argument of the kernels.

It holds the parameters, tables over the words, and the arrays in the layout of the kernels.
"""

from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.corpus.scanning import MANY_WORDS
from fastsgns.errors import warn
from fastsgns.kernels.objective import Objective, Paths, Subwords
from fastsgns.matrices import ArrayRole, Matrices, MatrixLayout, pad
from fastsgns.models.parameters import Parameters
from fastsgns.models.words.tree import fit_tree, paths_of
from fastsgns.runtime.machine import release_memory
from fastsgns.training.sharing import NO_SHARING, Sharing, SkipGramStep, share_in_windows
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.subword_rows import SubwordRows

SOFTMAX_BATCH = 64  # hidden vectors that one matrix product scores, at most
MAX_SCORES = 1 << 24  # scores of a batch: 64 MB of float32 per worker
MANY_SOFTMAX_WORDS = 50_000  # from here on a warning: the cost grows with the vocabulary


def make_objective(
    parameters: Parameters, wv: KeyedVectors, matrices: Matrices, counts: np.ndarray
) -> Objective:
    """Return the argument of the kernels: rows of the arrays, tables over the words, settings.

    Missing output matrices are created in `matrices`, filled with zeros.

    Parameters
    ----------
    parameters : Parameters
        The checked parameters of the model.
    wv : KeyedVectors
        The words of the model, and their input vectors.
    matrices : Matrices
        The arrays of the model, in the order of the words.
    counts : ndarray of int, shape (V,)
        Count of each word.

    Raises
    ------
    ValueError
        If an array or ``wv.vectors_lockf`` does not fit the words.
    """
    n_words, layout = len(counts), matrices.layout
    if len(wv.rows.memory) != n_words:
        shape = wv.rows.memory.shape
        raise ValueError(f"model.wv has {n_words} words, but vectors of shape {shape}")
    _ensure_output_matrices(parameters, matrices, n_words, wv.vector_size)
    if parameters.hs:
        fit_tree(matrices, counts)  # again: the line above may have created the tree
    check_factors(wv, matrices)
    lock_factors, subwords = _lock_factors(wv, n_words), _subwords(wv, matrices)
    if parameters.softmax:
        warn_of_slow_softmax(n_words)
    noise = None
    if parameters.negative:
        noise = matrices.noise
        if noise is None:
            noise = sampling.noise_distribution(counts, parameters.ns_exponent)
    largest_noise = 0.0 if noise is None else float(noise.max())
    sharing = _sharing(parameters, largest_noise, layout, subwords is not None)
    noise_table = None if noise is None else sampling.alias_table(noise)
    paths = paths_of(matrices, counts) if parameters.hs else None
    keep_thresholds = sampling.keep_thresholds(counts, parameters.sample)
    del noise
    if n_words >= MANY_WORDS:
        release_memory()  # that of computing the tables, before the rows are allocated
    return Objective(
        **kernel_rows(parameters, wv, matrices), noise=noise_table, paths=paths,
        keep_thresholds=keep_thresholds, lock_factors=lock_factors, window=parameters.window,
        shrink_windows=parameters.shrink_windows, negative=parameters.negative,
        cbow=not parameters.sg, mean_hidden=bool(parameters.cbow_mean),
        mean_gradient=parameters.mean_gradient, compute_loss=parameters.compute_loss,
        n_batch_rows=softmax_batch(n_words) if parameters.softmax else 0,
        coupling=float(parameters.coupling), n_dimensions=wv.vector_size,
        n_flipped=layout.n_flipped(wv.vector_size), bias=layout.bias, subwords=subwords,
        **sharing._asdict(),
    )  # fmt: skip


def kernel_rows(parameters: Parameters, wv: KeyedVectors, matrices: Matrices) -> dict[str, Any]:
    """Return the arrays that kernels train, by field of `Objective`, refilled from the matrices.

    They are the same arrays in each call of a training, unless a matrix was replaced. The scalar
    bias is trained in place. If the array of `wv` cannot be trained, `wv` gets a copy that can.
    """
    layout = matrices.layout
    rows = {
        "input": matrices.rows("input"),
        "output": matrices.rows("output") if parameters.has_output else None,
        "tree": matrices.rows("tree") if parameters.hs else None,
        "negative_output": matrices.rows("negative") if layout.has_negative_matrix else None,
        "scalar_bias": matrices.bias if layout.bias == "scalar" else None,
    }
    if (
        wv.rows.memory is not matrices.vectors["input"]
    ):  # it was not float32, contiguous and writable
        wv.use_array(matrices.vectors["input"])
    return rows


def make_tree_objective(
    wv: KeyedVectors, tree: np.ndarray, paths: Paths, window: int, cbow: bool, cbow_mean: bool
) -> Objective:
    """Return an objective for scores by hierarchical softmax; call it with a learning rate of 0.

    Parameters
    ----------
    wv : KeyedVectors
        The words, with their input vectors.
    tree : ndarray of float32, shape (V - 1, d)
        Output vectors of the inner nodes of the Huffman tree.
    paths : Paths
        The paths of the words in the tree.
    window : int
        Distance between a focus word and its context words, at most.
    cbow, cbow_mean : bool
        CBOW instead of skip-gram; the mean of the context vectors instead of their sum.
    """
    # The score is the negative loss. `mean_gradient` has no effect at a learning rate of 0.
    return Objective(
        input=pad(wv.array), output=None, noise=None, tree=pad(tree), keep_thresholds=None,
        lock_factors=None, paths=paths, window=window,
        shrink_windows=False, negative=0, cbow=cbow, mean_hidden=cbow_mean, mean_gradient=True,
        compute_loss=True,
    )  # fmt: skip


def softmax_batch(n_words: int) -> int:
    """Return how many hidden vectors full softmax trains at once: the size of a batch.

    Each worker holds a matrix of scores, shape (batch, V). It is limited to 64 MB, but the batch is
    never smaller than 1.

    Examples
    --------
    >>> softmax_batch(2_000), softmax_batch(1_000_000)
    (64, 16)
    """
    return max(1, min(SOFTMAX_BATCH, MAX_SCORES // max(n_words, 1)))


def warn_of_slow_softmax(n_words: int) -> None:
    """Warn of a vocabulary that is large for full softmax."""
    if n_words > MANY_SOFTMAX_WORDS:
        warn(
            f"full softmax scores all {n_words:,} words for every hidden vector, and its cost "
            "grows with their number; to train faster, use negative=5 or hs=1, or limit the "
            "vocabulary with max_final_vocab"
        )


def _ensure_output_matrices(
    parameters: Parameters, matrices: Matrices, n_words: int, dimensions: int
) -> None:
    """Create missing output matrices; raise a ValueError if one has the wrong shape."""
    expected: dict[ArrayRole, tuple[int, int]]
    expected = dict.fromkeys(parameters.target_roles, (n_words, dimensions))
    if parameters.hs:
        expected["tree"] = (n_words - 1, dimensions)
    for role, shape in expected.items():
        array = matrices.vectors.get(role)
        if array is None:
            matrices.create(role, *shape)
        elif array.shape != shape:
            raise ValueError(
                f"the {role} matrix is of shape {array.shape}, but model.wv needs {shape}; was "
                "model.wv replaced?"
            )


def check_factors(wv: KeyedVectors, matrices: Matrices) -> None:
    """Refuse factors of learning rates that do not fit the words, or that no kernel applies.

    Raises
    ------
    ValueError
    """
    lock_factors, rows = _lock_factors(wv, len(wv)), matrices.subwords
    has_subwords = isinstance(rows, SubwordRows)
    row_factors = _row_factors(wv, rows) if isinstance(rows, SubwordRows) else None
    if matrices.layout.shares_one_matrix and (lock_factors is not None or row_factors is not None):
        raise ValueError(
            f"with matrices={matrices.layout.matrices!r} a row is input and output at once, so "
            f"wv.{'vectors_vocab_lockf' if has_subwords else 'vectors_lockf'} cannot freeze "
            "only its input role; set all factors to 1"
        )
    if has_subwords and lock_factors is not None:
        raise ValueError(
            "wv.vectors_lockf has factors other than 1, but the vectors of words are means of rows "
            "that they share; set all to 1, and use wv.vectors_vocab_lockf, wv.vectors_ngrams_lockf"
        )


def _lock_factors(wv: KeyedVectors, n_rows: int, name: str = "vectors_lockf") -> np.ndarray | None:
    """Return the learning-rate multiplier of each word, or other row; None if all are 1."""
    factors = np.asarray(getattr(wv, name), np.float32)
    if factors.shape not in ((1,), (n_rows,)):
        raise ValueError(f"wv.{name} is of shape {factors.shape}; expected (1,) or ({n_rows},)")
    wrong = np.flatnonzero(~np.isfinite(factors))
    if len(wrong):
        raise ValueError(
            f"wv.{name}[{wrong[0]}] is {factors[wrong[0]]}; expected finite numbers, such "
            "as 0 to keep a vector and 1 to train it"
        )
    if np.all(factors == 1):
        return None
    return np.ascontiguousarray(np.broadcast_to(factors, n_rows))


def _subwords(wv: KeyedVectors, matrices: Matrices) -> Subwords | None:
    """Return the rows of each word, and their factors; None if words are not made of subwords."""
    rows = matrices.subwords
    return rows.lists(_row_factors(wv, rows)) if isinstance(rows, SubwordRows) else None


def _row_factors(wv: KeyedVectors, rows: SubwordRows) -> np.ndarray | None:
    """Return the factor of each row of subwords; None if all are 1."""
    parts = {
        "vectors_vocab_lockf": len(rows.word_rows),
        "vectors_ngrams_lockf": len(rows.ngram_rows),
    }
    factors = [_lock_factors(wv, n_rows, name) for name, n_rows in parts.items()]
    if all(part is None for part in factors):
        return None
    filled = [
        np.ones(n_rows, np.float32) if part is None else part
        for part, n_rows in zip(factors, parts.values())
    ]
    return np.concatenate(filled)


def _sharing(
    parameters: Parameters, largest_noise: float, layout: MatrixLayout, has_subwords: bool
) -> Sharing:
    """Return how the pairs of a focus word share negatives.

    `largest_noise` is the largest probability of the noise distribution.
    """
    if parameters.softmax or not parameters.sg:
        return NO_SHARING
    largest_rate = max(parameters.alpha, parameters.min_alpha)  # a step must be stable at it
    step = SkipGramStep(
        sharing=parameters.negative_sharing, negative=parameters.negative,
        learning_rate=largest_rate, p_max=largest_noise,
        hs=bool(parameters.hs), three_matrices=layout.has_negative_matrix,
        one_matrix=layout.shares_one_matrix, subwords=has_subwords,
    )  # fmt: skip
    return share_in_windows(step)
