"""Experiments of the study: gradients, slow twins, and what is known beforehand."""

import json

import numpy as np
import pytest
import toy

from fastsgns import EncodedCorpus
from fastsgns.study.experiments import batches, exact, measures, spectrum
from fastsgns.study.experiments.frozen import cbow
from fastsgns.study.experiments.spaces import Spaces
from fastsgns.study.experiments.trained import resumed, train, trained
from fastsgns.study.material import Material
from fastsgns.study.settings import Settings

SETTINGS = Settings(
    n_seeds=2, dimensions=8, window=3, epochs=4, min_count=1, alpha=0.1, sample=0, n_frequent=24,
    n_exact=20, exact_dimensions=4, exact_steps=60, batch_tokens=2000, batch_epochs=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def material() -> Material:
    return Material(EncodedCorpus.from_iterable(toy.sentences(600)), SETTINGS)


# exact losses


@pytest.fixture(scope="module")
def cells() -> exact.Cells:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 5, size=(6, 6)).astype(float)
    return exact.Cells.of(counts + counts.T, 5)


@pytest.mark.parametrize("shape", exact.SHAPES)
def test_gradient_is_the_numeric_one(cells: exact.Cells, shape: str):
    loss, n = exact.parameterized(cells, shape, 4)
    at = np.random.default_rng(2).standard_normal(n)
    gradient = loss(at)[1]
    step = 1e-6 * np.eye(n)
    numeric = np.array([(loss(at + s)[0] - loss(at - s)[0]) / 2e-6 for s in step])
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-8)


def test_two_parts_make_the_loss(cells: exact.Cells):
    x = np.random.default_rng(3).normal(0, 3, size=(6, 6))
    near, far = cells.attraction(x), cells.repulsion(x)
    value, gradient = cells.loss(x)
    assert value == pytest.approx(near[0] + far[0])
    np.testing.assert_allclose(gradient, near[1] + far[1], atol=1e-12)


def test_levels_are_those_of_their_scores(cells: exact.Cells):
    levels = cells.levels()
    assert cells.loss(np.zeros((6, 6)))[0] == pytest.approx(levels["zero"])
    assert cells.loss(np.full((6, 6), -np.log(5)))[0] == pytest.approx(levels["constant"])
    with np.errstate(divide="ignore"):
        best = np.log(cells.positive) - np.log(cells.negative)
    value, gradient = cells.loss(np.maximum(best, -60))
    assert value == pytest.approx(levels["optimum"])
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


def test_unknown_shape(cells: exact.Cells):
    with pytest.raises(ValueError, match="allowed are"):
        exact.parameterized(cells, "four", 4)


def test_two_beats_one_and_three_falls_to_nothing(material: Material):
    loss = {s: exact.exact(material, 1, s, 5)["loss"] for s in ("two", "one", "one+bias", "three")}
    assert loss["three"] < 0.1 < loss["two"] < loss["one"]
    assert loss["one+bias"] < loss["one"]


# CBOW in frozen batches


def slow(w, c, bias, words, contexts, batch, rate, bias_rate):
    """The formulas of the module with numpy, batch by batch; w and c may be one array."""
    total = 0.0
    for start in range(0, len(words), batch):
        dw, dc, db = np.zeros_like(w), np.zeros_like(c), 0.0
        for f, x in zip(words[start : start + batch], contexts[start : start + batch]):
            x = x[x >= 0]
            h = c[x].sum(axis=0)
            label = np.zeros(len(f))
            label[0] = 1
            y = w[f] @ h + bias[0]
            s = 1 / (1 + np.exp(-y))
            total -= np.log(np.where(label == 1, s, 1 - s)).sum()
            g = label - s
            np.add.at(dw, f, g[:, None] * h)
            np.add.at(dc, x, np.broadcast_to(g @ w[f], (len(x), w.shape[1])))
            db += g.sum()
        w += rate * dw
        c += rate * dc
        bias[0] += bias_rate * db
    return total


def example_arrays(n_words=9, d=5, n=40):
    rng = np.random.default_rng(4)
    words = rng.integers(n_words, size=(n, 4)).astype(np.int32)
    contexts = rng.integers(-1, n_words, size=(n, 6)).astype(np.int32)
    return rng.normal(0, 0.5, (n_words, d)), rng.normal(0, 0.5, (n_words, d)), words, contexts


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("one", [True, False])
def test_frozen_batches_are_those_of_the_slow_way(batch: int, one: bool):
    w, c, words, contexts = example_arrays()
    if one:
        c = w
    a, b = w.copy(), (w if one else c).copy()
    b = a if one else b
    increments = np.zeros_like(w)
    others = increments if one else np.zeros_like(c)
    biases = np.array([-0.5]), np.array([-0.5])
    scratch = np.zeros((2, w.shape[1]))
    found = cbow(
        a, b, increments, others, biases[0], words, contexts, batch, 0.1, 0.01, scratch
    )  # fmt: skip
    wanted = slow(w, c, biases[1], words, contexts, batch, 0.1, 0.01)
    assert found == pytest.approx(wanted)
    np.testing.assert_allclose(a, w, atol=1e-12)
    np.testing.assert_allclose(b, c, atol=1e-12)
    np.testing.assert_allclose(biases[0], biases[1])
    assert not increments.any() and not others.any()


@pytest.mark.parametrize("one", [True, False])
def test_frozen_step_is_the_numeric_gradient(one: bool):
    w, c, words, contexts = example_arrays(n=5)
    c = w if one else c
    bias = np.array([0.3])

    def loss(rows, others, b):
        args = np.zeros_like(w), np.zeros_like(w), np.array([b]), words, contexts, 5, 0.0, 0.0
        return cbow(rows, others, *args, np.zeros((2, w.shape[1])))

    before = w.copy(), c.copy()
    increments = np.zeros_like(w)
    args = (increments, increments if one else np.zeros_like(w), bias, words, contexts, 5, 1.0, 1.0)
    cbow(w, c, *args, np.zeros((2, w.shape[1])))
    for rows, start, at in ((w, before[0], 0), (c, before[1], 1)):
        for i, k in ((0, 0), (3, 2), (8, 4)):
            moved = [before[0].copy(), before[1].copy()], [before[0].copy(), before[1].copy()]
            for sign, pair in zip((1, -1), moved):
                for m in (0, 1) if one else (at,):
                    pair[m][i, k] += sign * 1e-6
            numeric = (loss(*moved[0], 0.3) - loss(*moved[1], 0.3)) / 2e-6
            assert rows[i, k] - start[i, k] == pytest.approx(-numeric, rel=1e-5, abs=1e-7)
    numeric = (loss(*before, 0.3 + 1e-6) - loss(*before, 0.3 - 1e-6)) / 2e-6
    assert bias[0] - 0.3 == pytest.approx(-numeric, rel=1e-5)


def test_windows_hold_the_neighbours():
    corpus = EncodedCorpus.from_iterable([["a", "b", "c"], ["d"], ["e", "a"]])
    focus, contexts = batches.windows(corpus, 2, 100)
    found = {int(f): sorted(c[c >= 0].tolist()) for f, c in zip(focus[:3], contexts)}
    assert found == {0: [1, 2], 1: [0, 2], 2: [0, 1]}
    assert focus.tolist() == [0, 1, 2, 4, 0]  # "d" has no context


@pytest.mark.parametrize("batch", [None, 1, 4])
def test_negatives_are_outside(batch: int | None):
    rng = np.random.default_rng(5)
    focus = rng.integers(6, size=40).astype(np.int32)
    contexts = rng.integers(-1, 6, size=(40, 4)).astype(np.int32)
    noise = np.full(12, 1 / 12)
    drawn, n_failed = batches.draw_negatives(focus, contexts, noise, 3, batch, rng)
    assert n_failed == 0
    for start in range(0, 40, batch or 1):
        part = slice(start, start + (batch or 1))
        inside = {*focus[part].tolist(), *contexts[part].ravel().tolist()}
        assert inside.isdisjoint(drawn[part].ravel().tolist())


def test_negatives_that_can_not_be_outside_are_counted():
    focus, contexts = np.arange(4, dtype=np.int32), np.arange(4, dtype=np.int32)[:, None]
    noise, rng = np.full(4, 0.25), np.random.default_rng(6)
    assert batches.draw_negatives(focus, contexts, noise, 2, 4, rng)[1] == 8


def test_one_matrix_fails_and_a_bias_repairs(material: Material):
    common = {"batch": 1, "outside": "pair", "rate": 0.05}
    loss = {
        (m, b): batches.batches(material, 1, matrices=m, bias=b, **common)["loss"]
        for m, b in (("one", False), ("one", True), ("two", False))
    }
    assert loss["one", True] < loss["one", False]
    assert loss["two", False] < loss["one", False]


def test_divergence_is_no_number(material: Material):
    given = {"matrices": "one", "batch": 1024, "outside": "pair", "bias": False}
    assert batches.batches(material, 1, rate=1e6, **given)["loss"] is None


# trained models


def test_scores_are_those_of_all_modes(material: Material):
    rng = np.random.default_rng(7)
    focus, contexts = rng.integers(24, size=10), rng.integers(24, size=(10, 3))
    for given in (
        {}, {"matrices": "tied+bias", "bias": "word"}, {"matrices": "tied+reflect"},
        {"matrices": "three", "coupling": 0.1},
    ):  # fmt: skip
        spaces = Spaces.of(train(material, 1, negative=2, **given))
        bias = np.broadcast_to(spaces.bias, 24)
        for role in ("output", "negative"):
            rows = getattr(spaces, role)
            wanted = [
                [spaces.input[f] @ rows[c] + bias[c] for c in row]
                for f, row in zip(focus, contexts)
            ]
            np.testing.assert_allclose(
                spaces.scores(focus, contexts, getattr(spaces, role)), wanted, atol=1e-5
            )


def test_held_loss_approaches_the_exact_one(material: Material):
    """Means over sampled pairs and negatives agree with the sum over all cells."""
    spaces = Spaces.of(train(material, 1, negative=5))
    counts, noise = material.pairs.counts, material.noise
    positive = counts / counts.sum()
    x = spaces.input.astype(float) @ spaces.output.T
    cells = exact.Cells(positive, 5 * positive.sum(axis=1)[:, None] * noise, 5)
    assert measures.held_loss(material, spaces, 5) == pytest.approx(cells.loss(x)[0], abs=0.02)


def test_trained_results_are_fit_for_json(material: Material):
    found = trained(material, 1, negative=5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["parameters"] == 2 * 24 * 8
    assert trained(material, 1, matrices="tied")["parameters"] == 24 * 8
    assert found["score"]["input"] > 0.5  # words of a topic are alike
    assert found["score"]["input"] == found["scores"]["proxy: cosine of PPMI rows"]["input"]


def test_resumed_goes_on_from_the_same_state(material: Material):
    found = resumed(material, 1, more=1)
    n = SETTINGS.epochs
    losses = [found[state]["epoch losses"] for state in ("before", "both", "output reset")]
    assert losses[0] == losses[1][:n] == losses[2][:n]
    assert losses[2][n] > losses[1][n]


# measures


def test_cone_is_the_mean_cosine_of_pairs():
    rows = np.random.default_rng(8).normal(size=(7, 3)).astype(np.float32)
    spaces = Spaces(rows, -rows, -rows, np.zeros(1, np.float32))
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    wanted = np.mean([units[i] @ units[j] for i in range(7) for j in range(7) if i != j])
    found = measures.geometry(spaces, 7)
    assert found["input cone"] == pytest.approx(wanted, abs=1e-6)
    assert found["cosine of means"] == pytest.approx(-1)
    assert found["self"] == 1.0


def test_pmi_fit_of_the_optimum(material: Material):
    """Vectors whose products are PMI - log 5 give slope 1 and intercept -log 5."""
    pmi = material.pairs.pmi(material.noise)
    target = np.where(np.isfinite(pmi), pmi, -9) - np.log(5)
    eye = np.eye(24, dtype=np.float32)
    spaces = Spaces(target.astype(np.float32), eye, eye, np.zeros(1, np.float32))
    for kind in ("weighted", "plain"):
        found = measures.pmi_fit(material, spaces)[kind]
        assert found["correlation"] == pytest.approx(1, abs=1e-5)
        assert found["slope"] == pytest.approx(1, abs=1e-5)
        assert found["intercept"] == pytest.approx(-np.log(5), abs=1e-5)


# spectrum


def test_half_takes_whole_sentences(material: Material):
    found = spectrum.half(material.corpus, 1)
    assert 0.4 < len(found) / len(material.corpus) < 0.6
    whole = {tuple(s) for s in material.corpus}
    assert all(tuple(s) in whole for s in found)


def test_spectrum_of_topics_and_of_noise(material: Material):
    text, noise = (spectrum.spectrum(material, 1, shuffled=s) for s in (False, True))
    assert text["self"]["share_positive"] == 1.0
    assert abs(noise["self"]["mean"]) < 0.1 < text["self"]["mean"]
    assert noise["errors"]["one"] > 0.9  # the mean, -log 5, is all there is
    assert noise["errors"]["scalar_bias"] < 0.2
    assert text["errors"]["two"] < text["errors"]["scalar_bias"] < text["errors"]["one"]
