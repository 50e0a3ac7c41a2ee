"""CBOW by sums in frozen batches: the gradients of a batch are taken at one state, then applied.

For an example with focus f, contexts c, negatives s, rows W of words and C of contexts, and a
scalar bias b: ``h = sum_c C_c``, ``y_i = h . W_i + b``, and with s(x) the logistic function

    loss = -log s(y_f) - sum_s log(1 - s(y_s)),
    g_f = 1 - s(y_f),  g_s = -s(y_s),
    W_i += rate g_i h,  C_c += rate sum_i g_i W_i,  b += bias_rate sum_i g_i.

W and C may be one array; so may their increments.
"""

from libc.math cimport exp, log1p

ctypedef fused real:
    float
    double


cdef struct Tally:
    double loss
    double bias


cdef inline double score(const real *h, const real *row, Py_ssize_t d) noexcept nogil:
    cdef double total = 0
    cdef Py_ssize_t k
    for k in range(d):
        total += h[k] * row[k]
    return total


cdef inline void add(real *to, const real *row, real factor, Py_ssize_t d) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(d):
        to[k] += factor * row[k]


cdef inline void move(real *row, real *increment, Py_ssize_t d) noexcept nogil:
    """Add an increment and clear it, so that a second call does nothing."""
    cdef Py_ssize_t k
    for k in range(d):
        row[k] += increment[k]
        increment[k] = 0


cdef void example(
    real[:, ::1] w, real[:, ::1] c, real[:, ::1] dw, real[:, ::1] dc, double bias,
    const int[::1] words, const int[::1] contexts, double rate, real[:, ::1] scratch, Tally *tally,
) noexcept nogil:
    """Add the increments of one example; `words` are its focus and then its negatives."""
    cdef Py_ssize_t d = w.shape[1], i
    cdef real *h = &scratch[0, 0]
    cdef real *back = &scratch[1, 0]
    cdef double y, small, logistic, g
    for i in range(d):
        h[i] = 0
        back[i] = 0
    for i in range(contexts.shape[0]):
        if contexts[i] >= 0:
            add(h, &c[contexts[i], 0], <real>1, d)
    for i in range(words.shape[0]):
        y = score(h, &w[words[i], 0], d) + bias
        small = exp(-y if y > 0 else y)
        logistic = (1 if y > 0 else small) / (1 + small)
        g = -logistic if i else 1 - logistic
        tally.loss += log1p(small) + (max(y, 0) if i else max(-y, 0))
        tally.bias += g
        add(&dw[words[i], 0], h, <real>(rate * g), d)
        add(back, &w[words[i], 0], <real>(rate * g), d)
    for i in range(contexts.shape[0]):
        if contexts[i] >= 0:
            add(&dc[contexts[i], 0], back, <real>1, d)


cdef void apply(
    real[:, ::1] rows, real[:, ::1] increments, const int[:, ::1] ids, Py_ssize_t start,
    Py_ssize_t stop,
) noexcept nogil:
    cdef Py_ssize_t n, i
    for n in range(start, stop):
        for i in range(ids.shape[1]):
            if ids[n, i] >= 0:
                move(&rows[ids[n, i], 0], &increments[ids[n, i], 0], rows.shape[1])


def cbow(
    real[:, ::1] w not None, real[:, ::1] c not None, real[:, ::1] dw not None,
    real[:, ::1] dc not None, double[::1] bias not None, const int[:, ::1] words not None,
    const int[:, ::1] contexts not None, int batch, double rate, double bias_rate,
    real[:, ::1] scratch not None,
):
    """Train on examples in batches of `batch`; give the sum of their losses before each update.

    Parameters
    ----------
    w, c : array of float32 or float64, shape (V, d)
        Rows of words and of contexts, changed in place; may be one.
    dw, dc : array, shape (V, d)
        Zeros; one array if `w` and `c` are.
    bias : array of float64, shape (1,)
        Changed by `bias_rate` times its gradient.
    words : array of int32, shape (n, 1 + negatives)
        Focus and negatives of each example.
    contexts : array of int32, shape (n, 2 window)
        -1 where there is none.
    batch : int
    rate, bias_rate : float
        With both 0 nothing changes and the loss is that of the rows.
    scratch : array, shape (2, d)
    """
    cdef Py_ssize_t n, start = 0, stop
    cdef Py_ssize_t last = words.shape[0]
    cdef Tally tally
    cdef double total = 0
    with nogil:
        while start < last:
            stop = min(start + batch, last)
            tally.loss = tally.bias = 0
            for n in range(start, stop):
                example(
                    w, c, dw, dc, bias[0], words[n], contexts[n], rate, scratch, &tally
                )
            apply(w, dw, words, start, stop)
            apply(c, dc, contexts, start, stop)
            bias[0] += bias_rate * tally.bias
            total += tally.loss
            start = stop
    return total
