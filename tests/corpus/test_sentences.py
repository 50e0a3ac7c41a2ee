"""gensim's readers of text, by their behavior."""

import bz2
import gzip
import io
import lzma
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastsgns.corpus import sentences as module
from fastsgns.corpus.encoded import scan
from fastsgns.corpus.sentences import (
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    check_reiterable,
)
from fastsgns.errors import CorpusFileError

TEXT = "to be\tor\x0bnot\x0cto be\r\n\n  \nthat is\u00a0the\u3000question"
SENTENCES = [["to", "be", "or", "not", "to", "be"], ["that", "is\u00a0the\u3000question"]]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    return path


def test_lines_of_a_path_or_an_open_file(path):
    with open(path, "rb") as raw, open(path, encoding="utf-8", newline="\n") as text:
        for source in (path, str(path), raw, text, io.BytesIO(TEXT.encode()), io.StringIO(TEXT)):
            lines = LineSentence(source)
            assert list(lines) == SENTENCES
            assert list(lines) == SENTENCES


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_lines_of_compressed_files(tmp_path, path, suffix, pack):
    packed = tmp_path / f"packed.{suffix}"
    packed.write_bytes(pack.compress(TEXT.encode()))
    assert list(LineSentence([path, packed])) == SENTENCES * 2


def test_lines_are_cut_only_on_request(path):
    assert list(LineSentence(io.BytesIO(b"a " * 20_000))) == [["a"] * 20_000]
    pieces = [["to", "be", "or", "not"], ["to", "be"], SENTENCES[1]]
    assert list(LineSentence(path, max_sentence_length=4)) == pieces
    with pytest.raises(ValueError, match="max_sentence_length is 0"):
        LineSentence(path, max_sentence_length=0)


def test_limit_counts_lines(path):
    assert list(LineSentence(path, limit=1)) == SENTENCES[:1]
    assert list(LineSentence(path, limit=3)) == SENTENCES[:1]
    assert list(LineSentence([path, path], limit=1)) == SENTENCES[:1] * 2


def test_text_that_is_not_utf8():
    data = b"caf\xe9 \xff\n"
    with pytest.raises(UnicodeDecodeError, match=r"line 1: the word b'caf\\xe9' is not UTF-8"):
        list(LineSentence(io.BytesIO(data)))
    assert list(LineSentence(io.BytesIO(data), errors="replace")) == [["caf�", "�"]]
    assert list(LineSentence(io.BytesIO(data), errors="ignore")) == [["caf"]]


def test_missing_files_and_wrong_types(tmp_path):
    for error in (CorpusFileError, FileNotFoundError, TypeError):
        with pytest.raises(error, match="nowhere"):
            list(LineSentence(tmp_path / "nowhere"))
    with pytest.raises(IsADirectoryError, match="PathLineSentences"):
        list(LineSentence(tmp_path))
    with pytest.raises(TypeError, match="where a path is wanted"):
        list(LineSentence(3))


def test_a_url_takes_smart_open(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "smart_open", None)
    with pytest.raises(ImportError, match="pip install smart_open"):
        list(LineSentence("s3://bucket/text"))


def test_a_directory_in_order_of_names(tmp_path, path):
    for name, text in (("b", "b\n"), ("a.gz", "a\n"), ("c", "c d\n")):
        pack = gzip.compress if name.endswith("gz") else bytes
        (tmp_path / name).write_bytes(pack(text.encode()))
    (tmp_path / "folder").mkdir()
    corpus = PathLineSentences(str(tmp_path))
    assert [Path(file).name for file in corpus.input_files] == ["a.gz", "b", "c", "text.txt"]
    assert list(corpus) == [["a"], ["b"], ["c", "d"], *SENTENCES]
    assert list(PathLineSentences(path)) == SENTENCES
    assert list(PathLineSentences(tmp_path / "folder")) == []
    assert list(PathLineSentences(tmp_path, 1, 1))[:3] == [["a"], ["b"], ["c"]]
    with pytest.raises(ValueError, match="neither a file nor a directory"):
        PathLineSentences(tmp_path / "nowhere")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text("ab\n é", max_size=60), st.integers(1, 9), st.integers(1, 5))
def test_text8_is_cut_into_equal_sentences(tmp_path, text, size, length):
    path = tmp_path / "text8"
    path.write_text(text, encoding="utf-8")
    words = text.split()
    expected = [words[at : at + length] for at in range(0, len(words), length)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "READ_BYTES", size)
        assert list(Text8Corpus(path, length)) == expected


def test_brown(tmp_path):
    (tmp_path / "ca01").write_text("The/at jury/nn-tl ,/, said/vbd a/b/c bare\n\n./.\n")
    assert list(BrownCorpus(tmp_path)) == [["the/at", "jury/nn", "said/vb"]]


@pytest.mark.parametrize("corpus", [iter([]), (x for x in []), map(str, []), zip(), io.StringIO()])
def test_what_can_be_read_once_is_refused_for_training(corpus):
    with pytest.raises(TypeError, match="read only once"):
        check_reiterable(corpus)


def test_what_can_be_read_again_is_fine():
    for corpus in ([], (), {}.values(), LineSentence("x"), Text8Corpus("x")):
        check_reiterable(corpus)
    for wrong in ("text", b"text", Path("text"), 7, None):
        with pytest.raises(TypeError, match="iterable of sentences is wanted"):
            check_reiterable(wrong)


@pytest.mark.parametrize("kind", [bytes, str])
@pytest.mark.parametrize("length", [None, 1, 3, 1000])
def test_a_long_line_is_read_in_chunks(monkeypatch, kind, length):
    monkeypatch.setattr(module, "CHUNK_BYTES", 7)
    words = [f"é{i % 4}" * (i % 3 + 1) for i in range(50)]
    line = "  " + " \t".join(words) + " \n"
    for text in (line, line * 2, "\n" + line, line.rstrip()):
        file = io.BytesIO(text.encode()) if kind is bytes else io.StringIO(text)
        read = list(LineSentence(file, max_sentence_length=length))
        n_lines = text.count("é0é0") // line.count("é0é0")
        assert [word for sentence in read for word in sentence] == words * n_lines
        assert all(len(sentence) <= (length or 50) for sentence in read)
        assert len(read) == n_lines * -(-50 // (length or 50))


def test_equal_words_of_a_long_line_are_one_object(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 10_000)
    words = next(iter(LineSentence(io.BytesIO(b"word " * 4000))))
    assert len(words) == 4000
    assert len({id(word) for word in words}) <= 3  # one per piece


def test_a_long_line_takes_the_memory_of_its_words_once():
    line = io.BytesIO(b"ab " * 2_000_000)
    for length, most in ((None, 80_000_000), (1000, 40_000_000)):
        tracemalloc.start()
        try:
            assert sum(map(len, LineSentence(line, length))) == 2_000_000
            assert tracemalloc.get_traced_memory()[1] < most
        finally:
            tracemalloc.stop()


def test_what_is_set_after_construction_is_honoured(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(f"{name} one two\n{name} three\n")
    corpus = PathLineSentences(tmp_path)
    for paths in (
        [tmp_path / "a"], str(tmp_path / "a"), (path for path in [tmp_path / "a"]), tmp_path / "a",
    ):  # fmt: skip
        corpus.input_files = paths
        for _ in range(2):
            assert list(corpus) == [["a", "one", "two"], ["a", "three"]]
        assert scan(corpus).vocabulary.words == ["a", "one", "two", "three"]
    corpus.input_files = []
    assert list(corpus) == [] and scan(corpus).n_tokens == 0
    reader = LineSentence(tmp_path / "a")
    reader.source, reader.limit, reader.max_sentence_length = tmp_path / "b", 1.0, "2"
    assert list(reader) == [["b", "one"], ["two"]] and scan(reader).n_sentences == 2
    with pytest.raises(ValueError, match=r"limit is 2\.5; allowed are integers"):
        reader.limit = 2.5
