"""FastTextKeyedVectors: vectors of words, and of words never seen, by their n-grams."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fastsgns.corpus.subwords import SubwordScheme
from fastsgns.formats import kinds
from fastsgns.rules import DRAW_SEED, takes, takes_flags
from fastsgns.runtime.locks import first_use
from fastsgns.vectors import fasttext_storage, gensim_subwords, gensim_vectors
from fastsgns.vectors.inference import SubwordInference
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.subword_rows import SubwordRows


class FastTextKeyedVectors(KeyedVectors):
    """Vectors of words that are made of rows: one of the word, and one per character n-gram.

    The vector of a word is the mean of its rows. A word that is not present has the mean of the
    rows of its n-grams, and all queries take it. The class has the name, the methods and the
    behavior of gensim's FastTextKeyedVectors. These are the differences:

    - `vectors_ngrams` has a row for each bucket that the n-grams of the vocabulary use, instead of
      a row for each of `bucket`. An n-gram of another bucket counts as a row of zeros. Files of
      Facebook's fastText have all rows, and so have the vectors that are read from them.
    - `buckets_word` has the rows of `vectors_ngrams`, and so fits it.
    - A word that is too short for n-grams, and is not present, raises a KeyError. gensim returns
      zeros.
    - Keys that are not str have no n-grams. Those that are not present raise a KeyError.

    Parameters
    ----------
    vector_size : int
        Dimensions d of a vector.
    min_n, max_n : int
        Lengths of n-grams, in characters of "<word>". There are none if `max_n` is less than
        `min_n`, or 0.
    bucket : int
        Number of buckets that n-grams are hashed to. With 0, which is the default, there are no
        n-grams.
    count : int
        Number of rows to allocate without keys.
    dtype : dtype
        The type of `vectors`. The rows that they are made of are float32.
    hash_count : int
        1 to 4 is floret's scheme: a word and each n-gram are hashed to so many buckets of one
        table, and words have no rows of their own.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or `count` is given with `hash_count`.

    Attributes
    ----------
    vectors : ndarray, shape (V, d)
        The vector of each word, made of the rows below.
    vectors_vocab : ndarray of float32, shape (V, d)
        The own row of each word; shape (0, d) in floret's scheme.
    vectors_ngrams : ndarray of float32, shape (B, d)
        A row per bucket that is used, in ascending order of buckets.
    buckets_word : list of V arrays of int32
        For each word, the rows of its n-grams in `vectors_ngrams`.
    vectors_vocab_lockf, vectors_ngrams_lockf : ndarray of float32, shape (1,), (V,) or (B,)
        Factors by which training multiplies the updates of these rows.

    Examples
    --------
    >>> kv = FastTextKeyedVectors(2, min_n=3, max_n=3, bucket=1000)
    >>> kv["cat"] = [4, 8]
    >>> kv.vectors_ngrams = np.full((3, 2), 2)
    >>> kv.adjust_vectors()
    >>> "cats" in kv, "cats" in kv.key_to_index
    (True, False)
    >>> kv["cats"].tolist()  # two of its four n-grams are those of cat
    [1.0, 1.0]
    """

    compatible_hash = True  # gensim's name for n-grams that are hashed as in Facebook's fastText
    subwords: SubwordRows | None  # None without n-grams

    def __init__(
        self,
        vector_size: int,
        min_n: int = 3,
        max_n: int = 6,
        bucket: int = 0,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        *,
        hash_count: int = 0,
    ) -> None:
        super().__init__(vector_size, count, dtype)
        self.scheme = SubwordScheme(min_n, max_n, bucket, hash_count)
        table, self.subwords = self.key_table, None
        if len(table) and self.scheme.has_buckets and not self.scheme.has_own_rows:
            raise ValueError(
                f"count is {count!r}, and with hash_count={hash_count} the rows of a key follow "
                "from its characters, so that none can be made in advance; leave out count, and "
                "add the keys"
            )
        if self.scheme.has_buckets:
            self.subwords = SubwordRows.zeros(
                self.scheme, table.index_to_key, self.vector_size, order=table.order
            )
        self.vectors_vocab_lockf = np.ones(1, np.float32)
        self.vectors_ngrams_lockf = np.ones(1, np.float32)

    @property
    def unseen(self) -> SubwordInference | None:  # type: ignore[override]
        """What infers the vectors of words that are not present; None without n-grams."""
        return None if self.subwords is None else SubwordInference(self.subwords)

    # The scheme

    @property
    def min_n(self) -> int:
        """The smallest length of n-grams."""
        return self.scheme.min_n

    @min_n.setter
    def min_n(self, value: Any) -> None:
        raise _fixed("min_n")

    @property
    def max_n(self) -> int:
        """The largest length of n-grams."""
        return self.scheme.max_n

    @max_n.setter
    def max_n(self, value: Any) -> None:
        raise _fixed("max_n")

    @property
    def bucket(self) -> int:
        """The number of buckets that n-grams are hashed to; only those that are used have rows."""
        return self.scheme.bucket

    @bucket.setter
    def bucket(self, value: Any) -> None:
        raise _fixed("bucket")

    @property
    def hash_count(self) -> int:
        """The number of hashes of floret's scheme; 0 is fastText's scheme."""
        return self.scheme.hash_count

    # Rows

    def _followed(self) -> SubwordRows | None:
        """Return the rows of the keys that are present now; None without n-grams."""
        if self.subwords is not None:
            with first_use:
                self.subwords.follow(self.key_table.index_to_key, self.key_table.order)
        return self.subwords

    @property
    def vectors_vocab(self) -> np.ndarray:
        """The own row of each word, shape (V, d), to read or write.

        `adjust_vectors` then makes `vectors` of the rows again. Without n-grams it is `vectors`.
        """
        subwords = self._followed()
        return self.vectors if subwords is None else subwords.word_rows

    @vectors_vocab.setter
    def vectors_vocab(self, rows: npt.ArrayLike) -> None:
        subwords = self._followed()
        if subwords is None:
            self.vectors = np.asarray(rows)
            return
        given = _checked_rows("vectors_vocab", rows, subwords.word_rows.shape)
        subwords.trainable()  # rows that can be written to
        subwords.word_rows[:] = given

    @property
    def vectors_ngrams(self) -> np.ndarray:
        """The row of each bucket that is used, shape (B, d), to read or write.

        `adjust_vectors` then makes `vectors` of the rows again. An array with a row for each of
        `bucket` buckets can be set as well; each bucket then has a row.
        """
        subwords = self._followed()
        if subwords is None:
            return np.zeros((0, self.vector_size), np.float32)
        return subwords.ngram_rows

    @vectors_ngrams.setter
    def vectors_ngrams(self, rows: npt.ArrayLike) -> None:
        subwords = self._followed()
        if subwords is None:
            _checked_rows("vectors_ngrams", rows, (0, self.vector_size))
        elif np.shape(rows) == (self.bucket, self.vector_size):
            self._set_rows(np.concatenate([subwords.word_rows, np.asarray(rows, np.float32)]))
        else:
            given = _checked_rows("vectors_ngrams", rows, subwords.ngram_rows.shape)
            subwords.trainable()
            subwords.ngram_rows[:] = given

    def _set_rows(self, rows: np.ndarray) -> None:
        """Use rows: those of words, then one for each of `bucket` buckets."""
        buckets = np.arange(self.bucket, dtype=np.int32)
        keys, order = self.key_table.index_to_key, self.key_table.order
        self.subwords = SubwordRows.of(self.scheme, keys, rows, buckets, order)

    @property
    def buckets_word(self) -> list[np.ndarray]:
        """For each word, the rows of its n-grams in `vectors_ngrams`, int32."""
        subwords = self._followed()
        if subwords is None:
            return [np.zeros(0, np.int32)] * len(self)
        table = subwords.table
        n_own = 1 if self.scheme.has_own_rows else 0
        spans = zip((table.starts[:-1] + n_own).tolist(), table.starts[1:].tolist())
        rows = table.rows - np.int32(table.n_own_rows)
        return [rows[start:end] for start, end in spans]

    def adjust_vectors(self) -> None:
        """Make `vectors` of the rows again, after a change of these."""
        subwords = self._followed()
        if subwords is None:
            return
        vectors = self.rows.writable()
        if vectors.dtype == np.float32 and len(vectors) == len(self):
            subwords.compose(vectors)
        else:
            self.vectors = subwords.composed()

    def recalc_char_ngram_buckets(self) -> None:
        """Find the n-grams of the words again; needed if the list of keys was changed in place."""
        if self.subwords is not None:
            self.subwords.follow(self.key_table.index_to_key, self.key_table.order, thorough=True)

    @takes(seed=DRAW_SEED)
    def resize_vectors(self, seed: int = 0) -> None:
        """Make one row per key; the rows of new words and n-grams are small random numbers."""
        n_keys, size = len(self), self.vector_size
        rng = np.random.default_rng(seed)

        def fill(rows: np.ndarray) -> None:
            rows[:, :size] = (2 * rng.random((len(rows), size)) - 1) / size

        super().resize_vectors(seed)
        if self.subwords is not None and n_keys > len(self.subwords.table.starts) - 1:
            self.subwords.extend(self.key_table.index_to_key, fill)
        self.adjust_vectors()

    def init_post_load(self, fb_vectors: npt.ArrayLike) -> None:
        """Set all rows: those of the words that are present, then one for each of `bucket`.

        Parameters
        ----------
        fb_vectors : array_like of float, shape (V + bucket, d)

        Raises
        ------
        ValueError
            If the array has another shape.
        """
        n_rows = self.scheme.n_own_rows(len(self)) + self.bucket
        rows = _checked_rows("fb_vectors", fb_vectors, (n_rows, self.vector_size))
        if not self.scheme.has_buckets:
            self.vectors = rows[: len(self)]
            return
        self._set_rows(rows)
        self.rows.resize(len(self), 0)
        self.adjust_vectors()

    @classmethod
    @takes_flags
    def from_gensim(cls, vectors: Any, copy: bool = True) -> Self:
        """Make vectors of gensim's FastTextKeyedVectors, with a row for each of its buckets.

        Parameters
        ----------
        vectors : gensim.models.fasttext.FastTextKeyedVectors, or a model with a ``wv``
            The vectors of a model without subwords are taken, too: the result has no n-grams.
        copy : bool
            Copy the vectors of words; those of rows are always copied.

        Raises
        ------
        TypeError
            If it is not an object of gensim 4.
        """
        kv: Self = gensim_vectors.from_gensim(cls, vectors, copy)
        gensim_subwords.fill(kv, getattr(vectors, "wv", vectors))
        return kv

    def to_gensim(self) -> Any:
        """Return a gensim FastTextKeyedVectors with copies; buckets without rows get zeros.

        Raises
        ------
        ValueError
            If gensim has no such scheme: floret's, or that of a pruned model.
        """
        return gensim_subwords.to_gensim(self)

    # Queries

    def get_sentence_vector(self, sentence: Any) -> np.ndarray:
        """Return the mean of the vectors of words, scaled to length 1 first; see `get_mean_vector`.

        Parameters
        ----------
        sentence : list of words
        """
        return self.get_mean_vector(sentence)

    # Files

    def save(
        self,
        fname: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write everything to one file, atomically, with all rows; see `KeyedVectors.save`."""
        fasttext_storage.save(self, fname, ignore)

    @classmethod
    def load(cls, fname: Any, mmap: str | None = None) -> Self:
        """Read what `save` wrote; see `KeyedVectors.load`."""
        return kinds.load_as(cls, fasttext_storage.SCHEMA, fname, mmap)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes of a copy, which is independent of a model."""
        subwords = self._followed()
        copied = None if subwords is None else subwords.shallow_copy()
        return super().__getstate__() | {"subwords": copied}


def _fixed(name: str) -> AttributeError:
    return AttributeError(
        f"{name} is fixed when the vectors are made: FastTextKeyedVectors(vector_size, min_n, "
        "max_n, bucket). A class that sets it later, and computes n-grams of its own, as in "
        "pyRDF2Vec, needs the FastText of gensim: run without install_as_gensim()"
    )


def _checked_rows(name: str, rows: npt.ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Return rows as a float32 array, or raise a ValueError if they are of another shape."""
    array = np.ascontiguousarray(rows, np.float32)
    if array.shape != shape:
        raise ValueError(f"{name} of shape {array.shape}; needed is {shape}")
    return array
