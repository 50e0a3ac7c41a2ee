"""What a token and a row of a corpus may be, for every class that reads text."""

import array
import collections
import csv
import json
import math

import numpy as np
import pytest
from optional import need
from scalars import Scalar, Tensor

from fastsgns import EncodedCorpus, GloVe, Word2Vec
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import scan
from fastsgns.corpus.selection import count_bounded
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.models.ppmi.model import PPMI

SENTENCES = [["a", "b", "c", "d"], ["b", "c", "e"], ["a", "e", "d", "c"]] * 5
SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1}


def bounded(rows):
    return Word2Vec(rows, max_vocab_size=100, **SMALL).wv.index_to_key


READERS = {
    "Word2Vec": lambda rows: Word2Vec(rows, **SMALL).wv.index_to_key,
    "Word2Vec, bounded": bounded,
    "GloVe": lambda rows: GloVe(rows, **SMALL).wv.index_to_key,
    "PPMI": lambda rows: PPMI(rows, min_count=1).index_to_key,
    "EncodedCorpus": lambda rows: EncodedCorpus.from_iterable(rows).vocabulary.words,
    "Cooccurrences": lambda rows: Cooccurrences.from_corpus(rows).vocabulary.words,
    "scan": lambda rows: scan(rows, keep_tokens=False).vocabulary.words,
    "count": lambda rows: count_bounded(rows, 100).vocabulary.words,
}
OF_MODELS = {name: READERS[name] for name in READERS if name != "count"}


class Column:
    """A column of a table library, which gives a list by a method of its own."""

    def __init__(self, method, values):
        setattr(self, method, lambda: values)

    def __iter__(self):
        return iter([object()])


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("scalar", [Scalar, Tensor, np.str_])
def test_scalars_of_other_libraries_are_the_words_they_hold(read, scalar):
    expected = read(SENTENCES)
    rows = [[scalar(word) for word in sentence] for sentence in SENTENCES]
    assert read(rows) == expected and {type(word) for word in read(rows)} == {str}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("method", ["as_py", "to_pylist", "tolist", "to_list"])
def test_rows_of_other_libraries_are_the_lists_they_give(read, method):
    assert read([Column(method, sentence) for sentence in SENTENCES]) == read(SENTENCES)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_numbers_of_any_library_are_those_of_python(read):
    rows = [[1, 2, 3], [2, 3, 1]] * 3
    expected = read(rows)
    kinds = np.array, lambda row: array.array("i", row), lambda row: tuple(map(np.int16, row))
    for kind in kinds:
        found = read([kind(row) for row in rows])
        assert found == expected and {type(word) for word in found} == {int}
    floats = read([np.array(row) / 2 for row in rows])
    assert {type(word) for word in floats} == {float} and 1.5 in floats


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("missing", [None, math.nan, np.float64("nan"), Scalar(None)])
def test_a_missing_token_is_refused(read, missing):
    with pytest.raises(ValueError, match=r"a token of sentence 1 is .*, a missing value: leave it"):
        read([["a", "b"], ["b", missing]])


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "rows",
    [
        list(csv.DictReader(["user,item", "ann,tea", "bob,ale"])),
        json.loads('[{"user": ["to", "be"]}, {"user": ["or", "not"]}]'),
        [collections.Counter(["user"])],
        [collections.ChainMap({"user": 1})],
        [Scalar({"user": 1})],
    ],
)
def test_records_are_refused(read, rows):
    with pytest.raises(TypeError, match=r"sentence 0 is a .* the fields 'user'.*row\['user'\]"):
        read(rows)


class Table:
    columns, shape = ["tokens"], (3, 1)

    def __iter__(self):
        return iter([["tokens"]])


@pytest.mark.parametrize("read", OF_MODELS.values(), ids=OF_MODELS)
@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ({("a", "b"): 3}, r"a dict, which is iterated by its keys.*corpus\.values\(\)"),
        (collections.Counter([("a", "b")]), "a Counter, which is iterated by its keys"),
        (Table(), r"a Table, which is iterated by its columns.*table\['tokens'\]"),
    ],
)
def test_a_corpus_that_is_iterated_by_its_names_is_refused(read, corpus, message):
    with pytest.raises(TypeError, match=message):
        read(corpus)


def test_columns_of_pandas_are_read():
    pandas = need("pandas")
    table = pandas.DataFrame({"tokens": SENTENCES, 0: range(15)})
    model = Word2Vec(table["tokens"], **SMALL)
    assert set(model.wv.index_to_key) == set("abcde")
    rows = [pandas.Series(sentence, dtype="string") for sentence in SENTENCES]
    assert Word2Vec(rows, **SMALL).wv.index_to_key == model.wv.index_to_key
    with pytest.raises(TypeError, match="iterated by its columns"):
        Word2Vec(table, **SMALL)
    for missing in (pandas.NA, pandas.NaT):
        with pytest.raises(ValueError, match="a missing value"):
            Word2Vec([["a", missing]], **SMALL)
    with pytest.raises(ValueError, match="a missing value"):
        Word2Vec([pandas.Series(["a", None], dtype="string")], **SMALL)


def test_columns_of_arrow_are_read():
    pyarrow = need("pyarrow")
    for column in (pyarrow.array(SENTENCES), pyarrow.table({"x": SENTENCES})["x"]):
        assert "a" in Word2Vec(column, **SMALL).wv.key_to_index
    with pytest.raises(TypeError, match="iterated by its columns"):
        Word2Vec(pyarrow.table({"x": SENTENCES}), **SMALL)


def test_words_with_counts_are_checked_too():
    assert Vocabulary.from_counts({Scalar("a"): 3, np.str_("b"): 1}).words == ["a", "b"]
    model = Word2Vec(**SMALL)
    for missing in (None, math.nan):
        with pytest.raises(ValueError, match=r"word 1 is .*, a missing value"):
            model.build_vocab_from_freq({"a": 3, missing: 2})


def test_what_is_trained_on_later_is_read_in_the_same_way():
    model = Word2Vec(SENTENCES, sample=0, **SMALL)
    rows = [list(map(Scalar, sentence)) for sentence in SENTENCES]
    trained = model.train(rows, total_examples=15, epochs=1)
    assert trained == model.train(SENTENCES, total_examples=15, epochs=1)
    with pytest.raises(ValueError, match="a missing value"):
        model.train([["a", None]], total_examples=1, epochs=1)
    with pytest.raises(TypeError, match="with the fields"):
        model.train([{"a": 1}], total_examples=1, epochs=1)
    model.build_vocab([[Scalar("f"), "a"]], update=True)
    assert model.wv.index_to_key[-1] == "f"


def test_sentences_to_score_are_read_in_the_same_way():
    model = Word2Vec(SENTENCES, hs=1, negative=0, **SMALL)
    expected = model.score([["a", "b"]])
    assert np.array_equal(model.score([[Scalar("a"), np.str_("b")]]), expected)
    for wrong in ("a b", ["a b"], [{"a": 1}], {"a": ["b"]}):
        with pytest.raises(TypeError, match="wanted"):
            model.score(wrong)
