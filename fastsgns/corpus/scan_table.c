/* The hash table of scan_table.h.
 *
 * Contents
 *   resize, discard, reserve, empty_slots    memory
 *   types_of, make_room, grow                sizes
 *   add, same, search, find                  look up a token, add a new one
 *   keep_carry, table_finish                 a token that continues in the next block
 *   find_all, split, table_feed              scan a block
 *   id_of, ids_of, table_look_up             look up the tokens of a text
 *   table_merge                             merge two tables */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* for mremap */
#endif
#include "scan_table.h"

#include <stdlib.h>

#include "scan_tokens.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define HUGE_PAGE (2 << 20)
#define FIRST_BITS 14
#define FIRST_SLOTS (1 << FIRST_BITS)
#define BATCH_TOKENS 64
#define OWN_PAGES HUGE_PAGE

int64_t token_length(const uint8_t *data, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint64_t mask = spaces(load(data + i));
        if (mask) return i + (first_bit(mask) >> 3);
    }
    while (i < n && !is_space(data[i])) i++;
    return i;
}

/* Returns an array of another size with the same content, or NULL. A large array has its own memory
 * pages, which go back to the system when it is freed; malloc would keep them for the thread. */
static void *resize(void *array, size_t old_size, size_t size) {
#if defined(__linux__)
    if (size >= OWN_PAGES) {
        const int access = PROT_READ | PROT_WRITE;
        if (old_size >= OWN_PAGES) {
            void *moved = mremap(array, old_size, size, MREMAP_MAYMOVE);
            return moved == MAP_FAILED ? NULL : moved;
        }
        void *pages = mmap(NULL, size, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED) return NULL;
        if (old_size) memcpy(pages, array, old_size);
        free(array);
        return pages;
    }
#endif
    (void)old_size;
    return realloc(array, size);
}

/* Frees an array that `resize` returned. */
static void discard(void *array, size_t size) {
#if defined(__linux__)
    if (size >= OWN_PAGES) {
        munmap(array, size);
        return;
    }
#endif
    (void)size;
    free(array);
}

/* Makes room for `needed` items; if an array grows, it at least doubles. */
static int reserve(void **array, int64_t *room, int64_t needed, size_t size) {
    if (needed <= *room) return 0;
    int64_t new_room = *room * 2 > needed ? *room * 2 : needed;
    void *grown = resize(*array, (size_t)*room * size, (size_t)new_room * size);
    if (!grown) return SCAN_NO_MEMORY;
    *array = grown;
    *room = new_room;
    return 0;
}

/* Returns n empty slots. A large table is read at random; huge pages avoid most TLB misses. */
static Slot *empty_slots(uint64_t n) {
#if defined(__linux__)
    const size_t size = n * sizeof(Slot);
    if (size >= OWN_PAGES) {
        char *pages = resize(NULL, 0, size + HUGE_PAGE);
        if (!pages) return NULL;
        char *slots = pages + (HUGE_PAGE - (size_t)pages % HUGE_PAGE) % HUGE_PAGE;
        const size_t before = (size_t)(slots - pages), after = HUGE_PAGE - before;
        if (before) munmap(pages, before);
        if (after) munmap(slots + size, after);
#ifdef MADV_HUGEPAGE
        madvise(slots, size, MADV_HUGEPAGE);
#endif
        return (Slot *)slots;
    }
#endif
    return calloc(n, sizeof(Slot));
}

static void free_slots(Slot *slots, uint64_t n) { discard(slots, n * sizeof(Slot)); }

/* Returns the largest number of types for a number of slots. With a quarter of the slots free, few
 * types are not in their home slot. */
static int64_t types_of(uint64_t n_slots) { return (int64_t)(n_slots / 4 * 3); }

/* Makes room for n_types types in the arrays. */
static int make_room(Table *table, int64_t n_types) {
    if (reserve((void **)&table->starts, &table->starts_room, n_types + 1, sizeof(int64_t)) ||
        reserve((void **)&table->first, &table->first_room, n_types, sizeof(int64_t)))
        return SCAN_NO_MEMORY;
    table->types_room = n_types;
    return 0;
}

int table_init(Table *table, uint64_t key_low, uint64_t key_high) {
    memset(table, 0, sizeof *table);
    table->key = (HashKey){key_low, key_high};
    table->mask = FIRST_SLOTS - 1;
    table->shift = 64 - FIRST_BITS;
    table->slots = empty_slots(FIRST_SLOTS);
    if (!table->slots || make_room(table, types_of(FIRST_SLOTS))) return SCAN_NO_MEMORY;
    table->starts[0] = 0;
    return 0;
}

void table_free(Table *table) {
    free_slots(table->slots, table->mask + 1);
    discard(table->arena, (size_t)table->arena_room);
    discard(table->starts, sizeof(int64_t) * (size_t)table->starts_room);
    discard(table->first, sizeof(int64_t) * (size_t)table->first_room);
    discard(table->carry, (size_t)table->carry_room);
    memset(table, 0, sizeof *table);
}

/* Returns the home slot of a hash: its high bits, which depend on all bytes of the token. */
static inline uint64_t home(const Table *table, uint64_t hash) { return hash >> table->shift; }

/* Returns the free slot for a new type with this hash. */
static Slot *free_slot(const Table *table, uint64_t hash) {
    uint64_t at = home(table, hash);
    while (table->slots[at].length) at = (at + 1) & table->mask;
    return &table->slots[at];
}

/* Doubles the number of slots. */
static int grow(Table *table) {
    const uint64_t n_old = table->mask + 1;
    Slot *old = table->slots, *slots = empty_slots(2 * n_old);
    if (!slots) return SCAN_NO_MEMORY;
    table->slots = slots;
    table->mask = 2 * n_old - 1;
    table->shift--;
    for (uint64_t i = 0; i < n_old; i++)
        if (old[i].length)
            *free_slot(table, hash_short(old[i].low, old[i].high, table->key)) = old[i];
    free_slots(old, n_old);
    return make_room(table, types_of(2 * n_old));
}

static inline uint32_t slot_length(const Token *token) {
    return token->length <= INLINE_BYTES ? (uint32_t)token->length : LONG;
}

/* Adds a new type in a free slot; its first token has the position `position`. */
static int add(Table *table, Slot *slot, const Token *token, int64_t count, int64_t position) {
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
    slot->length = slot_length(token);
    table->first[table->n_types++] = position;
    table->starts[table->n_types] = end;
    return 0;
}

/* Returns whether a slot holds the type of a token. */
static inline int same(const Table *table, const Slot *slot, const Token *token) {
    const uint32_t length = slot_length(token);
    const uint64_t different = (slot->low ^ token->low) | (slot->high ^ token->high);
    if (different | (slot->length ^ length)) return 0;
    if (LIKELY(length != LONG)) return 1;
    const int64_t start = table->starts[slot->id];
    return table->starts[slot->id + 1] - start - 1 == token->length &&
           !memcmp(table->arena + start, token->bytes, (size_t)token->length);
}

/* Does what `find` does, for a token that is new or not in its home slot. */
static NOINLINE int32_t search(Table *table, const Token *token, int64_t count, int64_t position) {
    uint64_t at = home(table, token->hash);
    for (; table->slots[at].length; at = (at + 1) & table->mask) {
        Slot *slot = &table->slots[at];
        if (same(table, slot, token)) {
            slot->count += count;
            return slot->id;
        }
    }
    if (table->n_types == table->types_room && grow(table)) return SCAN_NO_MEMORY;
    const int error = add(table, free_slot(table, token->hash), token, count, position);
    return error ? error : (int32_t)(table->n_types - 1);
}

/* Adds `count` to the count of a token's type; adds the type if it is new. Returns its id, or a
 * SCAN_* error, which is negative. */
static inline int32_t find(Table *table, const Token *token, int64_t count, int64_t position) {
    Slot *slot = &table->slots[home(table, token->hash)];
    if (!LIKELY(same(table, slot, token))) return search(table, token, count, position);
    slot->count += count;
    return slot->id;
}

/* Appends bytes to the token that the last block cut. */
static int keep_carry(Table *table, const uint8_t *bytes, int64_t length) {
    const int64_t needed = table->carry_length + length;
    if (needed > LONGEST_TOKEN) return SCAN_LONG_TOKEN;
    if (reserve((void **)&table->carry, &table->carry_room, needed, 1)) return SCAN_NO_MEMORY;
    memcpy(table->carry + table->carry_length, bytes, (size_t)length);
    table->carry_length = needed;
    return 0;
}

int table_finish(Table *table, int32_t *ids, int64_t *n_ids) {
    *n_ids = 0;
    if (!table->carry_length) return 0;
    const Token token = whole_token(table->carry, table->carry_length, table->key);
    table->carry_length = 0;
    const int32_t id = find(table, &token, 1, table->n_tokens);
    if (id < 0) return id;
    ids[(*n_ids)++] = id;
    table->n_tokens++;
    return 0;
}

/* Writes the ids of n tokens: token i has the bytes edges[2 i] .. edges[2 i + 1] - 1. The slots of
 * a batch of tokens are prefetched before they are looked up. `stop` is the end of the data. */
static int find_all(Table *table, const uint8_t *data, const int64_t *edges, int64_t n,
                    const uint8_t *stop, int32_t *ids) {
    Token batch[BATCH_TOKENS];
    const HashKey key = table->key;
    for (int64_t done = 0; done < n;) {
        const int n_batch = n - done < BATCH_TOKENS ? (int)(n - done) : BATCH_TOKENS;
        for (int i = 0; i < n_batch; i++, edges += 2) {
            batch[i] = make_token(data + edges[0], edges[1] - edges[0], stop, key);
            PREFETCH(&table->slots[home(table, batch[i].hash)]);
        }
        for (int i = 0; i < n_batch; i++) {
            const int32_t id = find(table, &batch[i], 1, table->n_tokens + done);
            if (id < 0) return id;
            ids[done++] = id;
        }
    }
    table->n_tokens += n;
    return 0;
}

/* Finds the token boundaries of up to WINDOW bytes from `at` on, and for each newline the number of
 * tokens before it. Returns where it stopped. */
static int64_t split(const uint8_t *data, int64_t at, int64_t n, Edges *edges, int64_t n_before,
                     int64_t *ends, int64_t *n_ends) {
    const int64_t stop = at + WINDOW < n ? at + WINDOW : n;
    for (; at < stop; at += STRIDE) {
        uint8_t padded[STRIDE];
        const uint8_t *bytes = data + at;
        if (n - at < STRIDE) {
            memset(padded, ' ', STRIDE);
            bytes = memcpy(padded, bytes, (size_t)(n - at));
        }
        uint64_t blank, newline;
        classify(bytes, &blank, &newline);
        const int64_t n_edges = edges->n;
        add_edges(edges, blank, at);
        for (; newline; newline &= newline - 1) {
            int64_t before = n_edges;
            while (before < edges->n && edges->at[before] < at + first_bit(newline)) before++;
            const int64_t end = n_before + (before + 1) / 2;
            if (!*n_ends || end > ends[*n_ends - 1]) ends[(*n_ends)++] = end;
        }
    }
    return stop;
}

int table_feed(Table *table, const uint8_t *data, int64_t n, int32_t *ids, int64_t *n_ids,
               int64_t *ends, int64_t *n_ends) {
    Edges edges;
    int64_t at = 0;
    int error = 0;
    *n_ids = *n_ends = 0;
    if (table->carry_length) {
        at = token_length(data, n);
        if ((error = keep_carry(table, data, at)) || at == n) return error;
        if ((error = table_finish(table, ids, n_ids))) return error;
    }
    edges.n = 0;
    edges.after_blank = 1;
    while (at < n && !error) {
        at = split(data, at, n, &edges, *n_ids, ends, n_ends);
        const int64_t last = edges.n - 1;
        if (at == n && last >= 0 && (last % 2 == 0 || edges.at[last] == n)) {
            edges.n = last & ~INT64_C(1);
            const int64_t start = edges.at[edges.n];
            if ((error = keep_carry(table, data + start, n - start))) break;
        }
        const int64_t n_found = edges.n / 2;
        error = find_all(table, data, edges.at, n_found, data + n, ids + *n_ids);
        *n_ids += n_found;
        edges.at[0] = edges.at[2 * n_found];
        edges.n -= 2 * n_found;
    }
    return error;
}

/* Returns the id of a token, -1 if it is not a type. */
static inline int32_t id_of(const Table *table, const Token *token) {
    uint64_t at = home(table, token->hash);
    for (; table->slots[at].length; at = (at + 1) & table->mask)
        if (same(table, &table->slots[at], token)) return table->slots[at].id;
    return -1;
}

/* Does what `find_all` does, without changing the table. */
static void ids_of(const Table *table, const uint8_t *data, const int64_t *edges, int64_t n,
                   const uint8_t *stop, int32_t *ids) {
    Token batch[BATCH_TOKENS];
    const HashKey key = table->key;
    for (int64_t done = 0; done < n;) {
        const int n_batch = n - done < BATCH_TOKENS ? (int)(n - done) : BATCH_TOKENS;
        for (int i = 0; i < n_batch; i++, edges += 2) {
            batch[i] = make_token(data + edges[0], edges[1] - edges[0], stop, key);
            PREFETCH(&table->slots[home(table, batch[i].hash)]);
        }
        for (int i = 0; i < n_batch; i++) ids[done++] = id_of(table, &batch[i]);
    }
}

int64_t table_look_up(const Table *table, const uint8_t *data, int64_t n, const uint8_t *stop,
                      int32_t *ids, int64_t *places) {
    Edges edges;
    int64_t at = 0, n_ids = 0;
    edges.n = 0;
    edges.after_blank = 1;
    while (at < n) {
        const int64_t window = at + WINDOW < n ? at + WINDOW : n;
        for (; at < window; at += STRIDE) {
            uint8_t padded[STRIDE];
            const uint8_t *bytes = data + at;
            uint64_t blank, newline;
            if (n - at < STRIDE) {
                memset(padded, ' ', STRIDE);
                bytes = memcpy(padded, bytes, (size_t)(n - at));
            }
            classify(bytes, &blank, &newline);
            add_edges(&edges, blank, at);
        }
        if (at >= n && edges.n % 2) edges.at[edges.n++] = n; /* the text ends with the token */
        const int64_t n_found = edges.n / 2;
        ids_of(table, data, edges.at, n_found, stop, ids + n_ids);
        if (places) memcpy(places + 2 * n_ids, edges.at, 2 * (size_t)n_found * sizeof(int64_t));
        n_ids += n_found;
        edges.at[0] = edges.at[2 * n_found];
        edges.n -= 2 * n_found;
    }
    return n_ids;
}

int table_merge(Table *table, const Table *other, int32_t *ids) {
    Token batch[BATCH_TOKENS];
    const HashKey key = table->key;
    const int64_t n = other->n_types, *starts = other->starts;
    int64_t *counts = malloc(sizeof(int64_t) * (size_t)(n + 1));
    if (!counts) return SCAN_NO_MEMORY;
    table_counts(other, counts);
    int error = 0;
    for (int64_t done = 0; done < n && !error;) {
        const int n_batch = n - done < BATCH_TOKENS ? (int)(n - done) : BATCH_TOKENS;
        for (int i = 0; i < n_batch; i++) {
            const int64_t start = starts[done + i], length = starts[done + i + 1] - start - 1;
            batch[i] = make_token(other->arena + start, length, other->arena + starts[n], key);
            PREFETCH(&table->slots[home(table, batch[i].hash)]);
        }
        for (int i = 0; i < n_batch && !error; i++, done++) {
            ids[done] = find(table, &batch[i], counts[done], table->n_tokens);
            error = ids[done] < 0 ? ids[done] : 0;
        }
    }
    free(counts);
    return error;
}

void table_counts(const Table *table, int64_t *counts) {
    for (uint64_t i = 0; i <= table->mask; i++)
        if (table->slots[i].length) counts[table->slots[i].id] = table->slots[i].count;
}

int64_t table_longest_probe(const Table *table) {
    uint64_t longest = 0;
    for (uint64_t i = 0; i <= table->mask; i++) {
        const Slot *slot = &table->slots[i];
        if (!slot->length) continue;
        const uint64_t start = home(table, hash_short(slot->low, slot->high, table->key));
        const uint64_t distance = (i - start) & table->mask;
        longest = distance > longest ? distance : longest;
    }
    return (int64_t)longest;
}
