/* The generator of a worker, and what is drawn from it.
 *
 * SplitMix64 (Steele, Lea, Flood 2014): the state steps by a constant, the output is a bijective
 * mix of it. Each chunk of a corpus starts its own stream from (seed, epoch, chunk). */
#ifndef FASTSGNS_RNG_H
#define FASTSGNS_RNG_H

#include <stdint.h>

/* A slot of Walker's alias table: below `threshold` / 2^32 the slot itself, else its alias. */
typedef struct {
    uint32_t threshold;
    uint32_t alias;
} AliasSlot;

static inline uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Uniform in 0 .. n - 1, by the upper half of a draw. */
static inline uint32_t random_below(uint64_t *state, uint32_t n) {
    return (uint32_t)(((next_random(state) >> 32) * n) >> 32);
}

/* The slot of a draw from a table of n: by the upper half. */
static inline uint32_t alias_slot(uint64_t draw, uint32_t n) {
    return (uint32_t)(((draw >> 32) * n) >> 32);
}

/* The index of a draw, with the table's probabilities: the lower half picks the slot or its alias,
 * by a mask: as a branch it is mispredicted every other time, and waits for the table's memory. */
static inline int32_t alias_index(uint64_t draw, const AliasSlot *table, uint32_t n) {
    uint32_t slot = alias_slot(draw, n), stays = 0u - ((uint32_t)draw < table[slot].threshold);
    return (int32_t)((slot & stays) | (table[slot].alias & ~stays));
}

static inline int32_t random_alias(uint64_t *state, const AliasSlot *table, uint32_t n) {
    return alias_index(next_random(state), table, n);
}

#endif
