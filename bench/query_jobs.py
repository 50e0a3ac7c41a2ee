"""The job of ``python -m bench queries``: queries of both packages on the same matrix."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.instruments import now

Job = dict[str, Any]
Query = Callable[[Any], object]
BLOCK = 10_000  # rows that are drawn at a time
RANK = 32  # dimensions in which the vectors mostly differ
NOISE = 0.3
SECONDS = 0.02  # a fast query is repeated for as long
N_ASKED = 200  # queries of the index


def matrix(n_rows: int, d: int) -> np.ndarray:
    """Return float32 vectors that differ in some dimensions more than in others, as words do."""
    rng = np.random.default_rng(0)
    axes = rng.standard_normal((RANK, d), np.float32)
    vectors = np.empty((n_rows, d), np.float32)
    for start in range(0, n_rows, BLOCK):
        rows = vectors[start : start + BLOCK]
        np.matmul(rng.standard_normal((len(rows), RANK), np.float32), axes, out=rows)
        rows += NOISE * RANK**0.5 * rng.standard_normal(rows.shape, np.float32)
    return vectors


def singles(words: list[str], vectors: np.ndarray) -> dict[str, Query]:
    """Return the queries that both packages answer, by name."""
    some, vector, n = words[5:25], vectors[7].copy(), len(words)
    one, two, three = words[7:10]
    return {
        "most_similar": lambda kv: kv.most_similar(one),
        "most_similar, 3 words": lambda kv: kv.most_similar([one, two], [three]),
        "similar_by_vector": lambda kv: kv.similar_by_vector(vector),
        "most_similar, first tenth": lambda kv: kv.most_similar(one, restrict_vocab=n // 10),
        "most_similar_cosmul": lambda kv: kv.most_similar_cosmul([one, two], [three]),
        "distances": lambda kv: kv.distances(one),
        "rank": lambda kv: kv.rank(one, two),
        "kv[key]": lambda kv: kv[one],
        "kv[20 keys]": lambda kv: kv[some],
        "get_vector(norm=True)": lambda kv: kv.get_vector(one, norm=True),
        "similarity": lambda kv: kv.similarity(one, two),
        "get_mean_vector, 20 keys": lambda kv: kv.get_mean_vector(some),
        "n_similarity, 10 and 10": lambda kv: kv.n_similarity(some[:10], some[10:]),
        "doesnt_match, 5 keys": lambda kv: kv.doesnt_match(some[:5]),
        "distances, 20 keys": lambda kv: kv.distances(one, some),
    }


def measure(job: Job) -> Job:
    """Time all queries in turn, in several rounds; return a list of times."""
    n, d = job["rows"], job["dim"]
    vectors, words = matrix(n, d), [f"word{i}" for i in range(n)]
    with tempfile.TemporaryDirectory(dir=job["folder"]) as folder:
        sides = dict(sides_of(words, vectors, Path(folder), job))
        times = [
            {"round": n_round, "query": query, "side": side} | timed(work)
            for n_round in range(job["rounds"])
            for query, works in sides.items()
            for side, work in (works.items() if n_round % 2 == 0 else reversed(works.items()))
        ]
    found = index(words[: job["index_rows"]], vectors[: job["index_rows"]]) if job["index"] else {}
    return {"times": times, "index": found}


def sides_of(
    words: list[str], vectors: np.ndarray, folder: Path, job: Job
) -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """Yield (query, what each side does)."""
    from fastsgns import KeyedVectors

    trained, loaded = KeyedVectors.from_arrays(words, vectors), KeyedVectors(vectors.shape[1])
    loaded.set_items(words, vectors)  # as after `load`: nobody else has the array
    loaded.save(folder / "vectors")
    mapped = KeyedVectors.load(folder / "vectors", mmap="r")
    other = gensims(words, vectors) if job["gensim"] else None
    direction = vectors[7] / np.linalg.norm(vectors[7])
    for name, query in singles(words, vectors).items():
        works: dict[str, Callable[[], object]] = {"fastsgns": _ask(query, trained)}
        if name == "most_similar":
            works["bare"] = lambda: np.argpartition(vectors @ direction, -11)[-11:]
            works["bare mapped"] = lambda: np.argpartition(mapped.array @ direction, -11)[-11:]
            works |= {"loaded": _ask(query, loaded), "mapped": _ask(query, mapped)}
        if other is not None:
            works["gensim"] = _ask(query, other)
        yield name, works
    for n_queries in job["batches"]:
        asked = words[:n_queries]
        units = vectors[: len(asked)] / np.linalg.norm(vectors[: len(asked)], axis=1)[:, None]
        yield (
            f"most_similar_ids, {len(asked)} keys",
            {
                "fastsgns": _ask(lambda kv, asked=asked: kv.most_similar_ids(asked), trained),
                "bare": lambda units=units: units @ vectors.T,
            },
        )


def _ask(query: Query, vectors: Any) -> Callable[[], object]:
    return lambda: query(vectors)


def gensims(words: list[str], vectors: np.ndarray) -> Any:
    """Return gensim's KeyedVectors of the same matrix, with norms."""
    from gensim.models import KeyedVectors

    kv = KeyedVectors(vectors.shape[1])
    kv.index_to_key, kv.key_to_index = words, {word: i for i, word in enumerate(words)}
    kv.vectors = vectors
    kv.fill_norms()
    return kv


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Return the seconds that one call takes, repeated if it is fast."""
    n = 1
    while True:
        before = now()
        for _ in range(n):
            work()
        wall, cpu = (b - a for a, b in zip(before, now()))
        if wall >= SECONDS or n > 1:
            return {"wall": wall / n, "cpu": cpu / n}
        n = max(2, int(SECONDS / max(wall, 1e-6)))


def index(words: list[str], vectors: np.ndarray) -> Job:
    """Return the time and the recall at 10 of UsearchIndexer; {} without usearch."""
    try:
        import usearch  # noqa: F401
    except ImportError:
        return {}
    from fastsgns import KeyedVectors
    from fastsgns.vectors.indexers import UsearchIndexer

    kv = KeyedVectors.from_arrays(words, vectors)
    before = now()
    indexer = UsearchIndexer(kv)
    made = [b - a for a, b in zip(before, now())]
    asked = words[:: max(1, len(words) // N_ASKED)][:N_ASKED]
    exact = kv.most_similar_ids(vectors[kv.key_table.indices(asked)], topn=10)
    before = now()
    found = [kv.most_similar(word, topn=10, indexer=indexer) for word in asked]
    query = [b - a for a, b in zip(before, now())]
    before = now()
    for word in asked[:20]:
        kv.most_similar(word, topn=10)
    search = [b - a for a, b in zip(before, now())]
    hits = [
        len({kv.key_to_index[key] for key, _ in answer} & set(ids.tolist())) / len(ids)
        for answer, ids in zip(found, exact.ids)
    ]
    with tempfile.TemporaryDirectory() as folder:
        indexer.save(Path(folder) / "index")
        size = os.path.getsize(Path(folder) / "index")
    return {
        "rows": len(words), "make_wall": made[0], "make_cpu": made[1], "bytes": size,
        "recall": float(np.mean(hits)), "query_wall": query[0] / len(asked),
        "search_wall": search[0] / len(asked[:20]),
    }  # fmt: skip


JOBS = {"queries": measure}
