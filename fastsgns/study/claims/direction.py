"""C9: one vector per node cannot represent the direction of edges."""

from fastsgns.graph.evaluation.links import BASELINES
from fastsgns.graph.evaluation.splits import DEGREE, describe
from fastsgns.runtime.intervals import Interval
from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.experiments.direction import JOINT, RAW
from fastsgns.study.settings import Settings

MATRICES = {"degrees": "none", "one vector": "tied", "source and target": "two"}
DEGREES, ONE, TWO = MATRICES
SERIES = {
    **{baseline: (DEGREES, baseline) for baseline in BASELINES},
    ONE: (ONE, RAW),
    TWO: (TWO, RAW),
    f"{ONE}, degrees": (ONE, JOINT),
    f"{TWO}, degrees": (TWO, JOINT),
}
SHARES = tuple(describe(share) for share in (0.0, 0.5, 1.0))
RANDOM, HALF, REVERSED = SHARES
MATCHED = describe(DEGREE)
CHANCE = 0.06  # largest difference of an AUC from 0.5
ONE_WAY = 0.9


def _trials(settings: Settings) -> dict[str, Trial]:
    return {label: Trial.of("direction", matrices=kind) for label, kind in MATRICES.items()}


def _values(results: Results, graph: str, series: str, *path: str) -> list[float]:
    label, form = SERIES[series]
    return results.of(label, graph, form, *path)


def _mean(results: Results, graph: str, series: str, *path: str) -> Interval:
    label, form = SERIES[series]
    return results.mean(label, graph, form, *path)


def _checks(results: Results, graph: str) -> list[Check]:
    def gain(*path: str) -> list[float]:
        """Return by how much two roles exceed the better baseline of each seed."""
        baselines = (_values(results, graph, baseline, *path) for baseline in BASELINES)
        best = [max(values) for values in zip(*baselines)]
        return minus(_values(results, graph, f"{TWO}, degrees", *path), best)

    checks = []
    if min(_values(results, graph, ONE, "one_way")) > ONE_WAY:
        auc = _values(results, graph, ONE, "auc", REVERSED)
        statement = f"{graph}: against reversed edges, {ONE} has the AUC of chance"
        checks.append(Check(statement, auc, 0.5 - CHANCE, 0.5 + CHANCE))
    return [
        *checks,
        Check(
            f"{graph}: against reversed edges, {TWO} with degrees have a higher AUC than degrees "
            "alone",
            gain("auc", REVERSED),
            low=0.0,
        ),
        Check(
            f"{graph}: {TWO} with degrees have a higher MRR than degrees alone",
            gain("mrr"),
            low=0.0,
        ),
    ]


def _judge(results: Results) -> Evidence:
    graphs = list(results.by_label[TWO][0])
    tables = [
        Table(title, ("graph", "negatives", *SERIES), _rows(results, graphs, measure))
        for title, measure in (("AUC", "auc"), ("Hits@100", "hits"))
    ]
    beside: list[list[Cell]] = [
        [graph, measure, *(_mean(results, graph, series, measure) for series in SERIES)]
        for graph in graphs
        for measure in ("direction", "mrr")
    ]
    tables.append(Table("Direction and MRR", ("graph", "measure", *SERIES), beside))
    figure = (
        "AUC by the percentage of reversed edges among the negatives.",
        _figure(results, graphs),
    )
    notes = [
        "Direction is the share of edges that score above their own reverse. A symmetric score has "
        "the direction 0.5 by construction. Its AUC against reversed edges can be above 0.5, "
        "because edges whose reverse is an edge too are never reversed. The check for the AUC of "
        "chance therefore applies only to graphs in which nine tenths of the edges are one-way.",
        "Scores trained against negatives drawn by degree measure how much likelier an edge is "
        'than the degrees predict; "degrees" adds these back (log P(u) and log q(v)). The two '
        "baselines learn nothing: the product of the degrees, and log degrees, which is what is "
        "added. They are hard to beat where sources and targets of edges are different nodes. The "
        "checks of source and target vectors therefore compare them with the better of the two "
        "baselines. A model has also learned more than degrees if its AUC against negatives "
        "matched by degree is higher.",
    ]
    checks = [check for graph in graphs for check in _checks(results, graph)]
    return Evidence(checks, tables, [figure], notes)


def _rows(results: Results, graphs: list[str], measure: str) -> list[list[Cell]]:
    return [
        [graph, kind, *(_mean(results, graph, series, measure, kind) for series in SERIES)]
        for graph in graphs
        for kind in (*SHARES, MATCHED)
    ]


def _figure(results: Results, graphs: list[str]) -> str:
    """Draw all graphs in one chart, with three groups of bars each."""
    places = [(graph, kind) for graph in graphs for kind in SHARES]
    groups = [kind.split()[0] + (f"\n{graph}" if kind == HALF else "") for graph, kind in places]
    series = {
        name: [_mean(results, graph, name, "auc", kind) for graph, kind in places]
        for name in SERIES
    }
    return bars("AUC by graph and share of reversed negatives", groups, series, "AUC")


DIRECTION = (
    Claim(
        "C9",
        "In directed graphs, one vector per node cannot tell u -> v from v -> u",
        "Against negatives that are reversed edges, one vector per node does no better than "
        "chance, even if it does against random pairs. Source and target vectors, with the degrees "
        "added, do better than the degrees alone.",
        'Khosla, Leonhardt, Nejdl and Anand (2019), "Node Representation Learning for Directed '
        'Graphs", section 5; Ou, Cui, Pei, Zhang and Zhu (2016), "Asymmetric Transitivity '
        'Preserving Graph Embedding".',
        "Three tenths of the edges are held out. Walks along the others train skip-gram with one "
        "matrix and with two. The negatives are pairs that are not edges: 0, 50 or 100 % of them "
        "are reversed edges, or all of them are matched by degree.",
        _trials,
        _judge,
        needs="graphs",
    ),
)
