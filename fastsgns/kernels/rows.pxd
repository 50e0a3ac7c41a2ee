# The addresses of rows, which the row operations (rows.h) take.
#
# Every kernel gets the address of a row from here. `worker` is the worker that uses the row.
#
# Contents
#   input_row, output_row, negative_row, tree_row   the row of an id, to read and update it
#   find_input_rows, ...                            the same for several ids
#   peek_input_row, ..., peek_input_rows, ...       the same, to prefetch the row

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.hot cimport hot_row, peek_hot_row
from fastsgns.kernels.state cimport HOT_INPUT, HOT_NEGATIVE, Model, Worker
from fastsgns.kernels.subwords cimport mean_row, peek_mean_row


cdef inline void *input_row(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Return the address of the input row of a word, to read and update it once."""
    if model.subword_starts != NULL:
        return mean_row(model, worker, word)
    return hot_row(model, &worker.hot[HOT_INPUT], word)


cdef inline void *output_row(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Return the address of the output row of a word, to read and update it once.

    If the matrix is tied, this is the word's input row.
    """
    if model.tied and model.subword_starts != NULL:
        return mean_row(model, worker, word)
    return hot_row(model, worker.hot_output, word)


cdef inline void *negative_row(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Return the address of the row of a word as a negative sample, to read and update it once.

    This is the output row, unless negative samples have a separate output matrix.
    """
    if model.negative_output == NULL:
        return output_row(model, worker, word)
    return hot_row(model, &worker.hot[HOT_NEGATIVE], word)


cdef inline void *tree_row(const Model *model, Worker *worker, int32_t node) noexcept nogil:
    """Return the address of the row of an inner node of the Huffman tree."""
    return model.tree + node * model.row_bytes


cdef inline void *peek_input_row(const Model *model, const Worker *worker, int32_t word) \
        noexcept nogil:
    """Return the address of the input row of a word, to prefetch it."""
    if model.subword_starts != NULL:
        return peek_mean_row(model, worker, word)
    return peek_hot_row(model, &worker.hot[HOT_INPUT], word)


cdef inline void *peek_output_row(const Model *model, const Worker *worker, int32_t word) \
        noexcept nogil:
    """Return the address of the output row of a word, to prefetch it."""
    if model.tied and model.subword_starts != NULL:
        return peek_mean_row(model, worker, word)
    return peek_hot_row(model, worker.hot_output, word)


cdef inline void *peek_negative_row(const Model *model, const Worker *worker, int32_t word) \
        noexcept nogil:
    """Return the address of the row of a word as a negative sample, to prefetch it."""
    if model.negative_output == NULL:
        return peek_output_row(model, worker, word)
    return peek_hot_row(model, &worker.hot[HOT_NEGATIVE], word)


cdef inline void find_input_rows(const Model *model, Worker *worker, const int32_t *words,
                                 int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the input rows of words[:n] to `rows`."""
    cdef int64_t i
    for i in range(n):
        rows[i] = input_row(model, worker, words[i])


cdef inline void find_negative_rows(const Model *model, Worker *worker, const int32_t *words,
                                    int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the rows of words[:n] as negative samples to `rows`."""
    cdef int64_t i
    for i in range(n):
        rows[i] = negative_row(model, worker, words[i])


cdef inline void find_tree_rows(const Model *model, Worker *worker, const int32_t *nodes,
                                int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the rows of the inner nodes nodes[:n] to `rows`."""
    cdef int64_t i
    for i in range(n):
        rows[i] = tree_row(model, worker, nodes[i])


cdef inline void peek_input_rows(const Model *model, const Worker *worker, const int32_t *words,
                                 int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the input rows of words[:n] to `rows`, to prefetch them."""
    cdef int64_t i
    for i in range(n):
        rows[i] = peek_input_row(model, worker, words[i])


cdef inline void peek_output_rows(const Model *model, const Worker *worker, const int32_t *words,
                                  int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the output rows of words[:n] to `rows`, to prefetch them."""
    cdef int64_t i
    for i in range(n):
        rows[i] = peek_output_row(model, worker, words[i])


cdef inline void peek_negative_rows(const Model *model, const Worker *worker, const int32_t *words,
                                    int64_t n, void **rows) noexcept nogil:
    """Write the addresses of the rows of words[:n] as negative samples, to prefetch them."""
    cdef int64_t i
    for i in range(n):
        rows[i] = peek_negative_row(model, worker, words[i])
