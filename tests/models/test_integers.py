"""Whole numbers that methods and functions take: one contract for all public classes."""

import inspect
import os
import types
from pathlib import Path

import numpy as np
import pytest
import toy
from classes import (
    CLASSES,
    EDGES,
    FEW,
    SENTENCES,
    SMALL,
    labels,
    nodes,
    phrases,
    split,
    vectors,
    word2vec,
)

import fastsgns
from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    FastText,
    FrozenPhrases,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    PairEmbedding,
    PathLineSentences,
    Phrases,
    Word2Vec,
    cooccurrence,
    graph,
    models,
)
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.graph import (
    LinkSplit,
    classify,
    evaluate_links,
    evaluate_recommendations,
    read_labels,
    read_types,
)
from fastsgns.models import glove, links, ppmi

TEXT = str(Path(toy.__file__))
KV, WORDS, NODES, SPLIT = vectors(), word2vec(), nodes(), split()
TREE = word2vec(hs=1, negative=0)
PPMI, GLOVE = CLASSES["PPMI"].make(), CLASSES["GloVe"].make()
COUNTED = GLOVE.count(SENTENCES)
FROZEN, ENCODED = FrozenPhrases(phrases()), EncodedCorpus.from_iterable(SENTENCES)
WORD = WORDS.wv.index_to_key[0]
NEW_EDGES = [*EDGES, ("new", "n1")]
FEW_PAIRS = ["a\tb\t3", "b\tc\t1", "a\tc\t2"]
ANALOGIES = [": x", "a b c a"]
# Of each class and method: how it is called with a value of a parameter.
CALLS = {
    "DirectedGraph.from_file": {
        "skip_lines": lambda n: DirectedGraph.from_file("edges.txt", skip_lines=n),
        "workers": lambda n: DirectedGraph.from_file("edges.txt", workers=n),
    },
    "EncodedCorpus.from_files": {
        "workers": lambda n: EncodedCorpus.from_files(TEXT, workers=n),
        "memory_budget": lambda n: EncodedCorpus.from_files(TEXT, memory_budget=n),
    },
    "EncodedCorpus.from_iterable": {
        "memory_budget": lambda n: EncodedCorpus.from_iterable(SENTENCES, memory_budget=n)
    },
    "EncodedCorpus.restrict": {
        "memory_budget": lambda n: EncodedCorpus.from_iterable(SENTENCES).restrict(
            EncodedCorpus.from_iterable(SENTENCES).vocabulary, memory_budget=n
        )
    },
    "FrozenPhrases.join": {
        "workers": lambda n: FROZEN.join(ENCODED, workers=n),
        "memory_budget": lambda n: FROZEN.join(ENCODED, memory_budget=n),
    },
    "FrozenPhrases.transform_file": {
        "workers": lambda n: FROZEN.transform_file(TEXT, os.devnull, workers=n)
    },
    "GloVe.train": {"epochs": lambda n: GLOVE.train(COUNTED, epochs=n)},
    "KeyedVectors.encode": {"workers": lambda n: KV.encode(["metal1"], workers=n)},
    "KeyedVectors.__init__": {
        "vector_size": lambda n: KeyedVectors(n),
        "count": lambda n: KeyedVectors(2, count=n),
    },
    "KeyedVectors.cosines_to": {"restrict_vocab": lambda n: KV.cosines_to(np.array([0]), n)},
    "KeyedVectors.evaluate_word_analogies": {
        "restrict_vocab": lambda n: KV.evaluate_word_analogies(ANALOGIES, restrict_vocab=n)
    },
    "KeyedVectors.evaluate_word_pairs": {
        "restrict_vocab": lambda n: KV.evaluate_word_pairs(
            FEW_PAIRS, restrict_vocab=n, dummy4unknown=True
        )
    },
    "KeyedVectors.load_word2vec_format": {
        "limit": lambda n: KeyedVectors.load_word2vec_format("vectors.txt", limit=n)
    },
    "KeyedVectors.most_similar": {
        "topn": lambda n: KV.most_similar("a", topn=n),
        "clip_start": lambda n: KV.most_similar("a", clip_start=n),
        "clip_end": lambda n: KV.most_similar("a", clip_end=n),
        "restrict_vocab": lambda n: KV.most_similar("a", restrict_vocab=n),
    },
    "KeyedVectors.relative_cosine_similarity": {
        "topn": lambda n: KV.relative_cosine_similarity("a", "b", topn=n)
    },
    "KeyedVectors.resize_vectors": {"seed": lambda n: KV.resize_vectors(seed=n)},
    "KeyedVectors.save_word2vec_format": {
        "total_vec": lambda n: KV.save_word2vec_format("other.txt", total_vec=n)
    },
    "LineSentence.__init__": {
        "max_sentence_length": lambda n: LineSentence(TEXT, max_sentence_length=n),
        "limit": lambda n: LineSentence(TEXT, limit=n),
    },
    "Phrases.__init__": {
        "workers": lambda n: Phrases(SENTENCES, workers=n),
        "memory_budget": lambda n: Phrases(SENTENCES, memory_budget=n),
        "max_vocab_size": lambda n: Phrases(SENTENCES, max_vocab_size=n),
    },
    "PathLineSentences.__init__": {
        "max_sentence_length": lambda n: PathLineSentences(TEXT, max_sentence_length=n),
        "limit": lambda n: PathLineSentences(TEXT, limit=n),
    },
    "NodeEmbedding.partial_fit": {
        "epochs": lambda n: (
            NodeEmbedding(num_walks=1, **FEW).fit(EDGES).partial_fit(EDGES, epochs=n)
        )
    },
    "PairEmbedding.partial_fit": {
        "epochs": lambda n: PairEmbedding(**FEW).fit(EDGES).partial_fit(EDGES, epochs=n)
    },
    "NodeEmbedding.update": {
        "epochs": lambda n: NodeEmbedding(num_walks=1, **FEW).fit(EDGES).update(NEW_EDGES, epochs=n)
    },
    "PairEmbedding.update": {
        "epochs": lambda n: PairEmbedding(**FEW).fit(EDGES).update(NEW_EDGES, epochs=n)
    },
    "Word2Vec.build_vocab_from_freq": {
        "corpus_count": lambda n: Word2Vec(**SMALL).build_vocab_from_freq(
            {"a": 3, "b": 2}, corpus_count=n
        )
    },
    "Word2Vec.estimate_memory": {"vocab_size": lambda n: WORDS.estimate_memory(vocab_size=n)},
    "Word2Vec.make_cum_table": {"domain": lambda n: WORDS.make_cum_table(n)},
    "Word2Vec.seeded_vector": {"vector_size": lambda n: WORDS.seeded_vector("a", n)},
    "Word2Vec.predict_contexts": {"topn": lambda n: WORDS.predict_contexts(WORD, topn=n)},
    "Word2Vec.predict_output_word": {"topn": lambda n: WORDS.predict_output_word([WORD], topn=n)},
    "Word2Vec.prepare_vocab": {"min_count": lambda n: prepared(n)},
    "Word2Vec.score": {"total_sentences": lambda n: TREE.score(SENTENCES, total_sentences=n)},
    "Word2Vec.train": {
        name: lambda n, name=name: word2vec().train(
            SENTENCES, **{"total_examples": 40, "epochs": 1, name: n}
        )
        for name in ("total_examples", "total_words", "epochs", "word_count")
    }
    | {
        "every": lambda n: word2vec().train(
            SENTENCES, total_examples=40, epochs=1, checkpoint="checkpoint", every=n
        )
    },
    "Cooccurrences.from_corpus": {
        name: lambda n, name=name: Cooccurrences.from_corpus(SENTENCES, **{name: n})
        for name in ("window", "workers", "memory_budget")
    },
    "LinkSplit.of": {"seed": lambda n: LinkSplit.of(DirectedGraph.of(EDGES), seed=n)},
    "LinkSplit.negatives": {
        "n": lambda n: SPLIT.negatives(n=n),
        "seed": lambda n: SPLIT.negatives(seed=n),
    },
    "LinkSplit.candidates": {
        "n": lambda n: SPLIT.candidates(np.array([0]), n=n),
        "seed": lambda n: SPLIT.candidates(np.array([0]), n=2, seed=n),
    },
    "evaluate_links": {
        "ks": lambda n: evaluate_links({"nodes": NODES}, SPLIT, ks=[n]),
        "seed": lambda n: evaluate_links({"nodes": NODES}, SPLIT, seed=n),
    },
    "evaluate_recommendations": {
        "k": lambda n: evaluate_recommendations({"nodes": NODES}, SPLIT, k=n)
    },
    "read_types": {"skip_lines": lambda n: read_types("edges.txt", skip_lines=n)},
    "read_labels": {"skip_lines": lambda n: read_labels("edges.txt", skip_lines=n)},
    "classify": {"seeds": lambda n: classify(np.eye(8), labels(), shares=[0.5], seeds=[n])},
    "PPMI.contexts": {"topn": lambda n: PPMI.contexts("metal1", topn=n)},
    "PPMI.most_similar": {"topn": lambda n: PPMI.most_similar("metal1", topn=n)},
    "PPMI.cosines_to": {"restrict_vocab": lambda n: PPMI.cosines_to(np.array([0]), n)},
}
for name in ("most_similar_batch", "most_similar_cosmul", "most_similar_ids", "similar_by_key"):
    CALLS[f"KeyedVectors.{name}"] = {
        limit: lambda n, name=name, limit=limit: getattr(KV, name)(
            "a" if name in ("most_similar_cosmul", "similar_by_key") else ["a"], **{limit: n}
        )
        for limit in ("topn", "restrict_vocab")
    }
for name, first in (("similar_by_word", "a"), ("similar_by_vector", np.ones(2))):
    CALLS[f"KeyedVectors.{name}"] = {
        limit: lambda n, name=name, limit=limit, first=first: getattr(KV, name)(first, **{limit: n})
        for limit in ("topn", "restrict_vocab")
    }
for name, case in CLASSES.items():
    if hasattr(model := case.make(), "recommend"):
        CALLS[f"{name}.recommend"] = {"topn": lambda n, model=model: model.recommend("n1", topn=n)}
# Parameters of constructors that tests/models/test_rules.py has, and others that need no check.
HAVE_RULES = {"Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding", "HOPE", "STRAP", "PPMI"}
HAVE_RULES |= {"SVDVectors", "FastRP", "ProNE", "FastText"}
RESULTS = {"F1", "LinkScores", "Recall", "EncodedCorpus.__init__", "Cooccurrences.__init__"}
RESULTS |= {"KnownLinks", "LinkModel", "ProximityFactorization"}  # bases, and rows by id
COMPATIBLE = {"progress_per", "chunksize", "queue_factor", "sep_limit", "pickle_protocol"}
COMPATIBLE |= {"log_level", "default"}  # no effect, or of any type
SAME = {
    "Word2Vec.resume": "Word2Vec.train",
    "Word2Vec.scan_vocab": "",  # gensim's workers, without effect
    "Phraser.join": "FrozenPhrases.join",
    "Phraser.transform_file": "FrozenPhrases.transform_file",
    "Phrases.join": "FrozenPhrases.join",
    "Phrases.transform_file": "FrozenPhrases.transform_file",
    "install_as_gensim": "",  # 3 or 4, in tests/dropin/test_installer.py
    "PPMI.evaluate_word_analogies": "KeyedVectors.evaluate_word_analogies",
    "PPMI.evaluate_word_pairs": "KeyedVectors.evaluate_word_pairs",
}


def prepared(min_count):
    model = Word2Vec(**SMALL)
    model.scan_vocab(SENTENCES)
    return model.prepare_vocab(min_count=min_count)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("edges.txt").write_text("a b\nb c\nc a\n")
    KV.save_word2vec_format("vectors.txt")


def with_integers():
    """Yield each public method and function, with the names of its whole numbers."""
    for module in (fastsgns, cooccurrence, graph, models, glove, links, ppmi):
        for name in module.__all__:
            thing = getattr(module, name)
            members = (
                inspect.getmembers(thing, callable) if inspect.isclass(thing) else [("", thing)]
            )
            for method, function in members:
                if (method.startswith("_") and method != "__init__") or (
                    not isinstance(function, (types.FunctionType, types.MethodType))
                ):
                    continue
                parameters = inspect.signature(function).parameters.values()
                names = {
                    p.name for p in parameters if p.annotation in (int, int | None)
                } - COMPATIBLE
                if names and thing is FastText and method != "__init__":
                    yield *function.__qualname__.split("."), names  # mostly those of Word2Vec
                elif names:
                    yield name, method, names


def test_each_whole_number_of_each_method_is_here():
    found = 0
    for name, method, parameters in with_integers():
        if name in RESULTS or f"{name}.{method}" in RESULTS:
            continue
        if method == "__init__" and name in HAVE_RULES:
            continue
        call = f"{name}.{method}" if method else name
        if call not in SAME:
            assert parameters <= CALLS.get(call, {}).keys(), call
            found += len(parameters)
    assert found > 40


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name, call",
    [
        pytest.param(name, call, id=f"{method}-{name}")
        for method, calls in CALLS.items()
        for name, call in calls.items()
    ],
)
def test_a_whole_number_may_be_given_in_any_way_that_says_it(name, call):
    for wrong in (2.5, "2.5", "x", "1_0", np.float32(1.5), [2], {}):
        with pytest.raises(ValueError, match=rf"^{name} is .*; allowed are integers"):
            call(wrong)
    for n in (2, 2.0, "2", np.int64(2), np.array(2)):
        call(n)
