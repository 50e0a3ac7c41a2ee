"""Cosines of all rows of a matrix with a query, norms of rows, and the largest of many cosines.

`cosines.h` states what is computed. The functions run without the GIL, so that several threads can
work on parts of a matrix.
"""

from cpython.buffer cimport (
    Py_buffer, PyBUF_CONTIG, PyBUF_CONTIG_RO, PyBuffer_Release, PyObject_GetBuffer,
)
from libc.math cimport INFINITY, NAN, fabs, isfinite, isinf, sqrt
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
        void (*sort)(const Answers *answers) noexcept nogil
    const CosineOps *cosines_variant(const char *name, int real_size)

cdef enum:
    TILE = 64  # rows of which the norms are computed together

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


def sort_answers(real[:, ::1] cosines not None, int64_t[:, ::1] positions not None, str variant):
    """Sort what `collect_largest` has collected: the largest first, or the first of equal ones.

    Parameters
    ----------
    cosines, positions
        As `collect_largest` leaves them.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    cdef Answers answers
    cdef int64_t row
    answers.n = cosines.shape[1]
    if positions.shape[0] != cosines.shape[0] or positions.shape[1] != answers.n:
        raise ValueError("the arrays of cosines and positions do not fit together")
    if answers.n == 0:
        return
    with nogil:
        for row in range(cosines.shape[0]):
            answers.cosines, answers.positions = &cosines[row, 0], &positions[row, 0]
            ops.sort(&answers)


def largest_values(const real[::1] values not None, real[::1] best not None,
                   int64_t[::1] positions not None, str variant):
    """Find the largest values of an array, as `collect_largest` and `sort_answers` do.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n,)
    best : ndarray of the same type, shape (k,)
        Receives the values.
    positions : ndarray of int64, shape (k,)
        Receives their positions.
    variant : str
        Name of the active kernel variant.

    Returns
    -------
    int
        How many there are: k, or less.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    cdef Answers answers
    cdef int64_t i, n_found
    n_found = answers.n = best.shape[0]
    if positions.shape[0] != answers.n:
        raise ValueError(f"{answers.n} values at {positions.shape[0]} positions")
    if answers.n == 0 or values.shape[0] == 0:
        return 0
    answers.cosines, answers.positions = &best[0], &positions[0]
    with nogil:
        for i in range(answers.n):
            best[i], positions[i] = -INFINITY, -1
        ops.collect(&values[0], NULL, values.shape[0], 0, -1, &answers)
        ops.sort(&answers)
        while n_found and positions[n_found - 1] < 0:
            n_found -= 1
    return n_found


def add_rows(const real[:, ::1] rows not None, const double[::1] factors, bint normalized,
             double[::1] total not None, str variant):
    """Add rows times factors to a vector.

    Parameters
    ----------
    rows : ndarray of float32 or float64, shape (n, d)
    factors : ndarray of float64, shape (n,), or None
        None is 1 for each row.
    normalized : bool
        Scale each row to length 1 first; zero stays zero, and what is not finite becomes NaN.
    total : ndarray of float64, shape (d,)
        The vector.
    variant : str
        Name of the active kernel variant.

    Returns
    -------
    float
        The sum of the absolute factors.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    cdef int64_t i, x, n = rows.shape[0], d = rows.shape[1]
    cdef double factor, sum_of_factors = 0
    if total.shape[0] != d or factors is not None and factors.shape[0] != n:
        raise ValueError("the arrays of rows, factors and the total do not fit together")
    if d == 0 or n == 0:
        return float(n if factors is None else np.abs(factors).sum())
    for i in range(n):
        factor = 1 if factors is None else factors[i]
        sum_of_factors += fabs(factor)
        if normalized:
            factor *= scale_of(&rows[i, 0], d, ops)
        for x in range(d):
            total[x] += factor * rows[i, x]
    return sum_of_factors


def units_of_rows(const real[:, ::1] rows not None, real[:, ::1] units not None, str variant):
    """Scale each row to length 1, as `unit_vector` does.

    Parameters
    ----------
    rows : ndarray of float32 or float64, shape (n, d)
    units : ndarray of the same type and shape
        Receives the rows of length 1.
    variant : str
        Name of the active kernel variant.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef const CosineOps *ops = operations(variant, sizeof(real))
    cdef real norms[TILE]
    cdef int64_t i, tile, start, n, d = rows.shape[1]
    if units.shape[0] != rows.shape[0] or units.shape[1] != d:
        raise ValueError("rows and units are not of the same shape")
    if d == 0:
        return
    with nogil:
        for tile in range((rows.shape[0] + TILE - 1) // TILE):
            start = tile * TILE
            n = min(<int64_t>TILE, rows.shape[0] - start)
            ops.norms(&rows[start, 0], n, d, norms)
            for i in range(n):
                scale(&rows[start + i, 0], &units[start + i, 0], d, inverse(norms[i]))


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
                normalize(<const float *>source.buf, <float *>target.buf, source.len // 4, ops)
            else:
                normalize(<const double *>source.buf, <double *>target.buf, source.len // 8, ops)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)


def cosine_of(const real[::1] first not None, const real[::1] second not None):
    """Compute the cosine between two vectors, exactly 1 if they are equal.

    It is 0 if either is zero, and NaN if the norm of either is not finite in the type of the
    vectors. Sums are of float64.

    Parameters
    ----------
    first, second : ndarray of float32 or float64, shape (d,)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the arrays do not fit.
    """
    cdef double dot = 0, squares = 0, others = 0, norms
    cdef int64_t i
    if first.shape[0] != second.shape[0]:
        raise ValueError(f"vectors of {first.shape[0]} and {second.shape[0]} numbers")
    for i in range(first.shape[0]):
        dot += <double>first[i] * second[i]
        squares += <double>first[i] * first[i]
        others += <double>second[i] * second[i]
    if not (isfinite(<real>squares) and isfinite(<real>others)):
        return NAN
    # The root of the square of a number may differ from the number.
    norms = squares if squares == others else sqrt(squares) * sqrt(others)
    return dot / norms if norms > 0 else 0.0


cdef inline real inverse(real norm) noexcept nogil:
    """Return 1 / norm, or 0 where that is infinite."""
    cdef real factor = 1 / norm
    return 0 if isinf(factor) else factor


cdef inline real scale_of(const real *vector, int64_t d, const CosineOps *ops) noexcept nogil:
    """Return what a vector of at least one number is multiplied with to have length 1."""
    cdef real norm
    ops.norms(vector, 1, d, &norm)
    return inverse(norm)


cdef inline void scale(const real *vector, real *result, int64_t d, real factor) noexcept nogil:
    cdef int64_t i
    for i in range(d):
        result[i] = vector[i] * factor


cdef inline void normalize(
    const real *vector, real *result, int64_t d, const CosineOps *ops
) noexcept nogil:
    if d:
        scale(vector, result, d, scale_of(vector, d, ops))
