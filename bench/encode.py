"""``python -m bench encode``: vectors of texts, compared with model2vec and gensim."""

import argparse
import importlib.metadata
import os
from typing import Any

from bench import corpus, options, process
from bench.record import Record, Result
from bench.report import ratios, table, with_spread
from fastsgns.runtime.console import say

EXAMPLES = """\
All packages encode the same texts with the same float32 vectors of the words of the corpus, in
turn, in one process. The texts are consecutive words of the corpus, 5 to 35 in each. model2vec
reads the folder that ``export("static-embedding", folder)`` writes, whose tokenizer splits at white
space. gensim has no function for texts: two loops that its users write are measured. "lists" are
texts that Python has split, which the time includes. "FastText" has vectors of n-grams, and so few
words that 12 % of those of the corpus are unseen, and inferred. The difference is the largest one
between two numbers of two means. Speed is per CPU second with one thread, and per second with more.

With --halves, vectors are also trained (skip-gram), and N texts of 40 consecutive words are cut
into halves. The score of a weighting is the share of first halves whose nearest second half, by
cosine, is their own.

examples:
  python -m bench encode wiki17m.txt.xz
  python -m bench encode wiki17m.txt.xz --tokens 2e6 --rounds 5 --threads 1
  python -m bench encode wiki17m.txt.xz --halves 5000
"""
OURS = "fastsgns mean"
OF_ALL = ("texts", "words", "known", "types", "fasttext_types", "unseen")


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "encode", help="vectors of texts, compared with model2vec and gensim", epilog=EXAMPLES,
        **common,
    )  # fmt: skip
    options.add_corpus(parser)
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--threads", type=options.positive, nargs="+", default=sorted({1, os.cpu_count() or 1}),
        help="threads (1, and one per core)",
    )  # fmt: skip
    parser.add_argument(
        "--halves", type=options.positive, metavar="N", help="texts whose halves are matched (none)"
    )
    parser.add_argument("--epochs", type=options.positive, default=3, help="of training (3)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    n_tokens = arguments.tokens or corpus.SMALL
    text = corpus.prepare(arguments.corpus, None, arguments.cache)
    peer = version_of_model2vec()
    record = options.new_record(arguments, text.facts() | {"encoded": n_tokens, "model2vec": peer})
    if peer is None:
        say("model2vec is not installed, so it is left out: pip install fastsgns[static]")
    results: list[Result] = []
    for n_threads in arguments.threads:
        done = process.run({
            "job": "encode", "text": str(text.path), "tokens": n_tokens, "threads": n_threads,
            "corpus": str(corpus.encoded(text, arguments.min_count, arguments.cache)),
            "folder": str(arguments.cache), "dim": arguments.dim, "rounds": arguments.rounds,
            "gensim": bool(record.versions["gensim"]), "model2vec": peer is not None,
        })  # fmt: skip
        of_all = {name: done[name] for name in OF_ALL}
        for times in done["times"]:
            difference = done["differences"].get(times["side"])
            result = times | of_all | {"threads": n_threads, "difference": difference}
            results.append(record.append(result))
        say(f"{n_threads} threads: {len(done['times'])} measurements")
    print(
        f"{text}: {results[0]['types']:,} words; {results[0]['texts']:,} texts of "
        f"{results[0]['words']:,} words, of which {results[0]['known']:,} are known; FastText: "
        f"{results[0]['fasttext_types']:,} words, {results[0]['unseen']:.1%} of the texts' unseen; "
        f"{record.heading(results)}\n"
    )
    print(render(results, arguments.markdown))
    if arguments.halves:
        print("\n" + matched(arguments, text, record))
    print(f"\n{record.path}")
    return 0


def matched(arguments: argparse.Namespace, text: corpus.Corpus, record: Record) -> str:
    """Match the halves of texts, and return a table of the share that is right."""
    job = {"job": "halves", "text": str(text.path), "threads": max(arguments.threads)}
    names = ("dim", "min_count", "epochs", "halves")
    done = process.run(job | {name: getattr(arguments, name) for name in names})
    rows = []
    for side, share in done["shares"].items():
        record.append({"side": side, "halves": done["pairs"], "share": share})
        rows.append([side, f"{share:.3f}"])
    heading = ["weighting and components", f"right of {done['pairs']:,}"]
    return table(heading, rows, arguments.markdown)


def version_of_model2vec() -> str | None:
    """Return its version, None if it is not installed."""
    try:
        return importlib.metadata.version("model2vec")
    except importlib.metadata.PackageNotFoundError:
        return None


def speed(result: Result) -> float:
    """Return millions of words per CPU second of one thread, or per second of several."""
    return result["words"] / result["cpu" if result["threads"] == 1 else "wall"] / 1e6


def render(results: list[Result], markdown: bool) -> str:
    """Make the table, a row for each side and number of threads."""
    heading = ["side", "threads", "M words/s", "fastsgns mean is", "difference"]
    rows = []
    for n_threads in dict.fromkeys(r["threads"] for r in results):
        mine = [r for r in results if r["threads"] == n_threads]
        base = [r for r in mine if r["side"] == OURS]
        for side in dict.fromkeys(r["side"] for r in mine):
            of_side = [r for r in mine if r["side"] == side]
            difference = of_side[0]["difference"]
            rows.append([
                side.removesuffix(" mean") if side != OURS else side,
                str(n_threads),
                with_spread([speed(r) for r in of_side]),
                with_spread(ratios(base, of_side, speed), 1) + " x",
                "-" if difference is None else f"{difference:.1e}",
            ])  # fmt: skip
    return table(heading, rows, markdown)
