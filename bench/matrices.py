"""``python -m bench matrices``: one, two and three matrices, scored in every role."""

import argparse
import itertools
import json
import math
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import corpus as corpora
from bench import options
from bench.child import evaluate
from bench.corpus import Corpus, data_folder
from bench.quality import SETS, TITLES, evaluation_sets
from bench.record import RESULTS
from bench.report import table
from bench.sides import SHARINGS, layout_settings
from fastsgns.runtime.console import say
from fastsgns.runtime.intervals import interval
from fastsgns.study.charts import bars

EXAMPLES = """\
Train one model for each matrices x dim x epochs x seed, and evaluate its vectors in every role. A
bias (tied+bias:word) or a coupling (three:10) can follow the name of matrices. Results are appended
to a file of JSON lines, which several processes can share. Results in the file are not computed
again. --fresh computes them again, with scores that older lines lack; the last line of a model
counts.

examples:
  python -m bench matrices wiki17m.txt.xz --seeds 5
  python -m bench matrices wiki17m.txt.xz --sharing block --epochs 1 3 5 10 --seeds 5
  python -m bench matrices wiki17m.txt.xz --cbow --matrices two tied+bias:word --dim 50 100 300
  python -m bench matrices wiki17m.txt.xz --cbow --fastsgns cbow_gradient=exact \\
      --fastsgns alpha=0.075
  python -m bench matrices wiki17m.txt.xz --table --epochs 5 --dim 100 --markdown
"""
MODES = (
    "two", "tied", "tied+bias:scalar", "tied+bias:word", "tied+bias:both", "tied+reflect",
    "three", "three:10",
)  # fmt: skip
WORDSIM_HALVES = {
    "wordsim353_sim": ("WordSim sim.", "wordsim353_sim.tsv"),
    "wordsim353_rel": ("WordSim rel.", "wordsim353_rel.tsv"),
}
HEADS = TITLES | {key: title for key, (title, _) in WORDSIM_HALVES.items()}
SHOWN = {
    "corpus", "sg", "vector_size", "epochs", "seed", "matrices", "negative_sharing", "bias",
    "coupling", "negative",
}  # fmt: skip
Result = dict[str, Any]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "matrices", help="one, two, three matrices over seeds", epilog=EXAMPLES, **common
    )
    options.add_text(parser)
    options.add_cache(parser)
    options.add_algorithm(parser)
    parser.add_argument("--eval", type=Path, default=data_folder() / "eval", metavar="DIR")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file of JSON lines")
    parser.add_argument("--matrices", nargs="+", default=list(MODES), metavar="MODE", help="(all)")
    parser.add_argument("--sharing", choices=SHARINGS, default="pair")
    parser.add_argument("--dim", nargs="+", type=options.positive, default=[100], help="(100)")
    parser.add_argument("--epochs", nargs="+", type=options.positive, default=[5], help="(5)")
    parser.add_argument("--negative", nargs="+", type=options.positive, default=[5], help="(5)")
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--first-seed", type=options.positive, default=1, metavar="N", help="(1)")
    options.add_fastsgns(parser)
    parser.add_argument("--fresh", action="store_true", help="compute existing results again")
    parser.add_argument(
        "--table", action="store_true", help="train nothing, print existing results"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="SVG of the input vectors")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate what is not in the file yet, and print the table of all results."""
    text = corpora.prepare(arguments.corpus, arguments.tokens, arguments.cache)
    path = arguments.output or RESULTS / f"matrices-{text.path.name.split('.')[0]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = list(keys_of(arguments, text.path.name))
    if not arguments.table:
        train_all(keys, arguments, text, path)
    results = [result for result in read(path) if result["key"] in keys]
    print(render(results, arguments.markdown))
    if arguments.figure:
        arguments.figure.write_text(figure(results), encoding="utf-8")
    print(f"\n{path}")
    return 0


def keys_of(arguments: argparse.Namespace, corpus: str) -> Iterator[Result]:
    """Yield the models to train, seed by seed."""
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    grid = itertools.product(
        seeds, arguments.dim, arguments.epochs, arguments.negative, arguments.matrices
    )
    for seed, dim, epochs, negative, mode in grid:
        key = {"corpus": corpus, "sg": arguments.sg, "vector_size": dim, "epochs": epochs}
        key |= {"negative": negative, "seed": seed} | layout_settings(mode)
        if arguments.sg:
            key["negative_sharing"] = arguments.sharing
        yield key | dict(arguments.fastsgns)


def read(path: Path) -> list[Result]:
    """Return the last result of each model in the file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        results = [json.loads(line) for line in lines]
    return list({json.dumps(r["key"], sort_keys=True): r for r in results}.values())


def train_all(keys: list[Result], arguments: argparse.Namespace, text: Corpus, path: Path) -> None:
    """Train the models that have no line in the file, in order."""
    encoded = corpora.encoded(text, 5, arguments.cache)
    sets = evaluation_sets(arguments.eval)
    for key, (_, name) in WORDSIM_HALVES.items():
        if (arguments.eval / name).exists():
            sets[key] = str(arguments.eval / name)
    for key in keys:
        lock = path.with_name(f".{path.name}.{abs(hash_of(key)):x}.lock")
        is_there = any(result["key"] == key for result in read(path))
        if (is_there and not arguments.fresh) or not claim(lock):
            continue
        try:
            result = {"key": key} | train(key, encoded, sets)
            with path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(result) + "\n")
        finally:
            lock.unlink()
        say(f"{label(key)} seed {key['seed']}: {result['scores']['input']}")


def hash_of(key: Result) -> int:
    """Return a name for a key that is the same in every process."""
    return int.from_bytes(json.dumps(key, sort_keys=True).encode(), "big") % (2**61 - 1)


def claim(lock: Path) -> bool:
    """Reserve a task for this process; return False if another running process has it."""
    try:
        if lock.exists() and not Path(f"/proc/{lock.read_text() or 0}").exists():
            lock.unlink()
        with lock.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True


def train(key: Result, encoded: Path, sets: dict[str, str]) -> Result:
    """Train one model, and return its scores by role."""
    from fastsgns import EncodedCorpus, Word2Vec

    settings = {name: value for name, value in key.items() if name != "corpus"}
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Word2Vec(
            EncodedCorpus.load(encoded), workers=1, progress=False,
            compute_loss=key["seed"] == 1, **settings,
        )  # fmt: skip
    seconds = time.process_time() - started
    words, scores = model.wv.index_to_key, {}
    for role, vectors in roles(model).items():
        scores[role] = evaluate(words, vectors, sets)
    return {"cpu": seconds, "scores": scores, "losses": model.epoch_losses}


def roles(model: Any) -> Result:
    """Return the vectors of a model by role; a single matrix has one role."""
    found = {"input": model.wv.vectors}
    for role, vectors in model.current_arrays().vectors.items():
        if role != "input":
            found |= {role: vectors, f"input + {role}": model.wv.vectors + vectors}
    return found


def label(key: Result) -> str:
    """Return a description of a model."""
    extra = key.get("bias") or key.get("coupling")
    algorithm = f"sg {key['negative_sharing']}" if key["sg"] else "cbow"
    kind = f"{key['matrices']} {extra}" if extra else key["matrices"]
    settings = [f"d={key['vector_size']}", f"{key['epochs']} epochs"]
    settings += [f"{name}={value}" for name, value in key.items() if name not in SHOWN]
    return ", ".join([algorithm, *settings, kind])


def grouped(results: list[Result]) -> dict[str, list[Result]]:
    """Return the seeds of each model."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(label(result["key"]), []).append(result)
    return groups


def judged(results: list[Result]) -> list[str]:
    """Return the scores that some of the results have, in the order of the table."""
    return [name for name in HEADS if any(name in r["scores"]["input"] for r in results)]


def scores(results: list[Result], role: str, name: str) -> list[float]:
    """Return the scores of one role, of the results that have them."""
    return [r["scores"][role][name] for r in results if name in r["scores"][role]]


def figure(results: list[Result]) -> str:
    """Draw bars of the scores of the input vectors of each model, with 95 % intervals."""
    sets = [name for name in judged(results) if name in SETS]
    series = {
        name.rpartition(", ")[2]: [interval(scores(found, "input", s)) for s in sets]
        for name, found in grouped(results).items()
    }
    titles = [SETS[name][0] for name in sets]
    return bars("scores by matrices", titles, series, "correlation, or share of right answers")


def render(results: list[Result], markdown: bool) -> str:
    """Make the table, with one row per model and role.

    A row has the mean and half of the 95 % interval over seeds, and the difference from the input
    vectors of "two" in standard errors.
    """
    sets = judged(results)
    rows: list[list[str]] = []
    base: dict[str, list[float]] = {}
    for name, found in grouped(results).items():
        if name.endswith(", two"):
            base = {s: scores(found, "input", s) for s in sets}
        for role in found[0]["scores"]:
            cells = [cell(scores(found, role, s), base.get(s)) for s in sets]
            loss = next((f"{r['losses'][-1]:.3f}" for r in found if r["losses"]), "")
            rows.append([name, role, str(len(found)), *cells, loss])
    heads = ["trained", "role", "seeds", *(HEADS[s] for s in sets), "loss"]
    return table(heads, rows, markdown)


def moments(values: list[float]) -> tuple[float, float]:
    """Return the mean and the squared standard error."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    return mean, sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values)


def cell(values: list[float], base: list[float] | None) -> str:
    """Write a mean with its interval, or with its difference from `base` in standard errors."""
    if not values:
        return "-"
    mean, error = moments(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    text = f"{mean:.3f} ± {interval(values).high - mean:.3f}"
    if base is None or len(base) < 2 or base == values:
        return text
    other, other_error = moments(base)
    return f"{text} ({(mean - other) / math.sqrt(error + other_error):+.1f})"
