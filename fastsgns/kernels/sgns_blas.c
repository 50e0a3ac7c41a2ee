/* The "blas" variant. `gather`, `step` and `scatter` call level-1 BLAS once per row, as gensim
 * does. `block` is three matrix products (Ji, Satish, Li, Dubey 2016, "Parallelizing Word2Vec in
 * Shared and Distributed Memory", pWord2Vec). */
#include "rows.h"
#include "loss.h"

#define REAL float
#define NAME(name) name##_f32
#include "gemm.h"

typedef float (*sdot_t)(const int *n, const float *x, const int *incx, const float *y,
                        const int *incy);
typedef void (*saxpy_t)(const int *n, const float *a, const float *x, const int *incx, float *y,
                        const int *incy);
static sdot_t sdot;
static saxpy_t saxpy;
static const int ONE = 1;

void rows_use_blas(void *sdot_, void *saxpy_, void *sgemm_) {
    sdot = (sdot_t)sdot_;
    saxpy = (saxpy_t)saxpy_;
    gemm_f32 = (gemm_t_f32)sgemm_;
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

/* Copies rows one after the other: in Fortran's order, the columns of a matrix. */
static void copy_rows(float *to, void *const *rows, int n, int64_t width) {
    for (int j = 0; j < n; j++) memcpy(to + j * width, rows[j], width * sizeof(float));
}

static void add_rows(void *const *rows, int n, int64_t width, const float *moves) {
    for (int j = 0; j < n; j++) add(rows[j], 1, moves + j * width, width);
}

static double blas_block(const BlockRows *b, double rate) {
    const int64_t width = b->width, stride = b->stride;
    float *in = b->scratch, *out = in + b->n_in * width, *moves = out + b->n_out * width;
    float *g = b->scores;
    double loss = 0;
    copy_rows(in, b->input, b->n_in, width);
    copy_rows(out, b->output, b->n_out, width);
    multiply_f32('T', 'N', b->n_in, b->n_out, width, 1, in, width, out, width, 0, g, stride);
    for (int j = 0; j < b->n_out; j++)
        for (int i = 0; i < b->n_in; i++) {
            float score = g[j * stride + i], positive = b->positive_weights[j * stride + i];
            float negative = b->negative_weights[j * stride + i];
            if (b->compute_loss) loss += block_loss(score, positive, negative);
            g[j * stride + i] =
                (float)rate * (positive - (positive + negative) / (1 + expf(-score)));
        }
    multiply_f32('N', 'T', width, b->n_in, b->n_out, 1, out, width, g, stride, 0, moves, width);
    add_rows(b->input, b->n_in, width, moves);
    multiply_f32('N', 'N', width, b->n_out, b->n_in, 1, in, width, g, stride, 0, moves, width);
    add_rows(b->output, b->n_out, width, moves);
    return loss;
}

static const RowOps blas_rows = {"blas",    sizeof(float), blas_gather,
                                 blas_step, blas_scatter,  blas_block};

const RowOps *rows_blas(void) { return sdot && saxpy && gemm_f32 ? &blas_rows : NULL; }
