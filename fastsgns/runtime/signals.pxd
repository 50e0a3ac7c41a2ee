# Ctrl-C in loops without the GIL.

from cpython.exc cimport PyErr_CheckSignals

cdef enum:
    # Items of a loop between two checks. An item takes at most some 20 ns, a cache miss, and so a
    # check follows the one before within 0.1 s.
    ITEMS_PER_CHECK = 1 << 20


cdef inline int check_signals() except -1 nogil:
    """Raise KeyboardInterrupt if Ctrl-C was pressed and this is the main thread."""
    with gil:
        return PyErr_CheckSignals()
