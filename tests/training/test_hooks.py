"""A callable `progress`, and callbacks that end training: of every class that trains."""

import copy
import io
import logging
import pickle
import threading

import numpy as np
import pytest
import toy
from classes import CLASSES, content

from fastsgns import GloVe, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models import exclusive
from fastsgns.models.callbacks import ProgressReport, StopTraining
from fastsgns.models.links import HOPE, ProNE
from fastsgns.models.ppmi import PPMI, SVDVectors
from fastsgns.runtime import progress, threads

SENTENCES = toy.sentences(60)
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]
TRAINED = {
    "Word2Vec": lambda **o: Word2Vec(SENTENCES, vector_size=8, min_count=1, epochs=3, **o),
    "Word2Vec, hs": lambda **o: Word2Vec(
        SENTENCES, vector_size=8, min_count=1, epochs=3, hs=1, negative=0, **o
    ),
    "GloVe": lambda **o: GloVe(SENTENCES, vector_size=8, min_count=1, epochs=3, **o),
    "NodeEmbedding": lambda **o: NodeEmbedding(dimensions=8, num_walks=2, epochs=3, **o).fit(EDGES),
    "NodeEmbedding, one part": lambda **o: NodeEmbedding(
        dimensions=8, num_walks=2, epochs=3, walks="forward", **o
    ).fit(EDGES),
    "PairEmbedding": lambda **o: PairEmbedding(dimensions=8, epochs=3, **o).fit(EDGES),
}
HAS_LOSS = [name for name in TRAINED if name != "GloVe"]


def vectors(model):
    return (model.wv if hasattr(model, "wv") else model.source).vectors


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_hook_is_told_how_far_training_is(name, workers):
    reports = []
    options = {"compute_loss": True} if name in HAS_LOSS else {}
    model = TRAINED[name](progress=reports.append, workers=workers, **options)
    assert all(type(report) is ProgressReport for report in reports)
    training = [report for report in reports if report.step == "training"]
    done = [report.done for report in training]
    assert done == sorted(done) and done[-1] == training[-1].total
    assert [r.epoch for r in training] == sorted(r.epoch for r in training)
    assert {r.epoch for r in training} == {1, 2, 3} and {r.n_epochs for r in training} == {3}
    assert_rates_fall(training, n_parts=2 if name == "NodeEmbedding" else 1)
    assert all(r.unit for r in training)
    assert all((r.speed > 0) == (r.seconds >= 0.001 and r.done > 0) for r in reports)
    assert all(r.speed * r.seconds == pytest.approx(r.done) for r in reports if r.speed)
    assert training[-1].loss > 0
    assert model.epochs_trained == 3


def assert_rates_fall(reports, n_parts):
    """Parts of an epoch, such as both directions of walks, each begin with its first rate."""
    lowest = np.inf
    for epoch in range(1, reports[0].n_epochs + 1):
        rates = [report.alpha for report in reports if report.epoch == epoch]
        assert max(rates) <= lowest and min(rates) > 0
        assert (np.diff(rates) > 0).sum() < n_parts
        lowest = min(rates)


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_hook_is_told_the_rate_of_each_chunk(monkeypatch, n_parts, workers):
    """Also where training is slow, so that there are many reports."""
    monkeypatch.setattr(threads, "TICK_SECONDS", 1e-5)
    reports = []
    model = NodeEmbedding(
        dimensions=8, num_walks=200, epochs=3, workers=workers, progress=reports.append,
        **({} if n_parts == 2 else {"walks": "forward"}),
    )  # fmt: skip
    model.fit(EDGES)
    training = [report for report in reports if report.step == "training"]
    assert len({report.alpha for report in training}) > 3 * n_parts
    assert_rates_fall(training, n_parts)


@pytest.mark.parametrize("name", TRAINED)
def test_a_constructor_owns_the_model_that_it_trains(name):
    """As `train` does: other threads can neither train nor save it meanwhile."""
    mine, owned = (threading.get_ident(),), []

    def note(report):
        if report.step == "training":
            owned.append(mine in exclusive._owners.values())

    TRAINED[name](progress=note)
    assert owned and all(owned)


@pytest.mark.parametrize("name", TRAINED)
def test_a_hook_changes_no_result(name):
    expected = TRAINED[name](workers=1, progress=False)
    model = TRAINED[name](workers=1, progress=lambda report: 1)  # only True ends training
    np.testing.assert_array_equal(vectors(model), vectors(expected))


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("how", [True, np.True_, StopTraining])
def test_a_hook_can_end_training(name, how):
    def stop(report):
        if report.step == "training" and report.epoch == 2:
            if how is StopTraining:
                raise StopTraining("enough")
            return how
        return None

    model = TRAINED[name](progress=stop, workers=1)
    assert model.epochs_trained == 1 and np.isfinite(vectors(model)).all()
    model.save(io.BytesIO())


@pytest.mark.parametrize("name", TRAINED)
def test_an_error_of_a_hook_reaches_the_caller(name):
    def fail(report):
        raise OSError("the disk of the log is full")

    with pytest.raises(OSError, match="the disk of the log is full"):
        TRAINED[name](progress=fail)


@pytest.mark.parametrize("name", TRAINED)
def test_copies_and_files_have_no_hook(name):
    model = TRAINED[name](progress=lambda report: None)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert copied.progress is None
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    assert type(model).load(file).progress is None


# HOPE, ProNE and FastRP of a few nodes are computed at once, without a report.
NO_STEP_BEFORE = {
    "NodeEmbedding", "NodeEmbedding, typed", "PairEmbedding", "HOPE", "ProNE", "FastRP",
}  # fmt: skip


def stop_before_training(report):
    if report.step != "training":
        raise StopTraining("not now") if report.unit in ("cells", "products") else StopTraining


@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if case.train])
@pytest.mark.parametrize("hook", [lambda report: True, stop_before_training])
def test_a_stop_before_training_names_the_step_and_changes_nothing(name, hook):
    model = CLASSES[name].make()
    before = content(model)
    model.progress = hook
    if name in NO_STEP_BEFORE:
        CLASSES[name].train(model)
        return
    with pytest.raises(StopTraining, match=r"has ended the step '.*ing', before any training; the"):
        CLASSES[name].train(model)
    assert content(model) == before


RING = [(i, (i + step) % 400) for i in range(400) for step in (1, 7)]
BEFORE = {
    "Word2Vec": lambda stop: Word2Vec(SENTENCES, min_count=1, progress=stop),
    "Word2Vec, file": lambda stop: Word2Vec(corpus_file=toy.__file__, min_count=1, progress=stop),
    "build_vocab": lambda stop: Word2Vec(min_count=1, progress=stop).build_vocab(SENTENCES),
    "scan_vocab": lambda stop: Word2Vec(min_count=1, progress=stop).scan_vocab(SENTENCES),
    "subclass": lambda stop: type("Own", (Word2Vec,), {"_raw_word_count": lambda self, job: 9})(
        SENTENCES, min_count=1, progress=stop
    ),
    "GloVe": lambda stop: GloVe(SENTENCES, min_count=1, progress=stop),
    "count": lambda stop: GloVe(min_count=1, progress=stop).count(SENTENCES),
    "PPMI": lambda stop: PPMI(SENTENCES, min_count=1, progress=stop),
    "SVDVectors": lambda stop: SVDVectors(PPMI(RING, min_count=1), 4, progress=stop),
}


@pytest.mark.parametrize("kind", [HOPE, ProNE])
def test_a_factorization_that_is_stopped_leaves_the_model_as_it_was(kind):
    model = kind(4, progress=False).fit(EDGES)
    before = content(model)
    model.progress = lambda report: True
    with pytest.raises(StopTraining, match="has ended the step 'factorizing', before any"):
        model.fit(RING)
    assert content(model) == before


@pytest.mark.parametrize("name", BEFORE)
def test_without_a_model_a_stop_before_training_is_an_error_that_names_the_step(name):
    step = "factorizing" if name == "SVDVectors" else "reading"
    with pytest.raises(StopTraining, match=f"has ended the step '{step}', before any training"):
        BEFORE[name](lambda report: True)


def test_a_reason_given_by_a_hook_is_kept():
    def stop(report):
        raise StopTraining("the user pressed Cancel")

    model = Word2Vec(min_count=1, progress=stop)
    with pytest.raises(StopTraining, match="reason given: the user pressed Cancel"):
        model.build_vocab(SENTENCES)
    assert not len(model.wv) and model.corpus_count == 0
    model.progress = None
    model.build_vocab(SENTENCES)
    assert len(model.wv)


def test_a_vocabulary_that_was_not_updated_is_unchanged():
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1)
    before = content(model)
    model.progress = lambda report: True
    with pytest.raises(StopTraining, match="before any training"):
        model.build_vocab([["new"]], update=True, init_from=Word2Vec(SENTENCES, vector_size=8))
    assert content(model) == before and model._init_from is None


def test_a_speed_needs_a_time_that_can_be_measured():
    class Clock:
        now = 5.0

        def monotonic(self):
            return self.now

    reports, clock = [], Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "time", clock)
        with progress.reading_bar(reports.append, "words") as report:
            clock.now += 1e-6
            report(10, 20)
            clock.now += 2
            report(20, 20)
    assert [(r.speed, r.done) for r in reports] == [(0, 10), (pytest.approx(10), 20)]
    assert reports[1].seconds == pytest.approx(2)  # since the step began


def test_what_a_hook_has_ended_can_be_resumed():
    stops = [lambda report: report.step == "training" and report.done > 0]
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, workers=1, progress=stops[0])
    assert model.unfinished.n_epochs == 5
    model.progress = None
    model.resume(SENTENCES)
    assert model.epochs_trained == 5 and model.unfinished is None


@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
@pytest.mark.parametrize("result", [True, np.True_, False, None, 1, "yes"])
def test_a_callback_that_returns_true_ends_training(event, result):
    called = []
    methods = {
        event: lambda self, model: result,
        "on_train_end": lambda self, model: called.append(1),
    }
    callback = type("Callback", (), methods)()
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, callbacks=[callback])
    is_true = result is True or result is np.True_
    assert model.epochs_trained == ((event == "on_epoch_end") if is_true else 5)
    assert called == [1]


class ByBatches(Word2Vec):
    """Is trained by batches, because it overrides a method."""

    def _raw_word_count(self, job):
        return sum(map(len, job))


@pytest.mark.parametrize("kind", [Word2Vec, ByBatches])
@pytest.mark.parametrize("compute_loss", [True, False])
def test_an_epoch_is_one_line_of_gensim_s_form(caplog, kind, compute_loss):
    model = kind(vector_size=8, min_count=1, sample=0, compute_loss=compute_loss)
    model.build_vocab(SENTENCES)
    caplog.set_level(logging.INFO, "fastsgns")
    model.train(SENTENCES, total_examples=60, epochs=2, report_delay=0)
    n, lines = model.corpus_total_words, [record.getMessage() for record in caplog.records]
    assert {record.name for record in caplog.records if "poch" in record.getMessage().lower()} == {
        "fastsgns.models.word2vec"
    }
    ends = [line for line in lines if ": training on" in line]
    for epoch, line in enumerate(ends):
        assert line.startswith(
            f"EPOCH {epoch}: training on {n} raw words ({n} effective words) took "
        )
        assert (f"loss {model.epoch_losses[epoch]:.5f}" if compute_loss else "loss") in line or (
            not compute_loss
        )
    assert ends[-1].split(", alpha ")[1].startswith(f"{model.min_alpha_yet_reached:.5f}")
    assert len(ends) == 2 and not any(line.startswith("epoch ") for line in lines)
    for epoch in range(2):
        assert any(
            line.startswith(f"EPOCH {epoch} - PROGRESS: at 100.00% words, ") for line in lines
        )
    assert sum(line.startswith("training ") and "with workers=3" in line for line in lines) == 1


@pytest.mark.parametrize("name", ["NodeEmbedding", "NodeEmbedding, one part", "PairEmbedding"])
def test_an_epoch_of_other_classes_is_one_line(caplog, name):
    caplog.set_level(logging.INFO, "fastsgns")
    TRAINED[name]()
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == [f"epoch {i} of 3" for i in (1, 2, 3)]
    assert "EPOCH" not in caplog.text
