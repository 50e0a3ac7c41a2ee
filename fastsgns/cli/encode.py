"""``fastsgns encode``: vectors of texts."""

import argparse
import contextlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from fastsgns import KeyedVectors
from fastsgns.cli import filetypes, inputs, outputs, streams
from fastsgns.cli.arguments import add_progress, add_vectors, add_workers
from fastsgns.cli.parsers import Commands, UsageError, add_command, not_negative, usage_errors
from fastsgns.cli.streams import STDIO
from fastsgns.formats import files, npy, writing
from fastsgns.formats.files import local_path
from fastsgns.formats.word2vec import number_lines
from fastsgns.rules import POSITIVE
from fastsgns.runtime.console import say
from fastsgns.vectors import encoding
from fastsgns.vectors.norms import unit

TEXT_SUFFIXES = (".txt", ".tsv", "")
EXAMPLES = """\
examples:
  fastsgns encode vectors.fastsgns --text reviews.txt -o reviews.npy
  fastsgns encode model.fastsgns --text reviews.txt.gz -o reviews.npy --weighting zipf --normalize
  fastsgns encode model.fastsgns --text reviews.txt -o sif.npy --weighting sif --remove-components 1
  echo "to be or not to be" | fastsgns encode vectors.fastsgns
  cut -f2 reviews.tsv | fastsgns encode vectors.fastsgns -o reviews.txt

Each line of the input is a text, and gets a row: of a matrix of numpy (.npy, float32), or of text
(.txt, .tsv or no suffix, each also with .gz, .bz2 or .xz), with spaces between numbers. A text is
split at white space, and must be written like the words of the vectors, for example in lower case.
A text without known words gets a row of zeros; a message says how many there are.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "encode", "compute vectors of texts", EXAMPLES, run)
    add_vectors(parser, "model")
    parser.add_argument(
        "--text", type=local_path, default=STDIO, metavar="FILE",
        help="texts, one per line, also .gz, .bz2 or .xz (default: standard input)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=local_path, default=STDIO, metavar="FILE",
        help="output file (default: standard output, as text)",
    )  # fmt: skip
    parser.add_argument(
        "--weighting", choices=encoding.WEIGHTINGS, default="mean",
        help="weights of words: mean, each the same; sif, a / (a + probability); zipf, the mean of "
        "vectors that are whitened by the frequencies of words (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--a", type=float, metavar="A",
        help=f"a of --weighting sif (default: {encoding.SIF_A})",
    )  # fmt: skip
    parser.add_argument(
        "--remove-components", type=not_negative, default=0, metavar="N",
        help="subtract the first N principal components of all texts; 1 with sif is the method of "
        "Arora et al. (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--normalize", action="store_true", help="scale vectors to length 1")
    add_workers(parser)
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Encode and write, block by block."""
    if arguments.model == STDIO == arguments.text:
        raise UsageError("model and --text are both standard input: name one of them")
    if arguments.a is None:
        arguments.a = encoding.SIF_A
    elif arguments.weighting != "sif":
        raise UsageError(f"--a belongs to --weighting sif, and it is {arguments.weighting}")
    with usage_errors():
        POSITIVE("a", arguments.a)
    outputs.check_distinct(arguments.output, [arguments.model, arguments.text])
    save = _writer(arguments.output)
    vectors = inputs.load_vectors(arguments)
    counts = [0, 0]
    with _lines(arguments) as lines:
        save(_counted(_blocks(vectors, lines, arguments), counts), vectors.vector_size)
    n_texts, n_empty = counts
    if n_empty and arguments.progress is not False:
        say(
            f"{n_empty:,} of {n_texts:,} texts have no word that the vectors have: their rows are "
            "zeros"
        )
    return 0


@contextlib.contextmanager
def _lines(arguments: argparse.Namespace) -> Iterator[Iterator[str]]:
    """Open the texts."""
    name = "standard input" if arguments.text == STDIO else arguments.text
    opened = streams.opened if streams.is_stream(arguments.text) else files.open_binary
    with files.naming(name), opened(arguments.text) as file:
        yield _decoded(file, name, arguments.errors)


def _decoded(lines: Iterable[bytes], name: str, errors: str) -> Iterator[str]:
    """Yield lines as str, the first one without a byte order mark."""
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8", errors)
        except UnicodeDecodeError:
            raise ValueError(
                f"{name}, line {number} is not UTF-8: {line[:60]!r}; {filetypes.NOT_UTF8}"
            ) from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def _blocks(
    vectors: KeyedVectors, lines: Iterator[str], arguments: argparse.Namespace
) -> Iterator[encoding.EncodedBlock]:
    """Yield the vectors of texts, block by block unless components of all texts are needed."""
    options = {name: getattr(arguments, name) for name in ("a", "workers", "progress")}
    if arguments.remove_components:
        options |= {name: getattr(arguments, name) for name in ("remove_components", "normalize")}
        yield encoding.EncodedBlock(
            *vectors.encode(lines, arguments.weighting, return_known=True, **options)
        )
        return
    for block in encoding.encode_blocks(vectors, lines, arguments.weighting, **options):
        yield block._replace(vectors=unit(block.vectors)) if arguments.normalize else block


def _counted(blocks: Iterator[encoding.EncodedBlock], counts: list[int]) -> Iterator[np.ndarray]:
    """Yield the vectors of blocks; count their texts, and those without known words."""
    for block in blocks:
        counts[0] += len(block.n_known)
        counts[1] += int((block.n_known == 0).sum())
        yield block.vectors


def _writer(path: str) -> Callable[[Iterator[np.ndarray], int], None]:
    """Return what writes blocks of rows to a file, by its suffix; check that it can be written."""
    if path != STDIO:
        writing.check_writable(path)
    if path.lower().endswith(".npy"):
        return lambda blocks, d: npy.write_blocks(path, blocks, d)
    filetypes.check_suffix(path, TEXT_SUFFIXES, "text, a line per vector; .npy is numpy's")

    def write(blocks: Iterator[np.ndarray], _: int) -> None:
        with streams.output(path) as file:
            for block in blocks:
                file.write(b"".join(line[1:] for line in number_lines(block)))

    return write
