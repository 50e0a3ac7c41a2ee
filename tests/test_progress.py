"""What training shows on the screen and in the log."""

import sys

import pytest
import toy

from fastsgns import Word2Vec, kernels
from fastsgns.progress import reading_bar

SENTENCES = toy.sentences()


def trained(**options):
    model = Word2Vec(SENTENCES, vector_size=16, min_count=1, epochs=2, **options)
    assert model.epochs_trained == 2


@pytest.mark.parametrize("tqdm", [True, False])
def test_progress_is_shown_on_request(capsys, monkeypatch, tqdm):
    if not tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    trained(progress=True, compute_loss=True)
    shown = capsys.readouterr()
    assert "training" in shown.err and "epoch=2/2" in shown.err and "loss=" in shown.err
    assert "100%" in shown.err and shown.out == ""
    assert tqdm or "words/s" in shown.err


@pytest.mark.parametrize("progress", [False, None])
def test_progress_is_silent_elsewhere(capsys, progress):
    trained(progress=progress)
    assert capsys.readouterr() == ("", "")


def test_log_names_the_kernel_and_each_epoch(caplog):
    caplog.set_level("INFO")
    trained(workers=2)
    messages = [record.getMessage() for record in caplog.records]
    first = next(message for message in messages if message.startswith("training"))
    assert "Word2Vec<vocab=24" in first and "CBOW" in first and "workers=2" in first
    assert f"kernel {kernels.variant()}" in first
    assert sum("words/s" in message for message in messages) == 2


def test_reading_is_quiet_where_nobody_looks(capsys):
    with reading_bar(None, "files") as report:
        report(1, 2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("total", "shown"), [(2, " 50%,"), (None, "1,")])
def test_reading_is_shown_with_and_without_a_total(capsys, monkeypatch, total, shown):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with reading_bar(True, "files", "reading the documentation") as report:
        report(1, total)
    assert f"reading the documentation: {shown} " in capsys.readouterr().err
