/* Textbook rows for any REAL: the twin that the fast variants are tested against.
 * Before including: REAL, REAL_EXP, NAME(verb), VARIANT. */

static void RACY NAME(gather)(void *hidden_, const void *rows_, int64_t width, const int32_t *ids,
                              int n, double scale) {
    REAL *hidden = hidden_;
    const REAL *rows = rows_;
    for (int64_t i = 0; i < width; i++) hidden[i] = 0;
    for (int j = 0; j < n; j++) {
        const REAL *row = rows + ids[j] * width;
        for (int64_t i = 0; i < width; i++) hidden[i] += row[i];
    }
    for (int64_t i = 0; i < width; i++) hidden[i] *= (REAL)scale;
}

static REAL RACY NAME(dot)(const REAL *a, const REAL *b, int64_t width) {
    REAL lanes[8] = {0}, sum = 0;
    for (int64_t i = 0; i < width; i += 8)
        for (int lane = 0; lane < 8; lane++) lanes[lane] += a[i + lane] * b[i + lane];
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    return sum;
}

/* gradient += sum_j g_j rows[ids[j]], then rows[ids[j]] += g_j hidden */
static void RACY NAME(update)(const REAL *g, const REAL *hidden, REAL *gradient, REAL *rows,
                              int64_t width, const int32_t *ids, int n) {
    for (int64_t i = 0; i < width; i++) {
        REAL hidden_i = hidden[i], gradient_i = gradient[i];
        for (int j = 0; j < n; j++) gradient_i += g[j] * rows[ids[j] * width + i];
        for (int j = 0; j < n; j++) rows[ids[j] * width + i] += g[j] * hidden_i;
        gradient[i] = gradient_i;
    }
}

/* Scores become what they move the rows by; returns their loss. */
static double NAME(errors)(REAL *scores, const float *labels, int n, double rate, int want_loss) {
    double loss = 0;
    for (int j = 0; j < n; j++) {
        if (want_loss) loss += logistic_loss(scores[j], labels[j]);
        scores[j] = (REAL)rate * (labels[j] - 1 / (1 + REAL_EXP(-scores[j])));
    }
    return loss;
}

static double RACY NAME(step)(void *hidden, void *gradient, const StepRows *step, double rate) {
    REAL *rows = step->rows, *scores = step->scores;
    for (int j = 0; j < step->n; j++)
        scores[j] = NAME(dot)(hidden, rows + step->ids[j] * step->width, step->width);
    double loss = NAME(errors)(scores, step->labels, step->n, rate, step->want_loss);
    NAME(update)(scores, hidden, gradient, rows, step->width, step->ids, step->n);
    return loss;
}

static double RACY NAME(batch)(const void *hidden, void *moved, const Batch *b, double rate) {
    REAL *rows = b->rows, *scores = b->scores;
    double loss = 0;
    for (int k = 0; k < b->n_examples; k++)
        for (int j = 0; j < b->n[k]; j++)
            scores[k * b->score_stride + j] =
                NAME(dot)((REAL *)hidden + k * b->width, rows + b->ids[k * b->stride + j] * b->width,
                          b->width);
    for (int k = 0; k < b->n_examples; k++) {
        REAL *g = scores + k * b->score_stride;
        loss += NAME(errors)(g, b->labels, b->n[k], rate, b->want_loss);
        NAME(update)(g, (REAL *)hidden + k * b->width, (REAL *)moved + k * b->width, rows, b->width,
                     b->ids + k * b->stride, b->n[k]);
    }
    return loss;
}

static void RACY NAME(scatter)(void *rows_, int64_t width, const int32_t *ids, int n,
                               const void *gradient_, double scale) {
    REAL *rows = rows_;
    const REAL *gradient = gradient_;
    for (int j = 0; j < n; j++) {
        REAL *row = rows + ids[j] * width;
        for (int64_t i = 0; i < width; i++) row[i] += (REAL)scale * gradient[i];
    }
}

static void RACY NAME(gather_windows)(void *hidden_, const Windows *w) {
    for (int k = 0; k < w->n_focus; k++) {
        REAL *hidden = (REAL *)hidden_ + k * w->width;
        for (int64_t i = 0; i < w->width; i++) hidden[i] = 0;
        for (int q = 0; q < w->n; q++) {
            int distance = q - w->first - k;
            if (distance == 0 || distance > w->reach || -distance > w->reach) continue;
            const REAL *row = (REAL *)w->rows + w->ids[q] * w->width;
            for (int64_t i = 0; i < w->width; i++) hidden[i] += row[i];
        }
        for (int64_t i = 0; i < w->width; i++) hidden[i] *= (REAL)w->share[k];
    }
}

static void RACY NAME(scatter_windows)(const Windows *w, const void *hidden_, const void *moved_) {
    for (int k = 0; k < w->n_focus; k++) {
        const REAL *hidden = (REAL *)hidden_ + k * w->width, *moved = (REAL *)moved_ + k * w->width;
        for (int q = 0; q < w->n; q++) {
            int distance = q - w->first - k;
            if (distance == 0 || distance > w->reach || -distance > w->reach) continue;
            REAL *row = (REAL *)w->rows + w->ids[q] * w->width;
            for (int64_t i = 0; i < w->width; i++) row[i] += (REAL)w->share[k] * (moved[i] - hidden[i]);
        }
    }
}

static double RACY NAME(block)(const BlockRows *b, double rate) {
    REAL *input = b->input, *output = b->output, *g = b->scores, *old = b->scratch;
    double loss = 0;
    for (int j = 0; j < b->n_out; j++)
        for (int i = 0; i < b->n_in; i++) {
            float positive = b->positive[j * b->stride + i];
            float negative = b->owed[j] * (b->pairs[i] - positive);
            REAL score = NAME(dot)(input + b->in[i] * b->width, output + b->out[j] * b->width,
                                   b->width);
            if (b->want_loss) loss += block_loss(score, positive, negative);
            g[j * b->stride + i] =
                (REAL)rate * (positive - (positive + negative) / (1 + REAL_EXP(-score)));
        }
    for (int64_t x = 0; x < b->width; x++) {
        for (int j = 0; j < b->n_out; j++) old[j] = output[b->out[j] * b->width + x];
        for (int i = 0; i < b->n_in; i++) {
            REAL *cell = input + b->in[i] * b->width + x, before = *cell;
            for (int j = 0; j < b->n_out; j++) {
                *cell += g[j * b->stride + i] * old[j];
                output[b->out[j] * b->width + x] += g[j * b->stride + i] * before;
            }
        }
    }
    return loss;
}

const RowOps NAME(rows) = {VARIANT, sizeof(REAL), NAME(gather), NAME(step), NAME(batch), NAME(scatter),
                            NAME(gather_windows), NAME(scatter_windows), NAME(block)};

#undef REAL
#undef REAL_EXP
#undef NAME
#undef VARIANT
