"""The memory of a whole fit is what was estimated, and goes back when it is no longer used."""

import gc
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

from fastsgns import EncodedCorpus, NodeEmbedding, Word2Vec
from fastsgns.corpus import scanning, spill
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotFittedError
from fastsgns.models.parameters import check
from fastsgns.models.words import memory
from fastsgns.runtime import machine

FIT = """
    import sys
    import numpy as np
    from fastsgns import EncodedCorpus, FastText, Word2Vec

    how, path = sys.argv[1:3]
    n_words, n_tokens = map(int, sys.argv[3:5])
    options = dict(min_count=1, epochs=1, progress=False, sample=1e-5) | eval(sys.argv[5])
    ids = np.random.default_rng(1).integers(0, n_words, n_tokens)
    starts = range(0, n_tokens, 1000)
    lines = (list(map("word{}".format, ids[i : i + 1000].tolist())) for i in starts)
    if how != "lists":
        with open(path, "w") as file:
            file.writelines(" ".join(line) + chr(10) for line in lines)
        source = {"corpus_file": path}
    else:
        source = {"corpus_iterable": list(lines)}
    if how.startswith("encoded"):
        source = {"corpus_iterable": EncodedCorpus.from_files(path)}
    del ids

    def status(what):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(what)) << 10

    Model = FastText if how.endswith("subwords") else Word2Vec
    Model([["a", "b"]] * 9, **options)
    before = status("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    if how.endswith("in two steps"):
        model = Word2Vec(**options)
        model.build_vocab(**source)
        model.train(**source, total_examples=model.corpus_count, epochs=1)
    else:
        model = Model(source.get("corpus_iterable"), source.get("corpus_file"), **options)
    print(status("VmHWM") - before, model.estimate_memory()["total"])
"""

TIED = {"matrices": "tied+bias", "bias": "word"}
SAVED = {"checkpoint": "saved", "every": "1 s"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("how", "n_words", "n_tokens", "options"),
    [
        ("file", 100_000, 1_000_000, {"vector_size": 100, "workers": 1}),
        ("file", 150_000, 2_000_000, {"vector_size": 32, "workers": 2}),
        ("file", 30_000, 5_000_000, {"vector_size": 100, "workers": 1, "negative": 0, "hs": 1}),
        ("lists", 50_000, 1_000_000, {"vector_size": 150, "workers": 1}),
        ("lists", 200_000, 1_000_000, {"vector_size": 20, "workers": 1}),
        ("file, in two steps", 150_000, 2_000_000, {"vector_size": 32, "workers": 2}),
        ("file, in two steps", 600_000, 1_500_000, {"vector_size": 8, "workers": 1}),
        ("file, subwords", 50_000, 1_000_000, {"vector_size": 100, "workers": 1}),
        ("file, subwords", 30_000, 1_000_000, {"vector_size": 150, "workers": 2}),
        ("file, subwords", 100_000, 1_000_000, {"vector_size": 64, "workers": 1, "sg": 0}),
        ("file, subwords", 100_000, 1_000_000, {"vector_size": 64, "workers": 1} | TIED),
        ("file", 100_000, 1_000_000, {"vector_size": 100, "workers": 1, "matrices": "three"}),
        ("file", 100_000, 1_000_000, {"vector_size": 100, "workers": 1} | SAVED),
        ("file, subwords", 50_000, 1_000_000, {"vector_size": 100, "workers": 1} | SAVED),
        ("file, subwords", 100_000, 1_000_000, {"vector_size": 64, "workers": 1} | TIED | SAVED),
        ("encoded", 400_000, 2_000_000, {"vector_size": 32, "workers": 1}),
        ("encoded, in two steps", 200_000, 1_000_000, {"vector_size": 20, "workers": 1}),
    ],
)
def test_the_peak_of_a_whole_fit_is_estimated_within_a_tenth(
    how, n_words, n_tokens, options, tmp_path
):
    arguments = [how, tmp_path / "text", n_words, n_tokens, options]
    command = [sys.executable, "-c", textwrap.dedent(FIT), *map(str, arguments)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    taken, estimated = map(int, output.stdout.split())
    assert estimated == pytest.approx(taken, rel=0.1)


def test_words_of_a_corpus_stay_packed_until_they_are_asked_for(tmp_path):
    (tmp_path / "text").write_text("b a b c\n" * 9)
    corpus = EncodedCorpus.from_files(tmp_path / "text")
    model = Word2Vec(corpus, min_count=10, vector_size=2, sample=0, workers=1, progress=False)
    assert model.wv.index_to_key == ["b"]
    assert corpus.vocabulary.utf8_bytes == len("b\na\nc\n")
    assert "decoded" not in vars(corpus.vocabulary._words)


def test_counts_are_forgotten_once_the_words_are_chosen():
    model = Word2Vec(min_count=1, vector_size=2, workers=1, progress=False)
    model.build_vocab([["a", "b", "a"]])
    assert model._raw is None


def test_a_report_is_the_sum_of_its_parts():
    model = Word2Vec([["a", "b", "c"]] * 9, min_count=1, vector_size=20, workers=1, progress=False)
    report = model.estimate_memory()
    assert set(report) == {
        "vocab", "vectors", "syn1", "syn1neg", "training", "corpus", "total"
    }  # fmt: skip
    assert report["total"] == sum(n for name, n in report.items() if name != "total")
    assert report["vectors"] == report["syn1neg"] == 3 * 20 * 4
    assert report["training"] == 2 * 3 * 32 * 4
    assert report["corpus"] >= 4 * 27 + 8 * 10
    assert model.estimate_memory(3) == report
    assert "corpus" not in model.estimate_memory(1000)


@pytest.mark.parametrize("vocab_size", [None, 0])
def test_an_estimate_without_words_says_what_to_do(vocab_size):
    with pytest.raises(NotFittedError, match="call build_vocab first, or give vocab_size"):
        Word2Vec(progress=False).estimate_memory(vocab_size)


def test_the_check_before_allocating_is_of_the_same_numbers(monkeypatch):
    rows = [[f"w{i}" for i in range(500)]] * 3
    options = {"min_count": 1, "vector_size": 50, "workers": 1, "progress": False}
    model = Word2Vec(rows, **options)
    counts = model.wv.expandos["count"]
    needs = memory.estimate_fit(check(model), model.wv.index_to_key, counts, model._reading)
    needed = needs.training - needs.corpus
    monkeypatch.setattr(machine, "available_memory", lambda: needed - 1)
    with pytest.raises(MemoryError, match=rf"500 words .*need {needed:,} bytes.*Raise min_count"):
        Word2Vec(rows, **options)
    monkeypatch.setattr(machine, "available_memory", lambda: needed)
    assert len(Word2Vec(rows, **options).wv) == 500


def test_advice_about_memory_is_about_the_model(monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 100)
    with pytest.raises(MemoryError, match="Fewer dimensions"):
        NodeEmbedding(workers=1, progress=False).fit([("a", "b")])


def test_a_scan_is_given_back_without_a_garbage_collection(tmp_path, monkeypatch):
    (tmp_path / "text").write_text("to be or not to be\n" * 100)
    scans, slabs = [], []
    real_scan, real_memory = FileScanner.__init__, spill.anonymous_memory

    def note_scan(self, *arguments):
        scans.append(weakref.ref(self))
        real_scan(self, *arguments)

    def note_memory(*arguments):
        pages = real_memory(*arguments)
        slabs.append(weakref.ref(pages))
        return pages

    monkeypatch.setattr(FileScanner, "__init__", note_scan)
    monkeypatch.setattr(spill, "anonymous_memory", note_memory)
    gc.collect()
    gc.disable()
    try:
        corpus = EncodedCorpus.from_files(tmp_path / "text", workers=2)
        lists = EncodedCorpus.from_iterable([["to", "be"]] * 9)
        assert (len(corpus), len(lists)) == (100, 9)
        assert scans and not any(scan() for scan in scans)
        assert slabs and not any(slab() for slab in slabs)
    finally:
        gc.enable()


def test_memory_of_the_scan_goes_before_a_model_takes_its_own(tmp_path, monkeypatch):
    (tmp_path / "text").write_text(" ".join(map(str, range(20_000))))
    seen = []
    monkeypatch.setattr(scanning, "release_memory", lambda: seen.append("released"))

    def choose(raw: Vocabulary) -> Vocabulary:
        seen.append("chosen")
        return raw

    EncodedCorpus.from_files(tmp_path / "text", choose, workers=1)
    assert seen == ["released", "chosen"]


@pytest.mark.parametrize("n", [85, 86, 5000, 100_000])
def test_dicts_of_strings_are_estimated(n):
    table = dict(zip(map(str, range(n)), range(n)))
    assert memory.dict_bytes(n) == pytest.approx(sys.getsizeof(table), rel=0.15)


def test_paths_are_estimated_closely():
    from fastsgns.sampling import huffman_paths

    counts = 10**7 // np.arange(1, 20_000)
    paths = huffman_paths(counts)
    taken = paths.nodes.nbytes + paths.labels.nbytes + paths.starts.nbytes
    assert memory.path_bytes(counts) == pytest.approx(taken, rel=0.1)
