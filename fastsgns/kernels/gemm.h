/* Products of matrices by BLAS for a type REAL; included once per type. */

typedef void (*NAME(gemm_t))(const char *transa, const char *transb, const int *m, const int *n,
                             const int *k, const REAL *alpha, const REAL *a, const int *lda,
                             const REAL *b, const int *ldb, const REAL *beta, REAL *c,
                             const int *ldc);

static NAME(gemm_t) NAME(gemm);

/* c = alpha a b + beta c for matrices in Fortran's column order, in which our rows are columns. */
static void NAME(multiply)(char transa, char transb, int64_t m, int64_t n, int64_t k, REAL alpha,
                           const REAL *a, int64_t lda, const REAL *b, int64_t ldb, REAL beta,
                           REAL *c, int64_t ldc) {
    const int sizes[] = {(int)m, (int)n, (int)k, (int)lda, (int)ldb, (int)ldc};
    NAME(gemm)(&transa, &transb, sizes, sizes + 1, sizes + 2, &alpha, a, sizes + 3, b, sizes + 4,
               &beta, c, sizes + 5);
}
