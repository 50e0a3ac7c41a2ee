"""Ranking metrics of positives and negatives. Equal scores share their mean rank."""

import numpy as np
import numpy.typing as npt


def auc(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> float:
    """Compute the area under the ROC curve, P(s+ > s-) + P(s+ = s-) / 2.

    It equals U / (m n) of Mann and Whitney: the mean over the positives of the share of negatives
    with a lower score, where equal scores count one half. A constant score gives 0.5, whatever m
    and n are.

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither array is empty.

    Raises
    ------
    ValueError
        If an array is empty or contains NaN.

    References
    ----------
    Hanley, McNeil: The meaning and use of the area under a ROC curve, 1982.

    Examples
    --------
    >>> auc([3, 2], [1, 2]), auc([0, 0], [0])
    (0.875, 0.5)
    """
    return float(shares_below(positives, negatives).mean())


def shares_below(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> np.ndarray:
    """Compute, for each positive, the share of negatives with a lower score; `auc` is their mean.

    Equal scores count one half. Parameters and exceptions are those of `auc`.

    Returns
    -------
    ndarray, shape (m,)

    Examples
    --------
    >>> shares_below([3, 2], [1, 2]).tolist()
    [1.0, 0.75]
    """
    good, bad = _checked(positives, negatives)
    shares: np.ndarray = 1 - _above(good, bad) / len(bad)
    return shares


def average_precision(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> float:
    """Compute the mean over the positives of the precision at their score.

    The precision at a score s is the share of positives among all pairs with a score of s or more.
    The order of pairs with equal scores therefore does not matter. A constant score gives
    m / (m + n).

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither array is empty. The result depends on the ratio m : n, so compare only
        results with the same ratio.

    Raises
    ------
    ValueError
        If an array is empty or contains NaN.

    Examples
    --------
    >>> average_precision([3, 1], [2])
    0.8333333333333333
    """
    good, bad = _checked(positives, negatives)
    within = len(good) - np.searchsorted(np.sort(good), good)
    without = len(bad) - np.searchsorted(np.sort(bad), good)
    return float(np.mean(within / (within + without)))


def hits_at(positives: npt.ArrayLike, negatives: npt.ArrayLike, k: int) -> float:
    """Compute Hits@K, the share of positives that rank among the first K.

    The rank of a positive is 1 + the number of negatives with a higher score + half the number of
    negatives with an equal score. Other positives do not count. Unlike AUC, Hits@K depends only on
    the top of the ranking, from which recommendations are made.

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither array is empty. Hits@K falls as n grows, so compare only results with the
        same n.
    k : int
        K, 1 or more.

    Raises
    ------
    ValueError
        If an array is empty or contains NaN, or `k` is below 1.

    References
    ----------
    Hu et al.: Open Graph Benchmark, 2020, section 4.2 (ogbl-ppa, ogbl-collab).

    Examples
    --------
    >>> hits_at([5, 3, 1], [4, 2], k=1), hits_at([5, 3, 1], [4, 2], k=2)
    (0.3333333333333333, 0.6666666666666666)
    """
    if k < 1:
        raise ValueError(f"k is {k}; allowed are 1, 2, 3, ...")
    good, bad = _checked(positives, negatives)
    return float(np.mean(1 + _above(good, bad) <= k))


def reciprocal_ranks(
    positives: npt.ArrayLike, candidates: npt.ArrayLike, allowed: npt.ArrayLike | None = None
) -> np.ndarray:
    """Compute 1 / rank of each positive among its own candidates; the mean of these is MRR.

    Parameters
    ----------
    positives : array_like of float, shape (m,)
    candidates : array_like of float, shape (m, c)
        Scores of the candidates of each positive.
    allowed : array_like of bool, shape (m, c), optional
        Which candidates count. A candidate that is itself a known edge should not.

    Returns
    -------
    ndarray, shape (m,)
        The rank is 1 + the number of candidates with a higher score + half the number of
        candidates with an equal score.

    Raises
    ------
    ValueError
        If the shapes disagree or a score is NaN.

    Examples
    --------
    >>> reciprocal_ranks([3.0, 1.0], [[1, 2], [2, 1]]).tolist()
    [1.0, 0.4]
    """
    own, others = np.asarray(positives, np.float64), np.asarray(candidates, np.float64)
    if others.ndim != 2 or own.shape != others.shape[:1]:
        raise ValueError(f"positives of shape {own.shape}, candidates of shape {others.shape}")
    if np.isnan(own).any() or np.isnan(others).any():
        raise ValueError("a score is not a number (NaN)")
    counted = np.ones(others.shape, bool) if allowed is None else np.asarray(allowed, bool)
    above = np.sum((others > own[:, None]) & counted, axis=1)
    equal = np.sum((others == own[:, None]) & counted, axis=1)
    ranks: np.ndarray = 1 + above + equal / 2
    return 1 / ranks


def _checked(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    good, bad = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    for name, scores in (("positives", good), ("negatives", bad)):
        if scores.ndim != 1 or not len(scores):
            raise ValueError(
                f"{name} of shape {scores.shape}; one dimension of at least one score is expected"
            )
        if np.isnan(scores).any():
            raise ValueError(f"{np.isnan(scores).sum()} scores of {name} are not a number (NaN)")
    return good, bad


def _above(good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Count the scores in `bad` above each score in `good`; equal scores count one half."""
    ordered = np.sort(bad)
    below = np.searchsorted(ordered, good, "left") + np.searchsorted(ordered, good, "right")
    return len(bad) - below / 2
