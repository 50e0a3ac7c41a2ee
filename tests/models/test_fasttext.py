"""FastText: beside gensim, with every objective and layout, growing, stopped, saved and copied."""

import inspect
import io
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import toy
from optional import need

import fastsgns
from fastsgns import FastText, KeyedVectors, Word2Vec
from fastsgns.models import word2vec
from fastsgns.models.callbacks import StopTraining
from fastsgns.models.fasttext import FastTextKeyedVectors
from fastsgns.training.sharing import SHARINGS
from fastsgns.vectors.subword_rows import SubwordRows

SENTENCES = toy.sentences(60)
MORE = [["metallic", "metal1", "rivers"], ["fruity", "fruit2", "rivers"]] * 4
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "sample": 0, "bucket": 5000}
MODES = {
    "cbow": {},
    "cbow, sum": {"cbow_mean": 0},
    **{f"skip-gram, {mode}": {"sg": 1, "negative_sharing": mode} for mode in SHARINGS},
    "tree": {"hs": 1, "negative": 0},
    "tree, skip-gram": {"hs": 1, "negative": 0, "sg": 1},
    "softmax": {"softmax": 1, "negative": 0},
    "three": {"sg": 1, "matrices": "three", "coupling": 10},
    "reflect": {"sg": 1, "matrices": "tied+reflect"},
    **{
        f"bias, {bias}": {"sg": 1, "matrices": "tied+bias", "bias": bias}
        for bias in ("scalar", "word", "both")
    },
    "cbow, bias": {"matrices": "tied+bias", "bias": "word"},
    "floret": {"sg": 1, "hash_count": 2, "bucket": 300},
}  # fmt: skip
every_mode = pytest.mark.parametrize("mode", MODES)


def made(**options):
    return FastText(SENTENCES, **SMALL | options)


def grow(model):
    model.build_vocab(MORE, update=True)
    model.train(MORE, total_examples=len(MORE), epochs=1)


def check_composed(model):
    """Check that the vectors, and the biases of words, are the means of the rows."""
    subwords = model.wv.subwords
    np.testing.assert_array_equal(model.wv.vectors, subwords.composed())
    if model.layout.has_word_bias:
        table = subwords.table
        for word, bias in enumerate(model.wv.bias):
            rows = table.rows[table.starts[word] : table.starts[word + 1]]
            assert bias == pytest.approx(subwords.columns[rows, 0].mean(), rel=1e-5)


@every_mode
def test_vectors_are_means_of_rows_that_were_trained(mode):
    options = MODES[mode]
    untrained = FastText(**SMALL | options)
    untrained.build_vocab(SENTENCES)
    before = untrained.wv.vectors.copy()
    check_composed(untrained)
    model = made(**options)
    check_composed(model)
    changes = np.abs(model.wv.vectors - before).max(axis=1)
    assert np.all(changes > 0) and np.isfinite(model.wv.vectors).all()
    grow(model)
    check_composed(model)


@every_mode
def test_a_saved_model_goes_on_as_the_model_itself(mode, tmp_path):
    model = made(**MODES[mode])
    model.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    mapped = FastText.load(tmp_path / "model", mmap="r")
    assert not mapped.wv.vectors_ngrams.flags.writeable
    for each in (loaded, mapped):
        np.testing.assert_array_equal(each.wv.vectors, model.wv.vectors)
        grow(each)
    grow(model)
    for each in (loaded, mapped):
        np.testing.assert_array_equal(each.wv.vectors, model.wv.vectors)
        np.testing.assert_array_equal(each.wv.subwords.array, model.wv.subwords.array)


@pytest.mark.parametrize("options", [{"max_n": 0}, {"bucket": 0}, {"bucket": 0, "sg": 1}])
def test_without_subwords_it_is_a_word2vec(options):
    model = made(**options)
    settings = {name: value for name, value in SMALL.items() if name != "bucket"}
    other = Word2Vec(SENTENCES, sg=options.get("sg", 0), **settings)
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    with pytest.raises(KeyError, match="'metallic'"):
        model.wv["metallic"]


def test_old_rows_keep_their_bytes_when_words_are_added():
    model = made()
    rows = dict(zip(model.wv.subwords.table.buckets.tolist(), model.wv.vectors_ngrams.copy()))
    words, vectors = model.wv.vectors_vocab.copy(), model.wv.vectors.copy()
    model.build_vocab(MORE, update=True)
    n_old = len(words)
    assert model.wv.index_to_key[n_old:] == ["rivers", "metallic", "fruity"]
    np.testing.assert_array_equal(model.wv.vectors_vocab[:n_old], words)
    np.testing.assert_array_equal(model.wv.vectors[:n_old], vectors)
    table, new = model.wv.subwords.table, 0
    for bucket, row in zip(table.buckets.tolist(), model.wv.vectors_ngrams):
        new += bucket not in rows
        assert row.tobytes() == rows[bucket].tobytes() if bucket in rows else row.any()
    assert new > 0
    assert model.wv.vectors_vocab[n_old:].any(axis=1).all()


def test_words_that_were_never_seen_are_near_words_with_the_same_parts():
    words = [[f"{stem}{end}" for stem in ("walk", "talk")] for end in ("ing", "ed", "er", "s")]
    others = [[f"{stem}{end}" for stem in ("green", "brown")] for end in ("ish", "est", "er2")]
    model = FastText((words + others) * 100, sg=1, **SMALL | {"epochs": 5, "vector_size": 16})
    near = [word for word, _ in model.wv.most_similar("walkings", topn=3)]
    assert "walking" in near
    assert "walkings" not in model.wv.key_to_index
    assert model.predict_output_word(["walkings"], topn=3)
    with pytest.raises(KeyError, match="'walkings'"):
        model.predict_contexts("walkings")


def test_only_buckets_that_are_used_have_rows():
    model = made(bucket=2_000_000)
    assert len(model.wv.vectors_ngrams) == len(model.wv.subwords.table.buckets) < 500
    report = model.estimate_memory()
    assert report["subwords"] == 4 * 16 * model.wv.subwords.table.n_rows  # padded to 16 numbers
    sizes = [FastText(vector_size=8).estimate_memory(n)["subwords"] for n in (1000, 60_000)]
    rows = [size // (4 * 16) for size in sizes]
    assert rows[0] == pytest.approx(1000 + 9500, rel=0.1)  # as counted in Wikipedia
    assert rows[1] == pytest.approx(60_000 + 270_000, rel=0.1)


def test_vectors_that_are_set_are_those_that_are_trained_and_saved(tmp_path):
    model = made()
    vector = np.full(8, 0.5, np.float32)
    ngrams = model.wv.vectors_ngrams.copy()
    model.wv["metal1"] = vector
    model.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    np.testing.assert_allclose(loaded.wv["metal1"], vector, rtol=1e-5)
    np.testing.assert_array_equal(loaded.wv.vectors_ngrams, ngrams)
    model.wv.vectors_vocab_lockf = np.zeros(1, np.float32)
    model.wv.vectors_ngrams_lockf = np.zeros(1, np.float32)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    np.testing.assert_allclose(model.wv["metal1"], vector, rtol=1e-5)


def test_rows_that_are_locked_stay():
    model = FastText(**SMALL)
    model.build_vocab(SENTENCES)
    words, ngrams = model.wv.vectors_vocab.copy(), model.wv.vectors_ngrams.copy()
    factors = np.ones(len(model.wv), np.float32)
    factors[:3] = 0
    model.wv.vectors_vocab_lockf = factors
    model.wv.vectors_ngrams_lockf = np.zeros(1, np.float32)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    np.testing.assert_array_equal(model.wv.vectors_ngrams, ngrams)
    is_same = (model.wv.vectors_vocab == words).all(axis=1)
    assert is_same[:3].all() and not is_same[3:].any()
    model.wv.vectors_lockf = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match=r"vectors_lockf.*set all to 1, and use wv.vectors_vocab"):
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)


def test_init_from_sets_vectors_of_words_and_of_n_grams():
    given = KeyedVectors.from_dict({"metal1": np.arange(8.0, dtype=np.float32)})
    model = FastText(**SMALL, init_from=given)
    model.build_vocab(SENTENCES)
    np.testing.assert_allclose(model.wv["metal1"], given["metal1"], rtol=1e-5)
    trained = made()
    model = FastText(**SMALL, init_from=trained)
    model.build_vocab(MORE + SENTENCES)
    np.testing.assert_allclose(model.wv["metal1"], trained.wv["metal1"], rtol=1e-5)
    np.testing.assert_array_equal(model.wv["zmetalz"], trained.wv["zmetalz"])
    floret = FastText(**SMALL | {"hash_count": 1, "init_from": given})
    with pytest.raises(ValueError, match="hash_count=1 a model can only start from a FastText"):
        floret.build_vocab(SENTENCES)


def test_words_may_be_reordered_and_renamed():
    model = made()
    before = {word: model.wv[word].copy() for word in model.wv.index_to_key}
    model.wv.set_vecattr("fruit1", "count", 10**6)
    model.wv.sort_by_descending_frequency()
    assert model.wv.index_to_key[0] == "fruit1"
    for word, vector in before.items():
        np.testing.assert_array_equal(model.wv[word], vector)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    check_composed(model)


def test_a_stopped_training_is_resumed(tmp_path):
    class Stop:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2:
                raise StopTraining

    whole = made(epochs=4, sg=1)
    model = FastText(**SMALL | {"epochs": 4, "sg": 1})
    model.build_vocab(SENTENCES)
    settings = {"total_examples": len(SENTENCES), "epochs": 4}
    model.train(SENTENCES, callbacks=[Stop()], checkpoint=tmp_path / "model", **settings)
    loaded = FastText.load(tmp_path / "model")
    loaded.resume(SENTENCES)
    assert loaded.epochs_trained == 4
    np.testing.assert_allclose(loaded.wv.vectors, whole.wv.vectors, rtol=1e-4, atol=1e-6)


def test_callbacks_see_the_vectors_of_each_epoch():
    seen = []

    class Note:
        def on_epoch_end(self, model):
            seen.append(model.wv["metal1"].copy())
            check_composed(model)

    made(epochs=3, callbacks=[Note()])
    assert len({vector.tobytes() for vector in seen}) == 3


def test_vectors_that_somebody_holds_are_current_after_training():
    model = made()
    wv, array = model.wv, model.wv.vectors
    before = array.copy()
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not np.array_equal(wv["metal1"], before[wv.get_index("metal1")])
    assert not np.array_equal(array, before)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"min_n": 5, "max_n": 4}, ValueError, r"min_n is 5 and max_n is 4.*max_n=0"),
        ({"bucket": -1}, ValueError, "bucket"),
        ({"hash_count": 5}, ValueError, "hash_count"),
        ({"hash_count": 1, "bucket": 0}, ValueError, "set bucket=50000"),
        ({"word_ngrams": 2}, NotImplementedError, "only 1"),
        ({"word_ngrams": 0}, NotImplementedError, "only 1"),
        ({"matrices": "tied+bias", "softmax": 1, "negative": 0}, ValueError, "negative > 0"),
        ({"size": 3}, TypeError, "FastText.*renamed vector_size"),
    ],
)
def test_parameters_that_are_refused(options, error, match):
    with pytest.raises(error, match=match):
        FastText(SENTENCES, **SMALL | options)


def test_parameters_that_are_changed_later_are_named():
    model = made()
    model.min_n = 2
    with pytest.raises(ValueError, match="set min_n, max_n, bucket and hash_count"):
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert model.wv.min_n == 2
    with pytest.raises(TypeError, match="is a FastTextKeyedVectors"):
        model.wv = KeyedVectors(8)
    with pytest.raises(TypeError, match="has vectors of n-grams"):
        Word2Vec().wv = made().wv


def test_a_model_is_made_of_vectors_and_trained_further():
    first = made(sg=1)
    model = FastText.from_vectors(first.wv, output=first.syn1neg.copy(), sg=1, min_count=1)
    np.testing.assert_array_equal(model.wv.vectors, first.wv.vectors)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert isinstance(model.wv, FastTextKeyedVectors)
    check_composed(model)


def test_an_array_that_is_held_is_that_of_the_model_after_training():
    model = made()
    held = model.wv.vectors
    before = held.copy()
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not np.array_equal(held, before)  # before anything of the model is read
    held[0] = 7
    np.testing.assert_array_equal(model.wv.vectors, held)


def test_vectors_are_computed_once_by_threads_that_read_them(monkeypatch):
    model, calls, reads = made(), [], []

    def compose(rows, *arguments, plain=SubwordRows.compose):
        calls.append(rows)
        if len(calls) == 1:  # a second thread begins to read, and must wait
            thread = Thread(target=lambda: reads.append(model.wv.vectors.copy()))
            reads.append(thread)
            thread.start()
            thread.join(0.2)
            assert len(reads) == 1
        plain(rows, *arguments)

    monkeypatch.setattr(SubwordRows, "compose", compose)
    vectors = model.wv.vectors.copy()
    reads[0].join()
    assert len(calls) == 1
    np.testing.assert_array_equal(reads[1], vectors)


def test_a_model_whose_parameters_do_not_fit_its_rows_is_not_saved(tmp_path):
    for name, value in (("min_n", 2), ("max_n", 4), ("bucket", 10), ("hash_count", 1)):
        model = made()
        setattr(model, name, value)
        with pytest.raises(ValueError, match="set min_n, max_n, bucket and hash_count"):
            model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_arrays_are_made_after_encoding_and_memory_is_asked_for_before(monkeypatch):
    n_words = []

    def encode(scanned, vocabulary, plain=word2vec.encode):
        n_words.append(len(model.wv))
        return plain(scanned, vocabulary)

    monkeypatch.setattr(word2vec, "encode", encode)
    for cls in (FastText, Word2Vec):
        model = cls.__new__(cls)
        model.__init__(SENTENCES, min_count=1, workers=1)
    assert n_words == [0, 0]

    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(word2vec, "require_memory", refuse)
    with pytest.raises(MemoryError):
        made()
    assert len(n_words) == 2


def test_pruned_vectors_are_not_trained():
    kv = fastsgns.load(Path(__file__).parents[1] / "formats" / "fasttext_0_9" / "pruned.ftz")
    with pytest.raises(ValueError, match="pruned model"):
        FastText.from_vectors(kv)


# Beside gensim


def test_parameters_and_attributes_are_those_of_gensim():
    theirs = need("gensim").models.FastText
    ours = inspect.signature(FastText).parameters
    for name, parameter in inspect.signature(theirs).parameters.items():
        assert ours[name].default == parameter.default or name in ("hashfxn", "callbacks"), name
    given = list(inspect.signature(theirs).parameters)
    assert list(ours)[: len(given)] == given


@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"bucket": 0}])
def test_a_model_of_gensim_becomes_ours_and_back(options):
    gensim = need("gensim")
    theirs = gensim.models.FastText(SENTENCES, **SMALL | options)
    model = fastsgns.from_gensim(theirs)
    assert type(model) is FastText
    np.testing.assert_allclose(model.wv.vectors, theirs.wv.vectors, atol=1e-7)
    np.testing.assert_array_equal(model.wv.vectors_vocab, theirs.wv.vectors_vocab)
    if model.bucket:
        np.testing.assert_array_equal(model.wv.vectors_ngrams, theirs.wv.vectors_ngrams)
        np.testing.assert_allclose(model.wv["metallic"], theirs.wv["metallic"], atol=1e-7)
    before = model.wv["metal1"].copy()
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not np.array_equal(model.wv["metal1"], before)
    back = model.to_gensim()
    np.testing.assert_allclose(back.wv.vectors, model.wv.vectors, atol=1e-6)
    back.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    with pytest.raises(TypeError, match="is not a FastText"):
        FastText.from_gensim(gensim.models.Word2Vec(SENTENCES, min_count=1))


def test_gensim_has_no_floret():
    need("gensim")
    with pytest.raises(ValueError, match="gensim has no model with hash_count=2"):
        made(hash_count=2, bucket=300).to_gensim()


def test_a_file_of_a_model_with_n_grams_is_read_by_the_class_of_models():
    file = io.BytesIO()
    made().save(file)
    file.seek(0)
    assert type(Word2Vec.load(file)) is FastText
