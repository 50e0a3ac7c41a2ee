/* From bytes to tokens: where tokens start and end, and their hashes.
 *
 * Contents
 *   Token                           the bytes and the hash of a token
 *   Edges                           the boundaries of tokens
 *   load, first_bit, count_bits     64 bits at a time
 *   spaces, classify, add_edges     find white space
 *   hash_short, hash_long           hashes
 *   make_token, whole_token         tokens */
#ifndef FASTSGNS_SCAN_TOKENS_H
#define FASTSGNS_SCAN_TOKENS_H

#include <stdint.h>
#include <string.h>

#include "scan_table.h"
#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define HAVE_SSE2 1
#endif

#define INLINE_BYTES 16
#define LONG UINT32_MAX
#define STRIDE 64
#define WINDOW (32 * STRIDE)
#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch(address)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define NOINLINE __attribute__((noinline))
#else
#define PREFETCH(address) ((void)0)
#define LIKELY(x) (x)
#define NOINLINE
#endif

/* A token. `low` and `high` are its bytes, padded with zeros; of a token longer than INLINE_BYTES,
 * its hash and 0. */
typedef struct {
    uint64_t low, high, hash;
    const uint8_t *bytes;
    int64_t length;
} Token;

/* The boundaries of tokens: at[0], at[2], ... are first bytes of tokens, at[1], at[3], ... are the
 * bytes after them. */
typedef struct {
    int64_t at[WINDOW + STRIDE];
    int64_t n;
    uint64_t after_blank; /* 1 if the byte before was white space, else 0 */
} Edges;

static inline int is_space(uint8_t byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

/* Returns eight bytes as a number whose lowest byte is the first one, on any machine. */
static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Returns the index of the lowest bit set in a number that is not 0. */
static inline int64_t first_bit(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(word);
#else
    int64_t index = 0;
    for (; !(word & 1); word >>= 1) index++;
    return index;
#endif
}

/* Returns the number of bits set. */
static inline int count_bits(uint64_t word) {
    word -= word >> 1 & EVERY_BYTE(0x55);
    word = (word & EVERY_BYTE(0x33)) + (word >> 2 & EVERY_BYTE(0x33));
    return (int)(((word + (word >> 4)) & EVERY_BYTE(0x0f)) * EVERY_BYTE(1) >> 56);
}

/* Returns 0x80 in each byte that is white space (a space, or 9 to 13), else 0. No sum carries into
 * the next byte. */
static inline uint64_t spaces(uint64_t word) {
    const uint64_t low7 = word & EVERY_BYTE(0x7f);
    const uint64_t control = (low7 + EVERY_BYTE(0x80 - 9)) & ~(low7 + EVERY_BYTE(0x80 - 14));
    const uint64_t blank = ~((low7 ^ EVERY_BYTE(' ')) + EVERY_BYTE(0x7f));
    return (control | blank) & ~word & EVERY_BYTE(0x80);
}

#ifdef HAVE_SSE2
/* Sets bit i of *blank if byte i of the stride is white space, of *newline if it is a newline. */
static inline void classify(const uint8_t *bytes, uint64_t *blank, uint64_t *newline) {
    *blank = *newline = 0;
    for (int i = 0; i < STRIDE; i += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(bytes + i));
        const __m128i above = _mm_sub_epi8(x, _mm_set1_epi8(9));
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(4)), above);
        const __m128i either = _mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(' ')));
        const __m128i line = _mm_cmpeq_epi8(x, _mm_set1_epi8('\n'));
        *blank |= (uint64_t)(uint32_t)_mm_movemask_epi8(either) << i;
        *newline |= (uint64_t)(uint32_t)_mm_movemask_epi8(line) << i;
    }
}
#else
/* Returns a number whose bit i is the highest bit of byte i. */
static inline uint64_t high_bits(uint64_t word) {
    return (word >> 7 & EVERY_BYTE(1)) * UINT64_C(0x0102040810204080) >> 56;
}

/* Sets bit i of *blank if byte i of the stride is white space, of *newline if it is a newline. */
static inline void classify(const uint8_t *bytes, uint64_t *blank, uint64_t *newline) {
    *blank = *newline = 0;
    for (int i = 0; i < STRIDE; i += 8) {
        const uint64_t word = load(bytes + i), other = word ^ EVERY_BYTE('\n');
        const uint64_t line = ~(((other & EVERY_BYTE(0x7f)) + EVERY_BYTE(0x7f)) | other);
        *blank |= high_bits(spaces(word)) << i;
        *newline |= high_bits(line & EVERY_BYTE(0x80)) << i;
    }
}
#endif

/* Appends the boundaries in a stride whose first byte is at `start`; bit i of `blank` says whether
 * byte i is white space. Eight entries at a time are written, some of them beyond `n`. */
static inline void add_edges(Edges *edges, uint64_t blank, int64_t start) {
    uint64_t changes = blank ^ (blank << 1 | edges->after_blank);
    edges->after_blank = blank >> 63;
    const int n = count_bits(changes);
    int64_t *at = edges->at + edges->n;
    edges->n += n;
    for (int i = 0; i < n; i += 8) {
        for (int j = i; j < i + 8; j++) {
            at[j] = start + first_bit(changes | UINT64_C(1) << 63);
            changes &= changes - 1;
        }
    }
}

/* Returns the exclusive or of the two halves of a product of 128 bits. */
static inline uint64_t fold_product(uint64_t left, uint64_t right) {
#ifdef __SIZEOF_INT128__
    const unsigned __int128 product = (unsigned __int128)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    const uint64_t a = left >> 32, b = left & UINT32_MAX, c = right >> 32, d = right & UINT32_MAX;
    const uint64_t middle = a * d + (b * d >> 32), cross = b * c + (middle & UINT32_MAX);
    return (cross << 32 | (b * d & UINT32_MAX)) ^ (a * c + (middle >> 32) + (cross >> 32));
#endif
}

/* Returns the hash of 16 bytes. Both factors depend on the key, as in wyhash and ahash, so that any
 * fixed set of words collides for few keys only. */
static inline uint64_t hash_short(uint64_t low, uint64_t high, HashKey key) {
    return fold_product(low ^ key.low, high ^ key.high);
}

/* Returns the hash of any number of bytes. */
static uint64_t hash_long(const uint8_t *bytes, int64_t length, HashKey key) {
    uint64_t h = (uint64_t)length;
    for (; length >= 8; bytes += 8, length -= 8) h = hash_short(load(bytes), h, key);
    uint8_t tail[8] = {0};
    memcpy(tail, bytes, (size_t)length);
    return hash_short(load(tail), h, key);
}

/* Makes a token without reading beyond its bytes. */
static Token whole_token(const uint8_t *bytes, int64_t length, HashKey key) {
    Token token = {0, 0, 0, bytes, length};
    if (length <= INLINE_BYTES) {
        uint8_t padded[INLINE_BYTES] = {0};
        memcpy(padded, bytes, (size_t)length);
        token.low = load(padded);
        token.high = load(padded + 8);
    } else {
        token.low = hash_long(bytes, length, key);
    }
    token.hash = hash_short(token.low, token.high, key);
    return token;
}

/* Returns the lowest n bytes of a number: all of it if n >= 8, none if n <= 0. */
static inline uint64_t first_bytes(uint64_t word, int64_t n) {
    /* clang-format off */
    static const uint64_t masks[] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0,
        0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
        UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
        UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
    };
    /* clang-format on */
    return word & masks[n + 8];
}

/* Makes a token. Bytes up to `stop` may be read, which is faster than `whole_token`. */
static inline Token make_token(const uint8_t *bytes, int64_t length, const uint8_t *stop,
                               HashKey key) {
    if (!LIKELY(length <= INLINE_BYTES && stop - bytes >= INLINE_BYTES))
        return whole_token(bytes, length, key);
    const uint64_t low = first_bytes(load(bytes), length);
    const uint64_t high = first_bytes(load(bytes + 8), length - 8);
    return (Token){low, high, hash_short(low, high, key), bytes, length};
}

#endif
