/* The "plain" variant in portable C, which the fast variants are tested against. */
#include "bags.h"

static void plain_sum(const Bags *b) {
    for (int64_t bag = 0; bag < b->n; bag++)
        for (int64_t x = 0; x < b->d; x++) sum_column(b, bag, x);
}

const BagOps bags_plain_ops = {"plain", plain_sum};
