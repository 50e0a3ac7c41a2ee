/* The operation `block` with products of bfloat16 that are summed in float: twice as many products
 * per instruction as with float.
 *
 * The rows themselves stay float. Only the factors of the products are rounded, to 8 bits, so that
 * a gradient has a random relative error of about 2^-9.
 *
 * Contents
 *   pack_row, unpack, dot_pairs              vectors of bfloat16
 *   Packed, pack_block                       the rows of a block as bfloat16
 *   pack_tile, pack_scores                   all s_ij
 *   pack_g                                   all g_ij as bfloat16
 *   update_columns, ..., update_all_packed   the updates of all rows
 *   block                                    the operation */

/* UPDATE_PAIRS: pairs of input rows whose new values fit into registers. WORTH_PACKING: number of
 * pairs (i, j) from which packing pays off. */
enum { UPDATE_PAIRS = 4, WORTH_PACKING = 72 };

/* 32 bfloat16: two vectors (32 columns) of one row, or one vector of two rows, interleaved. */
typedef __m512i pack;

/* sum + a . b for each lane, which holds two bfloat16 of a and of b. */
INLINE __m512 NAME(dot_pairs)(__m512 sum, pack a, pack b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

/* The same two bfloat16 in all lanes. */
INLINE pack NAME(broadcast_pair)(uint32_t pair) { return _mm512_set1_epi32((int)pair); }

/* Packs a row, 32 columns per pack, in the order for which `unpack` returns columns in order. */
static void RACY NAME(pack_row)(pack *to, const float *row, int64_t width) {
    const pack order = _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0);
    for (int64_t x = 0; x < width; x += 32, to++) {
        __m512 low = _mm512_loadu_ps(row + x);
        __m512 high = x + LANES < width ? _mm512_loadu_ps(row + x + LANES) : _mm512_setzero_ps();
        *to = _mm512_permutexvar_epi64(order, (pack)_mm512_cvtne2ps_pbh(high, low));
    }
}

/* Returns vector `half` (0 or 1) of the rows packed in a and b: column by column a value of a and
 * a value of b. */
INLINE pack NAME(unpack)(const int half, pack a, pack b) {
    return half ? _mm512_unpackhi_epi16(a, b) : _mm512_unpacklo_epi16(a, b);
}

typedef struct {
    float **in, **out; /* addresses of rows, filled up to whole tiles by a row of zeros */
    pack *in_packs, *out_packs;
    int64_t n_packs;
    uint32_t *g_for_in;  /* (n_out / 2, stride): g of rows 2j, 2j + 1 and input row i */
    uint32_t *g_for_out; /* (n_out, stride / 2): g of row j and input rows 2i, 2i + 1 */
} Packed;

INLINE void NAME(pack_tile)(const int n_in, const int n_out, float *scores, int64_t stride,
                            const pack *in, const pack *out, int64_t n_packs) {
    __m512 sums[TILE_OUT][TILE_IN];
    for (int j = 0; j < n_out; j++)
        for (int i = 0; i < TILE_IN; i++) sums[j][i] = _mm512_setzero_ps();
    for (int64_t x = 0; x < n_packs; x++) {
        pack h[TILE_IN];
        for (int i = 0; i < n_in; i++) h[i] = in[i * n_packs + x];
        for (int j = 0; j < n_out; j++) {
            pack o = out[j * n_packs + x];
            for (int i = 0; i < n_in; i++) sums[j][i] = NAME(dot_pairs)(sums[j][i], h[i], o);
        }
    }
    for (int j = 0; j < n_out; j++) {
        vec4 four = NAME(sum_4_vectors)(sums[j][0], sums[j][1], sums[j][2], sums[j][3]);
        memcpy(scores + j * stride, &four, sizeof four);
    }
}

/* Writes the scores of all pairs. Tiles have an even number of rows; rows beyond the last are
 * zeros. */
static void NAME(pack_scores)(const BlockRows *b, const Packed *p) {
    const int64_t n_packs = p->n_packs, stride = b->stride;
    for (int i = 0; i < b->n_in; i += TILE_IN) {
        const pack *in = p->in_packs + i * n_packs;
        const int two = b->n_in - i <= 2;
        for (int j = 0; j < b->n_out; j += TILE_OUT) {
            const pack *out = p->out_packs + j * n_packs;
            const int n_out = b->n_out - j;
            float *scores = (float *)b->scores + j * stride + i;
#define PACK_TILE(n)                                             \
    if (two)                                                     \
        NAME(pack_tile)(2, n, scores, stride, in, out, n_packs); \
    else                                                         \
        NAME(pack_tile)(TILE_IN, n, scores, stride, in, out, n_packs);
            if (n_out > 4) {
                PACK_TILE(TILE_OUT)
            } else if (n_out > 2) {
                PACK_TILE(4)
            } else {
                PACK_TILE(2)
            }
        }
    }
}

/* Packs the g_ij in the two orders that the updates need: for input rows, the values of two output
 * rows are adjacent; for output rows, those of two input rows. */
static void NAME(pack_g)(const BlockRows *b, const Packed *p) {
    const int64_t stride = b->stride;
    for (int j = 0; j < b->n_out; j += 2)
        for (int64_t i = 0; i < stride; i += LANES) {
            const float *g = (float *)b->scores + j * stride + i;
            __m256i even = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(g)), odd = {0};
            if (j + 1 < b->n_out) odd = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(g + stride));
            _mm256_storeu_si256((__m256i *)(p->g_for_out + (j * stride + i) / 2), even);
            _mm256_storeu_si256((__m256i *)(p->g_for_out + ((j + 1) * stride + i) / 2), odd);
            _mm512_storeu_si512(p->g_for_in + j / 2 * stride + i,
                                _mm512_or_si512(_mm512_cvtepu16_epi32(even),
                                                _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16)));
        }
}

/* Updates the columns x .. x + 16 * halves - 1 of 2 * n_pairs input rows, and adds their part of
 * the update to all output rows. */
INLINE void NAME(update_columns)(const int n_pairs, const int halves, const BlockRows *b,
                                 const Packed *p, int first, int n_prefetch, int64_t x) {
    const int n_out = b->n_out;
    const int64_t stride = b->stride;
    void *const *prefetch = b->prefetch;
    const int64_t n_packs = p->n_packs;
    const pack *in_packs = p->in_packs + first * n_packs + x / 32,
               *out_packs = p->out_packs + x / 32;
    float *const *in = p->in + first, *const *out = p->out;
    const uint32_t *g_for_in = p->g_for_in + first, *g_for_out = p->g_for_out + first / 2;
    __m512 updated[2 * UPDATE_PAIRS][2];
    pack h[UPDATE_PAIRS][2];
    for (int i = 0; i < n_pairs; i++)
        for (int v = 0; v < halves; v++) {
            h[i][v] = NAME(unpack)(v, in_packs[2 * i * n_packs], in_packs[(2 * i + 1) * n_packs]);
            updated[2 * i][v] = _mm512_loadu_ps(in[2 * i] + x + v * LANES);
            updated[2 * i + 1][v] = _mm512_loadu_ps(in[2 * i + 1] + x + v * LANES);
        }
    for (int j = 0; j < n_out; j += 2) {
        pack o[2];
        __m512 even[2], odd[2];
        for (int v = 0; v < halves; v++) {
            o[v] = NAME(unpack)(v, out_packs[j * n_packs], out_packs[(j + 1) * n_packs]);
            even[v] = _mm512_loadu_ps(out[j] + x + v * LANES);
            odd[v] = _mm512_loadu_ps(out[j + 1] + x + v * LANES);
        }
        for (int i = 0; i < n_pairs; i++) {
            pack g = NAME(broadcast_pair)(g_for_out[i]);
            for (int v = 0; v < halves; v++) even[v] = NAME(dot_pairs)(even[v], h[i][v], g);
            g = NAME(broadcast_pair)(g_for_out[stride / 2 + i]);
            for (int v = 0; v < halves; v++) odd[v] = NAME(dot_pairs)(odd[v], h[i][v], g);
        }
        for (int i = 0; i < 2 * n_pairs; i++) {
            pack g = NAME(broadcast_pair)(g_for_in[i]);
            for (int v = 0; v < halves; v++)
                updated[i][v] = NAME(dot_pairs)(updated[i][v], o[v], g);
        }
        for (int v = 0; v < halves; v++) {
            _mm512_storeu_ps(out[j] + x + v * LANES, even[v]);
            _mm512_storeu_ps(out[j + 1] + x + v * LANES, odd[v]);
        }
        g_for_in += stride;
        g_for_out += stride;
        for (int k = j; k < j + 2 && k < n_prefetch; k++)
            for (int v = 0; v < halves; v++) PREFETCH((const float *)prefetch[k] + x + v * LANES);
    }
    for (int k = (n_out + 1) / 2 * 2; k < n_prefetch; k++)
        for (int v = 0; v < halves; v++) PREFETCH((const float *)prefetch[k] + x + v * LANES);
    for (int i = 0; i < 2 * n_pairs; i++)
        for (int v = 0; v < halves; v++) _mm512_storeu_ps(in[i] + x + v * LANES, updated[i][v]);
}

INLINE void NAME(update_packed)(const int n_pairs, const BlockRows *b, const Packed *p, int first,
                                int n_prefetch) {
    int64_t x = 0;
    for (; x + 32 <= b->width; x += 32)
        NAME(update_columns)(n_pairs, 2, b, p, first, n_prefetch, x);
    if (x < b->width) NAME(update_columns)(n_pairs, 1, b, p, first, n_prefetch, x);
}

/* Updates all rows, for up to UPDATE_PAIRS pairs of input rows at a time, in parts of about equal
 * size. */
static void RACY NAME(update_all_packed)(const BlockRows *b, const Packed *p) {
    const int n_pairs = (b->n_in + 1) / 2, n_parts = (n_pairs + UPDATE_PAIRS - 1) / UPDATE_PAIRS;
    for (int part = 0, first = 0; part < n_parts; part++) {
        int n = n_pairs * (part + 1) / n_parts - first, n_prefetch = part ? 0 : b->n_prefetch;
        switch (n) {
            case 1: NAME(update_packed)(1, b, p, 2 * first, n_prefetch); break;
            case 2: NAME(update_packed)(2, b, p, 2 * first, n_prefetch); break;
            case 3: NAME(update_packed)(3, b, p, 2 * first, n_prefetch); break;
            default: NAME(update_packed)(UPDATE_PAIRS, b, p, 2 * first, n_prefetch); break;
        }
        first += n;
    }
}

/* Divides the scratch memory among the arrays of a `Packed`, and packs all rows. */
static Packed NAME(pack_block)(const BlockRows *b) {
    const int n_in = (b->n_in + TILE_IN - 1) / TILE_IN * TILE_IN, n_out = (b->n_out + 1) / 2 * 2;
    Packed p = {.n_packs = (b->width + 31) / 32, .in_packs = b->scratch};
    p.out_packs = p.in_packs + n_in * p.n_packs;
    p.g_for_in = (uint32_t *)(p.out_packs + n_out * p.n_packs);
    p.g_for_out = p.g_for_in + n_out * b->stride / 2;
    float *zero_rows = (float *)(p.g_for_out + n_out * b->stride / 2);
    p.in = (float **)(zero_rows + 2 * b->width);
    p.out = p.in + n_in;
    for (int i = 0; i < n_in; i++) p.in[i] = i < b->n_in ? b->input[i] : zero_rows;
    for (int j = 0; j < n_out; j++) p.out[j] = j < b->n_out ? b->output[j] : zero_rows + b->width;
    memset(zero_rows, 0, 2 * b->width * sizeof(float));
    for (int i = 0; i < n_in; i++) NAME(pack_row)(p.in_packs + i * p.n_packs, p.in[i], b->width);
    for (int j = 0; j < n_out; j++) NAME(pack_row)(p.out_packs + j * p.n_packs, p.out[j], b->width);
    return p;
}

static double RACY NAME(block)(const BlockRows *b, double rate) {
    if (b->n_in * b->n_out < WORTH_PACKING) return NAME(float_block)(b, rate);
    Packed p = NAME(pack_block)(b);
    NAME(pack_scores)(b, &p);
    double loss = b->compute_loss ? NAME(block_losses)(b) : 0;
    NAME(scores_to_g)(b, (float)rate);
    NAME(pack_g)(b, &p);
    NAME(update_all_packed)(b, &p);
    return loss;
}
