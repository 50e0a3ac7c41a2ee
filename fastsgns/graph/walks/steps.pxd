# One step of a random walk, and the walks of a call, which take steps in turn.
#
# Contents
#   Edges, WalkRule, Walk                        the graph, what all walks share, one walk
#   draw_edge, look_up_edge                      draw an edge of the current node
#   degree, find_edge, has_edge, weight_to, ...  look-ups in the graph
#   bias, accept                                 node2vec: accept or reject the drawn neighbour
#   choose_near, choose_exactly                  node2vec: draw a neighbour without rejection
#   advance                                      go to the drawn neighbour
#   start_walks, walk_together                   all walks of a group

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from "rng.h" nogil:
    ctypedef struct AliasSlot:
        uint32_t threshold
        uint32_t alias
    uint64_t next_random(uint64_t *state)
    uint32_t alias_slot(uint64_t draw, uint32_t n)
    int32_t alias_index(uint64_t draw, const AliasSlot *table, uint32_t n)
    int32_t random_alias(uint64_t *state, const AliasSlot *table, uint32_t n)

cdef extern from "rows.h" nogil:
    void prefetch_read(const void *address)

cdef enum:
    GROUP_SIZE = 32  # walks that take steps in turn
    MAX_REJECTIONS = 64  # of one step, before it is drawn without rejection

# The arrays of a `Neighbours`. Without `slots` all edges of a node have the same probability, and
# weight 1.
cdef struct Edges:
    const int64_t *offsets
    const int32_t *targets
    const float *weights
    const double *totals
    const AliasSlot *slots

# What the walks of a call share. The step from the n-th node of a walk, n = 1, 2, ..., is along an
# edge of sides[(n - 1) % 2].
cdef struct WalkRule:
    const Edges *sides[2]
    int64_t max_nodes
    uint32_t stop  # 2^32 times the probability to end after a step
    bint biased  # node2vec
    double return_bias  # 1 / p
    double far_bias  # 1 / q
    double max_bias  # max(1, 1 / q): the largest bias of a node other than the previous one

# A walk under way.
cdef struct Walk:
    uint64_t random_state
    uint64_t draw
    int64_t edge  # that was drawn; -1 if the node has none
    int64_t n_nodes
    int32_t *nodes  # receives the nodes from the second on; may be NULL
    int32_t current
    int32_t previous  # -1 at the first node
    int n_rejected  # for the present step
    double return_excess  # see `accept`


cdef inline const Edges *edges_of_step(const WalkRule *rule, const Walk *walk) noexcept nogil:
    """Return the edges that the walk's next step follows."""
    return rule.sides[(walk.n_nodes - 1) & 1]


cdef inline uint32_t degree(const Edges *edges, int32_t node) noexcept nogil:
    return <uint32_t>(edges.offsets[node + 1] - edges.offsets[node])


cdef inline void draw_edge(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw an edge slot of the current node, and prefetch what is stored for it."""
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
    """Return the factor by which node2vec multiplies the weight of an edge to `node`.

    It is 1 / p for the previous node, 1 for its neighbours, and 1 / q for all others.
    """
    if node == walk.previous:
        return rule.return_bias
    if rule.far_bias == 1 or has_edge(rule.sides[0], walk.previous, node):
        return 1
    return rule.far_bias


cdef inline int32_t accept(const WalkRule *rule, Walk *walk, int32_t node) noexcept nogil:
    """Return where node2vec's step goes: `node`, the previous node, or -1 if `node` is rejected.

    `node` was drawn in proportion to the edge weights w. Rejection sampling draws a height from
    0 .. max_bias and accepts the node if the height is below its bias. The bias 1 / p of the
    previous node may exceed max_bias. The weight that this cuts off,

        return_excess = (sum of w back to the previous node) * (1 / p - max_bias),

    gets a share of its own: the mark is uniform in 0 .. return_excess + max_bias * (sum of all w).
    If it is below return_excess, the step returns. Otherwise the rest of it, divided by the sum of
    all w, is the height. Heights below min(1, 1 / q) are accepted without a look at the edges,
    unless the node is the previous one.
    """
    cdef const Edges *edges = rule.sides[0]
    cdef double total = total_weight(edges, walk.current), mark, height
    if walk.n_rejected == 0:
        walk.return_excess = 0
        if rule.return_bias > rule.max_bias:
            walk.return_excess = weight_to(edges, walk.current, walk.previous) * (
                rule.return_bias - rule.max_bias)
    mark = uniform(walk) * (walk.return_excess + rule.max_bias * total)
    if mark < walk.return_excess:
        return walk.previous
    height = (mark - walk.return_excess) / total
    if node != walk.previous and height < min(rule.far_bias, 1):
        return node
    return node if height < bias(rule, walk, node) else -1


cdef inline int32_t draw_neighbour(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw a neighbour in proportion to the edge weights, without node2vec's biases."""
    cdef int64_t first = edges.offsets[walk.current]
    cdef uint32_t n = degree(edges, walk.current)
    cdef uint64_t draw = next_random(&walk.random_state)
    if edges.slots == NULL:
        return edges.targets[first + alias_slot(draw, n)]
    return edges.targets[first + alias_index(draw, edges.slots + first, n)]


cdef inline int32_t choose_near(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over the neighbours of the previous node.

    The weight of every neighbour has a part far_bias * w; a draw that hits these parts is an
    ordinary draw. The rest, (bias - far_bias) * w, is 0 except for the previous node and its
    neighbours, and is summed over these. This requires far_bias <= 1 and far_bias <= return_bias.
    """
    cdef const Edges *edges = rule.sides[0]
    cdef int64_t first = edges.offsets[walk.previous], last = edges.offsets[walk.previous + 1], edge
    cdef int32_t node
    cdef double common = rule.far_bias * total_weight(edges, walk.current), near, mark
    cdef double back = (rule.return_bias - rule.far_bias) * weight_to(
        edges, walk.current, walk.previous)
    cdef int n_sums
    near = back
    mark = -1
    for n_sums in range(2):  # first the whole sum, then up to the mark
        for edge in range(first, last):
            node = edges.targets[edge]
            if node == walk.previous or edge > first and node == edges.targets[edge - 1]:
                continue
            near += (1 - rule.far_bias) * weight_to(edges, walk.current, node)
            if n_sums and mark < near:
                return node
        if n_sums == 0:
            mark = uniform(walk) * (common + near) - common
            if mark < 0:
                return draw_neighbour(edges, walk)
            if mark < back:
                return walk.previous
            near = back
    return walk.previous  # rounding may leave the mark at the very end


cdef inline int32_t choose_exactly(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Draw node2vec's next node by a running sum over all neighbours of the current node."""
    cdef const Edges *edges = rule.sides[0]
    cdef int64_t first = edges.offsets[walk.current], last = edges.offsets[walk.current + 1], edge
    cdef double total = 0, mark
    for edge in range(first, last):
        total += edge_weight(edges, edge) * bias(rule, walk, edges.targets[edge])
    mark = uniform(walk) * total
    total = 0
    for edge in range(first, last):
        total += edge_weight(edges, edge) * bias(rule, walk, edges.targets[edge])
        if mark < total:
            return edges.targets[edge]
    return edges.targets[walk.edge]


cdef inline bint advance(const WalkRule *rule, Walk *walk) noexcept nogil:
    """Go along the drawn edge, unless node2vec rejects it; return whether the walk continues."""
    cdef const Edges *edges = edges_of_step(rule, walk)
    cdef int32_t node
    if walk.edge < 0:
        return False
    node = edges.targets[walk.edge]
    if rule.biased and walk.previous >= 0 and degree(edges, walk.current) > 1:
        node = accept(rule, walk, node)
        if node < 0:
            walk.n_rejected += 1
            if walk.n_rejected < MAX_REJECTIONS:
                return True
            if (rule.far_bias <= min(rule.return_bias, 1)
                    and degree(rule.sides[0], walk.previous) < degree(
                        rule.sides[0], walk.current)):
                node = choose_near(rule, walk)
            else:
                node = choose_exactly(rule, walk)
        walk.n_rejected = 0
    walk.previous, walk.current = walk.current, node
    if walk.nodes != NULL:
        walk.nodes[walk.n_nodes] = node
    walk.n_nodes += 1
    if walk.n_nodes >= rule.max_nodes:
        return False
    if rule.stop and <uint32_t>next_random(&walk.random_state) < rule.stop:
        return False
    prefetch_read(&edges_of_step(rule, walk).offsets[node])
    return True


cdef inline int start_walks(Walk *walks, const int32_t *starts, int64_t n,
                            uint64_t *random_state) noexcept nogil:
    """Put min(n, GROUP_SIZE) walks on their first nodes; return their number."""
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
    """Take up to GROUP_SIZE walks to their ends; in each round, each of them takes one step."""
    cdef int[GROUP_SIZE] moving  # walks that have not ended
    cdef int k, n_moving = 0, n_left
    for k in range(n):
        if rule.max_nodes > 1:
            moving[n_moving] = k
            n_moving += 1
    while n_moving:
        for k in range(n_moving):
            draw_edge(edges_of_step(rule, &walks[moving[k]]), &walks[moving[k]])
        for k in range(n_moving):
            look_up_edge(edges_of_step(rule, &walks[moving[k]]), &walks[moving[k]])
        n_left = 0
        for k in range(n_moving):
            moving[n_left] = moving[k]
            n_left += advance(rule, &walks[moving[k]])
        n_moving = n_left
