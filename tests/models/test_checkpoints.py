"""Trainings are saved as they go on, and resumed to the bytes of those without a stop.

The clock of these tests ticks once whenever it is read: between two chunks.
"""

import contextlib
import errno
import inspect
import io
import itertools
import multiprocessing
import os
import shutil
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import optional
import pytest
import toy
from classes import CLASSES, content

import fastsgns
from fastsgns import DirectedGraph, FastText, GloVe, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.errors import FormatError, StopTraining
from fastsgns.formats import native, temporary, writing
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint
from fastsgns.models.glove import epoch as glove_epoch
from fastsgns.models.words import jobs
from fastsgns.training import trainer, unfinished
from fastsgns.training.every import EVERY

SENTENCES = toy.sentences(300)
WORDS = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 3, "progress": False}
LINKS = {"dimensions": 8, "workers": 1, "epochs": 3, "progress": False, "compute_loss": True}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 90}") for i in range(90) for k in (1, 2)]
MORE = [*EDGES, *((f"m{i}", f"n{7 * i % 90}") for i in range(30))]
PAIRS = EDGES * 15
TYPES = {f"n{i}": "ab"[i % 2] for i in range(90)}


class ByBatches(Word2Vec):
    """Is trained by batches, because it overrides a method."""

    def _raw_word_count(self, job: Any) -> int:
        return sum(map(len, job))


@dataclass(frozen=True)
class Training:
    """A call that trains, and how it is resumed.

    Attributes
    ----------
    train : callable
        ``train(**how)`` makes a model and trains it; `how` are `checkpoint` and `every`.
    data : object
        The argument of ``resume``.
    cls : type, optional
        The class to load, if the file does not tell.
    """

    train: Callable[..., Any]
    data: Any = None
    cls: Any = None

    def load(self, path: Any) -> Any:
        return self.cls.load(path) if self.cls else fastsgns.load(path)

    def resume(self, model: Any, **how: Any) -> None:
        data = self.data
        if isinstance(model, GloVe):
            data = model.count(data)
        model.resume(data, **how)


def words(cls: type = Word2Vec, **options: Any) -> Training:
    settings = WORDS | {"compute_loss": True, "batch_words": 500} | options
    return Training(lambda **how: cls(SENTENCES, **settings, **how), SENTENCES, cls)


def glove(**options: Any) -> Training:
    return Training(lambda **how: GloVe(SENTENCES, **WORDS | options, **how), SENTENCES)


def nodes(graph: Any = EDGES, **options: Any) -> Training:
    model = lambda: NodeEmbedding(**LINKS | {"num_walks": 4, "seed": 3} | options)  # noqa: E731
    return Training(lambda **how: model().fit(graph, **how), graph)


def then(training: Training, call: str, data: Any, **options: Any) -> Training:
    def train(**how: Any) -> Any:
        return getattr(training.train(), call)(data, epochs=2, **options, **how)

    return Training(train, data)


def trained_words(**how: Any) -> Word2Vec:
    model = Word2Vec(**WORDS, sg=1)
    model.build_vocab(SENTENCES)
    more = {"start_alpha": 0.04, "end_alpha": 0.01, "word_count": 700, "compute_loss": True}
    model.train(SENTENCES, total_examples=300, epochs=3, **more, **how)
    return model


TYPED = DirectedGraph.of(
    [(u, v, i % 7) for i, (u, v) in enumerate(EDGES)], node_types=TYPES, times=3
)
FITTED = Training(lambda: PairEmbedding(**LINKS).fit(PAIRS))
TRAININGS = {
    "Word2Vec": words(sg=1, negative_sharing="block", alpha=0.01),
    "Word2Vec, CBOW and tree": words(hs=1),
    "Word2Vec, softmax": words(sg=1, softmax=1, negative=0),
    "Word2Vec, a bias": words(sg=1, matrices="tied+bias"),
    "Word2Vec, biases": words(sg=1, matrices="tied+bias", bias="both"),
    "Word2Vec, three matrices": words(sg=1, matrices="three", coupling=10),
    "Word2Vec, train": Training(trained_words, SENTENCES),
    "Word2Vec, by batches": words(ByBatches, sg=1),
    "FastText": words(FastText, bucket=2000),
    "FastText, biases": words(FastText, bucket=2000, sg=1, matrices="tied+bias", bias="word"),
    "FastText, floret": words(FastText, bucket=300, hash_count=2),
    "FastText, no subwords": words(FastText, max_n=0),
    "FastText, no subwords, biases": words(
        FastText, max_n=0, sg=1, matrices="tied+bias", bias="word"
    ),
    "FastText, no subwords, three matrices": words(
        FastText, max_n=0, sg=1, matrices="three", coupling=10
    ),
    "GloVe": glove(),
    "GloVe, tied": glove(matrices="tied"),
    "GloVe, deterministic": glove(deterministic=True),
    "NodeEmbedding": nodes(),
    "NodeEmbedding, one kind": nodes(walks="undirected", p=0.5, matrices="tied+bias"),
    "NodeEmbedding, nerd": nodes(walks="nerd", num_walks=40, joint=True),
    "NodeEmbedding, app": nodes(walks="app", num_walks=50),
    "NodeEmbedding, edges": nodes(walks="edges", num_walks=20),
    "NodeEmbedding, typed": nodes(TYPED, walks="metapath+temporal", metapath=["a", "b", "a"]),
    "NodeEmbedding, partial_fit": then(nodes(), "partial_fit", MORE, old_rows="damped"),
    "NodeEmbedding, update": then(nodes(), "update", MORE, old_rows="frozen"),
    "PairEmbedding": Training(lambda **how: PairEmbedding(**LINKS).fit(PAIRS, **how), PAIRS),
    "PairEmbedding, partial_fit": then(FITTED, "partial_fit", MORE * 9, old_rows="damped"),
    "PairEmbedding, update": then(FITTED, "update", MORE * 9),
}
EVERIES = {"epochs": 2, "a duration": "3 s"}


@pytest.fixture(autouse=True)
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the clock of checkpoints."""
    ticking = itertools.count()
    monkeypatch.setattr(callbacks, "clock", lambda: float(next(ticking)))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[Any]:
    """Keep a copy of each checkpoint; return their paths."""
    copies: list[Any] = []
    save = Checkpoint._save

    def save_and_keep(self: Checkpoint, model: Any) -> None:
        save(self, model)
        copies.append(shutil.copy(self.path, tmp_path / f"copy-{len(copies)}"))

    monkeypatch.setattr(Checkpoint, "_save", save_and_keep)
    return copies


@pytest.mark.parametrize("every", EVERIES)
@pytest.mark.parametrize("name", TRAININGS)
def test_each_checkpoint_is_resumed_to_the_same_bytes(name, every, kept, tmp_path):
    training, path = TRAININGS[name], tmp_path / "checkpoint"
    whole = content(training.train())
    saved = training.train(checkpoint=path, every=EVERIES[every])
    assert content(saved) == whole
    assert content(fastsgns.load(path)) == whole
    copies, within = list(kept), 0
    for copied in (copies[0], *copies[1:-1][:: max(1, len(copies) // 3)], copies[-1]):
        model = training.load(copied)
        left = model.unfinished
        if left is None:
            assert copied == copies[-1] or content(model) == whole
            continue
        within += any(place.n_chunks for place in left.places)
        training.resume(model, checkpoint=path, every=EVERIES[every])
        assert model.unfinished is None
        assert content(model) == whole
        assert content(fastsgns.load(path)) == whole
    assert (within > 0) == (every == "a duration")


KILLED = {name: TRAININGS[name] for name in (
    "Word2Vec", "Word2Vec, by batches", "FastText", "GloVe", "NodeEmbedding",
    "NodeEmbedding, update", "PairEmbedding, update",
)}  # fmt: skip


@pytest.mark.parametrize("place", ["within an epoch", "between epochs"])
@pytest.mark.parametrize("end", [MemoryError("none is left"), True])
@pytest.mark.parametrize("name", KILLED)
def test_a_resume_that_ends_before_its_first_epoch_changes_nothing(
    name, end, place, kept, monkeypatch, tmp_path
):
    training, path = KILLED[name], tmp_path / "checkpoint"
    whole = content(training.train(checkpoint=path, every="3 s" if "within" in place else 1))
    for copied in kept:
        model = training.load(copied)
        if model.unfinished and bool(model.unfinished.places) == ("within" in place):
            break
    before = model.epochs_begun, model.epochs_trained, model.unfinished
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "on_train_begin", raiser(end) if end is not True else stop)
        for _ in range(3):
            with pytest.raises(MemoryError) if end is not True else contextlib.nullcontext():
                training.resume(model, checkpoint=path)
            assert (model.epochs_begun, model.epochs_trained, model.unfinished) == before
            model.save(path)
    training.resume(model)
    assert content(model) == whole


def stop(*_: Any) -> bool:
    """Ask for the end of the training."""
    return True


# Files that cannot be written


def fail_to_save(monkeypatch: pytest.MonkeyPatch, failing: range) -> None:
    """Make the saves with these numbers fail, as on a full disk."""
    numbers, save = itertools.count(), Checkpoint._save

    def fail_or_save(self: Checkpoint, model: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if next(numbers) in failing:
                full = OSError(errno.ENOSPC, "No space left on device", str(self.path))
                patch.setattr(type(model), "save", raiser(full))
            save(self, model)

    monkeypatch.setattr(Checkpoint, "_save", fail_or_save)


def raiser(error: Exception) -> Callable[..., None]:
    """Return a function that raises an error."""

    def fail(*_: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize("every", EVERIES)
@pytest.mark.parametrize("name", KILLED)
def test_training_goes_on_if_a_checkpoint_cannot_be_written(name, every, monkeypatch, tmp_path):
    training, path = TRAININGS[name], tmp_path / "checkpoint"
    whole = content(training.train())
    fail_to_save(monkeypatch, range(1))
    with pytest.warns(UserWarning, match="not saved, and the training goes on.*No space left"):
        model = training.train(checkpoint=path, every=EVERIES[every])
    assert content(model) == content(fastsgns.load(path)) == whole


@pytest.mark.filterwarnings("ignore:.*the checkpoint was not saved")
def test_a_last_checkpoint_that_cannot_be_written_is_an_error(monkeypatch, tmp_path):
    path, model = tmp_path / "checkpoint", Word2Vec(**WORDS)
    whole = Word2Vec(SENTENCES, **WORDS)
    model.build_vocab(SENTENCES)
    fail_to_save(monkeypatch, range(1, 99))
    with pytest.raises(
        callbacks.CheckpointError, match=r"No space.*save the model, error.model, elsewhere"
    ):
        model.train(SENTENCES, total_examples=300, epochs=model.epochs, checkpoint=path)
    assert content(model) == content(whole)
    assert Word2Vec.load(path).epochs_trained == 1


@pytest.mark.parametrize("name", KILLED)
@pytest.mark.filterwarnings("ignore:.*the checkpoint was not saved")
def test_the_error_of_a_last_checkpoint_has_the_model(name, monkeypatch, tmp_path):
    """A constructor that raises it returns none."""
    training = KILLED[name]
    whole = training.train()
    fail_to_save(monkeypatch, range(99))
    with pytest.raises(callbacks.CheckpointError) as caught:
        training.train(checkpoint=tmp_path / "checkpoint")
    assert content(caught.value.model) == content(whole)
    if name == "NodeEmbedding":
        assert caught.value.model.link_check == whole.link_check


@pytest.mark.parametrize(
    "error", [MemoryError(), ValueError("nothing was saved"), TypeError("a name")]
)
def test_whatever_a_save_raises_the_training_goes_on(error, monkeypatch, tmp_path):
    saver, after = Checkpoint(tmp_path / "checkpoint"), Other()
    monkeypatch.setattr(Word2Vec, "save", raiser(error))
    moments = itertools.count(2000)
    monkeypatch.setattr(callbacks.time, "strftime", lambda _: str(next(moments)))
    with warnings.catch_warnings(record=True) as caught, pytest.raises(callbacks.CheckpointError):
        warnings.simplefilter("default")  # Python's own: it shows a text once
        Word2Vec(SENTENCES, **WORDS, callbacks=[saver, after])
    said = [str(each.message) for each in caught if "was not saved" in str(each.message)]
    assert [text[:4] for text in said] == ["2000", "2001", "2002"]
    assert after.events == ["epoch"] * 3 + ["end"]  # also after the checkpoint


class Other:
    """A callback that changes the vectors after each epoch, and may end the training then."""

    def __init__(self, end: Any = None, factor: float = 1.0) -> None:
        self.end, self.factor, self.events = end, factor, list[str]()

    def on_epoch_end(self, model: Any) -> Any:
        self.events.append("epoch")
        model.wv.vectors *= np.float32(self.factor)
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end

    def on_train_end(self, model: Any) -> None:
        self.events.append("end")


@pytest.mark.parametrize("end", [None, True, StopTraining("enough"), KeyError("a fault")])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_checkpoint_has_what_other_callbacks_change(is_first, end, tmp_path):
    saver, other = Checkpoint(tmp_path / "checkpoint"), Other(end, 0.5)
    model = Word2Vec(**WORDS)
    model.build_vocab(SENTENCES)
    listed = [saver, other] if is_first else [other, saver]
    with pytest.raises(KeyError) if isinstance(end, KeyError) else contextlib.nullcontext():
        model.train(SENTENCES, total_examples=300, epochs=3, callbacks=listed)
    loaded = Word2Vec.load(tmp_path / "checkpoint")
    assert loaded.epochs_trained == model.epochs_trained == (3 if end is None else 1)
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)


class SavesText(Word2Vec):
    """Saves its vectors in another way."""

    saved: ClassVar[list[np.ndarray]] = []

    def save(self, path: Any) -> None:  # type: ignore[override]
        self.saved.append(self.wv.vectors.copy())


class Looks(Checkpoint):
    """Reads the vectors when it is to save."""

    def on_pause(self, model: Any) -> None:
        self.seen = [*getattr(self, "seen", []), model.wv.vectors.copy()]


@pytest.mark.parametrize("every", [1, "3 s"])
def test_a_class_with_another_save_saves_what_was_trained(every, monkeypatch, tmp_path):
    monkeypatch.setattr(SavesText, "saved", [])
    model = SavesText(SENTENCES, **WORDS, checkpoint=tmp_path / "checkpoint", every=every)
    np.testing.assert_array_equal(model.saved[-1], model.wv.vectors)
    assert len({each.tobytes() for each in model.saved}) >= 3


def test_a_callback_sees_what_was_trained_when_training_pauses(tmp_path):
    looks = Looks(tmp_path / "checkpoint", "3 s")
    Word2Vec(SENTENCES, **WORDS, callbacks=[looks])
    assert len({each.tobytes() for each in looks.seen}) == len(looks.seen) >= 3


def test_what_cannot_ask_for_a_pause_has_none(tmp_path):
    class Half:
        def on_pause(self, model: Any) -> None:
            raise AssertionError

        def on_epoch_end(self, model: Any) -> None:
            """Be a callback."""

    assert Word2Vec(SENTENCES, **WORDS, callbacks=[Half()]).epochs_trained == 3


# Paths that cannot be written to


REFUSED = {
    "no folder": ("no/such/folder", FileNotFoundError), "empty": ("", ValueError),
    "a file object": (io.BytesIO(), TypeError), "a folder": (".", IsADirectoryError),
    "a URL": ("http://host/c", ValueError), "a null": ("a\0b", ValueError),
    "a number": (0, TypeError), "a truth value": (True, TypeError), "a list": (["c"], TypeError),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("name", [*KILLED, "Word2Vec, train", "PairEmbedding, partial_fit"])
def test_a_path_that_cannot_be_written_is_refused_before_anything_is_done(
    name, why, monkeypatch, tmp_path
):
    """No data is read and no model is changed: neither by what trains nor by `resume`."""
    training, (path, error) = TRAININGS[name], REFUSED[why]
    training.train(checkpoint=tmp_path / "c", every="3 s")
    model = training.load(tmp_path / "c")
    before = content(model)
    calls = [call for call in ("train", "fit", "partial_fit", "update") if hasattr(model, call)]
    for call in calls:
        totals = {"total_examples": 300, "epochs": 1} if isinstance(model, Word2Vec) else {}
        with pytest.raises(error, match=r"checkpoint is|directory"):
            getattr(model, call)(Unreadable(), checkpoint=path, **totals)
        assert content(model) == before
    if hasattr(model, "train"):
        with pytest.raises(error, match=r"checkpoint is|directory"):
            type(model)(Unreadable(), checkpoint=path)
    if isinstance(model, Word2Vec) and isinstance(path, str) and path:
        with pytest.raises(error, match=r"checkpoint is|directory"):
            model.train(Unreadable(), callbacks=[Checkpoint(path)], **totals)
        assert content(model) == before


class Unreadable:
    """Data that fails the test if it is read."""

    def __iter__(self) -> Any:
        raise AssertionError("it was read")


@pytest.mark.parametrize("name", ["Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding"])
def test_every_belongs_to_a_checkpoint(name):
    with pytest.raises(ValueError, match="every is '10 min' without checkpoint="):
        TRAININGS[name].train(every="10 min")


@pytest.mark.parametrize("name", ["Word2Vec", "Word2Vec, by batches"])
def test_a_checkpoint_has_the_time_of_its_training(name, tmp_path):
    training = TRAININGS[name]
    model = training.train(checkpoint=tmp_path / "c", every=1)
    assert 0 < training.load(tmp_path / "c").total_train_time <= model.total_train_time


# Processes that are killed


class Killer:
    """Kills this process at one of the steps of training and saving, which it counts."""

    def __init__(self, step: int, n_steps: Any = None) -> None:
        self.n_left, self.n_steps = step, n_steps

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts its calls."""

        def counted(*arguments: Any, **options: Any) -> Any:
            self.n_left -= 1
            if self.n_steps is not None:
                self.n_steps.value += 1
            if not self.n_left:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return counted

    def watch(self) -> None:
        """Count chunks, saves, and steps of a save: locks, blocks written, flushes, renames."""
        for owner, name in (
            (trainer.Trainer, "train_chunk"), (glove_epoch.Epoch, "_train"),
            (jobs.JobTrainer, "train_batch"), (Checkpoint, "_save"), (temporary, "_lock"),
            (native, "write_array"), (writing, "flush"), (os, "replace"), (os, "open"),
        ):  # fmt: skip
            setattr(owner, name, self.before(getattr(owner, name)))


def die(training: Training, path: Any, step: int, n_steps: Any = None) -> bool:
    """Train in another process, which is killed at a step; return whether it was."""

    def run() -> None:
        Killer(step, n_steps).watch()
        training.train(checkpoint=path, every="3 s")

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def count_steps(training: Training, path: Any) -> int:
    """Return the number of steps of a training."""
    n_steps = multiprocessing.get_context("fork").Value("i", 0)
    assert not die(training, path, 0, n_steps)
    return int(n_steps.value)


@optional.needs_fork
@pytest.mark.parametrize("name", KILLED)
def test_a_killed_process_leaves_a_file_that_is_resumed_to_the_same_bytes(name, tmp_path):
    training, path = KILLED[name], tmp_path / "checkpoint"
    whole = content(training.train())
    n_steps, n_loaded = count_steps(training, path), 0
    for step in np.random.default_rng(5).integers(n_steps // 2, n_steps, 3).tolist():
        path.unlink(missing_ok=True)
        assert die(training, path, step)
        if not path.exists():  # it was killed before the first save
            continue
        n_loaded += 1
        model = training.load(path)
        if model.unfinished is not None:
            training.resume(model, checkpoint=path, every="3 s")
        assert content(model) == whole
        model.save(path)
        assert os.listdir(tmp_path) == ["checkpoint"]
    assert n_loaded


@optional.needs_fork
def test_a_process_that_is_killed_again_and_again_comes_to_the_end(tmp_path):
    """Each process continues from the file that the last one left, until one is not killed."""
    training, path, kills = words(sg=1, epochs=12), tmp_path / "checkpoint", 0
    whole = content(training.train())
    n_steps = count_steps(training, path)

    def go_on(**how: Any) -> Any:
        model = fastsgns.load(path)
        if model.unfinished is not None:
            training.resume(model, **how)
        return model

    path.unlink()
    assert die(training, path, n_steps // 4)
    for step in np.random.default_rng(6).integers(5, n_steps // 10, 20).tolist():
        kills += die(Training(go_on), path, step)
    assert kills >= 10
    assert content(go_on()) == whole


# What can be asked for


@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if case.train])
def test_every_class_with_epochs_takes_checkpoint_and_every(name, tmp_path):
    model = CLASSES[name].make()
    if not hasattr(model, "epochs_trained"):
        return
    calls = [call for call in ("train", "fit", "partial_fit", "update") if hasattr(model, call)]
    trains = [type(model)] if hasattr(model, "train") else []  # the constructor
    for call in (*trains, *(getattr(model, call) for call in (*calls, "resume"))):
        parameters = inspect.signature(call).parameters
        assert parameters["every"].default is None and parameters["checkpoint"].default is None
        kinds = {parameters["checkpoint"].kind, parameters["every"].kind}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(
        RuntimeError, match=r"nothing to resume: .* call (train\(\)|fit\(\) or .*update\(\))"
    ):
        model.resume(SENTENCES)
    assert not {"checkpoint", "every"} & vars(model).keys()


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (2, 2), (np.int64(3), 3), ("4", 4), ("10 min", 600), ("10min", 600), ("1.5 H", 5400),
        ("30 s", 30), ("90 seconds", 90), ("2 hours", 7200), ("1 day", 86400), ("5m", 300),
        (timedelta(minutes=10), 600), (np.timedelta64(10, "m"), 600),
    ],
)  # fmt: skip
def test_every_is_epochs_or_a_duration(value, means):
    found = EVERY("every", value)
    assert (found.total_seconds() if isinstance(found, timedelta) else found) == means


@pytest.mark.parametrize(
    "value", [0, -1, 2.5, "2.5", "10 ms", "10 epochs", "min", "-3 s", "0 s", "", "inf s",
              "9e9 d", "9" * 400 + " s", timedelta(0), timedelta(-1), [1], True],
)  # fmt: skip
@pytest.mark.parametrize("name", ["Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding"])
def test_what_is_neither_teaches_both(value, name, tmp_path):
    with pytest.raises(ValueError, match=r"every is .*numbers of epochs.* '10 min', '30 s'"):
        TRAININGS[name].train(checkpoint=tmp_path / "c", every=value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding"])
def test_other_data_is_refused(name, kept, tmp_path):
    training = TRAININGS[name]
    training.train(checkpoint=tmp_path / "c", every="3 s")
    model = training.load(kept[1])
    before = content(model)
    data = training.data[:-40]
    with pytest.raises(ValueError, match=r"give the (same|graph|pairs|corpus)"):
        model.resume(model.count(data) if name == "GloVe" else data)
    assert content(model) == before


def test_a_training_by_batches_is_resumed_by_its_class(kept, tmp_path):
    TRAININGS["Word2Vec, by batches"].train(checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match="load the model with the class"):
        Word2Vec.load(kept[0]).resume(SENTENCES)
    TRAININGS["Word2Vec"].train(checkpoint=tmp_path / "d")
    with pytest.raises(ValueError, match="began otherwise than by batches"):
        ByBatches.load(kept[-2]).resume(SENTENCES)


def test_without_data_there_is_nothing_to_save():
    for cls in (Word2Vec, FastText, GloVe):
        with pytest.raises(ValueError, match="checkpoint is set, and there is nothing to train"):
            cls(checkpoint="c")


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process on Windows")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("name", ["Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding"])
def test_an_interrupted_epoch_is_continued_where_it_was(name, workers, monkeypatch):
    """The chunks that are whole are not trained again."""
    training, n_trained, actions = TRAININGS[name], [0], []

    def before(train: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            n_trained[0] += 1
            if actions and n_trained[0] == actions[0]:
                actions.clear()
                os.kill(os.getpid(), signal.SIGINT)
            return train(*arguments)

        return act

    for owner, method in ((trainer.Trainer, "train_chunk"), (glove_epoch.Epoch, "_train")):
        monkeypatch.setattr(owner, method, before(getattr(owner, method)))
    made: list[Any] = []
    for cls in (Word2Vec, GloVe, NodeEmbedding, PairEmbedding):
        start = cls.__init__
        monkeypatch.setattr(
            cls,
            "__init__",
            lambda self, *a, start=start, **o: (made.append(self), start(self, *a, **o))[0],
        )
    monkeypatch.setitem(WORDS, "workers", workers)
    monkeypatch.setitem(LINKS, "workers", workers)
    training.train()
    n_all, n_trained[0] = n_trained[0], 0
    actions.append(max(2, n_all // 2))
    with pytest.raises(KeyboardInterrupt):
        training.train()
    training.resume(made[-1])
    assert made[-1].unfinished is None and made[-1].epochs_trained == 3
    assert n_trained[0] >= n_all
    if workers == 1:  # others may have trained many chunks while one thread had to wait
        assert n_trained[0] <= n_all + 2


@pytest.mark.parametrize("name", ["NodeEmbedding", "PairEmbedding"])
def test_removing_names_ends_what_was_unfinished(name, kept, tmp_path):
    TRAININGS[name].train(checkpoint=tmp_path / "c", every="3 s")
    model = fastsgns.load(kept[1])
    model.remove(["n1"])
    with pytest.raises(RuntimeError, match="nothing to resume"):
        model.resume(TRAININGS[name].data)


@pytest.mark.parametrize("name", ["Word2Vec", "GloVe", "NodeEmbedding", "PairEmbedding"])
@pytest.mark.parametrize(
    "found",
    [3, {}, [1], {"call": "x"}, {"n_epochs": 0}, {"places": 3}, {"places": [{}]},
     {"places": [{"n_chunks": -1}]}, {"seed": "x"}, {"batches_of": "x"}],
)  # fmt: skip
def test_a_file_with_a_nonsensical_rest_is_refused(name, found, kept, tmp_path):
    training = TRAININGS[name]
    training.train(checkpoint=tmp_path / "c", every="3 s")
    kind, tensors, metadata = native.read(kept[1])
    rest = metadata["state"]["unfinished"]
    assert rest.keys() == unfinished.RULES.keys()
    if isinstance(found, dict) and found:
        found = rest | found
    metadata["state"]["unfinished"] = found
    native.write(tmp_path / "f", kind, tensors, metadata)
    with pytest.raises(FormatError):
        training.load(tmp_path / "f")


def test_places_beyond_the_data_are_refused(kept, tmp_path):
    training = TRAININGS["NodeEmbedding"]
    training.train(checkpoint=tmp_path / "c", every="3 s")
    model = fastsgns.load(kept[1])
    far = tuple(unfinished.Place(10**6) for _ in model.unfinished.places)
    model.unfinished = replace(model.unfinished, places=far)
    with pytest.raises(ValueError, match="1000000 parts of an epoch were trained"):
        training.resume(model)


# Parameters that were changed before a resume

CHANGES = {
    "Word2Vec": {"sample": 0.5, "window": 2, "negative": 3, "sg": 0, "batch_words": 70},
    "Word2Vec, by batches": {"window": 2, "batch_words": 70},
    "FastText": {"window": 2, "sg": 1},
    "GloVe": {"x_max": 7.0, "exponent": 0.5, "seed": 9, "deterministic": True},
    "NodeEmbedding": {"num_walks": 2, "walk_length": 9, "window_size": 1, "walks": "edges",
                      "check": False, "seed": 9},
    "NodeEmbedding, typed": {"metapath": ["b", "a", "b"]},
    "PairEmbedding": {"shuffle": False, "negative": 3},
}  # fmt: skip


def saved_within(training: Training, kept: list[Any], path: Any, is_within: bool) -> Any:
    """Train, and return the model of a checkpoint within an epoch, or between two."""
    training.train(checkpoint=path, every="3 s" if is_within else 1)
    models = map(training.load, kept)
    return next(model for model in models if bool(model.unfinished.places) == is_within)


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, each) for name, changes in CHANGES.items() for each in changes]
)
def test_parameters_of_a_part_of_an_epoch_may_not_change(name, parameter, kept, tmp_path):
    training = TRAININGS[name]
    model = saved_within(training, kept, tmp_path / "c", True)
    was = getattr(model, parameter)
    setattr(model, parameter, CHANGES[name][parameter])
    before = content(model)
    with pytest.raises(ValueError, match=f"{parameter} was .* when the epoch began"):
        training.resume(model)
    assert content(model) == before
    setattr(model, parameter, was)
    training.resume(model)
    assert model.unfinished is None


@pytest.mark.parametrize("name", ["Word2Vec", "FastText", "GloVe", "NodeEmbedding"])
def test_parameters_may_change_between_epochs(name, kept, tmp_path):
    training = TRAININGS[name]
    model = saved_within(training, kept, tmp_path / "c", False)
    parameter, value = next(iter(CHANGES[name].items()))
    setattr(model, parameter, value)
    del kept[:]
    training.resume(model, checkpoint=tmp_path / "d", every="3 s")
    assert model.unfinished is None
    again = next(each for each in map(training.load, kept) if each.unfinished.places)
    assert again.unfinished.settings[parameter] == value
    training.resume(again)
    assert content(again) == content(model)


def test_a_place_that_the_chunks_do_not_have_is_refused(kept, tmp_path):
    """As of a file without settings."""
    training = TRAININGS["NodeEmbedding"]
    model = saved_within(training, kept, tmp_path / "c", True)
    model.unfinished = replace(model.unfinished, settings={})
    model.num_walks = 100
    with pytest.raises(ValueError, match=r"parts of an epoch were trained, of .* walks"):
        training.resume(model)


@pytest.mark.parametrize(
    "name", ["Word2Vec", "Word2Vec, by batches", "NodeEmbedding", "PairEmbedding"]
)
def test_an_epoch_has_no_loss_if_a_part_of_it_has_none(name, kept, monkeypatch, tmp_path):
    if "Word" in name:
        training = words(ByBatches if "batches" in name else Word2Vec, sg=1, compute_loss=False)
    else:
        monkeypatch.setitem(LINKS, "compute_loss", False)
        training = TRAININGS[name]
    model = saved_within(training, kept, tmp_path / "c", True)
    model.compute_loss = True
    n_left = model.unfinished.n_epochs
    training.resume(model)
    assert len(model.epoch_losses) == n_left - 1
    assert all(loss > 0.1 for loss in model.epoch_losses)
