"""Jobs of ``python -m bench interrupts``: long calls in which Ctrl-C is pressed."""

import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    FastText,
    GloVe,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    PairEmbedding,
    Phrases,
    Word2Vec,
)
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.ppmi import PPMI, SVDVectors

Job = dict[str, Any]
Call = Callable[[], object]
Long = tuple[Call, Call]  # a call of seconds, and a use of the object after an interrupt

N_WORDS, N_TOKENS, SENTENCE = 50_000, 4_000_000, 20
N_NODES, N_EDGES = 100_000, 2_000_000
FIRST_DELAY, LAST_DELAY = 0.02, 1.5  # seconds
WORDS = {"vector_size": 100, "min_count": 1, "epochs": 50, "progress": False}
NODES = {"dimensions": 64, "progress": False}


def _ids(n_items: int, n_drawn: int, seed: int = 1) -> np.ndarray:
    """Draw ids of which few are frequent, as words are."""
    uniform = np.random.default_rng(seed).random(n_drawn)
    return (n_items**uniform).astype(np.int64) - 1


def _sentences() -> list[list[str]]:
    words = [f"word{i}" for i in range(N_WORDS)]
    rows = _ids(N_WORDS, N_TOKENS).reshape(-1, SENTENCE).tolist()
    return [[words[i] for i in row] for row in rows]


def _edges() -> np.ndarray:
    drawn = np.random.default_rng(1).random((N_EDGES, 2)) ** 2  # some nodes have more edges
    return (N_NODES * drawn).astype(np.int64)


def _text_file() -> str:
    path = Path(tempfile.gettempdir()) / f"fastsgns-interrupts-{os.getpid()}.txt"
    path.write_text("\n".join(map(" ".join, _sentences())))
    return str(path)


def _word_model(cls: type[Word2Vec], **options: Any) -> Long:
    corpus = EncodedCorpus.from_iterable(_sentences())
    model = cls(**WORDS | options)
    model.build_vocab(corpus)
    tokens = {"total_examples": model.corpus_count, "epochs": model.epochs}
    return lambda: model.train(corpus, **tokens), lambda: model.wv.most_similar("word1")


def _batches() -> Long:
    sentences = _sentences()
    model = Word2Vec(**WORDS)
    model.build_vocab(sentences)
    tokens = {"total_examples": 50 * len(sentences), "epochs": 1}

    def train() -> None:
        model.train((row for _ in range(50) for row in sentences), **tokens)

    return train, lambda: model.wv.most_similar("word1")


def _glove(count: bool) -> Long:
    corpus = EncodedCorpus.from_iterable(_sentences())
    model = GloVe(vector_size=100, min_count=1, epochs=50, progress=False)
    if count:
        return lambda: model.count(corpus), lambda: model.count([["a", "b"]])
    counts = model.count(corpus)
    # The first train() may be interrupted before it has made the vectors.
    return lambda: model.train(counts), lambda: model.wv and model.wv.most_similar("word1")


def _links(model: Any) -> Long:
    graph = DirectedGraph.of(_edges())
    return lambda: model.fit(graph), lambda: repr(model)


def _pairs() -> Long:
    model, edges = PairEmbedding(**NODES), _edges()
    return lambda: model.fit(edges), lambda: repr(model)


def _solved_words(solve: Callable[[PPMI], object]) -> Long:
    ppmi = PPMI(_sentences(), min_count=1)
    return lambda: solve(ppmi), lambda: ppmi.most_similar("word1")


def _vectors(ask: Callable[[KeyedVectors], object]) -> Long:
    rows = np.random.default_rng(1).normal(size=(200_000, 100)).astype(np.float32)
    kv = KeyedVectors.from_arrays([f"word{i}" for i in range(len(rows))], rows)
    return lambda: ask(kv), lambda: kv.most_similar("word1")


def _file(kind: str) -> Long:
    folder = tempfile.mkdtemp(prefix="fastsgns-interrupts-")
    path = str(Path(folder) / "vectors")
    _vectors(lambda kv: kv.export(kind, path))[0]()
    read = lambda: [KeyedVectors.from_file(path, kind) for _ in range(40)]  # noqa: E731
    return read, lambda: KeyedVectors(2)


def _saved(kv: KeyedVectors) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(50):
            kv.export("text", Path(folder) / "vectors.txt")


def _encoded() -> Long:
    texts = [" ".join(row) for row in _sentences()]
    return _vectors(lambda kv: [kv.encode(texts) for _ in range(20)])


def _from_file(read: Callable[[str], object]) -> Long:
    path = _text_file()
    return lambda: [read(path) for _ in range(20)], lambda: None


CALLS: dict[str, Callable[[], Long]] = {
    "Word2Vec, window": lambda: _word_model(Word2Vec),
    "Word2Vec, pair": lambda: _word_model(Word2Vec, negative_sharing="pair"),
    "Word2Vec, block": lambda: _word_model(Word2Vec, negative_sharing="block"),
    "Word2Vec, CBOW": lambda: _word_model(Word2Vec, sg=0),
    "Word2Vec, tree": lambda: _word_model(Word2Vec, hs=1, negative=0),
    "Word2Vec, one matrix": lambda: _word_model(Word2Vec, matrices="tied+bias", bias="word"),
    "Word2Vec, softmax": lambda: _word_model(Word2Vec, softmax=1, hs=0, negative=0),
    "Word2Vec, 2 workers": lambda: _word_model(Word2Vec, workers=2),
    "Word2Vec, d = 1000": lambda: _word_model(Word2Vec, vector_size=1000),
    "Word2Vec, generator": _batches,
    "FastText": lambda: _word_model(FastText),
    "EncodedCorpus, file": lambda: _from_file(EncodedCorpus.from_files),
    "Phrases": lambda: _from_file(lambda path: Phrases(LineSentence(path))),
    "GloVe.count": lambda: _glove(count=True),
    "GloVe.train": lambda: _glove(count=False),
    "PPMI": lambda: _from_file(lambda path: PPMI(corpus_file=path, min_count=1)),
    "SVDVectors": lambda: _solved_words(lambda ppmi: SVDVectors(ppmi, 300)),
    "DirectedGraph": lambda: (lambda: [DirectedGraph.of(_edges()) for _ in range(20)], _edges),
    "NodeEmbedding": lambda: _links(NodeEmbedding(**NODES)),
    "NodeEmbedding, node2vec": lambda: _links(NodeEmbedding(p=0.5, q=2.0, **NODES)),
    "PairEmbedding": _pairs,
    "HOPE": lambda: _links(HOPE(**NODES)),
    "STRAP": lambda: _links(STRAP(**NODES)),
    "FastRP": lambda: _links(FastRP(**NODES)),
    "ProNE": lambda: _links(ProNE(**NODES)),
    "most_similar_batch": lambda: _vectors(lambda kv: kv.most_similar_batch(kv.index_to_key)),
    "encode": _encoded,
    "load, text": lambda: _file("text"),
    "load, native": lambda: _file("native"),
    "export, text": lambda: _vectors(_saved),
}


def press(job: Job) -> Job:
    """Press Ctrl-C once in each of several calls; return how long each went on after that.

    ``seconds`` has the times, ``n_ended`` is the number of calls that had ended before.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # for the files of the call
        seconds = _press_often(job)
    return {"seconds": seconds, "n_ended": job["presses"] - len(seconds)}


def _press_often(job: Job) -> list[float]:
    call, use = CALLS[job["call"]]()
    delays = random.Random(job["seed"])
    times = []
    for _ in range(job["presses"]):
        taken = _pressed(call, delays.uniform(FIRST_DELAY, LAST_DELAY))
        use()
        if taken is not None:
            times.append(taken)
    return times


def _pressed(call: Call, delay: float) -> float | None:
    """Return the seconds from Ctrl-C to the KeyboardInterrupt of a call; None if it had ended."""
    pressed = float("nan")
    ended = threading.Event()

    def press_later() -> None:
        nonlocal pressed
        if not ended.wait(delay):
            pressed = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press_later)
    try:
        thread.start()
        call()
        ended.set()
        thread.join()
    except KeyboardInterrupt:
        return time.monotonic() - pressed
    return None


JOBS = {"press": press}
