"""The scripts with gensim's names: their files, their errors, their help."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.scripts import glove2word2vec, word2vec2tensor, word2vec_standalone

SCRIPTS = (glove2word2vec, word2vec2tensor, word2vec_standalone)
TEXT = "the king rules the land\nthe queen rules the land\n" * 50


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text(TEXT)
    return tmp_path


@pytest.fixture
def vectors(folder: Path) -> KeyedVectors:
    made = KeyedVectors(3)
    made.add_vectors(["to", "bé", "or"], np.arange(9, dtype=np.float32).reshape(3, 3) / 7)
    return made


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__.split(".")[-1])
def test_help_has_examples(script: ModuleType, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        script.main(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"examples:\n  python -m {script.__name__} -" in text


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        (glove2word2vec, ["-i", "none.txt", "-o", "out.txt"]),
        (word2vec2tensor, ["-i", "none.txt", "-o", "out"]),
        (word2vec_standalone, ["-train", "none.txt", "-output", "out.txt"]),
        (word2vec_standalone, ["-train", "corpus.txt", "-output", "out.txt", "-size", "0"]),
    ],
)
def test_an_error_is_one_line(script, arguments, folder: Path, capsys):
    assert script.main(arguments) == 1
    assert capsys.readouterr().err.strip().count("\n") <= 1  # a line of the log may come first
    assert not list(folder.glob("out*"))


def test_glove2word2vec_adds_a_header(vectors: KeyedVectors):
    vectors.save_word2vec_format("glove.txt", write_header=False)
    assert glove2word2vec.glove2word2vec("glove.txt", "word2vec.txt") == (3, 3)
    assert Path("word2vec.txt").read_text() == "3 3\n" + Path("glove.txt").read_text()
    assert glove2word2vec.main(["-i", "glove.txt", "-o", "again.txt.gz"]) == 0
    assert KeyedVectors.load_word2vec_format("again.txt.gz").index_to_key == ["to", "bé", "or"]


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec2tensor_writes_vectors_and_words(vectors: KeyedVectors, binary: bool):
    vectors.save_word2vec_format("vectors", binary=binary)
    assert word2vec2tensor.main(["-i", "vectors", "-o", "out", *["--binary"] * binary]) == 0
    assert Path("out_metadata.tsv").read_text(encoding="utf-8") == "to\nbé\nor\n"
    assert (np.loadtxt("out_tensor.tsv", dtype=np.float32) == vectors.vectors).all()


def test_options_of_word2vec_c(folder: Path, capsys: pytest.CaptureFixture[str]):
    Path("questions.txt").write_text(": all\nking the queen the\nthe king the queen\n")
    arguments = (
        "-train corpus.txt -output v.bin -size 8 -window 3 -sample 0 -hs 1 -negative 2 -threads 1 "
        "-iter 3 -min-count 1 -alpha 0.03 -binary 1 -cbow 0 -save-vocab vocab.txt -debug 2 "
        "-accuracy questions.txt"
    )
    model = word2vec_standalone.train(word2vec_standalone.parse(arguments.split()))
    expected = {
        "vector_size": 8, "window": 3, "sample": 0, "hs": 1, "negative": 2, "workers": 1,
        "epochs": 3, "min_count": 1, "alpha": 0.03, "sg": 1,
    }  # fmt: skip
    assert {name: getattr(model, name) for name in expected} == expected
    saved = KeyedVectors.load_word2vec_format("v.bin", binary=True, fvocab="vocab.txt")
    assert np.array_equal(saved.vectors, model.wv.vectors)
    assert saved.get_vecattr("the", "count") == 200
    assert capsys.readouterr().out.startswith("accuracy: ")


def test_defaults_are_those_of_word2vec_c(folder: Path):
    options = word2vec_standalone.parse(["-train", "corpus.txt"])
    assert (options.cbow, options.alpha, options.min_count) == (1, 0.05, 5)
    assert word2vec_standalone.parse(["-train", "corpus.txt", "-cbow", "0"]).alpha == 0.025
    assert word2vec_standalone.parse(["-train", "x", "-min_count", "2"]).min_count == 2


def test_without_an_output_files_are_written_beside_the_text(folder: Path):
    assert word2vec_standalone.main(["-train", "corpus.txt", "-size", "4"]) == 0
    assert len(Word2Vec.load("corpus.model").wv) == 5
    assert len(KeyedVectors.load_word2vec_format("corpus.model.txt")) == 5


def test_a_vocabulary_can_be_read(folder: Path):
    Path("vocab.txt").write_text("the 9\nking 7\nemperor 6\n")
    arguments = ["-train", "corpus.txt", "-read-vocab", "vocab.txt", "-output", "v.txt"]
    assert word2vec_standalone.main([*arguments, "-size", "4"]) == 0
    found = KeyedVectors.load_word2vec_format("v.txt")
    assert found.index_to_key == ["the", "king", "emperor"]


def test_the_help_is_the_same_in_each_run():
    command = [sys.executable, "-m", "fastsgns.scripts.word2vec_standalone", "--help"]
    shown = {
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in "123"
    }
    assert len(shown) == 1 and "-min-count" in shown.pop()


TRAIN = ["-train", "corpus.txt"]
WRONG = {  # arguments, and the line that says what is wrong
    "no folder": ([*TRAIN, "-output", "no/v.txt"], "{folder}/no: the directory of the file"),
    "vocabulary": (
        [*TRAIN, "-output", "v", "-save-vocab", "no/v"],
        "{folder}/no: the directory of the",
    ),
    "no questions": ([*TRAIN, "-output", "v", "-accuracy", "none"], "none: No such file"),
    "no counts": ([*TRAIN, "-output", "v", "-read-vocab", "none"], "none: No such file"),
    "corpus": ([*TRAIN, "-output", "./corpus.txt"], "./corpus.txt would overwrite corpus.txt"),
    "twice": ([*TRAIN, "-output", "v", "-save-vocab", "v"], "v would overwrite v: name another"),
    "count": ([*TRAIN, "-output", "v", "-read-vocab", "counts"], "counts, line 3 is 'king', not"),
    "size": ([*TRAIN, "-output", "v", "-size", "0"], "-size is 0; "),
    "threads": ([*TRAIN, "-output", "v", "-threads", "0"], "-threads is 0; "),
    "iter": ([*TRAIN, "-output", "v", "-iter", "0"], "-iter is 0; "),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_named_before_any_work(case: str, folder: Path, capsys, monkeypatch):
    def fail(*arguments, **options):
        raise AssertionError("trained")

    monkeypatch.setattr(Word2Vec, "train", fail)
    Path("counts").write_text("the 9\n\nking\n")
    arguments, message = WRONG[case]
    assert word2vec_standalone.main(arguments) == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith(f"word2vec: {message.format(folder=folder)}")
    )
    assert Path("corpus.txt").read_text() == TEXT
    assert {path.name for path in folder.iterdir()} == {"corpus.txt", "counts"}


def test_classes_of_words_are_refused(folder: Path, capsys):
    with pytest.raises(SystemExit):
        word2vec_standalone.parse([*TRAIN, "-classes", "500"])
    assert "classes of words are not offered" in capsys.readouterr().err
    assert word2vec_standalone.parse([*TRAIN, "-classes", "0"]).classes == 0


FILES = {  # a script, the content of its input, its options, and what it says
    "header": (glove2word2vec, b"2 2\na 1 2\nb 1 2\n", [], "header, the file needs no conversion"),
    "cut line": (glove2word2vec, b"a 1 2\nb 1\n", [], "line 2 is b'b 1', not a word and 2"),
    "text": (word2vec2tensor, b"2 2\na 1 2\nb 1 2\n", ["--binary"], "leave out --binary"),
    "no header": (word2vec2tensor, b"a 1 2\nb 1 2\n", [], "run glove2word2vec"),
    "binary": (
        word2vec2tensor, b"2 2\na " + np.ones(2, "f4").tobytes() + b"\nb \0", [], "give --binary",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_wrong_file_is_explained_in_the_options_of_the_script(case: str, folder: Path, capsys):
    script, content, options, message = FILES[case]
    Path("wrong").write_bytes(content)
    assert script.main(["-i", "wrong", "-o", "out", *options]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert message in line and "=True" not in line and "=False" not in line


@pytest.mark.parametrize("script", [glove2word2vec, word2vec2tensor])
def test_no_script_overwrites_its_input(script: ModuleType, folder: Path, capsys):
    Path("same_tensor.tsv").write_text("a 1 2\n")
    output = "same" if script is word2vec2tensor else "same_tensor.tsv"
    assert script.main(["-i", "same_tensor.tsv", "-o", output]) == 1
    assert "would overwrite" in capsys.readouterr().err
    assert Path("same_tensor.tsv").read_text() == "a 1 2\n"
