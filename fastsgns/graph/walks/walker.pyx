"""Random walks over a graph, written to the arrays of ids that a kernel trains with.

A step follows an edge of a `Neighbours` (lists of neighbours: offsets, sorted targets, weights and
alias tables). The edge is drawn in proportion to the edge weights in O(1): from the alias table of
the node, or uniformly if there are no weights. All kinds of walks consist of such steps:

    uniform, weighted     The walk ends after `length` nodes, or at a node without edges.
    node2vec              The weight of a step from t via v to x is multiplied by a bias: 1 / p if
                          x = t, 1 if there is an edge from t to x, else 1 / q (Grover, Leskovec
                          2016, "node2vec: Scalable Feature Learning for Networks", section
                          3.2.2).
    rooted                The walk ends after each step with a fixed probability. If no walk is
                          cut short (by `max_steps` or at a node without edges), the last node is
                          distributed as the personalized PageRank of the first node without the
                          term for 0 steps, scaled to the sum 1 (Zhou, Liu, Liu, Liu, Gao 2017,
                          "Scalable Graph Embedding for Asymmetric Proximity").
    alternating           The walk follows edges forward and backward in turn, so that every second
                          node has the role of the first one (Khosla, Leonhardt, Nejdl, Anand 2019,
                          "Node Representation Learning for Directed Graphs").

node2vec draws by rejection (`accepted_node` in `steps.pxd`): a neighbour is drawn in proportion to
the edge weights, and accepted with a probability in proportion to its bias. If 1 / p is the largest
bias, the excess probability of returning is drawn separately, so a small p does not increase the
rejection rate (Yang, Zhang, Chen, Ma, Chen 2019, "KnightKing: A Fast Distributed Graph Random Walk
Engine"). No table per pair of edges is needed, and memory stays O(edges).

If q > 1, most draws at a node v may be rejected. If the previous node t has far fewer neighbours
than v, the draw is split the other way: the bias 1 / q of all neighbours of v, which needs no
rejection, and the rest for the neighbours of t (`accepted_by_previous`). A hub is then left as fast
as any other node.

If a step is rejected often, a running sum over the neighbours of t, or of v, draws it without
rejection. Rejected draws have no influence on that draw, so the probabilities stay the same. The
number of draws before is limited so that they take no longer than the sum (`biased_step`).

Let d be the smaller degree of t and v. If all weights are equal, a step takes O(log(edges)) times
the smallest of

    max(1, q) / min(1, q)    the most draws
    deg(t) q / deg(v) + 1    the same, with `accepted_by_previous`
    d                        the running sum, up to a constant

For q < 1 the running sum takes deg(v), but many rejections mean that most neighbours of v are
neighbours of t too, so that d is about deg(v). A walk takes an edge (t, v) about once per 2 * edges
steps, and the sum of d over all edges is at most 2 * edges times the arboricity of the graph
(Chiba, Nishizeki 1985, "Arboricity and Subgraph Listing Algorithms", lemma 2). So the mean time of
a step does not grow with the degrees of hubs. It grows at most with the arboricity, which is 1 for
a star, and half of the degree for a complete graph. With weights, a node whose weight is mostly on
few edges may take as many draws as the ratio of the largest to the smallest of 1, 1 / p and 1 / q,
or time in proportion to its degree.

Each walk has a random stream of its own, seeded from the caller's stream, so that walks do not
depend on the order in which they take steps. `GROUP_SIZE` walks take steps in turn: while one waits
for the memory of its next node, the others move.
"""

from libc.math cimport rint
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from fastsgns.graph.walks.steps cimport (
    GROUP_SIZE, Edges, Walk, WalkRule, is_stopped, start_walks, walk_together,
)
from fastsgns.kernels.ids cimport first_invalid
from fastsgns.kernels.rng cimport AliasSlot, draw_from_alias_table, next_random

cdef double TWO_32 = 2.0 ** 32
cdef int32_t NEVER = 0  # the stop flag of a call without one


cdef const volatile int32_t *flag_of(const int32_t[::1] stop_flag) except NULL:
    """Return the address of a stop flag, or of one that is never set if `stop_flag` is None."""
    if stop_flag is None:
        return &NEVER
    if stop_flag.shape[0] < 1:
        raise ValueError("the stop flag is empty")
    return &stop_flag[0]


cdef int fill_edges(Edges *edges, neighbours) except -1:
    """Set the pointers to the arrays of a `Neighbours`; raise a ValueError if they do not fit."""
    cdef const int64_t[::1] offsets = neighbours.offsets
    cdef const int32_t[::1] targets = neighbours.targets
    cdef const float[::1] weights = neighbours.weights
    cdef const double[::1] totals = neighbours.totals
    cdef const float[::1] largest = neighbours.largest
    cdef const uint32_t[:, ::1] slots = neighbours.slots
    edges.offsets = &offsets[0]
    edges.targets = &targets[0] if targets.shape[0] else NULL
    edges.weights = NULL
    edges.totals = NULL
    edges.largest = NULL
    edges.slots = NULL
    edges.most = neighbours.most
    if offsets[offsets.shape[0] - 1] != targets.shape[0]:
        raise ValueError(f"offsets end at {offsets[offsets.shape[0] - 1]}, "
                         f"but there are {targets.shape[0]} edges")
    if weights is not None and weights.shape[0]:
        if weights.shape[0] != targets.shape[0] or slots.shape[0] != targets.shape[0] or (
                slots.shape[1] != 2):
            raise ValueError("weighted walks need one weight and one two-number slot per edge")
        if not totals.shape[0] == largest.shape[0] == offsets.shape[0] - 1:
            raise ValueError("weighted walks need one total and one largest weight per node")
        edges.weights = &weights[0]
        edges.totals = &totals[0]
        edges.largest = &largest[0]
        edges.slots = <const AliasSlot *>&slots[0, 0]
    return 0


cdef int check_nodes(const int32_t[::1] nodes, int64_t n_nodes) except -1:
    """Raise a ValueError if a node is not in 0 .. n_nodes - 1."""
    cdef int64_t i = first_invalid(nodes, n_nodes)
    if i >= 0:
        raise ValueError(f"walks can't start at {nodes[i]}; there are {n_nodes} nodes")
    return 0


def write_walks(neighbours, const int32_t[::1] starts not None, int64_t length, double p,
                double q, uint64_t stream, int32_t[::1] ids not None,
                int64_t[::1] offsets not None, const int32_t[::1] stop_flag=None):
    """Write walks one after another; walks that can't leave their start are left out.

    Parameters
    ----------
    neighbours : Neighbours
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    length : int
        Largest number of nodes per walk.
    p, q : float
        Parameters of node2vec; with 1 and 1 a step does not depend on the one before.
    stream : int
        Initial state of the random generator (`rng.h`).
    ids : ndarray of int32, shape (n * length,)
        Receives the nodes.
    offsets : ndarray of int64, shape (n + 1,)
        Receives where the walks start: walk i is ``ids[offsets[i]:offsets[i + 1]]``.
    stop_flag : ndarray of int32, shape (1,), optional
        If another thread sets it, the call returns within milliseconds, with the walks so far.

    Returns
    -------
    n_walks : int
        Number of walks written.
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the arrays have inconsistent shapes, or a start is not a node.
    """
    cdef Edges edges
    cdef WalkRule rule
    cdef Walk[GROUP_SIZE] walks
    cdef int64_t first = 0, n_walks = 0, position = 0, written, i
    cdef int k, n
    fill_edges(&edges, neighbours)
    check_nodes(starts, neighbours.offsets.shape[0] - 1)
    if length < 1 or ids.shape[0] < starts.shape[0] * length or offsets.shape[0] <= starts.shape[0]:
        raise ValueError(f"{starts.shape[0]} walks of {length} nodes do not fit the buffers")
    rule.directions[0] = rule.directions[1] = &edges
    rule.max_nodes, rule.stop_threshold = length, 0
    rule.biased = p != 1 or q != 1
    rule.return_bias, rule.far_bias = 1 / p, 1 / q
    rule.max_bias = max(1, rule.far_bias)
    rule.stop_flag = flag_of(stop_flag)
    with nogil:
        offsets[0] = 0
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            for k in range(n):
                walks[k].nodes = &ids[(first + k) * length]
                walks[k].nodes[0] = walks[k].current
            walk_together(&rule, walks, n)
            if is_stopped(&rule):
                break
            for k in range(n):
                written = (first + k) * length  # where walk k has been written
                if walks[k].n_nodes < 2:
                    continue
                if position != written:
                    for i in range(walks[k].n_nodes):
                        ids[position + i] = ids[written + i]
                position += walks[k].n_nodes
                n_walks += 1
                offsets[n_walks] = position
            first += n
    return n_walks, next_random(&stream)


def write_rooted_pairs(neighbours, const int32_t[::1] starts not None, double stop_probability,
                       int64_t max_steps, uint64_t stream, int32_t[::1] sources not None,
                       int32_t[::1] targets not None, const int32_t[::1] stop_flag=None):
    """Write pairs of the first and the last node of walks: rooted PageRank.

    A walk ends after each step with probability `stop_probability`, after `max_steps` steps, and at
    a node without edges. Walks that end where they started are left out.

    Parameters
    ----------
    neighbours : Neighbours
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    stop_probability : float
        In (0, 1].
    max_steps : int
    stream : int
        Initial state of the random generator (`rng.h`).
    sources, targets : ndarray of int32, shape (n,)
        Receive the first and the last nodes.
    stop_flag : ndarray of int32, shape (1,), optional
        If another thread sets it, the call returns within milliseconds, with the pairs so far.

    Returns
    -------
    n_pairs : int
        Number of pairs written.
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the arrays have inconsistent shapes, a start is not a node, or
        `stop_probability` is out of range.
    """
    cdef Edges edges
    cdef WalkRule rule
    cdef Walk[GROUP_SIZE] walks
    cdef int64_t first = 0, n_pairs = 0
    cdef int k, n
    fill_edges(&edges, neighbours)
    check_nodes(starts, neighbours.offsets.shape[0] - 1)
    if not 0 < stop_probability <= 1:
        raise ValueError(f"stop_probability must be in (0, 1]; got {stop_probability}")
    if min(sources.shape[0], targets.shape[0]) < starts.shape[0]:
        raise ValueError(f"{starts.shape[0]} pairs do not fit the buffers")
    rule.directions[0] = rule.directions[1] = &edges
    rule.max_nodes, rule.biased = max_steps + 1, False
    rule.stop_flag = flag_of(stop_flag)
    rule.stop_threshold = <uint32_t>min(TWO_32 - 1, rint(stop_probability * TWO_32))
    with nogil:
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            walk_together(&rule, walks, n)
            if is_stopped(&rule):
                break
            for k in range(n):
                sources[n_pairs] = starts[first + k]
                targets[n_pairs] = walks[k].current
                # A pair that is not kept is overwritten by the next one
                n_pairs += starts[first + k] != walks[k].current
            first += n
    return n_pairs, next_random(&stream)


def write_alternating_pairs(forward, backward, const int32_t[::1] starts not None, int64_t length,
                            uint64_t stream, int32_t[::1] inputs not None,
                            int32_t[::1] outputs not None, bint same_role=False):
    """For each alternating walk, pair its first node with its nodes of the other role.

    The first step follows an edge of `forward`, the second one of `backward`, and so on. If these
    are the out-edges and the in-edges, the first node is a source, the second a target of it, the
    third another source of that target. If the two are exchanged, the first node is a target. A
    walk of 2 nodes is an edge.

    Parameters
    ----------
    forward, backward : Neighbours
        Both over the same nodes.
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    length : int
        Largest number of nodes per walk.
    stream : int
        Initial state of the random generator (`rng.h`).
    inputs, outputs : ndarray of int32, shape (n * (length // 2),)
        Receive the first nodes and the nodes paired with them. Whether the first nodes are sources
        or targets of edges depends on `forward`.
    same_role : bool
        Pair the first node with the other nodes of its own role instead, but not with itself. Does
        not change the walks for a given seed.

    Returns
    -------
    n_pairs : int
        Number of pairs written.
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the arrays have inconsistent shapes, or a start is not a node.
    MemoryError
    """
    cdef Edges forward_edges, backward_edges
    cdef WalkRule rule
    cdef Walk[GROUP_SIZE] walks
    cdef int64_t first = 0, n_pairs = 0, i
    cdef int k, n, first_paired = 2 if same_role else 1
    cdef int32_t *nodes
    fill_edges(&forward_edges, forward)
    fill_edges(&backward_edges, backward)
    check_nodes(starts, forward.offsets.shape[0] - 1)
    if forward.offsets.shape[0] != backward.offsets.shape[0]:
        raise ValueError("both directions must have the same nodes")
    if length < 1 or min(inputs.shape[0], outputs.shape[0]) < starts.shape[0] * (length // 2):
        raise ValueError(f"{starts.shape[0]} walks of {length} nodes do not fit the buffers")
    rule.directions[0], rule.directions[1] = &forward_edges, &backward_edges
    rule.max_nodes, rule.biased, rule.stop_threshold = length, False, 0
    rule.stop_flag = &NEVER
    nodes = <int32_t *>malloc(GROUP_SIZE * length * sizeof(int32_t))
    if nodes == NULL:
        raise MemoryError("no memory for walks in progress")
    with nogil:
        while first < starts.shape[0]:
            n = start_walks(walks, &starts[first], starts.shape[0] - first, &stream)
            for k in range(n):
                walks[k].nodes = nodes + k * length
            walk_together(&rule, walks, n)
            for k in range(n):
                for i in range(first_paired, walks[k].n_nodes, 2):
                    inputs[n_pairs] = starts[first + k]
                    outputs[n_pairs] = walks[k].nodes[i]
                    # A pair that is not kept is overwritten by the next one
                    n_pairs += not same_role or inputs[n_pairs] != outputs[n_pairs]
            first += n
        free(nodes)
    return n_pairs, next_random(&stream)


def draw_nodes(const uint32_t[:, ::1] table not None, uint64_t stream,
               int32_t[::1] nodes not None):
    """Fill `nodes` with draws from an alias table.

    Parameters
    ----------
    table : ndarray of uint32, shape (n, 2)
        Made by `fastsgns.sampling.alias_table`.
    stream : int
        Initial state of the random generator (`rng.h`).
    nodes : ndarray of int32
        Receives row numbers of `table`, drawn with the probabilities that it represents.

    Returns
    -------
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    cdef int64_t i
    cdef uint32_t n = <uint32_t>table.shape[0]
    if n == 0:
        raise ValueError("nothing to draw from")
    with nogil:
        for i in range(nodes.shape[0]):
            nodes[i] = draw_from_alias_table(&stream, <const AliasSlot *>&table[0, 0], n)
    return next_random(&stream)
