"""Types of nodes: from every source of edges, kept by every operation, saved; errors that teach."""

import numpy as np
import pytest
from optional import need
from scipy.sparse import csr_array

from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.graph import LinkSplit
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.types import NodeTypes, read_types

EDGES = [("ann", "p1"), ("bob", "p1"), ("bob", "p2")]
TYPES = {"ann": "author", "bob": "author", "p1": "paper", "p2": "paper", "not there": "venue"}
EXPECTED = {name: TYPES[name] for name in ("ann", "bob", "p1", "p2")}


def by_name(graph):
    return {name: graph.types.names[i] for name, i in zip(graph.names, graph.types.ids.tolist())}


def networkx_graph():
    networkx = need("networkx")
    graph = networkx.Graph(EDGES)
    networkx.set_node_attributes(graph, EXPECTED, "kind")
    return DirectedGraph.of(graph, node_types="kind")


def igraph_graph():
    igraph = need("igraph")
    graph = igraph.Graph.TupleList(EDGES, directed=True)
    graph.vs["kind"] = [TYPES[name] for name in graph.vs["name"]]
    return DirectedGraph.of(graph, node_types="kind")


def file_graph(types):
    with open("edges.txt", "w") as file:
        file.writelines(f"{u} {v}\n" for u, v in EDGES)
    with open("types.txt", "w") as file:
        file.write("# a comment\n" + "".join(f"{n} {t}\n" for n, t in EXPECTED.items()))
    return DirectedGraph.of("edges.txt", node_types=types)


class Table(dict):
    columns = property(list)


def named(sources, targets):
    index = list(EXPECTED).index
    ends = [[index(u), index(v)] for u, v in EDGES]
    return DirectedGraph.from_edges(
        *np.transpose(ends), names=list(EXPECTED), node_types=np.array(list(EXPECTED.values()))
    )


SOURCES = {
    "tuples": lambda: DirectedGraph.of(EDGES, node_types=TYPES),
    "undirected": lambda: DirectedGraph.of(EDGES, node_types=TYPES, directed=False),
    "a type per name": lambda: named(*zip(*EDGES)),
    "a file and a mapping": lambda: file_graph(TYPES),
    "two files": lambda: file_graph("types.txt"),
    "networkx": networkx_graph,
    "igraph": igraph_graph,
    "table": lambda: DirectedGraph.of(
        Table(source=[u for u, _ in EDGES], target=[v for _, v in EDGES]), node_types=TYPES
    ),
    "scipy": lambda: DirectedGraph.from_scipy(
        csr_array([[0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]),
        list(EXPECTED),
        node_types=list(EXPECTED.values()),
    ),
    "afterwards": lambda: DirectedGraph.of(EDGES).with_types(TYPES),
}


@pytest.mark.parametrize("source", SOURCES)
def test_each_node_has_its_type(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = SOURCES[source]()
    assert by_name(graph) == EXPECTED
    assert graph.types.counts() == {"author": 2, "paper": 2}
    assert "4 nodes of 2 types" in repr(graph)
    # What is made of the graph has the same types
    kept = graph.keep((graph.out_targets != 0) & (graph.out_sources != 0))
    assert by_name(kept) == EXPECTED
    assert by_name(LinkSplit.of(graph, 0.4).train) == EXPECTED
    graph.save("graph")
    assert by_name(DirectedGraph.load("graph")) == EXPECTED


def test_types_of_numbered_nodes_are_by_number():
    edge_index, types = np.array([[5, 1, 1, 3], [1, 3, 5, 5]]), np.arange(7) % 2
    graph = DirectedGraph.of(edge_index, node_types=types)
    assert by_name(graph) == {5: 1, 1: 1, 3: 1}
    with pytest.raises(ValueError, match=r"a list of 5, the types of the nodes 0, 1, .* but 5 is"):
        DirectedGraph.of(edge_index, node_types=types[:5])
    with pytest.raises(ValueError, match="mapping of names to types"):
        DirectedGraph.of([("a", "b")], node_types=["x", "y"])


@pytest.mark.parametrize(
    "types, error, match",
    [
        ({"ann": "author"}, ValueError, "3 of 4 nodes have no type, such as"),
        ({**TYPES, "p1": None}, ValueError, "the type of node 'p1' is None"),
        ({**TYPES, "p1": float("nan")}, ValueError, "the type of node 'p1' is nan"),
        ({**TYPES, "p1": []}, TypeError, "can't be hashed"),
        ({1: "author"}, ValueError, "such as 1 are of type int, and those of the graph .* str"),
        ("author", TypeError, "give a mapping of names to types"),
        (7, TypeError, "give a mapping of names to types"),
    ],
)
def test_types_that_are_refused(types, error, match):
    with pytest.raises(error, match=match):
        DirectedGraph.of(EDGES, node_types=types)


def test_a_type_per_node_has_their_number():
    with pytest.raises(ValueError, match="there are 3 node_types for 4 nodes"):
        DirectedGraph.of(EDGES).with_types("abc" for _ in range(3))


def test_attributes_that_do_not_exist_are_named():
    networkx = need("networkx")
    graph = networkx.Graph(EDGES)
    graph.nodes["ann"]["kind"] = "author"
    with pytest.raises(ValueError, match=r"no node has the attribute 'type'; there are \['kind'\]"):
        DirectedGraph.of(graph, node_types="type")
    with pytest.raises(ValueError, match="the type of node 'p1' is None"):
        DirectedGraph.of(graph, node_types="kind")
    with pytest.raises(ValueError, match="no edge has the attribute 'time'"):
        DirectedGraph.of(graph, times="time")


@pytest.mark.parametrize(
    "text, match",
    [
        ("a x\nb\n", "line 2: there are 1 columns instead of 2; a line is `node type`"),
        ("a x y\n", "line 1: there are 3 columns instead of 2"),
        ("a x\na y\n", "line 2: node 'a' has the type 'y', and on an earlier line 'x'"),
    ],
)
def test_files_of_types_that_are_refused(text, match, tmp_path):
    path = tmp_path / "types"
    path.write_text(text)
    with pytest.raises(FormatError, match=match):
        read_types(path)


def test_files_of_types_have_delimiters(tmp_path):
    path = tmp_path / "types"
    path.write_text("Ann B.,first author\n% comment\n\nA paper , paper\n")
    assert read_types(path, ",") == {"Ann B.": "first author", "A paper": "paper"}


DAMAGES = {
    "no names": lambda t: [t.pop(name) for name in list(t) if name.startswith("type_word")],
    "no ids": lambda t: t.pop("type_ids"),
    "too few ids": lambda t: t.update(type_ids=t["type_ids"][1:]),
    "ids out of range": lambda t: t.update(type_ids=t["type_ids"] + 1),
    "ids of another kind": lambda t: t.update(type_ids=t["type_ids"].astype(np.int64)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_types_are_refused(damage, tmp_path):
    path = tmp_path / "graph"
    DirectedGraph.of(EDGES, node_types=TYPES).save(path)
    kind, tensors, metadata = native.read(path)
    tensors = {name: np.array(array) for name, array in tensors.items()}
    DAMAGES[damage](tensors)
    native.write(path, kind, tensors, {"is_directed": metadata["is_directed"]})
    with pytest.raises(FormatError):
        DirectedGraph.load(path)


def test_types_without_a_file_form_are_named(tmp_path):
    graph = DirectedGraph.of(EDGES, node_types=dict.fromkeys(TYPES, frozenset("a")))
    with pytest.raises(TypeError, match="frozenset"):
        graph.save(tmp_path / "graph")


def test_equal_types_are_one():
    types = NodeTypes.of({"a": np.int64(1), "b": 1, "c": np.str_("x"), "d": "x"}, "abcd")
    assert types.ids.tolist() == [0, 0, 1, 1] and types.names == [1, "x"]


def test_a_series_has_types_by_its_index():
    pandas = need("pandas")
    kinds = {4: "e", 3: "d", 2: "c", 1: "b", 0: "a"}
    graph = DirectedGraph.of([(i, i + 1) for i in range(4)], node_types=pandas.Series(kinds))
    assert {name: graph.types.names[i] for name, i in zip(graph.names, graph.types.ids)} == kinds
    listed = DirectedGraph.from_edges(
        [0, 1], [1, 2], names=["x", "y", "z"], node_types=pandas.Series(["t", "u", "v"])
    )
    assert {n: listed.types.names[i] for n, i in zip(listed.names, listed.types.ids)} == {
        "x": "t", "y": "u", "z": "v",
    }  # fmt: skip
