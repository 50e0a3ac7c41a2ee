"""Saved graphs come back whole, and damaged ones are refused."""

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.formats import kinds, native
from fastsgns.graph.digraph import DirectedGraph


def graphs() -> list[DirectedGraph]:
    return [
        DirectedGraph.from_edges(["a", "b", "b"], ["b", "é", "b"]),
        DirectedGraph.from_edges([5, 6, 6], [6, 7, 5], [0.5, -2, 1]),
        DirectedGraph.from_edges([0, 1, 1], [1, 2, 1], [1, -1, 3], names=range(5), directed=False),
        DirectedGraph.from_edges([], []),
    ]


@pytest.mark.parametrize("index", range(4))
def test_saved_graphs_come_back(index, tmp_path):
    graph, path = graphs()[index], tmp_path / "graph"
    graph.save(path)
    for again in (DirectedGraph.load(path), DirectedGraph.of(path), kinds.load(path)):
        assert again.names == graph.names
        assert again.is_directed == graph.is_directed
        for name in ("out_offsets", "out_targets", "out_weights", "signs", "in_sources"):
            mine, saved = getattr(graph, name), getattr(again, name)
            assert (mine is None) == (saved is None)
            if mine is not None:
                assert mine.dtype == saved.dtype
                np.testing.assert_array_equal(mine, saved)


def test_names_that_cannot_be_saved(tmp_path):
    path = tmp_path / "graph"
    with pytest.raises(TypeError, match="frozenset"):
        DirectedGraph.from_edges([frozenset("a")], [frozenset("b")]).save(path)
    assert not path.exists()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "file"
    native.write(path, "corpus", {}, {})
    with pytest.raises(FormatError, match="holds an encoded corpus"):
        DirectedGraph.load(path)
    path.write_bytes(b"a b\n")
    with pytest.raises(FormatError):
        DirectedGraph.load(path)


DAMAGES = {
    "no offsets": lambda t, m: t.pop("out_offsets"),
    "offsets of another type": lambda t, m: t.update(out_offsets=np.zeros(6, np.int32)),
    "too few offsets": lambda t, m: t.update(out_offsets=t["out_offsets"][:-1]),
    "offsets that do not start at 0": lambda t, m: t["out_offsets"].__setitem__(0, 1),
    "offsets that descend": lambda t, m: t["out_offsets"].__setitem__(1, 4),
    "offsets beyond the end": lambda t, m: t["out_offsets"].__setitem__(-1, 6),
    "offsets that overflow": lambda t, m: t["out_offsets"].__setitem__(1, 2**62),
    "a negative target": lambda t, m: t["out_targets"].__setitem__(0, -1),
    "a target out of range": lambda t, m: t["out_targets"].__setitem__(-1, 5),
    "targets in disorder": lambda t, m: t.update(out_targets=t["out_targets"][::-1].copy()),
    "targets of two dimensions": lambda t, m: t.update(out_targets=t["out_targets"][None]),
    "too few weights": lambda t, m: t.update(out_weights=t["out_weights"][:-1]),
    "a negative weight": lambda t, m: t["out_weights"].__setitem__(0, -1),
    "a weight of nan": lambda t, m: t["out_weights"].__setitem__(0, np.nan),
    "weights that differ both ways": lambda t, m: t["out_weights"].__setitem__(-1, 9),
    "signs that are not signs": lambda t, m: t.update(is_negative=np.full(5, 2, np.uint8)),
    "signs that differ both ways": lambda t, m: t["is_negative"].__setitem__(
        slice(None), [0, 0, 0, 1, 0]
    ),
    "too few names": lambda t, m: t.update(native.pack_words(["a", "b"])),
    "a name twice": lambda t, m: t.update(native.pack_words(list("abcda"))),
    "an edge one way": lambda t, m: t.update(
        out_offsets=np.array([0, 1, 1, 1, 1, 1]),
        out_targets=np.array([1], np.int32),
        out_weights=np.ones(1, np.float32),
        is_negative=np.zeros(1, np.uint8),
    ),
    "no direction": lambda t, m: m.pop("is_directed"),
    "an odd direction": lambda t, m: m.update(is_directed=1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_graphs_are_refused(damage, tmp_path):
    path = tmp_path / "graph"
    graphs()[2].save(path)
    kind, tensors, metadata = native.read(path)
    tensors = {name: np.array(array) for name, array in tensors.items()}
    DAMAGES[damage](tensors, metadata)
    native.write(path, kind, tensors, {k: v for k, v in metadata.items() if k == "is_directed"})
    with pytest.raises(FormatError):
        DirectedGraph.load(path)
