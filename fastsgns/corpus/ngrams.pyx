"""Character n-grams of words, hashed to buckets, without an object per n-gram.

Words come as the bytes of "<word>": the word in UTF-8 between the two brackets that mark its
borders. Bytes 10xxxxxx continue a character, so that n-grams are those of characters; any bytes are
allowed.
"""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from fastsgns.kernels.ids cimport ascend

cdef uint32_t FNV_OFFSET = 2166136261U, FNV_PRIME = 16777619U
cdef uint32_t MURMUR_SEED = 2166136261U  # floret's default, which spaCy's files state
cdef uint64_t MURMUR_1 = 0x87C37B91114253D5ULL, MURMUR_2 = 0x4CF5AD432745937FULL
cdef const char *END_OF_SENTENCE = b"<</s>>"  # fastText's token for the end of a line


cdef inline bint _continues(uint8_t byte) noexcept nogil:
    """Return whether a byte continues a character of UTF-8."""
    return (byte & 0xC0) == 0x80


cdef inline uint32_t _add_byte(uint32_t hashed, uint8_t byte) noexcept nogil:
    """Return the FNV-1a hash with one more byte, whose sign is extended as fastText does."""
    return (hashed ^ <uint32_t><int32_t><int8_t>byte) * FNV_PRIME


cdef inline uint64_t _rotated(uint64_t x, int bits) noexcept nogil:
    """Return x rotated to the left."""
    return (x << bits) | (x >> (64 - bits))


cdef inline uint64_t _mixed(uint64_t x) noexcept nogil:
    """Return the finalizer of MurmurHash3 of x."""
    x = (x ^ (x >> 33)) * <uint64_t>0xFF51AFD7ED558CCDULL
    x = (x ^ (x >> 33)) * <uint64_t>0xC4CEB9FE1A85EC53ULL
    return x ^ (x >> 33)


cdef inline uint64_t _word(const uint8_t *data, int64_t n) noexcept nogil:
    """Return n bytes, at most 8, as a little-endian number."""
    cdef uint64_t x = 0
    cdef int64_t i
    for i in range(n):
        x |= <uint64_t>data[i] << (8 * i)
    return x


cdef inline uint64_t _scrambled_1(uint64_t x) noexcept nogil:
    """Return the first word of a block as MurmurHash3 adds it."""
    return _rotated(x * MURMUR_1, 31) * MURMUR_2


cdef inline uint64_t _scrambled_2(uint64_t x) noexcept nogil:
    """Return the second word of a block as MurmurHash3 adds it."""
    return _rotated(x * MURMUR_2, 33) * MURMUR_1


cdef void _murmur(const uint8_t *data, int64_t n, uint32_t *out) noexcept nogil:
    """Compute MurmurHash3_x64_128 (Appleby) of n bytes: four numbers of 32 bits.

    The 128 bits are split as on a little-endian machine, on every machine.
    """
    cdef uint64_t a = MURMUR_SEED, b = MURMUR_SEED
    cdef int64_t start = 0, tail = n & 15
    while start + 16 <= n:
        a ^= _scrambled_1(_word(data + start, 8))
        a = (_rotated(a, 27) + b) * 5 + 0x52DCE729
        b ^= _scrambled_2(_word(data + start + 8, 8))
        b = (_rotated(b, 31) + a) * 5 + 0x38495AB5
        start += 16
    if tail > 8:
        b ^= _scrambled_2(_word(data + start + 8, tail - 8))
    if tail:
        a ^= _scrambled_1(_word(data + start, min(tail, 8)))
    a ^= <uint64_t>n
    b ^= <uint64_t>n
    a += b
    b += a
    a = _mixed(a)
    b = _mixed(b)
    a += b
    b += a
    out[0], out[1] = <uint32_t>a, <uint32_t>(a >> 32)
    out[2], out[3] = <uint32_t>b, <uint32_t>(b >> 32)


cdef int64_t _n_characters(const uint8_t *word, int64_t size) noexcept nogil:
    """Return the number of bytes that start a character."""
    cdef int64_t i, n = 0
    for i in range(size):
        n += not _continues(word[i])
    return n


cdef bint _is_end(const uint8_t *word, int64_t size) noexcept nogil:
    """Return whether the word is fastText's token for the end of a sentence."""
    return size == 6 and memcmp(word, END_OF_SENTENCE, 6) == 0


cdef int64_t _n_ngrams(
    const uint8_t *word, int64_t size, int64_t min_n, int64_t max_n
) noexcept nogil:
    """Return the number of n-grams of "<word>", with "<" and ">" if `min_n` is less than 2."""
    cdef int64_t n_characters = _n_characters(word, size)
    cdef int64_t first = max(min_n, 1), last = min(max_n, n_characters), n_lengths
    if first > last:
        return 0
    n_lengths = last - first + 1
    # (n - first + 1) + ... + (n - last + 1), for words of n characters
    return n_lengths * (2 * n_characters - first - last + 2) // 2


cdef int64_t _n_fnv(
    const uint8_t *word, int64_t size, int64_t min_n, int64_t max_n
) noexcept nogil:
    """Return the number of n-grams of fastText: a bracket alone is not one, "</s>" has none."""
    if _is_end(word, size):
        return 0
    cdef int64_t total = _n_ngrams(word, size, min_n, max_n)
    return max(total - 2, 0) if min_n < 2 else total


cdef int64_t _n_buckets(
    const uint8_t *word, int64_t size, int64_t min_n, int64_t max_n, int n_hashes
) noexcept nogil:
    """Return the number of buckets of "<word>"; none of a word without brackets, which is empty."""
    if size == 0:
        return 0
    if n_hashes == 0:
        return _n_fnv(word, size, min_n, max_n)
    return n_hashes * (1 + _n_ngrams(word, size, min_n, max_n))


cdef int64_t _hash_fnv(
    const uint8_t *word, int64_t size, int64_t min_n, int64_t max_n, uint32_t bucket, int32_t *out
) noexcept nogil:
    """Write the bucket of each n-gram of "<word>" as fastText computes it; return their number."""
    cdef int64_t start, end, n, n_written = 0
    cdef uint32_t hashed
    for start in range(size):
        if _continues(word[start]):
            continue
        end, n, hashed = start, 1, FNV_OFFSET
        while end < size and n <= max_n:
            hashed = _add_byte(hashed, word[end])
            end += 1
            while end < size and _continues(word[end]):
                hashed = _add_byte(hashed, word[end])
                end += 1
            if n >= min_n and not (n == 1 and (start == 0 or end == size)):
                out[n_written] = <int32_t>(hashed % bucket)
                n_written += 1
            n += 1
    return n_written


cdef inline int64_t _put_murmur(
    const uint8_t *data, int64_t n, uint32_t bucket, int n_hashes, int32_t *out
) noexcept nogil:
    """Write the buckets of n bytes as floret computes them; return their number."""
    cdef uint32_t[4] hashed
    cdef int i
    _murmur(data, n, hashed)
    for i in range(n_hashes):
        out[i] = <int32_t>(hashed[i] % bucket)
    return n_hashes


cdef int64_t _hash_murmur(
    const uint8_t *word, int64_t size, int64_t min_n, int64_t max_n, uint32_t bucket, int n_hashes,
    int32_t *out,
) noexcept nogil:
    """Write the buckets of "<word>", then those of each of its n-grams; return their number.

    "<" and ">" alone are n-grams, as they are where spaCy reads floret's files.
    """
    cdef int64_t start, end, n
    cdef int64_t n_written = _put_murmur(word, size, bucket, n_hashes, out)
    for start in range(size):
        if _continues(word[start]):
            continue
        end, n = start, 1
        while end < size and n <= max_n:
            end += 1
            while end < size and _continues(word[end]):
                end += 1
            if n >= min_n:
                n_written += _put_murmur(
                    word + start, end - start, bucket, n_hashes, out + n_written
                )
            n += 1
    return n_written


def count(
    const uint8_t[::1] text not None, const int64_t[::1] starts not None, int64_t min_n,
    int64_t max_n, int n_hashes, int64_t[::1] out not None,
):
    """Count the buckets that `hash_words` writes for each word.

    Parameters
    ----------
    text : bytes-like
        "<word>" for each word, in UTF-8, without anything in between. Nothing at all, not even the
        brackets, is a key that has no buckets.
    starts : int64 array, shape (n + 1,)
        Where each word starts in `text`, and the length of `text`.
    min_n, max_n : int
        Lengths of n-grams, in characters. There are none if `max_n` is less than `min_n`, or 0.
    n_hashes : int
        0 for fastText's buckets; 1 to 4 for floret's.
    out : int64 array, shape (n,)
        Receives the numbers.

    Raises
    ------
    ValueError
        If `starts` does not ascend from 0 to the length of `text`, or `out` is of another length.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.zeros(1, np.int64)
    >>> count(b"<cat>", np.array([0, 5]), 3, 4, 0, counts)
    >>> counts.tolist()  # <ca, cat, at>; <cat, cat>
    [5]
    """
    cdef int64_t row, size, n = starts.shape[0] - 1
    cdef const uint8_t *word
    _check(text.shape[0], starts, out.shape[0], n)
    if text.shape[0] == 0:
        out[:] = 0
        return
    with nogil:
        for row in range(n):
            word, size = &text[0] + starts[row], starts[row + 1] - starts[row]
            out[row] = _n_buckets(word, size, min_n, max_n, n_hashes)


def hash_words(
    const uint8_t[::1] text not None, const int64_t[::1] starts not None, int64_t min_n,
    int64_t max_n, int64_t bucket, int n_hashes, const int64_t[::1] out_starts not None,
    int32_t[::1] out not None,
):
    """Compute the buckets of the n-grams of each word.

    Parameters
    ----------
    text, starts, min_n, max_n, n_hashes
        As for `count`.
    bucket : int
        Number of buckets, 1 to 2**31 - 1.
    out_starts : int64 array, shape (n + 1,)
        The cumulative sums of the results of `count`, from 0 on.
    out : int32 array, shape (out_starts[n],)
        Receives the buckets: by the start of the n-gram, then by its length. Those of floret are
        the hashes of "<word>", then the hashes of each n-gram.

    Raises
    ------
    ValueError
        If an argument does not agree with the others.

    Examples
    --------
    >>> import numpy as np
    >>> buckets = np.zeros(3, np.int32)
    >>> hash_words(b"<cat>", np.array([0, 5]), 3, 3, 1000, 0, np.array([0, 3]), buckets)
    >>> buckets.tolist()
    [747, 31, 106]
    """
    cdef int64_t row, size, n_wanted, n = starts.shape[0] - 1
    cdef const uint8_t *word
    _check(text.shape[0], starts, out_starts.shape[0] - 1, n)
    if not 1 <= bucket <= 2147483647:
        raise ValueError(f"bucket is {bucket}; allowed are integers from 1 to 2147483647")
    if not 0 <= n_hashes <= 4:
        raise ValueError(f"n_hashes is {n_hashes}; allowed are integers from 0 to 4")
    if not ascend(out_starts, out.shape[0]):
        raise ValueError(f"out_starts does not ascend from 0 to {out.shape[0]}")
    if out.shape[0] == 0:
        return
    with nogil:
        for row in range(n):
            word, size = &text[0] + starts[row], starts[row + 1] - starts[row]
            n_wanted = out_starts[row + 1] - out_starts[row]
            if n_wanted != _n_buckets(word, size, min_n, max_n, n_hashes):
                with gil:
                    raise ValueError(f"out_starts has room for {n_wanted} buckets of word {row}")
            if n_wanted == 0:
                continue
            if n_hashes:
                _hash_murmur(
                    word, size, min_n, max_n, <uint32_t>bucket, n_hashes, &out[out_starts[row]]
                )
            else:
                _hash_fnv(word, size, min_n, max_n, <uint32_t>bucket, &out[out_starts[row]])


def murmur(const uint8_t[::1] data not None):
    """Return MurmurHash3_x64_128 of bytes with floret's seed, as four numbers of 32 bits.

    Examples
    --------
    >>> murmur(b"<cat>")[0] == murmur(b"<cat>")[1]
    False
    """
    cdef uint32_t[4] out
    cdef const uint8_t *first = <const uint8_t *>b""
    if data.shape[0]:
        first = &data[0]
    _murmur(first, data.shape[0], out)
    return out[0], out[1], out[2], out[3]


cdef int _check(int64_t size, const int64_t[::1] starts, int64_t n_out, int64_t n) except -1:
    """Raise a ValueError unless n words fill `size` bytes, and the results have n entries."""
    if n_out != n:
        raise ValueError(f"there is room for the results of {n_out} words, where there are {n}")
    if not ascend(starts, size):
        raise ValueError(f"starts does not ascend from 0 to {size}, the length of the text")
    return 0
