"""Ranking measures against brute force over all pairs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgns.graph.evaluation.ranking import auc, average_precision, hits_at, reciprocal_ranks

# Few values, so that ties are common.
SCORES = st.lists(st.integers(-3, 3), min_size=1, max_size=12)


def rows(n_candidates: int) -> st.SearchStrategy:
    candidate = st.tuples(st.integers(-2, 2), st.booleans())
    candidates = st.lists(candidate, min_size=n_candidates, max_size=n_candidates)
    return st.lists(st.tuples(st.integers(-2, 2), candidates), min_size=1, max_size=6)


ROWS = st.integers(1, 5).flatmap(rows)


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_order(good, bad):
    wins = sum(Fraction(1) if g > b else Fraction(g == b, 2) for g in good for b in bad)
    assert auc(good, bad) == pytest.approx(float(wins / (len(good) * len(bad))))


@given(SCORES, SCORES)
def test_average_precision_by_thresholds(good, bad):
    total, recall = 0.0, 0.0
    for threshold in sorted({*good, *bad}, reverse=True):
        taken = sum(g >= threshold for g in good)
        precision = taken / (taken + sum(b >= threshold for b in bad))
        total += (taken / len(good) - recall) * precision
        recall = taken / len(good)
    assert average_precision(good, bad) == pytest.approx(total)


@given(SCORES, SCORES, st.integers(1, 6))
def test_hits_count_ranks_one_by_one(good, bad, k):
    ranks = [1 + sum(b > g for b in bad) + sum(b == g for b in bad) / 2 for g in good]
    assert hits_at(good, bad, k) == pytest.approx(np.mean([rank <= k for rank in ranks]))


@given(ROWS)
def test_reciprocal_ranks_skip_what_is_not_allowed(rows):
    own = [row[0] for row in rows]
    others = [[score for score, _ in row[1]] for row in rows]
    allowed = [[ok for _, ok in row[1]] for row in rows]
    expected = [
        1 / (1 + sum((b > g) + (b == g) / 2 for b, ok in candidates if ok))
        for g, candidates in rows
    ]
    assert reciprocal_ranks(own, others, allowed) == pytest.approx(expected)


def test_a_constant_score_is_a_coin():
    assert auc(np.zeros(7), np.zeros(900)) == 0.5
    assert average_precision(np.zeros(10), np.zeros(30)) == 0.25
    assert hits_at(np.zeros(10), np.zeros(30), 15) == 0.0
    assert hits_at(np.zeros(10), np.zeros(30), 16) == 1.0


@pytest.mark.parametrize("measure", [auc, average_precision, lambda g, b: hits_at(g, b, 1)])
@pytest.mark.parametrize("bad", [([], [1]), ([1], []), ([np.nan], [1]), ([[1]], [1])])
def test_what_has_no_rank_is_refused(measure, bad):
    with pytest.raises(ValueError, match=r"positives|negatives"):
        measure(*bad)


def test_hits_need_a_rank():
    with pytest.raises(ValueError, match="k is 0"):
        hits_at([1], [1], 0)
