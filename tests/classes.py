"""Every public class, a line each: a small object of it, and what it can do."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import toy

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    GloVe,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    PairEmbedding,
    PathLineSentences,
    Word2Vec,
)
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.models.links.factors import HOPE, STRAP
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

SENTENCES = toy.sentences(40)
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 1}
FEW = {"dimensions": 8, "workers": 1}
TEXT = str(Path(toy.__file__))


@dataclass(frozen=True)
class Case:
    """A public class.

    Attributes
    ----------
    make : callable
        Makes a small object, the same each time.
    ask : callable, optional
        Asks an object something; the answer can be compared.
    train : callable, optional
        Trains an object, again.
    is_savable : bool
    """

    make: Callable[[], Any]
    ask: Callable[[Any], Any] | None = None
    train: Callable[[Any], Any] | None = None
    is_savable: bool = True


def vectors() -> KeyedVectors:
    """Make three vectors with counts."""
    kv = KeyedVectors(2)
    kv.add_vectors(list("abc"), np.arange(6, dtype=np.float32).reshape(3, 2))
    for index, word in enumerate("abc"):
        kv.set_vecattr(word, "count", 3 - index)
    return kv


def word2vec(**options: Any) -> Word2Vec:
    return Word2Vec(SENTENCES, compute_loss=True, **SMALL | options)


def near(model: Any) -> list[tuple[Any, float]]:
    return model.wv.most_similar("metal1", topn=3)


def recommended(model: Any) -> list[tuple[Any, float]]:
    return model.recommend("n1", topn=3)


def train_words(model: Any) -> None:
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)


def train_links(model: Any) -> None:
    model.fit(EDGES)


CLASSES = {
    "Word2Vec": Case(word2vec, near, train_words),
    "Word2Vec, tree": Case(lambda: word2vec(hs=1, negative=0), near, train_words),
    "Word2Vec, one matrix": Case(
        lambda: word2vec(matrices="tied+bias", bias="word"), near, train_words
    ),
    "GloVe": Case(
        lambda: GloVe(SENTENCES, **SMALL), near, lambda model: model.train(model.count(SENTENCES))
    ),
    "NodeEmbedding": Case(
        lambda: NodeEmbedding(num_walks=2, **FEW).fit(EDGES), recommended, train_links
    ),
    "PairEmbedding": Case(lambda: PairEmbedding(**FEW).fit(EDGES), recommended, train_links),
    "HOPE": Case(lambda: HOPE(4, progress=False).fit(EDGES), recommended, train_links),
    "STRAP": Case(lambda: STRAP(4, progress=False).fit(EDGES), recommended, train_links),
    "PPMI": Case(
        lambda: PPMI(SENTENCES, min_count=1), lambda ppmi: ppmi.most_similar("metal1", topn=3)
    ),
    "SVDVectors": Case(lambda: SVDVectors(PPMI(SENTENCES, min_count=1), 4), near),
    "KeyedVectors": Case(vectors, lambda kv: kv.most_similar("a")),
    "EncodedCorpus": Case(lambda: EncodedCorpus.from_iterable(SENTENCES), list),
    "DirectedGraph": Case(lambda: DirectedGraph.of(EDGES), lambda graph: list(graph.edges())),
    "Cooccurrences": Case(
        lambda: Cooccurrences.from_corpus(SENTENCES), lambda counts: counts.weights.tolist()
    ),
    "LineSentence": Case(lambda: LineSentence(TEXT), list, is_savable=False),
    "PathLineSentences": Case(lambda: PathLineSentences(TEXT), list, is_savable=False),
}
SAVABLE = {name: case.make for name, case in CLASSES.items() if case.is_savable}


def content(thing: Any) -> bytes:
    """Return all that a file holds of an object but for times, or else all that it yields."""
    if not hasattr(thing, "save"):
        return repr(list(thing)).encode()
    if isinstance(thing, Word2Vec):
        thing.total_train_time, thing.lifecycle_events = 0.0, None
    file = io.BytesIO()
    thing.save(file)
    return file.getvalue()
