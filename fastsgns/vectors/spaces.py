"""Spaces: whether a query uses the input vectors or the output vectors of a model."""

from typing import Any, Literal, Protocol, TypeVar, get_args, runtime_checkable

import numpy as np

from fastsgns.vectors.keys import Key, KeyTable
from fastsgns.vectors.rows import Rows

Combination = Literal["sum", "concat"]
Space = Literal["in-in", "in-out", "out-in", "out-out", "sum", "concat"]
Role = Literal["input", "output", "negative"]
COMBINATIONS: tuple[Combination, ...] = get_args(Combination)
SPACES: tuple[Space, ...] = get_args(Space)
SIDES: dict[str, Role] = {"in": "input", "out": "output"}
ROLES: tuple[Role, ...] = get_args(Role)
WHY_MISSING = {
    "output": "the model has none; it needs negative > 0 or softmax=1, and a vocabulary",
    "negative": "the model has no matrix for negative samples; they are output vectors",
}
HAS_NO_MODEL = (
    "these vectors are separate from a model and lack its other matrices: use the wv of a whole "
    "model (model.wv, or Word2Vec.load(path).wv)"
)

SearchableT = TypeVar("SearchableT", bound="Searchable")


class NoRoleError(AttributeError):
    """Raised for the vectors of a role of a model, if there is no model or it lacks the role."""


class RoleLink(Protocol[SearchableT]):
    """Access from the `wv` of a model to the model's other matrices; the model sets it."""

    def role(self, wv: SearchableT, role: Role) -> SearchableT:
        """Return the vectors of a role, or raise a NoRoleError."""

    def combined(self, wv: SearchableT, kind: Combination) -> SearchableT:
        """Return input and output vectors added or concatenated."""

    def bias(self, wv: SearchableT) -> np.ndarray | None:
        """Return the bias that is added to scores."""

    def sync(self, wv: SearchableT) -> None:
        """Move the rows of all matrices to the order of the keys of `wv`."""


class Unseen(Protocol):
    """Vectors of keys that are not present, such as those of words by their n-grams."""

    def knows(self, key: object) -> bool:
        """Return whether the vector of `key` can be inferred."""

    def vectors(self, keys: list[Any]) -> np.ndarray:
        """Return the vectors of keys, shape (n, d); a key that is not known has a row of zeros."""

    def explain_absence(self, key: object) -> str | None:
        """Return why the vector of `key` can't be inferred, if there is more to say than that."""


@runtime_checkable  # for `evaluation`, which also takes vectors that are not Searchable
class Searchable(Protocol):
    """What a query needs of vectors: the table of their keys, their rows, and other queries."""

    @property
    def key_table(self) -> KeyTable:
        """The keys and their positions."""

    @property
    def rows(self) -> Rows:
        """The vectors and their norms."""

    @property
    def role_link(self) -> RoleLink[Any] | None:
        """The link to the other matrices of a model."""

    @property
    def unseen(self) -> Unseen | None:
        """The vectors of keys that are not present; None if they have none."""

    # Queries call these as methods, so that those of a derived class are used.

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Return the vector of a key."""

    def get_mean_vector(self, keys: Any, *args: Any, **options: Any) -> np.ndarray:
        """Return the weighted mean of vectors."""

    def distances(self, word_or_vector: Any) -> np.ndarray:
        """Return the cosine distances of a key or vector to all keys."""

    def similarity(self, w1: Key, w2: Key) -> np.floating:
        """Return the cosine between the vectors of two keys."""

    def similar_by_key(self, key: Key, topn: int | None = 10) -> Any:
        """Return the keys nearest to a key."""


def in_space(kv: Searchable, space: Space) -> tuple[Searchable, Searchable]:
    """Return the vectors to take queries from, and the vectors to search.

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
        link = require_link(kv)
        if space == "sum" or space == "concat":  # so that mypy knows it is a Combination
            both: Searchable = link.combined(kv, space)
            return both, both
        query_side, searched_side = space.split("-")
        return link.role(kv, SIDES[query_side]), link.role(kv, SIDES[searched_side])
    except NoRoleError as error:
        raise ValueError(f"space {space!r} needs output vectors; {error}") from None


def require_link(kv: Searchable) -> RoleLink[Any]:
    """Return the link to the matrices of a model, or raise a NoRoleError."""
    if kv.role_link is None:
        raise NoRoleError(HAS_NO_MODEL)
    return kv.role_link
