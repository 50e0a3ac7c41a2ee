/* Counts how rows move between the caches of virtual workers (`simulate_workers` in sgns.pyx).
 *
 * `trace_rows` is a variant of the row operations that computes nothing. It counts which rows the
 * operations would read and write. Each worker has a cache of CACHE_WAYS-way sets that holds whole
 * rows, and the least recently used row of a set leaves it first. */
#ifndef FASTSGNS_TRACE_H
#define FASTSGNS_TRACE_H

#include "rows.h"

enum { CACHE_WAYS = 8, TRACED_MATRICES = 4 };

/* What is counted, in rows. A row "moves" if another worker wrote it last. */
typedef struct {
    int64_t n_touches; /* uses of a shared row by a row operation */
    int64_t n_private; /* uses of any other row, such as a private copy */
    int64_t n_moved;   /* touches of rows that another worker wrote last */
    int64_t n_fetched; /* of these, the rows that were still in that worker's cache */
    int64_t n_missed;  /* other touches of rows that were not in the worker's own cache */
    int64_t n_merges;  /* merges of private copies */
} TraceCounts;

extern const RowOps trace_rows;

/* Starts to count. The rows of matrix i are the n_rows[i] rows at matrices[i]; any other address is
 * a private row of the worker. Two matrices may be the same. Each cache holds n_cached rows, a
 * multiple of CACHE_WAYS. Returns 0 if there is no memory. */
int trace_start(char *const *matrices, const int64_t *n_rows, int64_t row_bytes, int n_workers,
                int64_t n_cached);

/* Sets the worker whose operations follow. */
void trace_worker(int worker);

/* Stops to count, and returns the sums. */
TraceCounts trace_stop(void);

#endif
