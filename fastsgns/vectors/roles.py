"""Roles: the matrices of a model, each as KeyedVectors of the same words."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.matrices import Matrices
from fastsgns.rules import takes_flags
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.norms import as_real, unit
from fastsgns.vectors.spaces import COMBINATIONS, WHY_MISSING

ROLES = ("input", "output", "negative")


def sync_matrices(wv: KeyedVectors, matrices: Matrices, thorough: bool = False) -> None:
    """Take the input vectors, the keys and their order from `wv` into the matrices of a model.

    Rows of the other matrices are moved to the order of the keys; see `Matrices.follow`.
    """
    matrices.follow(wv.index_to_key, wv.array, wv.key_order, thorough)


class ModelLink:
    """Connects the `wv` of a model to the model's matrices; a `RoleLink`."""

    def __init__(self, matrices: Matrices) -> None:
        self.matrices = matrices

    def roles(self, wv: KeyedVectors) -> "Roles":
        """Return the matrices by role."""
        return Roles(wv, self.matrices)

    def sync(self, wv: KeyedVectors) -> None:
        """Bring the rows of all matrices in the order of the keys of `wv`."""
        sync_matrices(wv, self.matrices, thorough=True)


def link_matrices(wv: KeyedVectors, matrices: Matrices | None) -> None:
    """Connect the `wv` of a model to its matrices, or with None to none."""
    if matrices is not linked_matrices(wv):
        wv.role_link = None if matrices is None else ModelLink(matrices)


def linked_matrices(wv: KeyedVectors) -> Matrices | None:
    """Return the matrices that `wv` is connected to."""
    return wv.role_link.matrices if isinstance(wv.role_link, ModelLink) else None


def shown_matrices(vectors: KeyedVectors) -> Matrices | None:
    """Return the matrices of the model whose role `vectors` show; None if they show no role."""
    return vectors.matrices if isinstance(vectors, MatrixVectors) else None


class Roles(Mapping[str, KeyedVectors]):
    """The matrices of a model by role: ``input``, ``output`` and, where there is one, ``negative``.

    Each is a KeyedVectors with the words, ids and counts of ``model.wv`` (which is ``input``) and
    with the memory of the matrix: what training or the user writes to one is seen in the other,
    also after the vocabulary grew or a matrix was replaced.

    Parameters
    ----------
    wv : KeyedVectors
        The input vectors.
    matrices : Matrices
        Those of the model.

    Notes
    -----
    The score of a pair in training is ``input[i] . output[j] + bias[j]`` (+ ``bias[i]``). Where a
    model has one matrix for both roles, ``output`` is that matrix; where the output role flips the
    signs of some of its columns, ``output`` can be read only, and computes its vectors when asked.

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

    def __init__(self, wv: Any, matrices: Matrices) -> None:
        self._wv, self.matrices = wv, matrices

    def __getitem__(self, role: str) -> KeyedVectors:
        sync_matrices(self._wv, self.matrices)
        if not self._has(role):
            raise KeyError(f"no role {role!r}; there are {list(self)}")
        return self._wv if role == "input" else RoleVectors(self._wv, self.matrices, role)

    def _has(self, role: str) -> bool:
        return role in ROLES and self.matrices.stored(role) is not None

    def __iter__(self) -> Iterator[str]:
        sync_matrices(self._wv, self.matrices)
        return (role for role in ROLES if self._has(role))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Roles<{', '.join(self)}; {len(self._wv)} words>"

    @property
    def input(self) -> KeyedVectors:
        """The input vectors: ``model.wv`` itself."""
        return self._wv

    @property
    def output(self) -> KeyedVectors:
        """The output vectors of negative sampling."""
        return self._of("output")

    @property
    def negative(self) -> KeyedVectors:
        """The vectors that negatives have of their own, in a model of three matrices."""
        return self._of("negative")

    def _of(self, role: str) -> KeyedVectors:
        sync_matrices(self._wv, self.matrices)
        if not self._has(role):
            raise AttributeError(f"{role}: {WHY_MISSING[role]}")
        return self[role]

    @property
    def bias(self) -> np.ndarray | None:
        """What is added to scores: shape (1,), or (V,) with one a word; None if nothing is."""
        sync_matrices(self._wv, self.matrices)
        return self.matrices.bias

    @takes_flags
    def combined(self, kind: str, normalize: bool = False) -> KeyedVectors:
        """Input and output vectors as one, in memory of its own.

        Parameters
        ----------
        kind : {"sum", "concat"}
            ``w + c``, shape (V, d), as GloVe gives out and Levy, Goldberg and Dagan (2015) do with
            word2vec's; or ``[w; c]``, shape (V, 2 d).
        normalize : bool
            Scale each w and each c to length 1 before, so that neither outweighs the other.

        Returns
        -------
        KeyedVectors
            With the same words and copies of their attributes.

        Raises
        ------
        ValueError
            If `kind` is another.
        AttributeError
            If the model has no output vectors.

        Notes
        -----
        The cosine of two sums holds all four products, ``(w + c) . (w' + c') = w.w' + c.c' + w.c' +
        c.w'``: similarity of the first order (w.c') and of the second (w.w') at once. That of two
        concatenations holds those of the second alone. Levy, Goldberg, Dagan (2015), "Improving
        Distributional Similarity with Lessons Learned from Word Embeddings", section 3.3.
        """
        kv = self.combined_view(kind, normalize)
        kv.index_to_key, kv.key_to_index = list(kv.index_to_key), dict(kv.key_to_index)
        kv.expandos = {name: values.copy() for name, values in self._wv.expandos.items()}
        return kv

    @takes_flags
    def combined_view(self, kind: str, normalize: bool = False) -> KeyedVectors:
        """`combined`, with the very list and dict of words of `wv`: only to be asked."""
        if kind not in COMBINATIONS:
            raise ValueError(f"kind {kind!r}; allowed are {COMBINATIONS}")
        parts = [as_real(kv.array) for kv in (self.input, self.output)]
        if normalize:
            parts = [unit(part) for part in parts]
        vectors = parts[0] + parts[1] if kind == "sum" else np.hstack(parts)
        kv = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
        kv.set_items(self._wv.index_to_key, vectors, self._wv.key_to_index)
        kv.strict = self._wv.strict
        return kv


class MatrixVectors(KeyedVectors):
    """A matrix of a model by key: KeyedVectors in the memory of the model, with keys of the model.

    They follow the model: held on to, they are those of its matrix as it is now, and what is
    written to them, in place or as ``vectors = ...``, is the model's. Keys can't be added or
    reordered. Copies and pickles are plain KeyedVectors.

    Parameters
    ----------
    keys : list of hashable
    ids : dict
        The position of each key.
    matrices : Matrices
    role : str
        ``input`` or ``output``.
    owner : str
        How keys are added to the model, for the error of who adds some here.

    Examples
    --------
    >>> matrices = Matrices({"input": np.eye(2, dtype=np.float32)})
    >>> source = MatrixVectors(["a", "b"], {"a": 0, "b": 1}, matrices, "input", "call fit()")
    >>> source.vectors = [[1, 2], [3, 4]]
    >>> matrices.vectors["input"].tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(
        self, keys: list[Any], ids: dict[Any, int], matrices: Matrices, role: str, owner: str
    ) -> None:
        self.index_to_key, self.key_to_index = keys, ids
        self.next_index, self.expandos = len(keys), {}
        self.strict = True
        self.add_keys_advice = owner
        self._link(matrices, role)

    def _link(self, matrices: Matrices, role: str) -> None:
        self.matrices, self._role = matrices, role
        self.vectors_lockf = np.ones(1, np.float32)
        self.mapfile_path = None
        self._shared, self._norms, self._room = True, None, None

    def _matrices_now(self) -> Matrices:
        """The matrices of the model, in the order of the keys."""
        return self.matrices

    def _is_flipped(self) -> bool:
        return self._matrices_now().signs(self._role) is not None

    def reorder_keys(self, keys: list[Any], ids: dict[Any, int], order: np.ndarray) -> None:
        """Follow the model, which has put its keys in another order."""
        self.index_to_key, self.key_to_index = keys, ids
        self.expandos = {name: values[order] for name, values in self.expandos.items()}

    @property
    def _vectors(self) -> np.ndarray:  # type: ignore[override]
        return self._known(self._matrices_now().in_role(self._role))

    def _stored(self) -> np.ndarray:
        """The vectors before signs are flipped, which needs no copy."""
        return self._known(self._matrices_now().stored(self._role))

    def _known(self, rows: np.ndarray | None) -> np.ndarray:
        if rows is None:
            raise RuntimeError(f"the model has no {self._role} vectors any more")
        return rows

    def _at(self, ids: Any) -> np.ndarray:
        rows, signs = self._stored()[ids], self.matrices.signs(self._role)
        return rows if signs is None else rows * signs

    @property
    def vector_size(self) -> int:  # type: ignore[override]
        """Numbers a vector, d."""
        return self._stored().shape[1]

    @property
    def vectors(self) -> np.ndarray:
        """The matrix of the role, shape (V, d), to read, write or replace."""
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        if self._is_flipped():
            raise ValueError(self._why_fixed())
        array, wanted = np.ascontiguousarray(vectors, np.float32), self._vectors.shape
        if array.shape != wanted:
            raise ValueError(
                f"the {self._role} matrix must be of shape {wanted}; got {array.shape}"
            )
        self._replace(array)

    def _writable(self) -> np.ndarray:
        if self._is_flipped():
            raise ValueError(self._why_fixed())
        return super()._writable()

    def _why_fixed(self) -> str:
        return (
            f"the {self._role} vectors are read-only: they follow from the input vectors; set those"
        )

    def _replace(self, array: np.ndarray) -> None:
        self.matrices.vectors[self.matrices.layout.array_of(self._role)] = array

    def resize_vectors(self, seed: int = 0) -> None:
        """Do nothing: there are as many rows as keys."""

    def __reduce__(self) -> Any:
        state = self.index_to_key, self._vectors, dict(self.expandos), self.strict
        return _stand_alone, state


def _of_wv(name: str) -> Any:
    return property(lambda self: getattr(self._wv, name), doc=f"``{name}`` of the model's wv.")


class RoleVectors(MatrixVectors):
    """The vectors of a role of a model: KeyedVectors with the words of its `wv`.

    They follow the model: held on to, they are those of its matrix as it is now, and what is
    written to them, in place or as ``vectors = ...``, the model trains on. Words can't be added;
    that is for ``model.build_vocab(update=True)``. Copies and pickles are plain KeyedVectors.

    Parameters
    ----------
    wv : KeyedVectors
    matrices : Matrices
    role : str

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> model = Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, workers=1)
    >>> output = model.wv.output
    >>> model.syn1neg = np.eye(2, 4)
    >>> output["b"].tolist()
    [0.0, 1.0, 0.0, 0.0]
    """

    index_to_key = _of_wv("index_to_key")
    key_to_index = _of_wv("key_to_index")
    next_index = _of_wv("next_index")
    expandos = _of_wv("expandos")
    strict = _of_wv("strict")

    def __init__(self, wv: Any, matrices: Matrices, role: str) -> None:
        self._wv = wv
        self._link(matrices, role)

    def _matrices_now(self) -> Matrices:
        sync_matrices(self._wv, self.matrices)
        return self.matrices

    @property
    def add_keys_advice(self) -> str:  # type: ignore[override]
        """How to add words to the model."""
        return self._wv.add_keys_advice or "add some with model.build_vocab(..., update=True)"

    def _replace(self, array: np.ndarray) -> None:
        if self._vectors is self._wv.array:
            self._wv.vectors = array
        else:
            self.matrices.vectors[self._role] = array


def _stand_alone(
    words: list[Any], vectors: np.ndarray, attributes: dict[str, np.ndarray], strict: bool
) -> KeyedVectors:
    kv = KeyedVectors.from_arrays(list(words), vectors)
    kv.expandos, kv.strict = dict(attributes), strict
    return kv
