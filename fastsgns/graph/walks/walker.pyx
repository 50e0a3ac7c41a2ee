"""Random walks over a graph, straight into the buffers of ids that a kernel trains on.

A walk moves along the edges between `Neighbours`, drawn in proportion to their weights: a
draw picks one of all alike where there are no weights, else a slot of the node's alias table, both
in O(1). All kinds of walks are made of this step:

    uniform, weighted     until it is `length` nodes long, or where there is no edge to go on
    node2vec              a step from t over v to x is weighted by 1 / p if x = t, by 1 if there is
                          an edge from t to x, else by 1 / q (Grover, Leskovec 2016, "node2vec:
                          Scalable Feature Learning for Networks", section 3.2.2)
    rooted                ends after each step with the probability `stop`: its end is drawn from
                          the root's personalised PageRank, of at least one step (Zhou, Liu, Liu,
                          Liu, Gao 2017, "Scalable Graph Embedding for Asymmetric Proximity")
    alternating           edges forward and backward in turn, so that every second node plays the
                          first one's role (Khosla, Leonhardt, Nejdl, Anand 2019, "Node
                          Representation Learning for Directed Graphs")

node2vec's weights are met by rejection: a neighbour drawn without them is taken with the
probability of its weight over the larger of 1 and 1 / q, else another is drawn. Where 1 / p is more
than that, what it has beyond is a share of the draw of its own (Yang, Zhang, Chen, Ma, Chen 2019,
"KnightKing: A Fast Distributed Graph Random Walk Engine"), so that a small p refuses
no more. So no table by edge pairs is needed, and memory stays O(edges). After `MOST_REFUSED`
refusals the step is drawn exactly: what was refused has no influence on what follows, so the
probabilities stay the same, and a node whose only neighbour is unwelcome holds nobody up. Where
1 / q is the lowest weight this takes O(degree) of the previous node or of the present one, the one
with fewer neighbours, so that a hub does not take time by the square of its degree.

Each walk has a random stream of its own, seeded by a draw from the caller's, so that the order in
which walks move is free: `TOGETHER` of them take turns, and while one waits for the memory of its
next node the others move.
"""

from libc.math cimport rint
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from fastsgns.graph.walks.steps cimport (
    TOGETHER, AliasSlot, Edges, Rule, Walk, next_random, random_alias, start_walks, walk_together,
)

cdef double UINT32 = 2.0 ** 32


cdef int fill_edges(Edges *edges, neighbours) except -1:
    cdef const int64_t[::1] offsets = neighbours.offsets
    cdef const int32_t[::1] targets = neighbours.targets
    cdef const float[::1] weights = neighbours.weights
    cdef const double[::1] totals = neighbours.totals
    cdef const uint32_t[:, ::1] slots = neighbours.slots
    edges.offsets = &offsets[0]
    edges.targets = &targets[0] if targets.shape[0] else NULL
    edges.weights = NULL
    edges.totals = NULL
    edges.slots = NULL
    if offsets[offsets.shape[0] - 1] != targets.shape[0]:
        raise ValueError(f"offsets up to {offsets[offsets.shape[0] - 1]} for {len(targets)} edges")
    if weights is not None and weights.shape[0]:
        if weights.shape[0] != targets.shape[0] or slots.shape[0] != targets.shape[0] or (
                slots.shape[1] != 2):
            raise ValueError("weights and slots, two numbers each, must be as many as edges")
        if totals.shape[0] != offsets.shape[0] - 1:
            raise ValueError("totals must be as many as nodes")
        edges.weights = &weights[0]
        edges.totals = &totals[0]
        edges.slots = <const AliasSlot *>&slots[0, 0]
    return 0


cdef int check_nodes(const int32_t[::1] nodes, int64_t n_nodes) except -1:
    cdef int64_t i
    for i in range(nodes.shape[0]):
        if not 0 <= nodes[i] < n_nodes:
            raise ValueError(f"walks can't start at {nodes[i]}; there are {n_nodes} nodes")
    return 0


def write_walks(neighbours, const int32_t[::1] starts not None, int64_t length, double p,
                double q, uint64_t stream, int32_t[::1] ids not None,
                int64_t[::1] offsets not None):
    """Write walks one after another; those that can't leave their start are left out.

    Parameters
    ----------
    neighbours : Neighbours
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    length : int
        Most nodes a walk.
    p, q : float
        node2vec's; 1 and 1 are walks without memory.
    stream : int
        Which random stream to use.
    ids : ndarray of int32, shape (n * length,)
        Receives the nodes.
    offsets : ndarray of int64, shape (n + 1,)
        Receives where they start: walk i is ``ids[offsets[i]:offsets[i + 1]]``.

    Returns
    -------
    n_walks : int
    stream : int
        A stream for what comes next.
    """
    cdef Edges edges
    cdef Rule rule
    cdef Walk[TOGETHER] walks
    cdef int64_t first = 0, n_walks = 0, position = 0, room, i
    cdef int k, n
    fill_edges(&edges, neighbours)
    check_nodes(starts, neighbours.offsets.shape[0] - 1)
    if length < 1 or ids.shape[0] < starts.shape[0] * length or offsets.shape[0] <= starts.shape[0]:
        raise ValueError(f"{starts.shape[0]} walks of {length} nodes do not fit the buffers")
    rule.sides[0] = rule.sides[1] = &edges
    rule.length, rule.stop = length, 0
    rule.biased = p != 1 or q != 1
    rule.back, rule.far = 1 / p, 1 / q
    rule.top = max(1, rule.far)
    with nogil:
        offsets[0] = 0
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            for k in range(n):
                walks[k].nodes = &ids[(first + k) * length]
                walks[k].nodes[0] = walks[k].at
            walk_together(&rule, walks, n)
            for k in range(n):
                room = (first + k) * length
                if walks[k].n_nodes < 2:
                    continue
                for i in range(walks[k].n_nodes if position != room else 0):
                    ids[position + i] = ids[room + i]
                position += walks[k].n_nodes
                n_walks += 1
                offsets[n_walks] = position
            first += n
    return n_walks, next_random(&stream)


def write_rooted_pairs(neighbours, const int32_t[::1] starts not None, double stop,
                       int64_t longest, uint64_t stream, int32_t[::1] sources not None,
                       int32_t[::1] targets not None):
    """Write pairs (root, end of a walk that stops after each step with probability `stop`).

    A walk also ends after `longest` steps, and where there is no edge to go on. Those that end at
    their root are left out.

    Parameters
    ----------
    neighbours : Neighbours
    starts : ndarray of int32, shape (n,)
        The roots.
    stop : float
        In (0, 1].
    longest : int
    stream : int
    sources, targets : ndarray of int32, shape (n,)
        Receive the pairs.

    Returns
    -------
    n_pairs, stream : int
    """
    cdef Edges edges
    cdef Rule rule
    cdef Walk[TOGETHER] walks
    cdef int64_t first = 0, n_pairs = 0
    cdef int k, n
    fill_edges(&edges, neighbours)
    check_nodes(starts, neighbours.offsets.shape[0] - 1)
    if not 0 < stop <= 1:
        raise ValueError(f"stop is {stop}; allowed are probabilities above 0")
    if min(sources.shape[0], targets.shape[0]) < starts.shape[0]:
        raise ValueError(f"{starts.shape[0]} pairs do not fit the buffers")
    rule.sides[0] = rule.sides[1] = &edges
    rule.length, rule.biased = longest + 1, False
    rule.stop = <uint32_t>min(UINT32 - 1, rint(stop * UINT32))
    with nogil:
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            walk_together(&rule, walks, n)
            for k in range(n):
                sources[n_pairs] = starts[first + k]
                targets[n_pairs] = walks[k].at
                n_pairs += starts[first + k] != walks[k].at
            first += n
    return n_pairs, next_random(&stream)


def write_alternating_pairs(there, back, const int32_t[::1] starts not None, int64_t length,
                            uint64_t stream, int32_t[::1] inputs not None,
                            int32_t[::1] outputs not None, bint same_role=False):
    """Write pairs (first node, node of the other role) of walks along `there` and `back` in turn.

    With the edges forward `there` and backward as `back` the first node is a source and every
    second one a target of it, or of another source of the same target, and so on; with the two
    exchanged it is a target. Of a walk of 2 nodes that is an edge. The same stream makes the same
    walks with `same_role`, which pairs the first node with the others of its role instead.

    Parameters
    ----------
    there, back : Neighbours
    starts : ndarray of int32, shape (n,)
    length : int
        Most nodes a walk.
    stream : int
    inputs, outputs : ndarray of int32, shape (n * (length // 2),)
        Receive the pairs.
    same_role : bool
        Pair nodes of the same role; the first node is not paired with itself.

    Returns
    -------
    n_pairs, stream : int
    """
    cdef Edges forward, backward
    cdef Rule rule
    cdef Walk[TOGETHER] walks
    cdef int64_t first = 0, n_pairs = 0, i
    cdef int k, n
    cdef int32_t *nodes
    fill_edges(&forward, there)
    fill_edges(&backward, back)
    check_nodes(starts, there.offsets.shape[0] - 1)
    if there.offsets.shape[0] != back.offsets.shape[0]:
        raise ValueError("both directions must have the same nodes")
    if length < 1 or min(inputs.shape[0], outputs.shape[0]) < starts.shape[0] * (length // 2):
        raise ValueError(f"{starts.shape[0]} walks of {length} nodes do not fit the buffers")
    rule.sides[0], rule.sides[1] = &forward, &backward
    rule.length, rule.biased, rule.stop = length, False, 0
    nodes = <int32_t *>malloc(TOGETHER * length * sizeof(int32_t))
    if nodes == NULL:
        raise MemoryError("no memory for walks under way")
    with nogil:
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            for k in range(n):
                walks[k].nodes = nodes + k * length
            walk_together(&rule, walks, n)
            for k in range(n):
                for i in range(1 + same_role, walks[k].n_nodes, 2):
                    inputs[n_pairs] = starts[first + k]
                    outputs[n_pairs] = walks[k].nodes[i]
                    n_pairs += not same_role or inputs[n_pairs] != outputs[n_pairs]
            first += n
        free(nodes)
    return n_pairs, next_random(&stream)


def draw_nodes(const uint32_t[:, ::1] table not None, uint64_t stream,
               int32_t[::1] nodes not None):
    """Fill `nodes` from an alias table (`fastsgns.sampling.alias_table`); a stream for the rest."""
    cdef int64_t i
    cdef uint32_t n = <uint32_t>table.shape[0]
    if n == 0:
        raise ValueError("nothing to draw from")
    with nogil:
        for i in range(nodes.shape[0]):
            nodes[i] = random_alias(&stream, <const AliasSlot *>&table[0, 0], n)
    return next_random(&stream)
