# Memory of one call.

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from fastsgns.kernels.state cimport CACHE_LINE, MAX_BUFFERS, Worker


cdef inline void *allocate(Worker *worker, int64_t n, size_t size) noexcept nogil:
    """Return zeroed memory for n items of `size` bytes, aligned to a cache line.

    The worker owns the memory; `free_buffers` frees it. Without memory, or with more than
    MAX_BUFFERS buffers, `out_of_memory` is set and the result is NULL.
    """
    cdef char *memory = NULL
    if worker.n_buffers < MAX_BUFFERS:
        memory = <char *>calloc(n * size + CACHE_LINE, 1)
    if memory == NULL:
        worker.out_of_memory = True
        return NULL
    worker.buffers[worker.n_buffers] = memory
    worker.n_buffers += 1
    return memory + (CACHE_LINE - <size_t>memory % CACHE_LINE)


cdef inline void free_buffers(Worker *worker) noexcept nogil:
    """Free all memory that `allocate` returned."""
    cdef int i
    for i in range(worker.n_buffers):
        free(worker.buffers[i])
    worker.n_buffers = 0
