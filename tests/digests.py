"""Digests of small models of every kind, mode and kernel variant.

``python tests/digests.py FILE`` writes them. ``python tests/digests.py --compare FILE`` names the
models whose bytes differ from those in the file: run the first before a change and the second after
it, on one machine. ``python tests/digests.py --record`` rewrites digests.json, the summaries that
tests/test_digests.py compares on any machine, after a change of results that is intended.
"""

import argparse
import hashlib
import itertools
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns import FastText, GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec, kernels
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links import HOPE, STRAP
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.training.sharing import SHARINGS

RECORD = Path(__file__).with_suffix(".json")
VECTORS = ("wv", "input", "output", "source", "target")
ARRAYS = ("syn1neg", "input_biases", "output_biases", "target_bias")
MATRICES = ("two", "tied", "tied+bias", "tied+reflect")


def sentences(n: int = 120, seed: int = 0) -> list[list[str]]:
    """Draw sentences of 1 to 24 words out of 40, the first words more often."""
    rng = np.random.default_rng(seed)
    return [[f"w{int(40 * u * u)}" for u in rng.random(rng.integers(1, 25))] for _ in range(n)]


TEXT, MORE = sentences(), sentences(30, 3)
EDGES = [edge for words in TEXT[:50] for edge in itertools.pairwise(words)]
WORDS = {
    "vector_size": 20, "min_count": 2, "workers": 1, "epochs": 2, "sample": 1e-2,
    "compute_loss": True, "progress": False,
}  # fmt: skip
NODES = {
    "dimensions": 20, "workers": 1, "epochs": 2, "num_walks": 3, "walk_length": 12,
    "compute_loss": True, "progress": False,
}  # fmt: skip
PAIRS = {"dimensions": 20, "workers": 1, "epochs": 2, "progress": False}


def word_modes() -> Iterator[dict[str, Any]]:
    """Yield the options of Word2Vec that select another kernel, matrix or loop."""
    for sg, sharing in ((0, "pair"), *((1, mode) for mode in SHARINGS)):
        base = {"sg": sg, "negative_sharing": sharing}
        for matrices in (*MATRICES, "three"):
            for bias in ("scalar", "word", "both") if matrices == "tied+bias" else ("scalar",):
                coupling = {"coupling": 10} if matrices == "three" else {}
                yield base | {"matrices": matrices, "bias": bias} | coupling
        yield base | {"hs": 1, "negative": 0}
        yield base | {"hs": 1}
        yield base | {"softmax": 1, "negative": 0}
        yield base | {"window": 2, "shrink_windows": False, "negative": 12}
        yield base | {"vector_size": 64, "seed": 7, "alpha": 0.05}
    yield {"cbow_gradient": "exact"}
    yield {"cbow_mean": 0}
    yield {"cbow_mean": 0, "cbow_gradient": "exact"}
    yield {"sg": 1, "locked": True}


def subword_modes() -> Iterator[dict[str, Any]]:
    """Yield the options of FastText that select another kernel, matrix or scheme."""
    for sg, sharing in ((0, "pair"), *((1, mode) for mode in SHARINGS)):
        base = {"sg": sg, "negative_sharing": sharing}
        for matrices in (*MATRICES, "three"):
            yield base | {"matrices": matrices} | ({"coupling": 10} if matrices == "three" else {})
        yield base | {"hs": 1, "negative": 0}
        yield base | {"softmax": 1, "negative": 0}
        yield base | {"hash_count": 2, "bucket": 100}
    yield {"sg": 1, "matrices": "tied+bias", "bias": "both"}
    yield {"cbow_mean": 0}


def train_words(mode: dict[str, Any], cls: type[Word2Vec] = Word2Vec) -> Word2Vec:
    """Train, let the vocabulary grow, and train again."""
    options = {name: value for name, value in mode.items() if name != "locked"}
    model = cls(**WORDS | options)
    model.build_vocab(TEXT)
    if "locked" in mode:
        model.wv.vectors_lockf = np.linspace(0, 1, len(model.wv), dtype=np.float32)
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    model.build_vocab(MORE, update=True)
    model.train(MORE, total_examples=len(MORE), epochs=1)
    return model


def train_glove(matrices: str) -> GloVe:
    options = {name: WORDS[name] for name in ("vector_size", "min_count", "workers", "progress")}
    return GloVe(TEXT, epochs=3, matrices=matrices, **options)


def update_nodes(
    graph: DirectedGraph, walks: str, matrices: Any, sharing: Any, old_rows: Any
) -> NodeEmbedding:
    """Learn a part of a graph, then all of it."""
    options = NODES | {"walks": walks, "matrices": matrices, "negative_sharing": sharing}
    part = DirectedGraph.from_edges(*zip(*EDGES[: len(EDGES) // 2]))
    return NodeEmbedding(**options).fit(part).update(graph, old_rows=old_rows)


def update_pairs(sharing: Any) -> PairEmbedding:
    """Learn some pairs, then others."""
    half = len(EDGES) // 2
    model = PairEmbedding(**PAIRS, negative_sharing=sharing).fit(EDGES[:half])
    return model.update(EDGES[half:], old_rows="damped")


def walk_constrained(walks: str, weighted: bool) -> NodeEmbedding:
    """Train on walks along a metapath, or in the order of times."""
    graph = DirectedGraph.from_edges(
        *zip(*EDGES),
        [1 + i % 3 for i in range(len(EDGES))] if weighted else None,
        node_types={word: "ab"[len(word) % 2] for edge in EDGES for word in edge},
        times=[i % 17 for i in range(len(EDGES))],
    )
    metapath = ["a", "b", "a"] if walks == "metapath" else None
    return NodeEmbedding(**NODES, walks=walks, metapath=metapath).fit(graph)


def models() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the name of each model, and the function that trains it."""
    for mode in word_modes():
        yield f"words {json.dumps(mode, sort_keys=True)}", lambda mode=mode: train_words(mode)
    for mode in subword_modes():
        name = f"subwords {json.dumps(mode, sort_keys=True)}"
        yield name, lambda mode=mode: train_words(mode, FastText)
    for matrices in ("two", "tied"):
        yield f"glove {matrices}", lambda matrices=matrices: train_glove(matrices)
    graph = DirectedGraph.from_edges(*zip(*EDGES))
    walks = ("forward", "undirected", "app", "nerd", "edges")
    for mode in itertools.product(walks, MATRICES, ("block", "window", "pair")):
        if mode[:2] == ("nerd", "tied+bias"):
            continue
        options = dict(zip(("walks", "matrices", "negative_sharing"), mode))
        options |= {"walk_length": None} if mode[0] == "edges" else {}
        yield (
            f"nodes {' '.join(mode)}",
            lambda options=options: NodeEmbedding(**NODES | options).fit(graph),
        )
    yield (
        "nodes node2vec",
        lambda: NodeEmbedding(**NODES, walks="undirected", p=0.5, q=2).fit(graph),
    )
    for walks in ("metapath", "temporal"):
        for weighted in (False, True):
            yield (
                f"nodes {walks} {'weighted' if weighted else 'unweighted'}",
                lambda options=(walks, weighted): walk_constrained(*options),
            )
    yield "nodes joint", lambda: NodeEmbedding(**NODES, walks="nerd", joint=True).fit(graph)
    for sharing in ("pair", "block"):
        yield (
            f"pairs {sharing}",
            lambda sharing=sharing: PairEmbedding(**PAIRS, negative_sharing=sharing).fit(EDGES),
        )
    for mode in itertools.product(
        ("undirected+nerd", "nerd"), ("two", "tied"), ("window", "pair"), ("free", "damped")
    ):
        if mode[:2] != ("undirected+nerd", "tied"):
            yield f"nodes update {' '.join(mode)}", lambda mode=mode: update_nodes(graph, *mode)
    for sharing in ("pair", "block"):
        yield f"pairs update {sharing}", lambda sharing=sharing: update_pairs(sharing)
    yield "hope", lambda: HOPE(8).fit(graph)
    yield "strap", lambda: STRAP(8).fit(graph)
    yield "svd", lambda: SVDVectors(PPMI(TEXT, min_count=2), 8)


def arrays(model: Any) -> list[np.ndarray]:
    """Return all that a model has learned."""
    views = [getattr(model, name, None) for name in VECTORS]
    found = [view.vectors for view in views if isinstance(view, KeyedVectors)]
    if hasattr(model, "roles"):
        found += [*(model.roles[role].vectors for role in model.roles), model.roles.bias]
    if (tree := getattr(model, "syn1", None)) is not None:
        found.append(tree[: len(model.wv) - 1])  # the last row is not used
    found += [getattr(model, name, None) for name in ARRAYS]
    if isinstance(model, FastText):
        found += [model.wv.vectors_vocab, model.wv.vectors_ngrams]
    found.append(np.array(getattr(model, "epoch_losses", [])))
    return [np.ascontiguousarray(array) for array in found if array is not None]


def digest(model: Any) -> str:
    """Return a hash of the types, shapes and bytes of all arrays."""
    found = hashlib.sha256()
    for array in arrays(model):
        found.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return found.hexdigest()[:16]


def summary(model: Any) -> list[float]:
    """Return two numbers per array: its norm, and its projection on a fixed direction."""
    numbers = []
    for array in arrays(model):
        values = array.ravel().astype(np.float64)
        direction = np.cos(np.arange(len(values)))
        numbers += [float(np.linalg.norm(values)), float(values @ direction)]
    return numbers


def of_all(measure: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a measure of every model, by its name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: measure(train()) for name, train in models()}


def of_all_variants() -> dict[str, str]:
    """Return the digest of every model with every kernel variant."""
    found = {}
    for variant in kernels.available():
        kernels.force(variant)
        found |= {f"{variant} {name}": value for name, value in of_all(digest).items()}
    return found


def main() -> int:
    """Write or compare digests; 1 if some differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="write the digests there")
    parser.add_argument("--compare", metavar="FILE", help="name the models whose bytes differ")
    parser.add_argument("--record", action="store_true", help=f"rewrite {RECORD.name}")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.record:
        rounded = {
            name: [float(f"{number:.8g}") for number in numbers]
            for name, numbers in of_all(summary).items()
        }
        lines = ",\n".join(f"{json.dumps(name)}: {v}" for name, v in rounded.items())
        RECORD.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    if arguments.file:
        Path(arguments.file).write_text(json.dumps(of_all_variants(), indent=0), encoding="utf-8")
    if not arguments.compare:
        return 0
    before = json.loads(Path(arguments.compare).read_text(encoding="utf-8"))
    after = of_all_variants()
    different = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    print(f"{len(different)} of {len(after)} models differ", *different, sep="\n")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
