"""C11 and C12: two explanations for the failure of CBOW with one matrix."""

from typing import Any

from fastsgns.runtime.intervals import Interval, interval
from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Claim, Evidence, Results, Table, Trial
from fastsgns.study.experiments.batches import NEGATIVE
from fastsgns.study.settings import Settings

RATES = (0.1, 0.025, 0.00625)
BATCHES = (1, 32, 1024)
DIVERGED = 100.0
SHARE = 0.5
SOURCE = (
    "An explanation found in discussions of why word2vec needs two matrices. It is about CBOW "
    "with summed contexts and one matrix, trained in batches of N examples."
)
METHOD = (
    f"CBOW with summed contexts and {NEGATIVE} negatives. All gradients of a batch are computed "
    "before any of them is applied. Each system is trained with three learning rates, and the "
    "lowest loss of each seed counts. The loss is that of later examples, the same for all."
)


def _systems(options: list[tuple[str, dict[str, Any]]]) -> dict[str, Trial]:
    base = {"matrices": "one", "batch": 1, "outside": "pair", "bias": False}
    return {
        f"{name} @ {rate}": Trial.of("batches", rate=rate, **base | own)
        for name, own in options
        for rate in RATES
    }


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(label.split(" @ ")[0] for label in results.by_label))


def best(results: Results, name: str) -> list[float]:
    """Return the lowest loss over the learning rates of each seed; 100 if all of them diverge."""
    columns = [results.of(f"{name} @ {rate}", "loss") for rate in RATES]
    return [min(DIVERGED, *row) for row in zip(*columns)]


def closed(results: Results, name: str, failing: str, repaired: str) -> list[float]:
    """Return how far a system is between a failing one (0) and a repaired one (1), by seed."""
    rows = zip(best(results, name), best(results, failing), best(results, repaired))
    return [(bad - own) / (bad - good) if bad > good else 0.0 for own, bad, good in rows]


def _table(results: Results) -> Table:
    rows = []
    for name in _names(results):
        by_rate = [_shown(results.of(f"{name} @ {rate}", "loss")) for rate in RATES]
        failed = sum(map(sum, (results.of(f"{name} @ {rate}", "failed") for rate in RATES)))
        rows.append([name, interval(best(results, name)), *by_rate, int(failed)])
    heading = ("system", "best loss", *(f"rate {rate:g}" for rate in RATES), "misplaced")
    return Table("Loss, nats per example", heading, rows)


def _shown(values: list[float]) -> Interval | str:
    return interval(values) if max(values) < DIVERGED else "diverges"


def _evidence(results: Results, checks: list[Check], notes: list[str]) -> Evidence:
    names = _names(results)
    series = {name: [interval(best(results, name))] for name in names}
    figure = bars("losses", ["best of three rates"], series, "loss, nats per example")
    return Evidence(checks, [_table(results)], [("Lowest losses.", figure)], notes)


def _batch_trials(settings: Settings) -> dict[str, Trial]:
    options: list[tuple[str, dict[str, Any]]] = [(f"one, N={n}", {"batch": n}) for n in BATCHES]
    options += [(f"one+bias, N={n}", {"batch": n, "bias": True}) for n in (1, BATCHES[-1])]
    return _systems([*options, ("two, N=1", {"matrices": "two"})])


def _judge_batches(results: Results) -> Evidence:
    worst = f"one, N={BATCHES[-1]}"
    checks = [
        Check(
            f"one matrix with N=1 closes at least {SHARE:.0%} of the gap between one matrix with "
            f"N={BATCHES[-1]} and one matrix with a bias",
            closed(results, "one, N=1", worst, "one+bias, N=1"),
            low=SHARE,
        )
    ]
    share = interval(closed(results, f"one+bias, N={BATCHES[-1]}", worst, "one+bias, N=1"))
    note = (
        f"A scalar bias alone, in batches of {BATCHES[-1]}, closes {share.mean:.0%} of the gap "
        f"(interval {share.low:.0%} to {share.high:.0%})."
    )
    return _evidence(results, checks, [note])


def _negative_trials(settings: Settings) -> dict[str, Trial]:
    options: list[tuple[str, dict[str, Any]]] = []
    for n in BATCHES[1:]:
        options += [
            (f"one, N={n}, outside the pair", {"batch": n}),
            (f"one, N={n}, outside the batch", {"batch": n, "outside": "batch"}),
            (f"one+bias, N={n}, outside the pair", {"batch": n, "bias": True}),
        ]
    return _systems(options)


def _judge_negatives(results: Results) -> Evidence:
    checks = [
        Check(
            f"negatives outside the batch close at least {SHARE:.0%} of the gap between negatives "
            f"outside the pair without and with a bias, N={n}",
            closed(
                results,
                f"one, N={n}, outside the batch",
                f"one, N={n}, outside the pair",
                f"one+bias, N={n}, outside the pair",
            ),
            low=SHARE,
        )
        for n in BATCHES[1:]
    ]
    note = (
        "Misplaced: negatives for which no word outside the batch was found. Negatives outside a "
        "large batch have a different distribution. The loss is computed with negatives outside "
        "the pair."
    )
    return _evidence(results, checks, [note])


DOCUMENT = (
    Claim(
        "C11",
        "One matrix fails because a batch both attracts and repels a row",
        "If examples are applied one by one, so that no update mixes the two, CBOW with one matrix "
        "closes at least half of the gap to a model that works.",
        SOURCE,
        METHOD,
        _batch_trials,
        _judge_batches,
    ),
    Claim(
        "C12",
        "One matrix fails because negatives are positives elsewhere in the batch",
        "With negatives drawn outside the whole batch, CBOW with one matrix closes at least half "
        "of the gap to a model that works.",
        SOURCE,
        METHOD,
        _negative_trials,
        _judge_negatives,
    ),
)
