"""BERTopic's backend for word vectors: asks whether the type says gensim, and averages."""

import sys

import gensim
from bertopic.backend._utils import select_backend

sentences = [["the", "sea"], ["the", "land"]] * 50
wv = gensim.models.Word2Vec(sentences, vector_size=8, min_count=1, workers=1).wv
backend = select_backend(wv)
assert type(backend).__name__ == "GensimBackend", backend
vectors = backend.embed_documents(["the sea", "the land", "nothing known"])
assert vectors.shape == (3, 8)
assert vectors[0].any()
print("done", sys.modules["gensim"].__version__)
