"""``python -m bench phrases``: phrases learned and joined, compared with gensim."""

import argparse
from typing import Any

from bench import options, process
from bench.record import Result
from bench.report import ratios, table, with_spread
from fastsgns.models.phrases import ENGLISH_CONNECTOR_WORDS
from fastsgns.runtime.console import say

EXAMPLES = """\
Both packages learn phrases from the same text, and join them, in turn, in one process. Before that,
all counts, all phrases with their scores, and all joined sentences are compared. Times are CPU
nanoseconds per word of the text. "learn" is the constructor of Phrases, which counts words and
pairs. "export" scores the pairs. "join" has the phrases already: of a saved EncodedCorpus, which is
mapped, of a file of text, or of sentences in Python. "read" makes an EncodedCorpus of the text,
without phrases.

examples:
  python -m bench phrases wiki17m.txt.xz --tokens 3e6
  python -m bench phrases wiki17m.txt.xz --tokens 3e6 --english --threads 1
"""
BASES = {"learn": "learn: gensim", "export": "export: gensim", "join": "join: gensim, sentences"}


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "phrases", help="phrases learned and joined, compared with gensim", epilog=EXAMPLES,
        **common,
    )  # fmt: skip
    options.add_corpus(parser)
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--threads", type=options.positive, default=1, metavar="N", help="(1)")
    parser.add_argument("--min-count", type=float, default=5, help="(5)")
    parser.add_argument("--threshold", type=float, default=10.0, help="(10)")
    parser.add_argument(
        "--english", action="store_true", help="with ENGLISH_CONNECTOR_WORDS inside of phrases"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    text, record = options.start(arguments, None)
    words = sorted(ENGLISH_CONNECTOR_WORDS) if arguments.english else []
    settings = {"min_count": arguments.min_count, "threshold": arguments.threshold}
    done = process.run({
        "job": "phrases", "text": str(text.path), "threads": arguments.threads,
        "rounds": arguments.rounds, "folder": str(arguments.cache),
        "gensim": bool(record.versions["gensim"]),
        "options": settings | {"connector_words": words},
    })  # fmt: skip
    of_all = {name: done[name] for name in ("words", "pairs", "phrases", "agreement")}
    results = [record.append(times | of_all) for times in done["times"]]
    print(
        f"{text}: {done['words']:,} words, {done['pairs']:,} different pairs, "
        f"{done['phrases']:,} phrases; {record.heading(results)}"
    )
    for what, is_same in done["agreement"].items():
        print(f"{what}: {'the same as' if is_same else 'NOT those of'} gensim")
        if not is_same:
            say(f"{what} differ from gensim's")
    print()
    print(render(results, arguments.markdown))
    print(f"\n{record.path}")
    return 0 if all(done["agreement"].values()) else 1


def speed(result: Result) -> float:
    """Return words per CPU nanosecond."""
    return result["words"] / result["cpu"] / 1e9


def render(results: list[Result], markdown: bool) -> str:
    """Make the table, a row for each side."""
    rows = []
    for side in dict.fromkeys(r["side"] for r in results):
        mine = [r for r in results if r["side"] == side]
        base = [r for r in results if r["side"] == BASES.get(side.partition(":")[0])]
        rows.append([
            side,
            with_spread([1e9 * r["cpu"] / r["words"] for r in mine], 1),
            with_spread([r["wall"] for r in mine]),
            with_spread(ratios(mine, base, speed), 1) + " x" if base else "-",
        ])  # fmt: skip
    return table(["side", "CPU ns/word", "seconds", "speed, gensim = 1"], rows, markdown)
