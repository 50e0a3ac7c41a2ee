# One step of a random walk, and the walks of a call, which take steps in turn.
#
# Contents
#   Edges, WalkRule, Walk                        the graph, what all walks share, one walk
#   draw_edge, look_up_edge                      draw an edge of the current node, in two parts
#   degree, find_edge, has_edge, weight_to, ...  look-ups in the graph
#   bias, accepted_node                          node2vec: accept or reject the drawn neighbour
#   draws_by_previous, accepted_by_previous      node2vec: the same, where few neighbours are near
#   seek, sum_near, sum_biased                   node2vec: running sums over neighbours
#   choose_by_previous, choose_by_current        node2vec: draw a neighbour by a running sum
#   biased_step                                  node2vec: one attempt to step
#   advance                                      go to the drawn neighbour
#   start_walks, walk_together                   all walks of a group
#   is_stopped                                   whether the call must end

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastsgns.kernels.rng cimport AliasSlot, alias_index, alias_slot, next_random
from fastsgns.kernels.state cimport prefetch_read

cdef enum:
    GROUP_SIZE = 32  # walks that take steps in turn
    MIN_REJECTIONS = 64  # of one step, before a running sum draws it (`biased_step`)
    EDGES_PER_REJECTION = 4  # an attempt takes as long as this many edges of a running sum
    MIN_GAIN = 4  # of `accepted_by_previous` over `accepted_node`, in attempts
    EDGES_PER_CHECK = 65536  # of a running sum, between two looks at the stop flag

# The arrays of a `Neighbours`. The edges of node i are offsets[i] .. offsets[i + 1] - 1; their
# targets are sorted. Without `slots` all edges of a node have the same probability, and weight 1.
cdef struct Edges:
    const int64_t *offsets
    const int32_t *targets
    const float *weights
    const double *totals
    const float *largest
    const AliasSlot *slots
    double most  # edges between two nodes

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
    const volatile int32_t *stop_flag  # another thread sets it to end the call early

# A walk in progress.
cdef struct Walk:
    uint64_t random_state
    uint64_t draw  # the random number that selected the slot `edge`
    int64_t edge  # the drawn slot, after look_up_edge the drawn edge; -1 if the node has none
    int64_t n_nodes
    int32_t *nodes  # receives the nodes from the second on; may be NULL
    int32_t current
    int32_t previous  # -1 at the first node
    int64_t n_rejected  # for the present step
    double return_excess  # see `accepted_node`


cdef inline bint is_stopped(const WalkRule *rule) noexcept nogil:
    """Return whether another thread has asked this call to end. The walks are then not used."""
    return rule.stop_flag[0] != 0


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


cdef inline double largest_weight(const Edges *edges, int32_t node) noexcept nogil:
    """Return a bound on the total weight of the edges from `node` to any one of its neighbours."""
    return edges.most * (1 if edges.largest == NULL else edges.largest[node])


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


cdef inline bint draws_by_previous(const WalkRule *rule, const Walk *walk) noexcept nogil:
    """Return whether `accepted_by_previous` needs far fewer attempts than `accepted_node`.

    Both draw from a distribution whose total weight exceeds that of node2vec's, and accept in
    proportion. `accepted_node` draws from a total of at least `total`, the sum of the weights.
    `accepted_by_previous` draws from a total of about `envelope`. The excess for the return, which
    is at most a weight that is mostly accepted, is left out of both.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef double total, envelope
    if rule.far_bias * MIN_GAIN >= 1:
        return False
    total = total_weight(edges, walk.current)
    envelope = rule.far_bias * total + (1 - rule.far_bias) * (
        largest_weight(edges, walk.current) * degree(edges, walk.previous))
    return envelope * MIN_GAIN <= total


cdef inline int32_t accepted_by_previous(const WalkRule *rule, Walk *walk,
                                         int32_t node) noexcept nogil:
    """Return where node2vec's step goes, or -1 if the draw is rejected; 1 / q is below 1.

    Let w be the total weight of the edges from the current node to a neighbour. The weight bias * w
    of each neighbour is the sum of up to three parts, and u selects the part:

        far     w / q for all neighbours. `node` was drawn in proportion to w. It is accepted unless
                it is the previous node and 1 / p < 1 / q.
        return  w * (1 / p - 1 / q) for the previous node, if that is positive
        near    w * (1 - 1 / q) for the neighbours of the previous node

    With `largest`, a bound on w, `return` is drawn with the weight largest * (1 / p - 1 / q), and
    accepted with the probability w / largest. For `near`, each edge of the previous node has the
    weight largest * (1 - 1 / q). If it leads to a neighbour of the current node, it is accepted
    with the probability w / largest, otherwise it is rejected. So at the center of a star most
    draws are accepted without a look at any other edge, however large q is.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t first = edges.offsets[walk.previous], edge
    cdef double largest = largest_weight(edges, walk.current)
    cdef double far = rule.far_bias * total_weight(edges, walk.current)
    cdef double back = largest * max(rule.return_bias - rule.far_bias, 0)
    cdef uint32_t n = degree(edges, walk.previous)
    cdef double u = uniform(walk) * (far + back + largest * (1 - rule.far_bias) * n)
    if u < far:
        if node != walk.previous or rule.return_bias >= rule.far_bias:
            return node
        return node if uniform(walk) * rule.far_bias < rule.return_bias else -1
    if u < far + back:
        node = walk.previous
    else:
        edge = first + alias_slot(next_random(&walk.random_state), n)
        node = edges.targets[edge]
        if node == walk.previous or edge > first and node == edges.targets[edge - 1]:
            return -1
    return node if uniform(walk) * largest < weight_to(edges, walk.current, node) else -1


cdef inline int32_t draw_neighbour(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw a neighbour in proportion to the edge weights, without node2vec's biases."""
    cdef int64_t first = edges.offsets[walk.current]
    cdef uint32_t n = degree(edges, walk.current)
    cdef uint64_t draw = next_random(&walk.random_state)
    if edges.slots == NULL:
        return edges.targets[first + alias_slot(draw, n)]
    return edges.targets[first + alias_index(draw, edges.slots + first, n)]


cdef inline int64_t seek(const Edges *edges, int64_t low, int64_t last,
                         int32_t node) noexcept nogil:
    """Return the first edge of low .. last - 1 to a node >= `node`, or `last`.

    The step is doubled until it passes the node, so that looking up m ascending nodes in n edges
    takes O(m log(n / m)), and never more than O(m + n).
    """
    cdef int64_t step = 1, high, middle
    while low + step <= last and edges.targets[low + step - 1] < node:
        low += step
        step *= 2
    high = min(low + step - 1, last)
    while low < high:
        middle = (low + high) // 2
        if edges.targets[middle] < node:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline int64_t sum_near(const WalkRule *rule, const Walk *walk, double u,
                             double *total) noexcept nogil:
    """Add (1 - 1 / q) * w to `total` for each neighbour of the previous node, until it exceeds u.

    w is the total weight of the edges from the current node to that neighbour. The previous node
    itself is left out. Returns the edge of the previous node at which `total` exceeded u, or -1.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t first = edges.offsets[walk.previous], last = edges.offsets[walk.previous + 1]
    cdef int64_t at = edges.offsets[walk.current], end = edges.offsets[walk.current + 1]
    cdef int64_t edge = first
    cdef int32_t node
    cdef double weight
    for edge in range(first, last):
        node = edges.targets[edge]
        if node == walk.previous or edge > first and node == edges.targets[edge - 1]:
            continue
        at = seek(edges, at, end, node)
        weight = 0
        while at < end and edges.targets[at] == node:
            weight += edge_weight(edges, at)
            at += 1
        total[0] += (1 - rule.far_bias) * weight
        if u < total[0] or at == end:
            break
        if (edge - first) % EDGES_PER_CHECK == 0 and is_stopped(rule):
            break
    return edge if u < total[0] else -1


cdef inline int32_t choose_by_previous(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over the neighbours of the previous node.

    The weight of each neighbour has the parts that `accepted_by_previous` names. Here all are
    exact: `far` for all neighbours together, `back` for the previous node, and `sum_near`. u is
    uniform from -far to back + (sum of near). u < 0 hits the far parts, an ordinary draw, and
    u < back the previous node. If 1 / p < 1 / q, the far part of the previous node is too large,
    and some draws of it are rejected.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef double far = rule.far_bias * total_weight(edges, walk.current), u
    cdef double back = max(rule.return_bias - rule.far_bias, 0) * weight_to(
        edges, walk.current, walk.previous)
    cdef double total = back
    cdef int32_t node
    cdef int64_t edge
    sum_near(rule, walk, INFINITY, &total)
    u = uniform(walk) * (far + total) - far
    while u < 0:
        node = draw_neighbour(edges, walk)
        if (node != walk.previous or rule.return_bias >= rule.far_bias
                or uniform(walk) * rule.far_bias < rule.return_bias):
            return node
        u = uniform(walk) * (far + total) - far
    total = back
    edge = sum_near(rule, walk, u, &total) if u >= back else -1
    # u < back. Or rounding has left u at the very end: the walk then returns, even if no edge leads
    # back (in a directed graph).
    return walk.previous if edge < 0 else edges.targets[edge]


cdef inline int64_t sum_biased(const WalkRule *rule, const Walk *walk, double u,
                               double *total) noexcept nogil:
    """Add bias * weight to `total` for each edge of the current node, until it exceeds u.

    Returns the edge at which `total` exceeded u, or -1.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t first = edges.offsets[walk.current], last = edges.offsets[walk.current + 1], edge
    cdef int64_t at = edges.offsets[walk.previous], end = edges.offsets[walk.previous + 1]
    cdef int32_t node
    cdef double factor
    for edge in range(first, last):
        node = edges.targets[edge]
        at = seek(edges, at, end, node)
        factor = rule.far_bias
        if node == walk.previous:
            factor = rule.return_bias
        elif at < end and edges.targets[at] == node:
            factor = 1
        total[0] += edge_weight(edges, edge) * factor
        if u < total[0]:
            return edge
        if (edge - first) % EDGES_PER_CHECK == 0 and is_stopped(rule):
            break
    return -1


cdef inline int32_t choose_by_current(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over all neighbours of the current node."""
    cdef double total = 0, u
    cdef int64_t edge
    sum_biased(rule, walk, INFINITY, &total)
    u = uniform(walk) * total
    total = 0
    edge = sum_biased(rule, walk, u, &total)
    return rule.directions[0].targets[walk.edge if edge < 0 else edge]  # walk.edge: by rounding


cdef inline bint sums_by_previous(const WalkRule *rule, const Walk *walk) noexcept nogil:
    """Return whether `choose_by_previous` applies, and sums fewer edges than `choose_by_current`.

    It applies if 1 / q is at most 1. If 1 / p is below 1 / q, and the edge back has most of the
    weight, it would reject most draws.
    """
    cdef const Edges *edges = rule.directions[0]
    if rule.far_bias > 1 or degree(edges, walk.previous) >= degree(edges, walk.current):
        return False
    return rule.return_bias >= rule.far_bias or (
        2 * weight_to(edges, walk.current, walk.previous) <= total_weight(edges, walk.current))


cdef inline int32_t biased_step(const WalkRule *rule, Walk *walk, int32_t node) noexcept nogil:
    """Return where node2vec's step goes, or -1 if this attempt, which drew `node`, is rejected.

    A step makes at most as many attempts as take the time of a running sum, so that it takes at
    most twice the time of the faster of the two ways. `accepted_node` is given a few more, because
    many attempts are seldom needed.
    """
    cdef const Edges *edges = rule.directions[0]
    cdef int64_t min_rejections = MIN_REJECTIONS
    cdef bint by_previous
    cdef uint32_t n_edges
    if draws_by_previous(rule, walk):
        min_rejections = 1
        node = accepted_by_previous(rule, walk, node)
    else:
        node = accepted_node(rule, walk, node)
    if node >= 0:
        return node
    walk.n_rejected += 1
    if walk.n_rejected < min_rejections:
        return -1
    by_previous = sums_by_previous(rule, walk)
    n_edges = degree(edges, walk.previous if by_previous else walk.current)
    if walk.n_rejected * EDGES_PER_REJECTION < n_edges:
        return -1
    return choose_by_previous(rule, walk) if by_previous else choose_by_current(rule, walk)


cdef inline bint advance(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Go along the drawn edge, unless node2vec rejects it; return whether the walk continues."""
    cdef const Edges *edges = edges_of_step(rule, walk)
    cdef int32_t node
    if walk.edge < 0:
        return False
    node = edges.targets[walk.edge]
    if rule.biased and walk.previous >= 0 and degree(edges, walk.current) > 1:
        node = biased_step(rule, walk, node)
        if node < 0:
            return True
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
    """Take up to GROUP_SIZE walks to their ends; in each round, each of them attempts one step.

    Returns early if the call is stopped.
    """
    cdef int[GROUP_SIZE] moving  # walks that have not ended
    cdef int k, n_moving = 0, n_remaining
    for k in range(n):
        if rule.max_nodes > 1:
            moving[n_moving] = k
            n_moving += 1
    while n_moving and not is_stopped(rule):
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
