"""Files on the command line: told by content, written by suffix, errors in words of options."""

import io
import re
import sys

import numpy as np
import pytest

from fastsgns import DirectedGraph, EncodedCorpus, KeyedVectors
from fastsgns.cli import main, streams
from fastsgns.runtime.console import printable, table

WORDS = [f"w{i}" for i in range(30)]
KEYWORD = re.compile(r"\b[a-z_]+=|KeyedVectors|load_word2vec_format")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in a folder with vectors, a text and edges."""
    monkeypatch.chdir(tmp_path)
    kv = KeyedVectors(50)
    kv.add_vectors(WORDS, np.random.default_rng(0).normal(size=(30, 50)).astype(np.float32))
    kv.save("v.fastsgns")
    (tmp_path / "text").write_text("a b c d e f\n" * 20)
    (tmp_path / "edges").write_text("a b\nb c\nc a\n")
    return tmp_path


def error(capsys, *arguments):
    """Run a command that fails; give what it says."""
    try:
        assert main(list(arguments)) == 1
    except SystemExit as stop:
        assert stop.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", ["v", "v.bin", "v.txt", "v.bin.gz", "v.dat.xz", "v.model"])
def test_vectors_are_read_by_their_content(folder, name, binary):
    kv = KeyedVectors.load("v.fastsgns")
    kv.save_word2vec_format(name, binary=binary)
    assert main(["convert", name, "out"]) == 0
    read = KeyedVectors.load("out")
    assert read.index_to_key == WORDS
    assert (read.vectors == kv.vectors).all()


@pytest.mark.parametrize("name", ["n", "n.txt", "n.bin", "n.fastsgns.gz"])
def test_native_files_are_read_by_their_content(name):
    kv = KeyedVectors.load("v.fastsgns")
    kv.save(name)
    assert main(["convert", name, "out.txt"]) == 0
    assert KeyedVectors.load_word2vec_format("out.txt").index_to_key == WORDS
    assert KeyedVectors.load(name, mmap="r").index_to_key == WORDS


def test_native_files_of_other_kinds_may_be_compressed():
    DirectedGraph.from_file("edges").save("g.gz")
    assert DirectedGraph.of("g.gz").n_edges == 3
    EncodedCorpus.from_files("text").save("c.xz")
    assert EncodedCorpus.load("c.xz").n_tokens == 120


SUFFIXES = [".npy", ".json", ".csv", ".pkl", ".zip", ".h5", ".csv.gz"]
TRAINED = ["--dim", "2", "--min-count", "1", "--epochs", "1", "-q"]
COMMANDS = {
    "convert": ["convert", "v.fastsgns", "OUT"],
    "train": ["train", "text", "-o", "OUT", *TRAINED],
    "train corpus": ["train", "text", "-o", "m", "--save-corpus", "OUT", *TRAINED],
    "glove": ["glove", "text", "-o", "OUT", *TRAINED],
    "glove counts": ["glove", "text", "-o", "m", "--save-counts", "OUT", *TRAINED],
    "ppmi": ["ppmi", "text", "-o", "OUT", "--dim", "2", "-q"],
    "nodes": ["nodes", "train", "edges", "-o", "OUT", "--dim", "2", "-q"],
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_suffixes_are_refused_with_the_known_ones(folder, capsys, command, suffix):
    out = f"out{suffix}"
    before = sorted(folder.iterdir())
    said = error(capsys, *[out if word == "OUT" else word for word in COMMANDS[command]])
    assert f"{out}: the suffix names no known format" in said
    assert ".txt (text), .bin (binary)" in said and ".npz (npz)" in said and ".fastsgns" in said
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("command", ["train corpus", "glove counts"])
@pytest.mark.parametrize("suffix", [".txt", ".vec.gz", ".bin"])
def test_what_is_always_native_is_not_named_as_something_else(capsys, command, suffix):
    arguments = [f"o{suffix}" if word == "OUT" else word for word in COMMANDS[command]]
    assert "native format: name it .fastsgns" in error(capsys, *arguments)


def test_a_format_that_is_given_goes_before_the_suffix():
    assert main(["convert", "v.fastsgns", "v.csv", "--to", "text"]) == 0
    assert KeyedVectors.load_word2vec_format("v.csv").index_to_key == WORDS


@pytest.mark.parametrize("suffix", [".zip", ".zst", ".7z", ".tar.gz", ".tgz"])
def test_unsupported_compression_is_refused(folder, capsys, suffix):
    (folder / f"t{suffix}").write_bytes(b"a b c\n")
    for command in (["vocab", f"t{suffix}"], ["nn", f"t{suffix}", "a"]):
        assert "is not supported" in error(capsys, *command)
    with pytest.raises(ValueError, match="not supported"):
        KeyedVectors.load("v.fastsgns").save_word2vec_format(f"v{suffix}")
    assert not (folder / f"v{suffix}").exists()


@pytest.mark.parametrize("errors, word", [("replace", "д" * 48 + "\ufffd"), ("ignore", "д" * 48)])
def test_words_cut_inside_a_character(folder, capsys, errors, word):
    cut = ("д" * 60).encode()[:97]
    rows = b"".join(w + b" " + np.float32([1, i]).tobytes() for i, w in enumerate((b"ok", cut)))
    (folder / "c.bin").write_bytes(b"2 2\n" + rows)
    said = error(capsys, "convert", "c.bin", "out")
    assert "c.bin, row 2" in said and "--errors replace" in said
    assert main(["convert", "c.bin", "out", "--errors", errors]) == 0
    assert KeyedVectors.load("out").index_to_key == ["ok", word]
    assert main(["nn", "c.bin", "ok", "--errors", errors]) == 0


BAD = {
    "empty.txt": (b"", [], "is empty"),
    "page.vec": (b"<!DOCTYPE html>\n", [], "HTML"),
    "glove.txt": (b"the 1 2\ncat 3 4\n", [], "line 1 .*--no-header"),
    "headed.txt": (b"2 2\nthe 1 2\ncat 3 4\n", ["--no-header"], "line 1 .*leave out --no-header"),
    "row.txt": (b"2 2\na 1 2\nb 1\n", [], "line 3 .*repair"),
    "short.txt": (b"3 2\na 1 2\nb 1 2222222222\n", [], "2 of the 3 rows.*--limit"),
    "latin.txt": (b"1 2\ncaf\xe9 1 2\n", [], "line 2: .*--errors replace"),
    "text.bin": (b"1 2\na 1 2\n", ["--from", "binary"], "line 2 .*--from text"),
    "binary.txt": (b"1 2\na " + bytes(8) + b"\n", ["--from", "text"], "--from binary"),
    "other.txt": (b"1 2\na 1 2\n", ["--from", "native"], "--from text or --from binary"),
    "cut.fastsgns": (b"\x40" + bytes(7) + b"{", [], "damaged"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["convert", "nn", "eval"])
def test_errors_of_vectors_are_in_words_of_options(folder, capsys, name, command):
    content, options, match = BAD[name]
    (folder / name).write_bytes(content)
    (folder / "pairs").write_text("a\tb\t1\n" * 3)
    last = {"convert": "out", "nn": "a", "eval": "pairs"}[command]
    said = error(capsys, command, name, last, *options)
    assert re.search(rf"{re.escape(name)}.*{match}", said)
    assert not KEYWORD.search(said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "glove"],
        ["info", "text"],
        ["train", "text", "--resume", "text", "-o", "m"],
        ["glove", "text", "--resume", "glove", "-o", "m"],
        ["nodes", "recommend", "text", "a"],
        ["nodes", "recommend", "v.fastsgns", "a"],
    ],
)
def test_errors_advise_no_option_that_the_command_lacks(folder, capsys, arguments):
    (folder / "glove").write_text("the 1 2\ncat 3 4\n")
    said = error(capsys, *arguments)
    assert said.count("\n") == 1
    assert not KEYWORD.search(said)
    assert "--no-header" not in said and "--from" not in said


@pytest.mark.parametrize(
    "content, match",
    [
        (b"w1;w2;1\nw2;w3;2\n", "bad has 0 pairs .*--delimiter"),
        (b"caf\xe9\tw1\t1\n", "bad, line 1 is not utf8.*convert the file"),
        (b"w1\tw2\t1\n\xff\n", "bad, line 2 is not utf8"),
        (b": s\nw1 w2\n", "bad: none of its questions"),
    ],
)
def test_errors_of_evaluation_files_are_in_words_of_options(folder, capsys, content, match):
    (folder / "bad").write_bytes(content)
    said = error(capsys, "eval", "v.fastsgns", "bad")
    assert re.search(match, said)
    assert not KEYWORD.search(said)


def test_lines_that_are_skipped_are_said(folder, capsys):
    (folder / "pairs").write_text("# t\nw1\tw2\t1\nw1\tw3\nw3\tw4\t2\nx\n")
    assert main(["eval", "v.fastsgns", "pairs"]) == 0
    assert "2 lines of pairs were skipped" in (said := capsys.readouterr().err)
    assert r"the first is line 3, 'w1\tw3'" in said


HOSTILE = [
    "ok",
    "\x1b]0;title\x07\x1b[31mred",
    "a\rb",
    "\x9b31m",
    "x\u202ey",
    "two\nlines",
    "d\x7f",
]


@pytest.fixture
def hostile():
    """Save vectors of words that a terminal would obey."""
    kv = KeyedVectors(2)
    kv.add_vectors(HOSTILE, np.eye(7, 2) + 0.1)
    for index, word in enumerate(HOSTILE):
        kv.set_vecattr(word, "note", HOSTILE[index])
    kv.save("h.fastsgns")


def controls(text):
    """The control characters of a text."""
    return [c for c in text if c != "\n" and printable(c) != c]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nn", "h.fastsgns", "ok", HOSTILE[1], "\x1b[31m"],
        ["analogy", "h.fastsgns", "ok", HOSTILE[1], HOSTILE[2]],
        ["analogy", "h.fastsgns", "ok", HOSTILE[1], "\x1b[31m"],
        ["info", "h.fastsgns"],
        ["eval", "h.fastsgns", "questions"],
        ["eval", "h.fastsgns", "questions", "--json"],
        ["eval", "h.fastsgns", "\x1b[31mpairs"],
        ["info", "\x1b[31mnothing"],
        ["nodes", "recommend", "g.fastsgns", HOSTILE[1], "\x1b[32m"],
        ["vocab", "\x1b[31mtext"],
    ],
)
def test_control_characters_do_not_reach_the_terminal(folder, hostile, capsys, arguments):
    folder.joinpath("questions").write_text(": \x1b[31m\nok ok ok ok\n\x1b[31mbad\n")
    folder.joinpath("\x1b[31mpairs").write_text("ok\td\x7f\t1\nok\tx\u202ey\t2\n\x1b[0m\n")
    main(["nodes", "train", "edges", "-o", "g.fastsgns", "--dim", "2", "-q"])
    capsys.readouterr()
    main(arguments)
    out, err = capsys.readouterr()
    assert controls(out) == controls(err) == []
    assert out + err


def test_what_is_written_to_a_terminal_is_escaped_and_else_kept(hostile, monkeypatch):
    class Screen(io.TextIOWrapper):
        def isatty(self):
            return True

    def shown(kind):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", kind(raw, "utf-8"))
        with streams.output("-") as file:
            file.write("é\x1b[31m é".encode()[:1])
            file.write("é\x1b[31m é".encode()[1:])
        sys.stdout.detach()
        return raw.getvalue().decode()

    assert shown(Screen) == "é\\x1b[31m é"
    assert shown(io.TextIOWrapper) == "é\x1b[31m é"


def test_tables_stay_aligned_and_words_of_all_scripts_whole():
    words = ["naïve", "日本", "👩‍👩‍👧", "می‌خواهم", "\u00a0"]
    assert printable(" ".join(words)) == " ".join(words)
    assert table([("a\tb", 1), ("c\n", 2)]).split("\n") == ["a\\tb  1", "c\\n   2"]
