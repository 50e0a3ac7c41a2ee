"""The command line refuses what can't be meant, early and in the user's words."""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import fastsgns
from fastsgns.cli import build_parser, main

PROGRAM = [sys.executable, "-m", "fastsgns"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a text, a model of it and its vectors."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("cat dog cat fox\n" * 20)
    model = fastsgns.Word2Vec(
        fastsgns.LineSentence("text.txt"), vector_size=4, min_count=1, workers=1, epochs=1
    )
    model.save("model")
    model.wv.save("vectors")
    fastsgns.EncodedCorpus.from_files("text.txt").save("corpus")
    return tmp_path


def fails_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    shown = capsys.readouterr().err
    assert f"usage: fastsgns {arguments[0]} " in shown
    return shown


def examples() -> list[str]:
    """All commands in the examples of all helps."""
    parser = build_parser()
    actions = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = [parser.epilog, *(sub.epilog for sub in next(actions).choices.values())]
    lines = [line for text in helps for line in (text or "").splitlines() if line[:2] == "  "]
    return [line[line.index("fastsgns ") :] for line in lines]


def test_there_are_examples():
    assert len(examples()) > 25


@pytest.mark.parametrize("example", examples())
def test_each_example_parses(example: str):
    command = example.partition("  (")[0].partition(" | ")[0].partition(" < ")[0]
    words = shlex.split(command)[1:]
    parsed = build_parser().parse_args(words)
    assert callable(parsed.run)


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("nn model -n 3 king queen", "words", ["king", "queen"]),
        ("nn -n 3 model king", "words", ["king"]),
        ("analogy model --mul a b c", "words", ["a", "b", "c"]),
        ("analogy model a b -n 2 c", "words", ["a", "b", "c"]),
        ("analogy model --positive a b --negative c", "positive", ["a", "b"]),
        ("train a.txt -o x --epochs 1 b.txt", "inputs", ["a.txt", "b.txt"]),
        ("eval model a.tsv --json b.tsv", "files", ["a.tsv", "b.tsv"]),
        ("nn model -- -n", "words", ["-n"]),
        ("info", "file", None),
    ],
)
def test_options_may_stand_anywhere(line: str, name: str, expected: object):
    assert getattr(build_parser().parse_args(line.split()), name) == expected


@pytest.mark.parametrize(
    "line", ["nn model --what king", "nn", "train text.txt", "convert a b c", "info a b"]
)
def test_wrong_usage_shows_the_usage_of_the_command(line: str, capsys: pytest.CaptureFixture[str]):
    fails_with_2(line.split(), capsys)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--sample -1", "sample is -1.0"),
        ("--negative -3", "negative is -3"),
        ("--alpha nan", "alpha is nan"),
        ("--negative 0", "--negative is 0 and --hs is 0"),
        ("--min-count -1", "--min-count is -1"),
        ("--dim abc", "'abc' is not a whole number"),
        ("--dim 0", "0 is too small"),
        ("--resume model --dim 5", "--dim: fixed by the model"),
        ("--resume model --sg", "--sg: fixed by the model"),
        ("--resume model --subwords", "--subwords: fixed by the model"),
        ("--resume model --bucket 9", "--bucket: fixed by the model"),
        ("--resume model --alpha -1", "alpha is -1.0"),
    ],
)
def test_wrong_values_are_refused_before_reading(
    options: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    os.mkdir("no-text")  # which would be an error of its own, if it were opened
    assert said in fails_with_2(["train", "no-text", "-o", "out", *options.split()], capsys)


@pytest.mark.parametrize(
    "line",
    [
        "train text.txt -o text.txt",
        "train text.txt -o link.txt",
        "train corpus -o ./corpus",
        "train text.txt -o same --save-corpus same",
        "train text.txt -o out --save-corpus text.txt",
        "train text.txt --resume model -o out --save-corpus model",
        "vocab text.txt -o text.txt",
        "convert model model",
    ],
)
def test_an_input_is_never_overwritten(line: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    os.symlink("text.txt", "link.txt")
    before = {name: Path(name).read_bytes() for name in os.listdir()}
    assert "would overwrite" in fails_with_2(line.split(), capsys)
    assert {name: Path(name).read_bytes() for name in os.listdir()} == before


def test_a_model_may_be_resumed_in_place(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    line = "train text.txt --resume model -o model --workers 1 --epochs 2 -q"
    assert main(line.split()) == 0
    assert fastsgns.Word2Vec.load("model").epochs_trained == 3
    assert "rises" not in caplog.text
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train text.txt --resume vectors -o out", "vectors holds vectors: only a model"),
        ("train text.txt --resume corpus -o out", "corpus holds corpus: only a model"),
        ("train /dev/null -o out", "the corpus is empty"),
        ("vocab /dev/null", "the corpus is empty"),
        ("info .", ".: Is a directory"),
        ("nn . cat", ".: Is a directory"),
        ("nn nothing cat", "nothing: No such file or directory"),
        ("info nothing", "nothing: No such file or directory"),
        ("vocab latin.txt", "give --errors replace"),
        ("eval model nonsense.txt", "none of its questions can be asked"),
        ("eval model text.txt", "text.txt has 0 pairs of two words and a score"),
    ],
)
def test_an_error_is_one_clear_line(
    line: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    Path("nonsense.txt").write_text(": odd\ncat dog\nx y z w\n")
    assert main(line.split()) == 1
    *warnings, shown = capsys.readouterr().err.splitlines()
    assert shown.startswith(f"fastsgns: {said}") or said in shown
    assert all("were skipped" in warning for warning in warnings)
    assert "errors=" not in shown


@pytest.mark.parametrize("load", [fastsgns.Word2Vec.load, fastsgns.KeyedVectors.load])
def test_loading_what_is_no_file_names_it(load, tmp_path: Path):
    with pytest.raises(IsADirectoryError) as folder:
        load(tmp_path)
    assert str(folder.value.filename) == str(tmp_path)
    with pytest.raises(FileNotFoundError) as missing:
        load(tmp_path / "none")
    assert str(missing.value.filename) == str(tmp_path / "none")
    with pytest.raises(fastsgns.errors.FormatError):
        load(os.devnull)


def test_a_second_interrupt_says_what_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fastsgns.cli.train.outputs, "save", interrupted)
    line = "train text.txt -o out --dim 4 -q --workers 1"
    assert main(line.split()) == 130
    assert "stopped while saving to out: what was learned is lost" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train text.txt -o out --sample 1e-12", "(--sample is 1e-12; 0 keeps all words)"),
        ("train text.txt -o out --min-count 99", "--min-count is 99; lower --min-count"),
        ("train text.txt -o out --sharing block", "--sharing block has no effect"),
        ("glove text.txt -o out --min-count 99", "lower --min-count"),
        (
            "nodes train text.txt -o out --walks nerd --p 3 --unweighted",
            "with --walks nerd they must be",
        ),
    ],
)
def test_advice_names_options(
    line: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    main(line.split())
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train text.txt", "Raise --min-count, set --max-vocab or lower --dim."),
        ("glove text.txt", "Fewer dimensions need less."),
    ],
)
def test_advice_where_memory_is_short_names_options(
    line: str,
    said: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("fastsgns.runtime.machine.available_memory", lambda: 1)
    assert main([*line.split(), "-o", "out", "--min-count", "1"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["voc.npy", "voc.json", "voc.csv", "voc.fastsgns", "voc.npy.gz"])
def test_vocab_writes_no_other_format(name: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    shown = fails_with_2(["vocab", "text.txt", "-o", name], capsys)
    assert f"{name}: the suffix is of another format" in shown
    assert ".tsv, .txt, .vocab and no suffix" in shown
    assert not Path(name).exists()


@pytest.mark.parametrize("name", ["voc.tsv", "voc.TXT", "voc", "voc.vocab", "voc.tsv.gz", "voc.xz"])
def test_vocab_writes_its_own_format(name: str, folder: Path):
    assert main(["vocab", "text.txt", "-q", "-o", name]) == 0
    assert Path(name).exists()


def test_a_name_of_a_file_is_no_parameter(folder: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("window=5.vec", "./min_count", "./sample=3"):
        os.link("corpus", name)
        assert main(["nn", name, "cat"]) == 1
        assert f"{name} holds corpus" in capsys.readouterr().err


def test_an_unknown_kernel_is_one_line_and_2():
    environment = os.environ | {"FASTSGNS_KERNEL": "bogus"}
    result = subprocess.run([*PROGRAM, "info"], capture_output=True, text=True, env=environment)
    assert result.returncode == 2 and "bogus (not allowed)" in result.stdout
    assert result.stderr.startswith("fastsgns: FASTSGNS_KERNEL: kernel variant 'bogus'")
    assert result.stderr.count("\n") == 1


def test_an_unknown_kernel_raises_when_one_is_used():
    code = (
        "import fastsgns\n"
        "try: fastsgns.Word2Vec([['a', 'b']] * 9, min_count=1, vector_size=2)\n"
        "except ValueError as error: print(error)\n"
        "from fastsgns import kernels\n"
        "try: kernels.train_chunk()\n"
        "except ValueError as error: print(error)\n"
        "kernels.force('plain'); print(kernels.variant())\n"
    )
    environment = os.environ | {"FASTSGNS_KERNEL": "bogus"}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    lines = result.stdout.splitlines()
    assert ["FASTSGNS_KERNEL" in line for line in lines] == [True, True, False], result.stderr
    assert lines[2] == "plain"
