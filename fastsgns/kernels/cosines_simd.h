/* Cosines with the vector extensions of GCC and clang: one source for all instruction sets and both
 * types. Define before including: REAL, REAL_BYTES, REAL_SQRT, LANES (reals per vector),
 * NAME(name), VARIANT; set the target. */
#include "cosines_heap.h"

typedef REAL NAME(vec)
    __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#endif
#define VEC NAME(vec)
#if LANES == 8
#define PER_FOUR_LANES(p, q, r, s) p, q, r, s, p + 4, q + 4, r + 4, s + 4
#else
#define PER_FOUR_LANES(p, q, r, s) p, q, r, s
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#elif REAL_BYTES == 4
#define SHUFFLE(a, b, ...) \
    __builtin_shuffle(a, b, (int32_t __attribute__((vector_size(LANES * 4)))){__VA_ARGS__})
#else
#define SHUFFLE(a, b, ...) \
    __builtin_shuffle(a, b, (int64_t __attribute__((vector_size(LANES * 8)))){__VA_ARGS__})
#endif
#define LOAD(address) (*(const VEC *)(address))

/* Rows are read in groups, which hides the time that a multiplication takes, and of which the sums
 * of lanes are computed together. */
enum { NAME(GROUP) = 4 };

/* Memory is requested this many bytes ahead of the current row: about what arrives while a row of
 * 300 floats is processed, times the latency of memory. */
enum { NAME(AHEAD) = 4096 };

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

/* Computes row . query and row . row of a group of rows. The numbers that are left after the whole
 * vectors are read as the last lanes of a vector that overlaps them; `last_query` is the query
 * there, and `mask` is 1, where lanes are new. Both are 0 elsewhere. A number that is not finite
 * makes the sums NaN or infinite in any lane. */
INLINE void NAME(sums)(const int n, const REAL *rows, int64_t d, const REAL *query, VEC last_query,
                       VEC mask, REAL *dots, REAL *squares) {
    VEC dot[NAME(GROUP)] = {{0}}, square[NAME(GROUP)] = {{0}};
    int64_t x = 0;
    for (; x + LANES <= d; x += LANES) {
        const VEC q = query ? LOAD(query + x) : (VEC){0};
        for (int j = 0; j < n; j++) {
            const VEC r = LOAD(rows + j * d + x);
            if (query) dot[j] += r * q;
            square[j] += r * r;
        }
    }
    if (x < d && d >= LANES)
        for (int j = 0; j < n; j++) {
            const VEC r = LOAD(rows + j * d + d - LANES);
            if (query) dot[j] += r * last_query;
            square[j] += r * r * mask;
        }
    if (query) NAME(sum_group)(dot[0], dot[1], dot[2], dot[3], dots);
    NAME(sum_group)(square[0], square[1], square[2], square[3], squares);
    for (int j = 0; j < n; j++) {
        for (int64_t y = d < LANES ? 0 : d; y < d; y++) {
            const REAL r = rows[j * d + y];
            if (query) dots[j] += r * query[y];
            squares[j] += r * r;
        }
    }
}

INLINE REAL NAME(norm)(REAL squares) { return REAL_SQRT(squares) + 0 * squares; }

/* Computes `cosines`, or `norms` if there is no query. */
INLINE void NAME(group)(const int n, const REAL *rows, int64_t d, const REAL *query, VEC last_query,
                        VEC mask, REAL *results) {
    REAL dots[NAME(GROUP)] = {0}, squares[NAME(GROUP)];
    NAME(sums)(n, rows, d, query, last_query, mask, dots, squares);
    for (int j = 0; j < n; j++) {
        const REAL norm = NAME(norm)(squares[j]), scale = 1 / norm;
        results[j] = !query ? norm : isinf(scale) ? 0 : dots[j] * scale;
    }
}

INLINE void NAME(all)(const REAL *rows, int64_t n, int64_t d, const REAL *query, REAL *results) {
    REAL last[LANES] = {0}, is_new[LANES] = {0};
    for (int64_t x = d / LANES * LANES; d >= LANES && x < d; x++) {
        last[x - (d - LANES)] = query ? query[x] : 0;
        is_new[x - (d - LANES)] = 1;
    }
    const VEC last_query = LOAD(last), mask = LOAD(is_new);
    const int64_t n_bytes = NAME(GROUP) * d * (int64_t)sizeof(REAL);
    int64_t i = 0;
    for (; i + NAME(GROUP) <= n; i += NAME(GROUP)) {
        for (int64_t offset = 0; offset < n_bytes; offset += 64)
            __builtin_prefetch((const char *)(rows + i * d) + NAME(AHEAD) + offset);
        NAME(group)(NAME(GROUP), rows + i * d, d, query, last_query, mask, results + i);
    }
    for (; i < n; i++) NAME(group)(1, rows + i * d, d, query, last_query, mask, results + i);
}

static void NAME(norms)(const void *rows, int64_t n, int64_t d, void *norms) {
    NAME(all)((const REAL *)rows, n, d, NULL, (REAL *)norms);
}

static void NAME(cosines)(const void *rows, int64_t n, int64_t d, const void *query,
                          void *cosines) {
    NAME(all)((const REAL *)rows, n, d, (const REAL *)query, (REAL *)cosines);
}

/* Most blocks of scores have no answer, which a few vector comparisons find out. */
static void NAME(collect)(const void *scores_, const void *scales_, int64_t n, int64_t first,
                          int64_t excluded, const Answers *answers) {
    const REAL *scores = (const REAL *)scores_, *scales = (const REAL *)scales_;
    const REAL *worst = (const REAL *)answers->cosines;
    int64_t i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES) {
        const VEC *s = (const VEC *)(scores + i), *t = (const VEC *)(scales + i);
        const VEC least = (VEC){0} + *worst;
        __typeof__(least > least) is_larger = s[0] * t[0] > least;
        for (int j = 1; j < 8; j++) is_larger |= s[j] * t[j] > least;
        int64_t parts[sizeof(VEC) / sizeof(int64_t)], any = 0;
        memcpy(parts, &is_larger, sizeof parts);
        for (int j = 0; j < (int)(sizeof(VEC) / sizeof(int64_t)); j++) any |= parts[j];
        if (any) NAME(collect_each)(scores, scales, i, i + 8 * LANES, first, excluded, answers);
    }
    NAME(collect_each)(scores, scales, i, n, first, excluded, answers);
}

const CosineOps NAME(ops) = {VARIANT, sizeof(REAL), NAME(norms), NAME(cosines), NAME(collect)};

#undef REAL
#undef REAL_SQRT
#undef NAME
#undef REAL_BYTES
#undef LANES
#undef VEC
#undef PER_FOUR_LANES
#undef SHUFFLE
#undef LOAD
