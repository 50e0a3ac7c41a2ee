"""Run everything that has threads of its own, or may be called by several, for ThreadSanitizer.

``make tsan`` runs this. ``python tests/races.py [VARIANT ...]`` trains a model of every kind and
mode with these kernel variants, by default with all, and some of them with ``deterministic=True``.
For each variant, several threads also read and count texts, encode them, and query one model that
nobody changes. Without ThreadSanitizer the program checks only that nothing raises.
"""

import itertools
import logging
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import digests

from fastsgns import (
    FastText,
    GloVe,
    NodeEmbedding,
    PairEmbedding,
    Phrases,
    Word2Vec,
    kernels,
)
from fastsgns.cooccurrence import windows
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus import ranges
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.kernels import sums
from fastsgns.models.glove import grid
from fastsgns.phrases import applying, counts
from fastsgns.training import merge, rounds
from fastsgns.vectors import encoding, norms

WORKERS = 4
READERS = 8  # threads that use one model
SOLVED = ("hope", "strap", "svd")  # models without training threads
SMALL = {"vector_size": 20, "min_count": 2, "epochs": 1, "progress": False}
KNOWN = [f"w{i}" for i in range(8)]


def enlarge() -> None:
    """Make the texts of digests.py so long that all workers have a part."""
    digests.TEXT, digests.MORE = digests.sentences(700), digests.sentences(400, 3)
    digests.EDGES = [edge for words in digests.TEXT for edge in itertools.pairwise(words)]
    for options in (digests.WORDS, digests.NODES, digests.PAIRS):
        options["workers"] = WORKERS
    digests.NODES["num_walks"] = 30


def divide() -> None:
    """Make parts so small that texts and matrices of tests have enough for all threads."""
    ranges.RANGE_BYTES = applying.BLOCK_BYTES = 1 << 12
    counts.CHUNK_TOKENS = applying.CHUNK_TOKENS = 1 << 9
    windows.MIN_GROUP_TOKENS = 1 << 9
    encoding.BLOCK_TEXTS, encoding.BLOCK_LETTERS = 16, 1 << 10
    sums.THREAD_NUMBERS = 1
    norms.BLOCK_BYTES = norms.THREAD_BYTES = 1 << 10
    norms.n_blas_threads = lambda: WORKERS
    rounds.LEAST_ROUNDS, rounds.SHARD_TOKENS, rounds.USUAL_SHARD = 1, (1 << 9, 1 << 10), 1 << 9
    rounds.ROUNDS_PER_EPOCH = 1
    merge.THREAD_NUMBERS = 1 << 8
    grid.LEAST_CELLS = 1 << 4


def deterministic() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the call of trainings that give the same result with any `workers`.

    Threads train replicas and merge them. The blocks of a GloVe need no replicas.
    """
    # The first epoch of a model begins with rounds of one shard.
    words = SMALL | {"workers": WORKERS, "deterministic": True, "sg": 1, "epochs": 2}
    modes: list[dict[str, Any]] = [
        {},
        {"sg": 0},
        {"negative_sharing": "pair"},
        {"negative": 0, "hs": 1},
        {"negative": 0, "softmax": 1},
        {"matrices": "tied+bias"},
        {"matrices": "three", "coupling": 10},
    ]
    for mode in modes:
        yield (
            f"deterministic words {mode}",
            lambda mode=mode: Word2Vec(digests.TEXT, **words | mode),
        )
    yield "deterministic subwords", lambda: FastText(digests.TEXT, bucket=100, **words)
    nodes = digests.NODES | {"deterministic": True}
    yield "deterministic nodes", lambda: NodeEmbedding(**nodes).fit(digests.EDGES)
    pairs = digests.PAIRS | {"deterministic": True}
    yield "deterministic pairs", lambda: PairEmbedding(**pairs).fit(digests.EDGES)
    glove = SMALL | {"workers": WORKERS, "deterministic": True}
    for matrices in ("two", "tied"):
        yield (
            f"deterministic glove {matrices}",
            lambda m=matrices: GloVe(digests.TEXT, matrices=m, **glove),
        )


def at_once(calls: list[Callable[[], object]]) -> None:
    """Make all calls, in `READERS` threads that start together; raise what one raised."""
    barrier, errors = threading.Barrier(READERS), []

    def work() -> None:
        barrier.wait()
        try:
            for call in calls:
                call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def queries(model: Any) -> list[Callable[[], object]]:
    """List queries of a model of words."""
    kv, texts = model.wv, [" ".join(words) for words in digests.TEXT[:60]]
    pairs = [f"{u}\t{v}\t{i}" for i, (u, v) in enumerate(itertools.pairwise(KNOWN))]
    return [
        lambda: kv.most_similar(positive=["w1", "w2"], negative=["w3"], topn=5),
        lambda: kv.most_similar_cosmul(positive=["w1"], negative=["w3"]),
        lambda: kv.most_similar_batch(KNOWN),
        lambda: kv.similarity("w1", "w2"),
        lambda: kv.doesnt_match(KNOWN),
        lambda: kv.n_similarity(KNOWN[:3], KNOWN[3:]),
        lambda: kv.evaluate_word_pairs(pairs),
        lambda: kv.encode(texts, workers=2),
        lambda: [kv[word] for word in KNOWN],
        lambda: model.predict_output_word(KNOWN[:3]),
        lambda: model.roles["output"].most_similar("w1", topn=3),
    ]


def readers(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the call of everything that reads texts and graphs in threads."""
    text, edges, joined = folder / "text.txt", folder / "edges.tsv", folder / "joined.txt"
    text.write_text("".join(" ".join(words) + "\n" for words in digests.TEXT))
    edges.write_text("".join(f"{u}\t{v}\n" for u, v in digests.EDGES))
    corpus = EncodedCorpus.from_files([text], workers=WORKERS)
    phrases = Phrases(corpus, min_count=1, threshold=0.1, workers=WORKERS)
    yield "scan", lambda: EncodedCorpus.from_files([text, text], workers=WORKERS)
    yield "phrases", lambda: Phrases(corpus, min_count=1, workers=WORKERS)
    yield "join", lambda: phrases.join(corpus, workers=WORKERS)
    yield "join a file", lambda: phrases.transform_file(str(text), str(joined), workers=WORKERS)
    yield "join at once", lambda: at_once([lambda: list(phrases[digests.TEXT])])
    yield "cooccurrences", lambda: Cooccurrences.from_corpus(corpus, 5, workers=WORKERS)
    yield "graph", lambda: DirectedGraph.from_file([edges], workers=WORKERS)
    yield "text to model", lambda: Word2Vec(corpus_file=str(text), workers=WORKERS, **SMALL)


def users() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the call of everything that several threads of a program may call."""
    words = Word2Vec(digests.TEXT, workers=WORKERS, **SMALL)
    subwords = FastText(digests.TEXT, workers=WORKERS, bucket=100, **SMALL)
    nodes = NodeEmbedding(**digests.NODES).fit(DirectedGraph.of(digests.EDGES))
    absent: list[Callable[[], object]] = [
        lambda: subwords.wv["absent"],
        lambda: subwords.wv.most_similar("w1absent"),
    ]
    yield "queries", lambda: at_once(queries(words))
    yield "queries with subwords", lambda: at_once(queries(subwords) + absent)
    yield "recommendations", lambda: at_once([lambda: nodes.recommend("w1", topn=3)] * 20)
    yield (
        "models at once",
        lambda: at_once(
            [
                lambda: kernels.force(kernels.variant()),
                lambda: Word2Vec(digests.TEXT[:50], workers=2, **SMALL),
            ]
            * 2
        ),
    )


def run_all(variant: str) -> None:
    """Train with a kernel variant; read, count and query."""
    kernels.force(variant)
    with tempfile.TemporaryDirectory() as folder:
        calls = itertools.chain(digests.models(), deterministic(), readers(Path(folder)), users())
        for name, call in calls:
            if name not in SOLVED:
                print(variant, name, flush=True)
                call()


def main() -> None:
    """Run with the variants of the command line."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    enlarge()
    divide()
    for variant in sys.argv[1:] or kernels.available():
        run_all(variant)


if __name__ == "__main__":
    main()
