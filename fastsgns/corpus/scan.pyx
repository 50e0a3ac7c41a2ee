"""Text to ids in C: bytes through a `Scanner`, sentences of Python objects through a dict."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_SetItem
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

import os

import numpy as np

from fastsgns.corpus.tokens import key_of, sequence
from fastsgns.errors import LongTokenError

cdef extern from "Python.h":
    PyObject *PyDict_GetItemWithError(object mapping, object key) except? NULL

cdef extern from "scan_table.h" nogil:
    ctypedef struct Table:
        uint8_t *arena
        int64_t *starts
        int64_t *first
        int64_t n_types
        int64_t n_tokens
        int64_t carry_length

    int SCAN_NO_MEMORY
    int SCAN_LONG_TOKEN
    int64_t C_LONGEST_TOKEN "LONGEST_TOKEN"
    int table_init(Table *table, uint64_t key_low, uint64_t key_high)
    void table_free(Table *table)
    int table_feed(Table *table, const uint8_t *data, int64_t n, int32_t *ids, int64_t *n_ids,
                   int64_t *ends, int64_t *n_ends)
    int table_finish(Table *table, int32_t *ids, int64_t *n_ids)
    int table_absorb(Table *table, const Table *other, int32_t *ids)
    void table_counts(const Table *table, int64_t *counts)
    int64_t table_farthest(const Table *table)
    int64_t c_token_length "token_length"(const uint8_t *data, int64_t n)

BLOCK = 1 << 18
LONGEST_TOKEN = C_LONGEST_TOKEN  # that runs over the borders of blocks


cdef int _check(int error) except -1:
    if error == 0:
        return 0
    if error == SCAN_NO_MEMORY:
        raise MemoryError("no memory left for the table of the types (distinct words) of the text")
    if error == SCAN_LONG_TOKEN:
        raise LongTokenError(f"a token is longer than {C_LONGEST_TOKEN:,} bytes")
    raise ValueError("the text has more than 2,147,483,647 types; ids are 32 bits wide")


cdef int32_t[::1] _checked(object room, int64_t n):
    """`room` if n ids fit."""
    if len(room) < n:
        raise ValueError(f"there is room for {len(room)} ids, where {n} may come")
    return room


cdef class Scanner:
    """Ids of the white-space separated tokens of a stream of bytes, in first-seen order.

    One scanner belongs to one thread; scanners of several threads are merged by `merge`.
    Tokens are those of ``bytes.split()``; a token may run over blocks, up to `LONGEST_TOKEN` bytes.

    Parameters
    ----------
    key : bytes, optional
        16 bytes, the key of the hash function. By default random bytes, so that nobody can choose
        words that collide. No result depends on it.

    Examples
    --------
    >>> scanner = Scanner()
    >>> ids, ends = scanner.feed(b"to be or not to be\\n")
    >>> ids.tolist(), ends.tolist(), scanner.types()[0]
    ([0, 1, 2, 3, 0, 1], [6], b'to\\nbe\\nor\\nnot\\n')
    """

    cdef Table table
    cdef object ends

    def __cinit__(self, bytes key=None):
        cdef uint64_t[2] words
        self.ends = None
        key = os.urandom(sizeof(words)) if key is None else key
        if len(key) != sizeof(words):
            raise ValueError(f"the key has {len(key)} bytes; {sizeof(words)} are needed")
        memcpy(words, <const char *>key, sizeof(words))
        _check(table_init(&self.table, words[0], words[1]))

    def __dealloc__(self):
        table_free(&self.table)

    @property
    def n_types(self):
        """Number of types so far."""
        return self.table.n_types

    @property
    def n_tokens(self):
        """Number of tokens so far, one that is still cut not counted."""
        return self.table.n_tokens

    @property
    def inside_token(self):
        """Whether the last block ended inside a token."""
        return self.table.carry_length > 0

    def feed(self, const uint8_t[::1] data not None, room=None):
        """Scan one block, without the GIL; `room` is for ``len(data) // 2 + 2`` ids at least.

        Returns
        -------
        ids : ndarray of int32
            Of the tokens that ended in this block: the beginning of `room`.
        ends : ndarray of int64
            How many of them stand before each newline, ascending, no value twice.
        """
        cdef int64_t n = data.shape[0], n_ids = 0, n_ends = 0
        cdef int error = 0
        if self.ends is None or len(self.ends) < n // 2 + 2:
            self.ends = np.empty(n // 2 + 2, np.int64)
        if room is None:
            room = np.empty(n // 2 + 2, np.int32)
        cdef int32_t[::1] ids = _checked(room, n // 2 + 2)
        cdef int64_t[::1] ends = self.ends
        if n:
            with nogil:
                error = table_feed(&self.table, &data[0], n, &ids[0], &n_ids, &ends[0], &n_ends)
        _check(error)
        return room[:n_ids], self.ends[:n_ends].copy()

    def finish(self, room=None):
        """End the stream: the id of the token that the last block cut, if any, as `feed` does."""
        cdef int64_t n_ids = 0
        if room is None:
            room = np.empty(1, np.int32)
        cdef int32_t[::1] ids = _checked(room, 1)
        _check(table_finish(&self.table, &ids[0], &n_ids))
        return room[:n_ids], np.empty(0, np.int64)

    def merge(self, Scanner other not None):
        """Add the types and counts of `other`; returns their ids here, int32 (n_types of other)."""
        cdef int32_t[::1] ids = np.empty(other.table.n_types + 1, np.int32)
        cdef int error
        with nogil:
            error = table_absorb(&self.table, &other.table, &ids[0])
        _check(error)
        return np.asarray(ids)[:other.table.n_types]

    def types(self):
        """The types as bytes, each followed by a newline; and where each starts, int64."""
        cdef int64_t n = self.table.n_types, i
        cdef int64_t[::1] starts = np.empty(n + 1, np.int64)
        for i in range(n + 1):
            starts[i] = self.table.starts[i]
        arena = self.table.arena[:starts[n]] if starts[n] else b""
        return arena, np.asarray(starts)

    @property
    def longest_probe(self):
        """The largest number of slots between a type and the home slot of its hash."""
        return table_farthest(&self.table)

    def counts(self):
        """Tokens of each type, int64 (n_types)."""
        cdef int64_t[::1] counts = np.empty(self.table.n_types + 1, np.int64)
        table_counts(&self.table, &counts[0])
        return np.asarray(counts)[:self.table.n_types]

    def first(self):
        """The position of each type's first token, int64 (n_types)."""
        cdef int64_t i
        cdef int64_t[::1] first = np.empty(self.table.n_types, np.int64)
        for i in range(self.table.n_types):
            first[i] = self.table.first[i]
        return np.asarray(first)


def token_length(const uint8_t[::1] data not None):
    """How many bytes of `data`, from its first, are not white space."""
    cdef int64_t length = 0
    if data.shape[0]:
        with nogil:
            length = c_token_length(&data[0], data.shape[0])
    return length


def join_slices(const uint8_t[::1] data not None, const int64_t[::1] starts not None,
                const int64_t[::1] stops not None):
    """The parts ``data[start:stop]`` one after the other; IndexError if one is not in `data`."""
    cdef int64_t i, length, total = 0, n = starts.shape[0]
    for i in range(n):
        if stops.shape[0] != n or not 0 <= starts[i] <= stops[i] <= data.shape[0]:
            raise IndexError(f"there are no bytes {starts[i]} to {stops[i]}")
        total += stops[i] - starts[i]
    cdef bytes parts = PyBytes_FromStringAndSize(NULL, total)
    cdef char *to = parts
    for i in range(n):
        length = stops[i] - starts[i]
        if length:
            memcpy(to, &data[starts[i]], length)
        to += length
    return parts


def count_known(const int32_t[::1] ids not None, const int32_t[::1] table not None):
    """How many ids have a `table` entry that is not negative; IndexError for an id out of range."""
    cdef int64_t position, n_known = table.shape[0], known = 0
    cdef bint broken = False
    with nogil:
        for position in range(ids.shape[0]):
            if not 0 <= ids[position] < n_known:
                broken = True
                break
            known += table[ids[position]] >= 0
    if broken:
        raise IndexError(f"id {ids[position]} is not between 0 and {n_known - 1}")
    return known


def remap(const int32_t[::1] ids not None, const int64_t[::1] ends not None,
          const int32_t[::1] table not None, int32_t[::1] out not None,
          int64_t[::1] new_ends not None):
    """Write ``table[ids]`` to `out`, leaving out the negative, and move sentence ends accordingly.

    Parameters
    ----------
    ids : int32 (n,)
    ends : int64 (m,)
        Ascending positions from 0 to n.
    table : int32
        The new id of each id, or -1.
    out : int32
        With room for what is kept; may be the memory of `ids` or begin before it.
    new_ends : int64 (m,)
        Receives how many tokens are kept before each end.

    Returns
    -------
    int
        The number of tokens kept.

    Raises
    ------
    IndexError
        If an id is not in `table`, an end out of order, or `out` too short.
    """
    cdef int64_t n = ids.shape[0], n_ends = ends.shape[0], room = out.shape[0]
    cdef int64_t n_known = table.shape[0], kept = 0, position = 0, stop, sentence
    cdef int32_t token_id
    cdef bint broken = new_ends.shape[0] < n_ends
    with nogil:
        for sentence in range(n_ends + 1):
            stop = ends[sentence] if sentence < n_ends else n
            if broken or stop < position or stop > n:
                broken = True
                break
            while position < stop:
                token_id = ids[position]
                if token_id < 0 or token_id >= n_known:
                    broken = True
                    break
                token_id = table[token_id]
                if token_id >= 0:
                    if kept >= room:
                        broken = True
                        break
                    out[kept] = token_id
                    kept += 1
                position += 1
            if sentence < n_ends:
                new_ends[sentence] = kept
    if broken:
        raise IndexError("ids, sentence ends and look-up table contradict each other")
    return kept


def count_ids(const int32_t[::1] ids not None, int64_t[::1] counts not None):
    """Add the occurrences of each id to `counts`; IndexError for an id out of range."""
    cdef int64_t position, n_known = counts.shape[0]
    cdef int32_t token_id
    cdef bint broken = False
    with nogil:
        for position in range(ids.shape[0]):
            token_id = ids[position]
            if token_id < 0 or token_id >= n_known:
                broken = True
                break
            counts[token_id] += 1
    if broken:
        raise IndexError(f"id {token_id} is not between 0 and {n_known - 1}")


cdef struct Sink:
    int64_t n_ids
    int64_t n_ends
    int64_t n_raw_tokens
    int64_t n_raw_sentences


cdef int _flush(object emit, int32_t[::1] ids, int64_t[::1] ends, Sink *sink) except -1:
    PyErr_CheckSignals()
    emit(np.array(ids[:sink.n_ids]), np.array(ends[:sink.n_ends]), sink.n_raw_sentences)
    sink.n_ids = sink.n_ends = 0
    return 0


cdef int _encode(object sentence, dict table, bint grow, object emit, int32_t[::1] ids,
                 int64_t[::1] ends, Sink *sink) except -1:
    cdef PyObject *found
    cdef int64_t token_id
    cdef int64_t room = ids.shape[0]
    for token in sentence:
        if type(token) is str or type(token) is int:
            found = PyDict_GetItemWithError(table, token)
        else:
            found = _find(table, token)
            if found == NULL:
                token = key_of(token, sink.n_raw_sentences)
                found = PyDict_GetItemWithError(table, token)
        sink.n_raw_tokens += 1
        if found != NULL:
            token_id = <object> found
        elif grow:
            token_id = len(table)
            if token_id > 2147483646:
                _check(-2)
            PyDict_SetItem(table, token, token_id)
        else:
            continue
        if sink.n_ids == room:
            _flush(emit, ids, ends, sink)
        ids[sink.n_ids] = <int32_t> token_id
        sink.n_ids += 1
    return 0


cdef PyObject *_find(dict table, object token):
    """The entry of a token; NULL also for one that can't be hashed."""
    try:
        return PyDict_GetItemWithError(table, token)
    except TypeError:
        return NULL


def encode_sentences(sentences, dict table not None, bint grow, emit, int64_t block=BLOCK):
    """Ids of the tokens of an iterable of sequences, by a dict.

    Parameters
    ----------
    sentences : iterable of sequences of hashable
    table : dict
        Token to id. With `grow` it receives the tokens it lacks, numbered on.
    grow : bool
        Otherwise tokens that it lacks are left out.
    emit : callable
        ``emit(ids, ends, n_raw_sentences)`` is called with each block, as `Scanner.feed` returns
        it, and with the number of sentences read so far.
    block : int
        The size of a block.

    Returns
    -------
    n_raw_tokens, n_raw_sentences : int
        What was read, known or not.

    Raises
    ------
    TypeError
        For a sentence that is a string, a mapping or not iterable, and for a token that can't be
        hashed.
    ValueError
        For a token that is a missing value, None or NaN.
    """
    cdef int32_t[::1] ids = np.empty(block, np.int32)
    cdef int64_t[::1] ends = np.empty(block, np.int64)
    cdef Sink sink = [0, 0, 0, 0]
    for sentence in sentences:
        if type(sentence) is not list:
            sentence = sequence(sentence, sink.n_raw_sentences)
        _encode(sentence, table, grow, emit, ids, ends, &sink)
        sink.n_raw_sentences += 1
        if sink.n_ends == 0 or ends[sink.n_ends - 1] < sink.n_ids:
            if sink.n_ends == block:
                _flush(emit, ids, ends, &sink)
            ends[sink.n_ends] = sink.n_ids
            sink.n_ends += 1
        if sink.n_raw_sentences & 1023 == 0:
            PyErr_CheckSignals()
    _flush(emit, ids, ends, &sink)
    return sink.n_raw_tokens, sink.n_raw_sentences
