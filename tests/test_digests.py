"""Results do not change by accident: numbers of small models of every kind and mode.

The summaries in digests.json hold on any machine. Kernel variants sum in different orders, and so
do libraries of linear algebra. The largest deviation of the five float32 variants was 4e-6 of the
norm of an array, also with OpenBLAS's kernels for Prescott and Haswell and without numpy's vector
code; 3e-5 is allowed. A learning rate that is 0.1% higher moves arrays by 2e-4 and more.
"""

import json

import digests
import numpy as np
import pytest

from fastsgns import kernels

TOLERANCE = 3e-5
EXPECTED = json.loads(digests.RECORD.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("restore_variant")
@pytest.mark.parametrize("variant", dict.fromkeys(["plain", kernels.variant()]))
def test_models_are_what_they_were(variant):
    kernels.force(variant)
    found = digests.of_all(digests.summary)
    assert found.keys() == EXPECTED.keys()
    for name, numbers in found.items():
        norms = np.repeat(EXPECTED[name][::2], 2)  # of a norm and a projection, the norm
        deviation = np.abs(np.subtract(numbers, EXPECTED[name])) / np.maximum(norms, 1e-9)
        assert deviation.max() < TOLERANCE, name


def test_two_runs_give_the_same_bytes():
    assert digests.of_all(digests.digest) == digests.of_all(digests.digest)
