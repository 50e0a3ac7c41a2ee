"""The demo: what it reads, that it is the same each time, and that it runs to its end."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastsgns
from fastsgns import demo
from fastsgns.runtime.console import short, table


def test_docstrings_of_all_that_has_one():
    code = b'''"""Module."""
class A:
    """Class."""
    def f(self):
        """Method."""
async def g():
    "Coroutine."
x = "no documentation"
add_newdoc("numpy", "sin", """Sine, elementwise.""")
'''
    found = [text for text in demo.docstrings(code) if text]
    assert set(found) >= {"Module.", "Class.", "Method.", "Coroutine.", "Sine, elementwise."}
    assert "no documentation" not in found


@pytest.mark.parametrize("code", [b"def f(:", b"\0", b"\xff\xfe\xff", b"# coding: klingon\n'a'"])
def test_what_is_no_python_has_no_documentation(code: bytes):
    assert list(demo.docstrings(code)) == []


def test_paragraphs_are_words():
    text = "The Sum of `a_b`, 12 times.\n \n  >>> np.sum(x)\n  3.0\n\nOne\n\nÉtude in C#\n"
    assert list(demo.paragraphs(text)) == ["the sum of a_b times", "np sum", "tude in"]


def test_sources_are_those_of_all_three_without_tests():
    files = demo.sources()
    assert files == demo.sources()
    names = {path.name for path in files}
    assert {"argparse.py", "_add_newdocs.py", "_linprog.py"} <= names
    assert not any("tests" in path.parts[-3:] for path in files)


def test_folders_are_found_without_importing():
    code = "import sys\nfrom fastsgns import demo\ndemo.folders()\nprint('scipy' in sys.modules)"
    plain = {name: value for name, value in os.environ.items() if name != "FASTSGNS_KERNEL"}
    command = [sys.executable, "-c", code]  # without the kernel "blas", which is scipy's
    result = subprocess.run(command, capture_output=True, text=True, env=plain)
    assert result.stdout.strip() == "False", result.stderr


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of sources small enough for a test, of which the demo makes its corpus."""
    source = tmp_path / "python"
    (source / "tests").mkdir(parents=True)
    words = "matrix rows columns sin cos sine cosine row column"
    for n in range(20):
        text = f'"""{words} {words}\n\nsame paragraph\n\nthe file numbered {"x" * (n + 1)}"""'
        (source / f"m{n:02}.py").write_text(text)
    (source / "broken.py").write_text("def")
    (source / "tests" / "test_it.py").write_text('"""hidden words"""')
    monkeypatch.setattr(demo, "folders", lambda: [source])
    return tmp_path


def test_corpus_is_the_same_each_time_and_holds_a_paragraph_once(small: Path):
    first, second = small / "first.txt", small / "second.txt"
    n_words = demo.build_corpus(first, shown=False)
    assert demo.build_corpus(second, shown=False) == n_words
    text = first.read_text()
    assert text == second.read_text()
    assert n_words == len(text.split())
    assert text.splitlines().count("same paragraph") == 1
    assert "hidden" not in text


def test_run_leaves_corpus_and_vectors(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(demo, "SETTINGS", {"vector_size": 8, "min_count": 1, "epochs": 1})
    monkeypatch.setattr(demo, "MIN_COSINE", -1)
    monkeypatch.setattr(demo, "MIN_LEAD", 0)
    demo.run(small / "out")
    shown = capsys.readouterr().out
    model = small / "out" / "vectors.fastsgns"
    assert sorted(p.name for p in (small / "out").iterdir()) == [
        "corpus.txt",
        "vectors.fastsgns",
        "vectors.txt",
    ]
    assert "matrix" in fastsgns.Word2Vec.load(model).wv
    assert f"nn {model} matrix" in shown
    assert "Analogies: 2 of 10 questions have a clear answer" in shown
    assert "sin - sine + cosine" in shown


def test_only_clear_answers_are_shown(capsys: pytest.CaptureFixture[str]):
    words = ["column", "columns", "row", "rows", "sine", "sin", "cosine", "cos", "cosh"]
    axes = [(0, 8), (0, 9), (1, 8), (1, 9), (2, 8), (2, 10), (3, 8), (3, 10), (3, 10)]
    vectors = fastsgns.KeyedVectors(11)
    for word, axis in zip(words, axes):
        vectors[word] = np.eye(11)[list(axis)].sum(axis=0)
    assert demo.clear_answer(vectors, "column", "columns", "row") == "rows"
    assert demo.clear_answer(vectors, "sine", "sin", "cosine") is None  # cos and cosh are as near
    assert demo.clear_answer(vectors, "row", "columns", "cos") is None  # a cosine of .58
    demo.show(vectors)
    shown = capsys.readouterr().out
    assert "Analogies: 1 of 10 questions have a clear answer" in shown
    assert shown.endswith("  columns - column + row  ->  rows\n")


def test_a_question_needs_two_answers_to_be_clear():
    vectors = fastsgns.KeyedVectors(3)
    for word in ("sine", "sin", "cosine", "cos"):
        vectors[word] = np.ones(3)
    assert demo.clear_answer(vectors, "sine", "sin", "cosine") is None


@pytest.mark.slow
def test_queries_make_sense(tmp_path: Path):
    demo.build_corpus(tmp_path / "corpus.txt", shown=False)
    vectors = demo.train(tmp_path / "corpus.txt", shown=False).wv

    def nearest(n: int, **query: list[str]) -> set[str]:
        return {word for word, _ in vectors.most_similar(**query, topn=n)}

    assert nearest(20, positive=["matrix"]) >= {"matrices", "diagonal", "sparse"}
    assert nearest(10, positive=["eigenvalues"]) >= {"eigenvectors", "eigh"}
    assert "rows" in nearest(1, positive=["columns", "row"], negative=["column"])
    answers = [demo.clear_answer(vectors, *question) for question in demo.ANALOGIES]
    assert len([answer for answer in answers if answer]) >= 5
    assert set(answers) <= {
        *("rows", "directories", "eigenvectors", "cos", "max", "str", "decoder", "upper"),
        *("triu", "idct", None),
    }


# the console


def test_table_aligns():
    assert table([("a", 1.5), ("bcd", 22.25)], indent=1).splitlines() == [
        " a     1.5000",
        " bcd  22.2500",
    ]
    assert table([]) == ""


def test_short_numbers():
    assert [short(n) for n in (0, 999, 1500, 2.5e6, 3e9)] == ["0", "999", "1.5 k", "2.5 M", "3 G"]
