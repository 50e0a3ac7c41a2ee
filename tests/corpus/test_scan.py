"""The scanner against bytes.split, over arbitrary bytes, blocks, ranges and workers."""

import bz2
import gzip
import lzma
from collections import Counter
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fastsgns.corpus import ranges, textscan
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.scan import (
    Scanner,
    count_ids,
    count_known,
    encode_sentences,
    join_slices,
    remap,
    token_length,
)
from fastsgns.formats import sniffing

ODD = sorted((Path(__file__).parents[2] / "../shared/data/odd").glob("*.xz"))
DENSE = st.lists(st.sampled_from([b"a", b"bc", b" ", b"\n", b"\r", b"\x00", b"\x1c", b"\xff"]))
TEXTS = st.one_of(st.binary(max_size=200), DENSE.map(b"".join))
TYPES_OF_16_BYTES = (
    b"aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaab aaaaaaaa aaaaaaaaa aaaaaaa a\x00 a a\x00\x00 "
)


def sentences_of(data: bytes) -> list[list[bytes]]:
    data = data.removeprefix(b"\xef\xbb\xbf")
    return [words for line in data.split(b"\n") if (words := line.split())]


def types_of(scanner: Scanner) -> list[bytes]:
    arena, starts = scanner.types()
    return [arena[a : b - 1] for a, b in pairwise(starts.tolist())]


def feed_all(scanner: Scanner, data: bytes, size: int) -> list[int]:
    ids = [scanner.feed(data[at : at + size])[0] for at in range(0, len(data), size)]
    return np.concatenate([*ids, scanner.finish()[0]]).tolist()


def words_that_collide(n: int) -> list[bytes]:
    """Return words of 8 ASCII bytes that an unkeyed multiplicative hash sends to one place."""
    inverse = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
    words: list[bytes] = []
    for start in range(1, 1 << 26, 1 << 21):
        numbers = np.arange(start, start + (1 << 21), dtype=np.uint64) * inverse
        letters = numbers.view(np.uint8).reshape(-1, 8)
        words += [word.tobytes() for word in letters[((letters > 32) & (letters < 127)).all(1)]]
        if len(words) >= n:
            break
    return words[:n]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words_that_collide(3000), id="multiplicative"),
        pytest.param([b"%04dabcd%04dabcd" % (i, j) for i in range(60) for j in range(60)], id="16"),
        pytest.param([b"prefix" * 4 + b"%05d" % i for i in range(3000)], id="long"),
        pytest.param([b"%08x" % (i << 12) for i in range(3000)], id="low bits alike"),
    ],
)
def test_chosen_words_do_not_pile_up(words):
    for key in (None, bytes(range(1, 17)), bytes(range(101, 117))):
        scanner = Scanner(key)
        scanner.feed(b" ".join(words) + b" ")
        assert scanner.n_types == len(words)
        assert scanner.longest_probe < 100


def test_no_result_depends_on_the_key():
    data = b" ".join(b"%x" % (i * i % 9973) * (1 + i % 9) for i in range(30_000)) + b"\n"
    scanners = [Scanner(), Scanner(bytes(range(16))), Scanner(b"\xff" * 16)]
    ids = [feed_all(scanner, data, 1000) for scanner in scanners]
    assert ids[0] == ids[1] == ids[2]
    for scanner in scanners[1:]:
        assert scanner.types()[0] == scanners[0].types()[0]
        np.testing.assert_array_equal(scanner.counts(), scanners[0].counts())
        np.testing.assert_array_equal(scanner.first(), scanners[0].first())
    np.testing.assert_array_equal(scanners[1].merge(scanners[2]), np.arange(scanners[1].n_types))


def test_a_key_has_16_bytes():
    with pytest.raises(ValueError, match="has 3 bytes; 16 are needed"):
        Scanner(b"abc")


@given(TEXTS, st.integers(1, 50))
@example(TYPES_OF_16_BYTES * 3, 7)
@example(b"x" * 100 + b" " + b"x" * 99 + b"y " + b"x" * 100, 1)
def test_tokens_are_those_of_bytes_split(data, size):
    scanner = Scanner()
    ids = feed_all(scanner, data, size)
    types = types_of(scanner)
    assert [types[i] for i in ids] == data.split()
    assert types == list(dict.fromkeys(data.split()))
    assert dict(zip(types, scanner.counts().tolist())) == Counter(data.split())
    assert scanner.n_tokens == len(data.split())
    assert scanner.first().tolist() == [data.split().index(word) for word in types]


@given(TEXTS, TEXTS)
def test_absorb_adds_types_and_counts(one, two):
    left, right = Scanner(), Scanner()
    feed_all(left, one, 1000)
    feed_all(right, two, 1000)
    names = types_of(right)
    ids = left.merge(right)
    assert [types_of(left)[i] for i in ids] == names
    counts = dict(zip(types_of(left), left.counts().tolist()))
    assert counts == Counter(one.split()) + Counter(two.split())


def test_many_types_grow_the_table():
    words = [str(i * i).encode() * (1 + i % 4) for i in range(50_000)]
    scanner = Scanner()
    ids = feed_all(scanner, b" ".join(words + words), 4096)
    types = list(dict.fromkeys(words))
    assert types_of(scanner) == types
    assert ids[: len(words)] == ids[len(words) :]
    assert scanner.counts().sum() == 2 * len(words)


@given(st.binary(max_size=60))
def test_token_length(data):
    head = (data + b" ").split(None, 1)[0] if data[:1].strip() else b""
    assert token_length(data) == len(head)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(3, 40), st.integers(1, 40), st.integers(1, 4))
@example(b"\xef\xbb\xbf", 3, 1, 2)
@example(b"\xef\xbb\xbfa b\n\nc", 3, 1, 4)
@example(b"a\n" + b"x" * 100 + b"\n b", 5, 10, 3)
def test_files_are_read_alike_however_they_are_cut(tmp_path_factory, data, block, size, workers):
    assume(not sniffing.not_text(data))
    path = tmp_path_factory.getbasetemp() / "cut.txt"
    path.write_bytes(data)
    with patch.object(textscan, "BLOCK_BYTES", block), patch.object(ranges, "RANGE_BYTES", size):
        corpus = EncodedCorpus.from_files(path, workers=workers, errors="surrogateescape")
    words = [[w.decode("utf-8", "surrogateescape") for w in s] for s in sentences_of(data)]
    flat = [word for sentence in words for word in sentence]
    assert list(corpus) == words
    assert corpus.vocabulary.words == list(dict.fromkeys(flat))
    assert corpus.vocabulary.counts.tolist() == list(Counter(flat).values())
    assert (corpus.n_raw_tokens, corpus.n_raw_sentences) == (len(flat), len(words))


@pytest.mark.skipif(not ODD, reason="the shared odd texts are not here")
@pytest.mark.parametrize("source", ODD, ids=lambda path: path.stem)
def test_odd_files(tmp_path, source):
    data = lzma.decompress(source.read_bytes())
    plain, packed = tmp_path / "odd.txt", tmp_path / "odd.txt.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data, 1))
    expected = [[w.decode("utf-8", "surrogateescape") for w in s] for s in sentences_of(data)]
    with (
        patch.object(ranges, "RANGE_BYTES", 100_003),
        patch.object(textscan, "BLOCK_BYTES", 30_011),
    ):
        for path in (plain, packed, source):
            with EncodedCorpus.from_files(path, workers=2, errors="surrogateescape") as corpus:
                assert list(corpus) == expected


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed_files_in_several_members(tmp_path, suffix, pack):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(pack.compress(b"\xef\xbb\xbfto be\nor no") + pack.compress(b"t to\n\nbe"))
    assert list(EncodedCorpus.from_files(path)) == [["to", "be"], ["or", "not", "to"], ["be"]]


def test_a_word_of_a_megabyte(tmp_path):
    word = b"w" * (1 << 20)
    path = tmp_path / "long.txt"
    path.write_bytes(b"a " + word + b" b " + word + b"x\n" + word)
    with (
        patch.object(ranges, "RANGE_BYTES", 300_000),
        patch.object(textscan, "BLOCK_BYTES", 70_000),
    ):
        corpus = EncodedCorpus.from_files(path, workers=3)
    assert corpus.ids.tolist() == [0, 1, 2, 3, 1]
    assert [len(word) for word in corpus.vocabulary.words] == [1, 1 << 20, 1, (1 << 20) + 1]


def test_one_giant_line_over_several_ranges(tmp_path):
    path = tmp_path / "line.txt"
    path.write_bytes(b"one two  three\t" * 40_000)
    with patch.object(ranges, "RANGE_BYTES", 50_000):
        corpus = EncodedCorpus.from_files(path, workers=2)
    assert corpus.offsets.tolist() == [0, 120_000]
    assert np.array_equal(corpus.ids, np.tile([0, 1, 2], 40_000))


def test_remap_drops_and_moves_ends():
    ids = np.array([0, 1, 2, 1, 0], np.int32)
    ends = np.array([2, 3, 5])
    new_ends = np.empty(3, np.int64)
    kept = remap(ids, ends, np.array([5, -1, 7], np.int32), ids, new_ends)
    assert ids[:kept].tolist() == [5, 7, 5]
    assert new_ends.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("ids", "ends", "room"),
    [([3], [1], 1), ([-1], [1], 1), ([0], [2], 1), ([0, 0], [2, 1], 2), ([0], [1], 0)],
)
def test_remap_refuses_what_would_leave_the_arrays(ids, ends, room):
    with pytest.raises(IndexError):
        remap(
            np.array(ids, np.int32), np.array(ends), np.zeros(3, np.int32),
            np.empty(room, np.int32), np.empty(len(ends), np.int64),
        )  # fmt: skip


def test_count_known_is_what_remap_keeps():
    table = np.array([5, -1, 7], np.int32)
    assert count_known(np.array([0, 1, 2, 1, 0], np.int32), table) == 3
    for wrong in (-1, 3):
        with pytest.raises(IndexError, match=f"id {wrong}"):
            count_known(np.array([0, wrong], np.int32), table)


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 4)])
def test_gather_refuses_what_is_not_there(start, stop):
    assert join_slices(b"abc", np.array([2, 0]), np.array([3, 2])) == b"cab"
    with pytest.raises(IndexError):
        join_slices(b"abc", np.array([start]), np.array([stop]))


def test_a_block_needs_room():
    with pytest.raises(ValueError, match="room for 3 ids"):
        Scanner().feed(b"a b c d", np.empty(3, np.int32))


@pytest.mark.parametrize("length", [1, 15, 16, 17, 63, 64, 65, 2047, 2048, 2049, 5000])
def test_tokens_and_gaps_of_any_length_meet_any_border(length):
    data = b"".join(b"x" * length + b" " * gap + b"y\n" for gap in range(1, 130))
    scanner = Scanner()
    ids, ends = scanner.feed(data + b"z")
    assert types_of(scanner) == [b"x" * length, b"y"]
    assert ids.tolist() == [0, 1] * 129
    assert ends.tolist() == list(range(2, 260, 2))
    assert scanner.inside_token


def test_tally_refuses_an_id_out_of_range():
    counts = np.zeros(2, np.int64)
    count_ids(np.array([1, 1, 0], np.int32), counts)
    assert counts.tolist() == [1, 2]
    with pytest.raises(IndexError, match="id 2"):
        count_ids(np.array([2], np.int32), counts)


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5), max_size=20), st.integers(1, 6))
def test_blocks_of_an_iterable_of_any_size(sentences, block):
    seen = []
    table = {}
    n_raw = encode_sentences(sentences, table, True, lambda i, e, n: seen.append((i, e)), block)
    words = list(table)
    flat = [word for sentence in sentences for word in sentence]
    assert [words[i] for ids, _ in seen for i in ids] == flat
    assert n_raw == (len(flat), len(sentences))
    assert all(len(ids) <= block and len(ends) <= block for ids, ends in seen)
