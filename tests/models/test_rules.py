"""What a parameter may be: one contract for the parameters of every public class."""

import copy
import decimal
import fractions
import inspect
import io
import math

import numpy as np
import pytest
from optional import need

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    FastText,
    GloVe,
    KeyedVectors,
    LineSentence,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
    rules,
    utils,
)
from fastsgns.corpus.sentences import Text8Corpus
from fastsgns.models import parameters
from fastsgns.models.glove import parameters as glove_parameters
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.training import RULES as LINK_RULES
from fastsgns.models.ppmi import model as ppmi
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.pmi import SHIFT, SMOOTHING
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.vectors.roles import Roles

SENTENCES = [["a", "b", "c", "d"], ["b", "c", "e"], ["a", "e", "d", "c"]] * 5
EDGES = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("a", "c")]
PPMI_OF = PPMI(SENTENCES, min_count=1)
SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1}
FEW = {"dimensions": 4, "workers": 1}
SUBWORDS = {"min_n": 2, "max_n": 4, "bucket": 300, "word_ngrams": 1, "hash_count": 2}
# Of each class: how it is made and trained, its rules, and small values of its parameters.
CLASSES = {
    "Word2Vec": (
        lambda **given: Word2Vec(SENTENCES, **SMALL | given),
        parameters.RULES,
        SMALL | {"max_vocab_size": None, "max_final_vocab": 5, "coupling": 0, "ns_exponent": 1},
    ),
    "FastText": (
        lambda **given: FastText(SENTENCES, **SMALL | given),
        {name: parameters.RULES_OF[parameters.SubwordParameters][name] for name in SUBWORDS},
        SMALL | SUBWORDS,
    ),
    "GloVe": (
        lambda **given: GloVe(SENTENCES, **SMALL | given),
        glove_parameters.RULES,
        SMALL | {"max_final_vocab": 5, "memory_budget": 10**6},
    ),
    "NodeEmbedding": (
        lambda **given: NodeEmbedding(**FEW | given).fit(EDGES),
        LINK_RULES,
        FEW | {"walk_length": 5, "num_walks": 2, "p": 1, "q": 1, "sample": 0},
    ),
    "PairEmbedding": (
        lambda **given: PairEmbedding(**FEW | given).fit(EDGES),
        LINK_RULES,
        FEW,
    ),
    "HOPE": (lambda **given: HOPE(**{"dimensions": 2} | given).fit(EDGES), HOPE.RULES, {}),
    "STRAP": (lambda **given: STRAP(**{"dimensions": 2} | given).fit(EDGES), STRAP.RULES, {}),
    "FastRP": (lambda **given: FastRP(**{"dimensions": 2} | given).fit(EDGES), FastRP.RULES, {}),
    "ProNE": (
        lambda **given: ProNE(**{"dimensions": 2} | given).fit(EDGES),
        ProNE.RULES,
        {"mu": 0.25, "theta": 0.5, "order": 3, "ns_exponent": 1},
    ),
    "PPMI": (
        lambda **given: PPMI(SENTENCES, **{"min_count": 1} | given),
        {"window": rules.integer(1, 9), "smoothing": SMOOTHING, "shift": SHIFT} | ppmi.RULES,
        {"window": 2, "min_count": 1, "max_final_vocab": 5, "workers": 1},
    ),
    "SVDVectors": (
        lambda **given: SVDVectors(PPMI_OF, **{"vector_size": 2} | given),
        {"vector_size": rules.integer(1, 9), "weight": SMOOTHING, "seed": rules.integer(0, 9)},
        {"vector_size": 2},
    ),
}
VALUES = {"window": 2, "window_size": 2, "dimensions": 2, "beta": 0.01, "weight": 0.5, "seed": 3}
VALUES |= {"alpha": 0.25, "min_alpha": 0.125, "exponent": 0.5, "error": 0.25, "stop": 0.25}
VALUES |= {"smoothing": 0.5, "shift": 2, "x_max": 8, "negative": 2}
SKIP = {"progress", "hs", "softmax"}  # shown, or of effect on what else must be given


def cases(*kinds):
    return list(_cases(*kinds))


def _cases(*kinds):
    for name, (make, table, given) in CLASSES.items():
        accepted = inspect.signature(type(make())).parameters
        for parameter, rule in table.items():
            if isinstance(rule, kinds) and parameter in accepted and parameter not in SKIP:
                value = given.get(parameter, VALUES.get(parameter))
                if value is not None:
                    yield pytest.param(make, parameter, rule, value, id=f"{name}-{parameter}")
                elif isinstance(rule, rules.Flag):
                    yield pytest.param(make, parameter, rule, 0, id=f"{name}-{parameter}")


def written(value):
    """Other ways to give a number."""
    yield from (f" {value} ", np.array(value), float(value), decimal.Decimal(value))
    if isinstance(value, int):
        yield from (np.int64(value), fractions.Fraction(value))


def through_file(model, path):
    model.save(path)
    return type(model).load(path)


@pytest.mark.parametrize("make, parameter, rule, value", cases(rules.Whole, rules.Real, rules.Flag))
def test_a_number_may_be_given_in_any_way_that_says_it(make, parameter, rule, value, tmp_path):
    expected = rule(parameter, value)
    for given in written(value):
        model = make(**{parameter: given})
        found = getattr(model, parameter, expected)
        assert found == expected, repr(given)
        assert type(found) in (int, float, bool), repr(given)
        if not isinstance(rule, rules.Real):
            assert type(found) is type(expected), repr(given)
        loaded = through_file(model, tmp_path / "model")
        assert getattr(loaded, parameter, expected) == expected


@pytest.mark.parametrize("make, parameter, rule, value", cases(rules.Whole, rules.Real, rules.Flag))
@pytest.mark.parametrize(
    "wrong", ["yes", "True", "", "0x1", "1_0", b"1", [], [1], {}, 1j, math.nan, math.inf, object()]
)
def test_what_says_no_number_is_refused_in_words(make, parameter, rule, value, wrong):
    with pytest.raises(ValueError, match=rf"^{parameter} is .*; allowed are"):
        make(**{parameter: wrong})


@pytest.mark.parametrize("make, parameter, rule, value", cases(rules.Whole))
@pytest.mark.parametrize("wrong", [1.5, "1.5", np.float32(1.5), 2**140])
def test_what_is_not_whole_or_too_large_is_refused(make, parameter, rule, value, wrong):
    if parameter == "seed" and isinstance(wrong, int):
        return
    with pytest.raises(ValueError, match=rf"^{parameter} is .*; allowed are integers"):
        make(**{parameter: wrong})


@pytest.mark.parametrize("make, parameter, rule, value", cases(rules.Flag))
def test_a_flag_is_0_or_1(make, parameter, rule, value):
    for wrong in (2, -1, "2", 0.5, "false", "no"):
        with pytest.raises(ValueError, match=rf"^{parameter} is .*; allowed are"):
            make(**{parameter: wrong})
    for given in (True, 1, 1.0, "1", np.True_, np.int64(1)):
        if parameter not in ("joint", "strict_times"):  # they require a kind of walks
            assert getattr(make(**{parameter: given}), parameter) == 1


def test_none_stands_for_what_it_does_in_gensim():
    model = Word2Vec(
        SENTENCES, **SMALL, shrink_windows=None, sorted_vocab=None, compute_loss=None, sample=None
    )
    assert model.shrink_windows is False and model.sorted_vocab == 0 and model.sample == 0
    for name in ("sg", "hs", "cbow_mean", "window", "alpha", "negative"):
        with pytest.raises(ValueError, match=f"^{name} is None; allowed are"):
            Word2Vec(**{name: None})


def test_what_is_no_flag_may_be_true_where_gensim_takes_it_for_1():
    assert Word2Vec(negative=True).negative == 1
    with pytest.raises(ValueError, match="dimensions is True"):
        NodeEmbedding(dimensions=True)


def test_max_vocab_size_of_0_is_none_as_in_gensim():
    assert Word2Vec(SENTENCES, max_vocab_size=0, **SMALL).max_vocab_size is None


@pytest.mark.parametrize("name", ["sg", "cbow_mean", "shrink_windows", "sorted_vocab"])
def test_zero_as_text_trains_what_zero_trains(name):
    options = SMALL | {"epochs": 5, "sample": 0, "window": 2}
    expected = Word2Vec(SENTENCES, **options | {name: 0}).wv.vectors
    assert np.array_equal(Word2Vec(SENTENCES, **options | {name: "0"}).wv.vectors, expected)


EDITS = {
    "vector_size": np.int64(4), "window": "3", "workers": 1.0, "epochs": np.float64(2),
    "negative": "4", "min_count": np.int32(1), "alpha": np.float32(0.5), "min_alpha": "0.25",
    "sample": None, "ns_exponent": decimal.Decimal("0.5"), "seed": np.uint8(3), "sg": "1",
    "hs": 1.0, "cbow_mean": np.False_, "sorted_vocab": None, "shrink_windows": 1.0,
    "compute_loss": "1", "batch_words": 10000.0, "null_word": None, "max_final_vocab": "9",
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_attribute_trains_saves_and_loads(name, tmp_path):
    model = Word2Vec(SENTENCES, **SMALL)
    setattr(model, name, EDITS[name])
    assert getattr(through_file(model, tmp_path / "before"), name) == getattr(model, name)
    model = Word2Vec(**SMALL)
    setattr(model, name, EDITS[name])
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=15, epochs="2")
    assert type(getattr(model, name)) in (int, float, bool)
    assert getattr(through_file(model, tmp_path / "after"), name) == getattr(model, name)


@pytest.mark.parametrize(
    "model", [NodeEmbedding(), PairEmbedding(), HOPE(), STRAP(), FastRP(), ProNE()]
)
def test_parameters_given_back_stay_the_very_same(model):
    """scikit-learn's clone() asks for it."""
    known = type(model)(**model.get_params()).get_params()
    assert all(known[name] is value for name, value in model.get_params().items())


@pytest.mark.parametrize("kind", [NodeEmbedding, PairEmbedding, HOPE, STRAP, FastRP, ProNE])
def test_parameters_that_are_set_are_checked_when_fitting_and_saving(kind, tmp_path):
    model = kind(dimensions=2).set_params(dimensions="3", seed=4.0).fit(EDGES)
    assert (model.dimensions, model.seed) == (3, 4) and type(model.dimensions) is int
    with pytest.raises(ValueError, match="dimensions is 'x'"):
        model.set_params(dimensions="x").fit(EDGES)
    with pytest.raises(ValueError, match="dimensions is 'x'"):
        model.save(tmp_path / "model")
    assert model.set_params(dimensions="3").score("a", "b") is not None
    model.save(tmp_path / "model")


def test_the_learning_rate_may_be_text_for_one_call():
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    model.train(
        SENTENCES, total_examples=15, epochs=1, start_alpha="0.05", end_alpha=np.float32(0.5)
    )
    assert (model.alpha, model.min_alpha) == (0.05, 0.5)
    with pytest.raises(ValueError, match="alpha is 'fast'"):
        model.train(SENTENCES, total_examples=15, epochs=1, start_alpha="fast")
    assert model.alpha == 0.05


INTEGERS = [np.dtype(code).type(2) for code in np.typecodes["AllInteger"]]


@pytest.mark.parametrize("limit", [2, 2.0, "2", *INTEGERS, np.array(2, np.uint16)])
def test_how_many_to_give_may_be_any_whole_number(limit):
    model = Word2Vec(SENTENCES, **SMALL)
    kv, links = model.wv, NodeEmbedding(**FEW).fit(EDGES)
    for answer in (
        kv.most_similar("a", topn=limit),
        kv.most_similar("a", restrict_vocab=limit, topn=limit),
        kv.most_similar("a", clip_start=limit, topn=limit),
        kv.most_similar("a", clip_end=limit, topn=limit),
        kv.most_similar("a", topn=limit, space="in-out"),
        kv.output.most_similar("a", topn=limit),
        kv.similar_by_key("a", limit, limit),
        kv.similar_by_word("a", limit),
        kv.similar_by_vector(kv["a"], limit),
        kv.most_similar_cosmul("a", topn=limit),
        kv.most_similar_cosmul("a", topn=limit, restrict_vocab=limit),
        kv.most_similar_batch(["a"], topn=limit)[0],
        kv.most_similar_batch(["a"], topn=limit, restrict_vocab=limit)[0],
        kv.most_similar_ids(["a"], limit).ids[0],
        links.source.most_similar("a", topn=limit),
        model.predict_output_word(["a"], topn=limit),
        model.predict_contexts("a", topn=limit),
        links.recommend("a", topn=limit, exclude_known=False),
        PPMI_OF.most_similar("a", topn=limit),
        PPMI_OF.contexts("a", topn=limit),
    ):
        assert 1 <= len(answer) <= 2
    expected = kv.relative_cosine_similarity("a", "b", 2)
    assert kv.relative_cosine_similarity("a", "b", limit) == expected
    for ask in (kv.most_similar, kv.most_similar_cosmul, kv.most_similar_batch, links.recommend):
        for wrong in ("many", 1.5, [], math.nan):
            with pytest.raises(ValueError, match=r"topn is .*; allowed are"):
                ask("a", topn=wrong)


def test_none_sets_no_limit_to_answers_and_less_than_one_gives_none():
    model = Word2Vec(SENTENCES, **SMALL)
    assert len(model.wv.most_similar_batch(["a"], topn=None)[0]) == 4
    assert len(model.predict_output_word(["a"], topn=None)) == 5
    for ask in (
        model.wv.most_similar, model.wv.most_similar_cosmul, model.predict_contexts,
        lambda word, topn: model.predict_output_word([word], topn=topn),
        lambda word, topn: model.wv.most_similar_batch([word], topn=topn)[0],
    ):  # fmt: skip
        assert ask("a", topn=0) == ask("a", topn=-1) == []


@pytest.mark.parametrize("given", [0, "0", False, np.False_, 0.0, None])
def test_direction_may_be_given_as_any_flag(given):
    csr_array = need("scipy.sparse").csr_array
    symmetric = csr_array(np.array([[0, 1], [1, 0]]))
    for make in (
        lambda directed: DirectedGraph.from_edges(["a"], ["b"], directed=directed),
        lambda directed: DirectedGraph.of([("a", "b")], directed=directed),
        lambda directed: DirectedGraph.from_scipy(symmetric, directed=directed),
    ):
        assert make(given).is_directed is False
        assert make("1").is_directed is True
        with pytest.raises(ValueError, match="directed is 'no'; allowed are False and True"):
            make("no")


def test_lengths_and_workers_of_readers_follow_the_rules(tmp_path):
    (tmp_path / "text").write_text("a b c\nd e f\n")
    lines = LineSentence(tmp_path / "text", max_sentence_length="2", limit=1.0)
    assert list(lines) == [["a", "b"], ["c"]]
    assert EncodedCorpus.from_files(tmp_path / "text", workers="2").n_tokens == 6
    for make in (
        lambda wrong: LineSentence("x", max_sentence_length=wrong),
        lambda wrong: LineSentence("x", limit=wrong),
        lambda wrong: Text8Corpus("x", max_sentence_length=wrong),
        lambda wrong: EncodedCorpus.from_files(tmp_path / "text", workers=wrong),
    ):
        for wrong in ("x", 1.5, -2):
            with pytest.raises(ValueError, match="allowed are integers from"):
                make(wrong)


@pytest.mark.parametrize("wrong", ["abc", [None], [len], [[]]])
def test_what_is_no_callback_is_refused(wrong):
    with pytest.raises(TypeError, match="callbacks"):
        Word2Vec(callbacks=wrong)
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.raises(TypeError, match="callbacks"):
        model.train(SENTENCES, total_examples=15, epochs=1, callbacks=wrong)


# Methods whose flags are checked by themselves: the values by a table, or in the body.
CHECKED_OTHERWISE = {
    "__init__", "get_vector", "load", "get_params", "of_file", "combined_view",
}  # fmt: skip
METHODS_OF = [
    Word2Vec, GloVe, NodeEmbedding, PairEmbedding, HOPE, STRAP, FastRP, ProNE, JointScore,
    KeyedVectors, Roles,
]  # fmt: skip


@pytest.mark.parametrize("owner", METHODS_OF, ids=lambda owner: owner.__name__)
def test_all_flags_of_methods_are_checked(owner):
    for name, method in inspect.getmembers(owner, callable):
        if name.startswith("_") or inspect.isclass(method):
            continue
        flags = {
            p.name for p in inspect.signature(method).parameters.values() if p.annotation is bool
        }
        if flags and name not in CHECKED_OTHERWISE:
            assert getattr(method, "flags", set()) == flags, name


KV = KeyedVectors(2)
KV.add_vectors(["a", "b", "C"], [[3, 0], [0, 1], [2, 1]], {"count": np.array([3, 2, 1])})
LINKS = NodeEmbedding(**FEW).fit(EDGES)
JOINT = JointScore(LINKS, DirectedGraph.of(EDGES))
NO = [("0", False), (0, False), (np.False_, False), (None, False), ("1", True), (1.0, True)]


def rebuilt(**flags):
    model = Word2Vec(SENTENCES, **SMALL)
    model.build_vocab([["a", "b"], ["a"]], **flags)
    return model.wv.index_to_key, len(model.raw_vocab)


def recounted(**flags):
    model = Word2Vec(SENTENCES, **SMALL)
    model.build_vocab_from_freq({"a": 3, "b": 2}, **flags)
    return model.wv.index_to_key, len(model.raw_vocab)


def tried(**flags):
    model = Word2Vec(**SMALL)
    model.scan_vocab(SENTENCES)
    return model.prepare_vocab(**flags), len(model.wv)


def written_vectors(**flags):
    file = io.BytesIO()
    KV.save_word2vec_format(file, **flags)
    return file.getvalue()


def read_vectors(binary=False, **flags):
    file = io.BytesIO(b"2 2\na 3 0\nb 0 1\n" if not flags.get("no_header") else b"a 3 0\nb 0 1\n")
    return KeyedVectors.load_word2vec_format(file, binary=binary, **flags)["a"].tolist()


def replaced(**flags):
    kv = copy.deepcopy(KV)
    kv.add_vectors(["a"], [[9, 9]], **flags)
    return kv["a"].tolist()


FLAGGED = {
    "build_vocab, update": (rebuilt, "update"),
    "build_vocab, keep_raw_vocab": (rebuilt, "keep_raw_vocab"),
    "build_vocab_from_freq, update": (recounted, "update"),
    "build_vocab_from_freq, keep_raw_vocab": (recounted, "keep_raw_vocab"),
    "prepare_vocab, dry_run": (tried, "dry_run"),
    "save_word2vec_format, binary": (written_vectors, "binary"),
    "save_word2vec_format, write_header": (written_vectors, "write_header"),
    "add_vectors": (replaced, "replace"),
    "get_vector": (lambda norm: KV.get_vector("a", norm).tolist(), "norm"),
    "most_similar_batch": (lambda **flag: KV.most_similar_batch(["a"], **flag), "exclude"),
    "get_mean_vector": (
        lambda post_normalize: KV.get_mean_vector(["a"], post_normalize=post_normalize).tolist(),
        "post_normalize",
    ),
    "rank_by_centrality": (
        lambda **flag: KV.rank_by_centrality(["a", "b", "C"], **flag),
        "use_norm",
    ),
    "vectors_for_all": (
        lambda copy_vecattrs: list(KV.vectors_for_all(["a"], copy_vecattrs=copy_vecattrs).expandos),
        "copy_vecattrs",
    ),
    "evaluate_word_pairs, case_insensitive": (
        lambda case_insensitive: KV.evaluate_word_pairs(
            ["a\tb\t1", "a\tC\t2", "b\tC\t1", "A\tC\t1"], case_insensitive=case_insensitive
        )[2],
        "case_insensitive",
    ),
    "evaluate_word_analogies, dummy4unknown": (
        lambda **flag: KV.evaluate_word_analogies([": s", "a b x y"], **flag),
        "dummy4unknown",
    ),
    "recommend": (lambda **flag: LINKS.recommend("a", **flag), "exclude_known"),
    "score": (lambda popularity: LINKS.score("a", "b", popularity), "popularity"),
    "score of JointScore": (lambda popularity: JOINT.score("a", "b", popularity), "popularity"),
    "tokenize": (lambda lowercase: list(utils.tokenize("A b", lowercase)), "lowercase"),
    "simple_preprocess": (lambda deacc: utils.simple_preprocess("déjà", deacc), "deacc"),
}


@pytest.mark.parametrize("ask, name", FLAGGED.values(), ids=FLAGGED)
def test_a_flag_of_a_method_may_be_given_in_any_way_that_says_it(ask, name):
    for given, meant in NO:
        assert ask(**{name: given}) == ask(**{name: meant}), repr(given)
    for wrong in ("no", "", 2, 0.5, [], {}):
        with pytest.raises(ValueError, match=rf"^{name} is .*; allowed are False and True"):
            ask(**{name: wrong})


def test_flags_of_a_reader_may_be_text():
    assert read_vectors(binary="0") == read_vectors(no_header="1") == [3, 0]
    with pytest.raises(ValueError, match=r"^binary is 'text'; allowed are"):
        read_vectors(binary="text")


@pytest.mark.parametrize("make, parameter, rule, value", cases(rules.Whole, rules.Real))
@pytest.mark.parametrize(
    "wrong", ["1e999", "-1e999", decimal.Decimal("1e999"), fractions.Fraction(10**999)]
)
def test_a_number_that_is_too_large_for_a_float_is_refused_by_its_name(
    make, parameter, rule, value, wrong
):
    if parameter != "seed":
        with pytest.raises(ValueError) as refused:
            make(**{parameter: wrong})
        assert str(refused.value).startswith(f"{parameter} is {wrong!r:.80}")
