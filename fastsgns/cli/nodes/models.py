"""Models of nodes: their options, how they are made, and how they are loaded."""

import argparse
from collections.abc import Iterable
from typing import Any, cast

from fastsgns.cli.arguments import Option, add_deterministic, add_parameters, given
from fastsgns.cli.parsers import UsageError, positive
from fastsgns.formats import kinds, shards
from fastsgns.formats.files import local_path
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.fastrp import WEIGHTS
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.training import MATRICES, LinkMatrices
from fastsgns.models.links.walks import WALKS
from fastsgns.training.sharing import SHARINGS

FACTORIZATIONS: dict[str, tuple[Any, tuple[str, ...]]] = {  # and the parameters with an option
    "HOPE": (HOPE, ("beta",)),
    "STRAP": (STRAP, ("alpha", "error")),
    "FastRP": (FastRP, ("weights", "beta")),
    "ProNE": (ProNE, ("order", "mu", "theta", "negative", "ns_exponent")),
}
MODELS = (*MATRICES, *FACTORIZATIONS)
EXPLAINED = (
    "two: skip-gram with a matrix per role; tied: one matrix for both roles; tied+bias: also a "
    "bias per target; tied+reflect: half of the signs reversed for targets; HOPE: factorized Katz "
    "similarity; STRAP: factorized PageRank; FastRP: random projection of walks; ProNE: factorized "
    "edges and a spectral filter"
)
SKIP_GRAM = {
    "task": Option(
        "--task", ("links", "labels"),
        "what the vectors are for: to predict and recommend links, or to compare nodes and predict "
        "their labels",
    ),
    "walks": Option(
        "--walks", (*WALKS, "undirected+nerd", "forward+nerd"),
        "forward: along the edges; undirected: DeepWalk and node2vec; app: rooted PageRank; nerd: "
        "alternating, of hubs and authorities; edges: single edges, LINE; metapath: along "
        "--metapath; temporal: in the order of --times; A+B: half of the dimensions from each",
        "undirected+nerd; --task labels and models of one matrix: undirected",
    ),
    "negative_sharing": Option(
        "--sharing", SHARINGS, "pairs that share negative samples; block is the fastest, pair is "
        "as in the papers",
    ),
    "walk_length": Option(
        "--walk-length", positive, "nodes per walk", "undirected, metapath: 40, nerd: 4, others: 80"
    ),
    "num_walks": Option(
        "--num-walks", positive, "walks per node; temporal: per edge; edges: draws per edge",
        "forward: 50, undirected and metapath: 25, app: 800, nerd: 300, edges: 100, temporal: 10",
    ),
    "window_size": Option(
        "--window", positive, "largest number of steps from source to target",
        "forward, temporal: 3, others: 10",
    ),
    "negative": Option("--negative", positive, "negative samples per positive pair"),
    "epochs": Option("--epochs", positive, "passes, each with new walks"),
    "p": Option("--p", float, "node2vec: with a higher value, a walk returns less often"),
    "q": Option("--q", float, "node2vec: with a higher value, a walk stays nearer to its start"),
    "alpha": Option(
        "--alpha", float, "initial learning rate; STRAP: probability that a walk stops",
        "0.04; --task labels: 0.02; STRAP: 0.5"
    ),
    "min_alpha": Option("--min-alpha", float, "final learning rate"),
    "stop": Option("--stop", float, "app: probability that a walk ends after a step", "0.15"),
    "ns_exponent": Option(
        "--ns-exponent", float, "negative samples are drawn by degree to this power"
    ),
    "sample": Option(
        "--sample", float, "subsampling threshold: randomly drop nodes with a higher share of the "
        "targets; 0 keeps all",
    ),
}  # fmt: skip
TRAINING = (
    *SKIP_GRAM,
    "joint",
    "shrink_windows",
    "check",
    "metapath",
    "strict_times",
    "deterministic",
)
SEED = 1
FACTORIZING = ("beta", "error", "weights", "order", "mu", "theta")


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add the parameters that `make` needs."""
    add_parameters(
        parser,
        NodeEmbedding,
        {"dimensions": Option("--dim --vector-size", positive, "length of a vector")},
    )
    parser.add_argument("--seed", type=int, metavar="N", help=f"random seed (default: {SEED})")
    walks = parser.add_argument_group("skip-gram on walks")
    add_parameters(walks, NodeEmbedding, SKIP_GRAM)
    walks.add_argument(
        "--joint", action="store_const", const=True,
        help="nerd: also train pairs of nodes in the same role",
    )  # fmt: skip
    walks.add_argument(
        "--metapath", nargs="+", action="append", metavar="TYPE",
        help="metapath: the types of the nodes of a walk, such as author paper author; several "
        "times for several metapaths",
    )  # fmt: skip
    walks.add_argument(
        "--strict-times", action="store_const", const=True,
        help="temporal: each edge is later than the one before, not at the same time",
    )  # fmt: skip
    walks.add_argument(
        "--full-windows", dest="shrink_windows", action="store_const", const=False,
        help="always use the whole --window, rather than a random part of it",
    )  # fmt: skip
    walks.add_argument(
        "--no-check", dest="check", action="store_const", const=False,
        help="links: train on all edges, without the check of a hundredth of them",
    )  # fmt: skip
    add_deterministic(walks)
    _add_factorizations(parser.add_argument_group("factorizations"))


def _add_factorizations(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--beta", type=float, metavar="N",
        help="HOPE: decay per edge of a path (default: 0.5 / spectral radius); FastRP: exponent of "
        "degrees, below 0 to count neighbours with high degrees less (default: 0.0)",
    )  # fmt: skip
    add_parameters(
        group, STRAP, {"error": Option("--error", float, "STRAP: proximities below this are 0")}
    )
    group.add_argument(
        "--weights", nargs="+", type=float, metavar="N",
        help="FastRP: weights of walks of 0, 1, 2, ... steps (default: "
        f"{' '.join(map(str, WEIGHTS))})",
    )  # fmt: skip
    add_parameters(
        group,
        ProNE,
        {
            "order": Option(
                "--order",
                int,
                "ProNE: polynomials of the filter; 0, which suits links, leaves it out",
            ),
            "mu": Option("--mu", float, "ProNE: center of the filter"),
            "theta": Option("--theta", float, "ProNE: steepness of the filter"),
        },
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the path that `load` needs."""
    parser.add_argument(
        "model", type=local_path, metavar="MODEL", help="as saved by 'fastsgns nodes train'"
    )


def make(name: str, arguments: argparse.Namespace, seed: int) -> Any:
    """Return a model, which is not fitted yet."""
    common: dict[str, Any] = given(arguments, ("dimensions",))
    common |= {"seed": seed, "progress": arguments.progress}
    if name in FACTORIZATIONS:
        factorization, parameters = FACTORIZATIONS[name]
        return factorization(**common, **given(arguments, parameters))
    options = given(arguments, TRAINING)
    return NodeEmbedding(
        matrices=cast(LinkMatrices, name), workers=arguments.workers, **common, **options
    )


def check_graph(arguments: argparse.Namespace, graph: DirectedGraph) -> None:
    """Raise an error if the walks of the arguments need what they or the graph do not have."""
    walks = arguments.walks
    if walks == "metapath" and not arguments.metapath:
        raise ValueError("--walks metapath needs --metapath, such as author paper author")
    if arguments.metapath and walks != "metapath":
        raise ValueError("--metapath needs --walks metapath")
    if walks == "metapath" and graph.types is None:
        raise ValueError("--walks metapath needs types of the nodes: give --types FILE")
    if walks == "temporal" and graph.times is None:
        raise ValueError("--walks temporal needs times of the edges: give --times COLUMN")


def check_options(arguments: argparse.Namespace) -> None:
    """Raise a UsageError if there are options that the model of `--model` does not have."""
    name = arguments.matrices
    has = TRAINING if name in MATRICES else FACTORIZATIONS[name][1]
    has = (*has, "checkpoint") if name in MATRICES else has
    others = [option for option in (*TRAINING, *FACTORIZING, "checkpoint") if option not in has]
    ignored = given(arguments, others)
    if ignored:
        options = ", ".join(arguments.option(*item) for item in ignored.items())
        raise UsageError(f"--model {name} does not have {options}")


def parameters_given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of models that have a value."""
    return given(arguments, ("matrices", "dimensions", "seed", *TRAINING, *FACTORIZING))


def load(path: str) -> LinkModel:
    """Load a model of nodes.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    loaded = kinds.load(path)
    if not isinstance(loaded, LinkModel):
        raise ValueError(
            f"{path} holds {shards.kind_of(path)}, not a model saved by 'fastsgns nodes train'"
        )
    return loaded


def by_text(names: Iterable[Any]) -> dict[str, Any]:
    """Return the names of nodes by their text, as on a command line.

    Raises
    ------
    ValueError
        If two names have the same text, such as 7 and "7".
    """
    by_text: dict[str, Any] = {}
    for name in names:
        if by_text.setdefault(str(name), name) != name:
            raise ValueError(f"{name!r} and {by_text[str(name)]!r} look alike here; rename one")
    return by_text
