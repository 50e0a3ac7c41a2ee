/* Full softmax (Mikolov, Sutskever, Chen, Corrado, Dean 2013, eq. 2): p(w | h) is in proportion to
 * exp(c_w . h) over all words w.
 *
 * A batch is n hidden rows and the words that each of them predicts. At the old rows, with
 * p_iw = exp(s_iw) / sum_v exp(s_iv) of the scores s = H C^T, y_iw how often hidden row i predicts
 * w, and m_i = sum_w y_iw,
 *
 *     loss      = -sum_iw y_iw log p_iw = sum_i m_i log sum_v exp(s_iv) - sum_iw y_iw s_iw
 *     g_iw      = d loss / d s_iw = m_i p_iw - y_iw
 *     d loss/dH = g C,    d loss/dC = g^T H.
 *
 * That is three products of matrices a batch, done by BLAS. They read and write all output rows
 * while other threads do, which is harmless for the reason that `rows.h` gives. */
#ifndef FASTSGNS_SOFTMAX_H
#define FASTSGNS_SOFTMAX_H

#include <stdint.h>

typedef struct {
    void *hidden;       /* (n_rows, width) */
    int32_t *n_targets; /* (n_rows,): m_i */
    int n_rows;
    int32_t *example_rows; /* (n_examples,): which hidden row ... */
    int32_t *targets;      /* (n_examples,): ... predicts which word */
    int64_t n_examples;
    void *output; /* (n_words, width), aligned, padding zero */
    int64_t n_words;
    int64_t width;
    void *scores;   /* scratch for (n_rows, n_words) reals */
    void *gradient; /* (n_rows, width), receives d loss/dH */
    int compute_loss;
} SoftmaxRows;

/* output -= rate d loss/dC; the loss where `compute_loss`, else 0. */
typedef double (*softmax_t)(const SoftmaxRows *rows, double rate);

double softmax_f32(const SoftmaxRows *rows, double rate);
double softmax_f64(const SoftmaxRows *rows, double rate);

/* Gives them their BLAS, with ints of 32 bits; before that they can't be called. */
void softmax_use_blas(void *sgemm, void *dgemm);

#endif
