"""Rows of files of vectors, text and binary: a word and its numbers each. Without the GIL."""

from libc.string cimport memchr, memcpy

from fastsgns.formats.decimal cimport decimal

ctypedef fused real:
    float
    double


cdef int _number_of_python(
    const unsigned char *at, const unsigned char *end, double *value
) noexcept with gil:
    """Read a number as Python does, without underscores; return 0 if it is none."""
    try:
        if memchr(at, b"_", end - at) != NULL:
            return 0
        value[0] = float((<const char *>at)[:end - at])
    except ValueError:
        return 0
    return 1


cdef inline const unsigned char *_number(
    const unsigned char *at, const unsigned char *end, double *value
) noexcept nogil:
    """Read the number that starts at `at` and ends at a space or at `end`; return its end.

    Returns NULL for other text.
    """
    cdef const unsigned char *stop = decimal(at, end, value)
    if stop != NULL and (stop == end or stop[0] == b" "):
        return stop
    stop = <const unsigned char *>memchr(at, b" ", end - at)
    if stop == NULL:
        stop = end
    return stop if _number_of_python(at, stop, value) else NULL


cdef const unsigned char *_after_blank_lines(
    const unsigned char *line, const unsigned char *end
) noexcept nogil:
    """Return the start of the first line that is not blank, from the one at `line` on."""
    cdef const unsigned char *at = line
    while at < end and (at[0] == b" " or b"\t" <= at[0] <= b"\r"):
        at += 1
        if (at - 1)[0] == b"\n":
            line = at
    return line


cdef inline const unsigned char *_row(
    const unsigned char *line, const unsigned char *stop, real *row, Py_ssize_t d
) noexcept nogil:
    """Read ``word number ... number``, one space between; return the end of the word.

    Returns NULL if the line from `line` to `stop` is of another form.
    """
    cdef double value = 0
    cdef Py_ssize_t column
    cdef const unsigned char *word = <const unsigned char *>memchr(line, b" ", stop - line)
    cdef const unsigned char *at = word
    if word == NULL:
        return NULL
    for column in range(d):
        if at == stop or at[0] != b" ":
            return NULL
        at = _number(at + 1, stop, &value)
        if at == NULL:
            return NULL
        row[column] = <real>value
    if at < stop and at[0] == b" ":
        at += 1  # many writers end a line with a space
    return word if at == stop else NULL


def parse(
    const unsigned char[::1] text,
    Py_ssize_t start,
    real[:, ::1] rows,
    long long[:, ::1] words,
):
    """Parse lines of ``word number ... number``, one space between.

    A line ends with a newline, which a carriage return or a space may precede. Blank lines are
    skipped.

    Parameters
    ----------
    text : bytes-like
        Whole lines.
    start : int
        Where in `text` to begin.
    rows : float32 or float64 array, shape (n, d)
        Receives the numbers.
    words : int64 array, shape (n, 2)
        Receives where in `text` each word starts and ends.

    Returns
    -------
    n_rows : int
        Number of lines parsed. Parsing stops when `rows` is full, at the end of `text`, and
        before the first line of any other form.
    stop : int
        Start in `text` of the first line that was not parsed and is not blank.

    Raises
    ------
    ValueError
        If `start` is not in the text, or `words` has another shape.
    """
    cdef Py_ssize_t n_rows = 0, n_most = rows.shape[0], d = rows.shape[1]
    cdef const unsigned char *first
    cdef const unsigned char *line
    cdef const unsigned char *end
    cdef const unsigned char *newline
    cdef const unsigned char *stop
    cdef const unsigned char *word
    if not 0 <= start <= text.shape[0] or words.shape[0] < n_most or words.shape[1] != 2:
        raise ValueError("start is beyond the text, or words is not of shape (n, 2)")
    if text.shape[0] == 0:
        return 0, 0
    if d == 0:
        return 0, start
    first = &text[0]
    end = first + text.shape[0]
    with nogil:
        line = _after_blank_lines(first + start, end)
        while line < end and n_rows < n_most:
            newline = <const unsigned char *>memchr(line, b"\n", end - line)
            if newline == NULL:
                break
            stop = newline
            if stop > line and (stop - 1)[0] == b"\r":
                stop -= 1
            word = _row(line, stop, &rows[n_rows, 0], d)
            if word == NULL:
                break
            words[n_rows, 0] = line - first
            words[n_rows, 1] = word - first
            n_rows += 1
            line = _after_blank_lines(newline + 1, end)
    return n_rows, line - first


def split(
    const unsigned char[::1] content,
    Py_ssize_t n_bytes,
    long long[:, ::1] words,
):
    r"""Find the rows of a binary file: a word, a space and `n_bytes` bytes each.

    A word does not include newlines before it, which the C tool puts after each vector, or one
    ``\r\n``.

    Parameters
    ----------
    content : bytes-like
        Begins with a row.
    n_bytes : int
        The length of a vector.
    words : int64 array, shape (n, 2)
        Receives where in `content` each word starts and ends. The vector begins one byte later.

    Returns
    -------
    n_rows : int
        Number of rows that are whole, at most n.
    stop : int
        The end of the last of them.

    Raises
    ------
    ValueError
        If `n_bytes` is negative, or `words` has another shape.
    """
    cdef Py_ssize_t n_rows = 0, n_most = words.shape[0], size = content.shape[0]
    cdef Py_ssize_t at = 0, start, end
    cdef const unsigned char *first
    cdef const unsigned char *space
    if n_bytes < 0 or words.shape[1] != 2:
        raise ValueError("n_bytes is negative, or words is not of shape (n, 2)")
    if size == 0:
        return 0, 0
    first = &content[0]
    with nogil:
        while n_rows < n_most:
            space = <const unsigned char *>memchr(first + at, b" ", size - at)
            if space == NULL or size - (space - first) - 1 < n_bytes:
                break
            start, end = at, space - first
            if end - start >= 2 and first[start] == b"\r" and first[start + 1] == b"\n":
                start += 2
            while start < end and first[start] == b"\n":
                start += 1
            words[n_rows, 0] = start
            words[n_rows, 1] = end
            n_rows += 1
            at = end + 1 + n_bytes
    return n_rows, at


def gather(
    const unsigned char[::1] content,
    const long long[:, ::1] words,
    unsigned char[:, ::1] rows,
):
    """Copy the vectors that `split` found.

    Parameters
    ----------
    content, words
        As for `split`.
    rows : uint8 array, shape (n, bytes of a vector)
        Receives the vectors.

    Raises
    ------
    ValueError
        If a vector is not within `content`, or the shapes disagree.
    """
    cdef Py_ssize_t row, n_bytes = rows.shape[1], last = content.shape[0] - n_bytes
    cdef bint is_within = True
    if words.shape[0] != rows.shape[0] or words.shape[1] != 2:
        raise ValueError("words and rows are not of shapes (n, 2) and (n, bytes)")
    if rows.shape[0] == 0 or n_bytes == 0:
        return
    with nogil:
        for row in range(rows.shape[0]):
            if not 0 <= words[row, 1] < last:
                is_within = False
                break
            memcpy(&rows[row, 0], &content[words[row, 1] + 1], n_bytes)
    if not is_within:
        raise ValueError("a vector is not within the content")
