"""Training that stops, is saved, loaded and goes on gives the bytes of training without a stop."""

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import toy
from optional import needs_fork

from fastsgns import Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.models.callbacks import StopTraining
from fastsgns.training import unfinished

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
    assert model.current_arrays().vectors.keys() == twin.current_arrays().vectors.keys()
    for role, vectors in model.current_arrays().vectors.items():
        assert vectors.tobytes() == twin.current_arrays().vectors[role].tobytes(), role
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


class Kill:
    """A callback that ends the process as an out-of-memory killer does."""

    def on_epoch_end(self, model: Word2Vec) -> None:
        if model.epochs_trained == 3:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_checkpoint_is_resumed_to_the_same_bytes(objective: str, tmp_path: Path):
    whole, cut, path = started(objective), started(objective), tmp_path / "checkpoint"
    train(whole, epochs=EPOCHS)
    train(cut, epochs=EPOCHS, checkpoint=path, callbacks=[StopAfter(FIRST)])
    model = Word2Vec.load(path)
    assert (model.epochs_trained, model.unfinished.n_epochs) == (FIRST, EPOCHS - FIRST)
    model.resume(SENTENCES, checkpoint=path)
    assert_same(model, whole)
    assert model.get_latest_training_loss() == pytest.approx(whole.get_latest_training_loss())
    assert model.unfinished is None
    assert_same(Word2Vec.load(path), whole)
    cut.resume(SENTENCES)
    assert_same(cut, whole)


@needs_fork
def test_a_killed_process_loses_what_came_after_the_last_checkpoint(tmp_path: Path):
    whole, path = started("CBOW"), tmp_path / "checkpoint"
    train(whole, epochs=EPOCHS)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: train(
            started("CBOW"), epochs=EPOCHS, checkpoint=path, every=2, callbacks=[Kill()]
        )
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    model = Word2Vec.load(path)
    assert model.epochs_trained == 2
    model.resume(SENTENCES)
    assert_same(model, whole)


def test_resuming_goes_on_where_an_earlier_start_lay(tmp_path: Path):
    whole, cut = (Word2Vec(**SETTINGS | {"seed": seed}) for seed in (1, 1))
    for model in (whole, cut):
        model.build_vocab(SENTENCES)
    lines = {"epochs": EPOCHS, "start_alpha": 0.04, "end_alpha": 0.01, "word_count": 700}
    train(whole, **lines)
    train(cut, **lines, callbacks=[StopAfter(FIRST)])
    model = moved(cut, tmp_path)
    model.resume(SENTENCES)
    assert_same(model, whole)
    assert (model.epochs, model.alpha, model.min_alpha) == (EPOCHS, 0.04, 0.01)


def test_a_model_without_a_seed_resumes_with_the_one_it_drew(tmp_path: Path):
    cut = Word2Vec(**SETTINGS | {"seed": None})
    cut.build_vocab(SENTENCES)
    train(cut, epochs=EPOCHS, callbacks=[StopAfter(FIRST)])
    twins = [moved(cut, tmp_path) for _ in range(2)]
    for twin in twins:
        twin.resume(SENTENCES)
    assert_same(*twins)


def test_what_can_not_be_resumed_says_so(tmp_path: Path):
    model = started("CBOW")
    with pytest.raises(RuntimeError, match="nothing to resume"):
        model.resume(SENTENCES)
    train(model, epochs=EPOCHS, callbacks=[StopAfter(FIRST)])
    with pytest.raises(ValueError, match="corpus of 3,000 words, and this one has 2,990"):
        model.resume(SENTENCES[1:])
    with pytest.raises(ValueError, match="every is 0"):
        model.resume(SENTENCES, checkpoint=tmp_path / "checkpoint", every=0)
    model.resume(SENTENCES)
    with pytest.raises(RuntimeError, match="nothing to resume"):
        model.resume(SENTENCES)


@pytest.mark.parametrize(
    "found", [3, {}, {"n_epochs": 0}, [1], dict.fromkeys(unfinished.RULES, "x")]
)
def test_a_file_with_a_nonsensical_rest_is_refused(found: object, tmp_path: Path):
    model = started("CBOW")
    train(model, epochs=1)
    model.save(tmp_path / "model")
    kind, tensors, metadata = native.read(tmp_path / "model")
    metadata["state"]["unfinished"] = found
    native.write(tmp_path / "model", kind, tensors, metadata)
    with pytest.raises(FormatError):
        Word2Vec.load(tmp_path / "model")
