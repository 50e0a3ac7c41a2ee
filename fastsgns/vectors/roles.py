"""Roles: each matrix of a model as KeyedVectors, in the memory of the model.

`Roles` is ``model.roles``, the views of a word model by role. `ModelLink` is what ``model.wv`` has
of the model, so that ``wv.output`` and ``space=`` find the same views. `role_view` and
`matrix_view` make a view: a KeyedVectors whose rows are `RoleRows` (role_rows.py), which read a
matrix when they are needed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.rules import takes_flags
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.keys import KeyTable
from fastsgns.vectors.role_rows import RoleRows, combined, sync_matrices, view_of
from fastsgns.vectors.rows import OwnRows
from fastsgns.vectors.spaces import ROLES, WHY_MISSING, Combination, NoRoleError, Role

ADD_WORDS = "add some with model.build_vocab(..., update=True)"


class ModelLink:
    """The link from the `wv` of a model to the model's matrices; a `RoleLink`.

    It refers to the matrices and not to the model or `wv`, so that there is no reference cycle.
    Each method takes `wv` for this reason.
    """

    def __init__(self, matrices: Matrices) -> None:
        self.matrices = matrices

    def role(self, wv: KeyedVectors, role: Role) -> KeyedVectors:
        """Return the vectors of a role."""
        return Roles(wv, self.matrices).of(role)

    def combined(self, wv: KeyedVectors, kind: Combination) -> KeyedVectors:
        """Return input and output vectors combined, without attributes of the words."""
        return Roles(wv, self.matrices).combined_view(kind)

    def bias(self, wv: KeyedVectors) -> np.ndarray | None:
        """Return the bias of the model."""
        return Roles(wv, self.matrices).bias

    def sync(self, wv: KeyedVectors) -> None:
        """Move the rows of all matrices to the order of the keys of `wv`."""
        sync_matrices(wv, self.matrices, thorough=True)


def link_matrices(wv: KeyedVectors, matrices: Matrices | None) -> None:
    """Link `wv` to the matrices of its model, or remove the link if `matrices` is None."""
    if matrices is not linked_matrices(wv):
        wv.role_link = None if matrices is None else ModelLink(matrices)


def linked_matrices(wv: KeyedVectors) -> Matrices | None:
    """Return the matrices that `wv` is linked to."""
    return wv.role_link.matrices if isinstance(wv.role_link, ModelLink) else None


def role_view(wv: KeyedVectors, matrices: Matrices, role: Role) -> KeyedVectors:
    """Return the vectors of a role of a model as KeyedVectors with the keys of `wv`.

    The result is a view: it reads and writes the model's matrix, also after the matrix was
    replaced. Words can't be added. Copies and pickles are independent of the model. As long as
    somebody holds the view, the same one is returned again.

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> model = Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, workers=1)
    >>> output = role_view(model.wv, model.roles.matrices, "output")
    >>> model.syn1neg = np.eye(2, 4)
    >>> output["b"].tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    view: KeyedVectors = view_of(wv, matrices, role, wv.add_keys_advice or ADD_WORDS)
    return view


def matrix_view(
    keys: list[Any], ids: dict[Any, int], matrices: Matrices, role: Role, advice: str
) -> KeyedVectors:
    """Return a matrix of a model as KeyedVectors, in the memory of the model.

    The result is a view, as that of `role_view`. Keys can't be added or reordered.

    Parameters
    ----------
    keys : list of hashable
    ids : dict
        The position of each key.
    matrices : Matrices
    role : {"input", "output"}
    advice : str
        How to add keys to the model, for error messages.

    Examples
    --------
    >>> matrices = Matrices({"input": np.eye(2, dtype=np.float32)})
    >>> source = matrix_view(["a", "b"], {"a": 0, "b": 1}, matrices, "input", "call fit()")
    >>> source.vectors = [[1, 2], [3, 4]]
    >>> matrices.vectors["input"].tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    table = KeyTable(keys, ids)
    table.strict = True
    return KeyedVectors.from_parts(table, RoleRows(matrices, role), advice)


def shown_matrices(vectors: KeyedVectors) -> Matrices | None:
    """Return the `Matrices` that `vectors` is a view of; None for other vectors."""
    return vectors.rows.matrices if isinstance(vectors.rows, RoleRows) else None


class Roles(Mapping[str, KeyedVectors]):
    """The matrices of a model by role: ``input``, ``output`` and perhaps ``negative``.

    Each is a KeyedVectors with the words, ids and counts of ``model.wv`` (which is ``input``). It
    shares memory with its matrix, also after the vocabulary has grown or the matrix was replaced.

    Parameters
    ----------
    wv : KeyedVectors
        The input vectors.
    matrices : Matrices
        The matrices of the model.

    Notes
    -----
    The score of a pair in training is ``input[i] . output[j] + bias[j]``; GloVe adds ``bias[i]`` of
    the focus word as well. If a model has one matrix for both roles, ``output`` is that matrix. If
    the output role flips the signs of some columns, ``output`` is read-only, and its vectors are
    computed at each access.

    References
    ----------
    Mitra, Nalisnick, Craswell, Caruana: A dual embedding space model for document ranking, 2016.

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> model = Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, workers=1)
    >>> list(model.roles), model.roles.input is model.wv
    (['input', 'output'], True)
    >>> np.shares_memory(model.wv.output.vectors, model.syn1neg)
    True
    >>> model.roles.combined("concat")
    KeyedVectors<vector_size=8, 2 keys>
    """

    def __init__(self, wv: KeyedVectors, matrices: Matrices) -> None:
        self._wv, self.matrices = wv, matrices

    def _present_roles(self) -> list[Role]:
        """Return the roles that the model has, with its matrices in the order of the keys."""
        sync_matrices(self._wv, self.matrices)
        return [role for role in ROLES if self.matrices.stored(role) is not None]

    def __getitem__(self, role: str) -> KeyedVectors:
        for present in self._present_roles():  # a `Role`, which `role` may not be
            if role == present:
                return self.of(present)
        raise KeyError(f"no role {role!r}; there are {list(self)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._present_roles())

    def __len__(self) -> int:
        return len(self._present_roles())

    def __repr__(self) -> str:
        return f"Roles<{', '.join(self)}; {len(self._wv)} words>"

    @property
    def input(self) -> KeyedVectors:
        """The input vectors: ``model.wv`` itself."""
        return self._wv

    @property
    def output(self) -> KeyedVectors:
        """The output vectors of negative sampling or full softmax."""
        return self.of("output")

    @property
    def negative(self) -> KeyedVectors:
        """The vectors of negative samples, in a model of three matrices."""
        return self.of("negative")

    def of(self, role: Role) -> KeyedVectors:
        """Return the vectors of a role, or raise an AttributeError."""
        if role not in self._present_roles():
            raise NoRoleError(f"{role}: {WHY_MISSING[role]}")
        return self._wv if role == "input" else role_view(self._wv, self.matrices, role)

    @property
    def bias(self) -> np.ndarray | None:
        """The bias that is added to scores: shape (1,), or (V,) with one per word, or None."""
        sync_matrices(self._wv, self.matrices)
        return self.matrices.bias

    @takes_flags
    def combined(self, kind: Combination, normalize: bool = False) -> KeyedVectors:
        """Return input and output vectors combined, in memory of their own.

        Parameters
        ----------
        kind : {"sum", "concat"}
            ``w + c``, shape (V, d), as GloVe does, and as Levy, Goldberg and Dagan (2015) do with
            word2vec's vectors; or ``[w; c]``, shape (V, 2 d).
        normalize : bool
            Scale each w and each c to length 1 first, so that both have the same weight.

        Returns
        -------
        KeyedVectors
            With the same words and copies of their attributes.

        Raises
        ------
        ValueError
            If `kind` is not allowed.
        AttributeError
            If the model has no output vectors.

        Notes
        -----
        The cosine of two sums contains four products, ``(w + c) . (w' + c') = w.w' + c.c' + w.c' +
        c.w'``: similarities of the first order (w.c') and of the second order (w.w'). The cosine of
        two concatenations contains only those of the second order. Levy, Goldberg, Dagan (2015),
        "Improving Distributional Similarity with Lessons Learned from Word Embeddings", section
        3.3.
        """
        kv = self.combined_view(kind, normalize)
        kv.key_table.copy_if_shared()  # later changes of the model's words must not reach it
        theirs = self._wv.key_table.expandos
        kv.expandos = {name: values.copy() for name, values in theirs.items()}
        kv.key_table.expandos.mark_made_up(theirs.has_made_up_counts)
        return kv

    @takes_flags
    def combined_view(self, kind: Combination, normalize: bool = False) -> KeyedVectors:
        """Return what `combined` returns, but with the model's list of words and no attributes.

        This is enough for one query.
        """
        vectors = combined(kind, self.input.array, self.output.array, normalize)
        table = KeyTable(self._wv.index_to_key, self._wv.key_to_index)
        table.strict = self._wv.strict
        return KeyedVectors.from_parts(table, OwnRows(vectors))
