"""``python -m bench quantized``: what vectors lose as float16 and int8."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import options
from bench.child import evaluate
from bench.quality import TITLES, add_eval, evaluation_sets
from bench.record import Result
from bench.report import table
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.runtime.console import say

EXAMPLES = """\
Word2Vec trains once on the text. Its vectors are written to a safetensors file with numbers of
each type, and read again. "int8, one scale" has one scale for the whole matrix instead of one per
row. Scores are those of `bench quality`. "recall@10" is the share of the 10 nearest words that stay
among the 10 nearest, and "change of a cosine" the largest change of a cosine to one of them, over
words that are drawn from the vocabulary.

examples:
  python -m bench quantized wiki17m.txt.xz --eval eval/ --markdown
"""
DTYPES = ("float32", "float16", "int8")
ONE_SCALE = "int8, one scale"
TOPN = 10


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "quantized", help="the quality of float16 and int8 vectors", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    add_eval(parser)
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--epochs", type=options.positive, default=3, help="(3)")
    parser.add_argument("--workers", type=options.positive, default=1, help="threads (1)")
    parser.add_argument(
        "--words", type=options.positive, default=1000, help="that are asked for neighbours (1,000)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, write and read each type, and print the table."""
    sets = evaluation_sets(arguments.eval)
    corpus, record = options.start(arguments, None)
    model = Word2Vec(
        corpus_file=str(corpus.path), vector_size=arguments.dim, epochs=arguments.epochs, seed=1,
        sg=1, negative_sharing="block", workers=arguments.workers,
    )  # fmt: skip
    kv = KeyedVectors.from_arrays(model.wv.index_to_key, model.wv.vectors)
    say(f"{len(kv):,} words are trained")
    asked = np.random.default_rng(1).choice(len(kv), min(len(kv), arguments.words), replace=False)
    results = [
        record.append({"type": name} | judged(kv, other, asked, sets) | {"bytes": n_bytes})
        for name, other, n_bytes in versions(kv)
    ]
    print(f"{corpus}: vector_size={arguments.dim}, epochs={arguments.epochs}, block mode")
    print(record.heading(results) + "\n")
    print(render(results, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def versions(kv: KeyedVectors) -> list[tuple[str, KeyedVectors, int]]:
    """Return the name, the vectors and the size of the file of each type."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for dtype in DTYPES:
            path = Path(folder, f"{dtype}.safetensors")
            kv.export("safetensors", path, dtype=dtype)
            found.append((dtype, KeyedVectors.from_file(path), path.stat().st_size))
    scale = np.abs(kv.vectors).max() / 127
    coarse = (np.rint(kv.vectors / scale) * scale).astype(np.float32)
    n_bytes = found[-1][2] - 4 * len(kv)  # without a scale per row
    return [*found, (ONE_SCALE, KeyedVectors.from_arrays(kv.index_to_key, coarse), n_bytes)]


def judged(
    kv: KeyedVectors, other: KeyedVectors, asked: np.ndarray, sets: dict[str, str]
) -> Result:
    """Return the scores of vectors, and how their nearest words differ from those of `kv`."""
    vectors = other.vectors.astype(np.float32)
    found = units(vectors[asked]) @ units(vectors).T
    exact = units(kv.vectors[asked]) @ units(kv.vectors).T
    for cosines in (found, exact):
        cosines[np.arange(len(asked)), asked] = -np.inf  # a word is not a neighbour of itself
    nearest, true = (np.argpartition(c, -TOPN, axis=1)[:, -TOPN:] for c in (found, exact))
    shared = sum(len(np.intersect1d(*rows)) for rows in zip(nearest, true))
    rows = np.arange(len(asked))[:, None]
    return {
        "scores": evaluate(kv.index_to_key, vectors, sets),
        "recall": shared / true.size,
        "cosine": float(np.abs(found[rows, true] - exact[rows, true]).max()),
    }


def units(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def render(results: list[Result], markdown: bool) -> str:
    """Make the table, a row per measure."""
    rows = [["bytes of the file", *(f"{result['bytes']:,}" for result in results)]]
    rows += [
        [TITLES[name], *(f"{result['scores'][name]:.4f}" for result in results)]
        for name in results[0]["scores"]
    ]
    rows.append([f"recall@{TOPN}", *(f"{result['recall']:.4f}" for result in results)])
    rows.append(["change of a cosine", *(f"{result['cosine']:.5f}" for result in results)])
    return table(["", *(result["type"] for result in results)], rows, markdown)
