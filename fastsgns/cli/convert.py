"""``fastsgns convert``: write vectors in another format."""

import argparse

from fastsgns import KeyedVectors
from fastsgns.cli import filetypes, inputs, outputs
from fastsgns.cli.arguments import FORMATS, add_vectors
from fastsgns.cli.parsers import Commands, UsageError, add_command, positive
from fastsgns.formats.files import local_path
from fastsgns.formats.tables import DTYPES
from fastsgns.vectors.exchange import FORMATS as EXCHANGED

EXAMPLES = f"""\
examples:
  fastsgns convert vectors.fastsgns vectors.txt.gz
  fastsgns convert GoogleNews-vectors.bin.gz google.fastsgns --limit 200000
  fastsgns convert glove.6B.50d.txt glove.fastsgns --no-header
  fastsgns convert vectors.fastsgns glove.txt --to glove
  fastsgns convert model.fastsgns vectors.npz
  fastsgns convert vectors.parquet vectors.safetensors --dtype int8
  fastsgns convert vectors.fastsgns folder --to static-embedding
  fastsgns convert vectors.fastsgns - | head
  fastsgns convert model.fastsgns contexts.txt --role output
  fastsgns convert vectors.fastsgns - --to binary | gzip > vectors.bin.gz

{FORMATS}\
The format of IN is detected from its content.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "convert", "write vectors in another format", EXAMPLES, run)
    add_vectors(parser, "in")
    parser.add_argument(
        "output", type=local_path, metavar="OUT", help="output file; '-' is standard output"
    )
    parser.add_argument(
        "--to", dest="to_format", choices=tuple(EXCHANGED),
        help="format of OUT; glove is text without a header, tsv two files for the TensorBoard "
        "projector, static-embedding a folder (default: that of the suffix; text for standard "
        "output)",
    )  # fmt: skip
    parser.add_argument(
        "--dtype", choices=DTYPES,
        help="type of the numbers in OUT: of safetensors, npz, parquet, arrow and static-embedding "
        "(default: that of the vectors)",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N words")


def run(arguments: argparse.Namespace) -> int:
    """Load, truncate and save."""
    source = getattr(arguments, "in")
    outputs.check_distinct(arguments.output, [source])
    outputs.check_writable(arguments.output, arguments.to_format)
    check_dtype(arguments)
    loaded = inputs.load(source, arguments, arguments.limit)
    if arguments.role:
        loaded = inputs.of_role(loaded, arguments.role, source)
    if arguments.limit:
        loaded = first(getattr(loaded, "wv", loaded), arguments.limit)
    if not arguments.role:
        outputs.say_what_is_left_out(loaded, arguments.output, arguments.to_format)
    outputs.say_without_ngrams(loaded, arguments.output, arguments.to_format)
    outputs.save(
        loaded, arguments.output, arguments.to_format, bool(arguments.role), arguments.dtype
    )
    return 0


def check_dtype(arguments: argparse.Namespace) -> None:
    """Raise a UsageError if the output has a type of numbers of its own."""
    format = filetypes.output_format(arguments.output, arguments.to_format)
    if arguments.dtype and not EXCHANGED[format].has_dtypes:
        able = ", ".join(kind for kind, form in EXCHANGED.items() if form.has_dtypes)
        raise UsageError(f"--dtype is for {able}, and the output is {format}")


def first(vectors: KeyedVectors, n: int) -> KeyedVectors:
    """Return the vectors of the first `n` words, which are usually the most frequent."""
    if n >= len(vectors):
        return vectors
    counts = vectors.expandos.get("count")
    output = vectors.output.vectors[:n] if hasattr(vectors, "output") else None
    return KeyedVectors.from_arrays(
        vectors.index_to_key[:n], vectors.vectors[:n], None if counts is None else counts[:n],
        output=output,
    )  # fmt: skip
