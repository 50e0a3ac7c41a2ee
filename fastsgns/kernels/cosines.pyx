"""Cosines of all rows of a matrix with a query, norms of rows, and the largest of many cosines.

`cosines.h` states what is computed. The functions run without the GIL, so that several threads can
work on parts of a matrix.
"""

from cpython.buffer cimport (
    Py_buffer, PyBUF_CONTIG, PyBUF_CONTIG_RO, PyBuffer_Release, PyObject_GetBuffer,
)
from libc.math cimport isinf
from libc.stdint cimport int64_t

import numpy as np

cdef extern from "cosines.h" nogil:
    ctypedef struct Answers:
        void *cosines
        int64_t *positions
        int64_t n
    ctypedef struct CosineOps:
        void (*norms)(const void *rows, int64_t n, int64_t d, void *norms) noexcept nogil
        void (*cosines)(const void *rows, int64_t n, int64_t d, const void *query,
                        void *cosines) noexcept nogil
        void (*collect)(const void *scores, const void *scales, int64_t n, int64_t first,
                        int64_t excluded, const Answers *answers) noexcept nogil
    const CosineOps *cosines_variant(const char *name, int real_size)

ctypedef fused real:
    float
    double


cdef const CosineOps *operations(str variant, int real_size) except NULL:
    cdef const CosineOps *ops = cosines_variant(variant.encode(), real_size)
    if ops == NULL:
        raise ValueError(f"kernel variant {variant!r} can't compute cosines here")
    return ops


def norms_of_rows(const real[:, ::1] rows not None, real[::1] norms not None, str variant):
    """Compute the Euclidean norm of each row, NaN if it is not finite.

    Parameters
    ----------
    rows : ndarray of float32 or float64, shape (n, d)
    norms : ndarray of the same type, shape (n,)
        Receives the norms.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    if norms.shape[0] != rows.shape[0]:
        raise ValueError(f"{norms.shape[0]} norms of {rows.shape[0]} rows")
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        np.asarray(norms)[:] = 0
        return
    with nogil:
        ops.norms(&rows[0, 0], rows.shape[0], rows.shape[1], &norms[0])


def cosines_of_rows(const real[:, ::1] rows not None, const real[::1] query not None,
                    real[::1] cosines not None, str variant):
    """Compute the dot product of each row with a query, divided by the norm of the row.

    The result is 0 for a row of zeros, and NaN for a row that is not finite.

    Parameters
    ----------
    rows : ndarray of float32 or float64, shape (n, d)
    query : ndarray of the same type, shape (d,)
        A vector of length 1.
    cosines : ndarray of the same type, shape (n,)
        Receives the cosines.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    if cosines.shape[0] != rows.shape[0] or query.shape[0] != rows.shape[1]:
        raise ValueError(f"{cosines.shape[0]} cosines of {rows.shape[0]} rows of "
                         f"{rows.shape[1]} with a query of {query.shape[0]}")
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        np.asarray(cosines)[:] = 0
        return
    with nogil:
        ops.cosines(&rows[0, 0], rows.shape[0], rows.shape[1], &query[0], &cosines[0])


def collect_largest(const real[:, ::1] scores not None, const real[::1] scales,
                    int64_t first, const int64_t[::1] excluded not None,
                    real[:, ::1] cosines not None, int64_t[:, ::1] positions not None,
                    str variant):
    """Add scores, or products of scores and scales, to the largest that were found so far.

    Of equal ones, those at the lower positions are kept. NaN and minus infinity are left out.

    Parameters
    ----------
    scores : ndarray of float32 or float64, shape (q, n)
        Of q queries, and of the positions `first` to ``first + n - 1``.
    scales : ndarray of the same type, shape (n,), or None
        None leaves the scores as they are.
    first : int
        Larger than all positions of earlier calls.
    excluded : ndarray of int64, shape (q,)
        A position that each query leaves out, or -1.
    cosines : ndarray of the same type, shape (q, k)
        The largest so far, in no particular order; minus infinity before the first call.
    positions : ndarray of int64, shape (q, k)
        Their positions; -1 before the first call.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    cdef Answers answers
    cdef const real *factors = NULL
    cdef int64_t row, n_queries = scores.shape[0], n = scores.shape[1]
    answers.n = cosines.shape[1]
    if (cosines.shape[0] != n_queries or positions.shape[0] != n_queries
            or positions.shape[1] != answers.n or excluded.shape[0] != n_queries
            or scales is not None and scales.shape[0] != n):
        raise ValueError("the arrays of scores, scales and answers do not fit together")
    if n_queries == 0 or n == 0 or answers.n == 0:
        return
    if scales is not None:
        factors = &scales[0]
    with nogil:
        for row in range(n_queries):
            answers.cosines, answers.positions = &cosines[row, 0], &positions[row, 0]
            ops.collect(&scores[row, 0], factors, n, first, excluded[row], &answers)


def unit_vector(vector, result, str variant):
    """Scale a vector to length 1; zero stays zero, and what is not finite becomes NaN.

    The buffers are taken without memoryviews, which would take longer than the arithmetic.

    Parameters
    ----------
    vector : ndarray of float32 or float64, shape (d,)
    result : ndarray of the same type and shape
        Receives the vector of length 1.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit, or are not contiguous.
    """
    cdef Py_buffer source, target
    cdef const CosineOps *ops
    PyObject_GetBuffer(vector, &source, PyBUF_CONTIG_RO)
    try:
        ops = operations(variant, source.itemsize)
        PyObject_GetBuffer(result, &target, PyBUF_CONTIG)
        try:
            if (source.ndim != 1 or target.ndim != 1 or source.len != target.len
                    or source.itemsize != target.itemsize or source.itemsize not in (4, 8)):
                raise ValueError("the arrays do not fit together")
            if source.itemsize == 4:
                scale(<const float *>source.buf, <float *>target.buf, source.len // 4, ops)
            else:
                scale(<const double *>source.buf, <double *>target.buf, source.len // 8, ops)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)


cdef void scale(const real *vector, real *result, int64_t d, const CosineOps *ops) noexcept nogil:
    cdef real factor = 0
    cdef int64_t i
    if d:
        ops.norms(vector, 1, d, &factor)
    factor = 1 / factor
    if isinf(factor):
        factor = 0
    for i in range(d):
        result[i] = vector[i] * factor
