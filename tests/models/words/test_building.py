"""How a model's vocabulary and matrices are made, grown and used."""

import gc
import lzma
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import toy
from classes import content

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.models.word2vec import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

SENTENCES = toy.sentences(60)
COUNTED = [["a"] * 8, ["b"] * 4, ["c"] * 2, ["d"]]
NEW = [["fruit1", "gold", "silver", "gold"]] * 6


def words(sentences=COUNTED, **options):
    model = Word2Vec(**{"min_count": 1, "vector_size": 4} | options)
    model.build_vocab(sentences)
    return model.wv.index_to_key


def trained(**options):
    return Word2Vec(SENTENCES, **{"vector_size": 8, "min_count": 1, "workers": 1} | options)


def test_min_count_and_order():
    assert words(min_count=0) == words(min_count=1) == ["a", "b", "c", "d"]
    assert words(min_count=3) == ["a", "b"]
    assert words(COUNTED[::-1]) == ["a", "b", "c", "d"]
    assert words(COUNTED[::-1], sorted_vocab=0) == ["d", "c", "b", "a"]


def test_bounds_on_the_vocabulary():
    model = Word2Vec(min_count=1, max_final_vocab=2)
    model.build_vocab(COUNTED)
    assert model.wv.index_to_key == ["a", "b"]
    assert (model.min_count, model.effective_min_count) == (1, 3)
    rare = [["often", f"rare{i}"] for i in range(100)]
    model = Word2Vec(rare, min_count=1, max_vocab_size=10, vector_size=4)
    assert "often" in model.wv and len(model.wv) <= 11
    assert (model.corpus_count, model.corpus_total_words) == (100, 200)


def test_trim_rule():
    def rule(word, count, least):
        return {"a": RULE_DISCARD, "d": RULE_KEEP}.get(word, RULE_DEFAULT)

    assert words(min_count=3, trim_rule=rule) == ["b", "d"]
    model = Word2Vec(min_count=3)
    model.build_vocab(COUNTED, trim_rule=rule)
    assert model.wv.index_to_key == ["b", "d"]


def test_counts_are_attributes_of_the_words():
    model = Word2Vec(min_count=1)
    model.build_vocab(COUNTED)
    assert [model.wv.get_vecattr(word, "count") for word in "abcd"] == [8, 4, 2, 1]
    assert (model.corpus_count, model.corpus_total_words) == (4, 15)


def test_raw_vocab_is_kept_on_request():
    model = Word2Vec(min_count=3)
    model.build_vocab(COUNTED, keep_raw_vocab=True)
    assert model.raw_vocab == {"a": 8, "b": 4, "c": 2, "d": 1}
    model.build_vocab(COUNTED)
    assert model.raw_vocab == {}


def test_scan_try_and_prepare():
    model = Word2Vec(min_count=3, sample=0)
    with pytest.raises(RuntimeError, match="nothing was counted yet"):
        model.prepare_vocab()
    assert model.scan_vocab(COUNTED) == (15, 4)
    report = model.prepare_vocab(dry_run=True, min_count=2, sample=0.1)
    assert report["drop_unique"] == 1 and report["num_retained_words"] == 3
    assert report["retain_total"] == 14
    assert 0 < report["downsample_unique"] <= 3 and 0 < report["downsample_total"] < 14
    assert len(model.wv) == 0 and (model.min_count, model.sample) == (3, 0)
    report = model.prepare_vocab()
    assert (report["downsample_unique"], report["downsample_total"]) == (0, 12)
    assert model.wv.index_to_key == ["a", "b"]


def test_parameters_given_to_build_vocab_become_those_of_the_model():
    model = Word2Vec()
    model.build_vocab(COUNTED, min_count=2, sample=0.5)
    assert (model.min_count, model.sample, len(model.wv)) == (2, 0.5, 3)


def test_vocabulary_from_counts():
    model = Word2Vec(min_count=2, vector_size=6, sg=1, workers=1)
    model.build_vocab_from_freq({"x": 3, "y": 9, "z": 1}, corpus_count=4)
    assert model.wv.index_to_key == ["y", "x"]
    assert (model.corpus_count, model.corpus_total_words) == (4, 13)
    model.train([["x", "y"]] * 4, total_examples=model.corpus_count, epochs=1)
    model.build_vocab_from_freq({"y": 2, "new": 5, "x": 1}, update=True)
    assert model.wv.index_to_key == ["y", "x", "new"]
    assert model.wv.expandos["count"].tolist() == [11, 3, 5]
    with pytest.raises(TypeError, match="mapping of words to integers"):
        model.build_vocab_from_freq([("x", 1)])


def test_fresh_vectors_are_small_and_outputs_zero():
    model = Word2Vec(min_count=1, hs=1, vector_size=10)
    model.build_vocab(SENTENCES)
    assert 0.05 < np.abs(model.wv.vectors).max() <= 0.1
    assert model.syn1neg.shape == (24, 10) and not model.syn1neg.any()
    assert model.syn1.shape == (24, 10) and not model.syn1.any()
    assert model.cum_table[-1] == 2**31 - 1 and len(model.cum_table) == 24


@pytest.mark.parametrize("mode", [{"sg": 1}, {"sg": 0}, {"hs": 1}, {"hs": 1, "negative": 0}])
def test_growth_keeps_what_there_is(mode):
    model = trained(**mode)
    old_words, n_old = list(model.wv.index_to_key), len(model.wv)
    old, old_counts = model.wv.vectors.copy(), model.wv.expandos["count"].copy()
    old_outputs = model.syn1neg.copy() if model.negative else None
    model.build_vocab(NEW, update=True)
    assert model.wv.index_to_key == [*old_words, "gold", "silver"]
    assert model.wv.key_to_index["silver"] == n_old + 1
    np.testing.assert_array_equal(model.wv.vectors[:n_old], old)
    assert np.all(np.any(model.wv.vectors[n_old:], axis=1)), "new vectors are not zero"
    added = np.zeros(n_old, int)
    added[model.wv.key_to_index["fruit1"]] = 6
    counts = [*(old_counts + added).tolist(), 12, 6]
    assert model.wv.expandos["count"].tolist() == counts
    assert (model.corpus_count, model.corpus_total_words) == (6, 24)
    if model.negative:
        np.testing.assert_array_equal(model.syn1neg[:n_old], old_outputs)
        assert not model.syn1neg[n_old:].any() and len(model.cum_table) == n_old + 2
    if model.hs:
        assert model.syn1.shape == (n_old + 2, 8)
    model.train(NEW, total_examples=model.corpus_count, epochs=5)
    assert (model.wv["gold"] != 0).any() and np.isfinite(model.wv.vectors).all()
    assert model.wv.most_similar("gold", topn=1)


def test_growth_without_new_words_adds_counts():
    for mode in ({}, {"hs": 1}):
        model = trained(**mode)
        before, n_old = model.wv.vectors.copy(), len(model.wv)
        total = model.wv.expandos["count"].sum()
        model.build_vocab([["fruit0", "fruit1"]], update=True)
        assert len(model.wv) == n_old and model.wv.expandos["count"].sum() == total + 2
        np.testing.assert_array_equal(model.wv.vectors, before)
        model.train(SENTENCES, total_examples=60, epochs=1)


def test_a_tree_that_changes_starts_over_and_one_that_does_not_is_kept():
    model = Word2Vec([["a"] * 9 + ["b"] * 5 + ["c"] * 2] * 5, min_count=1, hs=1, sample=0)
    assert model.syn1.any()
    model.build_vocab([["a", "b"]], update=True)
    assert model.syn1.any(), "the same words have the same paths"
    model.build_vocab([["c"] * 500], update=True)
    assert not model.syn1.any(), "other paths, other nodes"


def test_growth_respects_min_count_and_locks():
    model = trained(min_count=3)
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    n_old = len(model.wv)
    model.build_vocab([["once", "thrice", "thrice", "thrice"]], update=True)
    assert "once" not in model.wv and "thrice" in model.wv
    assert model.wv.vectors_lockf.tolist() == [0.0] * n_old + [1.0]


def test_growth_needs_something_to_grow():
    for call in (
        lambda model: model.build_vocab(NEW, update=True),
        lambda model: model.build_vocab_from_freq({"a": 1}, update=True),
    ):
        with pytest.raises(RuntimeError, match="without update=True first"):
            call(Word2Vec())


def test_a_grown_model_draws_new_words_as_negatives():
    model = trained(sg=1, negative=5)
    model.build_vocab([["new"] * 1000], update=True)
    model.train(SENTENCES, total_examples=60, epochs=1)
    assert model.syn1neg[model.wv.key_to_index["new"]].any()


def test_reset_from_another_model():
    donor, model = trained(), Word2Vec(vector_size=5, workers=1)
    model.reset_from(donor)
    assert model.wv.index_to_key == donor.wv.index_to_key
    assert model.corpus_count == 60 and model.wv.vectors.shape == (24, 5)
    model.train(SENTENCES, total_examples=60, epochs=1)
    model.wv.index_to_key[0] = "changed"
    assert donor.wv.index_to_key[0] != "changed"


def test_prediction_of_a_word_amid_others():
    model = trained(sg=0, epochs=60, alpha=0.05, sample=0)
    predicted = model.predict_output_word(["metal1", "metal2", "unknown"], topn=8)
    assert {word[:5] for word, _ in predicted} == {"metal"}
    likely = [p for _, p in model.predict_output_word(["metal1"], topn=24)]
    assert sum(likely) == pytest.approx(1, abs=1e-5) and likely == sorted(likely, reverse=True)
    ids = [model.wv.key_to_index["metal1"]]
    assert model.predict_output_word(ids) == model.predict_output_word(["metal1"])
    assert model.predict_output_word(["unknown"]) is None
    with pytest.raises(RuntimeError, match="negative > 0"):
        trained(hs=1, negative=0).predict_output_word(["metal1"])


@pytest.mark.parametrize("sg", [0, 1])
def test_scores_tell_likely_sentences(sg):
    model = trained(sg=sg, hs=1, negative=0, epochs=100, alpha=0.1, sample=0)
    likely, unlikely = ["river1", "river2", "river3"], ["river1", "metal2", "fruit3"]
    scores = model.score([likely, unlikely, ["unknown"]], total_sentences=1e6)
    assert scores.shape == (3,) and scores.dtype == np.float32
    assert scores[1] < scores[0] < 0 == scores[2]
    assert len(model.score([likely] * 5, total_sentences=2)) == 2
    with pytest.raises(RuntimeError, match="hs=1"):
        trained().score([likely])


MEASURED = """
    import gc, os
    from fastsgns import Word2Vec

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    Word2Vec([["a", "b"]], min_count=1, vector_size=4)
    counts = {f"word number {i}": 5 for i in range(60_000)}
    before = resident()
    model = Word2Vec(vector_size=200, hs=1)
    model.build_vocab_from_freq(counts)
    model.syn1neg += 1
    model.syn1 += 1
    report = model.estimate_memory()
    print(resident() - before, report["total"] - report["training"])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_estimated_within_a_tenth():
    command = [sys.executable, "-c", textwrap.dedent(MEASURED)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    taken, estimated = map(int, output.split())
    assert estimated == pytest.approx(taken, rel=0.1)


def test_memory_is_estimated_by_part():
    model = Word2Vec(vector_size=100, hs=0)
    report = {}
    assert model.estimate_memory(1000, report) is report
    assert set(report) == {"vocab", "vectors", "syn1", "syn1neg", "training", "total"}
    assert report["syn1"] == 0 and report["vectors"] == report["syn1neg"] >= 400_000
    assert report["total"] == sum(value for name, value in report.items() if name != "total")


def test_the_life_of_a_model_is_written_down(caplog):
    caplog.set_level("INFO")
    model = trained()
    assert [event["event"] for event in model.lifecycle_events][-1] == "train"
    model.add_lifecycle_event("reviewed", by="me")
    assert model.lifecycle_events[-1]["by"] == "me" and "reviewed" in caplog.text
    model.add_lifecycle_event("hidden", log_level=False)
    assert "hidden" not in caplog.text
    assert model.train_count == 1 and model.total_train_time > 0


def test_text_form():
    assert str(Word2Vec(vector_size=8)) == "Word2Vec<vocab=0, vector_size=8, alpha=0.025>"
    assert str(trained()) == "Word2Vec<vocab=24, vector_size=8, alpha=0.025>"


REFUSED = {
    "empty": "not a single token",
    "only_newlines": "not a single token",
    "only_spaces": "not a single token",
    "invalid_utf8": "UTF-8",
    "latin1": "UTF-8",
}


def test_odd_texts_train_or_are_refused(shared_data, tmp_path):
    texts = sorted((shared_data / "odd").glob("*.xz"))
    assert len(texts) > 20
    for packed in texts:
        name = packed.name.split(".")[0]
        path = tmp_path / name
        path.write_bytes(lzma.decompress(packed.read_bytes()))
        for source in (path, packed):
            try:
                model = Word2Vec(corpus_file=source, vector_size=4, min_count=1, epochs=1)
            except ValueError as error:
                assert REFUSED.get(name, "none") in str(error), name
            else:
                assert name not in REFUSED and np.isfinite(model.wv.vectors).all()
        gc.collect()


def test_no_events_are_kept_where_they_are_none_as_in_gensim(tmp_path):
    model = Word2Vec([["a", "b"], ["b", "c"]] * 9, vector_size=4, min_count=1, workers=1, sample=0)
    model.lifecycle_events = None
    model.train([["a", "b"]], total_examples=1, epochs=1)
    model.add_lifecycle_event("reviewed", by="me")
    assert model.lifecycle_events is None
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").lifecycle_events is None


@pytest.mark.parametrize("is_trained", [False, True])
@pytest.mark.parametrize(
    "read",
    [
        lambda model: model.build_vocab([["a", "b"]], min_count=9),
        lambda model: model.build_vocab([[], []]),
        lambda model: model.build_vocab(NEW, init_from=rows_of("gold")),
        lambda model: model.build_vocab_from_freq({"a": 1}),
        lambda model: model.build_vocab(NEW, update=True, min_count=-1),
    ],
)
def test_a_vocabulary_that_is_refused_changes_nothing(read, is_trained):
    model = trained(min_count=2) if is_trained else Word2Vec(min_count=2, vector_size=8)
    before = content(model), model.raw_vocab, model._init_from
    with pytest.raises((ValueError, RuntimeError)):
        read(model)
    assert (content(model), model.raw_vocab, model._init_from) == before


def rows_of(word):
    """A vector that is not finite."""
    kv = KeyedVectors(8)
    kv.add_vectors([word], np.full((1, 8), np.nan))
    return kv


@pytest.mark.parametrize(
    "change, more",
    [
        (lambda model: setattr(model, "softmax", 1), {}),
        (lambda model: model.wv.__setattr__("vectors_lockf", np.full(len(model.wv), 0.5)), {}),
        (lambda model: None, {"corpus_file": "absent.txt"}),
        (lambda model: None, {"word_count": -1}),
    ],
)
def test_a_training_that_is_refused_changes_nothing(change, more):
    model = trained(matrices="tied+reflect")
    change(model)
    model.train_count = 0
    before = content(model), vars(model)["epochs"], model.alpha, model.train_count
    source = {"corpus_iterable": SENTENCES} if "corpus_file" not in more else {}
    how = {"total_examples": 1, "epochs": 7, "start_alpha": 0.5, "compute_loss": True}
    with pytest.raises((ValueError, FileNotFoundError)):
        model.train(**source, **how, **more)
    assert (content(model), vars(model)["epochs"], model.alpha, model.train_count) == before
