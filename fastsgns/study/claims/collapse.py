"""C8 and C13: three matrices, and whether the gain of two is only their parameters."""

from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial
from fastsgns.study.claims.losses import model
from fastsgns.study.claims.uses import not_worse, scores
from fastsgns.study.settings import Settings

COUPLINGS = (0.1, 3.0, 10.0)


def _three(settings: Settings) -> dict[str, Trial]:
    trials = {"two": model(), "three": model("three")}
    trials |= {f"three, coupling {c:g}": model("three", coupling=c) for c in COUPLINGS}
    return trials | {"exact": Trial.of("exact", shape="three", k=5)}


def _judge_three(results: Results) -> Evidence:
    coupled = [label for label in results.by_label if "coupling" in label]
    best = max(coupled, key=lambda label: results.mean(label, "score", "input").mean)
    checks = [
        Check(
            "the exact loss of three matrices is below 0.05", results.of("exact", "loss"), high=0.05
        ),
        Check(
            "the loss of a trained model with three matrices is below 0.5",
            results.of("three", "loss"),
            high=0.5,
        ),
        Check(
            "the vectors of three matrices score at least 0.1 worse than those of two",
            results.difference("three", "two", "score", "input"),
            high=-0.1,
        ),
        not_worse(results, best, "two"),
    ]
    labels = ["two", "three", *coupled]
    paths = ("loss",), ("score", "input"), ("geometry", "input cone")
    rows: list[list[Cell]] = [[label, *results.means(label, *paths)] for label in labels]
    heading = ("matrices", "loss, nats per pair", "score", "mean cosine of input vectors")
    series = {label: [results.mean(label, "score", "input")] for label in labels}
    figure = bars("scores", ["input vectors"], series, "Spearman correlation")
    note = "The coupling with the best mean score over the seeds is compared."
    table = Table("Three matrices, k = 5", heading, rows)
    return Evidence(checks, [table], [("Scores by coupling.", figure)], [note])


def _sizes(settings: Settings) -> dict[str, Trial]:
    double = 2 * settings.dimensions
    return {
        "two, d": model(),
        "tied, 2d": model("tied", vector_size=double),
        "tied+bias, 2d": model("tied+bias", vector_size=double),
        "tied+bias, d": model("tied+bias"),
    }


def _judge_sizes(results: Results) -> Evidence:
    checks = [
        Check(
            "tied with 2d dimensions has a loss at most 0.05 nats per pair above two with d",
            results.difference("tied, 2d", "two, d", "loss"),
            high=0.05,
        ),
        not_worse(results, "tied, 2d", "two, d"),
    ]
    columns = {label: (label, "input") for label in results.by_label}
    rows = [
        [
            label,
            results.by_label[label][0]["parameters"],
            *results.means(label, ("loss",), ("score", "input")),
        ]
        for label in columns
    ]
    heading = ("model", "parameters", "loss, nats per pair", "score")
    sizes = Table("Equal parameters, equal updates", heading, rows)
    table, figure = scores(results, columns, "Scores of the input vectors")
    note = (
        "If the number of parameters were the reason, the first two rows would be alike. Instead, "
        "one additional parameter, a bias, makes most of the difference."
    )
    return Evidence(checks, [sizes, table], [figure], [note])


COLLAPSE = (
    Claim(
        "C8",
        "Three separate matrices collapse; coupling stops it",
        "With one matrix for context words and another for negative samples, the loss falls "
        "towards 0 and the vectors are of little use. Coupling the two matrices brings the scores "
        "back.",
        "The loss is 0 if all input vectors and all context vectors point in one direction and all "
        "vectors of negative samples in the opposite one: one matrix only ever attracts, the other "
        "only repels.",
        "The exact loss, and skip-gram with 5 negatives, without coupling and with three strengths "
        "of it.",
        _three,
        _judge_three,
    ),
    Claim(
        "C13",
        "Two matrices only add parameters",
        "One matrix with twice the dimensions has as many parameters and updates, and is as good "
        "as two.",
        "One of the reasons that are given for two matrices.",
        "Skip-gram with 5 negatives, and the same number of epochs.",
        _sizes,
        _judge_sizes,
    ),
)
