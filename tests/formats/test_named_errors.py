"""Errors of files name the file, its line, or the directory that is full."""

import io
import os
import types

import numpy as np
import pytest

from fastsgns import KeyedVectors
from fastsgns.cli import inputs, main
from fastsgns.errors import FormatError, NotUTF8Error
from fastsgns.formats import files

needs_full_device = pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="this system has no /dev/full"
)


@pytest.fixture
def vectors(tmp_path):
    """Write a file of two vectors."""
    path = tmp_path / "v.txt"
    path.write_text("2 1\na 1\nb 2\n", encoding="utf-8")
    return path


@needs_full_device
def test_a_full_device_is_named(vectors, capsys):
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        KeyedVectors.load_word2vec_format(vectors).save_word2vec_format("/dev/full")
    assert main(["convert", "--to", "text", str(vectors), "/dev/full"]) == 1
    assert "/dev/full" in capsys.readouterr().err


@needs_full_device
def test_a_full_temporary_directory_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"to be\n" * 9)))
    full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    monkeypatch.setattr(inputs.tempfile, "NamedTemporaryFile", lambda **_: full)
    monkeypatch.setattr(inputs.tempfile, "gettempdir", lambda: "/the/temporary/one")
    assert main(["train", "-", "-o", str(tmp_path / "m"), "--min-count", "1", "-q"]) == 1
    shown = capsys.readouterr().err
    assert "no room for a copy of standard input in /the/temporary/one" in shown
    assert "TMPDIR" in shown


@pytest.mark.parametrize("command", ["train", "eval"])
def test_a_file_without_edges_is_named(tmp_path, capsys, command):
    edges = tmp_path / "edges"
    edges.write_text("# nothing\n", encoding="utf-8")
    output = ["-o", str(tmp_path / "m")] if command == "train" else []
    assert main(["nodes", command, str(edges), *output, "-q"]) == 1
    assert f"{edges}: there are no edges" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "options", "place"),
    [
        (b"2 1\na 1\n\xff 2\n", {}, "line 3"),
        (b"2 1\n\n\na 1\n \n\xff 2\n", {}, "line 6"),
        (b"a 1\n\n\xff 2\n", {"no_header": True}, "line 3"),
        (b"2 1\na \0\0\0\0\xff \0\0\0\0", {"binary": True}, "row 2"),
    ],
)
def test_a_word_that_is_not_utf8_is_named_by_its_line(content, options, place):
    with pytest.raises(NotUTF8Error, match=f"{place}: the word"):
        KeyedVectors.load_word2vec_format(io.BytesIO(content), **options)


def test_the_line_is_that_of_the_file_and_not_of_the_block(monkeypatch):
    monkeypatch.setattr("fastsgns.formats.word2vec_reader.BLOCK", 16)
    text = b"9 1\n" + b"".join(b"w%d %d\n\n" % (i, i) for i in range(8)) + b"\xff 9\n"
    with pytest.raises(NotUTF8Error, match="line 18: the word"):
        KeyedVectors.load_word2vec_format(io.BytesIO(text))


@pytest.mark.parametrize("datatype", [int, np.int64, np.uint8, bool, complex])
def test_vectors_are_numbers_of_floating_point(vectors, datatype):
    with pytest.raises(ValueError, match=r"datatype is .*floating point"):
        KeyedVectors.load_word2vec_format(vectors, datatype=datatype)


@pytest.mark.parametrize("size", [files.LONGEST_LINE - 1, files.LONGEST_LINE])
@pytest.mark.parametrize("kind", [io.BytesIO, io.StringIO])
def test_a_line_of_the_longest_length_is_read(kind, size):
    line = "a" * (size - 1) + "\n"
    content = (line + "b\n").encode() if kind is io.BytesIO else line + "b\n"
    assert list(files.lines(kind(content))) == [(1, line[:-1]), (2, "b")]
    with pytest.raises(FormatError, match="line 2 has no end"):
        longer = "a\n" + "a" * (files.LONGEST_LINE + 1) + "\n"
        list(files.lines(kind(longer.encode() if kind is io.BytesIO else longer)))


class OnlyRead:
    """A file that can be read and no more."""

    def __init__(self, content):
        self.content = content

    def read(self, size=-1):
        content, self.content = self.content, self.content[:0]
        return content


class OnlyLines(OnlyRead):
    """A file that can be read and iterated."""

    def __iter__(self):
        return iter(self.content.splitlines(keepends=True))


@pytest.mark.parametrize("kind", [OnlyRead, OnlyLines])
@pytest.mark.parametrize("content", ["a 1\nb 2\n", b"a 1\nb 2\n"])
def test_lines_of_objects_without_readline(kind, content):
    assert list(files.lines(kind(content))) == [(1, "a 1"), (2, "b 2")]


def test_a_name_may_end_in_br(tmp_path):
    path = tmp_path / "site.com.br"
    path.write_text("o rato roeu\n" * 5, encoding="utf-8")
    output = str(tmp_path / "m")
    assert main(["train", str(path), "-o", output, "--min-count", "1", "--dim", "2", "-q"]) == 0
