"""``python -m fastsgns.gensim run program.py [arguments]``: run a program that imports gensim."""

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from fastsgns.gensim.installer import FOLDER, install
from fastsgns.gensim.names import INSTEAD

EXAMPLES = """\
examples:
  python -m fastsgns.gensim run train.py corpus.txt
  python -m fastsgns.gensim run -m pytest tests
  python -m fastsgns.gensim run --api 3 old_program.py
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments of the command line; what follows the program belongs to the program."""
    parser = argparse.ArgumentParser(
        prog="python -m fastsgns.gensim",
        description="Run a program that imports gensim, with fastsgns in the place of gensim.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run = parser.add_subparsers(required=True, metavar="run").add_parser(
        "run", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        help="run a file, or a module with -m, and pass it the arguments that follow",
    )  # fmt: skip
    run.add_argument(
        "--api", type=int, choices=(4, 3), default=4,
        help="3: also accept the names of gensim 3 (size=, iter=, wv.vocab)",
    )  # fmt: skip
    run.add_argument(
        "--alone", action="store_true",
        help="leave out a gensim that is installed; its other models cannot be used then",
    )  # fmt: skip
    run.add_argument("-m", dest="is_module", action="store_true", help="program is a module")
    run.add_argument("program", help="the path of a Python file, or with -m the name of a module")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the program")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Install fastsgns as gensim, and run the program as ``__main__``."""
    options = parse(arguments)
    if not options.is_module and not Path(options.program).exists():
        sys.exit(f"python -m fastsgns.gensim: there is no file {options.program}")
    install(options.api, options.alone)
    # Of every Python that the program starts; `install` has prepared those of multiprocessing.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [FOLDER, os.environ.get("PYTHONPATH")]))
    sys.argv = [options.program, *options.arguments]
    if options.is_module:
        name = options.program.removeprefix("gensim.")
        is_ours = name != options.program and name in INSTEAD
        runpy.run_module(INSTEAD[name][0] if is_ours else options.program, None, "__main__", True)
    else:
        sys.path.insert(0, str(Path(options.program).resolve().parent))
        runpy.run_path(options.program, run_name="__main__")


if __name__ == "__main__":
    main()
