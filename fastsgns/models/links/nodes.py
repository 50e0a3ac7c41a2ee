"""NodeEmbedding: vectors of the nodes of a graph as sources and as targets of links."""

from collections.abc import Hashable, Sequence
from typing import Any

from fastsgns.errors import CheckpointError
from fastsgns.formats import kinds
from fastsgns.graph.degrees import mean_weight
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.graph.walks.changes import Change
from fastsgns.graph.walks.files import walk_file
from fastsgns.models.callbacks import Checkpoint, checkpoints
from fastsgns.models.exclusive import exclusive, not_during
from fastsgns.models.links import growth, storage, training
from fastsgns.models.links.base import LinkModel, check_edges
from fastsgns.models.links.growth import NO_LOCKS, Links, Locks, Names, OldRows
from fastsgns.models.links.heldout import LinkCheck, check_links, hold_out
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.training import NO_REST, Counts, LinkMatrices, Rest
from fastsgns.models.links.walks import ALPHAS, Task, choose_kinds, direction_weight, make_parts
from fastsgns.runtime.progress import ShowProgress
from fastsgns.training.every import Every
from fastsgns.training.sharing import NegativeSharing
from fastsgns.training.unfinished import Call, Unfinished, unfinished_of


class NodeEmbedding(LinkModel):
    """Vectors of nodes, learned from random walks by skip-gram with negative sampling.

    In each pair (u, v) of nodes, the vector of u as a **source** learns to predict the vector of v
    as a **target**. `task` selects the pairs for a purpose: "links" to predict and recommend links,
    "labels" to compare nodes and to predict their labels. `walks` selects them directly:

    ============ ==================================================================================
    walks        pairs
    ============ ==================================================================================
    "forward"    Walks along the edges. The pairs are a node and each of the next `window_size`
                 nodes of the walk, in this order only.
    "undirected" Walks along edges in either direction. The pairs are a node and each node within
                 `window_size` before or after it. This is DeepWalk, and with `p` and `q` node2vec.
    "app"        Walks that stop after each step with probability `stop`. The pair is the first and
                 the last node, a sample of rooted PageRank. This is APP.
    "nerd"       Walks that follow edges forward and backward in turn, so that their nodes are
                 source, target, source, ... The pairs are the first node and each node of the other
                 role. In half of the walks the first node is a target, which predicts sources.
                 With `joint`, it also predicts the nodes of its own role. This is NERD.
    "edges"      The pairs are edges, drawn in proportion to their weight. This is LINE with
                 second-order proximity.
    "metapath"   Walks along edges in either direction, whose nodes have the types of `metapath` in
                 turn. The pairs are those of "undirected". This is metapath2vec.
    "temporal"   Walks along the edges, whose times ascend. The pairs are those of "forward" in a
                 directed graph, and those of "undirected" in an undirected one. This is CTDNE.
    "A+B"        Two of these, such as "undirected+nerd". Each kind trains half of the dimensions.
                 The score of a link is the mean of the scores of both halves.
    ============ ==================================================================================

    Negative samples are targets, drawn in proportion to ``(in-degree + w) ** ns_exponent``, where w
    is the mean weight of an edge. For "undirected" walks the degree is the sum of both degrees. If
    a target predicts sources, negative samples are sources, drawn by out-degree. w is added so that
    nodes without in-edges are drawn too. Otherwise their products with sources would stay at 0,
    above those of many links.

    `score` and `recommend` add what the vectors leave out: the logarithms of the degrees, which
    negative samples take out, and the direction, which walks in either direction do not tell.

    The threads that train generate the walks, in C. Walks are not stored.
    `fastsgns.graph.walks.walker` explains how their steps are drawn.

    Parameters
    ----------
    graph : DirectedGraph, or anything that `DirectedGraph.of` accepts, optional
        The graph that `fit` learns from if it is called without one.
    dimensions : int
        Length of each vector. `vector_size` is another name.
    walk_length : int, optional
        Maximum number of nodes per walk. The default is 40 for "undirected" and "metapath", 4 for
        "nerd" and 80 for others. Walks of "edges" always have 2 nodes. With two kinds of walks,
        this parameter and the next two are those of the first kind, and the second has its
        defaults.
    num_walks : int, optional
        Number of walks per node. The default is 50 for "forward", 25 for "undirected", 800 for
        "app" and 300 for "nerd", whose walks give fewer pairs. For "edges" it is the number of
        draws per edge, with a default of 100. For "metapath" it is the number of walks per metapath
        and node of its first type, with a default of 25, and for "temporal" the number of walks per
        edge, with a default of 10.
    window_size : int, optional
        Maximum distance in a walk between the nodes of a pair. The default is 3 for "forward" and
        "temporal", and 10 for "undirected" and "metapath". `window` is another name.
    p, q : float
        Return and in-out parameters of node2vec, for "forward" and "undirected". The weight of a
        step back to the previous node is multiplied by 1 / p. The weight of a step to a node
        without an edge from the previous node is multiplied by 1 / q.
    walks : str, optional
        A kind of walks, or two joined by "+". The default is "undirected+nerd" for the task
        "links" with two matrices. It is "undirected" otherwise, and if `p` or `q` is not 1, which
        makes the model node2vec.
    matrices : {"two", "tied", "tied+bias", "tied+reflect"}
        Whether sources and targets have a matrix each ("two") or share one. A shared matrix can
        have a bias per target ("tied+bias"), or the opposite sign in half of the coordinates of
        sources ("tied+reflect"). With "tied" and "tied+reflect", u -> v and v -> u have the same
        score. See `fastsgns.matrices.MatrixLayout`.
    negative : int
        Number of negative samples per pair.
    alpha : float, optional
        Learning rate at the start; it falls linearly. The default is 0.04 for the task "links" and
        0.02 for "labels".
    min_alpha : float
        Learning rate at the end. One above `alpha`, with which the rate rises, is a warning.
    epochs : int
        Number of passes. Each pass draws new walks.
    ns_exponent : float
        Exponent of the degree in the noise distribution. With 0, the vectors themselves learn how
        popular targets are. With 0.75, they learn how much more often than by chance a target is
        linked to, and `score` adds the rest.
    sample : float
        Subsampling threshold, for walks that have windows. Nodes whose share of all targets is
        above it are randomly dropped from walks; 0 disables subsampling.
    shrink_windows : bool
        Draw the window of each node uniformly from 1, ..., `window_size`.
    stop : float
        Probability that a walk of "app" ends after a step.
    joint : bool
        Whether "nerd" also trains on pairs of two sources and of two targets.
    negative_sharing : {"window", "pair", "batch", "block"}
        Which pairs share negative samples, as in Word2Vec; "pair", with none, is several times
        slower. "app", "nerd" and "edges" train on a list of pairs, not on windows: there all other
        modes share them among 8 pairs.
    workers : int, optional
        Number of threads; by default one per core.
    seed : int or None
        With one worker, results are the same for the same seed. None draws a seed for initial
        vectors and negative samples; the walks are then those of seed 0.
    compute_loss : bool
        Whether to compute `epoch_losses`.
    walks_file : path, optional
        Also write the walks to this file, one per line. With "app", "nerd" and "edges" they are
        pairs of a source and a target. A file name that ends in .gz, .bz2 or .xz is compressed.
    progress : bool, callable or None
        Whether to show progress bars. None: on a terminal or in a notebook. A callable is called
        with a `fastsgns.models.callbacks.ProgressReport` instead, as in `Word2Vec`.
    deterministic : bool
        Whether the result is the same for any number of `workers`, bit for bit, at some cost; see
        docs/deterministic.md.
    task : {"links", "labels"}
        What the vectors are for. It sets the defaults of `walks` and `alpha`.
    check : bool
        With the task "links", `fit` holds out a hundredth of the edges, but at most 1,000, from
        training. It warns if the scores of the model rank them worse than the degrees of their
        nodes do, by more than three standard errors. Each node keeps an edge in each role. Graphs
        of fewer than 5,000 edges, of almost all pairs, or with times are not checked. All edges are
        known links, and count in the degrees that scores add.
        Graphs with times are not checked, and neither are walks along metapaths, which do not see
        all edges.
    metapath : list of types, or list of such lists, optional
        The types of the nodes of a walk of "metapath", such as ``["author", "paper", "author"]``.
        The last type is the first one, because walks repeat the metapath. With several metapaths,
        each has walks of its own. The graph must have types (`DirectedGraph.types`).
    strict_times : bool
        Whether each edge of a walk of "temporal" is later than the one before. By default it may
        have the same time. The edges must have times (`DirectedGraph.times`).

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the n nodes as sources and as targets. Models of one matrix have the same
        vectors for both, up to the signs of "tied+reflect".
    target_bias : ndarray of float32, shape (n,), or None
        The bias of each target, with "tied+bias".
    epoch_losses : list of float
        Mean loss per pair of each epoch.
    epochs_trained : int
        Number of epochs trained.
    link_check : LinkCheck or None
        The result of the check of the last `fit` in this process.
    unfinished : Unfinished or None
        What `resume` would train: the rest of a call that ended early.

    References
    ----------
    Perozzi, Al-Rfou, Skiena (2014), "DeepWalk"; Grover, Leskovec (2016), "node2vec"; Tang et al.
    (2015), "LINE"; Zhou et al. (2017), "Scalable Graph Embedding for Asymmetric Proximity" (APP);
    Khosla et al. (2019), "Node Representation Learning for Directed Graphs" (NERD); Dong, Chawla,
    Swami (2017), "metapath2vec"; Nguyen et al. (2018), "Continuous-Time Dynamic Network Embeddings"
    (CTDNE). The modules of `fastsgns.graph.walks` cite the sections.

    Examples
    --------
    >>> follows = [("ann", "bob"), ("bob", "cid"), ("cid", "dan"), ("dan", "ann"), ("eve", "bob")]
    >>> graph = DirectedGraph.from_edges(*zip(*follows))
    >>> model = NodeEmbedding(dimensions=8, walks="nerd", workers=1).fit(graph)
    >>> model.score("ann", "bob") > model.score("bob", "ann")
    True
    >>> model.recommend("ann", topn=1, exclude_known=False)[0][0]
    'bob'
    """

    epoch_losses: list[float]
    epochs_trained: int
    epochs_begun: int
    unfinished: Unfinished | None = None
    rest: Rest = NO_REST

    def __init__(
        self,
        graph: Any = None,
        dimensions: int = 128,
        walk_length: int | None = None,
        num_walks: int | None = None,
        window_size: int | None = None,
        p: float = 1.0,
        q: float = 1.0,
        walks: str | None = None,
        matrices: LinkMatrices = "two",
        negative: int = 5,
        alpha: float | None = None,
        min_alpha: float = 0.0001,
        epochs: int = 1,
        ns_exponent: float = 0.75,
        sample: float = 0.0,
        shrink_windows: bool = True,
        stop: float = 0.15,
        joint: bool = False,
        negative_sharing: NegativeSharing = "window",
        workers: int | None = None,
        seed: int | None = 1,
        compute_loss: bool = False,
        walks_file: Any = None,
        progress: ShowProgress = None,
        task: Task = "links",
        check: bool = True,
        metapath: Sequence[Hashable] | None = None,
        strict_times: bool = False,
        deterministic: bool = False,
    ) -> None:
        self.graph = graph
        self.task, self.check = task, check
        self.link_check: LinkCheck | None = None
        self.dimensions, self.walk_length, self.num_walks = dimensions, walk_length, num_walks
        self.window_size, self.p, self.q, self.walks = window_size, p, q, walks
        self.matrices, self.negative, self.ns_exponent = matrices, negative, ns_exponent
        self.alpha, self.min_alpha, self.epochs = alpha, min_alpha, epochs
        self.sample, self.shrink_windows = sample, shrink_windows
        self.stop, self.joint = stop, joint
        self.metapath, self.strict_times = metapath, strict_times
        self.deterministic = deterministic
        self.negative_sharing, self.workers, self.seed = negative_sharing, workers, seed
        self.compute_loss, self.walks_file, self.progress = compute_loss, walks_file, progress
        training.check_parameters(self)

    @exclusive
    def fit(
        self,
        graph: Any = None,
        y: Any = None,
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "NodeEmbedding":
        """Learn vectors of the nodes of a graph, and forget what was learned before.

        Parameters
        ----------
        graph : DirectedGraph, or anything that `DirectedGraph.of` accepts, optional
            By default the graph given to the constructor.
        y
            Ignored; scikit-learn's pipelines pass it.
        checkpoint : str or os.PathLike, optional
            File to save the model to during training, and at its end; a folder if the path ends
            with a slash. If the process is killed, `resume` continues from it. See
            docs/checkpoints.md.
        every : int, str or datetime.timedelta, optional
            From one save to `checkpoint` to the next: a number of epochs (default 1), or a duration
            such as ``"10 min"``, ``"30 s"`` or ``"2 h"``, which also saves within an epoch.

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        ValueError
            If there is no graph, the graph has no edges, a parameter is out of its range, or two
            parameters exclude each other.
        MemoryError
            If the vectors do not fit the free memory.
        FloatingPointError
            If the vectors overflow because `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C. The model keeps what it has learned so far.
        """
        savers = checkpoints(checkpoint, every)
        graph = self._graph_to_learn(graph)
        training.check_parameters(self)
        left = training.new_call(self, "fit", self.epochs, graph.n_edges, _weight(graph))
        return self._train(graph, left, savers)

    @exclusive
    def partial_fit(
        self,
        graph: Any = None,
        y: Any = None,
        epochs: int | None = None,
        old_rows: OldRows = "free",
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "NodeEmbedding":
        """Continue training on all of a graph, which may have new nodes.

        `graph` is the whole graph, with its old and new edges. `update` trains only where it has
        changed. New nodes start at means (`fastsgns.models.links.growth`). `alpha` falls again from
        its start. New walks are drawn. Negative samples are drawn by the degrees in this graph.
        Links learned before remain in `known`. A model that is not fitted starts from scratch, as
        in `fit`.

        Parameters
        ----------
        graph
            As for `fit`. Required after `load`, because files do not contain the graph.
        y
            Ignored.
        epochs : int, optional
            Number of epochs. By default the parameter `epochs`.
        old_rows : {"free", "damped", "frozen"} or float
            The factor by which the updates of the vectors of old nodes are multiplied: 1, 0.1 and
            0 for the words. Frozen vectors keep their bytes.
        checkpoint, every
            As for `fit`.

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        ValueError
            If the graph lacks a node of the model, and for the reasons of `fit`. The model is then
            unchanged.
        """
        savers = checkpoints(checkpoint, every)
        return self._continue(graph, "partial_fit", epochs, old_rows, savers)

    @exclusive
    def update(
        self,
        graph: Any = None,
        y: Any = None,
        epochs: int | None = None,
        old_rows: OldRows = "free",
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "NodeEmbedding":
        """Learn what has changed in a graph: new nodes, new edges and edges that are gone.

        `graph` is the whole graph as it is now. It is compared with the links in `known`, and walks
        start at a node as often as in `fit`, multiplied by the share of its edges that have
        changed (`fastsgns.graph.walks.changes`). If nothing has changed, nothing is trained. A
        change of weights or times alone is not noticed. Afterwards the edges of this graph are the
        known links. All else is as in `partial_fit`.

        Parameters
        ----------
        graph, y, epochs, old_rows, checkpoint, every
            As for `partial_fit`.

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        ValueError
            As for `partial_fit`.

        Examples
        --------
        >>> edges = [(i, (i + k) % 50) for i in range(50) for k in (1, 2)]
        >>> model = NodeEmbedding(dimensions=8, workers=1).fit(edges)
        >>> model.update([*edges, ("new", 7), ("new", 8), (6, "new")]).source["new"].shape
        (8,)
        """
        return self._continue(graph, "update", epochs, old_rows, checkpoints(checkpoint, every))

    @exclusive
    def resume(
        self, graph: Any = None, *, checkpoint: Any = None, every: Every | None = None
    ) -> "NodeEmbedding":
        """Continue a call of `fit`, `partial_fit` or `update` that ended before its last epoch.

        What is left has the learning rates and the random numbers that it would have had without
        the stop. With ``workers=1``, the model that is resumed from a checkpoint is therefore, bit
        for bit, that of training without a stop. After Ctrl-C, the chunks that were being trained
        are trained again.

        Parameters
        ----------
        graph
            The same graph as before. Required after `load`, because files do not contain them.
        checkpoint, every
            As for `fit`.

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        RuntimeError
            If no such call ended early.
        ValueError
            If the graph has other names or another number of edges.

        Examples
        --------
        >>> def stop(report):
        ...     return report.epoch == 2
        >>> edges = [(i, (i + k) % 50) for i in range(50) for k in (1, 2)]
        >>> model = NodeEmbedding(dimensions=8, workers=1, epochs=5, progress=stop).fit(edges)
        >>> model.epochs_trained
        1
        >>> model.progress = None
        >>> model.resume(edges, checkpoint="nodes.fastsgns").epochs_trained
        5
        """
        left = unfinished_of(self)
        savers = checkpoints(checkpoint, every)
        self.check_fitted()
        graph = self._graph_to_learn(graph)
        training.check_parameters(self)
        training.check_layout(self)
        left = left.with_settings(training.settings_of_links(self))
        left.check_data(graph.n_edges, _weight(graph), "edges", "a graph")
        if list(graph.names) != self.source.index_to_key:
            raise ValueError(
                "the nodes of the graph are not those of the model, or in another order; give the "
                f"graph that the training began with, or call {left.call}()"
            )
        return self._train(graph, left, savers, is_resumed=True)

    @exclusive
    def remove(self, names: Any) -> "NodeEmbedding":
        """Remove nodes, with their vectors and known links. Nothing is trained.

        The vectors of other nodes stay as they are, and so do their degrees in `source_counts` and
        `target_counts`, until `partial_fit` or `update` counts those of a graph.

        Parameters
        ----------
        names : name, or list or array of names

        Returns
        -------
        NodeEmbedding
            The model itself.

        Raises
        ------
        NotFittedError
            Before `fit`.
        KeyError
            If a name is unknown.
        ValueError
            If no node would remain.
        """
        self.check_fitted()
        kept = growth.without(self.source, names)
        growth.keep(self, Names.of(self, kept, kept))
        training.forget_rest(self)
        return self

    def _continue(
        self, graph: Any, call: Call, epochs: int | None, old_rows: OldRows,
        savers: tuple[Checkpoint, ...],
    ) -> "NodeEmbedding":  # fmt: skip
        """Check all arguments, and train from the current vectors, if there are any."""
        graph = self._graph_to_learn(graph)
        training.check_parameters(self)
        n_epochs = training.check_epochs(self, epochs)
        factor = growth.old_row_factor(old_rows)
        left = training.new_call(self, call, n_epochs, graph.n_edges, _weight(graph))
        if not hasattr(self, "source"):
            return self._train(graph, left, savers)
        training.check_layout(self)
        if self.is_directed is None and self.walks is None:  # a model of version 0.1.0
            self.walks = "forward" if graph.is_directed else "undirected"
        if self.is_directed not in (None, graph.is_directed):
            raise ValueError(
                f"the model was fitted to {_kind(self.is_directed)} graph, and {graph!r} is "
                f"{_kind(graph.is_directed)} one; give "
                f"DirectedGraph.of(edges, directed={self.is_directed})"
            )
        missing = [name for name in self.source.index_to_key if name not in graph.ids]
        if missing:
            raise ValueError(
                f"the graph lacks {len(missing)} of the {len(self.source)} nodes of the model, "
                f"such as {missing[0]!r:.60}; give the whole graph, with old and new edges, or "
                "first remove() these nodes"
            )
        names = list(graph.names)
        return self._train(graph, left, savers, Names.of(self, names, names), factor)

    @property
    def n_blocks(self) -> int:
        """The number of blocks of dimensions, one for each kind of walks."""
        return len(choose_kinds(self))

    @property
    def default_alpha(self) -> float:
        """The learning rate at the start if `alpha` is None."""
        return ALPHAS[self.task]

    def _is_checked(self) -> bool:
        # Walks along metapaths do not see all edges
        return self.check and self.task == "links" and self.metapath is None

    def _graph_to_learn(self, graph: Any) -> DirectedGraph:
        graph = self.graph if graph is None else graph
        if graph is None:
            raise ValueError("there is no graph to learn from; give fit() one")
        learned = DirectedGraph.of(graph)
        check_edges(learned)
        return learned

    def _held_out(self, graph: DirectedGraph, left: Unfinished) -> LinkSplit | None:
        """Return the edges that a `fit` holds out, for its check; None if it makes none."""
        self.link_check = None
        is_checked = left.call == "fit" and self._is_checked()
        return hold_out(graph, self._check_seed) if is_checked else None

    @property
    def _check_seed(self) -> int:
        return 0 if self.seed is None else self.seed & training.MASK

    def _train(
        self,
        graph: DirectedGraph,
        left: Unfinished,
        savers: tuple[Checkpoint, ...],
        names: Names | None = None,
        old_row_factor: float = 1.0,
        is_resumed: bool = False,
    ) -> "NodeEmbedding":
        """Train what is left of a call, and check what a fit has learned.

        The model starts with the vectors that `names` have, or from scratch if it is None; if it is
        resumed, it has them. All checks are made before the model is changed. Edges that are held
        out are known, but not trained on.
        """
        kinds = choose_kinds(self)
        split = self._held_out(graph, left)
        learned = graph if split is None else split.train
        former = self._former_links(left, names, is_resumed)
        is_update = left.call == "update"
        change = Change.of(graph, former.sources, former.targets) if former and is_update else None
        known = KnownLinks.of_graph(graph)
        if former is not None and not is_update:
            known = known.with_pairs(former.sources, former.targets)

        def finish() -> None:
            if self.unfinished is None or not is_update:  # what is left compares with the former
                self.known = known
            if split is not None:
                training.set_priors(self, self._counts(graph))

        with walk_file(self.walks_file, graph.names) as file:
            parts = make_parts(self, kinds, learned, file, change)
            if not is_resumed:
                first = former if is_update else known  # it has not learned the change yet
                self._start(graph, names, first)
                locks = NO_LOCKS if names is None else Locks.of_old_rows(names, old_row_factor)
                self.rest = Rest(former if is_update else None, locks)
            try:
                training.train(self, parts, self._counts(learned), left, savers, finish)
            except CheckpointError:  # the training has ended
                self._check_links(split)
                raise
        finish()
        self._check_links(split)
        return self

    def _check_links(self, split: LinkSplit | None) -> None:
        """Check what a fit has learned on the edges that it held out, if any."""
        if split is not None:
            self.link_check = check_links(self, split, self._check_seed)

    def _former_links(
        self, left: Unfinished, names: Names | None, is_resumed: bool
    ) -> KnownLinks | None:
        """Return the links that were known before a call that continues training, if any."""
        if is_resumed:
            is_new = left.call == "fit"
            return None if is_new else self.rest.former if left.call == "update" else self.known
        if names is None or self.known is None:
            return None
        return self.known.moved(names.source_origin, names.target_origin)

    def _start(self, graph: DirectedGraph, names: Names | None, known: KnownLinks | None) -> None:
        """Create the vectors of the nodes of a graph, or those of new nodes, and set the links."""
        if names is not None:
            training.grow(self, names, lambda: Links.of_graph(graph), known)
            return
        names_of_rows = list(graph.names)
        training.initialize(self, names_of_rows, names_of_rows)
        self.known, self.is_directed = known, graph.is_directed

    def _counts(self, graph: DirectedGraph) -> Counts:
        """Return the degrees that scores add."""
        weight = direction_weight(choose_kinds(self), graph)
        return Counts(graph.out_degrees, graph.in_degrees, mean_weight(graph), weight)

    @not_during
    def save(self, path: Any) -> None:
        """Write the vectors, the known links and the parameters to one file, atomically.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
            A path that ends with a slash is a folder of several files; see docs/checkpoints.md.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `source` or `target` was replaced, or their names no longer match.
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        storage.save(self, path, storage.NODES)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "NodeEmbedding":
        """Read what `save` wrote; with ``mmap="r"`` the vectors are mapped instead of read.

        While a file is mapped, no other program may change it in place or truncate it, which can
        end the process (SIGBUS). Replacing it by a new file, as `save` does, is safe.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, storage.NODES, path, mmap)


def _weight(graph: DirectedGraph) -> float:
    """Return the weight of all edges."""
    return float(graph.out_degrees.sum())


def _kind(is_directed: bool) -> str:
    return "a directed" if is_directed else "an undirected"
