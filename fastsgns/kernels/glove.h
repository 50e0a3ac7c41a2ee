/* GloVe: AdaGrad steps on cells of the co-occurrence matrix, each with one input and one output
 * row.
 *
 * Threads share rows as `rows.h` describes: without locks, with padding that is zero and stays
 * zero. The sums of squares that AdaGrad needs are in arrays of the same shape; they are at least
 * 1, in the padding, too. */
#ifndef FASTSGNS_GLOVE_H
#define FASTSGNS_GLOVE_H

#include <math.h>
#include <stdint.h>

#include "rows.h"

enum { PREFETCH_CELLS = 4 }; /* rows are prefetched this many cells ahead */

/* A cell with the count x in row `row` and column `column` of the co-occurrence matrix. */
typedef struct {
    int32_t row;
    int32_t column;
    float log_weight; /* log x */
    float factor;     /* f(x) */
} Cell;

/* Parameters and their sums of squares, with `width` reals per row. The bias of a row is in column
 * `bias`, the first one after the dimensions. */
typedef struct {
    void *input;
    void *output;
    void *input_squares;
    void *output_squares;
    int64_t width;
    int64_t bias;
    double rate;
} GloveModel;

/* `train` makes one step per cell, in order. With u, v the input and output rows of a cell, a, b
 * their biases and S the sum of squares of each number:
 *     error = u . v + a + b - log x,     loss = f(x) error^2
 *     g_u = rate f(x) error v,    g_v = rate f(x) error u,    g_a = g_b = rate f(x) error
 *     u -= g_u / sqrt(S_u),    S_u += g_u^2,    and the same for v, a and b,
 * where the right sides use the old values. If u and v are the same row, its two gradients are
 * added. Returns the loss of all cells. */
typedef struct {
    const char *name;
    int real_size;
    double (*train)(const GloveModel *model, const Cell *cells, int64_t n);
} GloveOps;

/* Returns the variant that goes with the kernel variant `name`; the caller has checked that this
 * processor can run it. NULL if there is none. */
const GloveOps *glove_variant(const char *name);

/* The "plain" variant in double, for numeric checks of gradients. */
extern const GloveOps glove_plain_f64_ops;

#endif
