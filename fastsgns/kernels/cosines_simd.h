/* Cosines with the vector extensions of GCC and clang: one source for all instruction sets and both
 * types. Define before including: REAL, REAL_BYTES, MAX_REAL, LANES (reals per vector),
 * VECTOR_SQRT, NAME(name), VARIANT; set the target. */
#include "cosines_heap.h"

typedef REAL NAME(vec)
    __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
#if REAL_BYTES == 4
typedef int32_t NAME(mask) __attribute__((vector_size(LANES * 4)));
#else
typedef int64_t NAME(mask) __attribute__((vector_size(LANES * 8)));
#endif

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
enum { TILE = 64 };    /* rows whose sums are finished together */
enum { AHEAD = 4096 }; /* bytes after the current row that are requested from memory */
/* Bytes of a matrix that is often in a cache: requests take 20 to 40 % more time there. From
 * memory, rows without requests take twice the time. */
enum { CACHED = 1 << 22 };
#endif
#define VEC NAME(vec)
#define MASK NAME(mask)
#include "shuffle.h"
#define LOAD(address) (*(const VEC *)(address))

/* Rows are read in groups, which hides the time that a multiplication takes, and of which the sums
 * of lanes are computed together. The operations on a row do not depend on its place in a group, so
 * that equal rows have equal results wherever they are. */
enum { NAME(GROUP) = 4 };

/* Returns the sum of the lanes. */
INLINE REAL NAME(sum_lanes)(VEC v) {
    REAL lanes[LANES], sum = 0;
    memcpy(lanes, &v, sizeof lanes);
    for (int64_t half = LANES / 2; half >= 1; half /= 2)
        for (int64_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return sum + lanes[0];
}

/* Stores the sums of the lanes of four vectors. A transposition that adds on the way needs fewer
 * shuffles than four separate sums. */
INLINE void NAME(sum_group)(VEC a, VEC b, VEC c, VEC d, REAL *sums) {
#if LANES == 2
    sums[0] = NAME(sum_lanes)(a), sums[1] = NAME(sum_lanes)(b);
    sums[2] = NAME(sum_lanes)(c), sums[3] = NAME(sum_lanes)(d);
#else
    const VEC ab = SHUFFLE(a, b, PER_FOUR_LANES(0, LANES, 1, LANES + 1)) +
                   SHUFFLE(a, b, PER_FOUR_LANES(2, LANES + 2, 3, LANES + 3));
    const VEC cd = SHUFFLE(c, d, PER_FOUR_LANES(0, LANES, 1, LANES + 1)) +
                   SHUFFLE(c, d, PER_FOUR_LANES(2, LANES + 2, 3, LANES + 3));
    const VEC all = SHUFFLE(ab, cd, PER_FOUR_LANES(0, 1, LANES, LANES + 1)) +
                    SHUFFLE(ab, cd, PER_FOUR_LANES(2, 3, LANES + 2, LANES + 3));
    for (int j = 0; j < 4; j++) sums[j] = all[j];
    for (int j = 4; j < LANES; j++) sums[j % 4] += all[j];
#endif
}

/* Returns a row of less than LANES numbers as a vector, with zeros after them. */
INLINE VEC NAME(short_row)(const REAL *row, int64_t d) {
    REAL lanes[LANES] = {0};
    for (int64_t x = 0; x < d; x++) lanes[x] = row[x];
    return LOAD(lanes);
}

/* Computes row . query and row . row of a group of rows. The numbers that are left after the whole
 * vectors are read as the last lanes of a vector that overlaps them; `last_query` is the query
 * there, and `mask` is 1, where lanes are new. Both are 0 elsewhere. A number that is not finite
 * makes the sums NaN or infinite in any lane. A row that has no whole vector is read as a longer
 * one that ends in zeros. */
INLINE void NAME(sums)(const REAL *const *rows, int64_t d, const REAL *query, VEC last_query,
                       VEC mask, REAL *dots, REAL *squares) {
    VEC dot[NAME(GROUP)] = {{0}}, square[NAME(GROUP)] = {{0}};
    int64_t x = 0;
    for (; x + LANES <= d; x += LANES) {
        const VEC q = query ? LOAD(query + x) : (VEC){0};
        for (int j = 0; j < NAME(GROUP); j++) {
            const VEC r = LOAD(rows[j] + x);
            if (query) dot[j] += r * q;
            square[j] += r * r;
        }
    }
    if (x < d)
        for (int j = 0; j < NAME(GROUP); j++) {
            const VEC r = d < LANES ? NAME(short_row)(rows[j], d) : LOAD(rows[j] + d - LANES);
            if (query) dot[j] += r * last_query;
            square[j] += r * r * mask;
        }
    if (query) NAME(sum_group)(dot[0], dot[1], dot[2], dot[3], dots);
    NAME(sum_group)(square[0], square[1], square[2], square[3], squares);
}

/* Turns sums into `norms`, or into `cosines` if there is a query. Whole vectors of square roots and
 * divisions take much less time than those of single rows. */
INLINE void NAME(finish)(int64_t n, int has_query, const REAL *dots, const REAL *squares,
                         REAL *results) {
    REAL finished[TILE];
    for (int64_t i = 0; i < n; i += LANES) {
        const VEC square = LOAD(squares + i), norm = VECTOR_SQRT(square) + 0 * square;
        const VEC scale = 1 / norm, cosine = LOAD(dots + i) * scale;
        const MASK is_infinite = (MASK)(scale > (REAL)MAX_REAL);
        const VEC result = has_query ? (VEC)(~is_infinite & (MASK)cosine) : norm;
        memcpy(finished + i, &result, sizeof result);
    }
    memcpy(results, finished, (size_t)n * sizeof(REAL));
}

INLINE void NAME(all)(const REAL *rows, int64_t n, int64_t d, const REAL *query, REAL *results) {
    REAL dots[TILE] = {0}, squares[TILE] = {0}, last[LANES] = {0}, is_new[LANES] = {0};
    const int64_t first_lane = d < LANES ? 0 : d - LANES; /* the number in the first lane */
    for (int64_t x = d / LANES * LANES; x < d; x++) {
        last[x - first_lane] = query ? query[x] : 0;
        is_new[x - first_lane] = 1;
    }
    const VEC last_query = LOAD(last), mask = LOAD(is_new);
    const int64_t row_bytes = d * (int64_t)sizeof(REAL);
    const int64_t n_bytes = n * row_bytes < CACHED ? 0 : NAME(GROUP) * row_bytes;
    for (int64_t start = 0; start < n; start += TILE) {
        const int64_t n_rows = n - start < TILE ? n - start : TILE;
        for (int64_t i = 0; i < n_rows; i += NAME(GROUP)) {
            const REAL *group[NAME(GROUP)]; /* the last row again, where there are fewer rows */
            for (int64_t j = 0; j < NAME(GROUP); j++)
                group[j] = rows + (start + (i + j < n_rows ? i + j : n_rows - 1)) * d;
            for (int64_t offset = 0; offset < n_bytes; offset += 64)
                __builtin_prefetch((const char *)group[0] + AHEAD + offset);
            NAME(sums)(group, d, query, last_query, mask, dots + i, squares + i);
        }
        NAME(finish)(n_rows, query != NULL, dots, squares, results + start);
    }
}

static void NAME(norms)(const void *rows, int64_t n, int64_t d, void *norms) {
    NAME(all)((const REAL *)rows, n, d, NULL, (REAL *)norms);
}

static void NAME(cosines)(const void *rows, int64_t n, int64_t d, const void *query,
                          void *cosines) {
    NAME(all)((const REAL *)rows, n, d, (const REAL *)query, (REAL *)cosines);
}

/* Most blocks of scores have no answer, which a few vector comparisons find out. */
INLINE void NAME(collect_all)(const REAL *scores, const REAL *scales, int64_t n, int64_t first,
                              int64_t excluded, const Answers *answers) {
    const REAL *worst = (const REAL *)answers->cosines;
    int64_t i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES) {
        const VEC least = (VEC){0} + *worst;
        MASK is_larger = {0};
        for (int j = 0; j < 8; j++) {
            VEC score = LOAD(scores + i + j * LANES);
            if (scales) score *= LOAD(scales + i + j * LANES);
            is_larger |= (MASK)(score > least);
        }
        int64_t parts[sizeof(VEC) / sizeof(int64_t)], any = 0;
        memcpy(parts, &is_larger, sizeof parts);
        for (int j = 0; j < (int)(sizeof(VEC) / sizeof(int64_t)); j++) any |= parts[j];
        if (any) NAME(collect_each)(scores, scales, i, i + 8 * LANES, first, excluded, answers);
    }
    NAME(collect_each)(scores, scales, i, n, first, excluded, answers);
}

static void NAME(collect)(const void *scores, const void *scales, int64_t n, int64_t first,
                          int64_t excluded, const Answers *answers) {
    if (scales)
        NAME(collect_all)((const REAL *)scores, (const REAL *)scales, n, first, excluded, answers);
    else
        NAME(collect_all)((const REAL *)scores, NULL, n, first, excluded, answers);
}

const CosineOps NAME(ops) = {VARIANT,       sizeof(REAL),  NAME(norms),
                             NAME(cosines), NAME(collect), NAME(sort)};

#undef REAL
#undef MAX_REAL
#undef VECTOR_SQRT
#undef NAME
#undef REAL_BYTES
#undef LANES
#undef VEC
#undef MASK
#undef PER_FOUR_LANES
#undef SHUFFLE
#undef LOAD
