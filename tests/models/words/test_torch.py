"""The matrices as layers of a network: what numpy must promise, and what torch makes of it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import toy
from optional import need

from fastsgns import Word2Vec

EXAMPLE = Path(__file__).parents[3] / "examples" / "rnn.py"


@pytest.fixture
def model() -> Word2Vec:
    settings = {"vector_size": 12, "min_count": 1, "workers": 1, "sg": 1, "epochs": 2}
    return Word2Vec(toy.sentences(100), **settings)


def train_on(model: Word2Vec) -> None:
    model.train(toy.sentences(100), total_examples=100, epochs=1)


@pytest.mark.parametrize("role", ["input", "output"])
def test_a_matrix_can_be_wrapped_without_copying(role: str, model: Word2Vec):
    """What torch.from_numpy asks for: native float32, writable, strides of whole items above 0."""
    rows = model.roles[role].vectors
    assert rows.dtype == np.float32
    assert rows.dtype.isnative
    assert rows.flags.writeable
    assert all(stride > 0 and stride % rows.itemsize == 0 for stride in rows.strides)


@pytest.mark.parametrize("role", ["input", "output"])
def test_rows_written_back_are_trained_on(role: str, model: Word2Vec):
    rows = model.roles[role].vectors
    rows[:] = np.random.default_rng(0).normal(size=rows.shape) / 12
    written = rows.copy()
    train_on(model)
    assert model.roles[role].vectors is rows
    moved = np.abs(rows - written).max()
    assert 0 < moved < 0.5


@pytest.fixture
def torch():
    return need("torch")


def embedding_step(torch, rows: np.ndarray, freeze: bool, rate: float = 0.5) -> np.ndarray:
    """One step of SGD on the mean of the rows of words 0 and 1; their rows before it."""
    layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(rows), freeze=freeze)
    before = rows.copy()
    scale = torch.nn.Parameter(torch.ones(()))
    parameters = [scale, *(p for p in layer.parameters() if p.requires_grad)]
    optimizer = torch.optim.SGD(parameters, lr=rate)
    (scale * layer(torch.tensor([0, 1])).sum()).backward()
    optimizer.step()
    return before


def test_a_learned_first_layer_is_the_input_matrix(torch, model: Word2Vec):
    rows = model.wv.vectors
    before = embedding_step(torch, rows, freeze=False)
    np.testing.assert_allclose(model.wv.vectors[:2], before[:2] - 0.5, atol=1e-6)
    np.testing.assert_array_equal(model.wv.vectors[2:], before[2:])
    train_on(model)
    assert model.wv.vectors is rows
    assert np.isfinite(rows).all()


def test_a_frozen_first_layer_stays(torch, model: Word2Vec):
    before = embedding_step(torch, model.wv.vectors, freeze=True)
    np.testing.assert_array_equal(model.wv.vectors, before)


def test_the_example_learns_faster_than_from_random_numbers(torch, tmp_path: Path):
    spec = importlib.util.spec_from_file_location("rnn", EXAMPLE)
    rnn = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rnn)
    text = toy.sentences(400)
    model = Word2Vec(text, vector_size=12, min_count=1, workers=1, sg=1, epochs=5)
    ids = np.array([model.wv.get_index(word) for sentence in text for word in sentence], np.int32)
    torch.manual_seed(0)
    before = model.wv.vectors.copy(), model.syn1neg.copy()
    rnn.fit(rnn.of_word2vec(model, freeze=True), ids, n_steps=5)
    np.testing.assert_array_equal(model.wv.vectors, before[0])
    assert not np.array_equal(model.syn1neg, before[1])
    loss = rnn.fit(rnn.of_word2vec(model, freeze=False), ids, n_steps=10)
    assert not np.array_equal(model.wv.vectors, before[0])
    assert loss < rnn.fit(rnn.of_random_numbers(model), ids, n_steps=10)
    train_on(model)
    assert np.isfinite(model.wv.vectors).all()
