"""gensim's helpers, and the small names around KeyedVectors."""

import sys

import numpy as np
import pytest

from fastsgns import LineSentence, utils
from fastsgns.matutils import unitvec
from fastsgns.models import keyedvectors
from fastsgns.test.utils import common_texts, datapath, get_tmpfile


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("Hello World 3.14 x", {}, ["hello", "world"]),
        ("naïve Ærø", {"deacc": True}, ["naive", "ærø"]),
        ("straße_1 _hidden", {}, ["straße_"]),
        (b"caf\xc3\xa9 \xff ok", {}, ["café", "ok"]),
        ("a" * 16 + " " + "b" * 15, {}, ["b" * 15]),
        ("a bc def", {"min_len": 1, "max_len": 2}, ["a", "bc"]),
        ("日本語 text", {}, ["日本語", "text"]),
        ("", {}, []),
    ],
)
def test_simple_preprocess(text, options, expected):
    assert utils.simple_preprocess(text, **options) == expected


def test_tokenize_keeps_case_unless_told():
    assert list(utils.tokenize("Aé 1 B")) == ["Aé", "B"]
    for name in ("lower", "to_lower", "lowercase"):
        assert list(utils.tokenize("Aé 1 B", **{name: True})) == ["aé", "b"]
    with pytest.raises(UnicodeDecodeError):
        list(utils.tokenize(b"\xff"))


def test_text_and_bytes():
    assert utils.to_unicode(b"\xe9", "latin1") == utils.any2unicode("é") == "é"
    assert utils.to_utf8(b"\xe9", encoding="latin1") == utils.any2utf8("é") == b"\xc3\xa9"
    assert utils.to_unicode(b"a\xff", errors="ignore") == "a"
    assert (utils.RULE_DEFAULT, utils.RULE_DISCARD, utils.RULE_KEEP) == (0, 1, 2)


@pytest.mark.parametrize("name", ["text.txt", "text.txt.gz"])
def test_sentences_go_to_a_file_and_back(tmp_path, name):
    sentences = [["naïve", "b"], ["c"]]
    utils.save_as_line_sentence(sentences, tmp_path / name)
    assert list(LineSentence(tmp_path / name)) == sentences
    assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_corpora_repeated_and_clipped():
    corpus = [["a"], ["b"], ["c"]]
    twice = utils.RepeatCorpusNTimes(corpus, 2)
    assert list(twice) == list(twice) == corpus * 2
    for max_docs, n in ((None, 3), (2, 2), (9, 3), (0, 0)):
        clipped = utils.ClippedCorpus(corpus, max_docs)
        assert list(clipped) == list(clipped) == corpus[:n]
        assert len(clipped) == n


def test_prep_vectors_keeps_what_is_there():
    prior = np.ones((2, 4), np.float32)
    assert keyedvectors.prep_vectors((2, 4), prior) is prior
    grown = keyedvectors.prep_vectors((5, 4), prior, seed=3)
    assert grown.dtype == np.float32 and (grown[:2] == 1).all()
    assert (abs(grown[2:]) <= 0.25).all() and len(np.unique(grown[2:])) == 12
    np.testing.assert_array_equal(grown, keyedvectors.prep_vectors((5, 4), prior, seed=3))
    assert keyedvectors.prep_vectors((3, 2), dtype=np.float64).dtype == np.float64


def test_weak_vectors_follow_their_seed():
    draw = keyedvectors.pseudorandom_weak_vector
    np.testing.assert_array_equal(draw(9, "word"), draw(9, "word"))
    assert (draw(9, "word") != draw(9, "other")).any() and (draw(9) != draw(9)).any()
    assert (abs(draw(9)) <= 1 / 18).all() and draw(9).dtype == np.float32
    np.testing.assert_array_equal(draw(9, "a", lambda text: -1), draw(9, "b", lambda text: -1))


def test_names_of_gensim_3():
    words = [keyedvectors.Vocab(count=n) for n in (3, 1, 2)]
    assert [word.count for word in sorted(words)] == [1, 2, 3]
    assert repr(keyedvectors.CompatVocab(index=4)) == "CompatVocab<count=0, index=4>"
    assert keyedvectors.Doc2VecKeyedVectors is keyedvectors.KeyedVectors


@pytest.mark.parametrize("name", ["text.txt", "text.txt.gz", "text.txt.xz"])
def test_open_reads_and_writes_text_and_bytes(tmp_path, name):
    path = tmp_path / name
    with utils.open(path, "w") as file:
        file.write("naïve\n")
    with utils.open(path, "ab") as file:
        file.write(b"b\xe9")
    with utils.open(path, "rb") as file:
        assert file.read() == "naïve\n".encode() + b"b\xe9"
    with utils.open(str(path), errors="ignore") as file:
        assert file.readlines() == ["naïve\n", "b"]
    with utils.open(path, "rt", encoding="latin1") as file:
        assert file.read().endswith("bé")


@pytest.mark.parametrize("mode", ["", "x", "r+", "rbt", "b"])
def test_open_refuses_other_modes(tmp_path, mode):
    with pytest.raises(ValueError, match="must be r, w or a"):
        utils.open(tmp_path / "text.txt", mode)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unitvec_keeps_the_type(dtype):
    vector = np.array([3, -4], dtype)
    np.testing.assert_allclose(unitvec(vector), [0.6, -0.8], rtol=1e-6)
    np.testing.assert_allclose(unitvec(vector, "l1"), [3 / 7, -4 / 7], rtol=1e-6)
    assert unitvec(vector).dtype == dtype
    assert unitvec(vector, return_norm=True)[1] == 5
    assert not unitvec(np.zeros(2, dtype)).any()


@pytest.mark.parametrize("arguments", [([3, 4],), (np.ones(2), "max")])
def test_unitvec_refuses_what_it_cannot_scale(arguments):
    with pytest.raises(ValueError, match=r"give an array|must be"):
        unitvec(*arguments)


def test_the_texts_of_examples_have_twelve_words():
    words = {word for text in common_texts for word in text}
    assert (len(common_texts), len(words)) == (9, 12)


def test_data_of_gensim_is_found_where_it_is_or_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="test data of gensim"):
        datapath("absent.cor")
    (tmp_path / "gensim" / "test" / "test_data").mkdir(parents=True)
    (tmp_path / "gensim" / "__init__.py").touch()
    file = tmp_path / "gensim" / "test" / "test_data" / "mine.cor"
    file.touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "gensim", raising=False)
    assert datapath("mine.cor") == str(file)


def test_temporary_files_have_the_name_asked_for():
    one, two = get_tmpfile("a.kv"), get_tmpfile("a.kv")
    assert one != two and one.endswith("a.kv")
