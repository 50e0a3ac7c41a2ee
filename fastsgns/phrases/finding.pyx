"""Phrases found in sentences of ids and in text, without the GIL.

A candidate begins with a word that is not a connector word, goes on with any number of connector
words, and ends with the next other word. If it is a phrase, its words become one token, and the
next candidate begins behind it; otherwise the next candidate begins with its last word.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

import numpy as np

from fastsgns.kernels.ids cimport ascend, check_ids

cdef enum:
    FILTER_BITS = 16  # per phrase
    CONNECTOR = 1
    BEGINS = 2  # a phrase
    ENDS = 4
    PLAIN = -1  # the label of a token that no phrase has
    CONTINUED = -2  # the label of the further tokens of a phrase
    DEAD = -1  # no phrase has these connector words
    ROOT = 0  # the link without connector words


cdef inline uint64_t mixed(uint64_t key) noexcept nogil:
    key = (key ^ key >> 30) * <uint64_t>0xBF58476D1CE4E5B9
    key = (key ^ key >> 27) * <uint64_t>0x94D049BB133111EB
    return key ^ key >> 31


def _table_of(keys):
    """Return a hash table of different pairs of numbers, as arrays.

    Parameters
    ----------
    keys : list of (int, int)
        The value of a key is its position.

    Returns
    -------
    highs : ndarray of uint64
    lows : ndarray of int64
    values : ndarray of int32
        -1 in a free slot.
    """
    cdef int64_t capacity = 16, slot, i
    while capacity < 3 * len(keys):
        capacity *= 2
    highs, lows = np.zeros(capacity, np.uint64), np.zeros(capacity, np.int64)
    values = np.full(capacity, -1, np.int32)
    cdef uint64_t[::1] to_highs = highs
    cdef int64_t[::1] to_lows = lows
    cdef int32_t[::1] to_values = values
    cdef uint64_t high
    cdef int64_t low
    for i in range(len(keys)):
        high, low = keys[i]
        slot = mixed(high + <uint64_t>low * <uint64_t>0x9E3779B97F4A7C15) & (capacity - 1)
        while to_values[slot] >= 0:
            slot = (slot + 1) & (capacity - 1)
        to_highs[slot], to_lows[slot], to_values[slot] = high, low, <int32_t>i
    return highs, lows, values


cdef class Finder:
    """The phrases of a vocabulary, to be found in sentences of its ids.

    Parameters
    ----------
    n_words : int
    connectors : list of int
        The ids of the connector words.
    phrases : list of tuple of int
        The ids of the words of each phrase, two or more, all different. The first and the last are
        not connector words, and the others are.

    Examples
    --------
    >>> finder = Finder(4, [3], [(0, 1), (0, 3, 1)])
    >>> ids, offsets = np.array([0, 3, 1, 2, 0, 1], np.int32), np.array([0, 4, 6])
    >>> finder.join(ids, offsets, np.array([4, 5], np.int32), room := np.empty(6, np.int32))
    (3, array([2, 3]))
    >>> room[:3].tolist()
    [5, 2, 4]
    """

    cdef uint8_t[::1] kinds
    cdef uint64_t[::1] filter  # one bit or more for each phrase, so that most pairs need no search
    cdef int filter_shift
    cdef uint64_t[::1] phrase_pairs, link_keys
    cdef int64_t[::1] phrase_links, link_lows
    cdef int32_t[::1] phrase_numbers, link_numbers
    cdef readonly int64_t n_words, n_phrases

    def __init__(self, int64_t n_words, connectors, phrases):
        cdef uint8_t[::1] kinds = np.zeros(max(n_words, 1), np.uint8)
        self.kinds = kinds
        self.n_words, self.n_phrases = n_words, len(phrases)
        cdef int64_t first, last
        for word in connectors:
            kinds[self._checked(word)] = CONNECTOR
        links, steps, keys = {(): ROOT}, [(0, -1)], []  # nothing leads to the root
        for phrase in phrases:
            first, *between, last = map(self._checked, phrase)
            if (kinds[first] | kinds[last]) & CONNECTOR or not all(
                    kinds[word] & CONNECTOR for word in between):
                raise ValueError(f"phrase {phrase} has connector words where none may be")
            kinds[first] |= BEGINS
            kinds[last] |= ENDS
            for end, word in enumerate(between):
                if tuple(between[:end + 1]) not in links:
                    steps.append((links[tuple(between[:end])], word))
                    links[tuple(between[:end + 1])] = len(links)
            keys.append((first << 32 | last, links[tuple(between)]))
        if len(set(keys)) < len(keys):
            raise ValueError("a phrase is given twice")
        self.phrase_pairs, self.phrase_links, self.phrase_numbers = _table_of(keys)
        self.link_keys, self.link_lows, self.link_numbers = _table_of(steps)
        self._make_filter(keys)

    def _make_filter(self, keys):
        cdef int n_bits = 6  # the logarithm of their number
        cdef uint64_t bit, pair
        cdef int64_t link
        while 1 << n_bits < FILTER_BITS * len(keys):
            n_bits += 1
        self.filter, self.filter_shift = np.zeros(1 << (n_bits - 6), np.uint64), 64 - n_bits
        for pair, link in keys:
            bit = self.filter_bit(pair, link)
            self.filter[bit >> 6] |= <uint64_t>1 << (bit & 63)

    cdef inline uint64_t filter_bit(self, uint64_t pair, int64_t link) noexcept nogil:
        return (pair * <uint64_t>0x9E3779B97F4A7C15
                + <uint64_t>link * <uint64_t>0xC2B2AE3D27D4EB4F) >> self.filter_shift

    def _checked(self, word):
        if not 0 <= word < self.n_words:
            raise ValueError(f"word {word} is not between 0 and {self.n_words - 1}")
        return word

    cdef int32_t next_link(self, int32_t link, int32_t word) noexcept nogil:
        """Return the link of a link and one more connector word, or DEAD."""
        cdef int64_t mask = self.link_numbers.shape[0] - 1
        cdef int64_t slot = mixed(<uint64_t>link
                                  + <uint64_t>word * <uint64_t>0x9E3779B97F4A7C15) & mask
        while self.link_numbers[slot] >= 0:
            if self.link_keys[slot] == <uint64_t>link and self.link_lows[slot] == word:
                return self.link_numbers[slot]
            slot = (slot + 1) & mask
        return DEAD

    cdef int32_t phrase(self, int32_t first, int32_t link, int32_t last) noexcept nogil:
        """Return the number of a phrase, or -1."""
        cdef int64_t mask = self.phrase_numbers.shape[0] - 1
        cdef uint64_t pair = <uint64_t>first << 32 | <uint64_t>last
        cdef uint64_t bit = self.filter_bit(pair, link)
        if not self.filter[bit >> 6] >> (bit & 63) & 1:
            return -1
        cdef int64_t slot = mixed(pair + <uint64_t>link * <uint64_t>0x9E3779B97F4A7C15) & mask
        while self.phrase_numbers[slot] >= 0:
            if self.phrase_pairs[slot] == pair and self.phrase_links[slot] == link:
                return self.phrase_numbers[slot]
            slot = (slot + 1) & mask
        return -1

    cdef int64_t label(self, const int32_t *ids, int64_t n, int32_t *labels) noexcept nogil:
        """Label the tokens of a sentence; return where an unfinished candidate begins, or n.

        The first token of a phrase has its number as label, the further ones CONTINUED. An id of
        -1 is a word that is in no phrase.
        """
        cdef int64_t i, j, start = -1
        cdef int32_t link = ROOT, found
        cdef uint8_t kind
        for i in range(n):
            labels[i] = PLAIN
            kind = self.kinds[ids[i]] if ids[i] >= 0 else 0
            if kind & CONNECTOR:
                if start >= 0:
                    link = self.next_link(link, ids[i])
                    if link == DEAD:
                        start = -1
                continue
            if kind & ENDS and start >= 0:
                found = self.phrase(ids[start], link, ids[i])
                if found >= 0:
                    labels[start] = found
                    for j in range(start + 1, i + 1):
                        labels[j] = CONTINUED
                    start = -1
                    continue
            start, link = i if kind & BEGINS else -1, ROOT
        return start if start >= 0 else n

    cdef int64_t write(self, const int32_t *ids, int64_t n, const int32_t *phrase_ids,
                       int32_t *out) noexcept nogil:
        """Write a sentence with its phrases joined; return the number of ids.

        A candidate is written word by word, and replaced if it is a phrase.
        """
        cdef int64_t i, m = 0, start = -1  # of the candidate, in `out`
        cdef int32_t link = ROOT, found, first = -1
        cdef uint8_t kind
        for i in range(n):
            kind = self.kinds[ids[i]]
            out[m] = ids[i]
            m += 1
            if kind & CONNECTOR:
                if start >= 0:
                    link = self.next_link(link, ids[i])
                    if link == DEAD:
                        start = -1
                continue
            if kind & ENDS and start >= 0:
                found = self.phrase(first, link, ids[i])
                if found >= 0:
                    out[start] = phrase_ids[found]
                    m, start = start + 1, -1
                    continue
            start, first, link = m - 1 if kind & BEGINS else -1, ids[i], ROOT
        return m

    def join(self, const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
             const int32_t[::1] phrase_ids not None, int32_t[::1] out not None):
        """Write sentences to `out` with one id for each phrase.

        Parameters
        ----------
        ids, offsets : ndarray of int32, int64
            Sentence i is ``ids[offsets[i] - offsets[0]:offsets[i + 1] - offsets[0]]``.
        phrase_ids : ndarray of int32
            The id of each phrase.
        out : ndarray of int32
            At least as long as `ids`.

        Returns
        -------
        n : int
            The number of ids that were written.
        ends : ndarray of int64
            How many of them there are before the end of each sentence.

        Raises
        ------
        IndexError
            If an id is not in the vocabulary.
        ValueError
            If the arrays do not fit each other.
        """
        cdef int64_t n = ids.shape[0], n_sentences = offsets.shape[0] - 1, sentence, m = 0
        cdef int64_t start, length
        if (n_sentences < 0 or out.shape[0] < n or phrase_ids.shape[0] < self.n_phrases
                or not ascend(np.asarray(offsets) - offsets[0], n)):
            raise ValueError("the arrays do not fit each other")
        check_ids(ids, self.n_words, "id")
        ends = np.empty(n_sentences, np.int64)
        cdef int64_t[::1] to_ends = ends
        cdef const int32_t *to_phrases = &phrase_ids[0] if phrase_ids.shape[0] else NULL
        with nogil:
            for sentence in range(n_sentences):
                start, length = offsets[sentence] - offsets[0], offsets[sentence + 1]
                length -= offsets[sentence]
                if length:
                    m += self.write(&ids[start], length, to_phrases, &out[m])
                to_ends[sentence] = m
        return m, ends


def number_ids(const int32_t[::1] ids not None, int32_t[::1] numbers not None,
               int64_t[::1] counts not None, int32_t n_numbered, int32_t[::1] out not None):
    """Number ids in order of appearance, and count them.

    Parameters
    ----------
    ids : ndarray of int32
    numbers : ndarray of int32
        The number of each id, or -1 before it has appeared.
    counts : ndarray of int64
        By number; as long as `numbers` or longer.
    n_numbered : int
        How many ids have a number.
    out : ndarray of int32
        Receives the numbers; as long as `ids` or longer.

    Returns
    -------
    int
        How many ids have a number now.

    Raises
    ------
    IndexError
        If an id has no entry in `numbers`.
    ValueError
        If the arrays do not fit each other.
    """
    cdef int64_t position
    cdef int32_t number
    if out.shape[0] < ids.shape[0] or counts.shape[0] < numbers.shape[0]:
        raise ValueError("the arrays do not fit each other")
    if not 0 <= n_numbered <= numbers.shape[0]:
        raise ValueError(f"{n_numbered} of {numbers.shape[0]} ids can't have a number")
    check_ids(ids, numbers.shape[0], "id")
    with nogil:
        for position in range(ids.shape[0]):
            number = numbers[ids[position]]
            if number < 0:
                number = numbers[ids[position]] = n_numbered
                n_numbered += 1
            counts[number] += 1
            out[position] = number
    return n_numbered


cdef extern from *:
    """
    #include <string.h>

    /* Returns up to eight bytes as a number whose lowest byte is the first one, on any machine. The
     * bytes of the first `room` can be read. */
    static inline uint64_t load_bytes(const uint8_t *bytes, int64_t n, int64_t room) {
        uint64_t word = 0;
        if (room < 8) {
            for (int64_t i = 0; i < n; i++) word |= (uint64_t)bytes[i] << 8 * i;
            return word;
        }
        memcpy(&word, bytes, 8);
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
    #endif
        return n < 8 ? word & ((UINT64_C(1) << 8 * n) - 1) : word;
    }

    /* Whether each byte is white space: 9 to 13, and 32. */
    static const uint8_t IS_SPACE[256] = {[9] = 1, [10] = 1, [11] = 1,
                                          [12] = 1, [13] = 1, [32] = 1};
    """
    uint64_t load_bytes(const uint8_t *data, int64_t n, int64_t room) nogil
    const uint8_t[256] IS_SPACE


cdef inline uint64_t hash_bytes(const uint8_t *data, int64_t n, int64_t room,
                                uint64_t seed) noexcept nogil:
    """Return the hash of n bytes; `room` bytes can be read."""
    cdef uint64_t hash = seed + <uint64_t>n
    while n > 8:
        hash = mixed(hash ^ load_bytes(data, 8, room))
        data, n, room = data + 8, n - 8, room - 8
    return mixed(hash ^ load_bytes(data, n, room))


cdef class TextJoiner:
    r"""Joins the words of phrases in lines of text.

    Parameters
    ----------
    finder : Finder
    words : list of bytes
        The words of the finder.
    delimiter : bytes
        Is written between the words of a phrase.
    seed : int
        The secret key of the hash function; no result depends on it.

    Examples
    --------
    >>> joiner = TextJoiner(Finder(2, [], [(0, 1)]), [b"new", b"york"], b"_", 7)
    >>> joiner.join(b"in  new york\n\nnew\n", True)
    (b'in new_york\n\nnew\n', 18)
    """

    cdef Finder finder
    cdef bytes arena, delimiter
    cdef uint64_t seed
    cdef int64_t[::1] starts
    cdef uint64_t[::1] hashes
    cdef int32_t[::1] slots

    def __init__(self, Finder finder not None, words, bytes delimiter not None, uint64_t seed):
        cdef int64_t i, slot, capacity = 16
        cdef const uint8_t[::1] arena
        if len(words) != finder.n_words:
            raise ValueError(f"{len(words)} words are given, where there are {finder.n_words}")
        while capacity < 4 * len(words):
            capacity *= 2
        self.finder, self.delimiter, self.seed = finder, delimiter, seed
        self.arena = b"".join(words)
        self.starts = np.concatenate([[0], np.cumsum([*map(len, words)], dtype=np.int64)])
        self.hashes, self.slots = np.zeros(capacity, np.uint64), np.full(capacity, -1, np.int32)
        arena = self.arena + b"\0"  # there is a first byte
        for i in range(len(words)):
            hash = hash_bytes(&arena[0] + self.starts[i], self.starts[i + 1] - self.starts[i],
                              arena.shape[0] - self.starts[i], seed)
            slot = hash & <uint64_t>(capacity - 1)
            while self.slots[slot] >= 0:
                slot = (slot + 1) & (capacity - 1)
            self.slots[slot], self.hashes[slot] = <int32_t>i, hash

    cdef int32_t word(self, const uint8_t *arena, const uint8_t *data, int64_t n,
                      int64_t room) noexcept nogil:
        """Return the id of a token, or -1; `room` bytes of the text can be read."""
        cdef uint64_t hash = hash_bytes(data, n, room, self.seed)
        cdef int64_t mask = self.slots.shape[0] - 1, slot = hash & mask
        cdef int32_t word
        while self.slots[slot] >= 0:
            word = self.slots[slot]
            if (self.hashes[slot] == hash and self.starts[word + 1] - self.starts[word] == n
                    and memcmp(arena + self.starts[word], data, n) == 0):
                return word
            slot = (slot + 1) & mask
        return -1

    def join(self, const uint8_t[::1] data not None, bint is_complete):
        """Join the phrases of a block of text, without the GIL.

        Tokens are those of ``bytes.split()``. They are written with one space between them, and
        each line ends as before.

        Parameters
        ----------
        data : bytes-like
            Begins and ends between tokens.
        is_complete : bool
            Whether the last line ends with the block. Otherwise a candidate that may continue
            behind the block is not written.

        Returns
        -------
        text : bytes
        n_read : int
            The number of bytes whose tokens were written.
        """
        cdef int64_t n = data.shape[0], room = n // 2 + 2, position = 0, end, i, m = 0, n_tokens
        cdef int64_t n_delimiter = len(self.delimiter), pending, n_read = n, run
        cdef const uint8_t *arena = self.arena
        cdef const uint8_t *delimiter = self.delimiter
        cdef bint is_line
        cdef int32_t *ids = <int32_t *>malloc(2 * room * sizeof(int32_t))
        cdef int64_t *edges = <int64_t *>malloc(2 * room * sizeof(int64_t))
        # A token takes one byte or more, and what is written before it one byte or the delimiter.
        cdef uint8_t *text = <uint8_t *>malloc(n + room * (1 + n_delimiter))
        cdef int32_t *labels = ids + room
        if ids == NULL or edges == NULL or text == NULL:
            free(ids)
            free(edges)
            free(text)
            raise MemoryError("no memory left to find phrases")
        with nogil:
            while position < n:
                n_tokens, is_line = 0, False
                while position < n and not is_line:  # the tokens of a line
                    if IS_SPACE[data[position]]:
                        is_line = data[position] == 10
                        position += 1
                        continue
                    end = position + 1
                    while end < n and not IS_SPACE[data[end]]:
                        end += 1
                    edges[2 * n_tokens], edges[2 * n_tokens + 1] = position, end
                    ids[n_tokens] = self.word(arena, &data[position], end - position, n - position)
                    n_tokens += 1
                    position = end
                pending = self.finder.label(ids, n_tokens, labels)
                if not (is_line or is_complete) and pending < n_tokens:
                    n_read, n_tokens = edges[2 * pending], pending
                if n_tokens:
                    run = edges[0]  # what is written as it is
                for i in range(1, n_tokens + 1):
                    end = edges[2 * i - 1]
                    if (i < n_tokens and labels[i] != CONTINUED and edges[2 * i] == end + 1
                            and data[end] == 32):
                        continue
                    memcpy(text + m, &data[run], end - run)
                    m += end - run
                    if i < n_tokens:
                        run = edges[2 * i]
                        if labels[i] == CONTINUED:
                            memcpy(text + m, delimiter, n_delimiter)
                            m += n_delimiter
                        else:
                            text[m] = 32
                            m += 1
                if is_line:
                    text[m] = 10
                    m += 1
        try:
            joined = PyBytes_FromStringAndSize(<char *>text, m)
        finally:
            free(ids)
            free(edges)
            free(text)
        return joined, n_read
