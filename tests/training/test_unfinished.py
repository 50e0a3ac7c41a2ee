"""The rest of a call that a file describes."""

import contextlib
import io

import classes
import pytest

import fastsgns
from fastsgns.training.unfinished import Place, Unfinished


def test_a_file_with_too_few_places_is_refused_when_training_goes_on():
    model, n_edges = classes.nodes(), len(classes.EDGES)  # which has two trainers
    model.unfinished = Unfinished("fit", 1, n_edges, n_edges, 1, places=(Place(n_chunks=1),))
    file = io.BytesIO()
    model.save(file)
    loaded = fastsgns.load(io.BytesIO(file.getvalue()))
    with pytest.raises(ValueError, match=r"has 1 places .*Call fit\(\)"):
        loaded.resume(classes.EDGES)


def left(total):
    return Unfinished("train", 1, 10, total, seed=1)


@pytest.mark.parametrize(
    ("total", "other", "is_same"),
    [
        (5e6, 5e6 + 1, False), (5e6, 5e6, True), (5e6 + 0.5, 5e6 + 0.6, True),
        (5e6 + 0.5, 5e6 + 9, False), (2.0**60, 2.0**60 + 2**10, True),
    ],
)  # fmt: skip
def test_sums_of_whole_numbers_are_compared_exactly(total, other, is_same):
    raises = pytest.raises(ValueError, match="as many cells, but other ones")
    with contextlib.nullcontext() if is_same else raises:
        left(total).check_data(10, other, "cells", "counts")
