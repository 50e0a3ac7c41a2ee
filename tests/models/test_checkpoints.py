"""Trainings are saved as they go on, and resumed to the bytes of those without a stop.

The clock of these tests ticks once whenever it is read: between two chunks.
"""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import toy
from classes import content

import fastsgns
from fastsgns import DirectedGraph, FastText, GloVe, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint

SENTENCES = toy.sentences(300)
WORDS = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 3, "progress": False}
LINKS = {"dimensions": 8, "workers": 1, "epochs": 3, "progress": False, "compute_loss": True}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 90}") for i in range(90) for k in (1, 2)]
MORE = [*EDGES, *((f"m{i}", f"n{7 * i % 90}") for i in range(30))]
PAIRS = EDGES * 15
TYPES = {f"n{i}": "ab"[i % 2] for i in range(90)}


class ByBatches(Word2Vec):
    """Is trained by batches, because it overrides a method."""

    def _raw_word_count(self, job: Any) -> int:
        return sum(map(len, job))


@dataclass(frozen=True)
class Training:
    """A call that trains, and how it is resumed.

    Attributes
    ----------
    train : callable
        ``train(**how)`` makes a model and trains it; `how` are `checkpoint` and `every`.
    data : object
        The argument of ``resume``.
    cls : type, optional
        The class to load, if the file does not tell.
    """

    train: Callable[..., Any]
    data: Any = None
    cls: Any = None

    def load(self, path: Any) -> Any:
        return self.cls.load(path) if self.cls else fastsgns.load(path)

    def resume(self, model: Any, **how: Any) -> None:
        data = self.data
        if isinstance(model, GloVe):
            data = model.count(data)
        model.resume(data, **how)


def words(cls: type = Word2Vec, **options: Any) -> Training:
    settings = WORDS | {"compute_loss": True, "batch_words": 500} | options
    return Training(lambda **how: cls(SENTENCES, **settings, **how), SENTENCES, cls)


def glove(**options: Any) -> Training:
    return Training(lambda **how: GloVe(SENTENCES, **WORDS | options, **how), SENTENCES)


def nodes(graph: Any = EDGES, **options: Any) -> Training:
    model = lambda: NodeEmbedding(**LINKS | {"num_walks": 4, "seed": 3} | options)  # noqa: E731
    return Training(lambda **how: model().fit(graph, **how), graph)


def then(training: Training, call: str, data: Any, **options: Any) -> Training:
    def train(**how: Any) -> Any:
        return getattr(training.train(), call)(data, epochs=2, **options, **how)

    return Training(train, data)


def trained_words(**how: Any) -> Word2Vec:
    model = Word2Vec(**WORDS, sg=1)
    model.build_vocab(SENTENCES)
    more = {"start_alpha": 0.04, "end_alpha": 0.01, "word_count": 700, "compute_loss": True}
    model.train(SENTENCES, total_examples=300, epochs=3, **more, **how)
    return model


TYPED = DirectedGraph.of(
    [(u, v, i % 7) for i, (u, v) in enumerate(EDGES)], node_types=TYPES, times=3
)
FITTED = Training(lambda: PairEmbedding(**LINKS).fit(PAIRS))
TRAININGS = {
    "Word2Vec": words(sg=1, negative_sharing="block", alpha=0.01),
    "Word2Vec, CBOW and tree": words(hs=1),
    "Word2Vec, softmax": words(sg=1, softmax=1, negative=0),
    "Word2Vec, a bias": words(sg=1, matrices="tied+bias"),
    "Word2Vec, biases": words(sg=1, matrices="tied+bias", bias="both"),
    "Word2Vec, three matrices": words(sg=1, matrices="three", coupling=10),
    "Word2Vec, train": Training(trained_words, SENTENCES),
    "Word2Vec, by batches": words(ByBatches, sg=1),
    "FastText": words(FastText, bucket=2000),
    "FastText, biases": words(FastText, bucket=2000, sg=1, matrices="tied+bias", bias="word"),
    "FastText, floret": words(FastText, bucket=300, hash_count=2),
    "GloVe": glove(),
    "GloVe, tied": glove(matrices="tied"),
    "NodeEmbedding": nodes(),
    "NodeEmbedding, one kind": nodes(walks="undirected", p=0.5, matrices="tied+bias"),
    "NodeEmbedding, nerd": nodes(walks="nerd", num_walks=40, joint=True),
    "NodeEmbedding, app": nodes(walks="app", num_walks=50),
    "NodeEmbedding, edges": nodes(walks="edges", num_walks=20),
    "NodeEmbedding, typed": nodes(TYPED, walks="metapath+temporal", metapath=["a", "b", "a"]),
    "NodeEmbedding, partial_fit": then(nodes(), "partial_fit", MORE, old_rows="damped"),
    "NodeEmbedding, update": then(nodes(), "update", MORE, old_rows="frozen"),
    "PairEmbedding": Training(lambda **how: PairEmbedding(**LINKS).fit(PAIRS, **how), PAIRS),
    "PairEmbedding, partial_fit": then(FITTED, "partial_fit", MORE * 9, old_rows="damped"),
    "PairEmbedding, update": then(FITTED, "update", MORE * 9),
}
EVERIES = {"epochs": 2, "a duration": "3 s"}


@pytest.fixture(autouse=True)
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the clock of checkpoints."""
    ticking = itertools.count()
    monkeypatch.setattr(callbacks, "clock", lambda: float(next(ticking)))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[Any]:
    """Keep a copy of each checkpoint; return their paths."""
    copies: list[Any] = []
    save = Checkpoint._save

    def save_and_keep(self: Checkpoint, model: Any) -> None:
        save(self, model)
        copies.append(shutil.copy(self.path, tmp_path / f"copy-{len(copies)}"))

    monkeypatch.setattr(Checkpoint, "_save", save_and_keep)
    return copies


@pytest.mark.parametrize("every", EVERIES)
@pytest.mark.parametrize("name", TRAININGS)
def test_each_checkpoint_is_resumed_to_the_same_bytes(name, every, kept, tmp_path):
    training, path = TRAININGS[name], tmp_path / "checkpoint"
    whole = content(training.train())
    saved = training.train(checkpoint=path, every=EVERIES[every])
    assert content(saved) == whole
    assert content(fastsgns.load(path)) == whole
    copies, within = list(kept), 0
    for copied in (copies[0], *copies[1:-1][:: max(1, len(copies) // 3)], copies[-1]):
        model = training.load(copied)
        left = model.unfinished
        if left is None:
            assert copied == copies[-1] or content(model) == whole
            continue
        within += any(place.n_chunks for place in left.places)
        training.resume(model, checkpoint=path, every=EVERIES[every])
        assert model.unfinished is None
        assert content(model) == whole
        assert content(fastsgns.load(path)) == whole
    assert (within > 0) == (every == "a duration")
