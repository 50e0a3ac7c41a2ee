/* GloVe's steps with the vector extensions of GCC and clang: one source for all instruction sets.
 * Define before including: LANES (floats per vector), NAME(name), VARIANT; set the target. */

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
SHARED_ACCESS(vec, NAME(load_shared), NAME(store_shared))
#define LOAD(address) NAME(load_shared)((const vec *)(address))
#define STORE(address, value) NAME(store_shared)((vec *)(address), value)

/* 1 / sqrt(x): the processor's estimate y, and one or two Newton steps y (3 - x y^2) / 2. */
INLINE vec NAME(reciprocal_sqrt)(vec x) {
#if LANES == 16
    vec y = (vec)_mm512_rsqrt14_ps((__m512)x);
#elif LANES == 8
    vec y = (vec)_mm256_rsqrt_ps((__m256)x);
#elif defined(__x86_64__)
    vec y = (vec)_mm_rsqrt_ps((__m128)x);
#else
    vec y = (vec)vrsqrteq_f32((float32x4_t)x); /* an estimate of 8 bits only */
    y = y * (1.5f - 0.5f * x * y * y);
#endif
    return y * (1.5f - 0.5f * x * y * y);
}

/* Returns the sum of the lanes. */
INLINE float NAME(sum_lanes)(vec v) {
    float lanes[LANES], sum = 0;
    memcpy(lanes, &v, sizeof lanes);
    for (int half = LANES / 2; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return sum + lanes[0];
}

/* Prefetches the rows of a cell and their sums of squares. */
INLINE void NAME(prefetch_cell)(const GloveModel *m, const Cell *cell) {
    int64_t row = cell->row * m->width, column = cell->column * m->width;
    for (int64_t i = 0; i < m->width; i += CACHE_LINE / 4) {
        PREFETCH((const float *)m->input + row + i);
        PREFETCH((const float *)m->output + column + i);
        PREFETCH((const float *)m->input_squares + row + i);
        PREFETCH((const float *)m->output_squares + column + i);
    }
}

/* One step. The loops run over whole vectors, which include the bias column. The dot product
 * therefore contains the product a b of the biases, which is subtracted; and what the second loop
 * writes to the bias column is overwritten. */
INLINE double NAME(step)(const GloveModel *m, const Cell *cell) {
    float *u = (float *)m->input + cell->row * m->width;
    float *v = (float *)m->output + cell->column * m->width;
    float *su = (float *)m->input_squares + cell->row * m->width;
    float *sv = (float *)m->output_squares + cell->column * m->width;
    const float a = load_f32(u + m->bias), b = load_f32(v + m->bias);
    const float sa = load_f32(su + m->bias), sb = load_f32(sv + m->bias);
    vec sum = {0};
    for (int64_t i = 0; i < m->width; i += LANES) sum += LOAD(u + i) * LOAD(v + i);
    float error = NAME(sum_lanes)(sum) - a * b + a + b - cell->log_weight;
    float g = cell->factor * error;
    double loss = (double)g * error;
    g *= (float)m->rate * (u == v ? 2 : 1);
    for (int64_t i = 0; i < m->width; i += LANES) {
        vec u_i = LOAD(u + i), v_i = LOAD(v + i), su_i = LOAD(su + i), sv_i = LOAD(sv + i);
        vec gu = g * v_i, gv = g * u_i;
        STORE(u + i, u_i - gu * NAME(reciprocal_sqrt)(su_i));
        STORE(v + i, v_i - gv * NAME(reciprocal_sqrt)(sv_i));
        STORE(su + i, su_i + gu * gu);
        STORE(sv + i, sv_i + gv * gv);
    }
    store_f32(u + m->bias, a - g / sqrtf(sa));
    store_f32(v + m->bias, b - g / sqrtf(sb));
    store_f32(su + m->bias, sa + g * g);
    store_f32(sv + m->bias, sb + g * g);
    return loss;
}

static double NAME(train)(const GloveModel *m, const Cell *cells, int64_t n) {
    double loss = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + PREFETCH_CELLS < n) NAME(prefetch_cell)(m, cells + i + PREFETCH_CELLS);
        loss += NAME(step)(m, cells + i);
    }
    return loss;
}

const GloveOps NAME(ops) = {VARIANT, sizeof(float), NAME(train)};
