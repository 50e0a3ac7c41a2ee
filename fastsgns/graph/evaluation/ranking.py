"""Ranking: how well scores tell positives from negatives. Equal scores share their middle rank."""

import numpy as np
import numpy.typing as npt


def auc(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> float:
    """Area under the ROC curve: P(s+ > s-) + P(s+ = s-) / 2.

    That is U / (m n) of Mann and Whitney: over the positives, how many negatives lie below, those
    of equal score for one half. A constant score gives 0.5, whatever the numbers of either kind.

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither is empty.

    Raises
    ------
    ValueError
        If either is empty or holds NaN.

    References
    ----------
    Hanley, McNeil: The meaning and use of the area under a ROC curve, 1982.

    Examples
    --------
    >>> auc([3, 2], [1, 2]), auc([0, 0], [0])
    (0.875, 0.5)
    """
    good, bad = _checked(positives, negatives)
    return float((len(bad) - _above(good, bad)).mean() / len(bad))


def average_precision(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> float:
    """Mean over the positives of the precision at their score.

    At a score s: the share of positives among all pairs of score s or more. Pairs of equal score
    are taken in together, so that no order of theirs matters; a constant gives m / (m + n).

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither is empty. The value depends on the ratio m : n, so compare like with like.

    Raises
    ------
    ValueError
        If either is empty or holds NaN.

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
    """Hits@K: the share of positives that rank among the first K when set among the negatives.

    The rank of a positive is 1 + the negatives above it + half of those of equal score; other
    positives do not count. Unlike AUC it looks at the top alone, where a recommendation is made.

    Parameters
    ----------
    positives, negatives : array_like of float, shapes (m,) and (n,)
        Scores; neither is empty. It falls as n grows: compare values of the same n only.
    k : int
        K, 1 or more.

    Raises
    ------
    ValueError
        If either is empty or holds NaN, or `k` is below 1.

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
    """1 / rank of each positive among candidates of its own; their mean is MRR.

    Parameters
    ----------
    positives : array_like of float, shape (m,)
    candidates : array_like of float, shape (m, c)
        Scores of the negatives of each.
    allowed : array_like of bool, shape (m, c), optional
        Which candidates count: of a node's edges, those that are known are no negatives.

    Returns
    -------
    ndarray, shape (m,)
        1 / (1 + candidates above + half of those of equal score).

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
    return 1 / (1 + above + equal / 2)


def _checked(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    good, bad = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    for name, scores in (("positives", good), ("negatives", bad)):
        if scores.ndim != 1 or not len(scores):
            raise ValueError(f"{name} of shape {scores.shape}; wanted is a row of 1 score or more")
        if np.isnan(scores).any():
            raise ValueError(f"{np.isnan(scores).sum()} scores of {name} are not a number (NaN)")
    return good, bad


def _above(good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """How many of `bad` lie above each of `good`, equals for one half."""
    ordered = np.sort(bad)
    below = np.searchsorted(ordered, good, "left") + np.searchsorted(ordered, good, "right")
    return len(bad) - below / 2
