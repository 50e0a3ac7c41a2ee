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
from fastsgns.cli import outputs, stopping
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint
from fastsgns.models.glove.epoch import Epoch
from fastsgns.training.session import Session
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


def kill(number: int = signal.SIGTERM) -> None:
    """Send a signal to this process, also on Windows, where os.kill would end it."""
    signal.raise_signal(number)


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
    chunks[:] = [int] * 3 + [lambda: kill(number)]
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
            kill(number)
        save(self, path, *rest)

    save = fastsgns.Word2Vec.save
    monkeypatch.setattr(fastsgns.Word2Vec, "save", save_amid_signals)
    chunks[:] = [lambda: kill()]
    assert cli.main([*COMMANDS["train"], "-o", "out"]) == 143
    assert len(fastsgns.load("out").wv) > 10


@posix
def test_a_signal_that_is_ignored_stays_so(folder, chunks, monkeypatch):
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        chunks[:] = [lambda: kill(signal.SIGHUP)]
        assert cli.main([*COMMANDS["train"], "-o", "out"]) == 0
    finally:
        signal.signal(signal.SIGHUP, former)


@posix
def test_before_training_nothing_is_saved(folder, monkeypatch, capsys):
    def stop(*_: Any, **__: Any) -> None:
        kill()

    monkeypatch.setattr(fastsgns.Word2Vec, "build_vocab", stop)
    assert cli.main([*COMMANDS["train"], "-o", "out", "--checkpoint", "part"]) == 143
    assert capsys.readouterr().err == "fastsgns: stopped\n"
    assert not Path("out").exists() and not Path("part").exists()


@posix
@pytest.mark.parametrize("name", COMMANDS)
def test_a_stop_before_the_first_epoch_keeps_the_output(folder, monkeypatch, capsys, name):
    def stop(*_: Any, **__: Any) -> None:
        kill()

    Path("out").write_text("kept")
    monkeypatch.setattr(Session, "run", stop)
    assert cli.main([*COMMANDS[name], "-o", "out", "--checkpoint", "part"]) == 143
    assert capsys.readouterr().err == "fastsgns: stopped\n"
    assert Path("out").read_text() == "kept" and not Path("part").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_resumed_training_that_stops_before_its_first_epoch_keeps_all(
    folder, chunks, monkeypatch, name
):
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*COMMANDS[name], "-o", "out", "--checkpoint", "part"]) == 130
    before = [Path(path).read_bytes() for path in ("out", "part")]
    monkeypatch.setattr(Session, "run", lambda *_, **__: kill(signal.SIGINT))
    assert cli.main([*resumed(name), "-o", "out", "--checkpoint", "part"]) == 130
    assert [Path(path).read_bytes() for path in ("out", "part")] == before


@posix
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_right_after_training_loses_nothing(folder, monkeypatch, name):
    defer = stopping.Stop.defer
    calls = iter([kill])

    def defer_late(self: stopping.Stop) -> None:
        next(calls, int)()
        defer(self)

    monkeypatch.setattr(stopping.Stop, "defer", defer_late)
    assert cli.main([*COMMANDS[name], "-o", "out", "--checkpoint", "part"]) == 0
    assert content(fastsgns.load("out")) == content(fastsgns.load("part"))
    assert fastsgns.load("out").unfinished is None


@posix
@pytest.mark.parametrize(
    "line",
    [
        "ppmi text.txt --min-count 1 --dim 8 -q",
        *(f"nodes train edges.txt --model {m} --dim 8 -q" for m in ("HOPE", "STRAP", "ProNE")),
    ],
)
def test_signals_do_not_stop_the_saving_of_a_factorization(folder, monkeypatch, line):
    save = outputs.save

    def save_amid_signals(*arguments: Any) -> None:
        kill()
        kill(signal.SIGHUP)
        save(*arguments)

    monkeypatch.setattr(outputs, "save", save_amid_signals)
    assert cli.main([*line.split(), "-o", "out"]) == 0
    assert Path("out").exists()


def test_an_interrupted_save_has_the_code_of_the_first_signal(folder, monkeypatch, capsys):
    def stopped(*_: Any) -> None:
        kill()
        raise KeyboardInterrupt  # as of Ctrl-C

    monkeypatch.setattr(outputs, "save", stopped)
    line = [*COMMANDS["train"], "-o", "out"]
    assert cli.main(line) == 143
    assert "saving to out: what was learned is lost" in capsys.readouterr().err
    assert cli.main([*line, "--checkpoint", "part"]) == 143
    assert "saving to out: what was learned is in part" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("is_stopped", [False, True])
def test_if_the_output_fails_the_checkpoint_has_the_model(
    folder, chunks, monkeypatch, capsys, name, is_stopped
):
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out")

    monkeypatch.setattr(outputs, "save", full)
    if is_stopped:
        chunks[:] = [int] * 3 + [lambda: signal.raise_signal(signal.SIGINT)]
    assert cli.main([*COMMANDS[name], "-o", "out", "--checkpoint", "part"]) == 1
    said = capsys.readouterr().err
    assert "out is not saved; what was learned is in part" in said and "No space left" in said
    assert (fastsgns.load("part").unfinished is not None) == is_stopped
    assert cli.main([*COMMANDS[name], "-o", "out"]) == 1
    assert "what was learned" not in capsys.readouterr().err


def test_a_checkpoint_is_no_url(folder, capsys):
    assert cli.main([*COMMANDS["train"], "-o", "out", "--checkpoint", "http://x/y"]) == 1
    assert "checkpoint is 'http://x/y', a URL; allowed are paths" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ValueError, OSError])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_output_is_saved_where_the_last_checkpoint_is_stopped(
    folder, chunks, monkeypatch, capsys, name, error
):
    def save_to_output(self: Any, path: Any, *rest: Any) -> None:
        if path == "part":
            raise error("no checkpoint")
        save(self, path, *rest)

    kind = {"glove": fastsgns.GloVe, "nodes": fastsgns.NodeEmbedding}
    saved = kind.get(COMMANDS[name][0], fastsgns.Word2Vec)
    save = saved.save
    monkeypatch.setattr(saved, "save", save_to_output)
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    command = [*COMMANDS[name], "-o", "out", "--checkpoint", "part", "--every", "1h"]
    assert cli.main(command) == 130
    errors = capsys.readouterr().err
    assert "checkpoint: " in errors and "what there is is saved to out" in errors
    assert ("stopped while saving to part" in errors) == (error is KeyboardInterrupt)
    assert fastsgns.load("out").unfinished is not None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_job_has_the_same_arguments_each_time(folder, chunks, capsys, name):
    """It is stopped, continues, ends, and then has nothing to do."""
    whole = [*COMMANDS[name], "--epochs", "3", "-o", "whole"]
    assert cli.main(whole) == 0
    job = [*whole[:-1], "out", "--checkpoint", "part", "--every", "1h"]
    again = [*job[:2], "part", *job[3:]] if name == "nodes update" else [*job, "--resume", "part"]
    chunks[:] = [int] * 2 + [lambda: kill(signal.SIGINT)]
    assert cli.main(job) == 130
    n_left = fastsgns.load("part").unfinished.n_epochs
    assert cli.main(again) == 0
    resumed = fastsgns.load("out")
    assert resumed.unfinished is None and 0 < n_left <= 3
    assert resumed.epochs_trained == fastsgns.load("whole").epochs_trained
    Path("out").unlink()  # as if it had been killed before the output was saved
    capsys.readouterr()
    assert cli.main(again) == 0
    if name == "nodes update":  # which compares the graph with what it knows
        assert np.array_equal(fastsgns.load("out").source.vectors, resumed.source.vectors)
        return
    assert content(fastsgns.load("out")) == content(fastsgns.load("part")) == content(resumed)
    assert "nothing is left to train: part holds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "changed", "option"),
    [
        ("train", ["--epochs", "2"], "--epochs"),
        ("train", ["--alpha", "0.01"], "--alpha"),
        ("train --subwords", ["--epochs", "2"], "--epochs"),
        ("glove", ["--x-max", "9"], "--x-max"),
        ("nodes update", ["--epochs", "2"], "--epochs"),
        ("nodes update", ["--old-rows", "damped"], "--old-rows"),
    ],
)
def test_another_schedule_begins_a_new_training(folder, chunks, capsys, name, changed, option):
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*COMMANDS[name], "-o", "part"]) == 130
    capsys.readouterr()
    assert cli.main([*resumed(name), "-o", "out", *changed]) == 0
    errors = capsys.readouterr().err
    assert f"other values of {option}: a new" in errors
    model = fastsgns.load("out")
    assert model.unfinished is None
    if "--epochs" in changed:
        assert model.epochs_trained == fastsgns.load("part").epochs_trained + 2


@pytest.mark.parametrize("how", ["damped", "0.25"])
def test_a_stopped_update_continues_with_its_old_rows(folder, chunks, capsys, how):
    command = [*COMMANDS["nodes update"], "--old-rows", how]
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*command, "-o", "part"]) == 130
    capsys.readouterr()
    assert cli.main([*resumed("nodes update"), "--old-rows", how, "-o", "out"]) == 0
    assert capsys.readouterr().err == ""


def test_an_update_of_a_stopped_fit_is_refused(folder, chunks, capsys):
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*COMMANDS["nodes train"], "-o", "part"]) == 130
    before = Path("part").read_bytes()
    assert cli.main(["nodes", "update", "part", "edges.txt", "-o", "part", *QUIET]) == 1
    assert "would discard: first continue it with 'fastsgns nodes train" in capsys.readouterr().err
    assert Path("part").read_bytes() == before


def test_a_stopped_update_by_another_graph_begins_anew(folder, chunks, capsys):
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*COMMANDS["nodes update"], "-o", "part"]) == 130
    known = len(fastsgns.load("part").known.targets)
    with open("more.txt", "a") as more:
        more.write("n1 m3\n")
    assert cli.main([*resumed("nodes update"), "-o", "out"]) == 0
    assert "with other EDGES: a new one begins" in capsys.readouterr().err
    model = fastsgns.load("out")
    assert len(model.known.targets) == known + len(MORE) - len(EDGES) + 1
    assert model.epochs_trained == fastsgns.load("part").epochs_trained + 3


def test_phrases_of_a_stopped_training_are_joined_again(folder, chunks):
    with open("text.txt", "a") as text:
        text.writelines("new york\n" if i < 20 else f"word{i}\n" for i in range(600))
    command = [*COMMANDS["train"], "--phrases", "1"]
    chunks[:] = [lambda: kill(signal.SIGINT)]
    assert cli.main([*command, "-o", "part"]) == 130
    assert cli.main([*command, "-o", "out", "--resume", "part"]) == 0
    model = fastsgns.load("out")
    assert model.unfinished is None and "new_york" in model.wv


def test_the_schedule_of_a_stopped_training_can_be_replaced(folder, chunks):
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
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
        ("nodes train edges.txt -o o --resume model --seed 9", 2, "--seed: fixed by"),
        ("nodes train edges.txt -o o --resume model --model tied", 2, "--model: fixed by"),
        ("nodes train edges.txt -o o --resume model --order 9", 2, "--order: fixed by"),
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
    chunks[:] = [int] * 3 + [lambda: kill(signal.SIGINT)]
    assert cli.main([*COMMANDS[name], "-o", "part"]) == 130
    with open("text.txt", "a") as text, open("edges.txt", "a") as edges:
        text.write("fruit1 metal1 river1\nfruit1 river2 metal5 metal4\n")
        edges.write("n1 n80\n")
    assert cli.main([*resumed(name), "-o", "out"]) == 1
    errors = capsys.readouterr().err
    assert f"{unit} that was stopped, and the input has" in errors and "give the same" in errors
    remedies = {"nodes train": "train a new model, without --resume"}
    assert remedies.get(name, "begin a new training with other --epochs") in errors


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
