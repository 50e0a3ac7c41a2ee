"""The command line: each sub-command, exit codes, standard input and output."""

import gzip
import io
import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import fastsgns
from fastsgns.cli import build_parser, filetypes, main

ANIMALS = ["cat", "dog", "horse", "mouse", "fur", "tail", "paw"]
MACHINES = ["car", "road", "wheel", "fuel", "engine", "brake", "gear"]
COMMANDS = [
    *("train", "ppmi", "nodes", "vocab", "nn", "analogy"),
    *("encode", "eval", "convert", "info", "demo", "study"),
]
PROGRAM = [sys.executable, "-m", "fastsgns"]


def sentences(n: int = 1500) -> str:
    draw = random.Random(1)
    topics = (ANIMALS, MACHINES)
    return "".join(" ".join(draw.choices(draw.choice(topics), k=8)) + "\n" for _ in range(n))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, the same text compressed, and a model trained on it."""
    path = tmp_path_factory.mktemp("cli")
    (path / "text.txt").write_text(sentences())
    with gzip.open(path / "text.txt.gz", "wt") as file:
        file.write(sentences())
    (path / "pairs.tsv").write_text(
        "cat\tdog\t9\ncar\troad\t8\ncat\tcar\t1\ndog\twheel\t2\nzebra\tcat\t5\n"
    )
    (path / "analogies.txt").write_text(
        ": within\ncat dog horse mouse\ncar road wheel fuel\n: across\ncat car dog road\n"
    )
    assert train(path / "text.txt", path / "model", "--save-corpus", path / "corpus") == 0
    return path


def train(source: object, output: object, *more: object) -> int:
    small = ["--sg", "--dim", 16, "--epochs", 5, "--sample", 0, "--workers", 1, "--quiet"]
    return run("train", source, "-o", output, *small, *more)


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


# help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert f"fastsgns {command} " in shown


def test_help_names_all_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in shown] == []


def test_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"fastsgns {fastsgns.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train", "text.txt"],
        ["train", "text.txt", "-o", "model", "--sg", "--cbow"],
        ["train", "text.txt", "-o", "model", "--workers", "0"],
        ["train", "text.txt", "-o", "model", "--every", "2"],
        ["analogy", "model", "one", "two"],
        ["analogy", "model", "a", "b", "c", "--positive", "d"],
        ["nn", "model", "-n", "none"],
        ["encode", "model", "--weighting", "tfidf"],
        ["encode", "model", "--remove-components", "-1"],
        ["encode", "-"],
        ["encode", "model", "-o", "model"],
        ["encode", "model", "--text", "text.txt", "-o", "text.txt"],
        ["encode", "model", "-o", "vectors.bin"],
        ["encode", "model", "--weighting", "sif", "--a", "0"],
        ["encode", "model", "--weighting", "zipf", "--a", "0.001"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: fastsgns" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "/no/such/text.txt", "-o", "model"],
        ["train", "text.txt", "-o", "/no/such/folder/model"],
        ["train", "text.txt", "model", "-o", "other"],
        ["train", "text.txt", "-o", "."],
        ["vocab", "/no/such/text.txt"],
        ["vocab", "."],
        ["nn", "/no/such/model", "cat"],
        ["nn", "text.txt", "cat"],
        ["nn", "corpus", "cat"],
        ["eval", "model", "/no/such/pairs.tsv"],
        ["convert", "text.txt.gz", "other"],
        ["info", "/no/such/file"],
        ["info", "pairs.tsv"],
        ["train", "text.txt", "-o", "other", "--min-count", "1000000"],
    ],
)
def test_an_error_is_one_line_and_1(
    arguments: list[str],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(folder)
    before = sorted(os.listdir(folder))
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fastsgns: ")
    assert captured.err.count("\n") == 1
    assert sorted(os.listdir(folder)) == before


# train


def test_train_writes_a_model_with_the_parameters_given(folder: Path):
    model = fastsgns.Word2Vec.load(folder / "model")
    assert (model.sg, model.vector_size, model.epochs, model.sample) == (1, 16, 5, 0)
    assert set(model.wv.index_to_key) == {*ANIMALS, *MACHINES}


@pytest.mark.parametrize("name", ["text.txt.gz", "corpus"])
def test_each_kind_of_source_gives_the_same_model(name: str, folder: Path, tmp_path: Path):
    assert train(folder / name, tmp_path / "model") == 0
    expected = fastsgns.load(folder / "model").wv
    found = fastsgns.load(tmp_path / "model").wv
    assert found.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(found.vectors, expected.vectors)


def test_train_reads_standard_input(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    feed(monkeypatch, sentences())
    assert train("-", tmp_path / "model") == 0
    expected = fastsgns.load(folder / "model").wv
    found = fastsgns.load(tmp_path / "model").wv
    np.testing.assert_array_equal(found.vectors, expected.vectors)


@pytest.mark.parametrize("name", ["out.txt", "out.bin", "out.vec.gz"])
def test_the_suffix_says_the_format(name: str, folder: Path, tmp_path: Path):
    assert train(folder / "text.txt", tmp_path / name) == 0
    expected = fastsgns.load(folder / "model").wv
    found = fastsgns.KeyedVectors.load_word2vec_format(tmp_path / name, binary=".bin" in name)
    assert found.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(found.vectors, expected.vectors)


def test_resume_goes_on_from_the_saved_vectors(folder: Path, tmp_path: Path):
    text, model = folder / "text.txt", folder / "model"
    arguments = ["train", text, "-o", tmp_path / "more", "--resume", model, "--quiet"]
    assert run(*arguments, "--epochs", 1, "--alpha", 1e-6, "--min-alpha", 1e-6) == 0
    before = fastsgns.Word2Vec.load(model)
    after = fastsgns.Word2Vec.load(tmp_path / "more")
    assert after.epochs == 1
    assert not np.array_equal(before.wv.vectors, after.wv.vectors)
    np.testing.assert_allclose(before.wv.vectors, after.wv.vectors, atol=0.01)


def test_report_on_standard_error(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text, out = folder / "text.txt", tmp_path / "model"
    assert run("train", text, "-o", out, "--dim", 8, "--epochs", 1) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "14 words of 8 dimensions" in captured.err
    assert "words/s" in captured.err
    assert "loss" not in captured.err
    assert f"saved to {out}" in captured.err
    assert run("train", text, "-o", out, "--dim", 8, "--epochs", 1, "--loss") == 0
    assert "loss" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null")
@pytest.mark.parametrize("command", ["train", "vocab", "convert"])
def test_output_may_be_a_device(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != "/dev" and access(path, mode))
    source = folder / ("model" if command == "convert" else "text.txt")
    output = ["/dev/null"] if command == "convert" else ["-o", "/dev/null"]
    assert run(command, source, *output) == 0
    assert not os.path.isfile("/dev/null")


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are POSIX")
def test_a_full_disk_is_one_line_on_standard_error(folder: Path, tmp_path: Path):
    code = (
        "import resource, sys, fastsgns.cli as cli\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "convert", folder / "model", tmp_path / "out"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and str(tmp_path / "out") in result.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_interrupt_saves_what_there_is(folder: Path, tmp_path: Path):
    out = tmp_path / "model"
    command = [*PROGRAM, "train", str(folder / "text.txt"), "-o", str(out)]
    watch = (
        "import fastsgns.cli.train as t, signal, threading, os, sys;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # background jobs ignore it
        "train = t.Word2Vec.train;"
        "stop = lambda: os.kill(os.getpid(), signal.SIGINT);"
        "start = lambda: threading.Timer(0.2, stop).start();"
        "t.Word2Vec.train = lambda *a, **k: (start(), train(*a, **k))[1];"
        "from fastsgns.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command[1:3] = ["-c", watch]
    result = subprocess.run(
        [*command, "--epochs", "100000", "--dim", "8"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 130, result.stderr
    assert "stopped early" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(fastsgns.Word2Vec.load(out).wv) == 14


# ppmi


def test_ppmi_keeps_words_and_contexts(folder: Path, tmp_path: Path):
    out = tmp_path / "vectors"
    assert run("ppmi", folder / "text.txt", "-o", out, "--dim", 4, "--quiet") == 0
    vectors = fastsgns.load(out)
    assert vectors.wv.vectors.shape == vectors.output.vectors.shape == (14, 4)
    assert {word for word, _ in vectors.wv.most_similar("cat", topn=6)} == set(ANIMALS) - {"cat"}
    assert run("nn", out, "cat") == 0


@pytest.mark.parametrize(
    ("wrong", "code"),
    [(("--weight", 2), 2), (("--shift", 0), 2), (("--smoothing", -1), 2), (("--dim", 99), 1)],
)
def test_ppmi_says_what_is_wrong(
    folder: Path, tmp_path: Path, wrong: tuple, code: int, capsys: pytest.CaptureFixture[str]
):
    command = ("ppmi", folder / "text.txt", "-o", tmp_path / "vectors", "--quiet", *wrong)
    try:
        assert run(*command) == code
    except SystemExit as stop:
        assert stop.code == code
    assert wrong[0] in capsys.readouterr().err


# vocab


def test_vocab_counts_and_sorts(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("vocab", folder / "text.txt") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    counts = [int(count) for _, count in rows]
    words = sentences().split()
    assert {word: int(count) for word, count in rows} == {w: words.count(w) for w in set(words)}
    assert counts == sorted(counts, reverse=True)


def test_vocab_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    feed(monkeypatch, "a a a b b c\nc d\n")
    out = tmp_path / "words.tsv"
    assert run("vocab", "-", "--min-count", 2, "--max-vocab", 2, "-o", out) == 0
    assert out.read_text() == "a\t3\nb\t2\n"


@pytest.mark.parametrize(("errors", "code"), [("strict", 1), ("replace", 0), ("ignore", 0)])
def test_invalid_utf8_by_policy(
    errors: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9 caf\xe9\n")
    assert run("vocab", path, "--errors", errors) == code
    captured = capsys.readouterr()
    expected = {"strict": "", "replace": "caf\ufffd\t2\n", "ignore": "caf\t2\n"}
    assert captured.out == expected[errors]
    assert bool(captured.err) == bool(code)


def test_a_closed_pipe_is_quiet(tmp_path: Path):
    text = tmp_path / "many.txt"
    text.write_text(" ".join(f"word{n}" for n in range(50_000)))
    process = subprocess.Popen(
        [*PROGRAM, "vocab", str(text)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 0


# nn and analogy


def test_neighbours_are_of_the_same_topic(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("nn", folder / "model", "cat", "-n", 6) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {word for word, _ in rows} == set(ANIMALS) - {"cat"}
    values = [float(value) for _, value in rows]
    assert values == sorted(values, reverse=True)


def test_neighbours_of_words_on_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, "cat\n\n wheel \nunheard-of\n")
    assert run("nn", folder / "model", "-n", 1) == 0
    captured = capsys.readouterr()
    titles = [line for line in captured.out.splitlines() if not line.startswith(" ")]
    assert titles == ["cat", "wheel"]
    assert "unheard-of" in captured.err


@pytest.mark.parametrize("word", ["whee", "WHEEL"])
def test_an_unknown_word_gets_close_spellings(
    word: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert run("nn", folder / "model", word) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{word!r} is not among the 14 words; close spellings: wheel" in captured.err


def test_one_known_word_is_enough(folder: Path):
    assert run("nn", folder / "model", "xyz", "cat") == 0


def test_no_question_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch):
    feed(monkeypatch, "\n")
    assert run("nn", folder / "model") == 0


@pytest.mark.parametrize("mul", [(), ("--mul",)])
def test_analogy_is_that_of_the_library(
    mul: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
):
    vectors = fastsgns.load(folder / "model").wv
    ask = vectors.most_similar_cosmul if mul else vectors.most_similar
    expected = [word for word, _ in ask(positive=["dog", "car"], negative=["cat"], topn=3)]
    for words in (["cat", "dog", "car"], ["--positive", "dog", "car", "--negative", "cat"]):
        assert run("analogy", folder / "model", *words, "-n", 3, *mul) == 0
        found = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
        assert found == expected


def test_analogies_on_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, "cat dog car\ntwo words\n")
    assert run("analogy", folder / "model", "-n", 1) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("cat : dog = car : ?\n  ")
    assert "three words are needed, not 2" in captured.err


# eval


def test_eval_agrees_with_the_library(folder: Path, capsys: pytest.CaptureFixture[str]):
    pairs, analogies = folder / "pairs.tsv", folder / "analogies.txt"
    assert run("eval", folder / "model", pairs, analogies, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    vectors = fastsgns.load(folder / "model").wv
    pearson, spearman, unknown = vectors.evaluate_word_pairs(pairs)
    assert found["word_pairs"] == [
        {
            "file": "pairs.tsv",
            "pearson": pytest.approx(pearson[0]),
            "spearman": pytest.approx(spearman[0]),
            "oov_percent": pytest.approx(unknown),
        }
    ]
    assert unknown == pytest.approx(20)
    (judged,) = found["analogies"]
    assert judged["accuracy"] == pytest.approx(vectors.evaluate_word_analogies(analogies)[0])
    assert [s["total"] for s in judged["sections"]] == [2, 1, 3]


def test_eval_prints_tables(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("eval", folder / "model", folder / "pairs.tsv", folder / "analogies.txt") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["word", "pairs", "Pearson", "Spearman", "OOV"]
    assert lines[1].startswith("pairs.tsv  ")
    assert lines[1].endswith("20.0 %")
    assert lines[3].split() == ["analogies.txt", "correct", "total", "accuracy"]
    assert [line.split()[0] for line in lines[4:]] == ["within", "across", "Total"]


# convert


def test_convert_there_and_back(folder: Path, tmp_path: Path):
    vectors = fastsgns.load(folder / "model").wv
    steps = [folder / "model", tmp_path / "a.txt.gz", tmp_path / "b.bin", tmp_path / "c"]
    for source, target in pairwise(steps):
        assert run("convert", source, target) == 0
    found = fastsgns.KeyedVectors.load(tmp_path / "c")
    assert found.index_to_key == vectors.index_to_key
    np.testing.assert_array_equal(found.vectors, vectors.vectors)


def test_convert_to_standard_output(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run("convert", folder / "model", "-", "--limit", 3) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "3 16"
    (tmp_path / "some.txt").write_text(shown)
    found = fastsgns.KeyedVectors.load_word2vec_format(tmp_path / "some.txt")
    vectors = fastsgns.load(folder / "model").wv
    assert found.index_to_key == vectors.index_to_key[:3]
    np.testing.assert_array_equal(found.vectors, vectors.vectors[:3])


def test_convert_from_standard_input(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    feed(monkeypatch, "2 2\ncat 1 0\ndog 0.5 -1\n")
    assert run("convert", "-", tmp_path / "native") == 0
    found = fastsgns.KeyedVectors.load(tmp_path / "native")
    assert found.index_to_key == ["cat", "dog"]
    np.testing.assert_array_equal(found.vectors, [[1, 0], [0.5, -1]])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_once(folder: Path, tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([*PROGRAM, "vocab", str(pipe)], stdout=subprocess.PIPE)
    pipe.write_text("a b a\n")
    assert process.communicate(timeout=30)[0] == b"a\t2\nb\t1\n"


def test_convert_text_without_header(folder: Path, tmp_path: Path):
    glove, native = tmp_path / "glove.dat", tmp_path / "native"
    assert run("convert", folder / "model", glove, "--to", "glove") == 0
    assert len(glove.read_text().splitlines()) == 14
    assert run("convert", glove, native, "--from", "text", "--no-header", "--limit", 5) == 0
    assert len(fastsgns.KeyedVectors.load(native)) == 5


def test_no_header_is_about_the_input_alone(tmp_path: Path):
    glove, text, again = tmp_path / "glove", tmp_path / "vectors.txt", tmp_path / "again"
    glove.write_text("the 1 2\ncat 3 4\n")
    assert run("convert", glove, text, "--no-header") == 0
    assert text.read_text() == "2 2\nthe 1 2\ncat 3 4\n"
    assert run("convert", text, again, "--to", "glove") == 0
    assert again.read_text() == glove.read_text()


# info


def test_info_on_the_installation(capsys: pytest.CaptureFixture[str]):
    assert run("info", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["fastsgns"] == fastsgns.__version__
    assert facts["kernel"] in facts["kernels available"]
    assert run("info") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.split() == ["fastsgns", fastsgns.__version__]


@pytest.mark.parametrize(("name", "kind"), [("model", "model"), ("corpus", "corpus")])
def test_info_on_a_file(name: str, kind: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("info", folder / name, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["words"]) == (kind, 14)
    assert facts["bytes on disk"] == (folder / name).stat().st_size
    assert 0 < facts["bytes in memory"] < facts["bytes on disk"]
    assert run("info", folder / name) == 0
    assert "bytes on disk" in capsys.readouterr().out


def test_info_on_word2vec_text(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("convert", folder / "model", tmp_path / "a.txt") == 0
    assert run("info", tmp_path / "a.txt", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["words"], facts["dimensions"]) == (14, 16)


# as a process


def test_a_pipeline_of_processes(folder: Path, tmp_path: Path):
    command = [*PROGRAM, "train", "-", "-o", "-", "--dim", "4", "--epochs", "1", "--quiet"]
    result = subprocess.run(command, input=sentences(50), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("14 4\n")
    assert len(result.stdout.splitlines()) == 15


def test_a_process_fails_with_one_line():
    result = subprocess.run([*PROGRAM, "nn", "/no/such"], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.txt", "text"),
        ("a.vec.xz", "vec"),
        ("a.npz", "npz"),
        ("a.bin.gz", "binary"),
        ("a", "native"),
    ],
)
def test_format_by_suffix(name: str, format: str):
    assert filetypes.suffix_format(name) == format


def test_every_command_has_its_function():
    parser = build_parser()
    assert callable(parser.parse_args(["info"]).run)
