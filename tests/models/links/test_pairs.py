"""PairEmbedding: two vocabularies, every form of pairs, and the same learning as by hand."""

import gzip

import numpy as np
import pytest
from optional import need

from fastsgns import DirectedGraph, kernels
from fastsgns.formats import kinds
from fastsgns.models.links import training
from fastsgns.models.links.pairs import PairEmbedding, encode

SMALL = {"dimensions": 8, "workers": 1, "alpha": 0.05}
PAIRS = [("ann", "tea"), ("bob", "ale"), ("ann", "cup"), ("cid", "tea"), ("tea", "ann")]


def as_names(encoded):
    sources, source_names, targets, target_names = encoded
    return [(source_names[i], target_names[j]) for i, j in zip(sources, targets)]


def clicks(n=2000, seed=1):
    """Users buy items of their own kind, which is the number's remainder by 4."""
    rng = np.random.default_rng(seed)
    users = rng.integers(0, 40, n)
    return users, 4 * rng.integers(0, 15, n) + users % 4


def test_forms_of_pairs(tmp_path):
    columns = tuple(map(list, zip(*PAIRS)))
    (tmp_path / "pairs").write_text("".join(f"{u} {v}\n" for u, v in PAIRS))
    with gzip.open(tmp_path / "pairs.gz", "wt") as file:
        file.write("".join(f"{u}\t{v}\n\n" for u, v in PAIRS))
    for form in (
        PAIRS,
        iter(PAIRS),
        columns,
        tuple(map(np.array, columns)),
        np.array(columns),
        tmp_path / "pairs",
        str(tmp_path / "pairs.gz"),
    ):
        encoded = encode(form)
        assert as_names(encoded) == PAIRS
        assert encoded[1] == ["ann", "bob", "cid", "tea"], "in order of appearance"
        assert encoded[3] == ["tea", "ale", "cup", "ann"]
        assert encoded[0].dtype == encoded[2].dtype == np.int32


def test_names_of_any_kind():
    pairs = [((1, 2), 3.5), (frozenset("a"), 3.5), ((1, 2), "x")]
    assert as_names(encode(pairs)) == pairs
    users, items = clicks()
    assert as_names(encode((users, items))) == list(zip(users.tolist(), items.tolist()))


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([("a", "b"), ("a", "b", "c")], "got \\('a', 'b', 'c'\\)"),
        (["ab"], "got 'ab'"),
        (([1, 2], [1]), "2 sources and 1 targets"),
        ([], "empty"),
        (None, "no pairs"),
    ],
)
def test_what_is_no_pairs_is_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        PairEmbedding(**SMALL).fit(pairs)


def test_a_file_with_other_lines_is_refused(tmp_path):
    for text, line, seen in (
        ("a b\n\nc d e\n", 3, r"more than two columns.*fit\(\(sources, targets\)\).*'c d e'"),
        ("a b\n#\n", 2, "column is missing"),
        ("a, b\n", 1, "comma"),
        ("a,b\n", 1, "column is missing"),
        ("user item\n1 2\n2 3\n", 1, "header"),
        ("x y\n1 2\n2 3\n", 1, "header"),
        ("a b\n\ufeffb c\n", 2, "byte order mark"),
    ):
        (tmp_path / "f").write_text(text)
        with pytest.raises(ValueError, match=rf"f, line {line}: .*{seen}"):
            PairEmbedding(**SMALL).fit(tmp_path / "f")


def test_a_file_of_pairs_may_begin_with_a_mark_and_hold_odd_names(tmp_path):
    (tmp_path / "f").write_text("\ufeff#a %b\r\n\n  \u00e9 #a\n")
    model = PairEmbedding(**SMALL).fit(tmp_path / "f")
    assert model.source.index_to_key == ["#a", "\u00e9"]
    assert model.target.index_to_key == ["%b", "#a"]
    (tmp_path / "f").write_bytes(b"a b\n\nc caf\xe9\n")
    with open(tmp_path / "f") as file, pytest.raises(TypeError, match=r"open file.*give its path"):
        PairEmbedding(**SMALL).fit(file)
    with pytest.raises(UnicodeDecodeError, match=r"f, line 3: .*\); convert the file to UTF-8$"):
        PairEmbedding(**SMALL).fit(tmp_path / "f")


def test_the_same_name_on_both_sides_is_two_things():
    model = PairEmbedding(**SMALL).fit(PAIRS)
    assert len(model.source) == len(model.target) == 4
    assert not np.array_equal(model.source["tea"], model.target["tea"])
    names = {name for name, _ in model.recommend("tea")}
    assert names == {"tea", "ale", "cup"}, "only what the source tea is known to have is left out"


@pytest.mark.parametrize("sharing", ["block", "pair"])
@pytest.mark.parametrize("workers", [1, 2])
def test_users_are_recommended_their_kind(sharing, workers):
    model = PairEmbedding(**SMALL | {"workers": workers}, epochs=20, negative_sharing=sharing)
    model.fit(clicks())
    assert model.source.vectors.shape == (40, 8) and model.target.vectors.shape == (60, 8)
    found = [
        item % 4 == user % 4
        for user in range(40)
        for item, _ in model.recommend(user, 5, exclude_known=False)
    ]
    assert np.mean(found) > 0.95


def test_training_is_the_kernels():
    """Negatives by the targets' counts, in the order of the pairs."""
    users, items = clicks(300)
    model = PairEmbedding(
        **SMALL, shuffle=False, epochs=1, negative_sharing="pair", compute_loss=True, min_alpha=0.05
    )
    model.fit((users, items))
    by_hand = PairEmbedding(**SMALL, negative_sharing="pair", compute_loss=True)
    sources, source_names, targets, target_names = encode((users, items))
    training.initialize(by_hand, source_names, target_names)
    objective = training.make_objective(by_hand, np.bincount(targets))
    stream = np.random.SeedSequence((1, 0, 0)).generate_state(1, np.uint64)
    loss, n, _ = kernels.train_pairs_chunk(
        objective, sources, targets, 0, 300, 0.05, 0.05, int(stream[0])
    )
    assert model.epoch_losses == [loss / n]
    by_hand.arrays.collect()
    np.testing.assert_array_equal(model.target.vectors, by_hand.target.vectors)
    counts = np.bincount(targets).astype(float) ** 0.75
    p = np.zeros(len(counts))
    kept = objective.noise[:, 0] / 2**32
    np.add.at(p, np.arange(len(p)), kept / len(p))
    np.add.at(p, objective.noise[:, 1], (1 - kept) / len(p))
    np.testing.assert_allclose(p, counts / counts.sum(), atol=1e-8)


def test_shuffling_is_seeded():
    first, second, plain = (
        PairEmbedding(**SMALL, shuffle=shuffle).fit(clicks()) for shuffle in (True, True, False)
    )
    np.testing.assert_array_equal(first.source.vectors, second.source.vectors)
    assert not np.array_equal(first.source.vectors, plain.source.vectors)


def test_partial_fit_is_fit_the_first_time():
    expected = PairEmbedding(**SMALL, epochs=3).fit(PAIRS)
    model = PairEmbedding(**SMALL).partial_fit(PAIRS, epochs=3)
    assert model.epochs_trained == 3
    np.testing.assert_array_equal(model.target.vectors, expected.target.vectors)


def test_learning_goes_on_and_knows_more():
    model = PairEmbedding(**SMALL, epochs=2).fit(PAIRS)
    assert [name for name, _ in model.recommend("bob")].count("tea") == 1
    before = model.source.vectors.copy()
    model.partial_fit([("bob", "tea")], epochs=1)
    assert model.epochs_trained == 3
    assert {name for name, _ in model.recommend("bob")} == {"cup", "ann"}
    assert not np.array_equal(before, model.source.vectors)
    model.fit(PAIRS)
    assert {name for name, _ in model.recommend("bob")} == {"tea", "cup", "ann"}


def test_saved_and_loaded(tmp_path):
    model = PairEmbedding(**SMALL).fit([*PAIRS, (7, "tea")])
    model.save(tmp_path / "model")
    for loaded in (PairEmbedding.load(tmp_path / "model"), kinds.load(tmp_path / "model")):
        assert loaded.source.index_to_key == ["ann", "bob", "cid", "tea", 7]
        assert loaded.target.index_to_key == model.target.index_to_key
        np.testing.assert_array_equal(loaded.target.vectors, model.target.vectors)
        assert [v for v, _ in loaded.recommend("ann")] == [v for v, _ in model.recommend("ann")]
        assert loaded.get_params() == model.get_params()
    loaded.partial_fit(PAIRS)
    model.partial_fit(PAIRS)
    np.testing.assert_array_equal(model.source.vectors, loaded.source.vectors)


FEW = {"dimensions": 4, "workers": 1, "progress": False}


@pytest.mark.parametrize(
    "sources",
    [
        ["a", 1, 2.5],
        [2**63, 1, -1],
        ["a\0", "a", "b"],
        [("x", 1), ("x", 2), frozenset("y")],
        np.array(["u", 3, ("t",)], object),
        np.array([7, 3, 5], np.int16),
    ],
    ids=["kinds", "large", "nul", "tuples", "objects", "integers"],
)
def test_names_stay_what_they_are(sources):
    wanted = list(sources) if isinstance(sources, list) else sources.tolist()
    model = PairEmbedding(**FEW).fit((sources, ["x", "y", "z"]))
    assert model.source.index_to_key == wanted
    assert list(map(type, model.source.index_to_key)) == list(map(type, wanted))


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([("a", "b"), ("a", None)], "the target of pair 1 is None, a missing value"),
        ([(float("nan"), "b")], "the source of pair 0 is nan"),
        ((["a", None], ["x", "y"]), "the source of pair 1 is None"),
        ((["a"], ["x", "y"]), "1 sources and 2 targets"),
        ([1, 2], "a pair is"),
        (["ab"], "a pair is"),
    ],
)
def test_what_is_no_pair_is_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        PairEmbedding(**FEW).fit(pairs)


def test_a_table_of_two_columns_has_pairs():
    pandas = need("pandas")
    table = pandas.DataFrame({"u": ["a", "b"], "v": [8.0, 9.0]})
    for pairs in (table, (table["u"], table["v"])):
        model = PairEmbedding(**FEW).fit(pairs)
        assert model.source.index_to_key == ["a", "b"] and model.target.index_to_key == [8, 9]
    table.insert(0, "Unnamed: 0", [0, 1])
    assert encode(table).target_names == [8, 9]
    with pytest.raises(ValueError, match=r"has two columns, and this one has \['Un.*give two of"):
        PairEmbedding(**FEW).fit(table.assign(w=1))


def test_arrays_of_pairs_have_either_shape_and_an_ambiguous_one_is_refused():
    a = np.array([[5, 7], [5, 8], [6, 7]])
    wanted = encode([tuple(row) for row in a.tolist()])
    for pairs in (a, a.T, a.astype(float), a.tolist(), list(a), tuple(a.T), tuple(a.T.tolist())):
        found = encode(pairs)
        assert found.source_names == wanted.source_names
        assert found.target_names == wanted.target_names
        assert {type(name) for name in found.source_names} == {int}
        assert np.array_equal(found.targets, wanted.targets)
    assert encode(a.astype(str)).source_names == ["5", "6"]
    with pytest.raises(
        ValueError, match=r"\(2, 2\) may have one .*: fit\(\(a\[0\], a\[1\]\)\) for c"
    ):
        PairEmbedding().fit(a[:2])
    for wrong in (
        np.ones((3, 3)),
        np.ones((4, 3)),
        np.ones((2, 2, 2)),
        np.array([[1, np.nan]] * 3),
    ):
        with pytest.raises(ValueError, match=r"\(2, n\) or \(n, 2\)|whole numbers"):
            PairEmbedding().fit(wrong)


def test_going_on_keeps_the_counts_of_all_pairs(tmp_path):
    """What was a frequent target before is one still, though the new pairs don't have it."""
    first = [("a", "hit")] * 900 + [("b", "rare"), ("b", "new")]
    model = PairEmbedding(**FEW).fit(first)
    model.save(tmp_path / "model")
    for one in (model, PairEmbedding.load(tmp_path / "model")):
        one.partial_fit([("b", "new")])
        counts = dict(zip(one.target.index_to_key, one.target_counts.tolist()))
        assert counts == {"hit": 900, "rare": 1, "new": 2}
        best = one.recommend("b", 1, popularity=True, exclude_known=False)
        assert best[0][0] == "hit"
        assert {name for name, _ in one.recommend("b", 3)} == {"hit"}


def test_graphs_and_matrices_are_refused_with_a_call_that_works():
    sparse = need("scipy.sparse")
    matrix = sparse.csr_array(np.array([[0, 1, 0], [1, 0, 1]]))
    with pytest.raises(TypeError, match=r"fit\(matrix.nonzero\(\)\)"):
        encode(matrix)
    assert encode(matrix.nonzero()).targets.tolist() == [0, 1, 2]
    graph = DirectedGraph.of([("a", "b"), ("b", "c")])
    with pytest.raises(TypeError, match=r"\(u, v\) for u, v, \*_ in graph.edges\(\)"):
        encode(graph)
    assert encode([(u, v) for u, v, *_ in graph.edges()]).target_names == ["c", "b"]
