"""Paths of every type: a leading ``~`` is the home directory wherever a path is taken."""

import os
from pathlib import Path

import pytest
from classes import SAVABLE, SMALL, vectors

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    Word2Vec,
)
from fastsgns.cli import main
from fastsgns.corpus.sentences import BrownCorpus, PathLineSentences, Text8Corpus
from fastsgns.graph.evaluation.classification import read_labels
from fastsgns.utils import save_as_line_sentence


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Make a home directory of its own, and work elsewhere."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


@pytest.fixture(params=[str, os.fsencode, Path])
def path(request):
    """Make a path of one of the types that `open` takes."""
    return request.param


@pytest.mark.parametrize("name", SAVABLE)
def test_every_class_saves_and_loads_below_home(home, path, name):
    saved = SAVABLE[name]()
    saved.save(path("~/saved"))
    assert (home / "saved").is_file()
    assert type(type(saved).load(path("~/saved"))) is type(saved)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_vector_files_below_home(home, path, suffix):
    vectors().save_word2vec_format(path(f"~/v.txt{suffix}"), fvocab=path(f"~/counts{suffix}"))
    read = KeyedVectors.load_word2vec_format(
        path(f"~/v.txt{suffix}"), fvocab=path(f"~/counts{suffix}")
    )
    assert read.index_to_key == list("abc")
    assert read.get_vecattr("b", "count") == 2
    model = Word2Vec([list("abc")] * 5, sample=0, **SMALL | {"vector_size": 2})
    model.wv.intersect_word2vec_format(path(f"~/v.txt{suffix}"))
    assert model.wv["c"].tolist() == [4, 5]


@pytest.mark.parametrize(
    "read",
    [
        lambda name: [list(s) for s in LineSentence(name)],
        lambda name: [list(s) for s in PathLineSentences(name)],
        lambda name: [list(s) for s in Text8Corpus(name, max_sentence_length=2)],
        lambda name: EncodedCorpus.from_files(name),
        lambda name: EncodedCorpus.from_files([name]),
    ],
)
def test_corpora_below_home(home, path, read):
    save_as_line_sentence([["to", "be"]], path("~/text.txt"))
    assert (home / "text.txt").read_text() == "to be\n"
    assert list(map(list, read(path("~/text.txt")))) == [["to", "be"]]


def test_other_files_below_home(home, path):
    (home / "text.txt").write_text("a b c\n" * 5)
    assert "a" in Word2Vec(corpus_file=path("~/text.txt"), sample=0, **SMALL).wv
    (home / "brown").mkdir()
    (home / "brown" / "ca01").write_text("The/at dog/nn\n")
    assert list(BrownCorpus(path("~/brown"))) == [["the/at", "dog/nn"]]
    (home / "edges").write_text("a b\nb c\n")
    assert DirectedGraph.from_file(path("~/edges")).n_edges == 2
    assert DirectedGraph.of(path("~/edges")).n_edges == 2
    (home / "labels").write_text("a red\n")
    assert read_labels(path("~/labels")) == {"a": ["red"]}
    (home / "pairs").write_text("a\tb\t1\nb\tc\t2\na\tc\t1\n")
    assert vectors().evaluate_word_pairs(path("~/pairs"))[2] == 0
    (home / "questions").write_text(": s\na b c a\n")
    assert len(vectors().evaluate_word_analogies(path("~/questions"))[1]) == 2
    NodeEmbedding(
        dimensions=2,
        task="labels",
        num_walks=1,
        walk_length=2,
        workers=1,
        walks_file=path("~/walks"),
        progress=False,
    ).fit([("a", "b"), ("b", "a")])
    assert len((home / "walks").read_text().splitlines()) == 2


def test_command_line_below_home(home):
    """A shell leaves the ``~`` of ``--output=~/file`` alone."""
    (home / "text.txt").write_text("a b c\n" * 5)
    train = ["train", "~/text.txt", "--output=~/m", "--min-count", "1", "--dim", "2", "-q"]
    assert main(train) == 0
    assert main(["convert", "~/m", "~/m.txt"]) == 0
    assert main(["info", "~/m.txt"]) == 0
    assert main(["nn", "~/m", "a"]) == 0
    assert sorted(path.name for path in home.iterdir()) == ["m", "m.txt", "text.txt"]


def test_a_corpus_file_that_is_open_is_named_as_such(home):
    (home / "text.txt").write_text("to be\n")
    with open(home / "text.txt") as text, pytest.raises(TypeError, match=r"open file"):
        Word2Vec(corpus_file=text, **SMALL)
    with open(home / "text.txt") as text, pytest.raises(TypeError, match=r"open file"):
        DirectedGraph.from_file(text)
