"""Files of lines beside vectors: test sets, word lists, counts of words, and the command line."""

import contextlib
import functools
import io
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ConstantInputWarning

from fastsgns import KeyedVectors, cli
from fastsgns.scripts import word2vec_standalone
from fastsgns.study import judgements

from . import mutators
from .arrays import exported, npz, safetensors
from .graphs import edges, nodes
from .mutators import text
from .native import files
from .reading import Finding, Reader
from .rows import any_format
from .texts import samples


@functools.cache
def kv() -> KeyedVectors:
    """Return vectors of words that differ in case, are not ASCII, or look like numbers."""
    words = ["a", "A", "b", "c", "d", "\u0130", "\u00df", "SS", "1", "nan", "x y", "zero"]
    rows = np.random.default_rng(1).normal(size=(len(words), 3)).astype(np.float32)
    rows[-1] = 0
    return KeyedVectors.from_dict(dict(zip(words, rows)))


def word_pairs() -> Iterable[bytes]:
    return [
        b"# pairs\na\tb\t1.5\nc\td\t2\nA\t\xc4\xb0\t0\n\nx\ty\t3\n",
        b"a\tb\nc\td\tnan\nb\tc\t1e400\nd\ta\t0x1\n",
        b"a b 1\nb c 2\nc d 3\n",
    ]


def analogies() -> Iterable[bytes]:
    return [
        b": first\na b c d\nA b c d\nb c d a\n: second\n\n: third\n1 nan a b\nx y z w\n",
        b"a b c d\n",
        b": x\na b c\n",
    ]


def pairs(**options: Any) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        warnings.simplefilter("ignore", ConstantInputWarning)  # of scores that are all equal
        return kv().evaluate_word_pairs(path, **options)

    return read


def answered(path: Path) -> Any:
    return kv().evaluate_word_analogies(path)


def answered_by_products(path: Path) -> Any:
    return kv().evaluate_word_analogies(
        path, dummy4unknown=True, similarity_function="most_similar_cosmul", restrict_vocab=6
    )


def check_analogies(scores: Any, path: Path) -> None:
    if not 0 <= scores.score <= 1 or scores.sections[-1]["section"] != "Total accuracy":
        raise Finding(f"the score is {scores.score}")


def counts(path: Path) -> dict[str, int]:
    return word2vec_standalone._read_counts(str(path))


def write_judgements(path: Path, data: bytes) -> None:
    path.mkdir(exist_ok=True)
    (path / next(iter(judgements.SETS.values()))).write_bytes(data)


def encoded_texts(path: Path) -> np.ndarray:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return kv().encode(list(file))


def check_encoded(rows: np.ndarray, path: Path) -> None:
    if rows.ndim != 2 or rows.shape[1] != 3 or not np.isfinite(rows).all():
        raise Finding(f"rows are of shape {rows.shape} and {rows.dtype}")


# The command line

VECTORS, LINES, GRAPH, TEXT = range(4)
COMMANDS = [
    (VECTORS, ["info", "PATH", "--json"]),
    (VECTORS, ["info", "PATH"]),
    (VECTORS, ["nn", "PATH", "a", "-n", "2"]),
    (VECTORS, ["nn", "PATH", "a", "--errors", "replace", "--no-header"]),
    (VECTORS, ["analogy", "PATH", "a", "b", "c"]),
    (VECTORS, ["convert", "PATH", "OUT.txt"]),
    (VECTORS, ["convert", "PATH", "OUT.npz", "--limit", "2", "--dtype", "float16"]),
    (VECTORS, ["convert", "PATH", "OUT.fastsgns", "--errors", "ignore"]),
    (VECTORS, ["encode", "PATH", "--text", "PATH", "-o", "OUT.npy"]),
    (VECTORS, ["nodes", "recommend", "PATH", "n1"]),
    (LINES, ["eval", "KNOWN", "PATH"]),
    (LINES, ["eval", "KNOWN", "PATH", "--json", "--mul"]),
    (LINES, ["nodes", "classify", "NODES", "PATH", "--seeds", "1", "--shares", "0.5"]),
    (LINES, ["nn", "KNOWN", "STDIN"]),
    (LINES, ["encode", "KNOWN", "--text", "PATH", "-o", "OUT.npy"]),
    (TEXT, ["vocab", "PATH"]),
    (TEXT, ["vocab", "PATH", "--errors", "replace", "--min-count", "1", "-o", "OUT.txt"]),
    (TEXT, ["phrases", "PATH", "--min-count", "1", "--threshold", "1", "--text", "OUT.txt"]),
    (TEXT, ["train", "PATH", "-o", "OUT.fastsgns", "--dim", "2", "--min-count", "1",
            "--epochs", "1", "--workers", "1", "-q"]),
    (GRAPH, ["nodes", "train", "PATH", "-o", "OUT.fastsgns", "--dim", "2", "--workers", "1", "-q"]),
    (GRAPH, ["nodes", "train", "PATH", "-o", "OUT.fastsgns", "--model", "HOPE", "-q"]),
]  # fmt: skip


def commands(*kinds: int) -> Callable[[Path], str]:
    """Return a function that runs a command line that the first byte of a file chooses."""
    chosen = [words for kind, words in COMMANDS if kind in kinds]

    def run(path: Path) -> str:
        data = path.read_bytes()
        words = chosen[data[0] % len(chosen)] if data else chosen[0]
        path.write_bytes(data[1:])
        return command(words, path)

    return run


def command(words: list[str], path: Path) -> str:
    """Run a command line, and return what it wrote to standard error."""
    known = {"PATH": path, "KNOWN": known_vectors(path.parent), "NODES": known_nodes(path.parent)}
    argv = [
        str(known.get(word, path.with_name(word) if word.startswith("OUT") else word))
        for word in words
        if word != "STDIN"
    ]
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    before = sys.stdin
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        sys.stdin = file
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code: Any = cli.main(argv)
        except SystemExit as stop:
            code = stop.code
        finally:
            sys.stdin = before
    out.flush()
    err.flush()
    said = err.buffer.getvalue().decode()
    out.buffer.getvalue().decode()
    if code not in (0, 1, 2):
        raise Finding(f"exit code {code}: {said:.300}")
    if code and not said.strip():
        raise Finding(f"exit code {code} without a message")
    if any(not line.isprintable() for line in said.replace("\t", " ").split("\n")):
        raise Finding(f"standard error can't be printed: {said!r:.300}")
    if any(mark in said for mark in UNEXPECTED):
        raise Finding(f"standard error is {said!r:.500}")
    return said


UNEXPECTED = ("Traceback", "RuntimeWarning", "KeyError", "IndexError", "object has no attribute",
              "unsupported operand", "out of bounds", "index out of range", "list index",
              "Error(", "not subscriptable", "broadcast")  # fmt: skip


def known_vectors(folder: Path) -> Path:
    path = folder / "known.fastsgns"
    if not path.exists():
        kv().save(path)
    return path


def known_nodes(folder: Path) -> Path:
    path = folder / "nodes.fastsgns"
    if not path.exists():
        path.write_bytes(files("NodeEmbedding")[0])
    return path


def each(seeds: Iterable[bytes], n: int) -> list[bytes]:
    """Return inputs that are read by the commands in turn, each command at least once."""
    listed = list(seeds)
    return [
        bytes([number % n]) + listed[number % len(listed)] for number in range(max(n, len(listed)))
    ]


def of_commands(*kinds: int, seeds: Callable[[], Iterable[bytes]], mutate: Any) -> Reader:
    n = sum(kind in kinds for kind, _ in COMMANDS)

    def change(data: bytes, rng: Any, inner: Any) -> bytes:
        head = bytes([rng.randrange(n)]) if rng.random() < 0.2 else data[:1]
        return head + mutate(data[1:], rng, inner)

    suffix = ".txt" if TEXT in kinds or GRAPH in kinds else ""
    return Reader(commands(*kinds), lambda: each(seeds(), n), suffix, mutate=change)


def any_vectors() -> Iterable[bytes]:
    return [*any_format(), *safetensors(), *npz(), *exported("parquet")[:1],
            *files("KeyedVectors", "Word2Vec", "NodeEmbedding")]  # fmt: skip


def any_lines() -> Iterable[bytes]:
    return [*word_pairs(), *analogies(), *nodes(b" ")()]


ANY = mutators.any_of([text, mutators.tensors, mutators.archive, mutators.as_bytes])

READERS = {
    "pairs": Reader(pairs(), word_pairs, ".tsv", mutate=text),
    "pairs-dummies": Reader(
        pairs(dummy4unknown=True, case_insensitive=False, restrict_vocab=5, delimiter=" "),
        word_pairs, ".txt", mutate=text,
    ),
    "analogies": Reader(answered, analogies, ".txt", mutate=text, check=check_analogies),
    "analogies-mul": Reader(answered_by_products, analogies, ".txt", mutate=text,
                            check=check_analogies),
    "counts": Reader(counts, lambda: [b"a 3\nb 2\n"], ".txt", mutate=text),
    "judgements": Reader(judgements.load, word_pairs, "", write_judgements, text),
    "encode": Reader(encoded_texts, samples, ".txt", mutate=text, check=check_encoded),
    "cli-vectors": of_commands(VECTORS, seeds=any_vectors, mutate=ANY),
    "cli-lines": of_commands(LINES, seeds=any_lines, mutate=text),
    "cli-text": of_commands(TEXT, seeds=samples, mutate=text),
    "cli-graph": of_commands(GRAPH, seeds=edges, mutate=text),
}  # fmt: skip
