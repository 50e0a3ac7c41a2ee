"""Graphs: edge lists in all their forms, and files of types and labels of nodes."""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from fastsgns import DirectedGraph, PairEmbedding
from fastsgns.corpus import ranges
from fastsgns.graph import Labels, read_labels, read_types

from . import mutators
from .mutators import join, several, split, text
from .native import ask_graph, ask_links
from .reading import REFUSED_QUERY, Finding, Reader, check_saving, saved
from .texts import RANGE_BYTES


def edges() -> Iterable[bytes]:
    return [
        b"# who knows whom\nann bob 2\nbob cem 1\n\nann cem -0.5\n",
        b"1 2\n2 3\n% x\n3 1\r\n",
        '\ufeff"a b" "c""d"\n\u00e9 f\n'.encode(),
        b"a b 1e3 x\nb c nan\n",
        b"a b 1 5\nb c 2 6.5\na b 1 7\n",
    ]


def columns(delimiter: bytes) -> Callable[[], list[bytes]]:
    return lambda: [
        b"source,target,weight\na,b,1\n".replace(b",", delimiter),
        b'New York,b,1\n"x,y","q""",2\n a , b,3\n'.replace(b",", delimiter),
        b"a,b\nb,\n,c\n".replace(b",", delimiter),
    ]


def loader(**options: Any) -> Callable[[Path], DirectedGraph]:
    return lambda path: DirectedGraph.from_file(path, **{"workers": 1, **options})


def checked(**options: Any) -> Callable[[DirectedGraph, Path], None]:
    """Return a check of a graph: small ranges and several threads read the same."""

    def check(graph: DirectedGraph, path: Path) -> None:
        with patch.object(ranges, "RANGE_BYTES", RANGE_BYTES):
            try:
                other = DirectedGraph.from_file(path, **{"workers": 2, **options})
            except Exception as error:
                raise Finding(f"one thread reads it, and several do not: {error}") from error
        if saved(graph) != saved(other):
            raise Finding("several threads read another graph")
        ends = graph.out_offsets
        if ends[0] != 0 or ends[-1] != len(graph.out_targets) or (np.diff(ends) < 0).any():
            raise Finding("offsets of edges are wrong")
        if graph.out_weights is not None and not np.isfinite(graph.out_weights).all():
            raise Finding("weights are not finite")
        check_saving(graph)
        with contextlib.suppress(*REFUSED_QUERY):
            ask_graph(graph)

    return check


def of(suffix: str, seeds: Callable[[], Iterable[bytes]], **options: Any) -> Reader:
    return Reader(loader(**options), seeds, suffix, mutate=text, check=checked(**options))


def zipped(suffix: str) -> Reader:
    module: Any = mutators.COMPRESSIONS[suffix]
    return Reader(
        loader(), lambda: [module.compress(data) for data in edges()], ".txt" + suffix,
        mutate=mutators.compressed(suffix, text), check=checked(),
    )  # fmt: skip


def write_typed(path: Path, data: bytes) -> None:
    for target, part in zip((path, path.with_suffix(".types")), split(data, 2)):
        target.write_bytes(part)


def typed(path: Path) -> DirectedGraph:
    return DirectedGraph.from_file(path, workers=1, node_types=path.with_suffix(".types"))


def typed_files() -> Iterable[bytes]:
    return [join(b"a p1\nb p1\n", b"a author\nb author\np1 paper\n")]


def check_typed(graph: DirectedGraph, path: Path) -> None:
    ids, names = graph.types
    if len(ids) != graph.n_nodes or not (ids < len(names)).all():
        raise Finding("types do not fit the nodes")
    check_saving(graph)


def nodes(delimiter: bytes) -> Callable[[], list[bytes]]:
    return lambda: [
        b'a red\nb red round\n# c\nd "x y"\n'.replace(b" ", delimiter),
        b"node label\na b\n".replace(b" ", delimiter),
        b"a red\nb blue\na red\n".replace(b" ", delimiter),
    ]


def check_table(by_node: dict[str, list[str]], path: Path) -> None:
    if not by_node:
        return
    labels = Labels.of(by_node)
    if labels.members.shape != (len(labels.nodes), len(labels.labels)):
        raise Finding(f"the table is of shape {labels.members.shape}")


def paired(path: Path) -> PairEmbedding:
    try:
        return PairEmbedding(dimensions=4, epochs=1, workers=1).fit(path)
    except ValueError as error:
        if "no pairs" not in str(error):
            raise
        raise ValueError(f"{path}: {error}") from None


def check_pairs(model: PairEmbedding, path: Path) -> None:
    with contextlib.suppress(*REFUSED_QUERY):
        ask_links(model)
    check_saving(model)


def any_file(path: Path) -> DirectedGraph:
    """Read what a user gives: edges, or a graph that was saved."""
    return DirectedGraph.of(path)


READERS = {
    "edges": of(".txt", edges),
    "csv": of(".csv", columns(b",")),
    "tsv": of(".tsv", columns(b"\t")),
    "no-quotes": of(".csv", columns(b","), quotes=False, skip_lines=1),
    "semicolons": of(".txt", columns(b";"), delimiter=";"),
    "weighted": of(".txt", edges, weighted=True),
    "unweighted": of(".txt", edges, weighted=False, directed=False, comments=""),
    "times-3": of(".txt", edges, times=3),
    "times-4": of(".txt", edges, times=4, directed=False),
    "replace": of(".txt", edges, errors="replace"),
    "gz": zipped(".gz"),
    "bz2": zipped(".bz2"),
    "xz": zipped(".xz"),
    "typed": Reader(typed, typed_files, ".txt", write_typed, several(text, text), check_typed),
    "pairs": Reader(paired, edges, ".txt", mutate=text, check=check_pairs),
    "any": Reader(any_file, edges, "", mutate=text),
    "types": Reader(read_types, nodes(b" "), ".txt", mutate=text),
    "labels": Reader(read_labels, nodes(b" "), ".txt", mutate=text, check=check_table),
    "labels-csv": Reader(read_labels, nodes(b","), ".csv", mutate=text, check=check_table),
}
