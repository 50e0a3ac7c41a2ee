"""What training shows on the screen and in the log."""

import io
import subprocess
import sys
import types

import pytest
import toy

from fastsgns import GloVe, NodeEmbedding, PairEmbedding, Word2Vec, kernels
from fastsgns.models.links import HOPE, STRAP, ProNE
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.runtime.progress import make_bar, reading_bar

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
    ends = [message for message in messages if message.startswith("EPOCH ") and "took" in message]
    assert [message.partition(":")[0] for message in ends] == ["EPOCH 0", "EPOCH 1"]


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


class OnlyWrites:
    """What many programs put in place of standard error to send it to a log."""

    def write(self, text):
        pass


class Refuses(OnlyWrites):
    """A file whose reader is gone, and one that is closed."""

    def __init__(self, error):
        self.error = error

    def isatty(self):
        return True

    def write(self, text):
        raise self.error

    flush = write


def closed():
    file = io.StringIO()
    file.close()
    return file


STREAMS = {
    "None": lambda: None,
    "closed": closed,
    "without isatty": OnlyWrites,
    "of bytes": io.BytesIO,
    "broken pipe": lambda: Refuses(BrokenPipeError(32, "Broken pipe")),
    "refused": lambda: Refuses(ValueError("I/O operation on closed file")),
}
LEARNERS = {
    "Word2Vec": lambda show: Word2Vec(
        SENTENCES, vector_size=4, min_count=1, epochs=1, progress=show
    ),
    "GloVe": lambda show: GloVe(SENTENCES, vector_size=4, min_count=1, epochs=1, progress=show),
    "PPMI": lambda show: PPMI(SENTENCES, min_count=1, progress=show),
    "SVDVectors": lambda show: SVDVectors(
        PPMI(SENTENCES, min_count=1, progress=False), 4, progress=show
    ),
    "NodeEmbedding": lambda show: NodeEmbedding(dimensions=4, workers=1, progress=show).fit(EDGES),
    "PairEmbedding": lambda show: PairEmbedding(dimensions=4, workers=1, progress=show).fit(EDGES),
    "HOPE": lambda show: HOPE(2, progress=show).fit(EDGES),
    "STRAP": lambda show: STRAP(2, progress=show).fit(EDGES),
    "ProNE": lambda show: ProNE(2, progress=show).fit(EDGES),
}
EDGES = [("a", "b"), ("b", "c"), ("c", "a")]


@pytest.mark.parametrize("show", [None, True])
@pytest.mark.parametrize("tqdm", [True, False])
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("learner", LEARNERS)
def test_training_works_whatever_standard_error_is(learner, stream, tqdm, show, monkeypatch):
    if not tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", STREAMS[stream]())
    assert LEARNERS[learner](show) is not None


@pytest.mark.parametrize("stream", ["None", "io.BytesIO()", "open('/dev/full', 'w')", "closed"])
def test_a_warning_ends_no_work_whatever_standard_error_is(stream):
    code = (
        "import io, sys, fastsgns\n"
        "closed = io.StringIO(); closed.close()\n"
        f"sys.stderr = {stream}\n"
        "fastsgns.errors.warn('something')\n"
        "print('done'); sys.stderr = None\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "done\n")


def notebook(monkeypatch, kernel):
    """Make this process look like one that runs IPython, with the kernel of a notebook or none."""
    shell = types.SimpleNamespace(kernel=kernel, config={"IPKernelApp": {}} if kernel else {})
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "ipykernel", types.SimpleNamespace())


def test_a_notebook_gets_a_bar_that_it_can_draw(capsys, monkeypatch):
    drawn = []
    tqdm = types.SimpleNamespace(tqdm=lambda **how: drawn.append(how["desc"]) or Drawn())
    monkeypatch.setitem(sys.modules, "tqdm.auto", tqdm)
    notebook(monkeypatch, kernel=object())
    trained()
    assert drawn == ["reading", "training"]
    assert capsys.readouterr().err == ""


class Drawn:
    n = 0

    def set_postfix(self, facts, refresh):
        pass

    def update(self, more):
        self.n += more

    def close(self):
        pass


def test_a_notebook_without_tqdm_gets_a_line_without_escapes(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    notebook(monkeypatch, kernel=object())
    trained()
    shown = capsys.readouterr().err
    assert "training: 100%" in shown and "\x1b" not in shown


def test_ipython_on_no_terminal_gets_none(capsys, monkeypatch):
    notebook(monkeypatch, kernel=None)
    trained()
    assert capsys.readouterr().err == ""


def test_a_step_that_takes_long_is_named_when_it_begins(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    bar = make_bar(True, 2, "starting Ray", "nodes")
    bar.update_to(0)
    assert "starting Ray: " in capsys.readouterr().err
    bar.close()


def test_a_shorter_line_leaves_nothing_of_a_longer_one(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    bar = make_bar(True, None, "reading", "B")
    bar.update_to(1000, file="with a long name")
    bar.close()
    bar.update_to(1)
    bar.close()
    lines = capsys.readouterr().err.split("\n")
    first, second, end = (line.split("\r")[-1] for line in lines)
    assert len(first.rstrip()) > len(second.rstrip()) and len(second) == len(first) and end == ""
