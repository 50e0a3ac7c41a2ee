"""Standard input and output of the command line: formats, compression, encodings."""

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastsgns
from fastsgns.cli import main, streams

PROGRAM = [sys.executable, "-m", "fastsgns"]
TEXT = b"3 2\ncat 1 0\nZ\xc3\xbcrich 1 0.5\ndog 0 1\n"
GLOVE = TEXT.partition(b"\n")[2]


def native() -> bytes:
    file = io.BytesIO()
    fastsgns.KeyedVectors.load_word2vec_format(io.BytesIO(TEXT)).save(file)
    return file.getvalue()


def run(*arguments: object, input: bytes = b"", **environment: str) -> bytes:
    command = [*PROGRAM, *map(str, arguments)]
    result = subprocess.run(
        command, input=input, capture_output=True, env=os.environ | environment, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, b"")
    return result.stdout


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "vectors.txt"
    path.write_bytes(TEXT)
    return path


@pytest.mark.parametrize("format", ["native", "binary", "text"])
def test_convert_writes_each_format_to_standard_output(format: str, vectors: Path, tmp_path: Path):
    written = run("convert", vectors, "-", "--to", format)
    if format == "native":
        (tmp_path / "out").write_bytes(written)
        found = fastsgns.KeyedVectors.load(tmp_path / "out")
    else:
        found = fastsgns.KeyedVectors.load_word2vec_format(
            io.BytesIO(written), binary=format == "binary"
        )
    assert found.index_to_key == ["cat", "Zürich", "dog"]
    np.testing.assert_array_equal(found.vectors, [[1, 0], [1, 0.5], [0, 1]])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("content", [TEXT, native()], ids=["text", "native"])
def test_info_tells_what_standard_input_is(
    pack, content: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, pack(content))
    assert main(["info", "-", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["words"] == 3
    assert facts["kind"].startswith("vectors")


def test_a_cut_compressed_stream_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, gzip.compress(TEXT)[:-12])
    assert main(["info", "-"]) == 1
    assert "standard input ends too early" in capsys.readouterr().err


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_text_on_standard_input_may_be_compressed(
    pack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, pack(b"a b a\n"))
    assert main(["vocab", "-"]) == 0
    assert capsys.readouterr().out == "a\t2\nb\t1\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_vectors_from_a_named_pipe(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([*PROGRAM, "nn", str(pipe), "cat"], stdout=subprocess.PIPE)
    pipe.write_bytes(gzip.compress(native()))
    assert process.communicate(timeout=30)[0].startswith("  Zürich".encode())


@pytest.mark.parametrize("options", [("--no-header",), ("--from", "text", "--no-header")])
def test_vectors_without_header(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "glove").write_bytes(GLOVE)
    (tmp_path / "pairs").write_text("cat dog 1\ncat Zürich 9\n")
    glove = str(tmp_path / "glove")
    assert main(["nn", glove, "cat", "-n", "1", *options]) == 0
    assert main(["analogy", glove, "cat", "dog", "Zürich", "-n", "1", *options]) == 0
    assert main(["eval", glove, str(tmp_path / "pairs"), *options]) == 0
    assert "Zürich" in capsys.readouterr().out


@pytest.mark.parametrize("mark", ["\t", ",", " ", "   ", ";"])
def test_eval_finds_the_delimiter(
    mark: str,
    vectors: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    pairs = [("cat", "dog", "1"), ("cat", "Zürich", "9"), ("dog", "Zürich", "5")]
    feed(monkeypatch, "".join(mark.join(pair) + "\n" for pair in pairs).encode())
    given = ["--delimiter", mark] if mark == ";" else []
    assert main(["eval", str(vectors), "-", "--json", *given]) == 0
    (found,) = json.loads(capsys.readouterr().out)["word_pairs"]
    assert found["spearman"] == pytest.approx(1)
    assert found["oov_percent"] == 0


def test_eval_reads_standard_input_once(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["eval", "-", "-"])
    assert "only once" in capsys.readouterr().err


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, {}])
def test_output_is_utf8_in_any_locale(locale: dict[str, str], vectors: Path, tmp_path: Path):
    locale = locale | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    zurich, text = "Zürich", "Zürich 日本\n".encode()
    pairs = tmp_path / "pärs.tsv"
    pairs.write_text("cat\tZürich\t1\ncat\tdog\t0\n", encoding="utf-8")
    assert run("vocab", "-", input=text, **locale) == "Zürich\t1\n日本\t1\n".encode()
    assert zurich.encode() in run("nn", vectors, "cat", **locale)
    assert run("nn", vectors, zurich, "-n", 1, **locale).startswith(b"  cat")
    assert zurich.encode() in run("nn", vectors, input=zurich.encode(), **locale)
    assert zurich.encode() in run("analogy", vectors, input="cat dog Zürich".encode(), **locale)
    assert b"rs.tsv" in run("eval", vectors, pairs, **locale)


@pytest.mark.parametrize(
    ("suffix", "opener"), [("", open), (".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)]
)
def test_vocab_compresses_by_suffix(
    suffix: str, opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    feed(monkeypatch, b"a b a\n")
    out = tmp_path / f"words.tsv{suffix}"
    assert main(["vocab", "-", "-o", str(out)]) == 0
    with opener(out, "rb") as file:
        assert file.read() == b"a\t2\nb\t1\n"


def test_output_appears_whole_or_not_at_all(tmp_path: Path):
    out = tmp_path / "words.tsv"
    out.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), streams.output(str(out)) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert out.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["words.tsv"]


def shell(redirection: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run the program with standard streams closed or redirected as a shell does it."""
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *PROGRAM, *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_text("cat dog cat fox\n" * 20)
    return path


def test_messages_never_go_to_standard_output(text: Path):
    result = shell("2>&-", "train", text, "-o", "-", "--dim", 2, "--epochs", 1)
    assert result.returncode == 0
    header, *rows = result.stdout.splitlines()
    assert header == b"3 2"
    assert sorted(row.split()[0] for row in rows) == [b"cat", b"dog", b"fox"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_standard_error_ends_no_work(text: Path, tmp_path: Path):
    result = shell("2>/dev/full", "train", text, "-o", tmp_path / "out", "--dim", 2)
    assert result.returncode == 0
    assert len(fastsgns.Word2Vec.load(tmp_path / "out").wv) == 3


@pytest.mark.parametrize(
    ("redirection", "line", "name"),
    [
        (">&-", "convert {vectors} -", "output"),
        (">&-", "convert {vectors} - --to native", "output"),
        (">&-", "nn {vectors} cat", "output"),
        (">&-", "vocab {text}", "output"),
        (">&-", "info", "output"),
        ("<&-", "nn {vectors}", "input"),
        ("<&-", "analogy {vectors}", "input"),
        ("<&-", "nn - cat", "input"),
        ("<&-", "info -", "input"),
        ("<&-", "train - -o {folder}/out", "input"),
        ("<&-", "eval {vectors} -", "input"),
    ],
)
def test_a_closed_stream_is_one_line(
    redirection: str, line: str, name: str, vectors: Path, text: Path, tmp_path: Path
):
    words = line.format(vectors=vectors, text=text, folder=tmp_path).split()
    result = shell(redirection, *words)
    assert (result.returncode, result.stdout) == (1, b"")
    said = f"fastsgns: standard {name}: it is closed; open it or name a file\n"
    assert result.stderr.decode() == said


def test_a_closed_stream_that_is_not_used_does_no_harm(text: Path, tmp_path: Path):
    options = ("train", text, "-o", tmp_path / "out", "--dim", 2, "-q")
    assert shell("<&- >&- 2>&-", *options).returncode == 0
    assert len(fastsgns.Word2Vec.load(tmp_path / "out").wv) == 3


def test_an_error_about_arguments_has_no_escapes(capsys: pytest.CaptureFixture[str]):
    for line in (["train", "text", "-o", "\x1b[31mX.npy"], ["nn", "a", "b", "--\x1b[31m"]):
        with pytest.raises(SystemExit):
            main(line)
        shown = capsys.readouterr().err
        assert "\\x1b[31m" in shown
        assert "\x1b" not in shown


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_edges_from_standard_input(
    pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    feed(monkeypatch, pack(b"a b\nb c\n"))
    out = str(tmp_path / "model")
    assert main(["nodes", "train", "-", "-o", out, "--dim", "2"]) == 0
    assert "3 nodes, 2 edges" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "content", "said"),
    [
        ("nodes train - -o out", b"a b\nb c x\n", "standard input, line 2: "),
        ("nodes train - -o out", b"a caf\xe9\n", "standard input, line 1: "),
        ("vocab -", b"a\ncaf\xe9\n", "standard input, line 2: "),
        ("train - -o out", b"caf\xe9\n", "standard input, line 1: "),
    ],
)
def test_errors_name_standard_input(
    line: str,
    content: bytes,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    feed(monkeypatch, content)
    assert main(line.split()) == 1
    assert capsys.readouterr().err.startswith(f"fastsgns: {said}")
