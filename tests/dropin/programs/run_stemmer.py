"""generic-iterative-stemmer: trains FastText, imports WikiCorpus; stems by neighbours."""

import sys
from pathlib import Path

from generic_iterative_stemmer.models import StemmedKeyedVectors
from generic_iterative_stemmer.training.base import fast_text
from gensim.models import FastText, KeyedVectors, Word2Vec

wv = Word2Vec([["walk", "walks"], ["run", "runs"]] * 50, vector_size=8, min_count=1).wv
stemmed = StemmedKeyedVectors(wv, {"walks": "walk", "runs": "run"})
assert stemmed.get_vector("walks").shape == (8,)
Path("corpus.txt").write_text("walk walks\nrun runs\n" * 50)
model = fast_text.train("corpus.txt", "stemmer", vector_size=8, min_count=1, bucket=1000)
loaded, vectors = FastText.load("stemmer.model"), KeyedVectors.load("stemmer.kv")
assert (loaded.wv["walking"] == model.wv["walking"]).all()
assert (vectors["walking"] == model.wv["walking"]).all()
print("done", sys.modules["gensim"].__version__)
