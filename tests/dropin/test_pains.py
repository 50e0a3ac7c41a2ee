"""What users of gensim complain of, one test per complaint.

docs/pains.md has the table. P24 (a GPU) and the parts of P1, P5 and P18 that are about wheels and
speed are not tested; the page says where they are measured.
"""

import gzip
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import toy

import fastsgns
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.models.callbacks import CallbackAny2Vec, StopTraining

PACKAGE = Path(fastsgns.__file__).parent
SOURCES = Path(__file__).resolve().parent.parent.parent / "fastsgns"
PAGE = SOURCES.parent / "docs" / "pains.md"
PROJECT = SOURCES.parent / "pyproject.toml"
SENTENCES = toy.sentences(60)


def model_of(sentences=SENTENCES, **parameters):
    small = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0}
    return Word2Vec(sentences, **small | parameters)


def vectors_of(n=6, width=4):
    kv = KeyedVectors(width)
    kv.add_vectors([f"k{i}" for i in range(n)], np.random.default_rng(1).normal(size=(n, width)))
    return kv


def run(code: str, **environment: str) -> str:
    """Return what a program prints in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    ).stdout


class CountedCorpus:
    def __init__(self, sentences):
        self.sentences, self.reads = sentences, 0

    def __iter__(self):
        self.reads += 1
        yield from self.sentences


def test_p01_sources_use_no_private_part_of_python():
    private = re.compile(r"\b(_Py[A-Z]\w*|ma_version_tag|ob_digit)\b")
    suffixes = {".pyx", ".pxd", ".c", ".h"}
    paths = [path for path in SOURCES.rglob("*") if path.suffix in suffixes]
    assert paths
    assert [
        p for p in paths if private.search(p.read_text(encoding="utf-8", errors="ignore"))
    ] == []


@pytest.mark.skipif(not PROJECT.exists(), reason="pyproject.toml is not part of this copy")
def test_p02_versions_of_numpy_and_scipy_have_no_upper_limit():
    needed = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    limits = [each for each in needed if each.startswith(("numpy", "scipy"))]
    assert len(limits) == 2
    assert all(re.fullmatch(r"\w+>=[\d.]+", each) for each in limits)


def test_p02_import_training_and_queries_do_not_import_scipy():
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from fastsgns import Word2Vec\n"
        "model = Word2Vec([['a', 'b']] * 9, vector_size=4, min_count=1, workers=1)\n"
        "print(model.wv.most_similar('a')[0][0])"
    )
    assert run(code) == "b\n"


@pytest.mark.parametrize("sharing", ["window", "pair", "batch", "block"])
def test_p03_worker_threads_need_no_blas_of_scipy(sharing: str):
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['scipy.linalg'] = None\n"
        "from fastsgns import Word2Vec\n"
        f"settings = dict(sg=1, negative_sharing={sharing!r}, min_count=1, workers=3, epochs=2)\n"
        "print(Word2Vec([['a', 'b', 'c']] * 900, vector_size=4, **settings).epochs_trained)"
    )
    assert run(code) == "2\n"


class Failing(CountedCorpus):
    def __iter__(self):
        yield from self.sentences[:5]
        raise OSError("the disk failed")


@pytest.mark.parametrize("workers", [1, 3])
def test_p04_an_exception_in_the_corpus_reaches_the_caller(workers: int):
    with pytest.raises(OSError, match="the disk failed"):
        model_of(Failing(SENTENCES), workers=workers)
    model = model_of(workers=workers)
    with pytest.raises(OSError, match="the disk failed"):
        model.train(Failing(SENTENCES), total_examples=60, epochs=2)
    assert model.train(SENTENCES, total_examples=60, epochs=1).n_words == 600


@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_p04_an_exception_in_a_callback_reaches_the_caller(event: str):
    class Broken(CallbackAny2Vec):
        pass

    def fail(self, model):
        raise KeyError("mine")

    setattr(Broken, event, fail)
    with pytest.raises(KeyError, match="mine"):
        model_of(callbacks=[Broken()])


def test_p04_what_hangs_in_gensim_is_trained(tmp_path):
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(map(" ".join, SENTENCES)))
    assert len(model_of([np.array(sentence) for sentence in SENTENCES]).wv) == 24
    assert len(Word2Vec(corpus_file=text, min_count=1, vector_size=4).wv) == 24
    empty = Word2Vec(vector_size=8, workers=1)
    empty.reset_from(model_of())
    assert empty.train(SENTENCES, total_examples=60, epochs=1).n_words == 600


def test_p05_a_corpus_is_read_once_and_lists_train_as_files_do(tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(map(" ".join, SENTENCES)))
    corpus = CountedCorpus(SENTENCES)
    from_objects = model_of(corpus, epochs=4)
    from_file = model_of(None, corpus_file=tmp_path / "corpus.txt", epochs=4)
    assert corpus.reads == 1
    np.testing.assert_array_equal(from_objects.wv.vectors, from_file.wv.vectors)


def test_p06_the_sum_of_losses_is_double_and_grows_beyond_2_to_27():
    class Starts(CallbackAny2Vec):
        def on_epoch_begin(self, model):
            model.running_training_loss = 2.0**27

    model = model_of(compute_loss=True, epochs=1, callbacks=[Starts()])
    grown = model.running_training_loss - 2**27
    assert grown == pytest.approx(model_of(compute_loss=True, epochs=1).running_training_loss)
    assert grown % 1  # float32 has no fractions there


@pytest.mark.parametrize("objective", [{"negative": 5}, {"hs": 1, "negative": 0}])
@pytest.mark.parametrize("sg", [0, 1])
def test_p06_the_loss_per_example_falls_and_the_constructor_is_heeded(sg: int, objective):
    model = Word2Vec(
        vector_size=8, min_count=1, workers=2, sg=sg, sample=0, compute_loss=True, **objective
    )
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=60, epochs=30)
    assert len(model.epoch_losses) == 30
    assert 0 < model.epoch_losses[-1] < model.epoch_losses[0]


def test_p07_a_sentence_of_16200_tokens_is_trained_whole():
    sentence = [f"w{i % 90}" for i in range(16_200)]
    model = model_of([sentence], epochs=1)
    assert model.train([sentence], total_examples=1, epochs=1) == (16_200, 16_200)


CHANGES = {
    "set a new key": lambda kv: kv.__setitem__("new", np.full(4, 9.0)),
    "set a key": lambda kv: kv.__setitem__("k1", np.full(4, 100.0)),
    "add vectors": lambda kv: kv.add_vectors(["x", "y"], np.eye(2, 4)),
    "replace vectors": lambda kv: kv.add_vectors(["k0"], np.full((1, 4), 50.0), replace=True),
    "write a row": lambda kv: kv.vectors.__setitem__(2, 77.0),
    "scale all": lambda kv: kv.vectors.__imul__(3),
    "set the matrix": lambda kv: setattr(kv, "vectors", kv.vectors[::-1] * 5),
    "unit length": lambda kv: kv.unit_normalize_all(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_p08_norms_follow_every_change(change: str):
    kv = vectors_of()
    kv.fill_norms()
    kv.most_similar("k0")
    CHANGES[change](kv)
    kv.fill_norms()
    np.testing.assert_allclose(kv.norms, np.linalg.norm(kv.vectors, axis=1), rtol=1e-6)
    for key in kv.index_to_key:
        for other, cosine in kv.most_similar(key, topn=3):
            assert cosine == pytest.approx(kv.similarity(key, other), abs=1e-6)
            assert abs(cosine) < 1.00001


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("lockf", [0.0, 1.0])
def test_p09_vectors_of_a_file_are_taken_and_locked(tmp_path, binary: bool, lockf: float):
    source = KeyedVectors(8)
    source.add_vectors(["fruit0", "nothing"], np.ones((2, 8)))
    source.save_word2vec_format(tmp_path / "vectors", binary=binary)
    model = model_of()
    model.wv.intersect_word2vec_format(tmp_path / "vectors", lockf=lockf, binary=binary)
    assert model.wv["fruit0"].tolist() == [1] * 8 and "nothing" not in model.wv
    before = model.wv.vectors.copy()
    model.train(SENTENCES, total_examples=60, epochs=1)
    changed = (model.wv.vectors != before).any(axis=1)
    assert changed[model.wv.key_to_index["fruit0"]] == bool(lockf)
    assert changed.sum() == 24 - (not lockf)


def test_p09_training_starts_from_other_vectors():
    general = KeyedVectors(8)
    general.add_vectors(["fruit0", "nothing"], np.ones((2, 8)))
    model = Word2Vec(vector_size=8, min_count=1, workers=1, sample=0, init_from=general)
    model.build_vocab(SENTENCES)
    assert model.wv["fruit0"].tolist() == [1] * 8 and "nothing" not in model.wv
    others = np.delete(model.wv.vectors, model.wv.key_to_index["fruit0"], axis=0)
    assert np.abs(others).max() < 1
    model.train(SENTENCES, total_examples=60, epochs=1)
    assert not (model.wv["fruit0"] == 1).any()


@pytest.mark.parametrize("workers", [1, 4])
def test_p10_threads_count_a_file_as_one_does(tmp_path, workers: int):
    lines = [" ".join(sentence) for sentence in SENTENCES] * 500
    (tmp_path / "corpus.txt").write_text("\n".join(lines))
    model = Word2Vec(min_count=1, vector_size=2, workers=workers)
    model.build_vocab(corpus_file=tmp_path / "corpus.txt")
    expected = sum(sentence.count("fruit0") for sentence in SENTENCES) * 500
    assert model.wv.get_vecattr("fruit0", "count") == expected
    assert (model.corpus_count, model.corpus_total_words) == (30_000, 300_000)


@pytest.mark.parametrize("workers", [1, 4])
def test_p11_a_file_is_trained_whole_whatever_its_lines_and_compression(tmp_path, workers: int):
    lines = [" ".join(sentence) for sentence in SENTENCES] + ["fruit0 " * 20_000]
    path = tmp_path / "corpus.txt.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    model = Word2Vec(min_count=1, vector_size=4, sample=0, workers=workers)
    model.build_vocab(corpus_file=path)
    assert model.train(corpus_file=path, total_examples=61, epochs=2) == (41_200, 41_200)


def test_p11_totals_beyond_2_to_31_are_exact():
    model = Word2Vec(min_count=1, vector_size=2)
    model.build_vocab_from_freq({"a": 2**33 + 1, "b": 3})
    assert model.corpus_total_words == 2**33 + 4
    assert model.wv.get_vecattr("a", "count") == 2**33 + 1


def test_p12_results_do_not_depend_on_the_hashes_of_python():
    code = (
        "from fastsgns import Word2Vec\n"
        "model = Word2Vec([['a', 'b', 'c']] * 99, vector_size=4, min_count=1, workers=1, seed=3)\n"
        "print(model.wv.vectors.tobytes().hex())"
    )
    assert len({run(code, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")}) == 1


def test_p13_a_vocabulary_grows_many_times():
    model = model_of(epochs=20)
    for step in range(5):
        before, size = model.wv.vectors.copy(), len(model.wv)
        more = [[f"new{step}", "fruit0", "fruit1"]] * 30
        model.build_vocab(more, update=True)
        np.testing.assert_array_equal(model.wv.vectors[:size], before)
        assert not model.syn1neg[size:].any()
        counts = model.wv.expandos["count"]
        model.train(more, total_examples=30, epochs=20, start_alpha=0.05)
        assert model.min_alpha_yet_reached <= 0.05
        assert counts[model.wv.key_to_index["fruit0"]] >= 30 * (step + 1)
    assert len(model.wv) == 29 and np.isfinite(model.wv.vectors).all()
    assert model.wv.similarity("new0", "fruit0") > model.wv.similarity("new0", "metal0")


def test_p14_a_bar_shows_the_progress(capsys):
    model_of(progress=True, epochs=2)
    assert "100%" in capsys.readouterr().err


def test_p14_a_callable_is_told_the_progress():
    reports = []
    model_of(progress=reports.append, epochs=3, compute_loss=True)
    trained = [report for report in reports if report.step == "training"]
    assert trained[-1].done == trained[-1].total > 0 and trained[-1].n_epochs == 3
    assert [report.done for report in trained] == sorted(report.done for report in trained)
    assert 0 < trained[-1].alpha < 0.025 and trained[-1].loss > 0
    assert trained[-1].speed > 0 or trained[-1].seconds < 0.001  # too short for a speed


@pytest.mark.parametrize("way", ["raise", "return"])
@pytest.mark.parametrize("event", ["on_epoch_begin", "on_epoch_end"])
def test_p15_a_callback_stops_the_training(event: str, way: str):
    class Stops(CallbackAny2Vec):
        pass

    def stop(self, model):
        if model.epochs_trained == 2 and way == "raise":
            raise StopTraining
        return model.epochs_trained == 2

    setattr(Stops, event, stop)
    model = model_of(epochs=9, callbacks=[Stops()])
    assert model.epochs_trained == 2 and model.wv.most_similar("fruit0")


class Partial:
    """Not a subclass, and with one of the four methods; it cannot be pickled."""

    def __init__(self):
        self.n_epochs, self.lock = 0, (item for item in ())

    def on_epoch_end(self, model):
        self.n_epochs += 1


def test_p16_callbacks_of_the_constructor_are_used_and_never_saved(tmp_path):
    partial = Partial()
    model = Word2Vec(min_count=1, vector_size=4, workers=1, callbacks=[partial])
    model.build_vocab(SENTENCES)
    model.train(SENTENCES, total_examples=60, epochs=3)
    assert partial.n_epochs == 3
    model.save(tmp_path / "model")
    assert len(Word2Vec.load(tmp_path / "model").wv) == 24


def test_p17_many_queries_are_answered_at_once():
    kv = vectors_of(50)
    keys = kv.index_to_key[:20]
    for key, answers in zip(keys, kv.most_similar_batch(keys, topn=5)):
        alone = kv.most_similar(key, topn=5)
        assert [other for other, _ in answers] == [other for other, _ in alone]
        np.testing.assert_allclose([c for _, c in answers], [c for _, c in alone], atol=1e-6)


@pytest.mark.parametrize("binary", [False, True])
def test_p18_a_file_is_read_with_the_values_that_were_written(tmp_path, binary: bool):
    kv = vectors_of(3000, 30)
    kv.save_word2vec_format(tmp_path / "vectors", binary=binary)
    loaded = KeyedVectors.load_word2vec_format(tmp_path / "vectors", binary=binary)
    assert loaded.index_to_key == kv.index_to_key
    np.testing.assert_array_equal(loaded.vectors, kv.vectors)


def test_p19_a_model_that_does_not_fit_is_refused_before_it_is_allocated():
    frequencies = {f"w{i}": 5 for i in range(100_000)}
    model = Word2Vec(min_count=1, vector_size=2**20)
    with pytest.raises(MemoryError, match=r"100000 words of 1048576 dimensions.*vector_size"):
        model.build_vocab_from_freq(frequencies)
    assert model.estimate_memory(100_000)["vectors"] == 4 * 100_000 * 2**20


def test_p19_vectors_can_have_half_the_precision(tmp_path):
    kv = KeyedVectors(4, dtype=np.float16)
    kv.add_vectors(["a", "b"], np.eye(2, 4))
    kv.save(tmp_path / "vectors.kv")
    assert KeyedVectors.load(tmp_path / "vectors.kv").vectors.dtype == np.float16


def test_p20_a_model_is_one_file_that_can_be_mapped(tmp_path):
    model_of().save(tmp_path / "model.fastsgns")
    assert [path.name for path in tmp_path.iterdir()] == ["model.fastsgns"]
    assert b"cnumpy" not in (tmp_path / "model.fastsgns").read_bytes()  # as a pickle has
    mapped = Word2Vec.load(tmp_path / "model.fastsgns", mmap="r")
    assert not mapped.wv.vectors.flags.writeable


def test_p21_the_package_has_types_and_stubs():
    assert (PACKAGE / "py.typed").exists()
    compiled = {path.with_suffix("") for path in SOURCES.rglob("*.pyx")}
    assert compiled and [path for path in compiled if not path.with_suffix(".pyi").exists()] == []


@pytest.mark.parametrize(
    ("old", "new"), [("size", "vector_size"), ("iter", "epochs"), ("min_alphas", None)]
)
def test_p22_an_old_name_says_what_it_is_called_now(old: str, new: str | None):
    with pytest.raises(TypeError, match=f"renamed {new}" if new else f"{old!r}$"):
        Word2Vec(**{old: 5})


def test_p23_options_of_queries_have_an_effect(tmp_path):
    kv = vectors_of(8)
    asked = []

    class Own(KeyedVectors):
        def most_similar_cosmul(self, *args, **kwargs):
            asked.append(args)
            return super().most_similar_cosmul(*args, **kwargs)

    own = Own(4)
    own.add_vectors(kv.index_to_key, kv.vectors)
    (tmp_path / "questions.txt").write_text(": one\nk0 k1 k2 k3\n")
    own.evaluate_word_analogies(
        tmp_path / "questions.txt", similarity_function="most_similar_cosmul"
    )
    found = {key for key, _ in kv.most_similar_cosmul("k0", restrict_vocab=4)}
    assert found == {"k1", "k2", "k3"}
    assert {key for key, _ in kv.most_similar("k0", restrict_vocab=4)} == found


def test_p25_mistakes_are_refused_and_files_are_tidied(tmp_path):
    with pytest.raises(ValueError, match="workers"):
        model_of(workers=0)
    assert len(model_of(workers=-1).wv) == 24
    for text in ("to be or not", ["to be", "or not"]):
        with pytest.raises(TypeError, match=r"split|sequence of tokens"):
            model_of(text)
    (tmp_path / "twice.txt").write_text("3 2\nx 1 2\nx 3 4\ny 5 6\n")
    kv = KeyedVectors.load_word2vec_format(tmp_path / "twice.txt")
    assert (kv.index_to_key, kv["x"].tolist(), len(kv)) == (["x", "y"], [1, 2], 2)
    kv["zero"] = [0, 0]
    assert [cosine for _, cosine in kv.most_similar("zero")] == [0, 0]
    assert kv.most_similar("x", restrict_vocab=1) == [] == kv.most_similar("x", topn=0)


WRONG = {
    "add": lambda kv: kv.add_vector("new", np.ones(3)),
    "add several": lambda kv: kv.add_vectors(["new", "old"], np.ones((2, 3))),
    "set": lambda kv: kv.__setitem__("k0", np.ones(3)),
    "set several": lambda kv: kv.__setitem__(["k0", "k1"], np.ones((2, 3))),
    "query": lambda kv: kv.most_similar(np.ones(3)),
    "query by vector": lambda kv: kv.similar_by_vector(np.ones(3)),
    "mean": lambda kv: kv.get_mean_vector([np.ones(3)]),
    "distances": lambda kv: kv.distances(np.ones(3)),
}


@pytest.mark.parametrize("call", WRONG)
def test_p26_a_vector_of_another_width_is_refused_with_both_widths(call: str):
    kv = vectors_of()
    before = kv.vectors.copy()
    with pytest.raises(ValueError, match=r"3\D.*4|4\D.*3"):
        WRONG[call](kv)
    np.testing.assert_array_equal(kv.vectors, before)
    assert len(kv) == 6


@pytest.mark.skipif(not PAGE.exists(), reason="the docs are not part of this copy")
def test_the_page_names_every_pain_and_its_tests():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (P\d+) \|.*\| (.*) \|$", text, re.M)
    assert [number for number, _ in rows] == [f"P{i}" for i in range(1, 27)]
    mine = {name for name in globals() if re.match(r"test_p\d\d_", name)}
    assert mine == set(re.findall(r"`(test_p\d\d_\w+)`", text))
    for number, tests in rows:
        named = re.findall(r"`test_p(\d\d)_", tests)
        assert set(named) <= {f"{int(number[1:]):02}"}, number
        assert named or number == "P24"
