"""New rows for new names of a model of links, and other rows gone with removed names.

A row of a new source starts at the mean, over its targets, of the mean source row of each of them:
a source predicts its targets, as do the other sources of these targets. Rows of new targets start
accordingly. If the nodes are connected only to other new ones, those get their rows first. If all
sources of its targets are new, a row starts at the mean row of its neighbours in the same role.
Without neighbours it is what it would be in a new model: random as a source, and 0 as a target.
"""

from collections.abc import Callable, Hashable
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from fastsgns import rules
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.matrices import ArrayRole, Matrices, moved, randomize
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.scoring import ids_of
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.role_rows import RoleRows
from fastsgns.vectors.roles import shown_matrices

if TYPE_CHECKING:  # the import of scipy.sparse takes longer than that of fastsgns
    from scipy.sparse import csr_array

Steps: TypeAlias = tuple["csr_array", ...]
OldRows = Literal["free", "damped", "frozen"] | float
OLD_ROWS = {"free": 1.0, "damped": 0.1, "frozen": 0.0}
OLD_ROWS_RULE = rules.real(
    "'free', 'damped', 'frozen' and numbers from 0 to 1", lambda factor: 0 <= factor <= 1
)


class Links(NamedTuple):
    """Links with weights above 0, from both sides.

    Attributes
    ----------
    out : csr_array, shape (n_sources, n_targets)
    into : csr_array, shape (n_targets, n_sources)
        Its transpose.
    """

    out: "csr_array"
    into: "csr_array"

    @classmethod
    def of_graph(cls, graph: DirectedGraph) -> "Links":
        """Return the edges of a graph."""
        n = graph.n_nodes
        out = _compressed(graph.out_offsets, graph.out_targets, graph.out_weights, n)
        if not graph.is_directed:
            return cls(out, out)
        return cls(out, _compressed(graph.in_offsets, graph.in_sources, graph.in_weights, n))

    @classmethod
    def of_known(cls, known: KnownLinks, n_targets: int) -> "Links":
        """Return known links, each with the weight 1."""
        out = _compressed(known.offsets, known.targets, None, n_targets)
        return cls(out, out.T.tocsr())


def _compressed(
    offsets: np.ndarray, ends: np.ndarray, weights: np.ndarray | None, n_columns: int
) -> "csr_array":
    from scipy.sparse import csr_array

    weights = np.ones(len(ends), np.float32) if weights is None else weights
    return csr_array((weights, ends, offsets), shape=(len(offsets) - 1, n_columns))


class Names(NamedTuple):
    """The names of the rows of a model, and where their rows were before.

    Attributes
    ----------
    sources, targets : list of hashable
        The same list if sources and targets are the same nodes.
    source_origin, target_origin : ndarray of int64
        The former row of each name, or -1 for a new name.
    """

    sources: list[Hashable]
    targets: list[Hashable]
    source_origin: np.ndarray
    target_origin: np.ndarray

    @classmethod
    def of(cls, model: "GrowingModel", sources: list[Hashable], targets: list[Hashable]) -> "Names":
        """Find the rows of names in a model."""
        source_origin = moved(model.source.index_to_key, sources)
        if targets is sources:
            return cls(sources, sources, source_origin, source_origin)
        return cls(sources, targets, source_origin, moved(model.target.index_to_key, targets))

    @property
    def origins(self) -> dict[ArrayRole, np.ndarray]:
        """The former row of each name, by role."""
        return {"input": self.source_origin, "output": self.target_origin}

    @property
    def are_shared(self) -> bool:
        """Whether sources and targets are the same nodes."""
        return self.targets is self.sources

    def are_as_before(self, model: "GrowingModel") -> bool:
        """Return whether no row of a model is new, has moved or is gone."""
        return all(
            np.array_equal(origin, np.arange(len(side)))
            for origin, side in (
                (self.source_origin, model.source), (self.target_origin, model.target)
            )
        )  # fmt: skip


class GrowingModel(Protocol):
    """The attributes of a model that its names change."""

    source: KeyedVectors
    target: KeyedVectors
    arrays: Matrices
    known: KnownLinks | None
    source_counts: np.ndarray | None
    target_counts: np.ndarray | None
    source_prior: np.ndarray | None
    target_prior: np.ndarray | None
    balance: np.ndarray | None
    direction_weight: float


def without(vectors: KeyedVectors, removed: Any) -> list[Hashable]:
    """Return the names of vectors without those that are removed.

    Parameters
    ----------
    vectors : KeyedVectors
    removed : name, or list or array of names

    Raises
    ------
    KeyError
        If a name is unknown.
    ValueError
        If no name would remain.
    """
    ids = np.unique(ids_of(vectors, removed))
    if len(ids) == len(vectors):
        raise ValueError(f"all {len(ids)} names would be removed; at least one must remain")
    kept = np.ones(len(vectors), bool)
    kept[ids] = False
    return list(compress(vectors.index_to_key, kept.tolist()))


def keep(model: GrowingModel, names: Names) -> None:
    """Keep the rows of some names of a model, in the order of `names`, and remove the others."""
    check_views(model)
    arrays = model.arrays.with_rows(names.origins, 0.0)
    known = model.known
    if known is not None:
        known = known.moved(names.source_origin, names.target_origin)
    install(model, arrays, names, known)


def check_views(model: GrowingModel) -> None:
    """Raise a ValueError if `source` or `target` was replaced, so that rows cannot be moved."""
    if any(shown_matrices(kv) is not model.arrays for kv in (model.source, model.target)):
        raise ValueError(
            "source or target was replaced by other vectors, whose rows cannot follow the names; "
            "set source.vectors and target.vectors instead"
        )


def with_rows(
    model: GrowingModel,
    names: Names,
    links: Callable[[], Links],
    seed: int | None,
    first_bias: float,
) -> Matrices:
    """Return the matrices of a model for other names, with means as the rows of new names.

    Parameters
    ----------
    model : GrowingModel
    names : Names
    links : callable
        Returns the links of all names. It is called if there are new names.
    seed : int or None
        Of random rows, where there is no mean.
    first_bias : float
        The bias of new names.
    """
    check_views(model)
    arrays = model.arrays.with_rows(names.origins, first_bias)
    if (names.source_origin >= 0).all() and (names.target_origin >= 0).all():
        return arrays
    one_way, reverse = links()
    out: Steps = (one_way,)
    into: Steps = (reverse,)
    fallback = out + into if names.are_shared else ()
    if arrays.layout.shares_one_matrix and names.are_shared:
        out = into = fallback
    else:
        fill_new_rows(arrays.vectors["output"], names.target_origin < 0, into, out, fallback)
    rows = arrays.vectors["input"]
    missing = fill_new_rows(rows, names.source_origin < 0, out, into, fallback)
    random = np.empty((np.count_nonzero(missing), rows.shape[1]), np.float32)
    # Other numbers than those of the first rows of the old names
    randomize(random, np.random.default_rng(None if seed is None else [seed, len(rows)]))
    rows[missing] = random
    return arrays


def install(model: GrowingModel, arrays: Matrices, names: Names, known: KnownLinks | None) -> None:
    """Set the matrices, names and known links of a model at once, even if Ctrl-C is pressed.

    The counts and the balance of a new name are 0, and its prior is the least one, until training
    sets them.
    """
    values = {
        "source_counts": _moved_values(model.source_counts, names.source_origin, 0),
        "target_counts": _moved_values(model.target_counts, names.target_origin, 0),
        "source_prior": _moved_values(model.source_prior, names.source_origin),
        "target_prior": _moved_values(model.target_prior, names.target_origin),
        "balance": _moved_values(model.balance, names.source_origin, 0),
        "arrays": arrays,
        "known": known,
    }

    def change() -> None:
        vars(model).update(values)
        _show(model.source, RoleRows(arrays, "input"), names.sources, names.source_origin)
        _show(model.target, RoleRows(arrays, "output"), names.targets, names.target_origin)

    uninterrupted(change)


def _moved_values(
    values: np.ndarray | None, origin: np.ndarray, new: float | None = None
) -> np.ndarray | None:
    if values is None:
        return None
    moved_values = np.full(len(origin), values.min() if new is None else new, values.dtype)
    moved_values[origin >= 0] = values[origin[origin >= 0]]
    return moved_values


def _show(vectors: KeyedVectors, rows: RoleRows, names: list[Hashable], origin: np.ndarray) -> None:
    """Set the rows and names of the KeyedVectors that users hold."""
    vectors.key_table.reorder(origin, names, dict(zip(names, range(len(names)))))
    vectors.rows = rows


def fill_new_rows(
    rows: np.ndarray, is_new: np.ndarray, out: Steps, into: Steps, fallback: Steps = ()
) -> np.ndarray:
    """Set the rows of new names to means of other rows, in place.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, d)
        The rows of one role.
    is_new : ndarray of bool, shape (n,)
    out, into : tuple of csr_array, shape (n, m) and (m, n)
        The links of the names in this role, and their transposes. Those of a tuple are added.
    fallback : tuple of csr_array, shape (n, n)
        The neighbours whose mean is taken if there is no other.

    Returns
    -------
    ndarray of bool, shape (n,)
        The new rows that have no path to a row that is not new.

    Examples
    --------
    >>> rows = np.array([[2, 0], [0, 4], [0, 0]], np.float32)
    >>> from scipy.sparse import csr_array
    >>> links = csr_array(np.array([[1, 0], [1, 1], [1, 0]]))
    >>> fill_new_rows(rows, np.array([False, False, True]), (links,), (links.T.tocsr(),)).tolist()
    [False, False, False]
    >>> rows[2].tolist()
    [1.0, 2.0]
    """
    missing = is_new.copy()
    while missing.any():
        ids = np.flatnonzero(missing)
        first = _rows_of(out, ids)
        reached = np.unique(first.indices)
        inner = _means(_rows_of(into, reached), rows, ~missing)
        means, is_set = _means(first[:, reached], *inner)
        if fallback and not is_set.any():
            means, is_set = _means(_rows_of(fallback, ids), rows, ~missing)
        if not is_set.any():
            break
        rows[ids[is_set]] = means[is_set]
        missing[ids[is_set]] = False
    return missing


def _rows_of(links: Steps, ids: np.ndarray) -> "csr_array":
    rows = links[0][ids]
    for other in links[1:]:
        rows = rows + other[ids]
    return rows


def _means(
    links: "csr_array", rows: np.ndarray, is_present: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted means of the present rows that are linked, and which of them exist."""
    present = links.copy()
    present.data *= is_present[links.indices]
    totals = present.sum(axis=1)
    is_set = totals > 0
    means = np.asarray(present @ rows, np.float32)
    means[is_set] /= totals[is_set, None]
    return means, is_set


def old_row_factor(old_rows: Any) -> float:
    """Return the factor of the updates of old rows that the argument `old_rows` means.

    Raises
    ------
    ValueError
        If it is neither a number from 0 to 1 nor a word.

    Examples
    --------
    >>> old_row_factor("frozen"), old_row_factor(0.5)
    (0.0, 0.5)
    """
    if isinstance(old_rows, str) and old_rows in OLD_ROWS:
        return OLD_ROWS[old_rows]
    return float(OLD_ROWS_RULE("old_rows", old_rows))


class Locks(NamedTuple):
    """The factors by which the updates of rows are multiplied: None if all are 1.

    Attributes
    ----------
    sources, targets : ndarray of float32, or None
        The same array if one matrix has both roles.
    """

    sources: np.ndarray | None = None
    targets: np.ndarray | None = None

    @classmethod
    def of_old_rows(cls, names: Names, factor: float) -> "Locks":
        """Return the factor `factor` for old rows, and 1 for new rows."""
        if factor == 1:
            return cls()
        sources, targets = (
            np.where(origin < 0, 1, factor).astype(np.float32)
            for origin in (names.source_origin, names.target_origin)
        )
        return cls(sources, sources if names.are_shared else targets)


NO_LOCKS = Locks()
