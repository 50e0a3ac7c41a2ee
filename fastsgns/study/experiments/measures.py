"""Measures of trained vectors: geometry, agreement with PMI, neighbours, scores."""

from typing import Any

import numpy as np

from fastsgns.study.experiments.spaces import Spaces
from fastsgns.study.material import Material
from fastsgns.vectors.norms import unit

N_POINTS = 400
N_SHOWN = 5
N_NEIGHBOURS = 6


def held_loss(material: Material, spaces: Spaces, negative: int) -> float:
    """Return the mean loss on pairs and negatives that are the same for all models of a corpus."""
    rng, pairs = np.random.default_rng(negative), material.sample
    noise = rng.choice(len(material.noise), size=(len(pairs), negative), p=material.noise)
    blocks = range(0, len(pairs), 10_000)
    losses = [spaces.loss(pairs[b : b + 10_000], noise[b : b + 10_000]) for b in blocks]
    return float(np.mean(losses))


def scores(material: Material, spaces: Spaces) -> dict[str, dict[str, float]]:
    """Return the agreement with each set of judgements: of each space, and of input with output."""
    combined = spaces.combined()
    table = {}
    for judged in {j.name: j for j in [*material.scored, *material.proxies.values()]}.values():
        agreement = {name: judged.agreement(rows, rows) for name, rows in combined.items()}
        agreement["input-output"] = judged.agreement(spaces.input, spaces.output)
        table[judged.name] = agreement
    return table


def mean_score(material: Material, table: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the mean score of each space over the sets of judgements that score vectors."""
    names = [judged.name for judged in material.scored]
    return {space: float(np.mean([table[n][space] for n in names])) for space in table[names[0]]}


def geometry(spaces: Spaces, n_words: int) -> dict[str, float]:
    """Measure where the vectors of the most frequent words point.

    After Mimno and Thompson (2017), "The strange geometry of skip-gram with negative sampling".
    The mean cosine of all pairs of n unit vectors u is ``(|sum u|^2 - n) / (n (n - 1))``.

    Returns
    -------
    dict
        ``cosine of means``: the cosine of the mean input vector and the mean output vector;
        ``input cone``, ``output cone``: the mean cosine of two words' vectors in that space;
        ``self``: the share of words whose input and output vector have a product below 0.
    """
    w, c = (np.asarray(m[:n_words], np.float64) for m in (spaces.input, spaces.output))
    return {
        "cosine of means": _cosine(w.mean(axis=0), c.mean(axis=0)),
        "input cone": _cone(w),
        "output cone": _cone(c),
        "self": float((np.einsum("ij,ij->i", w, c) < 0).mean()),
    }


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-300))


def _cone(rows: np.ndarray) -> float:
    units = unit(rows)
    n = len(units)
    total = np.linalg.norm(units.sum(axis=0))
    return float((total * total - n) / (n * (n - 1)))


def pmi_fit(material: Material, spaces: Spaces) -> dict[str, Any]:
    """Fit the scores ``w_i . c_j + b_j`` to PMI over the pairs that occur.

    The fit is ``score = slope * PMI + intercept`` by least squares. ``weighted`` weights pairs by
    their counts, as the loss of SGNS does; ``plain`` weights them equally. At the optimum of SGNS
    the slope is 1 and the intercept is -log k: see `PairCounts.pmi`.
    """
    counts, pmi = material.pairs.counts, material.pairs.pmi(material.noise)
    cells = np.flatnonzero(counts.ravel() > 0)
    n = len(counts)
    x = spaces.input[:n].astype(np.float64) @ spaces.output[:n].T
    x = (x + np.broadcast_to(spaces.bias, len(spaces.output))[:n]).ravel()[cells]
    target, weights = pmi.ravel()[cells], counts.ravel()[cells]
    some = np.random.default_rng(0).choice(len(cells), min(N_POINTS, len(cells)), replace=False)
    return {
        "weighted": regression(target, x, weights),
        "plain": regression(target, x, np.ones(len(cells))),
        "points": np.round(np.stack([target[some], x[some]], axis=1), 3).tolist(),
    }


def regression(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Return correlation, slope and intercept of the weighted least-squares line of y on x.

    Examples
    --------
    >>> found = regression(np.arange(3.0), 2 * np.arange(3.0) - 1, np.ones(3))
    >>> {name: round(value, 6) for name, value in found.items()}
    {'correlation': 1.0, 'slope': 2.0, 'intercept': -1.0}
    """
    share = weights / weights.sum()
    dx, dy = x - share @ x, y - share @ y
    slope = (share @ (dx * dy)) / (share @ dx**2)
    spread = np.sqrt((share @ dx**2) * (share @ dy**2))
    return {
        "correlation": float(share @ (dx * dy) / spread) if spread else 0.0,
        "slope": float(slope),
        "intercept": float(share @ y - slope * (share @ x)),
    }


def neighbours(material: Material, spaces: Spaces) -> list[dict[str, Any]]:
    """List the nearest words to a few words, by input-input and by input-output cosines."""
    n = len(material.pairs.counts)
    spread = np.unique(np.geomspace(max(n // 20, 1), n - 1, N_SHOWN).astype(int))
    w, c = (unit(m[:n]) for m in (spaces.input, spaces.output))
    table = []
    for word in spread:
        row: dict[str, Any] = {"word": str(material.words[word])}
        for name, space in (("input-input", w), ("input-output", c)):
            order = np.argsort(-(space @ w[word]))
            best = [int(i) for i in order if i != word][:N_NEIGHBOURS]
            row[name] = [str(material.words[i]) for i in best]
        table.append(row)
    return table
