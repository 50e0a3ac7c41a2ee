"""ProximityFactorization: the base class of models that factorize a proximity of the nodes."""

from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from fastsgns import rules
from fastsgns.formats import kinds, saving
from fastsgns.formats.keys import warn_of_unsavable
from fastsgns.formats.schema import Array, Content, Schema, Value, Words, check_values
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.matrices import Matrices
from fastsgns.models.exclusive import exclusive, not_during
from fastsgns.models.links.base import LinkModel, check_edges, check_savable
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.storage import fault_of_known
from fastsgns.models.ppmi.factorization import Factors, truncated_svd
from fastsgns.runtime.progress import ShowProgress, reading_bar

OVERFLOW = "the factors of the proximity overflow"
NEARER = "Start again with parameters nearer to their defaults, or with weights of a smaller scale"
MODELS = {
    "HOPE": "fastsgns.models.links.hope",
    "STRAP": "fastsgns.models.links.strap",
    "FastRP": "fastsgns.models.links.fastrp",
    "ProNE": "fastsgns.models.links.prone",
}  # the modules of the classes that `ProximityFactorization.load` finds


class ProximityFactorization(LinkModel):
    """The base class of `HOPE`, `STRAP`, `FastRP` and `ProNE`: M is approximated by S T^T.

    M, shape (n, n), holds a proximity of each pair of nodes. S has the vectors of sources, and T
    those of targets, both of shape (n, d). By default they are S = U D^1/2 and T = V D^1/2, where
    U D V^T is the truncated singular value decomposition of M, the best approximation of rank d. A
    subclass defines `proximity`, and `factorize` if it computes S and T in another way.

    Attributes
    ----------
    source, target : KeyedVectors
        The rows of S and T, float32, in the order of the graph's ids.
    values : ndarray, shape (d,)
        Descending. The values D, the singular values of S T^T. (`FastRP` has no SVD; see there.)
    """

    RULES: ClassVar[dict[str, rules.Rule]] = {
        "dimensions": rules.integer(1, 2**20),
        "seed": rules.integer(0, 2**128),
        "progress": rules.PROGRESS,
    }
    SETTINGS: ClassVar[dict[str, Value]] = {"dimensions": Value(int), "seed": Value(int)}

    dimensions: int
    seed: int
    progress: ShowProgress
    values: np.ndarray

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return M as a sparse array or a scipy LinearOperator, shape (n_nodes, n_nodes)."""
        raise NotImplementedError

    def factorize(self, graph: DirectedGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return S, T, both of shape (n_nodes, d), and `values`."""
        factors = self.truncated_svd(self.proximity(graph))
        return *rooted(factors), factors.values

    def truncated_svd(self, matrix: Any) -> Factors:
        """Return the `dimensions` leading singular triples of a matrix, with a progress bar."""
        with reading_bar(self.progress, "products", "factorizing") as report:
            return truncated_svd(matrix, self.dimensions, seed=self.seed, progress=report)

    @exclusive
    def fit(self, graph: Any, y: Any = None) -> Self:
        """Factorize the proximity of the nodes of a graph.

        Parameters
        ----------
        graph : DirectedGraph, or anything that `DirectedGraph.of` accepts
        y
            Ignored; scikit-learn's pipelines pass it.

        Returns
        -------
        ProximityFactorization
            The model itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the graph has no edges, or there are more dimensions
            than nodes.
        FloatingPointError
            If the factors overflow, with parameters far from their defaults.
        """
        self._check_parameters()
        graph = DirectedGraph.of(graph)
        if self.dimensions > graph.n_nodes:
            raise ValueError(
                f"{self.dimensions} dimensions of {graph.n_nodes} nodes; take at most as many"
            )
        check_edges(graph)
        warn_of_unsavable(graph.names)
        source, target, values = self._finite_factors(graph)
        self.values, self.known = values, KnownLinks.of_graph(graph)
        self.set_factors(list(graph.names), source, target)
        return self

    def _finite_factors(self, graph: DirectedGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what `factorize` returns, with S and T as float32.

        Raises
        ------
        FloatingPointError
            If a number overflows.
        """
        from scipy.sparse.linalg import ArpackError

        with np.errstate(all="ignore"):  # infinity and NaN are found below
            try:
                source, target, values = self.factorize(graph)
            except (np.linalg.LinAlgError, ArpackError, ValueError) as error:
                is_overflow = isinstance(error, (np.linalg.LinAlgError, ArpackError))
                if not (is_overflow or "infs or NaNs" in str(error)):  # as scipy 1.12 says
                    raise
                raise FloatingPointError(f"{OVERFLOW}: {error}. {NEARER}") from error
            source, target = (np.asarray(side, np.float32) for side in (source, target))
        for name, array in (("source", source), ("target", target), ("values", values)):
            if not np.isfinite(array).all():
                raise FloatingPointError(f"{OVERFLOW}: {name} is not finite. {NEARER}")
        return source, target, values

    def set_factors(self, names: list[Any], source: np.ndarray, target: np.ndarray) -> None:
        """Use these vectors of the nodes, shape (n, d)."""
        source, target = (np.ascontiguousarray(side, np.float32) for side in (source, target))
        vectors = {"input": source, "output": target}
        self.set_arrays(Matrices(vectors), names, names)

    def _check_parameters(self) -> None:
        """Check the parameters, and replace them by plain Python values."""
        self.replace_parameters(rules.checked(self.RULES, vars(self)))

    @not_during
    def save(self, path: Any) -> None:
        """Write the vectors, names, known links and parameters to one file, atomically.

        Raises
        ------
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        ValueError
            Before `fit`.
        """
        check_savable(self)
        self._check_parameters()
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> Self:
        """Read what `save` wrote; with ``mmap="r"`` the arrays are mapped instead of read.

        `fastsgns.load` explains what may happen to a file that is mapped.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        model = kinds.load_as(cls, SCHEMA, path, mmap)
        if not isinstance(model, cls):
            name = type(model).__name__
            raise kinds.wrong_kind(
                path, f"a {name}", f"a {cls.__name__}", f"fastsgns.models.links.{name}"
            )
        return model


def rooted(factors: Factors) -> tuple[np.ndarray, np.ndarray]:
    """Return U D^1/2 and V D^1/2, float32."""
    roots = np.sqrt(factors.values)
    left, right = (
        np.multiply(side, roots, dtype=np.float32) for side in (factors.left, factors.right)
    )
    return left, right


def _model(cls: type) -> str:
    """Return which of `MODELS` a class is, or is derived from."""
    return next(base.__name__ for base in cls.__mro__ if base.__name__ in MODELS)


def _settings(model: ProximityFactorization) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.SETTINGS}


def _construct(cls: type, values: dict[str, Any]) -> ProximityFactorization:
    name = values["model"]
    if name not in MODELS:
        raise ValueError(f"it holds a model {name!r:.60}; known are {sorted(MODELS)}")
    base = getattr(import_module(MODELS[name]), name)
    model: ProximityFactorization = base.__new__(cls if issubclass(cls, base) else base)
    base.__init__(model, **check_values("settings", values["settings"], base.SETTINGS))
    return model


def _build(cls: type, content: Content) -> ProximityFactorization:
    model: ProximityFactorization = content.model
    arrays = content.arrays
    model.values = arrays["values"]
    model.known = KnownLinks(arrays["known_offsets"], arrays["known_targets"])
    model.set_factors(content.words[""], arrays["source"], arrays["target"])
    return model


SCHEMA = Schema(
    "node factors",
    arrays={
        "source": Array("float32", "nodes, dimensions", "source.array"),
        "target": Array("float32", "nodes, dimensions", "target.array"),
        "values": Array("float", "dimensions"),
        "known_offsets": Array("int64", "nodes + 1", "known.offsets"),
        "known_targets": Array("int32", "links", "known.targets"),
    },
    values={
        "model": Value(str, source=lambda model: _model(type(model))),
        "settings": Value(dict, source=_settings),
    },
    build=_build,
    words={"": Words("nodes", "source.index_to_key")},
    construct=_construct,
    fault=lambda content: fault_of_known(content, content.sizes["nodes"]),
    set_by_build=("source", "target", "arrays", "values", "known"),
)
