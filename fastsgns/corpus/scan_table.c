#include "scan_table.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define HUGE_PAGE (2 << 20)
#define INLINE_BYTES 16
#define LONG UINT32_MAX
#define BATCH 32
#define FIRST_SLOTS (1 << 14)
#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch(address)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#else
#define PREFETCH(address) ((void)0)
#define LIKELY(x) (x)
#endif

typedef struct {
    uint64_t low, high, hash;
    const uint8_t *bytes;
    int64_t length;
} Token;

static inline int is_space(uint8_t byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

/* Eight bytes as a number whose lowest byte is the first, whatever the machine. */
static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The index of the lowest byte that is not 0 of a number that is not 0. */
static inline int first_byte(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(word) >> 3;
#else
    int index = 0;
    for (; !(word & 0xff); word >>= 8) index++;
    return index;
#endif
}

/* 0x80 in every byte that is white space: ' ' or 9 to 13. No carry crosses a byte. */
static inline uint64_t spaces(uint64_t word) {
    const uint64_t low7 = word & EVERY_BYTE(0x7f);
    const uint64_t control = (low7 + EVERY_BYTE(0x80 - 9)) & ~(low7 + EVERY_BYTE(0x80 - 14));
    const uint64_t blank = ~((low7 ^ EVERY_BYTE(' ')) + EVERY_BYTE(0x7f));
    return (control | blank) & ~word & EVERY_BYTE(0x80);
}

static inline uint64_t first_bytes(uint64_t word, int n) {
    return word & ((UINT64_C(1) << (8 * n)) - 1);
}

static inline uint64_t scramble(uint64_t h) {
    h ^= h >> 32;
    h *= UINT64_C(0x9fb21c651e98df25);
    return h ^ (h >> 28);
}

static inline uint64_t hash_short(uint64_t low, uint64_t high, uint64_t length) {
    return scramble((low ^ length) * UINT64_C(0x9e3779b97f4a7c15)
                    ^ (high + length) * UINT64_C(0xc2b2ae3d27d4eb4f));
}

static uint64_t hash_long(const uint8_t *bytes, int64_t length) {
    uint64_t h = (uint64_t)length;
    for (; length >= 8; bytes += 8, length -= 8) h = scramble(h ^ load(bytes));
    uint8_t tail[8] = {0};
    memcpy(tail, bytes, (size_t)length);
    return scramble(h ^ load(tail));
}

static Token whole_token(const uint8_t *bytes, int64_t length) {
    Token token = {0, 0, 0, bytes, length};
    if (length <= INLINE_BYTES) {
        uint8_t padded[INLINE_BYTES] = {0};
        memcpy(padded, bytes, (size_t)length);
        token.low = load(padded);
        token.high = load(padded + 8);
        token.hash = hash_short(token.low, token.high, (uint64_t)length);
    } else {
        token.low = token.hash = hash_long(bytes, length);
    }
    return token;
}

int64_t token_length(const uint8_t *data, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint64_t mask = spaces(load(data + i));
        if (mask) return i + first_byte(mask);
    }
    while (i < n && !is_space(data[i])) i++;
    return i;
}

/* The token that begins at `bytes`, of which n are left in the block. */
static inline Token next_token(const uint8_t *bytes, int64_t n) {
    if (LIKELY(n > INLINE_BYTES)) {
        Token token = {load(bytes), 0, 0, bytes, 0};
        uint64_t mask = spaces(token.low);
        if (mask) {
            const int length = first_byte(mask);
            token.low = first_bytes(token.low, length);
            token.length = length;
            token.hash = hash_short(token.low, 0, (uint64_t)length);
            return token;
        }
        const uint64_t second = load(bytes + 8);
        mask = spaces(second);
        if (mask) {
            const int length = first_byte(mask);
            token.high = first_bytes(second, length);
            token.length = 8 + length;
            token.hash = hash_short(token.low, token.high, (uint64_t)token.length);
            return token;
        }
    }
    return whole_token(bytes, token_length(bytes, n));
}

/* Room for `needed` items, at least doubled. */
static int reserve(void **array, int64_t *room, int64_t needed, size_t size) {
    if (needed <= *room) return 0;
    int64_t wanted = *room * 2 > needed ? *room * 2 : needed;
    void *grown = realloc(*array, (size_t)wanted * size);
    if (!grown) return SCAN_NO_MEMORY;
    *array = grown;
    *room = wanted;
    return 0;
}

/* Empty slots; a large table is read at random, which huge pages spare most of its TLB misses. */
static Slot *empty_slots(uint64_t n) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const size_t size = n * sizeof(Slot);
    void *slots;
    if (size % HUGE_PAGE == 0 && !posix_memalign(&slots, HUGE_PAGE, size)) {
        madvise(slots, size, MADV_HUGEPAGE);
        return memset(slots, 0, size);
    }
#endif
    return calloc(n, sizeof(Slot));
}

int table_init(Table *table) {
    memset(table, 0, sizeof *table);
    table->mask = FIRST_SLOTS - 1;
    table->slots = empty_slots(FIRST_SLOTS);
    table->types_room = FIRST_SLOTS / 2;
    table->starts = malloc(sizeof(int64_t) * (FIRST_SLOTS / 2 + 1));
    table->first = malloc(sizeof(int64_t) * (FIRST_SLOTS / 2));
    if (!table->slots || !table->starts || !table->first) return SCAN_NO_MEMORY;
    table->starts[0] = 0;
    return 0;
}

void table_free(Table *table) {
    free(table->slots);
    free(table->arena);
    free(table->starts);
    free(table->first);
    free(table->carry);
    memset(table, 0, sizeof *table);
}

static inline uint64_t slot_hash(const Slot *slot) {
    return slot->length == LONG ? slot->low : hash_short(slot->low, slot->high, slot->length);
}

static int grow(Table *table) {
    const uint64_t n_old = table->mask + 1, mask = 2 * n_old - 1;
    Slot *slots = empty_slots(mask + 1);
    if (!slots) return SCAN_NO_MEMORY;
    for (uint64_t i = 0; i < n_old; i++) {
        if (!table->slots[i].length) continue;
        uint64_t at = slot_hash(&table->slots[i]) & mask;
        while (slots[at].length) at = (at + 1) & mask;
        slots[at] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->mask = mask;

    int64_t *starts = realloc(table->starts, sizeof(int64_t) * (n_old + 1));
    if (starts) table->starts = starts;
    int64_t *first = realloc(table->first, sizeof(int64_t) * n_old);
    if (first) table->first = first;
    if (!starts || !first) return SCAN_NO_MEMORY;
    table->types_room = (int64_t)n_old;
    return 0;
}

/* A new type, whose slot stands at `slot`; the table has room for it. */
static int add(Table *table, Slot *slot, const Token *token, int64_t count) {
    if (table->n_types == INT32_MAX) return SCAN_TOO_MANY_TYPES;
    const int64_t start = table->starts[table->n_types];
    const int64_t end = start + token->length + 1;
    if (reserve((void **)&table->arena, &table->arena_room, end, 1)) return SCAN_NO_MEMORY;
    memcpy(table->arena + start, token->bytes, (size_t)token->length);
    table->arena[end - 1] = '\n';
    slot->low = token->low;
    slot->high = token->high;
    slot->count = count;
    slot->id = (int32_t)table->n_types;
    slot->length = token->length <= INLINE_BYTES ? (uint32_t)token->length : LONG;
    table->first[table->n_types++] = table->n_tokens;
    table->starts[table->n_types] = end;
    return 0;
}

static inline int same(const Table *table, const Slot *slot, const Token *token, uint32_t length) {
    if (slot->low != token->low || slot->high != token->high || slot->length != length) return 0;
    if (LIKELY(length != LONG)) return 1;
    const int64_t start = table->starts[slot->id];
    return table->starts[slot->id + 1] - start - 1 == token->length
           && !memcmp(table->arena + start, token->bytes, (size_t)token->length);
}

/* The id of a token, counted `count` times; a new one is added. Negative: a SCAN_* error. */
static inline int32_t find(Table *table, const Token *token, int64_t count) {
    const uint32_t length = token->length <= INLINE_BYTES ? (uint32_t)token->length : LONG;
    uint64_t at = token->hash & table->mask;
    for (; table->slots[at].length; at = (at + 1) & table->mask) {
        Slot *slot = &table->slots[at];
        if (same(table, slot, token, length)) {
            slot->count += count;
            return slot->id;
        }
    }
    if (table->n_types == table->types_room) {
        if (grow(table)) return SCAN_NO_MEMORY;
        at = token->hash & table->mask;
        while (table->slots[at].length) at = (at + 1) & table->mask;
    }
    const int error = add(table, &table->slots[at], token, count);
    return error ? error : (int32_t)(table->n_types - 1);
}

static inline int emit(Table *table, const Token *token, int32_t *ids, int64_t *n_ids) {
    const int32_t id = find(table, token, 1);
    if (id < 0) return id;
    ids[(*n_ids)++] = id;
    table->n_tokens++;
    return 0;
}

static int keep_carry(Table *table, const uint8_t *bytes, int64_t length) {
    const int64_t needed = table->carry_length + length;
    if (reserve((void **)&table->carry, &table->carry_room, needed, 1)) return SCAN_NO_MEMORY;
    memcpy(table->carry + table->carry_length, bytes, (size_t)length);
    table->carry_length = needed;
    return 0;
}

int table_finish(Table *table, int32_t *ids, int64_t *n_ids) {
    *n_ids = 0;
    if (!table->carry_length) return 0;
    const Token token = whole_token(table->carry, table->carry_length);
    table->carry_length = 0;
    return emit(table, &token, ids, n_ids);
}

int table_feed(Table *table, const uint8_t *data, int64_t n, int32_t *ids, int64_t *n_ids,
               int64_t *ends, int64_t *n_ends) {
    Token batch[BATCH];
    int64_t at = 0, last_end = -1;
    int error = 0;
    *n_ids = *n_ends = 0;
    if (table->carry_length) {
        at = token_length(data, n);
        if ((error = keep_carry(table, data, at)) || at == n) return error;
        if ((error = table_finish(table, ids, n_ids))) return error;
    }
    while (at < n) {
        int n_batch = 0;
        while (n_batch < BATCH) {
            for (; at < n && is_space(data[at]); at++) {
                const int64_t end = *n_ids + n_batch;
                if (data[at] == '\n' && end > last_end) ends[(*n_ends)++] = last_end = end;
            }
            if (at == n) break;
            const Token token = next_token(data + at, n - at);
            at += token.length;
            if (at == n) {
                error = keep_carry(table, token.bytes, token.length);
                break;
            }
            PREFETCH(&table->slots[token.hash & table->mask]);
            batch[n_batch++] = token;
        }
        for (int i = 0; i < n_batch && !error; i++) error = emit(table, &batch[i], ids, n_ids);
        if (error) return error;
    }
    return 0;
}

int table_absorb(Table *table, const Table *other, int32_t *ids) {
    int64_t *counts = malloc(sizeof(int64_t) * (size_t)(other->n_types + 1));
    if (!counts) return SCAN_NO_MEMORY;
    table_counts(other, counts);
    int error = 0;
    for (int64_t i = 0; i < other->n_types && !error; i++) {
        const int64_t start = other->starts[i];
        const Token token = whole_token(other->arena + start, other->starts[i + 1] - start - 1);
        ids[i] = find(table, &token, counts[i]);
        error = ids[i] < 0 ? ids[i] : 0;
    }
    free(counts);
    return error;
}

void table_counts(const Table *table, int64_t *counts) {
    for (uint64_t i = 0; i <= table->mask; i++)
        if (table->slots[i].length) counts[table->slots[i].id] = table->slots[i].count;
}
