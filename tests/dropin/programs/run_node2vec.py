"""node2vec: walks in processes of joblib, a model, and vectors of edges."""

import sys

import networkx as nx
from node2vec import Node2Vec
from node2vec.edges import HadamardEmbedder

if __name__ == "__main__":
    graph = nx.karate_club_graph()
    walker = Node2Vec(graph, dimensions=16, walk_length=20, num_walks=50, workers=2, quiet=True)
    model = walker.fit(window=5, min_count=1, batch_words=4, workers=1, seed=1)
    assert "gensim" in str(type(model))
    neighbours = [name for name, _ in model.wv.most_similar("33", topn=10)]
    assert len({"32", "8", "30", "15", "18", "20", "22"} & set(neighbours)) >= 3, neighbours
    model.wv.save_word2vec_format("nodes.txt")
    model.save("nodes.model")
    edges = HadamardEmbedder(keyed_vectors=model.wv)
    assert edges[("1", "2")].shape == (16,)
    assert len(edges.as_keyed_vectors()) == 34 * 35 // 2
    print("done", sys.modules["gensim"].__version__)
