"""Small compressed files that unpack to much: they are read in linear time and bounded memory."""

import gzip
import io
import tracemalloc

import numpy as np
import pytest

from fastsgns import EncodedCorpus, KeyedVectors
from fastsgns.corpus import scan
from fastsgns.corpus.sentences import LineSentence, Text8Corpus
from fastsgns.errors import FormatError
from fastsgns.formats import files, rows, word2vec

MB = 1 << 20


class Blanks(io.RawIOBase):
    """A header, a row and then blanks without end that nobody joins to one array."""

    def __init__(self, blank, n_blocks):
        self.parts = [b"1 1\n", b"a 1\n", *[blank * MB] * n_blocks]

    def readline(self, size=-1):
        return self.parts.pop(0)

    def read(self, size=-1):
        return self.parts.pop(0) if self.parts else b""


@pytest.mark.parametrize("blank", [b"\n", b" "])
def test_what_follows_the_last_row_is_not_kept(blank):
    tracemalloc.start()
    words, vectors, _ = word2vec.read(Blanks(blank, 100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words == ["a"] and vectors.tolist() == [[1]]
    assert peak < 20 * MB


@pytest.mark.parametrize("tail", [b" ", b"\n \nb 2\n"])
def test_rows_after_blanks_are_reported(tail, caplog):
    word2vec.read(io.BytesIO(b"1 1\na 1\n" + b"\n" * 5 * MB + tail))
    assert ("has more rows" in caplog.text) is (b"b" in tail)


def test_blank_lines_are_skipped_by_one_call():
    text = b"\n \r\n\t\na 1\n\n\n b 2\nc 3\n" + b"\n \n"
    block, spans = np.zeros((4, 1), np.float32), np.zeros((4, 2), np.int64)
    assert rows.parse(b"\n\n \na 1\n \r\n\nb 2\n\n", 0, block, spans) == (2, 17)
    assert block[:2].tolist() == [[1], [2]] and spans[0].tolist() == [4, 5]
    n_rows, at = rows.parse(text, 0, block, spans)
    assert (n_rows, text[at : at + 4]) == (1, b" b 2")  # a blank begins this line


def test_a_file_with_blank_lines_anywhere(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"\n" * 3 + b"a 1 2\n" + b"\n \n" * 9 + b"b c 3 4\r\n\r\n\r\nd 5 6\n\n")
    words, vectors, _ = word2vec.read(path, no_header=True)
    assert words == ["a", "b c", "d"] and vectors.tolist() == [[1, 2], [3, 4], [5, 6]]


def read_with(reader):
    return {
        "scan": lambda path: EncodedCorpus.from_files(path),
        "lines": lambda path: list(LineSentence(path)),
        "text8": lambda path: list(Text8Corpus(path)),
    }[reader]


@pytest.mark.parametrize("reader", ["scan", "lines", "text8"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_token_without_end_is_refused(tmp_path, suffix, reader):
    path = tmp_path / f"t.txt{suffix}"
    with (gzip.open if suffix else open)(path, "wb") as file:
        file.write(b"a b\n\nc " + b"d" * (scan.LONGEST_TOKEN + 9 * MB) * 2)
    with pytest.raises(FormatError, match=r"t\.txt.*, line 3: a token is longer than 16,777,216"):
        read_with(reader)(path)


@pytest.mark.parametrize("reader", ["scan", "lines", "text8"])
def test_a_line_without_end_is_no_token_without_end(tmp_path, reader, monkeypatch):
    monkeypatch.setattr("fastsgns.corpus.sentences.LONGEST_TOKEN", 100)
    monkeypatch.setattr("fastsgns.corpus.sentences.CHUNK_BYTES", 50)
    path = tmp_path / "t.txt"
    path.write_text("to be " * 1000 + "\n" + "or " * 10, encoding="utf-8")
    found = read_with(reader)(path)
    n_tokens = found.n_tokens if reader == "scan" else sum(map(len, found))
    assert n_tokens == 2010


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blank_lines_cost_no_memory_and_are_counted(mark, end, monkeypatch):
    text = mark + end * MB + b"a b" + end + b" " + end + "é".encode()
    tracemalloc.start()
    found = list(files.lines(io.BytesIO(text)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(n, line.strip()) for n, line in found] == [(MB + 1, "a b"), (MB + 3, "é")]
    assert peak < 60 * MB
    monkeypatch.setattr(files, "LONGEST_LINE", 5)
    again = list(files.lines(io.BytesIO(text[-40:].lstrip(b"\r"))))
    assert [line.strip() for _, line in again] == ["a b", "é"]


def test_questions_after_blank_lines_are_numbered():
    kv = KeyedVectors(1)
    kv.add_vectors(["a"], np.ones((1, 1), np.float32))
    with pytest.raises(ValueError, match=r"line 5 of .* comes before any heading"):
        kv.evaluate_word_analogies(io.BytesIO(b"\n\n \n\na b c d\n"))
