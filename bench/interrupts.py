"""``python -m bench interrupts``: how long calls go on after Ctrl-C."""

import argparse
from typing import Any

from bench import options, process
from bench.report import table
from fastsgns.runtime.console import say

# The names of bench.interrupt_jobs.CALLS, which imports fastsgns.
CALLS = (
    "Word2Vec, window", "Word2Vec, pair", "Word2Vec, block", "Word2Vec, CBOW", "Word2Vec, tree",
    "Word2Vec, one matrix", "Word2Vec, softmax", "Word2Vec, 2 workers", "Word2Vec, d = 1000",
    "Word2Vec, generator", "FastText", "EncodedCorpus, file", "Phrases", "GloVe.count",
    "GloVe.train", "PPMI", "SVDVectors", "DirectedGraph", "NodeEmbedding",
    "NodeEmbedding, node2vec", "PairEmbedding", "HOPE", "STRAP", "FastRP", "ProNE",
    "most_similar_batch", "encode", "load, text", "load, native", "export, text",
)  # fmt: skip
EXAMPLES = """\
Each call runs in a process of its own, again and again, on synthetic data of 4 million tokens, of
2 million edges or of 200,000 vectors. Ctrl-C (SIGINT) comes after a random time of at most 1.5 s.
The table has the seconds from there to the KeyboardInterrupt. After each, the object is used once
more. "ended" counts calls that had ended before.

examples:
  python -m bench interrupts --presses 10 --markdown
  python -m bench interrupts --calls FastText "GloVe.train"
"""


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "interrupts", help="how long calls go on after Ctrl-C", epilog=EXAMPLES, **common
    )
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=CALLS, metavar="CALL")
    parser.add_argument("--presses", type=options.positive, default=10, help="of each call (10)")
    parser.add_argument("--seed", type=options.positive, default=1, help="of the times (1)")
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Press, and print a table."""
    record = options.new_record(arguments, {})
    rows = []
    for call in arguments.calls:
        asked = {"presses": arguments.presses, "seed": arguments.seed}
        found = process.run({"job": "press", "call": call} | asked)
        record.append({"key": {"job": "press", "call": call}} | found)
        seconds = sorted(found["seconds"])
        cells = [str(len(seconds)), str(found["n_ended"])]
        if seconds:
            cells += [f"{seconds[len(seconds) // 2]:.3f}", f"{seconds[-1]:.3f}"]
        rows.append([call, *cells, *["-"] * (4 - len(cells))])
        say(" ".join(rows[-1]))
    heading = "call", "presses", "ended", "median s", "longest s"
    print(table(heading, rows, arguments.markdown))
    return 0
