"""Logistic regression, one-vs-rest, with L2: the linear classifier that judges embeddings."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)

MAX_STEPS = 1000
GRADIENT = 1e-3


@dataclass(frozen=True)
class Logistic:
    """Weights of one-vs-rest logistic regression over the classes.

    Attributes
    ----------
    weights : ndarray, shape (d + 1, c)
        One column a class, its intercept last.
    """

    weights: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Give log p / (1 - p) of each class for features of shape (n, d); shape (n, c)."""
        return features @ self.weights[:-1] + self.weights[-1]


def fit(
    features: np.ndarray, classes: np.ndarray, penalty: float = 1.0, steps: int = MAX_STEPS
) -> Logistic:
    """Minimise each class's penalised logistic loss, all classes in one L-BFGS.

    With x_i the features and y_ic = 1 or 0, z_ic = x_i . w_c + b_c, the loss is

        L = sum_ic [log(1 + e^z_ic) - y_ic z_ic] + (penalty / 2) sum_c |w_c|^2,

    and with r = sigmoid(z) - y its gradient is X^T r + penalty w for the weights and the column
    sums of r for the intercepts, which are not penalised. The classes do not meet in L: its
    minimum is that of each alone; together they cost two products of matrices a step.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    classes : ndarray of bool, shape (n, c)
        Several classes of one example, or none, are allowed.
    penalty : float
        1 / C of liblinear and scikit-learn, above 0.
    steps : int
        At most.

    Raises
    ------
    ValueError
        If the shapes disagree, a feature is not finite or the penalty is not above 0.

    References
    ----------
    Fan et al.: LIBLINEAR, 2008 (which penalises the intercept too). Liu, Nocedal: On the limited
    memory BFGS method for large scale optimization, 1989.

    Examples
    --------
    >>> found = fit(np.array([[-1.0], [-2], [1], [2]]), np.array([[0], [0], [1], [1]], bool))
    >>> (found.logits(np.array([[-1.5], [1.5]])) > 0).ravel().tolist()
    [False, True]
    """
    from scipy.optimize import minimize

    if features.ndim != 2 or classes.ndim != 2 or len(features) != len(classes):
        raise ValueError(f"features of shape {features.shape}, classes of shape {classes.shape}")
    if not penalty > 0:
        raise ValueError(f"penalty is {penalty}; allowed are numbers above 0")
    if not np.isfinite(features).all():
        raise ValueError("a feature is not finite")
    examples = np.hstack([features, np.ones((len(features), 1), features.dtype)])
    shape = examples.shape[1], classes.shape[1]
    loss = partial(loss_and_gradient, examples, classes.astype(examples.dtype), penalty)

    def target(flat: Any) -> Any:
        return _flat(*loss(flat.reshape(shape).astype(examples.dtype)))

    options: Any = {"maxiter": steps, "gtol": GRADIENT, "ftol": 1e-9}
    start = np.zeros(shape).ravel()
    found: Any = minimize(target, start, jac=True, method="L-BFGS-B", options=options)
    if found.nit >= steps:
        logger.warning(
            "logistic regression has not settled after %d steps; features of like size, such as "
            "standardized ones, settle sooner", steps,
        )  # fmt: skip
    return Logistic(found.x.reshape(shape).astype(examples.dtype))


def loss_and_gradient(
    examples: np.ndarray, classes: np.ndarray, penalty: float, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """L and dL / dweights of `fit`.

    Parameters
    ----------
    examples : ndarray, shape (n, d + 1)
        Features, the last of them 1.
    classes : ndarray of 0 and 1, shape (n, c)
    penalty : float
    weights : ndarray, shape (d + 1, c)
    """
    logits = examples @ weights
    shrunk = weights.copy()
    shrunk[-1] = 0
    small = np.exp(-np.abs(logits))
    loss = np.sum(np.log1p(small) + np.maximum(logits, 0) - classes * logits, dtype=np.float64)
    probabilities = np.where(logits >= 0, 1, small) / (1 + small)
    gradient = examples.T @ (probabilities - classes) + penalty * shrunk
    return float(loss + penalty / 2 * np.sum(shrunk * shrunk)), gradient


def _flat(loss: float, gradient: np.ndarray) -> tuple[float, np.ndarray]:
    return loss, gradient.ravel().astype(np.float64)
