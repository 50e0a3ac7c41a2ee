/* GloVe's steps in portable C, for any type REAL: the specification that the fast variants are
 * tested against. Define before including: REAL, REAL_SQRT, NAME(name), VARIANT. */

static double RACY NAME(step)(const GloveModel *m, const Cell *cell) {
    REAL *u = (REAL *)m->input + cell->row * m->width, *su, *sv;
    REAL *v = (REAL *)m->output + cell->column * m->width;
    REAL a = u[m->bias], b = v[m->bias], error = a + b - (REAL)cell->log_weight;
    su = (REAL *)m->input_squares + cell->row * m->width;
    sv = (REAL *)m->output_squares + cell->column * m->width;
    for (int64_t i = 0; i < m->bias; i++) error += u[i] * v[i];
    REAL g = (REAL)cell->factor * error;
    double loss = (double)g * error;
    g *= (REAL)m->rate * (u == v ? 2 : 1);
    for (int64_t i = 0; i <= m->bias; i++) {
        REAL gu = i < m->bias ? g * v[i] : g, gv = i < m->bias ? g * u[i] : g;
        REAL u_i = u[i] - gu / REAL_SQRT(su[i]), v_i = v[i] - gv / REAL_SQRT(sv[i]);
        REAL su_i = su[i] + gu * gu, sv_i = sv[i] + gv * gv;
        u[i] = u_i, v[i] = v_i, su[i] = su_i, sv[i] = sv_i;
    }
    return loss;
}

static double RACY NAME(train)(const GloveModel *m, const Cell *cells, int64_t n) {
    double loss = 0;
    for (int64_t i = 0; i < n; i++) loss += NAME(step)(m, cells + i);
    return loss;
}

const GloveOps NAME(ops) = {VARIANT, sizeof(REAL), NAME(train)};

#undef REAL
#undef REAL_SQRT
#undef NAME
#undef VARIANT
