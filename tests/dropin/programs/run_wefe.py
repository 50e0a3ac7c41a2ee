"""wefe: measures the bias of vectors (WEAT) and removes it (hard debias)."""

import sys

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from wefe.metrics import WEAT
from wefe.query import Query
from wefe.word_embedding_model import WordEmbeddingModel

sentences = [["he", "man", "career"], ["she", "woman", "family"]] * 200
wv = Word2Vec(sentences, vector_size=8, min_count=1, workers=1, sample=0, sg=1, seed=1).wv
assert isinstance(wv, KeyedVectors)
query = Query([["he", "man"], ["she", "woman"]], [["career"], ["family"]])
result = WEAT().run_query(query, WordEmbeddingModel(wv, "toy"))
assert np.isfinite(result["weat"])
assert result["weat"] > 0
model = WordEmbeddingModel(wv, "toy")
assert "he" in model
assert model["he"].shape == (8,)
model.update("he", np.ones(8, np.float32))
assert (wv["he"] == 1).all()
print("done", sys.modules["gensim"].__version__)
