"""``fastsgns glove``."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import toy

from fastsgns import GloVe, KeyedVectors, cli
from fastsgns.cooccurrence.counts import Cooccurrences


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, toy.sentences())))
    return path


QUICK = ["--dim", "8", "--epochs", "3", "--workers", "1", "-q"]


def test_train_and_export_all_roles(tmp_path: Path, text: Path):
    model_path = str(tmp_path / "model")
    assert cli.main(["glove", str(text), "-o", model_path, *QUICK]) == 0
    model = GloVe.load(model_path)
    assert (model.vector_size, model.epochs_trained, len(model.wv)) == (8, 3, 24)
    for which, vectors in (("sum", model.wv), ("input", model.input), ("output", model.output)):
        path = str(tmp_path / f"{which}.txt")
        assert cli.main(["glove", str(text), "-o", path, "--vectors", which, *QUICK]) == 0
        found = KeyedVectors.load_word2vec_format(path)
        np.testing.assert_allclose(found["metal1"], vectors["metal1"], 1e-5, 1e-7)


def test_counts_are_kept_and_trained_on_and_a_model_resumed(tmp_path: Path, text: Path):
    one, two, counts = (str(tmp_path / name) for name in ("one", "two", "counts"))
    given = ["--window", "3", "--tied", "--save-counts", counts]
    assert cli.main(["glove", str(text), "-o", one, *given, *QUICK]) == 0
    assert Cooccurrences.load(counts).window == 3
    assert cli.main(["glove", counts, "-o", two, "--tied", *QUICK]) == 0
    assert np.array_equal(GloVe.load(one).wv.vectors, GloVe.load(two).wv.vectors)
    more = ["--epochs", "2", "--workers", "1", "-q"]
    assert cli.main(["glove", counts, "--resume", one, "-o", one, *more]) == 0
    resumed = GloVe.load(one)
    assert resumed.epochs_trained == 5 and resumed.matrices == "tied"
    assert cli.main(["glove", str(text), "--resume", two, "-o", two, *more]) == 0
    assert np.array_equal(GloVe.load(two).wv.vectors, resumed.wv.vectors)


def test_deterministic_training_does_not_depend_on_workers(tmp_path: Path, text: Path):
    paths = [str(tmp_path / name) for name in ("one", "three")]
    for path, workers in zip(paths, ("1", "3")):
        given = ["--deterministic", "--dim", "8", "--epochs", "3", "--workers", workers, "-q"]
        assert cli.main(["glove", str(text), "-o", path, *given]) == 0
    one, three = map(GloVe.load, paths)
    assert one.deterministic and three.deterministic
    assert one.input.vectors.tobytes() == three.input.vectors.tobytes()
    again = ["--resume", paths[0], "-o", paths[0], "--deterministic", *QUICK[2:]]
    assert cli.main(["glove", str(text), *again]) == 0
    assert GloVe.load(paths[0]).deterministic


def test_the_file_is_understood_by_the_other_commands(tmp_path: Path, text: Path, capsys):
    model = str(tmp_path / "model")
    cli.main(["glove", str(text), "-o", model, *QUICK[:2], "--epochs", "30", "-q"])
    assert cli.main(["nn", model, "metal1", "-n", "3"]) == 0
    assert capsys.readouterr().out.count("metal") >= 3
    assert cli.main(["nn", model, "metal1", "--space", "in-out"]) == 0
    assert cli.main(["nn", model, "metal1", "--role", "output"]) == 0
    for role, name in (("input", "input"), ("output", "output"), ("sum", "wv")):
        path = str(tmp_path / "role.txt")
        assert cli.main(["convert", model, path, "--role", role]) == 0
        found = KeyedVectors.load_word2vec_format(path)["metal1"]
        np.testing.assert_allclose(found, getattr(GloVe.load(model), name)["metal1"], 1e-5, 1e-7)
    capsys.readouterr()
    assert cli.main(["info", model]) == 0
    assert "glove" in capsys.readouterr().out
    assert cli.main(["convert", model, str(tmp_path / "vectors.txt")]) == 0
    assert len(KeyedVectors.load_word2vec_format(tmp_path / "vectors.txt")) == 24


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--dim", "0"], "too small"),
        (["--x-max", "-1"], "--x-max is -1.0"),
        (["--window", "5000"], "window is 5000"),
        (["--resume", "{model}", "--dim", "5"], "--dim: fixed by the model"),
        (["--resume", "{model}", "--tied"], "--tied: fixed by the model"),
    ],
)
def test_wrong_usage_is_said_before_any_work(tmp_path: Path, text: Path, capsys, extra, message):
    model = str(tmp_path / "model")
    cli.main(["glove", str(text), "-o", model, *QUICK])
    extra = [part.format(model=model) for part in extra]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["glove", str(text), "-o", str(tmp_path / "new"), *extra])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_options_of_counting_do_not_go_with_counts(tmp_path: Path, text: Path, capsys):
    counts = str(tmp_path / "counts")
    Cooccurrences.from_corpus(toy.sentences()).save(counts)
    with pytest.raises(SystemExit):
        cli.main(["glove", counts, "-o", str(tmp_path / "new"), "--window", "3"])
    assert "--window: fixed by the counts" in capsys.readouterr().err


def test_other_commands_say_what_a_file_is(tmp_path: Path, text: Path, capsys):
    counts, model = str(tmp_path / "counts"), str(tmp_path / "model")
    Cooccurrences.from_corpus(toy.sentences()).save(counts)
    assert cli.main(["nn", counts, "metal1"]) == 1
    assert "fastsgns glove" in capsys.readouterr().err
    assert cli.main(["train", counts, "-o", str(tmp_path / "new")]) == 1
    assert "give text" in capsys.readouterr().err
    assert cli.main(["glove", str(text), "-o", model, *QUICK]) == 0
    assert cli.main(["train", str(text), "--resume", model, "-o", str(tmp_path / "new")]) == 1
    assert "use fastsgns glove for it" in capsys.readouterr().err
    assert cli.main(["train", str(text), "-o", str(tmp_path / "sgns"), "-q"]) == 0
    sgns = str(tmp_path / "sgns")
    assert cli.main(["glove", str(text), "--resume", sgns, "-o", str(tmp_path / "new")]) == 1
    assert "not a GloVe model" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_saves_what_was_learned(tmp_path: Path, text: Path):
    model = tmp_path / "model"
    command = [sys.executable, "-m", "fastsgns", "glove", str(text), "-o", str(model)]
    command += ["--progress", "--epochs", "10000000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    shown = ""
    try:
        while not shown.endswith("loss="):  # which the bar shows from the second epoch on
            read = process.stderr.read(1)
            assert read, shown
            shown += read
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "stopped early" in errors
    assert GloVe.load(model).epochs_trained > 0
