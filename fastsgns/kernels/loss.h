/* The logistic loss of a score f, in double: log(1 + exp(-f)) for label 1, log(1 + exp(f)) for
 * label 0. */
#ifndef FASTSGNS_LOSS_H
#define FASTSGNS_LOSS_H

#include <math.h>

static inline double logistic_loss(double score, double label) {
    double margin = label > 0.5 ? score : -score;
    return margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
}

/* The loss of a pair that counts `positive` times as a positive and `negative` times as a negative
 * pair. */
static inline double pair_loss(double score, double positive, double negative) {
    return (positive ? positive * logistic_loss(score, 1) : 0) +
           (negative ? negative * logistic_loss(score, 0) : 0);
}

#endif
