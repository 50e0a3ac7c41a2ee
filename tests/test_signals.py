"""Signals: handlers of the program are called, may end a call, and are never replaced."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from background import LIMIT_SECONDS, UntilStopped, training
from classes import CLASSES, SENTENCES, content

from fastsgns import Word2Vec
from fastsgns.models import exclusive

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
TESTS = Path(__file__).parent

ENDLESS = """
import io, json, os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
import numpy as np
from classes import CLASSES, EDGES, SENTENCES, content
from fastsgns import *

LONG = 10**8

def endless(item):
    while True:
        yield item

word2vec, fasttext, glove = (CLASSES[name].make() for name in ("Word2Vec", "FastText", "GloVe"))
nodes, pairs = (CLASSES[name].make() for name in ("NodeEmbedding", "PairEmbedding"))
cells, phrases = glove.count(SENTENCES), CLASSES["Phrases"].make()
for model in (word2vec, fasttext, nodes, pairs):
    model.workers = 2
CALLS = {
    "Word2Vec.train": (word2vec, lambda it: it.train(SENTENCES, total_examples=40, epochs=LONG)),
    "FastText.train": (fasttext, lambda it: it.train(SENTENCES, total_examples=40, epochs=LONG)),
    "GloVe.train": (glove, lambda it: it.train(cells, epochs=LONG)),
    "NodeEmbedding.fit": (nodes, lambda it: it.set_params(epochs=LONG).fit(EDGES)),
    "PairEmbedding.fit": (pairs, lambda it: it.set_params(epochs=LONG).fit(EDGES)),
    "Phrases.add_vocab": (phrases, lambda it: it.add_vocab(endless(["a", "b"]))),
    "Phrases[...]": (phrases, lambda it: sum(1 for _ in it[endless(["a", "b"])])),
    "EncodedCorpus": (None, lambda _: EncodedCorpus.from_iterable(endless(["a"]))),
    "encode": (word2vec, lambda it: it.wv.encode(endless(["metal1"]))),
    "DirectedGraph": (None, lambda _: DirectedGraph.of(endless(("a", "b")))),
}

class Alarm(Exception):
    pass

def handle(number, frame):
    raise Alarm

def installed():
    return {number: signal.getsignal(number) for number in signal.valid_signals()}

name, how = sys.argv[2:]
model, call = CALLS[name]
number = {"timer": signal.SIGALRM, "user": signal.SIGUSR1, "interrupt": signal.SIGINT}[how]
signal.signal(number, signal.default_int_handler if how == "interrupt" else handle)
handlers = installed()
if how == "timer":
    signal.setitimer(signal.ITIMER_REAL, 0.2)
else:
    threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
try:
    call(model)
    ended = "by itself"
except BaseException as error:
    ended = type(error).__name__
facts = {"ended": ended, "handlers": installed() == handlers}
if model is not None:
    name = type(model).__name__
    if name.endswith("Embedding"):
        model.set_params(epochs=1)
    CLASSES[name].ask(model)
    CLASSES[name].train(model)  # it can be trained again
    loaded = type(model).load(io.BytesIO(content(model)))
    facts["usable"] = content(loaded) == content(model)
print(json.dumps(facts))
os._exit(0)
"""
NAMES = (
    "Word2Vec.train", "FastText.train", "GloVe.train", "NodeEmbedding.fit", "PairEmbedding.fit",
    "Phrases.add_vocab", "Phrases[...]", "EncodedCorpus", "encode", "DirectedGraph",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "how", "expected"),
    [(name, "timer", "Alarm") for name in NAMES]
    + [("FastText.train", "interrupt", "KeyboardInterrupt"), ("Word2Vec.train", "user", "Alarm")],
)
def test_what_a_handler_raises_ends_the_call(name, how, expected):
    """The exception of the handler of the program arrives, and the model stays usable."""
    command = [sys.executable, "-W", "ignore", "-c", ENDLESS, str(TESTS), name, how]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert result.returncode == 0, result.stderr[-3000:]
    facts = json.loads(result.stdout)
    assert facts.pop("ended") == expected and all(facts.values()), facts


TRAINED = [name for name, case in CLASSES.items() if case.train and not case.is_result]


@pytest.fixture
def restore_handlers():
    numbers = (signal.SIGALRM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in zip(numbers, before):
        signal.signal(number, handler)


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.usefixtures("restore_handlers")
def test_handlers_that_return_change_no_result(name, restarts, tmp_path):
    """Also if system calls are interrupted (siginterrupt), while files are written and read."""
    case, calls = CLASSES[name], []

    def work():
        thing = case.make()
        case.train(thing)
        thing.save(tmp_path / "f")
        return content(type(thing).load(tmp_path / "f"))

    expected = work()
    signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
    signal.siginterrupt(signal.SIGALRM, not restarts)
    handler = signal.getsignal(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.002)
    found = work()
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert found == expected and calls
    assert signal.getsignal(signal.SIGALRM) is handler


@pytest.mark.usefixtures("restore_handlers")
def test_an_interrupt_that_is_ignored_has_no_effect():
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    class Press:
        def on_epoch_begin(self, model):
            os.kill(os.getpid(), signal.SIGINT)

    def train(callbacks):
        model = Word2Vec(vector_size=8, min_count=1, workers=1)
        model.build_vocab(SENTENCES)
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=3, callbacks=callbacks)
        return content(model)

    assert train([Press()]) == train([])
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def train_until_stopped(model, callback):
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=10**8, callbacks=[callback])


@pytest.fixture
def model():
    return Word2Vec(SENTENCES, vector_size=8, min_count=1, workers=2, epochs=1)


@pytest.mark.usefixtures("restore_handlers")
def test_an_interrupt_reaches_the_main_thread_while_another_one_trains(model):
    """Python raises KeyboardInterrupt in the main thread; the training goes on until it ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    callback = UntilStopped()
    with training(lambda: train_until_stopped(model, callback), callback) as trainer:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            trainer.join(LIMIT_SECONDS)
        n_epochs = callback.n_epochs
        while trainer.is_alive() and callback.n_epochs <= n_epochs + 1:
            callback.begun.wait()
        assert trainer.is_alive()  # it goes on
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not exclusive._owners


def test_a_cancelled_task_of_asyncio_leaves_a_model_that_can_be_trained_again(model):
    """A thread cannot be cancelled: a callback ends the training."""
    callback = UntilStopped()

    async def main():
        task = asyncio.create_task(asyncio.to_thread(train_until_stopped, model, callback))
        while not (callback.begun.is_set() or task.done()):
            await asyncio.sleep(0)
        try:
            assert model.wv.most_similar("metal1")  # the loop goes on, and may query the model
            with pytest.raises(RuntimeError, match="is being trained in another thread"):
                model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not callback.stop.is_set()
        finally:
            callback.stop.set()

    asyncio.run(main())  # it waits for the thread
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not exclusive._owners
