"""Sessions of Cooccurrences, GloVe, PPMI and SVDVectors."""

import copy
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsgns import GloVe, KeyedVectors, rules
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.cooccurrence.counts import COUNTING
from fastsgns.errors import EmptyCorpusError
from fastsgns.models.glove import parameters as glove
from fastsgns.models.ppmi import PPMI, SVDVectors, svd
from fastsgns.models.ppmi import model as ppmi
from fastsgns.models.ppmi.pmi import SHIFT, SMOOTHING

from . import corpora, lifetime
from .checks import check, check_named, check_same, content, plain
from .draws import (
    OMITTED,
    Draw,
    among,
    constant,
    mostly,
    near,
    of_rule,
    whole,
    wrong,
)
from .querying import check_vectors
from .resuming import EVERY, killed_and_resumed
from .subject import Setting, Subject, may_refuse
from .words import heard

BOUNDS = {"vector_size": 150, "epochs": 4, "workers": 3}
TYPICAL: dict[str, Any] = {
    "vector_size": whole(1, 50), "window": whole(1, 12), "x_max": near(100.0, 30),
    "exponent": near(0.75, 2), "alpha": near(0.05), "epochs": whole(1, 4),
    "seed": mostly(whole(0, 2**32), among(None, 1), 0.9), "workers": among(1, 1, 1, 1, 2, 3),
    "min_count": among(0, 1, 2, 5), "max_final_vocab": mostly(constant(None), whole(1, 300)),
    "memory_budget": mostly(constant(None), whole(0, 10**6)), "progress": among(None, False, heard),
    "matrices": among("two", "tied"), "weighting": among("harmonic", "flat", "linear"),
    "sides": among("both", "left", "right"), "smoothing": near(0.75, 1.3), "shift": near(1.0, 5),
    "weight": among(0.5, 0.0, 1.0, 0.25), "deterministic": among(False, True),
}  # fmt: skip
REFUSALS = (ValueError, EmptyCorpusError)


def of_rules(table: Mapping[str, rules.Rule]) -> dict[str, Draw]:
    return {name: of_rule(rule, TYPICAL[name], BOUNDS.get(name)) for name, rule in table.items()}


# Counts

COUNT = of_rules(COUNTING | {"workers": rules.WORKERS, "memory_budget": rules.COUNT}) | {
    "corpus": among("a corpus", "sentences"), "progress": among(None, lambda done, total: None),
}  # fmt: skip


def make_counts(setting: Setting) -> Cooccurrences:
    from fastsgns import EncodedCorpus

    listed = corpora.sentences(setting.dice)
    given = dict(setting.parameters)
    corpus = EncodedCorpus.from_iterable(listed) if given.pop("corpus") == "a corpus" else listed
    with may_refuse(None, Cooccurrences.from_corpus, also=REFUSALS):
        counts = Cooccurrences.from_corpus(corpus, **given)
    if sum(map(len, listed)) < 300:
        check_counted(counts, listed, setting.parameters)
    return counts


def check_counted(counts: Any, listed: list[list[Any]], given: Mapping[str, Any]) -> None:
    """Compare with a dict of pairs."""
    window, expected = int(given["window"]), Counter()
    for words in listed:
        for i, word in enumerate(words):
            for j in range(max(0, i - window), i):
                weight = {
                    "harmonic": 1 / (i - j),
                    "flat": 1.0,
                    "linear": (window - (i - j) + 1) / window,
                }
                if given["sides"] != "right":
                    expected[word, words[j]] += weight[given["weighting"]]
                if given["sides"] != "left":
                    expected[words[j], word] += weight[given["weighting"]]
    names = counts.vocabulary.words
    found = counts.to_scipy().tocoo()
    pairs = {(names[i], names[j]): x for i, j, x in zip(found.row, found.col, found.data)}
    check(pairs.keys() == {pair for pair, x in expected.items() if x}, "other pairs were counted")
    for pair, x in pairs.items():
        check(abs(x - expected[pair]) <= 1e-4 * x, f"count of {pair}: {x}, {expected[pair]}")


def ask_counts(counts: Any, setting: Setting) -> tuple[Any, Any]:
    sums = counts.row_sums
    np.testing.assert_allclose(sums, np.asarray(counts.to_scipy().sum(1)).ravel(), rtol=1e-5)
    check(counts.shape == (len(counts.vocabulary),) * 2, f"shape {counts.shape}")
    return counts, plain(sums)


# GloVe

SEPARATE = {"sentences": constant(OMITTED), "corpus_file": constant(OMITTED)}  # `corpora.source`
GLOVE = of_rules(glove.RULES) | {
    "cooccurrences": among(None, "counted"),
    "init_from": mostly(constant(None), among("vectors")),
    "checkpoint": mostly(constant(None), among("checkpoint")),
    "every": EVERY,
}


def make_glove(setting: Setting) -> GloVe:
    given, dice = dict(setting.parameters), setting.dice
    listed = corpora.sentences(dice)
    if given["checkpoint"] is not None:
        given["checkpoint"] = setting.folder / given["checkpoint"]
    else:
        given["every"] = None
    is_counted = given.pop("cooccurrences") == "counted"
    if given["init_from"] is not None:
        kv = KeyedVectors(int(given["vector_size"]))
        kv.add_vectors([f"w{i}" for i in range(9)], dice.rng.normal(size=(9, kv.vector_size)) / 9)
        given["init_from"] = kv
    source = corpora.source(dice, listed, setting.folder, once=True)
    with may_refuse(None, GloVe, also=REFUSALS):
        if not is_counted:
            return checked_glove(GloVe(**source, **given), listed)
        counts = GloVe(**given | {"checkpoint": None, "every": None}).count(**source)
        return checked_glove(GloVe(cooccurrences=counts, **given), listed)


def checked_glove(model: GloVe, listed: list[list[Any]]) -> GloVe:
    check(model.epochs_trained == model.epochs == len(model.epoch_losses), "epochs_trained")
    counts = Counter(token for sentence in listed for token in sentence)
    for word in model.wv.index_to_key:
        check(model.wv.get_vecattr(word, "count") == counts[word], f"count of {word!r}")
    check(len(model.wv) == len(model.input) == len(model.output), "rows")
    return model


def train_glove(model: GloVe, setting: Setting) -> tuple[Any, Any]:
    """Train n + m epochs at once, and n and then m, with a file in between."""
    dice, before = setting.dice, model.epochs_trained
    with may_refuse(model, GloVe.count, also=(*REFUSALS, RuntimeError)):
        counts = model.count(corpora.sentences(dice))
    n, m = dice.integer(1, 3), dice.integer(1, 2)
    other = copy.deepcopy(model)
    with may_refuse(model, GloVe.train):
        model.train(counts, n)
    check(model.epochs_trained == before + n, "epochs_trained")
    model.save(setting.folder / "between")
    model = GloVe.load(setting.folder / "between")
    model.train(counts, epochs=m)
    if model.workers == 1 or model.deterministic:
        other.workers = dice.integer(1, 4) if model.deterministic else 1
        other.train(counts, n + m)
        other.workers = model.workers
        check_same(content(model), content(other), "n and m epochs differ from n + m")
    return model, plain(model.epoch_losses)


def checkpoint_glove(model: GloVe, setting: Setting) -> tuple[Any, Any]:
    """Train with checkpoints, and resume from one of them."""
    n_epochs = setting.dice.integer(1, 4)
    with may_refuse(model, GloVe.count, also=(*REFUSALS, RuntimeError)):
        counts = model.count(corpora.sentences(setting.dice))

    def train(model: GloVe, **how: Any) -> None:
        model.train(counts, n_epochs, **how)

    def resume(model: GloVe) -> None:
        model.resume(counts)

    return killed_and_resumed(model, setting, train, resume, (ValueError,)), None


def query_glove(model: GloVe, setting: Setting) -> tuple[Any, Any]:
    np.testing.assert_allclose(
        model.wv.vectors,
        model.input.vectors + (0 if model.matrices == "tied" else model.output.vectors),
        rtol=1e-5, atol=1e-30,
    )  # fmt: skip
    return model, [check_vectors(kv, setting) for kv in (model.wv, model.input, model.output)]


def refuse_glove(model: GloVe, setting: Setting) -> tuple[Any, Any]:
    name, rule = setting.dice.pick(list(glove.RULES.items()))
    if name == "progress":
        return model, None
    value, old, before = wrong(setting.dice, rule), getattr(model, name), content(model)
    setattr(model, name, value)
    try:
        model.count([["a", "b"]])
    except ValueError as error:
        check_named(error, name, value, rule)
    else:
        check(False, f"{name}={value!r} is not refused")
    finally:
        setattr(model, name, old)
    check_same(content(model), before, f"refusing {name}={value!r} has changed the model")
    return model, name


# PPMI

PPMI_TABLE = of_rules(
    {name: COUNTING[name] for name in ("window", "weighting")}
    | {"smoothing": SMOOTHING, "shift": SHIFT}
    | ppmi.RULES
)


def make_ppmi(setting: Setting) -> PPMI:
    listed = corpora.sentences(setting.dice)
    source = corpora.source(setting.dice, listed, setting.folder, once=True)
    with may_refuse(None, PPMI, also=REFUSALS):
        return PPMI(**source, **setting.parameters)


def ask_ppmi(model: PPMI, setting: Setting) -> tuple[Any, Any]:
    dice = setting.dice
    keys = [dice.pick(model.index_to_key) for _ in range(dice.integer(1, 4))]
    similarity = model.similarity(keys[0], keys[-1])
    check(-1e-6 <= similarity <= 1.00001, f"similarity {similarity}")
    found = model.most_similar(keys[0], topn=dice.integer(0, 9))
    for key, cosine in found:
        check(abs(model.similarity(keys[0], key) - cosine) < 1e-5, f"similarity with {key!r}")
    contexts = model.contexts(keys[0], topn=dice.integer(0, 9))
    check(all(value > 0 for _, value in contexts), f"contexts {contexts}")
    return model, plain((similarity, found, contexts))


SVD_TABLE = of_rules(svd.RULES) | {"ppmi": constant("a PPMI of another corpus")}


def make_svd(setting: Setting) -> SVDVectors:
    given = dict(setting.parameters)
    with may_refuse(None, PPMI, also=REFUSALS):
        given["ppmi"] = PPMI(corpora.sentences(setting.dice), min_count=0, workers=1)
    with may_refuse(None, SVDVectors, also=REFUSALS):
        return SVDVectors(**given)


def ask_svd(model: SVDVectors, setting: Setting) -> tuple[Any, Any]:
    other = model.weighted(setting.dice.pick((0.0, 0.5, 1.0)))
    check(len(other.wv) == len(model.wv), "rows")
    check(bool((np.diff(model.values) <= 1e-6 * model.values.max()).all()), "values do not descend")
    return model, [check_vectors(kv, setting) for kv in (model.wv, other.wv, *model.roles.values())]


SUBJECTS = [
    Subject(
        "Cooccurrences", Cooccurrences, COUNT, make_counts, {"ask": ask_counts} | lifetime.STEPS,
        constructor=Cooccurrences.from_corpus,
    ),
    Subject(
        "GloVe", GloVe, GLOVE, make_glove,
        {"train": train_glove, "checkpoint": checkpoint_glove, "query": query_glove,
         "refuse": refuse_glove} | lifetime.STEPS,
    ),
    Subject("PPMI", PPMI, PPMI_TABLE, make_ppmi, {"ask": ask_ppmi} | lifetime.STEPS),
    Subject("SVDVectors", SVDVectors, SVD_TABLE, make_svd, {"ask": ask_svd} | lifetime.STEPS),
]  # fmt: skip
