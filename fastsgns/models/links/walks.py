"""The walks of a `NodeEmbedding`: their kinds, the defaults of each, and the examples they give."""

from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from fastsgns import sampling
from fastsgns.graph.degrees import mean_weight, total_degrees
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.walks.changes import Change
from fastsgns.graph.walks.examples import (
    AlternatingWalks,
    EdgeSampling,
    RandomWalks,
    RootedPageRankWalks,
)
from fastsgns.graph.walks.files import WalkFile
from fastsgns.graph.walks.neighbours import Neighbours
from fastsgns.graph.walks.timed import TemporalWalks, TimedNeighbours
from fastsgns.graph.walks.typed import (
    Metapaths,
    MetapathWalks,
    TypedNeighbours,
    listed_metapaths,
)
from fastsgns.models.links.training import MASK, LinkMatrices, Part, Windows
from fastsgns.training.examples import Chunks

Task = Literal["links", "labels"]
WalkKind = Literal["forward", "undirected", "app", "nerd", "edges", "metapath", "temporal"]
BETWEEN = "+"  # joins two kinds
ALPHAS: dict[Task, float] = {"links": 0.04, "labels": 0.02}


class WalkDefaults(NamedTuple):
    """A kind of walks: the parameters of `NodeEmbedding` if they are not given, and its pairs.

    Attributes
    ----------
    walk_length, num_walks : int
    window_size : int or None
        None if the pairs are not taken from windows.
    is_either_way : bool
        Whether walks follow edges in either direction, so that their pairs do not tell it.
    """

    walk_length: int
    num_walks: int
    window_size: int | None = None
    is_either_way: bool = False


# These were chosen by what they predict on the graphs of `python -m bench tasks`.
WALKS: dict[WalkKind, WalkDefaults] = {
    "forward": WalkDefaults(80, 50, 3),
    "undirected": WalkDefaults(40, 25, 10, is_either_way=True),
    "app": WalkDefaults(80, 800),
    "nerd": WalkDefaults(4, 300),
    "edges": WalkDefaults(2, 100),
    "metapath": WalkDefaults(40, 25, 10, is_either_way=True),
    # As CTDNE, but per edge; and a window of 3, as it predicts later links better than one of 10
    "temporal": WalkDefaults(80, 10, 3),
}
WINDOWED = tuple(kind for kind, defaults in WALKS.items() if defaults.window_size)
BIASED: tuple[WalkKind, ...] = ("forward", "undirected")  # node2vec


class WalkModel(Protocol):
    """The parameters of a `NodeEmbedding` that concern walks; it explains them."""

    dimensions: int
    task: Task
    walks: str | None
    walk_length: int | None
    num_walks: int | None
    window_size: int | None
    p: float
    q: float
    matrices: LinkMatrices
    ns_exponent: float
    sample: float
    shrink_windows: bool
    stop: float
    joint: bool
    metapath: Any
    strict_times: bool
    seed: int | None


def choose_kinds(model: WalkModel) -> tuple[WalkKind, ...]:
    """Return the kinds of walks, and check that the other parameters allow them.

    Raises
    ------
    ValueError
    """
    names = _default(model) if model.walks is None else str(model.walks)
    kinds: tuple[Any, ...] = tuple(names.split(BETWEEN))
    if len(kinds) > 2 or len(set(kinds)) < len(kinds) or not set(kinds) <= set(WALKS):
        raise ValueError(
            f"walks is {model.walks!r}; allowed are {', '.join(WALKS)}, and two of them, such as "
            "'undirected+nerd'"
        )
    _check(model, kinds)
    return kinds


def _default(model: WalkModel) -> str:
    has_two_halves = model.matrices == "two" and model.dimensions > 1
    is_node2vec = (model.p, model.q) != (1, 1)
    if model.task == "links" and has_two_halves and not is_node2vec:
        return "undirected+nerd"
    return "undirected"


def direction_weight(kinds: tuple[WalkKind, ...], graph: DirectedGraph) -> float:
    """Return the share of the dimensions whose walks do not tell the direction of edges.

    It is 0 if the edges have no direction.
    """
    either_way = [WALKS[kind].is_either_way for kind in kinds]
    return sum(either_way) / len(either_way) if graph.is_directed else 0.0


def _check(model: WalkModel, kinds: tuple[WalkKind, ...]) -> None:
    walks = BETWEEN.join(kinds)
    if not set(kinds) & set(BIASED) and (model.p, model.q) != (1, 1):
        raise ValueError(
            f"p and q apply only to walks {' and '.join(BIASED)}; with walks={walks!r} they must "
            f"be 1, and are {model.p} and {model.q}"
        )
    if not set(kinds) & set(WINDOWED) and model.sample:
        raise ValueError(
            f"sample applies only to walks {', '.join(WINDOWED)}; with walks={walks!r} it must be "
            f"0, and is {model.sample}"
        )
    if ("metapath" in kinds) != (model.metapath is not None):
        raise ValueError(
            'walks="metapath" and metapath=["author", "paper", "author"], or other types of '
            f"nodes, require each other; walks is {walks!r}, and metapath is {model.metapath!r:.80}"
        )
    if model.strict_times and "temporal" not in kinds:
        raise ValueError(f'strict_times requires walks="temporal", and walks is {walks!r}')
    if model.joint and "nerd" not in kinds:
        raise ValueError(f'joint requires walks="nerd", and walks is {walks!r}')
    if len(kinds) > 1 and model.matrices != "two":
        raise ValueError(
            f'walks={walks!r} requires matrices="two", and matrices is {model.matrices!r}; '
            "choose one kind of walks"
        )
    if len(kinds) > model.dimensions:
        raise ValueError(f"walks={walks!r} needs at least 2 dimensions, one for each kind")
    if "nerd" in kinds and model.matrices == "tied+bias":
        raise ValueError(
            'walks="nerd" also predicts sources from targets, so a bias per target is not '
            'supported; choose matrices="two" or "tied"'
        )


def make_parts(
    model: WalkModel,
    kinds: tuple[WalkKind, ...],
    graph: DirectedGraph,
    file: WalkFile | None,
    change: Change | None = None,
) -> list[Part]:
    """Return the examples of each kind of walks on a graph.

    The parameters `walk_length`, `num_walks` and `window_size` are those of the first kind. With
    `change`, walks start only where the graph has changed.
    """
    first, *others = kinds
    chosen = {first: _given(model, first)} | {kind: WALKS[kind] for kind in others}
    return [_part(model, kind, walks, graph, file, change) for kind, walks in chosen.items()]


def _given(model: WalkModel, kind: WalkKind) -> WalkDefaults:
    """Return what the model says of a kind of walks, and else the defaults."""
    default = WALKS[kind]
    return default._replace(
        walk_length=model.walk_length or default.walk_length,
        num_walks=model.num_walks or default.num_walks,
        window_size=default.window_size and (model.window_size or default.window_size),
    )


def _part(
    model: WalkModel,
    kind: WalkKind,
    walks: WalkDefaults,
    graph: DirectedGraph,
    file: WalkFile | None,
    change: Change | None,
) -> Part:
    counts = total_degrees(graph) if walks.is_either_way else graph.in_degrees
    is_forward = kind == "forward" or (kind == "temporal" and graph.is_directed)
    # Walks in either direction are as probable backward. Their pairs with later nodes are therefore
    # distributed as all their pairs, and only they are so wherever the walks start.
    is_forward |= kind == "undirected" and change is not None
    windows = _windows(model, walks, counts, is_forward) if walks.window_size else None
    chunks = _chunks(model, kind, walks, graph, file, change)
    return Part(chunks, counts + mean_weight(graph), windows)


def _chunks(
    model: WalkModel,
    kind: WalkKind,
    walks: WalkDefaults,
    graph: DirectedGraph,
    file: WalkFile | None,
    change: Change | None,
) -> Chunks:
    length, n_walks = walks.walk_length, walks.num_walks
    seed = 0 if model.seed is None else model.seed
    if kind == "metapath":
        return _metapath_walks(model, walks, graph, file, change)
    sources, targets, share = graph.out_degrees, graph.in_degrees, 1.0
    if change is not None:
        sources, targets, share = change.start_weights(graph)
    if kind == "temporal":
        timed, total = TimedNeighbours.of(graph), round(n_walks * graph.n_edges * share)
        return TemporalWalks(timed, sources, length, total, model.strict_times, file)
    out = Neighbours.of(graph, "both" if kind == "undirected" else "out")
    if kind == "edges":
        return EdgeSampling(out, sources, round(n_walks * graph.n_edges * share), file)
    if kind == "nerd":
        counts = graph.out_degrees + mean_weight(graph)
        noise = sampling.noise_distribution(counts, model.ns_exponent)
        return AlternatingWalks(
            out, Neighbours.of(graph, "in"), (sources, targets), length,
            round(n_walks * graph.n_nodes * share), sampling.alias_table(noise), model.joint, file,
        )  # fmt: skip
    starts = None
    if change is not None:
        if kind == "undirected":  # half of the pairs of a walk, see `_part`
            n_walks *= 2
        starts = out.start_nodes[change.starts(n_walks, out.start_nodes, seed & MASK)]
        n_walks = 1
    if kind == "app":
        return RootedPageRankWalks(out, model.stop, length - 1, n_walks, seed, file, starts)
    return RandomWalks(out, length, n_walks, model.p, model.q, seed, file, starts)


def _metapath_walks(
    model: WalkModel,
    walks: WalkDefaults,
    graph: DirectedGraph,
    file: WalkFile | None,
    change: Change | None,
) -> MetapathWalks:
    length, n_walks = walks.walk_length, walks.num_walks
    seed = 0 if model.seed is None else model.seed
    typed = TypedNeighbours.of(graph)
    metapaths = Metapaths.of(listed_metapaths(model.metapath), graph, typed)
    if change is not None:
        places = change.starts(n_walks, metapaths.starts, seed & MASK)
        starts, paths = metapaths.starts[places], metapaths.paths[places]
        metapaths, n_walks = metapaths._replace(starts=starts, paths=paths), 1
    return MetapathWalks(typed, metapaths, length, n_walks, seed, file)


def _windows(
    model: WalkModel, walks: WalkDefaults, counts: np.ndarray, is_forward: bool
) -> Windows:
    """Return how pairs are taken from walks, where `counts` are the degrees of the targets."""
    assert walks.window_size is not None
    # expected visits if no walk ends early and nodes are visited in proportion to degree
    n_visits = counts * (walks.walk_length * walks.num_walks * len(counts) / counts.sum())
    return Windows(
        walks.window_size, model.shrink_windows, is_forward,
        sampling.keep_thresholds(n_visits, model.sample),
    )  # fmt: skip
