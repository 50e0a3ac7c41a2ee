/* Tokens of a byte stream to ids in first-seen order: an open-addressing table over an arena. */
#ifndef FASTSGNS_SCAN_TABLE_H
#define FASTSGNS_SCAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a token that runs over blocks; a file with a longer one has no words. */
#define LONGEST_TOKEN (INT64_C(1) << 24)

enum { SCAN_NO_MEMORY = -1, SCAN_TOO_MANY_TYPES = -2, SCAN_LONG_TOKEN = -3 };

/* A type of at most 16 bytes lies whole in its slot, so that finding it touches one cache line. */
typedef struct {
    uint64_t low, high; /* its first 16 bytes, zero padded; of a longer type its hash and 0 */
    int64_t count;
    int32_t id;
    uint32_t length; /* 0: a free slot; UINT32_MAX: longer than 16 bytes */
} Slot;

/* Secret random numbers, without which nobody can choose words that collide. */
typedef struct {
    uint64_t low, high;
} HashKey;

typedef struct {
    Slot *slots;
    HashKey key;     /* nothing that leaves the table depends on it */
    uint64_t mask;   /* number of slots - 1; a power of two */
    int shift;       /* that takes a hash of 64 bits to a slot */
    uint8_t *arena;  /* the types in order of their ids, a newline after each */
    int64_t *starts; /* of each type in the arena, and one past the last: n_types + 1 */
    int64_t *first;  /* the position of each type's first token */
    int64_t arena_room, starts_room, first_room; /* items that the arrays hold */
    int64_t types_room;                          /* types that slots and arrays are for */
    int64_t n_types, n_tokens;
    uint8_t *carry; /* the beginning of a token that the last block cut */
    int64_t carry_length, carry_room;
} Table;

/* An empty table whose hash depends on two random numbers. */
int table_init(Table *table, uint64_t key_low, uint64_t key_high);
void table_free(Table *table);

/* Ids of the tokens of a block, and the token positions of its newlines (no position twice).
 * `ids` needs room for n / 2 + 2 tokens, `ends` for as many. Returns 0 or a SCAN_* error. */
int table_feed(Table *table, const uint8_t *data, int64_t n, int32_t *ids, int64_t *n_ids,
               int64_t *ends, int64_t *n_ends);

/* The id of the token that the last block cut, if any: *n_ids is 0 or 1. */
int table_finish(Table *table, int32_t *ids, int64_t *n_ids);

/* Add the types and counts of `other`; ids[i] is the id here of its type i. */
int table_absorb(Table *table, const Table *other, int32_t *ids);

/* counts[id] of every type. */
void table_counts(const Table *table, int64_t *counts);

/* The largest number of slots between a type and the home slot of its hash. */
int64_t table_farthest(const Table *table);

/* How many bytes of `data`, from its first, are not white space. */
int64_t token_length(const uint8_t *data, int64_t n);

#endif
