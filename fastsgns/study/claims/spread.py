"""C5: how the vectors of the two roles lie in space."""

import math

from fastsgns.study.charts import lines
from fastsgns.study.check import Check
from fastsgns.study.claim import Claim, Evidence, Results, Table, minus
from fastsgns.study.claims.losses import NEGATIVES, model

MEASURES = {
    "cosine of means": "cosine of the mean vectors",
    "input cone": "mean cosine of input vectors",
    "output cone": "mean cosine of output vectors",
    "self": "words with w.c < 0 of their own, share",
}


def _judge(results: Results) -> Evidence:
    means = {k: results.of(f"k={k}", "geometry", "cosine of means") for k in NEGATIVES}
    cones = {k: results.of(f"k={k}", "geometry", "input cone") for k in NEGATIVES}
    checks = [Check(f"the means point apart at k={k}", means[k], high=0.0) for k in NEGATIVES]
    checks.append(Check("they are nearly opposite at k=15", means[15], high=-0.9))
    for less, more in ((1, 5), (5, 15)):
        checks += [
            Check(
                f"means are further apart at k={more} than at k={less}",
                minus(means[more], means[less]),
                high=0.0,
            ),
            Check(
                f"input vectors lie in a narrower cone at k={more} than at k={less}",
                minus(cones[more], cones[less]),
                low=0.0,
            ),
        ]
    found = {
        text: [results.mean(f"k={k}", "geometry", name) for k in NEGATIVES]
        for name, text in MEASURES.items()
    }
    table = Table(
        "Geometry of the most frequent words' vectors",
        ("", *(f"k = {k}" for k in NEGATIVES)),
        [[text, *row] for text, row in found.items()],
    )
    labels = "negatives a positive (logarithmic)", "cosine, or share"
    figure = lines("geometry", NEGATIVES, found, labels, math.log)
    return Evidence(checks, [table], [("Geometry against the number of negatives.", figure)])


SPREAD = (
    Claim(
        "C5",
        "Input and output vectors lie in opposite cones, more so with more negatives",
        "The mean input and the mean output vector point apart, nearly opposite at k = 15, and "
        "both this and the narrowness of the input vectors' cone grow with k.",
        'Mimno and Thompson (2017), "The strange geometry of skip-gram with negative sampling". '
        "It is how two matrices represent the mean of PMI - log k, which is negative: C1.",
        "Skip-gram, two matrices, k = 1, 5, 15; the most frequent words.",
        lambda settings: {f"k={k}": model(k=k) for k in NEGATIVES},
        _judge,
    ),
)
