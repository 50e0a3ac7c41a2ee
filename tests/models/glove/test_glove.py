"""GloVe: the model around the kernels."""

import copy
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import reference_glove as reference
from ctrl_c import pressed_in

import fastsgns
from fastsgns import EncodedCorpus, GloVe, KeyedVectors
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.errors import EmptyCorpusError, FormatError
from fastsgns.formats import native
from fastsgns.models.glove import epoch as glove_epoch
from fastsgns.models.glove import storage as glove_storage
from fastsgns.models.ppmi import PPMI

SMALL = {"vector_size": 10, "min_count": 1, "workers": 1, "epochs": 3, "progress": False}


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    rng = np.random.default_rng(1)
    return EncodedCorpus.from_iterable(
        [(80 * rng.random(15) ** 2).astype(int).tolist() for _ in range(300)]
    )


@pytest.fixture(scope="module")
def counts(corpus) -> Cooccurrences:
    return Cooccurrences.from_corpus(corpus, window=5)


def state(model: GloVe) -> list[bytes]:
    stores = [array for store in model.arrays.stores for array in (store.vectors, store.columns)]
    return [array.tobytes() for array in (*stores, *model.arrays.squares)]


@pytest.mark.parametrize("matrices", ["two", "tied"])
def test_one_worker_does_what_the_twin_does(counts, matrices):
    """Same start, same blocks, same orders: same numbers, to rounding."""
    model = GloVe(cooccurrences=counts, matrices=matrices, **SMALL)
    twin = GloVe(matrices=matrices, **SMALL)
    twin._allocate(counts)
    rows = [np.vstack([s.vectors.T, s.columns]).T.astype(np.float64) for s in twin.arrays.stores]
    squares = [np.ones_like(r) for r in rows]
    rows, squares = [rows[0], rows[-1]], [squares[0], squares[-1]]
    x = dict(zip(zip(counts.rows.tolist(), counts.columns.tolist()), counts.weights.tolist()))
    n_blocks = -(-len(x) // 256)
    drawn, blocks = twin._seed(1), [[] for _ in range(n_blocks)]
    for cell in x:
        drawn, block = reference.draw(drawn, n_blocks)
        blocks[block].append(cell)
    assert n_blocks > 3
    losses = []
    for epoch in range(1, 4):
        rng = np.random.default_rng([1, 2, epoch])
        order = rng.permutation(n_blocks)
        streams = rng.integers(0, 2**64 - 1, n_blocks, np.uint64, endpoint=True)
        loss = 0.0
        for block, stream in zip(order, streams):
            for cell in reference.shuffled(blocks[block], int(stream)):
                f = float(reference.weighting(x[cell], 100.0, 0.75))
                loss += reference.step(rows, squares, *cell, np.log(x[cell]), f, 0.05)
        losses.append(loss / len(x))
    np.testing.assert_allclose(model.epoch_losses, losses, 1e-4)
    for mine, theirs in zip(model.arrays.stores, rows):
        np.testing.assert_allclose(mine.vectors, theirs[:, :-1], 1e-3, 1e-5)
        np.testing.assert_allclose(mine.columns[0], theirs[:, -1], 1e-3, 1e-5)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("matrices", ["two", "tied"])
def test_objective_falls_to_what_rank_allows(counts, matrices, workers):
    settings = SMALL | {"epochs": 60, "vector_size": 20, "workers": workers}
    model = GloVe(cooccurrences=counts, matrices=matrices, alpha=0.1, **settings)
    x = counts.to_scipy().toarray().astype(float)
    j = reference.objective(
        model.input.vectors, model.input_biases, model.output.vectors, model.output_biases,
        x, 100.0, 0.75,
    )  # fmt: skip
    assert j / len(counts) < 0.3 * model.epoch_losses[0]
    assert j / len(counts) < 1.1 * model.epoch_losses[-1]
    falls = np.diff(model.epoch_losses[:10])
    assert (falls < 0).all()


def test_sources_agree(tmp_path: Path, corpus, counts):
    sentences = [[str(word) for word in sentence] for sentence in corpus]
    (tmp_path / "text").write_text("\n".join(" ".join(s) for s in sentences))
    settings = SMALL | {"window": 5, "min_count": 3}
    models = [
        GloVe(sentences, **settings),
        GloVe(corpus_file=tmp_path / "text", **settings),
        GloVe(EncodedCorpus.from_iterable(sentences), **settings),
    ]
    ready = GloVe(**settings)
    ready.train(ready.count(sentences))
    for model in (*models[1:], ready):
        assert model.vocabulary.words == models[0].vocabulary.words
        assert state(model) == state(models[0])
    assert min(models[0].vocabulary.counts) >= 3
    limited = GloVe(sentences, max_final_vocab=20, **SMALL)
    assert len(limited.wv) <= 20


def test_counts_bring_words_and_windows(counts):
    model = GloVe(cooccurrences=counts, window=2, **SMALL)
    assert (model.window, model.weighting, model.sides) == (5, "harmonic", "both")
    assert model.vocabulary is counts.vocabulary


@pytest.mark.parametrize("matrices", ["two", "tied"])
def test_same_seed_same_bytes(counts, matrices):
    one, two = (GloVe(cooccurrences=counts, matrices=matrices, **SMALL) for _ in range(2))
    other = GloVe(cooccurrences=counts, matrices=matrices, seed=2, **SMALL)
    assert state(one) == state(two) != state(other)
    assert one.epoch_losses == two.epoch_losses
    drawn = [GloVe(seed=None).seed for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_matrices_and_what_wv_is(counts):
    two = GloVe(cooccurrences=counts, **SMALL)
    np.testing.assert_array_equal(two.wv.vectors, two.input.vectors + two.output.vectors)
    assert two.wv is two.wv and two.input.vectors is two.arrays.stores[0].vectors
    word = two.vocabulary.words[3]
    np.testing.assert_array_equal(two.output[word], two.arrays.stores[1].vectors[3])
    np.testing.assert_array_equal(two.input_biases, two.arrays.stores[0].columns[0])
    assert not np.array_equal(two.input_biases, two.output_biases)
    tied = GloVe(cooccurrences=counts, matrices="tied", **SMALL)
    assert np.shares_memory(tied.input.vectors, tied.output.vectors)
    assert tied.wv.vectors is tied.arrays.stores[0].vectors
    assert tied.wv.get_vecattr(word, "count") == counts.vocabulary.counts[3]
    old = two.wv
    two.train(counts, epochs=1)
    assert two.wv is not old


def test_roles_and_spaces(counts):
    two = GloVe(cooccurrences=counts, **SMALL)
    assert list(two.roles) == ["input", "output"] and two.roles.input is two.input
    np.testing.assert_array_equal(two.roles.combined("sum").vectors, two.wv.vectors)
    word = two.vocabulary.words[0]
    output = two.output.vectors
    cosines = output @ two.input[word] / np.linalg.norm(output, axis=1)
    cosines[0] = -np.inf  # the word itself is left out
    (best, _), *_ = two.input.most_similar(word, space="in-out")
    assert best == two.vocabulary.words[int(cosines.argmax())]
    tied = GloVe(cooccurrences=counts, matrices="tied", **SMALL)
    assert np.shares_memory(tied.roles.output.vectors, tied.input.vectors)
    np.testing.assert_array_equal(tied.roles.bias, tied.input_biases)
    before = tied.output.vectors.copy()
    tied.train(counts, epochs=1)
    assert not np.array_equal(tied.output.vectors, before)


def test_an_untrained_model_is_empty(counts, tmp_path):
    model = GloVe(**SMALL)
    assert len(model.wv) == len(model.input) == len(model.output_biases) == 0
    assert "vocab=0" in repr(model)
    with pytest.raises(ValueError, match="no words yet"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize("matrices", ["two", "tied"])
def test_training_resumes_losslessly(tmp_path, counts, matrices):
    whole = GloVe(cooccurrences=counts, matrices=matrices, **SMALL | {"epochs": 5})
    part = GloVe(cooccurrences=counts, matrices=matrices, **SMALL | {"epochs": 2})
    part.save(tmp_path / "model")
    loaded = GloVe.load(tmp_path / "model")
    assert state(loaded) == state(part)
    assert loaded.epochs_trained == 2 and loaded.alpha == part.alpha
    loaded.train(counts, epochs=3)
    assert state(loaded) == state(whole)
    assert loaded.epoch_losses == whole.epoch_losses


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_whole_and_train_on(counts, copied):
    model = GloVe(cooccurrences=counts, **SMALL)
    assert len(model.input) == len(model.wv)
    again = copied(model)
    np.testing.assert_array_equal(again.output.vectors, model.output.vectors)
    again.train(counts, epochs=1)
    model.train(counts, epochs=1)
    assert state(again) == state(model)
    np.testing.assert_array_equal(again.input.vectors, model.input.vectors)


def test_saved_models_load_as_anything_and_export(tmp_path, counts):
    model = GloVe(cooccurrences=counts, **SMALL)
    model.save(tmp_path / "model")
    loaded = fastsgns.load(tmp_path / "model")
    assert isinstance(loaded, GloVe) and state(loaded) == state(model)
    for name in ("wv", "input", "output"):
        vectors = getattr(model, name)
        vectors.save_word2vec_format(tmp_path / "text")
        text = KeyedVectors.load_word2vec_format(tmp_path / "text")
        for word in counts.vocabulary.words:
            np.testing.assert_allclose(text[str(word)], vectors[word], 1e-5, 1e-7)


def test_other_words_are_refused_and_more_text_is_counted_over_the_same(counts):
    model = GloVe(cooccurrences=counts, **SMALL)
    other = Cooccurrences.from_corpus([["a", "b"]])
    with pytest.raises(ValueError, match=r"model\.count"):
        model.train(other)
    more = model.count([[0, 1, "new", 2], [3, 4]])
    assert more.vocabulary.words == counts.vocabulary.words and len(more) == 8
    model.train(more, epochs=1)
    assert model.epochs_trained == 4


def test_divergence_is_named(counts):
    model = GloVe(vector_size=10, workers=2, epochs=20, alpha=1e30)
    with pytest.raises(FloatingPointError, match="at a learning rate of 1e\\+30"):
        model.train(counts)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"vector_size": 0}, ValueError),
        ({"window": 0}, ValueError),
        ({"x_max": 0}, ValueError),
        ({"exponent": float("nan")}, ValueError),
        ({"alpha": -1}, ValueError),
        ({"epochs": 1.5}, ValueError),
        ({"seed": "a"}, ValueError),
        ({"workers": 0}, ValueError),
        ({"min_count": -1}, ValueError),
        ({"matrices": "three"}, ValueError),
        ({"weighting": "x"}, ValueError),
        ({"sides": "x"}, ValueError),
    ],
)
def test_wrong_parameters_are_named_before_anything_is_read(wrong, error):
    def unread():
        raise AssertionError("the corpus was read")
        yield

    with pytest.raises(error, match=next(iter(wrong))):
        GloVe(unread(), **wrong)


def test_one_source_only(counts):
    with pytest.raises(TypeError, match="one of"):
        GloVe([["a", "b"]], cooccurrences=counts)
    with pytest.raises(TypeError, match="either"):
        GloVe().count()


@pytest.mark.parametrize("data", [[["a", "b"]], "text.txt", None])
def test_counts_of_another_type_are_refused(counts, data):
    def stop(report):
        return report.epoch == 2

    stopped = GloVe(cooccurrences=counts, vector_size=4, workers=1, progress=stop)
    calls = [GloVe().train, stopped.train, stopped.resume, PPMI.from_counts]
    for call in calls:
        with pytest.raises(TypeError, match=r"the counts are .*model\.count\(sentences\)"):
            call(data)
    assert stopped.unfinished.n_epochs > 1


def test_nothing_to_train_on():
    with pytest.raises(EmptyCorpusError, match="min_count"):
        GloVe([["a", "b"]])
    with pytest.raises(EmptyCorpusError):
        GloVe([["a"], ["b"]], min_count=1)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_a_model_that_can_be_trained_again(counts, monkeypatch):
    model = GloVe(**SMALL | {"workers": 2, "epochs": 1_000_000})
    threads = set()

    def is_time():
        threads.add(threading.current_thread())
        return model.epochs_trained > 0

    with pressed_in(monkeypatch, glove_epoch, "train_cells", is_time):
        model.train(counts)
    assert all(thread.finished.is_set() for thread in threads)
    assert model.epochs_trained == 1
    assert np.isfinite(model.wv.vectors).all()
    trained = model.epochs_trained
    model.train(counts, epochs=1)
    assert model.epochs_trained == trained + 1
    assert model.epochs_begun in (model.epochs_trained, model.epochs_trained + 1)


def put(tensors: dict, name: str, value: float) -> None:
    tensors[name] = np.array(tensors[name])
    tensors[name].flat[0] = value


@pytest.mark.parametrize(
    "damage",
    [
        lambda t, m: t.pop("output"),
        lambda t, m: t.pop("input_squares"),
        lambda t, m: t.update(input=t["input"][:, :-1].copy()),
        lambda t, m: t.update(input_biases=t["input_biases"].astype(np.float64)),
        lambda t, m: put(t, "output_squares", 0),
        lambda t, m: put(t, "output_squares", np.nan),
        lambda t, m: t.update(counts=t["counts"][:-1]),
        lambda t, m: m["parameters"].update(vector_size="10"),
        lambda t, m: m["parameters"].update(vector_size=2**19),
        lambda t, m: m["parameters"].update(matrices="one"),
        lambda t, m: m["parameters"].pop("alpha"),
        lambda t, m: m["state"].update(epoch_losses=["a"]),
        lambda t, m: m.pop("state"),
    ],
)
def test_damage_is_found(tmp_path, counts, damage):
    model = GloVe(cooccurrences=counts, **SMALL)
    model.save(tmp_path / "whole")
    _, tensors, metadata = native.read(tmp_path / "whole")
    damage(tensors, metadata)
    for key in ("kind", "format"):
        metadata.pop(key)
    native.write(tmp_path / "damaged", glove_storage.SCHEMA.kind, tensors, metadata)
    with pytest.raises(FormatError, match="damaged"):
        GloVe.load(tmp_path / "damaged")
    counts.save(tmp_path / "counts")
    with pytest.raises(FormatError, match="not a GloVe model"):
        GloVe.load(tmp_path / "counts")
