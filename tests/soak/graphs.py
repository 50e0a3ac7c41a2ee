"""Random graphs of every shape, and every way to hand one to a model."""

import itertools
from typing import Any

import numpy as np

from .draws import Dice

MOST_EDGES = 400
SCALES = (1e-30, 1e-6, 1.0, 1e6, 1e30)


def edges(dice: Dice, most: int = MOST_EDGES) -> list[tuple[Any, Any]]:
    """Draw pairs of nodes: a hub, a ring, two groups, random pairs, two nodes, and loops."""
    pairs = dice.pick(_SHAPES)(dice)[:most]
    if dice.chance(0.3):
        pairs += [(u, u) for u, _ in pairs[: dice.integer(1, 3)]]
    if dice.chance(0.3):
        pairs += dice.some(pairs, 20)  # edges that are given twice
    name = dice.pick((int, int, "n{}".format, "ä {}".format, lambda i: (i, "t"), float))
    return [(name(u), name(v)) for u, v in pairs]


def _random(dice: Dice) -> list[tuple[int, int]]:
    n, m = dice.integer(2, 60), dice.integer(1, 300)
    return [tuple(pair) for pair in dice.rng.integers(n, size=(m, 2)).tolist()]


def _hub(dice: Dice) -> list[tuple[int, int]]:
    n, inward = dice.integer(2, 80), dice.chance(0.5)
    return [(i, 0) if inward else (0, i) for i in range(1, n)]


def _two_groups(dice: Dice) -> list[tuple[int, int]]:
    n, m = dice.integer(1, 20), dice.integer(1, 20)
    pairs = list(itertools.product(range(n), range(100, 100 + m)))
    return dice.some(pairs) or pairs


def _ring(dice: Dice) -> list[tuple[int, int]]:
    n = dice.integer(3, 60)
    return [(i, (i + k) % n) for i in range(n) for k in range(1, dice.integer(2, 4))]


_SHAPES = (
    _random, _random, _hub, _two_groups, _ring,
    lambda dice: [(0, 1)], lambda dice: [(0, 1), (1, 0)], lambda dice: [(0, 0), (0, 1)],
    lambda dice: list(itertools.permutations(range(dice.integer(2, 12)), 2)),
)  # fmt: skip


def weights(dice: Dice, n: int, signs: bool = True) -> list[float] | None:
    """Draw a weight per edge, or None for none."""
    kind = dice.pick(("none", "none", "one scale", "all scales", "whole"))
    if kind == "none":
        return None
    if kind == "whole":
        drawn = dice.rng.integers(1, 9, n).astype(float)
    elif kind == "one scale":
        drawn = dice.pick(SCALES) * dice.rng.uniform(0.5, 2, n)
    else:
        drawn = 10 ** dice.rng.uniform(-30, 30, n)
    if signs and dice.chance(0.3):
        drawn *= dice.rng.choice([-1, 1], n)
    return drawn.tolist()


def graph(
    dice: Dice, signs: bool = True, typed: bool | None = None, timed: bool | None = None
) -> Any:
    """Draw a DirectedGraph, perhaps with weights, signs, times, types and isolated nodes."""
    from fastsgns import DirectedGraph

    pairs = edges(dice)
    options: dict[str, Any] = {"directed": dice.chance(0.7)}
    names = list(dict.fromkeys(itertools.chain.from_iterable(pairs)))
    if dice.chance(0.3):
        names += [("isolated", i) for i in range(dice.integer(1, 5))]
    if typed or (typed is None and dice.chance(0.2)):
        options["node_types"] = {name: "ab"[i % 2] for i, name in enumerate(names)}
    if timed or (timed is None and dice.chance(0.2)):
        options["times"] = dice.rng.integers(0, 9, len(pairs)).astype(float)
    ids = {name: i for i, name in enumerate(names)}
    sources, targets = np.array([[ids[u], ids[v]] for u, v in pairs], np.int64).reshape(-1, 2).T
    return DirectedGraph.from_edges(
        sources, targets, weights(dice, len(pairs), signs), names, **options
    )


def handed(dice: Dice, drawn: Any) -> Any:
    """Return a graph in one of the forms that `DirectedGraph.of` takes."""
    if drawn.types is not None or drawn.times is not None or not drawn.is_directed:
        return drawn
    listed = list(drawn.edges())
    kind = dice.pick(("graph", "graph", "list", "networkx", "scipy", "pandas"))
    if kind == "list" and listed:
        return listed
    if kind == "networkx":
        import networkx

        other = networkx.DiGraph()
        other.add_nodes_from(drawn.names)
        other.add_weighted_edges_from(listed)
        return other
    if kind == "scipy":
        return type(drawn).from_scipy(drawn.to_scipy(), drawn.names)
    if kind == "pandas" and listed:
        import pandas as pd

        return pd.DataFrame(listed, columns=["source", "target", "weight"])
    return drawn
