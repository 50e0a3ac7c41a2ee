"""RoleHolder: the part of Word2Vec that gives its matrices out by role."""

from typing import TYPE_CHECKING

from fastsgns.matrices import Matrices
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import Roles, link_matrices, shown_matrices, sync_matrices


class RoleHolder:
    """Links `wv` to the matrices, whichever of the two was replaced last."""

    _matrices: Matrices
    if TYPE_CHECKING:
        wv: KeyedVectors
    else:

        @property
        def wv(self) -> KeyedVectors:
            """The input vectors by word; may be replaced."""
            try:
                vectors = self.__dict__["wv"]
            except KeyError:
                raise AttributeError("wv") from None
            link_matrices(vectors, self.__dict__.get("_matrices"))
            return vectors

        @wv.setter
        def wv(self, vectors: KeyedVectors) -> None:
            if isinstance(vectors, KeyedVectors) and shown_matrices(vectors) is not None:
                raise TypeError(
                    f"{vectors!r} is a role of a model and can't be the wv of one; "
                    "set a copy of it, copy.deepcopy(vectors)"
                )
            if not isinstance(vectors, KeyedVectors):
                raise TypeError(
                    f"the wv of a model is a KeyedVectors; got {vectors!r:.60} of type "
                    f"{type(vectors).__name__}"
                )
            old = self.__dict__.get("wv")
            if old is not None and old is not vectors:
                sync_matrices(old, self._matrices, thorough=True)
                link_matrices(old, None)
            self.__dict__["wv"] = vectors

    @property
    def roles(self) -> Roles:
        """The matrices by role, as KeyedVectors: ``model.roles["output"]``, ``model.roles.bias``.

        See `fastsgns.vectors.roles.Roles`; ``model.wv.output`` is the same.
        """
        return Roles(self.wv, self._matrices)
