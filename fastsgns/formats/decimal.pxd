"""Decimal numbers in text, for the readers of files."""

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    static const double POWERS[23] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
    };

    #define MOST_PLACES 27 /* 5**27 is the largest power of five below 2**63 */
    #define MOST_EXPONENT 9999 /* so that sums of exponents stay small; doubles end at 308 */

    #ifdef __SIZEOF_INT128__
    /* Compute mantissa / 10**places, correctly rounded, for places up to MOST_PLACES. */
    static double scaled_down(uint64_t mantissa, int places)
    {
        uint64_t divisor = 1, power = 5, quotient, bits;
        unsigned __int128 dividend;
        int exponent = -63 - places, rest = places, zeros;
        double sum, scale;
        if (mantissa == 0)
            return 0.0;
        for (; rest; rest >>= 1, power *= power) /* what overflows is not used */
            if (rest & 1)
                divisor *= power;
        zeros = __builtin_clzll(divisor);
        divisor <<= zeros;
        exponent += zeros;
        zeros = __builtin_clzll(mantissa);
        exponent -= zeros;
        /* The dividend is less than divisor * 2**64, so the quotient has 63 or 64 bits. */
        dividend = (unsigned __int128)(mantissa << zeros) << 63;
        quotient = (uint64_t)(dividend / divisor);
        /* A last bit for the remainder, so that the conversion to double rounds as it must. */
        sum = (double)(quotient | (dividend % divisor != 0));
        bits = (uint64_t)(exponent + 1023) << 52;
        memcpy(&scale, &bits, sizeof scale);
        return sum * scale;
    }
    #define CAN_SCALE_DOWN 1
    #else
    static double scaled_down(uint64_t mantissa, int places) { return 0; }
    #define CAN_SCALE_DOWN 0
    #endif
    """
    const double POWERS[23]
    const int MOST_PLACES
    const int MOST_EXPONENT
    const bint CAN_SCALE_DOWN
    double scaled_down(unsigned long long mantissa, int places) noexcept nogil


cdef inline bint _is_digit(unsigned char character) noexcept nogil:
    return 48 <= character <= 57


cdef inline const unsigned char *_digits(
    const unsigned char *at, const unsigned char *end, unsigned long long *mantissa, int *n_digits
) noexcept nogil:
    """Append digits to a mantissa, up to 19 in all, and return the end of them.

    Zeros before the first other digit do not count. 19 digits fit in 64 bits.
    """
    cdef unsigned long long value = mantissa[0]
    cdef int n = n_digits[0]
    while at < end and _is_digit(at[0]) and n < 19:
        value = value * 10 + (at[0] - 48)
        n += value != 0
        at += 1
    mantissa[0], n_digits[0] = value, n
    return at


cdef inline const unsigned char *decimal(
    const unsigned char *at, const unsigned char *end, double *value
) noexcept nogil:
    """Read a decimal number of up to 19 digits, correctly rounded; return its end.

    Returns NULL for other text, which Python's float must read. The number is a mantissa and a
    power of ten. A mantissa up to 2**53 and a power up to 22 are exact in a double, so that one
    multiplication or division rounds correctly (Clinger, 1990). Larger mantissas are divided as
    integers of 128 bits, with the remainder. A number with more than `MOST_EXPONENT` places after
    the point, or a larger exponent, is left to Python as well.
    """
    cdef unsigned long long mantissa = 0
    cdef int exponent = 0, digits = 0
    cdef int n_digits = 0
    cdef bint negative = False, negative_exponent = False
    cdef const unsigned char *start
    cdef const unsigned char *point
    if at < end and (at[0] == b"-" or at[0] == b"+"):
        negative = at[0] == b"-"
        at += 1
    start = at
    at = _digits(at, end, &mantissa, &n_digits)
    if at < end and at[0] == b".":
        point = at + 1
        at = _digits(point, end, &mantissa, &n_digits)
        if at - start == 1 or at - point > MOST_EXPONENT:
            return NULL
        exponent = -<int>(at - point)
    if at == start or (at < end and _is_digit(at[0])):
        return NULL
    if at < end and (at[0] == b"e" or at[0] == b"E"):
        at += 1
        if at < end and (at[0] == b"-" or at[0] == b"+"):
            negative_exponent = at[0] == b"-"
            at += 1
        if at == end or not _is_digit(at[0]):
            return NULL
        while at < end and _is_digit(at[0]):
            digits = digits * 10 + (at[0] - 48)
            if digits > MOST_EXPONENT:
                return NULL
            at += 1
        exponent += -digits if negative_exponent else digits
    if mantissa <= <unsigned long long>1 << 53 and -22 <= exponent <= 22:
        value[0] = mantissa / POWERS[-exponent] if exponent < 0 else mantissa * POWERS[exponent]
    elif CAN_SCALE_DOWN and -MOST_PLACES <= exponent <= 0:
        value[0] = scaled_down(mantissa, -exponent)
    else:
        return NULL
    if negative:
        value[0] = -value[0]
    return at
