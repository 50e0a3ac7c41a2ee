"""Moments of rows, from which `fastsgns.training.curvature` estimates the curvature of the loss.

All sums have a fixed order, and no BLAS is used, so that the result is the same on all machines.

principal    in which direction rows are longest, and how long they are along it and across it
mean_slope   the mean slope of the logistic function at the products of rows
"""

import numpy as np

from libc.math cimport exp, sqrt
from libc.stdint cimport int64_t

cdef double LONGEST = 1e19  # the square of a longer vector is not a float32

cdef enum:
    LANES = 16  # partial sums of a product, so that they can be added at the same time
    STRIDES = 8  # rows that a row is paired with


def principal(float[:, ::1] rows not None, int n_steps):
    """Return the direction in which rows are longest, and their mean squares along and across it.

    Power iteration on the second moment of the rows finds the direction, from their mean on.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, width)
        The parts along the direction are subtracted from it.
    n_steps : int
        Steps of the iteration.

    Returns
    -------
    direction : ndarray of float32, shape (width,)
        Of length 1; zeros if all rows are.
    along : float
        The mean square of the rows along it: an eigenvalue of their second moment M.
    across : float
        The mean of the other eigenvalues, each with its own value as its weight: tr(R R) / tr(R),
        where R is the second moment of what is left. An estimate: tr(R R) is the mean of the
        squared products of different rows.

    Examples
    --------
    >>> rows = np.array([[3, 0.5], [3, -0.5], [3, 0.5], [3, -0.5]], np.float32)
    >>> principal(rows, 8)
    (array([1., 0.], dtype=float32), 9.0, 0.25)
    """
    cdef int64_t n = rows.shape[0], width = rows.shape[1], i, k
    cdef float[::1] direction = np.zeros(width, np.float32)
    cdef float[::1] scratch = np.zeros(width, np.float32)
    cdef double along = 0, rest = 0, square = 0, product
    cdef bint known
    if n == 0 or width == 0:
        return np.asarray(direction), 0.0, 0.0
    with nogil:
        for i in range(n):
            add(&direction[0], &rows[i, 0], 1, width)
        known = scale_to_one(&direction[0], width)
        if not known:
            for i in range(width):
                direction[i] = 0
        for _step in range(n_steps if known else 0):
            multiply(rows, &direction[0], &scratch[0])
            if not scale_to_one(&scratch[0], width):
                break
            direction[:] = scratch
        for i in range(n):
            product = dot(&rows[i, 0], &direction[0], width)
            along += product * product
            add(&rows[i, 0], &direction[0], <float>-product, width)
            rest += dot(&rows[i, 0], &rows[i, 0], width)
        for k in range(STRIDES if n > 1 else 0):
            for i in range(n):
                product = dot(&rows[i, 0], &rows[other(i, k, n), 0], width)
                square += product * product
    across = square / STRIDES / rest if rest > 0 else 0
    return np.asarray(direction), along / n, across


cdef inline int64_t other(int64_t i, int64_t k, int64_t n) noexcept nogil:
    """Return the k-th row that is paired with row i, which is another one if n > 1.

    They are far from each other: neighbours are often the same row, drawn twice.
    """
    return (i + 1 + k * (n - 1) // STRIDES) % n


def mean_slope(const float[:, ::1] left not None, const float[:, ::1] right not None):
    """Return the mean of p (1 - p), where p = 1 / (1 + exp(-x y)), for rows x and y.

    Each row of `left` is paired with several of `right`, not with that of the same number.

    Parameters
    ----------
    left, right : ndarray of float32, shape (n, width)

    Returns
    -------
    float
        From 0 to 1/4, which is the value for products of 0.

    Raises
    ------
    ValueError
        If the shapes differ, or there are no rows.

    Examples
    --------
    >>> rows = np.eye(2, dtype=np.float32)
    >>> mean_slope(rows, rows)
    0.25
    """
    cdef int64_t n = left.shape[0], width = left.shape[1], i, k
    cdef double total = 0, p
    if right.shape[0] != n or right.shape[1] != width or n == 0 or width == 0:
        raise ValueError(f"there are {n} rows of {width} numbers, and {right.shape[0]} of "
                         f"{right.shape[1]}; as many are needed, at least one")
    with nogil:
        for k in range(STRIDES):
            for i in range(n):
                p = 1 / (1 + exp(-<double>dot(&left[i, 0], &right[other(i, k, n), 0], width)))
                total += p * (1 - p)
    return total / (n * STRIDES)


cdef void multiply(float[:, ::1] rows, const float *vector, float *out) noexcept nogil:
    """Multiply a vector with the second moment of rows, times their number."""
    cdef int64_t i, width = rows.shape[1]
    for i in range(width):
        out[i] = 0
    for i in range(rows.shape[0]):
        add(out, &rows[i, 0], dot(&rows[i, 0], vector, width), width)


cdef bint scale_to_one(float *vector, int64_t width) noexcept nogil:
    """Return whether a vector has a length, and divide it by that."""
    cdef double length = sqrt(<double>dot(vector, vector, width))
    cdef int64_t j
    if not 0 < length < LONGEST:
        return False
    for j in range(width):
        vector[j] = <float>(vector[j] / length)
    return True


cdef inline void add(float *sums, const float *row, float factor, int64_t width) noexcept nogil:
    cdef int64_t j
    for j in range(width):
        sums[j] += factor * row[j]


cdef inline float dot(const float *a, const float *b, int64_t width) noexcept nogil:
    """Return the product of two rows, summed in an order that allows SIMD."""
    cdef float[LANES] sums
    cdef float total = 0
    cdef int64_t j, k
    for k in range(LANES):
        sums[k] = 0
    for j in range(width // LANES):
        for k in range(LANES):
            sums[k] += a[j * LANES + k] * b[j * LANES + k]
    for j in range(width - width % LANES, width):
        total += a[j] * b[j]
    for k in range(LANES):
        total += sums[k]
    return total
