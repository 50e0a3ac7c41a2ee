"""fastnode2vec: overrides ``_do_train_job``, and replaces each sentence by a random walk."""

import sys

import networkx as nx
import numpy as np
from fastnode2vec import Graph, Node2Vec

graph = nx.newman_watts_strogatz_graph(60, 6, 0.02, seed=1)
model = Node2Vec(
    Graph(graph.edges(), directed=False, weighted=False, verbose=False),
    dim=16, walk_length=40, window=5, p=0.5, q=2, workers=2, sample=0,
)  # fmt: skip
model.train(epochs=20, verbose=False)
near = np.mean([model.wv.similarity(i, (i + 1) % 60) for i in range(60)])
far = np.mean([model.wv.similarity(i, (i + 30) % 60) for i in range(60)])
assert near > far + 0.1, (near, far)
print("done", sys.modules["gensim"].__version__)
