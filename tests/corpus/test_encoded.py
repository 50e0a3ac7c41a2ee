"""EncodedCorpus: the same from every source, in memory or not, saved or not."""

import gzip
import io
import os
import signal
import subprocess
import sys
import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastsgns import Word2Vec
from fastsgns.corpus import ranges
from fastsgns.corpus.encoded import EncodedCorpus, encode, scan
from fastsgns.corpus.selection import select
from fastsgns.corpus.sentences import LineSentence, PathLineSentences
from fastsgns.corpus.spill import SpillBuffer
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import CorpusFileError, DamagedError, FormatError
from fastsgns.formats import files, native

SENTENCES = [["to", "be", "or"], [], ["not"], ["to", "be"]]
needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/maps"), reason="open files are looked up in /proc"
)
LISTS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), max_size=30)


def encode_source(source, vocabulary=None, **options):
    with scan(source, vocabulary, **options) as scanned:
        return encode(scanned, vocabulary)


def same(one: EncodedCorpus, two: EncodedCorpus) -> bool:
    return (
        np.array_equal(one.ids, two.ids)
        and np.array_equal(one.offsets, two.offsets)
        and one.vocabulary.words == two.vocabulary.words
        and np.array_equal(one.vocabulary.counts, two.vocabulary.counts)
        and one.n_raw_tokens == two.n_raw_tokens
    )


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in SENTENCES))
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LISTS, st.integers(1, 3))
def test_lists_and_files_give_the_same(tmp_path, sentences, workers):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    with patch.object(ranges, "RANGE_BYTES", 11):
        from_file = EncodedCorpus.from_files(path, workers=workers)
    assert same(from_file, EncodedCorpus.from_iterable(sentences))
    assert list(from_file) == [sentence for sentence in sentences if sentence]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LISTS)
def test_unknown_tokens_are_left_out_but_counted(tmp_path, sentences):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    vocabulary = Vocabulary(["c", "a", "z"], [3, 2, 1])
    kept = [[word for word in sentence if word in "ac"] for sentence in sentences]
    raw = EncodedCorpus.from_iterable(sentences)
    made = [
        EncodedCorpus.from_files(path, vocabulary),
        EncodedCorpus.from_iterable(sentences, vocabulary),
        raw.restrict(vocabulary),
        encode_source(raw, vocabulary),
    ]
    for corpus in made:
        assert list(corpus) == [sentence for sentence in kept if sentence]
        assert corpus.vocabulary.words == vocabulary.words
        assert corpus.vocabulary.ids is vocabulary.ids
        assert corpus.vocabulary.counts.sum() == corpus.n_tokens
        assert np.array_equal(corpus.vocabulary.counts, np.bincount(corpus.ids, minlength=3))
        assert corpus.n_raw_tokens == sum(map(len, sentences))
    assert vocabulary.counts.tolist() == [3, 2, 1]
    assert made[0].n_raw_sentences == sum(map(bool, sentences))
    assert made[1].n_raw_sentences == len(sentences)


def test_a_vocabulary_may_be_chosen_from_the_raw_one(text):
    def frequent(raw):
        return select(raw, min_count=2).vocabulary

    raw = EncodedCorpus.from_files(text)
    expected = raw.restrict(frequent(raw.vocabulary))
    assert list(expected) == [["to", "be"], ["to", "be"]]
    for source in (LineSentence(text), SENTENCES, raw):
        with scan(source) as scanned:
            corpus = encode(scanned, frequent(scanned.vocabulary))
        assert same(corpus, expected)
        assert corpus.n_tokens == 4


def test_restrict_over_several_blocks():
    raw = EncodedCorpus.from_iterable(SENTENCES * 50)
    vocabulary = Vocabulary(["not", "to"], [1, 2])
    for size in (1, 2, 3, 5, 1000):
        with patch("fastsgns.corpus.encoded.BLOCK_TOKENS", size):
            assert list(raw.restrict(vocabulary)) == [["to"], ["not"], ["to"]] * 50


def test_several_files_of_all_kinds_in_order(tmp_path, text):
    packed = tmp_path / "more.gz"
    packed.write_bytes(gzip.compress(b"that is\nthe question"))
    corpus = EncodedCorpus.from_files([text, str(packed), text], workers=3)
    expected = [s for s in SENTENCES if s]
    assert list(corpus) == [*expected, ["that", "is"], ["the", "question"], *expected]


def test_tokens_may_be_any_hashable():
    arrays = np.array([2, 1]), np.array(["x", "y"])
    sentences = [(1, np.int64(2), "x"), *arrays, {("a", 1): 0}.keys()]
    corpus = EncodedCorpus.from_iterable(sentences)
    assert list(corpus) == [[1, 2, "x"], [2, 1], ["x", "y"], [("a", 1)]]
    assert [type(word) for word in corpus.vocabulary.words] == [int, int, str, str, tuple]


def test_a_corpus_may_have_just_len_and_iter_and_generators_as_sentences():
    class Corpus:
        def __len__(self):
            return len(SENTENCES)

        def __iter__(self):
            return ((word for word in sentence) for sentence in SENTENCES)

    assert list(EncodedCorpus.from_iterable(Corpus())) == [s for s in SENTENCES if s]
    assert list(EncodedCorpus.from_iterable(iter(SENTENCES))) == [s for s in SENTENCES if s]


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ("to be", "LineSentence"),
        (b"to be", "LineSentence"),
        (7, "corpus is a int"),
        (["to", "be"], "sentence 0 is a string, 'to'"),
        ([["a"], b"to be"], "sentence 1 is a string"),
        ([["a"], 7], "sentence 1 is a int"),
        ([["a"], ["b", ["c"]]], r"token of sentence 1 is \['c'\], a list"),
        ([["a"], np.array([[1]])], r"sentence 1 is a ndarray of shape \(1, 1\)"),
    ],
)
def test_what_is_no_corpus_is_refused(corpus, message):
    with pytest.raises(TypeError, match=message):
        EncodedCorpus.from_iterable(corpus)


@pytest.mark.parametrize("error", [RuntimeError, TypeError, KeyboardInterrupt])
def test_exceptions_of_the_iterator_come_through(error):
    def failing(first):
        yield first
        raise error("mine")

    with pytest.raises(error, match="mine"):
        EncodedCorpus.from_iterable(failing(["a"]))
    with pytest.raises(error, match="mine"):
        EncodedCorpus.from_iterable([["a"], failing("a")])


@needs_proc
def test_beyond_the_budget_ids_lie_in_a_nameless_file(tmp_path, monkeypatch, text):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    in_memory = EncodedCorpus.from_files(text)
    for make in (EncodedCorpus.from_files, lambda path, **k: encode_source(list(in_memory), **k)):
        for budget in (0, 7, 20):
            with make(text, memory_budget=budget) as corpus:
                assert isinstance(corpus.ids, np.memmap)
                assert same(corpus, in_memory)
                assert len(open_files(folder)) == 1
            assert os.listdir(folder) == open_files(folder) == []
    part = in_memory.restrict(in_memory.vocabulary, memory_budget=0)
    assert isinstance(part.ids, np.memmap)
    assert same(part, in_memory)


def open_files(folder) -> list[str]:
    with open("/proc/self/maps") as maps:
        return sorted({line.split()[5] for line in maps if str(folder) in line})


@needs_proc
def test_no_temporary_file_outlives_an_exception(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def failing():
        for _ in range(300_000):
            yield ["a", "b"]
        assert os.listdir(tmp_path) == []
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        EncodedCorpus.from_iterable(failing(), memory_budget=0)
    assert os.listdir(tmp_path) == open_files(tmp_path) == []


def test_a_full_disk_is_an_error_and_not_a_crash(monkeypatch, text):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match="TMPDIR"):
        EncodedCorpus.from_files(text, memory_budget=0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_disk_that_fills_while_files_are_scanned(monkeypatch, text):
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: open("/dev/full", "r+b", 0))  # noqa: SIM115
    with pytest.raises(OSError, match="TMPDIR"):
        EncodedCorpus.from_files(text, memory_budget=0)


def test_errors_of_the_text(tmp_path, text):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9 x\ncaf\xe8 \xff x")
    with pytest.raises(UnicodeDecodeError, match=r"latin\.txt.*caf\\xe9.*errors='replace'"):
        EncodedCorpus.from_files([text, path])
    replaced = EncodedCorpus.from_files(path, errors="replace")
    assert list(replaced) == [["caf�", "x"], ["caf�", "�", "x"]]
    assert replaced.vocabulary.counts.tolist() == [2, 2, 1]
    ignored = EncodedCorpus.from_files(path, errors="ignore")
    assert list(ignored) == [["caf", "x"], ["caf", "x"]]
    assert (ignored.n_tokens, ignored.n_raw_tokens) == (4, 5)
    with pytest.raises(LookupError, match="nonsense"):
        EncodedCorpus.from_files(text, errors="nonsense")


def test_errors_of_the_paths(tmp_path):
    for error in (CorpusFileError, FileNotFoundError, TypeError):
        with pytest.raises(error, match=r"nowhere\.txt"):
            EncodedCorpus.from_files(tmp_path / "nowhere.txt")
    with pytest.raises(IsADirectoryError, match="PathLineSentences"):
        EncodedCorpus.from_files(str(tmp_path))
    for path in (7, bytearray(b"text.txt"), [["to", "be"]], None):
        with pytest.raises(TypeError, match="where a path is wanted"):
            EncodedCorpus.from_files(path)
    with pytest.raises(ValueError, match="empty"):
        EncodedCorpus.from_files([])


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_cut_and_false_archives_name_the_file(tmp_path, suffix):
    path = tmp_path / f"text.{suffix}"
    with files.open_binary(path, "wb") as file:
        file.write(os.urandom(5000))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=f"text.{suffix}"):
        EncodedCorpus.from_files(path, errors="replace")
    path.write_bytes(b"no archive at all")
    with pytest.raises(DamagedError, match=f"text.{suffix}"):
        EncodedCorpus.from_files(path)


def test_the_first_exception_of_a_thread_stops_all(text, monkeypatch):
    calls = []

    def failing(*_):
        calls.append(threading.current_thread())
        raise RuntimeError("mine")

    monkeypatch.setattr(ranges, "fill_buffer", failing)
    with pytest.raises(RuntimeError, match="mine"):
        EncodedCorpus.from_files([text] * 20, workers=3)
    assert len(set(calls)) == len(calls) <= 3
    assert all(thread.finished.wait(60) for thread in calls)


INTERRUPTED = """
import itertools, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it
from fastsgns.corpus.encoded import EncodedCorpus
def endless():
    for n_sentences in itertools.count():
        if n_sentences == 1000:
            print("started", flush=True)
        yield ["a"] * 10
def show(done, total, calls=itertools.count()):
    if next(calls) == 0:  # the threads read, or wait for a writer of the pipe
        print("started", flush=True)
try:
    if sys.argv[1] == "iterable":
        EncodedCorpus.from_iterable(endless(), memory_budget=0)
    else:
        EncodedCorpus.from_files([sys.argv[1]] * 2000, workers=2, progress=show)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")
@pytest.mark.parametrize("source", ["iterable", "files", "pipe"])
def test_ctrl_c_stops(tmp_path, source):
    path = tmp_path / "text"
    if source == "files":
        path.write_bytes(b"seven letters\n" * 300_000)
        source = str(path)
    elif source == "pipe":
        os.mkfifo(path)
        source = str(path)
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, source], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "started\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=60)[0] == "stopped\n"
    finally:
        child.kill()


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_pipes_are_read_as_streams(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"to be\nor",))
    writer.start()
    assert list(EncodedCorpus.from_files(pipe)) == [["to", "be"], ["or"]]
    writer.join()


@pytest.mark.parametrize("data", ["", "\n \n\t\n", "﻿"])
def test_a_text_without_tokens(tmp_path, data):
    path = tmp_path / "empty.txt"
    path.write_text(data, encoding="utf-8")
    corpus = EncodedCorpus.from_files(path)
    assert (corpus.n_tokens, len(corpus), corpus.n_raw_tokens, list(corpus)) == (0, 0, 0, [])
    assert len(corpus.vocabulary) == 0


def test_progress(text):
    seen = []
    EncodedCorpus.from_files([text, text], progress=lambda *now: seen.append(now))
    EncodedCorpus.from_iterable(SENTENCES, progress=lambda *now: seen.append(now))
    EncodedCorpus.from_iterable(iter(SENTENCES), progress=lambda *now: seen.append(now))
    assert (2 * text.stat().st_size,) * 2 in seen
    assert seen[-2:] == [(4, 4), (4, None)]


def test_workers_and_budget_are_checked(text):
    with pytest.raises(ValueError, match="workers is 0"):
        EncodedCorpus.from_files(text, workers=0)
    with pytest.raises(ValueError, match="memory_budget is -1"):
        EncodedCorpus.from_files(text, memory_budget=-1)


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("sentences", [SENTENCES, [], [[1, "a", 2]]])
def test_saved_and_loaded(tmp_path, sentences, mmap):
    corpus = EncodedCorpus.from_iterable(sentences)
    corpus.save(tmp_path / "corpus")
    loaded = EncodedCorpus.load(tmp_path / "corpus", mmap=mmap)
    assert same(corpus, loaded)
    assert loaded.n_raw_sentences == len(sentences)
    assert isinstance(loaded.ids, np.memmap) == (mmap and corpus.n_tokens > 0)
    again = loaded.restrict(loaded.vocabulary)
    assert list(again) == list(corpus)


def test_saved_to_a_file_object():
    file = io.BytesIO()
    EncodedCorpus.from_iterable(SENTENCES).save(file)
    file.seek(0)
    assert list(EncodedCorpus.load(file)) == [s for s in SENTENCES if s]


@pytest.mark.parametrize(
    "change",
    [
        {"ids": np.array([0, 1, 2, 3, 0, 4], np.int32)},
        {"ids": np.array([0, 1, 2, 3, 0, -1], np.int32)},
        {"ids": np.array([0, 1, 2, 3, 0], np.int32)},
        {"ids": np.array([0, 1, 2, 3, 0, 1], np.int64)},
        {"offsets": np.array([0, 3, 3, 6])},
        {"offsets": np.array([0, 7, 4, 6])},
        {"offsets": np.array([1, 3, 4, 6])},
        {"offsets": np.empty(0, np.int64)},
        {"counts": np.array([2, 2, 1])},
        {"counts": np.array([2, 2, 1, -1])},
        {"metadata": {"n_raw_tokens": 5}},
        {"metadata": {"n_raw_sentences": "many"}},
        {"kind": "model"},
        native.pack_words(["to", "be", "to", "not"]),
    ],
)
def test_a_tampered_file_is_refused(tmp_path, change):
    path = tmp_path / "corpus"
    EncodedCorpus.from_iterable(SENTENCES).save(path)
    kind, tensors, metadata = native.read(path)
    metadata |= change.pop("metadata", {})
    metadata["kind"] = change.pop("kind", kind)
    native.write(path, kind, tensors | change, metadata)
    with pytest.raises(FormatError, match="corpus"):
        EncodedCorpus.load(path)


def test_encode_takes_the_way_that_equals_iteration(tmp_path, text):
    packed = tmp_path / "more.gz"
    packed.write_bytes(gzip.compress(b"that is"))

    class Shouting(LineSentence):
        def __iter__(self):
            return ([word.upper() for word in words] for words in super().__iter__())

    sources = [
        LineSentence(text),
        LineSentence(str(packed)),
        LineSentence(text, limit=2),
        LineSentence(text, max_sentence_length=2),
        LineSentence(io.BytesIO(b"a b\nc")),
        PathLineSentences(tmp_path),
        Shouting(text),
        SENTENCES,
    ]
    for source in sources:
        assert list(encode_source(source)) == [words for words in source if words]


def test_encode_of_an_encoded_corpus():
    corpus = EncodedCorpus.from_iterable(SENTENCES)
    assert encode_source(corpus) is corpus
    assert encode_source(corpus, corpus.vocabulary) is corpus
    assert list(encode_source(corpus, Vocabulary(["not"], [1]))) == [["not"]]
    assert repr(corpus) == "<EncodedCorpus of 6 tokens in 3 sentences, 4 words>"


def test_counts_are_those_of_the_corpus_and_not_of_the_vocabulary_given(tmp_path, text):
    first = EncodedCorpus.from_iterable([["to", "to", "to", "see"]])
    for source in (LineSentence(text), SENTENCES, EncodedCorpus.from_iterable(SENTENCES)):
        corpus = encode_source(source, first.vocabulary)
        assert corpus.vocabulary.counts.tolist() == [2, 0]
        corpus.save(tmp_path / "corpus")
        model = Word2Vec(vector_size=4, min_count=1)
        model.build_vocab(EncodedCorpus.load(tmp_path / "corpus"))
        assert model.wv.get_vecattr("to", "count") == 2
    assert first.vocabulary.counts.tolist() == [3, 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LISTS)
def test_words_are_counted_as_they_are_encoded(tmp_path, sentences):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    for source in (LineSentence(path), sentences, EncodedCorpus.from_iterable(sentences)):
        expected = encode_source(source)
        with patch.object(ranges, "RANGE_BYTES", 11):
            counted = scan(source, keep_tokens=False, workers=2)
        assert counted.vocabulary.words == expected.vocabulary.words
        assert np.array_equal(counted.vocabulary.counts, expected.vocabulary.counts)
        assert counted.n_tokens == expected.n_raw_tokens
        assert counted.n_sentences == expected.n_raw_sentences


def test_counting_keeps_no_ids(text, monkeypatch):
    monkeypatch.setattr(SpillBuffer, "keep_in_memory", None)
    counted = scan(LineSentence(text), keep_tokens=False)
    assert (counted.n_tokens, counted.n_sentences) == (6, 3)
    with pytest.raises(ValueError, match="has only counted words"):
        encode(counted)
    model = Word2Vec(vector_size=4, min_count=1)
    model.build_vocab(corpus_file=text)
    assert (model.corpus_total_words, model.corpus_count, len(model.wv)) == (6, 3, 4)


@pytest.mark.parametrize("suffix", ["GZ", "Bz2", "XZ"])
def test_suffixes_in_capitals_are_compressed_too(tmp_path, suffix):
    path = tmp_path / f"text.{suffix}"
    with files.open_binary(path, "wb") as file:
        file.write(b"to be\nor")
    assert path.read_bytes() != b"to be\nor"
    for source in (LineSentence(path), list(LineSentence(path))):
        assert list(encode_source(source)) == [["to", "be"], ["or"]]
