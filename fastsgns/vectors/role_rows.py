"""RoleRows: the rows of a view, which read and write one of several matrices in step.

This module does not need KeyedVectors, which `fastsgns.vectors.roles` makes views of.
"""

from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
import numpy.typing as npt

from fastsgns.matrices import Matrices
from fastsgns.runtime.locks import first_use
from fastsgns.vectors.norms import as_real, unit
from fastsgns.vectors.rows import Rows
from fastsgns.vectors.spaces import COMBINATIONS, Combination, Role


def sync_matrices(wv: Any, matrices: Matrices, thorough: bool = False) -> None:
    """Bring the matrices of a model up to date with its `wv`.

    The vectors of `wv` become the input matrix. The rows of the other matrices are moved to the
    order of the keys of `wv`; see `Matrices.follow`. With `thorough`, a key that was changed inside
    the list ``wv.index_to_key`` is noticed too, which takes a comparison of all keys.
    """
    with first_use:  # a thread that comes second waits until the rows are moved
        matrices.subwords = wv.subwords
        if wv.subwords is not None and not wv.rows.is_computed_by(matrices.settle):
            wv.use_array(wv.rows.array, settle=matrices.settle)
        matrices.follow(wv.index_to_key, wv.rows.memory, wv.key_table.order, thorough)


class RoleRows(Rows):
    """The vectors of one role of a model.

    They follow the model: they are read from the matrices whenever they are needed, and what is
    written to them is written to the matrices.

    Parameters
    ----------
    matrices : Matrices
        The matrices of the model.
    role : {"input", "output", "negative"}
    wv : KeyedVectors, optional
        The `wv` of the model, if the order of its keys can change.
    """

    def __init__(self, matrices: Matrices, role: Role, wv: Any = None) -> None:
        self.matrices, self._role, self.wv = matrices, role, wv

    def _stored(self) -> np.ndarray:
        """Return the matrix of the role, before the signs of reflected columns are flipped."""
        if self.wv is not None:
            sync_matrices(self.wv, self.matrices)
        return self._present(self.matrices.stored(self._role))

    def _present(self, array: np.ndarray | None) -> np.ndarray:
        if array is None:
            raise RuntimeError(f"the model no longer has {self._role} vectors")
        return array

    @property
    def vector_size(self) -> int:
        """Dimensions d of a vector, as in the model."""
        size: int = self._stored().shape[1]
        return size

    @vector_size.setter
    def vector_size(self, vector_size: int) -> None:
        raise AttributeError(f"vector_size is fixed by the model: {self.vector_size}")

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d); a read-only copy if the role flips signs."""
        self._stored()  # brings the rows into the order of the keys
        return self._present(self.matrices.in_role(self._role))

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several."""
        chosen: np.ndarray = self._stored()[ids]
        signs = self.matrices.signs(self._role)
        return chosen if signs is None else chosen * signs

    def replace(self, vectors: npt.ArrayLike) -> None:
        """Replace the matrix of the model by another one of the same shape, as float32."""
        self._check_writable()
        array, shape = np.ascontiguousarray(vectors, np.float32), self.array.shape
        if array.shape != shape:
            raise ValueError(f"the {self._role} matrix must be of shape {shape}; got {array.shape}")
        name = self.matrices.layout.array_of(self._role)
        if name == "input" and self.wv is not None:
            self.wv.vectors = array
        else:
            self.matrices.replace(name, array)

    def writable(self) -> np.ndarray:
        """Return all vectors to a caller who writes to them now."""
        self._check_writable()
        return super().writable()

    def _check_writable(self) -> None:
        self._stored()  # the matrix must exist, with its rows in the order of the keys
        if self.matrices.signs(self._role) is not None:
            raise ValueError(
                f"the {self._role} vectors are read-only: they follow from the input vectors, with "
                "the signs of some columns flipped; set those"
            )


# The views of matrices that somebody holds: one per role, so that what is set on it stays
_VIEWS: WeakKeyDictionary[Matrices, WeakValueDictionary[Role, Any]] = WeakKeyDictionary()


def view_of(wv: Any, matrices: Matrices, role: Role, advice: str) -> Any:
    """Return the view of a role with the keys of `wv`: the one that somebody holds, or a new one.

    `advice` says how to add keys, for error messages.
    """
    with first_use:
        views = _VIEWS.setdefault(matrices, WeakValueDictionary())
        view = views.get(role)
        if view is None or view.key_table is not wv.key_table or not _shows(view.rows, wv):
            view = views[role] = wv.with_rows(RoleRows(matrices, role, wv), advice)
        return view


def _shows(rows: Rows, wv: Any) -> bool:
    return isinstance(rows, RoleRows) and rows.wv is wv


def held_views(matrices: Matrices) -> dict[Role, Any]:
    """Return the views of these matrices that somebody holds, by role."""
    with first_use:
        return dict(_VIEWS.get(matrices, {}))


def combined(
    kind: Combination, inputs: np.ndarray, outputs: np.ndarray, normalize: bool = False
) -> np.ndarray:
    """Return input and output vectors combined; see `fastsgns.vectors.roles.Roles.combined`.

    Examples
    --------
    >>> combined("concat", np.ones((1, 2)), np.zeros((1, 1))).tolist()
    [[1.0, 1.0, 0.0]]
    """
    if kind not in COMBINATIONS:
        raise ValueError(f"kind {kind!r}; allowed are {COMBINATIONS}")
    parts = [as_real(part) for part in (inputs, outputs)]
    if normalize:
        parts = [unit(part) for part in parts]
    return parts[0] + parts[1] if kind == "sum" else np.hstack(parts)
