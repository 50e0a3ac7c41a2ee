"""Which rows workers copy, and training with copies in threads."""

import numpy as np
import pytest
from objectives import COUNTS, WINDOW, make_objective

from fastsgns import NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.training import hotrows
from fastsgns.training.examples import TokenChunks
from fastsgns.training.trainer import Schedule, Trainer

BOTH = COUNTS, COUNTS


@pytest.fixture
def setting(monkeypatch):
    monkeypatch.setenv("FASTSGNS_HOT_ROWS", "auto")
    return lambda value: monkeypatch.setenv("FASTSGNS_HOT_ROWS", value)


def sentences(n=300, seed=1):
    rng = np.random.default_rng(seed)
    return [[f"w{int(30 * u * u)}" for u in rng.random(12)] for _ in range(n)]


def test_two_or_more_workers_have_copies(setting):
    objective = make_objective(**WINDOW)
    assert hotrows.choose(objective, BOTH, 1, 10_000) is None
    hot = hotrows.choose(objective, BOTH, 2, 10_000)
    assert len(hot.input_ids) == hotrows.fitting_rows(objective.input.shape[1] * 8)
    assert hotrows.choose(make_objective(n_batch_rows=4, negative=0), BOTH, 2, 10_000) is None
    assert hotrows.choose(make_objective(apart=True), BOTH, 2, 10_000) is not None
    assert hotrows.choose(make_objective(apart=True, coupling=10.0), BOTH, 2, 10_000) is None


def test_rows_that_a_chunk_seldom_uses_have_no_copies(setting):
    counts = np.array([1000, 100, 10, 1])
    hot = hotrows.choose(make_objective(counts=counts), (counts, counts), 2, 1000)
    assert set(hot.input_ids.tolist()) == {-1, 0, 1}  # 16 of 1000 tokens is the least


def test_the_variable_decides(setting):
    objective = make_objective(**WINDOW)
    setting("0")
    assert hotrows.choose(objective, BOTH, 4, 10_000) is None
    setting("3")
    assert hotrows.choose(objective, BOTH, 4, 10_000).input_ids.tolist() == [0, 1, 2, 3]
    setting("")
    assert hotrows.choose(objective, BOTH, 4, 10_000) is None
    setting(" auto ")
    assert len(hotrows.choose(objective, BOTH, 4, 10_000).input_ids) > 4


@pytest.mark.parametrize("value", ["-1", "many", "65537", "2.5", "٣"])
def test_a_wrong_value_of_the_variable(setting, value):
    setting(value)
    with pytest.raises(ValueError, match="expected auto, 0 for no copies"):
        hotrows.choose(make_objective(), BOTH, 2, 10_000)


def test_the_trainer_chooses_for_its_threads(setting):
    ids, offsets = np.zeros(3000, np.int32), np.array([0, 3000])
    chunks, schedule = TokenChunks(ids, offsets), Schedule(0.025, 0.001, 3000, 1)

    def copies(n_workers, counts):
        trainer = Trainer(make_objective(), chunks, schedule, 1, n_workers, row_counts=counts)
        return trainer.objective.hot

    assert copies(1, BOTH) is None
    assert copies(2, None) is None
    step = hotrows.steps(make_objective())[0]
    assert copies(2, BOTH).input_step == step / 2
    assert copies(64, BOTH).input_step == step / len(chunks.starts)  # no more threads run


@pytest.mark.parametrize(
    "mode",
    [
        {"negative_sharing": "pair"},
        {"negative_sharing": "window"},
        {"negative_sharing": "block", "matrices": "tied+bias", "bias": "both"},
        {"matrices": "three", "coupling": 1},
        {"sg": 0},
        {"hs": 1, "negative": 0},
        {"softmax": 1, "negative": 0},
    ],
)
def test_words_train_with_copies_in_threads(setting, mode):
    setting("8")
    options = {"vector_size": 12, "min_count": 1, "workers": 3, "epochs": 2, "progress": False}
    model = Word2Vec(sentences(), compute_loss=True, **options | {"sg": 1} | mode)
    assert np.isfinite(model.wv.vectors).all()
    assert np.isfinite(model.epoch_losses).all()


@pytest.mark.parametrize("walks", ["undirected", "forward", "app", "nerd", "edges"])
def test_nodes_train_with_copies_in_threads(setting, walks):
    setting("16")
    edges = np.random.default_rng(0).integers(0, 60, (2, 800))
    graph = DirectedGraph.from_edges(*edges)
    options = {"walk_length": None} if walks == "edges" else {"walk_length": 10}
    model = NodeEmbedding(
        dimensions=8, workers=3, epochs=2, num_walks=20, walks=walks, progress=False, **options
    )
    model.fit(graph)
    assert np.isfinite(model.source.vectors).all()


def test_pairs_train_with_copies_in_threads(setting):
    setting("16")
    pairs = [(f"a{i % 50}", f"b{i % 7}") for i in range(5000)]
    model = PairEmbedding(dimensions=8, workers=3, epochs=2, progress=False).fit(pairs)
    assert np.isfinite(model.source.vectors).all()


def test_bytes_of_copies(setting):
    row_bytes = 4 * 112
    assert hotrows.copies_bytes(row_bytes, 2, 1) == 0
    assert hotrows.copies_bytes(row_bytes, 2, 3) == 3 * 2 * 2 * 256 * row_bytes
    setting("5")
    assert hotrows.copies_bytes(row_bytes, 1, 2) == 2 * 2 * 8 * row_bytes
    setting("0")
    assert hotrows.copies_bytes(row_bytes, 2, 3) == 0
