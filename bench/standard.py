"""``python -m bench standard``: the bounded set of measurements of ``make bench``."""

import argparse
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import memory, options, overhead, quality, scan, speed, summary
from bench.corpus import data_folder
from bench.record import RESULTS
from bench.sides import SHARINGS

EXAMPLES = """\
About ten minutes on two cores, with the defaults:

  scan      reading, compared with gensim
  speed     skip-gram in every mode (negative_sharing), and gensim with corpus_file, d = 100 and
            300, one worker, a million words
  quality   the same sides, d = 100, on four million words; omitted without evaluation sets
  memory    peak memory, per word and per token
  overhead  share of Python and scheduling

Then `report` prints the table, from the files of speed and quality. Existing results of quality are
not computed again. `make bench` runs this with --readme README.md --figure docs/bench.svg; make
bench ARGS="..." passes other arguments to python -m bench. FASTSGNS_DATA names the folder of the
default corpus (corpora/) and of the evaluation sets (eval/).

examples:
  python -m bench standard
  python -m bench standard wiki.txt --tokens 3e6 --quality-tokens 2e7 --eval eval/
  make bench ARGS="standard wiki.txt --rounds 5 --readme README.md"
"""
QUALITY_TOKENS = 4_000_000


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "standard", help="all that make bench runs", epilog=EXAMPLES, **common
    )
    options.add_text(parser)
    options.add_cache(parser)
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="DIR",
        help="where files of results go (%(default)s)",
    )
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument(
        "--dim", type=options.positive, nargs="+", default=[100, 300], help="of speed (100 300)"
    )
    parser.add_argument(
        "--quality-tokens",
        type=options.positive,
        default=QUALITY_TOKENS,
        metavar="N",
        help="(4e6)",
    )
    parser.add_argument(
        "--eval",
        type=Path,
        default=data_folder() / "eval",
        metavar="DIR",
        help="folder of evaluation sets (%(default)s)",
    )
    summary.add_targets(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run one sub-command after the other, also if one of them fails."""
    folder = arguments.results / f"standard-{time.strftime('%Y%m%d-%H%M%S')}"
    quality_file = arguments.results / "standard-quality.json"
    done = {"speed": folder / "speed.json", "quality": quality_file}
    for number, (module, line) in enumerate(lines(arguments, folder, quality_file)):
        if number:
            print()
        if call(module, line):
            done.pop(module.__name__.rsplit(".", 1)[-1], None)
        print(flush=True)
    return summary.publish(done.values(), arguments.readme, arguments.figure)


def lines(
    arguments: argparse.Namespace, folder: Path, quality_file: Path
) -> list[tuple[ModuleType, list[str]]]:
    """Return the command line of each sub-command."""

    def to(name: str) -> list[str]:
        return ["--cache", str(arguments.cache), "--output", str(folder / f"{name}.json")]

    source = [arguments.corpus] if arguments.corpus else []
    text = [*source, *(["--tokens", str(arguments.tokens)] if arguments.tokens else [])]
    rounds = ["--rounds", str(arguments.rounds)]
    sharing = ["--sharing", *SHARINGS]
    dims = ["--dim", *map(str, arguments.dim)]
    sides = ["--sides", "fastsgns-file", "gensim-file"]
    seeds = ["--seeds", str(arguments.seeds), "--eval", str(arguments.eval)]
    judged = [*source, "--tokens", str(arguments.quality_tokens), *seeds, *sharing, *to("quality")]
    judged[-1] = str(quality_file)
    return [
        (scan, [*text, *rounds, *to("scan")]),
        (speed, [*text, *rounds, *sharing, *dims, *sides, "--workers", "1", *to("speed")]),
        (quality, judged),
        (memory, to("memory")),
        (overhead, [*text, *rounds, *to("overhead")]),
    ]


def call(module: ModuleType, line: list[str]) -> int:
    """Run a sub-command."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    module.add(commands)
    parsed = parser.parse_args([*commands.choices, *line])
    return parsed.run(parsed)
