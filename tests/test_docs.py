"""The examples of README.md and of the pages in docs run, and show what they print.

All Python blocks of a page run in order, in one namespace. A line of Python shows its result in a
comment, beside it or below it: ``# -> ['queen']``. Numbers are rounded and agree to within 0.01,
because the last digits depend on the kernel variant. Console blocks run too, and what they show
below a command is compared with its output. The files that a page needs are written by `prepare`.

A block that cannot run has a line ``<!-- not run: REASON -->`` above it. `NOT_RUN` counts these
blocks. Their commands are parsed.
"""

import ast
import gzip
import lzma
import pkgutil
import random
import re
import shlex
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from optional import has, need

from fastsgns import DirectedGraph, Word2Vec, cli
from fastsgns.errors import FormatError
from fastsgns.gensim import __main__ as gensim_main

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
BLOCK = re.compile(
    r"(?:^<!-- (not run|needs): (\w[^>]*?) -->\n)?^```(\w*)\n(.*?)^```$", re.S | re.M
)
SHOWN = re.compile(r"# ->\s*(.*)")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
PAGE_NAME = re.compile(r"\b(docs/[\w/-]+\.md)(#[\w-]+)?")
TOLERANCE = 0.01
NOT_RUN = {
    ("README", "installs packages"): 3,
    ("README", "runs programs of yours"): 1,
    ("checkpoints", "a file that cannot be written"): 1,
    ("checkpoints", "a job of a batch system"): 1,
    ("checkpoints", "changes the handlers of this process"): 1,
    ("cores", "needs corpora, and minutes to hours"): 3,
    ("deterministic", "needs a corpus"): 2,
    ("directed", "needs corpora, and minutes to hours"): 6,
    ("directed", "takes minutes to hours"): 1,
    ("distributed", "needs a dataset"): 1,
    ("distributed", "needs corpora, and minutes"): 2,
    ("distributed", "starts a Ray cluster"): 1,
    ("fasttext", "reads a file of 279 MB"): 1,
    ("fasttext", "spaCy is not installed for the tests of this page"): 1,
    ("files", "takes minutes, and gigabytes of memory"): 1,
    ("files", "trains on wiki17m"): 1,
    ("gensim", "reads files of gensim"): 2,
    ("glove", "needs corpora, and minutes to hours"): 1,
    ("graphs", "needs corpora, and minutes to hours"): 2,
    ("merge", "needs corpora, and minutes"): 1,
    ("performance", "needs corpora, and minutes to hours"): 10,
    ("phrases", "takes minutes"): 1,
    ("ppmi", "needs corpora, and minutes to hours"): 1,
    ("programs", "runs programs of yours"): 1,
    ("promises", "takes minutes"): 1,
    ("quality", "needs corpora, and minutes to hours"): 3,
    ("queries", "takes minutes"): 1,
    ("study", "takes minutes to hours"): 1,
    ("subwords", "an hour, most of it for gensim"): 1,
    ("text-vectors", "needs corpora, and minutes"): 2,
    ("training", "trains for minutes on wiki17m"): 1,
    ("why-two-matrices", "needs corpora, and minutes to hours"): 6,
    ("why-two-matrices", "takes minutes to hours"): 1,
}
NEEDS = {
    ("README", "ray"): 1,
    ("distributed", "ray"): 5,
    ("roles", "torch"): 1,
    ("parquet", "pyarrow"): 2,
    ("gensim", "gensim"): 1,
    ("subwords", "gensim"): 1,
    ("queries", "usearch"): 1,
    ("static-embedding", "model2vec"): 1,
    ("static-embedding", "sentence_transformers"): 1,
}  # blocks that run where a package is installed
# Blocks that are neither Python nor commands
TEXTS = {
    "cores": 2,
    "directed": 2,
    "distributed": 1,
    "from-gensim-3": 1,
    "glove": 1,
    "graphs": 1,
    "merge": 2,
}
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
    (folder / "papers.txt").write_text("ann p1\nbob p1\nbob p2\n")
    (folder / "types.txt").write_text("ann author\nbob author\np1 paper\np2 paper\n")
    (folder / "mails.txt").write_text("ann bob 1\nbob cem 2\ndan bob 3\n")
    (folder / "news.txt").write_text(
        "i eat ice cream in new york\nthe new york times\nno ice cream\na new day in may\n"
    )
    ends = np.array([[0, 1, 2, 3], [1, 2, 3, 0]])
    frame = need("pandas").DataFrame({"u": ["ann", "bob"], "v": ["bob", "cem"]})
    nx_graph = need("networkx").DiGraph([("ann", "bob"), ("bob", "cem")])
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


class Block(NamedTuple):
    """A fenced block of a page, with the reason why it is not run, or the package that it needs."""

    language: str
    text: str
    not_run: str = ""
    needs: str = ""

    @property
    def runs(self) -> bool:
        return not self.not_run and (not self.needs or has(self.needs))

    @property
    def commands(self) -> list[tuple[list[str], str]]:
        """The commands of a console block as lists of arguments, each with the output shown."""
        if self.language != "console":
            return []
        parts = re.split(r"^\$ ", self.text.replace("\\\n", " "), flags=re.M)
        assert not parts[0], f"output without a command: {parts[0]}"
        lines = [part.partition("\n") for part in parts[1:]]
        return [(shlex.split(line, comments=True), shown) for line, _, shown in lines]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [
        Block(language, text, why * (mark == "not run"), why * (mark == "needs"))
        for mark, why, language, text in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


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
                shown_value = repr(plain(value))
                assert agrees(expected, shown_value), f"{ast.unparse(statement)} is {value!r}"
        else:
            assert expected is None, f"{ast.unparse(statement)} has no result to show"
            exec(compile(ast.Module([statement], []), page, "exec"), names)
    assert not shown, "results are shown where no statement ends"


def agrees(expected: str, found: str) -> bool:
    """Return whether two texts are equal up to white space and the last digits of numbers."""
    mine, theirs = (NUMBER.findall(text) for text in (expected, found))
    texts = (NUMBER.sub("#", " ".join(text.split())) for text in (expected, found))
    same_numbers = all(abs(float(a) - float(b)) <= TOLERANCE for a, b in zip(mine, theirs))
    return len(set(texts)) == 1 and same_numbers


def plain(value: Any) -> Any:
    """Return a result with numpy's numbers as Python's."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


@pytest.fixture
def own_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have examples start a Ray cluster, and not join another one that runs on this machine."""
    monkeypatch.setenv("RAY_ADDRESS", "local")
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))  # of its nodes
    yield
    if "ray" in sys.modules:
        sys.modules["ray"].shutdown()


@needs_pages
@pytest.mark.usefixtures("own_cluster")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run_and_show_their_results(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    names = prepare(tmp_path)
    for block in blocks(page):
        if block.language == "python" and block.runs:
            run_python(block.text, names, page.name)
        for command, shown in block.commands if block.runs else ():
            assert command[0] == "fastsgns", f"{shlex.join(command)} needs a mark above it"
            capsys.readouterr()
            assert cli.main(command[1:]) == 0, shlex.join(command)
            assert not shown or agrees(shown, capsys.readouterr().out), shlex.join(command)


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_can_be_parsed(page: Path, bench_importable: None):
    from bench import __main__ as bench

    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    for block in blocks(page):
        for line, _ in block.commands:
            if line[0] == "fastsgns":
                cli.build_parser().parse_args(line[1:])
            elif line[:3] == ["python", "-m", "fastsgns.gensim"]:
                gensim_main.parse(line[3:])
            elif "bench" in line[:4]:
                bench.parser().parse_args(line[line.index("bench") + 1 :])
            elif line[0] == "make":
                assert set(line[1:]) <= set(targets)
            else:
                assert line[0] in ("pip", ".venv/bin/python")


@needs_pages
def test_the_blocks_that_do_not_run_are_known():
    every = [(page.stem, block) for page in PAGES for block in blocks(page)]
    assert Counter((page, block.not_run) for page, block in every if block.not_run) == NOT_RUN
    assert Counter((page, block.needs) for page, block in every if block.needs) == NEEDS
    assert Counter(page for page, block in every if block.language == "text") == TEXTS
    assert {block.language for _, block in every} == {"python", "console", "text", "sh", "yaml"}


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_in_fenced_blocks(page: Path):
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") == 2 * len(blocks(page))
    assert not re.findall(r"\n\n    \S.*", BLOCK.sub("", text))


@needs_pages
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_with_python_shows_a_result_in_its_first_block(page: Path):
    code = [block.text for block in blocks(page) if block.language == "python" and block.runs]
    assert not code or shown_results(code[0]) or page.stem == "performance"


@needs_pages
def test_the_error_of_a_line_that_is_not_an_edge_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    page = next(page for page in PAGES if page.stem == "graphs")
    shown = next(block.text for block in blocks(page) if block.language == "text")
    monkeypatch.chdir(tmp_path)
    Path("edges.txt").write_text("ann bob\nbob cem\ncem\n")
    with pytest.raises(FormatError) as error:
        DirectedGraph.of("edges.txt")
    assert agrees(shown, str(error.value))


@needs_pages
@pytest.mark.parametrize("page", [*PAGES, *GUIDES], ids=lambda page: page.stem)
def test_files_links_and_names_in_the_text_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:bench|docs|examples|fastsgns|tests|tools)/[\w./-]*)`", text):
        assert (ROOT / path).exists() or path == "bench/results", path
    for name in re.findall(r"`(fastsgns(?:\.[a-zA-Z]\w*)+)`", text):
        assert name.endswith(".fastsgns") or pkgutil.resolve_name(name), name
    for link, anchor in re.findall(r"\]\(([\w./-]*)(#[\w-]+)?\)", text):
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), anchor


@needs_pages
def test_pages_that_the_code_names_exist():
    sources = [
        path
        for folder in ("fastsgns", "bench", "tools", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".pyi", ".pyx", ".pxd", ".h", ".c"} and path.is_file()
    ]
    named = {
        (str(path.relative_to(ROOT)), *match)
        for path in sources
        for match in PAGE_NAME.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    for source, page, anchor in sorted(named):
        assert (ROOT / page).is_file(), f"{source} names {page}"
        assert not anchor or anchor in anchors(ROOT / page), f"{source} names {page}{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.M)
    return {"#" + re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}


@needs_pages
def test_contributing_names_the_commands_that_exist(bench_importable: None):
    from bench.__main__ import COMMANDS

    text = GUIDES[0].read_text(encoding="utf-8")
    names = {command.__name__.split(".")[-1] for command in COMMANDS} - {"summary"} | {"report"}
    assert {name for name in names if f"`{name}`" not in text} == set()
    targets = re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"`make (\w+)", text)) <= set(targets)


def test_a_result_that_is_wrong_is_seen():
    names: dict[str, Any] = {}
    run_python("x = ['a', 0.5]\nx  # -> ['a', 0.5]\nx\n# -> ['a',\n#     0.505]\n", names, "page")
    for wrong in ("x  # -> ['b', 0.5]", "x  # -> ['a', 0.52]", "x  # -> ['a']", "x = 1  # -> 1"):
        with pytest.raises(AssertionError):
            run_python(wrong, names, "page")


def test_marks_and_output_of_blocks_are_read(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- not run: needs hours -->\n```console\n$ fastsgns info \\\n  x # note\nkind: a\n```\n"
        "<!-- needs: absent -->\n```python\n1\n```\n\n```python\n2\n```\n"
    )
    first, second, third = blocks(page)
    assert first.commands == [(["fastsgns", "info", "x"], "kind: a\n")]
    assert [first.not_run, second.needs] == ["needs hours", "absent"]
    assert [block.runs for block in (first, second, third)] == [False, False, True]
