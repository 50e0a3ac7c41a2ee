"""Sessions of graphs, corpora, vocabularies, and what evaluates: no training."""

from collections import Counter
from typing import Any

import numpy as np

from fastsgns import DirectedGraph, EncodedCorpus, LineSentence, PathLineSentences
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.graph import Labels, LinkSplit, classify, evaluate_links, evaluate_recommendations
from fastsgns.models.links import FastRP

from . import corpora, graphs, lifetime
from .checks import check, plain
from .draws import among, constant, mostly, whole
from .subject import Setting, Subject, may_refuse

# Graphs

GRAPH = {name: constant("drawn") for name in ("rows", "names", "is_directed", "types")}


def make_graph(setting: Setting) -> DirectedGraph:
    """Draw edges, and compare the graph with a dict."""
    dice = setting.dice
    pairs = graphs.edges(dice)
    weights, directed = graphs.weights(dice, len(pairs)), dice.chance(0.6)
    with may_refuse(None, DirectedGraph.from_edges):
        graph = DirectedGraph.from_edges(*zip(*pairs), weights, directed=directed)
    check_edges(graph, pairs, weights or [1.0] * len(pairs), directed)
    return graph


def check_edges(graph: Any, pairs: Any, weights: list[float], directed: bool) -> None:
    sums: dict[Any, float] = {}
    for (u, v), weight in zip(pairs, weights):
        sums[u, v] = sums.get((u, v), 0.0) + weight
        if not directed and u != v:
            sums[v, u] = sums.get((v, u), 0.0) + weight
    largest = Counter()
    for (u, v), weight in zip(pairs, weights):
        for pair in ((u, v),) if directed else ((u, v), (v, u)):
            largest[pair] = max(largest[pair], abs(weight))
    found = {(u, v): weight for u, v, weight in graph.edges()}
    for pair, expected in sums.items():
        slack = 1e-6 * largest[pair] + 1e-38
        check(abs(found.pop(pair, 0.0) - expected) <= slack, f"weight of {pair}, {expected}")
    check(not found, f"edges that were not given: {list(found)[:3]}")


def ask_graph(graph: DirectedGraph, setting: Setting) -> tuple[Any, Any]:
    """Compare degrees and rows with the matrix, and through every other form."""
    matrix = abs(graph.to_scipy())
    scale = np.abs(matrix.data).max(initial=0)
    np.testing.assert_allclose(
        graph.out_degrees, np.asarray(matrix.sum(1)).ravel(), rtol=1e-4, atol=1e-6 * scale
    )
    np.testing.assert_allclose(
        graph.in_degrees, np.asarray(matrix.sum(0)).ravel(), rtol=1e-4, atol=1e-6 * scale
    )
    check(graph.n_edges == len(list(graph.edges())), "n_edges")
    check(
        bool((graph.find(graph.out_sources, graph.out_targets) >= 0).all()), "an edge is not found"
    )
    if graph.n_edges:
        again = DirectedGraph.of(graphs.handed(setting.dice, graph))
        check(dict_of(again) == dict_of(graph), "other edges")
    return graph, plain(graph.names)


def dict_of(graph: DirectedGraph) -> dict[Any, float]:
    return {(u, v): float(np.float32(weight)) for u, v, weight in graph.edges()}


def through_file(graph: DirectedGraph, setting: Setting) -> tuple[Any, Any]:
    """Write an edge list, perhaps compressed, and read it."""
    names = list(map(str, graph.names))
    if (
        not graph.n_edges
        or any(n.split() != [n] or n[0] in '#%"' for n in names)
        or len(set(names)) < len(names)
    ):
        return graph, None
    lines = [f"{u} {v} {weight!r}" for u, v, weight in graph.edges()]
    path = setting.folder / f"edges{setting.dice.pick(tuple(corpora.OPEN))}"
    with corpora.OPEN[path.suffix](path, "wb") as file:
        file.write(("\n".join(lines) + "\n").encode())
    found = DirectedGraph.from_file(path, workers=setting.dice.pick((1, 2, 3, None)), skip_lines=0)
    check(
        dict_of(found) == {(str(u), str(v)): w for (u, v), w in dict_of(graph).items()},
        "edges of a file",
    )
    return graph, None


def keep(graph: DirectedGraph, setting: Setting) -> tuple[Any, Any]:
    mask = setting.dice.rng.random(graph.n_edges) < 0.7
    if not graph.is_directed:
        forward = graph.out_sources <= graph.out_targets
        sources, targets = graph.out_sources, graph.out_targets
        mask = np.where(forward, mask, mask[graph.find(targets, sources)])
    kept = graph.keep(mask)
    expected = [edge for edge, is_kept in zip(graph.edges(), mask) if is_kept]
    check(sorted(kept.edges(), key=str) == sorted(expected, key=str), "the edges that are kept")
    check(kept.names == graph.names, "names")
    return kept, None


def typed(graph: DirectedGraph, setting: Setting) -> tuple[Any, Any]:
    types = {name: setting.dice.pick("abc") for name in graph.names}
    graph = graph.with_types(types)
    check(graph.types.counts() == Counter(types.values()) or not types, f"{graph.types.counts()}")
    return graph, None


# Corpora

CORPUS = {
    name: constant("drawn")
    for name in ("ids", "offsets", "vocabulary", "n_raw_tokens", "n_raw_sentences")
}


def make_corpus(setting: Setting) -> EncodedCorpus:
    dice, listed = setting.dice, corpora.sentences(setting.dice)
    given = corpora.source(dice, listed, setting.folder, once=True, encoded=False)
    budget = dice.pick((None, None, 0, 100, 10**6))
    if "corpus_file" in given:
        workers = dice.pick((1, 2, 3, None))
        corpus = EncodedCorpus.from_files(
            given["corpus_file"], workers=workers, memory_budget=budget
        )
    else:
        with may_refuse(None, EncodedCorpus.from_iterable):
            corpus = EncodedCorpus.from_iterable(given["sentences"], memory_budget=budget)
    check(list(corpus) == [list(s) for s in listed if s], "other sentences")
    check_corpus(corpus)
    return corpus


def check_corpus(corpus: EncodedCorpus) -> None:
    counts = Counter(token for sentence in corpus for token in sentence)
    found = dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist()))
    check(counts == Counter({word: n for word, n in found.items() if n}), "other counts")
    check(corpus.n_tokens == counts.total() and corpus.n_sentences == len(list(corpus)), "sizes")


def restrict(corpus: EncodedCorpus, setting: Setting) -> tuple[Any, Any]:
    words = setting.dice.some(corpus.vocabulary.words)
    found = corpus.restrict(Vocabulary(words, np.zeros(len(words), np.int64)))
    expected = [[t for t in s if t in set(words)] for s in corpus]
    check(list(found) == [s for s in expected if s], "other sentences")
    check_corpus(found)
    return found, len(found)


def save_corpus(corpus: EncodedCorpus, setting: Setting) -> tuple[Any, Any]:
    path = setting.folder / "corpus"
    corpus.save(path)
    mapped = EncodedCorpus.load(path, mmap=setting.dice.chance(0.5))
    check(list(mapped) == list(corpus), "a file holds other sentences")
    return corpus, repr(mapped)


def make_vocabulary(setting: Setting) -> Vocabulary:
    words = {token for s in corpora.sentences(setting.dice) for token in s}
    words = sorted(words, key=repr)
    return Vocabulary(words, setting.dice.rng.integers(0, 10**6, len(words)))


def ask_vocabulary(words: Vocabulary, setting: Setting) -> tuple[Any, Any]:
    counts = dict(zip(words.words, words.counts.tolist()))
    other = make_vocabulary(setting)
    merged = words.merged(other)
    expected = Counter(counts) + Counter(dict(zip(other.words, other.counts.tolist())))
    found = Counter(dict(zip(merged.words, merged.counts.tolist())))
    check(+found == +expected, "merged counts")
    check(merged.words[: len(words)] == words.words, "merged words have moved")
    check(words.total == sum(counts.values()), "total")
    ids = setting.dice.rng.permutation(len(words))[:5]
    check(words.subset(ids).words == [words.words[i] for i in ids], "subset")
    check(Vocabulary.from_counts(counts).words == words.words, "from counts")
    return words, len(merged)


LINES = {
    "source": constant("files"), "max_sentence_length": mostly(constant(10**6), whole(1, 50)),
    "limit": mostly(constant(None), whole(0, 50)), "errors": among("strict", "replace"),
}  # fmt: skip


def make_lines(cls: Any) -> Any:
    def make(setting: Setting) -> Any:
        dice = setting.dice
        listed = corpora.sentences(dice, text_only=True)
        if not corpora.fits_files(listed):
            listed = [["a", "b"]]
        given = {name: v for name, v in setting.parameters.items() if name != "source"}
        path = corpora.write(dice, listed, setting.folder)
        lines = cls(path, **given)
        length, limit = given["max_sentence_length"], given["limit"]
        expected = [s[i : i + length] for s in listed[:limit] for i in range(0, len(s), length)]
        found = [s for s in lines if s]
        check(found == expected or limit is not None, f"other lines: {len(found)} {len(expected)}")
        return lines

    return make


# Evaluations

SPLIT = {name: constant("drawn") for name in ("graph", "train", "sources", "targets")}


def make_split(setting: Setting) -> LinkSplit:
    graph = graphs.graph(setting.dice)
    share = setting.dice.pick((0.3, 0.5, 0.9, 0.01))
    with may_refuse(None, LinkSplit.of, also=(ValueError,)):
        split = LinkSplit.of(graph, share, seed=setting.dice.seed())
    check(
        bool((graph.find(split.sources, split.targets) >= 0).all()),
        "a test edge is not in the graph",
    )
    check(
        bool((split.train.find(split.sources, split.targets) < 0).all()), "a test edge was left in"
    )
    return split


def evaluate(split: LinkSplit, setting: Setting) -> tuple[Any, Any]:
    """Evaluate a model of the edges that are left."""
    with may_refuse(None, FastRP.fit, LinkSplit.negatives, evaluate_links, also=(ValueError,)):
        model = FastRP(dimensions=min(4, split.train.n_nodes)).fit(split.train)
        scores = evaluate_links({"fastrp": model}, split)
        recalls = evaluate_recommendations({"fastrp": model}, split, k=setting.dice.integer(1, 20))
    for recall in recalls:
        check("nan" not in repr(recall), f"{recall}")
    return split, plain((scores, recalls))


def make_labels(setting: Setting) -> Labels:
    dice = setting.dice
    nodes = range(dice.integer(1, 40))
    return Labels.of({node: dice.some("abcd") or ["a"] for node in nodes})


def predict_labels(labels: Labels, setting: Setting) -> tuple[Any, Any]:
    features = setting.dice.rng.normal(size=(len(labels.nodes), 3))
    features *= setting.dice.pick((1e-6, 1.0, 1e6))
    with may_refuse(None, classify, also=(ValueError,)):
        found = classify(features, labels, [0.5], [1], standardize=setting.dice.chance(0.5))
    check(all(0 <= f1.micro <= 1 and 0 <= f1.macro <= 1 for f1 in found), f"{found}")
    return labels, plain(found)


LABELS = {name: constant("drawn") for name in ("nodes", "labels", "members")}
SHOWN = {"repr": lifetime.shown}
COPIED = {"copy": lifetime.copied}
SUBJECTS = [
    Subject(
        "DirectedGraph", DirectedGraph, GRAPH, make_graph,
        {"ask": ask_graph, "file": through_file, "keep": keep, "types": typed} | lifetime.STEPS,
    ),
    Subject(
        "EncodedCorpus", EncodedCorpus, CORPUS, make_corpus,
        {"restrict": restrict, "save": save_corpus} | lifetime.STEPS,
    ),
    Subject(
        "Vocabulary", Vocabulary, {name: constant("drawn") for name in ("words", "counts", "ids")},
        make_vocabulary, {"ask": ask_vocabulary} | SHOWN | COPIED,
    ),
    Subject("LineSentence", LineSentence, LINES, make_lines(LineSentence), SHOWN),
    Subject("PathLineSentences", PathLineSentences, LINES, make_lines(PathLineSentences), SHOWN),
    Subject("LinkSplit", LinkSplit, SPLIT, make_split, {"evaluate": evaluate} | SHOWN | COPIED),
    Subject("Labels", Labels, LABELS, make_labels, {"classify": predict_labels} | SHOWN | COPIED),
]  # fmt: skip
