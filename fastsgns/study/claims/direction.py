"""C9: in directed graphs the role is in the data, and one vector a node can't hold it."""

from fastsgns.graph.evaluation.links import BASELINE
from fastsgns.graph.evaluation.splits import DEGREE, describe
from fastsgns.runtime.intervals import Interval
from fastsgns.study.charts import bars
from fastsgns.study.check import Check
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial, minus
from fastsgns.study.direction import JOINT, RAW
from fastsgns.study.settings import Settings

MATRICES = {BASELINE: BASELINE, "one vector": "tied", "source and target": "two"}
_, ONE, TWO = MATRICES
SERIES = {
    BASELINE: (BASELINE, BASELINE),
    ONE: (ONE, RAW),
    TWO: (TWO, RAW),
    f"{ONE}, degrees": (ONE, JOINT),
    f"{TWO}, degrees": (TWO, JOINT),
}
SHARES = tuple(describe(share) for share in (0.0, 0.5, 1.0))
RANDOM, HALF, REVERSED = SHARES
MATCHED = describe(DEGREE)
COIN = 0.06
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
    def gain(better: str, worse: str, *path: str) -> list[float]:
        return minus(_values(results, graph, better, *path), _values(results, graph, worse, *path))

    checks = []
    if min(_values(results, graph, ONE, "one_way")) > ONE_WAY:
        coin = _values(results, graph, ONE, "auc", REVERSED)
        statement = f"{graph}: against edges turned round {ONE} has the AUC of a coin"
        checks.append(Check(statement, coin, 0.5 - COIN, 0.5 + COIN))
    return [
        *checks,
        Check(
            f"{graph}: {TWO} have a higher AUC than {ONE} against edges turned round",
            gain(TWO, ONE, "auc", REVERSED),
            low=0.0,
        ),
        Check(
            f"{graph}: with degrees they have a higher MRR than degrees alone",
            gain(f"{TWO}, degrees", BASELINE, "mrr"),
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
    figure = ("AUC by the share of negatives turned round, per cent.", _figure(results, graphs))
    notes = [
        "Direction: the share of edges that score above their own reverse. A symmetric score gives "
        "0.5 by construction, not by training. Its AUC against edges turned round may be above 0.5 "
        "by edges whose reverse is an edge too, which are never turned round; so a coin is asked "
        "for where nine tenths of the edges are one-way.",
        "Scores learnt against negatives by degree tell how much likelier an edge is than degrees "
        'make it; "degrees" puts these back (log P(u) and log q(v)). The product of degrees, '
        "which learns nothing, is hard to beat where those who point are not those pointed at: a "
        "model knows more as far as it does better in MRR, or against negatives matched by degree.",
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
    """All graphs in one chart: three groups of bars each, its name below the second."""
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
        "In directed graphs the role is in the data: one vector can't tell u -> v from v -> u",
        "Against negatives that are edges turned round, one vector a node falls to a coin, while "
        "source and target vectors do not, whatever one vector may do against random pairs.",
        'Khosla, Leonhardt, Nejdl and Anand (2019), "Node Representation Learning for Directed '
        'Graphs", section 5; Ou, Cui, Pei, Zhang and Zhu (2016), "Asymmetric Transitivity '
        'Preserving Graph Embedding".',
        "Three tenths of the edges are taken out; walks on the others train skip-gram with one "
        "matrix and with two. Negatives: pairs that are no edges, of them 0, 50 and 100 % edges "
        "turned round, and pairs matched by degree.",
        _trials,
        _judge,
        needs="graphs",
    ),
)
