/* Row operations in portable C, for any type REAL: the specification that the fast variants are
 * tested against. Define before including: REAL, REAL_EXP, LOAD, STORE, NAME(op), VARIANT. LOAD and
 * STORE access numbers of rows that threads share. */

static void NAME(gather)(void *hidden_, void *const *rows, int n, int64_t width, double scale) {
    REAL *hidden = hidden_;
    for (int64_t i = 0; i < width; i++) hidden[i] = 0;
    for (int j = 0; j < n; j++) {
        const REAL *row = rows[j];
        for (int64_t i = 0; i < width; i++) hidden[i] += LOAD(row + i);
    }
    for (int64_t i = 0; i < width; i++) hidden[i] *= (REAL)scale;
}

/* The dot product of two rows, summed in 8 lanes so that compilers can use vectors. */
static REAL NAME(dot)(const REAL *a, const REAL *b, int64_t width) {
    REAL lanes[8] = {0}, sum = 0;
    for (int64_t i = 0; i < width; i += 8)
        for (int lane = 0; lane < 8; lane++) lanes[lane] += LOAD(a + i + lane) * LOAD(b + i + lane);
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    return sum;
}

static double NAME(step)(void *hidden_, void *update_, const StepRows *step, double rate) {
    REAL *hidden = hidden_, *update = update_, *scores = step->scores;
    REAL *const *rows = (REAL *const *)step->rows;
    const float *labels = step->labels;
    const int64_t width = step->width;
    const int n = step->n;
    double loss = 0;
    for (int j = 0; j < n; j++) scores[j] = NAME(dot)(hidden, rows[j], width);
    for (int j = 0; j < n; j++) {
        if (step->compute_loss) loss += logistic_loss(scores[j], labels[j]);
        scores[j] = (REAL)rate * (labels[j] - 1 / (1 + REAL_EXP(-scores[j])));
    }
    for (int64_t i = 0; i < width; i++) {
        REAL hidden_i = LOAD(hidden + i), update_i = LOAD(update + i);
        for (int j = 0; j < n; j++) update_i += scores[j] * LOAD(rows[j] + i);
        for (int j = 0; j < n; j++) STORE(rows[j] + i, LOAD(rows[j] + i) + scores[j] * hidden_i);
        STORE(update + i, update_i);
    }
    return loss;
}

static void NAME(scatter)(void *const *rows, int n, int64_t width, const void *update_,
                          double scale) {
    const REAL *update = update_;
    for (int j = 0; j < n; j++) {
        REAL *row = rows[j];
        for (int64_t i = 0; i < width; i++) STORE(row + i, LOAD(row + i) + (REAL)scale * update[i]);
    }
}

static void NAME(merge)(void *shared_, void *copy_, void *base_, int64_t width) {
    REAL *shared = shared_, *copy = copy_, *base = base_;
    for (int64_t i = 0; i < width; i++) {
        copy[i] = base[i] = LOAD(shared + i) + (copy[i] - base[i]);
        STORE(shared + i, copy[i]);
    }
}

/* role(u)[x] for the value u of column x (rows.h). */
static inline REAL NAME(role)(const WindowRows *w, REAL u, int64_t x) {
    if (x < w->role_start) return u;
    return u * ((const REAL *)w->role_scale)[x] + ((const REAL *)w->role_shift)[x];
}

/* The score of input row u, which is first written to `hidden` in its role, and output row v. */
static REAL NAME(window_score)(const WindowRows *w, int k, int j, REAL *hidden) {
    const REAL *u = w->inputs[k];
    for (int64_t x = 0; x < w->width; x++) hidden[x] = NAME(role)(w, LOAD(u + x), x);
    REAL score = NAME(dot)(hidden, w->outputs[j], w->width);
    return w->offsets ? score + ((const REAL *)w->offsets)[k] : score;
}

static double NAME(window)(const WindowRows *w, double rate) {
    REAL *scores = w->scores, *hidden = w->scratch, *old = hidden + w->width;
    const int64_t stride = window_stride(w->n_outputs);
    double loss = 0;
    for (int k = 0; k < w->n_inputs; k++)
        for (int j = 0; j < w->n_outputs; j++) {
            REAL score = NAME(window_score)(w, k, j, hidden);
            float positive = w->positive[j], total = w->total[j];
            if (w->compute_loss) loss += pair_loss(score, positive, total - positive);
            scores[k * stride + j] = (REAL)rate * (positive - total / (1 + REAL_EXP(-score)));
        }
    for (int64_t x = 0; x < w->width; x++) {
        for (int j = 0; j < w->n_outputs; j++) old[j] = LOAD((REAL *)w->outputs[j] + x);
        const REAL *g = scores;
        for (int k = 0; k < w->n_inputs; k++, g += stride) {
            REAL *u = (REAL *)w->inputs[k] + x, h = NAME(role)(w, LOAD(u), x), sum = 0;
            for (int j = 0; j < w->n_outputs; j++) {
                REAL *v = (REAL *)w->outputs[j] + x, now = LOAD(v);
                sum += g[j] * (w->batch ? old[j] : now);
                STORE(v, now + g[j] * h);
            }
            if (x >= w->role_start) sum *= ((const REAL *)w->role_scale)[x];
            STORE(u, LOAD(u) + sum);
        }
    }
    return loss;
}

static double NAME(cbow_errors)(const CbowRows *c, double rate) {
    const REAL *role_scale = c->role_scale, *role_shift = c->role_shift;
    REAL *hidden = c->hidden, *g = c->errors;
    double loss = 0;
    for (int64_t i = 0; i < c->width; i++) {
        REAL sum = 0;
        for (int k = 0; k < c->n_contexts; k++)
            sum += (c->weights ? (REAL)c->weights[k] : 1) * LOAD((const REAL *)c->contexts[k] + i);
        hidden[i] = (REAL)c->scale * sum;
    }
    for (int64_t i = 0; i < c->width && role_scale; i++)
        hidden[i] = role_scale[i] * hidden[i] + role_shift[i];
    for (int j = 0; j < c->n; j++) {
        REAL score = NAME(dot)(hidden, c->rows[j], c->width);
        if (c->compute_loss) loss += logistic_loss(score, c->labels[j]);
        g[j] = (REAL)rate * (c->labels[j] - 1 / (1 + REAL_EXP(-score)));
    }
    return loss;
}

static void NAME(cbow_update)(const CbowRows *c) {
    const REAL *role_scale = c->role_scale, *hidden = c->hidden, *g = c->errors;
    REAL *const *rows = (REAL *const *)c->rows, *const *contexts = (REAL *const *)c->contexts;
    for (int64_t i = 0; i < c->width; i++) {
        REAL update = 0;
        for (int j = 0; j < c->n; j++) update += g[j] * LOAD(rows[j] + i);
        for (int j = 0; j < c->n; j++) STORE(rows[j] + i, LOAD(rows[j] + i) + g[j] * hidden[i]);
        if (role_scale) update *= role_scale[i];
        for (int k = 0; k < c->n_contexts; k++) {
            REAL *to = contexts[k] + i;
            STORE(to, LOAD(to) + (REAL)c->share * update);
        }
    }
}

const RowOps NAME(rows) = {VARIANT,      sizeof(REAL),      NAME(gather),
                           NAME(step),   NAME(scatter),     NAME(merge),
                           NAME(window), NAME(cbow_errors), NAME(cbow_update)};

#undef REAL
#undef REAL_EXP
#undef LOAD
#undef STORE
#undef NAME
#undef VARIANT
