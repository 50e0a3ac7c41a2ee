"""karateclub: DeepWalk, Node2Vec, Walklets and Diff2Vec, which train hierarchical softmax."""

import sys

import networkx as nx
import numpy as np
from karateclub import DeepWalk, Diff2Vec, Node2Vec, Walklets

graph = nx.newman_watts_strogatz_graph(60, 6, 0.02, seed=1)
for method in (DeepWalk, Node2Vec, Walklets, Diff2Vec):
    settings = {"diffusion_number": 5, "diffusion_cover": 20} if method is Diff2Vec else {}
    model = method(dimensions=16, workers=2, epochs=5, **settings)
    model.fit(graph)
    vectors = model.get_embedding()
    assert len(vectors) == 60, method
    assert np.isfinite(vectors).all(), method
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = np.mean([unit[i] @ unit[(i + 1) % 60] for i in range(60)])
    far = np.mean([unit[i] @ unit[(i + 30) % 60] for i in range(60)])
    assert near > far + 0.1, (method, near, far)
print("done", sys.modules["gensim"].__version__)
