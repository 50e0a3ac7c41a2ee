"""Sessions of the models of links: NodeEmbedding, PairEmbedding, HOPE, STRAP, FastRP, ProNE."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsgns import DirectedGraph, NodeEmbedding, PairEmbedding, rules
from fastsgns.models.links import HOPE, STRAP, FastRP, JointScore, ProNE
from fastsgns.models.links.training import RULES

from . import graphs, lifetime
from .checks import check, check_named, check_same, content, plain
from .draws import (
    OMITTED,
    Dice,
    Draw,
    among,
    constant,
    drawn,
    mostly,
    near,
    of_rule,
    optional,
    whole,
    wrong,
)
from .querying import check_vectors
from .resuming import killed_and_resumed
from .subject import Setting, Subject, may_refuse
from .words import heard

BOUNDS = {
    "dimensions": 150, "epochs": 3, "negative": 40, "workers": 3, "walk_length": 100,
    "num_walks": 20, "order": 40,
}  # fmt: skip
KINDS = ("forward", "undirected", "app", "nerd", "edges", "metapath", "temporal")
TYPICAL: dict[str, Any] = {
    "dimensions": whole(1, 40), "walk_length": mostly(whole(2, 20), constant(None)),
    "num_walks": whole(1, 5), "window_size": mostly(whole(1, 8), constant(None)),
    "p": among(1.0, 1.0, 1.0, 0.25, 4.0), "q": among(1.0, 1.0, 1.0, 0.5, 2.0),
    "negative": whole(1, 10), "alpha": mostly(near(0.03), constant(None)),
    "min_alpha": among(0.0001, 0.0), "epochs": whole(1, 3), "sample": among(0.0, 0.0, 0.01),
    "ns_exponent": among(0.75, 0.0, 1.0), "stop": near(0.15, 3), "joint": among(False, False, True),
    "shrink_windows": among(True, False), "workers": among(1, 1, 1, 1, 2, 3),
    "shuffle": among(True, False), "strict_times": among(False, True),
    "seed": mostly(whole(0, 2**32), among(1), 0.9), "compute_loss": among(True, False),
    "deterministic": among(False, False, True),
    "matrices": mostly(constant("two"), among("tied", "tied+bias", "tied+reflect"), 0.6),
    "task": among("links", "labels"), "check": among(True, False),
    "negative_sharing": among("pair", "window", "batch", "block"),
    "progress": among(None, False, heard),
    "metapath": constant(None), "beta": mostly(constant(None), near(0.01)),
    "error": near(1e-3, 10), "order": whole(0, 12), "mu": near(0.2), "theta": near(0.5),
}  # fmt: skip


def of_rules(cls: type, table: Mapping[str, rules.Rule], **others: Draw) -> dict[str, Draw]:
    """Return a draw of each parameter of a class."""
    import inspect

    names = [name for name in inspect.signature(cls).parameters if name not in others]
    return {name: of_rule(table[name], TYPICAL[name], BOUNDS.get(name)) for name in names} | others


# Learned from walks and pairs

NODES = of_rules(
    NodeEmbedding, RULES, graph=constant(None),
    walks=mostly(among(None, *KINDS), lambda d: "+".join(d.pick(KINDS) for _ in range(2))),
    walks_file=mostly(constant(None), among("walks.txt", "walks.txt.gz", "walks.xz")),
    metapath=constant(None),
)  # fmt: skip
PAIRS = of_rules(PairEmbedding, RULES, pairs=constant(None))


def consistent(dice: Dice, given: dict[str, Any]) -> dict[str, Any]:
    """Change values that exclude each other, but for a few, which must be refused."""
    if dice.chance(0.05):
        return given
    kinds = (given["walks"] or "undirected").split("+")
    if len(set(kinds)) < len(kinds):
        kinds = kinds[:1]
    if len(kinds) > 1:
        given["matrices"], given["dimensions"] = "two", max(2, int(given["dimensions"]))
    if given["walks"] is not None:
        given["walks"] = "+".join(kinds)
    if not set(kinds) & {"forward", "undirected"}:
        given |= {"p": 1.0, "q": 1.0}
    if not set(kinds) & {"forward", "undirected", "metapath", "temporal"}:
        given["sample"] = 0.0
    if "nerd" in kinds and given["matrices"] == "tied+bias":
        given["matrices"] = "tied"
    given["joint"] = given["joint"] if "nerd" in kinds else False
    given["strict_times"] = given["strict_times"] if "temporal" in kinds else False
    given["metapath"] = (
        dice.pick((["a", "b", "a"], [["a", "a"], ["b", "a", "b"]])) if "metapath" in kinds else None
    )
    return given


def make_nodes(setting: Setting) -> NodeEmbedding:
    dice = setting.dice
    given = consistent(dice, dict(setting.parameters))
    if given["walks_file"] is not None:
        given["walks_file"] = setting.folder / given["walks_file"]
    walks = str(given["walks"])
    timed = "temporal" in walks or (None if dice.chance(0.1) else False)
    graph = graphs.graph(dice, dice.chance(0.1), "metapath" in walks or None, timed)
    with may_refuse(None, NodeEmbedding, NodeEmbedding.fit, also=(ValueError,)):
        graph = DirectedGraph.of(graphs.handed(dice, graph))  # a list omits isolated nodes
        model = NodeEmbedding(**given).fit(graph)
    model.walks_file = None  # steps that come later have other folders
    check_nodes(model, graph)
    return model


def check_nodes(model: NodeEmbedding, graph: DirectedGraph) -> None:
    check(list(model.source.index_to_key) == graph.names, "names of sources")
    check(len(model.target) == graph.n_nodes, "rows of targets")
    check(len(model.known.sources) <= graph.n_edges, "more known links than edges")
    check(model.epochs_trained <= model.epochs, f"{model.epochs_trained} epochs")


def changed_graph(model: NodeEmbedding, dice: Dice) -> DirectedGraph:
    """Return a graph with the nodes of the model, some new ones, and random edges."""
    old = list(model.source.index_to_key)
    new = [("new", i) for i in range(99) if ("new", i) not in old]
    names = [*old, *new[: dice.integer(0, 4)]]
    ends = dice.rng.integers(len(names), size=(2, dice.integer(1, 100)))
    options: dict[str, Any] = {"directed": model.is_directed is not False}
    if "metapath" in str(getattr(model, "walks", None)):
        options["node_types"] = {name: "ab"[i % 2] for i, name in enumerate(names)}
    if "temporal" in str(getattr(model, "walks", None)):
        options["times"] = dice.rng.integers(0, 9, ends.shape[1]).astype(float)
    return DirectedGraph.from_edges(
        *ends, graphs.weights(dice, ends.shape[1], False), names, **options
    )


CONTINUE: dict[str, Draw] = {
    "graph": constant(OMITTED), "y": constant(OMITTED), "epochs": optional(whole(1, 3)),
    "old_rows": optional(among("free", "damped", "frozen", 0.5, 0, 1)),
    "checkpoint": constant(OMITTED), "every": constant(OMITTED),
}  # fmt: skip


def continue_nodes(model: NodeEmbedding, setting: Setting) -> tuple[Any, Any]:
    dice, method = setting.dice, setting.dice.pick(("partial_fit", "update"))
    graph, options = changed_graph(model, dice), drawn(CONTINUE, dice)
    old, vectors = list(model.source.index_to_key), model.source.vectors.copy()
    with may_refuse(model, getattr(NodeEmbedding, method), NodeEmbedding.fit):
        getattr(model, method)(graph, **options)
    check(set(model.source.index_to_key) == set(graph.names), "names of sources")
    if options.get("old_rows") in ("frozen", 0):
        found = np.array([model.source[name] for name in old])
        check(found.tobytes() == vectors.tobytes(), "frozen vectors have changed")
    return model, plain(model.epoch_losses)


def checkpoint(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Fit, or continue, with checkpoints, and resume from one of them."""
    method = setting.dice.pick(("fit", "partial_fit", "update"))
    is_nodes = isinstance(model, NodeEmbedding)
    data = changed_graph(model, setting.dice) if is_nodes else drawn_pairs(setting.dice)

    def train(model: Any, **how: Any) -> None:
        getattr(model, method)(data, **how)

    def resume(model: Any) -> None:
        model.resume(data)

    return killed_and_resumed(model, setting, train, resume, (ValueError,)), method


def refit(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Fit again, twice: the same bytes."""
    graph = changed_graph(model, setting.dice)
    with may_refuse(model, type(model).fit):
        model.fit(graph)
    before = content(model)
    model.fit(graph)
    if getattr(model, "workers", 1) == 1 and model.seed is not None:
        check_same(content(model), before, "a second fit gives other bytes")
    return model, None


def remove_nodes(model: NodeEmbedding, setting: Setting) -> tuple[Any, Any]:
    names = setting.dice.some(model.source.index_to_key, 3)
    kept = [name for name in model.source.index_to_key if name not in names]
    with may_refuse(model, NodeEmbedding.remove):
        model.remove(names)
    check(list(model.source.index_to_key) == kept, "the names that are left")
    return model, len(kept)


def ask(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Compare scores with products of vectors, and recommendations with scores."""
    dice, sources, targets = setting.dice, model.source.index_to_key, model.target.index_to_key
    pairs = [(dice.pick(sources), dice.pick(targets)) for _ in range(dice.integer(1, 9))]
    popularity = dice.chance(0.5)
    found = model.score(*map(list, zip(*pairs)), popularity=popularity)
    for (u, v), score in zip(pairs, found):
        check(
            abs(model.score(u, v, popularity=popularity) - score) <= 1e-4 * (1 + abs(score)),
            f"score {score}",
        )
        if not popularity and model.target_bias is None:
            expected = float(model.source[u].astype(float) @ model.target[v].astype(float))
            scale = np.abs(model.source[u]).astype(float) @ np.abs(model.target[v]).astype(float)
            check(abs(score - expected) <= 1e-5 * scale + 1e-30, f"score {score}, numpy {expected}")
    u, topn = dice.pick(sources), dice.integer(0, 9)
    answers = model.recommend(u, topn, exclude_known=dice.chance(0.5), popularity=popularity)
    scores = [score for _, score in answers]
    check(scores == sorted(scores, reverse=True) and len(answers) <= topn, f"answers {answers}")
    vectors = [check_vectors(kv, setting) for kv in (model.source, model.target)]
    return model, plain((found, answers, vectors, model.known_pairs()))


def refuse(model: Any, setting: Setting) -> tuple[Any, Any]:
    """A parameter that its rule refuses is named by `fit`, and changes nothing."""
    dice = setting.dice
    table = RULES if isinstance(model, (NodeEmbedding, PairEmbedding)) else model.RULES
    name = dice.pick(
        [
            name
            for name in model.get_params()
            if name in table and name not in ("progress", "metapath", "weights")
        ]
    )
    value, old, before = wrong(dice, table[name]), getattr(model, name), content(model)
    setattr(model, name, value)
    try:
        model.fit([("a", "b"), ("b", "a")])
    except ValueError as error:
        check_named(error, name, value, table[name])
    else:
        check(False, f"{name}={value!r} is not refused")
    finally:
        setattr(model, name, old)
    check_same(content(model), before, f"refusing {name}={value!r} has changed the model")
    return model, name


def joint(model: Any, setting: Setting) -> tuple[Any, Any]:
    """Ask a JointScore of the model."""
    dice = setting.dice
    graph = changed_graph(model, dice)
    options = drawn(JOINT, dice)
    try:
        scored = JointScore(model, graph, **options)
    except ValueError as error:  # another set of nodes, or a model without negative samples
        check(len(str(error)) > 15, f"the message says too little: {error!r}")
        return model, None
    u, v = dice.pick(model.source.index_to_key), dice.pick(model.target.index_to_key)
    answers = scored.recommend(u, 3, exclude_known=False)
    return model, plain((scored.score(u, v), answers))


JOINT: dict[str, Draw] = {
    "model": constant(OMITTED), "graph": constant(OMITTED),
    "exponent": optional(among(0.75, 0.0, None)), "smoothing": optional(near(0.1)),
}  # fmt: skip


def make_pairs(setting: Setting) -> PairEmbedding:
    pairs = drawn_pairs(setting.dice)
    with may_refuse(None, PairEmbedding, PairEmbedding.fit, also=(ValueError,)):
        model = PairEmbedding(**setting.parameters).fit(pairs)
    check(set(model.source.index_to_key) == {u for u, _ in pairs}, "names of sources")
    check(set(model.target.index_to_key) == {v for _, v in pairs}, "names of targets")
    return model


def drawn_pairs(dice: Dice) -> list[tuple[Any, Any]]:
    return [(u, ("t", v)) for u, v in graphs.edges(dice)]


def continue_pairs(model: PairEmbedding, setting: Setting) -> tuple[Any, Any]:
    dice, method = setting.dice, setting.dice.pick(("partial_fit", "update"))
    options, pairs = drawn(CONTINUE, dice), drawn_pairs(dice)
    with may_refuse(model, getattr(PairEmbedding, method), PairEmbedding.fit):
        getattr(model, method)(pairs, **options)
    check({u for u, _ in pairs} <= set(model.source.index_to_key), "names of sources")
    return model, plain(model.epoch_losses)


def refit_pairs(model: PairEmbedding, setting: Setting) -> tuple[Any, Any]:
    with may_refuse(model, PairEmbedding.fit):
        model.fit(drawn_pairs(setting.dice))
    return model, None


def remove_pairs(model: PairEmbedding, setting: Setting) -> tuple[Any, Any]:
    dice = setting.dice
    sources, targets = (
        dice.some(model.source.index_to_key, 2),
        dice.some(model.target.index_to_key, 2),
    )
    with may_refuse(model, PairEmbedding.remove):
        model.remove(sources or None, targets or None)
    check(not set(sources) & set(model.source.index_to_key), "sources are left")
    return model, len(model.target)


# Factorizations


def make_factors(cls: Any) -> Any:
    def make(setting: Setting) -> Any:
        dice, given = setting.dice, dict(setting.parameters)
        graph = DirectedGraph.of(graphs.handed(dice, graphs.graph(dice, signs=False)))
        if dice.chance(0.9):
            given["dimensions"] = min(int(given["dimensions"]), graph.n_nodes)
        with may_refuse(None, cls, cls.fit, also=(ValueError,)):
            model = cls(**given).fit(graph)
        check(len(model.source) == len(model.target) == graph.n_nodes, "rows")
        return model

    return make


def step_weights(dice: Dice) -> Any:
    """Draw the weights of walks of FastRP, of any size and sign."""
    weights = [float(dice.pick((0.0, 1.0, 2.5, -1.0))) for _ in range(dice.integer(0, 5))]
    last = 10 ** dice.rng.uniform(-300, 300) if dice.chance(dice.extreme) else 1.0
    return dice.pick((tuple, list))([*weights, float(last)])


OTHERS: dict[Any, dict[str, Draw]] = {FastRP: {"weights": step_weights}}
STEPS = {"ask": ask, "refuse": refuse, "joint score": joint} | lifetime.STEPS
FACTORS = [
    Subject(
        cls.__name__,
        cls,
        of_rules(cls, cls.RULES, **OTHERS.get(cls, {})),
        make_factors(cls),
        {"fit again": refit} | STEPS,
    )
    for cls in (HOPE, STRAP, FastRP, ProNE)
]
SUBJECTS = [
    Subject(
        "NodeEmbedding", NodeEmbedding, NODES, make_nodes,
        {"continue": continue_nodes, "continue again": continue_nodes, "fit again": refit,
         "remove": remove_nodes, "checkpoint": checkpoint} | STEPS,
    ),
    Subject(
        "PairEmbedding", PairEmbedding, PAIRS, make_pairs,
        {"continue": continue_pairs, "fit again": refit_pairs, "remove": remove_pairs, "ask": ask,
         "refuse": refuse, "checkpoint": checkpoint} | lifetime.STEPS,
    ),
    *FACTORS,
]  # fmt: skip
