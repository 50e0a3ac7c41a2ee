"""Subclasses that override the methods of a batch, as programs for gensim do."""

import copy
import threading
from typing import Any

import numpy as np
import pytest
import toy

from fastsgns import Word2Vec
from fastsgns.models.callbacks import CallbackAny2Vec, StopTraining
from fastsgns.models.word2vec_inner import train_batch_cbow, train_batch_sg

SETTINGS: dict[str, Any] = {"vector_size": 16, "min_count": 1, "sample": 0, "workers": 1}
SENTENCES = toy.sentences()  # 400 of 10 words


class Recorded(Word2Vec):
    """Records its batches; ``super()`` trains them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.jobs: list[tuple[int, float]] = []
        super().__init__(*args, **kwargs)

    def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
        self.jobs.append((len(sentences), alpha))
        assert [array.shape for array in inits] == [(16,), (16,)]
        return super()._do_train_job(sentences, alpha, inits)


@pytest.mark.parametrize(
    "more",
    [
        {"sg": 1},
        {"sg": 0},
        {"hs": 1, "negative": 0},
        {"softmax": 1, "negative": 0},
        {"matrices": "tied+reflect", "sg": 1},
    ],
)
def test_batches_learn_what_chunks_learn(more: dict[str, Any]):
    settings = SETTINGS | {"epochs": 20, "batch_words": 200} | more
    model = Recorded(SENTENCES, **settings)
    assert toy.share_of_neighbours(model.wv) > 0.9
    assert toy.share_of_neighbours(Word2Vec(SENTENCES, **settings).wv) > 0.9
    assert model.epochs_trained == model.train_count * 20 == 20


def test_batches_have_at_most_batch_words_and_a_falling_rate():
    model = Recorded(SENTENCES, **SETTINGS, epochs=2, batch_words=999, alpha=0.05, min_alpha=0.01)
    sizes, rates = zip(*model.jobs)
    assert sizes == (*[99] * 4, 4) * 2
    done = np.array([0, 99, 198, 297, 396, 400, 499, 598, 697, 796]) / 800
    np.testing.assert_allclose(rates, 0.05 - 0.04 * done)
    assert model.min_alpha_yet_reached == rates[-1]


def test_a_rate_by_words_and_a_sentence_longer_than_a_batch():
    model = Recorded(**SETTINGS, batch_words=12, alpha=0.05, min_alpha=0.01)
    model.build_vocab([["a"] * 10, ["b"] * 30])
    result = model.train([["a"] * 10, ["b"] * 30], total_words=40, epochs=1)
    np.testing.assert_allclose([rate for _, rate in model.jobs], [0.05, 0.04])
    assert result == (40, 40)


def test_what_the_override_returns_is_counted():
    class Walks(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            walks = [["x", "y"] * 3 for _ in sentences]
            return super()._do_train_job(walks, alpha, inits)

        def _raw_word_count(self, job: Any) -> int:
            return 7 * len(list(job))

    model = Walks(**SETTINGS)
    model.build_vocab([["x"], ["y"]])
    before = model.wv.vectors.copy()
    starts = ([start] for start in (0, 1, 2))  # can be read once; ids instead of words
    assert model.train(starts, total_examples=3, epochs=1) == (18, 21)
    assert not np.array_equal(model.wv.vectors, before)


@pytest.mark.parametrize("workers", [1, 3, -1])
def test_the_loss_is_that_of_training_without_batches(workers: int):
    settings = SETTINGS | {"workers": workers, "compute_loss": True, "epochs": 4, "sg": 1}
    model = Recorded(SENTENCES, **settings, batch_words=500)
    plain = Word2Vec(SENTENCES, **settings)
    np.testing.assert_allclose(model.epoch_losses, plain.epoch_losses, rtol=0.1)
    n_pairs, expected = (
        each.running_training_loss / np.mean(each.epoch_losses) for each in (model, plain)
    )
    assert n_pairs == pytest.approx(expected, rel=0.1)


def test_one_worker_gives_the_same_vectors_each_time():
    first, second = (Recorded(SENTENCES, **SETTINGS, seed=5) for _ in range(2))
    assert np.array_equal(first.wv.vectors, second.wv.vectors)
    assert not np.array_equal(first.wv.vectors, Recorded(SENTENCES, **SETTINGS, seed=6).wv.vectors)


def test_threads_share_the_batches():
    class Threads(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            if not meeting.broken and len(seen) < 2:
                seen.add(threading.get_ident())
                meeting.wait(timeout=30)
            return super()._do_train_job(sentences, alpha, inits)

    meeting, seen = threading.Barrier(2), set[int]()
    Threads(SENTENCES, **SETTINGS | {"workers": 2}, batch_words=100)
    assert len(seen) == 2


def test_an_error_of_the_override_is_raised_by_train():
    class Fails(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            raise KeyError("walk")

    with pytest.raises(KeyError, match="walk"):
        Fails(SENTENCES, **SETTINGS)


def test_callbacks_are_called_and_can_save_and_stop(tmp_path):
    class Save(CallbackAny2Vec):
        def on_epoch_end(self, model: Any) -> None:
            model.save(tmp_path / "model")
            if model.epochs_trained == 2:
                raise StopTraining

    model = Recorded(SENTENCES, **SETTINGS, callbacks=[Save()], batch_words=100)
    assert model.epochs_trained == 2
    assert np.array_equal(Word2Vec.load(tmp_path / "model").wv.vectors, model.wv.vectors)
    assert len(copy.deepcopy(model).jobs) == len(model.jobs)


def test_progress_is_reported():
    reports = []
    settings = SETTINGS | {"compute_loss": True, "progress": reports.append, "epochs": 2}
    Recorded(SENTENCES, **settings, batch_words=100)
    last = [report for report in reports if report.step == "training"][-1]
    assert (last.done, last.total, last.epoch, last.n_epochs) == (800, 800, 2, 2)
    assert last.loss > 0
    assert last.alpha < 0.001


@pytest.mark.parametrize("train", [train_batch_sg, train_batch_cbow])
def test_a_batch_can_be_trained_by_itself(train: Any):
    model = Word2Vec(**SETTINGS, sg=int(train is train_batch_sg))
    model.build_vocab(SENTENCES)
    before = model.wv.vectors.copy()
    assert train(model, [[*SENTENCES[0], "unknown"], ["unknown"]], 0.05, None) == 10
    assert not np.array_equal(model.wv.vectors, before)
    assert model.syn1neg.any()
    assert train(model, [["unknown"]], 0.05) == 0


def test_the_override_can_call_the_kernels_itself():
    class Own(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            work, _ = inits
            n = train_batch_sg(self, sentences, alpha, work, self.compute_loss)
            return n, self._raw_word_count(sentences)

    model = Own(SENTENCES, **SETTINGS, sg=1, epochs=20, batch_words=200)
    assert toy.share_of_neighbours(model.wv) > 0.9


# What batches share with chunks


class Own(Word2Vec):
    """Is trained by batches, as it overrides a method."""

    def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
        return super()._do_train_job(sentences, alpha, inits)


BOTH = [Word2Vec, Own]


def built(kind: Any, sentences: Any = SENTENCES, **options: Any) -> Any:
    model = kind(**SETTINGS | options)
    model.build_vocab(sentences)
    return model


@pytest.mark.parametrize("kind", BOTH)
def test_a_generator_that_was_set_gives_the_seed(kind: Any):
    def trained(seed: int) -> Any:
        model = built(kind)
        model.random = np.random.default_rng(seed)
        model.train(SENTENCES, total_examples=400, epochs=1)
        return model.wv.vectors

    np.testing.assert_array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "corpus, said",
    [
        ([["zz"]], "none of the 1 tokens of the corpus is in the vocabulary of"),
        ([], "the corpus, a list, has no sentences"),
        ([[], []], "none of the 2 sentences has a token"),
    ],
)
def test_a_corpus_without_known_words_is_said(kind: Any, corpus: Any, said: str):
    model, n_words = built(kind), sum(map(len, corpus))
    with pytest.warns(UserWarning, match=said) as warned:
        assert model.train(corpus, total_examples=2, epochs=3) == (0, 3 * n_words)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("kind", BOTH)
def test_a_corpus_of_which_subsampling_leaves_nothing_is_said(kind: Any):
    model = built(kind, [["a", "b", "c"]] * 9, sample=1e-30)
    with pytest.warns(UserWarning, match="nothing was learned: subsampling left no two words"):
        model.train([["a", "b", "c"]] * 9, total_examples=9, epochs=1)


@pytest.mark.filterwarnings("error")
def test_a_subclass_that_trains_by_itself_is_not_warned_of():
    class Itself(Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            return 0, 1

    assert built(Itself).train(SENTENCES, total_examples=400, epochs=1)[0] == 0


@pytest.mark.parametrize("kind", BOTH)
def test_the_same_is_logged(kind: Any, caplog: Any):
    model = built(kind, hs=1, negative=5, cbow_gradient="exact", sg=1)
    model.train(SENTENCES, total_examples=400, epochs=2)
    model.train(SENTENCES, total_examples=400, epochs=1)
    for line in (
        "Both hierarchical softmax and negative sampling are activated",
        "cbow_gradient='exact' has no effect with sg=1",
        "Effective 'alpha' higher than previous training cycles",
    ):
        assert line in caplog.text


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("delay, n_least, n_most", [(0, 2, 10**9), (3600, 0, 0)])
def test_lines_within_an_epoch(kind: Any, caplog: Any, delay: Any, n_least: int, n_most: int):
    model = built(kind)
    caplog.set_level("INFO", "fastsgns")
    model.train(SENTENCES, total_examples=400, epochs=2, report_delay=delay)
    lines = [r for r in caplog.records if " - PROGRESS: at " in r.getMessage()]
    assert n_least <= len(lines) <= n_most


@pytest.mark.parametrize("kind", BOTH)
def test_a_hook_can_end_training(kind: Any):
    model = built(kind)
    model.progress = lambda report: report.step == "training" and report.epoch == 2
    model.train(SENTENCES, total_examples=400, epochs=3)
    assert model.epochs_trained == 1
