# Declarations of rng.h: random numbers, and draws from an alias table.

from libc.stdint cimport int32_t, uint32_t, uint64_t

cdef extern from "rng.h" nogil:
    ctypedef struct AliasSlot:
        uint32_t threshold
        uint32_t alias
    uint64_t next_random(uint64_t *state)  # 64 random bits
    uint32_t random_below(uint64_t *state, uint32_t n)  # uniform in 0 .. n - 1
    uint32_t alias_slot(uint64_t draw, uint32_t n)  # the slot that a draw selects
    int32_t alias_index(uint64_t draw, const AliasSlot *table, uint32_t n)  # the slot or its alias
    int32_t draw_from_alias_table(uint64_t *state, const AliasSlot *table, uint32_t n)
