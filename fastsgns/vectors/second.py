"""SecondMatrix: the output vectors of KeyedVectors that are not of a model."""

from typing import Any

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.role_rows import combined, sync_matrices, view_of
from fastsgns.vectors.rows import OwnRows
from fastsgns.vectors.spaces import WHY_MISSING, Combination, NoRoleError, Role

ADD_KEYS = "add them to the vectors whose output vectors or combination these are"


class SecondMatrix:
    """The link from a KeyedVectors to a second matrix of its own; a `RoleLink`.

    As the link of a model does, it moves the rows when keys are added, removed or sorted. Files,
    copies and pickles hold the matrix too, which those of a model's vectors leave to the model.
    """

    def __init__(self, matrices: Matrices) -> None:
        self.matrices = matrices

    def role(self, kv: Any, role: Role) -> Any:
        """Return the vectors of a role: `kv` itself, or a view of the second matrix."""
        if role == "input":
            return kv
        if role != "output":
            raise NoRoleError(f"{role}: {WHY_MISSING[role]}")
        return view_of(kv, self.matrices, role, ADD_KEYS)

    def combined(self, kv: Any, kind: Combination) -> Any:
        """Return both vectors of each key combined."""
        vectors = combined(kind, kv.array, self.role(kv, "output").array)
        return kv.with_rows(OwnRows(vectors), ADD_KEYS)

    def bias(self, kv: Any) -> None:
        """Return None: there is no bias."""

    def sync(self, kv: Any) -> None:
        """Move the rows to the order of the keys of `kv`."""
        sync_matrices(kv, self.matrices, thorough=True)


def link_output(kv: Any, output: np.ndarray) -> None:
    """Set the output vectors of `kv`, a row per key, for ``kv.output`` and ``space=``."""
    kv.role_link = SecondMatrix(Matrices({"input": kv.array, "output": output}))
    kv.role_link.sync(kv)


def own_output(kv: Any) -> np.ndarray | None:
    """Return the second matrix of `kv`, with a row per key; None if it has none of its own."""
    if not isinstance(kv.role_link, SecondMatrix):
        return None
    kv.role_link.sync(kv)
    output: np.ndarray = kv.role_link.role(kv, "output").array
    return output
