"""Spaces: in which of a model's matrices a query is looked up, and in which it is searched."""

from typing import TYPE_CHECKING, Any

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.table import VectorTable

if TYPE_CHECKING:
    from fastsgns.vectors.keyedvectors import KeyedVectors
    from fastsgns.vectors.roles import Roles

SPACES = ("in-in", "in-out", "out-in", "out-out", "sum", "concat")
COMBINATIONS = ("sum", "concat")
SIDES = {"in": "input", "out": "output"}
WHY_MISSING = {
    "output": "the model has none: they come with negative > 0 or softmax=1, and a vocabulary",
    "negative": "the model has none of its own: its negatives are output vectors",
}
STANDS_ALONE = (
    "these vectors stand alone, without a model's other matrices: ask the wv of a whole model "
    "(model.wv, or Word2Vec.load(path).wv)"
)


class Spaces(VectorTable):
    """The part of KeyedVectors that reaches the other matrices of the model it belongs to.

    A model links its `wv` to its matrices, not to itself, so that ``Word2Vec.load(path).wv`` has
    them all. Copies, pickles and saved files of the vectors are not linked.
    """

    _matrices: Matrices | None = None

    @property
    def input(self) -> "KeyedVectors":
        """The input vectors of the model, which are these."""
        return self._roles().input

    @property
    def output(self) -> "KeyedVectors":
        """The output vectors of the model; see `fastsgns.vectors.roles.Roles`."""
        return self._roles().output

    @property
    def negative(self) -> "KeyedVectors":
        """The vectors that negatives have of their own, in a model of three matrices."""
        return self._roles().negative

    @property
    def bias(self) -> np.ndarray | None:
        """The model's bias, shape (1,) or (V,), or None."""
        return self._roles().bias

    def _lead(self, matrices: Matrices, thorough: bool = False) -> None:
        """Let the matrices of a model follow the keys, their order and the vectors."""
        matrices.follow(self.index_to_key, self._vectors, self._order, thorough)

    def _roles(self) -> "Roles":
        """All matrices of the model; an AttributeError if these vectors belong to none."""
        from fastsgns.vectors.roles import Roles

        if self._matrices is None:
            raise AttributeError(STANDS_ALONE)
        return Roles(self, self._matrices)

    def _in_space(self, space: str) -> tuple[Any, Any]:
        """The vectors to look a query up in, and those to search, of a space by name.

        Raises
        ------
        ValueError
            If there is no such space, or a matrix that it needs is missing.
        """
        if space == "in-in":
            return self, self
        if space not in SPACES:
            raise ValueError(f"space {space!r}; allowed are {SPACES}")
        try:
            roles = self._roles()
            if space in COMBINATIONS:
                both = roles._combined(space)
                return both, both
            asked, searched = (getattr(roles, SIDES[side]) for side in space.split("-"))
        except AttributeError as error:
            raise ValueError(f"space {space!r} needs output vectors; {error}") from None
        return asked, searched
