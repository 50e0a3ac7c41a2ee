"""One small object of every class that can be saved, for tests of what all of them must do."""

import numpy as np

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    GloVe,
    KeyedVectors,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
)
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.models.links.factors import HOPE, STRAP
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

EDGES = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]
SMALL = {"vector_size": 2, "min_count": 1, "workers": 1, "progress": False}


def vectors():
    """Make three vectors with counts."""
    kv = KeyedVectors(2)
    kv.add_vectors(list("abc"), np.arange(6, dtype=np.float32).reshape(3, 2))
    for index, word in enumerate("abc"):
        kv.set_vecattr(word, "count", 3 - index)
    return kv


def corpus():
    """Encode a corpus of three words."""
    return EncodedCorpus.from_iterable([list("abcab")] * 5)


SAVABLE = {
    "KeyedVectors": vectors,
    "Word2Vec": lambda: Word2Vec([list("abc")] * 5, sample=0, **SMALL),
    "GloVe": lambda: GloVe(corpus(), **SMALL),
    "NodeEmbedding": lambda: NodeEmbedding(
        dimensions=2, num_walks=1, walk_length=2, workers=1, progress=False
    ).fit(EDGES),
    "PairEmbedding": lambda: PairEmbedding(dimensions=2, workers=1, progress=False).fit(EDGES),
    "HOPE": lambda: HOPE(dimensions=2, progress=False).fit(EDGES),
    "STRAP": lambda: STRAP(dimensions=2, progress=False).fit(EDGES),
    "PPMI": lambda: PPMI(corpus()),
    "SVDVectors": lambda: SVDVectors(PPMI(corpus()), 2),
    "EncodedCorpus": corpus,
    "Cooccurrences": lambda: Cooccurrences.from_corpus(corpus(), window=2),
    "DirectedGraph": lambda: DirectedGraph.of(EDGES),
}
