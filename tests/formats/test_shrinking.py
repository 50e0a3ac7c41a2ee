"""Files that become shorter, or are replaced, while they are read or mapped."""

import os

import numpy as np
import pytest
from classes import SAVABLE, SENTENCES, content

import fastsgns
from fastsgns import DirectedGraph, EncodedCorpus, KeyedVectors, LineSentence, Phrases
from fastsgns.corpus import ranges
from fastsgns.errors import TruncatedError
from fastsgns.formats import native

SHORTER = r"f became shorter while it was read: it had [\d,]+ bytes or more, and has [\d,]+\. Read"


@pytest.fixture
def text(tmp_path, monkeypatch):
    """Return a text file that becomes 40 bytes shorter after its length was asked for."""
    path = tmp_path / "f"
    path.write_text("".join(" ".join(words[:2]) + "\n" for words in SENTENCES))
    inner = os.path.getsize
    monkeypatch.setattr(ranges.os.path, "getsize", lambda name: inner(name) + 40)
    return str(path)


@pytest.mark.parametrize(
    "read",
    [
        lambda path: EncodedCorpus.from_files(path),
        lambda path: fastsgns.Word2Vec(corpus_file=path, vector_size=4, min_count=1),
        lambda path: Phrases(path),
        lambda path: DirectedGraph.from_file(path),
    ],
    ids=["corpus", "Word2Vec", "Phrases", "graph"],
)
def test_a_text_that_becomes_shorter_is_an_error(text, read):
    with pytest.raises(TruncatedError, match=SHORTER):
        read(text)


@pytest.mark.parametrize("range_bytes", [7, 64, 1 << 20])
def test_each_range_of_a_text_is_checked(text, monkeypatch, range_bytes):
    monkeypatch.setattr(ranges, "RANGE_BYTES", range_bytes)
    with pytest.raises(TruncatedError, match=SHORTER):
        EncodedCorpus.from_files(text)
    monkeypatch.undo()
    assert list(EncodedCorpus.from_files(text)) == [list(words) for words in LineSentence(text)]


@pytest.mark.parametrize("name", SAVABLE)
def test_a_native_file_that_becomes_shorter_is_an_error_unless_it_is_mapped(
    name, tmp_path, monkeypatch
):
    thing = SAVABLE[name]()
    (tmp_path / "f").write_bytes(content(thing))
    inner = native._header

    def cut_after_header(file, size):
        contents = inner(file, size)
        os.truncate(tmp_path / "f", file.tell() + 1)
        file.seek(file.tell())  # what was read ahead is gone
        return contents

    monkeypatch.setattr(native, "_header", cut_after_header)
    monkeypatch.setattr(native, "read_array", reopened(native.read_array))
    is_mapped = isinstance(thing, (EncodedCorpus, fastsgns.cooccurrence.Cooccurrences))
    options = {"mmap": False} if is_mapped else {}
    with pytest.raises(TruncatedError, match="before the end of an array"):
        type(thing).load(tmp_path / "f", **options)


def reopened(read_array):
    """Return a reader of arrays that sees what the file has now."""

    def read(file, entry, size):
        with open(file.name, "rb", buffering=0) as again:
            again.seek(file.tell())
            array = read_array(again, entry, size)
            file.seek(again.tell())
        return array

    return read


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace a file that is mapped")
@pytest.mark.parametrize("name", SAVABLE)
def test_a_mapped_file_may_be_replaced_by_save(name, tmp_path):
    """The new file has another inode, and the mapping keeps the old one."""
    thing = SAVABLE[name]()
    whole = content(thing)
    (tmp_path / "f").write_bytes(whole)
    mapped = fastsgns.load(tmp_path / "f", mmap="r")
    KeyedVectors.from_arrays(["a"], np.ones((1, 2), np.float32)).save(tmp_path / "f")
    assert content(mapped) == whole
    mapped.save(tmp_path / "f")  # over the file that replaced its own
    assert (tmp_path / "f").read_bytes() == whole
    again = fastsgns.load(tmp_path / "f", mmap="r")
    again.save(tmp_path / "f")  # over its own
    assert (tmp_path / "f").read_bytes() == whole == content(again)
