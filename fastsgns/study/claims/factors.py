"""C6 and C7: what the product of the matrices approximates."""

import math

from fastsgns.study.charts import bars, scatter
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.claims.losses import NEGATIVES, model

SPECTRUM = {
    ("signs", "share"): "share of negative eigenvalues among all",
    ("signs", "share_of_top"): "... among the 100 largest by magnitude",
    ("signs", "share_of_energy"): "... in the sum of squares",
    ("self", "share_positive"): "share of words with PMI(w, w) > 0",
    ("self", "mean"): "mean PMI(w, w), nats",
    ("self", "off_mean"): "mean PMI of different words, nats",
}
ERRORS = {
    ("errors", "two"): "two matrices",
    ("errors", "one"): "one",
    ("errors", "scalar_bias"): "one + bias",
    ("errors", "word_biases"): "one + word biases",
    ("errors", "reflect"): "one, half reflected",
}


def _judge_spectrum(results: Results) -> Evidence:
    share, top = (results.of("text", "signs", name) for name in ("share", "share_of_top"))
    positive = results.of("text", "self", "share_positive")
    one, two, bias = (results.of("text", "errors", form) for form in ("one", "two", "scalar_bias"))
    removed = [(a - c) / (a - b) for a, b, c in zip(one, two, bias)]
    checks = [
        Check("40 to 60% of the eigenvalues are negative", share, 0.4, 0.6),
        Check("at least 10% of the 100 largest eigenvalues are negative", top, low=0.1),
        Check("most words have a positive PMI with themselves", positive, low=0.5),
        Check("the error of one matrix is 0.1 or more above that of two", minus(one, two), low=0.1),
        Check("a scalar bias removes at least 80% of that difference", removed, low=0.8),
    ]
    texts = ("the corpus", "shuffled tokens")
    spectrum, errors = (
        {
            row: [results.mean(label, *path) for label in ("text", "shuffled")]
            for path, row in measures.items()
        }
        for measures in (SPECTRUM, ERRORS)
    )
    title = "Relative error of the best approximation of PMI - log 5, rank "
    tables = [
        Table.of("Spectrum of PMI", ("", *texts), spectrum),
        Table.of(f"{title}{results.settings.exact_dimensions}", ("form", *texts), errors),
    ]
    figure = bars("errors", texts, errors, "relative error")
    note = (
        "Each seed is a random half of the sentences. Half of the eigenvalues of symmetric noise "
        "are negative too, as the shuffled text shows. The association of words is in the largest "
        "eigenvalues. The diagonal of W W' is never negative, so W W' cannot represent a word that "
        "avoids itself. PMI(w, w) shows how many words do."
    )
    return Evidence(checks, tables, [("Errors of the best approximations.", figure)], [note])


def _judge_fit(results: Results) -> Evidence:
    checks = [
        Check(
            f"correlation of w.c with PMI above 0.5 at k={k}",
            results.of(f"k={k}", "pmi", "weighted", "correlation"),
            low=0.5,
        )
        for k in NEGATIVES
    ]
    shifts = {k: results.of(f"k={k}", "pmi", "weighted", "intercept") for k in NEGATIVES}
    for less, more in ((1, 5), (5, 15)):
        expected = -math.log(more / less)
        moved = [b - a for a, b in zip(shifts[less], shifts[more])]
        statement = f"from k={less} to k={more} the intercept changes by {expected:.2f} within 25%"
        checks.append(Check(statement, moved, 1.25 * expected, 0.75 * expected))
    rows: list[list[Cell]] = []
    for k in NEGATIVES:
        for kind, text in (("weighted", "by count"), ("plain", "equal")):
            fit = [
                results.mean(f"k={k}", "pmi", kind, name)
                for name in ("correlation", "slope", "intercept")
            ]
            rows.append([k, text, *fit, f"{-math.log(k):.2f}"])
    heading = ("k", "weights", "correlation", "slope", "intercept", "-log k")
    return Evidence(
        checks,
        [Table("Regression of w.c on PMI over the pairs that occur", heading, rows)],
        [("A sample of the pairs, seed 1, and the lines w.c = PMI - log k.", _points(results))],
    )


def _points(results: Results) -> str:
    points = {f"k={k}": results.by_label[f"k={k}"][0]["pmi"]["points"] for k in (1, 15)}
    ideal = {f"PMI - log {k}": (1.0, -math.log(k)) for k in (1, 15)}
    return scatter("w.c against PMI", points, ("PMI, nats", "w.c"), ideal)


FACTORS = (
    Claim(
        "C6",
        "One matrix cannot represent negative eigenvalues; that words avoid themselves is not the "
        "reason",
        "About half of the eigenvalues of PMI are negative, and at least a tenth of the 100 "
        "largest. Most words have a positive PMI with themselves. That a word seldom occurs in its "
        "own context is therefore not a reason for two matrices. What one matrix misses of "
        "PMI - log k is mostly its mean, which a bias restores.",
        'Goldberg and Levy (2014), "word2vec Explained", footnote 1, give the reason that is '
        "tested here. Assylbekov and Takhanov (2019) describe the eigenvalues.",
        "PMI of the most frequent words on random halves of the corpus, and on its tokens "
        "shuffled. Pairs that do not occur get the count 0.2.",
        lambda settings: {
            "text": Trial.of("spectrum"),
            "shuffled": Trial.of("spectrum", shuffled=True),
        },
        _judge_spectrum,
    ),
    Claim(
        "C7",
        "The product of input and output vectors approximates PMI - log k",
        "The correlation of the products w.c with PMI is above 0.5 over the pairs that occur, "
        "weighted by count. More negatives change the intercept by minus the logarithm of their "
        "ratio, within 25%.",
        'Levy and Goldberg (2014), "Neural Word Embedding as Implicit Matrix Factorization".',
        "Skip-gram with two matrices. PMI is relative to the noise distribution.",
        lambda settings: {f"k={k}": model(k=k) for k in NEGATIVES},
        _judge_fit,
    ),
)
