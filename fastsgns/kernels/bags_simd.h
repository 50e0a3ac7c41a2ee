/* Sums of rows with the vector extensions of GCC and clang: one source for all instruction sets.
 * Define before including: LANES (floats per vector), NAME(name), VARIANT; set the target.
 *
 * The columns are summed in strips of up to STRIP vectors, which stay in registers. The last vector
 * of a row ends at its last column, and overlaps the one before it: the columns that both have get
 * the same totals. A row that is shorter than a vector is summed column by column. */

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(address) (*(const vec *)(address))
#define STORE(address, value) (*(vec *)(address) = (value))
enum { STRIP = 8 };

INLINE void NAME(prefetch)(const Bags *b, int64_t j, int64_t stop) {
    if (j >= stop) return;
    const float *row = b->rows + b->ids[j] * b->row_stride;
    for (int64_t x = 0; x < b->d; x += LINE_FLOATS) PREFETCH_ROW(row + x);
    PREFETCH_ROW(row + b->d - 1);
}

/* Sums the columns of n vectors, a constant, of which the first is at the column `x` and the last
 * at the column `last`, where `out` had `before`. The first strip prefetches rows, those of the
 * following bags among them. */
INLINE void NAME(strip)(const Bags *b, int64_t bag, int64_t x, int64_t last, vec before,
                        const int n, const int weighted) {
    const int64_t start = b->starts[bag], stop = b->starts[bag + 1], end = b->starts[b->n];
    float *out = b->out + bag * b->out_stride;
    vec total[STRIP];
    for (int v = 0; v < n; v++)
        total[v] = !b->add ? (vec){0} : v < n - 1 ? LOAD(out + x + v * LANES) : before;
    for (int64_t group = start; group < stop; group += GROUP) {
        const int64_t group_stop = stop - group < GROUP ? stop : group + GROUP;
        vec sum[STRIP] = {{0}};
        for (int64_t j = group; j < group_stop; j++) {
            if (x == 0) NAME(prefetch)(b, j + IDS_AHEAD, end);
            const float *row = b->rows + b->ids[j] * b->row_stride;
            const float weight = weighted ? b->weights[b->ids[j]] : 1;
            for (int v = 0; v < n; v++) {
                const vec value = LOAD(row + (v < n - 1 ? x + v * LANES : last));
                if (weighted)
                    sum[v] += weight * value;
                else
                    sum[v] += value;
            }
        }
        for (int v = 0; v < n; v++) total[v] += sum[v];
    }
    const float n_ids = (float)(b->mean && stop > start ? stop - start : 1);
    for (int v = 0; v < n; v++) STORE(out + (v < n - 1 ? x + v * LANES : last), total[v] / n_ids);
}

INLINE void NAME(bag)(const Bags *b, int64_t bag, const int weighted) {
    enum { WIDTH = STRIP * LANES };
    const int64_t last = b->d - LANES;
    const float *out = b->out + bag * b->out_stride;
    const vec before = LOAD(out + last); /* the strip before the last one may write there */
    int64_t x = 0;
    for (; x + WIDTH < b->d; x += WIDTH) {
        const int64_t end = x + WIDTH - LANES;
        NAME(strip)(b, bag, x, end, LOAD(out + end), STRIP, weighted);
    }
    switch ((b->d - x + LANES - 1) / LANES) {
#define CASE(n) \
    case n: NAME(strip)(b, bag, x, last, before, n, weighted); break
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
#undef CASE
    }
}

static void NAME(sum)(const Bags *b) {
    for (int64_t bag = 0; bag < b->n; bag++) {
        if (b->d < LANES)
            for (int64_t x = 0; x < b->d; x++) sum_column(b, bag, x);
        else if (b->weights)
            NAME(bag)(b, bag, 1);
        else
            NAME(bag)(b, bag, 0);
    }
}

const BagOps NAME(ops) = {VARIANT, NAME(sum)};
