"""Random walks whose steps are constrained: by types of nodes, or by times of edges.

    metapath              The nodes of a walk have the types of a metapath, which repeats. A step
                          goes to a neighbour of the next type, drawn in proportion to the edge
                          weights (Dong, Chawla, Swami 2017, "metapath2vec: Scalable Representation
                          Learning for Heterogeneous Networks", equation 3).
    temporal              The times of the edges of a walk ascend. A step follows an edge of the
                          current node that is not earlier than the edge before, drawn in proportion
                          to the weights of these edges (Nguyen, Lee, Rossi, Ahmed, Koh, Kim 2018,
                          "Continuous-Time Dynamic Network Embeddings", definition 3 and section
                          4.2).

A walk ends where no edge is allowed. The edges of a node are grouped by the type of the neighbour,
or sorted by time, so that a step does a binary search, and then draws from an alias table (types)
or from a running sum of weights (times). As in `fastsgns.graph.walks.walker`, each walk has a
random stream of its own, and `GROUP_SIZE` walks take steps in turn: while one waits for the memory
of its next node, the others move.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

import numpy as np

from fastsgns.graph.walks.steps cimport GROUP_SIZE
from fastsgns.kernels.ids cimport ascend, check_ids
from fastsgns.kernels.rng cimport AliasSlot, alias_index, alias_slot, next_random, random_below
from fastsgns.kernels.state cimport prefetch_read

cdef enum:
    MAX_SORTED = 16  # types of a node's neighbours that are sorted by insertion

# The arrays of a `TypedNeighbours`.
cdef struct TypedEdges:
    const int64_t *group_offsets
    const int32_t *group_types
    const int64_t *edge_offsets
    const int32_t *targets
    const AliasSlot *slots

# The arrays of a `TimedNeighbours`. Without `sums` all edges of a node have weight 1.
cdef struct TimedEdges:
    const int64_t *offsets
    const int32_t *targets
    const double *times
    const double *sums

# A walk in progress. `first` .. `stop` are the groups of the current node, then the allowed edges.
cdef struct Walk:
    uint64_t random_state
    uint64_t draw  # the random number that selected the slot `edge`
    int64_t first
    int64_t stop
    int64_t edge
    int64_t n_nodes
    double time  # of the last edge
    const int32_t *cycle  # the types of the metapath, without the last one, which is the first one
    int32_t period
    int32_t place  # in `cycle`, of the next node
    int32_t current
    int32_t *nodes


# Types


def count_groups(const int64_t[::1] offsets not None, const int32_t[::1] targets not None,
                 const int32_t[::1] types not None, int64_t n_types):
    """Count the types of the neighbours of each node.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        The neighbours of node i are ``targets[offsets[i]:offsets[i + 1]]``.
    targets : ndarray of int32, shape (E,)
    types : ndarray of int32, shape (n,)
        The type of each node, below `n_types`.
    n_types : int

    Returns
    -------
    ndarray of int64, shape (n + 1,)
        Running sums of the number of distinct types, from 0.

    Raises
    ------
    ValueError
        If the offsets do not ascend from 0 to E, or the types are not as many as nodes.
    IndexError
        If a target or a type is out of range.
    """
    cdef int64_t node, edge, n = offsets.shape[0] - 1, n_groups = 0
    cdef int32_t kind
    _check_typed(offsets, targets, types, n_types)
    cdef int64_t[::1] last_node = np.full(n_types, -1)
    cdef int64_t[::1] group_offsets = np.empty(n + 1, np.int64)
    with nogil:
        group_offsets[0] = 0
        for node in range(n):
            for edge in range(offsets[node], offsets[node + 1]):
                kind = types[targets[edge]]
                if last_node[kind] != node:
                    last_node[kind] = node
                    n_groups += 1
            group_offsets[node + 1] = n_groups
    return np.asarray(group_offsets)


cdef int _check_typed(const int64_t[::1] offsets, const int32_t[::1] targets,
                      const int32_t[::1] types, int64_t n_types) except -1:
    if not ascend(offsets, targets.shape[0]):
        raise ValueError(f"offsets must ascend from 0 to the number of edges, {targets.shape[0]}")
    if types.shape[0] != offsets.shape[0] - 1:
        raise ValueError(f"{types.shape[0]} types for {offsets.shape[0] - 1} nodes")
    check_ids(targets, types.shape[0], "neighbour")
    check_ids(types, n_types, "type")
    return 0


def group_by_type(const int64_t[::1] offsets not None, const int32_t[::1] targets not None,
                  const float[::1] weights, const int32_t[::1] types not None, int64_t n_types,
                  const int64_t[::1] group_offsets not None, int32_t[::1] group_types not None,
                  int64_t[::1] edge_offsets not None, int32_t[::1] new_targets not None,
                  float[::1] new_weights):
    """Sort the edges of each node by the type of the neighbour; edges of one type keep their order.

    Parameters
    ----------
    offsets, targets, types, n_types
        As for `count_groups`.
    weights : ndarray of float32, shape (E,), or None
    group_offsets : ndarray of int64, shape (n + 1,)
        As `count_groups` returns it: group g of node i has a type of its neighbours,
        ``group_offsets[i] <= g < group_offsets[i + 1]``. There are G groups.
    group_types : ndarray of int32, shape (G,)
        Receives the type of each group, ascending for each node.
    edge_offsets : ndarray of int64, shape (G + 1,)
        Receives where the edges of each group start.
    new_targets : ndarray of int32, shape (E,)
    new_weights : ndarray of float32, shape (E,), or None
        Receive the sorted edges.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    IndexError
        If a target or a type is out of range.
    """
    cdef int64_t node, edge, g, n = offsets.shape[0] - 1, at
    cdef int64_t n_groups = group_types.shape[0]
    cdef int32_t kind
    cdef bint weighted = weights is not None
    _check_typed(offsets, targets, types, n_types)
    if not np.array_equal(group_offsets, count_groups(offsets, targets, types, n_types)):
        raise ValueError("group_offsets are not those of count_groups()")
    if (group_offsets[n] != n_groups or edge_offsets.shape[0] != n_groups + 1
            or new_targets.shape[0] != targets.shape[0]):
        raise ValueError("the groups or the edges do not fit the buffers")
    if weighted and min(weights.shape[0], new_weights.shape[0]) != targets.shape[0]:
        raise ValueError(f"{targets.shape[0]} edges with {weights.shape[0]} weights")
    cdef int64_t[::1] counts = np.zeros(n_types, np.int64)
    with nogil:
        edge_offsets[0] = 0
        for node in range(n):
            g = group_offsets[node]
            for edge in range(offsets[node], offsets[node + 1]):
                kind = types[targets[edge]]
                if counts[kind] == 0:
                    group_types[g] = kind
                    g += 1
                counts[kind] += 1
            _sort_types(group_types, group_offsets[node], g, counts)
            at = offsets[node]
            for g in range(group_offsets[node], group_offsets[node + 1]):
                edge_offsets[g] = at
                at += counts[group_types[g]]
                counts[group_types[g]] = edge_offsets[g]
            for edge in range(offsets[node], offsets[node + 1]):
                kind = types[targets[edge]]
                at = counts[kind]
                counts[kind] += 1
                new_targets[at] = targets[edge]
                if weighted:
                    new_weights[at] = weights[edge]
            for g in range(group_offsets[node], group_offsets[node + 1]):
                counts[group_types[g]] = 0
        edge_offsets[n_groups] = targets.shape[0]


cdef void _sort_types(int32_t[::1] group_types, int64_t first, int64_t stop,
                      const int64_t[::1] counts) noexcept nogil:
    """Sort the types of a node's groups. If there are many, read them from `counts` instead."""
    cdef int64_t g, h
    cdef int32_t kind
    if stop - first > MAX_SORTED:
        g = first
        for kind in range(<int32_t>counts.shape[0]):
            if counts[kind]:
                group_types[g] = kind
                g += 1
        return
    for g in range(first + 1, stop):
        kind = group_types[g]
        h = g
        while h > first and group_types[h - 1] > kind:
            group_types[h] = group_types[h - 1]
            h -= 1
        group_types[h] = kind


cdef inline bint find_group(const TypedEdges *edges, Walk *walk) noexcept nogil:
    """Replace the groups of the current node by the edges of the next type; False without any."""
    cdef int32_t kind = walk.cycle[walk.place]
    cdef int64_t low = walk.first, high = walk.stop, middle
    while low < high:
        middle = (low + high) >> 1
        if edges.group_types[middle] < kind:
            low = middle + 1
        else:
            high = middle
    if low == walk.stop or edges.group_types[low] != kind:
        return False
    walk.first, walk.stop = edges.edge_offsets[low], edges.edge_offsets[low + 1]
    return True


cdef inline void draw_typed(const TypedEdges *edges, Walk *walk) noexcept nogil:
    """Draw a slot of the alias table of the allowed edges, and prefetch it."""
    walk.draw = next_random(&walk.random_state)
    walk.edge = walk.first + alias_slot(walk.draw, <uint32_t>(walk.stop - walk.first))
    if edges.slots != NULL:
        prefetch_read(&edges.slots[walk.edge])
    else:
        prefetch_read(&edges.targets[walk.edge])


cdef inline void look_up_typed(const TypedEdges *edges, Walk *walk) noexcept nogil:
    """Replace the drawn slot by the edge that the alias table selects, and prefetch its target."""
    if edges.slots != NULL:
        walk.edge = walk.first + alias_index(
            walk.draw, edges.slots + walk.first, <uint32_t>(walk.stop - walk.first))
        prefetch_read(&edges.targets[walk.edge])


cdef void walk_along_metapaths(const TypedEdges *edges, Walk *walks, int n,
                               int64_t length) noexcept nogil:
    """Take up to GROUP_SIZE walks to their ends."""
    cdef int[GROUP_SIZE] moving  # walks that have not ended
    cdef int k, n_moving = n if length > 1 else 0, n_remaining
    cdef Walk *walk
    for k in range(n):
        moving[k] = k
    while n_moving:
        for k in range(n_moving):
            walk = &walks[moving[k]]
            walk.first = edges.group_offsets[walk.current]
            walk.stop = edges.group_offsets[walk.current + 1]
            prefetch_read(&edges.group_types[walk.first])
            prefetch_read(&edges.edge_offsets[walk.first])
        n_remaining = 0
        for k in range(n_moving):
            moving[n_remaining] = moving[k]
            if find_group(edges, &walks[moving[k]]):
                draw_typed(edges, &walks[moving[k]])
                n_remaining += 1  # otherwise the number of the walk is overwritten
        n_moving = n_remaining
        for k in range(n_moving):
            look_up_typed(edges, &walks[moving[k]])
        n_remaining = 0
        for k in range(n_moving):
            moving[n_remaining] = moving[k]
            walk = &walks[moving[k]]
            walk.place = 0 if walk.place + 1 == walk.period else walk.place + 1
            n_remaining += go_to(walk, edges.targets[walk.edge], edges.group_offsets, length)
        n_moving = n_remaining


cdef inline bint go_to(Walk *walk, int32_t node, const int64_t *offsets,
                       int64_t length) noexcept nogil:
    """Go to a node and prefetch its offsets; return whether the walk may continue."""
    walk.current = node
    walk.nodes[walk.n_nodes] = node
    walk.n_nodes += 1
    prefetch_read(&offsets[node])
    return walk.n_nodes < length


cdef int start_walks(Walk *walks, const int32_t *starts, int64_t n, int32_t *nodes, int64_t length,
                     uint64_t *random_state) noexcept nogil:
    """Put min(n, GROUP_SIZE) walks on their first nodes; return how many."""
    cdef int k, n_started = <int>min(n, GROUP_SIZE)
    for k in range(n_started):
        walks[k].random_state = next_random(random_state)
        walks[k].current = starts[k]
        walks[k].n_nodes = 1
        walks[k].nodes = nodes + k * length
        walks[k].nodes[0] = starts[k]
    return n_started


cdef int64_t keep_walks(const Walk *walks, int n, int32_t *ids, int64_t *offsets,
                        int64_t n_kept) noexcept nogil:
    """Move walks of two or more nodes behind the `n_kept` walks before; return their number."""
    cdef int k
    cdef int64_t i, position = offsets[n_kept]
    for k in range(n):
        if walks[k].n_nodes < 2:
            continue
        for i in range(walks[k].n_nodes):  # the place is never behind the one it was written to
            ids[position + i] = walks[k].nodes[i]
        position += walks[k].n_nodes
        n_kept += 1
        offsets[n_kept] = position
    return n_kept


cdef int _check_buffers(const int32_t[::1] starts, int64_t n_nodes, int64_t length,
                        const int32_t[::1] ids, const int64_t[::1] offsets) except -1:
    check_ids(starts, n_nodes, "the start")
    if length < 1 or ids.shape[0] < starts.shape[0] * length or offsets.shape[0] <= starts.shape[0]:
        raise ValueError(f"{starts.shape[0]} walks of {length} nodes do not fit the buffers")
    return 0


def write_metapath_walks(neighbours, const int32_t[::1] cycles not None,
                         const int64_t[::1] cycle_offsets not None,
                         const int32_t[::1] starts not None, const int32_t[::1] paths not None,
                         int64_t length, uint64_t stream, int32_t[::1] ids not None,
                         int64_t[::1] offsets not None):
    """Write walks along metapaths one after another; walks of one node are left out.

    Parameters
    ----------
    neighbours : TypedNeighbours
    cycles : ndarray of int32
        The types of each metapath, without its last one, which equals its first one.
    cycle_offsets : ndarray of int64, shape (m + 1,)
        Metapath i is ``cycles[cycle_offsets[i]:cycle_offsets[i + 1]]``.
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    paths : ndarray of int32, shape (n,)
        Metapath of each walk. The second node has the second type of the metapath.
    length : int
        Largest number of nodes per walk.
    stream : int
        Initial state of the random generator (`rng.h`).
    ids : ndarray of int32, shape (n * length,)
        Receives the nodes.
    offsets : ndarray of int64, shape (n + 1,)
        Receives where the walks start: walk i is ``ids[offsets[i]:offsets[i + 1]]``.

    Returns
    -------
    n_walks : int
        Number of walks written.
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or a metapath is empty.
    IndexError
        If a start or a metapath is out of range.
    """
    cdef TypedEdges edges = TypedEdges(NULL, NULL, NULL, NULL, NULL)
    cdef Walk[GROUP_SIZE] walks
    cdef int64_t first = 0, n_walks = 0, n_starts = starts.shape[0]
    cdef int k, n
    fill_typed(&edges, neighbours)
    _check_buffers(starts, neighbours.group_offsets.shape[0] - 1, length, ids, offsets)
    if not ascend(cycle_offsets, cycles.shape[0]) or not np.all(np.diff(cycle_offsets)):
        raise ValueError(f"cycle_offsets must ascend from 0 to {cycles.shape[0]}, by 1 or more")
    check_ids(paths, cycle_offsets.shape[0] - 1, "metapath")
    if paths.shape[0] != n_starts:
        raise ValueError(f"{n_starts} starts with {paths.shape[0]} metapaths")
    with nogil:
        offsets[0] = 0
        while first < n_starts:
            n = start_walks(walks, &starts[first], n_starts - first, &ids[first * length], length,
                            &stream)
            for k in range(n):
                walks[k].cycle = &cycles[cycle_offsets[paths[first + k]]]
                walks[k].period = <int32_t>(cycle_offsets[paths[first + k] + 1]
                                            - cycle_offsets[paths[first + k]])
                walks[k].place = 0 if walks[k].period == 1 else 1
            walk_along_metapaths(&edges, walks, n, length)
            n_walks = keep_walks(walks, n, &ids[0], &offsets[0], n_walks)
            first += n
    return n_walks, next_random(&stream)


cdef int fill_typed(TypedEdges *edges, neighbours) except -1:
    """Set the pointers to the arrays of a `TypedNeighbours`, whose sizes are checked."""
    cdef const int64_t[::1] group_offsets = neighbours.group_offsets
    cdef const int32_t[::1] group_types = neighbours.group_types
    cdef const int64_t[::1] edge_offsets = neighbours.edge_offsets
    cdef const int32_t[::1] targets = neighbours.targets
    cdef const uint32_t[:, ::1] slots = neighbours.slots
    edges.group_offsets = &group_offsets[0]
    edges.group_types = &group_types[0] if group_types.shape[0] else NULL
    edges.edge_offsets = &edge_offsets[0]
    edges.targets = &targets[0] if targets.shape[0] else NULL
    edges.slots = NULL
    if not (group_offsets[group_offsets.shape[0] - 1] == group_types.shape[0]
            and edge_offsets.shape[0] == group_types.shape[0] + 1
            and edge_offsets[group_types.shape[0]] == targets.shape[0]):
        raise ValueError("the groups of the neighbours contradict each other")
    if slots is not None and (slots.shape[0] != targets.shape[0] or slots.shape[1] != 2):
        raise ValueError("weighted walks need one two-number slot per edge")
    if slots is not None and slots.shape[0]:
        edges.slots = <const AliasSlot *>&slots[0, 0]
    return 0


# Times


def running_sums(const int64_t[::1] offsets not None, const float[::1] weights not None):
    """Return the running sums of each row of weights.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Row i is ``weights[offsets[i]:offsets[i + 1]]``.
    weights : ndarray of float32, shape (E,)

    Returns
    -------
    ndarray of float64, shape (E,)
        The sum of the weights of the row up to and including each entry.

    Raises
    ------
    ValueError
        If the offsets do not ascend from 0 to E.
    """
    cdef int64_t row, edge
    cdef double total
    if not ascend(offsets, weights.shape[0]):
        raise ValueError("offsets must ascend from 0 to the number of weights")
    cdef double[::1] sums = np.empty(weights.shape[0])
    with nogil:
        for row in range(offsets.shape[0] - 1):
            total = 0
            for edge in range(offsets[row], offsets[row + 1]):
                total += weights[edge]
                sums[edge] = total
    return np.asarray(sums)


cdef inline int64_t first_after(const double *values, int64_t low, int64_t high, double value,
                                bint is_strict) noexcept nogil:
    """Return the first of ascending values that is at least `value`, or above it; else `high`."""
    cdef int64_t middle
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value or (is_strict and values[middle] == value):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline void draw_timed(const TimedEdges *edges, Walk *walk, int64_t row_start) noexcept nogil:
    """Draw one of the allowed edges by their weights, and prefetch it."""
    cdef double before = 0, u
    if edges.sums == NULL:
        walk.edge = walk.first + random_below(
            &walk.random_state, <uint32_t>(walk.stop - walk.first))
    else:
        if walk.first > row_start:
            before = edges.sums[walk.first - 1]
        u = (next_random(&walk.random_state) >> 11) / 9007199254740992.0  # 2**53
        u = before + u * (edges.sums[walk.stop - 1] - before)
        walk.edge = min(first_after(edges.sums, walk.first, walk.stop, u, True), walk.stop - 1)
    prefetch_read(&edges.targets[walk.edge])
    prefetch_read(&edges.times[walk.edge])


cdef void walk_in_time(const TimedEdges *edges, Walk *walks, int n, int64_t length,
                       bint is_strict) noexcept nogil:
    """Take up to GROUP_SIZE walks to their ends."""
    cdef int[GROUP_SIZE] moving  # walks that have not ended
    cdef int k, n_moving = n if length > 1 else 0, n_remaining
    cdef int64_t row_start
    cdef Walk *walk
    for k in range(n):
        moving[k] = k
    while n_moving:
        n_remaining = 0
        for k in range(n_moving):
            moving[n_remaining] = moving[k]
            walk = &walks[moving[k]]
            row_start, walk.stop = edges.offsets[walk.current], edges.offsets[walk.current + 1]
            walk.first = row_start
            if walk.n_nodes > 1:
                walk.first = first_after(edges.times, row_start, walk.stop, walk.time, is_strict)
            if walk.first < walk.stop:
                draw_timed(edges, walk, row_start)
                n_remaining += 1  # otherwise the number of the walk is overwritten
        n_moving = n_remaining
        n_remaining = 0
        for k in range(n_moving):
            moving[n_remaining] = moving[k]
            walk = &walks[moving[k]]
            walk.time = edges.times[walk.edge]
            n_remaining += go_to(walk, edges.targets[walk.edge], edges.offsets, length)
        n_moving = n_remaining


def write_temporal_walks(neighbours, const int32_t[::1] starts not None, int64_t length,
                         bint is_strict, uint64_t stream, int32_t[::1] ids not None,
                         int64_t[::1] offsets not None):
    """Write walks whose times ascend, one after another; walks of one node are left out.

    The first step follows any edge of the start.

    Parameters
    ----------
    neighbours : TimedNeighbours
    starts : ndarray of int32, shape (n,)
        First node of each walk.
    length : int
        Largest number of nodes per walk.
    is_strict : bool
        Whether each edge must be later than the one before; otherwise it may have the same time.
    stream : int
        Initial state of the random generator (`rng.h`).
    ids : ndarray of int32, shape (n * length,)
        Receives the nodes.
    offsets : ndarray of int64, shape (n + 1,)
        Receives where the walks start: walk i is ``ids[offsets[i]:offsets[i + 1]]``.

    Returns
    -------
    n_walks : int
        Number of walks written.
    stream : int
        Initial state for the next call.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    IndexError
        If a start is not a node.
    """
    cdef TimedEdges edges = TimedEdges(NULL, NULL, NULL, NULL)
    cdef Walk[GROUP_SIZE] walks
    cdef int64_t first = 0, n_walks = 0, n_starts = starts.shape[0]
    cdef int n
    fill_timed(&edges, neighbours)
    _check_buffers(starts, neighbours.offsets.shape[0] - 1, length, ids, offsets)
    with nogil:
        offsets[0] = 0
        while first < n_starts:
            n = start_walks(walks, &starts[first], n_starts - first, &ids[first * length], length,
                            &stream)
            walk_in_time(&edges, walks, n, length, is_strict)
            n_walks = keep_walks(walks, n, &ids[0], &offsets[0], n_walks)
            first += n
    return n_walks, next_random(&stream)


cdef int fill_timed(TimedEdges *edges, neighbours) except -1:
    """Set the pointers to the arrays of a `TimedNeighbours`, whose sizes are checked."""
    cdef const int64_t[::1] offsets = neighbours.offsets
    cdef const int32_t[::1] targets = neighbours.targets
    cdef const double[::1] times = neighbours.times
    cdef const double[::1] sums = neighbours.sums
    edges.offsets = &offsets[0]
    edges.targets = &targets[0] if targets.shape[0] else NULL
    edges.times = &times[0] if times.shape[0] else NULL
    edges.sums = &sums[0] if sums is not None and sums.shape[0] else NULL
    if offsets[offsets.shape[0] - 1] != targets.shape[0] or times.shape[0] != targets.shape[0] or (
            sums is not None and sums.shape[0] != targets.shape[0]):
        raise ValueError("the edges of the neighbours and their times or weights do not fit")
    return 0
