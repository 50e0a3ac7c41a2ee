"""zeugma: imports the downloader beside KeyedVectors; averages vectors of texts."""

import sys

from gensim.models import Word2Vec
from zeugma.embeddings import EmbeddingTransformer

wv = Word2Vec([["the", "sea"], ["the", "land"]] * 50, vector_size=8, min_count=1, workers=1).wv
vectors = EmbeddingTransformer(model=wv).transform(["the sea", "the land"])
assert vectors.shape == (2, 8)
print("done", sys.modules["gensim"].__version__)
