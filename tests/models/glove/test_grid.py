"""GloVe with deterministic=True: the same bytes for any number of workers."""

import itertools
import os

import numpy as np
import pytest
import reference_glove as reference
from ctrl_c import pressed_in

import fastsgns.models.glove.grid as grid_module
from fastsgns import EncodedCorpus, GloVe
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.models.glove import epoch as glove_epoch
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.models.glove.grid import Grid

SMALL = {"vector_size": 10, "min_count": 1, "epochs": 3, "progress": False, "deterministic": True}
TIED = pytest.mark.parametrize("matrices", ["two", "tied"])


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    rng = np.random.default_rng(1)
    return EncodedCorpus.from_iterable(
        [(300 * rng.random(15) ** 2).astype(int).tolist() for _ in range(1500)]
    )


@pytest.fixture(scope="module")
def counts(corpus) -> Cooccurrences:
    counts = Cooccurrences.from_corpus(corpus, window=5)
    assert len(counts) > 30_000
    return counts


def state(model: GloVe) -> list[bytes]:
    stores = [array for store in model.arrays.stores for array in (store.vectors, store.columns)]
    return [array.tobytes() for array in (*stores, *model.arrays.squares)]


@pytest.mark.parametrize("is_tied", [False, True])
@pytest.mark.parametrize("n_words", [1, 2, 3, 10, 75_000])
@pytest.mark.parametrize("n_cells", [1, 600, 5_000, 10**6, 10**9])
def test_rounds_have_all_blocks_once_and_no_row_twice(n_words, n_cells, is_tied):
    grid = Grid(n_words, n_cells, is_tied, seed=3)
    n_parts = len(grid.table)
    assert 1 <= n_parts <= n_words and (n_parts % 2 or not is_tied)
    assert n_cells / n_parts**2 <= 32768 * 1.1 or n_parts >= n_words - is_tied
    pairs = {block: np.argwhere(grid.table == block) for block in range(grid.n_blocks)}
    rounds = grid.rounds()
    assert sorted(block for blocks in rounds for block in blocks) == list(range(grid.n_blocks))
    for blocks in rounds:
        touched = [pairs[block] for block in blocks]
        assert all((each == each[0]).all() or is_tied for each in touched)
        inputs = [part for each in touched for part in np.unique(each[:, 0])]
        outputs = [part for each in touched for part in np.unique(each[:, 1])]
        assert len(set(inputs)) == len(inputs) == len(set(outputs)) == len(outputs) == n_parts


def test_parts_have_equally_many_frequent_words():
    parts = Grid(1000, 10**6, False, seed=3).parts
    n_parts = parts.max() + 1
    assert n_parts == 44
    for start in range(0, 1000 - n_parts, n_parts):
        assert sorted(parts[start : start + n_parts]) == list(range(n_parts))
    assert parts[:n_parts].tolist() != Grid(1000, 10**6, False, seed=4).parts[:n_parts].tolist()


@TIED
def test_each_block_has_the_cells_of_its_parts(counts, matrices):
    grid = Grid(len(counts.vocabulary), len(counts), matrices == "tied", seed=5)
    cells = ShuffledCells(counts, 100.0, 0.75, seed=1, memory_budget=0, grid=grid)
    assert cells.n_blocks == grid.n_blocks > 20
    found = []
    for block in range(cells.n_blocks):
        rows, columns = cells.block(block)[:, 0], cells.block(block)[:, 1]
        assert (grid.table[grid.parts[rows], grid.parts[columns]] == block).all()
        found += list(zip(rows.tolist(), columns.tolist()))
    assert sorted(found) == list(zip(counts.rows.tolist(), counts.columns.tolist()))


@TIED
def test_workers_do_not_change_a_byte(counts, matrices):
    models = [
        GloVe(cooccurrences=counts, matrices=matrices, workers=workers, **SMALL)
        for workers in (1, 2, 3, 16)
    ]
    for model in models[1:]:
        assert state(model) == state(models[0])
        assert model.epoch_losses == models[0].epoch_losses
    other = GloVe(cooccurrences=counts, matrices=matrices, **SMALL | {"deterministic": False})
    assert state(other) != state(models[0])


def test_counting_and_training_a_text_do_not_depend_on_workers(corpus):
    sentences = [[f"w{word}" for word in sentence] for sentence in corpus]
    models = [GloVe(sentences, workers=workers, **SMALL) for workers in (1, 2, 3, 16)]
    for model in models[1:]:
        assert model.vocabulary.words == models[0].vocabulary.words
        assert state(model) == state(models[0])


@TIED
def test_one_thread_that_trains_all_blocks_does_the_same(counts, matrices):
    """The textbook twin trains the blocks one after another, in float64."""
    model = GloVe(cooccurrences=counts, matrices=matrices, workers=2, **SMALL | {"epochs": 1})
    twin = GloVe(matrices=matrices, **SMALL)
    twin._allocate(counts)
    rows = [np.vstack([s.vectors.T, s.columns]).T.astype(np.float64) for s in twin.arrays.stores]
    squares = [np.ones_like(each) for each in rows]
    rows, squares = [rows[0], rows[-1]], [squares[0], squares[-1]]
    grid = Grid(len(counts.vocabulary), len(counts), matrices == "tied", twin._seed(1))
    blocks = [[] for _ in range(grid.n_blocks)]
    for i, j, x in zip(counts.rows, counts.columns, counts.weights):
        blocks[grid.table[grid.parts[i], grid.parts[j]]].append((i, j, x))
    rng, loss = np.random.default_rng([1, 2, 1]), 0.0
    rounds = [grid.rounds()[number] for number in rng.permutation(len(grid.rounds()))]
    streams = iter(rng.integers(0, 2**64 - 1, grid.n_blocks, np.uint64, endpoint=True))
    for block in (block for blocks_of_round in rounds for block in blocks_of_round):
        for i, j, x in reference.shuffled(blocks[block], int(next(streams))):
            f = float(reference.weighting(x, 100.0, 0.75))
            loss += reference.step(rows, squares, i, j, np.log(x), f, 0.05)
    assert model.epoch_losses[0] == pytest.approx(loss / len(counts), rel=1e-4)
    for mine, theirs in zip(model.arrays.stores, rows):
        np.testing.assert_allclose(mine.vectors, theirs[:, :-1], 1e-3, 1e-5)
        np.testing.assert_allclose(mine.columns[0], theirs[:, -1], 1e-3, 1e-5)


def test_the_objective_falls_as_far_as_in_random_order(counts):
    settings = SMALL | {"epochs": 20, "workers": 1}
    grid, random = (
        GloVe(cooccurrences=counts, **settings | {"deterministic": each}) for each in (True, False)
    )
    assert grid.epoch_losses[-1] == pytest.approx(random.epoch_losses[-1], rel=0.02)


@TIED
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_resumed_after_ctrl_c_it_is_the_same(counts, matrices, monkeypatch):
    whole = GloVe(cooccurrences=counts, matrices=matrices, workers=1, **SMALL)
    model = GloVe(matrices=matrices, workers=3, **SMALL)
    calls = itertools.count(1)
    with pressed_in(monkeypatch, glove_epoch, "train_cells", lambda: next(calls) == 100):
        model.train(counts)
    assert model.unfinished.places[0].n_chunks > 0
    assert model.epochs_trained < 3
    model.workers = 2
    model.resume(counts)
    assert state(model) == state(whole)
    assert model.epoch_losses == whole.epoch_losses


def test_it_is_saved_and_shown(counts, tmp_path):
    model = GloVe(cooccurrences=counts, workers=2, **SMALL | {"deterministic": 1})
    assert model.deterministic is True
    assert repr(model).endswith("alpha=0.05, deterministic>")
    model.save(tmp_path / "model")
    loaded = GloVe.load(tmp_path / "model")
    assert loaded.deterministic is True
    with pytest.raises(ValueError, match="deterministic is 'maybe'; allowed are False and True"):
        GloVe(deterministic="maybe")


def test_as_many_parts_as_there_are_threads_to_use(monkeypatch):
    assert [len(Grid(10**5, n, False, 1).table) for n in (10**5, 10**7, 10**9)] == [13, 64, 174]
    monkeypatch.setattr(grid_module, "MOST_PARTS", 8)
    assert len(Grid(10**5, 10**6, False, 1).table) == 8
    assert len(Grid(10**5, 10**6, True, 1).table) == 7
