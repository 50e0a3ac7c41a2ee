"""Options that the sub-commands share."""

import argparse
from pathlib import Path
from typing import Any

from bench import corpus, process, record
from bench.corpus import Corpus
from bench.record import Record
from bench.sides import SHARINGS, layout_settings, named
from fastsgns.runtime.console import say


def positive(text: str) -> int:
    """Read an integer of at least 1; underscores and exponents (``2e6``) are allowed."""
    try:
        number = float(text) if "e" in text.lower() else int(text)
    except ValueError:
        number = 0
    if number < 1 or number != int(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 1")
    return int(number)


def assignment(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; a value that looks like a number becomes a number."""
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the corpus and of the results."""
    add_text(parser)
    add_output(parser)


def add_text(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the corpus."""
    parser.add_argument(
        "corpus",
        nargs="?",
        metavar="CORPUS",
        help="text, one sentence per line; also .gz, .bz2, .xz. By default a million tokens of "
        "../shared/data/corpora (or of the folder in FASTSGNS_DATA), or if that is missing of "
        "the documentation of this Python",
    )
    parser.add_argument(
        "--tokens", type=positive, metavar="N", help="read only the first N tokens, such as 2e6"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the results and of the table."""
    add_cache(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON file of the results")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Declare the option of the cache folder."""
    parser.add_argument(
        "--cache",
        type=Path,
        default=corpus.cache_folder(),
        metavar="DIR",
        help="where decompressed and cut corpora are kept (%(default)s)",
    )


def add_algorithm(parser: argparse.ArgumentParser) -> None:
    """Declare the options of skip-gram and CBOW."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--sg", dest="sg", action="store_const", const=1, default=1, help="skip-gram (the default)"
    )
    which.add_argument("--cbow", dest="sg", action="store_const", const=0, help="CBOW")


def add_fastsgns(parser: argparse.ArgumentParser) -> None:
    """Declare the option of settings for fastsgns alone."""
    parser.add_argument(
        "--fastsgns",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="further argument of fastsgns.Word2Vec alone, such as alpha=0.075; may be repeated",
    )


def add_sharing(parser: argparse.ArgumentParser, default: list[str] | None = None) -> None:
    """Declare the option of modes of fastsgns, each a side."""
    parser.add_argument(
        "--sharing",
        nargs="+",
        choices=SHARINGS,
        default=default,
        help="values of negative_sharing of fastsgns, each a side of its own "
        f"({' '.join(default) if default else 'its default'})",
    )


def layout(text: str) -> str:
    """Read a name of matrices, such as ``tied+bias:word``."""
    try:
        layout_settings(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def side(text: str) -> str:
    """Read the name of a side, such as ``window`` or ``gensim cbow``."""
    try:
        named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_named_sides(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare the option of sides by their names."""
    parser.add_argument(
        "--sides",
        nargs="+",
        type=side,
        metavar="SIDE",
        help="modes of fastsgns, 'cbow', 'gensim' or 'gensim cbow'; matrices can follow, as in "
        f"'cbow tied+bias:word' ({default})",
    )


def start(arguments: argparse.Namespace, path: Path | None) -> tuple[Corpus, Record]:
    """Prepare the corpus and open the record; `path` is the default file of the record."""
    if not getattr(arguments, "sg", 1) and getattr(arguments, "sharing", None):
        say(f"CBOW shares no negative samples: one side instead of {' '.join(arguments.sharing)}")
        arguments.sharing = arguments.sharing[:1]
    text = corpus.prepare(arguments.corpus, arguments.tokens, arguments.cache)
    return text, new_record(arguments, text.facts(), path)


def new_record(
    arguments: argparse.Namespace, facts: dict[str, Any], path: Path | None = None
) -> Record:
    """Open the record of a command on a corpus with the given facts."""
    versions = process.run({"job": "versions"})
    flags = {name: _plain(value) for name, value in vars(arguments).items() if name != "run"}
    path = arguments.output or path or record.new_path(arguments.command)
    return Record(path, versions, flags, facts)


def _plain(value: Any) -> Any:
    """Return a value that JSON can represent."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, float, type(None))) else str(value)
