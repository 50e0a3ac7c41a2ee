"""Word2Vec: its parameters, its errors, its sources, and that it learns."""

import bz2
import collections
import gzip
import inspect
import lzma
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import toy

from fastsgns import EncodedCorpus, KeyedVectors, LineSentence, Word2Vec
from fastsgns.errors import CorpusFileError, EmptyCorpusError
from fastsgns.runtime import machine

SENTENCES = toy.sentences()
FEW = SENTENCES[:40]
DEFAULTS = {
    "sentences": None, "corpus_file": None, "vector_size": 100, "alpha": 0.025, "window": 5,
    "min_count": 5, "max_vocab_size": None, "sample": 1e-3, "seed": 1, "workers": 3,
    "min_alpha": 0.0001, "sg": 0, "hs": 0, "negative": 5, "ns_exponent": 0.75, "cbow_mean": 1,
    "hashfxn": hash, "epochs": 5, "null_word": 0, "trim_rule": None, "sorted_vocab": 1,
    "batch_words": 10000, "compute_loss": False, "callbacks": (), "comment": None,
    "max_final_vocab": None, "shrink_windows": True,
}  # fmt: skip
OF_TRAIN = {
    "corpus_iterable": None, "corpus_file": None, "total_examples": None, "total_words": None,
    "epochs": None, "start_alpha": None, "end_alpha": None, "word_count": 0, "queue_factor": 2,
    "report_delay": 1.0,
}  # fmt: skip


def made(sentences=FEW, **options):
    return Word2Vec(
        sentences, **{"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2} | options
    )


def assert_same(one, other):
    assert one.wv.index_to_key == other.wv.index_to_key
    np.testing.assert_array_equal(one.wv.vectors, other.wv.vectors)
    np.testing.assert_array_equal(one.syn1neg, other.syn1neg)


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}


def test_names_order_and_defaults_of_arguments_are_those_of_gensim():
    found = defaults(Word2Vec.__init__)
    del found["self"]
    assert list(found.items()) == list(DEFAULTS.items())
    assert list(defaults(Word2Vec.train).items())[1:11] == list(OF_TRAIN.items())


def test_parameters_are_attributes():
    model = Word2Vec()
    for name, value in DEFAULTS.items():
        if name not in ("sentences", "corpus_file", "trim_rule"):
            assert getattr(model, name) == value, name
    assert (model.corpus_count, model.corpus_total_words, len(model.wv)) == (0, 0, 0)
    assert model.layer1_size == 100 and model.effective_min_count == 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vector_size": 0}, "vector_size is 0; allowed are integers from 1"),
        ({"vector_size": 10.5}, "vector_size is 10.5"),
        ({"window": 0}, "window is 0"),
        ({"workers": 0}, "workers is 0; allowed are integers from 1"),
        ({"workers": -2}, "workers is -2"),
        ({"epochs": 0}, "epochs is 0"),
        ({"negative": -1}, "negative is -1; allowed are integers from 0"),
        ({"min_count": -1}, "min_count is -1"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"min_alpha": -1}, "min_alpha is -1"),
        ({"sample": -1}, "sample is -1"),
        ({"ns_exponent": float("inf")}, "ns_exponent is inf"),
        ({"negative": 0}, "negative is 0 and hs is 0"),
        ({"cbow_gradient": "wrong"}, "allowed are .'gensim', 'exact'"),
        ({"seed": 1.5}, "seed is 1.5; allowed are integers and None"),
        ({"trim_rule": 3}, "trim_rule is a int"),
        ({"callbacks": object()}, "callbacks is a object, where a list"),
        ({"size": 3}, "'size'; it was renamed vector_size"),
        ({"iter": 3}, "'iter'; it was renamed epochs"),
        ({"foo": 3}, r"Word2Vec\(\) got an unexpected keyword argument 'foo'$"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_is_read(wrong, message):
    class Unread:
        def __iter__(self):
            raise AssertionError("was read")

    with pytest.raises((ValueError, TypeError), match=message):
        made(Unread(), **wrong)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ((s for s in FEW), "read only once"),
        ("a string", "give its path as corpus_file"),
        (b"bytes", "give its path as corpus_file"),
        (Path("some.txt"), "give its path as corpus_file"),
        (["a string", "another"], "sentence 0 is a string"),
        ([["fine"], b"not"], "sentence 1 is a string"),
        (5, "corpus is a int"),
        ([1, 2], "sentence 0 is a int"),
        ([["a", ["nested"]]], "can't be hashed"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 100}])
def test_what_is_no_corpus_is_a_type_error(sentences, message, options):
    with pytest.raises(TypeError) as caught:
        made(sentences, **options)
    if not options:
        assert message in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 100}])
def test_a_corpus_without_words_is_an_error(tmp_path, options):
    (tmp_path / "blank.txt").write_text("\n \n\n")
    for source in ({"sentences": []}, {"sentences": [[]]}, {"corpus_file": tmp_path / "blank.txt"}):
        with pytest.raises(EmptyCorpusError, match="not a single token"):
            Word2Vec(min_count=1, **source, **options)
    with pytest.raises(EmptyCorpusError, match="occurs 1 times, and min_count is 5; lower"):
        Word2Vec([["a", "b"]], **options)
    assert issubclass(EmptyCorpusError, ValueError) and issubclass(EmptyCorpusError, RuntimeError)


def test_sources_that_are_missing_or_too_many(tmp_path):
    with pytest.raises(CorpusFileError, match="does not exist"):
        Word2Vec(corpus_file=str(tmp_path / "no.txt"))
    assert issubclass(CorpusFileError, TypeError)
    with pytest.raises(IsADirectoryError, match="PathLineSentences"):
        Word2Vec(corpus_file=tmp_path)
    with pytest.raises(TypeError, match="and not both"):
        Word2Vec(FEW, corpus_file="x")
    with pytest.raises(TypeError, match="either an iterable of sentences or corpus_file"):
        Word2Vec().build_vocab()
    with pytest.raises(TypeError, match="and not both"):
        made().train(FEW, corpus_file="x", total_examples=1, epochs=1)


def test_what_train_asks_for():
    model = made()
    with pytest.raises(RuntimeError, match="call build_vocab first"):
        Word2Vec().train(FEW, total_examples=1, epochs=1)
    with pytest.raises(ValueError, match=r"give total_examples=model\.corpus_count"):
        model.train(FEW, epochs=1)
    with pytest.raises(ValueError, match=r"such as epochs=model\.epochs"):
        model.train(FEW, total_examples=40)
    with pytest.raises(TypeError, match="'sentences'; it was renamed corpus_iterable"):
        model.train(sentences=FEW, total_examples=40, epochs=1)
    with pytest.raises(TypeError, match="read only once"):
        model.train((s for s in FEW), total_examples=40, epochs=2)
    model.workers = 0
    with pytest.raises(ValueError, match="workers is 0"):
        model.train(FEW, total_examples=40, epochs=1)
    idle = Word2Vec(negative=0, min_count=1)
    idle.build_vocab(FEW)
    with pytest.raises(ValueError, match="negative is 0 and hs is 0"):
        idle.train(FEW, total_examples=40, epochs=1)


def test_wrong_totals_are_logged_and_do_no_harm(caplog):
    model, other = (Word2Vec(min_count=1, workers=1, vector_size=8) for _ in range(2))
    for each, n in ((model, 40), (other, 39)):
        each.build_vocab(FEW)
        assert each.train(FEW, total_examples=n, epochs=1)[1] == 400
    assert caplog.text.count("supplied example count (40) did not equal expected count (39)") == 1
    assert_same(model, other)


class Frame:
    """As pandas' Series: a length, and an iterator of rows that are not lists."""

    def __len__(self):
        return len(FEW)

    def __iter__(self):
        return iter([tuple(row) for row in FEW])


class Rewinding:
    """An iterator that starts anew."""

    def __iter__(self):
        self.position = 0
        return self

    def __next__(self):
        self.position += 1
        if self.position > len(FEW):
            raise StopIteration
        return FEW[self.position - 1]


class Indexed:
    def __getitem__(self, i):
        return FEW[i]


@pytest.mark.parametrize(
    "source",
    [
        tuple(FEW), [tuple(row) for row in FEW], np.array(FEW), np.array(FEW, object), Frame(),
        Rewinding(), Indexed(), collections.deque(FEW), dict(enumerate(FEW)).values(),
        [np.array(row) for row in FEW], [collections.deque(row) for row in FEW],
        EncodedCorpus.from_iterable(FEW),
    ],
    ids=lambda source: type(source).__name__,
)  # fmt: skip
def test_anything_iterable_again_is_a_corpus(source):
    model = made(source)
    assert_same(model, made())
    model.train(source, total_examples=40, epochs=1)
    assert all(type(word) is str for word in model.wv.index_to_key)


def test_a_generator_can_be_read_once():
    model = Word2Vec(min_count=1, workers=1, vector_size=8)
    model.build_vocab(row for row in FEW)
    assert model.corpus_count == 40
    assert model.train((row for row in FEW), total_examples=40, epochs=1)[1] == 400


def test_tokens_may_be_anything_hashable():
    model = made([[1, "one", (1, 2), b"x", 2.5, np.int64(7)]] * 5)
    assert set(model.wv.key_to_index) == {1, "one", (1, 2), b"x", 2.5, 7}
    assert made([[3, 1, 2, 1]] * 5).wv.index_to_key[0] == 1
    assert model.predict_output_word(["one", 2.5])


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_a_file_is_the_same_as_its_sentences(tmp_path, suffix):
    text = "\n".join(map(" ".join, FEW)).encode()
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix]
    path = tmp_path / f"text{suffix}"
    path.write_bytes(pack(text))
    reference = made()
    for name in (path, str(path), [path]):
        assert_same(made(None, corpus_file=name), reference)
    assert_same(made(LineSentence(path)), reference)
    twice = made(None, corpus_file=[path, path])
    assert twice.corpus_count == 80
    assert_same(twice, made(FEW * 2))
    steps = Word2Vec(vector_size=8, min_count=1, workers=1)
    steps.build_vocab(corpus_file=path)
    steps.train(corpus_file=path, total_words=steps.corpus_total_words, epochs=2)
    assert_same(steps, reference)


HASHED = """
    import hashlib, toy
    from fastsgns import Word2Vec
    for mode in ({"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1}, {"hs": 1, "negative": 0}):
        options = {"vector_size": 20, "min_count": 1, "workers": 1, "compute_loss": True}
        model = Word2Vec(toy.sentences(100), **options, **mode)
        content = model.wv.vectors.tobytes() + repr(model.epoch_losses).encode()
        content += b"".join(m.tobytes() for m in model.current_arrays().vectors.values())
        print(hashlib.sha256(content).hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_any_process():
    folders = [str(Path(__file__).parent.parent), *filter(None, sys.path)]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(HASHED)],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(folders)},
            capture_output=True, text=True, check=True,
        ).stdout.split()
        for hash_seed in ("0", "1234")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0])) == 4


def test_seeds():
    assert_same(made(seed=5), made(seed=np.int64(5)))
    assert_same(made(seed=-5), made(seed=-5))
    for one, other in ((5, 6), (None, None), (-1, 1), (2**63, 1)):
        assert (made(seed=one).wv.vectors != made(seed=other).wv.vectors).any()


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({"sg": 1}, 0.95),
        ({"sg": 1, "hs": 1}, 0.95),
        ({"sg": 1, "hs": 1, "negative": 0}, 0.95),
        ({"sg": 1, "ns_exponent": -0.5}, 0.95),
        ({"sg": 1, "shrink_windows": False}, 0.95),
        ({"sg": 1, "workers": 2}, 0.95),
        ({}, 0.95),
        ({"hs": 1}, 0.95),
        ({"hs": 1, "negative": 0}, 0.95),
        ({"cbow_gradient": "exact", "alpha": 0.15}, 0.95),
        ({"cbow_mean": 0, "cbow_gradient": "exact"}, 0.95),
        ({"cbow_mean": 0}, 0.75),  # sums are long, and their gradient is divided
    ],
    ids=str,
)
def test_words_of_a_topic_come_out_near(options, least):
    usual = {"vector_size": 20, "epochs": 20, "alpha": 0.05, "sample": 0}
    assert toy.share_of_neighbours(made(SENTENCES, **usual | options).wv) > least


def test_gradients_of_cbow_differ_by_the_number_of_contexts():
    pairs = [["a", "b", "c"]] * 50
    same = [made(pairs, sample=0, cbow_gradient=name) for name in ("gensim", "exact")]
    assert (same[0].wv.vectors != same[1].wv.vectors).any()
    single = [made([["a", "b"]] * 50, cbow_gradient=name) for name in ("gensim", "exact")]
    assert_same(*single)


def test_a_lock_freezes_rows():
    model = Word2Vec(vector_size=8, min_count=1, workers=1)
    model.build_vocab(FEW)
    first = model.wv.vectors.copy()
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = 0.0
    model.train(FEW, total_examples=40, epochs=2)
    moved = (model.wv.vectors != first).any(axis=1)
    assert not moved[3] and moved.sum() == len(moved) - 1
    model.wv.vectors_lockf = np.zeros(1, np.float32)
    first = model.wv.vectors.copy()
    model.train(FEW, total_examples=40, epochs=1)
    np.testing.assert_array_equal(model.wv.vectors, first)
    model.wv.vectors_lockf = np.ones(5, np.float32)
    with pytest.raises(ValueError, match=r"vectors_lockf is of shape \(5,\); expected \(1,\)"):
        model.train(FEW, total_examples=40, epochs=1)


def test_arrays_of_the_user_are_trained():
    model = made()
    start = np.random.default_rng(0).standard_normal((24, 8))
    model.wv.vectors = start
    model.syn1neg = np.zeros((24, 8), np.float64)
    model.train(FEW, total_examples=40, epochs=1, start_alpha=1e-4)
    np.testing.assert_allclose(model.wv.vectors, start, atol=0.01)
    assert model.wv.vectors.dtype == np.float32 and model.syn1neg.any()
    with pytest.raises(ValueError, match=r"must be of shape \(24, 8\); got \(24, 7\)"):
        model.syn1neg = np.zeros((24, 7))
    model.wv.vectors = np.zeros((24, 7), np.float32)
    with pytest.raises(ValueError, match=r"model.wv has vectors of 7 dimensions \(was it replaced"):
        model.train(FEW, total_examples=40, epochs=1)
    model.wv.vectors = np.zeros((23, 8), np.float32)
    with pytest.raises(ValueError, match=r"24 words, but vectors of shape \(23, 8\)"):
        model.train(FEW, total_examples=40, epochs=1)


def test_vectors_can_be_replaced_as_a_whole():
    model, other = made(), made(seed=9)
    model.wv = other.wv
    model.train(FEW, total_examples=40, epochs=1)
    assert model.wv is other.wv
    bare = KeyedVectors(8)
    bare.add_vectors(["fruit1", "fruit2"], np.ones((2, 8)))
    model.wv = bare
    with pytest.raises(RuntimeError, match=r"no counts.*set_vecattr"):
        model.train(FEW, total_examples=40, epochs=1)


def test_memory_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 10**6)
    model = Word2Vec(vector_size=300, min_count=1)
    with pytest.raises(MemoryError, match=r"need 51,[0-9,]+ bytes, 1,000,000 are free: .*fit"):
        model.build_vocab([[str(i) for i in range(10_000)]])


def test_a_bound_on_the_vocabulary_keeps_what_gensim_keeps():
    sentences = [["a", "b", "c", "d"], ["b", "c", "e"], ["a", "e", "d", "c"]] * 20
    model = made(sentences, max_vocab_size=2)
    assert model.wv.index_to_key == ["c"]
    with pytest.raises(EmptyCorpusError, match=r"max_vocab_size is 1: each word of 6 tokens was"):
        made([["a", "b"], ["c", "d"], ["e", "f"]], max_vocab_size=1)
