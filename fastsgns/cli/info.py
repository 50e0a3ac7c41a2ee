"""``fastsgns info``: describe this installation, or a file."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastsgns import KeyedVectors, kernels
from fastsgns._version import __version__
from fastsgns.cli import filetypes, inputs, streams
from fastsgns.cli.arguments import add_json
from fastsgns.cli.parsers import Commands, add_command
from fastsgns.formats import shards, sniffing, static_embedding, tsv
from fastsgns.formats.files import local_path
from fastsgns.runtime import environment
from fastsgns.runtime.console import say, short, table
from fastsgns.runtime.machine import n_cores
from fastsgns.vectors.exchange import form_of
from fastsgns.vectors.subword_rows import SubwordRows

EXAMPLES = """\
examples:
  fastsgns info
  fastsgns info vectors.fastsgns
  fastsgns info corpus.fastsgns --json
  zcat vectors.txt.gz | fastsgns info -

Without FILE it also shows the environment variables that fastsgns reads, "-" if not set, and those
that begin with FASTSGNS_ and are not known. FASTSGNS_KERNEL forces a kernel variant.
"""
WRONG_ENVIRONMENT = 2
CHECKS: dict[environment.Variable, Callable[[], object]] = {
    environment.KERNEL: kernels.variant,
    environment.HOT_ROWS: environment.hot_rows,
    environment.GENSIM: environment.gensim_settings,
}
HIDDEN = ("format", "kind")
OTHERS = "'fastsgns convert' has options for vectors in other formats"
ADVICE = filetypes.ADVICE | dict.fromkeys(
    (sniffing.NO_HEADER, sniffing.BINARY, sniffing.TEXT, sniffing.NOT_NATIVE), OTHERS
)


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "info", "describe this installation, or a file", EXAMPLES, run)
    parser.add_argument(
        "file", nargs="?", type=local_path, metavar="FILE",
        help="model, vectors or corpus; '-' is standard input",
    )  # fmt: skip
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the facts, one per line or as JSON."""
    facts = describe(arguments.file) if arguments.file else installation()
    wrong = [] if arguments.file else _show_faults(facts)
    if arguments.json:
        print(json.dumps(facts, indent=2))
    else:
        print(table(list(_lines(facts).items())))
    for message in wrong:
        say(f"fastsgns: {message}")
    return WRONG_ENVIRONMENT if wrong else 0


def _show_faults(facts: dict[str, Any]) -> list[str]:
    """Return what is wrong with the environment, and say beside each wrong value that it is."""
    messages = []
    for variable, check in CHECKS.items():
        try:
            check()
        except ValueError as error:
            messages.append(str(error))
            facts[variable.name] = f"{facts[variable.name]} (not allowed)"
    return messages


def _kernel() -> str | None:
    """Return the kernel variant; None if FASTSGNS_KERNEL is wrong."""
    try:
        return kernels.variant()
    except ValueError:
        return None


def installation() -> dict[str, Any]:
    """Return the versions, the number of cores, the kernel variants, and the environment."""
    return {
        "fastsgns": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(terse=True),
        "cores": n_cores(),
        "kernel": _kernel(),
        "kernels available": list(kernels.available()),
        **environment.present(),
        "unknown variables": environment.unknown(),
    }


def describe(path: str) -> dict[str, Any]:
    """Return the kind of a file, its sizes and its metadata.

    Raises
    ------
    FormatError
        If a file in one of word2vec's formats does not start with its two sizes.
    """
    facts: dict[str, Any] = {"file": path}
    with filetypes.in_words_of_options(ADVICE):
        if filetypes.is_pair(path):
            facts["bytes on disk"] = sum(map(os.path.getsize, tsv.paths_of(path)))
            return facts | _describe(path, "tsv")
        if static_embedding.is_folder(path):
            facts["bytes on disk"] = static_embedding.size(path)
            return facts | _describe(path, "static-embedding")
        if streams.is_stream(path):
            with streams.opened(path) as file:
                return facts | _describe(file, form_of(file.peek(filetypes.HEAD_BYTES)) or "text")
        size = shards.size if shards.is_saved(path) else os.path.getsize
        facts["bytes on disk"] = size(path)
        format = "native" if filetypes.kind(path) else filetypes.detect(path)
        return facts | _describe(path, format)


def _describe(source: Any, format: str) -> dict[str, Any]:
    if format == "native":
        return _describe_native(source)
    if format in inputs.WORD2VEC:
        vectors = KeyedVectors.load_word2vec_format(
            source, binary=format == "binary", unicode_errors="replace"
        )
        return {
            "kind": f"vectors (word2vec {format})",
            "words": len(vectors),
            "dimensions": vectors.vector_size,
            "bytes in memory": vectors.vectors.nbytes,
        }
    vectors = KeyedVectors.from_file(source, format)
    arrays = {"vectors": vectors.array}
    if hasattr(vectors, "output"):
        arrays["output"] = vectors.output.array
    if isinstance(vectors.subwords, SubwordRows):
        arrays["rows"] = vectors.subwords.array  # of words and n-grams, as in native files
    return {
        "kind": f"vectors ({format})",
        "words": len(vectors),
        "dimensions": vectors.vector_size,
    } | _sizes(arrays | dict(vectors.expandos))


def _describe_native(source: Any) -> dict[str, Any]:
    kind, tensors, metadata = shards.read(source, mmap=True)
    facts: dict[str, Any] = {"kind": kind}
    if "word_ends" in tensors:
        facts["words"] = len(tensors["word_ends"])
    facts |= _sizes(tensors)
    return facts | {name: value for name, value in metadata.items() if name not in HIDDEN}


def _sizes(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the shape and type of each array, and the bytes of all."""
    shapes = {
        name: f"{' x '.join(map(str, array.shape))} {array.dtype}" for name, array in arrays.items()
    }
    return {"arrays": shapes, "bytes in memory": sum(array.nbytes for array in arrays.values())}


def _lines(facts: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested facts and convert their values to text."""
    lines: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, dict):
            lines |= _lines(value, f"{prefix}{name}.")
        else:
            lines[prefix + name] = _text(name, value)
    return lines


def _text(name: str, value: Any) -> str:
    if name.startswith("bytes"):
        return f"{value:,} ({short(value)}B)"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else str(value)
