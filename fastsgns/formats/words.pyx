"""Words in bytes: decoded, and numbered in the order of their first appearance."""

from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.ref cimport Py_INCREF, PyObject
from cpython.unicode cimport PyUnicode_Decode

cdef extern from "Python.h":
    PyObject *PyDict_SetDefault(object ids, object key, object value) except NULL


def decoded(
    const unsigned char[::1] content, const long long[:, ::1] spans, str encoding, str errors
):
    """Decode parts of a text.

    Parameters
    ----------
    content : bytes-like
        The text.
    spans : int64 array, shape (n, 2)
        Where in `content` each part starts and ends.
    encoding, errors : str
        As for `bytes.decode`.

    Returns
    -------
    list of n str

    Raises
    ------
    UnicodeDecodeError
        If a part is not in this encoding. Its `object` is the part.
    ValueError
        If a part is not within `content`.
    """
    cdef Py_ssize_t row, n = spans.shape[0], size = content.shape[0]
    cdef bytes codec = encoding.encode(), handler = errors.encode()
    cdef const char *first = b""
    cdef object word
    if size:
        first = <const char *>&content[0]
    if spans.shape[1] != 2:
        raise ValueError("spans is not of shape (n, 2)")
    for row in range(n):
        if not 0 <= spans[row, 0] <= spans[row, 1] <= size:
            raise ValueError("a part is not within the content")
    words = PyList_New(n)
    for row in range(n):
        word = PyUnicode_Decode(
            <char *>first + spans[row, 0], spans[row, 1] - spans[row, 0], codec, handler
        )
        Py_INCREF(word)
        PyList_SET_ITEM(words, row, word)
    return words


def add_new(list words, dict ids):
    """Add new words with the next numbers.

    Parameters
    ----------
    words : list of str
    ids : dict
        The number of each word until now, 0 to n - 1; the new words are added.

    Returns
    -------
    list of int, or None
        The positions in `words` of those that are new; None if all are.

    Examples
    --------
    >>> ids = {"a": 0}
    >>> add_new(["b", "a", "b", "c"], ids), ids
    ([0, 3], {'a': 0, 'b': 1, 'c': 2})
    """
    cdef Py_ssize_t position, n = len(ids), n_words = len(words)
    cdef list new = None
    for position in range(n_words):
        PyDict_SetDefault(ids, words[position], n)
        if len(ids) == n + 1:
            n += 1
            if new is not None:
                new.append(position)
        elif new is None:
            new = list(range(position))
    return new
