"""Counts of pairs of neighbouring words, with the connector words between them.

A corpus is counted in two steps, and both share their work among threads. `collect_pairs` lists the
pairs of a range of tokens, divided among `N_BUCKETS` buckets by their hash. `PairCounter.add` then
counts the pairs of one bucket in a hash table that only this bucket has. Neither the counts nor the
links depend on the number of threads.

The connector words between the two words of a pair are a link: a number, 0 for none. `Links` is a
tree: link i has the connector words of link ``parents[i]``, and then ``connectors[i]``.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc

import os

import numpy as np

from fastsgns.kernels.ids cimport check_ids
from fastsgns.kernels.state cimport prefetch_read

cdef enum:
    BUCKET_BITS = 8
    C_N_BUCKETS = 1 << BUCKET_BITS
    LINK_BITS = 24  # of an entry; the other 40 bits are the count
    LINK_MASK = (1 << LINK_BITS) - 1
    FIRST_CAPACITY = 16
    PREFETCH_DISTANCE = 12  # pairs
    C_MAX_CONNECTORS = 64

N_BUCKETS = C_N_BUCKETS
MAX_LINKS = LINK_MASK
MAX_CONNECTORS = C_MAX_CONNECTORS  # between two words; with more, they are not a pair


cdef inline uint64_t hashed(uint64_t key, uint64_t seed) noexcept nogil:
    """Return a hash whose bits all depend on all bits of the key (the finalizer of splitmix64).

    Different keys have different hashes, so that tables hold hashes alone.
    """
    key = (key ^ seed) + <uint64_t>0x9E3779B97F4A7C15
    key = (key ^ key >> 30) * <uint64_t>0xBF58476D1CE4E5B9
    key = (key ^ key >> 27) * <uint64_t>0x94D049BB133111EB
    return key ^ key >> 31


cdef inline uint64_t key_of(uint64_t hash, uint64_t seed) noexcept nogil:
    """Return the key of which `hashed` made the hash: its steps inverted, in reverse order."""
    hash = (hash ^ hash >> 31 ^ hash >> 62) * <uint64_t>0x319642B2D24D8EC3
    hash = (hash ^ hash >> 27 ^ hash >> 54) * <uint64_t>0x96DE1B173F119089
    hash = hash ^ hash >> 30 ^ hash >> 60
    return hash - <uint64_t>0x9E3779B97F4A7C15 ^ seed


cdef inline uint64_t hashed_pair(int64_t first, int32_t last, uint64_t seed) noexcept nogil:
    return hashed(<uint64_t>first << 32 | <uint64_t>last, seed)


# A tree of links. `keys` and `nodes` are a hash table from parent << 32 | connector to the link.
cdef struct Tree:
    uint64_t *keys
    int32_t *nodes  # 0: the slot is free
    int32_t *parents
    int32_t *connectors
    int64_t capacity
    int32_t n


cdef bint tree_init(Tree *tree) noexcept nogil:
    """Make a tree of link 0 alone; return False if there is no memory."""
    tree.n, tree.capacity = 1, FIRST_CAPACITY
    tree.keys = <uint64_t *>malloc(tree.capacity * sizeof(uint64_t))
    tree.nodes = <int32_t *>calloc(tree.capacity, sizeof(int32_t))
    tree.parents = <int32_t *>calloc(tree.capacity, sizeof(int32_t))
    tree.connectors = <int32_t *>calloc(tree.capacity, sizeof(int32_t))
    return tree.keys and tree.nodes and tree.parents and tree.connectors


cdef void tree_free(Tree *tree) noexcept nogil:
    free(tree.keys)
    free(tree.nodes)
    free(tree.parents)
    free(tree.connectors)


cdef inline int64_t tree_slot(const Tree *tree, uint64_t key) noexcept nogil:
    """Return the slot of a key, or the free one where it belongs."""
    cdef int64_t slot = hashed(key, 0) & (tree.capacity - 1)
    while tree.nodes[slot] and tree.keys[slot] != key:
        slot = (slot + 1) & (tree.capacity - 1)
    return slot


cdef bint tree_grow(Tree *tree) noexcept nogil:
    """Double the capacity; return False if there is no memory."""
    cdef int64_t capacity = 2 * tree.capacity, slot
    cdef int32_t node
    cdef uint64_t key
    cdef uint64_t *keys = <uint64_t *>malloc(capacity * sizeof(uint64_t))
    cdef int32_t *nodes = <int32_t *>calloc(capacity, sizeof(int32_t))
    cdef int32_t *parents = <int32_t *>realloc(tree.parents, capacity * sizeof(int32_t))
    tree.parents = parents if parents else tree.parents
    cdef int32_t *connectors = <int32_t *>realloc(tree.connectors, capacity * sizeof(int32_t))
    tree.connectors = connectors if connectors else tree.connectors
    if not (keys and nodes and parents and connectors):
        free(keys)
        free(nodes)
        return False
    free(tree.keys)
    free(tree.nodes)
    tree.keys, tree.nodes, tree.capacity = keys, nodes, capacity
    for node in range(1, tree.n):
        key = <uint64_t>tree.parents[node] << 32 | <uint64_t>tree.connectors[node]
        slot = tree_slot(tree, key)
        tree.keys[slot], tree.nodes[slot] = key, node
    return True


cdef inline int32_t tree_add(Tree *tree, int32_t parent, int32_t connector) noexcept nogil:
    """Return the link of a link and one more connector word; -1 if there is no memory."""
    cdef uint64_t key = <uint64_t>parent << 32 | <uint64_t>connector
    cdef int64_t slot = tree_slot(tree, key)
    if tree.nodes[slot]:
        return tree.nodes[slot]
    if 2 * tree.n >= tree.capacity:
        if not tree_grow(tree):
            return -1
        slot = tree_slot(tree, key)
    tree.keys[slot], tree.nodes[slot] = key, tree.n
    tree.parents[tree.n], tree.connectors[tree.n] = parent, connector
    tree.n += 1
    return tree.n - 1


cdef class Links:
    """Sequences of connector words, numbered in order of appearance; link 0 is the empty one.

    Examples
    --------
    >>> links = Links()
    >>> links.add(np.array([0, 0, 1], np.int32), np.array([0, 7, 8], np.int32)).tolist()
    [0, 1, 2]
    >>> links.parents().tolist(), links.connectors().tolist()
    ([0, 0, 1], [0, 7, 8])
    """

    cdef Tree tree

    def __cinit__(self):
        if not tree_init(&self.tree):
            raise MemoryError("no memory left for connector words")

    def __dealloc__(self):
        tree_free(&self.tree)

    @property
    def n_links(self):
        """The number of links, with the empty one."""
        return self.tree.n

    def add(self, const int32_t[::1] parents not None, const int32_t[::1] connectors not None):
        """Add the links of another tree, and return the number here of each of them.

        Parameters
        ----------
        parents, connectors : ndarray of int32, shape (n,)
            Entry 0 is the empty link. A parent comes before its children.

        Returns
        -------
        ndarray of int32, shape (n,)

        Raises
        ------
        ValueError
            If there are more than `MAX_LINKS` links, or a parent comes after its child.
        """
        cdef int64_t i, n = parents.shape[0]
        numbers = np.zeros(n, np.int32)
        cdef int32_t[::1] to = numbers
        if connectors.shape[0] != n:
            raise ValueError("parents and connectors differ in length")
        for i in range(1, n):
            if not 0 <= parents[i] < i or connectors[i] < 0:
                raise ValueError(f"link {i} has the parent {parents[i]}, connector {connectors[i]}")
            to[i] = tree_add(&self.tree, to[parents[i]], connectors[i])
            if to[i] < 0:
                raise MemoryError("no memory left for connector words")
            if to[i] > LINK_MASK:
                raise ValueError(
                    f"there are more than {LINK_MASK:,} different sequences of connector words "
                    "between other words; give fewer connector_words"
                )
        return numbers

    def parents(self):
        """Return the parent of each link: int32."""
        return np.asarray(<int32_t[:self.tree.n]>self.tree.parents).copy()

    def connectors(self):
        """Return the last connector word of each link: int32."""
        return np.asarray(<int32_t[:self.tree.n]>self.tree.connectors).copy()


cdef struct Walk:  # the state between two tokens
    int64_t first  # the word that a pair may begin with, or -1
    int32_t link
    int32_t n_connectors


cdef int64_t list_pairs(const int32_t *ids, const int64_t *offsets, int64_t sentence, int64_t start,
                        int64_t stop, const int32_t *connectors, Tree *tree, uint64_t *pairs,
                        int32_t *links, uint64_t seed) noexcept nogil:
    """List the hashes of the pairs that end at positions start .. stop - 1.

    Returns their number, or -1 if there is no memory.

    `connectors` has the number of each word among the connector words, or -1. It is NULL if there
    are none. `sentence` is the one of token `start`.
    """
    cdef int64_t position, end, begin = start, n = 0
    cdef int32_t connector
    cdef Walk walk
    if connectors == NULL:
        while start < stop:
            end = min(offsets[sentence + 1], stop)
            for position in range(max(start, offsets[sentence] + 1), end):
                pairs[n] = hashed_pair(ids[position - 1], ids[position], seed)
                n += 1
            start, sentence = end, sentence + 1
        return n
    # The walk begins where a pair that ends at `start` may begin.
    while (begin > offsets[sentence] and begin > start - C_MAX_CONNECTORS - 1
           and (begin == start or connectors[ids[begin]] >= 0)):
        begin -= 1
    position = begin
    while position < stop:
        walk.first, walk.link, walk.n_connectors = -1, 0, 0
        end = min(offsets[sentence + 1], stop)
        while position < end:
            connector = connectors[ids[position]]
            if connector < 0:
                if walk.first >= 0 and position >= start:
                    pairs[n] = hashed_pair(walk.first, ids[position], seed)
                    links[n] = walk.link
                    n += 1
                walk.first, walk.link, walk.n_connectors = ids[position], 0, 0
            elif walk.first >= 0:
                walk.n_connectors += 1
                if walk.n_connectors > C_MAX_CONNECTORS:
                    walk.first = -1
                else:
                    walk.link = tree_add(tree, walk.link, connector)
                    if walk.link < 0:
                        return -1
            position += 1
        sentence += 1
    return n


cdef int64_t sentence_of(const int64_t[::1] offsets, int64_t start,
                         int64_t stop) noexcept nogil:
    """Return the sentence of token `start`; -1 if offsets do not ascend up to token stop - 1."""
    cdef int64_t low = 0, high = offsets.shape[0] - 2, middle, sentence
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] <= start:
            low = middle
        else:
            high = middle - 1
    if not 0 <= offsets[low] <= start < offsets[low + 1]:
        return -1
    sentence = low + 1
    while offsets[sentence] < stop:  # the last offset is not less
        if offsets[sentence] >= offsets[sentence + 1]:
            return -1
        sentence += 1
    return low


def collect_pairs(const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                  int64_t start, int64_t stop, const int32_t[::1] connectors, uint64_t seed):
    """List the pairs that end within a range of tokens, by bucket.

    Parameters
    ----------
    ids, offsets : ndarray of int32, int64
        The corpus: sentence i is ``ids[offsets[i]:offsets[i + 1]]``, and is not empty.
    start, stop : int
        The range of tokens.
    connectors : ndarray of int32 or None
        For each word its number among the connector words, or -1. None: there are none.
    seed : int
        That of the `PairCounter`.

    Returns
    -------
    pairs : ndarray of uint64, shape (n,)
        The hashes of first << 32 | last, those of a bucket together.
    links : ndarray of int32, shape (n,)
        Empty without connector words.
    bounds : ndarray of int64, shape (N_BUCKETS + 1,)
        Bucket b has the pairs ``bounds[b]:bounds[b + 1]``.
    parents, connectors : ndarray of int32
        The tree of the links.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or the offsets of the range do not ascend.
    """
    cdef int64_t n = 0, i, n_room = stop - start, sentence, bucket
    cdef bint has_links = connectors is not None
    if not (0 <= start <= stop <= ids.shape[0] and offsets.shape[0] > 0 and offsets[0] == 0
            and offsets[offsets.shape[0] - 1] == ids.shape[0]):
        raise ValueError(f"tokens {start} to {stop} are not in the corpus")
    listed, listed_links = np.empty(n_room, np.uint64), np.empty(n_room * has_links, np.int32)
    cdef uint64_t[::1] pairs = listed
    cdef int32_t[::1] links = listed_links
    cdef int64_t[C_N_BUCKETS + 1] cursors
    bounds = np.zeros(C_N_BUCKETS + 1, np.int64)
    cdef int64_t[::1] to_bounds = bounds
    tree = Links()
    cdef Tree *c_tree = &tree.tree
    if has_links and n_room:
        check_ids(ids[start:stop], connectors.shape[0], "id")
    if n_room:
        with nogil:
            sentence = sentence_of(offsets, start, stop)
        if sentence < 0:
            raise ValueError(f"the offsets of tokens {start} to {stop} do not ascend")
        with nogil:
            n = list_pairs(&ids[0], &offsets[0], sentence, start, stop,
                           &connectors[0] if has_links else NULL, c_tree, &pairs[0],
                           &links[0] if has_links else NULL, seed)
        if n < 0:
            raise MemoryError("no memory left for connector words")
    ordered, ordered_links = np.empty(n, np.uint64), np.empty(n * has_links, np.int32)
    cdef uint64_t[::1] to_pairs = ordered
    cdef int32_t[::1] to_links = ordered_links
    with nogil:
        for i in range(n):
            to_bounds[(pairs[i] >> (64 - BUCKET_BITS)) + 1] += 1
        cursors[0] = 0
        for bucket in range(1, C_N_BUCKETS + 1):
            to_bounds[bucket] += to_bounds[bucket - 1]
            cursors[bucket] = to_bounds[bucket]
        for i in range(n):
            bucket = pairs[i] >> (64 - BUCKET_BITS)
            to_pairs[cursors[bucket]] = pairs[i]
            if has_links:
                to_links[cursors[bucket]] = links[i]
            cursors[bucket] += 1
    return ordered, ordered_links, bounds, tree.parents(), tree.connectors()


# An entry counts one pair with one link: count << LINK_BITS | link. 0 is a free slot.
cdef struct Entry:
    uint64_t pair  # its hash
    uint64_t count_and_link


cdef struct Bucket:
    Entry *entries
    int64_t capacity
    int64_t n


cdef inline Entry *home(const Bucket *bucket, uint64_t pair, uint64_t link) noexcept nogil:
    """Return where the search for a pair with a link begins."""
    cdef uint64_t mask = bucket.capacity - 1
    return bucket.entries + ((pair + link * <uint64_t>0x9E3779B97F4A7C15) & mask)


cdef inline Entry *find_entry(const Bucket *bucket, uint64_t pair, uint64_t link) noexcept nogil:
    """Return the entry of a pair with a link, or the free one where it belongs."""
    cdef Entry *entry = home(bucket, pair, link)
    while entry.count_and_link and (entry.pair != pair or entry.count_and_link & LINK_MASK != link):
        entry += 1
        if entry == bucket.entries + bucket.capacity:
            entry = bucket.entries
    return entry


cdef bint rebuild(Bucket *bucket, int64_t capacity, uint64_t least) noexcept nogil:
    """Move the entries with a count of at least `least` to a new table; False: no memory."""
    cdef Entry *old = bucket.entries
    cdef int64_t slot, n_slots = bucket.capacity
    cdef uint64_t link
    cdef Entry *entries = <Entry *>calloc(capacity, sizeof(Entry))
    if entries == NULL:
        return False
    bucket.entries, bucket.capacity, bucket.n = entries, capacity, 0
    for slot in range(n_slots):
        if old[slot].count_and_link >> LINK_BITS >= max(least, 1):
            link = old[slot].count_and_link & LINK_MASK
            find_entry(bucket, old[slot].pair, link)[0] = old[slot]
            bucket.n += 1
    free(old)
    return True


cdef bint count_pairs(Bucket *bucket, const uint64_t *pairs, const int32_t *links,
                      const int32_t *numbers, int64_t n) noexcept nogil:
    """Add n pairs; `numbers` has the link in the table of each link. False: no memory."""
    cdef int64_t i, ahead
    cdef uint64_t link = 0
    cdef Entry *entry
    for i in range(n):
        if 4 * bucket.n >= 3 * bucket.capacity:
            if not rebuild(bucket, 2 * bucket.capacity, 1):
                return False
        ahead = min(i + PREFETCH_DISTANCE, n - 1)
        if links != NULL:
            link = numbers[links[ahead]]
        prefetch_read(home(bucket, pairs[ahead], link))
        if links != NULL:
            link = numbers[links[i]]
        entry = find_entry(bucket, pairs[i], link)
        if entry.count_and_link == 0:
            entry.pair, entry.count_and_link = pairs[i], link
            bucket.n += 1
        entry.count_and_link += <uint64_t>1 << LINK_BITS
    return True


cdef class PairCounter:
    """Hash tables of counts: 16 bytes per entry, at most three quarters full.

    Examples
    --------
    >>> ids, offsets = np.array([0, 1, 0, 1], np.int32), np.array([0, 4])
    >>> counter = PairCounter()
    >>> pairs, links, bounds, *_ = collect_pairs(ids, offsets, 0, 4, None, counter.seed)
    >>> for bucket in range(N_BUCKETS):
    ...     counter.add(bucket, pairs, links, bounds, np.zeros(1, np.int32))
    >>> firsts, lasts, links, counts = counter.entries()
    >>> sorted(zip(firsts.tolist(), lasts.tolist(), counts.tolist()))
    [(0, 1, 2), (1, 0, 1)]
    """

    cdef Bucket[C_N_BUCKETS] buckets
    cdef readonly uint64_t seed
    """The secret key of the hash function; no result depends on it."""

    def __cinit__(self):
        self.seed = int.from_bytes(os.urandom(8), "little")
        for bucket in range(C_N_BUCKETS):
            self.buckets[bucket].entries = <Entry *>calloc(FIRST_CAPACITY, sizeof(Entry))
            self.buckets[bucket].capacity, self.buckets[bucket].n = FIRST_CAPACITY, 0
            if self.buckets[bucket].entries == NULL:
                raise MemoryError("no memory left for pairs of words")

    def __dealloc__(self):
        for bucket in range(C_N_BUCKETS):
            free(self.buckets[bucket].entries)

    @property
    def n_entries(self):
        """The number of different pairs with their links."""
        return sum(self.buckets[bucket].n for bucket in range(C_N_BUCKETS))

    def add(self, int bucket, const uint64_t[::1] pairs not None, const int32_t[::1] links not None,
            const int64_t[::1] bounds not None, const int32_t[::1] numbers not None):
        """Count the pairs of one bucket, without the GIL; one thread at a time may use a bucket.

        Parameters
        ----------
        bucket : int
        pairs, links, bounds
            As `collect_pairs` returns them for the seed of this counter.
        numbers : ndarray of int32
            The number of each of their links in the tree that is common to all.
        """
        cdef int64_t start, stop
        cdef bint has_memory = True, has_links = links.shape[0] > 0
        if not 0 <= bucket < C_N_BUCKETS or bounds.shape[0] != C_N_BUCKETS + 1:
            raise ValueError(f"there is no bucket {bucket}")
        start, stop = bounds[bucket], bounds[bucket + 1]
        if not 0 <= start <= stop <= pairs.shape[0] or has_links and stop > links.shape[0]:
            raise ValueError("the arrays do not fit each other")
        if has_links:
            check_ids(links[start:stop], numbers.shape[0], "link")
        if start < stop:
            with nogil:
                has_memory = count_pairs(
                    &self.buckets[bucket], &pairs[start], &links[start] if has_links else NULL,
                    &numbers[0] if has_links else NULL, stop - start)
        if not has_memory:
            raise MemoryError("no memory left for pairs of words; set a smaller max_vocab_size")

    def reserve(self, int64_t n):
        """Make room for n pairs in all, three fifths of the tables, unless there is some."""
        cdef int64_t capacity = FIRST_CAPACITY
        while 3 * C_N_BUCKETS * capacity < 5 * n:
            capacity *= 2
        for bucket in range(C_N_BUCKETS):
            if capacity > self.buckets[bucket].capacity:
                if not rebuild(&self.buckets[bucket], capacity, 1):
                    raise MemoryError("no memory left for pairs of words")

    def prune(self, int64_t least):
        """Drop the entries with a count below `least`."""
        for bucket in range(C_N_BUCKETS):
            if not rebuild(&self.buckets[bucket], self.buckets[bucket].capacity, least):
                raise MemoryError("no memory left for pairs of words")

    def entries(self):
        """Return all entries, in no particular order.

        Returns
        -------
        firsts, lasts, links : ndarray of int32, shape (n,)
        counts : ndarray of int64, shape (n,)
        """
        cdef int64_t n = self.n_entries, i = 0, slot
        cdef int bucket
        cdef Entry *entry
        cdef uint64_t pair
        firsts, lasts, links = (np.empty(n, np.int32) for _ in range(3))
        counts = np.empty(n, np.int64)
        cdef int32_t[::1] to_firsts = firsts, to_lasts = lasts, to_links = links
        cdef int64_t[::1] to_counts = counts
        with nogil:
            for bucket in range(C_N_BUCKETS):
                for slot in range(self.buckets[bucket].capacity):
                    entry = self.buckets[bucket].entries + slot
                    if entry.count_and_link and i < n:
                        pair = key_of(entry.pair, self.seed)
                        to_firsts[i] = <int32_t>(pair >> 32)
                        to_lasts[i] = <int32_t>pair
                        to_links[i] = <int32_t>(entry.count_and_link & LINK_MASK)
                        to_counts[i] = entry.count_and_link >> LINK_BITS
                        i += 1
        return firsts, lasts, links, counts
