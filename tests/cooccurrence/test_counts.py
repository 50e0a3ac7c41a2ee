"""Co-occurrence counts against a dictionary of fractions, and their file."""

import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsgns import EncodedCorpus
from fastsgns.cooccurrence import counts as cooccurrence
from fastsgns.cooccurrence import windows
from fastsgns.cooccurrence.counts import SIDES, WEIGHTINGS, Cooccurrences
from fastsgns.errors import FormatError
from fastsgns.formats import faults, native


def weight(s: int, window: int, weighting: str) -> Fraction:
    return {
        "flat": Fraction(1),
        "linear": Fraction(window - s + 1, window),
        "harmonic": Fraction(1, s),
    }[weighting]


def slow_counts(
    corpus: EncodedCorpus, window: int, weighting: str, sides: str
) -> tuple[dict[tuple[int, int], Fraction], int]:
    """The definition: all pairs of a sentence, exact sums, in a dictionary."""
    cells: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    n_pairs = 0
    for start, stop in zip(corpus.offsets[:-1], corpus.offsets[1:]):
        sentence = corpus.ids[start:stop].tolist()
        for i, focus in enumerate(sentence):
            for j, context in enumerate(sentence):
                side = "left" if j < i else "right"
                if i != j and abs(i - j) <= window and sides in (side, "both"):
                    cells[focus, context] += weight(abs(i - j), window, weighting)
                    n_pairs += 1
    return cells, n_pairs


def as_dict(counts: Cooccurrences) -> dict[tuple[int, int], float]:
    cells = zip(counts.rows.tolist(), counts.columns.tolist(), counts.weights.tolist())
    return {(row, column): value for row, column, value in cells}


def random_corpus(seed: int, n_words: int, n_sentences: int, longest: int) -> EncodedCorpus:
    rng = np.random.default_rng(seed)
    sentences = [
        (n_words * rng.random(rng.integers(1, longest + 1)) ** 3).astype(int).tolist()
        for _ in range(n_sentences)
    ]
    return EncodedCorpus.from_iterable(sentences)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=12), min_size=1, max_size=8),
    st.integers(1, 14),
    st.sampled_from(WEIGHTINGS),
    st.sampled_from(SIDES),
    st.integers(1, 3),
    st.sampled_from([0, 100, None]),
)
def test_equals_the_definition(sentences, window, weighting, sides, workers, budget):
    corpus = EncodedCorpus.from_iterable(sentences)
    counts = Cooccurrences.from_corpus(
        corpus, window, weighting, sides, workers=workers, memory_budget=budget
    )
    expected, n_pairs = slow_counts(corpus, window, weighting, sides)
    assert as_dict(counts) == {key: float(np.float32(float(x))) for key, x in expected.items()}
    assert counts.n_pairs == n_pairs
    keys = counts.rows.astype(np.int64) * len(corpus.vocabulary) + counts.columns
    assert np.all(keys[1:] > keys[:-1])


@pytest.mark.parametrize(("workers", "budget"), [(1, None), (2, 0), (3, 5_000), (2, 10**9)])
def test_workers_and_budget_change_nothing(monkeypatch, workers, budget):
    corpus = random_corpus(1, n_words=5_000, n_sentences=400, longest=60)
    expected = Cooccurrences.from_corpus(corpus, 10, workers=1)
    monkeypatch.setattr(windows, "MIN_GROUP_TOKENS", 50)
    monkeypatch.setattr(windows, "BLOCK_CELLS", 1)
    counts = Cooccurrences.from_corpus(corpus, 10, workers=workers, memory_budget=budget)
    for name in ("offsets", "columns", "weights"):
        np.testing.assert_array_equal(getattr(counts, name), getattr(expected, name))
    assert (counts.n_pairs, counts.weights.dtype) == (expected.n_pairs, np.float32)
    assert isinstance(counts.columns, np.memmap) == (budget in (0, 5_000))


def test_many_words_need_both_levels_of_marks():
    corpus = random_corpus(2, n_words=30_000, n_sentences=300, longest=40)
    assert len(corpus.vocabulary) > 4096
    counts = Cooccurrences.from_corpus(corpus, 3, "linear", "right", workers=2)
    expected, _ = slow_counts(corpus, 3, "linear", "right")
    assert as_dict(counts) == {key: float(np.float32(float(x))) for key, x in expected.items()}


def test_right_is_left_transposed_and_both_their_sum():
    corpus = random_corpus(3, n_words=50, n_sentences=100, longest=20)
    left, right, both = (
        Cooccurrences.from_corpus(corpus, 4, "flat", sides).to_scipy() for sides in
        ("left", "right", "both")
    )  # fmt: skip
    assert (left != right.T).nnz == 0
    assert (left + right != both).nnz == 0
    assert (both != both.T).nnz == 0


def test_wide_windows_are_rounded_to_their_unit():
    integers, unit = windows.distance_units(100, "harmonic")
    assert unit == 2**32
    np.testing.assert_allclose(integers / unit, 1 / np.arange(1, 101), rtol=1e-7)
    corpus = EncodedCorpus.from_iterable([list(range(5000))])
    counts = Cooccurrences.from_corpus(corpus, 4095, "flat", "left")
    assert counts.row_sums.tolist() == [min(i, 4095) for i in range(5000)]


def test_sums():
    corpus = random_corpus(4, n_words=50, n_sentences=50, longest=20)
    counts = Cooccurrences.from_corpus(corpus, 4, "flat", "left")
    dense = counts.to_scipy().toarray()
    np.testing.assert_array_equal(counts.row_sums, dense.sum(1))
    assert counts.n_pairs == dense.sum() and len(counts) == np.count_nonzero(dense)
    assert counts.shape == dense.shape


def test_words_that_do_not_occur_have_empty_rows():
    corpus = EncodedCorpus.from_iterable([["a", "b"], ["c"]])
    counts = Cooccurrences.from_corpus(corpus)
    assert counts.offsets.tolist() == [0, 1, 2, 2]
    nothing = EncodedCorpus.from_iterable([])
    assert len(Cooccurrences.from_corpus(nothing)) == 0


def test_progress_ends_at_the_number_of_tokens():
    corpus = random_corpus(5, n_words=50, n_sentences=50, longest=20)
    seen = []
    Cooccurrences.from_corpus(corpus, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (corpus.n_tokens, corpus.n_tokens)


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 0},
        {"window": 4096},
        {"weighting": "round"},
        {"sides": "top"},
        {"workers": 0},
        {"memory_budget": -1},
    ],
)
def test_wrong_arguments_are_named(wrong):
    corpus = EncodedCorpus.from_iterable([["a", "b"]])
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Cooccurrences.from_corpus(corpus, **wrong)


def test_ids_out_of_range_and_sums_that_overflow_are_refused(monkeypatch):
    corpus = EncodedCorpus.from_iterable([["a", "b"]])
    corpus.ids[0] = 7
    with pytest.raises(IndexError, match="id 7"):
        Cooccurrences.from_corpus(corpus)
    monkeypatch.setattr(
        windows, "distance_units", lambda window, weighting: (np.full(1, 2**62, np.int64), 1)
    )
    with pytest.raises(ValueError, match="overflows"):
        Cooccurrences.from_corpus(EncodedCorpus.from_iterable([["a", "b"]]))


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch):
    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(windows, "count_rows", broken)
    with pytest.raises(OSError, match="disk full"):
        Cooccurrences.from_corpus(EncodedCorpus.from_iterable([["a", "b"]]))


@pytest.mark.parametrize("mmap", [True, False])
def test_saved_and_loaded(tmp_path: Path, mmap):
    corpus = random_corpus(6, n_words=50, n_sentences=50, longest=20)
    counts = Cooccurrences.from_corpus(corpus, 4, "linear", "left")
    counts.save(tmp_path / "counts")
    loaded = Cooccurrences.load(tmp_path / "counts", mmap=mmap)
    for name in ("offsets", "columns", "weights", "rows"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(counts, name))
    for name in ("window", "weighting", "sides", "n_pairs"):
        assert getattr(loaded, name) == getattr(counts, name)
    assert loaded.vocabulary.words == corpus.vocabulary.words
    np.testing.assert_array_equal(loaded.vocabulary.counts, corpus.vocabulary.counts)
    assert repr(loaded) == repr(counts)


def put(tensors: dict, name: str, position: int, value: float) -> None:
    tensors[name] = np.array(tensors[name])
    tensors[name][position] = value


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda t, m: t.pop("columns"), "no array .columns."),
        (lambda t, m: put(t, "columns", 0, 99), "columns are not all"),
        (lambda t, m: put(t, "columns", 1, 0), "columns do not ascend"),
        (lambda t, m: put(t, "weights", 2, np.nan), "positive and finite"),
        (lambda t, m: put(t, "weights", 2, 0), "positive and finite"),
        (lambda t, m: put(t, "offsets", 0, 1), "offsets do not go from 0"),
        (lambda t, m: put(t, "offsets", 1, 5), "offsets do not ascend"),
        (lambda t, m: t.update(weights=t["weights"][:-1]), "weights is of shape"),
        (lambda t, m: t.update(counts=t["counts"][:-1]), "counts is of shape"),
        (
            lambda t, m: t.update(offsets=t["offsets"].astype(np.int32)),
            "offsets is of shape .* int32",
        ),
        (lambda t, m: m.update(window=0), "window is 0"),
        (lambda t, m: m.update(window="a"), "window is 'a'"),
        (lambda t, m: m.pop("n_pairs"), "lack 'n_pairs'"),
        (lambda t, m: m.update(sides=[]), "sides is"),
        (lambda t, m: put(t, "words", 0, t["words"][-1]), "twice"),
    ],
)
def test_damage_is_found(tmp_path: Path, monkeypatch, damage, fault):
    monkeypatch.setattr(faults, "BLOCK", 2)
    counts = Cooccurrences.from_corpus(EncodedCorpus.from_iterable([["a", "b", "c"]]))
    counts.save(tmp_path / "whole")
    Cooccurrences.load(tmp_path / "whole")
    _, tensors, metadata = native.read(tmp_path / "whole")
    damage(tensors, metadata)
    metadata = json.loads(json.dumps(metadata))
    metadata.pop("kind"), metadata.pop("format")
    native.write(tmp_path / "damaged", cooccurrence.SCHEMA.kind, tensors, metadata)
    with pytest.raises(FormatError, match=f"damaged.*{fault}"):
        Cooccurrences.load(tmp_path / "damaged")
