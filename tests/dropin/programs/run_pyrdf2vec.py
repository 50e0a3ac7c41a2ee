"""pyRDF2Vec: walks in a knowledge graph; imports FastText, and derives a class of its vectors."""

import sys

from pyrdf2vec import RDF2VecTransformer
from pyrdf2vec.embedders import Word2Vec
from pyrdf2vec.graphs import KG, Vertex
from pyrdf2vec.walkers import RandomWalker

graph = KG()
names = [f"http://example.org/{i}" for i in range(8)]
for i, name in enumerate(names):
    subject, obj = Vertex(name), Vertex(names[(i + 1) % 8])
    predicate = Vertex("http://example.org/next", predicate=True, vprev=subject, vnext=obj)
    graph.add_walk(subject, predicate, obj)
embedder = Word2Vec(workers=1, epochs=10, vector_size=10)
transformer = RDF2VecTransformer(embedder, walkers=[RandomWalker(3, 5, random_state=1)])
vectors, _ = transformer.fit_transform(graph, names)
assert len(vectors) == 8
assert len(vectors[0]) == 10
print("done", sys.modules["gensim"].__version__)
