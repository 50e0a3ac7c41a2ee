/* Cosines of rows with a query vector, norms of rows, and the largest of many cosines.
 *
 * Searches call these functions on matrices that no thread trains at the same time. The rows have
 * no padding: row i starts at the real i * d. */
#ifndef FASTSGNS_COSINES_H
#define FASTSGNS_COSINES_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Answers to one query so far: the largest cosines and the positions of their rows, as a binary
 * heap whose first entry is the worst. Of two equal cosines, that of the later position is worse.
 * Unused entries have the cosine minus infinity and the position -1. */
typedef struct {
    void *cosines;      /* (n,) reals */
    int64_t *positions; /* (n,) */
    int64_t n;          /* at least 1 */
} Answers;

/* `rows` are n rows of d reals.
 *
 * norms:    norm_i = sqrt(row_i . row_i), or NaN if that is not finite.
 * cosines:  cosine_i = (row_i . query) / norm_i, with the norms above; 0 if 1 / norm_i is infinite.
 *           Each row is read from memory once.
 * collect:  For each i of n and j = first + i: puts scores_i scales_i, or scores_i if `scales` is
 *           NULL, into `answers` as the cosine of position j if it is larger than the worst one
 *           there. NaN and the position `excluded` are left out. Positions increase from call to
 *           call.
 * sort:     Puts the answers, a heap, into order: the best first. */
typedef struct {
    const char *name;
    int real_size;
    void (*norms)(const void *rows, int64_t n, int64_t d, void *norms);
    void (*cosines)(const void *rows, int64_t n, int64_t d, const void *query, void *cosines);
    void (*collect)(const void *scores, const void *scales, int64_t n, int64_t first,
                    int64_t excluded, const Answers *answers);
    void (*sort)(const Answers *answers);
} CosineOps;

/* Returns the functions that go with the kernel variant `name`, for reals of `real_size` bytes; the
 * caller has checked that this processor can run it. NULL if there are none. */
const CosineOps *cosines_variant(const char *name, int real_size);

#endif
