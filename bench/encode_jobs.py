"""The job of ``python -m bench encode``: vectors of the same texts by several packages."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench.instruments import now
from bench.query_jobs import gensims, matrix

Job = dict[str, Any]
N_COMPARED = 20_000  # texts of which the results are compared
HALF = 20  # words of a half of a text
UNSEEN = 0.12  # of the words of the corpus are not in the vocabulary of FastText
LENGTHS = (5, 36)  # words of a text, drawn evenly: 20 on average


def measure(job: Job) -> Job:
    """Time all sides in turn, in several rounds; return the times and the largest differences."""
    from fastsgns import EncodedCorpus, KeyedVectors

    vocabulary = EncodedCorpus.load(job["corpus"]).vocabulary
    vectors = matrix(len(vocabulary.words), job["dim"])
    kv = KeyedVectors.from_arrays(list(vocabulary.words), vectors, vocabulary.counts)
    texts = list(texts_of(job["text"], job["tokens"]))
    n_words = sum(text.count(" ") + 1 for text in texts)
    sides = dict(sides_of(kv, job))
    subwords = fasttext_vectors(vocabulary, vectors)
    sides["fastsgns FastText, unseen words"] = lambda texts: encoded(subwords, texts, job)
    compared = texts[:N_COMPARED]
    means = kv.encode(compared, return_known=True)[0]
    differences = {
        name: float(np.abs(np.asarray(side(compared)) - means).max())
        for name, side in sides.items()
        if name.endswith(" mean")
    }
    times = []
    for n_round in range(job["rounds"]):
        for name in list(sides) if n_round % 2 == 0 else list(sides)[::-1]:
            before = now()
            sides[name](texts)
            wall, cpu = (b - a for a, b in zip(before, now()))
            times.append({"round": n_round, "side": name, "wall": wall, "cpu": cpu})
    return {
        "times": times, "differences": differences, "texts": len(texts), "words": n_words,
        "known": int(kv.encode(texts, return_known=True)[1].sum()), "types": len(kv),
        "fasttext_types": len(subwords), "unseen": round(unseen_share(subwords, texts), 4),
    }  # fmt: skip


def fasttext_vectors(vocabulary: Any, vectors: np.ndarray) -> Any:
    """Return FastTextKeyedVectors with random n-grams, of the most frequent words.

    They are so few that a share of `UNSEEN` of the words of the corpus is inferred.
    """
    from fastsgns.models.fasttext import FastTextKeyedVectors

    order = np.argsort(-vocabulary.counts, kind="stable")
    shares = np.cumsum(vocabulary.counts[order]) / vocabulary.counts.sum()
    words = [vocabulary.words[i] for i in order[: np.searchsorted(shares, 1 - UNSEEN)].tolist()]
    kv = FastTextKeyedVectors(vectors.shape[1], bucket=2_000_000)
    kv.add_vectors(words, vectors[: len(words)])
    kv.vectors_ngrams = np.random.default_rng(0).normal(size=kv.vectors_ngrams.shape)
    kv.adjust_vectors()
    return kv


def unseen_share(kv: Any, texts: list[str]) -> float:
    """Return the share of the words of texts that the vocabulary does not have."""
    words = [word for text in texts for word in text.split()]
    return sum(word not in kv.key_to_index for word in words) / len(words)


def encoded(kv: Any, texts: list[str], job: Job, weighting: str = "mean", **options: Any) -> Any:
    """Return vectors of texts."""
    return kv.encode(texts, weighting, workers=job["threads"], return_known=True, **options)[0]


def texts_of(path: str, n_tokens: int) -> Iterator[str]:
    """Yield consecutive texts of different lengths from the first words of a file."""
    rng = np.random.default_rng(0)
    with open(path, encoding="utf-8") as file:
        words = itertools.islice((word for line in file for word in line.split()), n_tokens)
        while text := list(itertools.islice(words, int(rng.integers(*LENGTHS)))):
            yield " ".join(text)


def sides_of(kv: Any, job: Job) -> Iterator[tuple[str, Callable[[list[str]], Any]]]:
    """Yield (name, what encodes texts)."""
    n = job["threads"]

    def ours(weighting: str, **options: Any) -> Callable[[list[str]], Any]:
        return lambda texts: encoded(kv, texts, job, weighting, **options)

    yield "fastsgns mean", ours("mean")
    yield "fastsgns sif, 1 component", ours("sif", remove_components=1)
    yield "fastsgns zipf", ours("zipf")
    yield "fastsgns lists mean", lambda texts: ours("mean")([text.split() for text in texts])
    if job["gensim"]:
        other = gensims(kv.index_to_key, kv.vectors)
        yield "gensim get_mean_vector mean", lambda texts: by_get_mean_vector(other, texts)
        yield "gensim np.mean mean", lambda texts: by_numpy(other, texts)
    if job["model2vec"]:
        from model2vec import StaticModel

        with tempfile.TemporaryDirectory(dir=job["folder"]) as folder:
            kv.export("static-embedding", folder)
            model = StaticModel.from_pretrained(folder)
        options = {"max_length": None, "use_multiprocessing": n > 1}
        yield "model2vec mean", lambda texts: model.encode(texts, **options)


def by_get_mean_vector(kv: Any, texts: list[str]) -> np.ndarray:
    """Return the means by the function of gensim."""
    rows = [kv.get_mean_vector(text.split(), pre_normalize=False) for text in texts]
    return np.array(rows)


def by_numpy(kv: Any, texts: list[str]) -> np.ndarray:
    """Return the means as programs that use gensim often compute them."""
    means = np.zeros((len(texts), kv.vector_size), np.float32)
    for row, text in enumerate(texts):
        words = [word for word in text.split() if word in kv.key_to_index]
        if words:
            means[row] = np.mean(kv[words], axis=0)
    return means


def halves(job: Job) -> Job:
    """Train vectors, and find the second halves of texts by their first halves.

    Returns the share of first halves whose nearest second half is their own, by weighting.
    """
    from fastsgns import Word2Vec

    model = Word2Vec(
        corpus_file=job["text"], vector_size=job["dim"], min_count=job["min_count"], sg=1,
        epochs=job["epochs"], workers=job["threads"], seed=1,
    )  # fmt: skip
    pairs = list(pairs_of(job["text"], job["halves"]))
    texts = [first for first, _ in pairs] + [second for _, second in pairs]
    shares = {}
    for weighting, n_removed in itertools.product(("mean", "sif", "zipf"), (0, 1)):
        vectors, _ = model.wv.encode(
            texts, weighting, remove_components=n_removed, normalize=True, return_known=True
        )
        cosines = vectors[: len(pairs)] @ vectors[len(pairs) :].T
        found = cosines.argmax(axis=1) == np.arange(len(pairs))
        shares[f"{weighting}, {n_removed} removed"] = float(found.mean())
    return {"shares": shares, "pairs": len(pairs)}


def pairs_of(path: str, n: int) -> Iterator[tuple[str, str]]:
    """Yield the halves of up to n texts of consecutive words, at even distances in a file."""
    with open(path, encoding="utf-8") as file:
        words = file.read().split()
    step = max(HALF * 2, len(words) // n)
    for start in range(0, len(words) - 2 * HALF + 1, step)[:n]:
        middle = start + HALF
        yield " ".join(words[start:middle]), " ".join(words[middle : middle + HALF])


JOBS = {"encode": measure, "halves": halves}
