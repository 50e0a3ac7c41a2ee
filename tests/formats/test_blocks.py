"""Blocks of vector files: split and parsed in C, by threads, as a slow reader in Python does."""

import io
import logging
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastsgns import KeyedVectors
from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import rows, sniffing, word2vec, word2vec_reader, words
from fastsgns.runtime import threads

load = KeyedVectors.load_word2vec_format
pieces = st.sampled_from(
    [b" ", b"\n", b"\r\n", b"\r", b"a", b"\xc3", b"12", b".5", b"-", b"e3", b"\0"]
)
soup = st.one_of(st.binary(max_size=60), st.lists(pieces, max_size=40).map(b"".join))


def running_threads():
    """Return the worker threads that have not ended."""
    alive = threading.enumerate()
    return [t for t in alive if isinstance(t, threads.WorkerThread) and not t.finished.is_set()]


def split_slowly(content, n_bytes, n_most):
    spans, at = [], 0
    while len(spans) < n_most:
        space = content.find(b" ", at)
        if space < 0 or space + 1 + n_bytes > len(content):
            break
        word = content[at:space].removeprefix(b"\r\n").lstrip(b"\n")
        spans.append([space - len(word), space])
        at = space + 1 + n_bytes
    return spans, at


@given(soup, st.integers(0, 9), st.integers(0, 9))
def test_rows_of_a_binary_file_are_found_as_by_hand(content, n_bytes, n_most):
    spans = np.full((n_most, 2), -1, np.int64)
    n_rows, stop = rows.split(content, n_bytes, spans)
    expected, end = split_slowly(content, n_bytes, n_most)
    assert (spans[:n_rows].tolist(), stop) == (expected, end)
    assert (spans[n_rows:] == -1).all()
    vectors = np.zeros((n_rows, n_bytes), np.uint8)
    rows.gather(content, spans[:n_rows], vectors)
    assert [v.tobytes() for v in vectors] == [content[j + 1 : j + 1 + n_bytes] for _, j in expected]
    parts = words.decoded(content, spans[:n_rows], "latin1", "strict")
    assert parts == [content[i:j].decode("latin1") for i, j in expected]


def parse_slowly(text, start, n_most, d):
    """Return the rows that have one space between their parts, up to the first other line."""
    found = []
    while start < len(text):
        end = text.find(b"\n", start)
        line = text[start : end if end >= 0 else len(text)]
        if end >= 0 and not line.strip(b" \t\n\v\f\r"):
            start = end + 1
            continue
        if len(found) == n_most or end < 0:
            break
        parts = line.removesuffix(b"\r").split(b" ")
        if len(parts) == d + 2 and not parts[-1]:
            parts.pop()
        if len(parts) != d + 1 or not all(map(sniffing.is_number, parts[1:])):
            break
        found.append((parts[0], [float(part) for part in parts[1:]]))
        start = end + 1
    return found, start


number = st.sampled_from(
    [b"1", b"-.5", b"3e-7", b"nan", b"1_0", b"0x1", b"", b"12345678901234567", b"inf"]
)
line = st.tuples(
    st.sampled_from([b"a", b"", b"\xc3\xa9", b"b c"]), st.lists(number, max_size=4)
).map(lambda row: b" ".join([row[0], *row[1]]))
lines = st.lists(
    st.tuples(st.one_of(line, soup), st.sampled_from([b"\n", b" \n", b"\r\n", b""])).map(b"".join),
    max_size=6,
).map(b"".join)


@given(lines, st.integers(1, 3), st.integers(0, 5), st.integers(0, 80))
@example(b"a 1\n\n \nb 2\n", 1, 1, 0)
def test_lines_are_parsed_as_by_hand(text, d, n_most, start):
    start = min(start, len(text))
    start = text.rfind(b"\n", 0, start) + 1
    block, spans = np.full((n_most, d), -7.0), np.full((n_most, 2), -1, np.int64)
    n_rows, stop = rows.parse(text, start, block, spans)
    expected, end = parse_slowly(text, start, n_most, d)
    assert [text[i:j] for i, j in spans[:n_rows].tolist()] == [word for word, _ in expected]
    np.testing.assert_array_equal(block[:n_rows], np.array([v for _, v in expected]).reshape(-1, d))
    assert n_rows == len(expected) and not text[stop:end].strip() and not text[end:stop].strip()
    assert (spans[n_rows:] == -1).all()


def bits_of(texts, dtype=np.float64):
    block = np.empty((1, len(texts)), dtype)
    text = b"w " + " ".join(texts).encode() + b"\n"
    assert rows.parse(text, 0, block, np.empty((1, 2), np.int64)) == (1, len(text))
    return block[0]


digits = st.text("0123456789", min_size=1, max_size=22)
decimals = st.builds(
    "{}{}.{}{}".format, st.sampled_from(["", "-", "+"]), digits, digits,
    st.one_of(st.just(""), st.integers(-330, 310).map("e{}".format)),
)  # fmt: skip
halves = st.builds(  # halfway between two numbers of 53 bits, and close to it
    lambda half, shift, tail: f"{(2 * half + 1) * 5**shift}{tail}e-{shift + len(tail)}",
    st.integers(2**52, 2**53 - 1), st.integers(0, 4), st.sampled_from(["", "0", "1"]),
)  # fmt: skip


@given(st.lists(st.one_of(decimals, halves, st.floats(allow_nan=False).map(repr)), min_size=1))
@example(["9007199254740993", "9007199254740993e-1", "1e-27", "18446744073709551615e-27", "0e-25"])
def test_numbers_are_rounded_as_python_rounds_them(texts):
    expected = np.array([float(text) for text in texts])
    np.testing.assert_array_equal(bits_of(texts).view(np.int64), expected.view(np.int64))


@pytest.mark.parametrize("n", [20, 999, 1000, 1001, 1500, 9998, 9999, 10_000, 30_000])
@pytest.mark.parametrize("digit", ["1", "5", "00"])
def test_very_long_numbers_are_those_of_python(n, digit):
    forms = ["0.{0}{1}e{2}", ".{0}{1}e{3}", "{1}{0}e-{2}", "{1}{0}.{0}e-{3}", "{0}{1}", "0.{0}{1}"]
    forms += ["{0}{1}e5", "{1}.{0}", "{1}e{2}", "{1}e-{2}", "1e{0}{1}", "1e-{0}{1}", "0.{0}1e{0}"]
    texts = [
        sign + form.format("0" * n, digit, n, n + shift)
        for form in forms
        for sign in ("", "-")
        for shift in (-1, 1)
    ]
    expected = np.array([float(text) for text in texts])
    np.testing.assert_array_equal(bits_of(texts).view(np.int64), expected.view(np.int64))


def test_seventeen_digits_are_exact():
    numbers = np.random.default_rng(5).standard_normal(5000) * 10.0 ** np.arange(-8, 2).repeat(500)
    texts = [f"{x:.17g}" for x in numbers.tolist()]
    assert bits_of(texts).tolist() == numbers.tolist()
    singles = numbers.astype(np.float32)
    assert bits_of([f"{x:.9g}" for x in singles.tolist()], np.float32).tolist() == singles.tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("binary", [False, True])
def test_all_types_are_read_rounded_once(dtype, binary):
    vectors = (
        np.random.default_rng(2).standard_normal((50, 8)).astype(np.float32 if binary else dtype)
    )
    file = io.BytesIO()
    word2vec.write(file, [f"w{i}" for i in range(50)], vectors, binary=binary)
    file.seek(0)
    kv = load(file, binary=binary, datatype=dtype)
    assert kv.vectors.dtype == dtype
    np.testing.assert_array_equal(kv.vectors, vectors.astype(dtype))
    close = load(io.BytesIO(b"1 1\na 1.0004882812501\n"), datatype=np.float16)
    assert close["a"][0] == np.float16(1.001)  # float32 would make it the tie, which rounds to 1


def content_of(n, d, binary, end=b""):
    vectors = np.random.default_rng(n).standard_normal((n, d)).astype(np.float32)
    names = [f"w{i}é" * (i % 5 + 1) for i in range(n)]
    file = io.BytesIO()
    word2vec.write(file, names, vectors, binary=binary)
    return file.getvalue(), names, vectors


@pytest.fixture(params=[0, 1, 3])
def n_threads(request, monkeypatch):
    """Read with so many threads; with 0 the system starts none."""
    monkeypatch.setattr(word2vec_reader, "n_cores", lambda: request.param or 2)
    if not request.param:

        def refused(started):
            raise MemoryError

        monkeypatch.setattr(threads, "start_threads", refused)
    return request.param


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("block", [1, 50, 1000, 1 << 22])
@pytest.mark.parametrize("source", ["path", "file", "gzip"])
def test_any_number_of_threads_and_any_block_reads_the_same(
    tmp_path, monkeypatch, n_threads, binary, block, source
):
    monkeypatch.setattr(word2vec_reader, "BLOCK", block)
    content, names, vectors = content_of(120, 5, binary)
    path = tmp_path / ("v.gz" if source == "gzip" else "v")
    with word2vec.destination(path) as file:
        file.write(content)
    for limit in (None, 7, 0):
        n = 120 if limit is None else limit
        kv = load(io.BytesIO(content) if source == "file" else path, binary=binary, limit=limit)
        assert kv.index_to_key == names[:n] and kv.key_to_index == {
            w: i for i, w in enumerate(names[:n])
        }
        np.testing.assert_array_equal(kv.vectors, vectors[:n])
    assert not running_threads()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("block", [10, 30, 200, 1 << 22])
def test_repeated_words_in_any_block(tmp_path, monkeypatch, n_threads, binary, block):
    monkeypatch.setattr(word2vec_reader, "BLOCK", block)
    monkeypatch.setattr(word2vec, "MOST_PENDING", 3 * block)
    monkeypatch.setattr(word2vec, "SLICE", 11)
    rng = np.random.default_rng(block)
    numbers = rng.integers(0, 40, 200).tolist()
    vectors = rng.standard_normal((200, 3)).astype(np.float32)
    word2vec.write(tmp_path / "v", [f"w{i}" for i in numbers], vectors, binary=binary)
    first = {f"w{number}": row for row, number in reversed(list(enumerate(numbers)))}
    with open(tmp_path / "v", "rb") as file:
        for source in (tmp_path / "v", file):  # of known and of unknown length
            kv = load(source, binary=binary)
            assert kv.index_to_key == sorted(first, key=first.get)
            np.testing.assert_array_equal(kv.vectors, vectors[sorted(first.values())])
            assert kv.key_to_index == {word: row for row, word in enumerate(kv.index_to_key)}


def test_the_first_fault_of_the_file_is_raised_whichever_thread_finds_one(monkeypatch, n_threads):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 40)
    good = b"".join(b"w%d 1 2\n" % i for i in range(60))
    content = b"200 2\n" + good + b"bad 1\n" + good + b"worse 1 x\n" + good
    for _ in range(5):
        with pytest.raises(FormatError, match="line 62 is b'bad 1'"):
            load(io.BytesIO(content))
    assert len(load(io.BytesIO(content), limit=60)) == 60
    assert not running_threads()


class Cut(io.BytesIO):
    """A file whose reading fails at its end."""

    def read(self, size=-1):
        content = super().read(size)
        if size and not content:
            raise OSError("the disk fails")
        return content


def test_what_reading_raises_comes_after_the_rows_before_it(monkeypatch, n_threads):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 40)
    content = b"100 1\n" + b"".join(b"w%d 1\n" % i for i in range(50))
    with pytest.raises(OSError, match="the disk fails"):
        load(Cut(content))
    assert len(load(Cut(content), limit=50)) == 50
    with pytest.raises(FormatError, match="line 52 is"):
        load(Cut(content + b"bad\n"))
    assert not running_threads()


@pytest.mark.parametrize("binary", [False, True])
def test_an_interrupt_ends_the_threads(monkeypatch, binary, n_threads):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 64)
    decoded, calls = words.decoded, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return decoded(*arguments)

    monkeypatch.setattr(word2vec_reader.words, "decoded", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(io.BytesIO(content_of(500, 4, binary)[0]), binary=binary)
    assert not running_threads()


def test_a_limit_reads_little_of_the_file(monkeypatch):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 1000)
    for binary in (False, True):
        file = io.BytesIO(content_of(5000, 5, binary)[0])
        assert len(load(file, binary=binary, limit=3)) == 3
        assert file.tell() < 3000


def test_the_last_line_without_newline_is_said_only_if_it_is_read(caplog):
    content = b"3 1\na 1\nb 2\nc 3"
    with caplog.at_level(logging.WARNING):
        assert len(load(io.BytesIO(content), limit=2)) == 2
        assert not caplog.text
        assert len(load(io.BytesIO(content))) == 3
    assert "no newline" in caplog.text
    with pytest.raises(TruncatedError):
        load(io.BytesIO(b"3 1\na 1\nb 2\nc"))


def test_memory_of_repeated_rows_does_not_grow_with_what_a_file_unpacks_to(tmp_path):
    with word2vec.destination(tmp_path / "v.gz") as file:
        file.write(b"4000000 1\n" + b"a 1\n" * 4_000_000)
    tracemalloc.start()
    assert len(load(tmp_path / "v.gz")) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250_000_000


def test_parts_that_are_not_within_the_content_are_refused():
    spans = np.array([[0, 5]])
    for wrong in ([[0, 9]], [[-1, 2]], [[3, 2]], [[0, 2**40]], [[-(2**40), -2]]):
        with pytest.raises(ValueError, match="within"):
            words.decoded(b"abcdef", np.array(wrong), "utf8", "strict")
    for wrong in ([[0, 5]], [[0, 6]], [[0, -2]], [[0, 2**40]], [[0, -(2**40)]]):
        with pytest.raises(ValueError, match="within"):
            rows.gather(b"abcdef", np.array(wrong), np.zeros((1, 4), np.uint8))
    for call in (
        lambda: rows.gather(b"abcdef", spans, np.zeros((2, 4), np.uint8)),
        lambda: rows.split(b"abcdef", -1, spans),
        lambda: rows.split(b"abcdef", 1, np.zeros((2, 3), np.int64)),
        lambda: rows.parse(b"a 1\n", 5, np.zeros((1, 1)), spans),
        lambda: rows.parse(b"a 1\n", -1, np.zeros((1, 1)), spans),
        lambda: rows.parse(b"a 1\n", 0, np.zeros((2, 1)), spans),
        lambda: words.decoded(b"a", np.zeros((1, 3), np.int64), "utf8", "strict"),
    ):
        with pytest.raises(ValueError, match=r"shape|beyond"):
            call()
    rows.gather(b"", np.zeros((0, 2), np.int64), np.zeros((0, 4), np.uint8))
    assert words.decoded(b"", np.zeros((0, 2), np.int64), "utf8", "strict") == []


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=8), max_size=6))
def test_new_words_are_numbered_as_by_hand(blocks):
    ids, expected = {}, {}
    for block in blocks:
        fresh = [
            i for i, word in enumerate(block) if word not in expected and word not in block[:i]
        ]
        for i in fresh:
            expected[block[i]] = len(expected)
        found = words.add_new(block, ids)
        assert (list(range(len(block))) if found is None else found) == fresh
    assert list(ids.items()) == list(expected.items())
