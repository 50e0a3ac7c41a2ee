"""Spaces: in which of a model's matrices a query is looked up, and in which it is searched."""

from typing import Any, Protocol

import numpy as np

from fastsgns.vectors.table import VectorTable

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


class RoleLink(Protocol):
    """What a model sets on its `wv`, so that the `wv` reaches the model's other matrices."""

    def roles(self, wv: Any) -> Any:
        """Return the `fastsgns.vectors.roles.Roles` of the model of `wv`."""

    def sync(self, wv: Any) -> None:
        """Bring the rows of all matrices in the order of the keys of `wv`."""


class Spaces(VectorTable):
    """The part of KeyedVectors that reaches the other matrices of the model it belongs to.

    A model links its `wv` to its matrices, not to itself, so that ``Word2Vec.load(path).wv`` has
    them all. Copies, pickles and saved files of the vectors are not linked.
    """

    role_link: RoleLink | None = None

    @property
    def input(self) -> Any:
        """The input vectors of the model, which are these."""
        return self._roles().input

    @property
    def output(self) -> Any:
        """The output vectors of the model; see `fastsgns.vectors.roles.Roles`."""
        return self._roles().output

    @property
    def negative(self) -> Any:
        """The vectors that negatives have of their own, in a model of three matrices."""
        return self._roles().negative

    @property
    def bias(self) -> np.ndarray | None:
        """The model's bias, shape (1,) or (V,), or None."""
        return self._roles().bias

    def _roles(self) -> Any:
        """All matrices of the model; an AttributeError if these vectors belong to none."""
        if self.role_link is None:
            raise AttributeError(STANDS_ALONE)
        return self.role_link.roles(self)

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
                both = roles.combined_view(space)
                return both, both
            asked, searched = (getattr(roles, SIDES[side]) for side in space.split("-"))
        except AttributeError as error:
            raise ValueError(f"space {space!r} needs output vectors; {error}") from None
        return asked, searched
