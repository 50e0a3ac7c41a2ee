# The steps of random walks, and the walks that make them in turn.

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
    void prefetch_read(const void *slot)

cdef enum:
    TOGETHER = 32
    MOST_REFUSED = 64

# `Neighbours`; without slots all neighbours of a node are alike, and weigh 1.
cdef struct Edges:
    const int64_t *offsets
    const int32_t *targets
    const float *weights
    const double *totals
    const AliasSlot *slots

# What the walks of a call have in common. The step from the n-th node is along sides[(n - 1) % 2].
cdef struct Rule:
    const Edges *sides[2]
    int64_t length
    bint biased
    double back
    double far
    double top
    uint32_t stop

# A walk on its way: `edge` is the one it tries, -1 where there is none; `excess` is what returning
# weighs beyond `top`, by which the rejection takes a step at the most.
cdef struct Walk:
    uint64_t random
    uint64_t draw
    int64_t edge
    int64_t n_nodes
    double excess
    int32_t *nodes
    int32_t at
    int32_t previous
    int n_refused


cdef inline const Edges *side_of(const Rule *rule, const Walk *walk) noexcept nogil:
    return rule.sides[(walk.n_nodes - 1) & 1]


cdef inline uint32_t degree(const Edges *edges, int32_t node) noexcept nogil:
    return <uint32_t>(edges.offsets[node + 1] - edges.offsets[node])


cdef inline void aim(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw the place of an edge of the node, and ask for what is there."""
    cdef uint32_t n = degree(edges, walk.at)
    walk.edge = -1
    if n == 0:
        return
    walk.draw = next_random(&walk.random)
    walk.edge = edges.offsets[walk.at] + alias_slot(walk.draw, n)
    if edges.slots != NULL:
        prefetch_read(&edges.slots[walk.edge])
    else:
        prefetch_read(&edges.targets[walk.edge])


cdef inline void settle(const Edges *edges, Walk *walk) noexcept nogil:
    """Let the alias table say which edge was drawn."""
    cdef int64_t first = edges.offsets[walk.at]
    if walk.edge < 0 or edges.slots == NULL:
        return
    walk.edge = first + alias_index(walk.draw, edges.slots + first, degree(edges, walk.at))
    prefetch_read(&edges.targets[walk.edge])


cdef inline int64_t find(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    """The first edge from `source` to `target`, or where it would be: neighbours are sorted."""
    cdef int64_t low = edges.offsets[source], high = edges.offsets[source + 1], middle
    while low < high:
        middle = (low + high) // 2
        if edges.targets[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline bint has_edge(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    cdef int64_t edge = find(edges, source, target)
    return edge < edges.offsets[source + 1] and edges.targets[edge] == target


cdef inline double uniform(Walk *walk) noexcept nogil:
    return (next_random(&walk.random) >> 11) / 9007199254740992.0  # 2**53


cdef inline double factor(const Rule *rule, const Walk *walk, int32_t node) noexcept nogil:
    """node2vec's weight of a step to `node`."""
    if node == walk.previous:
        return rule.back
    if rule.far == 1 or has_edge(rule.sides[0], walk.previous, node):
        return 1
    return rule.far


cdef inline double weight_of(const Edges *edges, int64_t edge) noexcept nogil:
    return 1 if edges.weights == NULL else edges.weights[edge]


cdef inline double total_of(const Edges *edges, int32_t node) noexcept nogil:
    return degree(edges, node) if edges.totals == NULL else edges.totals[node]


cdef inline double weight_to(const Edges *edges, int32_t source, int32_t target) noexcept nogil:
    """The weight of all edges from `source` to `target`."""
    cdef int64_t last = edges.offsets[source + 1], edge = find(edges, source, target)
    cdef double weight = 0
    while edge < last and edges.targets[edge] == target:
        weight += weight_of(edges, edge)
        edge += 1
    return weight


cdef inline double excess_of(const Rule *rule, const Walk *walk) noexcept nogil:
    """By how much the weight of all edges back is above what the rejection can give them."""
    cdef const Edges *edges = rule.sides[0]
    if rule.back <= rule.top:
        return 0
    return weight_to(edges, walk.at, walk.previous) * (rule.back - rule.top)


cdef inline int32_t judge(const Rule *rule, Walk *walk, int32_t node) noexcept nogil:
    """What becomes of `node`, drawn without node2vec's weights: itself, a return, or -1: refused.

    A point is drawn from an area: `top` times the weight of each edge, and beside it `excess`. In
    the latter it means returning; in the former it is as high over `node` as `mark`, and up to
    `factor` takes it. A low mark takes what is not the node before without a look at the edges.
    """
    cdef double total = total_of(rule.sides[0], walk.at), mark
    if walk.n_refused == 0:
        walk.excess = excess_of(rule, walk)
    mark = uniform(walk) * (walk.excess + rule.top * total)
    if mark < walk.excess:
        return walk.previous
    mark = (mark - walk.excess) / total
    if node != walk.previous and mark < min(rule.far, 1):
        return node
    return node if mark < factor(rule, walk, node) else -1


cdef inline int32_t draw_neighbour(const Edges *edges, Walk *walk) noexcept nogil:
    """Draw a neighbour without node2vec's weights."""
    cdef int64_t first = edges.offsets[walk.at]
    cdef uint32_t n = degree(edges, walk.at)
    cdef uint64_t draw = next_random(&walk.random)
    if edges.slots == NULL:
        return edges.targets[first + alias_slot(draw, n)]
    return edges.targets[first + alias_index(draw, edges.slots + first, n)]


cdef inline int32_t choose_near(const Rule *rule, Walk *walk) noexcept nogil:
    """The next node by a running sum over the neighbours of the previous node.

    `far` of the weight of each edge belongs to all neighbours alike; the rest, of the edges to the
    previous node and to its neighbours, is summed. This needs far <= 1 and far <= back.
    """
    cdef const Edges *edges = rule.sides[0]
    cdef int64_t first = edges.offsets[walk.previous], last = edges.offsets[walk.previous + 1], edge
    cdef int32_t node
    cdef double alike = rule.far * total_of(edges, walk.at), near, mark
    cdef double back = (rule.back - rule.far) * weight_to(edges, walk.at, walk.previous)
    cdef int n_sums
    near = back
    mark = -1
    for n_sums in range(2):  # the whole first, then up to the mark
        for edge in range(first, last):
            node = edges.targets[edge]
            if node == walk.previous or edge > first and node == edges.targets[edge - 1]:
                continue
            near += (1 - rule.far) * weight_to(edges, walk.at, node)
            if n_sums and mark < near:
                return node
        if n_sums == 0:
            mark = uniform(walk) * (alike + near) - alike
            if mark < 0:
                return draw_neighbour(edges, walk)
            if mark < back:
                return walk.previous
            near = back
    return walk.previous  # where rounding left the mark at the very end


cdef inline int32_t choose_exactly(const Rule *rule, Walk *walk) noexcept nogil:
    """The next node by a running sum over all neighbours."""
    cdef const Edges *edges = rule.sides[0]
    cdef int64_t first = edges.offsets[walk.at], last = edges.offsets[walk.at + 1], edge
    cdef double total = 0, mark
    for edge in range(first, last):
        total += weight_of(edges, edge) * factor(rule, walk, edges.targets[edge])
    mark = uniform(walk) * total
    total = 0
    for edge in range(first, last):
        total += weight_of(edges, edge) * factor(rule, walk, edges.targets[edge])
        if mark < total:
            return edges.targets[edge]
    return edges.targets[walk.edge]


cdef inline bint advance(const Rule *rule, Walk *walk) noexcept nogil:
    """Make the step that was drawn, unless it is refused; whether the walk goes on."""
    cdef const Edges *edges = side_of(rule, walk)
    cdef int32_t node
    if walk.edge < 0:
        return False
    node = edges.targets[walk.edge]
    if rule.biased and walk.previous >= 0 and degree(edges, walk.at) > 1:
        node = judge(rule, walk, node)
        if node < 0:
            walk.n_refused += 1
            if walk.n_refused < MOST_REFUSED:
                return True
            if (rule.far <= min(rule.back, 1)
                    and degree(rule.sides[0], walk.previous) < degree(rule.sides[0], walk.at)):
                node = choose_near(rule, walk)
            else:
                node = choose_exactly(rule, walk)
        walk.n_refused = 0
    walk.previous, walk.at = walk.at, node
    if walk.nodes != NULL:
        walk.nodes[walk.n_nodes] = node
    walk.n_nodes += 1
    if walk.n_nodes >= rule.length:
        return False
    if rule.stop and <uint32_t>next_random(&walk.random) < rule.stop:
        return False
    prefetch_read(&side_of(rule, walk).offsets[node])
    return True


cdef inline void walk_together(const Rule *rule, Walk *walks, int n) noexcept nogil:
    """Walk to the end of each of up to TOGETHER walks, a step of each in turn."""
    cdef int[TOGETHER] moving
    cdef int k, n_moving = 0, n_left
    for k in range(n):
        if rule.length > 1:
            moving[n_moving] = k
            n_moving += 1
    while n_moving:
        for k in range(n_moving):
            aim(side_of(rule, &walks[moving[k]]), &walks[moving[k]])
        for k in range(n_moving):
            settle(side_of(rule, &walks[moving[k]]), &walks[moving[k]])
        n_left = 0
        for k in range(n_moving):
            moving[n_left] = moving[k]
            n_left += advance(rule, &walks[moving[k]])
        n_moving = n_left


cdef inline int start_walks(Walk *walks, const int32_t *starts, int64_t n,
                            uint64_t *random) noexcept nogil:
    """Put up to TOGETHER walks on their first nodes; how many."""
    cdef int k, n_started = <int>min(n, TOGETHER)
    for k in range(n_started):
        walks[k].random = next_random(random)
        walks[k].at = starts[k]
        walks[k].previous = -1
        walks[k].n_nodes = 1
        walks[k].n_refused = 0
        walks[k].nodes = NULL
    return n_started
