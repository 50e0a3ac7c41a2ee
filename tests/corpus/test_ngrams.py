"""Buckets of n-grams: known values of fastText and floret, and a twin in plain Python."""

import itertools

import numpy as np
import pytest

from fastsgns.corpus import ngrams, subwords
from fastsgns.corpus.subwords import (
    BucketPositions,
    SubwordScheme,
    bucket_lists,
    count_buckets,
    make_table,
    positions,
    row_lists,
    used_buckets,
)

WORDS = ["cat", "", "a", "Straße", "日本語", "</s>", "ǅ😀x", "cat\udcff", "\ud800", "x" * 40]
SCHEMES = [
    SubwordScheme(min_n, max_n, bucket, hash_count)
    for min_n, max_n in [(3, 6), (1, 1), (0, 2), (5, 4), (2, 10**9)]
    for bucket, hash_count in [(2_000_000, 0), (7, 0), (50_000, 1), (1000, 4)]
]
# fasttext 0.9.2: model.get_subwords(word) with minn=1, maxn=4, bucket=100003
FASTTEXT = {
    "a": [55923, 16830, 87446, 6178],
    "日本語": [
        30316, 68029, 97367, 18347, 62483, 26319, 32179, 37526, 48846, 97330, 89567, 71556,
    ],
    "new": [
        70345, 60396, 56227, 27254, 14191, 33632, 10022, 78983, 10245, 76004, 67065, 71778,
    ],
    "</s>": [],
}  # fmt: skip
# spaCy 3.8: Vectors(mode="floret", hash_seed=2166136261, hash_count=4)._get_ngram_hashes(text)
MURMUR = {
    "<cat>": (2495126587, 2874574415, 3223603948, 1299368176),
    "": (3262466624, 277172068, 371838263, 1319709105),
    "x" * 16: (1448943142, 3469552789, 1958596131, 31251011),
    "x" * 25: (3951537155, 2500035071, 948032960, 2071446160),
    "日本語日本語": (3000320949, 3230513613, 2203617957, 4233113149),
}


def fnv(text):
    """Return the 32-bit hash of fastText: FNV-1a with the sign of each byte extended."""
    hashed = 2166136261
    for byte in text:
        hashed ^= byte if byte < 128 else byte | 0xFFFFFF00
        hashed = hashed * 16777619 & 0xFFFFFFFF
    return hashed


def twin(word, scheme):
    """Return the buckets of a word, computed from Python strings."""
    if not scheme.has_buckets or (word == "</s>" and scheme.has_own_rows):
        return []
    marked, is_floret = f"<{word}>", scheme.hash_count > 0
    grams = [marked] if is_floret else []
    for start in range(len(marked)):
        for n in range(max(scheme.min_n, 1), min(scheme.max_n, len(marked) - start) + 1):
            gram = marked[start : start + n]
            if is_floret or gram not in ("<", ">") or 0 < start < len(marked) - 1:
                grams.append(gram)
    if is_floret:
        hashes = [ngrams.murmur(subwords.utf8(gram))[: scheme.hash_count] for gram in grams]
        return [hashed % scheme.bucket for four in hashes for hashed in four]
    return [fnv(subwords.utf8(gram)) % scheme.bucket for gram in grams]


def lists(keys, scheme):
    starts, buckets = bucket_lists(keys, scheme)
    return [buckets[i:j].tolist() for i, j in itertools.pairwise(starts)]


@pytest.mark.parametrize("word", FASTTEXT)
def test_buckets_are_those_of_fasttext(word):
    assert lists([word], SubwordScheme(1, 4, 100003)) == [FASTTEXT[word]]


@pytest.mark.parametrize("text", MURMUR)
def test_murmur_is_that_of_spacy(text):
    assert ngrams.murmur(text.encode()) == MURMUR[text]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_buckets_are_those_of_the_twin(scheme):
    words = WORDS if scheme.has_own_rows else WORDS[:7] + WORDS[9:]  # one character, three bytes
    expected = [twin(word, scheme) for word in words]
    assert lists(words, scheme) == expected
    assert count_buckets(words, scheme).tolist() == list(map(len, expected))


def test_a_surrogate_is_hashed_as_the_bytes_it_was_decoded_from():
    content = b"caf\xe9"
    word = content.decode("utf-8", "surrogateescape")
    assert subwords.utf8(word) == content and subwords.utf8("\ud800") == b"\xed\xa0\x80"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rows_are_the_word_and_its_used_buckets(scheme, monkeypatch):
    monkeypatch.setattr(subwords, "CHUNK_WORDS", 3)
    words = [*WORDS[:7], "x" * 40]
    used = used_buckets(words, scheme)
    buckets = [twin(word, scheme) for word in words]
    assert used.tolist() == sorted(set().union(*buckets)) and used.dtype == np.int32
    starts, rows = row_lists(words, scheme, used)
    n_own = len(words) if scheme.has_own_rows else 0
    for row, expected in enumerate(buckets):
        found = rows[starts[row] : starts[row + 1]].tolist()
        assert found[: n_own > 0] == [row][: n_own > 0]
        assert [used[i - n_own] for i in found[n_own > 0 :]] == expected
    assert starts.dtype == np.int64 and rows.dtype == np.int32


@pytest.mark.parametrize("limit", [subwords.LARGEST_TABLE, 10])
def test_a_bucket_without_a_row_is_left_out(limit, monkeypatch):
    monkeypatch.setattr(subwords, "LARGEST_TABLE", limit)
    scheme = SubwordScheme(3, 3, 1000)
    starts, rows = row_lists(["cat", "bat"], scheme, np.array([31, 106], np.int32))
    assert starts.tolist() == [0, 3, 5] and rows.tolist() == [0, 2, 3, 1, 3]
    assert used_buckets(["cat"], scheme).tolist() == [31, 106, 747]
    found = positions(np.array([106, 5, 2000], np.int32), np.array([31, 106], np.int32))
    assert found.tolist() == [1, -1, -1]


def test_a_table_has_the_known_buckets_and_those_of_the_words():
    scheme = SubwordScheme(3, 3, 1000)
    table = make_table(["cat"], scheme, np.array([5, 106], np.int32))
    assert table.buckets.tolist() == [5, 31, 106, 747] and table.buckets.dtype == np.int32
    assert table.n_rows == 5 and table.starts.tolist() == [0, 4]
    assert table.rows.tolist() == [0, 4, 2, 3]
    floret = make_table(["cat"], SubwordScheme(3, 3, 50, hash_count=2))
    assert floret.n_own_rows == 0 and floret.n_rows == len(floret.buckets)
    assert floret.buckets[floret.rows].tolist() == twin("cat", SubwordScheme(3, 3, 50, 2))


def test_a_key_that_is_not_a_str_has_no_buckets():
    keys = ["cat", 7, ("cat",), b"cat", np.str_("cat")]
    scheme = SubwordScheme(3, 3, 1000)
    assert lists(keys, scheme) == [[747, 31, 106], [], [], [], [747, 31, 106]]
    starts, rows = row_lists([7, 8], scheme, used_buckets([7, 8], scheme))
    assert starts.tolist() == [0, 1, 2] and rows.tolist() == [0, 1]


def test_floret_refuses_a_key_that_is_not_a_str():
    scheme = SubwordScheme(hash_count=1)
    with pytest.raises(TypeError, match="all keys must be str"):
        row_lists(["cat", 7], scheme, used_buckets(["cat", 7], scheme))


def test_a_word_of_a_megabyte():
    word = "é" * (1 << 19)
    starts, buckets = bucket_lists([word, "a"], SubwordScheme(3, 6, 1000))
    n = (1 << 19) + 2
    assert starts.tolist() == [0, 4 * n - 14, 4 * n - 13]
    inner = twin("é" * 20, SubwordScheme(3, 6, 1000))[4 * 8 : 4 * 9]  # from the ninth character on
    assert set(buckets[4000:-4000].tolist()) == set(inner)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"min_n": -1}, "min_n is -1"),
        ({"max_n": "six"}, "max_n is 'six'"),
        ({"bucket": 2**31}, "bucket is 2147483648"),
        ({"hash_count": 5}, "hash_count is 5; allowed are integers from 0 to 4"),
        ({"hash_count": 2, "bucket": 0}, "needs at least one bucket"),
    ],
)
def test_a_scheme_that_is_not_possible(values, message):
    with pytest.raises(ValueError, match=message):
        SubwordScheme(**values)


@pytest.mark.parametrize("values", [(3, 6, 0), (4, 3, 100), (0, 0, 100)])
def test_no_n_grams(values):
    scheme = SubwordScheme(*values)
    assert not scheme.has_buckets and lists(["cat"], scheme) == [[]]
    starts, rows = row_lists(["cat", "dog"], scheme, used_buckets(["cat"], scheme))
    assert starts.tolist() == [0, 1, 2] and rows.tolist() == [0, 1]


def test_hashing_checks_its_arrays():
    starts, counts = np.array([0, 5]), np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="ascend from 0 to 4"):
        ngrams.count(b"<ca>", starts, 3, 3, 0, counts)
    with pytest.raises(ValueError, match="results of 2 words"):
        ngrams.count(b"<cat>", starts, 3, 3, 0, np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="room for 4 buckets of word 0"):
        ngrams.hash_words(b"<cat>", starts, 3, 3, 9, 0, np.array([0, 4]), np.zeros(4, np.int32))
    with pytest.raises(ValueError, match="bucket is 0"):
        ngrams.hash_words(b"<cat>", starts, 3, 3, 0, 0, np.array([0, 3]), np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="n_hashes is 5"):
        ngrams.hash_words(b"<cat>", starts, 3, 3, 9, 5, np.array([0, 3]), np.zeros(3, np.int32))


@pytest.mark.parametrize("used", [[], [3], [0, 2, 5, 999]])
def test_positions_of_buckets_are_the_same_with_a_table(used):
    scheme = SubwordScheme(3, 3, bucket=1000)
    found = BucketPositions(scheme, np.array(used, np.int32))
    asked = np.arange(1000, dtype=np.int32)
    expected = [used.index(bucket) if bucket in used else -1 for bucket in range(1000)]
    assert found.of(asked[:1]).tolist() == expected[:1]
    assert found._table is None  # which takes longer to make than to search once
    for _ in range(2):
        assert found.of(asked).tolist() == expected
    assert found._table is not None


@pytest.mark.parametrize("hash_count", [0, 2])
def test_the_n_grams_of_a_word_that_is_too_long_are_refused_before_memory_is_taken(hash_count):
    scheme = SubwordScheme(1, 2**31 - 1, bucket=9, hash_count=hash_count)
    with pytest.raises(MemoryError, match=r"n-grams of 1 to 2147483647 characters need .*max_n"):
        make_table(["a" * 3_000_000], scheme)
    assert make_table(["a" * 300], scheme).n_rows
