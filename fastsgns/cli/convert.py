"""``fastsgns convert``: the same vectors in another format."""

import argparse
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import sources
from fastsgns.cli.arguments import add_command, add_vectors, positive
from fastsgns.formats.files import local_path

EXAMPLES = """\
examples:
  fastsgns convert vectors.fastsgns vectors.txt.gz
  fastsgns convert GoogleNews-vectors.bin.gz google.fastsgns --limit 200000
  fastsgns convert glove.6B.50d.txt glove.fastsgns --no-header
  fastsgns convert vectors.fastsgns glove.txt --to glove
  fastsgns convert vectors.fastsgns - | head
  fastsgns convert model.fastsgns contexts.txt --role output
  fastsgns convert vectors.fastsgns - --to binary | gzip > vectors.bin.gz

OUT is written by its suffix: .txt and .vec are word2vec text, .bin is word2vec binary, .fastsgns,
.model and no suffix are the native format, each also with .gz, .bz2 or .xz. IN is read by its
content.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "convert", "write vectors in another format", EXAMPLES, run)
    add_vectors(parser, "in", "vectors or a model")
    parser.add_argument(
        "output", type=local_path, metavar="OUT", help="file; '-' is standard output"
    )
    parser.add_argument(
        "--to",
        dest="to_format",
        choices=("native", "text", "binary", "glove"),
        help="format of OUT; glove is text without a header (default: by suffix; text for standard "
        "output)",
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N words")


def run(arguments: argparse.Namespace) -> int:
    """Load, cut, save."""
    source = getattr(arguments, "in")
    sources.check_distinct(arguments.output, [source])
    sources.check_writable(arguments.output, arguments.to_format)
    loaded: Any = sources.load(
        source,
        arguments.from_format,
        limit=arguments.limit,
        no_header=arguments.no_header,
        errors=arguments.errors,
    )
    if arguments.role:
        loaded = sources.of_role(loaded, arguments.role, source)
    if arguments.limit:
        loaded = first(getattr(loaded, "wv", loaded), arguments.limit)
    sources.save(loaded, arguments.output, arguments.to_format)
    return 0


def first(vectors: KeyedVectors, n: int) -> KeyedVectors:
    """Cut to the first `n` words, the most frequent where words are sorted."""
    if n >= len(vectors):
        return vectors
    counts = vectors.expandos.get("count")
    return KeyedVectors.from_arrays(
        vectors.index_to_key[:n], vectors.vectors[:n], None if counts is None else counts[:n]
    )
