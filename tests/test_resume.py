"""Training that stops, is saved, loaded and goes on gives the bytes of training without a stop."""

from pathlib import Path

import numpy as np
import pytest
import toy

from fastsgns import Word2Vec
from fastsgns.models.callbacks import StopTraining

SENTENCES = toy.sentences(300)
SETTINGS = {"vector_size": 12, "min_count": 1, "workers": 1, "compute_loss": True}
OBJECTIVES = {
    "skip-gram": {"sg": 1},
    "skip-gram, shared": {"sg": 1, "negative_sharing": "block", "alpha": 0.01},
    "CBOW": {"sg": 0},
    "hierarchical softmax": {"sg": 1, "hs": 1, "negative": 0},
    "full softmax": {"sg": 1, "softmax": 1, "negative": 0},
    "CBOW, both": {"sg": 0, "hs": 1, "cbow_gradient": "exact"},
}
EPOCHS, FIRST = 5, 2


class StopAfter:
    """A callback that ends training after some epochs, as a user's Ctrl-C would."""

    def __init__(self, n_epochs: int) -> None:
        self.n_left = n_epochs

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.n_left -= 1
        if not self.n_left:
            raise StopTraining


def started(objective: str) -> Word2Vec:
    model = Word2Vec(**SETTINGS | OBJECTIVES[objective])
    model.build_vocab(SENTENCES)
    return model


def train(model: Word2Vec, **more: object) -> None:
    model.train(SENTENCES, total_examples=model.corpus_count, **more)


def moved(model: Word2Vec, folder: Path) -> Word2Vec:
    model.save(folder / "model")
    return Word2Vec.load(folder / "model")


def assert_same(model: Word2Vec, twin: Word2Vec) -> None:
    np.testing.assert_array_equal(model.wv.vectors, twin.wv.vectors)
    assert model._matrices.vectors.keys() == twin._matrices.vectors.keys()
    for role, vectors in model._matrices.vectors.items():
        assert vectors.tobytes() == twin._matrices.vectors[role].tobytes(), role
    assert model.epoch_losses == twin.epoch_losses
    assert len(model.epoch_losses) == EPOCHS


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_at_a_constant_rate(objective: str, tmp_path: Path):
    whole, parts = started(objective), started(objective)
    rate = {"start_alpha": 0.01, "end_alpha": 0.01}
    train(whole, epochs=EPOCHS, **rate)
    train(parts, epochs=FIRST, **rate)
    parts = moved(parts, tmp_path)
    train(parts, epochs=1, **rate)
    parts = moved(parts, tmp_path)
    train(parts, epochs=EPOCHS - FIRST - 1, **rate)
    assert_same(whole, parts)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_down_the_line_of_the_learning_rate(objective: str, tmp_path: Path):
    whole, parts = started(objective), started(objective)
    train(whole, epochs=EPOCHS)
    train(parts, epochs=EPOCHS, callbacks=[StopAfter(FIRST)])
    assert parts.epochs_trained == FIRST
    parts = moved(parts, tmp_path)
    done = parts.epochs_trained * parts.corpus_total_words
    train(parts, epochs=EPOCHS - FIRST, word_count=done)
    assert_same(whole, parts)
    assert parts.min_alpha_yet_reached == whole.min_alpha_yet_reached


def test_in_pieces_of_the_line(tmp_path: Path):
    whole, parts = started("skip-gram"), started("skip-gram")
    train(whole, epochs=EPOCHS)
    alpha, min_alpha = parts.alpha, parts.min_alpha
    for epoch in range(EPOCHS):
        rates = [alpha + (min_alpha - alpha) * t / EPOCHS for t in (epoch, epoch + 1)]
        train(parts, epochs=1, start_alpha=rates[0], end_alpha=rates[1])
        parts = moved(parts, tmp_path)
    np.testing.assert_allclose(parts.wv.vectors, whole.wv.vectors, rtol=1e-5, atol=1e-6)


def test_the_output_matrix_is_what_makes_it_so(tmp_path: Path):
    whole, parts = started("skip-gram"), started("skip-gram")
    rate = {"start_alpha": 0.01, "end_alpha": 0.01}
    train(whole, epochs=EPOCHS, **rate)
    train(parts, epochs=FIRST, **rate)
    parts.syn1neg = np.zeros_like(parts.syn1neg)
    train(parts, epochs=EPOCHS - FIRST, **rate)
    assert parts.epoch_losses[FIRST] > whole.epoch_losses[FIRST]
    assert not np.allclose(parts.wv.vectors, whole.wv.vectors, rtol=1e-3)
