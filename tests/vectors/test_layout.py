"""Arrays of vectors: C-contiguous wherever a user can reach one, whatever the dimension."""

import copy
import pickle
import signal
import threading
from itertools import pairwise

import numpy as np
import pytest
import toy
from safetensors.numpy import load, save

from fastsgns import GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.matrices import RowStore, pad
from fastsgns.models.callbacks import StopTraining
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.runtime.interrupts import uninterrupted

pytestmark = pytest.mark.filterwarnings("ignore:matrices=.t")
SENTENCES = toy.sentences(60)
EDGES = [(word, following) for text in SENTENCES for word, following in pairwise(text)]
ROLES = ("input", "output", "negative")
WORDS = {"vector_size": 10, "min_count": 1, "workers": 1, "epochs": 2, "progress": False}
NODES = {"dimensions": 10, "workers": 1, "epochs": 2, "progress": False}


def word2vec(**given):
    return Word2Vec(SENTENCES, **WORDS | given)


def arrays_of(model) -> dict[str, np.ndarray]:
    """Every array of vectors, and of what is added to scores, that a user can reach."""
    found = {}
    for name in ("wv", "input", "output", "source", "target"):
        if isinstance(vectors := getattr(model, name, None), KeyedVectors):
            found[name] = vectors.vectors
    if hasattr(model, "roles"):
        found |= {f"roles.{role}": model.roles[role].vectors for role in model.roles}
        found["roles.bias"] = model.roles.bias
    for name in ("syn1", "syn1neg", "input_biases", "output_biases", "target_bias"):
        found[name] = getattr(model, name, None)
    return {name: array for name, array in found.items() if array is not None}


MAKERS = {
    "two": lambda: word2vec(sg=1),
    "block": lambda: word2vec(sg=1, negative_sharing="block"),
    "tree": lambda: word2vec(hs=1, negative=0),
    "tree and negatives": lambda: word2vec(hs=1),
    "softmax": lambda: word2vec(softmax=1, negative=0),
    "tied": lambda: word2vec(matrices="tied"),
    "scalar bias": lambda: word2vec(matrices="tied+bias"),
    "word bias": lambda: word2vec(sg=1, matrices="tied+bias", bias="word"),
    "both biases": lambda: word2vec(matrices="tied+bias", bias="both"),
    "reflect": lambda: word2vec(matrices="tied+reflect"),
    "three": lambda: word2vec(sg=1, matrices="three", coupling=10),
    "glove": lambda: GloVe(SENTENCES, **WORDS),
    "tied glove": lambda: GloVe(SENTENCES, **WORDS, matrices="tied"),
    "nodes": lambda: NodeEmbedding(**NODES).fit(EDGES),
    "nodes of one matrix": lambda: NodeEmbedding(**NODES, matrices="tied+bias").fit(EDGES),
    "reflected nodes": lambda: NodeEmbedding(**NODES, matrices="tied+reflect").fit(EDGES),
    "pairs": lambda: PairEmbedding(**NODES).fit(EDGES),
    "hope": lambda: HOPE(10).fit(DirectedGraph.from_edges(*zip(*EDGES))),
    "strap": lambda: STRAP(10).fit(DirectedGraph.from_edges(*zip(*EDGES))),
    "fastrp": lambda: FastRP(10).fit(DirectedGraph.from_edges(*zip(*EDGES))),
    "prone": lambda: ProNE(10).fit(DirectedGraph.from_edges(*zip(*EDGES))),
    "svd": lambda: SVDVectors(PPMI(SENTENCES, min_count=1), 10),
}
each_model = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def resaved(model, path):
    if not hasattr(model, "save"):
        pytest.skip("has no files")
    model.save(path)
    return type(model).load(path)


@each_model
@pytest.mark.parametrize("state", ["trained", "loaded", "copied", "pickled"])
def test_each_array_survives_programs_that_read_its_memory(make, state, tmp_path):
    model = make()
    if state == "loaded":
        model = resaved(model, tmp_path / "model")
    elif state == "copied":
        model = copy.deepcopy(model)
    elif state == "pickled":
        model = pickle.loads(pickle.dumps(model))
    arrays = arrays_of(model)
    assert len(arrays) >= 2
    for name, array in arrays.items():
        assert array.flags.c_contiguous and array.dtype.isnative, name
        np.testing.assert_array_equal(np.frombuffer(array.tobytes(), array.dtype), array.ravel())
        np.testing.assert_array_equal(load(save({"a": array}))["a"], array, name)


@each_model
def test_the_array_is_the_same_at_each_access_and_writable(make):
    model = make()
    first, second = arrays_of(model), arrays_of(model)
    for name, array in first.items():
        if array.flags.writeable:
            assert np.shares_memory(array, second[name]), name
            array[0] = 7
            np.testing.assert_array_equal(second[name][0], 7)
    is_sum = isinstance(model, GloVe) and model.matrices == "two"  # of which writes would be lost
    assert all(first[name].flags.writeable != is_sum for name in ("wv", "source") if name in first)


def test_a_model_answers_the_same_after_fit_and_after_load(tmp_path):
    """The same layout lets BLAS sum in the same order: the digits are equal."""
    graph = DirectedGraph.from_edges(*zip(*EDGES))
    for model in (HOPE(10).fit(graph), STRAP(10).fit(graph), NodeEmbedding(**NODES).fit(graph)):
        loaded = resaved(model, tmp_path / "model")
        node = graph.names[0]
        assert model.recommend(node) == loaded.recommend(node)
        assert model.score([node] * 9, graph.names[1:10]).tolist() == (
            loaded.score([node] * 9, graph.names[1:10]).tolist()
        )


@pytest.mark.parametrize("order", ["F", "strided"])
def test_vectors_that_are_given_become_contiguous(order):
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    given = np.asfortranarray(rows) if order == "F" else np.pad(rows, ((0, 0), (0, 5)))[:, :3]
    kv = KeyedVectors.from_arrays(list("abcd"), given)
    other = KeyedVectors(3)
    other.add_vectors(list("abcd"), np.zeros((4, 3)))
    other.vectors = given
    for vectors in (kv.vectors, other.vectors):
        assert vectors.flags.c_contiguous
        np.testing.assert_array_equal(vectors, rows)
    kv.vectors = rows
    assert kv.vectors is rows


class Watcher:
    """Records, and can change, what callbacks see of the matrices."""

    def __init__(self, change=None):
        self.seen, self.change = [], change

    def on_epoch_begin(self, model):
        self._look(model)

    def on_epoch_end(self, model):
        self._look(model)
        if self.change is not None:
            self.change(model)

    def _look(self, model):
        assert all(array.flags.c_contiguous for array in arrays_of(model).values())
        self.seen.append({name: array.copy() for name, array in arrays_of(model).items()})


@pytest.mark.parametrize("name", list(MAKERS)[:11])
def test_callbacks_see_contiguous_vectors_and_change_nothing(name):
    kept = MAKERS[name]()
    watcher, watched = Watcher(), copy.deepcopy(kept)
    for model, callbacks in ((kept, ()), (watched, (watcher,))):
        model.train(SENTENCES, total_examples=60, epochs=2, callbacks=callbacks)
    for name, array in arrays_of(kept).items():
        np.testing.assert_array_equal(arrays_of(watched)[name], array, name)
        np.testing.assert_array_equal(watcher.seen[-1][name], array, name)
        np.testing.assert_array_equal(watcher.seen[1][name], watcher.seen[2][name], name)


def test_rows_that_a_callback_writes_or_replaces_are_trained():
    for change in (
        lambda model: model.wv.vectors.fill(3),
        lambda model: setattr(model.wv, "vectors", np.full_like(model.wv.vectors, 3)),
    ):
        model, watcher = word2vec(sg=1), Watcher(change)
        model.train(SENTENCES, total_examples=60, epochs=2, callbacks=[watcher])
        assert np.abs(watcher.seen[3]["wv"] - 3).max() < 1
        assert not np.array_equal(watcher.seen[3]["wv"], watcher.seen[2]["wv"])


def test_an_array_held_during_training_shows_what_was_learned():
    for d in (10, 16):
        model = word2vec(sg=1, vector_size=d)
        held, before = arrays_of(model), {n: a.copy() for n, a in arrays_of(model).items()}
        model.train(SENTENCES, total_examples=60, epochs=1)
        for name in ("wv", "syn1neg", "roles.output"):
            np.testing.assert_array_equal(held[name], arrays_of(model)[name])
            assert not np.array_equal(held[name], before[name])


@pytest.mark.parametrize("d", [10, 16])
def test_an_array_that_was_given_or_loaded_is_trained_itself(d, tmp_path):
    model = word2vec(sg=1, vector_size=d)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    given = model.wv.vectors.copy()
    model.wv.vectors = given
    for trained, array in ((model, given), (loaded, loaded.wv.vectors)):
        before = array.copy()
        trained.train(SENTENCES, total_examples=60, epochs=1)
        assert trained.wv.vectors is array
        assert not np.array_equal(array, before)
    np.testing.assert_array_equal(model.wv.vectors, loaded.wv.vectors)


def test_what_the_last_callback_writes_is_kept():
    class Writer:
        def __init__(self, event, error=None):
            self.error = error
            setattr(self, event, self.write)

        def write(self, model):
            model.wv.vectors[:] = 5
            if self.error is not None:
                raise self.error

    for writer in (Writer("on_train_end"), Writer("on_epoch_end", StopTraining())):
        model = word2vec(sg=1)
        model.train(SENTENCES, total_examples=60, epochs=1, callbacks=[writer])
        assert (model.wv.vectors == 5).all()


@pytest.mark.parametrize("name", ["two", "word bias", "glove", "nodes"])
def test_another_thread_sees_whole_rows_while_training_runs(name):
    """At a learning rate of 0 nothing changes, so whatever is seen must be what there was."""
    rate = {"alpha": 0.0, "min_alpha": 0.0}
    if name == "glove":
        model = MAKERS[name]()
        model.alpha, counts = 1e-30, model.count(SENTENCES)

        def train():
            model.train(counts, epochs=30)
    elif name == "nodes":
        model = NodeEmbedding(**NODES | rate).fit(EDGES)

        def train():
            model.partial_fit(EDGES, epochs=10)
    else:
        options = {"matrices": "tied+bias", "bias": "word"} if name == "word bias" else {}
        model = word2vec(sg=1, **options, **rate)

        def train():
            model.train(SENTENCES, total_examples=60, epochs=100, callbacks=[Watcher()])

    held = arrays_of(model)
    before = {key: array.copy() for key, array in held.items()}
    thread = threading.Thread(target=train)
    thread.start()
    while thread.is_alive():
        for key, array in held.items():
            np.testing.assert_allclose(array, before[key], rtol=1e-6)
        try:
            copied = arrays_of(copy.deepcopy(model))
        except RuntimeError as error:
            assert "being trained in another thread" in str(error)
        else:
            assert copied.keys() == before.keys()
            for key, array in copied.items():
                np.testing.assert_allclose(array, before[key], rtol=1e-6)
    thread.join()


def test_an_interrupted_model_is_contiguous():
    class Impatient:
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    model = word2vec(sg=1, matrices="tied+bias", bias="word")
    with pytest.raises(KeyboardInterrupt):
        model.train(SENTENCES, total_examples=60, epochs=2, callbacks=[Impatient()])
    assert all(array.flags.c_contiguous for array in arrays_of(model).values())


@pytest.mark.parametrize("shape", [(1, 1), (3, 16), (7, 17), (5000, 30), (0, 5)])
@pytest.mark.parametrize("n_columns", [0, 1, 2])
def test_rows_keep_their_numbers_in_either_layout(shape, n_columns):
    rng = np.random.default_rng(1)
    vectors, columns = rng.random(shape, np.float32), rng.random((n_columns, shape[0]), np.float32)
    store = RowStore.zeros(*shape, n_columns)
    store.vectors[:], store.columns[:] = vectors, columns
    for times in (2, 3):
        rows = store.spread()
        assert rows.ctypes.data % 64 == 0 and rows.shape[1] % 16 == 0
        np.testing.assert_array_equal(rows[:, : shape[1]], vectors)
        np.testing.assert_array_equal(rows[:, shape[1] : shape[1] + n_columns].T, columns)
        assert not rows[:, shape[1] + n_columns :].any()
        rows *= times
        vectors, columns = vectors * times, columns * times
        store.collect()
        np.testing.assert_array_equal(store.vectors, vectors)
        np.testing.assert_array_equal(store.columns, columns)
        assert store.spread() is rows
        store.release()
        assert store.rows is None
    np.testing.assert_array_equal(pad(vectors)[:, : shape[1]], vectors)


def test_ctrl_c_waits_for_a_step_to_end():
    done = []

    def step():
        signal.raise_signal(signal.SIGINT)
        done.append(threading.current_thread() is threading.main_thread())

    with pytest.raises(KeyboardInterrupt):
        uninterrupted(step)
    assert done == [False]
    with pytest.raises(ZeroDivisionError):
        uninterrupted(lambda: 1 / 0)
