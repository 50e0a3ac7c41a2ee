"""CBOW with sums in batches: the gradients of a batch are computed at one state, then applied.

For an example with focus word f, context words c, negative samples s, output rows W, input rows C
and a scalar bias b: ``h = sum_c C_c``, ``y_i = h . W_i + b``, and with s(x) the logistic function

    loss = -log s(y_f) - sum_s log(1 - s(y_s)),
    g_f = 1 - s(y_f),  g_s = -s(y_s),
    W_i += rate g_i h,  C_c += rate sum_i g_i W_i,  b += bias_rate sum_i g_i.

W and C may be the same array; then their updates are, too.
"""

from libc.math cimport exp, log1p

ctypedef fused real:
    float
    double


# Sums over the examples of a batch.
cdef struct Totals:
    double loss
    double bias_gradient


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


cdef void add_example(
    real[:, ::1] w, real[:, ::1] c, real[:, ::1] dw, real[:, ::1] dc, double bias,
    const int[::1] words, const int[::1] contexts, double rate, real[:, ::1] scratch,
    Totals *totals,
) noexcept nogil:
    """Add the updates of one example to `dw` and `dc`.

    words : the focus word, then its negative samples. contexts : -1 where there is none.
    """
    cdef Py_ssize_t d = w.shape[1], i
    cdef real *h = &scratch[0, 0]
    cdef real *gradient = &scratch[1, 0]
    cdef double y, exp_neg_abs, logistic, g
    for i in range(d):
        h[i] = 0
        gradient[i] = 0
    for i in range(contexts.shape[0]):
        if contexts[i] >= 0:
            add(h, &c[contexts[i], 0], <real>1, d)
    for i in range(words.shape[0]):
        y = score(h, &w[words[i], 0], d) + bias
        exp_neg_abs = exp(-y if y > 0 else y)
        logistic = (1 if y > 0 else exp_neg_abs) / (1 + exp_neg_abs)
        g = -logistic if i else 1 - logistic
        totals.loss += log1p(exp_neg_abs) + (max(y, 0) if i else max(-y, 0))
        totals.bias_gradient += g
        add(&dw[words[i], 0], h, <real>(rate * g), d)
        add(gradient, &w[words[i], 0], <real>(rate * g), d)
    for i in range(contexts.shape[0]):
        if contexts[i] >= 0:
            add(&dc[contexts[i], 0], gradient, <real>1, d)


cdef void apply_updates(
    real[:, ::1] rows, real[:, ::1] updates, const int[:, ::1] ids, Py_ssize_t start,
    Py_ssize_t stop,
) noexcept nogil:
    """Add the updates of the rows ids[start:stop], and reset them: a repeated id adds nothing."""
    cdef Py_ssize_t n, i, k, row
    for n in range(start, stop):
        for i in range(ids.shape[1]):
            row = ids[n, i]
            for k in range(rows.shape[1] if row >= 0 else 0):
                rows[row, k] += updates[row, k]
                updates[row, k] = 0


def cbow(
    real[:, ::1] w not None, real[:, ::1] c not None, real[:, ::1] dw not None,
    real[:, ::1] dc not None, double[::1] bias not None, const int[:, ::1] words not None,
    const int[:, ::1] contexts not None, int batch, double rate, double bias_rate,
    real[:, ::1] scratch not None,
):
    """Train with examples in batches; return the sum of their losses, each before its update.

    Parameters
    ----------
    w, c : array of float32 or float64, shape (V, d)
        Output and input rows, changed in place; may be the same array.
    dw, dc : array, shape (V, d)
        Working memory of zeros; the same array if `w` and `c` are.
    bias : array of float64, shape (1,)
        Changed by `bias_rate` times its gradient.
    words : array of int32, shape (n, 1 + negatives)
        Focus word and negative samples of each example.
    contexts : array of int32, shape (n, 2 window)
        -1 where there is none.
    batch : int
        Examples per batch.
    rate, bias_rate : float
        With both 0 nothing changes and the loss is that of the rows.
    scratch : array, shape (2, d)
        Working memory.

    Returns
    -------
    float
    """
    cdef Py_ssize_t n, start = 0, stop
    cdef Py_ssize_t last = words.shape[0]
    cdef Totals totals
    cdef double total = 0
    with nogil:
        while start < last:
            stop = min(start + batch, last)
            totals.loss = totals.bias_gradient = 0
            for n in range(start, stop):
                add_example(
                    w, c, dw, dc, bias[0], words[n], contexts[n], rate, scratch, &totals
                )
            apply_updates(w, dw, words, start, stop)
            apply_updates(c, dc, contexts, start, stop)
            bias[0] += bias_rate * totals.bias_gradient
            total += totals.loss
            start = stop
    return total
