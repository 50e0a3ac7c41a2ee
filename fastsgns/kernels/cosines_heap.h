/* The heap of the answers to a query, for any type REAL (cosines.h). Define before including: REAL,
 * NAME(name). */

/* Returns whether entry i of a heap is worse than a cosine at a position. */
static inline int NAME(is_worse)(const Answers *a, int64_t i, REAL cosine, int64_t position) {
    const REAL other = ((const REAL *)a->cosines)[i];
    return other < cosine || (other == cosine && a->positions[i] > position);
}

/* Replaces the worst of the first n answers, which are a heap. */
static void NAME(replace_worst)(const Answers *a, int64_t n, REAL cosine, int64_t position) {
    REAL *cosines = (REAL *)a->cosines;
    int64_t i = 0, child;
    while ((child = 2 * i + 1) < n) {
        const int64_t right = child + 1;
        if (right < n && NAME(is_worse)(a, right, cosines[child], a->positions[child]))
            child = right;
        if (!NAME(is_worse)(a, child, cosine, position)) break;
        cosines[i] = cosines[child];
        a->positions[i] = a->positions[child];
        i = child;
    }
    cosines[i] = cosine;
    a->positions[i] = position;
}

static void NAME(sort)(const Answers *a) {
    REAL *cosines = (REAL *)a->cosines;
    for (int64_t n = a->n - 1; n > 0; n--) {
        const REAL worst = cosines[0];
        const int64_t position = a->positions[0];
        NAME(replace_worst)(a, n, cosines[n], a->positions[n]);
        cosines[n] = worst;
        a->positions[n] = position;
    }
}

/* `collect` for the entries from i to `end`. */
static inline void NAME(collect_each)(const REAL *scores, const REAL *scales, int64_t i,
                                      int64_t end, int64_t first, int64_t excluded,
                                      const Answers *answers) {
    for (; i < end; i++) {
        const REAL cosine = scales ? scores[i] * scales[i] : scores[i];
        if (cosine > *(const REAL *)answers->cosines && first + i != excluded)
            NAME(replace_worst)(answers, answers->n, cosine, first + i);
    }
}
