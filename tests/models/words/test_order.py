"""Rows of words stay with their words: all matrices of a model follow each change of the order."""

import copy
import io
import logging
import pickle

import numpy as np
import pytest
import toy

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.matrices import Matrices, MatrixLayout, moved

SENTENCES = toy.sentences(60)
SETTINGS = {"vector_size": 12, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2}
KINDS = {
    "CBOW": {},
    "skip-gram": {"sg": 1, "negative_sharing": "block", "alpha": 0.01},
    "bias of words": {"matrices": "tied+bias", "bias": "word"},
    "bias of both": {"matrices": "tied+bias", "bias": "both"},
    "one bias": {"matrices": "tied+bias"},
    "reflected": {"matrices": "tied+reflect"},
    "three": {"matrices": "three", "coupling": 0.1},
    "tree": {"hs": 1, "negative": 0},
    "tree and negatives": {"hs": 1, "sg": 1},
    "full softmax": {"softmax": 1, "negative": 0, "sg": 1},
}


def made(kind):
    """A model whose counts no longer descend."""
    model = Word2Vec(SENTENCES, **SETTINGS | KINDS[kind])
    model.build_vocab([["river7"] * 200, ["metal7"] * 100], update=True)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    return model


def by_word(model):
    """Everything that a model knows of each word, whatever the order."""
    wv = model.wv
    found = {"wv": dict(zip(wv.index_to_key, wv.vectors.tolist()))}
    for role, vectors in model.roles.items():
        found[role] = {word: vectors[word].tolist() for word in wv.index_to_key}
    if wv.bias is not None and len(wv.bias) > 1:
        found["bias"] = dict(zip(wv.index_to_key, wv.bias.tolist()))
    for name, values in wv.expandos.stored().items():
        found[name] = dict(zip(wv.index_to_key, values.tolist()))
    if len(wv.vectors_lockf) > 1:
        found["lockf"] = dict(zip(wv.index_to_key, wv.vectors_lockf.tolist()))
    if model.hs:
        found["scores"] = [round(float(s), 4) for s in model.score(SENTENCES[:20])]
    if model.negative or model.softmax:
        context = model.wv.index_to_key
        asked = [word for word in ("river1", "metal2") if word in context]
        predicted = model.predict_output_word(asked, topn=len(wv))
        found["predicted"] = {word: round(p, 4) for word, p in predicted}
    return found


def shuffled(wv, seed=0):
    """The same words with their vectors and attributes, in another order."""
    order = np.random.default_rng(seed).permutation(len(wv)).tolist()
    other = KeyedVectors(wv.vector_size)
    words = [wv.index_to_key[i] for i in order]
    extras = {name: values[order] for name, values in wv.expandos.items()}
    other.add_vectors(words, wv.vectors[order], extras)
    if len(wv.vectors_lockf) > 1:
        other.vectors_lockf = wv.vectors_lockf[order]
    return other


def sort(model):
    model.wv.sort_by_descending_frequency()
    assert model.wv.index_to_key[0] == "river7"


def assign(model):
    model.wv = shuffled(model.wv)


def assign_twice(model):
    model.wv = shuffled(model.wv)
    _ = model.roles  # whether anybody looked in between or not
    model.wv = shuffled(model.wv, 1)


def assign_and_back(model):
    before = model.wv
    model.wv = shuffled(model.wv)
    _ = list(model.roles)
    model.wv = before


def sort_an_assigned_one(model):
    model.wv = shuffled(model.wv)
    model.wv.sort_by_descending_frequency()


def sort_a_copy_and_assign(model):
    other = copy.deepcopy(model.wv)
    other.sort_by_descending_frequency()
    model.wv = other


REORDERINGS = [
    sort, assign, assign_twice, assign_and_back, sort_an_assigned_one, sort_a_copy_and_assign,
]  # fmt: skip


@pytest.mark.parametrize("reorder", REORDERINGS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_everything_follows_another_order(kind, reorder):
    model = made(kind)
    before = by_word(model)
    reorder(model)
    after = by_word(model)
    if model.hs and "assign" in reorder.__name__:  # other ties, another tree
        del before["scores"], after["scores"]
    assert after == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_written_after_a_reordering_holds_the_same_model(kind):
    model = made(kind)
    sort(model)
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    loaded = Word2Vec.load(stream)
    assert by_word(loaded) == by_word(model) == by_word(pickle.loads(pickle.dumps(model)))
    for one in (loaded, model):
        one.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert by_word(loaded) == by_word(model)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_makes_no_difference_to_training(kind):
    """With all negatives alike, as of two models whose ids differ, only the start may differ."""
    model = made(kind)
    sorted_one = copy.deepcopy(model)
    sorted_one.wv.sort_by_descending_frequency()
    for one in (model, sorted_one):
        one.train(SENTENCES, total_examples=len(SENTENCES), epochs=1, start_alpha=1e-9, end_alpha=0)
    for word in model.wv.index_to_key:
        np.testing.assert_allclose(sorted_one.wv[word], model.wv[word], atol=1e-5)
        if "output" in model.roles:
            np.testing.assert_allclose(sorted_one.wv.output[word], model.wv.output[word], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_words_added_by_hand_have_rows_in_every_role(kind):
    model = made(kind)
    before, n_old = by_word(model), len(model.wv)
    model.wv["new"] = np.full(12, 0.5)
    model.wv.add_vectors(["newer", "newest"], np.eye(2, 12))
    for i in range(20):
        model.wv[f"more{i}"] = np.full(12, i)
    assert len(model.wv) == n_old + 23
    for role, vectors in model.roles.items():
        assert vectors.vectors.shape == (n_old + 23, 12)
        assert [vectors[word].tolist() for word in before["wv"]] == list(before[role].values())
        if role != "input" and not model.current_arrays().layout.shares_one_matrix:
            assert not vectors["new"].any()
    if "bias" in before:
        first = -np.log(5) / (2 if model.bias == "both" else 1)
        np.testing.assert_allclose(model.wv.bias[n_old:], first, rtol=1e-6)
        assert model.wv.bias[:n_old].tolist() == list(before["bias"].values())
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    loaded = Word2Vec.load(stream)
    assert by_word(loaded) == by_word(model)
    for one in (model, loaded):
        one.wv.set_vecattr("new", "count", 30)
        sentences = [*SENTENCES, ["new", "fruit1"] * 9]
        one.train(sentences, total_examples=len(sentences), epochs=1)
        assert (one.wv["new"] != 0.5).any() and np.isfinite(one.wv.vectors).all()
    assert by_word(loaded) == by_word(model)


@pytest.mark.parametrize("kind", KINDS)
def test_words_can_be_left_out_and_exchanged(kind):
    model = made(kind)
    before = by_word(model)
    kept = [word for word in shuffled(model.wv).index_to_key if word[-1] not in "03"]
    other = KeyedVectors(12)
    counts = {"count": np.array([model.wv.get_vecattr(w, "count") for w in kept] + [2])}
    other.add_vectors([*kept, "new"], np.ones((len(kept) + 1, 12)), counts)
    model.wv = other
    for role, vectors in model.roles.items():
        assert len(vectors.vectors) == len(kept) + 1
        if role != "input" and not model.current_arrays().layout.shares_one_matrix:
            assert [vectors[word].tolist() for word in kept] == [before[role][w] for w in kept]
    if "bias" in before:
        assert model.wv.bias[:-1].tolist() == [before["bias"][word] for word in kept]
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    model.save(io.BytesIO())


def test_growth_comes_after_an_unseen_reordering():
    model = made("CBOW")
    before = by_word(model)
    model.wv = shuffled(model.wv)
    model.wv["by hand"] = np.ones(12)
    model.build_vocab([["counted", "river1"]], update=True)
    after = by_word(model)
    for role in ("wv", "output"):
        assert {word: after[role][word] for word in before[role]} == before[role]
    assert after["output"]["counted"] == after["output"]["by hand"] == [0] * 12
    assert len(model.syn1neg) == len(model.wv) == len(before["wv"]) + 2


def test_syn1neg_that_is_set_belongs_to_the_order_of_that_moment():
    model = made("CBOW")
    model.wv["new"] = np.ones(12)
    rows = np.random.default_rng(0).normal(size=(len(model.wv), 12)).astype(np.float32)
    model.syn1neg = rows
    words = list(model.wv.index_to_key)
    sort(model)
    for word, row in zip(words, rows):
        assert model.wv.output[word].tolist() == row.tolist()


def rename(model):
    """Put other names in place of all words, as programs do that add a prefix."""
    wv = model.wv
    wv.index_to_key = [f"en:{word}" for word in wv.index_to_key]
    wv.key_to_index = {word: i for i, word in enumerate(wv.index_to_key)}


@pytest.mark.parametrize("then", [None, *REORDERINGS[1:5], "add"])
@pytest.mark.parametrize("kind", KINDS)
def test_renamed_words_keep_their_rows(kind, then):
    model = made(kind)
    before = by_word(model)
    rename(model)
    if then == "add":
        model.wv["new"] = np.ones(12)
    elif then:
        then(model)
    for role, vectors in model.roles.items():
        assert {word: vectors[f"en:{word}"].tolist() for word in before[role]} == before[role]
    if "bias" in before:
        bias = dict(zip(model.wv.index_to_key, model.wv.bias.tolist()))
        assert {word: bias[f"en:{word}"] for word in before["bias"]} == before["bias"]
    if model.hs and then is None:
        sentences = [[f"en:{word}" for word in sentence] for sentence in SENTENCES[:20]]
        assert [round(float(s), 4) for s in model.score(sentences)] == before["scores"]
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    loaded = Word2Vec.load(stream)
    for role, vectors in loaded.roles.items():
        assert {word: vectors[f"en:{word}"].tolist() for word in before[role]} == before[role]


def test_renamed_and_sorted_before_anybody_looks():
    model = made("tree and negatives")
    before = by_word(model)
    rename(model)
    sort_renamed = model.wv.sort_by_descending_frequency
    sort_renamed()
    assert model.wv.index_to_key[0] == "en:river7"
    output = model.wv.output
    assert {w: output[f"en:{w}"].tolist() for w in before["output"]} == before["output"]
    sentences = [[f"en:{word}" for word in sentence] for sentence in SENTENCES[:20]]
    assert [round(float(s), 4) for s in model.score(sentences)] == before["scores"]


def test_two_models_of_one_wv():
    one, two = made("CBOW"), made("CBOW")
    two.wv = one.wv
    before = by_word(one), by_word(two)
    one.wv.sort_by_descending_frequency()
    assert (by_word(one), by_word(two)) == before


def test_a_replaced_wv_is_no_longer_linked():
    model = made("CBOW")
    old = model.wv
    model.wv = shuffled(old)
    with pytest.raises(AttributeError, match="separate from a model"):
        _ = old.output


def test_a_role_that_is_held_on_to_follows():
    model = made("skip-gram")
    output, before = model.wv.output, by_word(model)["output"]
    sort(model)
    assert {word: output[word].tolist() for word in output.index_to_key} == before
    assert output.most_similar("fruit1") == model.wv.output.most_similar("fruit1")


# any sequence of changes


class Changes:
    """Changes of a model drawn at random, each with the new name of a word."""

    def __init__(self, seed):
        self.rng, self.n_new = np.random.default_rng(seed), 0

    def new_word(self):
        self.n_new += 1
        return f"new{self.n_new}"

    def sort(self, model):
        model.wv.sort_by_descending_frequency()

    def add(self, model):
        for _ in range(3):
            model.wv[self.new_word()] = self.rng.normal(size=12) / 12

    def rename(self, model):
        rename(model)
        return lambda word: f"en:{word}"

    def rename_and_sort(self, model):
        rename(model)
        self.sort(model)
        return lambda word: f"en:{word}"

    def assign(self, model):
        model.wv = shuffled(model.wv, self.rng)

    def assign_a_copy(self, model):
        model.wv = copy.copy(model.wv)

    def leave_out(self, model):
        wv = model.wv
        model.wv = wv.vectors_for_all(wv.index_to_key[::-1][:-1], copy_vecattrs=True)

    def grow(self, model):
        model.build_vocab([[self.new_word(), model.wv.index_to_key[0]]], update=True)

    def count(self, model):
        word = model.wv.index_to_key[self.rng.integers(len(model.wv))]
        model.wv.set_vecattr(word, "count", int(self.rng.integers(300)))

    def replace(self, model):
        model.wv.vectors = model.wv.vectors.copy()

    def train(self, model):
        rates = {"start_alpha": 0.0, "end_alpha": 0.0}  # in other memory, to the same values
        sentences = [model.wv.index_to_key[:9]] * 3
        model.train(sentences, total_examples=3, epochs=1, **rates)


NAMES = [name for name in vars(Changes) if name[0] != "_" and name != "new_word"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_changes_leaves_rows_with_their_words(kind, seed):
    model, changes = made(kind), Changes(seed)
    for step in range(12):
        before = {role: dict(zip(v.index_to_key, v.vectors.copy())) for role, v in
                  model.roles.items()}  # fmt: skip
        if model.wv.bias is not None and len(model.wv.bias) > 1:
            before["bias"] = dict(zip(model.wv.index_to_key, model.wv.bias.copy()))
        name = NAMES[changes.rng.integers(len(NAMES))]
        renamed = getattr(changes, name)(model) or (lambda word: word)
        if changes.rng.random() < 0.3:
            model = pickle.loads(pickle.dumps(model))
        for role, rows in before.items():
            now = model.wv.bias if role == "bias" else model.roles[role].vectors
            assert len(now) == len(model.wv), (step, name)
            ids = model.wv.key_to_index
            for word, row in rows.items():
                if renamed(word) in ids:
                    np.testing.assert_array_equal(now[ids[renamed(word)]], row, f"{step} {name}")
        if model.hs:
            assert len(model.syn1) == len(model.wv)


# the tree


def tree_rows(model):
    """The row of each inner node by the words on its two sides."""
    from fastsgns.sampling import huffman_paths

    paths, words = huffman_paths(model.wv.expandos["count"]), model.wv.index_to_key
    sides = {}
    for i, word in enumerate(words):
        for at in range(paths.starts[i], paths.starts[i + 1]):
            node = sides.setdefault(int(paths.nodes[at]), (set(), set()))
            node[int(paths.labels[at])].add(word)
    return {
        (frozenset(left), frozenset(right)): model.syn1[node]
        for node, (left, right) in sides.items()
    }


def test_inner_nodes_keep_their_rows_where_their_words_stay_together(caplog):
    model = Word2Vec([["a"] * 40 + ["b"] * 20 + ["c"] * 9 + ["d"] * 5 + ["e"] * 3] * 3,
                     min_count=1, vector_size=4, hs=1, negative=0, sample=0, workers=1)  # fmt: skip
    before = tree_rows(model)
    with caplog.at_level(logging.WARNING, "fastsgns.models.words.tree"):
        model.build_vocab([["a", "b"]], update=True)
        assert {k: v.tolist() for k, v in tree_rows(model).items()} == {
            k: v.tolist() for k, v in before.items()
        }
        assert not caplog.records
        model.build_vocab([["c"] * 500], update=True)
        after = tree_rows(model)
    assert "inner nodes start anew" in caplog.text
    kept = before.keys() & after.keys()
    swapped = [(left, right) for left, right in before if (right, left) in after]
    assert (frozenset("d"), frozenset("e")) in {*kept, *swapped} or (
        frozenset("e"), frozenset("d")) in {*kept, *swapped}  # fmt: skip
    for node, row in after.items():
        if node in before:
            np.testing.assert_array_equal(row, before[node])
        elif node[::-1] in before:
            np.testing.assert_array_equal(row, -before[node[::-1]])
        else:
            assert not row.any()


def test_edited_counts_move_the_rows_of_the_tree():
    model = made("tree")
    before = tree_rows(model)
    for word in ("fruit1", "fruit2"):
        model.wv.set_vecattr(word, "count", 500)
    after = tree_rows(model)
    kept = [node for node in after if node in before]
    assert kept and len(kept) < len(after)
    for node in kept:
        np.testing.assert_array_equal(after[node], before[node])


# the mechanism


def test_matrices_follow_keys():
    matrices = Matrices({"output": np.arange(6, dtype=np.float32).reshape(3, 2)})
    keys, ones = ["a", "b", "c"], np.ones((3, 2), np.float32)
    first, second = object(), object()
    matrices.follow(keys, ones, first)
    output = matrices.vectors["output"]
    matrices.follow(["A", "B", "C"], ones, first)
    assert matrices.vectors["output"] is output, "keys were renamed: no row has moved"
    matrices.follow(["C", "x", "A"], ones, second)
    assert matrices.vectors["output"].tolist() == [[4, 5], [0, 0], [0, 1]]
    assert matrices.vectors["input"] is ones
    matrices.follow(["C", "x", "A", "y"], ones, second)
    assert matrices.vectors["output"].tolist() == [[4, 5], [0, 0], [0, 1], [0, 0]]


def test_biases_follow_keys():
    layout = MatrixLayout("tied+bias", "word")
    matrices = Matrices({}, layout, np.array([1, 2, 3], np.float32))
    matrices.first_bias = -7
    ones = np.ones((3, 2), np.float32)
    matrices.follow(["a", "b", "c"], ones, object())
    matrices.follow(["c", "x", "a"], ones, object())
    assert matrices.bias.tolist() == [3, -7, 1]


def test_where_keys_have_moved():
    assert moved(["a", "b"], ["c", "b", "a"]).tolist() == [-1, 1, 0]
    assert moved(["a", "b"], []).tolist() == []
