/* The "trace" variant: it counts the rows that are touched, and computes nothing. */
#include <stdlib.h>

#include "trace.h"

/* A row in a cache: the number of a row of a matrix, or one beyond all of them for a private row. 0
 * is an empty place, so numbers count from 1. */
static struct {
    char *matrices[TRACED_MATRICES];
    int64_t n_rows[TRACED_MATRICES];
    int64_t row_bytes;
    int n_workers;
    int worker;
    int64_t n_sets;
    int64_t *cached;      /* (n_workers, n_sets, CACHE_WAYS): most recently used first */
    int32_t *last_writer; /* (sum of n_rows + 1,): number of a worker + 1; 0 if there is none */
    TraceCounts counts;
} trace;

int trace_start(char *const *matrices, const int64_t *n_rows, int64_t row_bytes, int n_workers,
                int64_t n_cached) {
    int64_t n = 1;
    memset(&trace, 0, sizeof trace);
    for (int i = 0; i < TRACED_MATRICES; i++) {
        trace.matrices[i] = matrices[i];
        trace.n_rows[i] = matrices[i] ? n_rows[i] : 0;
        n += trace.n_rows[i];
    }
    trace.row_bytes = row_bytes;
    trace.n_workers = n_workers;
    trace.n_sets = n_cached / CACHE_WAYS;
    trace.cached = calloc(n_workers * trace.n_sets * CACHE_WAYS, sizeof(int64_t));
    trace.last_writer = calloc(n, sizeof(int32_t));
    return trace.cached && trace.last_writer;
}

void trace_worker(int worker) { trace.worker = worker; }

TraceCounts trace_stop(void) {
    free(trace.cached);
    free(trace.last_writer);
    trace.cached = NULL;
    trace.last_writer = NULL;
    return trace.counts;
}

/* Returns the number of the row at an address, from 1; 0 if the row is private. */
static int64_t shared_row(const char *address) {
    int64_t first = 1;
    for (int i = 0; i < TRACED_MATRICES; i++) {
        int64_t offset = address - trace.matrices[i];
        if (trace.matrices[i] && offset >= 0 && offset < trace.n_rows[i] * trace.row_bytes)
            return first + offset / trace.row_bytes;
        first += trace.n_rows[i];
    }
    return 0;
}

static int64_t *set_of(int worker, int64_t key) {
    return trace.cached + (worker * trace.n_sets + key % trace.n_sets) * CACHE_WAYS;
}

static int place_in(const int64_t *set, int64_t key) {
    int way = 0;
    while (way < CACHE_WAYS && set[way] != key) way++;
    return way;
}

/* Makes a row the most recently used of the worker's cache; returns whether it was there. */
static int use(int64_t key) {
    int64_t *set = set_of(trace.worker, key);
    int way = place_in(set, key), found = way < CACHE_WAYS;
    memmove(set + 1, set, (found ? way : CACHE_WAYS - 1) * sizeof *set);
    set[0] = key;
    return found;
}

/* Counts a use of the row at an address. */
static void touch(const void *address) {
    int64_t row = shared_row(address);
    int writer;
    if (!row) {
        int64_t key = (int64_t)1 << 62 | (int64_t)((uintptr_t)address / trace.row_bytes);
        trace.counts.n_private++;
        trace.counts.n_missed += !use(key);
        return;
    }
    trace.counts.n_touches++;
    writer = trace.last_writer[row] - 1;
    trace.last_writer[row] = trace.worker + 1;
    if (writer == trace.worker || writer < 0) {
        trace.counts.n_missed += !use(row);
        return;
    }
    trace.counts.n_moved++;
    int64_t *set = set_of(writer, row);
    int way = place_in(set, row);
    if (way < CACHE_WAYS) {
        trace.counts.n_fetched++;
        set[way] = 0; /* the write invalidates it there */
    } else {
        trace.counts.n_missed++;
    }
    use(row);
}

static void touch_all(void *const *rows, int n) {
    for (int j = 0; j < n; j++) touch(rows[j]);
}

static void trace_gather(void *hidden, void *const *rows, int n, int64_t width, double scale) {
    (void)hidden, (void)width, (void)scale;
    touch_all(rows, n);
}

static double trace_step(void *hidden, void *update, const StepRows *step, double rate) {
    (void)update, (void)rate;
    touch(hidden);
    touch_all(step->rows, step->n);
    return 0;
}

static void trace_scatter(void *const *rows, int n, int64_t width, const void *update,
                          double scale) {
    (void)width, (void)update, (void)scale;
    touch_all(rows, n);
}

static void trace_merge(void *shared, void *copy, void *base, int64_t width) {
    (void)width;
    trace.counts.n_merges++;
    touch(shared);
    touch(copy);
    touch(base);
}

static double trace_window(const WindowRows *window, double rate) {
    (void)rate;
    touch_all(window->inputs, window->n_inputs);
    touch_all(window->outputs, window->n_outputs);
    return 0;
}

const RowOps trace_rows = {"trace",       sizeof(float), trace_gather, trace_step,
                           trace_scatter, trace_merge,   trace_window};
