"""GloVe over blocks of cells: a random order of the cells, and one AdaGrad step per cell.

Pennington, Socher, Manning (2014), "GloVe: Global Vectors for Word Representation", eq. 8 and 9:

    J = sum over x_ij > 0 of f(x_ij) (w_i . w~_j + b_i + b~_j - log x_ij)^2
    f(x) = min(1, (x / x_max)^exponent)

and AdaGrad (Duchi, Hazan, Singer 2011) as in the authors' program: with g the gradient of J / 2
times the learning rate, each number changes by -g / sqrt(S), where S is 1 plus the sum of the
squares of all earlier g of that number. `glove.h` states the step.

A uniformly random order of all cells takes two stages. Each cell is assigned to a random block
once, before training (`draw_blocks`, `fill_blocks`). Each time a block is trained, its cells are
copied to a buffer that fits into the cache, and shuffled there (`shuffle_block`). The blocks are in
random order, too, so that every epoch has a different order of cells, at a cost of a few
nanoseconds per cell.
"""

from libc.math cimport exp, log
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

import numpy as np

from fastsgns.kernels.rng cimport random_below

cdef extern from "glove.h" nogil:
    ctypedef struct Cell:
        int32_t row
        int32_t column
        float log_weight
        float factor
    ctypedef struct GloveModel:
        void *input
        void *output
        void *input_squares
        void *output_squares
        int64_t width
        int64_t bias
        double rate
    ctypedef struct GloveOps:
        double (*train)(const GloveModel *model, const Cell *cells, int64_t n) noexcept nogil
    const GloveOps *glove_variant(const char *name)
    const GloveOps glove_plain_f64_ops

STATE_STEP = 0x9E3779B97F4A7C15  # by which a draw advances the state of the generator (rng.h)
CELL_INTS = sizeof(Cell) // sizeof(int32_t)


def draw_blocks(int64_t start, uint64_t seed, uint32_t n_blocks, int32_t[::1] blocks not None):
    """Draw the block of each cell from `start` on, all blocks with the same probability.

    Parameters
    ----------
    start : int
        The number of the first cell.
    seed : int
        The block of a cell depends on this and on the cell's number.
    n_blocks : int
    blocks : ndarray of int32, shape (n,)
        Receives the blocks.
    """
    cdef uint64_t random = seed + <uint64_t>start * <uint64_t>STATE_STEP
    cdef int64_t i
    if not 1 <= n_blocks < 2**31:
        raise ValueError(f"{n_blocks} blocks; allowed are 1 .. 2**31 - 1")
    with nogil:
        for i in range(blocks.shape[0]):
            blocks[i] = <int32_t>random_below(&random, n_blocks)


def grid_blocks(const int64_t[::1] offsets not None, const int32_t[::1] columns not None,
                int64_t start, const int32_t[::1] parts not None,
                const int32_t[:, ::1] table not None, int32_t[::1] blocks not None):
    """Look up the block of each cell from `start` on: that of the parts of its row and column.

    Parameters
    ----------
    offsets, columns
        As for `fill_blocks`.
    start : int
        The number of the first cell.
    parts : ndarray of int32, shape (V,)
        The part of each word, below S.
    table : ndarray of int32, shape (S, S)
        The block of each pair of parts.
    blocks : ndarray of int32, shape (n,)
        Receives the blocks.

    Raises
    ------
    ValueError
        If a cell is outside of the matrix, or the arrays do not fit.
    """
    cdef int64_t i, at, row, n = blocks.shape[0], n_words = offsets.shape[0] - 1
    cdef int64_t n_parts = table.shape[0]
    cdef bint broken = False
    if (not 0 <= start <= start + n <= columns.shape[0] or parts.shape[0] != n_words
            or table.shape[1] != n_parts):
        raise ValueError(f"cells {start} .. {start + n} do not fit the arrays")
    for row in range(n_words):
        broken |= not 0 <= parts[row] < n_parts
    if broken:
        raise ValueError(f"a part is not one of {n_parts}")
    if n == 0:
        return
    row = np.searchsorted(offsets, start, side="right") - 1
    with nogil:
        for i in range(n):
            at = start + i
            while row + 1 < n_words and at >= offsets[row + 1]:
                row += 1
            if not 0 <= columns[at] < n_words or row < 0:
                broken = True
                break
            blocks[i] = table[parts[row], parts[columns[at]]]
    if broken:
        raise ValueError(f"cell {at} is not one of a matrix of {n_words} rows and columns")


def fill_blocks(const int64_t[::1] offsets not None, const int32_t[::1] columns not None,
                const float[::1] weights not None, int64_t start,
                const int32_t[::1] blocks not None, double x_max, double exponent,
                int64_t[::1] cursors not None, int32_t[:, ::1] cells not None):
    """Write the cells from `start` on to the blocks that they are assigned to.

    Parameters
    ----------
    offsets, columns, weights : ndarray of int64, int32, float32
        The matrix: row i has the cells ``offsets[i]`` .. ``offsets[i + 1] - 1``.
    start : int
        The number of the first cell.
    blocks : ndarray of int32, shape (n,)
        The block of each cell.
    x_max, exponent : float
        Parameters of f(x).
    cursors : ndarray of int64, shape (n_blocks,)
        Where the next cell of each block goes; advanced by the cells written.
    cells : ndarray of int32, shape (n, 4)
        Receives row, column, and as float32 log x and f(x).

    Raises
    ------
    ValueError
        If a cell is outside the matrix, or the arrays do not fit.
    """
    cdef int64_t i, at, row, n_words = offsets.shape[0] - 1, n_cells = cells.shape[0]
    cdef int64_t n_blocks = cursors.shape[0], stop = start + blocks.shape[0]
    cdef int32_t block
    cdef double log_max = log(x_max), log_weight
    cdef Cell *cell
    cdef bint broken = False
    if cells.shape[1] != CELL_INTS or not (
            0 <= start <= stop <= min(columns.shape[0], weights.shape[0])):
        raise ValueError(f"cells {start} .. {stop} do not fit the arrays")
    if start == stop:
        return
    row = np.searchsorted(offsets, start, side="right") - 1
    with nogil:
        for i in range(start, stop):
            while row + 1 < n_words and i >= offsets[row + 1]:
                row += 1
            block = blocks[i - start]
            if not 0 <= block < n_blocks:
                broken = True
                break
            at = cursors[block]
            cursors[block] += 1
            if at < 0 or at >= n_cells or not 0 <= columns[i] < n_words or row < 0:
                broken = True
                break
            cell = <Cell *>&cells[at, 0]
            cell.row, cell.column = <int32_t>row, columns[i]
            log_weight = log(weights[i])
            cell.log_weight = <float>log_weight
            cell.factor = <float>exp(exponent * min(0.0, log_weight - log_max))
    if broken:
        raise ValueError(f"cell {i} is not one of a matrix of {n_words} rows and columns, "
                         "or its block is full")


def shuffle_block(const int32_t[:, ::1] cells not None, uint64_t stream,
                  int32_t[:, ::1] shuffled not None):
    """Copy cells to the first rows of `shuffled` in a random order (Fisher and Yates).

    Parameters
    ----------
    cells : ndarray of int32, shape (n, 4)
    stream : int
        Initial state of the random generator (`rng.h`).
    shuffled : ndarray of int32, shape (m, 4), m >= n
        Receives the cells.
    """
    cdef int64_t i, n = cells.shape[0]
    cdef uint32_t j
    cdef Cell *copy
    cdef Cell cell
    if cells.shape[1] != CELL_INTS or shuffled.shape[1] != CELL_INTS or shuffled.shape[0] < n:
        raise ValueError("the cells do not fit")
    if n == 0:
        return
    copy = <Cell *>&shuffled[0, 0]
    with nogil:
        memcpy(copy, &cells[0, 0], n * sizeof(Cell))
        for i in range(n - 1, 0, -1):
            j = random_below(&stream, <uint32_t>(i + 1))
            cell = copy[i]
            copy[i] = copy[j]
            copy[j] = cell


cdef void *address(array, like, const char *name) except NULL:
    """Return the address of a writable array with the dtype and shape of `like`."""
    if (array.dtype != like.dtype or array.shape != like.shape
            or not array.flags.c_contiguous or not array.flags.writeable):
        raise ValueError(f"{name.decode()} must be a writable array of {like.dtype} and shape "
                         f"{like.shape}; got {array.dtype} and {array.shape}")
    return <void *><size_t>array.ctypes.data


def train_cells(rows, squares, const int32_t[:, ::1] cells not None, int64_t dimensions,
                double rate, str variant):
    """Make one AdaGrad step per cell, in their order, without the GIL.

    Parameters
    ----------
    rows, squares : pair of ndarray, shape (V, width)
        Parameters of the input and the output side, and their sums of squares; float32, or
        float64 for the textbook code. The bias of a row is in column `dimensions`; later columns
        of `rows` are 0. Both arrays of a pair may be the same.
    cells : ndarray of int32, shape (n, 4)
        As `fill_blocks` writes them.
    dimensions : int
        Number of columns before the bias.
    rate : float
        Learning rate.
    variant : str
        Name of the active kernel variant, which float32 rows use.

    Returns
    -------
    float
        Sum over the cells of f(x) error^2, each taken before its step.

    Raises
    ------
    ValueError
        If the arrays do not fit, or a cell is outside of them.
    """
    cdef GloveModel model
    cdef const GloveOps *ops = &glove_plain_f64_ops
    cdef int64_t i, n = cells.shape[0], n_words = rows[0].shape[0]
    cdef const Cell *cell
    cdef bint broken = False
    cdef double loss
    if rows[0].dtype == np.float32:
        ops = glove_variant(variant.encode())
        if ops == NULL:
            raise ValueError(f"kernel variant {variant!r} can't train GloVe here")
    elif rows[0].dtype != np.float64:
        raise ValueError(f"rows are of {rows[0].dtype}; allowed are float32 and float64")
    if rows[0].ndim != 2 or rows[0].shape[1] % 16 or not 0 < dimensions < rows[0].shape[1]:
        raise ValueError(f"rows of shape {rows[0].shape} are not padded rows of {dimensions} "
                         "dimensions and a bias")
    if cells.shape[1] != CELL_INTS:
        raise ValueError("a cell has four numbers")
    if n == 0:
        return 0.0
    model.input = address(rows[0], rows[0], b"input rows")
    model.output = address(rows[1], rows[0], b"output rows")
    model.input_squares = address(squares[0], rows[0], b"input squares")
    model.output_squares = address(squares[1], rows[0], b"output squares")
    model.width, model.bias = rows[0].shape[1], dimensions
    model.rate = rate
    cell = <const Cell *>&cells[0, 0]
    with nogil:
        for i in range(n):
            broken |= not (0 <= cell[i].row < n_words and 0 <= cell[i].column < n_words)
        loss = 0 if broken else ops.train(&model, cell, n)
    if broken:
        raise ValueError(f"a cell is outside a matrix of {n_words} rows and columns")
    return loss
