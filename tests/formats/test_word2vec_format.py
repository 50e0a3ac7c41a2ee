import gzip
import io
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import word2vec, word2vec_reader
from fastsgns.vectors.keyedvectors import KeyedVectors

WORDS = ["the", "straße", "日本", "👩‍👩‍👧", "</s>", "1.5", "-", "\t", "a\u2028b", "nan"]


def random_vectors(n=10, d=7):
    return np.random.default_rng(1).standard_normal((n, d)).astype(np.float32)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_round_trip(tmp_path, binary, suffix):
    path, vectors = tmp_path / f"v{suffix}", random_vectors()
    word2vec.write(path, WORDS, vectors, binary=binary)
    words, read, counts = word2vec.read(path, binary=binary)
    assert words == WORDS
    np.testing.assert_array_equal(read, vectors)
    assert counts.tolist() == list(range(len(WORDS), 0, -1))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


numbers = st.floats(width=32)
token = st.text(min_size=0, max_size=5).filter(lambda t: not set(t) & {" ", "\n"})


@given(
    st.lists(token.filter(lambda t: t.isprintable()), max_size=4, unique=True),
    hnp.arrays(np.float32, (4, 3), elements=numbers),
    st.booleans(),
)
def test_any_word_and_number_comes_back(words, vectors, binary):
    file = io.BytesIO()
    word2vec.write(file, words, vectors[: len(words)], binary=binary)
    file.seek(0)
    read, numbers, _ = word2vec.read(file, binary=binary)
    assert read == words
    np.testing.assert_array_equal(numbers, vectors[: len(words)])


@pytest.mark.parametrize("block", [1, 7, 64])
@pytest.mark.parametrize("binary", [False, True])
def test_small_blocks(monkeypatch, block, binary):
    file, vectors = io.BytesIO(), random_vectors()
    word2vec.write(file, WORDS, vectors, binary=binary)
    file.seek(0)
    monkeypatch.setattr(word2vec_reader, "BLOCK", block)
    words, read, _ = word2vec.read(file, binary=binary)
    assert words == WORDS
    np.testing.assert_array_equal(read, vectors)


def test_newlines_after_binary_vectors_as_the_c_tool_writes():
    vectors = random_vectors(2, 3)
    content = b"2 3\n" + b"".join(b"w%d " % i + vectors[i].tobytes() + b"\n" for i in range(2))
    words, read, _ = word2vec.read(io.BytesIO(content), binary=True)
    assert words == ["w0", "w1"]
    np.testing.assert_array_equal(read, vectors)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_every_cut_is_refused_or_harmless(tmp_path, binary, suffix, caplog):
    vectors, path = random_vectors(3, 2), tmp_path / f"cut{suffix}"
    file = io.BytesIO()
    word2vec.write(file, ["a", "bb", "c"], vectors, binary=binary)
    whole = file.getvalue()
    for n_bytes in range(len(whole)):
        content = whole[:n_bytes]
        path.write_bytes(gzip.compress(content) if suffix else content)
        caplog.clear()
        try:
            words, read, _ = word2vec.read(path, binary=binary)
        except FormatError as error:
            assert isinstance(error, EOFError) or n_bytes < whole.index(b"\n") + 1
            continue
        # text without its last newline: cut within the last number, and said so
        assert not binary
        assert "no newline" in caplog.text
        assert words == ["a", "bb", "c"]
        np.testing.assert_array_equal(read.ravel()[:-1], vectors.ravel()[:-1])


def test_a_cut_gzip_stream_is_an_eof_error(tmp_path):
    path = tmp_path / "v.gz"
    word2vec.write(path, WORDS, random_vectors())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EOFError):
        word2vec.read(path)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    "header",
    [
        b"99999999999 300\n",
        b"3 99999999999999\n",
        b"-3 2\n",
        b"3 -2\n",
        b"x 2\n",
        b"3\n",
        b"3 0\n",
        b"",
        b"\n",
        b"1e3 2\n",
        b"9" * 5000 + b" 2\n",
        b"0 99999999999999999999999\n",
        b"1_0 2\n",
        b"the 0.1 0.2\n",
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_hostile_headers(tmp_path, header, binary, suffix):
    content = header + b"a 0.5 0.5\n" * 3
    path = tmp_path / f"v{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(FormatError):
        word2vec.read(path, binary=binary)


@pytest.mark.parametrize("row", [b"a 1", b"a 1 2 3", b"a 1 x", b"a", b"a 1,5 2"])
def test_bad_rows_name_the_line(row):
    with pytest.raises(FormatError, match="line 3"):
        word2vec.read(io.BytesIO(b"3 2\nb 1 2\n" + row + b"\nc 1 2\n"))


def test_odd_rows_are_read():
    rows = [b". . . 1 2", b"tab\t1\t2", b"two  1   2", b"end 1 2 ", b"cr 1 2\r", b"1/2 3 1e0 20e-1"]
    content = b"6 2\n" + b"\n".join(rows) + b"\n"
    with pytest.raises(FormatError):
        word2vec.read(io.BytesIO(content))
    content = content.replace(b"1/2 3", b"+x")
    words, vectors, _ = word2vec.read(io.BytesIO(content))
    assert words == [". . .", "tab", "two", "end", "cr", "+x"]
    assert vectors.tolist() == [[1, 2]] * 6


def test_numbers_parse_as_python_parses_them():
    texts = "0 -0.0 1e-45 3.4028235e38 .5 5. 1E5 0.1234567890123456789 1e-30 inf -nan 123456789e-9"
    content = b"1 12\nw " + texts.encode() + b"\n"
    expected = np.array([float(text) for text in texts.split()]).astype(np.float32)
    np.testing.assert_array_equal(word2vec.read(io.BytesIO(content))[1][0], expected)


def test_no_header_and_limit():
    content = b"a 1 2\nb 3 4\nc 5 6\n\n"
    words, vectors, _ = word2vec.read(io.BytesIO(content), no_header=True)
    assert (words, vectors.tolist()) == (["a", "b", "c"], [[1, 2], [3, 4], [5, 6]])
    assert word2vec.read(io.BytesIO(content), no_header=True, limit=2)[0] == ["a", "b"]
    words, vectors, counts = word2vec.read(io.BytesIO(b"3 2\n" + content), limit=2)
    assert (words, vectors.shape, counts.tolist()) == (["a", "b"], (2, 2), [2, 1])
    with pytest.raises(NotImplementedError):
        word2vec.read(io.BytesIO(content), no_header=True, binary=True)


def test_first_of_duplicates_stays(caplog):
    with caplog.at_level(logging.WARNING):
        words, vectors, _ = word2vec.read(io.BytesIO(b"4 1\na 1\nb 2\nb 3\na 4\n"))
    assert (words, vectors.tolist()) == (["a", "b"], [[1], [2]])
    assert "2 rows" in caplog.text


def test_bad_utf8():
    content = b"1 1\n\xff\xfea 1\n"
    with pytest.raises(UnicodeDecodeError):
        word2vec.read(io.BytesIO(content))
    assert word2vec.read(io.BytesIO(content), unicode_errors="ignore")[0] == ["a"]
    assert word2vec.read(io.BytesIO(content), encoding="latin1")[0] == ["ÿþa"]


@pytest.mark.parametrize("word, binary", [("a b", True), ("a\nb", True), ("a\nb", False)])
def test_words_with_blanks_cannot_be_written(tmp_path, word, binary):
    with pytest.raises(ValueError, match="a"):
        word2vec.write(tmp_path / "v", [word], np.ones((1, 1), np.float32), binary=binary)
    assert not list(tmp_path.iterdir())


def test_counts_go_to_a_file_and_back(tmp_path):
    kv = KeyedVectors.from_arrays(["b", "a"], np.eye(2, dtype=np.float32), [3, 9])
    kv.save_word2vec_format(tmp_path / "v", fvocab=tmp_path / "c", prefix="*")
    assert (tmp_path / "c").read_text() == "*a 9\n*b 3\n"
    read = KeyedVectors.load_word2vec_format(tmp_path / "v", fvocab=tmp_path / "c")
    assert read.index_to_key == ["*a", "*b"]
    assert read.expandos["count"].tolist() == [9, 3]
    np.testing.assert_array_equal(read["*a"], [0, 1])


def test_append(tmp_path):
    first, second = random_vectors(1, 2), random_vectors(2, 2)[1:]
    word2vec.write(tmp_path / "v", ["a"], first, total=2)
    word2vec.write(tmp_path / "v", ["b"], second, append=True, write_header=False)
    words, vectors, _ = word2vec.read(tmp_path / "v")
    assert words == ["a", "b"]
    np.testing.assert_array_equal(vectors, np.vstack([first, second]))


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_types(tmp_path, dtype):
    vectors = random_vectors().astype(dtype)
    word2vec.write(tmp_path / "v", WORDS, vectors)
    np.testing.assert_array_equal(
        word2vec.read(tmp_path / "v", datatype=dtype)[1], vectors.astype(np.float32).astype(dtype)
    )


def test_truncated_error_is_both():
    with pytest.raises(TruncatedError) as caught:
        word2vec.read(io.BytesIO(b"3 2\na 1 2\n"))
    assert isinstance(caught.value, EOFError)
    assert isinstance(caught.value, ValueError)


def test_words_with_spaces_survive_the_text_form(tmp_path):
    words, vectors = ["('1', '2')", "new york"], np.eye(2, dtype=np.float32)
    word2vec.write(tmp_path / "f.txt", words, vectors)
    assert word2vec.read(tmp_path / "f.txt")[0] == words


@pytest.mark.parametrize(
    ("line", "word"), [(b"a  1 2", "a "), (b" a 1 2", " a"), (b"a b  1 2", "a b "), (b"  1 2", " ")]
)
@pytest.mark.parametrize("before", [0, 3])
def test_a_space_at_the_end_of_a_word_is_said_once(line, word, before, caplog):
    rows = [b"w%d 1 2" % row for row in range(before)] + [line, b"c  3 4", b"d 5 6"]
    file = b"%d 2\n" % len(rows) + b"\n".join(rows) + b"\n"
    words, vectors, _ = word2vec.read(io.BytesIO(file))
    assert words[before:] == [word, "c ", "d"] and vectors[before].tolist() == [1, 2]
    text = f"line {before + 2}: the word {word.encode()!r} begins or ends with a space"
    assert [text in record.getMessage() for record in caplog.records] == [True]


def test_words_without_a_space_at_their_ends_are_not_warned_of(caplog):
    file = b"4 2\na b 1 2\nb  1  2\nc\t3 4 \n 5 6\n"
    assert word2vec.read(io.BytesIO(file))[0] == ["a b", "b", "c", ""]
    word2vec.read(io.BytesIO(file.replace(b" 5 6", b"d  5 6")), limit=3)
    assert not caplog.records


@pytest.mark.parametrize("binary", [False, True])
def test_what_has_no_end_is_refused_early(monkeypatch, binary):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 1 << 10)
    monkeypatch.setattr(word2vec_reader, "LONGEST_WORD", 1 << 14)
    file = io.BytesIO(b"2 3\n" + b"x" * (1 << 20))
    with pytest.raises(FormatError, match="no end within"):
        word2vec.read(file, binary=binary)
    assert file.tell() < 1 << 16


@pytest.mark.parametrize("binary", [False, True])
def test_rows_far_longer_than_a_block(monkeypatch, binary):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 100)
    words, vectors = ["w" * 1000, "b", "c" * 99], random_vectors(3, 200)
    file = io.BytesIO()
    word2vec.write(file, words, vectors, binary=binary)
    file.seek(0)
    read_words, read_vectors, _ = word2vec.read(file, binary=binary)
    assert read_words == words
    np.testing.assert_array_equal(read_vectors, vectors)


@pytest.mark.parametrize("binary", [False, True])
def test_a_word_of_a_megabyte(binary):
    word = "w" * (1 << 20)
    file = io.BytesIO()
    word2vec.write(file, [word], random_vectors(1, 2), binary=binary)
    file.seek(0)
    assert word2vec.read(file, binary=binary)[0] == [word]


@pytest.mark.parametrize("n_rows", [2, 3, 50])
def test_binary_vectors_of_one_dimension_are_not_taken_for_text(n_rows, tmp_path):
    """Where the bytes of a number are a space, a digit and a line feed."""
    kv = KeyedVectors(1)
    numbers = [b"\xf73N>"] * (n_rows - 1) + [b"\xe4 5\n"]
    kv.add_vectors(
        [f"w{i}" for i in range(n_rows)], np.frombuffer(b"".join(numbers), np.float32)[:, None]
    )
    kv.save_word2vec_format(tmp_path / "v", binary=True)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True)
    assert loaded.vectors.tobytes() == b"".join(numbers)
