"""Live objects of gensim become ours and back; both packages continue with the other's model."""

import io
import re

import numpy as np
import pytest
from optional import need

import fastsgns
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.errors import FormatError

gensim = need("gensim")
pick = np.random.default_rng(5)
WORDS = [f"w{i}" for i in range(30)]
SENTENCES = [[WORDS[j] for j in pick.zipf(1.4, 9) % 30] for _ in range(300)]
SETTINGS = {
    "vector_size": 12,
    "min_count": 1,
    "seed": 3,
    "workers": 1,
    "epochs": 3,
    "window": 4,
    "sample": 0,
}
MODES = {
    "cbow": {},
    "skip-gram": {"sg": 1, "negative": 3, "ns_exponent": 0.5, "sample": 0.01},
    "tree": {"sg": 1, "hs": 1, "negative": 0},
    "tree, cbow": {"hs": 1, "negative": 0, "cbow_mean": 0},
    "both": {"sg": 1, "hs": 1, "negative": 4, "shrink_windows": False},
}
mode = pytest.mark.parametrize("mode", MODES)


def theirs_of(mode):
    return gensim.models.Word2Vec(SENTENCES, **SETTINGS | MODES[mode])


def ours_of(mode):
    return Word2Vec(SENTENCES, **SETTINGS | MODES[mode])


def matrices_of(model):
    names = [name for name in ("syn1neg", "syn1") if getattr(model, name, None) is not None]
    n = len(model.wv) - 1
    return {"vectors": model.wv.vectors} | {
        name: getattr(model, name)[: n if name == "syn1" else None] for name in names
    }


def check_same(one, other):
    """Check that two models have the same parameters, words and matrices, and answer alike."""
    for name in ("sg", "hs", "negative", "window", "sample", "ns_exponent", "epochs", "alpha"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.corpus_count == other.corpus_count == 300
    assert one.corpus_total_words == other.corpus_total_words == 2700
    assert list(one.wv.index_to_key) == list(other.wv.index_to_key)
    counts = [[m.wv.get_vecattr(word, "count") for word in WORDS] for m in (one, other)]
    assert counts[0] == counts[1]
    assert matrices_of(one).keys() == matrices_of(other).keys()
    for name, matrix in matrices_of(one).items():
        np.testing.assert_array_equal(matrix, matrices_of(other)[name])
        assert not np.shares_memory(matrix, matrices_of(other)[name])
    if one.negative:
        asked = [model.predict_output_word(["w1", "w2"], topn=5) for model in (one, other)]
        assert [word for word, _ in asked[0]] == [word for word, _ in asked[1]]
        np.testing.assert_allclose(*[[float(p) for _, p in each] for each in asked], rtol=1e-4)
    if one.hs and not one.negative:
        ours, theirs = sorted((one, other), key=lambda model: type(model) is not Word2Vec)
        check_scores(ours, theirs)
    assert [w for w, _ in one.wv.most_similar("w3")] == [w for w, _ in other.wv.most_similar("w3")]


def check_scores(ours, theirs):
    """Compare scores with the formula, of which gensim's table of logarithms is 3 % off."""
    expected = [score(theirs, sentence) for sentence in SENTENCES[:20]]
    for model in (ours, theirs):
        tolerance = 1e-4 if type(model) is Word2Vec else 0.03
        np.testing.assert_allclose(model.score(SENTENCES[:20]), expected, rtol=tolerance)


def score(theirs, sentence):
    """The log-probability of a sentence, from the codes and points that gensim has."""
    total = 0.0
    for at, word in enumerate(sentence):
        near = [w for i, w in enumerate(sentence) if 0 < abs(i - at) <= theirs.window]
        hidden = [theirs.wv[w] for w in near]
        if not theirs.sg:
            hidden = [np.sum(hidden, axis=0)]  # cbow_mean is 0
        signs = 1 - 2.0 * theirs.wv.get_vecattr(word, "code")
        rows = theirs.syn1[theirs.wv.get_vecattr(word, "point")]
        total -= sum(np.logaddexp(0, -signs * (rows @ vector)).sum() for vector in hidden)
    return total


@mode
def test_a_model_of_gensim_becomes_ours(mode):
    theirs = theirs_of(mode)
    ours = fastsgns.from_gensim(theirs)
    assert type(ours) is Word2Vec
    check_same(ours, theirs)


@mode
def test_our_model_becomes_one_of_gensim(mode):
    ours = ours_of(mode)
    theirs = ours.to_gensim()
    assert type(theirs) is gensim.models.Word2Vec
    check_same(ours, theirs)


@mode
def test_there_and_back(mode, tmp_path):
    theirs = theirs_of(mode)
    ours = Word2Vec.from_gensim(theirs)
    check_same(ours.to_gensim(), theirs)
    ours.save(tmp_path / "m.fastsgns")  # with the tree of gensim
    loaded = Word2Vec.load(tmp_path / "m.fastsgns")
    check_same(loaded, theirs)
    check_same(loaded.to_gensim(), theirs)
    assert tree_of(loaded.to_gensim()) == tree_of(loaded) == tree_of(theirs)


def tree_of(model):
    if not model.hs:
        return None
    wv = model.wv
    return [wv.get_vecattr(word, name).tolist() for word in WORDS for name in ("code", "point")]


@mode
def test_both_continue_the_training_of_the_other(mode):
    for model in (Word2Vec.from_gensim(theirs_of(mode)), ours_of(mode).to_gensim()):
        before = {name: matrix.copy() for name, matrix in matrices_of(model).items()}
        kept = model.wv.index_to_key[:5]
        n_trained, n_words = model.train(SENTENCES, total_examples=300, epochs=2)
        assert n_words == 5400 and n_trained > 500
        assert model.wv.index_to_key[:5] == kept
        for name, matrix in matrices_of(model).items():
            change = np.abs(matrix - before[name]).mean()
            assert 0 < change < 0.5, (name, change)


def test_training_goes_on_where_gensim_stopped():
    """The scores of sentences rise with training, in a tree that gensim has made."""
    theirs = theirs_of("tree")
    ours = Word2Vec.from_gensim(theirs)
    before = ours.score(SENTENCES).sum()
    ours.train(SENTENCES, total_examples=300, epochs=10, start_alpha=0.05)
    after = ours.score(SENTENCES).sum()
    assert after > before
    check_scores(ours, ours.to_gensim())


def test_words_in_another_order_keep_their_place_in_the_tree():
    ours = Word2Vec.from_gensim(theirs_of("tree"))
    before = ours.score(SENTENCES[:20])
    counts = ours.wv.expandos["count"]
    order = np.random.default_rng(0).permutation(len(counts))
    ours.wv.key_table.reorder(order)
    ours.wv.vectors = ours.wv.vectors[order]
    np.testing.assert_allclose(ours.score(SENTENCES[:20]), before, rtol=1e-5)


def test_a_vocabulary_of_gensim_grows():
    ours = Word2Vec.from_gensim(theirs_of("both"))
    more = [["new", "words", *sentence] for sentence in SENTENCES]
    ours.build_vocab(more, update=True)
    ours.train(more, total_examples=300, epochs=1)
    assert ours.wv.index_to_key[:30] == theirs_of("both").wv.index_to_key and "new" in ours.wv


def test_a_damaged_tree_is_refused(tmp_path):
    from fastsgns.formats import native

    Word2Vec.from_gensim(theirs_of("tree")).save(tmp_path / "m")
    kind, tensors, metadata = native.read(tmp_path / "m")
    metadata = {name: value for name, value in metadata.items() if name not in ("format", "kind")}
    damages = {
        "tree_nodes": (np.int32(29), "tree_nodes are not all between 0 and 28"),
        "tree_starts": (np.int64(1), "tree_starts do not"),
        "tree_labels": (np.uint8(2), "tree_labels are not all 0 or 1"),
    }
    for name, (value, match) in damages.items():
        changed = tensors | {name: tensors[name].copy()}
        changed[name][0] = value
        native.write(tmp_path / "m2", kind, changed, metadata)
        with pytest.raises(FormatError, match=match):
            Word2Vec.load(tmp_path / "m2")
        native.write(
            tmp_path / "m2", kind, {k: v for k, v in tensors.items() if k != name}, metadata
        )
        with pytest.raises(FormatError, match=r"is missing|are missing"):
            Word2Vec.load(tmp_path / "m2")


def test_files_of_gensim_are_refused_with_what_converts_them(tmp_path):
    theirs = theirs_of("both")
    theirs.save(str(tmp_path / "m.model"))
    theirs.wv.save(str(tmp_path / "v.kv"))
    loads = (fastsgns.load, Word2Vec.load, KeyedVectors.load, KeyedVectors.from_file)
    for name in ("m.model", "v.kv"):
        for load in (*loads, KeyedVectors.load_word2vec_format):
            with pytest.raises(
                FormatError, match=f"{name}.*a pickle.*fastsgns.from_gensim"
            ) as error:
                load(tmp_path / name)
    recipe = re.search(
        r"fastsgns.from_gensim\(.*?\)\)\.save\('model.fastsgns'\)", str(error.value)
    )[0]
    recipe = recipe.replace("'model.fastsgns'", "saved")
    names = {"fastsgns": fastsgns, "gensim": gensim, "path": str(tmp_path / "m.model")}
    exec(recipe, names | {"saved": tmp_path / "m.fastsgns"})
    check_same(Word2Vec.load(tmp_path / "m.fastsgns"), theirs)


def test_one_word_has_an_empty_tree():
    theirs = gensim.models.Word2Vec(hs=1, negative=0, min_count=1, vector_size=3)
    theirs.build_vocab([["a"]])  # gensim's train() of one word does not return
    ours = Word2Vec.from_gensim(theirs)
    assert len(ours.wv) == 1 and ours.to_gensim().syn1.shape == (1, 3)


def test_vectors_with_all_attributes():
    theirs = theirs_of("cbow").wv
    theirs.set_vecattr("w1", "share", 0.5)
    theirs.vectors_lockf = np.linspace(0, 1, 30).astype(np.float32)
    for ours in (fastsgns.from_gensim(theirs), KeyedVectors.from_gensim(theirs)):
        assert type(ours) is KeyedVectors and ours.get_vecattr("w1", "share") == 0.5
        assert ours.get_vecattr("w1", "count") == theirs.get_vecattr("w1", "count")
        np.testing.assert_array_equal(ours.vectors_lockf, theirs.vectors_lockf)
        assert not np.shares_memory(ours.vectors, theirs.vectors)
        ours.add_vector("new", np.ones(12))
        assert "new" not in theirs
        back = ours.to_gensim()
        assert type(back) is gensim.models.KeyedVectors and back.get_vecattr("w1", "share") == 0.5
        np.testing.assert_array_equal(back["new"], np.ones(12))
        assert back.add_vector("newer", np.ones(12)) == 31
        assert [w for w, _ in back.most_similar("w1")] == [w for w, _ in ours.most_similar("w1")]


def test_vectors_may_share_memory():
    theirs = theirs_of("cbow").wv
    ours = KeyedVectors.from_gensim(theirs, copy=False)
    assert np.shares_memory(ours.vectors, theirs.vectors)
    theirs.vectors[0] = 7
    assert ours.get_vector(0, norm=True)[0] == pytest.approx(1 / 12**0.5)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_types_of_numbers_and_empty_slots(dtype):
    theirs = gensim.models.KeyedVectors(2, count=3, dtype=dtype)
    theirs.add_vector(7, np.array([1, 2], dtype))
    theirs.add_vector("b", np.array([3, 4], dtype))
    ours = KeyedVectors.from_gensim(theirs)
    assert ours.vectors.dtype == dtype and len(ours) == 2 and ours[7].tolist() == [1, 2]
    ours.add_vector("c", [5, 6])
    assert ours.index_to_key == [7, "b", "c"] and ours.to_gensim().vectors.dtype == dtype


def test_the_vectors_of_other_models_of_gensim():
    options = SETTINGS | {"epochs": 1}
    fasttext = gensim.models.FastText(SENTENCES, bucket=100, **options)
    documents = [
        gensim.models.doc2vec.TaggedDocument(s, [f"d{i}"]) for i, s in enumerate(SENTENCES)
    ]
    doc2vec = gensim.models.Doc2Vec(documents, **options)
    for model, vectors in ((fasttext, fasttext.wv), (doc2vec, doc2vec.dv), (doc2vec, doc2vec.wv)):
        converters = (fastsgns.from_gensim, Word2Vec.from_gensim)
        for convert in converters[model is fasttext :]:
            with pytest.raises(TypeError, match=r"KeyedVectors.from_gensim\(model"):
                convert(model)
        ours = KeyedVectors.from_gensim(vectors)
        assert ours.index_to_key == vectors.index_to_key
        np.testing.assert_array_equal(ours.vectors, vectors.vectors)
    assert KeyedVectors.from_gensim(fasttext).index_to_key == fasttext.wv.index_to_key


@pytest.mark.parametrize("thing", [object(), "model", [1, 2], np.eye(2)])
def test_other_things_are_refused(thing):
    for convert in (fastsgns.from_gensim, KeyedVectors.from_gensim, Word2Vec.from_gensim):
        with pytest.raises(TypeError, match="is not a KeyedVectors or a Word2Vec of gensim 4"):
            convert(thing)


def test_an_object_of_gensim_3_is_named():
    old = type("KeyedVectors", (), {"index2word": [], "vocab": {}, "vectors": np.eye(2)})()
    with pytest.raises(TypeError, match="is of gensim 3"):
        fastsgns.from_gensim(old)


def test_models_that_gensim_has_not():
    for options in ({"matrices": "tied"}, {"matrices": "three", "coupling": 10}):
        with pytest.raises(ValueError, match=r"gensim has no model with matrices=.*wv.to_gensim"):
            Word2Vec(SENTENCES, **SETTINGS | options).to_gensim()
    softmax = Word2Vec(SENTENCES, softmax=1, negative=0, **SETTINGS)
    with pytest.raises(ValueError, match="gensim has no model with softmax=1"):
        softmax.to_gensim()


def test_matrices_that_do_not_fit_are_refused():
    theirs = theirs_of("cbow")
    theirs.wv = gensim.models.KeyedVectors(12)
    theirs.wv.add_vector("a", np.ones(12))
    with pytest.raises(ValueError, match=r"syn1neg of the model of gensim has shape \(30, 12\)"):
        Word2Vec.from_gensim(theirs)


def test_models_without_words():
    ours = Word2Vec.from_gensim(gensim.models.Word2Vec(vector_size=7, sg=1, min_count=1))
    assert ours.vector_size == 7 and ours.sg == 1 and len(ours.wv) == 0
    ours.build_vocab(SENTENCES)
    theirs = Word2Vec(vector_size=7, sg=1, min_count=1).to_gensim()
    theirs.build_vocab(SENTENCES)
    assert len(ours.wv) == len(theirs.wv) == 30


def test_a_derived_class_stays_one():
    derived = type("Derived", (Word2Vec,), {"__init__": lambda self, needed: None})
    ours = derived.from_gensim(theirs_of("cbow"))
    assert type(ours) is derived
    file = io.BytesIO()
    ours.save(file)
    file.seek(0)
    assert type(derived.load(file)) is derived


def test_a_table_of_noise_that_was_set_is_kept():
    theirs = theirs_of("cbow")
    assert Word2Vec.from_gensim(theirs).current_arrays().noise is None
    theirs.cum_table = np.linspace(2**24, 2**31 - 1, 30).astype(np.uint32)
    ours = Word2Vec.from_gensim(theirs)
    np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    np.testing.assert_array_equal(ours.to_gensim().cum_table, theirs.cum_table)


def test_attributes_of_users_are_copied():
    theirs = theirs_of("cbow")
    theirs.note, theirs.wv.source = {"a": 1}, "here"
    ours = fastsgns.from_gensim(theirs)
    assert ours.note == {"a": 1} and ours.wv.source == "here"
    back = ours.to_gensim()
    assert back.note == {"a": 1} and back.wv.source == "here"
    assert vars(back).keys() == vars(theirs).keys()
    assert KeyedVectors.from_gensim(theirs.wv).source == "here"
    assert vars(fastsgns.from_gensim(theirs_of("both"))).keys() == vars(Word2Vec()).keys()


def test_an_attribute_whose_name_is_taken_is_named():
    theirs = theirs_of("cbow")
    theirs.wv.strict = True
    with pytest.warns(UserWarning, match=r"attributes \['strict'\] were not copied"):
        assert KeyedVectors.from_gensim(theirs.wv).strict is False


def test_keys_of_numpy_become_those_of_python():
    theirs = gensim.models.KeyedVectors(2)
    theirs.add_vectors([np.int64(7), np.str_("a"), 8], np.eye(3, 2))
    ours = KeyedVectors.from_gensim(theirs)
    assert list(map(type, ours.index_to_key)) == list(map(type, ours.key_to_index))
    assert list(map(type, ours.index_to_key)) == [int, str, int] and ours[7].tolist() == [1, 0]


def test_empty_slots_are_left_out(tmp_path):
    (tmp_path / "twice.txt").write_text("4 2\na 1 2\nb 3 4\na 5 6\nc 7 8\n")
    theirs = gensim.models.KeyedVectors.load_word2vec_format(tmp_path / "twice.txt")
    assert theirs.index_to_key[-1] is None
    for copy in (True, False):
        ours = KeyedVectors.from_gensim(theirs, copy=copy)
        assert np.shares_memory(ours.vectors, theirs.vectors) is not copy
        ours.save(tmp_path / "v")
        loaded = KeyedVectors.load(tmp_path / "v")
        assert loaded.index_to_key == ["a", "b", "c"] and loaded["c"].tolist() == [7, 8]
        assert loaded.expandos["count"].tolist() == [4, 3, 2]
    theirs.index_to_key[1] = None
    del theirs.key_to_index["b"]
    theirs.vectors_lockf = np.arange(4, dtype=np.float32)
    ours = KeyedVectors.from_gensim(theirs)
    assert ours["c"].tolist() == [7, 8] and ours.vectors_lockf.tolist() == [0, 2]
    assert ours.get_vecattr("c", "count") == 2 and ours.key_to_index == {"a": 0, "c": 1}


def test_paths_are_kept_where_vectors_leave_a_model(tmp_path):
    theirs = theirs_of("both")
    live = fastsgns.from_gensim(theirs)
    live.wv.save(tmp_path / "v")
    left = {
        "from_gensim": KeyedVectors.from_gensim(theirs.wv),
        "to_gensim": live.wv.to_gensim(),
        "vectors_for_all": live.wv.vectors_for_all(WORDS, copy_vecattrs=True),
        "file": KeyedVectors.load(tmp_path / "v"),
    }
    KeyedVectors.load(tmp_path / "v").save(tmp_path / "v2")
    left["file of a file"] = KeyedVectors.load(tmp_path / "v2")
    for name, kv in left.items():
        assert {"count", "code", "point"} == set(kv.expandos), name
        for word in WORDS:
            for path in ("code", "point"):
                found = kv.get_vecattr(word, path)
                np.testing.assert_array_equal(found, theirs.wv.get_vecattr(word, path))
                assert found.dtype == theirs.wv.get_vecattr(word, path).dtype
