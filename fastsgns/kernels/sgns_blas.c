/* The "blas" variant: level-1 BLAS a row, as the reference implementations have it. */
#include "rows.h"
#include "loss.h"

typedef float (*sdot_t)(const int *n, const float *x, const int *incx, const float *y,
                        const int *incy);
typedef void (*saxpy_t)(const int *n, const float *a, const float *x, const int *incx, float *y,
                        const int *incy);

extern const RowOps plain_f32_rows;

static sdot_t sdot;
static saxpy_t saxpy;
static const int ONE = 1;

void rows_use_blas(void *sdot_, void *saxpy_) {
    sdot = (sdot_t)sdot_;
    saxpy = (saxpy_t)saxpy_;
}

static void add(float *row, double scale, const float *x, int64_t width) {
    const int n = (int)width;
    const float a = (float)scale;
    saxpy(&n, &a, x, &ONE, row, &ONE);
}

static void blas_gather(void *hidden_, const void *rows_, int64_t width, const int32_t *ids, int n,
                        double scale) {
    float *hidden = hidden_;
    const float *rows = rows_;
    for (int64_t i = 0; i < width; i++) hidden[i] = 0;
    for (int j = 0; j < n; j++) add(hidden, scale, rows + ids[j] * width, width);
}

static void blas_scatter(void *rows_, int64_t width, const int32_t *ids, int n,
                         const void *gradient, double scale) {
    float *rows = rows_;
    for (int j = 0; j < n; j++) add(rows + ids[j] * width, scale, gradient, width);
}

static double blas_step(void *hidden_, void *gradient_, const StepRows *step, double rate) {
    float *hidden = hidden_, *gradient = gradient_, *rows = step->rows, *scores = step->scores;
    const int32_t *ids = step->ids;
    const float *labels = step->labels;
    const int64_t width = step->width;
    const int n = step->n;
    float *total = scores + (n + 15) / 16 * 16;
    const int length = (int)width;
    double loss = 0;
    for (int64_t i = 0; i < width; i++) total[i] = 0;
    for (int j = 0; j < n; j++) {
        float *row = rows + ids[j] * width;
        float score = sdot(&length, hidden, &ONE, row, &ONE);
        if (step->want_loss) loss += logistic_loss(score, labels[j]);
        scores[j] = (float)rate * (labels[j] - 1 / (1 + expf(-score)));
        add(total, scores[j], row, width);
    }
    for (int j = 0; j < n; j++) add(rows + ids[j] * width, scores[j], hidden, width);
    add(gradient, 1, total, width);
    return loss;
}

/* Batches, windows and blocks are beyond level 1, and stay with the plain variant. */
static double blas_batch(const void *hidden, void *moved, const Batch *batch, double rate) {
    return plain_f32_rows.batch(hidden, moved, batch, rate);
}

static void blas_gather_windows(void *hidden, const Windows *windows) {
    plain_f32_rows.gather_windows(hidden, windows);
}

static void blas_scatter_windows(const Windows *windows, const void *hidden, const void *moved) {
    plain_f32_rows.scatter_windows(windows, hidden, moved);
}

static double blas_block(const BlockRows *block, double rate) {
    return plain_f32_rows.block(block, rate);
}

static const RowOps blas_rows = {"blas",
                                 sizeof(float),
                                 blas_gather,
                                 blas_step,
                                 blas_batch,
                                 blas_scatter,
                                 blas_gather_windows,
                                 blas_scatter_windows,
                                 blas_block};

const RowOps *rows_blas(void) { return sdot && saxpy ? &blas_rows : NULL; }
