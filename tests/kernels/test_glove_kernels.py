"""The kernels of GloVe against numpy, numeric gradients and chi-square."""

import numpy as np
import pytest
import reference_glove as reference
from scipy import stats

from fastsgns import kernels
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.kernels import glove
from fastsgns.models.glove.cells import ShuffledCells

VARIANTS = [name for name in kernels.available() if name != "blas"]
RNG_SEED = 5


def problem(dtype: type, dimensions: int, n_words: int = 6, tied: bool = False):
    """Padded rows, squares, cells (i, j, log x, f) and their int32 form."""
    rng = np.random.default_rng(RNG_SEED)
    width = -(-(dimensions + 1) // 16) * 16
    rows = [np.zeros((n_words, width), dtype) for _ in range(1 if tied else 2)]
    squares = [np.ones((n_words, width), dtype) for _ in rows]
    for r, s in zip(rows, squares):
        r[:, : dimensions + 1] = rng.normal(size=(n_words, dimensions + 1)) / dimensions**0.5
        s[:, : dimensions + 1] += rng.random((n_words, dimensions + 1))
    cells = [
        (int(i), int(j), float(np.float32(rng.normal())), float(np.float32(rng.random())))
        for i, j in rng.integers(0, n_words, (40, 2))
    ]
    return [rows[0], rows[-1]], [squares[0], squares[-1]], cells, packed(cells)


def packed(cells: list) -> np.ndarray:
    array = np.empty((len(cells), 4), np.int32)
    for k, (i, j, log_x, f) in enumerate(cells):
        array[k, :2] = i, j
        array[k, 2:].view(np.float32)[:] = log_x, f
    return array


def expected(rows, squares, cells, dimensions: int, rate: float):
    """The twin's rows, squares and loss, in float64."""
    d = dimensions + 1
    twin = [np.array(r[:, :d], np.float64) for r in rows]
    sums = [np.array(s[:, :d], np.float64) for s in squares]
    if rows[0] is rows[1]:
        twin[1], sums[1] = twin[0], sums[0]
    loss = sum(reference.step(twin, sums, *cell, rate) for cell in cells)
    return twin, sums, loss


def check_against_twin(dtype, dimensions, tied, variant, tolerance):
    rows, squares, cells, array = problem(dtype, dimensions, tied=tied)
    twin, sums, loss = expected(rows, squares, cells, dimensions, 0.1)
    found = glove.train_cells(rows, squares, array, dimensions, 0.1, variant)
    assert found == pytest.approx(loss, rel=tolerance)
    for one, two in zip([*rows, *squares], [*twin, *sums]):
        np.testing.assert_allclose(one[:, : dimensions + 1], two, tolerance, tolerance)
    for r in rows:
        assert not r[:, dimensions + 1 :].any()
    for s in squares:
        assert (s[:, dimensions + 1 :] == 1).all()


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("dimensions", [1, 15, 16, 100])
def test_double_is_the_twin(dimensions, tied):
    check_against_twin(np.float64, dimensions, tied, "plain", 1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("dimensions", [1, 15, 16, 100])
def test_variants_are_close_to_the_twin(variant, dimensions, tied):
    check_against_twin(np.float32, dimensions, tied, variant, 3e-5)


@pytest.mark.parametrize("tied", [False, True])
def test_step_follows_the_numeric_gradient(tied):
    """From squares of 1, a step is the rate times the gradient of J / 2, whatever the cell."""
    dimensions, h = 7, 1e-6
    rng = np.random.default_rng(1)
    x = np.where(rng.random((3, 3)) < 0.7, rng.gamma(0.7, 40, (3, 3)), 0.0)
    x[1, 1] = 3.0

    def half_of(u: np.ndarray, v: np.ndarray, only: np.ndarray) -> float:
        d = dimensions
        return reference.objective(u[:, :d], u[:, d], v[:, :d], v[:, d], only, 10.0, 0.75) / 2

    for i, j in zip(*np.nonzero(x)):
        rows, squares, *_ = problem(np.float64, dimensions, 3, tied)
        for s in squares:
            s[:] = 1
        only = np.zeros_like(x)
        only[i, j] = x[i, j]
        f = float(np.float32(reference.weighting(x[i, j], 10.0, 0.75)))
        log_x = float(np.float32(np.log(x[i, j])))
        only[i, j] = np.exp(log_x)
        before = [r.copy() for r in rows]
        glove.train_cells(rows, squares, packed([(i, j, log_x, f)]), dimensions, 1.0, "plain")
        for side in range(1 if tied else 2):
            for place in np.ndindex(3, dimensions + 1):
                values = []
                for sign in (1, -1):
                    moved = [r.copy() for r in before]
                    if tied:
                        moved[1] = moved[0]
                    moved[side][place] += sign * h
                    values.append(half_of(*moved, only))
                numeric = (values[0] - values[1]) / (2 * h)
                step = before[side][place] - rows[side][place]
                assert step == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def counts_of(x: np.ndarray) -> Cooccurrences:
    rows, columns = np.nonzero(x)
    offsets = np.searchsorted(rows, np.arange(len(x) + 1)).astype(np.int64)
    vocabulary = Vocabulary(list(range(len(x))), np.ones(len(x), np.int64))
    return Cooccurrences(
        vocabulary, offsets, columns.astype(np.int32), x[rows, columns].astype(np.float32), window=1
    )


def test_blocks_hold_all_cells_with_their_logarithm_and_factor():
    rng = np.random.default_rng(3)
    x = np.where(rng.random((90, 90)) < 0.4, rng.gamma(0.5, 60, (90, 90)), 0.0)
    x[40:50] = 0  # words without a cell
    cells = ShuffledCells(counts_of(x), x_max=20.0, exponent=0.6, seed=9)
    assert cells.n_blocks > 5 and len(cells) == np.count_nonzero(x)
    found = np.concatenate([cells.block(b) for b in range(cells.n_blocks)])
    assert cells.largest == max(len(cells.block(b)) for b in range(cells.n_blocks))
    dense = np.zeros_like(x)
    dense[found[:, 0], found[:, 1]] = np.exp(found[:, 2].copy().view(np.float32))
    np.testing.assert_allclose(dense, x, 1e-5)
    factors = reference.weighting(x[found[:, 0], found[:, 1]], 20.0, 0.6)
    np.testing.assert_allclose(found[:, 3].copy().view(np.float32), factors, 1e-5)


def test_a_cell_goes_to_the_block_that_is_drawn_for_it(monkeypatch):
    monkeypatch.setattr("fastsgns.models.glove.cells.CHUNK_CELLS", 300)
    monkeypatch.setattr("fastsgns.models.glove.cells.BLOCK_LIMITS", (100, 100))
    x = np.arange(1.0, 901.0).reshape(30, 30)
    cells = ShuffledCells(counts_of(x), 100.0, 0.75, seed=77, memory_budget=0)
    state, wanted = 77, [[] for _ in range(cells.n_blocks)]
    for cell in np.ndindex(x.shape):
        state, block = reference.draw(state, cells.n_blocks)
        wanted[block].append(list(cell))
    assert [cells.block(b)[:, :2].tolist() for b in range(cells.n_blocks)] == wanted


def test_shuffle_is_fisher_and_yates():
    cells = packed([(i, i, 0.0, 0.0) for i in range(50)])
    room = np.empty((60, 4), np.int32)
    glove.shuffle_block(cells, 123, room)
    assert room[:50, 0].tolist() == reference.shuffled(range(50), 123)
    assert cells[:, 0].tolist() == list(range(50))


def test_shuffle_is_uniform():
    cells = packed([(i, i, 0.0, 0.0) for i in range(4)])
    room = np.empty((4, 4), np.int32)
    rng = np.random.default_rng(1)
    seen: dict[tuple, int] = {}
    for stream in rng.integers(0, 2**64 - 1, 12_000, np.uint64):
        glove.shuffle_block(cells, int(stream), room)
        order = tuple(room[:, 0].tolist())
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 24
    assert stats.chisquare(list(seen.values())).pvalue > 1e-4


def test_wrong_arrays_are_refused():
    rows, squares, _, array = problem(np.float32, 10)
    good = (rows, squares, array, 10, 0.1, "plain")
    glove.train_cells(*good)
    outside = array.copy()
    outside[3, 1] = 6
    narrow = [rows[0], rows[1][:, :8]]
    for change, message in (
        ((0, narrow), "output rows"),
        ((0, [r.astype(np.float16) for r in rows]), "float16"),
        ((1, [squares[0], squares[1][:3]]), "output squares"),
        ((2, outside), "outside"),
        ((2, array[:, :3].copy()), "four numbers"),
        ((3, 16), "padded rows"),
        ((5, "neon9"), "neon9"),
    ):
        place, value = change
        with pytest.raises(ValueError, match=message):
            glove.train_cells(*good[:place], value, *good[place + 1 :])
    with pytest.raises(ValueError, match="fit"):
        glove.shuffle_block(array, 1, np.empty((3, 4), np.int32))
    assert glove.train_cells(rows, squares, array[:0], 10, 0.1, "plain") == 0


def test_cells_outside_of_the_matrix_are_refused():
    counts = counts_of(np.ones((3, 3)))
    counts.columns[4] = 3
    with pytest.raises(ValueError, match="cell 4 "):
        ShuffledCells(counts, 100.0, 0.75, seed=1)
