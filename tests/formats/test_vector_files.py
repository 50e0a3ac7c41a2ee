"""Files of vectors as they come: of other forms than was said, marked, cut, compressed, hostile."""

import codecs
import gzip
import io
import logging
import pickle
import tempfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # noqa: F401  so that no test counts the memory of its import

from fastsgns import KeyedVectors
from fastsgns.errors import DamagedError, FormatError, NotUTF8Error, TruncatedError
from fastsgns.formats import native, sniffing, word2vec, word2vec_reader
from fastsgns.graph.evaluation.classification import read_labels

load = KeyedVectors.load_word2vec_format
MARK = b"\xef\xbb\xbf"


def written(path, content):
    path.write_bytes(content)
    return path


def binary_file(*words, d=2, end=b""):
    rows = [w + b" " + np.arange(d, dtype="<f4").tobytes() + end for w in words]
    return b"%d %d\n" % (len(words), d) + b"".join(rows)


@pytest.mark.parametrize("row", [b"a 1 2", b"a 1 2\r", b"new york 1 2", b"a\t1\t2", b"\xff 1 2 "])
def test_a_text_read_as_binary_is_refused(tmp_path, row):
    path = written(tmp_path / "v.bin", b"2 2\n" + row + b"\n" + row + b"\n")
    with pytest.raises(FormatError, match=r"v\.bin, line 2 .*pass binary=False"):
        load(path, binary=True)


def test_a_long_text_read_as_binary_is_refused(tmp_path):
    kv = KeyedVectors(50)
    kv.add_vectors([f"w{i}" for i in range(9)], np.random.default_rng(0).normal(size=(9, 50)))
    kv.save_word2vec_format(tmp_path / "v")
    with pytest.raises(FormatError, match="pass binary=False"):
        load(tmp_path / "v", binary=True)


@pytest.mark.parametrize("d", [1, 2, 100])
def test_a_binary_file_read_as_text_is_refused(tmp_path, d):
    path = written(tmp_path / "v.txt", binary_file(b"king", b"queen", d=d, end=b"\n"))
    with pytest.raises(FormatError, match=r"v\.txt.*pass binary=True"):
        load(path)


def test_float64_keeps_its_digits(tmp_path):
    path = written(tmp_path / "v", b"2 2\na 0.1 0.123456789012345\nnew york 1e300 1\n")
    kv = load(path, datatype=np.float64)
    assert kv["a"].tolist() == [0.1, 0.123456789012345]
    assert kv["new york"].tolist() == [1e300, 1]
    exact = KeyedVectors(3, dtype=np.float64)
    exact.add_vectors(["x"], np.array([[1 / 3, 0.1, 1e-310]]))
    exact.save_word2vec_format(path)
    assert load(path, datatype=np.float64)["x"].tolist() == exact["x"].tolist()
    with np.errstate(over="ignore"):
        assert load(path)["x"].dtype == np.float32


def test_byte_order_marks_are_dropped(tmp_path):
    text = written(tmp_path / "h", MARK + b"2 2\na 1 2\nb 3 4\n")
    assert load(text).index_to_key == ["a", "b"]
    glove = written(tmp_path / "g", MARK + b"a 1 2\nb 3 4\n")
    assert load(glove, no_header=True).index_to_key == ["a", "b"]
    binary = written(tmp_path / "b", MARK + binary_file(b"a", b"b"))
    assert load(binary, binary=True).index_to_key == ["a", "b"]
    counts = written(tmp_path / "c", MARK + b"a 7\nb 5\n")
    assert load(text, fvocab=counts).get_vecattr("a", "count") == 7


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_ends_of_binary_rows(tmp_path, end):
    kv = load(written(tmp_path / "v", binary_file(b"king", b"queen", end=end)), binary=True)
    assert kv.index_to_key == ["king", "queen"]
    assert kv["queen"].tolist() == [0, 1]


def test_ends_of_text_rows(tmp_path):
    rows = b"a 1 2\r\nnew york 3 4\r\n 5 6 \r\n\t 7 8\r\n"
    for content, options in ((b"4 2\r\n" + rows, {}), (rows, {"no_header": True})):
        kv = load(written(tmp_path / "v", content), **options)
        assert kv.index_to_key == ["a", "new york", "", "\t"]
        assert kv.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_rows_beyond_the_header_are_said(tmp_path, caplog, suffix):
    def said(content, **options):
        path = tmp_path / f"v{suffix}"
        path.write_bytes(gzip.compress(content) if suffix else content)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert len(load(path, **options)) == options.get("limit", 2)
        return caplog.text

    assert "more rows than the 2 that its header names" in said(b"2 2\na 1 2\nb 3 4\nc 5 6\n")
    assert "v" in said(b"2 2\na 1 2\nb 3 4\n\n\nx\n")
    assert said(b"2 2\na 1 2\nb 3 4\n\n \r\n\n") == ""
    assert said(b"3 2\na 1 2\nb 3 4\nc 5 6\n", limit=1) == ""
    content = binary_file(b"a", b"b")
    assert said(content + b"\n\n", binary=True) == ""
    assert "more rows" in said(content + b"\nc " + bytes(8), binary=True)


@pytest.mark.parametrize("word", ["area 51", "no 7", "a 1e5", "the nan", "x -inf", "1 2"])
def test_a_phrase_that_ends_in_a_number_is_written_only_where_it_can_be_read(tmp_path, word):
    kv = KeyedVectors(2)
    kv.add_vectors([word], [[1, 2]])
    with pytest.raises(ValueError, match=r"ends.*use save\(\)"):
        kv.save_word2vec_format(tmp_path / "v")
    assert not (tmp_path / "v").exists()
    kv.save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v").index_to_key == [word]


piece = st.sampled_from(["a", "7", "nan", "", "\t", "\u00a0", "1_0", "-", "é", "\r", "0x1", "e5"])
phrase = st.lists(piece, min_size=1, max_size=3).map(" ".join)


@given(st.lists(phrase, min_size=1, max_size=4, unique=True), st.booleans())
def test_what_is_written_is_read(words, write_header):
    file, vectors = io.BytesIO(), np.eye(len(words), 3, dtype=np.float32)
    try:
        word2vec.write(file, words, vectors, write_header=write_header)
    except ValueError:
        assert any(" " in word for word in words)
        return
    file.seek(0)
    read, numbers, _ = word2vec.read(file) if write_header else (words, vectors, None)
    assert read == words
    np.testing.assert_array_equal(numbers, vectors)


@pytest.mark.parametrize(
    "rows, words",
    [
        (b". . . 1 2 3\nthe 1 2 3\ncat 1 2 3\n", [". . .", "the", "cat"]),
        (b"7 1 2 3\n8 1 2 3\n", ["7", "8"]),
        (b"nan 1 2 3\nthe 1 2 3\n", ["nan", "the"]),
        (b"at name@domain.com 1 2 3\n", ["at name@domain.com"]),
        (b"\n\nthe 1 2 3\n", ["the"]),
        (b"the 1 2 3", ["the"]),
        (b" 1 2 3\nthe 1 2 3\nof 1 2 3\n", ["", "the", "of"]),
        (b"a\t1\t2\t3\nb 1 2 3\n", ["a", "b"]),
    ],
)
def test_the_width_without_a_header_is_that_of_most_rows(tmp_path, rows, words):
    kv = load(written(tmp_path / "g", rows), no_header=True)
    assert kv.index_to_key == words
    assert kv.vectors.tolist() == [[1, 2, 3]] * len(words)


BAD = {
    "empty": (b"", {}, "is empty"),
    "page": (b"<!DOCTYPE html>\n<html></html>\n", {}, "HTML"),
    "zip": (b"PK\x03\x04" + bytes(50), {}, "zip archive"),
    "gzip": (gzip.compress(b"1 2\na 1 2\n"), {}, r"end in \.gz"),
    "pickle": (pickle.dumps({}, 4), {}, "pickle"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", {}, "Git LFS"),
    "utf16": ("2 2\na 1 2\n".encode("utf-16"), {}, "UTF-16"),
    "glove": (b"the 1 2\ncat 3 4\n", {}, "line 1 .*no_header=True"),
    "headed": (b"2 2\nthe 1 2\ncat 3 4\n", {"no_header": True}, "line 1 .*no_header=False"),
    "row": (b"2 2\na 1 2\nb 1\n", {}, "line 3 .*repair"),
    "wide": (b"2 2\na 1 2\nb 1 2 3\n", {}, "line 3 "),
    "number": (b"2 2\na 1 2\nb 1_0 2\n", {}, "line 3 "),
    "short": (b"3 2\na 1 2\nb 1 2\n", {}, "bytes for 3 rows .*limit="),
    "long header": (b"9999 300\na 1\n", {}, "bytes for 9,999 rows"),
    "columns": (b"1 2147483647\na 1\n", {}, "allowed are 1 to 1,048,576"),
    "no columns": (b"1 0\na\n", {}, "allowed are 1 to"),
    "latin": (b"1 2\ncaf\xe9 1 2\n", {}, 'line 2: .*unicode_errors="replace"'),
    "words": (b"no numbers\nat all\n", {"no_header": True}, "line 1 "),
    "binary latin": (binary_file(b"ok", b"caf\xe9"), {"binary": True}, "row 2: .*unicode_errors"),
    "binary cut": (binary_file(b"ok", b"no")[:-1], {"binary": True}, "1 of the 2 rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_name_the_file_and_the_line_and_say_what_to_do(tmp_path, name):
    content, options, match = BAD[name]
    path = written(tmp_path / "some.vec", content)
    with pytest.raises(ValueError, match=rf"some\.vec.*{match}"):
        load(path, **options)
    with open(path, "rb") as file, pytest.raises((ValueError, EOFError), match=r"some\.vec"):
        load(file, **options)


def test_a_native_file_says_how_it_is_read(tmp_path):
    kv = KeyedVectors(2)
    kv.add_vectors(["a"], [[1, 2]])
    kv.save(tmp_path / "v.bin")
    with pytest.raises(FormatError, match=r"v\.bin is a file of fastsgns; .*fastsgns\.load"):
        load(tmp_path / "v.bin", binary=True)


def test_errors_of_compressed_files_name_them(tmp_path):
    with pytest.raises(DamagedError, match=r"plain\.gz"):
        load(written(tmp_path / "plain.gz", b"1 2\na 1 2\n"))
    cut = gzip.compress(b"1 2\na 1 2\n" * 99)[:-20]
    with pytest.raises(TruncatedError, match=r"cut\.gz"):
        load(written(tmp_path / "cut.gz", cut))
    with pytest.raises(TruncatedError, match=r"less\.gz ends after 1 of the 3 rows"):
        load(written(tmp_path / "less.gz", gzip.compress(b"3 2\na 1 2\n")))


def test_a_file_of_counts_that_is_wrong_is_named(tmp_path):
    vectors = written(tmp_path / "v", b"1 2\na 1 2\n")
    with pytest.raises(FormatError, match=r"c, line 2 is 'a many'"):
        load(vectors, fvocab=written(tmp_path / "c", b"b 3\na many\n"))
    with pytest.raises(NotUTF8Error, match=r"c, line 1 is not utf8"):
        load(vectors, fvocab=written(tmp_path / "c", b"\xff 3\n"))


@pytest.mark.parametrize("limit", [-1, 1.5, "two"])
def test_a_limit_is_a_count(tmp_path, limit):
    with pytest.raises((TypeError, ValueError), match="limit is"):
        load(written(tmp_path / "v", b"1 2\na 1 2\n"), limit=limit)


def test_words_cut_inside_a_character(tmp_path):
    path = written(tmp_path / "c.bin", binary_file(b"ok", ("д" * 60).encode()[:97]))
    with pytest.raises(UnicodeDecodeError):
        load(path, binary=True)
    kv = load(path, binary=True, unicode_errors="ignore")
    assert kv.index_to_key == ["ok", "д" * 48]
    kv.intersect_word2vec_format(path, binary=True, unicode_errors="replace")
    with pytest.raises(NotUTF8Error, match=r"c\.bin, row 2"):
        kv.intersect_word2vec_format(path, binary=True)


def test_open_files_in_place_of_paths(tmp_path):
    path = written(tmp_path / "v.txt", b"2 2\nd\xc3\xa9 1 2\nb 3 4\n")
    words = ["dé", "b"]
    with open(path, encoding="utf8") as text:
        assert load(text).index_to_key == words
    assert load(io.StringIO(path.read_text(encoding="utf8"))).index_to_key == words
    with open(path, "rb") as file:
        assert load(file).index_to_key == words
    with codecs.open(path, encoding="utf8") as text:
        assert load(text).index_to_key == words
    with open(path, encoding="utf8") as text:
        text.readline()
        assert load(text, no_header=True).index_to_key == words
    kv = load(path)
    with open(tmp_path / "saved", "w", encoding="utf8") as text:
        kv.save_word2vec_format(text)
    assert load(tmp_path / "saved").index_to_key == words
    with pytest.raises(TypeError, match="binary mode"):
        kv.save_word2vec_format(io.StringIO())
    with open(tmp_path / "saved", "w", encoding="utf8") as text:
        kv.save(text)
    with open(tmp_path / "saved", encoding="latin1") as text:
        assert KeyedVectors.load(text).index_to_key == words


BOMBS = {
    "columns": (b"1 2147483647\n", b" 0", {}),
    "allowed columns": (b"1 1024\n", b" 0", {}),
    "row": (b"1 2\n", b" 0", {}),
    "word": (b"1 2\n", b"0", {}),
    "binary": (b"1 2\n", b"0", {"binary": True}),
    "glove": (b"a", b" 0", {"no_header": True}),
    "glove word": (b"a", b"0", {"no_header": True}),
    "spaces": (b"1 2\n", b" ", {}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_line_without_end_is_refused_before_it_is_read_whole(monkeypatch, name):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 1 << 10)
    monkeypatch.setattr(word2vec_reader, "LONGEST_WORD", 1 << 14)
    monkeypatch.setattr(word2vec_reader, "MAX_COLUMNS", 1 << 10)
    head, repeated, options = BOMBS[name]
    file = io.BytesIO(head + repeated * (1 << 20))
    with pytest.raises(FormatError, match=r"allowed are 1 to|no end within"):
        word2vec.read(file, **options)
    assert file.tell() < 1 << 17


def judged(name):
    """A function of small vectors that reads a file."""
    kv = KeyedVectors(1)
    kv.add_vectors(["a"], [[1]])
    return getattr(kv, name)


def counted(path):
    """Read a file of counts."""
    return load(io.BytesIO(b"1 1\na 1\n"), fvocab=path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "read",
    [judged("evaluate_word_pairs"), judged("evaluate_word_analogies"), read_labels, counted],
)
def test_a_line_without_end_is_refused_by_readers_of_lines(tmp_path, suffix, read):
    content = b"a" + b" 0" * (1 << 20)
    path = tmp_path / f"long{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=r"long.*, line 1 has no end within 1,048,576 bytes"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_the_format_of_a_file_is_told_by_its_content():
    text, binary = b"2 2\na 1 2\nb 3 4\n", binary_file(b"a", b"b")
    assert sniffing.sizes(MARK + b"2 2\r\n") == (2, 2)
    for head, form in (
        (text, "text"),
        (MARK + text, "text"),
        (b"1 2\nnew york 1 2\n", "text"),
        (b"2 2\na broken row", "text"),
        (binary, "binary"),
        (binary_file(b"king", d=300), "binary"),
        (b"the 1 2\n", None),
        (b"", None),
    ):
        assert sniffing.form_of(head) == form
    packed = io.BytesIO()
    native.write(packed, "thing", {}, {})
    assert sniffing.form_of(packed.getvalue()) == "native"


@pytest.mark.parametrize("binary", [False, True])
def test_vectors_through_wrapped_files_of_text(tmp_path, binary):
    kv = KeyedVectors(2)
    kv.add_vectors(["é", "b"], np.array([[1, 2], [3, 4]], np.float32))
    with tempfile.NamedTemporaryFile("w+", dir=tmp_path, encoding="utf-8") as file:
        kv.save_word2vec_format(file, binary=binary)
        file.seek(0)
        read = KeyedVectors.load_word2vec_format(file, binary=binary)
    assert read.index_to_key == ["é", "b"] and read["b"].tolist() == [3, 4]
    with tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8") as file:
        with pytest.raises(TypeError, match="open as text; give a file in binary mode"):
            kv.save_word2vec_format(file)
        file.write("1 2\né 1 2\n")
        file.seek(0)
        assert KeyedVectors.load_word2vec_format(file)["é"].tolist() == [1, 2]
    with tempfile.SpooledTemporaryFile() as file:
        kv.save_word2vec_format(file, binary=binary)
        file.seek(0)
        assert KeyedVectors.load_word2vec_format(file, binary=binary)["é"].tolist() == [1, 2]
