/* Full softmax (Mikolov, Sutskever, Chen, Corrado, Dean 2013, eq. 2): the probability of word w
 * given the hidden vector h is exp(c_w . h) / sum_v exp(c_v . h).
 *
 * A batch has hidden rows H and, for each of them, the words that it predicts. With the output rows
 * C, the scores s = H C^T, p_iw = exp(s_iw) / sum_v exp(s_iv), y_iw the number of times that hidden
 * row i predicts word w, and m_i = sum_w y_iw,
 *
 *     loss      = -sum_iw y_iw log p_iw = sum_i m_i log sum_v exp(s_iv) - sum_iw y_iw s_iw
 *     g_iw      = d loss / d s_iw = m_i p_iw - y_iw
 *     d loss/dH = g C,    d loss/dC = g^T H.
 *
 * These are three matrix products per batch, computed by BLAS at the old rows. They read and write
 * all output rows without locks, for which `rows.h` gives the reason. */
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

/* output -= rate * d loss/dC, and gradient = d loss/dH. Returns the loss if `compute_loss`, else
 * 0. */
typedef double (*softmax_t)(const SoftmaxRows *rows, double rate);

double softmax_f32(const SoftmaxRows *rows, double rate);
double softmax_f64(const SoftmaxRows *rows, double rate);

/* Sets the BLAS functions (with 32-bit integers) that the two functions above call. */
void softmax_use_blas(void *sgemm, void *dgemm);

#endif
