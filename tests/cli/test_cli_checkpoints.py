"""Checkpoints on the command line, and signals that end it."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from classes import content

import fastsgns
from fastsgns import cli
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint
from fastsgns.models.glove.epoch import Epoch
from fastsgns.training.trainer import Trainer

EDGES = [(f"n{i}", f"n{(3 * i + k) % 90}") for i in range(90) for k in (1, 2)]
MORE = [*EDGES, *((f"m{i}", f"n{7 * i % 90}") for i in range(30))]
QUIET = ["--workers", "1", "-q"]
SMALL = ["--dim", "8", *QUIET]
COMMANDS = {
    "train": ["train", "text.txt", "--min-count", "1", "--loss", *SMALL],
    "train --subwords": ["train", "text.txt", "--subwords", "--bucket", "999", *SMALL],
    "glove": ["glove", "text.txt", "--min-count", "1", "--epochs", "5", *SMALL],
    "nodes train": ["nodes", "train", "edges.txt", "--num-walks", "9", "--epochs", "3", *SMALL],
    "nodes update": ["nodes", "update", "model", "more.txt", "--epochs", "3", *QUIET],
}
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a text, two graphs and a model of one of them."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("".join(" ".join(each) + "\n" for each in toy.sentences(900)))
    for name, edges in (("edges.txt", EDGES), ("more.txt", MORE)):
        Path(name).write_text("".join(f"{u} {v}\n" for u, v in edges))
    fastsgns.NodeEmbedding(dimensions=8, num_walks=9, workers=1).fit(EDGES).save("model")
    return tmp_path


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Run a function before the chunk of its place in this list."""
    actions: list[Callable[[], object]] = []

    def before(train: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            if actions:
                actions.pop(0)()
            return train(*arguments)

        return act

    monkeypatch.setattr(Trainer, "train_chunk", before(Trainer.train_chunk))
    monkeypatch.setattr(Epoch, "_train", before(Epoch._train))
    return actions


def resumed(name: str, *arguments: str) -> list[str]:
    """The command that continues from the file "part"."""
    command = COMMANDS[name]
    if name == "nodes update":
        return [*command[:2], "part", *command[3:], *arguments]
    options = ["--workers", "1", "-q"] if name != "train" else ["--loss", *QUIET]
    n_words = 3 if command[0] == "nodes" else 2
    return [*command[:n_words], "--resume", "part", *options, *arguments]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_checkpoint_is_resumed_to_the_same_bytes(folder, monkeypatch, name):
    times = iter(range(10**6))
    monkeypatch.setattr(callbacks, "clock", lambda: float(next(times)))
    saved: list[bytes] = []
    save = Checkpoint._save

    def save_and_keep(self, model):
        save(self, model)
        saved.append(Path(self.path).read_bytes())

    monkeypatch.setattr(Checkpoint, "_save", save_and_keep)
    command = [*COMMANDS[name], "-o", "whole"]
    assert cli.main([*command, "--checkpoint", "part", "--every", "5s"]) == 0
    whole = content(fastsgns.load("whole"))
    assert content(fastsgns.load("part")) == whole
    states = list(saved)
    assert len(states) > 2
    Path("part").write_bytes(states[1])
    assert any(place.n_chunks for place in fastsgns.load("part").unfinished.places)
    assert cli.main([*resumed(name), "-o", "again", "--checkpoint", "part", "--every", "2"]) == 0
    assert content(fastsgns.load("again")) == content(fastsgns.load("part")) == whole


@posix
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_saves_what_was_learned(folder, chunks, capsys, name, number):
    number = getattr(signal, number)
    chunks[:] = [int] * 3 + [lambda: os.kill(os.getpid(), number)]
    command = [*COMMANDS[name], "-o", "out", "--checkpoint", "part", "--every", "1h"]
    assert cli.main(command) == 128 + number
    assert "stopped early; what there is is saved to out" in capsys.readouterr().err
    for path in ("out", "part"):
        model = fastsgns.load(path)
        places = [place.n_chunks for place in model.unfinished.places]
        assert (model.epochs_trained, sum(places)) > (0, 2)
    n_epochs = model.epochs_trained + model.unfinished.n_epochs
    assert cli.main([*resumed(name), "-o", "out"]) == 0
    model = fastsgns.load("out")
    assert model.unfinished is None and model.epochs_trained == n_epochs
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@posix
def test_further_signals_do_not_stop_the_saving(folder, chunks, monkeypatch):
    def save_amid_signals(self, path, *rest):
        for number in (signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        save(self, path, *rest)

    save = fastsgns.Word2Vec.save
    monkeypatch.setattr(fastsgns.Word2Vec, "save", save_amid_signals)
    chunks[:] = [lambda: os.kill(os.getpid(), signal.SIGTERM)]
    assert cli.main([*COMMANDS["train"], "-o", "out"]) == 143
    assert len(fastsgns.load("out").wv) > 10


@posix
def test_a_signal_that_is_ignored_stays_so(folder, chunks, monkeypatch):
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        chunks[:] = [lambda: os.kill(os.getpid(), signal.SIGHUP)]
        assert cli.main([*COMMANDS["train"], "-o", "out"]) == 0
    finally:
        signal.signal(signal.SIGHUP, former)


@posix
def test_before_training_nothing_is_saved(folder, monkeypatch, capsys):
    def stop(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(fastsgns.Word2Vec, "build_vocab", stop)
    assert cli.main([*COMMANDS["train"], "-o", "out", "--checkpoint", "part"]) == 143
    assert capsys.readouterr().err == "fastsgns: stopped\n"
    assert not Path("out").exists() and not Path("part").exists()


def test_the_schedule_of_a_stopped_training_can_be_replaced(folder, chunks):
    chunks[:] = [int] * 3 + [lambda: os.kill(os.getpid(), signal.SIGINT)]
    assert cli.main([*COMMANDS["train"], "-o", "part"]) == 130
    assert cli.main([*resumed("train"), "-o", "out", "--epochs", "2"]) == 0
    assert fastsgns.load("out").epochs_trained == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("train text.txt -o o --every 2", 2, "--every: it belongs to --checkpoint FILE"),
        ("train text.txt -o o --checkpoint c --every 2.5", 2, "nor a time, such as 30s, 10min"),
        ("train text.txt -o o --checkpoint text.txt", 2, "would overwrite text.txt"),
        ("train text.txt -o o --checkpoint c.txt", 2, "c.txt"),
        ("train text.txt -o o --checkpoint no/c", 1, "make it first"),
        ("nodes train edges.txt -o o --model HOPE --checkpoint c", 2, "not have --checkpoint"),
        ("nodes train edges.txt -o o --resume model", 1, "no training that was stopped"),
        ("nodes train edges.txt -o o --resume model --dim 9", 2, "--dim: fixed by"),
    ],
)
def test_what_does_not_fit_is_refused(folder, capsys, arguments, code, said):
    try:
        assert cli.main(arguments.split()) == code
    except SystemExit as exit:
        assert exit.code == code
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("name", "unit"), [("train", "words"), ("glove", "cells"), ("nodes train", "edges")]
)
def test_other_input_is_refused(folder, chunks, capsys, name, unit):
    chunks[:] = [int] * 3 + [lambda: os.kill(os.getpid(), signal.SIGINT)]
    assert cli.main([*COMMANDS[name], "-o", "part"]) == 130
    with open("text.txt", "a") as text, open("edges.txt", "a") as edges:
        text.write("fruit1 metal1 river1\nfruit1 river2 metal5 metal4\n")
        edges.write("n1 n80\n")
    assert cli.main([*resumed(name), "-o", "out"]) == 1
    errors = capsys.readouterr().err
    assert f"{unit} that was stopped, and the input has" in errors and "give the same" in errors


def test_vectors_are_finite_after_all(folder):
    assert cli.main([*COMMANDS["nodes train"], "-o", "o.txt", "--checkpoint", "part"]) == 0
    assert np.isfinite(fastsgns.load("part").source.vectors).all()


@pytest.mark.filterwarnings("ignore:the checkpoint was not saved")
@pytest.mark.parametrize("name", COMMANDS)
def test_the_output_is_saved_where_a_checkpoint_cannot_be(folder, monkeypatch, capsys, name):
    def fail(self, model):
        raise OSError(errno.ENOSPC, "No space left on device", self.path)

    monkeypatch.setattr(Checkpoint, "_save", fail)
    assert cli.main([*COMMANDS[name], "-o", "out", "--checkpoint", "part"]) == 1
    assert "checkpoint: [Errno 28] No space left on device" in capsys.readouterr().err
    assert fastsgns.load("out").unfinished is None
