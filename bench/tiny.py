"""``python -m bench tiny``: what one epoch and five epochs learn of small graphs."""

import argparse
import importlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from bench import options
from bench.report import mean_with_deviation, table
from fastsgns import Word2Vec
from fastsgns.runtime.console import say

EXAMPLES = """\
Random walks of 80 nodes on two small graphs, two from each node, are the sentences of gensim and
of fastsgns. The learning rate of fastsgns decays word by word ("linear", batch_words=0) or in steps
of 10,000 words as gensim's ("steps", the default). The table has the agreement: the share of the
neighbours of a node that are among as many nearest nodes, as a mean over the nodes, and its mean
and standard deviation over the seeds. It needs networkx, and gensim for its column.

examples:
  python -m bench tiny --seeds 10 --markdown
"""
GRAPHS = "karate_club_graph", "les_miserables_graph"  # of networkx
TRAINED = {
    "skip-gram, negative": {"sg": 1},
    "CBOW, negative": {"sg": 0},
    "skip-gram, hs": {"sg": 1, "hs": 1, "negative": 0},
    "CBOW, hs": {"sg": 0, "hs": 1, "negative": 0},
}
EPOCHS = 1, 5
COMMON = {"vector_size": 64, "min_count": 1, "workers": 1}
WALKS_PER_NODE, WALK_LENGTH = 2, 80
HEADING = "graph", "trained", "epochs"

Neighbours = list[np.ndarray]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "tiny", help="learning rates of small corpora", epilog=EXAMPLES, **common
    )
    parser.add_argument("--seeds", type=options.positive, default=10, metavar="N", help="(10)")
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate, and print a table."""
    sides, record = makers(), options.new_record(arguments, {"graphs": GRAPHS})
    rows = []
    for name, (trained, options_), epochs in product(GRAPHS, TRAINED.items(), EPOCHS):
        cells = [name.removesuffix("_graph").replace("_", " "), trained, str(epochs)]
        neighbours = neighbours_of(name)
        for side, make in sides.items():
            found = []
            for seed in range(1, arguments.seeds + 1):
                settings = {**COMMON, **options_, "epochs": epochs, "seed": seed}
                model = make(sentences=draw_walks(neighbours, seed), **settings)
                found.append(agreement(model.wv, neighbours))
            record.append({"graph": name, "options": settings, "side": side, "agreement": found})
            cells.append(mean_with_deviation(found))
        say(", ".join(cells))
        rows.append(cells)
    print(table((*HEADING, *sides), rows, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def makers() -> dict[str, Callable[..., Any]]:
    """Return the functions that train a model, by the heading of their column."""

    def linear(**settings: Any) -> Word2Vec:
        return Word2Vec(**settings, batch_words=0)

    try:
        gensim = {"gensim": importlib.import_module("gensim.models").Word2Vec}
    except ImportError:
        gensim = {}
    return {**gensim, "linear": linear, "steps": Word2Vec}


def neighbours_of(name: str) -> Neighbours:
    """Return the neighbours of each node of a graph of networkx."""
    graph = getattr(importlib.import_module("networkx"), name)()
    ids = {node: i for i, node in enumerate(graph)}
    return [np.array([ids[neighbour] for neighbour in graph[node]]) for node in graph]


def draw_walks(neighbours: Neighbours, seed: int) -> list[list[str]]:
    """Return random walks as sentences, in random order."""
    rng = np.random.default_rng(seed)
    walks = []
    for start in rng.permutation(np.repeat(np.arange(len(neighbours)), WALKS_PER_NODE)):
        walk = [start]
        while len(walk) < WALK_LENGTH:
            walk.append(rng.choice(neighbours[walk[-1]]))
        walks.append([str(node) for node in walk])
    return walks


def agreement(wv: Any, neighbours: Neighbours) -> float:
    """Return the share of neighbours that are among as many nearest nodes."""
    shares = []
    for node, others in enumerate(neighbours):
        nearest = {int(key) for key, _ in wv.most_similar(str(node), topn=len(others))}
        shares.append(len(nearest.intersection(others.tolist())) / len(others))
    return float(np.mean(shares))
