"""``python -m fastsgns.gensim run program.py [arguments]``: run a program that imports gensim."""

import argparse
import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fastsgns.gensim.installer import FOLDER, install
from fastsgns.gensim.names import INSTEAD
from fastsgns.runtime import environment

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


def check_file(program: str) -> None:
    """End with a message of one line if there is no such program."""
    path = Path(program)
    if not path.exists():
        sys.exit(f"python -m fastsgns.gensim: there is no file {program}")
    if path.is_dir() and not (path / "__main__.py").exists():
        sys.exit(f"python -m fastsgns.gensim: the folder {program} has no file __main__.py")


def check_module(name: str) -> None:
    """End with a message of one line if there is no such module, or it cannot be run."""
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations and spec.loader:
            name += ".__main__"
            spec = find_spec(name)
    except (ImportError, AttributeError, ValueError) as error:  # of a package that has the module
        sys.exit(f"python -m fastsgns.gensim: cannot run {name}: {error}")
    if spec is None:
        sys.exit(f"python -m fastsgns.gensim: there is no module {name}")
    if spec.loader is None:
        sys.exit(f"python -m fastsgns.gensim: {name} is a package without code, or gensim's")


def main(arguments: Sequence[str] | None = None) -> None:
    """Install fastsgns as gensim, and run the program as ``__main__``."""
    options = parse(arguments)
    if not options.is_module:
        check_file(options.program)
    install(options.api, options.alone)
    # Of every Python that the program starts; `install` has prepared those of multiprocessing.
    environment.prepend_to_python_path(FOLDER)
    sys.argv = [options.program, *options.arguments]
    if options.is_module:
        name = options.program.removeprefix("gensim.")
        is_ours = name != options.program and name in INSTEAD
        program = INSTEAD[name][0] if is_ours else options.program
        check_module(program)
        runpy.run_module(program, None, "__main__", True)
    else:
        sys.path.insert(0, str(Path(options.program).resolve().parent))
        runpy.run_path(options.program, run_name="__main__")


if __name__ == "__main__":
    main()
