"""Parser of lines of text that hold a word and its numbers each."""

from libc.string cimport memchr

from fastsgns.formats.decimal cimport decimal

ctypedef fused real:
    float
    double


cdef double _number(
    const unsigned char *at, const unsigned char *end, const unsigned char **after
) except? -1.0:
    """Read the number that starts at `at` and ends at a space or at `end`; set `after` to its end.

    Raises a ValueError for other text.
    """
    cdef double value = 0
    cdef const unsigned char *stop = decimal(at, end, &value)
    if stop != NULL and (stop == end or stop[0] == b" "):
        after[0] = stop
        return value
    stop = <const unsigned char *>memchr(at, b" ", end - at)
    if stop == NULL:
        stop = end
    after[0] = stop
    if memchr(at, b"_", stop - at) != NULL:
        raise ValueError("an underscore, which Python takes for a part of a number")
    return float((<const char *>at)[:stop - at])


cdef const unsigned char *_after_blank_lines(
    const unsigned char *line, const unsigned char *end
) noexcept:
    """Return the start of the first line that is not blank, from the one at `line` on."""
    cdef const unsigned char *at = line
    while at < end and (at[0] == b" " or b"\t" <= at[0] <= b"\r"):
        at += 1
        if (at - 1)[0] == b"\n":
            line = at
    return line


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
    """
    cdef Py_ssize_t n_rows = 0, column, d = rows.shape[1]
    cdef const unsigned char *first
    cdef const unsigned char *line
    cdef const unsigned char *end
    cdef const unsigned char *at
    cdef const unsigned char *newline
    cdef const unsigned char *stop
    if text.shape[0] == 0:
        return 0, 0
    first = &text[0]
    end = first + text.shape[0]
    line = _after_blank_lines(first + start, end)
    while line < end and n_rows < rows.shape[0]:
        newline = <const unsigned char *>memchr(line, b"\n", end - line)
        if newline == NULL:
            break
        stop = newline
        if stop > line and (stop - 1)[0] == b"\r":
            stop -= 1
        at = <const unsigned char *>memchr(line, b" ", stop - line)
        if at == NULL:
            break
        words[n_rows, 0] = line - first
        words[n_rows, 1] = at - first
        column = 0
        try:
            while column < d and at < stop and at[0] == b" ":
                rows[n_rows, column] = <real>_number(at + 1, stop, &at)
                column += 1
        except ValueError:
            break
        if at < stop and at[0] == b" ":
            at += 1  # many writers end a line with a space
        if column < d or at != stop:
            break
        n_rows += 1
        line = _after_blank_lines(newline + 1, end)
    return n_rows, line - first
