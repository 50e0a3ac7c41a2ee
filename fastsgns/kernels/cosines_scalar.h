/* Cosines in portable C, for any type REAL: the specification that the fast variants are tested
 * against. Define before including: REAL, REAL_SQRT, NAME(name). */
#include "cosines_heap.h"

static REAL NAME(norm)(REAL squares) { return REAL_SQRT(squares) + 0 * squares; }

static void NAME(norms)(const void *rows_, int64_t n, int64_t d, void *norms) {
    const REAL *row = (const REAL *)rows_;
    for (int64_t i = 0; i < n; i++, row += d) {
        REAL squares = 0;
        for (int64_t x = 0; x < d; x++) squares += row[x] * row[x];
        ((REAL *)norms)[i] = NAME(norm)(squares);
    }
}

static void NAME(cosines)(const void *rows_, int64_t n, int64_t d, const void *query_,
                          void *cosines) {
    const REAL *row = (const REAL *)rows_, *query = (const REAL *)query_;
    for (int64_t i = 0; i < n; i++, row += d) {
        REAL dot = 0, squares = 0;
        for (int64_t x = 0; x < d; x++) {
            dot += row[x] * query[x];
            squares += row[x] * row[x];
        }
        const REAL scale = 1 / NAME(norm)(squares);
        ((REAL *)cosines)[i] = isinf(scale) ? 0 : dot * scale;
    }
}

static void NAME(collect)(const void *scores, const void *scales, int64_t n, int64_t first,
                          int64_t excluded, const Answers *answers) {
    NAME(collect_each)((const REAL *)scores, (const REAL *)scales, 0, n, first, excluded, answers);
}

const CosineOps NAME(ops) = {"plain",       sizeof(REAL),  NAME(norms),
                             NAME(cosines), NAME(collect), NAME(sort)};

#undef REAL
#undef REAL_SQRT
#undef NAME
