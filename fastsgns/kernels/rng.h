/* Random numbers: the generator SplitMix64, and draws from Walker's alias table.
 *
 * SplitMix64 (Steele, Lea, Flood 2014): the state grows by a constant, and the output is a
 * bijective mix of its bits. Each chunk of a corpus has its own stream, seeded by (seed, epoch,
 * chunk). */
#ifndef FASTSGNS_RNG_H
#define FASTSGNS_RNG_H

#include <stdint.h>

/* A slot of Walker's alias table: a uniform number below `threshold` / 2^32 selects the slot
 * itself, any other its alias. */
typedef struct {
    uint32_t threshold;
    uint32_t alias;
} AliasSlot;

/* Returns 64 random bits. */
static inline uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Returns a uniform number in 0 .. n - 1, from the upper 32 bits of a draw. */
static inline uint32_t random_below(uint64_t *state, uint32_t n) {
    return (uint32_t)(((next_random(state) >> 32) * n) >> 32);
}

/* Returns the slot in a table of n slots that a draw selects, by its upper 32 bits. */
static inline uint32_t alias_slot(uint64_t draw, uint32_t n) {
    return (uint32_t)(((draw >> 32) * n) >> 32);
}

/* Returns the index that a draw selects, with the probabilities of the table. The lower 32 bits
 * decide between the slot and its alias. A mask does that: a branch would be mispredicted about
 * every other time, and would wait for the table's memory. */
static inline int32_t alias_index(uint64_t draw, const AliasSlot *table, uint32_t n) {
    uint32_t slot = alias_slot(draw, n), stays = 0u - ((uint32_t)draw < table[slot].threshold);
    return (int32_t)((slot & stays) | (table[slot].alias & ~stays));
}

/* Draws an index with the probabilities of the table. */
static inline int32_t draw_from_alias_table(uint64_t *state, const AliasSlot *table, uint32_t n) {
    return alias_index(next_random(state), table, n);
}

#endif
