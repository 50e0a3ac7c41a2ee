"""The similarity indexes and the coherence of a real gensim, on our KeyedVectors."""

import numpy as np
import pytest
import toy
from optional import need

from fastsgns import KeyedVectors, Word2Vec

pytest.importorskip("gensim", exc_type=ImportError)
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel, TfidfModel
from gensim.models import KeyedVectors as GensimVectors
from gensim.similarities import (
    SoftCosineSimilarity,
    SparseTermSimilarityMatrix,
    WmdSimilarity,
    WordEmbeddingSimilarityIndex,
)

TEXTS = toy.sentences(100)


@pytest.fixture(scope="module")
def vectors() -> tuple[KeyedVectors, GensimVectors]:
    """The same vectors, as ours and as gensim's."""
    ours = Word2Vec(TEXTS, vector_size=10, min_count=1, workers=1, sample=0, seed=1).wv
    theirs = GensimVectors(10)
    theirs.add_vectors(ours.index_to_key, ours.vectors)
    return ours, theirs


def test_similarities_of_terms(vectors):
    dictionary = Dictionary(TEXTS)
    documents = [dictionary.doc2bow(text) for text in TEXTS]
    found = []
    for wv in vectors:
        index = WordEmbeddingSimilarityIndex(wv, threshold=0.1, exponent=2.0)
        terms = dict(index.most_similar("fruit1", topn=np.uint32(6)))
        matrix = SparseTermSimilarityMatrix(index, dictionary, TfidfModel(dictionary=dictionary))
        soft = SoftCosineSimilarity(documents[:20], matrix)[documents[50]]
        found.append((terms, matrix.matrix.toarray(), soft))
    (terms, matrix, soft), (expected_terms, expected_matrix, expected_soft) = found
    assert len(terms) == 6
    assert terms == pytest.approx(expected_terms, rel=1e-5)
    np.testing.assert_allclose(matrix, expected_matrix, rtol=1e-5)
    np.testing.assert_allclose(soft, expected_soft, rtol=1e-5)


def test_distances_of_documents(vectors):
    need("ot")
    ours, theirs = (dict(WmdSimilarity(TEXTS[:20], wv, num_best=5)[TEXTS[50]]) for wv in vectors)
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(ours) == 5


def test_coherence_of_topics(vectors):
    topics = [["fruit1", "fruit2", "fruit3"], ["fruit1", "metal2", "river3"]]
    ours, theirs = (
        CoherenceModel(
            topics=topics,
            texts=TEXTS,
            dictionary=Dictionary(TEXTS),
            coherence="c_w2v",
            keyed_vectors=wv,
        ).get_coherence_per_topic()
        for wv in vectors
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert ours[0] > ours[1]
