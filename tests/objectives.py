"""Small objectives and corpora for the tests of the kernels."""

import copy

import numpy as np
import pytest

from fastsgns import kernels, sampling
from fastsgns.kernels.objective import Objective

N_WORDS = 23
WINDOW = {"window_order": "sequential", "n_shared_negatives": 5}
BATCH = {"window_order": "batch", "n_shared_negatives": 4}  # 5 / 4 is exact in float32
COUNTS = np.arange(N_WORDS, 0, -1) ** 2


def make_objective(
    dimensions=7,
    dtype=np.float64,
    output=True,
    tree=False,
    keep_thresholds=None,
    counts=COUNTS,
    size=0.7,
    tied=False,
    bias=None,
    apart=False,
    reflect=False,
    **options,
):
    rng = np.random.default_rng(5)
    n_columns = {"scalar": 1, "word": 1, "both": 2}.get(bias, 0)
    width = -(-(dimensions + n_columns) // 16) * 16
    matrices = rng.normal(0, size, (4, len(counts), width)).astype(dtype)
    matrices[:, :, dimensions:] = 0
    if bias:
        matrices[0, :, dimensions] = 1 if bias == "scalar" else rng.normal(-1, 1, len(counts))
    if bias == "both":
        matrices[0, :, dimensions + 1] = 1
    defaults = {
        "window": 3, "shrink_windows": True, "negative": 5, "cbow": False,
        "mean_hidden": True, "mean_gradient": True, "compute_loss": True, "lock_factors": None,
    }  # fmt: skip
    first = matrices[0]
    return Objective(
        input=first,
        output=(first if tied else matrices[1]) if output else None,
        negative_output=matrices[3] if apart else None,
        n_dimensions=dimensions,
        n_flipped=dimensions // 2 if reflect else 0,
        bias=bias,
        scalar_bias=np.array([-0.8]) if bias == "scalar" else None,
        tree=np.ascontiguousarray(matrices[2, :-1]) if tree else None,
        noise=sampling.alias_table(sampling.noise_distribution(counts)),
        paths=sampling.huffman_paths(counts) if tree else None,
        keep_thresholds=keep_thresholds,
        **(defaults | options),
    )


def make_corpus(lengths=(1, 2, 9, 40, 1, 3), n_words=N_WORDS, seed=3):
    ids = np.random.default_rng(seed).integers(0, n_words, sum(lengths)).astype(np.int32)
    return ids, np.cumsum([0, *lengths])


def rows_of(objective):
    matrices = objective.input, objective.output, objective.negative_output, objective.tree
    scalar = None if objective.scalar_bias is None else objective.scalar_bias[:, None]
    distinct = {id(m): m for m in (*matrices, scalar) if m is not None}
    return list(distinct.values())


def run_kernel(objective, ids, offsets, start=0, stop=None, rate=0.05, stream=77):
    stop = len(ids) if stop is None else stop
    return kernels.train_chunk(objective, ids, offsets, start, stop, rate, rate, stream)


def padding_of(objective):
    """What is beyond the dimensions and the columns of the bias, of every matrix."""
    n_columns = {"scalar": 1, "word": 1, "both": 2}.get(objective.bias, 0)
    rows = (m for m in rows_of(objective) if m is not objective.scalar_bias and m.shape[1] > 1)
    return np.concatenate([m[:, objective.n_dimensions + n_columns :] for m in rows])


def assert_like_plain(variant, start, ids, offsets, **call):
    """From the same start, the variant gives what the plain one does; what the variant gives."""
    moved, plain = copy.deepcopy(start), copy.deepcopy(start)
    kernels.force("plain")
    want = run_kernel(plain, ids, offsets, **call)
    kernels.force(variant)
    got = run_kernel(moved, ids, offsets, **call)
    assert got == pytest.approx(want, rel=1e-5)
    for ours, theirs, before in zip(rows_of(moved), rows_of(plain), rows_of(start)):
        error, update = np.linalg.norm(ours - theirs), np.linalg.norm(theirs - before)
        assert error <= 5e-5 * update
    return moved
