# Which tokens of a sentence are trained on, after subsampling.

from libc.stdint cimport int32_t, int64_t, uint32_t

from fastsgns.kernels.state cimport BAD_ID, Model, Worker, next_random, random_below


cdef inline char *row_of(const Model *model, char *matrix, int32_t word) noexcept nogil:
    return matrix + word * model.row_bytes


cdef inline bint is_kept(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    return model.keep == NULL or <uint32_t>next_random(&worker.random) <= model.keep[word]


cdef inline int64_t keep_focus(
    const Model *model, Worker *worker, const int32_t *ids, int64_t start, int64_t stop,
    int64_t n_before,
) noexcept nogil:
    """Append the tokens of [start, stop) that subsampling keeps; the number kept by then."""
    cdef int64_t position
    for position in range(start, stop):
        worker.kept[n_before] = ids[position]
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        n_before += is_kept(model, worker, ids[position])
    return n_before


cdef inline int64_t keep_margin(
    const Model *model, Worker *worker, const int32_t *ids, int64_t start, int64_t stop,
    int step, int64_t n_before,
) noexcept nogil:
    """Append up to `window` kept tokens, going from start towards stop (exclusive) by step."""
    cdef int64_t position = start, n = n_before
    while position != stop and n < n_before + model.reach:
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        if is_kept(model, worker, ids[position]):
            worker.kept[n] = ids[position]
            n += 1
        position += step
    return n


cdef inline void reverse(int32_t *values, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef int32_t value
    for i in range(n // 2):
        value = values[i]
        values[i] = values[n - 1 - i]
        values[n - 1 - i] = value


cdef inline int64_t draw_reach(const Model *model, Worker *worker) noexcept nogil:
    """How far a window reaches, drawn from 1 .. window, but no farther than any sentence does."""
    cdef int64_t reach = model.window
    if model.shrink:
        reach = 1 + random_below(&worker.random, model.window)
    return min(reach, model.reach)


cdef inline int contexts_of(const Model *model, const Worker *worker, int64_t position,
                            int64_t reach, int64_t n_kept, int32_t *contexts) noexcept nogil:
    """Copy the kept tokens within `reach` of one of them, without it; their number."""
    cdef int64_t other, stop = min(n_kept, position + min(reach, model.after) + 1)
    cdef int n = 0
    for other in range(max(0, position - reach), stop):
        if other != position:
            contexts[n] = worker.kept[other]
            n += 1
    return n
