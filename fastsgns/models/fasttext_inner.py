"""Names of gensim's module ``models.fasttext_inner``: n-grams of words, and their hashes."""

from fastsgns.models.word2vec import MAX_WORDS_IN_BATCH

__all__ = [
    "MAX_WORDS_IN_BATCH",
    "compute_ngrams",
    "compute_ngrams_bytes",
    "ft_hash_bytes",
    "ft_ngram_hashes",
]

OFFSET, PRIME = 0x811C9DC5, 0x01000193  # of FNV-1a with 32 bits


def compute_ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """Return the n-grams of "<word>" as texts, the short ones first.

    Examples
    --------
    >>> compute_ngrams("cat", 3, 4)
    ['<ca', 'cat', 'at>', '<cat', 'cat>']
    """
    text = f"<{word}>"
    lengths = range(min_n, min(len(text), max_n) + 1)
    return [text[i : i + n] for n in lengths for i in range(len(text) - n + 1)]


def compute_ngrams_bytes(word: str, min_n: int, max_n: int) -> list[bytes]:
    """Return the n-grams of "<word>" in UTF-8, as fastText has them.

    They are ordered by their start. "<" and ">" alone are not n-grams.

    Examples
    --------
    >>> compute_ngrams_bytes("cat", 3, 4)
    [b'<ca', b'<cat', b'cat', b'cat>', b'at>']
    """
    text = f"<{word}>"
    last = len(text) - 1
    return [
        text[i : i + n].encode()
        for i in range(len(text))
        for n in range(max(1, min_n), min(max_n, len(text) - i) + 1)
        if not (n == 1 and i in (0, last))
    ]


def ft_hash_bytes(content: bytes) -> int:
    """Return fastText's hash: FNV-1a, where bytes above 127 are negative numbers.

    Examples
    --------
    >>> ft_hash_bytes(b"cat")
    108289031
    """
    value = OFFSET
    for byte in content:
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & 0xFFFFFFFF)) * PRIME) & 0xFFFFFFFF
    return value


def ft_ngram_hashes(word: str, minn: int, maxn: int, num_buckets: int) -> list[int]:
    """Return the buckets of the n-grams of a word, in the order of `compute_ngrams_bytes`."""
    return [ft_hash_bytes(ngram) % num_buckets for ngram in compute_ngrams_bytes(word, minn, maxn)]
