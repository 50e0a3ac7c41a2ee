"""Frequencies of words: weights, whitening, and common components of text vectors."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastsgns.vectors.norms import row_blocks

NO_VARIANCE = 1e-12  # of the largest variance: less is the rounding of float32
NOT_ORTHONORMAL = 1e-3


def probabilities(kv: Any, purpose: str) -> np.ndarray:
    """Return the share of each key in all tokens: float64, shape (V,).

    Parameters
    ----------
    kv : KeyedVectors
    purpose : str
        What needs them, for messages.

    Raises
    ------
    ValueError
        If the keys have no counts, or made-up ones, or no count is positive.
    """
    advice = (
        'set them with kv.expandos["count"] = counts, one per key; vectors that this package saves '
        "have them, and load_word2vec_format(path, fvocab=...) reads them from a vocabulary file"
    )
    if "count" not in kv.expandos:
        raise ValueError(
            f"{purpose} needs the counts of words, and these vectors have none; {advice}"
        )
    counts = np.asarray(kv.expandos["count"], np.float64)
    if kv.key_table.expandos.has_made_up_counts:
        raise ValueError(
            f"{purpose} needs the counts of words, and those of these vectors, which count down to "
            f"1, are made up, as for files that have none; {advice}"
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all() and counts.any()):
        raise ValueError(
            f"{purpose} needs counts that are finite and not negative, and one above 0; {advice}"
        )
    shares: np.ndarray = counts / counts.sum()
    return shares


def sif_weights(shares: np.ndarray, a: float) -> np.ndarray:
    """Return the weights ``a / (a + p)`` of words with the probabilities p: float32, shape (V,).

    Arora, Liang, Ma (2017), "A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    algorithm 1.
    """
    return (a / (a + shares)).astype(np.float32)


class Whitening(NamedTuple):
    """A map to coordinates without correlation: ``(vector - mean) @ matrix``.

    Attributes
    ----------
    mean : ndarray of float64, shape (d,)
    matrix : ndarray of float64, shape (d, d)
    """

    mean: np.ndarray
    matrix: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return whitened vectors: float64, of the same shape."""
        whitened: np.ndarray = (vectors - self.mean) @ self.matrix
        return whitened

    def of_rows(self, vectors: np.ndarray, dtype: npt.DTypeLike) -> np.ndarray:
        """Return whitened vectors, computed block by block in float64 and rounded to a type."""
        rows = np.empty(vectors.shape, dtype)
        for start, block in row_blocks(vectors):
            rows[start : start + len(block)] = self(block)
        return rows


def zipfian_whitening(vectors: np.ndarray, shares: np.ndarray) -> Whitening:
    """Return the map after which vectors have the mean 0 and the covariance 1.

    Both are expectations under the probabilities of the words: mean m = sum of p_i v_i, and
    covariance C = sum of p_i (v_i - m)(v_i - m)^T = E L E^T, with the eigenvalues L in descending
    order. The matrix is E L^(-1/2), so that the first coordinate has had the largest variance.
    Directions without variance become 0. The largest number of each eigenvector is positive.
    Yokoi, Bao, Kurita, Shimodaira (2024), "Zipfian Whitening", arXiv:2411.00680, algorithm 1.

    Parameters
    ----------
    vectors : ndarray, shape (V, d)
    shares : ndarray of float64, shape (V,)
        The probabilities.

    Raises
    ------
    ValueError
        If a vector that has a probability is not finite.
    """
    d = vectors.shape[1]
    mean, covariance = np.zeros(d), np.zeros((d, d))
    for start, rows in row_blocks(vectors):
        mean += shares[start : start + len(rows)] @ rows.astype(np.float64)
    if not np.isfinite(mean).all():
        raise ValueError("whitening needs finite vectors, and some of these are not finite")
    for start, rows in row_blocks(vectors):
        centered = rows - mean
        covariance += (centered * shares[start : start + len(rows), None]).T @ centered
    variances, axes = _by_size(covariance)
    is_kept = variances > NO_VARIANCE * max(variances, default=0)
    scales = np.where(is_kept, 1 / np.sqrt(np.where(is_kept, variances, 1)), 0)
    return Whitening(mean, axes * scales)


def whitened(cls: Any, kv: Any) -> Any:
    """Return whitened vectors as a KeyedVectors, the class `cls`; see `KeyedVectors.whitened`."""
    vectors = kv.rows.array
    whitening = zipfian_whitening(vectors, probabilities(kv, "whitening"))
    rows = whitening.of_rows(vectors, vectors.dtype)
    result = cls(vectors.shape[1], dtype=rows.dtype)
    result.set_items(list(kv.index_to_key), rows)
    result.strict = kv.strict
    result.expandos |= {name: values.copy() for name, values in kv.expandos.items()}
    return result


def principal_components(vectors: npt.ArrayLike, n: int = 1) -> np.ndarray:
    """Return the directions that vectors have most in common: their first singular vectors.

    The mean is not subtracted, as in Arora, Liang, Ma (2017). The largest number of each direction
    is positive.

    Parameters
    ----------
    vectors : array_like, shape (m, d)
        Such as the result of `KeyedVectors.encode` for a set of texts.
    n : int
        How many: from 0 to d.

    Returns
    -------
    ndarray of float64, shape (n, d)
        Orthonormal rows, for ``remove_components=`` of `KeyedVectors.encode`.

    Raises
    ------
    ValueError
        If there are less than `n` dimensions, or a vector is not finite.

    Examples
    --------
    >>> principal_components([[3, 3, 0], [1, 1, 0], [0, 0, 1]]).round(3).tolist()
    [[0.707, 0.707, 0.0]]
    """
    array = np.asarray(vectors)
    if array.ndim != 2 or not 0 <= n <= array.shape[1]:
        raise ValueError(f"{n} components of vectors of shape {array.shape}")
    moments = np.zeros((array.shape[1], array.shape[1]))
    for _, rows in row_blocks(array):
        block = rows.astype(np.float64)
        moments += block.T @ block
    if not np.isfinite(moments).all():
        raise ValueError("components need finite vectors, and some of these are not finite")
    components: np.ndarray = _by_size(moments)[1][:, :n].T
    return components


def _by_size(symmetric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues in descending order, and eigenvectors, of which the signs are fixed."""
    values, axes = np.linalg.eigh(symmetric)
    values, axes = values[::-1], axes[:, ::-1]
    largest = np.abs(axes).argmax(0) if len(axes) else np.zeros(0, np.intp)
    signs = np.where(axes[largest, np.arange(len(values))] < 0, -1.0, 1.0)
    return values, axes * signs


def as_components(components: npt.ArrayLike, d: int) -> np.ndarray:
    """Return components as float64 of shape (n, d), or raise a ValueError."""
    rows = np.asarray(components, np.float64)
    if rows.ndim == 1:
        rows = rows[None]
    if rows.ndim != 2 or rows.shape[1] != d:
        raise ValueError(f"components of shape {rows.shape}; expected is (n, {d})")
    if not np.allclose(rows @ rows.T, np.eye(len(rows)), atol=NOT_ORTHONORMAL):
        raise ValueError(
            "components are not orthonormal: rows of length 1 with dot products of 0 are wanted, "
            "as fastsgns.vectors.weighting.principal_components returns them"
        )
    return rows


def remove_components(vectors: np.ndarray, components: np.ndarray) -> None:
    """Subtract from float32 vectors, in place, their parts in the directions of components."""
    n_rows = max(1, (1 << 20) // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), n_rows):
        block = vectors[start : start + n_rows].astype(np.float64)
        vectors[start : start + n_rows] = block - (block @ components.T) @ components
