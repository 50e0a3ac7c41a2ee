"""Decimal numbers written as text, ``%.9g`` and ``%.17g``, without the GIL."""

from libc.math cimport frexp, isfinite, signbit
from libc.string cimport memcpy

cdef extern from *:
    """
    #include <stdint.h>

    #define MOST_PLACES_WRITTEN 27 /* 5**27 * 2**53 < 2**128 */

    #ifdef __SIZEOF_INT128__
    /* Compute mantissa * 10**places * 2**exponent, rounded half to even, for places from 0 to
       MOST_PLACES_WRITTEN and a result below 2**63. */
    static uint64_t scaled_up(uint64_t mantissa, int exponent, int places)
    {
        unsigned __int128 product = mantissa, power = 1, rest, half;
        int i;
        for (i = 0; i < places; i++)
            power *= 5;
        product *= power;
        exponent += places;
        if (exponent >= 0)
            return (uint64_t)(product << exponent);
        if (exponent < -127)
            return 0;
        half = (unsigned __int128)1 << (-exponent - 1);
        rest = product & (2 * half - 1);
        product >>= -exponent;
        if (rest > half || (rest == half && (product & 1)))
            product++;
        return (uint64_t)product;
    }
    #define CAN_SCALE_UP 1
    #else
    static uint64_t scaled_up(uint64_t mantissa, int exponent, int places) { return 0; }
    #define CAN_SCALE_UP 0
    #endif
    """
    const int MOST_PLACES_WRITTEN
    const bint CAN_SCALE_UP
    unsigned long long scaled_up(
        unsigned long long mantissa, int exponent, int places) noexcept nogil

cdef enum:
    LONGEST = 25  # a space, and -1.2345678901234567e-308

LONGEST_NUMERAL = LONGEST  # characters that `lines` writes at most for a number


cdef int _by_python(double value, int n_digits, unsigned char *to) noexcept with gil:
    """Write what the fast way does not: very large and very small numbers, NaN and infinity."""
    cdef bytes text = (b"%.9g" if n_digits == 9 else b"%.17g") % value
    memcpy(to, <const char *>text, len(text))
    return len(text)


cdef inline int _scientific(
    unsigned char *digits, int n, int exponent, unsigned char *to
) noexcept nogil:
    """Write ``d.ddde-05`` from `n` digits; return the length."""
    cdef int length = 1
    to[0] = digits[0]
    if n > 1:
        to[1] = b"."
        memcpy(to + 2, digits + 1, n - 1)
        length = n + 1
    to[length] = b"e"
    to[length + 1] = b"-" if exponent < 0 else b"+"
    exponent = -exponent if exponent < 0 else exponent
    to[length + 2] = 48 + exponent // 10  # below 100: other numbers are written by Python
    to[length + 3] = 48 + exponent % 10
    return length + 4


cdef inline int _fixed(
    unsigned char *digits, int n, int exponent, unsigned char *to
) noexcept nogil:
    """Write ``ddd.ddd`` or ``0.000ddd`` from `n` digits; return the length."""
    cdef int place, n_whole = exponent + 1
    if n_whole <= 0:
        to[0], to[1] = b"0", b"."
        for place in range(-n_whole):
            to[2 + place] = b"0"
        memcpy(to + 2 - n_whole, digits, n)
        return 2 - n_whole + n
    if n <= n_whole:
        memcpy(to, digits, n)
        for place in range(n, n_whole):
            to[place] = b"0"
        return n_whole
    memcpy(to, digits, n_whole)
    to[n_whole] = b"."
    memcpy(to + n_whole + 1, digits + n_whole, n - n_whole)
    return n + 1


cdef inline int _write(
    double value, int n_digits, unsigned long long least, unsigned char *to
) noexcept nogil:
    """Write a number as ``%.{n_digits}g`` does; return the length. `least` has so many digits."""
    cdef unsigned char digits[20]
    cdef int binary = 0, exponent, place, n = n_digits, sign = 0
    cdef unsigned long long mantissa, scaled
    if not isfinite(value):
        return _by_python(value, n_digits, to)
    if signbit(value):
        to[0] = b"-"
        sign, value = 1, -value
    if value == 0:
        to[sign] = b"0"
        return sign + 1
    mantissa = <unsigned long long>(frexp(value, &binary) * <double>(1ULL << 53))
    # The decimal exponent by log10(2) = 0.30103, at most one too small.
    exponent = <int>((binary - 1) * 30103LL // 100000 if binary > 0
                     else -((1 - binary) * 30103LL // 100000) - 1)
    place = n_digits - 1 - exponent
    if not CAN_SCALE_UP or place < 1 or place > MOST_PLACES_WRITTEN:
        return sign + _by_python(value, n_digits, to + sign)
    scaled = scaled_up(mantissa, binary - 53, place)
    if scaled >= 10 * least:
        exponent += 1
        scaled = scaled_up(mantissa, binary - 53, place - 1)
        if scaled >= 10 * least:  # 9.999 was rounded up to 10
            exponent += 1
            scaled = least
    for place in range(n_digits):
        digits[n_digits - 1 - place] = 48 + scaled % 10
        scaled //= 10
    while n > 1 and digits[n - 1] == 48:
        n -= 1
    if -5 < exponent < n_digits:
        return sign + _fixed(digits, n, exponent, to + sign)
    return sign + _scientific(digits, n, exponent, to + sign)


def lines(const double[:, ::1] rows, int n_digits, unsigned char[::1] text, long long[::1] ends):
    """Write each row as its numbers, a space before each, and a newline.

    Parameters
    ----------
    rows : float64 array, shape (n, d)
    n_digits : {9, 17}
        Significant digits, as of ``%.9g``. Zeros at the end are left out.
    text : uint8 array of at least ``n * (LONGEST_NUMERAL * d + 1)``
        Receives the lines.
    ends : int64 array, shape (n,)
        Receives where each line ends.

    Raises
    ------
    ValueError
        If `text` or `ends` is too short, or `n_digits` is another number.
    """
    cdef Py_ssize_t row, column, d = rows.shape[1], at = 0
    cdef unsigned long long least = 10**8 if n_digits == 9 else 10**16
    if n_digits != 9 and n_digits != 17:
        raise ValueError(f"n_digits is {n_digits}; allowed are 9 and 17")
    if text.shape[0] < rows.shape[0] * (LONGEST * d + 1) or ends.shape[0] < rows.shape[0]:
        raise ValueError("text or ends is too short for the rows")
    with nogil:
        for row in range(rows.shape[0]):
            for column in range(d):
                text[at] = b" "
                at += 1 + _write(rows[row, column], n_digits, least, &text[at + 1])
            text[at] = b"\n"
            at += 1
            ends[row] = at
