/* The `block` verb by vector extensions; included by rows_simd.h, whose names it uses. */

/* Scores are summed in tiles of input rows x output rows, as many as registers hold. The update
 * keeps MOVED input rows and their new values in registers while the output rows pass by. */
#if LANES == 16
enum { TILE_IN = 4, TILE_OUT = 6, MOVED = 14 };
#else
enum { TILE_IN = 4, TILE_OUT = 3, MOVED = 6 };
#endif

/* Fills scores[j * stride + i] of a tile. */
INLINE void NAME(tile)(const int n_in, const int n_out, float *scores, int64_t stride,
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
        vec4 four = NAME(sums)(sums[j][0], sums[j][1], sums[j][2], sums[j][3]);
        memcpy(scores + j * stride, &four, sizeof four);
    }
}

/* Calls verb(n_in, n_out, ...) for the rest of a tile's input rows. */
#define TILED(n_in, n_out, verb, ...)                      \
    switch (n_in) {                                        \
        case 1: verb(1, n_out, __VA_ARGS__); break;        \
        case 2: verb(2, n_out, __VA_ARGS__); break;        \
        case 3: verb(3, n_out, __VA_ARGS__); break;        \
        default: verb(TILE_IN, n_out, __VA_ARGS__); break; \
    }

static void RACY NAME(scores)(const BlockRows *b, float *const *in, float *const *out) {
    const int64_t width = b->width, stride = b->stride;
    for (int i = 0; i < b->n_in; i += TILE_IN) {
        float *scores = (float *)b->scores + i;
        const int n_in = b->n_in - i;
        int j = 0;
        for (; j + TILE_OUT <= b->n_out; j += TILE_OUT)
            TILED(n_in, TILE_OUT, NAME(tile), scores + j * stride, stride, in + i, out + j, width)
        /* clang-format off */
#define REST(n)                                                                               \
    case n:                                                                                   \
        TILED(n_in, n, NAME(tile), scores + j * stride, stride, in + i, out + j, width) break;
        switch (b->n_out - j) {
#if LANES == 16
            REST(5) REST(4) REST(3)
#endif
            REST(2) REST(1)
            default: break;
        }
        /* clang-format on */
    }
}

/* Moves n_in input rows, which see the old output rows, and adds their share to the output rows.
 * The first rows to come keep the output rows in `old`, where later ones find them. */
INLINE void NAME(move)(const int n_in, const int first, const float *g, int64_t stride,
                       float *const *in, float *const *out, int n_out, int64_t width, float *old,
                       const void *const *ahead, int n_ahead) {
    for (int64_t x = 0; x < width; x += LANES) {
        vec h[MOVED], moved[MOVED];
        if (LANES * 4 >= CACHE_LINE || x * 4 % CACHE_LINE == 0)
            for (int j = n_out; j < n_ahead; j++) PREFETCH((const float *)ahead[j] + x);
        for (int i = 0; i < n_in; i++) moved[i] = h[i] = LOAD(in[i] + x);
        const float *g_j = g;
        for (int j = 0; j < n_out; j++, g_j += stride) {
            vec sum = LOAD(out[j] + x), o = first ? sum : LOAD(old + j * width + x);
            if (first) STORE(old + j * width + x, o);
            for (int i = 0; i < n_in; i++) {
                moved[i] += g_j[i] * o;
                sum += g_j[i] * h[i];
            }
            STORE(out[j] + x, sum);
            if ((LANES * 4 >= CACHE_LINE || x * 4 % CACHE_LINE == 0) && j < n_ahead)
                PREFETCH((const float *)ahead[j] + x);
        }
        for (int i = 0; i < n_in; i++) STORE(in[i] + x, moved[i]);
    }
}

/* clang-format off */
#define MOVE(n, ...) case n: NAME(move)(n, __VA_ARGS__); break;
#if LANES == 16
#define WIDE_MOVES(...)                                                                       \
    MOVE(6, __VA_ARGS__) MOVE(7, __VA_ARGS__) MOVE(8, __VA_ARGS__) MOVE(9, __VA_ARGS__)       \
    MOVE(10, __VA_ARGS__) MOVE(11, __VA_ARGS__) MOVE(12, __VA_ARGS__) MOVE(13, __VA_ARGS__)
#else
#define WIDE_MOVES(...)
#endif
#define MOVES(n, ...)                                                                         \
    switch (n) {                                                                              \
        MOVE(1, __VA_ARGS__) MOVE(2, __VA_ARGS__) MOVE(3, __VA_ARGS__) MOVE(4, __VA_ARGS__)   \
        MOVE(5, __VA_ARGS__) WIDE_MOVES(__VA_ARGS__)                                          \
        default: NAME(move)(MOVED, __VA_ARGS__); break;                                       \
    }
/* clang-format on */

static void RACY NAME(move_all)(const BlockRows *b, float *const *in, float *const *out) {
    const int64_t width = b->width, stride = b->stride;
    const float *g = b->scores;
    MOVES(b->n_in, 1, g, stride, in, out, b->n_out, width, b->scratch, b->ahead, b->n_ahead)
    for (int i = MOVED; i < b->n_in; i += MOVED)
        MOVES(b->n_in - i, 0, g + i, stride, in + i, out, b->n_out, width, b->scratch, b->ahead, 0)
}

static double RACY NAME(float_block)(const BlockRows *b, double rate) {
    float **in = (float **)((float *)b->scratch + b->n_out * b->width), **out = in + b->n_in;
    for (int i = 0; i < b->n_in; i++) in[i] = (float *)b->input + b->in[i] * b->width;
    for (int j = 0; j < b->n_out; j++) out[j] = (float *)b->output + b->out[j] * b->width;
    NAME(scores)(b, in, out);
    double loss = b->compute_loss ? NAME(block_losses)(b) : 0;
    NAME(errors)(b, (float)rate);
    NAME(move_all)(b, in, out);
    return loss;
}
