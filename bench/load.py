"""``python -m bench load``: files of vectors, read and written."""

import argparse
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from bench import options, process
from bench.record import Record, Result
from bench.report import MIB, ratios, table, with_spread
from fastsgns.runtime.console import say

EXAMPLES = """\
Each measurement is one call in a new process. The file was just written, so that its pages are in
memory. Before the call, as much memory is touched and freed, because the host of a virtual machine
takes back what is not in use. "bare" only reads the bytes: with numpy.fromfile (binary, native),
with read() (text), or with gzip. Loading makes the words and the dict of their positions. Text of
17 digits is loaded as float64. fastsgns flushes what it saves to the disk, which the wall time
includes; gensim does not. The files are removed.

examples:
  python -m bench load
  python -m bench load --rows 3e6 --text-rows 3e5 --rounds 1 --files binary text6 text17
"""


class Case(NamedTuple):
    """A kind of file: its action, suffix, digits (None: binary), and options of the loader."""

    action: str
    suffix: str
    digits: int | None
    options: dict[str, Any]


BINARY = {"binary": True}
CASES = {
    "binary": Case("load", ".bin", None, BINARY),
    "text6": Case("load", ".txt", 6, {}),
    "text17": Case("load", ".txt", 17, {"datatype": "f8"}),
    "gzip": Case("load", ".txt.gz", 6, {}),
    "native": Case("load", ".native", None, {}),
    "mapped": Case("map", ".native", None, {}),
    "save-binary": Case("save", ".bin", None, BINARY),
    "save-text": Case("save", ".txt", None, {}),
    "save-native": Case("save", ".native", None, {}),
}
SMALL = {"text6", "text17", "gzip", "save-text"}  # kinds that take --text-rows
BARE, OURS, GENSIM = "bare", "fastsgns", "gensim"


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "load",
        help="reading and writing files of vectors, compared with gensim",
        epilog=EXAMPLES,
        **common,
    )
    parser.add_argument("--rows", type=options.positive, default=300_000, help="(300,000)")
    parser.add_argument(
        "--text-rows", type=options.positive, default=30_000, help="rows of text (30,000)"
    )
    parser.add_argument("--dim", type=options.positive, default=300, help="(300)")
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--files", nargs="+", choices=CASES, default=list(CASES), help="(all)")
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    facts = {"rows": arguments.rows, "text_rows": arguments.text_rows, "dim": arguments.dim}
    record = options.new_record(arguments, facts)
    packages = [OURS, *([GENSIM] if record.versions["gensim"] else [])]
    results: list[Result] = []
    for name in arguments.files:
        arguments.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=arguments.cache) as folder:
            results += measure(name, packages, Path(folder), arguments, record)
    print(record.heading(results))
    print()
    print(render(results, arguments.files, packages, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def measure(
    name: str, packages: list[str], folder: Path, arguments: argparse.Namespace, record: Record
) -> list[Result]:
    """Measure one kind of file: in each round the bare reading, then the packages."""
    case = CASES[name]
    rows = arguments.text_rows if name in SMALL else arguments.rows
    jobs = jobs_of(case, packages, folder, rows, arguments.dim)
    results = []
    for n_round in range(arguments.rounds):
        for side in list(jobs) if n_round % 2 == 0 else list(jobs)[::-1]:
            done = process.run(jobs[side])
            names = {"round": n_round, "file": name, "side": side, "rows": rows}
            results.append(record.append(names | done))
            say(
                f"round {n_round + 1}/{arguments.rounds} {name} {side}: {done['wall']:.2f} s, "
                f"{done['cpu']:.2f} CPU s"
            )
    return results


def jobs_of(
    case: Case, packages: list[str], folder: Path, rows: int, dim: int
) -> dict[str, dict[str, Any]]:
    """Write the files of a case, and return the job of each side."""
    source = folder / "source.bin"
    made = {"job": "make_vectors", "rows": rows, "dim": dim}
    job = {"job": "load", "action": case.action, "options": case.options, "rows": rows}
    path = folder / f"v{case.suffix}"
    if case.action == "load" and case.suffix != ".native":
        process.run(made | {"path": str(path), "digits": case.digits})
        paths = dict.fromkeys([BARE, *packages], path)
    else:
        process.run(made | {"path": str(source), "digits": None})
        paths = {side: folder / side / path.name for side in packages}
        for side, own in paths.items():
            own.parent.mkdir()
            if case.action != "save":
                process.run(
                    job
                    | {"action": "save", "source": str(source), "path": str(own), "package": side}
                )
        if case.action != "save":
            source.unlink()
            if case.action == "load":
                paths = {BARE: paths[OURS]} | paths
    jobs = {
        side: job | {"package": side, "path": str(own), "source": str(source)}
        for side, own in paths.items()
    }
    if BARE in jobs:
        jobs[BARE]["action"] = "read"
    return jobs


def wall(result: Result) -> float:
    """Return the seconds of wall-clock time."""
    return result["wall"]


def cpu(result: Result) -> float:
    """Return the CPU seconds."""
    return result["cpu"]


def render(results: list[Result], names: list[str], packages: list[str], markdown: bool) -> str:
    """Make the table, a row for each kind of file and side."""
    heading = ["file", "rows", "MiB", "side", "seconds", "CPU seconds", "x bare", "x bare CPU"]
    heading += ["x gensim"] if GENSIM in packages else []
    rows = []
    for name in names:
        for side in (BARE, *packages):
            mine, bare, other = (
                [r for r in results if (r["file"], r["side"]) == (name, wanted)]
                for wanted in (side, BARE, GENSIM)
            )
            if not mine:
                continue
            row = [name, f"{mine[0]['rows']:,}", f"{mine[0]['bytes'] / MIB:,.0f}", side]
            row += [with_spread([value(r) for r in mine]) for value in (wall, cpu)]
            row += [with_spread(ratios(mine, bare, value), 1) for value in (wall, cpu)]
            row += [with_spread(ratios(mine, other, wall), 2)] if GENSIM in packages else []
            rows.append(row)
    return table(heading, rows, markdown)
