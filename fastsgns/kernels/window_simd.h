/* The operation `window` in float; included by rows_simd.h, whose names it uses.
 *
 * Contents
 *   hidden_vector                        a vector of an input row in its role
 *   window_tile, window_scores           all scores
 *   add_offsets, spread, scores_to_window_g, scores_to_g_general   all g_kj
 *   window_columns, update_window        the updates, for up to GROUP output rows
 *   window_columns_general, ..., update_window_general      ... for any number
 *   window_losses, window                the loss, and the operation
 *
 * Scores are computed in tiles of WINDOW_IN input rows and GROUP output rows, whose sums fit into
 * registers. For the updates, each vector of columns is independent of the others, given the g_kj.
 * Up to GROUP output rows stay in registers while all input rows pass: an input row costs one load
 * and one store for 2 * GROUP multiply-adds, and a repeated row sees what its last turn left. */
#if LANES == 16
enum { WINDOW_IN = 4, WINDOW_VECTORS = 2 };
#else
enum { WINDOW_IN = 2, WINDOW_VECTORS = 1 };
#endif

/* Returns the columns x .. x + LANES - 1 of role(u), for `row` = u (rows.h). */
INLINE vec NAME(hidden_vector)(const int has_role, const WindowRows *w, const float *row,
                               int64_t x) {
    if (!has_role) return LOAD_ROW(row + x);
    return LOAD_ROW(row + x) * LOAD((const float *)w->role_scale + x) +
           LOAD((const float *)w->role_shift + x);
}

/* Adds the products of the columns x .. x + LANES - 1 to the sums of a tile. */
INLINE void NAME(add_products)(const int n_in, const int n_out, const int has_role,
                               const WindowRows *w, float *const *in, float *const *out, int64_t x,
                               vec sums[WINDOW_IN][8]) {
    vec h[WINDOW_IN];
    UNROLL(8)
    for (int k = 0; k < n_in; k++) h[k] = NAME(hidden_vector)(has_role, w, in[k], x);
    UNROLL(8)
    for (int j = 0; j < n_out; j++) {
        vec v = LOAD_ROW(out[j] + x);
        UNROLL(8)
        for (int k = 0; k < n_in; k++) sums[k][j] += h[k] * v;
    }
}

/* Writes the sums of the lanes of n_in * stride vectors, where stride is 4 or 8 and sums[k][j] are
 * 0 for j >= n_out. A vector of quarters, which NAME(sum_quarters) returns, holds four sums in each
 * of its LANES / 4 quarters, which are still to be added. */
INLINE void NAME(store_sums)(const int n_in, const int stride, float *scores,
                             vec sums[WINDOW_IN][8]) {
    for (int k = 0; k < n_in; k++)
        for (int half = 0; half < stride; half += 4) {
            vec *four = sums[k] + half;
            sums[k][half] = NAME(sum_quarters)(four[0], four[1], four[2], four[3]);
        }
#if LANES == 16
    /* The sums of LANES vectors become one vector. */
    for (int i = 0; i < n_in * stride; i += LANES) {
        vec quarters[4];
        for (int q = 0; q < 4; q++) {
            const int at = i + 4 * q;
            quarters[q] = at < n_in * stride ? sums[at / stride][at % stride] : (vec){0};
        }
        vec all = NAME(sum_of_quarters)(quarters[0], quarters[1], quarters[2], quarters[3]);
        if (n_in * stride - i >= LANES)
            STORE(scores + i, all);
        else
            memcpy(scores + i, &all, (n_in * stride - i) * sizeof(float));
    }
#else
    for (int i = 0; i < n_in * stride; i += 4) {
        vec4 four = NAME(fold_to_4)(sums[i / stride][i % stride]);
        memcpy(scores + i, &four, sizeof four);
    }
#endif
}

/* Writes scores[k * stride + j] = role(in[k]) . out[j] for k < n_in and j < n_out. If all output
 * rows are in one tile, also writes 0 for n_out <= j < stride. */
INLINE void NAME(window_tile)(const int n_in, const int n_out, const WindowRows *w, int first_in,
                              int first_out, int64_t stride) {
    float *in[WINDOW_IN], *out[GROUP], *scores = w->scores;
    vec sums[WINDOW_IN][8];
    int64_t x = 0;
    UNROLL(8)
    for (int k = 0; k < n_in; k++) in[k] = w->inputs[first_in + k];
    UNROLL(8)
    for (int j = 0; j < n_out; j++) out[j] = w->outputs[first_out + j];
    UNROLL(8)
    for (int k = 0; k < n_in; k++) {
        UNROLL(8)
        for (int j = 0; j < 8; j++) sums[k][j] = (vec){0};
    }
    for (; x < w->role_start; x += LANES) NAME(add_products)(n_in, n_out, 0, w, in, out, x, sums);
    for (; x < w->width; x += LANES) NAME(add_products)(n_in, n_out, 1, w, in, out, x, sums);
    const int own = n_out <= 4 ? 4 : 8; /* the stride, if all output rows are in one tile */
    float *to = scores + first_in * stride + first_out, stored[WINDOW_IN * 8];
    if (w->n_outputs <= GROUP) {
        NAME(store_sums)(n_in, own, to, sums);
        return;
    }
    NAME(store_sums)(n_in, own, stored, sums);
    UNROLL(8)
    for (int k = 0; k < n_in; k++) memcpy(to + k * stride, stored + k * own, n_out * sizeof(float));
}

/* Writes the scores of all input rows with n_out output rows from `first_out` on. */
INLINE void NAME(window_scores)(const int n_out, const WindowRows *w, int first_out,
                                int64_t stride) {
    const int n_in = w->n_inputs;
    int k = 0;
    for (; k + WINDOW_IN <= n_in; k += WINDOW_IN)
        NAME(window_tile)(WINDOW_IN, n_out, w, k, first_out, stride);
    if (WINDOW_IN == 4 && n_in - k >= 2) {
        NAME(window_tile)(2, n_out, w, k, first_out, stride);
        k += 2;
    }
    if (k < n_in) NAME(window_tile)(1, n_out, w, k, first_out, stride);
}

/* Adds the offsets. Also changes the scores of a row from n_outputs on, which nothing reads. */
INLINE void NAME(add_offsets)(const WindowRows *w, const int64_t stride) {
    float *scores = w->scores;
    for (int k = 0; k < w->n_inputs; k++, scores += stride) {
        const float offset = ((const float *)w->offsets)[k];
        for (int64_t j = 0; j < stride; j++) scores[j] += offset;
    }
}

/* Returns the loss. With t = log1p_exp_neg_abs(s), -log sigmoid(s) = relu(-s) + t and
 * -log sigmoid(-s) = relu(s) + t. */
static double NAME(window_losses)(const WindowRows *w, int64_t stride) {
    const float *scores = w->scores;
    double loss = 0;
    for (int k = 0; k < w->n_inputs; k++, scores += stride)
        for (int j = 0; j < w->n_outputs; j += LANES) {
            vec score = LOAD(scores + j), tail = NAME(log1p_exp_neg_abs)(score);
            vec positive = LOAD(w->positive + j), negative = LOAD(w->total + j) - positive;
            vec losses =
                positive * (NAME(relu)(-score) + tail) + negative * (NAME(relu)(score) + tail);
            loss += NAME(sum_first)(w->n_outputs - j, losses);
        }
    return loss;
}

/* Returns a vector that holds LANES / stride offsets, each `stride` times. */
INLINE vec NAME(spread)(const int stride, const float *offsets) {
    ivec lanes;
    for (int i = 0; i < LANES; i++) lanes[i] = i;
    vec spread = (vec){0} + offsets[0];
    for (int i = 1; i < LANES / stride; i++)
        spread = NAME(select)(lanes >= i * stride, (vec){0} + offsets[i], spread);
    return spread;
}

/* Replaces the scores s_kj, without the offsets, by g_kj. Vectors of scores hold several input rows
 * if stride < LANES. */
INLINE void NAME(scores_to_window_g)(const int stride, const float *offsets, const WindowRows *w,
                                     float rate) {
    float *scores = w->scores, weights[2][LANES]; /* positive and total, as often as they fit */
    const int64_t n = w->n_inputs * stride;
    for (int64_t j = 0; j < stride; j += LANES) {
        for (int i = 0; i < LANES; i += stride)
            for (int half = 0; half < LANES && half < stride; half += 4) {
                memcpy(weights[0] + i + half, w->positive + j + half, 16);
                memcpy(weights[1] + i + half, w->total + j + half, 16);
            }
        vec positive = rate * LOAD(weights[0]), total = rate * LOAD(weights[1]);
        const int step = stride > LANES ? stride : LANES;
        for (int64_t i = j; i < n; i += step) {
            vec score = LOAD(scores + i);
            if (offsets) score += NAME(spread)(stride, offsets + i / stride);
            STORE(scores + i, positive - total * NAME(sigmoid)(score));
        }
    }
}

/* The same for any stride, a multiple of 8. */
static void NAME(scores_to_g_general)(const WindowRows *w, int64_t stride, float rate) {
    float *scores = w->scores;
    for (int64_t i = 0; i < w->n_inputs * stride; i += 8) {
        vec8 score, positive, total;
        memcpy(&score, scores + i, 32);
        memcpy(&positive, w->positive + i % stride, 32);
        memcpy(&total, w->total + i % stride, 32);
        score = rate * (positive - total * NAME(sigmoid8)(score));
        memcpy(scores + i, &score, 32);
    }
}

/* Prefetches the cache lines that hold the columns from x on of the rows of later windows. */
INLINE void NAME(prefetch_columns)(const WindowRows *w, int64_t x) {
    if (LANES * 4 >= CACHE_LINE || x * 4 % CACHE_LINE == 0)
        for (int i = 0; i < w->n_prefetch; i++) PREFETCH((const float *)w->prefetch[i] + x);
}

/* Updates n_vec vectors of columns, from the column x on, of all rows, for n_out <= GROUP output
 * rows. n_vec and n_out are constants. */
INLINE void NAME(window_columns)(const int n_vec, const int n_out, const int batch,
                                 const int has_role, const WindowRows *w, float *const *out,
                                 int64_t x) {
    const int stride = n_out <= 4 ? 4 : 8;
    vec now[WINDOW_VECTORS][GROUP], old[WINDOW_VECTORS][GROUP];
    const float *g = w->scores;
    void *const *const end = w->inputs + w->n_inputs;
    UNROLL(8)
    for (int v = 0; v < n_vec; v++) {
        NAME(prefetch_columns)(w, x + v * LANES);
        UNROLL(8)
        for (int j = 0; j < n_out; j++) old[v][j] = now[v][j] = LOAD_ROW(out[j] + x + v * LANES);
    }
    for (void *const *input = w->inputs; input < end; input++, g += stride) {
        float *row = (float *)*input + x;
        vec h[WINDOW_VECTORS], sums[WINDOW_VECTORS][2];
        UNROLL(8)
        for (int v = 0; v < n_vec; v++) {
            h[v] = NAME(hidden_vector)(has_role, w, (float *)*input, x + v * LANES);
            sums[v][0] = has_role ? (vec){0} : h[v];
            sums[v][1] = (vec){0};
        }
        UNROLL(8)
        for (int j = 0; j < n_out; j++) {
            UNROLL(8)
            for (int v = 0; v < n_vec; v++) {
                sums[v][j % 2] += g[j] * (batch ? old[v][j] : now[v][j]);
                now[v][j] += g[j] * h[v];
            }
        }
        UNROLL(8)
        for (int v = 0; v < n_vec; v++) {
            vec sum = sums[v][0] + sums[v][1];
            if (has_role)
                sum = LOAD_ROW(row + v * LANES) +
                      sum * LOAD((const float *)w->role_scale + x + v * LANES);
            STORE_ROW(row + v * LANES, sum);
        }
    }
    UNROLL(8)
    for (int v = 0; v < n_vec; v++) {
        UNROLL(8)
        for (int j = 0; j < n_out; j++) STORE_ROW(out[j] + x + v * LANES, now[v][j]);
    }
}

/* The same for any number of output rows, which stay in the level 1 cache. */
INLINE void NAME(window_columns_general)(const int has_role, const WindowRows *w, int64_t stride,
                                         int64_t x) {
    float *old = w->scratch; /* n_outputs vectors */
    const float *g = w->scores;
    for (int j = 0; w->batch && j < w->n_outputs; j++)
        STORE(old + j * LANES, LOAD_ROW((float *)w->outputs[j] + x));
    for (int k = 0; k < w->n_inputs; k++, g += stride) {
        float *row = w->inputs[k];
        vec h = NAME(hidden_vector)(has_role, w, row, x), sum = {0};
        for (int j = 0; j < w->n_outputs; j++) {
            float *v = (float *)w->outputs[j] + x;
            vec now = LOAD_ROW(v);
            sum += g[j] * (w->batch ? LOAD(old + j * LANES) : now);
            STORE_ROW(v, now + g[j] * h);
        }
        if (has_role) sum *= LOAD((const float *)w->role_scale + x);
        STORE_ROW(row + x, LOAD_ROW(row + x) + sum);
    }
}

/* Updates the columns x .. x + LANES - 1 of n_out <= GROUP output rows from `first` on, and adds
 * their part of the update of input row k to sums[k * LANES]. n_out is a constant. */
INLINE void NAME(group_columns)(const int n_out, const int batch, const int has_role,
                                const WindowRows *w, int first, int64_t stride, float *sums,
                                int64_t x) {
    vec now[GROUP], old[GROUP];
    const float *g = (const float *)w->scores + first;
    UNROLL(8)
    for (int j = 0; j < n_out; j++) old[j] = now[j] = LOAD_ROW((float *)w->outputs[first + j] + x);
    for (int k = 0; k < w->n_inputs; k++, g += stride) {
        vec h = NAME(hidden_vector)(has_role, w, w->inputs[k], x), sum = LOAD(sums + k * LANES);
        UNROLL(8)
        for (int j = 0; j < n_out; j++) {
            sum += g[j] * (batch ? old[j] : now[j]);
            now[j] += g[j] * h;
        }
        STORE(sums + k * LANES, sum);
    }
    UNROLL(8)
    for (int j = 0; j < n_out; j++) STORE_ROW((float *)w->outputs[first + j] + x, now[j]);
}

/* The same as window_columns_general if no input row repeats: GROUP output rows at a time stay in
 * registers. The input rows keep their old values until all output rows are updated. */
INLINE void NAME(window_columns_grouped)(const int batch, const int has_role, const WindowRows *w,
                                         int64_t stride, int64_t x) {
    float *sums = w->scratch; /* n_inputs vectors */
    int j = 0;
    for (int k = 0; k < w->n_inputs; k++) STORE(sums + k * LANES, (vec){0});
    for (; j + GROUP <= w->n_outputs; j += GROUP)
        NAME(group_columns)(GROUP, batch, has_role, w, j, stride, sums, x);
    GROUP_CASES(w->n_outputs - j, NAME(group_columns), batch, has_role, w, j, stride, sums, x)
    for (int k = 0; k < w->n_inputs; k++) {
        float *row = (float *)w->inputs[k] + x;
        vec sum = LOAD(sums + k * LANES);
        if (has_role) sum *= LOAD((const float *)w->role_scale + x);
        STORE_ROW(row, LOAD_ROW(row) + sum);
    }
}

static int NAME(has_repeats)(void *const *rows, int n) {
    int found = 0;
    for (int i = 1; i < n; i++)
        for (int j = 0; j < i; j++) found |= rows[i] == rows[j];
    return found;
}

/* Updates all rows, for any number of output rows. */
static void NAME(update_window_general)(const WindowRows *w, int64_t stride) {
    const int repeats = NAME(has_repeats)(w->inputs, w->n_inputs);
    for (int64_t x = 0; x < w->width; x += LANES) {
        const int has_role = x >= w->role_start;
        NAME(prefetch_columns)(w, x);
        if (repeats && has_role)
            NAME(window_columns_general)(1, w, stride, x);
        else if (repeats)
            NAME(window_columns_general)(0, w, stride, x);
        else if (w->batch && has_role)
            NAME(window_columns_grouped)(1, 1, w, stride, x);
        else if (w->batch)
            NAME(window_columns_grouped)(1, 0, w, stride, x);
        else if (has_role)
            NAME(window_columns_grouped)(0, 1, w, stride, x);
        else
            NAME(window_columns_grouped)(0, 0, w, stride, x);
    }
}

/* Updates all rows, for n_out <= GROUP output rows, a constant. */
INLINE void NAME(update_window)(const int n_out, const int batch, const WindowRows *w) {
    const int step = WINDOW_VECTORS * LANES;
    float *out[GROUP];
    int64_t x = 0;
    for (int j = 0; j < n_out; j++) out[j] = w->outputs[j];
    for (; x + step <= w->role_start; x += step)
        NAME(window_columns)(WINDOW_VECTORS, n_out, batch, 0, w, out, x);
    for (; x < w->role_start; x += LANES) NAME(window_columns)(1, n_out, batch, 0, w, out, x);
    for (; x < w->width; x += LANES) NAME(window_columns)(1, n_out, batch, 1, w, out, x);
}

/* The operation for n_out <= GROUP output rows, a constant. */
INLINE double NAME(window_group)(const int n_out, const WindowRows *w, float rate) {
    const int stride = n_out <= 4 ? 4 : 8;
    double loss = 0;
    NAME(window_scores)(n_out, w, 0, stride);
    if (w->compute_loss) {
        if (w->offsets) NAME(add_offsets)(w, stride);
        loss = NAME(window_losses)(w, stride);
        NAME(scores_to_window_g)(stride, NULL, w, rate);
    } else if (w->offsets)
        NAME(scores_to_window_g)(stride, w->offsets, w, rate);
    else
        NAME(scores_to_window_g)(stride, NULL, w, rate);
    if (w->batch)
        NAME(update_window)(n_out, 1, w);
    else
        NAME(update_window)(n_out, 0, w);
    return loss;
}

/* The operation for any number of output rows. */
static double NAME(window_general)(const WindowRows *w, float rate) {
    const int64_t stride = window_stride(w->n_outputs);
    double loss = 0;
    int j = 0;
    for (; j + GROUP <= w->n_outputs; j += GROUP) NAME(window_scores)(GROUP, w, j, stride);
    GROUP_CASES(w->n_outputs - j, NAME(window_scores), w, j, stride)
    for (int k = 0; k < w->n_inputs; k++)
        for (j = w->n_outputs; j < stride; j++) ((float *)w->scores)[k * stride + j] = 0;
    if (w->offsets) NAME(add_offsets)(w, stride);
    if (w->compute_loss) loss = NAME(window_losses)(w, stride);
    NAME(scores_to_g_general)(w, stride, rate);
    NAME(update_window_general)(w, stride);
    return loss;
}

static double NAME(window)(const WindowRows *w, double rate) {
    double loss = 0;
    if (w->n_outputs <= GROUP)
        GROUP_CASES(w->n_outputs, loss = NAME(window_group), w, (float)rate)
    else
        loss = NAME(window_general)(w, (float)rate);
    return loss;
}
