"""The rest of a call that a file describes."""

import io

import classes
import pytest

import fastsgns
from fastsgns.training.unfinished import Place, Unfinished


def test_a_file_with_too_few_places_is_refused_when_training_goes_on():
    model = classes.nodes()  # which has two trainers
    model.unfinished = Unfinished("fit", 1, len(classes.EDGES), 1, places=(Place(n_chunks=1),))
    file = io.BytesIO()
    model.save(file)
    loaded = fastsgns.load(io.BytesIO(file.getvalue()))
    with pytest.raises(ValueError, match=r"has 1 places .*Call fit\(\)"):
        loaded.resume(classes.EDGES)
