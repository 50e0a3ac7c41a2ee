/* The "blas" variant: the operations call level-1 BLAS once per row or pair, as gensim does. */
#include "rows.h"
#include "loss.h"

typedef float (*sdot_t)(const int *n, const float *x, const int *incx, const float *y,
                        const int *incy);
typedef void (*saxpy_t)(const int *n, const float *a, const float *x, const int *incx, float *y,
                        const int *incy);
static sdot_t sdot;
static saxpy_t saxpy;
static const int ONE = 1;

void rows_use_blas(void *sdot_, void *saxpy_) {
    sdot = (sdot_t)sdot_;
    saxpy = (saxpy_t)saxpy_;
}

/* row += scale * x */
static void add(float *row, double scale, const float *x, int64_t width) {
    const int n = (int)width;
    const float a = (float)scale;
    saxpy(&n, &a, x, &ONE, row, &ONE);
}

static void blas_gather(void *hidden_, void *const *rows, int n, int64_t width, double scale) {
    float *hidden = hidden_;
    for (int64_t i = 0; i < width; i++) hidden[i] = 0;
    for (int j = 0; j < n; j++) add(hidden, scale, rows[j], width);
}

static void blas_scatter(void *const *rows, int n, int64_t width, const void *update,
                         double scale) {
    for (int j = 0; j < n; j++) add(rows[j], scale, update, width);
}

/* A loop, because between two calls of saxpy other workers would see the sum without the
 * difference. */
static void blas_merge(void *shared_, void *copy_, void *base_, int64_t width) {
    float *shared = shared_, *copy = copy_, *base = base_;
    for (int64_t x = 0; x < width; x++) {
        copy[x] = base[x] = load_f32(shared + x) + (copy[x] - base[x]);
        store_f32(shared + x, copy[x]);
    }
}

static double blas_step(void *hidden_, void *update_, const StepRows *step, double rate) {
    float *hidden = hidden_, *update = update_, *scores = step->scores;
    float *const *rows = (float *const *)step->rows;
    const float *labels = step->labels;
    const int64_t width = step->width;
    const int n = step->n;
    float *total = scores + (n + 15) / 16 * 16;
    const int length = (int)width;
    double loss = 0;
    for (int64_t i = 0; i < width; i++) total[i] = 0;
    for (int j = 0; j < n; j++) {
        float score = sdot(&length, hidden, &ONE, rows[j], &ONE);
        if (step->compute_loss) loss += logistic_loss(score, labels[j]);
        scores[j] = (float)rate * (labels[j] - 1 / (1 + expf(-score)));
        add(total, scores[j], rows[j], width);
    }
    for (int j = 0; j < n; j++) add(rows[j], scores[j], hidden, width);
    add(update, 1, total, width);
    return loss;
}

/* copy = row */
static void copy_row(float *copy, const float *row, int64_t width) {
    for (int64_t x = 0; x < width; x++) copy[x] = load_f32(row + x);
}

/* hidden = role(u): see rows.h. */
static void take_role(float *hidden, const WindowRows *w, const float *u) {
    const float *scale = w->role_scale, *shift = w->role_shift;
    copy_row(hidden, u, w->width);
    for (int64_t x = w->role_start; x < w->width; x++) hidden[x] = hidden[x] * scale[x] + shift[x];
}

/* One call of saxpy per pair and row, as in the other operations of one example. */
static double blas_window(const WindowRows *w, double rate) {
    const int64_t width = w->width, stride = window_stride(w->n_outputs);
    const int length = (int)width;
    float *scores = w->scores, *hidden = w->scratch, *sum = hidden + width, *old = sum + width;
    double loss = 0;
    for (int k = 0; k < w->n_inputs; k++) {
        take_role(hidden, w, w->inputs[k]);
        for (int j = 0; j < w->n_outputs; j++) {
            float score = sdot(&length, hidden, &ONE, w->outputs[j], &ONE);
            float positive = w->positive[j], total = w->total[j];
            if (w->offsets) score += ((const float *)w->offsets)[k];
            if (w->compute_loss) loss += pair_loss(score, positive, total - positive);
            scores[k * stride + j] = (float)rate * (positive - total / (1 + expf(-score)));
        }
    }
    for (int j = 0; w->batch && j < w->n_outputs; j++)
        copy_row(old + j * width, w->outputs[j], width);
    for (int k = 0; k < w->n_inputs; k++) {
        take_role(hidden, w, w->inputs[k]);
        memset(sum, 0, width * sizeof(float));
        for (int j = 0; j < w->n_outputs; j++) {
            const float g = scores[k * stride + j];
            add(sum, g, w->batch ? old + j * width : w->outputs[j], width);
            add(w->outputs[j], g, hidden, width);
        }
        for (int64_t x = w->role_start; x < width; x++) sum[x] *= ((float *)w->role_scale)[x];
        add(w->inputs[k], 1, sum, width);
    }
    return loss;
}

static double blas_cbow_errors(const CbowRows *c, double rate) {
    const float *role_scale = c->role_scale, *role_shift = c->role_shift;
    float *hidden = c->hidden, *g = c->errors;
    const int length = (int)c->width;
    double loss = 0;
    for (int64_t i = 0; i < c->width; i++) hidden[i] = 0;
    for (int k = 0; k < c->n_contexts; k++)
        add(hidden, (c->weights ? c->weights[k] : 1) * (float)c->scale, c->contexts[k], c->width);
    for (int64_t i = 0; i < c->width && role_scale; i++)
        hidden[i] = role_scale[i] * hidden[i] + role_shift[i];
    for (int j = 0; j < c->n; j++) {
        float score = sdot(&length, hidden, &ONE, c->rows[j], &ONE);
        if (c->compute_loss) loss += logistic_loss(score, c->labels[j]);
        g[j] = (float)rate * (c->labels[j] - 1 / (1 + expf(-score)));
    }
    return loss;
}

static void blas_cbow_update(const CbowRows *c) {
    const float *role_scale = c->role_scale, *g = c->errors;
    float *update = c->sums;
    for (int64_t i = 0; i < c->width; i++) update[i] = 0;
    for (int j = 0; j < c->n; j++) add(update, g[j], c->rows[j], c->width);
    for (int j = 0; j < c->n; j++) add(c->rows[j], g[j], c->hidden, c->width);
    for (int64_t i = 0; i < c->width && role_scale; i++) update[i] *= role_scale[i];
    blas_scatter(c->contexts, c->n_contexts, c->width, update, c->share);
}

static const RowOps blas_rows = {"blas",      sizeof(float),    blas_gather,
                                 blas_step,   blas_scatter,     blas_merge,
                                 blas_window, blas_cbow_errors, blas_cbow_update};

const RowOps *rows_blas(void) { return sdot && saxpy ? &blas_rows : NULL; }
