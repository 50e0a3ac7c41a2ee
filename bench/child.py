"""One job in a fresh process: a JSON object on standard input, its result on standard output."""

import hashlib
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import synthetic, word2vec_c
from bench.instruments import Clock, Watch, now, peak_bytes, resident

Job = dict[str, Any]
ANALOGY_WORDS = 30000
SYNTACTIC = "gram"  # how the names of the sections on grammar begin in Google's file
RARE = 100  # occurrences in the corpus
PACKAGES = ("numpy", "scipy", "gensim")


def train(job: Job) -> Job:
    """Build the vocabulary and train; with ``eval``, also evaluate the vectors.

    With ``watch``, the result also has the time and the work inside the kernels of fastsgns.
    """
    if job["package"] == "word2vec":
        return word2vec_c.train(job)
    word2vec = importlib.import_module(f"{job['package']}.models.word2vec")
    make = word2vec.Word2Vec
    if job.get("subwords"):
        make = importlib.import_module(f"{job['package']}.models.fasttext").FastText
    watch = Watch() if job.get("watch") else None
    imported = resident()
    source = _source(job, word2vec)
    read = resident()
    clock = Clock()
    model = make(**source, **job["settings"], callbacks=[clock])
    result = clock.result()
    result["memory"] = {
        "imported": imported,
        "read": read,
        "before": clock.memory_before,
        "after": resident(),
    }
    result["peak_bytes"] = peak_bytes()
    result["n_words"] = int(model.corpus_total_words)
    result["n_types"] = len(model.wv)
    if watch:
        result |= watch.result()
    if job.get("eval"):
        result["scores"] = evaluate(model.wv.index_to_key, model.wv.vectors, job["eval"])
        if job.get("subwords"):
            rare, *result["rare_pairs"] = rare_words(model.wv, job["eval"])
            result["scores"]["rare"] = rare
    return result


def evaluate(words: list[str], vectors: Any, sets: dict[str, str]) -> dict[str, float]:
    """Evaluate vectors of either package with fastsgns: Spearman, or the share of right answers."""
    from fastsgns import KeyedVectors

    kv = KeyedVectors.from_arrays(list(words), vectors)
    scores = {}
    for name, path in sets.items():
        if name == "analogies":
            scores |= analogies(kv, path)
        else:
            scores[name] = float(kv.evaluate_word_pairs(path)[1].statistic)
    return scores


def rare_words(kv: Any, sets: dict[str, str]) -> tuple[float, int, int]:
    """Evaluate the pairs with a rare word: Spearman over the pairs of all similarity sets.

    A word is rare if the corpus has it fewer than RARE times, or not at all. As each set has its
    own scale, a rating is the rank of the pair in its set, divided by their number. A pair without
    vectors, of a word that has no n-grams, is left out. Also returns the number of pairs, and of
    those with a word that the corpus does not have.
    """
    import numpy as np
    from scipy.stats import rankdata, spearmanr

    cosines, ratings, n_unseen = [], [], 0
    for path in (path for name, path in sets.items() if name != "analogies"):
        pairs = [line.lower().split() for line in Path(path).read_text("utf-8").splitlines()]
        pairs = [pair[:3] for pair in pairs if len(pair) >= 3 and not pair[0].startswith("#")]
        ranks = rankdata([float(score) for _, _, score in pairs]) / len(pairs)
        for (*words, _), rank in zip(pairs, ranks):
            least = min(count_of(kv, word) for word in words)
            if least < RARE and all(word in kv for word in words):
                a, b = (kv[word] for word in words)
                cosines.append(a @ b / np.sqrt((a @ a) * (b @ b)))
                ratings.append(rank)
                n_unseen += least == 0
    return float(spearmanr(cosines, ratings).statistic), len(cosines), n_unseen


def count_of(kv: Any, word: str) -> int:
    """Return how often the corpus has a word; 0 for words that are not in the vocabulary."""
    return int(kv.get_vecattr(word, "count")) if word in kv.key_to_index else 0


def analogies(kv: Any, path: str) -> dict[str, float]:
    """Compute the share of right answers of all questions and of Google's two halves.

    The sections on facts, such as capitals, are the semantic half. The sections on word forms are
    the syntactic half. A half without questions is omitted.
    """
    total, sections = kv.evaluate_word_analogies(path, restrict_vocab=ANALOGY_WORDS)
    scores = {"analogies": float(total)}
    for half in ("semantic", "syntactic"):
        is_syntactic = half == "syntactic"
        mine = [s for s in sections[:-1] if s["section"].startswith(SYNTACTIC) == is_syntactic]
        n_right, n_wrong = (sum(len(s[v]) for s in mine) for v in ("correct", "incorrect"))
        if n_right + n_wrong:
            scores[f"analogies_{half}"] = n_right / (n_right + n_wrong)
    return scores


def glove(job: Job) -> Job:
    """Count, train GloVe and evaluate each of its matrices."""
    from fastsgns import EncodedCorpus, GloVe
    from fastsgns.corpus.selection import select

    model = GloVe(**job["settings"], progress=False)
    corpus = EncodedCorpus.from_files(
        job["corpus"], lambda raw: select(raw, model.min_count).vocabulary
    )
    begun = now()
    counts = model.count(corpus)
    counted = now()
    model.train(counts)
    trained = now()
    result: Job = {
        "count_wall": counted[0] - begun[0],
        "count_cpu": counted[1] - begun[1],
        "train_wall": trained[0] - counted[0],
        "train_cpu": trained[1] - counted[1],
        "n_words": corpus.n_raw_tokens,
        "n_types": len(corpus.vocabulary),
        "n_cells": len(counts),
        "n_pairs": counts.n_pairs,
        "losses": model.epoch_losses,
        "peak_bytes": peak_bytes(),
    }
    judged = {"W": model.input, "W~": model.output, "W + W~": model.wv}
    if model.matrices == "tied":
        judged = {"tied": model.wv}
    result["scores"] = {
        name: evaluate(kv.index_to_key, kv.vectors, job["eval"]) for name, kv in judged.items()
    }
    return result


def scan(job: Job) -> Job:
    """Count and select the words; fastsgns also encodes the corpus."""
    work = {"fastsgns": _scan_fastsgns, "gensim": _scan_gensim}[job["package"]](job)
    wall, cpu = now()
    n_words, n_types = work()
    after = now()
    return {
        "wall": after[0] - wall,
        "cpu": after[1] - cpu,
        "n_words": n_words,
        "n_types": n_types,
        "peak_bytes": peak_bytes(),
    }


def _scan_fastsgns(job: Job) -> Callable[[], tuple[int, int]]:
    from fastsgns import EncodedCorpus
    from fastsgns.corpus.selection import select
    from fastsgns.corpus.vocabulary import Vocabulary

    def choose(raw: Vocabulary) -> Vocabulary:
        return select(raw, job["min_count"]).vocabulary

    lists = _token_lists(job["corpus"]) if job["feed"] == "lists" else None

    def work() -> tuple[int, int]:
        if lists is None:
            corpus = EncodedCorpus.from_files(job["corpus"], choose, job["workers"])
        else:
            corpus = EncodedCorpus.from_iterable(lists, choose)
        return corpus.n_raw_tokens, len(corpus.vocabulary)

    return work


def _scan_gensim(job: Job) -> Callable[[], tuple[int, int]]:
    word2vec = importlib.import_module("gensim.models.word2vec")

    source = _source(job, word2vec)
    source = {name.replace("sentences", "corpus_iterable"): value for name, value in source.items()}

    def work() -> tuple[int, int]:
        # One dimension, so that the allocation of the vectors takes no time.
        model = word2vec.Word2Vec(vector_size=1, min_count=job["min_count"], workers=job["workers"])
        model.build_vocab(**source)
        return int(model.corpus_total_words), len(model.wv)

    return work


def versions(job: Job) -> Job:
    """Return what can be imported here, and the code and the kernel of fastsgns."""
    import fastsgns
    from fastsgns import kernels

    found: Job = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.import_module(name).__version__
        except ImportError:
            found[name] = None
    folder = Path(fastsgns.__file__).parent
    code = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".so", ".pyd")):
        code.update(path.read_bytes())
    return found | {
        "fastsgns": fastsgns.__version__,
        "fastsgns_code": code.hexdigest()[:12],
        "fastsgns_kernel": kernels.variant(),
        "fastsgns_kernels": kernels.available(),
        "word2vec": word2vec_c.version(),
    }


def _source(job: Job, word2vec: Any) -> Job:
    if job["feed"] == "file":
        return {"corpus_file": job["corpus"]}
    if job["feed"] == "lines":
        return {"sentences": word2vec.LineSentence(job["corpus"])}
    if job["feed"] == "mapped":
        from fastsgns import EncodedCorpus

        corpus = EncodedCorpus.load(job["corpus"])
        if job.get("copies"):
            corpus = synthetic.repeat(corpus, job["copies"], str(Path(job["corpus"]).parent))
        return {"sentences": corpus}
    return {"sentences": _token_lists(job["corpus"])}


def _token_lists(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8") as lines:
        return [line.split() for line in lines]


def virtual(job: Job) -> Job:
    """Count or train with virtual workers."""
    from bench import virtual  # imports fastsgns, which the jobs of others do without

    return virtual.JOBS[job["job"]](job)


def replicas(job: Job) -> Job:
    """Count, merge or simulate the rows of replicas."""
    from bench import replica_jobs  # imports numpy, as above

    return replica_jobs.JOBS[job["job"]](job)


def replica_quality(job: Job) -> Job:
    """Train by virtual nodes."""
    from bench import replica_quality  # imports fastsgns, as above

    return replica_quality.train(job)


def vector_file(job: Job) -> Job:
    """Write or read a file of vectors."""
    from bench import load_jobs  # imports numpy, which other jobs do not count as their own

    return load_jobs.JOBS[job["job"]](job)


def queries(job: Job) -> Job:
    from bench import query_jobs  # imports numpy, as above

    return query_jobs.JOBS[job["job"]](job)


def encode(job: Job) -> Job:
    from bench import encode_jobs  # imports numpy, as above

    return encode_jobs.JOBS[job["job"]](job)


def phrases(job: Job) -> Job:
    from bench import phrase_jobs

    return phrase_jobs.JOBS[job["job"]](job)


def press(job: Job) -> Job:
    from bench import interrupt_jobs

    return interrupt_jobs.JOBS[job["job"]](job)


JOBS = {
    "queries": queries, "encode": encode, "halves": encode, "phrases": phrases, "press": press,
    "train": train, "glove": glove, "scan": scan, "versions": versions, "save": synthetic.save,
    "trace": virtual, "simulate": virtual, "touch": replicas, "events": replicas,
    "merge_speed": replicas, "replica_quality": replica_quality, "make_vectors": vector_file,
    "load": vector_file,
}  # fmt: skip


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print("\n" + json.dumps(JOBS[asked["job"]](asked)))
