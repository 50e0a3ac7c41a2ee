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
    FastText,
    FrozenPhrases,
    GloVe,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    PairEmbedding,
    PathLineSentences,
    Phrases,
    Word2Vec,
)
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.graph import (
    Labels,
    LinkSplit,
    classify,
    evaluate_links,
    evaluate_recommendations,
)
from fastsgns.models.links import HOPE, STRAP, FastRP, JointScore, ProNE
from fastsgns.models.ppmi import PPMI, SVDVectors
from fastsgns.vectors.fasttext import FastTextKeyedVectors

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
    ask : callable
        Asks an object something; the answer can be compared. A query takes a key as well.
    train : callable, optional
        Trains an object, again.
    is_savable : bool
    is_query : bool
        Whether ``ask(thing, key)`` asks about a key.
    is_result : bool
        Whether a function computes the object, and users do not.
    """

    make: Callable[[], Any]
    ask: Callable[..., Any]
    train: Callable[[Any], Any] | None = None
    is_savable: bool = True
    is_query: bool = False
    is_result: bool = False


def query(
    make: Callable[[], Any],
    ask: Callable[..., Any],
    train: Callable[[Any], Any] | None = None,
    is_savable: bool = True,
) -> Case:
    """Return the case of a class that answers queries about keys."""
    return Case(make, ask, train, is_savable, is_query=True)


def vectors() -> KeyedVectors:
    """Make three vectors with counts."""
    kv = KeyedVectors(2)
    kv.add_vectors(list("abc"), np.arange(6, dtype=np.float32).reshape(3, 2))
    for index, word in enumerate("abc"):
        kv.set_vecattr(word, "count", 3 - index)
    return kv


def subword_vectors(**options: Any) -> FastTextKeyedVectors:
    """Make vectors of words whose n-grams are longer than the word "absent"."""
    words = ["aluminium", "aluminous", "magnesium", "magnesia"]
    kv = FastTextKeyedVectors(2, min_n=9, max_n=10, bucket=1000, **options)
    kv.add_vectors(words, np.zeros((4, 2)), extras={"count": np.array([4, 3, 2, 1])})
    for rows in (kv.vectors_vocab, kv.vectors_ngrams):
        rows[:] = np.arange(rows.size).reshape(rows.shape) % 7
    kv.adjust_vectors()
    return kv


def word2vec(**options: Any) -> Word2Vec:
    return Word2Vec(SENTENCES, compute_loss=True, **SMALL | options)


def fasttext(**options: Any) -> FastText:
    return FastText(SENTENCES, compute_loss=True, **SMALL | {"bucket": 5000} | options)


def phrases() -> Phrases:
    return Phrases(SENTENCES, min_count=1, threshold=2, connector_words=["metal1"])


def nodes() -> NodeEmbedding:
    return NodeEmbedding(num_walks=2, **FEW).fit(EDGES)


def typed_graph() -> DirectedGraph:
    """Make a graph with types and times."""
    types = {f"n{i}": "ab"[i % 2] for i in range(20)}
    return DirectedGraph.of(
        [(u, v, i % 7) for i, (u, v) in enumerate(EDGES)], node_types=types, times=3
    )


def split() -> LinkSplit:
    return LinkSplit.of(DirectedGraph.of(EDGES))


def labels() -> Labels:
    return Labels.of({node: ["red"] if node % 2 else ["round", "blue"] for node in range(8)})


def near(model: Any, key: Any = "metal1") -> list[tuple[Any, float]]:
    return model.wv.most_similar(key, topn=3)


def recommended(model: Any, key: Any = "n1") -> list[tuple[Any, float]]:
    return model.recommend(key, topn=3)


def train_words(model: Any) -> None:
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)


def train_links(model: Any) -> None:
    model.fit(EDGES)


CLASSES = {
    "Word2Vec": query(word2vec, near, train_words),
    "Word2Vec, tree": query(lambda: word2vec(hs=1, negative=0), near, train_words),
    "Word2Vec, one matrix": query(
        lambda: word2vec(matrices="tied+bias", bias="word"), near, train_words
    ),
    # No queries: a word that is absent has a vector
    "FastText": Case(fasttext, near, train_words),
    "FastText, tree": Case(lambda: fasttext(hs=1, negative=0), near, train_words),
    "FastText, one matrix": Case(
        lambda: fasttext(matrices="tied+bias", bias="word"), near, train_words
    ),
    "FastText, floret": Case(lambda: fasttext(hash_count=2, bucket=300), near, train_words),
    "FastText, no subwords": query(lambda: fasttext(max_n=0), near, train_words),
    "GloVe": query(
        lambda: GloVe(SENTENCES, **SMALL), near, lambda model: model.train(model.count(SENTENCES))
    ),
    "NodeEmbedding": query(nodes, recommended, train_links),
    "NodeEmbedding, typed": query(
        lambda: NodeEmbedding(
            num_walks=2, walks="metapath+temporal", metapath=["a", "b", "a"], **FEW
        ).fit(typed_graph()),
        recommended,
        lambda model: model.fit(typed_graph()),
    ),
    "PairEmbedding": query(lambda: PairEmbedding(**FEW).fit(EDGES), recommended, train_links),
    "HOPE": query(lambda: HOPE(4, progress=False).fit(EDGES), recommended, train_links),
    "STRAP": query(lambda: STRAP(4, progress=False).fit(EDGES), recommended, train_links),
    "FastRP": query(lambda: FastRP(4, progress=False).fit(EDGES), recommended, train_links),
    "ProNE": query(lambda: ProNE(4, progress=False).fit(EDGES), recommended, train_links),
    "JointScore": query(
        lambda: JointScore(nodes(), DirectedGraph.of(EDGES)), recommended, is_savable=False
    ),
    "KnownLinks": Case(
        lambda: nodes().known, lambda known: known.targets_of(1).tolist(), is_savable=False
    ),
    "PPMI": query(
        lambda: PPMI(SENTENCES, min_count=1),
        lambda ppmi, key="metal1": ppmi.most_similar(key, topn=3),
    ),
    "SVDVectors": query(lambda: SVDVectors(PPMI(SENTENCES, min_count=1), 4), near),
    "KeyedVectors": query(vectors, lambda kv, key="a": kv.most_similar(key)),
    "FastTextKeyedVectors": query(
        subword_vectors, lambda kv, key="aluminiumoxide": kv.most_similar(key)
    ),
    "FastTextKeyedVectors, floret": Case(
        lambda: subword_vectors(hash_count=2),
        lambda kv: [kv.most_similar("aluminium"), kv["aluminiumoxide"].tolist()],
    ),
    "Roles": query(
        lambda: word2vec().roles,
        lambda roles, key="output": roles[key].vectors.tolist(),
        is_savable=False,
    ),
    "EncodedCorpus": Case(lambda: EncodedCorpus.from_iterable(SENTENCES), list),
    "Phrases": Case(
        phrases,
        lambda model: [model.export_phrases(), dict(model.vocab), list(model[SENTENCES])],
        lambda model: model.add_vocab(SENTENCES),
    ),
    "FrozenPhrases": Case(
        lambda: FrozenPhrases(phrases()),
        lambda frozen: [frozen.phrasegrams, list(frozen[SENTENCES])],
    ),
    "DirectedGraph": Case(lambda: DirectedGraph.of(EDGES), lambda graph: list(graph.edges())),
    "DirectedGraph, typed": Case(
        typed_graph, lambda graph: [*graph.edges(), graph.types.counts(), graph.times.tolist()]
    ),
    "Cooccurrences": Case(
        lambda: Cooccurrences.from_corpus(SENTENCES), lambda counts: counts.weights.tolist()
    ),
    "LinkSplit": Case(
        split, lambda held: [ids.tolist() for ids in held.negatives()], is_savable=False
    ),
    "LinkScores": Case(
        lambda: evaluate_links({"nodes": nodes()}, split())[0],
        str,
        is_savable=False,
        is_result=True,
    ),
    "Recall": Case(
        lambda: evaluate_recommendations({"nodes": nodes()}, split())[0],
        str,
        is_savable=False,
        is_result=True,
    ),
    "Labels": Case(labels, lambda table: table.members.tolist(), is_savable=False),
    "F1": Case(lambda: classify(np.eye(8), labels())[0], str, is_savable=False, is_result=True),
    "LineSentence": Case(lambda: LineSentence(TEXT), list, is_savable=False),
    "PathLineSentences": Case(lambda: PathLineSentences(TEXT), list, is_savable=False),
}
SAVABLE = {name: case.make for name, case in CLASSES.items() if case.is_savable}


def content(thing: Any) -> bytes:
    """Return all that a file holds of an object but for times, or else what it answers."""
    if not hasattr(thing, "save"):
        return repr(CLASSES[type(thing).__name__].ask(thing)).encode()
    if isinstance(thing, Word2Vec):
        thing.total_train_time, thing.lifecycle_events = 0.0, None
    file = io.BytesIO()
    thing.save(file)
    return file.getvalue()
