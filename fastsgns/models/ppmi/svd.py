"""SVDVectors: dense word and context vectors from the truncated SVD of a PPMI matrix."""

from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value, Words
from fastsgns.matrices import Matrices
from fastsgns.models.ppmi.factorization import Factors, truncated_svd
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.pmi import FROM_0_TO_1
from fastsgns.runtime.progress import ShowProgress, reading_bar
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import Roles, link_matrices
from fastsgns.vectors.storage import warn_of_views

RULES: dict[str, rules.Rule] = {
    "vector_size": rules.integer(1, 2**20),
    "weight": FROM_0_TO_1,
    "seed": rules.integer(0, 2**128),
    "progress": rules.PROGRESS,
}


class SVDVectors:
    """Word vectors W and context vectors C whose product best approximates PPMI with rank d.

    With d singular triples, M ~ U S V^T, the vectors are W = U S^p and C = V S^(1 - p). Their
    product W C^T does not depend on p, but their cosines do. p = 1 is the usual SVD, where W W^T
    approximates M M^T. Its word vectors are the worst. p = 1/2 treats both roles alike; 0 is a good
    choice too.

    Parameters
    ----------
    ppmi : PPMI
        The matrix to factorize.
    vector_size : int
        d, from 1 to V.
    weight : float
        p, the exponent of the singular values in W.
    seed : int
        Seed of the random start of the factorization.
    progress : bool, callable or None
        Whether to show progress bars, or what to call instead, as in `Word2Vec`.

    Attributes
    ----------
    wv, output : KeyedVectors
        Rows of W and of C, float32, shape (V, d), with the counts of the words. Queries of `wv`
        have the parameter ``space``.
    values : ndarray, shape (d,)
        Singular values, descending.
    weight : float

    Raises
    ------
    ValueError
        If `vector_size` or `weight` is out of its range.

    References
    ----------
    Levy, Goldberg, Dagan: Improving distributional similarity with lessons learned from word
    embeddings, 2015, section 3.3 (eigenvalue weighting; there C is V for any p). Levy, Goldberg:
    Neural word embedding as implicit matrix factorization, 2014, section 4.2 (p = 1/2).

    Examples
    --------
    >>> text = [["cat", "purrs"], ["cat", "eats"], ["dog", "barks"], ["dog", "eats"]] * 5
    >>> ppmi = PPMI(text, min_count=1)
    >>> vectors = SVDVectors(ppmi, vector_size=5)
    >>> product = vectors.wv.vectors @ vectors.output.vectors.T
    >>> bool(np.allclose(product, ppmi.matrix.toarray(), atol=1e-5))
    True
    """

    def __init__(
        self,
        ppmi: PPMI,
        vector_size: int = 100,
        weight: float = 0.5,
        *,
        seed: int = 1,
        progress: ShowProgress = None,
    ) -> None:
        options = {"vector_size": vector_size, "weight": weight, "seed": seed, "progress": progress}
        vector_size, weight, seed, progress = rules.checked(RULES, options).values()
        with reading_bar(progress, "products", "factorizing") as report:
            factors = truncated_svd(ppmi.matrix, vector_size, seed=seed, progress=report)
        self._set(factors, ppmi.vocabulary, weight)

    def _set(self, factors: Factors, vocabulary: Vocabulary, weight: float) -> None:
        self._factors, self._vocabulary, self.weight = factors, vocabulary, float(weight)
        self.wv = self._keyed(factors.left, weight)
        self.output = self._keyed(factors.right, 1 - weight)
        self._matrices = Matrices({"input": self.wv.vectors, "output": self.output.vectors})
        self._link()

    def _link(self) -> None:
        link_matrices(self.wv, self._matrices)
        advice = "make a new PPMI of a corpus that has them"
        self.wv.add_keys_advice = self.output.add_keys_advice = advice

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._link()

    def _check_unchanged(self) -> None:
        """Raise an error if the vectors are no longer those of the factors."""
        expected = self.weighted(self.weight)
        for name, kv, own in (
            ("wv", self.wv, expected.wv),
            ("output", self.output, expected.output),
        ):
            if not np.array_equal(kv.array, own.array, equal_nan=True):
                raise ValueError(
                    f"{name}.vectors no longer match the singular vectors, values and weight, and "
                    "a file holds only these; use weighted() for another weight, or save changed "
                    f"vectors alone, {name}.save(path)"
                )
            saving.warn_of_attributes(kv, f"model.{name}", ("count",))
            warn_of_views(kv, f"model.{name}")

    def _keyed(self, vectors: np.ndarray, exponent: float) -> KeyedVectors:
        words = self._vocabulary
        with np.errstate(over="ignore", invalid="ignore"):  # of a file with infinite numbers
            scale = np.where(self.values > 0, self.values, 1) ** exponent * (self.values > 0)
            scaled = np.multiply(vectors, scale, dtype=np.float32)
        return KeyedVectors.from_arrays(words.words, scaled, words.counts, words.ids)

    @property
    def roles(self) -> Roles:
        """W and C by role, and their combinations; see `fastsgns.vectors.roles.Roles`."""
        return Roles(self.wv, self._matrices)

    @property
    def values(self) -> np.ndarray:
        """Singular values, descending, shape (d,)."""
        return self._factors.values

    @property
    def vector_size(self) -> int:
        """The dimensions d of a vector."""
        return len(self.values)

    def weighted(self, weight: float) -> "SVDVectors":
        """Return vectors with another weight from the same factors, without a new factorization.

        Raises
        ------
        ValueError
            If `weight` is not from 0 to 1.
        """
        weight = RULES["weight"]("weight", weight)
        other = SVDVectors.__new__(SVDVectors)
        other._set(self._factors, self._vocabulary, weight)
        return other

    def __repr__(self) -> str:
        return (
            f"<SVDVectors of {len(self.wv):,} words, {self.vector_size} dimensions, "
            f"weight={self.weight}>"
        )

    def save(self, path: Any) -> None:
        """Write factors, words and weight to one file, atomically; `load` reads it.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        self._check_unchanged()
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "SVDVectors":
        """Read what `save` wrote; with ``mmap="r"`` the arrays are mapped instead of read.

        `fastsgns.load` explains what may happen to a file that is mapped.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)


def _build(cls: Any, content: Content) -> SVDVectors:
    arrays = content.arrays
    factors = Factors(arrays["left"], arrays["values"], arrays["right"])
    vectors: SVDVectors = cls.__new__(cls)
    vocabulary = Vocabulary(content.words[""], arrays["counts"], content.ids[""])
    vectors._set(factors, vocabulary, content.values["weight"])
    return vectors


SCHEMA = Schema(
    "svd",
    arrays={
        "left": Array("float", "words, values", "_factors.left"),
        "right": Array("float", "words, values", "_factors.right"),
        "values": Array("float", "values"),
        "counts": Array("int64", "words", "_vocabulary.counts", fault=faults.negative),
    },
    values={"weight": Value(REAL, RULES["weight"])},
    build=_build,
    words={"": Words(source="_vocabulary.words")},
    set_by_build=("_factors", "_vocabulary", "weight", "wv", "output", "_matrices"),
)
