"""C9: in directed graphs the role is in the data, and one vector a node can't hold it."""

from fastsgns.graph.links import BASELINE
from fastsgns.graph.splits import DEGREE, describe
from fastsgns.study.charts import bars
from fastsgns.study.claim import Cell, Claim, Evidence, Results, Table, Trial
from fastsgns.study.intervals import Check
from fastsgns.study.settings import Settings

MODELS = {"one vector": "tied", "one and a bias": "tied+bias", "source and target": "two"}
ONE, BIASED, TWO = MODELS
SHARES = tuple(describe(share) for share in (0.0, 0.5, 1.0))
RANDOM, HALF, REVERSED = SHARES
MATCHED = describe(DEGREE)
COIN = 0.06


def _trials(settings: Settings) -> dict[str, Trial]:
    kinds = {BASELINE: BASELINE, **MODELS}
    return {label: Trial.of("direction", matrices=kind) for label, kind in kinds.items()}


def _judge(results: Results) -> Evidence:
    graphs = list(results.by_label[TWO][0])
    checks = []
    for graph in graphs:
        checks += [
            Check(
                f"{graph}: {ONE} is a coin between an edge and its reverse",
                results.of(ONE, graph, "direction"),
                0.5 - COIN,
                0.5 + COIN,
            ),
            Check(
                f"{graph}: {TWO} has a higher AUC than {ONE} against edges turned round",
                [
                    two[graph]["auc"][REVERSED] - one[graph]["auc"][REVERSED]
                    for two, one in zip(results.by_label[TWO], results.by_label[ONE])
                ],
                low=0.0,
            ),
        ]
    labels = [BASELINE, *MODELS]
    tables = [
        Table(title, ("graph", "negatives", *labels), _rows(results, graphs, labels, measure))
        for title, measure in (("AUC", "auc"), ("Hits@100", "hits"))
    ]
    ranks: list[list[Cell]] = [
        [graph, measure, *(results.mean(label, graph, measure) for label in labels)]
        for graph in graphs
        for measure in ("direction", "mrr")
    ]
    tables.append(Table("Direction and MRR", ("graph", "measure", *labels), ranks))
    figures = [("AUC by the share of negatives turned round, per cent.", _figure(results, graphs))]
    note = (
        "Direction: the share of edges that score above their own reverse. Symmetric scores give "
        "0.5 by construction, not by training; against edges turned round an AUC above 0.5 is then "
        "left to edges whose reverse is an edge too. The product of degrees learns nothing and is "
        "hard to beat where hubs and authorities are different nodes: a model has learnt more than "
        "degrees only as far as it does so too where negatives are matched by degree."
    )
    return Evidence(checks, tables, figures, [note])


def _rows(results: Results, graphs: list[str], labels: list[str], measure: str) -> list[list[Cell]]:
    return [
        [graph, kind, *(results.mean(label, graph, measure, kind) for label in labels)]
        for graph in graphs
        for kind in (*SHARES, MATCHED)
    ]


def _figure(results: Results, graphs: list[str]) -> str:
    """All graphs in one chart: three groups of bars each, its name below the second."""
    places = [(graph, kind) for graph in graphs for kind in SHARES]
    groups = [
        kind.split(" ")[0] + (f"\n{graph}" if kind == HALF else "") for graph, kind in places
    ]
    series = {
        label: [results.mean(label, graph, "auc", kind) for graph, kind in places]
        for label in (BASELINE, *MODELS)
    }
    return bars("AUC by graph and share of reversed negatives", groups, series, "AUC")


DIRECTION = (
    Claim(
        "C9",
        "In directed graphs the role is in the data: one vector a node can't tell u -> v from v -> u",
        "Against negatives that are edges turned round, one vector a node falls to a coin, while "
        "source and target vectors do not, whatever one vector may do against random pairs.",
        'Khosla, Leonhardt, Nejdl and Anand (2019), "Node Representation Learning for Directed '
        'Graphs", section 5; Ou, Cui, Pei, Zhang and Zhu (2016), "Asymmetric Transitivity '
        'Preserving Graph Embedding".',
        "Three tenths of the edges are taken out; walks on the others train skip-gram with one "
        "matrix, with one and a bias a target, and with two. Negatives: pairs that are no edges, of "
        "them 0, 50 and 100 % edges turned round, and pairs matched by degree.",
        _trials,
        _judge,
        needs="graphs",
    ),
)
