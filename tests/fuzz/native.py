"""Native files of every kind: `fastsgns.load`, plain, mapped and compressed."""

import contextlib
import functools
import gzip
import io
import itertools
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import classes
import numpy as np

import fastsgns
from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    FastText,
    FrozenPhrases,
    GloVe,
    KeyedVectors,
    NodeEmbedding,
    Phrases,
    Word2Vec,
)
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.formats import shards
from fastsgns.formats.shards import Shard
from fastsgns.models.callbacks import Checkpoint
from fastsgns.models.ppmi import PPMI
from fastsgns.training.unfinished import Place

from . import mutators
from .reading import REFUSED_QUERY, Finding, Reader, check_saving, check_vectors, saved

SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1}
LINKS = {"dimensions": 4, "workers": 1}
LARGEST = 64  # parameters of loaded models that are trained: time grows with them
FEW = 300  # edges, tokens or cells
SHARDS = [Shard("0" * 16, number, 2) for number in range(2)]
TEXT = [["metal1", "fruit2", "metal3"], ["river4", "metal1"]]


@functools.cache
def files(*kinds: str) -> tuple[bytes, ...]:
    """Return native files of the classes whose names begin with one of some names."""
    return tuple(
        saved(make()) for name, make in classes.SAVABLE.items() if name.split(",")[0] in kinds
    )


def vectors() -> Iterable[bytes]:
    """Return files of vectors with attributes of all kinds, keys of all types, and two matrices."""
    kv = classes.vectors()
    kv.tag, kv.scale, kv.parts = "x", np.arange(3.0), {"a": [1, 2.5, None, b"\0"], 3: (1, {2})}
    odd = KeyedVectors(2)
    odd.add_vectors(["a", 7, 0.5, b"\xff", ("a", (1, True))], np.eye(5, 2))
    return (
        *files("KeyedVectors", "FastTextKeyedVectors"),
        saved(kv),
        saved(odd),
        *files_with_views(),
    )


def files_with_views() -> tuple[bytes, ...]:
    """Return files of vectors that have a second matrix."""
    model = classes.word2vec()
    return saved(model.wv), saved(classes.word2vec(hs=1, negative=0).wv)


@functools.cache
def unfinished() -> tuple[bytes, ...]:
    """Return checkpoints in the middle of trainings: between epochs, and in one."""
    kept: list[bytes] = []
    words, links = SMALL | {"epochs": 2}, LINKS | {"epochs": 2, "num_walks": 2}
    with patch.object(Checkpoint, "_save", lambda _, model: kept.append(saved(model))):
        Word2Vec(TEXT, **words, checkpoint="kept", every=1)
        FastText(TEXT, **words, bucket=9, checkpoint="kept", every=1)
        GloVe(TEXT, **words, checkpoint="kept", every=1)
        NodeEmbedding(**links).fit(classes.EDGES, checkpoint="kept", every=1)
    models = [model for model in map(fastsgns.load, map(io.BytesIO, kept)) if model.unfinished]
    for model in models:
        model.unfinished = replace(model.unfinished, places=(Place(0, 1, 1, 1, 0.5),))
    return (*kept, *map(saved, models))


def check_unfinished(model: Any, path: Path) -> None:
    """Check a checkpoint, and continue the training unless it says that it takes long."""
    check(model, path)
    model = fastsgns.load(path)
    names = "window", "negative", "vector_size", "num_walks", "walk_length"
    sizes = [getattr(model, name, 0) or 0 for name in names]
    left = model.unfinished
    if left is None or left.n_epochs > FEW or max(sizes) > LARGEST:
        return
    model.workers = 1
    data = classes.EDGES if isinstance(model, NodeEmbedding) else TEXT
    # RuntimeError: the keys have no counts
    with contextlib.suppress(*REFUSED_QUERY, RuntimeError), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        model.resume(model.count(data) if isinstance(model, GloVe) else data)


def check(thing: Any, path: Path) -> None:
    """Check an object that was loaded: mapped or not, saved again, queried and trained."""
    try:
        mapped = fastsgns.load(path, mmap="r")
    except Exception as error:
        raise Finding(f"the file can be read, but not mapped: {error}") from error
    try:
        first, second = saved(thing), saved(mapped)
    except ValueError as error:  # some models can be loaded, and not saved again
        if not any(reason in str(error) for reason in ("is not finite", "has no counts")):
            raise
    else:
        if first != second:
            raise Finding("a mapped file and one that is read are saved as different files")
        check_saving(thing)
    for kind, ask in QUESTIONS.items():
        if isinstance(thing, kind):
            with contextlib.suppress(*REFUSED_QUERY), warnings.catch_warnings():
                if kind is not KeyedVectors:  # numbers may be too large to train with
                    warnings.simplefilter("ignore", RuntimeWarning)
                ask(thing)


def ask_words(model: Any) -> None:
    check_vectors(model.wv)
    if model.negative and model.wv.index_to_key:
        model.predict_output_word(model.wv.index_to_key[:2])
    if max(model.window, model.negative, model.vector_size) <= LARGEST:
        model.workers = 1
        if "count" in model.wv.expandos:
            model.train(TEXT, total_examples=2, epochs=1)


def ask_glove(model: Any) -> None:
    check_vectors(model.wv)


def ask_links(model: Any) -> None:
    names = list(model.source.index_to_key)[:2] + list(model.source.index_to_key)[-1:]
    for name in names:
        if isinstance(name, str):
            model.recommend(name, topn=3)


def ask_ppmi(model: Any) -> None:
    for name in model.index_to_key[:2]:
        if isinstance(name, str):
            model.most_similar(name, topn=3)
            model.contexts(name, topn=3)


def ask_corpus(corpus: Any) -> None:
    sentences = list(itertools.islice(corpus, FEW))
    if any(word not in corpus.vocabulary for sentence in sentences for word in sentence):
        raise Finding("a sentence has a word that is not in the vocabulary")
    if corpus.n_tokens < FEW:
        Cooccurrences.from_corpus(corpus)
        Word2Vec(corpus, **SMALL)


def ask_counts(counts: Any) -> None:
    if counts.to_scipy().shape != counts.shape:
        raise Finding("the counts have another shape as a matrix")
    if len(counts.weights) < FEW:
        GloVe(**SMALL).train(counts)


def ask_phrases(model: Any) -> None:
    list(model[TEXT])
    if isinstance(model, Phrases):
        model.export_phrases()
        model.add_vocab(TEXT)
        saved(model)


def ask_graph(graph: Any) -> None:
    n = sum(1 for _ in itertools.islice(graph.edges(), FEW))
    graph.to_scipy()
    if n < FEW and graph.n_nodes < FEW:
        assert len(graph.in_sources) == len(graph.out_targets)
        few = {"dimensions": 4, "num_walks": 1, "walk_length": 5, "workers": 1, "epochs": 1}
        walks = "temporal" if graph.times is not None else "node2vec"
        NodeEmbedding(walks=walks, p=0.5, q=2, **few).fit(graph)


QUESTIONS: dict[type, Callable[[Any], None]] = {
    KeyedVectors: check_vectors,
    Word2Vec: ask_words,
    GloVe: ask_glove,
    NodeEmbedding: ask_links,
    fastsgns.PairEmbedding: ask_links,
    PPMI: ask_ppmi,
    EncodedCorpus: ask_corpus,
    Cooccurrences: ask_counts,
    Phrases: ask_phrases,
    FrozenPhrases: ask_phrases,
    DirectedGraph: ask_graph,
}


def reader(seeds: Callable[[], Iterable[bytes]]) -> Reader:
    return Reader(fastsgns.load, seeds, ".fastsgns", mutate=mutators.tensors, check=check)


def of(*names: str) -> Reader:
    return reader(lambda: files(*names))


def zipped() -> list[bytes]:
    return [gzip.compress(data) for data in vectors()]


def folders() -> list[bytes]:
    """Return the manifests and two shards of models in folders."""
    names = (shards.MANIFEST, *(Path(shard.path("")).name for shard in SHARDS))
    found = []
    for make in (classes.word2vec, classes.nodes):
        with (
            tempfile.TemporaryDirectory() as folder,
            patch.object(secrets, "token_hex", lambda _: SHARDS[0].id),
            shards.written_by(write_shards),
        ):
            make().save(f"{folder}/part/")
            found.append(mutators.join(*((Path(folder) / "part" / n).read_bytes() for n in names)))
    return found


def write_shards(folder: str, id: str, matrices: Any) -> list[dict[str, int]]:
    return [shards.write_shard(folder, shard, matrices) for shard in SHARDS]


def write_folder(path: Path, data: bytes) -> None:
    path.mkdir()
    manifest, *rows = mutators.split(data, 1 + len(SHARDS))
    (path / shards.MANIFEST).write_bytes(manifest)
    for shard, content in zip(SHARDS, rows):
        Path(shard.path(str(path))).write_bytes(content)


def from_open_file(path: Path) -> Any:
    """Read an open file, whose name is not known, and compare it with the file of this name."""
    try:
        thing = fastsgns.load(io.BytesIO(path.read_bytes()))
    except ValueError as error:
        raise type(error)(f"{path}: {error}") from None
    return thing


READERS = {
    "vectors": reader(vectors),
    "words": of("Word2Vec", "FastText"),
    "glove": of("GloVe", "PPMI", "SVDVectors"),
    "links": of("NodeEmbedding", "PairEmbedding", "HOPE", "STRAP", "FastRP", "ProNE"),
    "unfinished": Reader(
        fastsgns.load,
        unfinished,
        ".fastsgns",
        mutate=mutators.tensors,
        check=check_unfinished,
    ),
    "corpus": of("EncodedCorpus", "Cooccurrences"),
    "phrases": of("Phrases", "FrozenPhrases"),
    "graph": of("DirectedGraph"),
    "folder": Reader(
        fastsgns.load, folders, write=write_folder, check=check,
        mutate=mutators.several(*[mutators.tensors] * (1 + len(SHARDS))),
    ),
    "gz": Reader(
        fastsgns.load, zipped, ".fastsgns.gz",
        mutate=mutators.compressed(".gz", mutators.tensors), check=lambda thing, path: None,
    ),
    "open": Reader(from_open_file, vectors, ".fastsgns", mutate=mutators.tensors),
}  # fmt: skip
