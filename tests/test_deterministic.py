"""`deterministic=True`: every class and objective has the same bytes for any number of workers.

Small corpora would have one shard per round, which one thread trains; here they have several.
"""

import copy
import io
import itertools
import shutil

import numpy as np
import pytest
import toy
from classes import content

import fastsgns
from fastsgns import DirectedGraph, FastText, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint
from fastsgns.training import replicas, rounds, trainer

SENTENCES = toy.sentences(300)
WORKERS = 1, 2, 3, 16
WORDS = {"vector_size": 8, "min_count": 1, "epochs": 2, "progress": False, "compute_loss": True}
LINKS = {"dimensions": 8, "epochs": 2, "progress": False, "compute_loss": True}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 90}") for i in range(90) for k in (1, 2)]
MORE = [*EDGES, *((f"m{i}", f"n{7 * i % 90}") for i in range(30))]
PAIRS = EDGES * 15
TYPED = DirectedGraph.of(
    [(u, v, i % 7) for i, (u, v) in enumerate(EDGES)],
    node_types={f"n{i}": "ab"[i % 2] for i in range(90)}, times=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def several_shards(monkeypatch):
    """Make the rounds of small corpora of several shards."""
    monkeypatch.setattr(rounds, "ROUNDS_PER_EPOCH", 6)
    monkeypatch.setattr(rounds, "LEAST_ROUNDS", 1)
    monkeypatch.setattr(rounds, "SHARD_TOKENS", (20, 2000))
    monkeypatch.setattr(rounds, "USUAL_SHARD", 20)
    n_shards = []
    call = rounds.LocalRounds.__call__

    def noted(self, objective, chunks, shards, report):
        n_shards.append(len(shards))
        return call(self, objective, chunks, shards, report)

    monkeypatch.setattr(rounds.LocalRounds, "__call__", noted)
    yield
    assert max(n_shards) > 1


def words(cls=Word2Vec, **options):
    def train(workers, **how):
        return cls(SENTENCES, workers=workers, deterministic=True, **WORDS | options, **how)

    return train


def subwords(**options):
    return words(FastText, **{"bucket": 2000} | options)


def nodes(graph=EDGES, **options):
    def train(workers, **how):
        settings = LINKS | {"num_walks": 10, "seed": 3} | options
        return NodeEmbedding(workers=workers, deterministic=True, **settings).fit(graph, **how)

    return train


def pairs(**options):
    def train(workers, **how):
        settings = LINKS | options
        return PairEmbedding(workers=workers, deterministic=True, **settings).fit(PAIRS, **how)

    return train


def then(train, call, data, **options):
    def train_more(workers, **how):
        return getattr(train(workers), call)(data, epochs=2, **options, **how)

    return train_more


def locked(workers, **how):
    """Some rows do not learn, and some learn half as fast."""
    model = Word2Vec(workers=workers, deterministic=True, sg=1, **WORDS)
    model.build_vocab(SENTENCES)
    model.wv.vectors_lockf = np.resize([0, 0.5, 1], len(model.wv)).astype(np.float32)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=2, **how)
    return model


def updated(workers, **how):
    """New words, after a training."""
    model = words(sg=1)(workers)
    more = [[*sentence, f"new{i % 5}"] for i, sentence in enumerate(SENTENCES)]
    model.build_vocab(more, update=True)
    model.train(more, total_examples=len(more), epochs=2, **how)
    return model


def from_file(workers, **how):
    """Threads read a file together."""
    return Word2Vec(corpus_file=__file__, workers=workers, deterministic=True, sg=1, **WORDS, **how)


TRAININGS = {
    "skip-gram": words(sg=1),
    "skip-gram, pair": words(sg=1, negative_sharing="pair"),
    "skip-gram, batch": words(sg=1, negative_sharing="batch"),
    "skip-gram, block": words(sg=1, negative_sharing="block"),
    "CBOW": words(),
    "CBOW, exact": words(cbow_gradient="exact", cbow_mean=0),
    "hierarchical softmax": words(sg=1, hs=1, negative=0),
    "hierarchical softmax and negatives": words(hs=1),
    "softmax": words(sg=1, softmax=1, negative=0),
    "softmax, CBOW": words(softmax=1, negative=0),
    "tied": words(sg=1, matrices="tied"),
    "tied, bias": words(sg=1, matrices="tied+bias"),
    "tied, bias per word": words(matrices="tied+bias", bias="word"),
    "tied, biases": words(sg=1, matrices="tied+bias", bias="both"),
    "tied, reflected": words(sg=1, matrices="tied+reflect"),
    "three matrices": words(sg=1, matrices="three", coupling=10),
    "three matrices, CBOW": words(matrices="three", coupling=10),
    "subsampled": words(sg=1, sample=1e-2, window=2, shrink_windows=False),
    "lock factors": locked,
    "new words": updated,
    "a file": from_file,
    "FastText": subwords(),
    "FastText, skip-gram": subwords(sg=1),
    "FastText, hierarchical softmax": subwords(sg=1, hs=1, negative=0),
    "FastText, softmax": subwords(softmax=1, negative=0),
    "FastText, tied": subwords(sg=1, matrices="tied+bias", bias="word"),
    "FastText, three matrices": subwords(sg=1, matrices="three", coupling=10),
    "floret": subwords(bucket=300, hash_count=2),
    "nodes": nodes(),
    "nodes, node2vec": nodes(walks="undirected", p=0.5, matrices="tied+bias", sample=0.1),
    "nodes, forward": nodes(walks="forward", task="labels", negative_sharing="pair"),
    "nodes, nerd": nodes(walks="nerd", num_walks=40, joint=True),
    "nodes, tied nerd": nodes(walks="nerd", num_walks=40, joint=True, matrices="tied+reflect"),
    "nodes, app": nodes(walks="app", num_walks=50),
    "nodes, edges": nodes(walks="edges", num_walks=40),
    "nodes, typed": nodes(TYPED, walks="metapath+temporal", metapath=["a", "b", "a"]),
    "nodes, partial_fit": then(nodes(), "partial_fit", MORE, old_rows="damped"),
    "nodes, update": then(nodes(), "update", MORE, old_rows="frozen"),
    "pairs": pairs(),
    "pairs, pair": pairs(negative_sharing="pair"),
    "pairs, partial_fit": then(pairs(), "partial_fit", MORE * 9, old_rows="damped"),
    "pairs, update": then(pairs(), "update", MORE * 9),
}


def bytes_of(model):
    """All that a file holds of a model, but for the number of workers and times."""
    model.workers = 1
    return content(model)


@pytest.mark.parametrize("name", TRAININGS)
def test_the_number_of_workers_changes_no_byte(name):
    found = [bytes_of(TRAININGS[name](workers)) for workers in WORKERS]
    assert all(each == found[0] for each in found)


RESUMED = {
    "skip-gram": SENTENCES, "CBOW": SENTENCES, "tied, bias": SENTENCES, "FastText": SENTENCES,
    "hierarchical softmax": SENTENCES, "nodes": EDGES, "nodes, nerd": EDGES, "nodes, update": MORE,
    "pairs": PAIRS,
}  # fmt: skip


@pytest.mark.parametrize("name", RESUMED)
def test_a_checkpoint_is_resumed_to_the_same_bytes(name, monkeypatch, tmp_path):
    """By other numbers of workers; also from the middle of an epoch."""
    copies, save = [], Checkpoint._save

    def save_and_keep(self, model):
        save(self, model)
        copies.append(shutil.copy(self.path, tmp_path / f"copy-{len(copies)}"))

    ticks = itertools.count()
    monkeypatch.setattr(callbacks, "clock", lambda: float(next(ticks)))
    monkeypatch.setattr(Checkpoint, "_save", save_and_keep)
    whole = bytes_of(TRAININGS[name](1))
    assert bytes_of(TRAININGS[name](3, checkpoint=tmp_path / "c", every="3 s")) == whole
    n_within = 0
    for workers, path in zip((2, 1, 16), copies[:-1]):
        model = fastsgns.load(path)
        n_within += any(place.n_chunks for place in model.unfinished.places)
        model.workers = workers
        model.resume(RESUMED[name])
        assert bytes_of(model) == whole
    assert n_within


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("phase", ["train", "merge"])
@pytest.mark.parametrize("name", ["skip-gram", "nodes", "pairs"])
def test_an_interrupted_round_changes_nothing(name, phase, workers, monkeypatch):
    """Ctrl-C ends training at the end of a round, from which `resume` goes on."""
    whole, made = bytes_of(TRAININGS[name](1)), []
    end_round, train = trainer.Trainer._end_round, replicas.Replica.train
    n_calls = itertools.count()

    def interrupted_merge(self, commit, start):
        if next(n_calls) == 4:
            raise KeyboardInterrupt
        end_round(self, commit, start)

    def interrupted_train(self, n_threads=1):
        tallies = train(self, n_threads)
        if next(n_calls) == 9:
            raise KeyboardInterrupt
        return tallies

    for cls in (Word2Vec, NodeEmbedding, PairEmbedding):
        start = cls.__init__
        monkeypatch.setattr(
            cls,
            "__init__",
            lambda self, *a, start=start, **o: (made.append(self), start(self, *a, **o))[0],
        )
    with monkeypatch.context() as patch:
        if phase == "merge":
            patch.setattr(trainer.Trainer, "_end_round", interrupted_merge)
        else:
            patch.setattr(replicas.Replica, "train", interrupted_train)
        with pytest.raises(KeyboardInterrupt):
            TRAININGS[name](workers)
    made[-1].resume(RESUMED[name])
    assert bytes_of(made[-1]) == whole


@pytest.mark.parametrize("walks", ["undirected", "app", "nerd", "edges"])
def test_walks_are_written_in_the_same_order(walks, tmp_path):
    found = []
    for workers in (1, 3):
        path = tmp_path / f"{workers}.txt"
        nodes(walks=walks, walks_file=path, joint=walks == "nerd")(workers)
        found.append(path.read_bytes())
    assert found[0] == found[1]
    assert found[0].count(b"\n") > 100


def test_a_subclass_that_trains_batches_trains_them_in_order():
    class Reversed(Word2Vec):
        def _do_train_job(self, sentences, alpha, inits):
            return super()._do_train_job([each[::-1] for each in sentences], alpha, inits)

    options = WORDS | {"batch_words": 200, "deterministic": True}
    found = [bytes_of(Reversed(SENTENCES, workers=workers, **options)) for workers in (1, 3)]
    assert found[0] == found[1]
    words(sg=1)(1)  # has shards, as the fixture asks for


def test_frequent_rows_have_no_copies(monkeypatch):
    monkeypatch.setenv("FASTSGNS_HOT_ROWS", "8")
    assert bytes_of(words(sg=1)(1)) == bytes_of(words(sg=1)(3))


def test_a_model_of_another_mode_is_another_model():
    model = words(sg=1)(1)
    other = Word2Vec(SENTENCES, workers=1, sg=1, **WORDS)
    assert not np.array_equal(model.wv.vectors, other.wv.vectors)
    assert toy.share_of_neighbours(words(sg=1, epochs=20)(3).wv) > 0.9


def test_deterministic_is_saved_and_may_not_change_within_an_epoch(monkeypatch, tmp_path):
    ticks = itertools.count()
    monkeypatch.setattr(callbacks, "clock", lambda: float(next(ticks)))
    copies, save = [], Checkpoint._save

    def save_and_keep(self, model):
        save(self, model)
        file = io.BytesIO()
        model.save(file)
        copies.append(file)

    monkeypatch.setattr(Checkpoint, "_save", save_and_keep)
    words(sg=1)(2, checkpoint=tmp_path / "c", every="3 s")
    copies[0].seek(0)
    model = Word2Vec.load(copies[0])
    assert model.deterministic is True
    model.deterministic = False
    with pytest.raises(ValueError, match="deterministic was True when the epoch began"):
        copy.copy(model).resume(SENTENCES)
