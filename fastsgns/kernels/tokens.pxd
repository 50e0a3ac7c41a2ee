# Tokens: subsampling, window sizes, context words.

from libc.stdint cimport int32_t, int64_t, uint32_t

from fastsgns.kernels.rng cimport next_random, random_below
from fastsgns.kernels.state cimport BAD_ID, Model, Worker, prefetch_read

cdef enum:
    THRESHOLDS_AHEAD = 16  # tokens whose threshold is prefetched


cdef inline bint keep_token(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Draw whether subsampling keeps a token of `word`."""
    return model.keep_thresholds == NULL or (
        <uint32_t>next_random(&worker.random_state) <= model.keep_thresholds[word])


cdef inline int64_t subsample(const Model *model, Worker *worker, const int32_t *ids,
                              int64_t start, int64_t stop, int64_t n) noexcept nogil:
    """Append the tokens of ids[start:stop] that survive subsampling to worker.tokens.

    worker.tokens already holds n tokens. Returns the new number of tokens, or BAD_ID.
    """
    cdef int64_t position
    for position in range(start, stop):
        if position + THRESHOLDS_AHEAD < stop and model.keep_thresholds != NULL:
            prefetch_read(&model.keep_thresholds[ids[position + THRESHOLDS_AHEAD]])
        worker.tokens[n] = ids[position]  # overwritten by the next token if not kept
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        n += keep_token(model, worker, ids[position])
    return n


cdef inline int64_t subsample_contexts(
    const Model *model, Worker *worker, const int32_t *ids, int64_t start, int64_t stop,
    int step, int64_t n_before,
) noexcept nogil:
    """Append up to `max_radius` tokens that survive subsampling to worker.tokens.

    worker.tokens already holds n_before tokens. The new ones are taken from ids[start], ids[start +
    step], ..., stopping before ids[stop], in either direction; `step` is 1 or -1. Returns the new
    number of tokens, or BAD_ID.
    """
    cdef int64_t position = start, n = n_before
    while position != stop and n < n_before + model.max_radius:
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        if keep_token(model, worker, ids[position]):
            worker.tokens[n] = ids[position]
            n += 1
        position += step
    return n


cdef inline void reverse(int32_t *values, int64_t n) noexcept nogil:
    """Reverse an array in place."""
    cdef int64_t i
    cdef int32_t value
    for i in range(n // 2):
        value = values[i]
        values[i] = values[n - 1 - i]
        values[n - 1 - i] = value


cdef inline int64_t draw_radius(const Model *model, Worker *worker) noexcept nogil:
    """Return the radius of a window: drawn from 1 .. `window`, or `window` without shrinking.

    It is at most `max_radius` = min(window, longest sentence), as no two tokens of a sentence are
    farther apart.
    """
    cdef int64_t radius = model.window
    if model.shrink_windows:
        radius = 1 + random_below(&worker.random_state, model.window)
    return min(radius, model.max_radius)


cdef inline int copy_contexts(const Model *model, const Worker *worker, int64_t position,
                              int64_t radius, int64_t n_tokens, int32_t *contexts) noexcept nogil:
    """Copy the context words of the focus word worker.tokens[position]; return how many.

    These are the tokens up to `radius` before it and up to min(radius, right_radius) after it.
    Always copies max_radius tokens of each side, because loops of random length are slower: the
    processor does not predict where they end. `contexts` has room for 2 * max_radius words.
    """
    cdef int64_t n_left = min(radius, position), i
    cdef int64_t n_right = min(radius, model.right_radius, n_tokens - 1 - position)
    cdef const int32_t *left = worker.tokens + position - n_left
    cdef const int32_t *right = worker.tokens + position + 1
    for i in range(model.max_radius):
        contexts[i] = left[i]
    for i in range(model.max_radius):
        contexts[n_left + i] = right[i]
    return <int>(n_left + n_right)
