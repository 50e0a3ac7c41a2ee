"""Nothing to learn, nothing learned yet, nothing changed: each is said."""

import copy
import logging
import pickle
import warnings

import numpy as np
import pytest
from scalars import Scalar, Tensor

from fastsgns import (
    DirectedGraph,
    GloVe,
    KeyedVectors,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
    cli,
)
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.errors import EmptyCorpusError, KindError, NotFittedError
from fastsgns.formats import kinds, native
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.joint import JointScore
from fastsgns.models.ppmi.model import PPMI

SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1, "sample": 0}
FEW = {"dimensions": 2, "workers": 1}
UNSPLIT = [["to be or not"], ["be that is"], ["or not to be"]] * 5
SENTENCES = [["a", "b", "c", "d"], ["b", "c", "e"], ["a", "e", "d", "c"]] * 5
MODES = [
    {"sg": 1}, {"sg": 0}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1},
    {"softmax": 1, "negative": 0},
    {"sg": 1, "negative_sharing": "block"}, {"sg": 1, "matrices": "tied+bias"},
]  # fmt: skip


@pytest.fixture
def silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("mode", MODES)
def test_sentences_of_one_token_are_told_before_training(mode):
    with pytest.warns(UserWarning, match=r"each of the 15 sentences has one token.*'to be or not'"):
        model = Word2Vec(UNSPLIT, compute_loss=True, **SMALL | mode)
    assert model.get_latest_training_loss() == 0
    with pytest.warns(UserWarning, match="no pair to learn from"):
        model.train(UNSPLIT, total_examples=15, epochs=1)


@pytest.mark.parametrize("mode", MODES)
def test_a_vocabulary_of_one_word_is_told(mode):
    if "hs" in mode:
        return
    with pytest.warns(UserWarning, match="the vocabulary is one word, 'a'"):
        Word2Vec([["a", "a"], ["a", "b"]], **SMALL | mode | {"min_count": 2})


@pytest.mark.parametrize("mode", MODES)
def test_subsampling_that_leaves_nothing_is_told(mode):
    with pytest.warns(UserWarning, match=r"subsampling left no two .*sample is 1e-09; 0 keeps"):
        Word2Vec(SENTENCES, **SMALL | mode | {"sample": 1e-9})


@pytest.mark.parametrize("mode", MODES)
def test_where_there_is_something_to_learn_nothing_is_said(mode, silent):
    Word2Vec(SENTENCES, **SMALL | mode)


@pytest.mark.parametrize("kind", [GloVe, PPMI])
def test_counts_without_a_pair_are_refused(kind):
    options = {"min_count": 1}
    with pytest.raises(EmptyCorpusError, match=r"no two of the 3 words are near each other"):
        kind(UNSPLIT, **options)
    with pytest.raises(EmptyCorpusError, match="are near each other"):
        PPMI.from_counts(Cooccurrences.from_corpus(UNSPLIT))


def test_words_that_meet_by_chance_alone_are_told():
    with pytest.warns(UserWarning, match=r"none of the 4 pairs .* than by chance.*are zero"):
        PPMI([["a", "b"], ["a", "a"], ["b", "b"]] * 2, min_count=1, smoothing=1, shift=9)


LOOPS = [("a", "a"), ("b", "b")]
FACTORIZATIONS = (HOPE, STRAP, FastRP, ProNE)


@pytest.mark.parametrize(
    "make",
    [lambda: NodeEmbedding(**FEW), *(lambda kind=kind: kind(2) for kind in FACTORIZATIONS)],
)
def test_a_graph_of_loops_is_told_and_one_without_edges_refused(make, silent):
    with pytest.warns(UserWarning, match="all edges of .* are loops"):
        make().fit(LOOPS)
    make().fit([*LOOPS, ("a", "b")])
    empty = DirectedGraph.from_edges([], [], names=["a", "b"])
    with pytest.raises(ValueError, match="has no edges to learn from"):
        make().fit(empty)


def test_pairs_with_one_target_are_told(silent):
    with pytest.warns(UserWarning, match="all 2 pairs have the same target, 'tea'"):
        PairEmbedding(**FEW).fit([("ann", "tea"), ("bob", "tea")])
    PairEmbedding(**FEW).fit([("ann", "tea"), ("bob", "ale")])


# What has not learned anything yet


GRAPH = DirectedGraph.of([("a", "b"), ("b", "a")])
LINK_ASKS = {
    "source": lambda m: m.source,
    "target": lambda m: m.target,
    "score": lambda m: m.score("a", "b"),
    "recommend": lambda m: m.recommend("a"),
    "save": lambda m: m.save("never"),
    "joint": lambda m: JointScore(m, GRAPH),
}
LEARNED_ASKS = {
    "known_pairs": lambda m: m.known_pairs(),
    "epoch_losses": lambda m: m.epoch_losses,
    "epochs_trained": lambda m: m.epochs_trained,
}
UNFITTED = [
    *((kind, name, ask) for kind in (NodeEmbedding, PairEmbedding, *FACTORIZATIONS)
      for name, ask in LINK_ASKS.items()),
    *((kind, name, ask) for kind in (NodeEmbedding, PairEmbedding)
      for name, ask in LEARNED_ASKS.items()),
    *((kind, "values", lambda m: m.values) for kind in FACTORIZATIONS),
]  # fmt: skip


@pytest.mark.parametrize(
    "kind, ask", [pytest.param(k, a, id=f"{k.__name__}-{n}") for k, n, a in UNFITTED]
)
def test_a_model_of_links_says_to_call_fit_first(kind, ask):
    with pytest.raises(NotFittedError, match=rf"this {kind.__name__} .*call fit\(\) first") as info:
        ask(kind())
    assert isinstance(info.value, ValueError) and isinstance(info.value, AttributeError)


@pytest.mark.parametrize("kind", [NodeEmbedding, PairEmbedding, *FACTORIZATIONS])
def test_a_model_without_vectors_is_copied_and_lacks_other_names(kind):
    for model in (copy.deepcopy(kind()), pickle.loads(pickle.dumps(kind()))):
        assert not hasattr(model, "source") and repr(model) == repr(kind())
        with pytest.raises(AttributeError, match=f"'{kind.__name__}' object has no attribute 'wv'"):
            _ = model.wv


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: m.predict_output_word(["a"]),
        lambda m: m.predict_contexts("a"),
        lambda m: m.context_scores("a"),
        lambda m: m.context_probability("a", "b"),
        lambda m: m.score([["a"]]),
        lambda m: m.train([["a"]], total_examples=1, epochs=1),
    ],
)
def test_a_word2vec_without_words_says_what_to_call_first(ask):
    for model in (Word2Vec(), Word2Vec(hs=1)):
        with pytest.raises(RuntimeError, match=r"no vocabulary .*call build_vocab"):
            ask(model)


@pytest.mark.parametrize("ask", ["a", ["a"], ["a", "b"]])
def test_vectors_without_keys_say_where_keys_come_from(ask):
    for kv in (Word2Vec().wv, GloVe().wv, KeyedVectors(4)):
        with pytest.raises(KeyError, match=r"no keys yet; .* build_vocab\(\) or train\(\)"):
            kv.most_similar(ask)


@pytest.mark.parametrize("ask", [lambda m: m.output, lambda m: m.roles, lambda m: m.save("never")])
def test_a_glove_without_words_says_what_to_call_first(ask):
    with pytest.raises(NotFittedError, match=r"this GloVe has no words yet; call train\(\) first"):
        ask(GloVe())


# Files of another kind


def test_the_command_line_says_what_a_file_is_without_names_of_python(capsys, tmp_path):
    Word2Vec(SENTENCES, **SMALL).save(tmp_path / "model")
    text = tmp_path / "text"
    text.write_text("a b\n")
    new = str(tmp_path / "new")
    assert cli.main(["glove", str(text), "--resume", str(tmp_path / "model"), "-o", new]) == 1
    said = f"fastsgns: {tmp_path / 'model'} holds a Word2Vec model, not a GloVe model\n"
    assert capsys.readouterr().err == said


def test_a_kind_of_a_later_release_says_to_upgrade(tmp_path):
    native.write(tmp_path / "f", "hologram", {}, {})
    for load in (Word2Vec.load, KeyedVectors.load, kinds.load):
        with pytest.raises(KindError, match=r"holds a 'hologram', .*upgrade fastsgns"):
            load(tmp_path / "f")


# What has no effect, and rates that do not rise


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"negative_sharing": "block"},
            "negative_sharing='block' has no effect: it is for skip-gram",
        ),
        ({"negative_sharing": "batch"}, "negative_sharing='batch' has no effect"),
        (
            {"negative_sharing": "block", "sg": 1, "softmax": 1, "negative": 0},
            "has no effect: full softmax has no negatives",
        ),
        ({"cbow_gradient": "exact", "sg": 1}, "cbow_gradient='exact' has no effect with sg=1"),
    ],
)
def test_what_has_no_effect_is_logged(options, message, caplog):
    Word2Vec(SENTENCES, **SMALL | options)
    assert [r.levelname for r in caplog.records if message in r.getMessage()] == ["WARNING"]


@pytest.mark.parametrize(
    "options",
    [{}, {"negative_sharing": "block", "sg": 1}, {"cbow_gradient": "exact", "alpha": 0.01}],
)
def test_what_has_an_effect_is_not_logged(options, caplog):
    Word2Vec(SENTENCES, **SMALL | options)
    assert "no effect" not in caplog.text


def rises(caplog):
    return [r.getMessage() for r in caplog.records if "Effective 'alpha'" in r.getMessage()]


def test_training_resumed_where_it_stopped_does_not_rise(caplog, tmp_path):
    from fastsgns.models.callbacks import StopTraining

    class StopAfter:
        n_left = 2

        def on_epoch_end(self, model):
            self.n_left -= 1
            if not self.n_left:
                raise StopTraining

    model = Word2Vec(sg=1, **SMALL | {"sample": 1e-1})
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=15, epochs=5, callbacks=[StopAfter()])
    model.save(tmp_path / "model")
    model = Word2Vec.load(tmp_path / "model")
    skipped = model.epochs_trained * model.corpus_total_words
    left = 5 - model.epochs_trained
    model.train(SENTENCES, total_examples=15, epochs=left, word_count=skipped)
    assert left == 3 and rises(caplog) == []
    model.train(SENTENCES, total_examples=15, epochs=1)
    said = "Effective 'alpha' higher than previous training cycles: it rises to 0.025"
    assert rises(caplog) == [f"{said}, having come down to 0.00508"]


def test_a_first_training_does_not_rise(caplog):
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=15, epochs=1, start_alpha=0.5)
    assert rises(caplog) == [] and logging.getLogger("fastsgns").propagate


# Names of nodes and of sides


@pytest.mark.parametrize("scalar", [Scalar, Tensor, np.str_])
def test_names_of_links_are_what_scalars_hold(scalar):
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]
    given = [(scalar(u), scalar(v)) for u, v in edges]
    graph = DirectedGraph.of(given)
    assert list(graph.edges()) == list(DirectedGraph.of(edges).edges())
    for model in (NodeEmbedding(**FEW), PairEmbedding(**FEW), HOPE(2)):
        source, target = model.fit(edges).source, model.target
        expected = source.index_to_key, target.index_to_key, model.score("a", "b")
        model.fit(given)
        found = model.source.index_to_key, model.target.index_to_key, model.score("a", "b")
        assert found == expected and {type(name) for name in found[0]} == {str}
        assert model.score(scalar("a"), scalar("b")) == expected[2]
    for missing in (None, float("nan")):
        for model in (NodeEmbedding(**FEW), PairEmbedding(**FEW), HOPE(2)):
            with pytest.raises(ValueError, match=r"of (edge|pair) 1 is .*, a missing value"):
                model.fit([("a", "b"), (Scalar(missing), "c")])


@pytest.mark.parametrize(
    "pairs",
    [
        [{"user": "ann", "item": "tea"}],
        [{"ann", "tea"}],
        [frozenset({"ann", "tea"})],
        [bytearray(b"ab")],
        {("ann", "tea"): 1},
        {"ann": "tea"},
    ],
)
def test_rows_that_are_no_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match=r"a pair is \(source|yields its keys"):
        PairEmbedding(**FEW).fit(pairs)


def test_a_word_to_subtract_is_one_word_to_ppmi():
    ppmi = PPMI([["aa", "bb", "a"], ["b", "a", "bb"]] * 5, min_count=1)
    assert ppmi.most_similar("aa", negative="bb") == ppmi.most_similar(["aa"], negative=["bb"])
    assert ppmi.most_similar(Scalar("aa")) == ppmi.most_similar("aa")
