"""PMI, explicit vectors and their SVD against dense textbook versions."""

import pickle

import numpy as np
import pytest
import toy
from scipy.sparse import coo_array, csr_array

from fastsgns import EncodedCorpus, KeyedVectors
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.errors import EmptyCorpusError, FormatError
from fastsgns.formats import native
from fastsgns.models.ppmi.factorization import signed_eigen, truncated_svd
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.pmi import pmi
from fastsgns.models.ppmi.svd import SVDVectors


def textbook(counts: np.ndarray, smoothing: float, shift: float) -> np.ndarray:
    """log P(i, c) / (P(i) P_a(c)) - log k, cell by cell; minus infinity where nothing was seen."""
    total = counts.sum()
    power = counts.sum(0) ** smoothing
    result = np.full(counts.shape, -np.inf)
    for i, c in np.argwhere(counts > 0):
        joint, row, column = counts[i, c] / total, counts[i].sum() / total, power[c] / power.sum()
        result[i, c] = np.log(joint / (row * column)) - np.log(shift)
    return result


def sparse_counts(shape: tuple[int, int] = (30, 20), seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(1, 40, shape) / 5 * (rng.random(shape) < 0.4)


@pytest.fixture(scope="module")
def ppmi() -> PPMI:
    return PPMI(toy.sentences(), min_count=1)


@pytest.mark.parametrize("smoothing", [0, 0.75, 1])
@pytest.mark.parametrize("shift", [0.5, 1, 5])
def test_pmi_is_the_textbooks(smoothing: float, shift: float):
    counts = sparse_counts()
    wanted = textbook(counts, smoothing, shift)
    got = pmi(csr_array(counts), smoothing, shift)
    np.testing.assert_allclose(got.toarray(), np.maximum(wanted, 0), rtol=1e-5, atol=1e-6)
    assert (wanted > 1e-9).sum() <= got.nnz <= (wanted > -1e-9).sum()
    got = pmi(csr_array(counts), smoothing, shift, positive=False)
    assert got.nnz == (counts > 0).sum()
    finite = np.where(np.isfinite(wanted), wanted, 0)
    np.testing.assert_allclose(got.toarray(), finite, rtol=1e-5, atol=1e-6)


def test_pmi_adds_up_duplicates_and_leaves_its_argument_alone():
    twice = coo_array(([1.0, 3.0, 2.0, 2.0], ([0, 0, 1, 0], [1, 1, 0, 0])), shape=(3, 2))
    wanted = textbook(np.array([[2.0, 4], [2, 0], [0, 0]]), 1, 1)
    got = pmi(twice, smoothing=1, positive=False).toarray()
    np.testing.assert_allclose(got, np.where(np.isfinite(wanted), wanted, 0), atol=1e-6)
    zero = csr_array(([0.0, 1.0], [0, 1], [0, 2]), shape=(1, 2))
    assert pmi(zero, positive=False).nnz == 1
    assert zero.nnz == 2


@pytest.mark.parametrize("bad", [{"smoothing": -0.1}, {"smoothing": 2}, {"shift": 0}])
def test_pmi_refuses(bad: dict[str, float]):
    with pytest.raises(ValueError, match="allowed are"):
        pmi(csr_array(np.eye(2)), **bad)


@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
def test_pmi_refuses_counts_that_are_none(value: float):
    with pytest.raises(ValueError, match="not finite"):
        pmi(csr_array([[1.0, value]]))


def test_vectors_are_the_pmi_of_the_counts(ppmi: PPMI):
    corpus = EncodedCorpus.from_iterable(toy.sentences())
    counts = Cooccurrences.from_corpus(corpus, window=5, weighting="linear")
    dense = textbook(counts.to_scipy().toarray().astype(float), 0.75, 1)
    order = [corpus.vocabulary.ids[word] for word in ppmi.index_to_key]
    wanted = np.maximum(dense, 0)[np.ix_(order, order)]
    np.testing.assert_allclose(ppmi.matrix.toarray(), wanted, rtol=1e-4, atol=1e-5)
    other = PPMI.from_counts(counts).matrix.toarray()[np.ix_(order, order)]
    np.testing.assert_allclose(other, wanted, rtol=1e-4, atol=1e-5)


def test_cosines_and_neighbours_are_those_of_dense_vectors(ppmi: PPMI):
    dense = KeyedVectors.from_arrays(ppmi.index_to_key, ppmi.matrix.toarray())
    assert ppmi.similarity("fruit1", "metal2") == pytest.approx(
        dense.similarity("fruit1", "metal2")
    )
    for question in (("fruit1",), (["fruit1", "metal2"], ["fruit3"])):
        wanted, got = dense.most_similar(*question, topn=5), ppmi.most_similar(*question, topn=5)
        assert [word for word, _ in got] == [word for word, _ in wanted]
        got = [score for _, score in got]
        assert got == pytest.approx([score for _, score in wanted], abs=1e-5)


@pytest.mark.parametrize("method", ["most_similar", "most_similar_cosmul"])
def test_judged_as_dense_vectors_are(ppmi: PPMI, method: str):
    dense = KeyedVectors.from_arrays(ppmi.index_to_key, ppmi.matrix.toarray())
    pairs = [f"fruit1\t{word}\t{n}" for n, word in enumerate(ppmi.index_to_key)]
    assert ppmi.evaluate_word_pairs(pairs)[1] == pytest.approx(dense.evaluate_word_pairs(pairs)[1])
    asked = [": all"] + [f"fruit{i} metal{i} fruit{j} metal{j}" for i in range(8) for j in range(8)]
    mine, theirs = (
        kv.evaluate_word_analogies(asked, similarity_function=method, restrict_vocab=20)
        for kv in (ppmi, dense)
    )
    assert mine == theirs


def test_contexts_are_the_largest_cells(ppmi: PPMI):
    row = ppmi.matrix.toarray()[ppmi.key_to_index["river0"]]
    assert [value for _, value in ppmi.contexts("river0", 3)] == sorted(row, reverse=True)[:3]
    assert all(word.startswith("river") for word, _ in ppmi.contexts("river0", 3))


def test_absent_words_and_sources(ppmi: PPMI):
    with pytest.raises(KeyError, match="nowhere"):
        ppmi.most_similar("nowhere")
    with pytest.raises(TypeError, match="not both"):
        PPMI()
    with pytest.raises(EmptyCorpusError, match="min_count"):
        PPMI([["a"]], min_count=2)


def test_a_word_without_pairs_is_like_nothing():
    lonely = PPMI([["alone"], ["a", "b"], ["a", "c"]], min_count=1)
    assert lonely.similarity("alone", "a") == 0
    assert lonely.contexts("alone") == []
    assert all(np.isfinite(score) for _, score in lonely.most_similar("alone"))


@pytest.mark.parametrize("shape", [(40, 30), (400, 350)])
def test_svd_is_numpys(shape: tuple[int, int]):
    counts = csr_array(sparse_counts(shape))
    left, values, right = np.linalg.svd(counts.toarray())
    got = truncated_svd(counts, 5)
    np.testing.assert_allclose(got.values, values[:5], rtol=1e-9)
    wanted = left[:, :5] * values[:5] @ right[:5]
    np.testing.assert_allclose(got.left * got.values @ got.right.T, wanted, atol=1e-7)
    assert (got.left[np.abs(got.left).argmax(0), np.arange(5)] > 0).all()
    again = truncated_svd(counts, 5)
    np.testing.assert_array_equal(got.left, again.left)


def test_svd_refuses_and_can_be_stopped():
    counts = csr_array(sparse_counts((400, 350)))
    with pytest.raises(ValueError, match="allowed are 1 to 350"):
        truncated_svd(counts, 351)

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        truncated_svd(counts, 5, progress=stop)


def test_eigenvalues_keep_their_signs():
    half = sparse_counts((60, 60)) - 3
    target = csr_array(half + half.T)
    got = signed_eigen(target, 6)
    values = np.linalg.eigvalsh(target.toarray())
    wanted = values[np.argsort(-np.abs(values))][:6]
    np.testing.assert_allclose(got.values, wanted, rtol=1e-8)
    assert {-1, 1} == set(got.signs.tolist())
    product = got.weighted * got.signs @ got.weighted.T
    np.testing.assert_allclose(product, got.vectors * wanted @ got.vectors.T, atol=1e-8)
    assert np.linalg.eigvalsh(got.weighted @ got.weighted.T).min() > -1e-8


def test_eigen_refuses_directed_counts():
    with pytest.raises(ValueError, match="not symmetric"):
        signed_eigen(csr_array(sparse_counts((5, 5))), 2)


@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_weights_share_out_the_singular_values(ppmi: PPMI, weight: float):
    vectors = SVDVectors(ppmi, 6).weighted(weight)
    left, values, right = np.linalg.svd(ppmi.matrix.toarray())
    w, c = vectors.wv.vectors, vectors.output.vectors
    np.testing.assert_allclose(w @ c.T, left[:, :6] * values[:6] @ right[:6], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(w, axis=0), values[:6] ** weight, rtol=1e-4)
    assert vectors.wv.get_vecattr("metal1", "count") > 0


def test_svd_vectors_find_topics(ppmi: PPMI):
    assert toy.share_of_neighbours(SVDVectors(ppmi, 5).wv) > 0.95


def test_the_two_matrices_of_an_svd_are_roles(ppmi: PPMI, tmp_path):
    vectors = SVDVectors(ppmi, 4)
    assert list(vectors.roles) == ["input", "output"]
    assert vectors.roles.input is vectors.wv
    np.testing.assert_array_equal(vectors.wv.output.vectors, vectors.output.vectors)
    found = vectors.wv.most_similar("metal1", topn=3, space="in-out")
    assert found == vectors.output.most_similar([vectors.wv["metal1"]], topn=3)
    vectors.save(tmp_path / "svd")
    assert SVDVectors.load(tmp_path / "svd").roles.combined("sum").vectors.shape[1] == 4
    assert list(pickle.loads(pickle.dumps(vectors)).roles) == ["input", "output"]


def test_files(ppmi: PPMI, tmp_path):
    ppmi.save(tmp_path / "ppmi")
    loaded = PPMI.load(tmp_path / "ppmi")
    assert (loaded.matrix != ppmi.matrix).nnz == 0
    assert (loaded.index_to_key, loaded.shift) == (ppmi.index_to_key, ppmi.shift)
    vectors = SVDVectors(ppmi, 4, 0.25)
    vectors.save(tmp_path / "svd")
    again = SVDVectors.load(tmp_path / "svd")
    np.testing.assert_array_equal(again.wv.vectors, vectors.wv.vectors)
    np.testing.assert_array_equal(again.output.vectors, vectors.output.vectors)
    assert again.weight == 0.25
    with pytest.raises(FormatError, match="PPMI"):
        PPMI.load(tmp_path / "svd")


@pytest.mark.parametrize("name", ["ends", "columns", "cells", "counts"])
def test_damaged_files_are_refused(ppmi: PPMI, tmp_path, name: str):
    ppmi.save(tmp_path / "whole")
    _, tensors, metadata = native.read(tmp_path / "whole")
    metadata = {"smoothing": metadata["smoothing"], "shift": metadata["shift"]}
    for damaged in (tensors[name][:-1], tensors[name] + 10**6, tensors[name].astype(np.float64)):
        if name in ("cells", "counts") and damaged.dtype == tensors[name].dtype:
            continue  # other values than those written make sense too
        native.write(tmp_path / "bad", "ppmi", tensors | {name: damaged}, metadata)
        with pytest.raises(FormatError, match="damaged"):
            PPMI.load(tmp_path / "bad")


@pytest.mark.parametrize("name, value", [("cells", np.nan), ("cells", -1), ("counts", -1)])
def test_impossible_values_are_refused(ppmi: PPMI, tmp_path, name: str, value: float):
    ppmi.save(tmp_path / "file")
    _, tensors, metadata = native.read(tmp_path / "file", mmap=False)
    tensors[name] = tensors[name].copy()
    tensors[name][0] = value
    native.write(tmp_path / "file", "ppmi", tensors, metadata)
    with pytest.raises(FormatError, match="damaged"):
        PPMI.load(tmp_path / "file")


def test_columns_that_recur_in_a_row_are_refused(ppmi: PPMI, tmp_path):
    ppmi.save(tmp_path / "file")
    _, tensors, metadata = native.read(tmp_path / "file", mmap=False)
    columns = tensors["columns"].copy()
    columns[1] = columns[0]
    native.write(tmp_path / "file", "ppmi", tensors | {"columns": columns}, metadata)
    with pytest.raises(FormatError, match="ascend"):
        PPMI.load(tmp_path / "file")
