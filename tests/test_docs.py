"""The examples of README.md and of the pages in docs run, and show what they print.

A line of Python shows its result in a comment, beside it or below it: ``# -> ['queen']``. Numbers
in it are rounded, and agree to within 0.01, for kernels differ in their last digits. Commands of
``fastsgns`` run too, and those of ``python -m bench`` are parsed. What a page takes from elsewhere,
such as a corpus of the reader, is prepared here.
"""

import ast
import gzip
import importlib.util
import lzma
import random
import re
import shlex
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastsgns import Word2Vec, cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$|^    (\S.*)\n", re.S | re.M)
SHOWN = re.compile(r"# ->\s*(.*)")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
TOLERANCE = 0.01
HAS_TORCH = importlib.util.find_spec("torch") is not None
TOO_LONG = (["study"], ["demo"], ["nodes", "eval"])  # commands that are parsed and not run
TOPICS = (
    "king queen prince princess crown throne palace court",
    "man woman boy girl child house garden street",
    "matrix rows columns vector determinant inverse product sum",
    "river lake stream bank water fish boat bridge",
    "yale harvard princeton university college school student professor",
)
needs_pages = pytest.mark.skipif(not PAGES[0].exists(), reason="the pages are not beside the tests")


def prepare(folder: Path) -> dict[str, Any]:
    """Write the files that pages read, and return the names that they take for given."""
    write_texts(folder)
    names = [f"n{number}" for number in range(150)]  # more than there are dimensions
    groups = [["alice", *names[:75]], ["ann", *names[75:]]]
    pick = random.Random(1)
    edges = [f"{u} {v}" for group in groups for u in group for v in pick.sample(group, 5) if u != v]
    (folder / "edges.txt").write_text("\n".join(edges) + "\n")
    (folder / "edges.txt.gz").write_bytes(gzip.compress((folder / "edges.txt").read_bytes()))
    labels = [f"{name} {label}\n" for label, group in enumerate(groups) for name in group]
    (folder / "labels.txt").write_text("".join(labels))
    (folder / "clicks.tsv.gz").write_bytes(gzip.compress(b"ann\ttea\nbob\tale\nann\tcake\n"))
    ends = np.array([[0, 1, 2], [1, 2, 0]])
    frame = pytest.importorskip("pandas").DataFrame({"u": ["ann", "bob"], "v": ["bob", "cem"]})
    nx_graph = pytest.importorskip("networkx").DiGraph([("ann", "bob"), ("bob", "cem")])
    given = {"__name__": "docs", "frame": frame, "nx_graph": nx_graph}
    return given | {"edge_index": ends, "sources": ends[0], "targets": ends[1]}


def write_texts(folder: Path) -> None:
    """Write a corpus of a few topics in the forms that pages name, and sets to judge vectors."""
    pick = random.Random(1)
    topics = [topic.split() for topic in TOPICS]
    lines = [" ".join(pick.choices(topics[i % len(topics)], k=8)) for i in range(1000)]
    lines += [f"word{number}" for number in range(100)] * 5  # so that there are 100 dimensions
    text = "".join(f"{line}\n" for line in lines)
    for name in ("a.txt", "corpus.txt"):
        (folder / name).write_text(text)
    (folder / "b.txt.xz").write_bytes(lzma.compress(text.encode()))
    (folder / "corpus.txt.gz").write_bytes(gzip.compress(text.encode()))
    Word2Vec(corpus_file="corpus.txt", vector_size=10, epochs=1).save("model.fastsgns")
    pairs = "".join(f"{a[0]}\t{b[1]}\t{10 * (a is b)}\n" for a in topics for b in topics)
    for name in ("wordsim353.tsv", "wordsim353_rel.tsv"):
        (folder / name).write_text(pairs)
    (folder / "questions-words.txt").write_text(": family\nking queen man woman\n")


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each block, and of each indented line, of a page."""
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        language, text, line = match.groups()
        yield ("console", f"$ {line}\n") if line else (language, text)


def commands(text: str) -> Iterator[list[str]]:
    """Yield the command lines after a prompt, as lists of arguments."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            yield shlex.split(line[2:], comments=True)


def shown_results(code: str) -> dict[int, str]:
    """Map lines to the results that are shown for them: beside them, or in the lines below."""
    shown: dict[int, str] = {}
    above = 0
    for token in tokenize.generate_tokens(StringIO(code).readline):
        if token.type != tokenize.COMMENT:
            continue
        alone = not token.line[: token.start[1]].strip()
        match = SHOWN.fullmatch(token.string)
        if match:
            above = token.start[0] - alone
            assert above not in shown, f"two results for line {above}"
            shown[above] = match[1]
        elif alone and above and token.start[0] == above + 1 + shown[above].count("\n") + 1:
            shown[above] += "\n" + token.string.lstrip("# ")
    return shown


def run_python(code: str, names: dict[str, Any], page: str) -> None:
    """Run a block, and compare each result that it shows."""
    shown = shown_results(code)
    for statement in ast.parse(code).body:
        expected = shown.pop(statement.end_lineno or 0, None)
        if isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), page, "eval"), names)
            if expected is not None:
                assert agrees(expected, value), f"{ast.unparse(statement)} is {value!r}"
        else:
            assert expected is None, f"{ast.unparse(statement)} has no result to show"
            exec(compile(ast.Module([statement], []), page, "exec"), names)
    assert not shown, "results are shown where no statement ends"


def agrees(expected: str, value: Any) -> bool:
    """Whether a result is what is shown, but for the last digits of its numbers."""
    found = repr(plain(value))
    mine, theirs = (NUMBER.findall(text) for text in (expected, found))
    same_text = NUMBER.sub("#", " ".join(expected.split())) == NUMBER.sub("#", found)
    return same_text and all(abs(float(a) - float(b)) <= TOLERANCE for a, b in zip(mine, theirs))


def plain(value: Any) -> Any:
    """Return a result with numpy's numbers as Python's."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run_and_show_their_results(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    names = prepare(tmp_path)
    for language, text in blocks(page):
        if language == "python" and (HAS_TORCH or "import torch" not in text):
            run_python(text, names, page.name)
        for line in commands(text) if language == "console" else ():
            if line[0] == "fastsgns" and not any(line[1 : 1 + len(c)] == c for c in TOO_LONG):
                assert cli.main(line[1:]) == 0, shlex.join(line)


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_can_be_parsed(page: Path, bench_importable: None):
    from bench import __main__ as bench

    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    for language, text in blocks(page):
        for line in commands(text) if language == "console" else ():
            if line[0] == "fastsgns":
                cli.build_parser().parse_args(line[1:])
            elif "bench" in line[:3]:
                bench.parser().parse_args(line[line.index("bench") + 1 :])
            elif line[0] == "make":
                assert set(line[1:]) <= set(targets)


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_with_python_shows_a_result_in_its_first_block(page: Path):
    code = [text for language, text in blocks(page) if language == "python"]
    assert not code or shown_results(code[0])


def test_a_result_that_is_wrong_is_seen():
    names: dict[str, Any] = {}
    run_python("x = ['a', 0.5]\nx  # -> ['a', 0.5]\nx\n# -> ['a',\n#     0.505]\n", names, "page")
    for wrong in ("x  # -> ['b', 0.5]", "x  # -> ['a', 0.52]", "x  # -> ['a']", "x = 1  # -> 1"):
        with pytest.raises(AssertionError):
            run_python(wrong, names, "page")
