"""``fastsgns convert``: the same vectors in another format."""

import argparse
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import sources
from fastsgns.cli.arguments import add_command, positive

EXAMPLES = """\
examples:
  fastsgns convert vectors.fastsgns vectors.txt.gz
  fastsgns convert GoogleNews-vectors.bin.gz google.fastsgns --limit 200000
  fastsgns convert glove.6B.50d.txt glove.fastsgns --no-header
  fastsgns convert vectors.fastsgns - | head

Formats by suffix: .txt and .vec (word2vec text), .bin (word2vec binary), each also with .gz, .bz2
or .xz; anything else is the native format.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "convert", "write vectors in another format", EXAMPLES, run)
    parser.add_argument(
        "input", metavar="IN", help="vectors or a model; '-' is standard input, as text"
    )
    parser.add_argument("output", metavar="OUT", help="file; '-' is standard output, as text")
    formats = ("native", "text", "binary")
    parser.add_argument(
        "--from",
        dest="from_format",
        choices=formats,
        help="format of IN (default: by content and suffix)",
    )
    parser.add_argument(
        "--to", dest="to_format", choices=formats, help="format of OUT (default: by suffix)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N words")
    parser.add_argument(
        "--no-header",
        action="store_true",
        help="a text has no first line with its sizes, as GloVe's",
    )


def run(arguments: argparse.Namespace) -> int:
    """Load, cut, save."""
    sources.check_writable(arguments.output)
    target = arguments.to_format or sources.suffix_format(arguments.output)
    source = arguments.from_format or sources.detect(arguments.input)
    loaded: Any = sources.load(
        arguments.input,
        format=source,
        limit=arguments.limit,
        no_header=arguments.no_header and source == "text",
    )
    if arguments.limit:
        loaded = first(getattr(loaded, "wv", loaded), arguments.limit)
    sources.save(loaded, arguments.output, target, header=not arguments.no_header)
    return 0


def first(vectors: KeyedVectors, n: int) -> KeyedVectors:
    """Cut to the first `n` words, the most frequent where words are sorted."""
    if n >= len(vectors):
        return vectors
    counts = vectors.expandos.get("count")
    return KeyedVectors.from_arrays(
        vectors.index_to_key[:n], vectors.vectors[:n], None if counts is None else counts[:n]
    )
