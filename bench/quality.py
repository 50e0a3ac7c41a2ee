"""``python -m bench quality``: the quality of the vectors, over several seeds."""

import argparse
import math
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench import options, process
from bench.corpus import Corpus, data_folder
from bench.record import RESULTS, Record, Result
from bench.report import MIB, mean_with_deviation, standard_errors, table
from bench.sides import Side, installed
from fastsgns.runtime.console import say

EXAMPLES = """\
Both packages train with the same settings and the seeds 1, 2, ... fastsgns evaluates the vectors of
both: Spearman correlations with human ratings, and the share of Google's analogies that are
answered correctly among the 30,000 most frequent words, also for their semantic and syntactic
halves. With --subwords both train FastText, and the pairs of all sets in which a word
occurs fewer than 100 times, or never, are evaluated together: a rating is then the rank of the pair
in its set.
Differences are also in standard errors; one below 2 may be noise. With --sharing, each mode is a
side, and the numbers in brackets are differences from gensim in standard errors. With more than one
worker gensim reads with LineSentence, because its corpus_file then lowers the learning rate too
slowly.

Results are kept in one JSON file. They are not computed again while text, settings, seed,
processor, and the version or code of the package are the same, so a stopped run continues where it
stopped.

examples:
  python -m bench quality wiki17m.txt.xz --eval eval/ --markdown
  python -m bench quality wiki17m.txt.xz --eval eval/ --sharing pair window block
  python -m bench quality wiki17m.txt.xz --eval eval/ --cbow --seeds 5
  python -m bench quality wiki17m.txt.xz --eval eval/ --subwords --epochs 5 --sharing window block
  python -m bench quality wiki17m.txt.xz --eval eval/ --cbow --cbow-gradient exact \\
      --fastsgns alpha=0.075
"""
SETS = {
    "wordsim353": ("WordSim353", ("wordsim353.tsv",)),
    "simlex999": ("SimLex-999", ("simlex999.tsv",)),
    "men": ("MEN", ("men.tsv", "men_dev2000.tsv")),
    "mturk771": ("MTurk-771", ("mturk771.tsv",)),
    "analogies": ("Google analogies", ("questions-words.txt",)),
}
PARTS = {"analogies_semantic": "semantic", "analogies_syntactic": "syntactic", "rare": "rare words"}
TITLES = {key: title for key, (title, _) in SETS.items()} | PARTS  # of all scores
SIDES = ("fastsgns", "gensim")
COMMON = ("window", "negative", "epochs", "min_count", "workers", "alpha")


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "quality", help="similarity and analogies over seeds", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_algorithm(parser)
    add_eval(parser)
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--window", type=options.positive, default=5, help="(5)")
    parser.add_argument("--negative", type=options.positive, default=5, help="(5)")
    parser.add_argument("--epochs", type=options.positive, default=3, help="(3)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument("--workers", type=options.positive, default=1, help="threads (1)")
    parser.add_argument("--alpha", type=float, help="learning rate (0.025)", default=0.025)
    parser.add_argument(
        "--cbow-gradient", choices=("gensim", "exact"), help="of fastsgns (its default)"
    )
    parser.add_argument(
        "--subwords", action="store_true", help="FastText of both packages instead of Word2Vec"
    )
    options.add_sharing(parser)
    options.add_fastsgns(parser)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES), help="(all)")
    parser.add_argument("--fresh", action="store_true", help="compute existing results again")
    parser.set_defaults(run=run)


def add_eval(parser: argparse.ArgumentParser) -> None:
    """Declare the option of the evaluation sets."""
    parser.add_argument(
        "--eval",
        type=Path,
        default=data_folder() / "eval",
        metavar="DIR",
        help="folder with " + ", ".join(names[-1] for _, names in SETS.values()) + " (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate what is not in the record yet, and print the table of all."""
    sets = evaluation_sets(arguments.eval)
    if not sets:
        say(f"{arguments.eval} holds none of the evaluation sets; give their folder by --eval DIR")
        return 1
    stem = Path(arguments.corpus or "default").name.split(".")[0]
    name = "fasttext" if arguments.subwords else "quality"
    corpus, record = options.start(arguments, RESULTS / f"{name}-{stem}.json")
    sides = installed(name_sides(arguments), record.versions)
    if not sides:
        return 1
    results: dict[str, list[Result]] = {side: [] for side in sides}
    for seed in range(1, arguments.seeds + 1):
        for side in sides:
            job = make_job(*side_and_settings(arguments, side, seed), corpus, sets)
            if arguments.subwords:
                job["subwords"] = True
            result = obtain(record, job, make_key(job, corpus, record), arguments.fresh)
            results[side].append(result)
            scores = ", ".join(f"{name} {score:.3f}" for name, score in result["scores"].items())
            say(f"seed {seed}/{arguments.seeds} {side}: {scores}")
    record.save()
    print(describe(arguments, corpus))
    print(record.heading([result for side in results.values() for result in side]))
    print()
    print(render(results, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def name_sides(arguments: argparse.Namespace) -> list[str]:
    """Return the sides: each mode of fastsgns, such as ``fastsgns block``, and the others."""
    modes = [f"fastsgns {sharing}" for sharing in arguments.sharing or []] or ["fastsgns"]
    named = {"fastsgns": modes, "gensim": ["gensim"]}
    return [name for side in SIDES if side in arguments.sides for name in named[side]]


def evaluation_sets(folder: Path) -> dict[str, str]:
    """Return the evaluation sets of a folder, and print which are missing."""
    found = {}
    for key, (title, names) in SETS.items():
        paths = [folder / name for name in names if (folder / name).exists()]
        if paths:
            found[key] = str(paths[0])
        else:
            say(f"{title} is left out: there is no {' or '.join(names)} in {folder}")
    return found


def side_and_settings(
    arguments: argparse.Namespace, name: str, seed: int
) -> tuple[Side, dict[str, Any]]:
    """Return the side of a name, and the settings of its training."""
    package, _, sharing = name.partition(" ")
    settings = {"vector_size": arguments.dim, "seed": seed}
    settings |= {name: getattr(arguments, name) for name in COMMON}
    if package == "fastsgns":
        if arguments.cbow_gradient:
            settings["cbow_gradient"] = arguments.cbow_gradient
        settings |= dict(arguments.fastsgns)
    return Side(package, "file", sharing or None, sg=arguments.sg), settings


def make_job(
    side: Side, settings: dict[str, Any], corpus: Corpus, sets: dict[str, str]
) -> dict[str, Any]:
    """Return the job of one training; with evaluation sets, the vectors are evaluated."""
    by_lines = side.package == "gensim" and settings["workers"] > 1 and sets
    return {
        "job": "train",
        "package": side.package,
        "feed": "lines" if by_lines else side.feed,
        "corpus": str(corpus.path),
        "settings": side.settings | settings,
        "eval": sets,
    }


def make_key(job: dict[str, Any], corpus: Corpus, record: Record) -> dict[str, Any]:
    """Return what a result depends on; with the same key, it need not be computed again."""
    more = {"subwords": True} if job.get("subwords") else {}
    return more | {
        "cpu": record.cpu,
        "side": job["package"],
        "code": code(job["package"], record.versions),
        "settings": job["settings"],
        "corpus": corpus.facts(),
        "sets": {name: Path(path).stat().st_size for name, path in job["eval"].items()},
    }


def code(package: str, versions: dict[str, Any]) -> list[str]:
    """Return what identifies the code of a package."""
    own = ["fastsgns_code", "fastsgns_kernel"] if package == "fastsgns" else []
    return [versions[name] for name in (package, *own)]


def obtain(record: Record, job: dict[str, Any], key: Result, fresh: bool = False) -> Result:
    """Return a result from the record, or compute it and write it there."""
    found = None if fresh else record.find(key)
    return found or record.append({"key": key} | process.run(job))


def describe(arguments: argparse.Namespace, corpus: Corpus) -> str:
    """Print a line that describes the training."""
    own = {"cbow_gradient": arguments.cbow_gradient} if arguments.cbow_gradient else {}
    own |= dict(arguments.fastsgns)
    model = "FastText" if arguments.subwords else "Word2Vec"
    extra = "".join(f", fastsgns {name}={value}" for name, value in own.items())
    return (
        f"{corpus}: {model}, sg={arguments.sg}, vector_size={arguments.dim}, "
        f"window={arguments.window}, negative={arguments.negative}, epochs={arguments.epochs}, "
        f"min_count={arguments.min_count}, alpha={arguments.alpha}, workers={arguments.workers}"
        f"{extra}; {arguments.seeds} seeds"
    )


def render(results: dict[str, list[Result]], markdown: bool) -> str:
    """Make the table, a row for each measure."""
    rows = [
        [TITLES[name], *compare({side: scores(mine, name) for side, mine in results.items()})]
        for name in judged([result for mine in results.values() for result in mine])
    ]
    both = len(results) == 2
    for title, digits, measure in MEASURES:
        medians = [median(map(measure, side)) for side in results.values()]
        row = [title, *(f"{value:,.{digits}f}" for value in medians)]
        rows.append([*row, f"x {medians[0] / medians[1]:.2f}", ""] if both else row)
    heading = ["", *results, *(["difference", "standard errors"] if both else [])]
    return table(heading, rows, markdown)


def judged(results: list[Result]) -> list[str]:
    """Return the scores that all results have, in the order of the table."""
    return [name for name in TITLES if all(name in result["scores"] for result in results)]


def scores(results: list[Result], name: str) -> list[float]:
    """Return the scores of one evaluation set."""
    return [result["scores"][name] for result in results]


def compare(sides: dict[str, list[float]]) -> list[str]:
    """Write the scores of all sides, and their differences from gensim or from the second side."""
    cells = {side: mean_with_deviation(mine) for side, mine in sides.items()}
    if len(sides) == 2:
        one, other = sides.values()
        errors = standard_errors(one, other)
        difference = f"{mean(one) - mean(other):+.3f}"
        return [*cells.values(), difference, "-" if math.isnan(errors) else f"{errors:+.1f}"]
    for side, mine in sides.items():
        errors = standard_errors(mine, sides.get("gensim", mine))
        if side != "gensim" and "gensim" in sides and not math.isnan(errors):
            cells[side] += f" ({errors:+.1f})"
    return list(cells.values())


def _n_trained(result: Result) -> int:
    return result["n_words"] * result["key"]["settings"]["epochs"]


MEASURES = (
    ("kw/CPU s", 0, lambda result: _n_trained(result) / result["train_cpu"] / 1e3),
    ("kw/s", 0, lambda result: _n_trained(result) / result["train_wall"] / 1e3),
    ("peak MiB", 0, lambda result: result["peak_bytes"] / MIB),
)
