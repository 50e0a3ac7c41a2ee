"""GloVe as in the textbook: numpy, one cell after the other."""

import numpy as np

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def weighting(x: np.ndarray, x_max: float, exponent: float) -> np.ndarray:
    return np.where(x < x_max, (x / x_max) ** exponent, 1.0)


def objective(
    w: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, x: np.ndarray,
    x_max: float, exponent: float,
) -> float:  # fmt: skip
    """J of eq. 8, over the cells of a dense matrix that are not 0."""
    seen = x > 0
    error = w @ c.T + b[:, None] + d - np.log(np.where(seen, x, 1.0))
    return float((weighting(x, x_max, exponent) * error**2)[seen].sum())


def step(
    rows: list[np.ndarray], squares: list[np.ndarray], i: int, j: int, log_x: float, f: float,
    rate: float,
) -> float:  # fmt: skip
    """AdaGrad on one cell; rows hold d numbers and a bias. Returns f error^2 before the step."""
    u, v = rows[0][i].copy(), rows[1][j].copy()
    error = u[:-1] @ v[:-1] + u[-1] + v[-1] - log_x
    gradients = [np.append(v[:-1], 1.0), np.append(u[:-1], 1.0)]
    gradients = [rate * f * error * gradient for gradient in gradients]
    places = [(0, i), (1, j)]
    if rows[0] is rows[1] and i == j:
        places, gradients = places[:1], [gradients[0] + gradients[1]]
    for (side, index), gradient in zip(places, gradients):
        rows[side][index] -= gradient / np.sqrt(squares[side][index])
        squares[side][index] += gradient**2
    return float(f * error**2)


def splitmix(state: int) -> tuple[int, int]:
    """SplitMix64: the next state and the number drawn."""
    state = (state + GOLDEN) & MASK
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def draw(state: int, n: int) -> tuple[int, int]:
    state, z = splitmix(state)
    return state, ((z >> 32) * n) >> 32


def shuffled(items: list, stream: int) -> list:
    """Fisher and Yates, from the end."""
    items = list(items)
    for i in range(len(items) - 1, 0, -1):
        stream, j = draw(stream, i + 1)
        items[i], items[j] = items[j], items[i]
    return items
