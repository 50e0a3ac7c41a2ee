"""Files that are not text are recognized by their first bytes, by every reader of text."""

import bz2
import gzip
import io
import lzma
import struct

import pytest

from fastsgns import DirectedGraph, EncodedCorpus, KeyedVectors, LineSentence
from fastsgns.__main__ import main
from fastsgns.corpus.sentences import Text8Corpus
from fastsgns.errors import FormatError
from fastsgns.formats import files, sniffing
from fastsgns.graph.evaluation.classification import read_labels

TEXT = "the cat 1\nthe dog 2\n" * 20
CONTENTS = {
    "compressed by gzip": gzip.compress(TEXT.encode()),
    "compressed by bzip2": bz2.compress(TEXT.encode()),
    "compressed by xz": lzma.compress(TEXT.encode()),
    "a zip archive": b"PK\x03\x04" + bytes(40),
    "an array of numpy": b"\x93NUMPY\x01\x00v\x00{'descr'",
    "text in UTF-16": TEXT.encode("utf-16-le"),
    "UTF-16; convert it to UTF-8": TEXT.encode("utf-16-be"),
    "text in UTF-16;": TEXT.encode("utf-16"),
    "binary data": b"3 2\n" + struct.pack("<9f", *range(9)),
    "binary data;": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xff\xee\x00",
    "a file of fastsgns": (40).to_bytes(8, "little") + b'{"__metadata__": {}}',
}
READERS = {
    "corpus": EncodedCorpus.from_files,
    "lines": lambda path: list(LineSentence(path)),
    "open lines": lambda path: list(LineSentence(path.open("rb"))),
    "text8": lambda path: list(Text8Corpus(path)),
    "edges": lambda path: DirectedGraph.from_file(str(path)),
    "labels": read_labels,
    "any lines": lambda path: list(files.lines(path)),
    "pairs": lambda path: KeyedVectors.load_word2vec_format(
        io.BytesIO(b"2 1\nthe 1\ncat 2\n")
    ).evaluate_word_pairs(path),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seen", CONTENTS)
def test_what_is_not_text_is_refused_by_its_first_bytes(tmp_path, seen, reader):
    path = tmp_path / "t.txt"
    path.write_bytes(CONTENTS[seen])
    with pytest.raises(FormatError, match=rf"t\.txt is .*{seen}"):
        READERS[reader](path)


@pytest.mark.parametrize("reader", ["corpus", "lines", "text8", "edges", "any lines"])
def test_what_is_compressed_twice_is_refused(tmp_path, reader):
    path = tmp_path / "t.txt.gz"
    path.write_bytes(gzip.compress(CONTENTS["compressed by gzip"]))
    with pytest.raises(FormatError, match=r"t\.txt\.gz is compressed by gzip"):
        READERS[reader](path)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"a", b"a\n", b"BZhang is a name\n", b"BZh9 1AY\n", b"<html> a page of HTML\n"),
        *(
            "ein schöner Tag\n".encode("latin-1"),
            "日本語 テキスト\n".encode(),
            b"a\0b a c d e f g h",
        ),
        b"x" * (files.HEAD_BYTES - 1) + "é\n".encode(),
        "что это такое\n".encode("cp1251"),
    ],
)
def test_text_is_text(tmp_path, text):
    assert sniffing.not_text(text[: files.HEAD_BYTES]) == ""
    path = tmp_path / "t.txt"
    path.write_bytes(text)
    assert len(list(LineSentence(path, errors="replace"))) == bool(text)


def test_a_name_that_begins_like_bzip2_is_read(tmp_path, capsys):
    path = tmp_path / "v.txt"
    path.write_text("BZhang 1 0\nBZhou 0 1\n", encoding="utf-8")
    assert main(["convert", "--no-header", str(path), str(tmp_path / "v.bin")]) == 0
    edges = tmp_path / "edges"
    edges.write_text("BZhang BZhou\n", encoding="utf-8")
    assert DirectedGraph.from_file(edges).names == ["BZhang", "BZhou"]
    corpus = tmp_path / "t"
    corpus.write_text("BZhang likes BZhou\n" * 9, encoding="utf-8")
    model = str(tmp_path / "m.fastsgns")
    options = ["--min-count", "1", "--vector-size", "4", "-q"]
    assert main(["train", str(corpus), "-o", model, *options]) == 0, capsys.readouterr().err


def test_an_empty_file_of_bzip2_is_one():
    assert files.by_magic(bz2.compress(b"")) is bz2.open


@pytest.mark.parametrize("name", ["matrix", "matrix.gz", "matrix.txt"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_matrix_market_file_is_told_by_its_first_line(tmp_path, name, mark):
    path = tmp_path / name
    text = mark + b"%%MatrixMarket matrix coordinate real general\n3 3 2\n1 2 7\n2 3 1\n"
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    with pytest.raises(ValueError, match=r"matrix.* is a Matrix Market file.*mmread"):
        DirectedGraph.from_file(str(path))


def test_comments_of_percent_signs_are_comments(tmp_path):
    path = tmp_path / "edges"
    path.write_text("%% sym unweighted\n% 2 2\n1 2\n", encoding="utf-8")
    assert DirectedGraph.from_file(path).n_edges == 1
