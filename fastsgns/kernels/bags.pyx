"""Sums and means of rows: of the words of a text, or of the parts of a word.

A bag is a list of ids of rows. `bags.h` states what is computed, in which order. The functions run
without the GIL, so that several threads can work on parts of the bags.
"""

from libc.stdint cimport int32_t, int64_t

cdef extern from "bags.h" nogil:
    ctypedef struct Bags:
        const int64_t *starts
        const int32_t *ids
        const float *rows
        const float *weights
        float *out
        int64_t n
        int64_t d
        int64_t row_stride
        int64_t out_stride
        int add
        int mean
    ctypedef struct BagOps:
        void (*sum)(const Bags *bags) noexcept nogil
    const BagOps *bags_variant(const char *name)


def sum_bags(const int64_t[::1] starts not None, const int32_t[::1] ids not None,
             const float[:, :] rows not None, const float[::1] weights, float[:, :] out not None,
             bint add, bint mean, str variant):
    """Write the sum or the mean of the rows of each bag to a matrix.

    A range of bags is ``starts[first:stop + 1]`` with ``out[first:stop]``. The result does not
    depend on how bags are divided into ranges, nor on the variant.

    Parameters
    ----------
    starts : ndarray of int64, shape (n + 1,)
        Bag i has the ids ``ids[starts[i]:starts[i + 1]]``.
    ids : ndarray of int32
        Numbers of rows; an id that a bag has twice counts twice.
    rows : ndarray of float32, shape (V, d)
        The numbers of a row must be contiguous; the distance between rows is free.
    weights : ndarray of float32, shape (V,), or None
        The factor of each row. None is 1 for each.
    out : ndarray of float32, shape (n, d)
        Receives the results. The numbers of a row must be contiguous.
    add : bool
        Add to what `out` has, before a division.
    mean : bool
        Divide by the number of ids, which is not the sum of the weights. A bag without ids is not
        divided.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit, or the variant can't run here.
    IndexError
        If a bag has ids that `ids` or `rows` do not have.
    """
    cdef const BagOps *ops = bags_variant(variant.encode())
    cdef Bags bags
    if ops == NULL:
        raise ValueError(f"kernel variant {variant!r} can't sum rows here")
    bags.n, bags.d = out.shape[0], out.shape[1]
    if (starts.shape[0] != bags.n + 1 or rows.shape[1] != bags.d
            or weights is not None and weights.shape[0] != rows.shape[0]):
        raise ValueError(f"{starts.shape[0]} starts, rows of shape {rows.shape[0], rows.shape[1]} "
                         f"and results of shape {bags.n, bags.d} do not fit together")
    if bags.n == 0 or bags.d == 0:
        return
    bags.row_stride, bags.out_stride = stride(rows), stride(out)
    with nogil:
        valid = fits(starts, ids, rows.shape[0])
    if not valid:
        raise IndexError(f"the bags have ids that are not those of {rows.shape[0]} rows, or starts "
                         f"that are not those of {ids.shape[0]} ids")
    bags.starts, bags.out = &starts[0], &out[0, 0]
    bags.ids = &ids[0] if ids.shape[0] else NULL
    bags.rows = &rows[0, 0] if rows.shape[0] else NULL
    bags.weights = &weights[0] if weights is not None and rows.shape[0] else NULL
    bags.add, bags.mean = add, mean
    with nogil:
        ops.sum(&bags)


cdef int64_t stride(const float[:, :] matrix) except? -1:
    """Return the distance between two rows in floats."""
    if matrix.shape[1] > 1 and matrix.strides[1] != sizeof(float):
        raise ValueError("the numbers of a row are not contiguous in memory")
    if matrix.strides[0] % <Py_ssize_t>sizeof(float):
        raise ValueError("the distance between rows is not a multiple of 4 bytes")
    return matrix.strides[0] // <Py_ssize_t>sizeof(float)


cdef bint fits(const int64_t[::1] starts, const int32_t[::1] ids, int64_t n_rows) noexcept nogil:
    """Return whether all bags are in `ids`, and all their ids below `n_rows`."""
    cdef int64_t bag, j, n = starts.shape[0] - 1
    cdef bint valid = 0 <= starts[0] and starts[n] <= ids.shape[0]
    for bag in range(n):
        valid &= starts[bag] <= starts[bag + 1]
    if not valid:
        return False
    for j in range(starts[0], starts[n]):
        valid &= 0 <= ids[j] and ids[j] < n_rows
    return valid
