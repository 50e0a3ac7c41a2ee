"""One job in a fresh process: a JSON object on standard input, its result on standard output."""

import hashlib
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Job = dict[str, Any]
ANALOGY_WORDS = 30000
PACKAGES = ("numpy", "scipy", "safetensors", "gensim")


class Clock:
    """A callback of both packages that sums the time of the epochs, without what lies before."""

    def __init__(self) -> None:
        self.started = _now()
        self.first_epoch: tuple[float, float] | None = None
        self.epochs = [0.0, 0.0]

    def on_train_begin(self, model: Any) -> None:
        pass

    def on_epoch_begin(self, model: Any) -> None:
        self.epoch_started = _now()
        self.first_epoch = self.first_epoch or self.epoch_started

    def on_epoch_end(self, model: Any) -> None:
        for i, (before, after) in enumerate(zip(self.epoch_started, _now())):
            self.epochs[i] += after - before

    def on_train_end(self, model: Any) -> None:
        pass

    def result(self) -> Job:
        assert self.first_epoch is not None
        prepare = [after - before for before, after in zip(self.started, self.first_epoch)]
        return {
            "prepare_wall": prepare[0],
            "prepare_cpu": prepare[1],
            "train_wall": self.epochs[0],
            "train_cpu": self.epochs[1],
        }


def train(job: Job) -> Job:
    """Build the vocabulary and train; then, with ``eval``, judge the vectors."""
    word2vec = importlib.import_module(f"{job['package']}.models.word2vec")
    source = _source(job, word2vec)
    clock = Clock()
    model = word2vec.Word2Vec(**source, **job["settings"], callbacks=[clock])
    result = clock.result()
    result["peak_bytes"] = peak_bytes()
    result["n_words"] = int(model.corpus_total_words)
    result["n_types"] = len(model.wv)
    if job.get("eval"):
        result["scores"] = evaluate(model.wv.index_to_key, model.wv.vectors, job["eval"])
    return result


def evaluate(words: list[str], vectors: Any, sets: dict[str, str]) -> dict[str, float]:
    """Judge vectors of either package by fastsgns: Spearman, or the share of right answers."""
    from fastsgns import KeyedVectors

    kv = KeyedVectors.from_arrays(list(words), vectors)
    scores = {}
    for name, path in sets.items():
        if name == "analogies":
            scores[name] = float(kv.evaluate_word_analogies(path, restrict_vocab=ANALOGY_WORDS)[0])
        else:
            scores[name] = float(kv.evaluate_word_pairs(path)[1].statistic)
    return scores


def scan(job: Job) -> Job:
    """Count and choose the words; fastsgns also encodes the corpus on the way."""
    work = {"fastsgns": _scan_fastsgns, "gensim": _scan_gensim}[job["package"]](job)
    wall, cpu = _now()
    n_words, n_types = work()
    after = _now()
    return {
        "wall": after[0] - wall,
        "cpu": after[1] - cpu,
        "n_words": n_words,
        "n_types": n_types,
        "peak_bytes": peak_bytes(),
    }


def _scan_fastsgns(job: Job) -> Callable[[], tuple[int, int]]:
    from fastsgns import EncodedCorpus
    from fastsgns.corpus.vocabulary import Vocabulary, select

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
        # One dimension, so that the time of the vectors' allocation does not count.
        model = word2vec.Word2Vec(vector_size=1, min_count=job["min_count"], workers=job["workers"])
        model.build_vocab(**source)
        return int(model.corpus_total_words), len(model.wv)

    return work


def versions(job: Job) -> Job:
    """Say what can be imported here, and which code and kernel fastsgns has."""
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
    }


def peak_bytes() -> int:
    """Give the most memory that this process held.

    Linux counts in ru_maxrss also what the process had before it became this program, which is
    its parent's; VmHWM does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _source(job: Job, word2vec: Any) -> Job:
    if job["feed"] == "file":
        return {"corpus_file": job["corpus"]}
    if job["feed"] == "lines":
        return {"sentences": word2vec.LineSentence(job["corpus"])}
    return {"sentences": _token_lists(job["corpus"])}


def _token_lists(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8") as lines:
        return [line.split() for line in lines]


def _now() -> tuple[float, float]:
    """Wall clock and the CPU time of all threads, user and system."""
    return time.perf_counter(), time.process_time()


JOBS = {"train": train, "scan": scan, "versions": versions}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print("\n" + json.dumps(JOBS[asked["job"]](asked)))
