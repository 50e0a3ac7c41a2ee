# Memory of one call.

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc

from fastsgns.kernels.state cimport CACHE_LINE, Worker


cdef inline void *scratch(Worker *worker, int64_t n, size_t size) noexcept nogil:
    """Zeroed memory from the start of a cache line, which `end_worker` frees.

    The worker remembers if there was none.
    """
    cdef char *memory = <char *>calloc(n * size + CACHE_LINE, 1)
    worker.owned[worker.n_owned] = memory
    worker.n_owned += 1
    worker.lacks_memory |= memory == NULL
    return memory + (CACHE_LINE - <size_t>memory % CACHE_LINE)
