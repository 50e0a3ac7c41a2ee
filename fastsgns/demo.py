"""The main job on text that every machine has: the documentation of its own Python.

``python -m fastsgns.demo [folder]`` reads the docstrings of the standard library, numpy and scipy,
trains skip-gram vectors on them and asks a few questions. It downloads nothing.
"""

import ast
import importlib.util
import os
import re
import sys
import sysconfig
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.formats.files import local_path
from fastsgns.models.word2vec import Word2Vec
from fastsgns.runtime.console import INTERRUPTED, say, table
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import reading_bar
from fastsgns.vectors.keyedvectors import KeyedVectors

T = TypeVar("T")

PACKAGES = ("numpy", "scipy")
SKIPPED = {
    *("__pycache__", "site-packages", "dist-packages"),
    *("test", "tests", "idle_test", "lib2to3", "_vendor", "ensurepip"),
}
WORD = re.compile(r"[a-z](?:_?[a-z])+")  # of two letters or more: x and y say little
BLANK_LINE = re.compile(r"\n\s*\n")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

SETTINGS: dict[str, Any] = {
    "sg": 1,
    "vector_size": 100,
    "window": 10,
    "min_count": 10,
    "epochs": 15,
    "alpha": 0.05,
}
WORDS = ("matrix", "eigenvalues", "polynomial", "random", "thread", "file", "socket", "integer")
ANALOGIES = (("column", "columns", "row"), ("sine", "sin", "cosine"))
N_NEIGHBOURS = 6


def folders() -> list[Path]:
    """Find the folders of the standard library and of `PACKAGES`, importing none of them."""
    found = [Path(sysconfig.get_path("stdlib"))]
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        found += [Path(path) for path in (spec and spec.submodule_search_locations) or ()]
    return found


def sources() -> list[Path]:
    """List all Python files below `folders` but tests, in a fixed order."""
    return [
        path
        for folder in folders()
        for path in sorted(folder.rglob("*.py"))
        if SKIPPED.isdisjoint(path.relative_to(folder).parts)
    ]


def docstrings(code: bytes) -> Iterator[str]:
    """Yield the documentation in a file of Python: docstrings, and what ``add_newdoc`` is given.

    Parameters
    ----------
    code : bytes
        The text of the file. What Python can't parse has no documentation.

    Yields
    ------
    str
        One docstring.

    Examples
    --------
    >>> list(docstrings(b'"A module."'))
    ['A module.']
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call) and "add_newdoc" in ast.unparse(node.func):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def paragraphs(docstring: str) -> Iterator[str]:
    r"""Yield the paragraphs of a docstring as lower-case words with single spaces between.

    Examples
    --------
    >>> list(paragraphs("Compute `np.sin`.\n\n>>> x_max = 2  # rows\n"))
    ['compute np sin', 'x_max rows']
    """
    for paragraph in BLANK_LINE.split(docstring.lower()):
        words = WORD.findall(paragraph)
        if len(words) > 1:
            yield " ".join(words)


def build_corpus(path: str | os.PathLike[str], shown: bool | None = None) -> int:
    """Write the documentation of this Python to a file, a paragraph a line, each only once.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write.
    shown : bool, optional
        Whether to show progress; by default on a terminal.

    Returns
    -------
    int
        How many words were written.

    Raises
    ------
    OSError
        If the file can't be written.
    """
    lines: dict[str, None] = {}
    files = sources()
    with reading_bar(shown, "files", "reading the documentation") as progress:
        for n_read, source in enumerate(files):
            progress(n_read, len(files))
            for docstring in docstrings(_read(source)):
                lines.update(dict.fromkeys(paragraphs(docstring)))
    Path(path).write_text("".join(line + "\n" for line in lines), encoding="ascii")
    return sum(line.count(" ") + 1 for line in lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def train(path: str | os.PathLike[str], shown: bool | None = None) -> Word2Vec:
    """Train on a file with the demo's settings, on all cores."""
    corpus = EncodedCorpus.from_files([path])
    return Word2Vec(corpus, **SETTINGS, workers=n_cores(), progress=shown)


def show(vectors: KeyedVectors) -> None:
    """Print neighbours of a few words and a few analogies; those that are known."""
    rows = [
        (word, "  ".join(_names(vectors.most_similar(word, topn=N_NEIGHBOURS))))
        for word in WORDS
        if word in vectors
    ]
    print("Nearest words\n")
    print(table(rows, indent=2))
    print("\nAnalogies\n")
    for a, b, c in ANALOGIES:
        if all(word in vectors for word in (a, b, c)):
            answers = _names(vectors.most_similar(positive=[b, c], negative=[a], topn=3))
            print(f"  {b} - {a} + {c}".ljust(26) + "->  " + "  ".join(answers))


def _names(answers: list[tuple[str, float]]) -> list[str]:
    return [name for name, _ in answers]


def run(folder: str | os.PathLike[str] = "demo") -> None:
    """Build the corpus in `folder`, train, ask, and say what to type next.

    Raises
    ------
    OSError
        If the folder or a file in it can't be written.
    """
    target = Path(local_path(folder))
    target.mkdir(parents=True, exist_ok=True)
    corpus, model_file, text_file = (
        target / name for name in ("corpus.txt", "vectors.fastsgns", "vectors.txt")
    )
    print("The documentation of this Python, its standard library, numpy and scipy:", flush=True)
    n_words, seconds = _timed(build_corpus, corpus)
    print(f"  read     {n_words:,} words in {seconds:.1f} s", flush=True)
    model, seconds = _timed(train, corpus)
    print(f"  trained  {len(model.wv):,} vectors in {seconds:.1f} s\n", flush=True)
    show(model.wv)
    model.save(model_file)
    model.wv.save_word2vec_format(text_file)
    print(f"\nOn disk: {corpus}, {model_file} (the model), {text_file} (word2vec's text)")
    print(f"Next:    {_command()} nn {model_file} matrix")
    print(f"         {_command()} analogy {model_file} sine sin cosine")
    print(f"         {_command()} --help")


def _timed(job: Callable[..., T], *arguments: object) -> tuple[T, float]:
    start = time.perf_counter()
    result = job(*arguments)
    return result, time.perf_counter() - start


def _command() -> str:
    """How to call the command line from here: a path relative to this folder if it is below."""
    command = Path(sys.executable).with_name("fastsgns")
    if not command.exists():
        return f"{sys.executable} -m fastsgns"
    relative = os.path.relpath(command)
    return str(command) if relative.startswith("..") else relative


def main() -> int:
    """Run the demo in the folder named by the first argument, ``demo`` by default."""
    try:
        run(*sys.argv[1:2])
    except OSError as error:
        say(f"fastsgns.demo: {error}")
        return 1
    except KeyboardInterrupt:
        say("fastsgns.demo: stopped")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
