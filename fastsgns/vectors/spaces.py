"""Spaces: whether a query uses the input vectors or the output vectors of a model."""

from typing import Any, Literal, Protocol, TypeVar, get_args

import numpy as np

from fastsgns.vectors.keys import KeyTable
from fastsgns.vectors.rows import Rows

Combination = Literal["sum", "concat"]
Space = Literal["in-in", "in-out", "out-in", "out-out", "sum", "concat"]
Role = Literal["input", "output", "negative"]
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)
SPACES: tuple[Space, ...] = get_args(Space)
ROLES: tuple[Role, ...] = get_args(Role)
WHY_MISSING = {
    "output": "the model has none: they come with negative > 0 or softmax=1, and a vocabulary",
    "negative": "the model has none of its own: its negatives are output vectors",
}
STANDS_ALONE = (
    "these vectors stand alone, without a model's other matrices: ask the wv of a whole model "
    "(model.wv, or Word2Vec.load(path).wv)"
)

Vectors = TypeVar("Vectors", bound="Searchable")
Vectors_co = TypeVar("Vectors_co", bound="Searchable", covariant=True)


class ModelRoles(Protocol[Vectors_co]):
    """The matrices of a model by role; see `fastsgns.vectors.roles.Roles`."""

    @property
    def input(self) -> Vectors_co:
        """The input vectors."""

    @property
    def output(self) -> Vectors_co:
        """The output vectors."""

    @property
    def negative(self) -> Vectors_co:
        """The vectors of negative samples, in a model of three matrices."""

    @property
    def bias(self) -> np.ndarray | None:
        """The bias that is added to scores."""

    def combined_view(self, kind: Combination) -> Vectors_co:
        """Return input and output vectors added or concatenated."""


class RoleLink(Protocol[Vectors]):
    """What a model sets on its `wv`, so that the `wv` reaches the model's other matrices."""

    def roles(self, wv: Vectors) -> ModelRoles[Vectors]:
        """Return the matrices of the model of `wv`."""

    def sync(self, wv: Vectors) -> None:
        """Move the rows of all matrices to the order of the keys of `wv`."""


class Searchable(Protocol):
    """What a query needs of vectors: the table of their keys, and their rows."""

    @property
    def key_table(self) -> KeyTable:
        """The keys and their positions."""

    @property
    def rows(self) -> Rows:
        """The vectors and their norms."""

    @property
    def role_link(self) -> RoleLink[Any] | None:
        """The link to the other matrices of a model."""


def in_space(kv: Searchable, space: Space) -> tuple[Searchable, Searchable]:
    """Return the vectors that give the query, and the vectors to search.

    Raises
    ------
    ValueError
        If there is no such space, or a matrix that it needs is missing.
    """
    if space == "in-in":
        return kv, kv
    if space not in SPACES:
        raise ValueError(f"space {space!r}; allowed are {SPACES}")
    try:
        if kv.role_link is None:
            raise AttributeError(STANDS_ALONE)
        roles: ModelRoles[Searchable] = kv.role_link.roles(kv)
        if space == "sum" or space == "concat":
            both = roles.combined_view(space)
            return both, both
        query_side, searched_side = space.split("-")
        return _side(roles, query_side), _side(roles, searched_side)
    except AttributeError as error:
        raise ValueError(f"space {space!r} needs output vectors; {error}") from None


def _side(roles: ModelRoles[Searchable], side: str) -> Searchable:
    return roles.input if side == "in" else roles.output
