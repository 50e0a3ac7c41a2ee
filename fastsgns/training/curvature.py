"""Curvature: how fast the updates of a row bring it to its optimum, by which changes are merged.

The logistic loss of one pair of rows x and y has the second derivative p (1 - p) y y^T in x, where
p is the probability of the pair. The rows y that the rows x of a matrix are paired with are its
*partners*. Let M be the second moment of the partners, and s the mean of p (1 - p). Then the mean
curvature in x is about s M.

**Two numbers.** All partners have much in common: M has one large eigenvalue, and many small ones.
So the curvature is told apart in two numbers: that in the direction of the first eigenvector, and
that across it. An update of x is a sum of partners. What training has changed across the first
direction is therefore spread over the other directions in proportion to their eigenvalues. Its
curvature is the mean of these eigenvalues, each with its own value as its weight.

**One curvature for both matrices.** The loss does not change if all input vectors are multiplied
by a number, and all output vectors divided by it. The curvature in the one grows as the other
shrinks. If each matrix were merged by its own, a matrix that has come to be shorter would be held
back more, and would fall behind further. The geometric mean of the two does not change, and is
used for both.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fastsgns.kernels.moments import mean_slope, principal
from fastsgns.kernels.objective import Objective
from fastsgns.training.merge import Changes, Curvature
from fastsgns.training.replicas import Role

N_SAMPLES = 128  # rows from which second moments are estimated
N_STEPS = 6  # of the power iteration
LEAST_SLOPE = 0.1  # that of long rows falls to 0, and would no longer hold them back
LARGEST = 1e6  # with which the merge takes the mean
OF_BIAS = 0.25  # at most p (1 - p): the partner of a bias is 1


def of_changes(
    changes: Mapping[Role, Sequence[Changes]], objective: Objective
) -> dict[Role, Curvature]:
    """Return the curvature in the rows of each matrix, estimated from the rows of one replica.

    Parameters
    ----------
    changes : mapping of str to sequence of Changes
        The partners of "input" are the rows of all other roles but "bias", and those of the others
        are the rows of "input". A tied matrix has the role "input", and is its own partner.
    objective : Objective
        Tells the columns of a tied matrix.

    Returns
    -------
    dict of str to Curvature
        The directions differ by role, the two numbers do not, except those of "bias".
    """
    outputs = [role for role in changes if role not in ("input", "bias")]
    x = sample(changes["input"])
    if outputs:
        y = sample([part for role in outputs for part in changes[role]])
        partners = x, y
    else:
        x, y, *of_roles = of_tied(x, objective)
        # Rolled, because `principal` would pair each row with itself.
        both = np.concatenate([of_roles[0], np.roll(of_roles[1], N_SAMPLES // 16, axis=0)])
        partners = both, both
    slope = max(LEAST_SLOPE, mean_slope(x, y))
    first, second = (principal(rows.copy(), N_STEPS) for rows in partners)
    along, across = (slope * math.sqrt(a * b) for a, b in zip(first[1:], second[1:]))
    if not math.isfinite(along + across):  # rows are so long that their squares are not finite
        along = across = LARGEST
    curvatures = {role: Curvature(first[0], along, across) for role in outputs}
    curvatures["input"] = Curvature(second[0], along, across)
    if "bias" in changes:
        curvatures["bias"] = Curvature(np.zeros(1, np.float32), OF_BIAS, OF_BIAS)
    return curvatures


def of_tied(rows: np.ndarray, objective: Objective) -> tuple[np.ndarray, ...]:
    """Return rows of a tied matrix as inputs, as outputs, and as partners of both.

    The score of two rows is the product of the one as an input and the other as an output. Its
    derivative in the one is the other as a partner. Columns that are not trained are 0 in it, so
    that the merge leaves them.

    Examples
    --------
    Two columns, of which the first is reflected, the bias of a word, and one that is not used:

    >>> from types import SimpleNamespace
    >>> objective = SimpleNamespace(n_dimensions=2, n_flipped=1, bias="word")
    >>> for each in of_tied(np.array([[3, 4, 0.5, 0]], np.float32), objective):
    ...     print(each.tolist())
    [[-3.0, 4.0, 1.0, 0.0]]
    [[3.0, 4.0, 0.5, 0.0]]
    [[-3.0, 4.0, 0.0, 0.0]]
    [[-3.0, 4.0, 1.0, 0.0]]
    """
    d, bias = objective.n_dimensions or rows.shape[1], objective.bias
    of_outputs = rows.copy()
    of_outputs[:, d:] = 0
    of_inputs = of_outputs.copy()
    of_inputs[:, : objective.n_flipped] *= -1
    partners = of_inputs.copy(), of_inputs.copy()
    if bias in ("word", "both"):
        of_outputs[:, d], of_inputs[:, d], partners[1][:, d] = rows[:, d], 1, 1
    if bias == "both":
        of_outputs[:, d + 1], of_inputs[:, d + 1], partners[0][:, d] = 1, rows[:, d], 1
    return of_inputs, of_outputs, *partners


def sample(parts: Sequence[Changes]) -> np.ndarray:
    """Return rows by their loads: float32, shape (N_SAMPLES, width). A row may be there often."""
    cumulated = np.cumsum(np.concatenate([part.loads for part in parts]), dtype=np.float64)
    places = (np.arange(N_SAMPLES) + 0.5) / N_SAMPLES * cumulated[-1]
    picked = np.searchsorted(cumulated, places)
    found, first = [], 0
    for part in parts:
        ids = picked[(picked >= first) & (picked < first + len(part.rows))]
        found.append(part.values[ids - first])
        first += len(part.rows)
    return np.concatenate(found).astype(np.float32, copy=False)


def mean_of(curvatures: Sequence[Curvature]) -> Curvature:
    """Return the mean of what the shards of a round have estimated.

    Examples
    --------
    >>> two = Curvature(np.array([1, 0]), 3, 1), Curvature(np.array([-1, 0]), 1, 1)
    >>> mean_of(two)
    Curvature(direction=array([1., 0.]), along=2.0, across=1.0)
    """
    directions = np.array([each.direction for each in curvatures])
    signs = np.where((directions * directions[0]).sum(axis=1) < 0, -1, 1).astype(directions.dtype)
    direction = (signs[:, np.newaxis] * directions).sum(axis=0)
    length = np.sqrt((direction * direction).sum())
    if length > 0:
        direction = direction / length
    along = float(np.mean([each.along for each in curvatures]))
    return Curvature(direction, along, float(np.mean([each.across for each in curvatures])))
