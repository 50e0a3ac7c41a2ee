"""textaugment: replaces words by neighbours; asks whether the type of the model says gensim."""

import sys

import gensim
from textaugment.word2vec import Word2vec

sentences = [["they", "walk", "home"], ["they", "stroll", "home"], ["they", "run", "home"]] * 50
model = gensim.models.Word2Vec(sentences, vector_size=8, min_count=1, workers=1, sample=0)
model.save("augment.model")
for source in (model, "augment.model"):
    augmenter = Word2vec(model=source, v=True, runs=1, random_state=1)
    words = augmenter.augment("they walk home", top_n=2).split()
    assert len(words) == 3, words
    assert words != ["they", "walk", "home"]
print("done", sys.modules["gensim"].__version__)
