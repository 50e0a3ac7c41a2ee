"""The command ``fastsgns phrases``, and ``fastsgns train --phrases``."""

import gzip
from pathlib import Path

import pytest

import fastsgns
from fastsgns import EncodedCorpus, LineSentence, Phrases, Word2Vec
from fastsgns.cli import main

TEXT = "new york times\nthe bank of america\nin new york\n\nnew york times of the bank of america\n"
OPTIONS = ["--min-count", "1", "--threshold", "0.2", "-q", "--workers", "2"]
SETTINGS = {"min_count": 1, "threshold": 0.2}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a text and a corpus of it."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT)
    EncodedCorpus.from_files("text.txt").save("corpus.fastsgns")
    return tmp_path


def as_lines(found):
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{phrase}\t{score:.7g}\n" for phrase, score in ordered)


@pytest.mark.parametrize("source", ["text.txt", "corpus.fastsgns"])
def test_phrases_and_text_are_those_of_the_class(source, capsys):
    phrases = Phrases("text.txt", **SETTINGS)
    assert main(["phrases", source, *OPTIONS]) == 0
    assert capsys.readouterr().out == as_lines(phrases.export_phrases())
    assert main(["phrases", source, *OPTIONS, "-o", "found.tsv.gz", "--text", "out.txt"]) == 0
    assert gzip.decompress(Path("found.tsv.gz").read_bytes()).decode() == as_lines(
        phrases.export_phrases()
    )
    joined = [" ".join(sentence) for sentence in phrases[LineSentence("text.txt")]]
    assert Path("out.txt").read_text().splitlines() == joined
    assert capsys.readouterr() == ("", "")


def test_two_passes_and_connector_words(capsys):
    first = Phrases("text.txt", connector_words={"of", "the"}, **SETTINGS)
    options = [*OPTIONS, "--passes", "2", "--text", "out.txt", "--english"]
    assert main(["phrases", "text.txt", *options]) == 0
    shown = capsys.readouterr().out
    assert all(f"{phrase}\t" in shown for phrase in first.export_phrases())
    assert "new_york_times" in Path("out.txt").read_text().split()
    assert "bank_of_america" in Path("out.txt").read_text().split()


def test_npmi_and_a_delimiter(capsys):
    arguments = ["--scoring", "npmi", "--delimiter", "+", "--max-vocab", "1000"]
    assert main(["phrases", "text.txt", *OPTIONS, *arguments]) == 0
    phrases = Phrases("text.txt", scoring="npmi", delimiter="+", **SETTINGS)
    assert capsys.readouterr().out == as_lines(phrases.export_phrases())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "0"], "--threshold is 0"),
        (["--scoring", "npmi", "--threshold", "2"], "--threshold is 2"),
        (["--text", "text.txt"], "would overwrite text.txt"),
        (["-o", "text.txt"], "would overwrite text.txt"),
        (["--text", "a.txt", "-o", "a.txt"], "name two files"),
        (["--text", "-"], "name two files"),
        (["--passes", "0"], "the least is 1"),
        (["--delimiter", " "], "has white space in it"),
        (["--delimiter", "_\n"], "has white space in it"),
        (["--delimiter", "\t", "--text", "b.txt"], "has white space in it"),
    ],
)
def test_wrong_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["phrases", "text.txt", *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_words_that_no_text_can_hold(capsys):
    corpus = EncodedCorpus.from_iterable([["new york", "city"]] * 3)
    corpus.save("blank.fastsgns")
    assert main(["phrases", "blank.fastsgns", *OPTIONS, "--text", "out.txt"]) == 1
    assert "'new york', which has white space in it" in capsys.readouterr().err
    assert not Path("out.txt").exists()
    assert main(["phrases", "blank.fastsgns", *OPTIONS]) == 0
    assert capsys.readouterr().out.startswith("new york_city\t")
    EncodedCorpus.from_iterable([["a\tb", "c"]] * 3).save("tab.fastsgns")
    assert main(["phrases", "tab.fastsgns", *OPTIONS]) == 1
    EncodedCorpus.from_iterable([["\ud800", "c"]] * 3).save("odd.fastsgns")
    assert main(["phrases", "odd.fastsgns", *OPTIONS, "-o", "o.tsv", "--text", "out.txt"]) == 0
    assert Path("out.txt").read_bytes() == b"\xed\xa0\x80_c\n" * 3


def test_files_that_can_not_be_read_or_written(capsys):
    Path("empty.txt").write_text("\n")
    for arguments, message in (
        (["empty.txt"], "the corpus is empty"), (["absent.txt"], "absent.txt"),
        (["text.txt", "--text", "no/such/folder.txt"], "no/such"),
        (["text.txt", "-o", "a.parquet"], "a.parquet"),
    ):  # fmt: skip
        try:
            code = main(["phrases", *arguments])
        except SystemExit as stop:
            code = stop.code
        assert code in (1, 2)
        assert message in capsys.readouterr().err


def test_training_with_phrases(capsys):
    Path("long.txt").write_text(TEXT * 20 + "many other words\n" * 20)
    few = ["--dim", "4", "--epochs", "1", "--workers", "1", "-q"]
    assert main(["train", "long.txt", "-o", "m.fastsgns", "--phrases", "1", *few]) == 0
    corpus = Phrases("long.txt", threshold=10)[EncodedCorpus.from_files("long.txt")]
    model = Word2Vec.load("m.fastsgns")
    assert sorted(model.wv.index_to_key) == sorted(corpus.vocabulary.words)
    with pytest.raises(SystemExit):
        main(["train", "long.txt", "-o", "n", "--phrases", "1", "--resume", "m.fastsgns"])
    assert "--phrases" in capsys.readouterr().err


def test_saved_phrases_are_described_and_are_not_vectors(capsys):
    phrases = Phrases("text.txt", **SETTINGS)
    for model, kind in ((phrases, "phrases"), (phrases.freeze(), "frozen phrases")):
        model.save("f.fastsgns")
        assert main(["info", "f.fastsgns"]) == 0
        assert kind in capsys.readouterr().out
        assert main(["nn", "f.fastsgns", "bank"]) == 1
        assert "not a model or vectors" in capsys.readouterr().err
        assert type(fastsgns.load("f.fastsgns")) is type(model)
