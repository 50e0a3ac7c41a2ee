# One step of a random walk, and the walks of a call, which take steps in turn.
#
# Contents
#   Edges, WalkRule, Walk                        the graph, what all walks share, one walk
#   draw_edge, look_up_edge                      draw an edge of the current node, in two parts
#   degree, find_edge, has_edge, weight_to, ...  look-ups in the graph
#   bias, accepted_node                          node2vec: accept or reject the drawn neighbour
#   choose_by_previous, choose_by_current        node2vec: draw a neighbour without rejection
#   advance                                      go to the drawn neighbour
#   start_walks, walk_together                   all walks of a group

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastsgns.kernels.rng cimport AliasSlot, alias_index, alias_slot, next_random
from fastsgns.kernels.state cimport prefetch_read

cdef enum:
    GROUP_SIZE = 32  # walks that take steps in turn
    MAX_REJECTIONS = 64  # of one step, before it is drawn without rejection

# The arrays of a `Neighbours`. The edges of node i are offsets[i] .. offsets[i + 1] - 1; their
# targets are sorted. Without `slots` all edges of a node have the same probability, and weight 1.
cdef struct Edges:
    const int64_t *offsets
    const int32_t *targets
    const float *weights
    const double *totals
    const AliasSlot *slots

# What the walks of a call share. The step from the n-th node of a walk, n = 1, 2, ..., is along an
# edge of directions[(n - 1) % 2].
cdef struct WalkRule:
    const Edges *directions[2]
    int64_t max_nodes
    uint32_t stop_threshold  # 2^32 times the probability to end after a step; 0: never
    bint biased  # node2vec
    double return_bias  # 1 / p
    double far_bias  # 1 / q
    double max_bias  # max(1, 1 / q): the largest bias of a node other than the previous one

# A walk in progress.
cdef struct Walk:
    uint64_t random_state
    uint64_t draw  # the random number that selected the slot `edge`
    int64_t edge  # the drawn slot, after look_up_edge the drawn edge; -1 if the node has none
    int64_t n_nodes
    int32_t *nodes  # receives the nodes from the second on; may be NULL
    int32_t current
    int32_t previous  # -1 at the first node
    int n_rejected  # for the present step
    double return_excess  # see `accepted_node`


cdef inline const Edges *edges_of_step(const WalkRule *rule, const Walk *walk) noexcept nogil:
    """Return the edges that the walk's next step follows."""
    return rule.directions[(walk.n_nodes - 1) & 1]


cdef inline uint32_t degree(const Edges *edges, int32_t node) noexcept nogil:
    return <uint32_t>(edges.offsets[node + 1] - edges.offsets[node])


cdef inline void draw_edge(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw a slot of the current node's alias table, and prefetch it.

    Without alias tables, the slot is the drawn edge, and its target is prefetched.
    """
    cdef uint32_t n = degree(edges, walk.current)
    walk.edge = -1
    if n == 0:
        return
    walk.draw = next_random(&walk.random_state)
    walk.edge = edges.offsets[walk.current] + alias_slot(walk.draw, n)
    if edges.slots != NULL:
        prefetch_read(&edges.slots[walk.edge])
    else:
        prefetch_read(&edges.targets[walk.edge])


cdef inline void look_up_edge(const Edges *edges, Walk *walk) noexcept nogil:
    """Replace the drawn slot by the edge that the alias table selects, and prefetch its target."""
    cdef int64_t first = edges.offsets[walk.current]
    if walk.edge < 0 or edges.slots == NULL:
        return
    walk.edge = first + alias_index(walk.draw, edges.slots + first, degree(edges, walk.current))
    prefetch_read(&edges.targets[walk.edge])


cdef inline int64_t find_edge(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    """Return the first edge from `source` to `target`, or the place where it would be.

    The neighbours of a node are sorted.
    """
    cdef int64_t low = edges.offsets[source], high = edges.offsets[source + 1], middle
    while low < high:
        middle = (low + high) // 2
        if edges.targets[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline bint has_edge(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    cdef int64_t edge = find_edge(edges, source, target)
    return edge < edges.offsets[source + 1] and edges.targets[edge] == target


cdef inline double uniform(Walk *walk) noexcept nogil:
    """Return a uniform number in [0, 1)."""
    return (next_random(&walk.random_state) >> 11) / 9007199254740992.0  # 2**53


cdef inline double edge_weight(const Edges *edges, int64_t edge) noexcept nogil:
    return 1 if edges.weights == NULL else edges.weights[edge]


cdef inline double total_weight(const Edges *edges, int32_t node) noexcept nogil:
    """Return the sum of the weights of a node's edges."""
    return degree(edges, node) if edges.totals == NULL else edges.totals[node]


cdef inline double weight_to(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    """Return the sum of the weights of all edges from `source` to `target`."""
    cdef int64_t last = edges.offsets[source + 1], edge = find_edge(edges, source, target)
    cdef double weight = 0
    while edge < last and edges.targets[edge] == target:
        weight += edge_weight(edges, edge)
        edge += 1
    return weight


cdef inline double bias(const WalkRule *rule, const Walk *walk, int32_t node) noexcept nogil:
    """Return the bias by which node2vec multiplies the weight of an edge to `node`.

    It is 1 / p for the previous node, 1 for its neighbours, and 1 / q for all others.
    """
    if node == walk.previous:
        return rule.return_bias
    if rule.far_bias == 1 or has_edge(rule.directions[0], walk.previous, node):
        return 1
    return rule.far_bias


cdef inline int32_t accepted_node(const WalkRule *rule, Walk *walk, int32_t node) noexcept nogil:
    """Return where node2vec's step goes: `node`, the previous node, or -1 if `node` is rejected.

    `node` was drawn in proportion to the edge weights. Rejection sampling draws u, uniform in
    [0, max_bias * total), where total is the sum of the weights, and accepts the node if
    u / total < bias. But the bias 1 / p of the previous node may exceed max_bias. The part of its
    weight above max_bias,

        excess = (weight back to the previous node) * (1 / p - max_bias),

    is then drawn separately. u is uniform in [0, excess + max_bias * total). If u < excess, the
    step returns. Otherwise the node is accepted if (u - excess) / total < bias. If that number is
    below min(1, 1 / q), the node is accepted without a look at the edges, unless it is the previous
    node. node2vec has one direction: directions[0].
    """
    cdef const Edges *edges = rule.directions[0]
    cdef double total = total_weight(edges, walk.current), u
    if walk.n_rejected == 0:
        walk.return_excess = 0
        if rule.return_bias > rule.max_bias:
            walk.return_excess = weight_to(edges, walk.current, walk.previous) * (
                rule.return_bias - rule.max_bias)
    u = uniform(walk) * (walk.return_excess + rule.max_bias * total)
    if u < walk.return_excess:
        return walk.previous
    u = (u - walk.return_excess) / total
    if node != walk.previous and u < min(rule.far_bias, 1):
        return node
    return node if u < bias(rule, walk, node) else -1


cdef inline int32_t draw_neighbour(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw a neighbour in proportion to the edge weights, without node2vec's biases."""
    cdef int64_t first = edges.offsets[walk.current]
    cdef uint32_t n = degree(edges, walk.current)
    cdef uint64_t draw = next_random(&walk.random_state)
    if edges.slots == NULL:
        return edges.targets[first + alias_slot(draw, n)]
    return edges.targets[first + alias_index(draw, edges.slots + first, n)]


cdef inline double near_weight(const WalkRule *rule, const Walk *walk, int64_t first,
                               int64_t edge) noexcept nogil:
    """Return (1 - far_bias) * w for the node at the end of `edge`, an edge of the previous node.

    w is the total weight of the edges from the current node to that node. Returns 0 if that node is
    the previous node itself, or if the edge before `edge` leads to the same node. `first` is the
    first edge of the previous node.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int32_t node = edges.targets[edge]
    if node == walk.previous or edge > first and node == edges.targets[edge - 1]:
        return 0
    return (1 - rule.far_bias) * weight_to(edges, walk.current, node)


cdef inline int32_t choose_by_previous(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over the neighbours of the previous node.

    Let w be the total weight of the edges from the current node to a neighbour. The weight bias * w
    of each neighbour has a part far_bias * w. These parts sum to `common`, and a draw that hits
    them is an ordinary draw. The rest, (bias - far_bias) * w, is `back` for the previous node,
    `near_weight` for its neighbours and 0 for other nodes. This requires far_bias <= 1 and
    far_bias <= return_bias.

    u is uniform from -common to back + (sum of near_weight). u < 0 hits the common parts, u < back
    the previous node. Otherwise u is compared with a running sum.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t first = edges.offsets[walk.previous], last = edges.offsets[walk.previous + 1], edge
    cdef double common = rule.far_bias * total_weight(edges, walk.current), u
    cdef double back = (rule.return_bias - rule.far_bias) * weight_to(
        edges, walk.current, walk.previous)
    cdef double total = back
    for edge in range(first, last):
        total += near_weight(rule, walk, first, edge)
    u = uniform(walk) * (common + total) - common
    if u < 0:
        return draw_neighbour(edges, walk)
    total = back
    if u >= back:
        for edge in range(first, last):
            total += near_weight(rule, walk, first, edge)
            if u < total:
                return edges.targets[edge]
    # u < back. Or rounding has left u at the very end: the walk then returns, even if no edge leads
    # back (in a directed graph).
    return walk.previous


cdef inline int32_t choose_by_current(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over all neighbours of the current node."""
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t first = edges.offsets[walk.current], last = edges.offsets[walk.current + 1], edge
    cdef double total = 0, u
    for edge in range(first, last):
        total += edge_weight(edges, edge) * bias(rule, walk, edges.targets[edge])
    u = uniform(walk) * total
    total = 0
    for edge in range(first, last):
        total += edge_weight(edges, edge) * bias(rule, walk, edges.targets[edge])
        if u < total:
            return edges.targets[edge]
    return edges.targets[walk.edge]  # only by rounding


cdef inline bint advance(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Go along the drawn edge, unless node2vec rejects it; return whether the walk continues."""
    cdef const Edges *edges = edges_of_step(rule, walk)
    cdef int32_t node
    if walk.edge < 0:
        return False
    node = edges.targets[walk.edge]
    if rule.biased and walk.previous >= 0 and degree(edges, walk.current) > 1:
        node = accepted_node(rule, walk, node)
        if node < 0:
            walk.n_rejected += 1
            if walk.n_rejected < MAX_REJECTIONS:
                return True
            if (rule.far_bias <= min(rule.return_bias, 1)
                    and degree(rule.directions[0], walk.previous) < degree(
                        rule.directions[0], walk.current)):
                node = choose_by_previous(rule, walk)
            else:
                node = choose_by_current(rule, walk)
        walk.n_rejected = 0
    walk.previous, walk.current = walk.current, node
    if walk.nodes != NULL:
        walk.nodes[walk.n_nodes] = node
    walk.n_nodes += 1
    if walk.n_nodes >= rule.max_nodes:
        return False
    if rule.stop_threshold and (
            <uint32_t>next_random(&walk.random_state) < rule.stop_threshold):
        return False
    prefetch_read(&edges_of_step(rule, walk).offsets[node])
    return True


cdef inline int start_walks(Walk *walks, const int32_t *starts, int64_t n,
                            uint64_t *random_state) noexcept nogil:
    """Put min(n, GROUP_SIZE) walks on their first nodes; return how many."""
    cdef int k, n_started = <int>min(n, GROUP_SIZE)
    for k in range(n_started):
        walks[k].random_state = next_random(random_state)
        walks[k].current = starts[k]
        walks[k].previous = -1
        walks[k].n_nodes = 1
        walks[k].n_rejected = 0
        walks[k].nodes = NULL
    return n_started


cdef inline void walk_together(const WalkRule *rule, Walk *walks, int n) noexcept nogil:
    """Take up to GROUP_SIZE walks to their ends; in each round, each of them attempts one step."""
    cdef int[GROUP_SIZE] moving  # walks that have not ended
    cdef int k, n_moving = 0, n_remaining
    for k in range(n):
        if rule.max_nodes > 1:
            moving[n_moving] = k
            n_moving += 1
    while n_moving:
        for k in range(n_moving):
            draw_edge(edges_of_step(rule, &walks[moving[k]]), &walks[moving[k]])
        for k in range(n_moving):
            look_up_edge(edges_of_step(rule, &walks[moving[k]]), &walks[moving[k]])
        n_remaining = 0
        for k in range(n_moving):
            moving[n_remaining] = moving[k]
            # The number of a walk that has ended is overwritten by the next one
            n_remaining += advance(rule, &walks[moving[k]])
        n_moving = n_remaining
