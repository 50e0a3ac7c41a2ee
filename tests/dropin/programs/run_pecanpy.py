"""PecanPy: second-order walks in numba, trained by Word2Vec with ``seed=None``."""

import sys
from pathlib import Path

import networkx as nx
from pecanpy.pecanpy import SparseOTF

edges = nx.karate_club_graph().edges()
Path("karate.edg").write_text("".join(f"{a}\t{b}\n" for a, b in edges))
graph = SparseOTF(p=1, q=0.5, workers=1, verbose=False)
graph.read_edg("karate.edg", weighted=False, directed=False)
vectors = graph.embed(dim=8, num_walks=5, walk_length=20, window_size=3, epochs=1)
assert vectors.shape == (34, 8)
print("done", sys.modules["gensim"].__version__)
