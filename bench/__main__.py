"""The command line of the bench."""

import argparse
import sys

from bench import (
    coherence,
    distributed,
    encode,
    frontier,
    glove,
    interrupts,
    links,
    load,
    matrices,
    memory,
    nodes,
    overhead,
    phrases,
    ppmi,
    quality,
    quantized,
    queries,
    roofline,
    scaling,
    scan,
    speed,
    standard,
    summary,
    tasks,
    tiny,
    update,
)
from bench.process import JobError
from fastsgns.runtime.console import say

INTERRUPTED = 130
COMMANDS = (
    *(standard, speed, quality, quantized, frontier, matrices, ppmi, glove),
    *(scan, phrases, load, queries, encode, nodes, links, tasks, update, tiny),
    *(memory, scaling, coherence, distributed, roofline, overhead, interrupts),
    summary,
)
DESCRIPTION = """\
Measure fastsgns and gensim on the same text in the same run.

Without a sub-command, `standard` runs for about ten minutes on the text that is found. gensim is
optional (pip install fastsgns[bench]); without it only fastsgns is measured. All numbers are
written to JSON files in bench/results, with the machine, its load, the versions and the flags.
"""
EXAMPLES = """\
examples:
  python -m bench
  python -m bench speed wiki.txt.xz --tokens 2e6
  python -m bench quality wiki.txt.xz --eval eval/
  python -m bench report bench/results/*.json --figure docs/bench.svg
  python -m bench speed --help
"""


def parser() -> argparse.ArgumentParser:
    """Make the parser of all sub-commands."""
    layout = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        "python -m bench", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=layout
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands, formatter_class=layout)
    return top


def main(argv: list[str]) -> int:
    """Run a sub-command, by default `standard`."""
    arguments = parser().parse_args(argv or ["standard"])
    try:
        return arguments.run(arguments)
    except (JobError, OSError) as error:
        say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("bench: stopped; what was measured is kept")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
