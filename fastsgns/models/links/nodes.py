"""NodeEmbedding: vectors of the nodes of a graph, in the roles of source and of target."""

from functools import partial
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.formats import kinds
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.walks.examples import (
    AlternatingWalks,
    EdgeSampling,
    RandomWalks,
    RootedPageRankWalks,
)
from fastsgns.graph.walks.files import WalkFile, walk_file
from fastsgns.graph.walks.neighbours import Neighbours
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import MatricesMode
from fastsgns.models.exclusive import exclusive
from fastsgns.models.links import storage as linkstorage
from fastsgns.models.links.base import check_edges
from fastsgns.models.links.training import LinkTraining
from fastsgns.training.examples import Chunks
from fastsgns.training.sharing import NegativeSharing

# Walks, and the length and number of them where these are not given.
WALKS = {
    "forward": (80, 10),
    "undirected": (80, 10),
    "app": (80, 800),
    "nerd": (10, 160),
    "edges": (2, 100),
}
SENTENCES = ("forward", "undirected")


class NodeEmbedding(LinkTraining):
    """Vectors of nodes, learned from random walks by skip-gram with negative sampling.

    In a pair (u, v) of nodes of a walk, the row of u as a **source** predicts that of v as a
    **target**. Which pairs there are is up to the walks:

    ============ ==================================================================================
    walks        pairs
    ============ ==================================================================================
    "forward"    walks along the edges; each node and those up to `window_size` steps later, never
                 the other way round
    "undirected" walks along edges in either direction; each node and those within the window on
                 both sides: DeepWalk, and with `p` and `q` node2vec
    "app"        a walk's first node and its last, where it stops after each step with probability
                 `stop`: rooted PageRank, a pair a walk
    "nerd"       walks forward and backward in turn; the first node in its role, source or target,
                 and each visited in the other one; both sides learn by predicting the other, and
                 with `joint` the first node also predicts those visited in its own role
    "edges"      the two ends of edges, drawn by weight: second-order LINE
    ============ ==================================================================================

    Negatives are targets, drawn in proportion to ``(in-degree + 1) ** ns_exponent`` (where the row
    of a target predicts sources, as half of NERD does: sources, by out-degree). The 1 lets nodes
    learn that they are nobody's target: never drawn, they would keep a score of 0, which is more
    than many links get. Walks are made in C as a
    thread needs them and are never kept; `fastsgns.graph.walks.walker` says how they are drawn.

    Parameters
    ----------
    graph : DirectedGraph, or what `DirectedGraph.of` takes, optional
        What `fit` learns from if it is given nothing else.
    dimensions : int
        Numbers a vector.
    walk_length : int, optional
        Most nodes a walk; by default 80, and 10 for "nerd". "edges" knows no other than 2.
    num_walks : int, optional
        Walks a node; by default 10 for sentences ("forward" and "undirected"), 800 for "app" and
        160 for "nerd", whose walks give few pairs; for "edges" draws an edge, by default 100.
    window_size : int
        Most steps between source and target in walks that are sentences.
    p, q : float
        node2vec's weights of returning (1 / p) and of leaving the neighbourhood (1 / q), for
        sentences.
    walks : str, optional
        By default "forward" for a directed graph, "undirected" for an undirected one.
    matrices : {"two", "tied", "tied+bias", "tied+reflect"}
        Whether the two roles have a matrix each or share one: alone, with a bias a target, or with
        half the coordinates' signs flipped (`fastsgns.matrices.MatrixLayout`). "tied" and
        "tied+reflect" score u -> v and v -> u alike.
    negative : int
        Negatives a pair.
    alpha, min_alpha : float
        Learning rate at the start and at the end; it falls linearly. The default is higher
        than that of words: graphs are learnt better so, most of all in blocks.
    epochs : int
        How often all walks are made, each time anew.
    ns_exponent : float
        Of the degree, for the negatives. With 0, scores rank targets by probability, the popular
        first; with 0.75 by how much more than by chance they are linked to. `score` and
        `recommend` can make up for it by ``popularity=True``.
    sample : float
        Nodes that are a larger share of all targets are thinned in sentences, as frequent words
        are; 0 keeps all.
    shrink_windows : bool
        Draw the window of each node uniformly from 1 .. `window_size`.
    stop : float
        "app": the probability that a walk ends after a step.
    joint : bool
        "nerd": train on pairs of two sources and of two targets as well.
    negative_sharing : {"block", "window", "pair"}
        Whether neighbouring pairs share negatives, which is several times as fast, as for Word2Vec;
        pairs that are no sentences share by 8.
    workers : int, optional
        Threads; by default one for each core.
    seed : int or None
        With one worker the same seed gives the same bytes. None draws one.
    compute_loss : bool
        Fill `epoch_losses`.
    walks_file : path, optional
        Write the walks to this file as well, one a line, or the pairs of "app", "nerd" (those of a
        source and a target) and "edges". The suffixes .gz, .bz2 and .xz compress.
    progress : bool or None
        Progress bar: yes, no, or on a terminal and in a notebook.

    Attributes
    ----------
    source, target : KeyedVectors
        Vectors by node name in either role, n of them. Models of one matrix have one for both.
    target_bias : ndarray of float32, shape (n,), or None
        What "tied+bias" adds to the scores of a target.
    epoch_losses : list of float
        Mean loss a pair.
    epochs_trained : int

    References
    ----------
    Perozzi, Al-Rfou, Skiena (2014), "DeepWalk"; Grover, Leskovec (2016), "node2vec"; Tang et al.
    (2015), "LINE"; Zhou et al. (2017), "Scalable Graph Embedding for Asymmetric Proximity"; Khosla
    et al. (2019), "Node Representation Learning for Directed Graphs".

    Examples
    --------
    >>> follows = [("ann", "bob"), ("bob", "cid"), ("cid", "dan"), ("dan", "ann"), ("eve", "bob")]
    >>> graph = DirectedGraph.from_edges(*zip(*follows))
    >>> model = NodeEmbedding(dimensions=8, window_size=1, num_walks=100, workers=1).fit(graph)
    >>> model.score("ann", "bob") > model.score("bob", "ann")
    True
    >>> model.recommend("ann", topn=1, exclude_known=False)[0][0]
    'bob'
    """

    def __init__(
        self,
        graph: Any = None,
        dimensions: int = 128,
        walk_length: int | None = None,
        num_walks: int | None = None,
        window_size: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        walks: str | None = None,
        matrices: MatricesMode = "two",
        negative: int = 5,
        alpha: float = 0.04,
        min_alpha: float = 0.0001,
        epochs: int = 1,
        ns_exponent: float = 0.75,
        sample: float = 0.0,
        shrink_windows: bool = True,
        stop: float = 0.15,
        joint: bool = False,
        negative_sharing: NegativeSharing = "block",
        workers: int | None = None,
        seed: int | None = 1,
        compute_loss: bool = False,
        walks_file: Any = None,
        progress: bool | None = None,
    ) -> None:
        self.graph = graph
        self.dimensions, self.walk_length, self.num_walks = dimensions, walk_length, num_walks
        self.window_size, self.p, self.q, self.walks = window_size, p, q, walks
        self.matrices, self.negative, self.ns_exponent = matrices, negative, ns_exponent
        self.alpha, self.min_alpha, self.epochs = alpha, min_alpha, epochs
        self.sample, self.shrink_windows = sample, shrink_windows
        self.stop, self.joint = stop, joint
        self.negative_sharing, self.workers, self.seed = negative_sharing, workers, seed
        self.compute_loss, self.walks_file, self.progress = compute_loss, walks_file, progress
        self._check()

    @exclusive
    def fit(self, graph: Any = None, y: Any = None) -> "NodeEmbedding":
        """Learn vectors of the nodes of a graph, anew.

        Parameters
        ----------
        graph : DirectedGraph, or what `DirectedGraph.of` takes, optional
            By default the one given to the constructor.
        y
            Not looked at; scikit-learn's pipelines pass it.

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        ValueError
            If there is no graph or it has no edges, a parameter is out of its range, or two don't
            go together.
        MemoryError
            If the vectors don't fit the memory that is free.
        FloatingPointError
            If the vectors overflow: `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C; the model is usable as it is then.
        """
        chosen = self._graph(graph)
        self._check()
        return self._train(chosen, self.epochs, anew=True)

    @exclusive
    def partial_fit(self, graph: Any = None, y: Any = None, epochs: int | None = None) -> Any:
        """Go on learning from a graph of the same nodes, such as one with new edges.

        Parameters
        ----------
        graph
            As for `fit`; after `load` it has to be given.
        y
            Not looked at.
        epochs : int, optional
            By default as many as `fit` makes. `alpha` falls anew; the random numbers are new ones.
            Negatives are drawn by the degrees in this graph; links known before stay known.

        Raises
        ------
        ValueError
            Also if the graph has other nodes.
        """
        if not hasattr(self, "source"):
            return self.fit(graph)
        chosen = self._graph(graph)
        if set(chosen.names) != set(self.source.index_to_key):
            raise ValueError(
                f"the graph's {chosen.n_nodes} nodes are not the {len(self.source)} that were "
                "learned; fit() learns others anew"
            )
        self._check()
        self._kind(chosen)
        n_epochs = self._chosen_epochs(epochs)
        if list(chosen.names) != self.source.index_to_key:
            self._reorder(list(chosen.names))
        return self._train(chosen, n_epochs)

    def _graph(self, graph: Any) -> DirectedGraph:
        graph = self.graph if graph is None else graph
        if graph is None:
            raise ValueError("there is no graph to learn from; give fit() one")
        chosen = DirectedGraph.of(graph)
        check_edges(chosen)
        return chosen

    def _kind(self, graph: DirectedGraph) -> str:
        """The kind of walks, once it is known to go with the other parameters."""
        kind = self.walks or ("forward" if graph.is_directed else "undirected")
        if kind not in WALKS:
            raise ValueError(f"walks is {kind!r}; allowed are {tuple(WALKS)}")
        if kind not in SENTENCES and (self.p, self.q, self.sample) != (1, 1, 0):
            raise ValueError(
                f"p, q and sample are about walks that are sentences, {SENTENCES}; with "
                f"walks={kind!r} they must be 1, 1 and 0, and are {self.p}, {self.q}, {self.sample}"
            )
        if self.joint and kind != "nerd":
            raise ValueError(f'joint is about walks="nerd"; with walks={kind!r} it must be False')
        if kind == "nerd" and self.matrices == "tied+bias":
            raise ValueError(
                'walks="nerd" also predicts sources by targets, and a bias a target has no place '
                'there; choose matrices="two" or "tied"'
            )
        return kind

    def _reorder(self, names: list[Any]) -> None:
        """Put the rows in the order of `names`."""
        order = np.array([self.source.key_to_index[name] for name in names])
        self._matrices.rearrange(order, ("input", "output"))
        sources, targets = self.known_pairs()
        ids = dict(zip(names, range(len(names))))
        for vectors in (self.source, self.target):
            vectors.key_table.reorder(order, names, ids)
        self.known, rank = None, np.argsort(order).astype(np.int32)
        self._remember(rank[sources], rank[targets])

    def _train(self, graph: DirectedGraph, epochs: int, anew: bool = False) -> "NodeEmbedding":
        """Learn; `anew` replaces what was learned, once there is nothing left to refuse."""
        kind = self._kind(graph)
        with walk_file(self.walks_file, graph.names) as file:
            chunks = self._chunks(kind, graph, file)
            if anew:
                names = list(graph.names)
                self._start(names, names)
            if self.known is None:
                self.known = graph.out_offsets, graph.out_targets
            else:
                self._remember(graph.out_sources, graph.out_targets)
            self._learn(chunks, partial(self._goal, kind, graph), epochs)
        return self

    def _goal(self, kind: str, graph: DirectedGraph) -> Objective:
        counts = graph.in_degrees
        if kind == "undirected" and graph.is_directed:
            counts = counts + graph.out_degrees
        if kind not in SENTENCES:
            return self._objective(counts + 1)
        scale = (self.num_walks or WALKS[kind][1]) * (self.walk_length or WALKS[kind][0])
        seen = counts * (scale * graph.n_nodes / counts.sum())
        return self._objective(
            counts + 1, window=self.window_size, shrink_windows=bool(self.shrink_windows),
            forward=kind == "forward", keep_thresholds=sampling.keep_thresholds(seen, self.sample),
        )  # fmt: skip

    def _chunks(self, kind: str, graph: DirectedGraph, file: WalkFile | None) -> Chunks:
        length, n_walks = WALKS[kind]
        length, n_walks = self.walk_length or length, self.num_walks or n_walks
        seed = 0 if self.seed is None else int(self.seed)
        out = Neighbours.of(graph, "both" if kind == "undirected" else "out")
        if kind in SENTENCES:
            return RandomWalks(out, length, n_walks, self.p, self.q, seed, file)
        if kind == "app":
            return RootedPageRankWalks(out, self.stop, length - 1, n_walks, seed, file)
        if kind == "edges":
            return EdgeSampling(out, graph.out_degrees, n_walks * graph.n_edges, file)
        noise = sampling.noise_distribution(graph.out_degrees + 1, self.ns_exponent)
        return AlternatingWalks(
            out, Neighbours.of(graph, "in"), (graph.out_degrees, graph.in_degrees), length,
            n_walks * graph.n_nodes, sampling.alias_table(noise), bool(self.joint), file,
        )  # fmt: skip

    def save(self, path: Any) -> None:
        """Write the model to one file, atomically: vectors, known links, parameters.

        Parameters
        ----------
        path : str, os.PathLike or binary file object

        Raises
        ------
        ValueError
            If nothing was learned yet.
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        self._normalize()
        linkstorage.save(self, path, linkstorage.NODES)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "NodeEmbedding":
        """Read what `save` wrote; with ``mmap="r"`` the vectors are mapped, not read.

        While they are mapped, no other program may change the file in place or truncate it, which
        can end the process (SIGBUS); to replace it by a new file, as `save` does, is safe.

        Raises
        ------
        FormatError
            If the file is of another kind, or damaged.
        """
        return kinds.load_as(cls, linkstorage.NODES, path, kinds.check_mmap(mmap))
