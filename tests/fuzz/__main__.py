"""Fuzz the readers of files: ``python -m tests.fuzz [NAME ...] [--seconds N]``.

Each harness runs in a process of its own, which is started again after a crash until its time is
over. What was found is written to a folder: the input, and the error.
"""

import argparse
import importlib.util
import json
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # of tests, for their modules

ABSENT = (
    "atheris is not installed, which --plain needs, too; it has wheels for CPython 3.11 "
    "to 3.14 on Linux x86-64: pip install atheris"
)
HAS_WHEEL = (
    sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 15)
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="a harness, HARNESS.READER, or 'all' for one process of all readers "
                        "(default: all harnesses one after another)")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="list the harnesses and their readers")
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="of each (60)")
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of the random numbers, to repeat a run (another one)")  # fmt: skip
    parser.add_argument("--inputs", type=int, metavar="N", help="of each, at most (no limit)")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), metavar="DIR",
                        help="where inputs and findings are kept (build/fuzz)")  # fmt: skip
    parser.add_argument("--plain", action="store_true",
                        help="use the compiled modules that are there, not clang's")  # fmt: skip
    parser.add_argument("--replay", type=Path, metavar="FILE", help="give a file to one reader")
    parser.add_argument("--required", action="store_true",
                        help="fail if atheris is missing where it has a wheel")  # fmt: skip
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.list:
        return show()
    if arguments.replay:
        return replay(arguments.names, arguments.replay)
    if importlib.util.find_spec("atheris") is None:
        if arguments.required and HAS_WHEEL:
            print(f"fuzz: failed: {ABSENT}")
            return 1
        print(f"fuzz: skipped: {ABSENT}")
        return 0
    if arguments.child:
        from .child import fuzz

        limits = arguments.seconds, arguments.seed or 0, arguments.inputs or -1
        fuzz(arguments.names[0], arguments.folder, *limits)
    if "LD_PRELOAD" not in os.environ:
        start_again(arguments.plain)
    from .parent import explain, run

    results = []
    for name in names(arguments.names):
        results.append(run(name, arguments.seconds, arguments.folder, arguments.seed,
                           arguments.inputs))  # fmt: skip
        for finding in results[-1]["findings"]:
            print(explain(arguments.folder, finding), file=sys.stderr)
        print(json.dumps(results[-1]), flush=True)
    return int(any(result["findings"] for result in results))


def start_again(is_plain: bool) -> None:
    """Start this process again if the compiled modules need other variables."""
    from . import building

    variables = {} if is_plain else building.build()
    atheris = importlib.util.find_spec("atheris")
    assert atheris and atheris.origin
    package = building.LIB / "fastsgns" if variables else building.ROOT / "fastsgns"
    variables |= building.runtime(package, Path(atheris.origin).parent)
    if variables:
        os.execve(sys.executable, [*sys.orig_argv, "--plain"], os.environ | variables)


def names(chosen: list[str]) -> list[str]:
    from .harnesses import HARNESSES, find

    for name in chosen:
        find(name)
    return chosen or list(HARNESSES)


def show() -> int:
    from .harnesses import HARNESSES

    for name, readers in HARNESSES.items():
        print(f"{name}: {', '.join(readers)}")
    return 0


def replay(chosen: list[str], path: Path) -> int:
    from .child import replay
    from .harnesses import find

    (reader,) = find(chosen[0] if chosen else path.name.partition("--")[0]).values()
    print(replay(reader, path.read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
