"""Vocabularies: what is kept, in which order, under which id."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgns import Word2Vec
from fastsgns.corpus.selection import (
    RULE_DEFAULT,
    RULE_DISCARD,
    RULE_KEEP,
    count_bounded,
    select,
)
from fastsgns.corpus.vocabulary import Vocabulary

COUNTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 9), max_size=20)


def test_words_counts_and_ids():
    vocabulary = Vocabulary.from_counts({"a": 3, 7: np.int64(1), ("x", 1): 0})
    assert vocabulary.words == ["a", 7, ("x", 1)]
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary.ids == {"a": 0, 7: 1, ("x", 1): 2}
    assert (len(vocabulary), vocabulary.total, 7 in vocabulary, 8 in vocabulary) == (
        3,
        4,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("error", "counts", "message"),
    [
        (ValueError, {"a": 1, "b": -2}, "count of 'b' is -2"),
        (TypeError, {"a": 1.5}, "count of 'a' is 1.5"),
        (TypeError, {"a": "x"}, "count of 'a' is 'x'"),
        (TypeError, [("a", 1)], "counts are a list"),
    ],
)
def test_wrong_counts_are_refused(error, counts, message):
    with pytest.raises(error, match=message):
        Vocabulary.from_counts(counts)


def test_words_must_fit_counts_and_differ():
    with pytest.raises(ValueError, match="2 words have counts of shape"):
        Vocabulary(["a", "b"], [1])
    with pytest.raises(ValueError, match="'a' is given twice"):
        _ = Vocabulary(["a", "b", "a"], [1, 2, 3]).ids


@given(COUNTS, st.integers(0, 10))
def test_select_keeps_the_frequent_in_stable_order(counts, min_count):
    selection = select(Vocabulary.from_counts(counts), min_count)
    kept = [word for word in counts if counts[word] >= min_count]
    assert selection.vocabulary.words == sorted(kept, key=lambda word: -counts[word])
    assert selection.vocabulary.counts.tolist() == [counts[w] for w in selection.vocabulary.words]
    assert selection.effective_min_count == min_count
    assert selection.n_dropped == len(counts) - len(kept)
    assert selection.n_raw_tokens == sum(counts.values())
    assert selection.n_tokens == sum(counts[word] for word in kept)
    unsorted = select(Vocabulary.from_counts(counts), min_count, sort=False)
    assert unsorted.vocabulary.words == kept


@given(COUNTS, st.integers(0, 5), st.integers(0, 12))
def test_max_final_vocab_raises_min_count_as_little_as_needed(counts, min_count, limit):
    selection = select(Vocabulary.from_counts(counts), min_count, max_final_vocab=limit)
    effective = selection.effective_min_count
    assert len(selection.vocabulary) <= limit
    assert effective >= min_count
    less = sum(value >= effective - 1 for value in counts.values())
    assert effective == min_count or less > limit


def test_trim_rule_overrules_the_count():
    raw = Vocabulary.from_counts({"keep": 1, "discard": 9, "often": 5, "rare": 2, "none": 4})
    seen = []

    def rule(word, count, min_count):
        seen.append((word, count, min_count))
        return {"keep": RULE_KEEP, "discard": RULE_DISCARD, "none": None}.get(word, RULE_DEFAULT)

    selection = select(raw, min_count=3, trim_rule=rule)
    assert selection.vocabulary.words == ["often", "none", "keep"]
    assert seen[0] == ("keep", 1, 3)
    assert [type(value) for value in seen[0]] == [str, int, int]


def test_wrong_arguments_of_select():
    raw = Vocabulary(["a"], [1])
    with pytest.raises(TypeError, match="trim_rule is a str"):
        select(raw, trim_rule="keep")
    with pytest.raises(ValueError, match="trim_rule returned 7 for 'a'"):
        select(raw, trim_rule=lambda *_: 7)
    with pytest.raises(ValueError, match="min_count is -1"):
        select(raw, min_count=-1)
    with pytest.raises(ValueError, match="max_final_vocab is -1"):
        select(raw, max_final_vocab=-1)


@given(COUNTS, COUNTS)
def test_grow_keeps_ids_and_adds_counts(old, new):
    grown = Vocabulary.from_counts(old).merged(Vocabulary.from_counts(new))
    assert grown.words[: len(old)] == list(old)
    added = grown.words[len(old) :]
    assert added == sorted((w for w in new if w not in old), key=lambda word: -new[word])
    total = {word: old.get(word, 0) + new.get(word, 0) for word in grown.words}
    assert dict(zip(grown.words, grown.counts.tolist())) == total


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=20), st.integers(1, 9))
def test_count_is_bounded_and_exact_where_nothing_is_dropped(sentences, limit):
    exact = Counter(word for sentence in sentences for word in sentence)
    counted = count_bounded(sentences, limit).vocabulary
    assert all(n <= exact[word] for word, n in zip(counted.words, counted.counts.tolist()))
    if len(exact) <= limit:
        assert dict(zip(counted.words, counted.counts.tolist())) == exact


def test_count_forgets_the_rare_with_a_rising_floor():
    sentences = [["a", "a", "a", "b"], ["c"], ["d", "d"], ["e"]]
    kept = [count_bounded(sentences[:n], 2).vocabulary.words for n in (1, 2, 3, 4)]
    assert kept == [["a", "b"], ["a", "b", "c"], ["a", "d"], ["a"]]
    rule = {"b": RULE_KEEP}
    counted = count_bounded(sentences, 2, lambda word, *_: rule.get(word, RULE_DEFAULT)).vocabulary
    assert counted.words == ["a", "b"]


def test_wrong_arguments_of_count():
    with pytest.raises(ValueError, match="max_vocab_size is 0"):
        count_bounded([["a"]], 0)
    with pytest.raises(TypeError, match="sentence 0 is a string"):
        count_bounded(["abc"], 5)
    with pytest.raises(TypeError, match="trim_rule is a int"):
        count_bounded([["a"]], 5, trim_rule=3)


@pytest.mark.parametrize("verdict", [True, False, np.True_, np.False_])
def test_a_rule_that_says_true_or_false_is_refused(verdict):
    raw = Vocabulary(["a", "b"], [2, 1])
    with pytest.raises(
        ValueError, match=r"allowed are .*; a bool is ambiguous .* return RULE_KEEP"
    ):
        select(raw, 1, trim_rule=lambda word, n, least: verdict)
    with pytest.raises(ValueError, match="a bool is ambiguous"):
        count_bounded([["a", "b", "c"]], 2, lambda word, n, least: verdict)


@pytest.mark.parametrize("verdict", [None, RULE_DEFAULT, np.int64(RULE_DEFAULT)])
def test_a_rule_that_says_nothing_leaves_it_to_the_count(verdict):
    raw = Vocabulary(["a", "b"], [2, 1])
    assert select(raw, 2, trim_rule=lambda word, n, least: verdict).vocabulary.words == ["a"]


@pytest.mark.parametrize("count", [3.0, "3", np.float32(3), np.int8(3), Decimal(3), np.array(3)])
def test_a_count_may_be_given_in_any_way_that_says_it(count):
    found = Vocabulary.from_counts({"a": count, "b": 1})
    assert found.counts.tolist() == [3, 1] and found.counts.dtype == np.int64
    model = Word2Vec(vector_size=2, min_count=2)
    model.build_vocab_from_freq({"a": count, "b": 1})
    assert model.wv.index_to_key == ["a"] and model.wv.get_vecattr("a", "count") == 3


@pytest.mark.parametrize("count", [2.5, "many", None, np.nan, np.inf, [1]])
def test_what_is_no_count_is_refused(count):
    with pytest.raises(TypeError, match=r"the count of 'a' is .*; allowed are integers"):
        Vocabulary.from_counts({"a": count})
