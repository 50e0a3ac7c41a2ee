"""One-vs-rest logistic regression with an L2 penalty, the classifier that evaluates embeddings."""

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
        One column per class; the last row holds the intercepts.
    """

    weights: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return log(p / (1 - p)) of each class, shape (n, c), for features of shape (n, d)."""
        logits: np.ndarray = features @ self.weights[:-1] + self.weights[-1]
        return logits


def fit(
    features: np.ndarray, classes: np.ndarray, penalty: float = 1.0, steps: int = MAX_STEPS
) -> Logistic:
    """Minimize the penalized logistic loss of all classes with one L-BFGS.

    Let x_i be the features of example i, y_ic = 1 if it has class c and otherwise 0, and
    z_ic = x_i . w_c + b_c. The loss is

        L = sum_ic [log(1 + e^z_ic) - y_ic z_ic] + (penalty / 2) sum_c |w_c|^2.

    With r = sigmoid(z) - y, its gradient is X^T r + penalty w for the weights, and the column sums
    of r for the intercepts, which are not penalized. L is a sum of one term per class, so that its
    minimum is that of each class alone. All classes together cost two matrix products per step.

    Parameters
    ----------
    features : ndarray, shape (n, d)
    classes : ndarray of bool, shape (n, c)
        An example may have any number of classes, or none.
    penalty : float
        1 / C of liblinear and scikit-learn, above 0.
    steps : int
        Maximum number of steps.

    Raises
    ------
    ValueError
        If the shapes do not match, a feature is not finite, or the penalty is not above 0.

    References
    ----------
    Fan et al.: LIBLINEAR, 2008 (which penalizes the intercept too). Liu, Nocedal: On the limited
    memory BFGS method for large scale optimization, 1989.

    Examples
    --------
    >>> model = fit(np.array([[-1.0], [-2], [1], [2]]), np.array([[0], [0], [1], [1]], bool))
    >>> (model.logits(np.array([[-1.5], [1.5]])) > 0).ravel().tolist()
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
    result: Any = minimize(target, start, jac=True, method="L-BFGS-B", options=options)
    if result.nit >= steps:
        logger.warning(
            "logistic regression has not converged after %d steps; it converges sooner with "
            "features of the same scale, such as standardized ones", steps,
        )  # fmt: skip
    return Logistic(result.x.reshape(shape).astype(examples.dtype))


def loss_and_gradient(
    examples: np.ndarray, classes: np.ndarray, penalty: float, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return L and dL / dweights of `fit`.

    Parameters
    ----------
    examples : ndarray, shape (n, d + 1)
        Features; the last one is 1.
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
