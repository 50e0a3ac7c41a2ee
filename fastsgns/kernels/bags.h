/* Sums of rows: each bag is a list of ids, and its sum is that of the rows with these ids.
 *
 * The rows are only read, and no thread trains them at the same time. They need no padding, and the
 * distance between rows is free. */
#ifndef FASTSGNS_BAGS_H
#define FASTSGNS_BAGS_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define PREFETCH_ROW(address) __builtin_prefetch((address), 0, 3)
#else
#define PREFETCH_ROW(address) ((void)0)
#endif

enum { LINE_FLOATS = 16 }; /* floats of a cache line */
enum { IDS_AHEAD = 16 };   /* rows are prefetched this many ids ahead: 10 and fewer were slower */

/* So many consecutive rows of a bag are added to a sum that starts at zero, before it is added to
 * the total. This bounds the rounding error of a bag of n rows by GROUP + n / GROUP roundings. */
enum { GROUP = 512 };

/* Bag i of n has the ids ids[j], starts[i] <= j < starts[i + 1]. Row `id` is the d floats at
 * rows + id * row_stride, its weight is weights[id], or 1 if `weights` is NULL. The total of bag i
 * is the d floats at out + i * out_stride. */
typedef struct {
    const int64_t *starts; /* (n + 1,) */
    const int32_t *ids;
    const float *rows;
    const float *weights; /* or NULL */
    float *out;
    int64_t n, d;
    int64_t row_stride, out_stride; /* floats */
    int add;                        /* whether totals start with what `out` has, or with zero */
    int mean;                       /* whether totals are divided by the number of ids, if any */
} Bags;

/* `sum` computes the totals of all bags. For each column x, in this order and without fused
 * multiplications,
 *     total = add ? out[x] : 0;
 *     for each group of GROUP ids: sum = 0; for each id: sum += weight * row[x]; total += sum;
 *     out[x] = mean and n_ids > 0 ? total / n_ids : total.
 * The results of all variants are therefore equal. */
typedef struct {
    const char *name;
    void (*sum)(const Bags *bags);
} BagOps;

/* Computes column x of a bag: the specification. */
static inline void sum_column(const Bags *b, int64_t bag, int64_t x) {
    const int64_t start = b->starts[bag], stop = b->starts[bag + 1];
    float *out = b->out + bag * b->out_stride + x, total = b->add ? *out : 0;
    for (int64_t group = start; group < stop; group += GROUP) {
        float sum = 0;
        for (int64_t j = group; j < stop && j < group + GROUP; j++) {
            const float value = b->rows[b->ids[j] * b->row_stride + x];
            sum += b->weights ? b->weights[b->ids[j]] * value : value;
        }
        total += sum;
    }
    *out = b->mean && stop > start ? total / (float)(stop - start) : total;
}

/* Returns the function that goes with the kernel variant `name`; the caller has checked that this
 * processor can run it. NULL if there is none. */
const BagOps *bags_variant(const char *name);

#endif
