"""Attributes and methods of gensim's Word2Vec that programs read, set and call."""

import copy
import io
import itertools
import logging
import pickle

import numpy as np
import pytest
import toy

from fastsgns import GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.cli import main
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.models.ppmi import PPMI
from fastsgns.runtime.machine import n_cores

SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 6, "min_count": 1, "workers": 1, "epochs": 2, "sample": 0}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]


def made(**options):
    return Word2Vec(SENTENCES, **SMALL | options)


# syn1, code and point


def test_syn1_has_a_row_per_word_and_is_the_memory_of_the_model():
    model = made(hs=1, negative=0)
    n = len(model.wv)
    assert model.syn1.shape == (n, 6) and model.syn1.dtype == np.float32
    assert model.syn1[: n - 1].any(axis=1).all() and not model.syn1[-1].any()
    held = model.syn1
    before = held.copy()
    model.train(SENTENCES, total_examples=60, epochs=1)
    assert model.syn1 is held and not np.array_equal(held, before)
    assert not held[-1].any()


@pytest.mark.parametrize("n_missing", [0, 1])
def test_syn1_may_be_set_with_or_without_its_last_row(n_missing):
    model, other = made(hs=1, negative=0), made(hs=1, negative=0, seed=2)
    n = len(model.wv)
    other.wv.vectors = model.wv.vectors.copy()
    other.syn1 = model.syn1[: n - n_missing].copy()
    assert other.syn1.shape == (n, 6)
    np.testing.assert_array_equal(other.syn1[: n - 1], model.syn1[: n - 1])
    np.testing.assert_array_equal(other.score(SENTENCES[:3]), model.score(SENTENCES[:3]))
    with pytest.raises(ValueError, match=rf"syn1 must be of shape \({n}, 6\)"):
        model.syn1 = np.zeros((n + 1, 6))


@pytest.mark.parametrize("mmap", [None, "r"])
def test_syn1_has_a_row_per_word_after_loading_and_copying(tmp_path, mmap):
    model = made(hs=1)
    model.save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m", mmap=mmap)
    for other in (loaded, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.syn1, model.syn1)
        other.train(SENTENCES, total_examples=60, epochs=1)
        assert other.syn1.shape == model.syn1.shape
        assert not np.array_equal(other.syn1, model.syn1)


def test_a_callback_that_reads_syn1_of_a_loaded_model_changes_no_result(tmp_path):
    class Reader:
        def on_epoch_begin(self, model):
            assert len(model.syn1) == len(model.wv)

    made(hs=1).save(tmp_path / "m")
    models = [Word2Vec.load(tmp_path / "m") for _ in range(2)]
    for model, callbacks in zip(models, ([], [Reader()])):
        model.train(SENTENCES, total_examples=60, epochs=3, callbacks=callbacks)
    np.testing.assert_array_equal(models[0].syn1, models[1].syn1)


def check_paths(model):
    """Check that the paths are those of the tree of the model: its score follows from them."""
    wv, tree = model.wv, model.syn1
    words = wv.index_to_key
    pair = [words[0], words[-1]]
    expected = 0.0
    for focus, context in (pair, pair[::-1]):
        codes, points = wv.get_vecattr(focus, "code"), wv.get_vecattr(focus, "point")
        assert codes.dtype == np.uint8 and points.dtype == np.uint32 and len(codes) == len(points)
        signs = 1.0 - 2.0 * codes.astype(float)
        expected += -np.log1p(np.exp(-signs * (tree[points] @ wv[context]))).sum()
    assert model.score([pair])[0] == pytest.approx(expected, rel=1e-4)


def test_paths_fit_the_tree_whatever_happens_to_the_words(tmp_path):
    model = made(hs=1, negative=0, sg=1, epochs=5)
    check_paths(model)
    assert "code" in model.wv.expandos and model.wv.expandos.get("point").dtype == object
    assert model.wv.expandos["code"].shape == (len(model.wv),)
    assert list(model.wv.expandos) == ["count", "code", "point"]
    model.build_vocab([["new", "river1"]] * 50, update=True)
    model.train([["new", "river1"]] * 50, total_examples=50, epochs=1)
    check_paths(model)
    model.wv.set_vecattr("river2", "count", 10**6)
    model.wv.sort_by_descending_frequency()
    check_paths(model)
    assert len(model.wv.get_vecattr("river2", "code")) == 1
    model.save(tmp_path / "m")
    for other in (Word2Vec.load(tmp_path / "m"), copy.deepcopy(model)):
        check_paths(other)
    model.wv.save(tmp_path / "kv")
    assert list(KeyedVectors.load(tmp_path / "kv").expandos) == ["count", "code", "point"]
    with pytest.raises(KeyError, match="no attribute 'code'"):
        made().wv.get_vecattr("river1", "code")


def test_paths_that_a_user_has_set_are_not_in_the_way_of_saving(tmp_path):
    model = made(hs=1, negative=0)
    model.wv.expandos["code"] = model.wv.expandos["code"]
    model.save(tmp_path / "m")
    check_paths(Word2Vec.load(tmp_path / "m"))


def test_a_model_of_one_word_has_a_tree_of_no_nodes():
    model = Word2Vec(vector_size=4, min_count=1, hs=1, negative=0)
    model.build_vocab([["x"]])
    assert model.syn1.shape == (1, 4)
    assert [len(path) for path in model.wv.expandos["code"]] == [0]


# noise


def test_cum_table_is_that_of_gensim():
    model = made()
    counts = np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key])
    powers = [float(count) ** 0.75 for count in counts]
    expected = [round(sum(powers[: i + 1]) / sum(powers) * (2**31 - 1)) for i in range(len(powers))]
    assert model.cum_table.dtype == np.uint32 and model.cum_table.tolist() == expected
    assert Word2Vec().cum_table is None and made(hs=1, negative=0).cum_table is None


def test_a_cum_table_that_is_set_decides_the_negative_samples(tmp_path):
    model = Word2Vec(**SMALL | {"negative": 3})
    model.build_vocab(SENTENCES)
    n = len(model.wv)
    weights = np.zeros(n)
    weights[2:4] = 1, 3
    model.cum_table = np.cumsum(weights)
    assert model.cum_table[[1, 2, 3, -1]].tolist() == [0, 2**29, 2**31 - 1, 2**31 - 1]
    model.train([model.wv.index_to_key[-2:]] * 60, total_examples=60, epochs=3)
    changed = np.flatnonzero(model.syn1neg.any(axis=1))
    assert set(changed) == {2, 3, n - 2, n - 1}  # two negatives, and the two words themselves
    name = model.wv.index_to_key[3]
    model.wv.set_vecattr(name, "count", 10**6)
    model.wv.sort_by_descending_frequency()
    model.save(tmp_path / "m")
    for other in (model, Word2Vec.load(tmp_path / "m"), copy.deepcopy(model)):
        steps = np.diff(other.cum_table.astype(float), prepend=0)
        assert steps[other.wv.key_to_index[name]] == pytest.approx(0.75 * 2**31, rel=1e-6)
    model.make_cum_table()
    assert model.cum_table[0] > 0.9 * 2**31
    model.cum_table = np.cumsum(np.ones(n))
    model.build_vocab([["new"]], update=True)
    assert model.cum_table[0] > 0.9 * 2**31


def test_setting_the_table_that_is_there_changes_nothing():
    one, other = (Word2Vec(**SMALL) for _ in range(2))
    for model in (one, other):
        model.build_vocab(SENTENCES)
    other.cum_table = one.cum_table
    for model in (one, other):
        model.train(SENTENCES, total_examples=60, epochs=2)
    np.testing.assert_array_equal(one.syn1neg, other.syn1neg)


@pytest.mark.parametrize("wrong", [[1, 2], [[1]], "falling", "zero", "nan"])
def test_a_cum_table_that_is_none_is_refused(wrong):
    model = made()
    ones = np.cumsum(np.ones(len(model.wv)))
    wrong = {"falling": -ones, "zero": 0 * ones, "nan": ones * np.nan}.get(str(wrong), wrong)
    with pytest.raises(ValueError, match="cum_table"):
        model.cum_table = wrong


# random


def test_random_decides_the_seed_of_training_if_it_is_set():
    def trained(generator=None, seed=1):
        model = Word2Vec(**SMALL)
        model.build_vocab(SENTENCES)
        model.seed = seed
        assert isinstance(model.random, np.random.RandomState)  # to read it has no effect
        if generator is not None:
            model.random = generator
            assert model.random is generator
        model.train(SENTENCES, total_examples=60, epochs=2)
        return model.wv.vectors

    make = np.random.default_rng, np.random.RandomState
    plain = trained()
    np.testing.assert_array_equal(trained(), plain)
    for kind in make:
        first = trained(kind(5))
        np.testing.assert_array_equal(trained(kind(5), seed=9), first)
        assert not np.array_equal(first, plain) and not np.array_equal(trained(kind(6)), first)


def test_random_is_not_saved_which_is_said(tmp_path):
    model = made()
    model.random = np.random.default_rng(0)
    with pytest.warns(UserWarning, match=r"does not hold model\.random"):
        model.save(tmp_path / "m")
    with pytest.raises(TypeError, match="allowed are a numpy Generator"):
        model.random = 5
    assert made(seed=None).random.randint(9) < 9 and made(seed=-3).random


# gensim's steps of building a model


def test_layer1_size_is_vector_size():
    model = Word2Vec(min_count=1, vector_size=7)
    model.vector_size = 5
    model.layer1_size = 5
    model.build_vocab(SENTENCES)
    assert model.wv.vectors.shape[1] == model.layer1_size == 5


def test_init_weights_starts_anew_with_the_same_words():
    model, fresh = made(hs=1), Word2Vec(**SMALL | {"hs": 1})
    fresh.build_vocab(SENTENCES)
    wv = model.wv
    for call in (model.init_weights, model.prepare_weights, lambda: model.prepare_weights(False)):
        call()
        assert model.wv is wv
        np.testing.assert_array_equal(wv.vectors, fresh.wv.vectors)
        assert not model.syn1neg.any() and not model.syn1.any()
        assert model.wv.get_vecattr("river1", "count") == fresh.wv.get_vecattr("river1", "count")
        fresh.init_weights()
    fresh.train(SENTENCES, total_examples=60, epochs=2)
    model.epochs_begun = 0
    model.train(SENTENCES, total_examples=60, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors, fresh.wv.vectors)


def test_update_weights_adds_rows_for_new_words():
    model = made()
    old = model.wv.vectors.copy()
    with pytest.raises(RuntimeError, match="call build_vocab without update"):
        Word2Vec().update_weights()
    model.wv.key_to_index["new"] = len(model.wv)
    model.wv.index_to_key.append("new")
    model.wv.set_vecattr("new", "count", 3)
    model.prepare_weights(update=True)
    np.testing.assert_array_equal(model.wv.vectors[:-1], old)
    assert model.wv["new"].any() and model.syn1neg.shape == model.wv.vectors.shape
    model.train([["new", "river1"]] * 9, total_examples=9, epochs=1)
    assert model.syn1neg[-1].any()


def test_the_null_word_and_a_seeded_vector():
    model = made()
    for _ in range(2):
        model.add_null_word()
    assert model.wv.get_vecattr("\0", "count") == 1 and model.wv.index_to_key[-1] == "\0"
    assert len(model.syn1neg) == len(model.wv)
    first = model.seeded_vector("a", 5)
    np.testing.assert_array_equal(model.seeded_vector("a", 5), first)
    assert not np.array_equal(model.seeded_vector("b", 5), first)
    model.create_binary_tree()
    model.make_cum_table(domain=100)


# workers


WITH_WORKERS = {
    "Word2Vec": lambda n: made(workers=n),
    "GloVe": lambda n: GloVe(SENTENCES, vector_size=6, min_count=1, epochs=1, workers=n),
    "NodeEmbedding": lambda n: NodeEmbedding(dimensions=8, num_walks=1, workers=n).fit(EDGES),
    "PairEmbedding": lambda n: PairEmbedding(dimensions=8, workers=n).fit(EDGES),
    "PPMI": lambda n: PPMI(SENTENCES, min_count=1, workers=n),
    "Cooccurrences": lambda n: Cooccurrences.from_corpus(SENTENCES, workers=n),
    "EncodedCorpus": lambda n: EncodedCorpus.from_files(toy.__file__, workers=n),
}


@pytest.mark.parametrize("name", WITH_WORKERS)
def test_workers_of_minus_1_are_all_processors(name, caplog):
    caplog.set_level(logging.INFO, "fastsgns")
    for value in (-1, "-1", -1.0, np.int64(-1)):
        caplog.clear()
        model = WITH_WORKERS[name](value)
        assert f"workers is -1: using all {n_cores()} processors" in caplog.text
        assert getattr(model, "workers", n_cores()) == n_cores()
    for wrong in (0, -2, 2**17):
        with pytest.raises(ValueError, match=rf"^workers is {wrong}; allowed are .* -1 for all"):
            WITH_WORKERS[name](wrong)


def test_workers_of_minus_1_on_the_command_line(tmp_path, capsys):
    (tmp_path / "text").write_text("\n".join(map(" ".join, SENTENCES)))
    command = ["train", str(tmp_path / "text"), "-o", str(tmp_path / "m"), "-q", "--workers"]
    assert main([*command, "-1"]) == 0
    assert Word2Vec.load(tmp_path / "m").workers == n_cores()
    with pytest.raises(SystemExit):
        main([*command, "-2"])
    assert "too small" in capsys.readouterr().err


# what train() is given


ONCE = {
    "generator": lambda: (sentence for sentence in SENTENCES),
    "chain": lambda: itertools.chain(SENTENCES[:30], SENTENCES[30:]),
    "map": lambda: map(list, SENTENCES),
    "filter": lambda: filter(None, SENTENCES),
    "iterator": lambda: iter(SENTENCES),
    "islice": lambda: itertools.islice(SENTENCES, 60),
}


@pytest.mark.parametrize("name", ONCE)
def test_what_can_be_read_once_is_read_once(name):
    expected, model = made(), Word2Vec(**SMALL)
    model.build_vocab(ONCE[name]())
    assert model.corpus_count == 60
    result = model.train(ONCE[name](), total_examples=60, epochs=1)
    assert result == (expected.corpus_total_words,) * 2
    if name == "generator":
        with pytest.raises(TypeError, match="generator, which can be read only once"):
            Word2Vec(ONCE[name](), **SMALL)
        with pytest.raises(TypeError, match="read only once"):
            model.train(ONCE[name](), total_examples=60, epochs=2)
        return
    np.testing.assert_array_equal(Word2Vec(ONCE[name](), **SMALL).wv.vectors, expected.wv.vectors)
    assert model.train(ONCE[name](), total_examples=60, epochs=2).n_words == 2 * result.n_words
    with pytest.raises(TypeError, match="read only once"):  # it is read twice to bound memory
        Word2Vec(ONCE[name](), max_vocab_size=100, **SMALL)


class Events:
    def __init__(self):
        self.seen = []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda model: self.seen.append(name)


@pytest.mark.parametrize(
    "corpus, said",
    [
        ([["new", "words"], ["here"]], "none of the 3 tokens of the corpus is in the vocabulary"),
        ([], "the corpus, a list, has no sentences"),
        ((), "the corpus, a tuple, has no sentences"),
        ([[], []], "none of the 2 sentences has a token"),
        (iter([]), "called with an empty iterator"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"hs": 1}, {"workers": 3}])
def test_training_on_nothing_that_is_known_changes_nothing(corpus, said, options):
    model, events = made(**options), Events()
    before = model.wv.vectors.copy()
    rate = model.min_alpha_yet_reached
    with pytest.warns(UserWarning, match=said):
        result = model.train(corpus, total_examples=1, epochs=2, callbacks=[events])
    assert result == (0, 6 if isinstance(corpus, list) and corpus and corpus[0] else 0)
    np.testing.assert_array_equal(model.wv.vectors, before)
    epochs = ["on_epoch_begin", "on_epoch_end"] * 2
    assert events.seen == ["on_train_begin", *epochs, "on_train_end"]
    assert model.unfinished is None and model.min_alpha_yet_reached == rate
    model.save(io.BytesIO())
    assert model.train(SENTENCES, total_examples=60, epochs=1).n_words == model.corpus_total_words


def test_a_file_without_a_token_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blank.txt").write_text("\n \n")
    model = made()
    with pytest.warns(UserWarning, match=r"not a single token in .*blank\.txt"):
        model.train(corpus_file="blank.txt", total_words=1, epochs=1)


def test_the_rate_that_was_reached_is_that_of_the_last_step():
    model = made(alpha=0.025, epochs=5)  # one step per epoch
    assert model.min_alpha_yet_reached == pytest.approx(0.025 - 0.8 * 0.0249)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("reset", [0, 0.0])
def test_a_callback_may_reset_the_loss(workers, reset):
    class Reset:
        losses = ()

        def on_epoch_end(self, model):
            self.losses = (*self.losses, model.get_latest_training_loss())
            model.running_training_loss = reset

    summed, each = made(workers=workers, compute_loss=True), Reset()
    model = made(workers=workers, compute_loss=True, epochs=4, callbacks=[each])
    assert len(each.losses) == 4 and model.get_latest_training_loss() == 0
    assert all(0 < loss < 1.5 * each.losses[0] for loss in each.losses)
    assert summed.get_latest_training_loss() == pytest.approx(sum(each.losses[:2]), rel=0.2)


# what is logged


def test_programs_find_the_lines_that_they_look_for(caplog):
    model = made(hs=1, negative=5)
    assert "Both hierarchical softmax and negative sampling are activated" in caplog.text
    caplog.clear()
    model.train(SENTENCES, total_examples=61, total_words=3, epochs=1)
    for line in (
        "Effective 'alpha' higher than previous training cycles",
        "supplied example count (60) did not equal expected count (61)",
        "did not equal expected count (3)",
    ):
        assert line in caplog.text
    assert {record.name for record in caplog.records} == {"fastsgns.models.word2vec"}


@pytest.mark.parametrize("options", [{"hs": 1, "negative": 0}, {}])
def test_one_objective_is_no_warning(caplog, options):
    made(**options)
    assert "activated" not in caplog.text
