"""The command line of the bench."""

import argparse
import sys

from bench import quality, scan, speed
from bench.process import JobError
from fastsgns.console import say

INTERRUPTED = 130
DESCRIPTION = """\
Measure fastsgns beside gensim, on the same text and in the same run.

With no sub-command: scan, speed and quality on a million tokens of what is at hand, in a few
minutes. gensim is optional (pip install fastsgns[bench]); without it fastsgns is measured alone.
All numbers go to JSON files in bench/results, with the machine, its load, versions and flags.
"""
EXAMPLES = """\
examples:
  python -m bench
  python -m bench speed wiki.txt.xz --tokens 2e6
  python -m bench quality wiki.txt.xz --eval eval/
  python -m bench speed --help
"""


def parser() -> argparse.ArgumentParser:
    """Make the parser of all sub-commands."""
    layout = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        "python -m bench", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=layout
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (speed, quality, scan):
        command.add(commands, formatter_class=layout)
    return top


def main(argv: list[str]) -> int:
    """Run a sub-command, or all of them with their defaults."""
    lines = [argv] if argv else [["scan"], ["speed"], ["quality"]]
    try:
        for number, line in enumerate(lines):
            if number:
                print()
            arguments = parser().parse_args(line)
            status = arguments.run(arguments)
            if status and argv:
                return status
    except (JobError, OSError) as error:
        say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("bench: stopped; what was measured is kept")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
