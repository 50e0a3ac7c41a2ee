"""Decimal numbers in text, for the readers of files."""

cdef extern from *:
    """
    static const double POWERS[23] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
    };
    """
    const double POWERS[23]


cdef inline bint _is_digit(unsigned char character) noexcept nogil:
    return 48 <= character <= 57


cdef inline const unsigned char *decimal(
    const unsigned char *at, const unsigned char *end, double *value
) noexcept nogil:
    """Read a decimal number that takes one rounding; return its end.

    Returns NULL for all other text, which Python's float must read. A mantissa up to 2**53 and a
    power of ten up to 22 are exact in a double, so that one multiplication or division gives the
    correctly rounded number (Clinger, 1990).
    """
    cdef unsigned long long mantissa = 0
    cdef int exponent = 0, digits = 0
    cdef int n_digits = 0
    cdef bint negative = False, negative_exponent = False
    if at < end and (at[0] == b"-" or at[0] == b"+"):
        negative = at[0] == b"-"
        at += 1
    while at < end and _is_digit(at[0]) and n_digits < 18:
        mantissa = mantissa * 10 + (at[0] - 48)
        n_digits += 1
        at += 1
    if at < end and at[0] == b".":
        at += 1
        while at < end and _is_digit(at[0]) and n_digits < 18:
            mantissa = mantissa * 10 + (at[0] - 48)
            n_digits += 1
            exponent -= 1
            at += 1
    if n_digits == 0 or mantissa > <unsigned long long>1 << 53:
        return NULL
    if at < end and (at[0] == b"e" or at[0] == b"E"):
        at += 1
        if at < end and (at[0] == b"-" or at[0] == b"+"):
            negative_exponent = at[0] == b"-"
            at += 1
        if at == end or not _is_digit(at[0]):
            return NULL
        while at < end and _is_digit(at[0]) and digits < 1000:
            digits = digits * 10 + (at[0] - 48)
            at += 1
        exponent += -digits if negative_exponent else digits
    if exponent < -22 or exponent > 22:
        return NULL
    value[0] = mantissa / POWERS[-exponent] if exponent < 0 else mantissa * POWERS[exponent]
    if negative:
        value[0] = -value[0]
    return at
