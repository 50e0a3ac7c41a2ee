"""Chunks of walks: their examples, that they depend on nothing else, and what is written."""

import collections
import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest
import walkers
from objectives import make_objective, rows_of

from fastsgns import kernels, sampling
from fastsgns.formats import files
from fastsgns.graph.walks import walker as walks
from fastsgns.graph.walks.examples import (
    AlternatingWalks,
    EdgeSampling,
    RandomWalks,
    RootedPageRankWalks,
    StartNodes,
)
from fastsgns.graph.walks.files import WalkFile, walk_file
from fastsgns.graph.walks.neighbours import Neighbours
from fastsgns.training.examples import ChunkPlace, PairChunks, cut, train_chunk
from fastsgns.training.trainer import Schedule, Trainer

GRAPH = walkers.random_graph(23, 90, seed=6)
RATES = 0.05, 0.02


class Recorded:
    """A WalkFile that keeps ids."""

    def __init__(self):
        self.found = []

    def write(self, ids, offsets):
        self.found += [tuple(ids[a:b].tolist()) for a, b in itertools.pairwise(offsets)]

    write_pairs = WalkFile.write_pairs


def kinds(file=None):
    out, into = Neighbours.of(GRAPH), Neighbours.of(GRAPH, "in")
    degrees = GRAPH.out_degrees, GRAPH.in_degrees
    noise = sampling.alias_table(sampling.noise_distribution(GRAPH.out_degrees))
    return {
        "sentences": RandomWalks(out, 9, 40, 0.5, 2.0, 3, file),
        "rooted": RootedPageRankWalks(out, 0.2, 10, 300, 3, file),
        "alternating": AlternatingWalks(out, into, degrees, 6, 4000, noise, False, file),
        "joint": AlternatingWalks(out, into, degrees, 6, 4000, noise, True, file),
        "edges": EdgeSampling(out, GRAPH.out_degrees, 5000, file),
    }


each_kind = pytest.mark.parametrize("kind", kinds())


def objective(**options):
    return make_objective(forward=True, size=0.1, **options)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 97])
def test_each_start_node_comes_once_per_pass_in_an_order_of_its_own(n):
    start_nodes = StartNodes(np.arange(n, dtype=np.int32), seed=4)
    passes = [start_nodes.of_walks(0, k * n, (k + 1) * n).tolist() for k in range(4)] + [
        start_nodes.of_walks(1, 0, n).tolist()
    ]
    assert all(sorted(found) == list(range(n)) for found in passes)
    assert n < 10 or len(set(map(tuple, passes))) == 5
    together = start_nodes.of_walks(0, 0, 4 * n).tolist()
    assert together == list(itertools.chain(*passes[:4]))
    parts = [start_nodes.of_walks(0, a, min(a + 3, 4 * n)) for a in range(0, 4 * n, 3)]
    assert np.concatenate(parts).tolist() == together
    assert not len(start_nodes.of_walks(0, 2, 2))


def test_chunks_cover_all_units():
    for n_units, size in ((1, 1), (999, 1), (5_000_000, 1), (100, 5000), (70_000, 80)):
        starts = cut(n_units, size)
        assert starts[0] == 0 and starts[-1] < n_units <= starts[-1] + starts.step


@each_kind
def test_an_epoch_trains_on_all_its_walks_whatever_the_workers(kind):
    found = []
    for n_workers in (1, 3):
        file = Recorded()
        chunks = kinds(file)[kind]
        assert len(chunks.starts) > 1
        trainer = Trainer(objective(), chunks, Schedule(*RATES, chunks.n_units, 2), 5, n_workers)
        tallies = list(trainer.epochs())
        assert [tally.n_units for tally in tallies] == [chunks.n_units] * 2
        assert all(tally.n_examples and np.isfinite(tally.loss) for tally in tallies)
        found.append(collections.Counter(file.found))
    assert found[0] == found[1]


@each_kind
def test_epochs_walk_anew(kind):
    file = Recorded()
    chunks = kinds(file)[kind]
    schedule = Schedule(*RATES, chunks.n_units, 1)
    trainer = Trainer(objective(), chunks, schedule, 5, 1, n_epochs_before=0)
    list(trainer.epochs())
    first, file.found = file.found, []
    list(Trainer(objective(), chunks, schedule, 5, 1, n_epochs_before=1).epochs())
    assert first != file.found


@each_kind
def test_walks_lead_along_edges(kind):
    file = Recorded()
    chunks = kinds(file)[kind]
    train_chunk(objective(), chunks, ChunkPlace(0, 0, chunks.n_units), RATES, 1)
    sources = np.repeat(np.arange(23), np.diff(GRAPH.out_offsets)).tolist()
    edges = set(zip(sources, GRAPH.out_targets.tolist()))
    if kind == "sentences":
        steps = {step for walk in file.found for step in itertools.pairwise(walk)}
        n_starts = np.count_nonzero(np.diff(GRAPH.out_offsets))
        firsts = collections.Counter(walk[0] for walk in file.found)
        assert len(firsts) == n_starts and set(firsts.values()) == {40}
        assert steps <= edges
    elif kind == "edges":
        assert set(file.found) == edges and len(file.found) == 5000
    elif kind in ("alternating", "joint"):
        out, into = GRAPH.out_degrees, GRAPH.in_degrees
        assert all(out[source] and into[target] for source, target in file.found)
    else:
        assert all(source != target for source, target in file.found)


def test_sentences_are_what_the_kernel_is_given():
    chunks = kinds()["sentences"]
    by_hand = objective(window_order="sequential", n_shared_negatives=8)
    walked = copy.deepcopy(by_hand)
    got = train_chunk(walked, chunks, ChunkPlace(0, 10, 200), RATES, 77)
    starts = chunks.start_nodes.of_walks(0, 10, 200)
    ids, offsets = np.empty(len(starts) * 9, np.int32), np.empty(len(starts) + 1, np.int64)
    n, stream = walks.write_walks(chunks.neighbours, starts, 9, 0.5, 2.0, 77, ids, offsets)
    ids = ids[: offsets[n]]
    want = kernels.train_chunk(by_hand, ids, offsets[: n + 1], 0, len(ids), *RATES, stream)
    assert got == want
    np.testing.assert_array_equal(walked.output, by_hand.output)


@pytest.mark.parametrize("kind", ["alternating", "joint"])
def test_half_of_the_alternating_walks_train_exchanged_matrices(kind):
    """Sources are only ever negatives where targets predict, and the other way round; where nodes
    predict those of their own role, negatives are of that, too."""
    file = Recorded()
    chunks, by_hand = kinds(file)[kind], objective()
    walked = copy.deepcopy(by_hand)
    train_chunk(walked, chunks, ChunkPlace(0, 0, 100), RATES, 77)
    first_sources, first_targets = np.empty(50, np.int32), np.empty(50, np.int32)
    stream = walks.draw_nodes(chunks.tables[0], 77, first_sources)
    stream = walks.draw_nodes(chunks.tables[1], stream, first_targets)
    middle = sum(RATES) / 2
    for starts, sides, rates, swap in (
        (first_sources, (chunks.out, chunks.into), (RATES[0], middle), False),
        (first_targets, (chunks.into, chunks.out), (middle, RATES[1]), True),
    ):
        inputs, outputs = np.empty((2, 150), np.int32)
        n, after = walks.write_alternating_pairs(*sides, starts, 6, stream, inputs, outputs)
        goal = by_hand
        if swap:
            goal = replace(
                by_hand, input=by_hand.output, output=by_hand.input, noise=chunks.source_noise
            )
        kernels.train_pairs_chunk(goal, inputs, outputs, 0, n, *rates, after)
        if kind == "joint":
            n, after = walks.write_alternating_pairs(
                *sides, starts, 6, stream, inputs, outputs, same_role=True
            )
            noise = by_hand.noise if swap else chunks.source_noise
            goal = replace(goal, output=goal.input, noise=noise)
            kernels.train_pairs_chunk(goal, inputs, outputs, 0, n, *rates, after)
        stream = after
    for ours, theirs in zip(rows_of(walked), rows_of(by_hand)):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(walked.input, objective().input)


def test_pairs_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="3 sources and 2 targets"):
        PairChunks(np.zeros(3, np.int32), np.zeros(2, np.int32))


def test_walks_are_written_by_name(tmp_path):
    path = tmp_path / "walks.txt"
    with walk_file(path, ["a", 7, ("x",)]) as file:
        file.write(np.array([0, 1, 2, 1]), np.array([0, 3, 4]))
    assert path.read_text(encoding="utf-8") == "a 7 ('x',)\n7\n"
    with walk_file(None, []) as file:
        assert file is None


def test_an_interrupted_file_is_no_file(tmp_path):
    with pytest.raises(KeyboardInterrupt), walk_file(tmp_path / "walks", ["a"]) as file:
        file.write(np.array([0]), np.array([0, 1]))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["two words", "", "line\n", "\ufeffa"])
def test_names_that_are_no_words_can_not_be_written(tmp_path, name):
    with pytest.raises(ValueError, match="rename that node"):
        WalkFile(None, ["a", name])


def test_walks_of_names_that_look_alike_are_refused(tmp_path):
    with (
        pytest.raises(ValueError, match="one word of a text file"),
        walk_file(tmp_path / "walks", [1, "1"]),
    ):
        pass


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_the_suffix_of_walks_compresses(tmp_path, suffix):
    path = tmp_path / f"walks{suffix}"
    with walk_file(path, ["ä", "b"]) as file:
        file.write(np.array([0, 1, 1]), np.array([0, 2, 3]))
    with files.open_binary(path) as written:
        assert written.read() == "ä b\nb\n".encode()
