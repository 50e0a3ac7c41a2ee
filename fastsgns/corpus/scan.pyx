"""Text to ids: bytes by a `Scanner` in C, sentences of Python objects by a dict."""

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
from fastsgns.kernels.ids cimport check_ids

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
    int64_t table_look_up(const Table *table, const uint8_t *data, int64_t n, const uint8_t *stop,
                          int32_t *ids, int64_t *places)
    int table_merge(Table *table, const Table *other, int32_t *ids)
    void table_counts(const Table *table, int64_t *counts)
    int64_t table_longest_probe(const Table *table)
    int64_t c_token_length "token_length"(const uint8_t *data, int64_t n)

BLOCK = 1 << 18
LONGEST_TOKEN = C_LONGEST_TOKEN  # bytes of a token that continues from block to block


cdef int _check(int error) except -1:
    """Raise the exception for a SCAN_* error; return 0 if there is none."""
    if error == 0:
        return 0
    if error == SCAN_NO_MEMORY:
        raise MemoryError("no memory left for the table of the types (distinct words) of the text")
    if error == SCAN_LONG_TOKEN:
        raise LongTokenError(f"a token is longer than {C_LONGEST_TOKEN:,} bytes")
    raise ValueError("the text has more than 2,147,483,647 types; ids are 32 bits wide")


cdef int32_t[::1] _checked(object room, int64_t n):
    """Return `room`; raise a ValueError if n ids do not fit."""
    if len(room) < n:
        raise ValueError(f"there is room for {len(room)} ids, where {n} may come")
    return room


cdef class Scanner:
    """Ids of the white-space separated tokens of a stream of bytes, in first-seen order.

    Each thread has its own scanner; `merge` adds one to another. Tokens are those of
    ``bytes.split()``. A token may continue in the next block, up to `LONGEST_TOKEN` bytes.

    Parameters
    ----------
    key : bytes, optional
        16 bytes, the key of the hash function; by default random. Without the key nobody can
        choose words that collide. No result depends on it.

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
        """Number of types (distinct words) so far."""
        return self.table.n_types

    @property
    def n_tokens(self):
        """Number of tokens so far, without one that the last block cut."""
        return self.table.n_tokens

    @property
    def inside_token(self):
        """Whether the last block ended inside a token."""
        return self.table.carry_length > 0

    def feed(self, const uint8_t[::1] data not None, room=None):
        """Scan one block, without the GIL.

        Parameters
        ----------
        data : bytes-like
        room : ndarray of int32, optional
            Receives the ids; at least ``len(data) // 2 + 2`` entries.

        Returns
        -------
        ids : ndarray of int32
            Ids of the tokens that end in this block: the beginning of `room`.
        ends : ndarray of int64
            Number of these ids before each newline, ascending, no value twice.
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
        """End the stream; return the id of a token that the last block cut, as `feed` does."""
        cdef int64_t n_ids = 0
        if room is None:
            room = np.empty(1, np.int32)
        cdef int32_t[::1] ids = _checked(room, 1)
        _check(table_finish(&self.table, &ids[0], &n_ids))
        return room[:n_ids], np.empty(0, np.int64)

    def look_up(self, const uint8_t[::1] data not None, const int64_t[::1] starts not None,
                bint keep_unknown=False):
        """Look up the tokens of texts, without the GIL and without changing the scanner.

        Several threads may call it at the same time.

        Parameters
        ----------
        data : bytes-like
        starts : ndarray of int64, shape (n + 1,)
            Text i is ``data[starts[i]:starts[i + 1]]``. Tokens end where a text ends.
        keep_unknown : bool
            Whether tokens that are not types of the scanner have the id -1. By default they are
            left out.

        Returns
        -------
        ids : ndarray of int32
            The ids of the tokens of all texts.
        token_starts : ndarray of int64, shape (n + 1,)
            Text i has the ids ``ids[token_starts[i]:token_starts[i + 1]]``.
        places : ndarray of int64, shape (n_unknown, 2)
            Where in `data` each unknown token starts and ends; empty without `keep_unknown`.

        Raises
        ------
        IndexError
            If a text is not in `data`.
        """
        cdef int64_t n = starts.shape[0] - 1, n_bytes = data.shape[0], i
        cdef bint valid = n >= 0
        for i in range(n):
            valid &= 0 <= starts[i] <= starts[i + 1] <= n_bytes
        if not valid:
            raise IndexError(f"the texts are not in the {n_bytes} bytes")
        token_starts = np.zeros(n + 1, np.int64)
        if n == 0 or starts[n] == starts[0]:
            return np.empty(0, np.int32), token_starts, np.empty((0, 2), np.int64)
        # A text of b bytes has up to (b + 1) / 2 tokens.
        room = np.empty((starts[n] - starts[0] + n) // 2 + 1, np.int32)
        places = np.empty((len(room) if keep_unknown else 1, 2), np.int64)
        cdef int64_t[::1] token_starts_ = token_starts
        cdef int32_t[::1] ids = room
        cdef int64_t[:, ::1] places_ = places
        cdef int64_t *places_of_text = NULL
        cdef int64_t n_ids = 0, n_unknown = 0, n_found, token
        with nogil:
            for i in range(n):
                if keep_unknown:
                    places_of_text = &places_[n_unknown, 0]
                n_found = table_look_up(
                    &self.table, &data[0] + starts[i], starts[i + 1] - starts[i],
                    &data[0] + n_bytes, &ids[n_ids], places_of_text,
                )
                for token in range(n_ids, n_ids + n_found):
                    if ids[token] < 0 and keep_unknown:
                        places_[n_unknown, 0] = starts[i] + places_of_text[0]
                        places_[n_unknown, 1] = starts[i] + places_of_text[1]
                        n_unknown += 1
                    if keep_unknown:
                        places_of_text += 2
                if keep_unknown:
                    n_ids += n_found
                else:
                    n_ids = drop_unknown(&ids[0], n_ids, n_ids + n_found)
                token_starts_[i + 1] = n_ids
        return room[:n_ids], token_starts, places[:n_unknown]

    def merge(self, Scanner other not None):
        """Add the types and counts of `other`.

        Returns
        -------
        ndarray of int32, shape (other.n_types,)
            The id in this scanner of each type of `other`.
        """
        cdef int32_t[::1] ids = np.empty(other.table.n_types + 1, np.int32)
        cdef int error
        with nogil:
            error = table_merge(&self.table, &other.table, &ids[0])
        _check(error)
        return np.asarray(ids)[:other.table.n_types]

    def types(self):
        """Return the types as bytes, each followed by a newline, and where each starts.

        Returns
        -------
        types : bytes
        starts : ndarray of int64, shape (n_types + 1,)
            The last entry is the length of `types`.
        """
        cdef int64_t n = self.table.n_types, i
        cdef int64_t[::1] starts = np.empty(n + 1, np.int64)
        for i in range(n + 1):
            starts[i] = self.table.starts[i]
        arena = self.table.arena[:starts[n]] if starts[n] else b""
        return arena, np.asarray(starts)

    @property
    def longest_probe(self):
        """Largest number of slots between a type and the home slot of its hash."""
        return table_longest_probe(&self.table)

    def counts(self):
        """Return the number of tokens of each type: int64, shape (n_types,)."""
        cdef int64_t[::1] counts = np.empty(self.table.n_types + 1, np.int64)
        table_counts(&self.table, &counts[0])
        return np.asarray(counts)[:self.table.n_types]

    def first(self):
        """Return the position of the first token of each type: int64, shape (n_types,)."""
        cdef int64_t i
        cdef int64_t[::1] first = np.empty(self.table.n_types, np.int64)
        for i in range(self.table.n_types):
            first[i] = self.table.first[i]
        return np.asarray(first)


cdef int64_t drop_unknown(int32_t *ids, int64_t start, int64_t stop) noexcept nogil:
    """Move the ids that are not negative to the beginning; return where they end."""
    cdef int64_t i, n_kept = start
    for i in range(start, stop):
        ids[n_kept] = ids[i]
        n_kept += ids[i] >= 0
    return n_kept


def token_length(const uint8_t[::1] data not None):
    """Return the number of bytes of `data` before the first white space."""
    cdef int64_t length = 0
    if data.shape[0]:
        with nogil:
            length = c_token_length(&data[0], data.shape[0])
    return length


def join_slices(const uint8_t[::1] data not None, const int64_t[::1] starts not None,
                const int64_t[::1] stops not None):
    """Return the slices ``data[start:stop]``, joined.

    Parameters
    ----------
    data : bytes-like
    starts, stops : ndarray of int64, shape (n,)

    Returns
    -------
    bytes

    Raises
    ------
    IndexError
        If a slice is not in `data`.
    """
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
    """Return the number of ids whose entry in `table` is not negative.

    Raises
    ------
    IndexError
        If an id is not in `table`.
    """
    cdef int64_t position, n_known = 0
    check_ids(ids, table.shape[0], "id")
    with nogil:
        for position in range(ids.shape[0]):
            n_known += table[ids[position]] >= 0
    return n_known


def remap(const int32_t[::1] ids not None, const int64_t[::1] ends not None,
          const int32_t[::1] table not None, int32_t[::1] out not None,
          int64_t[::1] new_ends not None):
    """Write the entries of ``table[ids]`` that are not negative to `out`, and adapt sentence ends.

    Parameters
    ----------
    ids : int32 (n,)
    ends : int64 (m,)
        Ends of sentences: ascending positions from 0 to n.
    table : int32
        The new id of each id; -1 for an id to leave out.
    out : int32
        Receives the new ids; may share memory with `ids` if it begins there or before.
    new_ends : int64 (m,)
        Receives the number of tokens kept before each end.

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
    cdef int64_t n_known = table.shape[0], n_kept = 0, position = 0, stop, sentence
    cdef int32_t token_id
    cdef bint invalid = new_ends.shape[0] < n_ends
    with nogil:
        for sentence in range(n_ends + 1):
            stop = ends[sentence] if sentence < n_ends else n
            if invalid or stop < position or stop > n:
                invalid = True
                break
            while position < stop:
                token_id = ids[position]
                if token_id < 0 or token_id >= n_known:
                    invalid = True
                    break
                token_id = table[token_id]
                if token_id >= 0:
                    if n_kept >= room:
                        invalid = True
                        break
                    out[n_kept] = token_id
                    n_kept += 1
                position += 1
            if sentence < n_ends:
                new_ends[sentence] = n_kept
    if invalid:
        raise IndexError("ids, sentence ends and look-up table contradict each other")
    return n_kept


def count_ids(const int32_t[::1] ids not None, int64_t[::1] counts not None):
    """Add the number of occurrences of each id to `counts`.

    Raises
    ------
    IndexError
        If an id is not in `counts`.
    """
    cdef int64_t position
    check_ids(ids, counts.shape[0], "id")
    with nogil:
        for position in range(ids.shape[0]):
            counts[ids[position]] += 1


# What `encode_sentences` has read and not yet emitted.
cdef struct EncoderState:
    int64_t n_ids
    int64_t n_ends
    int64_t n_raw_tokens
    int64_t n_raw_sentences


cdef int _flush(object emit, int32_t[::1] ids, int64_t[::1] ends, EncoderState *state) except -1:
    """Emit what is in the block, and empty it."""
    PyErr_CheckSignals()
    emit(np.array(ids[:state.n_ids]), np.array(ends[:state.n_ends]), state.n_raw_sentences)
    state.n_ids = state.n_ends = 0
    return 0


cdef int _encode(object sentence, dict table, bint grow, object emit, int32_t[::1] ids,
                 int64_t[::1] ends, EncoderState *state) except -1:
    """Append the ids of a sentence to the block; emit the block whenever it is full."""
    cdef PyObject *entry
    cdef int64_t token_id
    cdef int64_t room = ids.shape[0]
    for token in sentence:
        if type(token) is str or type(token) is int:
            entry = PyDict_GetItemWithError(table, token)
        else:
            entry = _find(table, token)
            if entry == NULL:
                token = key_of(token, state.n_raw_sentences)
                entry = PyDict_GetItemWithError(table, token)
        state.n_raw_tokens += 1
        if entry != NULL:
            token_id = <object> entry
        elif grow:
            token_id = len(table)
            if token_id > 2147483646:
                _check(-2)
            PyDict_SetItem(table, token, token_id)
        else:
            continue
        if state.n_ids == room:
            _flush(emit, ids, ends, state)
        ids[state.n_ids] = <int32_t> token_id
        state.n_ids += 1
    return 0


cdef PyObject *_find(dict table, object token):
    """Return the entry of a token; NULL if there is none, or the token can't be hashed."""
    try:
        return PyDict_GetItemWithError(table, token)
    except TypeError:
        return NULL


def encode_sentences(sentences, dict table not None, bint grow, emit, int64_t block=BLOCK):
    """Translate the tokens of an iterable of sentences to ids, by a dict.

    Parameters
    ----------
    sentences : iterable of sequences of hashable
    table : dict
        From token to id.
    grow : bool
        Add unknown tokens to `table`, with the next ids; otherwise they are left out.
    emit : callable
        ``emit(ids, ends, n_raw_sentences)`` is called for each block: its ids and ends are as
        `Scanner.feed` returns them, followed by the number of sentences read so far.
    block : int
        Largest number of ids, and of ends, per block.

    Returns
    -------
    n_raw_tokens, n_raw_sentences : int
        Number of tokens and sentences read, including unknown tokens.

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
    cdef EncoderState state = [0, 0, 0, 0]
    for sentence in sentences:
        if type(sentence) is not list:
            sentence = sequence(sentence, state.n_raw_sentences)
        _encode(sentence, table, grow, emit, ids, ends, &state)
        state.n_raw_sentences += 1
        if state.n_ends == 0 or ends[state.n_ends - 1] < state.n_ids:
            if state.n_ends == block:
                _flush(emit, ids, ends, &state)
            ends[state.n_ends] = state.n_ids
            state.n_ends += 1
        if state.n_raw_sentences & 1023 == 0:
            PyErr_CheckSignals()
    _flush(emit, ids, ends, &state)
    return state.n_raw_tokens, state.n_raw_sentences
