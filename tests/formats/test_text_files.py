"""All readers of text: what separates words, and what a number is."""

import numpy as np
import pytest

from fastsgns import DirectedGraph, KeyedVectors, LineSentence, NodeEmbedding, PairEmbedding
from fastsgns.formats import word2vec
from fastsgns.graph import read_labels
from fastsgns.graph.types import read_types
from fastsgns.models.links.pairs import encode
from fastsgns.vectors.evaluation import read_pairs

NAME = "New\u3000York\u00a0\u2003x\u2028y\x85z"  # str.split() would make five words of it
ANALOGIES = [": x", f"a b {NAME} c"]


def read(reader, text, tmp_path, **options):
    path = tmp_path / "file"
    path.write_bytes(text.encode())
    return reader(path, **options)


def vectors_of(path, **options):
    words, vectors, _ = word2vec.read(path, **options)
    return dict(zip(words, vectors.tolist()))


def asked(path):
    vectors = KeyedVectors.from_arrays(["a", "b", NAME, "c"], np.eye(4, dtype=np.float32))
    sections = vectors.evaluate_word_analogies(path, case_insensitive=False).sections
    return {word for words in sections[-1]["incorrect"] + sections[-1]["correct"] for word in words}


def counts_of(path):
    (path.with_name("vectors")).write_bytes(f"1 1\n{NAME} 1\n".encode())
    words, _, counts = word2vec.read(path.with_name("vectors"), fvocab=path)
    return words if counts.tolist() == [7] else []


READERS = {
    "edges": (f"{NAME} b\n", lambda path: DirectedGraph.of(path).names),
    "pairs": (f"{NAME} b\n", lambda path: encode(path).source_names),
    "labels": (f"{NAME} b\n", read_labels),
    "types": (f"{NAME} b\n", read_types),
    "text": (f"{NAME} b\n", lambda path: next(iter(LineSentence(path)))),
    "word pairs": (f"{NAME} b 1\n", lambda path: next(read_pairs(path, None))),
    "word pairs, tabs": (f"{NAME}\tb\t1\n", lambda path: next(read_pairs(path))),
    "analogies": ("\n".join(ANALOGIES), asked),
    "word2vec": (f"1 2\n{NAME} 1 2\n", vectors_of),
    "GloVe": (f"{NAME} 1 2\n", lambda path: vectors_of(path, no_header=True)),
    "counts": (f"{NAME} 7\n", counts_of),
}


@pytest.mark.parametrize("name", READERS)
def test_only_white_space_of_ascii_separates_words(name, tmp_path):
    text, reader = READERS[name]
    assert NAME in read(reader, text, tmp_path)


def test_walks_of_such_names_can_be_written(tmp_path):
    edges = [(NAME, "b"), ("b", NAME)]
    NodeEmbedding(dimensions=2, num_walks=1, workers=1, walks_file=tmp_path / "walks").fit(edges)
    assert {word for walk in LineSentence(tmp_path / "walks") for word in walk} == {NAME, "b"}
    assert PairEmbedding(dimensions=2, workers=1).fit(edges).source.index_to_key == [NAME, "b"]


NUMBERS = {
    "weights": lambda path: DirectedGraph.of(path).out_weights.tolist(),
    "times": lambda path: DirectedGraph.from_file(path, times=3).times.tolist(),
    "word pairs": lambda path: [score for *_, score in read_pairs(path, None)],
    "word2vec": lambda path: vectors_of(path)["b"][:1],
    "GloVe": lambda path: vectors_of(path, no_header=True)["b"][:1],
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", ["1_0", "1_000.5", "1e1_0", "_1", "1__0", "٣", "１", "0x1p3"])
def test_what_only_python_reads_as_a_number_is_none(name, number, tmp_path):
    for shown, is_number in (("10.5", True), (number, False)):
        text = f"b a {shown}\n"
        if name in ("word2vec", "GloVe"):
            text = "2 2\n" * (name == "word2vec") + f"a 1 2\nb {shown} 5\n"
        reader = NUMBERS[name]
        if is_number:
            assert read(reader, text, tmp_path) == [10.5]
        elif name == "word pairs":  # other lines are skipped, with a warning
            assert read(reader, text, tmp_path) == []
        else:
            with pytest.raises((ValueError, KeyError)):
                read(reader, text, tmp_path)
