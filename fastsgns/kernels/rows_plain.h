/* Row operations in portable C, for any type REAL: the specification that the fast variants are
 * tested against. Define before including: REAL, REAL_EXP, NAME(op), VARIANT. */

static void RACY NAME(gather)(void *hidden_, void *const *rows, int n, int64_t width,
                              double scale) {
    REAL *hidden = hidden_;
    for (int64_t i = 0; i < width; i++) hidden[i] = 0;
    for (int j = 0; j < n; j++) {
        const REAL *row = rows[j];
        for (int64_t i = 0; i < width; i++) hidden[i] += row[i];
    }
    for (int64_t i = 0; i < width; i++) hidden[i] *= (REAL)scale;
}

/* The dot product, summed in 8 lanes so that compilers can use vectors. */
static REAL RACY NAME(dot)(const REAL *a, const REAL *b, int64_t width) {
    REAL lanes[8] = {0}, sum = 0;
    for (int64_t i = 0; i < width; i += 8)
        for (int lane = 0; lane < 8; lane++) lanes[lane] += a[i + lane] * b[i + lane];
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    return sum;
}

static double RACY NAME(step)(void *hidden_, void *update_, const StepRows *step, double rate) {
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
        REAL hidden_i = hidden[i], update_i = update[i];
        for (int j = 0; j < n; j++) update_i += scores[j] * rows[j][i];
        for (int j = 0; j < n; j++) rows[j][i] += scores[j] * hidden_i;
        update[i] = update_i;
    }
    return loss;
}

static void RACY NAME(scatter)(void *const *rows, int n, int64_t width, const void *update_,
                               double scale) {
    const REAL *update = update_;
    for (int j = 0; j < n; j++) {
        REAL *row = rows[j];
        for (int64_t i = 0; i < width; i++) row[i] += (REAL)scale * update[i];
    }
}

static double RACY NAME(block)(const BlockRows *b, double rate) {
    REAL *const *input = (REAL *const *)b->input, *const *output = (REAL *const *)b->output;
    REAL *g = b->scores, *old = b->scratch;
    double loss = 0;
    for (int j = 0; j < b->n_out; j++)
        for (int i = 0; i < b->n_in; i++) {
            float positive = b->positive_weights[j * b->stride + i];
            float negative = b->negative_weights[j * b->stride + i];
            REAL score = NAME(dot)(input[i], output[j], b->width);
            if (b->compute_loss) loss += block_loss(score, positive, negative);
            g[j * b->stride + i] =
                (REAL)rate * (positive - (positive + negative) / (1 + REAL_EXP(-score)));
        }
    for (int64_t x = 0; x < b->width; x++) {
        for (int j = 0; j < b->n_out; j++) old[j] = output[j][x];
        for (int i = 0; i < b->n_in; i++) {
            REAL *cell = input[i] + x, before = *cell;
            for (int j = 0; j < b->n_out; j++) {
                *cell += g[j * b->stride + i] * old[j];
                output[j][x] += g[j * b->stride + i] * before;
            }
        }
    }
    return loss;
}

const RowOps NAME(rows) = {VARIANT,    sizeof(REAL),  NAME(gather),
                           NAME(step), NAME(scatter), NAME(block)};

#undef REAL
#undef REAL_EXP
#undef NAME
#undef VARIANT
