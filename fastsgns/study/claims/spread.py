"""C5: where the vectors of the two roles point."""

from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Claim, Evidence, Results, Table, minus
from fastsgns.study.claims.losses import NEGATIVES, model

MEASURES = {
    "cosine of means": "cosine of the mean vectors",
    "input cone": "mean cosine of input vectors",
    "output cone": "mean cosine of output vectors",
    "self": "share of words whose own w.c is below 0",
}


def _judge(results: Results) -> Evidence:
    means = {k: results.of(f"k={k}", "geometry", "cosine of means") for k in NEGATIVES}
    cones = {k: results.of(f"k={k}", "geometry", "input cone") for k in NEGATIVES}
    checks = [
        Check(f"the cosine of the means is below 0 at k={k}", means[k], high=0.0) for k in NEGATIVES
    ]
    checks.append(Check("the means are nearly opposite at k=15", means[15], high=-0.9))
    for less, more in ((1, 5), (5, 15)):
        checks += [
            Check(
                f"the means are further apart at k={more} than at k={less}",
                minus(means[more], means[less]),
                high=0.0,
            ),
            Check(
                f"input vectors are in a narrower cone at k={more} than at k={less}",
                minus(cones[more], cones[less]),
                low=0.0,
            ),
        ]
    geometry = {
        text: [results.mean(f"k={k}", "geometry", name) for k in NEGATIVES]
        for name, text in MEASURES.items()
    }
    groups = [f"k = {k}" for k in NEGATIVES]
    table = Table.of("Geometry of the most frequent words' vectors", ("", *groups), geometry)
    figure = bars("geometry", groups, geometry, "cosine, or share")
    return Evidence(checks, [table], [("Geometry by the number of negatives.", figure)])


SPREAD = (
    Claim(
        "C5",
        "Input and output vectors are in opposite cones, more so with more negatives",
        "The cosine of the mean input vector and the mean output vector is negative, and nearly -1 "
        "at k = 15. With more negatives, the means are further apart and the cone of the input "
        "vectors is narrower.",
        'Mimno and Thompson (2017), "The strange geometry of skip-gram with negative sampling". '
        "This is how two matrices represent the negative mean of PMI - log k: see C1.",
        "Skip-gram with two matrices, k = 1, 5, 15, and the most frequent words.",
        lambda settings: {f"k={k}": model(k=k) for k in NEGATIVES},
        _judge,
    ),
)
