/* The operation `block` in float; included by rows_simd.h, whose names it uses.
 *
 * Contents
 *   score_tile, scores          all s_ij
 *   update_tile, update_rows    the updates of all rows
 *   float_block                 the operation
 *
 * Scores are computed in tiles of TILE_IN input rows and TILE_OUT output rows, whose sums fit into
 * registers. Updates are computed for UPDATE_IN input rows at a time: for each vector of columns,
 * the old and new values of these rows stay in registers during a loop over the output rows. */
#if LANES == 16
enum { TILE_IN = 4, TILE_OUT = 6, UPDATE_IN = 14 };
#else
enum { TILE_IN = 4, TILE_OUT = 3, UPDATE_IN = 6 };
#endif

/* Writes scores[j * stride + i] = in[i] . out[j] for TILE_IN values of i and n_out of j. Lanes of
 * input rows from n_in on get 0. */
INLINE void NAME(score_tile)(const int n_in, const int n_out, float *scores, int64_t stride,
                             float *const *in_, float *const *out_, int64_t width) {
    const float *in[TILE_IN], *out[TILE_OUT];
    vec sums[TILE_OUT][TILE_IN];
    for (int i = 0; i < n_in; i++) in[i] = in_[i];
    for (int j = 0; j < n_out; j++) out[j] = out_[j];
    for (int j = 0; j < n_out; j++)
        for (int i = 0; i < TILE_IN; i++) sums[j][i] = (vec){0};
    for (int64_t x = 0; x < width; x += LANES) {
        vec h[TILE_IN];
        for (int i = 0; i < n_in; i++) h[i] = LOAD(in[i] + x);
        for (int j = 0; j < n_out; j++) {
            vec o = LOAD(out[j] + x);
            for (int i = 0; i < n_in; i++) sums[j][i] += h[i] * o;
        }
    }
    for (int j = 0; j < n_out; j++) {
        vec4 four = NAME(sum_4_vectors)(sums[j][0], sums[j][1], sums[j][2], sums[j][3]);
        memcpy(scores + j * stride, &four, sizeof four);
    }
}

/* Calls op with a constant number of input rows: n_in, but at most TILE_IN. */
#define SCORE_CASES(n_in, n_out, op, ...)                \
    switch (n_in) {                                      \
        case 1: op(1, n_out, __VA_ARGS__); break;        \
        case 2: op(2, n_out, __VA_ARGS__); break;        \
        case 3: op(3, n_out, __VA_ARGS__); break;        \
        default: op(TILE_IN, n_out, __VA_ARGS__); break; \
    }

/* Writes the scores of all pairs, s_ij at b->scores[j * stride + i]. */
static void RACY NAME(scores)(const BlockRows *b, float *const *in, float *const *out) {
    const int64_t width = b->width, stride = b->stride;
    for (int i = 0; i < b->n_in; i += TILE_IN) {
        float *scores = (float *)b->scores + i;
        const int n_in = b->n_in - i;
        int j = 0;
        for (; j + TILE_OUT <= b->n_out; j += TILE_OUT)
            SCORE_CASES(n_in, TILE_OUT, NAME(score_tile), scores + j * stride, stride, in + i,
                        out + j, width)
        /* clang-format off */
#define SCORE_CASE(n)                                                                     \
    case n:                                                                               \
        SCORE_CASES(n_in, n, NAME(score_tile), scores + j * stride, stride, in + i, out + j, \
                    width)                                                                \
        break;
        switch (b->n_out - j) {
#if LANES == 16
            SCORE_CASE(5) SCORE_CASE(4) SCORE_CASE(3)
#endif
            SCORE_CASE(2) SCORE_CASE(1)
            default: break;
        }
        /* clang-format on */
    }
}

/* Updates n_in input rows, and adds their part of the update to all output rows:
 *     in[i] += sum_j g_ij old out[j],   out[j] += sum_i g_ij old in[i].
 * The call with `first` set saves the old output rows in `old`; the later calls read them there.
 * Prefetches one vector of a row of the next block per output row. */
INLINE void NAME(update_tile)(const int n_in, const int first, const float *g, int64_t stride,
                              float *const *in, float *const *out, int n_out, int64_t width,
                              float *old, void *const *prefetch, int n_prefetch) {
    for (int64_t x = 0; x < width; x += LANES) {
        vec h[UPDATE_IN], updated[UPDATE_IN];
        if (LANES * 4 >= CACHE_LINE || x * 4 % CACHE_LINE == 0)
            for (int j = n_out; j < n_prefetch; j++) PREFETCH((const float *)prefetch[j] + x);
        for (int i = 0; i < n_in; i++) updated[i] = h[i] = LOAD(in[i] + x);
        const float *g_j = g;
        for (int j = 0; j < n_out; j++, g_j += stride) {
            vec sum = LOAD(out[j] + x), o = first ? sum : LOAD(old + j * width + x);
            if (first) STORE(old + j * width + x, o);
            for (int i = 0; i < n_in; i++) {
                updated[i] += g_j[i] * o;
                sum += g_j[i] * h[i];
            }
            STORE(out[j] + x, sum);
            if ((LANES * 4 >= CACHE_LINE || x * 4 % CACHE_LINE == 0) && j < n_prefetch)
                PREFETCH((const float *)prefetch[j] + x);
        }
        for (int i = 0; i < n_in; i++) STORE(in[i] + x, updated[i]);
    }
}

/* Calls update_tile with a constant number of input rows: n, but at most UPDATE_IN. */
#define UPDATE_CASE(n, ...) \
    case n: NAME(update_tile)(n, __VA_ARGS__); break;
/* clang-format off */
#if LANES == 16
#define UPDATE_CASES_6_TO_13(...)                             \
    UPDATE_CASE(6, __VA_ARGS__)  UPDATE_CASE(7, __VA_ARGS__)  \
    UPDATE_CASE(8, __VA_ARGS__)  UPDATE_CASE(9, __VA_ARGS__)  \
    UPDATE_CASE(10, __VA_ARGS__) UPDATE_CASE(11, __VA_ARGS__) \
    UPDATE_CASE(12, __VA_ARGS__) UPDATE_CASE(13, __VA_ARGS__)
#else
#define UPDATE_CASES_6_TO_13(...)
#endif
#define UPDATE_CASES(n, ...)                                       \
    switch (n) {                                                   \
        UPDATE_CASE(1, __VA_ARGS__) UPDATE_CASE(2, __VA_ARGS__)    \
        UPDATE_CASE(3, __VA_ARGS__) UPDATE_CASE(4, __VA_ARGS__)    \
        UPDATE_CASE(5, __VA_ARGS__)                                \
        UPDATE_CASES_6_TO_13(__VA_ARGS__)                          \
        default: NAME(update_tile)(UPDATE_IN, __VA_ARGS__); break; \
    }
/* clang-format on */

/* Updates all rows of a block from the g_ij in b->scores. */
static void RACY NAME(update_rows)(const BlockRows *b, float *const *in, float *const *out) {
    const int64_t width = b->width, stride = b->stride;
    const float *g = b->scores;
    UPDATE_CASES(b->n_in, 1, g, stride, in, out, b->n_out, width, b->scratch, b->prefetch,
                 b->n_prefetch)
    for (int i = UPDATE_IN; i < b->n_in; i += UPDATE_IN)
        UPDATE_CASES(b->n_in - i, 0, g + i, stride, in + i, out, b->n_out, width, b->scratch,
                     b->prefetch, 0)
}

/* The operation `block`: scores, g_ij, updates. */
static double RACY NAME(float_block)(const BlockRows *b, double rate) {
    float *const *in = (float *const *)b->input, *const *out = (float *const *)b->output;
    NAME(scores)(b, in, out);
    double loss = b->compute_loss ? NAME(block_losses)(b) : 0;
    NAME(scores_to_g)(b, (float)rate);
    NAME(update_rows)(b, in, out);
    return loss;
}
