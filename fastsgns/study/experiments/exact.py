"""Exact losses: the expected loss of SGNS over all cells, minimized without sampling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from fastsgns.sampling import noise_distribution
from fastsgns.study.material import Material
from fastsgns.study.pairs import nonempty

Shape = Literal["two", "one", "one+bias", "one+word biases", "one+reflect", "three"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


@dataclass(frozen=True)
class Cells:
    """The probabilities of all pairs, which determine the expected loss.

    Let P_ij be the probability of the pair of focus word i and context word j, r_i that of focus
    word i, and p the noise distribution of the k negatives. The expected loss of a score
    matrix x is (Levy and Goldberg 2014, equations 3 and 4)::

        L(x) = sum_ij A_ij log(1 + exp(-x_ij)) + B_ij log(1 + exp(x_ij)),
        A = P,  B_ij = k r_i p_j,
        dL/dx_ij = B_ij s(x_ij) - A_ij s(-x_ij),  s(x) = 1 / (1 + exp(-x)).

    The loss is convex in each x_ij. The unconstrained optimum is ``x_ij = log(A_ij / B_ij)``, which
    is PMI - log k, with the loss ``L* = -sum A log(A / (A + B)) + B log(B / (A + B))``. The best
    constant score is ``log(sum A / sum B) = -log k`` with the loss
    ``log(1 + k) + k log(1 + 1/k)``. Scores of zero have the loss ``(1 + k) log 2``.

    Attributes
    ----------
    positive, negative : ndarray of float64, shape (n, n)
        A and B.
    k : int
        Negatives per positive pair.
    """

    positive: np.ndarray
    negative: np.ndarray
    k: int

    @classmethod
    def of(cls, counts: np.ndarray, k: int, exponent: float = 0.75) -> "Cells":
        """Normalize counts of pairs; the noise distribution is that of the row sums to a power."""
        positive = counts / counts.sum()
        rows = positive.sum(axis=1)
        noise = noise_distribution(counts.sum(axis=1), exponent)
        return cls(positive, k * rows[:, None] * noise, k)

    def levels(self) -> dict[str, float]:
        """Return the losses of the optimum, of the best constant score, and of zero scores.

        Examples
        --------
        >>> cells = Cells.of(np.array([[0, 4.0], [4, 2]]), k=1)
        >>> found = cells.levels()
        >>> round(found["zero"], 4), round(found["constant"], 4)
        (1.3863, 1.3863)
        >>> found["optimum"] < found["constant"]
        True
        """
        total = self.positive + self.negative
        return {
            "optimum": float(
                -_xlog(self.positive, total).sum() - _xlog(self.negative, total).sum()
            ),
            "constant": float(np.log1p(self.k) + self.k * np.log1p(1 / self.k)),
            "zero": float((1 + self.k) * np.log(2)),
        }

    def attraction(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return loss and gradient of the positive pairs alone."""
        softplus, logistic = _softplus(-x)
        return float((self.positive * softplus).sum()), -self.positive * logistic

    def repulsion(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return loss and gradient of the negatives alone."""
        softplus, logistic = _softplus(x)
        return float((self.negative * softplus).sum()), self.negative * logistic

    def loss(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return loss and gradient of the scores of positive pairs and negatives.

        As ``log(1 + exp(-x)) = log(1 + exp(x)) - x``, one exponential is enough for both.
        """
        softplus, logistic = _softplus(x)
        both = self.positive + self.negative
        value = (both * softplus).sum() - (self.positive * x).sum()
        return float(value), both * logistic - self.positive


def _xlog(a: np.ndarray, total: np.ndarray) -> np.ndarray:
    share = np.divide(a, total, where=a > 0, out=np.ones_like(a))
    terms: np.ndarray = a * np.log(share)
    return terms


def _softplus(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``log(1 + exp(x))`` and its derivative."""
    small = np.exp(-np.abs(x))
    logistic = np.where(x >= 0, 1.0, small) / (1 + small)
    return np.maximum(x, 0) + np.log1p(small), logistic


Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


def parameterized(cells: Cells, shape: Shape, d: int) -> tuple[Loss, int]:
    """Return the loss and its gradient as a function of one flat vector, and the vector's length.

    Let G be the gradient with respect to the scores x. The gradients of the parameters are:

    - ``x = W C'``: G C and G' W.
    - ``x = W D W'`` with a diagonal D of ones, or half of them -1 (reflection): ``(G + G') W D``.
    - a scalar bias: the sum of G; word biases: the column sums of G.
    - three matrices: as for two, with the attraction of W and C and the repulsion of W and N.

    Parameters
    ----------
    cells : Cells
    shape : str
        One of `SHAPES`.
    d : int
        Vector length.

    Raises
    ------
    ValueError
        If `shape` is not one of `SHAPES`.
    """
    n = len(cells.positive)
    if shape == "two":
        return _two(cells, n, d), 2 * n * d
    if shape == "three":
        return _three(cells, n, d), 3 * n * d
    n_biases = {"one": 0, "one+reflect": 0, "one+bias": 1, "one+word biases": n}.get(shape)
    if n_biases is None:
        raise ValueError(f"shape is {shape!r}; allowed are {SHAPES}")
    signs = np.ones(d)
    if shape == "one+reflect":
        signs[: d // 2] = -1
    return _one(cells, n, d, signs, n_biases), n * d + n_biases


def _two(cells: Cells, n: int, d: int) -> Loss:
    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, c = flat.reshape(2, n, d)
        value, g = cells.loss(w @ c.T)
        return value, np.concatenate([(g @ c).ravel(), (g.T @ w).ravel()])

    return loss


def _three(cells: Cells, n: int, d: int) -> Loss:
    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, c, m = flat.reshape(3, n, d)
        near, g = cells.attraction(w @ c.T)
        far, h = cells.repulsion(w @ m.T)
        return near + far, np.concatenate(
            [(g @ c + h @ m).ravel(), (g.T @ w).ravel(), (h.T @ w).ravel()]
        )

    return loss


def _one(cells: Cells, n: int, d: int, signs: np.ndarray, n_biases: int) -> Loss:
    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, bias = flat[: n * d].reshape(n, d), flat[n * d :]
        value, g = cells.loss(w @ (w * signs).T + (bias if n_biases else 0.0))
        by_bias = g.sum(axis=0) if n_biases > 1 else g.sum(keepdims=True).ravel()[:n_biases]
        return value, np.concatenate([((g + g.T) @ (w * signs)).ravel(), by_bias])

    return loss


def exact(
    material: Material, seed: int, shape: Shape, k: int, dimensions: int | None = None
) -> dict[str, Any]:
    """Minimize the exact loss of one parameterization by L-BFGS from random vectors.

    Vectors start normal with standard deviation 0.1. Biases start at ``-log k``, the best constant.
    `dimensions` replaces `exact_dimensions` of the settings.

    Returns
    -------
    dict
        The loss, the losses of `Cells.levels`, and ``gap``: how far the loss goes from the best
        constant (0) to the unconstrained optimum (1).
    """
    from scipy.optimize import minimize

    sizes = material.settings
    counts = nonempty(material.pairs.counts[: sizes.n_exact, : sizes.n_exact])
    cells, d = Cells.of(counts, k), dimensions or sizes.exact_dimensions
    loss, n_parameters = parameterized(cells, shape, d)
    start = 0.1 * np.random.default_rng(seed).standard_normal(n_parameters)
    if "bias" in shape:
        start[len(counts) * d :] = -np.log(k)
    minimum = minimize(
        loss, start, jac=True, method="L-BFGS-B",
        options={"maxiter": sizes.exact_steps, "maxfun": 2 * sizes.exact_steps},
    )  # fmt: skip
    levels = cells.levels()
    gap = (levels["constant"] - minimum.fun) / (levels["constant"] - levels["optimum"])
    return {
        **levels,
        "loss": float(minimum.fun),
        "gap": float(gap),
        "steps": int(minimum.nit),
        "parameters": n_parameters,
    }
