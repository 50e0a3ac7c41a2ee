"""``python -m bench report``: the table of the README and the figure, from files of results."""

import argparse
import json
import os
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from bench import figure
from bench.quality import COMMON, SETS, judged, scores
from bench.record import Result, where
from bench.report import deviation, ratios, table
from bench.sides import BASE
from bench.speed import rate
from fastsgns.runtime.console import say

EXAMPLES = """\
The table is printed and, with --readme, written between two lines of a Markdown file:

  <!-- bench:begin -->
  <!-- bench:end -->

From a file of speed, the last run is used: its sides that read a file, without --force and
--matrices, at the smallest number of workers. From a file of quality, all results are used that
have the settings and the text of its last run. Of each side, results of older code than that of the
latest one are left out.

examples:
  python -m bench report bench/results/speed-20260101-120000.json
  python -m bench report speed.json quality.json --readme README.md --figure docs/bench.svg
"""
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
TITLES = {"gensim": "gensim", "word2vec": "word2vec.c", "fastsgns": "fastsgns"}
SHOWN = ("wordsim353", "simlex999", "men", "analogies")
By = dict[str, dict[Any, list[float]]]  # side, then dimension or evaluation set


class SpeedSettings(NamedTuple):
    """What measurements of speed in one table have in common; the note below it describes them."""

    algorithm: str
    n_workers: int
    corpus: str
    n_rounds: int


@dataclass
class Summary:
    """The contents of files of results, by side."""

    speeds: By = field(default_factory=dict)
    ratios: By = field(default_factory=dict)
    scores: By = field(default_factory=dict)
    speed_texts: dict[SpeedSettings, list[str]] = field(default_factory=dict)
    quality_notes: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """The sentences below the table."""
        return [_speed_note(*item) for item in self.speed_texts.items()] + self.quality_notes

    @property
    def sides(self) -> list[str]:
        """All sides, those that are not fastsgns first."""
        names = dict.fromkeys([*self.speeds, *self.scores])
        return sorted(names, key=lambda name: name.startswith("fastsgns"))


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "report", help="table and figure from files of results", epilog=EXAMPLES, **common
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON of results")
    add_targets(parser)
    parser.set_defaults(run=run)


def add_targets(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the output."""
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="Markdown file, to write the table into"
    )
    parser.add_argument("--figure", type=Path, metavar="FILE", help="SVG file, to draw into")


def run(arguments: argparse.Namespace) -> int:
    """Read the files, print the table, and write the requested files."""
    return publish(arguments.files, arguments.readme, arguments.figure)


def publish(files: Iterable[Path], readme: Path | None, drawing: Path | None) -> int:
    """Print the table of some files, write it into a README, and draw the figure."""
    summary = collect(files)
    if not summary.sides:
        say("the files hold no results of speed or quality")
        return 1
    text = render(summary)
    print(text)
    if drawing:
        draw(summary, drawing)
    if drawing and readme:
        link = Path(os.path.relpath(drawing, readme.parent)).as_posix()
        text = f"{text}\n\n![Speed and quality compared with gensim, as in the table]({link})"
    return rewrite(readme, text) if readme else 0


def draw(summary: Summary, drawing: Path) -> None:
    """Draw the ratios to gensim, and all scores."""
    by_dim = {
        side: {f"d = {dim}": values for dim, values in by.items()}
        for side, by in summary.ratios.items()
        if side != TITLES["gensim"]
    }
    by_set = {
        side: {SETS[name][0]: by[name] for name in SHOWN if name in by}
        for side, by in summary.scores.items()
    }
    figure.draw(by_dim, by_set, drawing)


def collect(files: Iterable[Path]) -> Summary:
    """Read files of results; later files add to earlier ones, or replace the same figures."""
    summary = Summary()
    for path in files:
        content = json.loads(path.read_text(encoding="utf-8"))
        kind = content["runs"][-1]["flags"]["command"]
        if kind == "speed":
            _add_speed(summary, content)
        elif kind == "quality":
            _add_quality(summary, content)
        else:
            say(f"{path} is left out: it holds results of {kind}, not of speed or quality")
    return summary


def title(package: str, sharing: str | None) -> str:
    """Return the name of a side in the table.

    Examples
    --------
    >>> title("fastsgns", "block"), title("word2vec", None)
    ('fastsgns, "block"', 'word2vec.c')
    """
    return TITLES[package] + (f', "{sharing}"' if sharing else "")


def _add_speed(summary: Summary, content: dict[str, Any]) -> None:
    run, last = content["runs"][-1], len(content["runs"]) - 1
    mine = [r for r in content["results"] if r["run"] == last]
    mine = [r for r in mine if not (r["kernel"] or r.get("layout"))]
    n_workers = min((r["workers"] for r in mine), default=1)
    mine = [r for r in mine if r["workers"] == n_workers and r["feed"] == "file"]
    by_cpu = rate("cpu")
    for name, dim in dict.fromkeys((r["side"], r["dim"]) for r in mine):
        results = [r for r in mine if (r["side"], r["dim"]) == (name, dim)]
        base = [r for r in mine if (r["side"], r["dim"]) == (BASE, dim)]
        side = title(results[0]["package"], results[0]["sharing"])
        summary.speeds.setdefault(side, {})[dim] = [by_cpu(r) for r in results]
        if base:
            summary.ratios.setdefault(side, {})[dim] = ratios(results, base, by_cpu)
    flags = run["flags"]
    dims = "d = " + ", ".join(map(str, sorted({r["dim"] for r in mine})))
    algorithm = "skip-gram" if flags["sg"] else "CBOW"
    settings = SpeedSettings(algorithm, n_workers, run["corpus"]["name"], flags["rounds"])
    n_tokens = run["corpus"]["tokens"]
    text = f"the first {n_tokens:,} words" if n_tokens else "all words"
    summary.speed_texts.setdefault(settings, []).append(f"{text} ({dims})")
    summary.places.append(where(run))


def _speed_note(settings: SpeedSettings, texts: list[str]) -> str:
    workers = f"{settings.n_workers} worker{'s' * (settings.n_workers > 1)}"
    return (
        f"Speed: {settings.algorithm}, one epoch, {workers}, on {' or '.join(texts)} of "
        f"{settings.corpus}; thousands of words per CPU second, and speed relative to gensim "
        f"reading a `corpus_file`; medians of {settings.n_rounds} rounds (minimum-maximum). "
        "The relative speed is the median of the ratios of the rounds, so it can differ from the "
        "quotient of the two median speeds. "
        "gensim reads its text in every epoch; fastsgns encodes it once, before the epochs."
    )


def _add_quality(summary: Summary, content: dict[str, Any]) -> None:
    run = content["runs"][-1]
    flags = run["flags"]
    found: dict[str, list[Result]] = {}
    for result in content["results"]:
        settings = result["key"]["settings"]
        if _is_of(run, result) and settings["seed"] <= flags["seeds"]:
            name = title(result["key"]["side"], settings.get("negative_sharing"))
            found.setdefault(name, []).append(result)
    sides = {name: _of_latest_code(mine) for name, mine in found.items()}
    for name, by_seed in sides.items():
        mine = list(by_seed.values())
        summary.scores[name] = {key: scores(mine, key) for key in judged(mine)}
    n_epochs = flags["epochs"]
    summary.quality_notes.append(
        f"Quality: {'skip-gram' if flags['sg'] else 'CBOW'}, d = {flags['dim']}, {n_epochs} "
        f"epoch{'s' * (n_epochs > 1)} on {_text(run['corpus'])}; means ± standard deviations over "
        f"{_seeds({name: sorted(by_seed) for name, by_seed in sides.items()})}."
    )
    summary.places.append(where(run))


def _of_latest_code(results: list[Result]) -> dict[int, Result]:
    """Return the results of one side by seed, without those of older code."""
    latest = results[-1]["key"]["code"]
    return {r["key"]["settings"]["seed"]: r for r in results if r["key"]["code"] == latest}


def _is_of(run: Result, result: Result) -> bool:
    """Return whether a result has the text and the settings of a run."""
    flags, key = run["flags"], result["key"]
    wanted = {"sg": flags["sg"], "vector_size": flags["dim"]} | {n: flags[n] for n in COMMON}
    if key["side"] == "fastsgns":
        gradient = {"cbow_gradient": flags["cbow_gradient"]} if flags["cbow_gradient"] else {}
        wanted |= gradient | dict(flags["fastsgns"])
    own = {"seed", "negative_sharing", "progress"}
    settings = {name: value for name, value in key["settings"].items() if name not in own}
    return key["corpus"] == run["corpus"] and settings == {
        name: value for name, value in wanted.items() if name not in own
    }


def _seeds(sides: dict[str, list[int]]) -> str:
    """Write the seeds of the side with the most seeds, and of each side with others.

    Examples
    --------
    >>> _seeds({"fastsgns": [1, 2, 3], "word2vec.c": [1, 2, 3], "gensim": [1, 2]})
    'seeds 1 to 3 (gensim: 1 to 2)'
    """
    most = max(sides.values(), key=len, default=[0])
    others = [
        f"{name}: {seeds[0]} to {seeds[-1]}" for name, seeds in sides.items() if seeds != most
    ]
    return f"seeds {most[0]} to {most[-1]}" + (f" ({', '.join(others)})" if others else "")


def _text(facts: dict[str, Any]) -> str:
    n_tokens = facts["tokens"]
    return facts["name"] + (f" (first {n_tokens:,} words)" if n_tokens else "")


def render(summary: Summary) -> str:
    """Make the table in Markdown, with one row per side, and the notes below it."""
    dims = sorted({dim for by in summary.speeds.values() for dim in by})
    with_ratio = [dim for dim in dims if any(dim in by for by in summary.ratios.values())]
    sets = [name for name in SHOWN if any(name in by for by in summary.scores.values())]
    heading = ["", *(f"kw/CPU s, d = {dim}" for dim in dims)]
    heading += [f"x gensim, d = {dim}" for dim in with_ratio]
    heading += [SETS[name][0] for name in sets]
    rows = []
    for side in summary.sides:
        row = [side]
        row += [_middle(summary.speeds.get(side, {}).get(dim), 0) for dim in dims]
        row += [_middle(summary.ratios.get(side, {}).get(dim), 1, True) for dim in with_ratio]
        rows.append([*row, *(_mean(summary.scores.get(side, {}).get(name)) for name in sets)])
    notes = " ".join([*summary.notes, *(f"{place}." for place in dict.fromkeys(summary.places))])
    return "\n".join(
        [
            table(heading, rows, markdown=True),
            "",
            *textwrap.wrap(notes, 100, break_on_hyphens=False),
        ]
    )


def _middle(values: list[float] | None, digits: int, spread: bool = False) -> str:
    if not values:
        return "-"
    ends = f" ({min(values):,.{digits}f}-{max(values):,.{digits}f})"
    return f"{median(values):,.{digits}f}" + ends * (spread and len(set(values)) > 1)


def _mean(values: list[float] | None) -> str:
    if not values:
        return "-"
    return f"{mean(values):.3f}" + (f" ± {deviation(values):.3f}" if len(values) > 1 else "")


def rewrite(path: Path, text: str) -> int:
    """Replace the text between the two markers of a file, which must contain each marker once."""
    old = path.read_text(encoding="utf-8")
    if [old.count(BEGIN), old.count(END)] != [1, 1] or old.index(BEGIN) > old.index(END):
        say(f"{path} must contain the lines {BEGIN} and {END}, once each and in this order")
        return 1
    before, rest = old.split(BEGIN)
    new = f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(new, encoding="utf-8")
    os.replace(unfinished, path)
    say(f"{path} has the new table")
    return 0
