"""Parser of edge lists, ``source target [weight]``, without the GIL."""

from libc.math cimport fabs
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memchr, memcmp, memcpy

from fastsgns.formats.decimal cimport decimal

# What the third column is (`EdgeParser`).
cdef enum Weighted:
    NO_THIRD_COLUMN = -2
    OPTIONAL_WEIGHT = -1
    NO_WEIGHT = 0
    REQUIRED_WEIGHT = 1

# What is wrong with a line; the module exports these numbers to Python.
cpdef enum:
    NO_FAULT = 0
    TOO_FEW_COLUMNS = 1
    TOO_MANY_COLUMNS = 2
    MIXED_COLUMNS = 3
    NOT_A_NUMBER = 4
    NOT_FINITE = 5
    RESERVED_CHARACTER = 6
    STRAY_SEPARATOR = 7
    QUOTED_NAME = 8
    BYTE_ORDER_MARK = 9
    JSON_VALUE = 10
    NOT_A_TIME = 11

cdef double MAX_WEIGHT = 3.4028234663852886e38
cdef const char *BOM = b"\xef\xbb\xbf"  # U+FEFF in UTF-8

ctypedef struct Field:
    const uint8_t *start
    const uint8_t *stop
    const uint8_t *after  # where the next field may begin; NULL if there is none


cdef inline bint _is_space(uint8_t byte) noexcept nogil:
    """Return whether a byte is white space of ASCII."""
    return byte == 32 or 9 <= byte <= 13


cdef inline const uint8_t *_skip_space(const uint8_t *at, const uint8_t *end) noexcept nogil:
    """Return the first byte from `at` on that is not white space, or `end`."""
    while at < end and _is_space(at[0]):
        at += 1
    return at


cdef inline bint _next_field(const uint8_t *at, const uint8_t *end, int delimiter,
                             Field *field) noexcept nogil:
    """Find the next field of a line, without the white space around it.

    Returns False if there is none.
    """
    if at == NULL:
        return False
    if delimiter < 0:
        field.start = _skip_space(at, end)
        at = field.start
        while at < end and not _is_space(at[0]):
            at += 1
        field.stop = field.after = at
        return field.start < at
    field.stop = <const uint8_t *>memchr(at, delimiter, end - at) if at < end else NULL
    field.after = NULL
    if field.stop == NULL:
        field.stop = end
    else:
        field.after = field.stop + 1
    field.start = _skip_space(at, field.stop)
    while field.stop > field.start and _is_space((field.stop - 1)[0]):
        field.stop -= 1
    return True


cdef inline bint _is_separator(uint8_t byte) noexcept nogil:
    return byte == 44 or byte == 59  # a comma or a semicolon


cdef inline bint _is_quoted(const Field *field) noexcept nogil:
    return field.stop - field.start > 1 and field.start[0] == 34 == (field.stop - 1)[0]


cdef inline bint _is_bracketed(const uint8_t *at, const uint8_t *end) noexcept nogil:
    """Return whether the text from `at` to `end` is in braces or in square brackets."""
    if at[0] != 123 and at[0] != 91:
        return False
    while _is_space((end - 1)[0]):
        end -= 1
    return (end - 1)[0] == at[0] + 2


cdef inline int _format_fault(const Field *source, const Field *target, const uint8_t *end,
                              int delimiter) noexcept nogil:
    """Return a fault if the names show that the line has another format; else NO_FAULT."""
    if source.stop - source.start >= 3 and not memcmp(source.start, BOM, 3):
        return BYTE_ORDER_MARK
    if _is_bracketed(source.start, end) and not _is_bracketed(source.start, source.stop):
        return JSON_VALUE
    if delimiter >= 0:
        if (source.stop - source.start > 1 and source.start[0] == 34 == (target.stop - 1)[0]
                or _is_quoted(source) or _is_quoted(target)):
            return QUOTED_NAME
        return NO_FAULT
    if (_is_separator((source.stop - 1)[0]) or _is_separator(target.start[0])
            or _is_separator((target.stop - 1)[0])):
        return STRAY_SEPARATOR
    return NO_FAULT


cdef inline uint8_t *_copy_name(Field *field, int delimiter, uint8_t *to) noexcept nogil:
    """Copy a name and a space after it; return the end of the copy.

    White space in the name is replaced by the bytes 27 to 31. Returns NULL if the name already
    holds one of these bytes, or a carriage return.
    """
    cdef int64_t length = field.stop - field.start, i
    cdef uint8_t byte
    memcpy(to, field.start, length)
    if delimiter >= 0:
        for i in range(length):
            byte = to[i]
            if 27 <= byte <= 31 or byte == 13:
                return NULL
            if byte == 32:
                to[i] = 31
            elif 9 <= byte <= 12:
                to[i] = 27 if byte == 9 else byte + 17
    to[length] = 32
    return to + length + 1


cdef int _read_weight(Field *field, double *weight) except? -1 nogil:
    """Read a weight; return a fault or NO_FAULT."""
    cdef const uint8_t *stop = decimal(field.start, field.stop, weight)
    if stop != field.stop:
        with gil:
            try:
                weight[0] = float((<const char *>field.start)[:field.stop - field.start])
            except ValueError:
                return NOT_A_NUMBER
    return NO_FAULT if fabs(weight[0]) <= MAX_WEIGHT else NOT_FINITE


cdef int _read_time(Field *field, double *time) except? -1 nogil:
    """Read a time; return a fault or NO_FAULT."""
    return NO_FAULT if _read_weight(field, time) == NO_FAULT else NOT_A_TIME


cdef class EdgeParser:
    """Parser of the lines of one range of a file; all lines must have the same columns.

    Parameters
    ----------
    comments : bytes
        A line whose first byte that is not white space is one of these is left out.
    delimiter : int
        The byte between columns; -1 for any white space.
    weighted : int
        What the third column is: 1 a weight, required, and later columns are ignored; 0 ignored;
        -1 a weight, in all lines or in none; -2 a fault.
    time_column : int
        3 or 4, the column of the time, after which columns are ignored; 0 if there are no times.
        With 3 there are no weights. With 4 the third column is a weight unless `weighted` is 0.
    """

    cdef uint8_t is_comment[256]
    cdef int delimiter
    cdef int weighted
    cdef int time_column
    cdef readonly int64_t n_columns
    """2, or 3 if there are weights; 0 before the first edge."""
    cdef readonly int64_t n_lines
    """Number of lines parsed, without the one that has a fault."""

    def __cinit__(self, bytes comments not None, int delimiter, int weighted,
                  int time_column=0):
        cdef int i
        for i in range(256):
            self.is_comment[i] = i in comments
        self.delimiter = delimiter
        self.weighted = weighted
        if time_column:
            self.weighted = NO_WEIGHT if time_column == 3 or weighted == NO_WEIGHT else (
                REQUIRED_WEIGHT)
        self.time_column = time_column
        self.n_columns = 0
        self.n_lines = 0

    def parse(self, const uint8_t[::1] text not None, uint8_t[::1] names not None,
              double[::1] weights not None, double[::1] times not None):
        """Parse whole lines; the last one may lack its newline.

        Parameters
        ----------
        text : bytes-like
        names : uint8 (len(text) + 2,) at least
            Receives the names, source and target in turn, with a space after each.
        weights : float64 (len(text) // 3 + 1,) at least
            Receives the weight of each edge, if there are weights.
        times : float64 (len(text) // 3 + 1,) at least
            Receives the time of each edge, if there are times.

        Returns
        -------
        n_bytes, n_edges : int
            Number of bytes written to `names`, and of edges.
        fault : int
            0, or what is wrong with the first bad line: one of the constants of this module.
        at : int
            Where in `text` that line begins; without a fault, where the first edge begins, or -1.
        """
        cdef int64_t n = text.shape[0], n_edges = 0
        if names.shape[0] < n + 2 or min(weights.shape[0], times.shape[0]) < n // 3 + 1:
            raise ValueError(f"too little room for the edges of {n} bytes")
        if n == 0:
            return 0, 0, 0, -1
        cdef const uint8_t *line = &text[0]
        cdef const uint8_t *end = line + n
        cdef const uint8_t *first = NULL
        cdef const uint8_t *newline
        cdef const uint8_t *at
        cdef uint8_t *to = &names[0]
        cdef uint8_t *next_to
        cdef int fault = 0
        with nogil:
            while line < end:
                newline = <const uint8_t *>memchr(line, 10, end - line)
                if newline == NULL:
                    newline = end
                at = _skip_space(line, newline)
                if at < newline and not self.is_comment[at[0]]:
                    next_to = to
                    fault = self._parse_line(line, newline, &next_to, &weights[n_edges],
                                             &times[n_edges])
                    if fault:
                        break
                    if first == NULL:
                        first = line
                    to = next_to
                    n_edges += 1
                self.n_lines += 1
                line = newline + 1
        if not fault:
            line = first
        return to - &names[0], n_edges, fault, -1 if line == NULL else line - &text[0]

    cdef int _parse_line(self, const uint8_t *line, const uint8_t *end, uint8_t **to,
                         double *weight, double *time) except? -1 nogil:
        """Parse one line; return a fault or NO_FAULT.

        Writes the names at to[0], which is advanced, the weight and the time.
        """
        cdef Field source, target, third, more
        cdef int fault
        cdef bint has_third
        if not (_next_field(line, end, self.delimiter, &source) and source.start < source.stop
                and _next_field(source.after, end, self.delimiter, &target)
                and target.start < target.stop):
            return TOO_FEW_COLUMNS
        fault = _format_fault(&source, &target, end, self.delimiter)
        if fault:
            return fault
        if self.weighted != NO_WEIGHT:
            has_third = _next_field(target.after, end, self.delimiter, &third)
            if self.weighted == REQUIRED_WEIGHT and not has_third:
                return TOO_FEW_COLUMNS
            if has_third and (self.weighted == NO_THIRD_COLUMN or self.weighted == OPTIONAL_WEIGHT
                              and _next_field(third.after, end, self.delimiter, &more)):
                return TOO_MANY_COLUMNS
            if self.n_columns == 0:
                self.n_columns = 2 + has_third
            elif self.n_columns != 2 + has_third:
                return MIXED_COLUMNS
            if has_third:
                fault = _read_weight(&third, weight)
        elif self.n_columns == 0:
            self.n_columns = 2
        if self.time_column and not fault:
            fault = self._parse_time(&target, end, time)
        to[0] = _copy_name(&source, self.delimiter, to[0])
        if to[0] != NULL:
            to[0] = _copy_name(&target, self.delimiter, to[0])
        return RESERVED_CHARACTER if to[0] == NULL else fault

    cdef int _parse_time(self, const Field *target, const uint8_t *end,
                         double *time) except? -1 nogil:
        """Read the time, in the first or the second column after the target."""
        cdef Field field = target[0]
        for _ in range(3, self.time_column + 1):
            if not (_next_field(field.after, end, self.delimiter, &field)
                    and field.start < field.stop):
                return TOO_FEW_COLUMNS
        return _read_time(&field, time)
