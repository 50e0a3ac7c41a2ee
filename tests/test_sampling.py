import heapq
from fractions import Fraction

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from fastsgns import kernels, sampling
from fastsgns.kernels.objective import Objective
from fastsgns.models.words.noise import DOMAIN, cumulative_table


def probabilities_of(table):
    """The exact probabilities that an alias table gives."""
    p = np.zeros(len(table))
    kept = table[:, 0] / 2**32
    np.add.at(p, np.arange(len(table)), kept / len(table))
    np.add.at(p, table[:, 1], (1 - kept) / len(table))
    return p


some_weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)
weights_with_ties = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(st.one_of(some_weights, weights_with_ties).filter(lambda w: sum(w) > 1e-3))
@settings(max_examples=500)
def test_alias_table_is_exact(weights):
    weights = np.array(weights, float)
    got = probabilities_of(sampling.alias_table(weights))
    np.testing.assert_allclose(got, weights / weights.sum(), atol=1e-9)


@pytest.mark.parametrize("n_words", [1, 2, 3, 1000, 100_000])
def test_alias_table_of_zipf(n_words):
    weights = 1 / np.arange(1, n_words + 1)
    table = sampling.alias_table(weights)
    assert table.nbytes == 8 * n_words
    np.testing.assert_allclose(probabilities_of(table), weights / weights.sum(), atol=1e-9)


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0, -0.5])
def test_draws_follow_the_noise_distribution(exponent):
    """Chi-square of the stream that the kernels draw from (the textbook twin draws the same)."""
    expected = sampling.noise_distribution(np.arange(1, 31) ** 2, exponent)
    table, stream = sampling.alias_table(expected), reference.Stream(9)
    drawn = np.bincount([stream.alias(table) for _ in range(60_000)], minlength=30)
    assert chisquare(drawn, expected * 60_000).pvalue > 1e-3


def draw_objective(counts, **options):
    """Rows at zero and one dimension that counts: updates of output rows tell who was drawn."""
    n_words = len(counts)
    rows = np.zeros((2, n_words, 16))
    rows[0, :, 0] = 1
    defaults = {
        "window": 1, "shrink_windows": False, "negative": 1, "cbow": False, "mean_hidden": True,
        "mean_gradient": True, "compute_loss": False, "tree": None, "paths": None,
        "lock_factors": None, "keep_thresholds": None,
        "noise": sampling.alias_table(sampling.noise_distribution(counts)),
    }  # fmt: skip
    return Objective(input=rows[0], output=rows[1], **(defaults | options))


def test_the_kernel_draws_negatives_from_the_table():
    """Each negative moves its row by minus half the (tiny) rate, so moves count the draws."""
    counts = np.arange(30, 0, -1)
    objective = draw_objective(counts, negative=5)
    ids = np.zeros(20_000, np.int32)
    kernels.train_chunk(objective, ids, np.array([0, len(ids)]), 0, len(ids), 1e-12, 1e-12, 4)
    drawn = np.rint(objective.output[1:, 0] / -0.5e-12)
    expected = sampling.noise_distribution(counts)[1:]
    assert drawn.sum() > 100_000
    assert chisquare(drawn, expected / expected.sum() * drawn.sum()).pvalue > 1e-3


def test_the_kernel_draws_all_widths_of_a_window_alike():
    n, window = 30_000, 5
    ids, offsets = np.ones(n, np.int32), np.array([0, n])
    ids[0] = 0
    widths = np.zeros(window + 1, int)
    objective = draw_objective(np.ones(2), window=window, shrink_windows=True, negative=0)
    for stream in range(n // 10):
        middle = 10
        n_pairs = kernels.train_chunk(objective, ids, offsets, middle, middle + 1, 0, 0, stream)[1]
        widths[n_pairs // 2] += 1
    assert widths[0] == 0
    assert chisquare(widths[1:]).pvalue > 1e-3


def test_the_kernel_keeps_tokens_with_the_stated_probability():
    counts = np.array([70_000, 20_000, 9_000, 1_000])
    ids = np.repeat(np.arange(4, dtype=np.int32), counts)
    expected = sampling.keep_probabilities(counts, 1e-2)
    thresholds = sampling.keep_thresholds(counts, 1e-2)
    objective = draw_objective(counts, keep_thresholds=thresholds)
    start = 0
    for count, p in zip(counts, expected):
        offsets = np.array([0, len(ids)])
        kept = kernels.train_chunk(objective, ids, offsets, start, start + count, 0, 0, start)[2]
        spread = np.sqrt(count * p * (1 - p))
        assert abs(kept - count * p) <= 4 * spread + 1e-9
        start += count


def test_keep_probabilities_by_share_and_by_count():
    counts = np.array([1_000_000, 1000, 10])
    by_share = sampling.keep_probabilities(counts, 1e-3)
    threshold = 1e-3 * counts.sum()
    assert by_share[0] == pytest.approx(np.sqrt(threshold / 1e6) + threshold / 1e6)
    assert by_share[1:].tolist() == [1, 1]
    by_count = sampling.keep_probabilities(counts, 10_000)
    assert by_count[0] == pytest.approx(np.sqrt(0.02618034) + 0.02618034)
    assert sampling.keep_thresholds(counts, 0) is None


@pytest.mark.parametrize("sample", [-1, np.nan, np.inf])
def test_bad_sample_is_refused(sample):
    with pytest.raises(ValueError, match="sample"):
        sampling.keep_probabilities(np.array([1]), sample)


def test_noise_needs_a_seen_word_and_a_finite_exponent():
    with pytest.raises(ValueError):
        sampling.noise_distribution(np.array([0, 0]))
    with pytest.raises(ValueError):
        sampling.noise_distribution(np.array([1]), np.inf)
    assert sampling.noise_distribution(np.array([0, 5]), -2.0).tolist() == [0, 1]


def huffman_cost(counts):
    """The least weighted path length, by the textbook heap."""
    heap, cost = [int(c) for c in counts], 0
    heapq.heapify(heap)
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_huffman_paths_are_a_least_cost_prefix_code(counts):
    paths = sampling.huffman_paths(np.array(counts))
    lengths = np.diff(paths.starts)
    assert int((lengths * np.array(counts)).sum()) == huffman_cost(counts)
    if len(counts) > 1:
        assert sum(Fraction(1, 2 ** int(length)) for length in lengths) == 1
        codes = [
            tuple(zip(paths.nodes[a:b].tolist(), paths.labels[a:b].tolist()))
            for a, b in zip(paths.starts[:-1], paths.starts[1:])
        ]
        assert len(set(codes)) == len(counts)
        assert all(code[0][0] == len(counts) - 2 for code in codes)
        assert set(paths.labels.tolist()) <= {0.0, 1.0}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sample", [1e300, 1.7e308, np.float64(1.7e308)])
def test_the_largest_counts_to_keep_are_not_a_warning(sample):
    assert sampling.keep_probabilities(np.array([9900, 100]), sample).tolist() == [1, 1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("exponent, expected", [(1.7e308, [0, 0, 1, 0]), (-1.7e308, [0, 1, 0, 0])])
def test_the_largest_exponents_draw_one_word(exponent, expected):
    counts = np.array([0, 2, 9, 3])
    assert sampling.noise_distribution(counts, exponent).tolist() == expected


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("exponent", [1.7e308, 400, -400, -1.7e308])
def test_the_table_of_gensim_has_any_exponent(exponent):
    table = cumulative_table(np.array([9, 3, 2, 0]), exponent)
    assert table.tolist() == ([DOMAIN] * 4 if exponent > 0 else [0, 0, DOMAIN, DOMAIN])
