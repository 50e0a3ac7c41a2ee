"""Word2Vec(softmax=1): what it learns, its errors, its files, the command line."""

import logging

import numpy as np
import pytest
import toy

from fastsgns import Word2Vec, cli
from fastsgns.models.words import objective

FEW = toy.sentences()[:40]


def made(sentences=FEW, **options):
    defaults = {
        "vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "negative": 0, "softmax": 1,
    }  # fmt: skip
    return Word2Vec(sentences, **defaults | options)


def bigrams(n_words=6, n_sentences=400):
    """Sentences of two words, and how often a word (column) occurs beside each other (row)."""
    rng = np.random.default_rng(2)
    joint = rng.gamma(0.5, size=(n_words, n_words)) + 0.02
    drawn = rng.choice(n_words**2, n_sentences, p=(joint / joint.sum()).ravel())
    pairs = np.stack(np.divmod(drawn, n_words), axis=1)
    counts = np.zeros((n_words, n_words))
    np.add.at(counts, (pairs[:, 0], pairs[:, 1]), 1)
    np.add.at(counts, (pairs[:, 1], pairs[:, 0]), 1)
    return [[f"w{a}", f"w{b}"] for a, b in pairs.tolist()], counts


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("workers", [1, 2])
def test_with_enough_dimensions_it_learns_the_conditional_distribution(sg, workers):
    """d >= V: the optimum is p(w | v) = n(v, w) / n(v), its loss the conditional entropy."""
    sentences, counts = bigrams()
    model = made(
        sentences, sg=sg, window=1, sample=0, epochs=300, alpha=0.1, compute_loss=True,
        workers=workers,
    )  # fmt: skip
    truth = counts / counts.sum(axis=1, keepdims=True)
    for v in range(len(truth)):
        learned = dict(model.predict_output_word([f"w{v}"], topn=len(truth)))
        assert sum(learned.values()) == pytest.approx(1, abs=1e-5)
        for w in range(len(truth)):
            assert learned[f"w{w}"] == pytest.approx(truth[v, w], abs=0.02)
        likely = dict(model.predict_contexts(f"w{v}", topn=len(truth)))
        assert likely == pytest.approx(learned, abs=1e-6)
    seen = np.where(counts > 0, counts, 1) / counts.sum(axis=1, keepdims=True)
    entropy = -(counts * np.log(seen)).sum() / counts.sum()
    assert model.epoch_losses[0] == pytest.approx(np.log(len(truth)), rel=0.1)
    assert entropy < model.epoch_losses[-1] < 1.01 * entropy


@pytest.mark.parametrize("sg", [0, 1])
def test_the_loss_falls_and_topics_are_found(sg):
    model = made(
        toy.sentences(), sg=sg, epochs=20, alpha=0.05, sample=0, compute_loss=True, workers=2
    )
    losses = model.epoch_losses
    assert np.log(len(model.wv)) > losses[0] > losses[5] > losses[-1]
    assert losses[-1] < 1.01 * np.log(toy.WORDS_PER_TOPIC)
    assert toy.share_of_neighbours(model.wv) > 0.95


@pytest.mark.parametrize("n_words", [1, 2, 3, 20])
@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}])
@pytest.mark.parametrize("alpha", [0.025, 0.25])
def test_tiny_vocabularies_stay_finite(n_words, options, alpha):
    """Long windows of few words, all alike: a word recurs many times within a batch."""
    drawn = np.random.default_rng(1).integers(n_words, size=(20, 100)).tolist()
    sentences = [[f"w{i}" for i in row] for row in drawn]
    model = made(
        sentences, window=10, shrink_windows=False, sample=0, alpha=alpha, compute_loss=True,
        **options,
    )  # fmt: skip
    assert np.isfinite(model.wv.vectors).all() and np.isfinite(model.syn1neg).all()
    assert model.epoch_losses[-1] < 1.1 * np.log(n_words) + 0.2


def test_same_seed_same_bytes():
    one, two, other = made(sg=1), made(sg=1), made(sg=1, seed=2)
    assert one.wv.vectors.tobytes() == two.wv.vectors.tobytes() != other.wv.vectors.tobytes()
    assert one.syn1neg.tobytes() == two.syn1neg.tobytes()


def test_a_locked_word_does_not_move():
    model = made(sg=1, epochs=1, sample=0)
    before = model.wv.vectors.copy()
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = 0
    model.train(FEW, total_examples=len(FEW), epochs=1)
    moved = (model.wv.vectors != before).any(axis=1)
    assert not moved[3] and moved.sum() == len(moved) - 1


@pytest.mark.parametrize("conflict", [{"negative": 5}, {"hs": 1}, {"negative": 5, "hs": 1}])
def test_other_objectives_are_refused(conflict):
    with pytest.raises(ValueError, match="with softmax=1 both must be 0"):
        made(**conflict)


def test_values_other_than_0_and_1_are_refused():
    with pytest.raises(ValueError, match=r"softmax is 2; allowed are 0 and 1"):
        made(softmax=2)


def test_it_is_keyword_only_and_off_by_default():
    assert Word2Vec().softmax == 0
    with pytest.raises(TypeError, match="positional"):
        Word2Vec(*[None] * 28)


def test_saved_and_trained_on(tmp_path):
    """Continuing after loading equals continuing without saving, byte for byte."""
    model = made(sg=1)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert (loaded.softmax, loaded.negative) == (1, 0)
    assert loaded.predict_output_word(["fruit1"]) == model.predict_output_word(["fruit1"])
    for each in (model, loaded):
        each.train(FEW, total_examples=len(FEW), epochs=2)
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)


def test_the_vocabulary_can_grow():
    model = made(sg=1)
    old = model.syn1neg.copy()
    new = [["fruit1", "fruit2", "fruit9"]] * 9
    model.build_vocab(new, update=True)
    assert model.syn1neg.shape == (len(model.wv), 8)
    np.testing.assert_array_equal(model.syn1neg[: len(old)], old)
    model.train(new, total_examples=9, epochs=3)
    assert model.syn1neg[-1].any()


def test_memory_counts_the_output_matrix():
    report = made().estimate_memory(1000)
    assert report["syn1neg"] == report["vectors"] > 0
    assert report["syn1"] == 0


def test_large_vocabularies_are_warned_of_and_learned_in_small_batches():
    with pytest.warns(UserWarning, match=r"scores all 60,000 words.* negative=5"):
        objective.warn_of_slow_softmax(60_000)
    objective.warn_of_slow_softmax(50_000)
    assert [objective.softmax_batch(n) for n in (0, 60_000, 1 << 21)] == [64, 64, 8]


def test_the_log_says_so(caplog):
    with caplog.at_level(logging.INFO, "fastsgns"):
        made(sg=1)
    assert "skip-gram with full softmax" in caplog.text


def test_command_line(tmp_path, capsys):
    text = tmp_path / "text"
    text.write_text("\n".join(map(" ".join, FEW)))
    command = ["train", str(text), "-o", str(tmp_path / "model"), "--softmax", "--min-count", "1"]
    assert cli.main([*command, "--dim", "4"]) == 0
    model = Word2Vec.load(tmp_path / "model")
    assert (model.softmax, model.negative, model.hs) == (1, 0, 0)
    capsys.readouterr()
    with pytest.raises(SystemExit):
        cli.main([*command, "--negative", "5"])
    assert "with --softmax both must be 0" in capsys.readouterr().err
