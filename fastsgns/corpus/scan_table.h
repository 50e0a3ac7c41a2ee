/* A hash table from the tokens of a byte stream to ids in first-seen order.
 *
 * The table uses open addressing with linear probing. The bytes of all types (distinct tokens) are
 * in one growing array, the arena. */
#ifndef FASTSGNS_SCAN_TABLE_H
#define FASTSGNS_SCAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Largest number of bytes of a token that continues from block to block. A file with a longer one
 * does not consist of words. */
#define LONGEST_TOKEN (INT64_C(1) << 24)

enum { SCAN_NO_MEMORY = -1, SCAN_TOO_MANY_TYPES = -2, SCAN_LONG_TOKEN = -3 };

/* A slot of the table. A type of at most 16 bytes is stored in its slot, so that a look-up needs
 * only one cache line. */
typedef struct {
    uint64_t low,
        high; /* the bytes, padded with zeros; of a type longer than 16 bytes, its hash and 0 */
    int64_t count;
    int32_t id;
    uint32_t length; /* 0: the slot is free; UINT32_MAX: longer than 16 bytes */
} Slot;

/* The secret key of the hash function. Without it nobody can choose words that collide. */
typedef struct {
    uint64_t low, high;
} HashKey;

typedef struct {
    Slot *slots;
    HashKey key;     /* no result depends on it */
    uint64_t mask;   /* number of slots - 1; a power of two */
    int shift;       /* the home slot of a hash of 64 bits is hash >> shift */
    uint8_t *arena;  /* the types in the order of their ids, each followed by a newline */
    int64_t *starts; /* (n_types + 1,): where each type starts in the arena, and its end */
    int64_t *first;  /* (n_types,): the position of each type's first token */
    int64_t arena_room, starts_room, first_room; /* capacities of the arrays, in items */
    int64_t types_room;                          /* capacity of the table, in types */
    int64_t n_types, n_tokens;
    uint8_t *carry; /* the beginning of a token that the last block cut */
    int64_t carry_length, carry_room;
} Table;

/* Makes an empty table with the given key. Returns 0 or SCAN_NO_MEMORY. */
int table_init(Table *table, uint64_t key_low, uint64_t key_high);
void table_free(Table *table);

/* Scans a block of n bytes. Writes the ids of its tokens, and for each newline the number of tokens
 * before it (no number twice). `ids` and `ends` need room for n / 2 + 2 entries. Returns 0 or a
 * SCAN_* error. */
int table_feed(Table *table, const uint8_t *data, int64_t n, int32_t *ids, int64_t *n_ids,
               int64_t *ends, int64_t *n_ends);

/* Writes the id of the token that the last block cut, if there is one: *n_ids is 0 or 1. Returns 0
 * or a SCAN_* error. */
int table_finish(Table *table, int32_t *ids, int64_t *n_ids);

/* Looks up the tokens of a whole text of n bytes, without changing the table. Writes their ids, -1
 * for a token that is not a type, and if `places` is not NULL, where each token starts and ends.
 * Needs room for (n + 1) / 2 tokens. Bytes up to `stop` may be read. Returns the number of tokens.
 * Several threads may look up tokens at the same time. */
int64_t table_look_up(const Table *table, const uint8_t *data, int64_t n, const uint8_t *stop,
                      int32_t *ids, int64_t *places);

/* Adds the types and counts of `other`. Writes to ids[i] the id in `table` of its type i. Returns 0
 * or a SCAN_* error. */
int table_merge(Table *table, const Table *other, int32_t *ids);

/* Writes the number of tokens of each type to counts[id]. */
void table_counts(const Table *table, int64_t *counts);

/* Returns the largest number of slots between a type and the home slot of its hash. */
int64_t table_longest_probe(const Table *table);

/* Returns the number of bytes of `data` before the first white space. */
int64_t token_length(const uint8_t *data, int64_t n);

#endif
