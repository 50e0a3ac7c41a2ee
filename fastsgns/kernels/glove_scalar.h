/* GloVe's steps in portable C, for any type REAL: the specification that the fast variants are
 * tested against. Define before including: REAL, REAL_SQRT, LOAD, STORE, NAME(name),
 * VARIANT. */

static double NAME(step)(const GloveModel *m, const Cell *cell) {
    REAL *u = (REAL *)m->input + cell->row * m->width, *su, *sv;
    REAL *v = (REAL *)m->output + cell->column * m->width;
    REAL a = LOAD(u + m->bias), b = LOAD(v + m->bias), error = a + b - (REAL)cell->log_weight;
    su = (REAL *)m->input_squares + cell->row * m->width;
    sv = (REAL *)m->output_squares + cell->column * m->width;
    for (int64_t i = 0; i < m->bias; i++) error += LOAD(u + i) * LOAD(v + i);
    REAL g = (REAL)cell->factor * error;
    double loss = (double)g * error;
    g *= (REAL)m->rate * (u == v ? 2 : 1);
    for (int64_t i = 0; i <= m->bias; i++) {
        const REAL u_i = LOAD(u + i), v_i = LOAD(v + i), su_i = LOAD(su + i), sv_i = LOAD(sv + i);
        const REAL gu = i < m->bias ? g * v_i : g, gv = i < m->bias ? g * u_i : g;
        STORE(u + i, u_i - gu / REAL_SQRT(su_i));
        STORE(v + i, v_i - gv / REAL_SQRT(sv_i));
        STORE(su + i, su_i + gu * gu);
        STORE(sv + i, sv_i + gv * gv);
    }
    return loss;
}

static double NAME(train)(const GloveModel *m, const Cell *cells, int64_t n) {
    double loss = 0;
    for (int64_t i = 0; i < n; i++) loss += NAME(step)(m, cells + i);
    return loss;
}

const GloveOps NAME(ops) = {VARIANT, sizeof(REAL), NAME(train)};

#undef REAL
#undef REAL_SQRT
#undef LOAD
#undef STORE
#undef NAME
#undef VARIANT
