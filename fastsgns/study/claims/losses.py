"""C1: the lowest loss of one matrix, of two, and of variants."""

import math
from typing import Any

from fastsgns.runtime.intervals import interval
from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.experiments.exact import SHAPES
from fastsgns.study.settings import Settings

NEGATIVES = (1, 5, 15)
NEAR_ZERO = 0.1
GAP_POINTS = 0.03
HALF = "two, half the dimensions"
MODES = ("two", "tied", "tied+bias", "tied+reflect")
SOURCE = (
    "Levy and Goldberg (2014) give the optimum, PMI - log k. Press and Wolf (2017) found that "
    "tying makes skip-gram worse. The mean of a matrix W W' with any weights r is "
    "|sum r_i w_i|^2 >= 0, while the mean of the optimum is about -log k."
)


def _exact(shapes: tuple[str, ...], settings: Settings) -> dict[str, Trial]:
    return {
        f"{shape}, k={k}": Trial.of("exact", shape=shape, k=k)
        for k in NEGATIVES
        for shape in shapes
    }


def remaining(results: Results, one: str, two: str) -> list[float]:
    """Return where the loss of one matrix is between that of two (0) and zero scores (1)."""
    return _remaining(results.of(two, "zero"), results.of(one, "loss"), results.of(two, "loss"))


def _remaining(zero: list[float], one: list[float], two: list[float]) -> list[float]:
    return [1 - a / b for a, b in zip(minus(zero, one), minus(zero, two))]


def _losses_table(results: Results, shapes: tuple[str, ...]) -> Table:
    rows: list[list[Cell]] = []
    for k in NEGATIVES:
        first = results.by_label[f"{shapes[0]}, k={k}"][0]
        levels = [f"{first[name]:.3f}" for name in ("zero", "constant", "optimum")]
        for shape in shapes:
            label = f"{shape}, k={k}"
            means = results.mean(label, "loss"), results.mean(label, "gap")
            rows.append([k, shape, *means, *levels])
    heading = ("k", "matrices", "loss", "gap closed", "zero", "best constant", "optimum")
    return Table("Exact loss, nats per pair", heading, rows)


def _losses_chart(results: Results, shapes: tuple[str, ...], path: str, label: str) -> str:
    series = {s: [results.mean(f"{s}, k={k}", path) for k in NEGATIVES] for s in shapes}
    return bars(label, [f"k = {k}" for k in NEGATIVES], series, label)


def _judge_one(results: Results) -> Evidence:
    checks = [
        Check(
            f"one matrix stays within {NEAR_ZERO:.0%} of the loss of zero scores at k={k}",
            remaining(results, f"one, k={k}", f"two, k={k}"),
            low=1 - NEAR_ZERO,
        )
        for k in (5, 15)
    ]
    deficits = {k: results.difference(f"one, k={k}", f"two, k={k}", "loss") for k in NEGATIVES}
    checks += [
        Check(
            f"one matrix is further behind two at k={more} than at k={less}",
            minus(deficits[more], deficits[less]),
            low=0.0,
        )
        for less, more in ((1, 5), (5, 15))
    ]
    shapes = ("two", "one")
    figure = _losses_chart(results, shapes, "loss", "exact loss, nats per pair")
    return Evidence(checks, [_losses_table(results, shapes)], [("Exact losses.", figure)])


def _repaired(settings: Settings) -> dict[str, Trial]:
    half = max(settings.exact_dimensions // 2, 1)
    trials = _exact(tuple(s for s in SHAPES if s != "three"), settings)
    return trials | {
        f"{HALF}, k={k}": Trial.of("exact", shape="two", k=k, dimensions=half) for k in NEGATIVES
    }


def _judge_repair(results: Results) -> Evidence:
    shapes = tuple(shape for shape in SHAPES if shape not in ("one", "three"))
    checks = [
        Check(
            f"{shape} closes at most {GAP_POINTS:.0%} less of the gap than two at k={k}",
            results.difference(f"{shape}, k={k}", f"two, k={k}", "gap"),
            low=-GAP_POINTS,
        )
        for shape in shapes[1:]
        for k in NEGATIVES
    ]
    every = (*shapes, HALF)
    figure = _losses_chart(results, every, "gap", "share of the gap closed")
    rows: list[list[Cell]] = []
    for k in NEGATIVES:
        failing, whole = f"one, k={k}", f"two, k={k}"
        repaired = [
            interval(minus([1.0] * len(left), left))
            for left in (_share(results, f"{shape}, k={k}", failing, whole) for shape in shapes[1:])
        ]
        rows.append([k, *repaired])
    repair = Table(
        "Share of the difference between one matrix and two that is repaired",
        ("k", *shapes[1:]),
        rows,
    )
    note = (
        "The gap is the difference between the losses of the best constant score and of the "
        "unconstrained optimum. Two matrices have twice the parameters of the others. Two matrices "
        "with half the dimensions have as many as the others."
    )
    return Evidence(checks, [_losses_table(results, every), repair], [(note, figure)])


def _share(results: Results, label: str, failing: str, whole: str) -> list[float]:
    """Return where a loss is between that of the failing system (1) and the whole one (0)."""
    behind = results.difference(label, whole, "loss")
    return [a / b for a, b in zip(behind, results.difference(failing, whole, "loss"))]


def model(mode: str = "two", k: int = 5, **options: Any) -> Trial:
    """Return the trial of a model trained in one mode of `Word2Vec(matrices=...)`."""
    return Trial.of("trained", matrices=mode, negative=k, **options)


def _models(settings: Settings) -> dict[str, Trial]:
    return {f"{mode}, k={k}": model(mode, k) for k in NEGATIVES for mode in MODES}


def _judge_trained(results: Results) -> Evidence:
    checks = []
    for k in (5, 15):
        one, two = (results.of(f"{mode}, k={k}", "loss") for mode in ("tied", "two"))
        left = _remaining([(1 + k) * math.log(2)] * len(two), one, two)
        statement = f"tied stays within {NEAR_ZERO:.0%} of the loss of zero scores at k={k}"
        checks.append(Check(statement, left, low=1 - NEAR_ZERO))
    checks += [
        Check(
            f"{mode} has a loss at most 0.05 nats per pair above two at k={k}",
            results.difference(f"{mode}, k={k}", f"two, k={k}", "loss"),
            high=0.05,
        )
        for mode in MODES[2:]
        for k in NEGATIVES
    ]
    rows: list[list[Cell]] = [
        [k, mode, interval(results.of(f"{mode}, k={k}", "loss")), f"{(1 + k) * math.log(2):.3f}"]
        for k in NEGATIVES
        for mode in MODES
    ]
    table = Table("Loss of trained models", ("k", "matrices", "loss, nats per pair", "zero"), rows)
    figure = _losses_chart(results, MODES, "loss", "loss, nats per pair")
    return Evidence(checks, [table], [("Losses of trained models, on the same pairs.", figure)])


LOSSES = (
    Claim(
        "C1a",
        "One matrix alone cannot learn from negative samples",
        "With 5 and 15 negatives, the loss of one matrix in both roles stays near that of zero "
        "scores, (1 + k) log 2. Its difference from two matrices grows with the number of "
        "negatives.",
        SOURCE,
        "The expected loss over all pairs of the most frequent words, minimized by L-BFGS without "
        "sampling for k = 1, 5, 15.",
        lambda settings: _exact(("two", "one"), settings),
        _judge_one,
    ),
    Claim(
        "C1b",
        "A bias or a reflection repairs it",
        "One matrix with a scalar bias, with word biases, or with half of its coordinates "
        "reflected in the output role closes as much of the gap as two matrices, within 3 "
        "percentage points.",
        SOURCE,
        "As C1a.",
        _repaired,
        _judge_repair,
    ),
    Claim(
        "C1c",
        "Training shows the same",
        "Trained by stochastic gradient descent with 5 and 15 negatives, one matrix stays near "
        "(1 + k) log 2. With a bias or a reflection, its loss is at most 0.05 nats per pair above "
        "that of two.",
        SOURCE,
        "Skip-gram models trained on the corpus. The loss is computed afterwards on pairs and "
        "negatives that are the same for all models.",
        _models,
        _judge_trained,
    ),
)
