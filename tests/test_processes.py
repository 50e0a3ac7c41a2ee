"""Processes that are forked, also while the parent trains, and sub-interpreters."""

import copy
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from background import UntilStopped, training
from classes import CLASSES, EDGES, SENTENCES, content
from optional import needs_fork

import fastsgns
from fastsgns import FastText, GloVe, NodeEmbedding, Word2Vec
from fastsgns.cooccurrence import Cooccurrences
from fastsgns.models import exclusive
from fastsgns.runtime import locks

LIMIT_SECONDS = 100  # a child that waits for a lock for ever is ended


def in_fork(work):
    """Return what ``work()`` returns, as JSON, in a child that is forked now."""
    source, target = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a process with several threads
        child = os.fork()
    if not child:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(LIMIT_SECONDS)
            os.write(target, json.dumps(work()).encode())
        except BaseException:
            os.write(target, json.dumps({"error": traceback.format_exc()[-3000:]}).encode())
        finally:
            os._exit(0)
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with the status {status}"
    return json.loads(answer)


def use(name, thing, path):
    """Query, train, copy and save an object; return the content at the end, in hex."""
    case = CLASSES[name]
    case.ask(thing)
    copied = copy.deepcopy(thing)
    if case.train:
        case.train(thing)
        case.train(copied)
    if case.is_savable:
        thing.save(path)
        case.ask(fastsgns.load(path))
    return content(copied).hex()


@needs_fork
@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if not case.is_result])
def test_a_forked_child_does_what_the_parent_does(name, tmp_path):
    case = CLASSES[name]
    thing = case.make()
    case.ask(thing)
    child = in_fork(lambda: use(name, thing, tmp_path / "f"))
    assert child == use(name, thing, tmp_path / "f")


# A fork while another thread trains


def word2vec(callback):
    model = Word2Vec(SENTENCES, vector_size=20, min_count=1, workers=2, epochs=1)
    return model, lambda: model.train(
        SENTENCES, total_examples=len(SENTENCES), epochs=10**6, callbacks=[callback]
    )


def fasttext(callback):
    model = FastText(SENTENCES, vector_size=20, min_count=1, workers=2, epochs=1, bucket=1000)
    return model, lambda: model.train(
        SENTENCES, total_examples=len(SENTENCES), epochs=10**6, callbacks=[callback]
    )


@needs_fork
@pytest.mark.parametrize("make", [word2vec, fasttext])
def test_a_child_that_is_forked_while_another_thread_trains(make, tmp_path):
    callback = UntilStopped()
    model, train = make(callback)

    def work():
        """In the child, nobody trains the model."""
        callback.stop.set()
        vectors = model.wv
        found = [bool(np.isfinite(vectors.array).all())]
        model.save(tmp_path / "f")
        copied = copy.deepcopy(model)
        train()  # one epoch
        found.append(bool(np.isfinite(vectors.array).all()))
        again = fastsgns.load(tmp_path / "f")
        found.append(content(again) == content(copied))
        found.append(Word2Vec(SENTENCES, vector_size=8, min_count=1, workers=2).wv is not None)
        return found

    with training(train, callback):
        children = [in_fork(work) for _ in range(5)]
    assert children == [[True] * 4] * 5
    assert np.isfinite(model.wv.array).all()
    assert not exclusive._owners


@needs_fork
def test_a_fork_in_a_callback():
    """The child and the parent both continue training, and a copy has the same result in both."""
    answers, expected = [], []

    class Fork:
        def on_epoch_end(self, model):
            if model.epochs_trained == 2 and not answers:
                answers.append(in_fork(lambda: finish(copy.deepcopy(model))))
                expected.append(finish(copy.deepcopy(model)))

    def finish(model):
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
        return content(model).hex()

    model = Word2Vec(vector_size=20, min_count=1, workers=1)
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=3, callbacks=[Fork()])
    plain = Word2Vec(vector_size=20, min_count=1, workers=1)
    plain.build_vocab(SENTENCES)
    plain.train(SENTENCES, total_examples=len(SENTENCES), epochs=3)
    assert content(model) == content(plain)
    assert len(answers) == 1 and answers == expected


@needs_fork
def test_the_thread_that_forked_still_owns_its_model():
    model = Word2Vec(SENTENCES, vector_size=4, min_count=1, workers=1)

    def try_to_train():
        errors = []

        def train():
            try:
                model.train(SENTENCES, total_examples=1, epochs=1)
            except RuntimeError as error:
                errors.append(str(error))

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        return errors

    class Model:
        @exclusive.exclusive
        def fork(self):
            exclusive._owners[id(model)] = exclusive._owners[id(self)]
            exclusive._owners[-1] = (-1,)  # of another thread of the parent
            return in_fork(lambda: [try_to_train(), -1 in exclusive._owners])

    errors, others = Model().fork()
    del exclusive._owners[id(model)], exclusive._owners[-1]
    assert "is being trained in another thread" in errors[0] and not others


@needs_fork
def test_no_lock_is_held_in_a_child():
    """Another thread of the parent holds the lock most of the time."""
    stop = threading.Event()

    def hold():
        while not stop.is_set():
            with locks.first_use:
                stop.wait(0.0001)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        for _ in range(10):
            assert in_fork(lambda: locks.first_use.acquire(blocking=False)) is True
    finally:
        stop.set()
        holder.join()
    with locks.first_use:
        pass


@needs_fork
def test_random_numbers_of_parent_and_children_differ_without_a_seed():
    def seeds():
        return [
            GloVe(
                cooccurrences=Cooccurrences.from_corpus(SENTENCES),
                vector_size=4,
                epochs=1,
                seed=None,
            ).seed,
            NodeEmbedding(4, num_walks=1, seed=None).fit(EDGES).source.array.tolist(),
            Word2Vec(SENTENCES, vector_size=4, min_count=1, seed=None).wv.array.tolist(),
        ]

    found = [seeds(), in_fork(seeds), in_fork(seeds)]
    for values in zip(*found):
        assert len(set(map(str, values))) == 3


# Sub-interpreters


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import fastsgns
code = '''
import sys
sys.path[:] = {path!r}
try:
    import fastsgns
except ImportError as error:
    print(error, "numpy" in sys.modules, flush=True)
'''.format(path=sys.path)
interpreter = interpreters.create()
interpreters.run_string(interpreter, code)
interpreters.destroy(interpreter)
print(fastsgns.Word2Vec([["a", "b"]] * 9, min_count=1, vector_size=4))
"""


def test_a_sub_interpreter_is_refused_in_our_words():
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(SUBINTERPRETER)]
    environment = os.environ | {"PYTHONPATH": str(Path(fastsgns.__file__).parent.parent)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert first.startswith("fastsgns cannot be imported in a sub-interpreter, because numpy")
    assert first.endswith("False") and second.startswith("Word2Vec<vocab=2")
