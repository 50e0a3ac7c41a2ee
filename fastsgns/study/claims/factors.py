"""C6 and C7: what the product of the matrices approximates."""

import math

from fastsgns.study.charts import bars, scatter
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.claims.losses import NEGATIVES, model

SPECTRUM = {
    ("signs", "share"): "eigenvalues below 0, share of all",
    ("signs", "share_of_top"): "... of the 100 largest",
    ("signs", "share_of_energy"): "... of the squared sum",
    ("self", "share_positive"): "words with PMI(w, w) > 0, share",
    ("self", "mean"): "mean PMI(w, w), nats",
    ("self", "off_mean"): "mean PMI of different words, nats",
}
FORMS = {
    "two": "two matrices",
    "one": "one",
    "scalar_bias": "one + bias",
    "word_biases": "one + word biases",
    "reflect": "one, half reflected",
}


def _judge_spectrum(results: Results) -> Evidence:
    share, top = (results.of("text", "signs", name) for name in ("share", "share_of_top"))
    one, two, bias = (results.of("text", "errors", form) for form in ("one", "two", "scalar_bias"))
    checks = [
        Check("40 to 60% of the eigenvalues are below 0", share, 0.4, 0.6),
        Check("at least 10% of the 100 largest are below 0", top, low=0.1),
        Check(
            "most words have a positive PMI with themselves",
            results.of("text", "self", "share_positive"),
            low=0.5,
        ),
        Check("one matrix errs on PMI - log 5 by 0.1 more than two", minus(one, two), low=0.1),
        Check(
            "a scalar bias takes away 80% of that",
            [(a - c) / (a - b) for a, b, c in zip(one, two, bias)],
            low=0.8,
        ),
    ]
    rows: list[list[Cell]] = [
        [text, *(results.mean(label, *path) for label in ("text", "shuffled"))]
        for path, text in SPECTRUM.items()
    ]
    errors: list[list[Cell]] = [
        [text, *(results.mean(label, "errors", form) for label in ("text", "shuffled"))]
        for form, text in FORMS.items()
    ]
    rank = results.settings.exact_dimensions
    tables = [
        Table("Spectrum of PMI", ("", "the corpus", "shuffled tokens"), rows),
        Table(
            f"Relative error of the best approximation of PMI - log 5, rank {rank}",
            ("form", "the corpus", "shuffled tokens"),
            errors,
        ),
    ]
    series = {
        text: [results.mean(label, "errors", form) for label in ("text", "shuffled")]
        for form, text in FORMS.items()
    }
    figure = bars("errors", ["the corpus", "shuffled tokens"], series, "relative error")
    note = (
        "Seeds are random halves of the sentences. A spectrum that is half negative is also what "
        "symmetric noise has, as the shuffled text shows; the largest eigenvalues carry the "
        "association. W W' has no negative number on its diagonal, so a word that avoids itself "
        "can't be represented: PMI(w, w) says how many do."
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
        wanted = -math.log(more / less)
        moved = [b - a for a, b in zip(shifts[less], shifts[more])]
        statement = f"from k={less} to k={more} the intercept moves by {wanted:.2f} within 25%"
        checks.append(Check(statement, moved, 1.25 * wanted, 0.75 * wanted))
    rows: list[list[Cell]] = []
    for k in NEGATIVES:
        for kind, text in (("weighted", "by count"), ("plain", "all alike")):
            found = [
                results.mean(f"k={k}", "pmi", kind, name)
                for name in ("correlation", "slope", "intercept")
            ]
            rows.append([k, text, *found, f"{-math.log(k):.2f}"])
    heading = ("k", "cells", "correlation", "slope", "intercept", "-log k")
    return Evidence(
        checks,
        [Table("Regression of w.c on PMI over cells that occur", heading, rows)],
        [("Some cells, seed 1, and the lines w.c = PMI - log k.", _points(results))],
    )


def _points(results: Results) -> str:
    points = {f"k={k}": results.by_label[f"k={k}"][0]["pmi"]["points"] for k in (1, 15)}
    ideal = {f"PMI - log {k}": (1.0, -math.log(k)) for k in (1, 15)}
    return scatter("w.c against PMI", points, ("PMI, nats", "w.c"), ideal)


FACTORS = (
    Claim(
        "C6",
        "What one matrix can't represent: negative eigenvalues, not a word's own context",
        "About half of the eigenvalues of PMI are below 0, a tenth or more of the 100 largest; and "
        "most words have a positive PMI with themselves, so that a word seldom occurs in its own "
        "context is no reason for two matrices. What one matrix misses of PMI - log k is mostly "
        "its mean, which a bias restores.",
        'Goldberg and Levy (2014), "word2vec Explained", footnote 1, gives the reason that is '
        "tested here; Assylbekov and Takhanov (2019) the eigenvalues.",
        "PMI of the most frequent words, cells that don't occur counted 0.2, on random halves of "
        "the corpus and on its tokens shuffled.",
        lambda settings: {
            "text": Trial.of("spectrum"),
            "shuffled": Trial.of("spectrum", shuffled=True),
        },
        _judge_spectrum,
    ),
    Claim(
        "C7",
        "The product of input and output vectors approximates PMI - log k",
        "Products w.c correlate with PMI by more than 0.5 over the cells that occur, weighted by "
        "count, and more negatives move the intercept by -log of their ratio, within 25%.",
        'Levy and Goldberg (2014), "Neural Word Embedding as Implicit Matrix Factorization".',
        "Skip-gram, two matrices; PMI against the distribution that negatives are drawn from.",
        lambda settings: {f"k={k}": model(k=k) for k in NEGATIVES},
        _judge_fit,
    ),
)
