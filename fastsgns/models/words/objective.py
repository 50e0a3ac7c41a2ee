"""The objective of a Word2Vec: what the kernels train, made of its parameters, words and arrays."""

import logging
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.errors import warn
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import Matrices, pad
from fastsgns.models.parameters import Parameters
from fastsgns.models.words.tree import fit_tree
from fastsgns.runtime.machine import release_memory
from fastsgns.training.sharing import NO_SHARING, BlockSize, SkipGramStep, block_of_windows
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

MANY_WORDS = 10_000  # tables over fewer words are too small to give their memory back
SOFTMAX_BATCH = 64
MAX_SCORES = 1 << 24  # 64 MB of float32 per worker
MANY_SOFTMAX_WORDS = 50_000


def make_objective(
    parameters: Parameters, wv: KeyedVectors, matrices: Matrices, counts: np.ndarray
) -> Objective:
    """Return what is trained: copies of the arrays, tables over the words, and settings.

    Arrays that targets need and that are missing are created, with zeros.

    Parameters
    ----------
    parameters : Parameters
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
    if len(wv.array) != n_words:
        raise ValueError(f"model.wv has {n_words} words, but vectors of shape {wv.array.shape}")
    _check_targets(parameters, matrices, n_words, wv.vector_size)
    if parameters.hs:
        fit_tree(matrices, counts)
    lock_factors = _lock_factors(wv, n_words)
    if lock_factors is not None and layout.shares_one_matrix:
        raise ValueError(
            f"with matrices={parameters.matrices!r} a row is input and output at once, so "
            "wv.vectors_lockf can't hold it still; let all be 1"
        )
    if parameters.softmax:
        warn_of_slow_softmax(n_words)
    tables, p_max = _tables(parameters, counts)
    block = _block_size(parameters, p_max, lock_factors is not None)
    return Objective(
        **tables, **block._asdict(), lock_factors=lock_factors, window=parameters.window,
        shrink_windows=parameters.shrink_windows, negative=parameters.negative,
        cbow=not parameters.sg, mean_hidden=bool(parameters.cbow_mean),
        mean_gradient=parameters.divides_gradient, compute_loss=parameters.compute_loss,
        n_batch_rows=softmax_batch(n_words) if parameters.softmax else 0,
        coupling=float(parameters.coupling), n_dimensions=wv.vector_size,
        n_flipped=layout.n_flipped(wv.vector_size), bias=layout.bias,
        # Last: the copies reuse the memory in which the tables were computed.
        **trained_rows(parameters, wv, matrices),
    )  # fmt: skip


def trained_rows(parameters: Parameters, wv: KeyedVectors, matrices: Matrices) -> dict[str, Any]:
    """Return the arrays of an `Objective` that kernels train: copies of the matrices as of now."""
    layout = matrices.layout
    rows = {
        "input": matrices.rows("input"),
        "output": matrices.rows("output") if parameters.has_output else None,
        "tree": matrices.rows("tree") if parameters.hs else None,
        "negative_output": matrices.rows("negative") if layout.has_negative_matrix else None,
        "scalar_bias": matrices.bias if layout.bias == "scalar" else None,
    }
    if wv.array is not matrices.vectors["input"]:  # it could not be trained as it was
        wv.use_array(matrices.vectors["input"])
    return rows


def make_tree_objective(
    wv: KeyedVectors, tree: np.ndarray, counts: np.ndarray, window: int, cbow: bool, cbow_mean: bool
) -> Objective:
    """Return an objective for scores by hierarchical softmax, which trains nothing at a rate of 0.

    Parameters
    ----------
    wv : KeyedVectors
    tree : ndarray of float32, shape (V - 1, d)
        Output vectors of the inner nodes of the Huffman tree.
    counts : ndarray of int, shape (V,)
    window : int
    cbow, cbow_mean : bool
    """
    return Objective(
        input=pad(wv.array), output=None, noise=None, tree=pad(tree), keep_thresholds=None,
        lock_factors=None, paths=sampling.huffman_paths(counts), window=window,
        shrink_windows=False, negative=0, cbow=cbow, mean_hidden=cbow_mean, mean_gradient=True,
        compute_loss=True,
    )  # fmt: skip


def softmax_batch(n_words: int) -> int:
    """Return how many hidden vectors full softmax trains at once.

    Each worker holds the score of every hidden vector of a batch with every word, in at most 64 MB.

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
            "grows with their number; negative=5 or hs=1 instead of softmax=1, or "
            "max_final_vocab, is faster"
        )


def _check_targets(
    parameters: Parameters, matrices: Matrices, n_words: int, dimensions: int
) -> None:
    """Create the arrays of targets that are missing, and refuse those of another shape."""
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


def _tables(parameters: Parameters, counts: np.ndarray) -> tuple[dict[str, Any], float]:
    """Return the tables of an `Objective` over the words, and the largest noise probability."""
    noise, p_max = None, 0.0
    if parameters.negative:
        noise = sampling.noise_distribution(counts, parameters.ns_exponent)
        p_max = float(noise.max())
    tables = {
        "noise": None if noise is None else sampling.alias_table(noise),
        "paths": sampling.huffman_paths(counts) if parameters.hs else None,
        "keep_thresholds": sampling.keep_thresholds(counts, parameters.sample),
    }
    del noise
    if len(counts) >= MANY_WORDS:
        release_memory()
    return tables, p_max


def _lock_factors(wv: KeyedVectors, n_words: int) -> np.ndarray | None:
    """Return the factor of the updates of each word, or None if all are 1."""
    factors = np.asarray(wv.vectors_lockf, np.float32)
    if factors.shape not in ((1,), (n_words,)):
        raise ValueError(
            f"wv.vectors_lockf is of shape {factors.shape}; allowed are (1,) and ({n_words},)"
        )
    if not np.isfinite(factors).all():
        word = int(np.argmin(np.isfinite(factors)))
        raise ValueError(
            f"wv.vectors_lockf[{word}] is {factors[word]}; allowed are finite numbers, such as 0 "
            "to keep a vector and 1 to train it"
        )
    if np.all(factors == 1):
        return None
    return np.ascontiguousarray(np.broadcast_to(factors, n_words))


def _block_size(parameters: Parameters, p_max: float, has_lock_factors: bool) -> BlockSize:
    """Return how many focus words of skip-gram share negatives."""
    mode = parameters.negative_sharing
    if parameters.softmax or not parameters.sg or mode == "pair":
        return NO_SHARING
    if has_lock_factors:
        logger.warning(
            "negative_sharing=%r becomes 'pair', because wv.vectors_lockf is not all 1", mode
        )
        return NO_SHARING
    rate = max(parameters.alpha, parameters.min_alpha)
    step = SkipGramStep(
        mode, parameters.negative, rate, p_max, parameters.window, bool(parameters.hs)
    )
    return block_of_windows(step)
