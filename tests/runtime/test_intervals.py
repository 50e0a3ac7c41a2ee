"""Confidence intervals of a mean."""

import math

import numpy as np

from fastsgns.runtime.intervals import Interval, interval


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    found = [interval(rng.normal(5, 2, size=4)) for _ in range(4000)]
    covered = sum(low.low <= 5 <= low.high for low in found)
    assert abs(covered - 3800) < 4 * math.sqrt(4000 * 0.95 * 0.05)


def test_interval_of_few_or_strange_values():
    assert interval([2.0]) == Interval(2.0, -math.inf, math.inf, 1)
    assert interval([2.0, 2.0]) == Interval(2.0, 2.0, 2.0, 2)
    assert math.isnan(interval([]).mean)
    assert math.isnan(interval([1.0, math.inf]).mean)
