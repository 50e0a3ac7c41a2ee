"""A model is trained by one thread at a time, and its memory goes when its last reference goes."""

import contextlib
import gc
import os
import signal
import threading
import weakref

import numpy as np
import pytest
from classes import EDGES, SAVABLE, SENTENCES
from optional import needs_fork

from fastsgns import (
    GloVe,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
)
from fastsgns.matrices import Matrices
from fastsgns.models.callbacks import CallbackAny2Vec
from fastsgns.models.links import HOPE
from fastsgns.runtime.interrupts import uninterrupted

SMALL = {"vector_size": 8, "min_count": 1, "workers": 2, "epochs": 2}


def use(thing):
    """Ask something, so that what is made on the way counts too."""
    if hasattr(thing, "wv"):
        thing.wv.most_similar(thing.wv.index_to_key[0], topn=2)
        thing.wv.most_similar(thing.wv.index_to_key[0], topn=2, space="in-in")
    if isinstance(thing, (NodeEmbedding, HOPE)):
        thing.recommend("n1", topn=2)
    if isinstance(thing, (Word2Vec, GloVe)):
        _ = thing.roles.output.vectors, thing.roles.combined("sum")


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def arrays(thing):
    """The matrices of a model of words or of links, by no role."""
    if isinstance(thing, Word2Vec):
        return list(thing.current_arrays().vectors.values())
    matrices = getattr(thing, "arrays", None)
    return list(matrices.vectors.values()) if isinstance(matrices, Matrices) else []


def parts(thing):
    """References to the object and to the vectors and arrays that it holds."""
    found = [thing, *(getattr(thing, name, None) for name in ("wv", "source", "target", "ids"))]
    found += [getattr(thing, name, None) for name in ("weights", "out_targets", "vocabulary")]
    found += arrays(thing)
    return [
        weakref.ref(part)
        for part in found
        if part is not None and not isinstance(part, (dict, tuple))
    ]


@pytest.mark.parametrize("name", SAVABLE)
def test_nothing_waits_for_the_collector(name, no_collector):
    thing = SAVABLE[name]()
    if "tree" not in name:
        use(thing)
    references = parts(thing)
    assert references[0]() is thing
    del thing
    assert [reference() for reference in references if reference() is not None] == []


def test_nothing_waits_for_the_collector_after_an_error(no_collector):
    model = Word2Vec(SENTENCES, **SMALL)
    model.wv.vectors[0, 0] = np.inf
    vectors = weakref.ref(model.wv)
    with pytest.raises(FloatingPointError):
        model.train(SENTENCES, total_examples=40, epochs=1)
    model = Word2Vec(**SMALL | {"alpha": 1e30, "min_alpha": 1e30})
    model.build_vocab(SENTENCES)
    other = weakref.ref(model.wv)
    try:
        with np.errstate(all="ignore"):
            model.train(SENTENCES, total_examples=40, epochs=1)
    except FloatingPointError:
        pass
    del model
    assert other() is None and vectors() is None


DIVERGING = {"alpha": 1e30, "min_alpha": 1e30, "negative_sharing": "pair"}
FAILING = {
    "Word2Vec": lambda: Word2Vec(**SMALL | DIVERGING),
    "GloVe": lambda: GloVe(**SMALL | {"alpha": 1e30, "epochs": 30}),
    "NodeEmbedding": lambda: NodeEmbedding(dimensions=8, epochs=9, **DIVERGING),
    "PairEmbedding": lambda: PairEmbedding(dimensions=8, epochs=9, **DIVERGING),
}


@pytest.mark.parametrize("name", FAILING)
def test_nothing_waits_for_the_collector_after_a_divergence(name, no_collector):
    model = FAILING[name]()
    if isinstance(model, Word2Vec):
        model.build_vocab(SENTENCES)
    failed = False
    try:
        with np.errstate(all="ignore"):
            if isinstance(model, GloVe):
                model.train(model.count(SENTENCES))
            elif isinstance(model, Word2Vec):
                model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
            else:
                model.fit(EDGES)
    except FloatingPointError:
        failed = True
    assert failed
    if isinstance(model, GloVe):
        kept = [weakref.ref(array) for array in (model.arrays.stores[0], model.arrays.squares[0])]
    else:
        kept = [weakref.ref(array) for array in arrays(model)]
    del model
    assert [array() for array in kept if array() is not None] == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, ValueError])
def test_nothing_waits_for_the_collector_after_a_callback_failed(problem, no_collector):
    class Failing:
        def on_epoch_end(self, model):
            raise problem

    model = SAVABLE["Word2Vec"]()
    vectors = weakref.ref(model.wv)
    with contextlib.suppress(problem):
        model.train(SENTENCES, total_examples=40, epochs=2, callbacks=[Failing()])
    del model
    assert vectors() is None


class Held:
    """Something whose end can be seen."""


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_steps_that_fail_or_are_interrupted_hold_nothing(is_interrupted, no_collector):
    held = Held()
    reference = weakref.ref(held)

    def step(held=held):
        if is_interrupted:
            signal.raise_signal(signal.SIGINT)
        else:
            raise KeyboardInterrupt

    others = set(threading.enumerate())
    with contextlib.suppress(KeyboardInterrupt):
        uninterrupted(step)
    for thread in set(threading.enumerate()) - others:
        thread.join(60)  # the one that ran the step may not have come to its end
    del step, held
    assert reference() is None


class Attempt:
    """Calls a function in another thread, and keeps what it raised."""

    def __init__(self, call):
        self.call, self.error = call, None
        thread = threading.Thread(target=self.run)
        thread.start()
        thread.join()

    def run(self):
        try:
            self.call()
        except Exception as error:
            self.error = error


def trained_again(model):
    """How to train each kind of model."""
    if isinstance(model, Word2Vec):
        return lambda: model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    if isinstance(model, GloVe):
        return lambda: model.train(model.count(SENTENCES))
    return lambda: model.fit(EDGES)


class Meddler:
    """Sentences, or edges, that try to train the model from another thread while they are read."""

    def __init__(self, items, call):
        self.items, self.call, self.attempts = items, call, []

    def __iter__(self):
        if not self.attempts:
            self.attempts.append(Attempt(self.call))
        return iter(self.items)


@pytest.mark.parametrize("name", ["Word2Vec", "NodeEmbedding", "PairEmbedding", "HOPE", "ProNE"])
def test_a_second_thread_is_refused_while_the_first_trains(name):
    model = SAVABLE[name]()
    again = trained_again(model)
    if isinstance(model, Word2Vec):
        meddler = Meddler(SENTENCES, again)
        model.train(meddler, total_examples=len(SENTENCES), epochs=1)
    else:
        meddler = Meddler(EDGES, again)
        model.fit(meddler)
    error = meddler.attempts[0].error
    assert isinstance(error, RuntimeError)
    assert "is being trained in another thread" in str(error) and "deepcopy" in str(error)
    assert Attempt(again).error is None


def test_a_second_thread_is_refused_by_glove(monkeypatch):
    model = SAVABLE["GloVe"]()
    counts, attempts = model.count(SENTENCES), []
    allocate = model._allocate

    def meddling(given):
        if not attempts:
            attempts.append(Attempt(lambda: model.train(counts)))
        return allocate(given)

    monkeypatch.setattr(model, "_allocate", meddling)
    model.train(counts)
    assert isinstance(attempts[0].error, RuntimeError) and model.epochs_trained == 2


def test_a_vocabulary_is_not_changed_during_a_training():
    model = SAVABLE["Word2Vec"]()
    meddler = Meddler(SENTENCES, lambda: model.build_vocab([["x"] * 9], update=True))
    model.train(meddler, total_examples=len(SENTENCES), epochs=1)
    assert isinstance(meddler.attempts[0].error, RuntimeError) and "x" not in model.wv


def test_a_callback_may_train_and_a_failed_training_blocks_nothing():
    model = SAVABLE["Word2Vec"]()

    class Nested:
        def on_train_end(self, model):
            if model.epochs_trained < 4:
                model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)

    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1, callbacks=[Nested()])
    assert model.epochs_trained == 3
    with pytest.raises(ValueError, match="epochs is None"):
        model.train(SENTENCES, total_examples=len(SENTENCES))
    assert Attempt(trained_again(model)).error is None


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_callback_may_fork_and_the_child_leaves_training_as_well():
    children = []

    class Fork(CallbackAny2Vec):
        def on_train_end(self, model):
            children.append(os.fork())

    model = Word2Vec(SENTENCES, **SMALL)
    status = 1
    try:
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1, callbacks=[Fork()])
        status = 0
    finally:
        if children == [0]:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
