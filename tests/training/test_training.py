"""Schedule, trainer, threads: what is trained, at which rate, and how it ends."""

import json
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import toy

from fastsgns import EncodedCorpus, Word2Vec, kernels
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.models.callbacks import CallbackAny2Vec, StopTraining
from fastsgns.models.parameters import check
from fastsgns.models.words.objective import make_objective
from fastsgns.runtime.threads import WorkerPool, WorkerThread
from fastsgns.training import epoch
from fastsgns.training.examples import TokenChunks, cut
from fastsgns.training.rounds import Elsewhere, Rounds, runs_rounds
from fastsgns.training.trainer import Schedule, Tally, Trainer
from fastsgns.training.unfinished import Place

SENTENCES = toy.sentences()
N_TOKENS = sum(map(len, SENTENCES))


def built(**options):
    model = Word2Vec(**{"vector_size": 16, "min_count": 1, "workers": 1, "sample": 0} | options)
    model.build_vocab(SENTENCES)
    return model


def fit(model, epochs=2, **options):
    return model.train(SENTENCES, total_examples=len(SENTENCES), epochs=epochs, **options)


def spied(monkeypatch):
    """The ranges, rates and streams that the kernel is called with."""
    calls, inner, lock = [], kernels.train_chunk, threading.Lock()

    def train_chunk(objective, ids, offsets, *place):
        with lock:
            calls.append(place)
        return inner(objective, ids, offsets, *place)

    monkeypatch.setattr(kernels, "train_chunk", train_chunk)
    return calls


def assert_no_thread_left():
    workers = [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)]
    assert all(worker.finished.is_set() for worker in workers)


@pytest.fixture(autouse=True)
def no_thread_outlives_a_test():
    yield
    assert_no_thread_left()


def test_schedule_falls_linearly_to_the_end():
    schedule = Schedule(0.5, 0.1, n_units=100, n_epochs=4)
    assert schedule.rate(0, 0) == 0.5
    assert schedule.rate(3, 100) == pytest.approx(0.1)
    assert schedule.rate(2, 0) == schedule.rate(1, 100) == pytest.approx(0.3)
    assert schedule.rate(9, 0) == pytest.approx(0.1), "never below the end"


def test_schedule_counts_what_lay_before():
    schedule = Schedule(1.0, 0.0, n_units=100, n_epochs=3, n_skipped=100)
    assert schedule.rate(0, 0) == 0.75
    assert schedule.rate(2, 100) == 0.0


def test_the_rate_of_a_small_corpus_falls_in_steps():
    schedule = Schedule(1.0, 0.0, n_units=100, n_epochs=2, step=40)
    places = [(0, 0, 20), (0, 20, 40), (0, 40, 60), (0, 90, 100), (1, 0, 30), (1, 80, 100)]
    held = [1.0, 1.0, 0.8, 0.6, 0.5, 0.1]
    assert [schedule.rates(*place) for place in places] == [
        (pytest.approx(rate), pytest.approx(rate)) for rate in held
    ]


def test_steps_shorter_than_a_chunk_are_a_line():
    schedule = Schedule(1.0, 0.0, n_units=100, n_epochs=1, step=20)
    assert schedule.rates(0, 30, 50) == (0.7, 0.5)
    assert schedule.rates(0, 30, 49) == (0.8, 0.8)


@pytest.mark.parametrize("step", [0, 1, 10])
def test_the_rate_of_many_steps_falls_linearly(step):
    schedule = Schedule(1.0, 0.0, n_units=640, n_epochs=1, step=step)
    assert schedule.rates(0, 5, 325) == (1 - 5 / 640, 1 - 325 / 640)


@pytest.mark.parametrize(
    "batch_words, expected", [(10_000, 1), (0, None), (None, 1), (N_TOKENS // 2, 2)]
)
def test_batch_words_have_one_rate(monkeypatch, batch_words, expected):
    calls = spied(monkeypatch)
    fit(built(alpha=0.1, min_alpha=0.0, batch_words=batch_words), epochs=1)
    first, last = np.array([call[2:4] for call in calls]).T
    if expected is None:
        assert (last < first).all()
    else:
        assert (last == first).all()
        np.testing.assert_allclose(
            np.unique(first)[::-1], 0.1 - 0.1 * np.arange(expected) / expected
        )


def test_words_outside_the_vocabulary_count_for_a_step(monkeypatch):
    calls = spied(monkeypatch)
    model = built(alpha=0.1, min_alpha=0.0, batch_words=N_TOKENS)
    strange = [sentence + ["unknown"] * len(sentence) for sentence in SENTENCES]
    model.train(strange, total_examples=len(strange), epochs=1)
    assert sorted({call[2] for call in calls}) == [0.05, 0.1]


def test_word_count_lowers_the_first_rate(monkeypatch):
    calls = spied(monkeypatch)
    fit(built(alpha=1.0, min_alpha=0.0), epochs=1, word_count=N_TOKENS)
    assert calls[0][2] == pytest.approx(0.5)


def test_rates_and_streams_do_not_depend_on_the_number_of_workers(monkeypatch):
    calls = spied(monkeypatch)
    placed = []
    for workers in (1, 3):
        calls.clear()
        fit(built(workers=workers))
        placed.append(sorted(calls))
    assert len(placed[0]) > 4
    assert placed[0] == placed[1]


def test_each_token_is_trained_on_once_an_epoch_at_falling_rates(monkeypatch):
    calls = spied(monkeypatch)
    n_trained, n_words = fit(built(alpha=0.05, min_alpha=0.01, batch_words=0), epochs=3)
    assert (n_trained, n_words) == (3 * N_TOKENS, 3 * N_TOKENS)
    starts, stops, first_rates, last_rates, streams = map(np.array, zip(*calls))
    np.testing.assert_array_equal(starts[1:] % N_TOKENS, stops[:-1] % N_TOKENS)
    assert int((stops - starts).sum()) == 3 * N_TOKENS
    np.testing.assert_allclose(first_rates[1:], last_rates[:-1])
    assert first_rates[0] == 0.05 and last_rates[-1] == pytest.approx(0.01)
    assert len(set(streams.tolist())) == len(streams)


def test_repeated_calls_fall_anew_and_draw_anew(monkeypatch):
    calls = spied(monkeypatch)
    model = built(batch_words=0)
    fit(model, 1, start_alpha=0.04, end_alpha=0.02)
    assert (model.alpha, model.min_alpha) == (0.04, 0.02)
    fit(model, 1, start_alpha=0.02, end_alpha=0.0)
    half = len(calls) // 2
    assert calls[half - 1][3] == pytest.approx(calls[half][2]) == pytest.approx(0.02)
    assert calls[-1][3] == pytest.approx(0.0), "an end of 0 is an end"
    assert {call[4] for call in calls[:half]}.isdisjoint(call[4] for call in calls[half:])


def test_lowest_rate_is_remembered_and_a_rise_is_logged(caplog):
    model = built(alpha=0.05, min_alpha=0.01, batch_words=0)
    assert model.min_alpha_yet_reached == 0.05
    fit(model)
    assert model.min_alpha_yet_reached == pytest.approx(0.01)
    assert "alpha rises" not in caplog.text
    fit(model)
    assert "Effective 'alpha' higher than previous training cycles: it rises to 0.05" in caplog.text


def test_a_loop_of_single_epochs_by_hand(caplog):
    model = built(alpha=0.025, min_alpha=0.025)
    for _ in range(3):
        fit(model, 1)
        model.alpha -= 0.002
        model.min_alpha = model.alpha
    assert "alpha rises" not in caplog.text
    assert model.epochs_trained == 3
    model.alpha = -0.001
    with pytest.raises(ValueError, match=r"alpha is -0.001"):
        fit(model, 1)


def test_subsampling_counts_in_what_is_returned():
    model = built(sample=0.01)
    model.scan_vocab(SENTENCES)
    reported = model.prepare_vocab(dry_run=True)
    n_trained, n_words = fit(model)
    assert n_words == 2 * N_TOKENS
    expected = 2 * reported["downsample_total"]
    assert n_trained == pytest.approx(expected, rel=0.05)


def test_trainer_yields_a_tally_an_epoch():
    model = built(compute_loss=True)
    counts = model.wv.expandos["count"]
    corpus = EncodedCorpus.from_iterable(SENTENCES, Vocabulary(model.wv.index_to_key, counts))
    objective = make_objective(check(model), model.wv, model.current_arrays(), counts)
    seen = []
    trainer = Trainer(
        objective, TokenChunks(corpus.ids, corpus.offsets),
        Schedule(0.05, 0.0, N_TOKENS, 2), seed=3, n_workers=2, show=False,
        on_progress=lambda epoch, tally, total: seen.append(epoch),
    )  # fmt: skip
    tallies = list(trainer.epochs())
    assert [tally.n_units for tally in tallies] == [N_TOKENS] * 2
    assert trainer.total.n_examples == sum(tally.n_examples for tally in tallies)
    assert seen[0] == 0 and seen[-1] == 1
    assert Tally().mean_loss == 0


@pytest.mark.parametrize("is_fine", [False, True])
def test_an_epoch_is_continued_in_the_chunks_that_it_began_with(is_fine):
    """A cluster has finer ones than one machine, and each can resume what the other has begun."""
    ids, offsets = np.zeros(200_000, np.int32), np.arange(0, 200_001, 10)
    starts = cut(len(ids), is_fine=is_fine)
    assert starts.step == (1500 if is_fine else 3125)
    model = built()
    counts = model.wv.expandos["count"]
    objective = make_objective(check(model), model.wv, model.current_arrays(), counts)
    settings = objective, TokenChunks(ids, offsets), Schedule(0.05, 0.0, len(ids), 2)
    place = Place(n_chunks=7, n_units=7 * starts.step)
    assert Trainer(*settings, seed=3, n_workers=2, begin=place).starts == starts

    def layout(chunks):
        return Rounds(chunks, n_shards=2)

    with runs_rounds(Elsewhere(None, layout, None)):
        assert Trainer(*settings, seed=3, n_workers=2, begin=place).starts == starts
        begun_there = Trainer(*settings, seed=3, n_workers=2)
    assert begun_there.starts == cut(len(ids), is_fine=True)


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"hs": 1, "negative": 0}])
def test_loss_is_a_double_that_falls(options):
    model = built(compute_loss=True, alpha=0.05, **options)
    fit(model, 6)
    assert len(model.epoch_losses) == 6
    assert all(type(loss) is float for loss in model.epoch_losses)
    assert model.epoch_losses[-1] < 0.9 * model.epoch_losses[0]


def test_loss_of_the_constructor_is_honored_and_summed_over_a_call():
    reported = []

    class Report(CallbackAny2Vec):
        def on_epoch_end(self, model):
            reported.append(model.get_latest_training_loss())

    model = Word2Vec(
        SENTENCES, vector_size=16, min_count=1, workers=1, compute_loss=True, callbacks=[Report()]
    )
    assert len(reported) == len(model.epoch_losses) == 5
    assert np.all(np.diff(reported) > 0)
    latest = model.get_latest_training_loss()
    assert latest == model.running_training_loss == reported[-1]
    fit(model, 1, callbacks=())
    assert model.get_latest_training_loss() < latest, "summed anew by each call"
    assert len(model.epoch_losses) == 6
    fit(model, 1, compute_loss=False, callbacks=())
    assert model.get_latest_training_loss() == 0.0 and len(model.epoch_losses) == 6


def test_a_callback_may_reset_the_running_loss():
    model, sums = built(compute_loss=True, sg=1), []

    class Reset:
        def on_epoch_end(self, model):
            sums.append(model.get_latest_training_loss())
            model.running_training_loss = 0.0

    fit(model, 4, callbacks=[Reset()])
    means = np.array(model.epoch_losses)
    np.testing.assert_allclose(np.array(sums) / sums[0], means / means[0], rtol=0.02)


def test_loss_is_about_the_same_with_more_workers():
    losses = []
    for workers in (1, 3):
        model = built(compute_loss=True, sg=1, workers=workers)
        fit(model, 4)
        losses.append(model.epoch_losses)
    np.testing.assert_allclose(*losses, rtol=0.03)


def test_callbacks_are_called_in_order_and_need_not_be_complete():
    calls = []

    class All(CallbackAny2Vec):
        def on_train_begin(self, model):
            calls.append("TB")

        def on_epoch_begin(self, model):
            calls.append("EB")

        def on_epoch_end(self, model):
            calls.append("EE")

        def on_train_end(self, model):
            calls.append("TE")

    class Ends:
        def on_epoch_end(self, model):
            calls.append("ee")

    fit(built(), 2, callbacks=[All(), Ends()])
    assert " ".join(calls) == "TB EB EE ee EB EE ee TE"


def test_callbacks_of_the_constructor_wait_for_train():
    calls = []

    class Count:
        def on_epoch_end(self, model):
            calls.append(model.epochs_trained)

    fit(built(callbacks=[Count()]), 2)
    assert calls == [1, 2]


def test_stop_training_ends_without_an_error():
    calls = []

    class Enough:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2:
                raise StopTraining("enough")

        def on_train_end(self, model):
            calls.append("end")

    model = built()
    n_trained, _ = fit(model, 9, callbacks=[Enough()])
    assert (model.epochs_trained, n_trained, calls) == (2, 2 * N_TOKENS, ["end"])


@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_an_exception_of_a_callback_reaches_the_caller(event):
    class Fails:
        pass

    def fail(self, model):
        raise ZeroDivisionError(event)

    setattr(Fails, event, fail)
    model = built(workers=2)
    with pytest.raises(ZeroDivisionError, match=event):
        fit(model, callbacks=[Fails()])
    assert_no_thread_left()
    fit(model)


def test_an_exception_in_a_worker_reaches_the_caller_and_stops_the_rest(monkeypatch):
    inner, calls = kernels.train_chunk, []

    def train_chunk(objective, ids, offsets, start, *rest):
        calls.append(start)
        if len(calls) == 2:
            raise OSError("the disk is gone")
        return inner(objective, ids, offsets, start, *rest)

    model = built(workers=2)
    with monkeypatch.context() as patch:
        patch.setattr(kernels, "train_chunk", train_chunk)
        with pytest.raises(OSError, match="the disk is gone"):
            fit(model, epochs=50)
    assert_no_thread_left()
    assert len(calls) <= 4
    fit(model)


def test_an_exception_of_the_iterator_reaches_the_caller():
    class Broken:
        def __iter__(self):
            yield ["fruit1", "fruit2"]
            raise ConnectionError("lost")

    model = built(workers=2)
    with pytest.raises(ConnectionError, match="lost"):
        model.train(Broken(), total_examples=2, epochs=1)
    with pytest.raises(ConnectionError, match="lost"):
        Word2Vec(Broken(), min_count=1)
    fit(model)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_interrupts_the_wait_stops_the_workers(monkeypatch, error):
    inner, pools, stopped = kernels.train_chunk, [], []

    class Pool(WorkerPool):
        def run(self, tick=None):
            pools.append(self)
            super().run(tick)

    def train_chunk(*arguments):
        stopped.append(pools[-1].stopping.wait(20))
        return inner(*arguments)

    def interrupt(self, *_):
        raise error

    model = built(workers=2)
    with monkeypatch.context() as patch:
        patch.setattr(kernels, "train_chunk", train_chunk)
        patch.setattr(epoch, "WorkerPool", Pool)
        patch.setattr(Trainer, "_report_progress", interrupt)
        with pytest.raises(error):
            fit(model, 50)
    assert_no_thread_left()
    assert stopped in ([True], [True, True])  # a chunk per worker, and none after it
    assert np.isfinite(model.wv.vectors).all()
    fit(model)


INTERRUPTED = """
    import json, signal, sys, threading
    import numpy as np
    from fastsgns import EncodedCorpus, Word2Vec, kernels
    from fastsgns.corpus.vocabulary import Vocabulary
    from fastsgns.runtime.threads import WorkerThread

    inner, begun, begun_before = kernels.train_chunk, [], []

    def train_chunk(*arguments):
        begun.append(threading.current_thread())
        if len(begun) == 5:
            print("ready", flush=True)
        return inner(*arguments)

    def press(*_):
        begun_before.append(len(begun))
        raise KeyboardInterrupt

    kernels.train_chunk = train_chunk
    signal.signal(signal.SIGINT, press)
    ids = np.random.default_rng(0).integers(1000, size=5_000_000, dtype=np.int32)
    counts = np.bincount(ids, minlength=1000)
    words = [f"w{i}" for i in range(1000)]
    corpus = EncodedCorpus(ids, np.array([0, len(ids)]), Vocabulary(words, counts))
    model = Word2Vec(vector_size=200, window=10, negative=20, sg=1, workers=2, sample=0)
    model.build_vocab(corpus)

    try:
        model.train(corpus, total_words=len(ids), epochs=100)
    except KeyboardInterrupt:
        at_work = [t for t in threading.enumerate() if isinstance(t, WorkerThread)]
        at_work = [thread for thread in at_work if not thread.finished.is_set()]
        n_more = len(begun) - begun_before[0]
        print(json.dumps({"threads": len(at_work), "few_more": n_more <= 2}), flush=True)
    before = model.wv.vectors.copy()
    model.save(sys.argv[1])
    some = [words[:50]] * 20
    model.train(some, total_examples=20, epochs=1)
    print(json.dumps({
        "learned": bool(model.syn1neg.any()),
        "finite": bool(np.isfinite(before).all() and np.isfinite(model.wv.vectors).all()),
        "saved": bool((Word2Vec.load(sys.argv[1]).wv.vectors == before).all()),
        "trained_on": bool((model.wv.vectors != before).any()),
    }))
"""


def test_ctrl_c_stops_all_threads_and_leaves_a_usable_model(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path / "model")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        stopped = json.loads(process.stdout.readline())
        facts = json.loads(process.communicate()[0])
        watchdog.cancel()
    assert stopped == {"threads": 0, "few_more": True}
    assert facts == dict.fromkeys(("learned", "finite", "saved", "trained_on"), True)


def test_vectors_that_overflow_are_an_error():
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(
            FloatingPointError,
            match=r"in epoch 1 of 2, .* rate of 1e\+30: .* lower alpha",
        ),
    ):
        fit(built(alpha=1e30, min_alpha=1e30, cbow_mean=0))


class Swap:
    """Puts a user's array in place of the vectors after the first epoch."""

    def on_epoch_end(self, model):
        if model.epochs_trained == 1:
            model.wv.vectors = np.full_like(model.wv.vectors, 0.25)


def test_arrays_that_a_callback_replaces_are_trained_on():
    model = Word2Vec(
        [["a", "b"]] * 20, vector_size=4, min_count=1, workers=1, sample=0, callbacks=[Swap()]
    )
    assert not np.array_equal(model.wv.vectors, np.full((2, 4), 0.25))
    assert np.abs(model.wv.vectors - 0.25).max() < 0.25


def test_a_vocabulary_that_a_callback_changes_is_refused():
    class Grow:
        def on_epoch_end(self, model):
            model.build_vocab([["new"] * 5], update=True)

    with pytest.raises(RuntimeError, match="changed the vocabulary"):
        Word2Vec([["a", "b"]] * 20, vector_size=4, min_count=1, workers=1, callbacks=[Grow()])


def test_refused_arguments_leave_the_model_as_it_was():
    sentences = [["a", "b"]] * 20
    model = Word2Vec(sentences, vector_size=4, min_count=1, workers=1)
    before = model.alpha, model.epochs, model.min_count
    for bad in ({"epochs": 0}, {"epochs": 1, "start_alpha": -0.5}):
        with pytest.raises(ValueError):
            model.train(sentences, total_examples=20, **bad)
    with pytest.raises(ValueError):
        model.build_vocab(sentences, min_count=10**6)
    assert (model.alpha, model.epochs, model.min_count) == before


def test_an_interrupted_epoch_is_not_drawn_again():
    class Interrupt:
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    sentences = [["a", "b"]] * 20
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.build_vocab(sentences)
    with pytest.raises(KeyboardInterrupt):
        model.train(sentences, total_examples=20, epochs=1, callbacks=[Interrupt()])
    assert model.epochs_begun == 1


def test_a_kernel_that_cannot_run_is_refused_before_the_corpus_is_read(monkeypatch):
    monkeypatch.setattr("fastsgns.kernels._refusal", "FASTSGNS_KERNEL: no such kernel")

    def corpus():
        raise AssertionError("the corpus was read")
        yield

    with pytest.raises(ValueError, match="FASTSGNS_KERNEL"):
        Word2Vec(corpus(), epochs=1, min_count=1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_factors_of_updates_that_are_not_finite_are_refused_before_training(wrong):
    model = built()
    fit(model)
    model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)
    model.wv.vectors_lockf[3] = wrong
    before = model.wv.vectors.copy(), model.syn1neg.copy()
    with pytest.raises(ValueError, match=r"wv.vectors_lockf\[3\] is .*; expected finite"):
        fit(model)
    assert np.array_equal(model.wv.vectors, before[0]) and np.array_equal(model.syn1neg, before[1])
    model.wv.vectors_lockf = np.full(1, wrong)
    with pytest.raises(ValueError, match=r"wv.vectors_lockf\[0\] is"):
        fit(model)


def test_a_callback_may_start_the_same_words_anew():
    class Rebuild:
        def on_epoch_begin(self, model):
            if model.epochs_trained == 1:
                model.build_vocab(SENTENCES)

    model, twin = built(), built()
    fit(model, 2, callbacks=[Rebuild()])
    fit(twin, 2)
    assert model.syn1neg.any() and not np.array_equal(model.wv.vectors, built().wv.vectors)
    assert not np.array_equal(model.wv.vectors, twin.wv.vectors)
