/* Full softmax for a type REAL; included once per type. `softmax.h` has the formulas. */

#include "gemm.h"

/* Returns the largest of n numbers. */
static REAL NAME(largest)(const REAL *x, int64_t n) {
    REAL lanes[LANES], most = x[0];
    for (int j = 0; j < LANES; j++) lanes[j] = x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
    for (; i < n; i++) most = x[i] > most ? x[i] : most;
    for (int j = 0; j < LANES; j++) most = lanes[j] > most ? lanes[j] : most;
    return most;
}

/* Returns the sum of n numbers: of at most BLOCK of them in REAL, of these sums in double. */
static double NAME(sum)(const REAL *x, int64_t n) {
    double total = 0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        const int64_t stop = start + BLOCK < n ? start + BLOCK : n;
        REAL lanes[LANES] = {0};
        int64_t i = start;
        for (; i + LANES <= stop; i += LANES)
            for (int j = 0; j < LANES; j++) lanes[j] += x[i + j];
        for (; i < stop; i++) total += x[i];
        for (int j = 0; j < LANES; j++) total += lanes[j];
    }
    return total;
}

/* Replaces the scores s of one hidden row by m p. Returns m log sum_v exp(s_v), the part of the
 * loss of its m examples that does not depend on the words predicted. */
static double NAME(normalize)(REAL *scores, int64_t n, double m) {
    const REAL most = NAME(largest)(scores, n);
    for (int64_t i = 0; i < n; i++) scores[i] = REAL_EXP(scores[i] - most);
    const double total = NAME(sum)(scores, n);
    const REAL scale = (REAL)(m / total);
    for (int64_t i = 0; i < n; i++) scores[i] *= scale;
    return m * (most + log(total));
}

/* Replaces the scores of the batch by g_iw = d loss / d s_iw. Returns the loss if `compute_loss`,
 * else 0. */
static double NAME(scores_to_gradient)(const SoftmaxRows *b) {
    REAL *g = b->scores;
    double loss = 0;
    for (int64_t e = 0; e < b->n_examples; e++)
        loss -= g[b->example_rows[e] * b->n_words + b->targets[e]];
    for (int i = 0; i < b->n_rows; i++)
        loss += NAME(normalize)(g + i * b->n_words, b->n_words, b->n_targets[i]);
    for (int64_t e = 0; e < b->n_examples; e++)
        g[b->example_rows[e] * b->n_words + b->targets[e]] -= 1;
    return b->compute_loss ? loss : 0;
}

/* Takes the words in blocks: their output rows stay in the cache from one product to the next, and
 * the products are too small for BLAS to start threads. */
double NAME(softmax)(const SoftmaxRows *b, double rate) {
    const REAL *hidden = b->hidden;
    const int64_t width = b->width, n_words = b->n_words;
    const int64_t block = block_words(b->n_rows * width);
    double loss;
    for (int64_t w = 0; w < n_words; w += block) {
        const int64_t n = n_words - w < block ? n_words - w : block;
        NAME(multiply)('T', 'N', n, b->n_rows, width, 1, (REAL *)b->output + w * width, width,
                       hidden, width, 0, (REAL *)b->scores + w, n_words);
    }
    loss = NAME(scores_to_gradient)(b);
    for (int64_t w = 0; w < n_words; w += block) {
        const int64_t n = n_words - w < block ? n_words - w : block;
        REAL *output = (REAL *)b->output + w * width;
        const REAL *errors = (const REAL *)b->scores + w;
        NAME(multiply)('N', 'N', width, b->n_rows, n, 1, output, width, errors, n_words, w > 0,
                       b->gradient, width);
        NAME(multiply)('N', 'T', width, n, b->n_rows, (REAL)-rate, hidden, width, errors, n_words,
                       1, output, width);
    }
    return loss;
}

#undef REAL
#undef REAL_EXP
#undef NAME
