"""Train on text that every machine has: the documentation of its own Python.

``python -m fastsgns.demo [folder]`` reads the docstrings of the standard library, numpy and scipy,
trains skip-gram vectors on them, and prints neighbours and analogies. It downloads nothing.
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
WORD = re.compile(r"[a-z](?:_?[a-z])+")  # at least two letters: x and y carry little meaning
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
ANALOGIES = (  # a, b, c: the question is b - a + c
    ("column", "columns", "row"),
    ("file", "files", "directory"),
    ("eigenvalue", "eigenvalues", "eigenvector"),
    ("sine", "sin", "cosine"),
    ("minimum", "min", "maximum"),
    ("integer", "int", "string"),
    ("encode", "encoder", "decode"),
    ("left", "right", "lower"),
    ("lower", "tril", "upper"),
    ("fft", "ifft", "dct"),
)
N_NEIGHBOURS = 6

# An answer is clear if its cosine is at least `MIN_COSINE`, and at least `MIN_LEAD` above that of
# the next word. The bounds separate right from wrong: of 20 questions in five trainings (Python
# 3.11 to 3.13, five kernels, three seeds) 49 answers were clear, and all of them were right. Of the
# other 51 answers, 13 were wrong.
MIN_COSINE = 0.6
MIN_LEAD = 0.1


def folders() -> list[Path]:
    """Return the folders of the standard library and of `PACKAGES`, without importing them."""
    paths = [Path(sysconfig.get_path("stdlib"))]
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        paths += [Path(path) for path in (spec and spec.submodule_search_locations) or ()]
    return paths


def sources() -> list[Path]:
    """Return all Python files below `folders`, except tests, in a fixed order."""
    return [
        path
        for folder in folders()
        for path in sorted(folder.rglob("*.py"))
        if SKIPPED.isdisjoint(path.relative_to(folder).parts)
    ]


def docstrings(code: bytes) -> Iterator[str]:
    """Yield the docstrings of a Python file, and the strings in calls of numpy's ``add_newdoc``.

    Parameters
    ----------
    code : bytes
        The text of the file. A file that Python cannot parse yields nothing.

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
    r"""Yield each paragraph of a docstring as lower-case words, separated by single spaces.

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
    """Write the documentation of this Python to a file, one line per distinct paragraph.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write.
    shown : bool, optional
        Whether to show a progress bar. By default it is shown on a terminal.

    Returns
    -------
    int
        Number of words written.

    Raises
    ------
    OSError
        If the file cannot be written.
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
    """Train a model on a text file with `SETTINGS`, on all cores."""
    corpus = EncodedCorpus.from_files([path])
    return Word2Vec(corpus, **SETTINGS, workers=n_cores(), progress=shown)


def show(vectors: KeyedVectors) -> None:
    """Print the neighbours of `WORDS`, and those `ANALOGIES` that have a clear answer."""
    rows = [
        (word, "  ".join(name for name, _ in vectors.most_similar(word, topn=N_NEIGHBOURS)))
        for word in WORDS
        if word in vectors
    ]
    print("Nearest words\n")
    print(table(rows, indent=2))
    answers = {question: clear_answer(vectors, *question) for question in ANALOGIES}
    clear = {question: answer for question, answer in answers.items() if answer}
    print(
        f"\nAnalogies: {len(clear)} of {len(answers)} questions have a clear answer (a cosine of "
        f"at least {MIN_COSINE},\nand at least {MIN_LEAD} more than that of the second-best word)\n"
    )
    questions = [(f"{b} - {a} + {c}", f"->  {answer}") for (a, b, c), answer in clear.items()]
    print(table(questions, indent=2))


def clear_answer(vectors: KeyedVectors, a: str, b: str, c: str) -> str | None:
    """Return the word that is to `c` as `b` is to `a`, or None if no answer is clear.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.eye(4, dtype=np.float32)[[0, 0, 1, 1, 2]] + np.eye(4)[[3, 2, 3, 2, 3]]
    >>> vectors = KeyedVectors(4)
    >>> vectors.add_vectors(["column", "columns", "row", "rows", "sine"], rows)
    >>> clear_answer(vectors, "column", "columns", "row")
    'rows'
    """
    if not all(word in vectors for word in (a, b, c)):
        return None
    answers = vectors.most_similar(positive=[b, c], negative=[a], topn=2)
    if len(answers) < 2:
        return None
    (best, cosine), (_, second) = answers
    return best if cosine >= MIN_COSINE and cosine - second >= MIN_LEAD else None


def run(folder: str | os.PathLike[str] = "demo") -> None:
    """Build the corpus in `folder`, train on it, save the vectors, and print what they show.

    Raises
    ------
    OSError
        If the folder or a file in it cannot be written.
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
    """Return how to call ``fastsgns`` from the current folder: a relative path if it is below."""
    command = Path(sys.executable).with_name("fastsgns")
    if not command.exists():
        return f"{sys.executable} -m fastsgns"
    relative = os.path.relpath(command)
    return str(command) if relative.startswith("..") else relative


def main() -> int:
    """Run the demo in the folder that the first argument names, ``demo`` by default."""
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
