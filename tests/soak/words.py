"""Sessions of Word2Vec and FastText."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastsgns import FastText, KeyedVectors, Word2Vec
from fastsgns.errors import EmptyCorpusError
from fastsgns.models import parameters as words
from fastsgns.models.callbacks import StopTraining

from . import corpora, lifetime, vectors
from .checks import check, check_named, check_same, content, plain
from .draws import (
    OMITTED,
    Dice,
    Draw,
    among,
    constant,
    drawn,
    mostly,
    near,
    of_rule,
    optional,
    whole,
    wrong,
)
from .querying import check_vectors
from .resuming import EVERY, killed_and_resumed
from .subject import Setting, Subject, documented, may_refuse

# Larger values only take longer, or more memory
BOUNDS = {"vector_size": 200, "epochs": 4, "negative": 60, "workers": 3, "bucket": 20_000}
TYPICAL: dict[str, Any] = {
    "vector_size": whole(1, 70), "alpha": near(0.03), "min_alpha": among(0.0001, 0.0, 0.02),
    "window": whole(1, 12), "shrink_windows": among(True, False), "min_count": among(0, 1, 2, 5),
    "max_vocab_size": mostly(constant(None), whole(10, 1000)),
    "max_final_vocab": mostly(constant(None), whole(1, 300)), "sorted_vocab": among(1, 1, 0),
    "sample": among(1e-3, 0.0, 0.1, 1e-5, 5), "sg": among(0, 1), "hs": among(0, 0, 0, 1),
    "negative": mostly(whole(1, 15), constant(0)), "ns_exponent": among(0.75, 0.0, 1.0, -0.5),
    "negative_sharing": among("pair", "window", "batch", "block"), "softmax": among(0, 0, 0, 0, 1),
    "cbow_mean": among(0, 1), "cbow_gradient": among("gensim", "exact"),
    "matrices": mostly(constant("two"), among("tied", "tied+bias", "tied+reflect", "three"), 0.5),
    "bias": among("scalar", "word", "both"), "coupling": among(0.0, 10.0, 3), "epochs": whole(1, 4),
    "seed": mostly(whole(0, 2**32), among(None, 1), 0.9), "workers": among(1, 1, 1, 1, 2, 3),
    "compute_loss": among(True, False),
    "deterministic": among(False, False, True), "progress": among(None, False),
    "batch_words": mostly(constant(10000), whole(0, 10**5)), "null_word": among(0, 1),
    "min_n": whole(0, 4), "max_n": whole(0, 8), "bucket": mostly(whole(1, 5000), constant(0), 0.9),
    "word_ngrams": constant(1), "hash_count": mostly(constant(0), whole(1, 4)),
}  # fmt: skip
DATA = ("sentences", "corpus_file", "unknown")  # of `Source`; and what is always refused


def table(cls: type[Word2Vec]) -> dict[str, Draw]:
    """Return a draw for each parameter."""
    found: dict[str, Draw] = {
        name: of_rule(rule, TYPICAL[name], BOUNDS.get(name))
        for name, rule in words.RULES_OF[cls.PARAMETERS].items()
    }
    if cls is FastText:
        found["word_ngrams"] = TYPICAL["word_ngrams"]  # another is not implemented
    return found | {
        "hashfxn": among(hash, len), "trim_rule": mostly(constant(None), among(keep_a_few)),
        "callbacks": mostly(constant(()), lambda dice: (Watch(),), 0.7),
        "checkpoint": mostly(constant(None), among("checkpoint")), "every": EVERY,
        "comment": among(None, "", "a comment: ä"),
        "init_from": mostly(constant(None), among("vectors")),
        "progress": mostly(among(None, False), constant(heard)),
    }  # fmt: skip


def keep_a_few(word: Any, count: int, min_count: int) -> int:
    """Keep words by their spelling; the same for the same word."""
    return len(str(word)) % 3


def heard(report: Any) -> None:
    check(0 <= report.done <= (report.total or report.done), f"progress {report}")


class Watch:
    """A callback that checks the order of calls."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def on_train_begin(self, model: Any) -> None:
        self.events = ["begin"]

    def on_epoch_begin(self, model: Any) -> None:
        self.events.append("epoch")

    def on_epoch_end(self, model: Any) -> None:
        check(self.events[-1] == "epoch", f"{self.events}")
        self.events.append("end")

    def on_train_end(self, model: Any) -> None:
        self.events.append("train end")


class StopAfter:
    def __init__(self, n: int) -> None:
        self.left = n

    def on_epoch_end(self, model: Any) -> None:
        self.left -= 1
        if not self.left:
            raise StopTraining


def consistent(dice: Dice, values: dict[str, Any]) -> dict[str, Any]:
    """Change values that exclude each other, but for a few, which must be refused."""
    if dice.chance(0.03):
        return values
    if values["softmax"] in (1, "1"):
        values |= {"hs": 0, "negative": 0}
    elif not values["hs"] and values["negative"] in (0, "0"):
        values["negative"] = 5
    if values["hs"] or values["softmax"]:
        values["matrices"] = "two"
    if values["matrices"] != "tied+bias":
        values["bias"] = "scalar"
    if values["matrices"] != "three":
        values["coupling"] = 0.0
    if "max_n" in values and 0 < int(values["max_n"]) < int(values["min_n"]):
        values["max_n"] = values["min_n"]
    return values


def arguments(setting: Setting) -> dict[str, Any]:
    """Return the parameters, with the objects that some of them name."""
    given = consistent(setting.dice, dict(setting.parameters))
    if given["checkpoint"] is not None:
        given["checkpoint"] = setting.folder / given["checkpoint"]
    else:
        given["every"] = None
    if given.get("init_from") == "vectors":
        kv = KeyedVectors(int(given["vector_size"]))
        keys = [f"w{i}" for i in range(0, 300, 3)]
        kv.add_vectors(keys, setting.dice.rng.normal(size=(len(keys), kv.vector_size)))
        given["init_from"] = kv
    return given


def draw_corpus(setting: Setting, cls: type) -> list[list[Any]]:
    return corpora.sentences(setting.dice, text_only=cls is FastText)


def split(source: dict[str, Any]) -> dict[str, Any]:
    """Rename the argument as `build_vocab` and `train` call it."""
    return {"corpus_iterable" if name == "sentences" else name: v for name, v in source.items()}


def make(cls: type[Word2Vec]) -> Any:
    def make_model(setting: Setting) -> Any:
        given, listed = arguments(setting), draw_corpus(setting, cls)
        if given["checkpoint"] is not None or setting.dice.chance(0.5):
            source = corpora.source(setting.dice, listed, setting.folder)
            with may_refuse(None, cls, also=REFUSALS):
                model = cls(**source, **given)
        else:
            with may_refuse(None, cls, also=REFUSALS):
                model = cls(**given)
            source = corpora.source(setting.dice, listed, setting.folder, once=True)
            with may_refuse(model, cls.build_vocab, also=REFUSALS):
                model.build_vocab(**split(source))
        check_counts(model, listed, given)
        return model

    return make_model


REFUSALS = (ValueError, EmptyCorpusError, NotImplementedError)


def check_counts(model: Any, listed: list[list[Any]], given: Mapping[str, Any]) -> None:
    """Compare the vocabulary with a Counter, unless words were forgotten while counting."""
    counts = Counter(token for sentence in listed for token in sentence)
    check(model.corpus_total_words == counts.total(), f"{model.corpus_total_words} words")
    check(len(model.wv.vectors) == len(model.wv.index_to_key), "rows and words")
    if given["max_vocab_size"] is None:
        for word in model.wv.index_to_key:
            check(model.wv.get_vecattr(word, "count") == counts[word], f"count of {word!r}")
    if given["max_vocab_size"] is None and given["trim_rule"] is None:
        least = max(1, int(model.effective_min_count))
        expected = sum(count >= least for count in counts.values())
        check(len(model.wv) == expected, f"{len(model.wv)} words, not {expected}")


TRAIN: dict[str, Draw] = {
    "corpus_iterable": constant(OMITTED), "corpus_file": constant(OMITTED),
    "total_examples": whole(1, 1000), "total_words": optional(whole(1, 10**5)),
    "epochs": whole(1, 4), "start_alpha": optional(near(0.02), 0.3),
    "end_alpha": optional(among(0.0, 0.001), 0.3), "word_count": optional(whole(0, 5000), 0.2),
    "queue_factor": optional(whole(1, 5), 0.2), "report_delay": optional(near(1.0), 0.2),
    "compute_loss": optional(among(True, False), 0.3),
    "callbacks": optional(lambda dice: [Watch()], 0.3),
    "checkpoint": constant(OMITTED), "every": constant(OMITTED), "unknown": constant(OMITTED),
}  # fmt: skip


def train(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Train on another corpus, and check what is counted."""
    listed = draw_corpus(setting, type(model))
    options = drawn(TRAIN, setting.dice)
    source = corpora.source(setting.dice, listed, setting.folder, once=options["epochs"] == 1)
    before = model.epochs_trained
    with may_refuse(model, type(model).train, also=(*REFUSALS, RuntimeError, TypeError)):
        n_trained, n_words = model.train(**split(source), **options)
    n_tokens = sum(map(len, listed))
    check(n_words == options["epochs"] * n_tokens, f"{n_words} words of {n_tokens}")
    check(0 <= n_trained <= n_words, f"{n_trained} trained of {n_words}")
    check(model.epochs_trained - before in (options["epochs"], 0), "epochs_trained")
    return model, (n_trained, n_words, model.epoch_losses)


def grow(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Add the words of another corpus, or of counts."""
    listed, old = draw_corpus(setting, type(model)), list(model.wv.index_to_key)
    vectors = model.wv.vectors.copy()
    if setting.dice.chance(0.7):
        source = corpora.source(setting.dice, listed, setting.folder, once=True)
        with may_refuse(model, type(model).build_vocab, also=REFUSALS):
            model.build_vocab(**split(source), update=True)
    else:
        counts = Counter(token for sentence in listed for token in sentence)
        with may_refuse(model, type(model).build_vocab_from_freq, also=REFUSALS):
            model.build_vocab_from_freq(counts, update=True)
    check(model.wv.index_to_key[: len(old)] == old, "old words have moved")
    if model.wv.subwords is None:
        np.testing.assert_array_equal(model.wv.vectors[: len(old)], vectors)
    return model, len(model.wv)


def roles(model: Any) -> Iterator[KeyedVectors]:
    yield model.wv
    yield from model.roles.values()


def query(model: Any, setting: Setting) -> tuple[Any, Any]:
    return model, [check_vectors(kv, setting) for kv in roles(model)]


def predict(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Ask the output layer."""
    dice = setting.dice
    keys = [dice.pick(model.wv.index_to_key) for _ in range(dice.integer(1, 4))]
    with may_refuse(model, also=(ValueError, RuntimeError, AttributeError)):
        found = model.predict_output_word(keys, topn=dice.integer(0, 9))
    probabilities = [p for _, p in found or ()]
    check(all(0 <= p <= 1.00001 for p in probabilities), f"probabilities {probabilities}")
    with may_refuse(model, also=(ValueError, RuntimeError, AttributeError)):
        contexts = model.predict_contexts(keys[0], topn=dice.integer(0, 9))
        scores = model.context_scores(keys[0])
    check(np.isfinite(scores).all(), "scores are not finite")
    return model, plain((found, contexts, scores))


def score(model: Any, setting: Setting) -> tuple[Any, Any]:
    listed = draw_corpus(setting, type(model))[:20]
    with may_refuse(model, type(model).score, also=(RuntimeError,)):
        found = model.score(listed)
    check(np.isfinite(found).all(), "scores are not finite")
    return model, plain(found)


def stop_and_resume(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Stop after an epoch, save, load, and resume: with one worker, nothing differs."""
    import copy

    listed, dice = draw_corpus(setting, type(model)), setting.dice
    n_epochs = dice.integer(2, 4)
    whole_run = copy.deepcopy(model)
    options = {"total_examples": 1, "epochs": n_epochs, "callbacks": []}
    with may_refuse(model, type(model).train, also=(*REFUSALS, RuntimeError)):
        whole_run.train(listed, **options)
    stops = [StopAfter(dice.integer(1, n_epochs - 1))]
    model.train(listed, **options | {"callbacks": stops})
    if model.unfinished is None:  # nothing was trained
        return model, None
    path = setting.folder / "stopped"
    model.save(path)
    model = type(model).load(path)
    model.resume(listed)
    if model.workers == 1 and model.seed is not None:
        check_same(content(model), content(whole_run), "resumed training differs from a whole one")
    check(model.epochs_trained == whole_run.epochs_trained, "epochs_trained")
    return model, None


def checkpoint(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Train with checkpoints, and resume from one of them."""
    listed, n_epochs = draw_corpus(setting, type(model)), setting.dice.integer(1, 4)
    listed = [*listed, list(model.wv.index_to_key[:2])]  # without known words, nothing is left

    def train(model: Any, **how: Any) -> None:
        model.train(listed, total_examples=1, epochs=n_epochs, callbacks=[], **how)

    def resume(model: Any) -> None:
        model.resume(listed)

    also = (*REFUSALS, *documented(type(model).train))
    return killed_and_resumed(model, setting, train, resume, also), None


def refuse(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Set a parameter to what its rule refuses: training names it, and changes nothing."""
    dice = setting.dice
    name, rule = dice.pick(list(words.RULES_OF[model.PARAMETERS].items()))
    if name in ("max_vocab_size", "progress"):
        return model, None
    value, old, before = wrong(dice, rule), getattr(model, name), content(model)
    setattr(model, name, value)
    try:
        model.train([["a"]], total_examples=1, epochs=1 if name != "epochs" else value)
    except ValueError as error:
        check_named(error, name, value, rule)
    else:
        check(False, f"{name}={value!r} is not refused")
    finally:
        setattr(model, name, old)
    check_same(content(model), before, f"refusing {name}={value!r} has changed the model")
    return model, name


def edit(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Change a parameter between two calls, or sort the words, or set a vector."""
    dice = setting.dice
    kind = dice.pick(("parameter", "sort", "vector", "lock"))
    if kind == "parameter":
        name = dice.pick(("alpha", "window", "negative", "sample", "sg", "batch_words"))
        value = table(type(model))[name](dice)
        if name != "negative" or (model.negative and value):
            setattr(model, name, value)
    elif kind == "sort":
        with may_refuse(model, also=(RuntimeError, ValueError)):
            model.wv.sort_by_descending_frequency()
    elif kind == "vector" and model.wv.subwords is None:
        key = dice.pick(model.wv.index_to_key)
        model.wv[key] = dice.rng.normal(size=model.wv.vector_size)
    elif kind == "lock" and model.wv.subwords is None:
        model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
        model.wv.vectors_lockf[: dice.integer(0, 5)] = 0
    return model, kind


def export(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Write the vectors of a role in a format of other programs, and read them."""
    role = setting.dice.pick(sorted(model.roles))
    vectors.export(model.roles[role], setting)
    return model, role


OPERATIONS = {
    "export": export,
    "train": train, "train again": train, "grow": grow, "query": query, "predict": predict,
    "score": score, "stop and resume": stop_and_resume, "checkpoint": checkpoint,
    "refuse": refuse, "edit": edit,
} | lifetime.STEPS  # fmt: skip


def subject(cls: type[Word2Vec]) -> Subject:
    return Subject(cls.__name__, cls, table(cls), make(cls), OPERATIONS, {"train": TRAIN})


SUBJECTS = [subject(Word2Vec), subject(FastText)]
