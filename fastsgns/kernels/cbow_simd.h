/* The operations `cbow_errors` and `cbow_update`; included by rows_simd.h, whose names it uses.
 *
 * Contents
 *   CHUNK_CASES            call a function with a constant number of vectors
 *   sum_chunk              the hidden vector, and its products with the target rows
 *   update_chunk           the updates of all rows
 *   cbow_errors, cbow_update   the operations
 *
 * Rows are taken in chunks of up to CHUNK vectors. The part of the hidden vector, or of its update,
 * that belongs to a chunk stays in registers during the loops over the rows. */
enum { CHUNK = 8 };

/* Makes GCC address the vectors of a row relative to the row. It would otherwise add the address
 * of the row to each of their offsets, which it keeps in registers. */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* clang-format off */
#define CHUNK_CASE(n, op, ...) \
    case n: op(n, __VA_ARGS__); break;
/* Calls op(n, ...) with a constant n: `vectors`, but at most CHUNK. */
#define CHUNK_CASES(vectors, op, ...)                                   \
    switch (vectors) {                                                  \
        CHUNK_CASE(1, op, __VA_ARGS__) CHUNK_CASE(2, op, __VA_ARGS__)   \
        CHUNK_CASE(3, op, __VA_ARGS__) CHUNK_CASE(4, op, __VA_ARGS__)   \
        CHUNK_CASE(5, op, __VA_ARGS__) CHUNK_CASE(6, op, __VA_ARGS__)   \
        CHUNK_CASE(7, op, __VA_ARGS__)                                  \
        default: op(CHUNK, __VA_ARGS__); break;                         \
    }
/* clang-format on */

/* Computes the columns from x on of the hidden vector, and adds their products with row j to the
 * vector c->sums[j]. */
INLINE void NAME(sum_chunk)(const int n_vectors, const CbowRows *c, int64_t x) {
    const int n = c->n, n_contexts = c->n_contexts;
    void *const *rows = c->rows, *const *contexts = c->contexts;
    const float *first = (const float *)contexts[0] + x, scale = (float)c->scale;
    float *hidden = (float *)c->hidden + x, *sums = c->sums;
    vec h[CHUNK];
    for (int v = 0; v < n_vectors; v++) h[v] = LOAD_ROW(first + v * LANES);
    for (int v = 0; v < n_vectors && c->weights; v++) h[v] *= c->weights[0];
    for (int k = 1; k < n_contexts && c->weights; k++) {
        const float *row = (const float *)contexts[k] + x, weight = c->weights[k];
        OPAQUE(row);
        for (int v = 0; v < n_vectors; v++) h[v] += weight * LOAD_ROW(row + v * LANES);
    }
    for (int k = 1; k < n_contexts && !c->weights; k++) {
        const float *row = (const float *)contexts[k] + x;
        OPAQUE(row);
        for (int v = 0; v < n_vectors; v++) h[v] += LOAD_ROW(row + v * LANES);
    }
    for (int v = 0; v < n_vectors; v++) h[v] *= scale;
    if (c->role_scale)
        for (int v = 0; v < n_vectors; v++)
            h[v] = h[v] * LOAD((const float *)c->role_scale + x + v * LANES) +
                   LOAD((const float *)c->role_shift + x + v * LANES);
    for (int v = 0; v < n_vectors; v++) STORE(hidden + v * LANES, h[v]);
    for (int j = 0; j < n; j++, sums += LANES) {
        const float *row = (const float *)rows[j] + x;
        vec sum = {0};
        OPAQUE(row);
        if (x) sum = LOAD(sums);
        for (int v = 0; v < n_vectors; v++) sum += h[v] * LOAD_ROW(row + v * LANES);
        STORE(sums, sum);
    }
}

/* Returns the sums of the lanes of 4 vectors that are stored one after the other. */
INLINE vec4 NAME(sum_4_stored)(const float *v) {
    return NAME(sum_4_vectors)(LOAD(v), LOAD(v + LANES), LOAD(v + 2 * LANES), LOAD(v + 3 * LANES));
}

/* Computes the errors of up to 8 rows without storing the scores in between, which would delay
 * them. */
INLINE double NAME(few_errors)(const CbowRows *c, float rate) {
    vec8 labels, scores = NAME(join)(NAME(sum_4_stored)(c->sums),
                                     NAME(sum_4_stored)((const float *)c->sums + 4 * LANES));
    double loss = 0;
    if (c->compute_loss) {
        memcpy(c->errors, &scores, sizeof scores);
        loss = NAME(losses)(c->errors, c->labels, c->n);
    }
    memcpy(&labels, c->labels, sizeof labels);
    scores = rate * (labels - NAME(sigmoid8)(scores));
    memcpy(c->errors, &scores, sizeof scores);
    return loss;
}

static double NAME(many_errors)(const CbowRows *c, float rate) {
    float *g = c->errors;
    for (int j = 0; j < c->n; j += 4) {
        vec4 four = NAME(sum_4_stored)((const float *)c->sums + j * LANES);
        memcpy(g + j, &four, sizeof four);
    }
    double loss = c->compute_loss ? NAME(losses)(g, c->labels, c->n) : 0;
    for (int j = 0; j < c->n; j += LANES) {
        vec sigmoid = NAME(sigmoid)(LOAD(g + j));
        STORE(g + j, rate * (LOAD(c->labels + j) - sigmoid));
    }
    return loss;
}

static double NAME(cbow_errors)(const CbowRows *c, double rate) {
    for (int64_t x = 0; x < c->width; x += CHUNK * LANES)
        CHUNK_CASES((c->width - x) / LANES, NAME(sum_chunk), c, x)
    return c->n <= 8 ? NAME(few_errors)(c, (float)rate) : NAME(many_errors)(c, (float)rate);
}

INLINE void NAME(prefetch_chunk)(const int n_vectors, const float *row) {
    OPAQUE(row);
    for (int v = 0; v < n_vectors; v++)
        if (LANES * 4 >= CACHE_LINE || v * LANES * 4 % CACHE_LINE == 0) PREFETCH(row + v * LANES);
}

/* Updates the columns from x on of all rows. Prefetches one row per target row, because the memory
 * system stalls if it gets many requests at once. */
INLINE void NAME(update_chunk)(const int n_vectors, const CbowRows *c, int64_t x, int repeats) {
    vec h[CHUNK], u[CHUNK];
    const int n = c->n, n_contexts = c->n_contexts, n_prefetch = c->n_prefetch;
    void *const *rows = c->rows, *const *contexts = c->contexts, *const *prefetch = c->prefetch;
    const float *g = c->errors, *role_scale = c->role_scale, share = (float)c->share;
    const vec zero = {0};
    for (int v = 0; v < n_vectors; v++) {
        h[v] = LOAD((const float *)c->hidden + x + v * LANES);
        u[v] = zero;
    }
    if (repeats) { /* all products with old rows before the first update */
        for (int j = 0; j < n; j++)
            for (int v = 0; v < n_vectors; v++)
                u[v] += g[j] * LOAD_ROW((const float *)rows[j] + x + v * LANES);
        for (int j = 0; j < n; j++)
            for (int v = 0; v < n_vectors; v++) {
                float *to = (float *)rows[j] + x + v * LANES;
                STORE_ROW(to, LOAD_ROW(to) + g[j] * h[v]);
            }
    } else {
        for (int j = 0; j < n; j++) {
            float *row = (float *)rows[j] + x;
            const vec g_j = zero + g[j];
            OPAQUE(row);
            if (j < n_prefetch) NAME(prefetch_chunk)(n_vectors, (const float *)prefetch[j] + x);
            for (int v = 0; v < n_vectors; v++) {
                vec old = LOAD_ROW(row + v * LANES);
                u[v] += g_j * old;
                STORE_ROW(row + v * LANES, old + g_j * h[v]);
            }
        }
    }
    if (role_scale)
        for (int v = 0; v < n_vectors; v++) u[v] *= LOAD(role_scale + x + v * LANES);
    for (int v = 0; v < n_vectors; v++) u[v] *= share;
    for (int j = repeats ? 0 : n; j < n_prefetch; j++)
        NAME(prefetch_chunk)(n_vectors, (const float *)prefetch[j] + x);
    for (int k = 0; k < n_contexts; k++) {
        float *row = (float *)contexts[k] + x;
        OPAQUE(row);
        for (int v = 0; v < n_vectors; v++)
            STORE_ROW(row + v * LANES, LOAD_ROW(row + v * LANES) + u[v]);
    }
}

static void NAME(cbow_update)(const CbowRows *c) {
    int repeats = c->n > GROUP;
    if (!repeats) GROUP_CASES(c->n, repeats = NAME(has_duplicates), c->rows)
    for (int64_t x = 0; x < c->width; x += CHUNK * LANES)
        CHUNK_CASES((c->width - x) / LANES, NAME(update_chunk), c, x, repeats)
}
