"""C8 and C13: three matrices, and whether two are just more parameters."""

from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial
from fastsgns.study.claims.losses import model
from fastsgns.study.claims.uses import MARGIN, scores_chart, scores_table
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
        Check("the exact loss of three falls below 0.05", results.of("exact", "loss"), high=0.05),
        Check("the loss of three trained falls below 0.5", results.of("three", "loss"), high=0.5),
        Check(
            "its vectors score at least 0.1 worse than those of two",
            results.difference("three", "two", "score", "input"),
            high=-0.1,
        ),
        Check(
            f"{best} scores at most {MARGIN} worse than two",
            results.difference(best, "two", "score", "input"),
            low=-MARGIN,
        ),
    ]
    labels = ["two", "three", *coupled]
    rows: list[list[Cell]] = [
        [
            label,
            results.mean(label, "loss"),
            results.mean(label, "score", "input"),
            results.mean(label, "geometry", "input cone"),
        ]
        for label in labels
    ]
    heading = ("matrices", "loss, nats a pair", "score", "mean cosine of input vectors")
    series = {label: [results.mean(label, "score", "input")] for label in labels}
    figure = bars("scores", ["input vectors"], series, "Spearman correlation")
    note = "Of the couplings the best on average over the seeds is compared."
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
            "tied with 2d dimensions reaches the loss of two with d within 0.05 nats a pair",
            results.difference("tied, 2d", "two, d", "loss"),
            high=0.05,
        ),
        Check(
            f"it scores at most {MARGIN} worse",
            results.difference("tied, 2d", "two, d", "score", "input"),
            low=-MARGIN,
        ),
    ]
    columns = {label: (label, "input") for label in results.by_label}
    rows = [
        [
            label,
            results.by_label[label][0]["parameters"],
            results.mean(label, "loss"),
            results.mean(label, "score", "input"),
        ]
        for label in columns
    ]
    heading = ("model", "parameters", "loss, nats a pair", "score")
    tables = [
        Table("Equal parameters, equal updates", heading, rows),
        scores_table(results, columns, "Scores of the input vectors"),
    ]
    note = (
        "If parameters were the reason, the first two rows would be alike. A bias, one number, "
        "shows what is missing instead."
    )
    figure = ("Scores by model.", scores_chart(results, columns))
    return Evidence(checks, tables, [figure], [note])


COLLAPSE = (
    Claim(
        "C8",
        "Three separate matrices collapse; coupling stops it",
        "With a matrix for true contexts and another for drawn ones the loss falls towards 0 and "
        "the vectors are worth little; tying the two together softly brings the scores back.",
        "All words pointing one way, true contexts along it and drawn ones against it, have loss "
        "0: each matrix is only ever pulled, or only pushed.",
        "The exact loss, and skip-gram with 5 negatives, uncoupled and at three strengths.",
        _three,
        _judge_three,
    ),
    Claim(
        "C13",
        "Two matrices are merely more parameters",
        "One matrix with twice the dimensions, equal in parameters and updates, is as good as two.",
        "The weak one of the reasons given for two matrices.",
        "Skip-gram, 5 negatives, the same epochs.",
        _sizes,
        _judge_sizes,
    ),
)
