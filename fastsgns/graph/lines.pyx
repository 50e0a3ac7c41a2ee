"""Parser of edge lists, ``source target [weight]``, without the GIL."""

cimport cython
from libc.math cimport fabs
from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memchr, memcmp

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

cdef enum:
    QUOTE = 34
    UNDERSCORE = 95

cdef double MAX_WEIGHT = 3.4028234663852886e38
cdef const char *BOM = b"\xef\xbb\xbf"  # U+FEFF in UTF-8

ctypedef struct Field:
    const uint8_t *start
    const uint8_t *stop
    const uint8_t *after  # where the next field may begin; NULL if there is none
    bint is_quoted  # start and stop are within the quotes; "" is a quote
    bint is_broken  # a quote opens the field, and none closes it


cdef inline bint _is_space(uint8_t byte) noexcept nogil:
    """Return whether a byte is white space of ASCII."""
    return byte == 32 or 9 <= byte <= 13


cdef inline const uint8_t *_skip_space(const uint8_t *at, const uint8_t *end) noexcept nogil:
    """Return the first byte from `at` on that is not white space, or `end`."""
    while at < end and _is_space(at[0]):
        at += 1
    return at


cdef inline const uint8_t *_closing_quote(
        const uint8_t *at, const uint8_t *end) noexcept nogil:
    """Return the first quote from `at` on that is not one of a pair, or NULL."""
    while True:
        at = <const uint8_t *>memchr(at, QUOTE, end - at)
        if at == NULL or at + 1 == end or at[1] != QUOTE:
            return at
        at += 2


cdef inline bint _quoted_word(const uint8_t *at, const uint8_t *end, Field *field) noexcept nogil:
    """Find a field in quotes that starts at `at`, between white space.

    It must have a first and a last character that are not white space; otherwise the quote is a
    character like any other. Returns False in this case.
    """
    cdef const uint8_t *stop = _closing_quote(at + 1, end)
    if (stop == NULL or stop == at + 1 or stop + 1 < end and not _is_space(stop[1])
            or _is_space(at[1]) or _is_space((stop - 1)[0])):
        return False
    field.start, field.stop, field.after = at + 1, stop, stop + 1
    field.is_quoted = True
    return True


cdef inline void _quoted_column(const uint8_t *at, const uint8_t *end, int delimiter,
                                Field *field) noexcept nogil:
    """Find a field in quotes that starts at `at`, before a delimiter or the end of the line."""
    cdef const uint8_t *stop = _closing_quote(at + 1, end)
    field.is_quoted = True
    if stop != NULL:
        field.start, field.stop = at + 1, stop
        at = stop + 1
        while at < end and at[0] != delimiter and _is_space(at[0]):
            at += 1
        if at < end and at[0] == delimiter:
            field.after = at + 1
        field.is_broken = at < end and at[0] != delimiter
    else:
        field.is_broken = True


cdef inline bint _next_field(const uint8_t *at, const uint8_t *end, int delimiter, bint quotes,
                             Field *field) noexcept nogil:
    """Find the next field of a line, without the white space around it.

    Returns False if there is none.
    """
    field.is_quoted = field.is_broken = False
    if at == NULL:
        return False
    if delimiter < 0:
        at = _skip_space(at, end)
        if quotes and at < end and at[0] == QUOTE and _quoted_word(at, end, field):
            return True
        field.start = at
        while at < end and not _is_space(at[0]):
            at += 1
        field.stop = field.after = at
        return field.start < at
    field.after = NULL
    field.start = at
    while field.start < end and field.start[0] != delimiter and _is_space(field.start[0]):
        field.start += 1
    if quotes and field.start < end and field.start[0] == QUOTE:
        _quoted_column(field.start, end, delimiter, field)
        return not field.is_broken
    field.stop = <const uint8_t *>memchr(at, delimiter, end - at) if at < end else NULL
    if field.stop == NULL:
        field.stop = end
    else:
        field.after = field.stop + 1
    while field.stop > field.start and _is_space((field.stop - 1)[0]):
        field.stop -= 1
    return True


cdef inline bint _is_separator(uint8_t byte) noexcept nogil:
    return byte == 44 or byte == 59  # a comma or a semicolon


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
    if (not source.is_quoted and _is_bracketed(source.start, end)
            and not _is_bracketed(source.start, source.stop)):
        return JSON_VALUE
    if delimiter < 0 and (
            not source.is_quoted and _is_separator((source.stop - 1)[0])
            or not target.is_quoted and (
                _is_separator(target.start[0]) or _is_separator((target.stop - 1)[0]))):
        return STRAY_SEPARATOR
    return NO_FAULT


cdef inline uint8_t *_copy_name(const Field *field, uint8_t *to) noexcept nogil:
    """Copy a name and a space after it; return the end of the copy.

    White space in the name is replaced by the bytes 27 to 31. Returns NULL if the name already
    holds one of these bytes, or a carriage return.
    """
    cdef const uint8_t *at = field.start
    cdef uint8_t byte
    while at < field.stop:
        byte = at[0]
        if byte <= 32:
            if 27 <= byte <= 31 or byte == 13:
                return NULL
            if byte == 32:
                byte = 31
            elif 9 <= byte <= 12:
                byte = 27 if byte == 9 else byte + 17
        elif byte == QUOTE and field.is_quoted:
            at += 1  # of a pair
        to[0] = byte
        to += 1
        at += 1
    to[0] = 32
    return to + 1


cdef int _read_weight(Field *field, double *weight) except? -1 nogil:
    """Read a weight; return a fault or NO_FAULT."""
    cdef const uint8_t *stop = decimal(field.start, field.stop, weight)
    if stop != field.stop:
        if memchr(field.start, UNDERSCORE, field.stop - field.start) != NULL:
            return NOT_A_NUMBER  # Python takes it for a part of a number
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
    quotes : bool
        Whether quotes around a column are not part of it, as in CSV.
    """

    cdef uint8_t is_comment[256]
    cdef int delimiter
    cdef int weighted
    cdef int time_column
    cdef bint quotes
    cdef readonly int64_t n_columns
    """2, or 3 if there are weights; 0 before the first edge."""
    cdef readonly int64_t n_lines
    """Number of lines parsed, without the one that has a fault."""

    def __cinit__(self, bytes comments not None, int delimiter, int weighted,
                  int time_column=0, bint quotes=True):
        cdef int i
        for i in range(256):
            self.is_comment[i] = i in comments
        self.delimiter = delimiter
        self.weighted = weighted
        if time_column:
            self.weighted = NO_WEIGHT if time_column == 3 or weighted == NO_WEIGHT else (
                REQUIRED_WEIGHT)
        self.time_column = time_column
        self.quotes = quotes
        self.n_columns = 0
        self.n_lines = 0

    @cython.nonecheck(False)  # of self, which takes the GIL
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
        target.is_broken = False
        if not (_next_field(line, end, self.delimiter, self.quotes, &source)
                and source.start < source.stop
                and _next_field(source.after, end, self.delimiter, self.quotes, &target)
                and target.start < target.stop):
            return QUOTED_NAME if source.is_broken or target.is_broken else TOO_FEW_COLUMNS
        fault = _format_fault(&source, &target, end, self.delimiter)
        if fault:
            return fault
        if self.weighted != NO_WEIGHT:
            has_third = _next_field(target.after, end, self.delimiter, self.quotes, &third)
            if third.is_broken:
                return QUOTED_NAME
            if self.weighted == REQUIRED_WEIGHT and not has_third:
                return TOO_FEW_COLUMNS
            if has_third and (self.weighted == NO_THIRD_COLUMN or self.weighted == OPTIONAL_WEIGHT
                              and _next_field(
                                  third.after, end, self.delimiter, self.quotes, &more)):
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
        to[0] = _copy_name(&source, to[0])
        if to[0] != NULL:
            to[0] = _copy_name(&target, to[0])
        return RESERVED_CHARACTER if to[0] == NULL else fault

    cdef int _parse_time(self, const Field *target, const uint8_t *end,
                         double *time) except? -1 nogil:
        """Read the time, in the first or the second column after the target."""
        cdef Field field = target[0]
        for _ in range(3, self.time_column + 1):
            if not (_next_field(field.after, end, self.delimiter, self.quotes, &field)
                    and field.start < field.stop):
                return QUOTED_NAME if field.is_broken else TOO_FEW_COLUMNS
        return _read_time(&field, time)
