"""Texts and lists of tokens of Python, as bytes and as ids."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

import numpy as np

from fastsgns.corpus.tokens import key_of

cdef extern from "Python.h":
    PyObject *PyDict_GetItemWithError(object mapping, object key) except? NULL
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const void *PyUnicode_DATA(object text)


def join_texts(list texts not None):
    """Return texts as UTF-8, one after the other, and where each starts.

    Unlike ``str.encode``, it accepts surrogates, which are encoded as they are.

    Parameters
    ----------
    texts : list of n str

    Returns
    -------
    data : bytes
    starts : ndarray of int64, shape (n + 1,)
        The last entry is the length of `data`.

    Raises
    ------
    TypeError
        If a text is not a str.

    Examples
    --------
    >>> data, starts = join_texts(["to be", "", "été"])
    >>> data.decode(), starts.tolist()
    ('to beété', [0, 5, 5, 10])
    """
    cdef int64_t[::1] starts = np.zeros(len(texts) + 1, np.int64)
    cdef int64_t i, length, total = 0
    cdef list encoded = []  # the UTF-8 of each text that is not ASCII
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text {i} is a {type(text).__name__}, where a str is wanted")
        if PyUnicode_IS_COMPACT_ASCII(text):
            length = len(text)
        else:
            in_utf8 = text.encode("utf-8", "surrogatepass")
            encoded.append(in_utf8)
            length = len(in_utf8)
        total += length
        starts[i + 1] = total
    cdef bytes joined = PyBytes_FromStringAndSize(NULL, total)
    cdef char *to = joined
    cdef int64_t n_encoded = 0
    for i, text in enumerate(texts):
        length = starts[i + 1] - starts[i]
        if PyUnicode_IS_COMPACT_ASCII(text):
            memcpy(to, PyUnicode_DATA(text), length)
        else:
            memcpy(to, <const char *>(<bytes>encoded[n_encoded]), length)
            n_encoded += 1
        to += length
    return joined, np.asarray(starts)


def ids_of_tokens(list texts not None, dict table not None, int64_t first, list unknown=None):
    """Translate the tokens of texts to ids, by a dict.

    Parameters
    ----------
    texts : list of n lists of hashable
    table : dict
        From token to id.
    first : int
        The number of the first text, for error messages.
    unknown : list, optional
        Receives the tokens that are not in `table`, whose id is -1. Without it they are left out.

    Returns
    -------
    ids : ndarray of int32
        The ids of the tokens of all texts.
    starts : ndarray of int64, shape (n + 1,)
        Text i has the ids ``ids[starts[i]:starts[i + 1]]``.

    Raises
    ------
    TypeError
        For a token that can't be hashed.
    ValueError
        For a token that is a missing value, None or NaN.

    Examples
    --------
    >>> ids, starts = ids_of_tokens([["to", "be"], ["or", "to"]], {"to": 0, "or": 7}, 0)
    >>> ids.tolist(), starts.tolist()
    ([0, 7, 0], [0, 1, 3])
    """
    cdef int64_t i, n_ids = 0
    cdef int64_t[::1] starts = np.zeros(len(texts) + 1, np.int64)
    cdef int32_t[::1] ids = np.empty(sum(map(len, texts)), np.int32)
    cdef PyObject *entry
    for i, text in enumerate(texts):
        for token in <list?>text:
            if type(token) is not str:
                token = key_of(token, first + i, "text")
            entry = PyDict_GetItemWithError(table, token)
            if entry != NULL:
                ids[n_ids] = <object>entry
            elif unknown is None:
                continue
            else:
                ids[n_ids] = -1
                unknown.append(token)
            n_ids += 1
        starts[i + 1] = n_ids
    return np.asarray(ids)[:n_ids], np.asarray(starts)
