"""``fastsgns study``: test claims about input and output matrices on a corpus."""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from fastsgns import demo
from fastsgns.cli import inputs
from fastsgns.cli.arguments import add_reading
from fastsgns.cli.parsers import Commands, UsageError, add_command, positive, usage_errors
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.formats.files import local_path
from fastsgns.runtime.console import say, table
from fastsgns.study import graphs, judgements, report
from fastsgns.study.claim import Results
from fastsgns.study.claims import CLAIMS, chosen
from fastsgns.study.graphs import GraphMaterial
from fastsgns.study.material import Material
from fastsgns.study.runner import Runner
from fastsgns.study.settings import FULL, QUICK, Settings

EXAMPLES = """\
examples:
  fastsgns study
  fastsgns study corpus.txt -o study --eval eval/
  fastsgns study corpus.txt -o study --only C1,C5 --seeds 10

Without a corpus, the documentation of this Python is used, with the sizes of --quick. Writes
report.html, report.json and cache/ into the folder. To continue a run that was stopped, repeat it.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "test claims about input and output matrices, and write a report"
    parser = add_command(commands, "study", help, EXAMPLES, run)
    parser.add_argument(
        "inputs", nargs="*", type=local_path, metavar="CORPUS",
        help="text files, or one saved corpus",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", default="study", type=local_path, metavar="DIR",
        help="output folder (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=positive, metavar="N",
        help="repetitions of each experiment; one gives no interval, so no verdict",
    )  # fmt: skip
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="only these claims, such as C1,C5; there are " + ", ".join(c.name for c in CLAIMS),
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small sizes that take minutes; the default without a corpus",
    )
    parser.add_argument(
        "--eval", type=local_path, metavar="DIR",
        help="folder with human judgements: " + ", ".join(judgements.SETS.values()),
    )  # fmt: skip
    parser.add_argument(
        "--graphs", nargs="+", type=local_path, metavar="PATH",
        help="directed graphs, 'source target' per line, or folders of *.edges (default: a "
        "generated graph)",
    )  # fmt: skip
    add_reading(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the experiments that the cache lacks, write the report and print the verdicts."""
    with usage_errors():
        claims = chosen(arguments.only.split(",") if arguments.only else None)
    settings = QUICK if arguments.quick or not arguments.inputs else FULL
    if arguments.seeds:
        settings = replace(settings, n_seeds=arguments.seeds)
    judged = judgements.load(arguments.eval) if arguments.eval else []
    folder = Path(arguments.output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"-o {folder} is a file; name a folder for the report")
    folder.mkdir(parents=True, exist_ok=True)
    source = ", ".join(arguments.inputs) or "the documentation of this Python, numpy and scipy"
    materials: dict[str, Material | GraphMaterial] = {}
    results: dict[str, Results] = {}
    n_computed = 0
    for needs in dict.fromkeys(claim.needs for claim in claims):
        if needs == "corpus":
            materials[needs] = Material(_corpus(arguments), settings, judged, arguments.workers)
        else:
            materials[needs] = _graphs(arguments, settings)
        runner = Runner(materials[needs], folder / "cache", arguments.progress)
        results |= runner.run([claim for claim in claims if claim.needs == needs])
        n_computed += runner.n_computed
    evidence = report.write(folder, materials, claims, results, source)
    print(table([(c.name, evidence[c.name].verdict, c.title) for c in claims]))
    if arguments.progress is not False:
        say(f"{n_computed} runs computed; the report is {folder / 'report.html'}")
    return 0


def _graphs(arguments: argparse.Namespace, settings: Settings) -> GraphMaterial:
    loaded = graphs.load(*arguments.graphs) if arguments.graphs else {graphs.MADE: graphs.made()}
    return GraphMaterial(loaded, settings, arguments.workers)


def _corpus(arguments: argparse.Namespace) -> EncodedCorpus:
    if arguments.inputs:
        return inputs.open_corpus(arguments)
    with tempfile.TemporaryDirectory(prefix="fastsgns-study-") as folder:
        path = Path(folder) / "corpus.txt"
        demo.build_corpus(path, arguments.progress)
        return EncodedCorpus.from_files([path])
