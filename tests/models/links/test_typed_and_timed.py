"""NodeEmbedding on walks along metapaths and in time: what they learn, and other walks do not."""

import io
import itertools
import warnings

import numpy as np
import pytest

from fastsgns import DirectedGraph, NodeEmbedding
from fastsgns.formats import native

FEW = {"dimensions": 16, "workers": 1, "progress": False}
TOPICS, AUTHORS_PER_TOPIC, PAPERS_PER_TOPIC = 4, 10, 20


def library(seed=3):
    """Authors write papers of their topic, with another author each, and live in a city.

    Cities have authors of all topics, and the edges to them have most of the weight.
    """
    rng = np.random.default_rng(seed)
    edges = []
    for topic in range(TOPICS):
        authors = [f"a{topic}.{i}" for i in range(AUTHORS_PER_TOPIC)]
        for i in range(PAPERS_PER_TOPIC):
            both = rng.choice(authors, 2, replace=False)
            edges += [(author, f"p{topic}.{i}", 1.0) for author in both.tolist()]
        edges += [(author, f"c{i % 5}", 40.0) for i, author in enumerate(authors)]
    kinds = {"a": "author", "p": "paper", "c": "city"}
    types = {name: kinds[name[0]] for edge in edges for name in edge[:2]}
    return DirectedGraph.of(edges, node_types=types)


def same_topic(model):
    """Share of authors whose nearest other author writes about the same topic."""
    authors = [name for name in model.source.index_to_key if name[0] == "a"]
    vectors = model.source[authors]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    nearest = similar.argmax(axis=1)
    return np.mean([authors[i][1] == name[1] for i, name in zip(nearest, authors)])


def test_a_metapath_separates_what_other_walks_mix():
    graph, options = library(), FEW | {"num_walks": 20, "epochs": 2}
    with pytest.warns(UserWarning, match="city"):
        typed = NodeEmbedding(
            **options, walks="metapath", metapath=["author", "paper", "author"]
        ).fit(graph)
    untyped = NodeEmbedding(**options, walks="undirected", check=False).fit(graph)
    assert same_topic(typed) > 0.95
    assert same_topic(untyped) < 0.6


def test_walks_in_the_file_follow_the_metapaths(tmp_path):
    graph, path = library(), tmp_path / "walks"
    paths = [["author", "paper", "author"], ["author", "city", "author"]]
    model = NodeEmbedding(
        **FEW, walks="metapath", metapath=paths, num_walks=2, walk_length=9, walks_file=path
    ).fit(graph)
    edges = {edge[:2] for edge in graph.edges()} | {edge[1::-1] for edge in graph.edges()}
    seen = []
    for line in path.read_text().splitlines():
        names = line.split()
        assert set(itertools.pairwise(names)) <= edges
        seen.append("".join(name[0] for name in names))
    with_papers = {u for u, v, _ in graph.edges() if v[0] == "p"}
    n_authors = TOPICS * AUTHORS_PER_TOPIC
    assert sorted(seen) == ["acacacaca"] * 2 * n_authors + ["apapapapa"] * 2 * len(with_papers)
    assert np.isfinite(model.source.vectors).all()


def messages(seed=1, n_nodes=60, n_steps=3000):
    """Messages i -> i + 1 at times that descend with i, and i -> i + 2 at times that ascend.

    An edge i -> i + 1 is thus followed only by edges that are earlier.
    """
    rng = np.random.default_rng(seed)
    source = rng.integers(0, n_nodes, n_steps)
    step = rng.integers(1, 3, n_steps)
    return DirectedGraph.from_edges(
        source,
        (source + step) % n_nodes,
        names=range(n_nodes),
        times=np.where(step == 1, -source, source) + rng.random(n_steps) / 2,
    )


def test_no_walk_in_the_file_goes_back_in_time(tmp_path):
    graph, path = messages(), tmp_path / "walks"
    times = {}
    for (u, v, _), time in zip(graph.edges(), graph.times.tolist()):
        times.setdefault((u, v), []).append(time)
    for walks in ("temporal", "forward"):
        NodeEmbedding(
            **FEW, walks=walks, num_walks=1, walk_length=6, walks_file=path, check=False
        ).fit(graph)
        n_wrong = 0
        for line in path.read_text().splitlines():
            now = -np.inf
            for step in itertools.pairwise(map(int, line.split())):
                later = [time for time in sorted(times[step]) if time >= now]
                if not later:
                    n_wrong += 1
                    break
                now = later[0]
        assert (n_wrong == 0) == (walks == "temporal"), walks


def relays(n_chains=40):
    """Messages a -> b, b -> c, x -> b, b -> z, in this order, in many chains of five nodes."""
    ends = [("a", "b"), ("b", "c"), ("x", "b"), ("b", "z")]
    return DirectedGraph.of(
        [(f"{u}{i}", f"{v}{i}", time) for i in range(n_chains) for time, (u, v) in enumerate(ends)],
        times=3,
    )


def test_walks_in_time_predict_where_messages_arrive():
    """A message of x can arrive at z, but not at c, to which the last message went before."""
    options = FEW | {"num_walks": 100, "window_size": 2, "check": False, "epochs": 3}
    chains, share = range(40), {}
    for walks in ("temporal", "forward"):
        model = NodeEmbedding(**options, walks=walks).fit(relays())
        to_z, to_c = (model.score([f"x{i}" for i in chains], [f"{t}{i}" for i in chains])
                      for t in "zc")  # fmt: skip
        share[walks] = np.mean(to_z > to_c)
    assert share["temporal"] > 0.95
    assert share["forward"] < 0.8


def test_strict_times_exclude_edges_at_the_same_time():
    graph = DirectedGraph.of([("a", "b", 1), ("b", "c", 1), ("c", "d", 2)], times=3)
    for is_strict, expected in ((False, {"a b c d", "b c d"}), (True, {"a b", "b c d"})):
        file = io.BytesIO()
        NodeEmbedding(
            **FEW, walks="temporal", strict_times=is_strict, num_walks=20, walks_file=file
        ).fit(graph)
        found = set(file.getvalue().decode().splitlines())
        assert found == expected | {"c d"}


def test_undirected_edges_are_followed_both_ways_in_time():
    graph = DirectedGraph.of([("a", "b", 1), ("c", "b", 2)], times=3, directed=False)
    file = io.BytesIO()
    NodeEmbedding(**FEW, walks="temporal", strict_times=True, num_walks=20, walks_file=file).fit(
        graph
    )
    assert set(file.getvalue().decode().splitlines()) == {"a b c", "b a", "b c", "c b"}


@pytest.mark.parametrize("metapath", [["a", "b", "a"], [["a", "b", "a"], ["b", "b"]], None])
def test_metapaths_are_saved(metapath, tmp_path):
    edges = [("x", "y"), ("y", "z"), ("z", "x")]
    graph = DirectedGraph.of(edges, node_types={"x": "a", "y": "b", "z": "b"})
    walks = "undirected" if metapath is None else "metapath"
    given = (
        metapath and tuple(map(np.str_, metapath)) if metapath and metapath[0] == "a" else metapath
    )
    model = NodeEmbedding(**FEW, walks=walks, metapath=given).fit(graph)
    assert model.metapath == metapath
    model.save(tmp_path / "model")
    loaded = NodeEmbedding.load(tmp_path / "model")
    assert loaded.metapath == metapath and loaded.strict_times is False
    assert loaded.partial_fit(graph).epochs_trained == 2


def test_files_without_metapaths_load(tmp_path):
    """Such as those of earlier releases."""
    graph = DirectedGraph.of([("x", "y"), ("y", "z")])
    NodeEmbedding(**FEW, walks="forward").fit(graph).save(tmp_path / "model")
    kind, tensors, metadata = native.read(tmp_path / "model")
    metadata = {name: metadata[name] for name in metadata if name not in ("format", "kind")}
    for name in ("metapath", "strict_times"):
        del metadata["parameters"][name]
    native.write(tmp_path / "old", kind, tensors, metadata)
    loaded = NodeEmbedding.load(tmp_path / "old")
    assert loaded.metapath is None and loaded.strict_times is False
    metadata["parameters"]["metapath"] = [{"a": 1}]
    native.write(tmp_path / "wrong", kind, tensors, metadata)
    with pytest.raises(ValueError, match="metapath is"):
        NodeEmbedding.load(tmp_path / "wrong")


def test_errors_name_what_the_graph_has():
    graph = library()
    options = FEW | {"walks": "metapath"}
    for metapath, match in (
        (["author", "book", "author"], r"has the type 'book'; the graph has the types \['author'"),
        (["author", "author"], "no edge joins a node of type 'author' and one of type 'author'"),
    ):
        with pytest.raises(ValueError, match=match):
            NodeEmbedding(**options, metapath=metapath).fit(graph)


def test_two_kinds_of_walks_share_the_dimensions():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = [["author", "paper", "author"], ["city", "author", "city"]]
        model = NodeEmbedding(**FEW, walks="metapath+nerd", metapath=paths).fit(library())
    assert np.isfinite(model.source.vectors).all() and same_topic(model) > 0.5
