/* Steps of GloVe: one cell of the matrix of co-occurrences, one row of each side, AdaGrad.
 *
 * What `rows.h` says of rows that threads race on holds here too: padding is zero and stays so, and
 * RACY marks the functions that touch them. The squares of a row lie in an array of the same form;
 * they are at least 1, also in the padding. */
#ifndef FASTSGNS_GLOVE_H
#define FASTSGNS_GLOVE_H

#include <math.h>
#include <stdint.h>

#include "rows.h"

enum { PREFETCH_CELLS = 4 };

typedef struct {
    int32_t row;
    int32_t column;
    float log_weight; /* log x */
    float factor;     /* f(x) */
} Cell;

/* Parameters and their sums of squares, `width` reals a row. The bias of a row is its real number
 * `bias`, which is the first of the padding. */
typedef struct {
    void *input;
    void *output;
    void *input_squares;
    void *output_squares;
    int64_t width;
    int64_t bias;
    double rate;
} GloveModel;

/* With u, v the rows of a cell, a, b their biases and S the sums of squares of each number:
 *     error = u . v + a + b - log x,     loss = f(x) error^2
 *     g_u = rate f(x) error v,    g_v = rate f(x) error u,    g_a = g_b = rate f(x) error
 *     u -= g_u / sqrt(S_u),    S_u += g_u^2,    and so on, all of the old rows.
 * If u and v are the same row, both of its gradients add up. Returns the loss of all cells. */
typedef struct {
    const char *name;
    int real_size;
    double (*train)(const GloveModel *model, const Cell *cells, int64_t n);
} GloveOps;

/* The variant for the kernel variant called `name`, which this processor can run. */
const GloveOps *glove_variant(const char *name);

/* The double twin of "plain", for checking gradients. */
extern const GloveOps glove_plain_f64_ops;

#endif
