"""``python -m bench frontier``: the mean score over the sets against the CPU time of training."""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from bench import options, process, quality
from bench.corpus import Corpus
from bench.record import RESULTS, Record, Result
from bench.report import deviation, table
from bench.sides import SHARINGS, Side, installed, named
from fastsgns.runtime.console import say
from fastsgns.runtime.intervals import Interval
from fastsgns.study.charts import Style, curves

EXAMPLES = """\
Each point is a full training with that number of epochs: the learning rate falls to its end over
all of them. The score is the mean over the evaluation sets of `bench quality`, and its interval is
two standard errors over the seeds to each side (without an interval: one seed). A side is a mode of
fastsgns or "cbow", which the name of matrices can follow, or "gensim" or "gensim cbow".

The CPU time of a point is the number of epochs times the CPU time of one epoch, which is measured
apart, in rounds in which all sides run in turn, on the same text with one worker. The trainings
that are evaluated may therefore run on a busy machine (--what scores), and the rounds later on a
quiet one (--what times).

Results are kept in one JSON file. They are not computed again while text, settings, seed,
processor, and the version or code of the package are the same, so a stopped run continues where it
stopped. A file of `bench quality` can be continued, too. --table computes nothing. The table and
the figure show the latest result of each training and round, also if it is of older code.

examples:
  python -m bench frontier wiki17m.txt --what scores --seeds 3
  python -m bench frontier wiki17m.txt --what scores --sides gensim --epochs 1 3 5 --seeds 1
  python -m bench frontier wiki17m.txt --what times --rounds 3
  python -m bench frontier wiki17m.txt --table --markdown --figure docs/frontier.svg
"""
LAYOUT = "tied+bias:word"
SETTINGS = {"window": 5, "negative": 5, "alpha": 0.025, "workers": 1}  # those of `bench quality`
DEFAULT = (
    *(f"{sharing}{own}" for sharing in SHARINGS for own in ("", f" {LAYOUT}")),
    *("cbow", f"cbow {LAYOUT}", "gensim", "gensim cbow"),
)


class Point(NamedTuple):
    """The results of one side after one number of epochs."""

    side: str
    epochs: int
    cpu: float | None  # seconds
    results: list[Result]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "frontier", help="scores against CPU time, by epochs", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_named_sides(
        parser, "each mode and cbow, with two matrices and with one, and gensim"
    )
    quality.add_eval(parser)
    parser.add_argument(
        "--epochs",
        type=options.positive,
        nargs="+",
        default=[1, 2, 3, 5, 10],
        metavar="N",
        help="(1 2 3 5 10)",
    )
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--what", nargs="+", choices=("scores", "times"), default=["scores", "times"], help="(both)"
    )
    parser.add_argument("--table", action="store_true", help="compute nothing, print the results")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="SVG file, to draw into")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute what is not in the record yet, and print the table of all."""
    sets = quality.evaluation_sets(arguments.eval)
    stem = Path(arguments.corpus or "default").name.split(".")[0]
    text, record = options.start(arguments, RESULTS / f"frontier-{stem}.json")
    arguments.sides = installed(arguments.sides or DEFAULT, record.versions)
    if not arguments.table:
        if "scores" in arguments.what:
            train(arguments, text, record, sets)
        if "times" in arguments.what:
            measure(arguments, text, record)
    points = list(points_of(arguments, text, record, sets))
    print(f"{text}: vector_size={arguments.dim}, min_count={arguments.min_count}, one worker")
    print(f"\n{render(points, arguments.markdown)}\n\n{record.path}")
    if arguments.figure and any(point.cpu is not None for point in points):
        draw(points, arguments.figure)
    elif arguments.figure:
        say("there is no figure yet, because no time was measured: --what times")
    return 0


def make_job(
    arguments: argparse.Namespace, text: Corpus, side: Side, epochs: int, seed: int, sets: Result
) -> Result:
    """Return the job of one training."""
    settings = SETTINGS | {"vector_size": arguments.dim, "min_count": arguments.min_count}
    return quality.make_job(side, settings | {"epochs": epochs, "seed": seed}, text, sets)


def train(arguments: argparse.Namespace, text: Corpus, record: Record, sets: Result) -> None:
    """Train and evaluate each side with each number of epochs, seed by seed."""
    for seed in range(1, arguments.seeds + 1):
        for epochs in arguments.epochs:
            for name in arguments.sides:
                job = make_job(arguments, text, named(name), epochs, seed, sets)
                key = quality.make_key(job, text, record)
                result = quality.obtain(record, job, key)
                say(
                    f"seed {seed}/{arguments.seeds} {name}, {epochs} epochs: "
                    f"{score(result):.3f}, {result['train_cpu']:.1f} CPU s"
                )


def measure(arguments: argparse.Namespace, text: Corpus, record: Record) -> None:
    """Measure the CPU time of one epoch of each side, in rounds."""
    for n_round in range(arguments.rounds):
        for name in arguments.sides[:: 1 if n_round % 2 == 0 else -1]:
            job = make_job(arguments, text, named(name), 1, 1, {})
            key = quality.make_key(job, text, record) | {"round": n_round}
            found = record.find(key) or record.append({"key": key} | process.run(job))
            say(f"round {n_round + 1}/{arguments.rounds} {name}: {found['train_cpu']:.1f} CPU s")


def points_of(
    arguments: argparse.Namespace, text: Corpus, record: Record, sets: Result
) -> Iterator[Point]:
    """Yield the points that the record has results of."""

    def latest(job: Result, **more: int) -> Result | None:
        wanted = quality.make_key(job, text, record) | more
        wanted.pop("code")
        for result in reversed(record.results):
            key = {name: value for name, value in result["key"].items() if name != "code"}
            if key == wanted:
                return result
        return None

    for name in arguments.sides:
        job = make_job(arguments, text, named(name), 1, 1, {})
        timed = [latest(job, round=n_round) for n_round in range(arguments.rounds)]
        seconds = [result["train_cpu"] for result in timed if result]
        for epochs in arguments.epochs:
            jobs = (
                make_job(arguments, text, named(name), epochs, seed, sets)
                for seed in range(1, arguments.seeds + 1)
            )
            results = [result for result in map(latest, jobs) if result]
            if results:
                cpu = epochs * median(seconds) if seconds else None
                yield Point(name, epochs, cpu, results)


def score(result: Result) -> float:
    """Return the mean over the evaluation sets; the analogies count once, without their halves."""
    return mean(result["scores"][key] for key in quality.SETS if key in result["scores"])


def interval(results: list[Result]) -> Interval:
    """Return the mean score of the seeds, with two standard errors to each side."""
    scores = [score(result) for result in results]
    error = 2 * deviation(scores) / math.sqrt(len(scores)) if len(scores) > 1 else math.inf
    return Interval(mean(scores), mean(scores) - error, mean(scores) + error, len(scores))


def render(points: list[Point], markdown: bool) -> str:
    """Make the table, with a row for each side and number of epochs."""
    judged = quality.judged([result for point in points for result in point.results])
    rows = []
    for point in points:
        whole = interval(point.results)
        error = f" ± {whole.high - whole.mean:.3f}" if math.isfinite(whole.high) else ""
        row = [point.side, str(point.epochs), str(len(point.results))]
        row += ["-" if point.cpu is None else f"{point.cpu:,.1f}", f"{whole.mean:.3f}{error}"]
        rows.append([*row, *(f"{mean(quality.scores(point.results, k)):.3f}" for k in judged)])
    heading = ["side", "epochs", "seeds", "CPU s", "mean score"]
    return table([*heading, *(quality.TITLES[key] for key in judged)], rows, markdown)


def draw(points: list[Point], path: Path) -> None:
    """Draw the points whose time is known into an SVG file, with a curve for each side.

    A mode has one color, and the curves of a mode that name the matrices are dashed.
    """
    series: dict[str, list[tuple[float, Interval]]] = {}
    for point in points:
        if point.cpu is not None:
            series.setdefault(point.side, []).append((point.cpu, interval(point.results)))
    labels = ("CPU seconds of training, one core", "mean score of the five sets")
    kinds = list(dict.fromkeys(map(kind, series)))  # each has a color
    styles = {
        name: Style(kinds.index(kind(name)), named(name).layout is not None) for name in series
    }
    path.write_text(curves("scores by CPU time", series, labels, styles) + "\n", encoding="utf-8")


def kind(name: str) -> str:
    """Return the name of a side without that of its matrices."""
    return " ".join(word for word in name.split() if word != named(name).layout)
