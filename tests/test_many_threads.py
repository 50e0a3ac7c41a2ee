"""Threads: many may query one object, one may change it, and each may train a model of its own."""

import copy
import inspect
import io
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from background import LIMIT_SECONDS
from classes import CLASSES, EDGES, SAVABLE, SENTENCES, content

import fastsgns
from fastsgns import DirectedGraph, KeyedVectors, Phrases, Word2Vec
from fastsgns.models import exclusive
from fastsgns.models.fasttext import save_facebook_model
from fastsgns.models.links import base

N_THREADS = 8
TRAINABLE = [name for name, case in CLASSES.items() if case.train and not case.is_result]


@contextmanager
def frequent_switches() -> Iterator[None]:
    """With the GIL, switch threads as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], Any], n_threads: int = N_THREADS) -> list[Any]:
    """Return what ``work(thread)`` returns or raises in each thread; they start at once."""
    barrier, results = threading.Barrier(n_threads), [None] * n_threads

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = work(index)
        except BaseException as error:
            results[index] = error

    threads = [
        threading.Thread(target=run, args=(index,), daemon=True) for index in range(n_threads)
    ]
    with frequent_switches():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return results


# What a query returns, in a form that can be compared


def plain(value: Any, depth: int = 6) -> Any:
    """Return a value with arrays as bytes, and objects as what they hold."""
    if isinstance(value, np.ndarray):
        numbers = [plain(v, depth - 1) for v in value.flat] if value.dtype == object else None
        return str(value.dtype), value.shape, numbers or value.tobytes()
    if isinstance(value, KeyedVectors):
        return type(value).__name__, list(value.index_to_key), plain(value.array)
    if isinstance(value, Mapping):
        return {plain(k): plain(v, depth - 1) for k, v in value.items()} if depth else "..."
    if isinstance(value, (list, tuple)):
        return tuple(plain(v, depth - 1) for v in value) if depth else "..."
    if isinstance(value, (str, bytes, int, float, np.generic, type(None), set, frozenset)):
        return value if value == value else "NaN"
    return type(value).__name__


def properties(thing: Any) -> dict[str, Callable[[Any], Any]]:
    """Return a reader of each public property of an object, also of those computed once."""
    names = [
        name
        for name in dir(type(thing))
        if not name.startswith("_")
        and isinstance(
            inspect.getattr_static(type(thing), name),
            (property, cached_property),
        )
    ]
    return {name: lambda it, name=name: getattr(it, name) for name in names}


def of_keys(kv: Callable[[Any], KeyedVectors], keys: list[Any]) -> dict[str, Callable[[Any], Any]]:
    """Return the queries of vectors."""
    a, b, c = keys[:3]
    queries: dict[str, Callable[[KeyedVectors], Any]] = {
        "norms": lambda kv: kv.norms,
        "normed": lambda kv: kv.get_normed_vectors(),
        "most_similar": lambda kv: kv.most_similar([a, b], [c], topn=5),
        "batch": lambda kv: kv.most_similar_batch([a, b, c], topn=5),
        "cosmul": lambda kv: kv.most_similar_cosmul([a, b], [c], topn=5),
        "distances": lambda kv: kv.distances(a),
        "rank": lambda kv: kv.rank(a, b),
        "closer_than": lambda kv: kv.closer_than(a, b),
        "doesnt_match": lambda kv: kv.doesnt_match([a, b, c]),
        "n_similarity": lambda kv: kv.n_similarity([a, b], [c]),
        "mean": lambda kv: kv.get_mean_vector([a, b]),
        "encode": lambda kv: kv.encode([[a, b], [c]], workers=2),
        "some": lambda kv: kv.vectors_for_all([a, c]),
        "attributes": lambda kv: dict(kv.expandos),
        "output": lambda kv: kv.output if kv.role_link is not None else None,
        "in-out": lambda kv: answer_of_space(kv, a, "in-out"),
        "sum": lambda kv: answer_of_space(kv, a, "sum"),
        "unseen": lambda kv: kv.get_vector(f"{a}{b}") if f"{a}{b}" in kv else None,
        "vectors": lambda kv: kv.vectors,
    }
    return {f"wv.{name}": lambda it, ask=ask: ask(kv(it)) for name, ask in queries.items()}


def answer_of_space(kv: KeyedVectors, key: Any, space: Any) -> Any:
    try:
        return kv.most_similar(key, topn=3, space=space)
    except ValueError as error:
        return str(error)


def queries_of(name: str, thing: Any) -> dict[str, Callable[[Any], Any]]:
    """Return what the tests ask an object of a class."""
    case = CLASSES[name]
    found = {"ask": case.ask, "repr": repr} | properties(thing)
    if isinstance(thing, KeyedVectors):
        found |= of_keys(lambda it: it, list(thing.index_to_key))
    elif isinstance(getattr(thing, "wv", None), KeyedVectors):
        found |= of_keys(lambda it: it.wv, list(thing.wv.index_to_key))
    if isinstance(thing, base.LinkModel):
        names = list(thing.source.index_to_key)
        found["batch"] = lambda it: it.recommend(names, topn=4)
        found["score"] = lambda it: it.score(names[:3], names[1:4])
        found["bare score"] = lambda it: it.score(names[:3], names[1:4], popularity=False)
    if isinstance(thing, Word2Vec):
        words = list(thing.wv.index_to_key)
        if thing.hs:
            found["score"] = lambda it: it.score(SENTENCES[:5])
        else:
            found["predict"] = lambda it: it.predict_output_word(words[:2])
    if isinstance(thing, Phrases):
        found["find"] = lambda it: it.find_phrases(SENTENCES)
        found["freeze"] = lambda it: it.freeze().phrasegrams
    if isinstance(thing, DirectedGraph):
        found["transposed"] = lambda it: [it.in_offsets, it.in_sources, it.in_degrees]
    return found


# Many threads ask one object


# A new generator at each access; what callers have asked for
CHANGING = {"random", "views"}


@pytest.mark.parametrize("name", CLASSES)
def test_threads_that_query_a_fresh_object_get_what_one_thread_gets(name):
    make = CLASSES[name].make
    first = make()
    queries = {key: ask for key, ask in queries_of(name, make()).items() if key not in CHANGING}
    expected = {}
    for key, ask in queries.items():
        try:
            expected[key] = plain(ask(first))
        except Exception as error:  # such as a property that the object does not have
            expected[key] = type(error)
    asked = [key for key, answer in expected.items() if not inspect.isclass(answer)]
    assert "ask" in asked and len(asked) > 1
    for _ in range(1 if CLASSES[name].is_result else 3):
        fresh = make()

        def ask_all(thread: int, fresh: Any = fresh) -> dict[str, Any]:
            start = thread * len(asked) // N_THREADS  # each begins with another query
            order = asked[start:] + asked[:start]
            return {key: plain(queries[key](fresh)) for key in order}

        for answers in in_threads(ask_all):
            assert not isinstance(answers, BaseException), answers
            for key in asked:
                assert answers[key] == expected[key], key


@pytest.mark.parametrize("name", [name for name in SAVABLE if CLASSES[name].train])
def test_threads_query_a_loaded_and_a_copied_object(name, tmp_path):
    original = SAVABLE[name]()
    (tmp_path / "f").write_bytes(content(original))
    ask = CLASSES[name].ask
    expected = plain(ask(original))
    for fresh in (
        fastsgns.load(tmp_path / "f"), fastsgns.load(tmp_path / "f", mmap="r"),
        copy.deepcopy(original),
    ):  # fmt: skip
        answers = in_threads(lambda _, fresh=fresh: plain(ask(fresh)))
        assert answers == [expected] * N_THREADS


def test_threads_see_one_view_of_a_matrix():
    model = CLASSES["Word2Vec"].make()
    views = in_threads(lambda _: model.wv.output)
    assert len(set(map(id, views))) == 1


# One thread changes an object


@pytest.mark.parametrize("name", TRAINABLE)
def test_training_while_another_thread_trains_raises(name, monkeypatch):
    thing = CLASSES[name].make()
    before = content(thing)
    monkeypatch.setitem(exclusive._owners, id(thing), (-1,))
    with pytest.raises(RuntimeError, match="is being trained in another thread: wait"):
        CLASSES[name].train(thing)
    monkeypatch.undo()
    assert content(thing) == before
    CLASSES[name].train(thing)


@pytest.mark.parametrize("name", TRAINABLE)
def test_a_model_that_another_thread_trains_is_neither_saved_nor_copied(
    name, monkeypatch, tmp_path
):
    thing = CLASSES[name].make()
    before = content(thing)
    whole = {"save": lambda: thing.save(tmp_path / "f")}
    if not isinstance(thing, Phrases):  # whose counts are replaced in one step
        whole |= {
            "copy": lambda: copy.copy(thing),
            "deepcopy": lambda: copy.deepcopy(thing),
            "pickle": lambda: pickle.dumps(thing),
        }
    monkeypatch.setitem(exclusive._owners, id(thing), (-1,))
    for each in whole.values():
        with pytest.raises(RuntimeError, match="cannot be saved or copied now: wait"):
            each()
    assert not list(tmp_path.iterdir())
    monkeypatch.setitem(exclusive._owners, id(thing), (threading.get_ident(),))
    for each in whole.values():  # in a callback
        each()
    assert (tmp_path / "f").read_bytes() == before


class TrainsMeanwhile(io.BytesIO):
    """A file that is written while another thread tries to train."""

    def __init__(self, train: Callable[[], object]) -> None:
        super().__init__()
        self.train, self.answers = train, list[Any]()

    def write(self, data: Any) -> int:
        if not self.answers:
            self.answers += in_threads(lambda _: self.train(), 1)
        return super().write(data)


@pytest.mark.parametrize("name", TRAINABLE)
def test_a_model_that_is_being_saved_is_not_trained(name):
    thing = CLASSES[name].make()
    before = content(thing)
    file = TrainsMeanwhile(lambda: CLASSES[name].train(thing))
    thing.save(file)
    assert str(file.answers[0]).endswith(
        "is being saved or copied in another thread: wait until that ends"
    ), file.answers
    assert file.getvalue() == content(thing) == before
    CLASSES[name].train(thing)
    assert not exclusive._readers and not exclusive._owners


def test_a_file_of_facebook_that_is_being_written_is_of_one_moment():
    model = CLASSES["FastText"].make()
    file = TrainsMeanwhile(lambda: CLASSES["FastText"].train(model))
    save_facebook_model(model, file)
    assert isinstance(file.answers[0], RuntimeError)


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("what", ["wv", "everything"])  # reading one can refresh another
def test_what_is_read_during_training_changes_no_later_answer(name, what):
    case = CLASSES[name]
    trained, asked = case.make(), case.make()
    names = properties(asked).keys() - CHANGING
    names = names & {"wv"} if what == "wv" else names

    def ask(_: object = None) -> None:
        for each in names:
            try:
                value = getattr(asked, each)
                if isinstance(value, KeyedVectors) and len(value):
                    value.most_similar(value.index_to_key[0])
            except Exception:  # of a property that the object does not have
                continue

    case.train(trained)
    asked.progress = lambda report: in_threads(ask, 1) and ask()
    case.train(asked)
    asked.progress = trained.progress
    queries = {key: ask for key, ask in queries_of(name, trained).items() if key not in CHANGING}
    for key, query in sorted(queries.items(), key=lambda item: item[0] not in names):
        try:
            expected = plain(query(trained))
        except Exception:
            continue
        assert plain(query(asked)) == expected, key
    assert content(asked) == content(trained)


class Model:
    """Something that trains until all other threads have tried to."""

    def __init__(self) -> None:
        self.n_refused, self.all_refused = threading.Semaphore(0), threading.Event()

    @exclusive.exclusive
    def train(self, n_others: int) -> str:
        self.check()
        for _ in range(n_others):
            assert self.n_refused.acquire(timeout=LIMIT_SECONDS)  # or two threads train
        return "trained"

    @exclusive.exclusive
    def check(self) -> None:
        """Be called by another exclusive method."""


@pytest.mark.parametrize("n_threads", [2, 16])
def test_one_of_many_threads_trains_and_the_others_are_refused(n_threads):
    for _ in range(50):
        model = Model()

        def train(_: int, model: Model = model) -> str:
            try:
                return model.train(n_threads - 1)
            except RuntimeError:
                model.n_refused.release()
                return "refused"

        results = in_threads(train, n_threads)
        assert sorted(results) == ["refused"] * (n_threads - 1) + ["trained"]
        assert id(model) not in exclusive._owners


# Each thread has an object of its own


@pytest.mark.parametrize("name", TRAINABLE)
def test_objects_that_are_trained_at_once_are_as_if_trained_in_turn(name):
    case = CLASSES[name]

    def train(_: int) -> bytes:
        thing = case.make()
        case.train(thing)
        return content(thing)

    expected = train(0)
    assert in_threads(train, 4) == [expected] * 4


def test_all_classes_train_at_once():
    def train(thread: int) -> bytes:
        thing = CLASSES[TRAINABLE[thread]].make()
        CLASSES[TRAINABLE[thread]].train(thing)
        return content(thing)

    expected = [train(index) for index in range(len(TRAINABLE))]
    assert in_threads(train, len(TRAINABLE)) == expected


@pytest.mark.parametrize("name", SAVABLE)
def test_files_are_saved_and_loaded_at_once(name, tmp_path):
    whole = content(SAVABLE[name]())
    (tmp_path / "f").write_bytes(whole)

    def load_and_save(thread: int) -> bytes:
        for _ in range(3):
            loaded = fastsgns.load(tmp_path / "f")  # which other threads replace meanwhile
            loaded.save(tmp_path / "f")
        return content(loaded)

    assert in_threads(load_and_save) == [whole] * N_THREADS
    assert (tmp_path / "f").read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("name", SAVABLE)
def test_one_object_is_saved_in_many_threads(name, tmp_path):
    thing = SAVABLE[name]()
    whole = content(thing)
    in_threads(lambda thread: thing.save(tmp_path / str(thread)))
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {whole}


def test_a_graph_is_asked_while_models_are_trained_on_it():
    graph = DirectedGraph.of(EDGES)
    expected = [plain(list(graph.edges())), graph.in_degrees.tolist()]
    fresh = DirectedGraph.of(EDGES)

    def use(thread: int) -> Any:
        if thread % 2:
            return fastsgns.NodeEmbedding(4, num_walks=1, workers=2).fit(fresh) and expected
        return [plain(list(fresh.edges())), fresh.in_degrees.tolist()]

    assert in_threads(use) == [expected] * N_THREADS


# Copies and files in a callback


class Keep:
    """A callback that copies and saves the model after each epoch, and trains a copy."""

    def __init__(self, folder: Any) -> None:
        self.folder, self.copies = folder, list[bytes]()

    def on_epoch_end(self, model: Any) -> None:
        path = self.folder / "f"
        model.save(path)
        others = [copy.deepcopy(model), pickle.loads(pickle.dumps(model)), fastsgns.load(path)]
        assert len({content(other) for other in others}) == 1
        shallow = copy.copy(model)
        assert shallow.wv.array.tobytes() == model.wv.array.tobytes()
        self.copies.append(content(others[0]))
        others[0].train(SENTENCES, total_examples=len(SENTENCES), epochs=2)
        assert content(others[0]) != self.copies[-1]


WITH_CALLBACKS = [name for name in TRAINABLE if name.startswith(("Word2Vec", "FastText"))]


@pytest.mark.parametrize("name", WITH_CALLBACKS)
def test_copies_and_files_of_a_callback_leave_the_training_as_it_is(name, tmp_path):
    def trained(callbacks: list[Any]) -> Any:
        model = CLASSES[name].make()
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=3, callbacks=callbacks)
        return model

    keep = Keep(tmp_path)
    assert content(trained([keep])) == content(trained([]))
    assert len(set(keep.copies)) == 3


# Queries while one thread trains


class UntilAsked:
    """A callback that ends training when all threads have asked their questions."""

    def __init__(self) -> None:
        self.begun, self.n_done = threading.Event(), threading.Semaphore(0)
        self.n_left, self.over = N_THREADS, False

    def on_epoch_begin(self, model: Any) -> None:
        self.begun.set()

    def on_epoch_end(self, model: Any) -> bool:
        while self.n_done.acquire(blocking=False):
            self.n_left -= 1
        return self.over or not self.n_left


@pytest.mark.parametrize("name", WITH_CALLBACKS)
def test_threads_query_a_model_that_another_thread_trains(name):
    model = CLASSES[name].make()
    words, until_asked = list(model.wv.index_to_key), UntilAsked()

    def ask(thread: int) -> list[bool]:
        until_asked.begun.wait()
        answers = []
        try:
            for turn in range(20):
                word = words[(thread + turn) % len(words)]
                found = model.wv.most_similar(word, topn=5)
                answers.append(len(found) == 5 and all(-1.01 < cos < 1.01 for _, cos in found))
                answers.append(bool(np.isfinite(model.wv.encode([[word]])).all()))
                answers.append(bool(np.isfinite(model.wv.norms).all()))
                if model.negative:
                    answers.append(len(model.wv.most_similar(word, topn=5, space="in-out")) == 5)
                    answers.append(len(model.predict_output_word([word], topn=5)) == 5)
        finally:
            until_asked.n_done.release()
        return answers

    asked = []

    def ask_all() -> None:
        try:
            asked.extend(in_threads(ask))
        finally:
            until_asked.over = True

    asking = threading.Thread(target=ask_all, daemon=True)
    asking.start()
    model.workers = 2
    try:
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=10**8, callbacks=[until_asked])
    finally:
        until_asked.begun.set()
    asking.join()
    assert len(asked) == N_THREADS
    assert all(isinstance(answers, list) and all(answers) for answers in asked), asked
