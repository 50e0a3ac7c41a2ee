"""generic-iterative-stemmer: imports FastText and WikiCorpus; stems by neighbours."""

import sys

from generic_iterative_stemmer.models import StemmedKeyedVectors
from gensim.models import Word2Vec

wv = Word2Vec([["walk", "walks"], ["run", "runs"]] * 50, vector_size=8, min_count=1).wv
stemmed = StemmedKeyedVectors(wv, {"walks": "walk", "runs": "run"})
assert stemmed.get_vector("walks").shape == (8,)
print("done", sys.modules["gensim"].__version__)
