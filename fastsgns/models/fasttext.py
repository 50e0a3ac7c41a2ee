"""FastText: vectors of words that are made of their character n-grams, so that any word has one.

`FastText` is a `Word2Vec` whose input vectors are means of rows: of a word's own row and of the
rows of its n-grams (`fastsgns.vectors.subword_rows`). Kernels train the rows, and after each epoch
the vectors of ``wv`` are computed from them. Everything else is that of `Word2Vec`, which has a map
of its methods.
"""

import copy
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np

from fastsgns.corpus.selection import TrimRule
from fastsgns.matrices import BiasMode, Matrices, MatricesMode
from fastsgns.models import aliases, starting
from fastsgns.models.fasttext_inner import (
    compute_ngrams,
    compute_ngrams_bytes,
    ft_hash_bytes,
    ft_ngram_hashes,
)
from fastsgns.models.parameters import CbowGradient, SubwordParameters
from fastsgns.models.word2vec import MAX_WORDS_IN_BATCH, Word2Vec
from fastsgns.models.words import facebook, gensim_model, subword_storage
from fastsgns.models.words.vocabulary import vocabulary_of
from fastsgns.runtime.progress import ShowProgress
from fastsgns.training.every import Every
from fastsgns.training.sharing import NegativeSharing
from fastsgns.vectors.facebook import load_facebook_vectors
from fastsgns.vectors.fasttext import FastTextKeyedVectors
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.subword_rows import SubwordRows

__all__ = [
    "MAX_WORDS_IN_BATCH",
    "FastText",
    "FastTextKeyedVectors",
    "KeyedVectors",
    "Word2Vec",
    "compute_ngrams",
    "compute_ngrams_bytes",
    "ft_hash_bytes",
    "ft_ngram_hashes",
    "load_facebook_model",
    "load_facebook_vectors",
    "save_facebook_model",
]


class FastText(Word2Vec):
    """Vectors of words and of their character n-grams; a drop-in replacement for gensim's FastText.

    The input vector of a word is the mean of its own row and of one row per n-gram. Words with
    common parts share what is learned of these parts, and a word that was never seen has a vector:
    the mean of the rows of its n-grams.

    Only n-grams of the words of the vocabulary have rows. Those of all other buckets count as
    zeros, while in gensim and fastText they are random numbers that were never trained.

    Parameters that gensim also has keep gensim's defaults, and those that `Word2Vec` has are
    described there. These are the others:

    Parameters
    ----------
    min_n, max_n : int
        Lengths of n-grams, in characters of the word between "<" and ">". With ``max_n=0`` there
        are none, and the model is a `Word2Vec`.
    bucket : int
        Number of buckets, to which n-grams are hashed as in Facebook's fastText. 0: no n-grams.
        It does not decide the memory, because only buckets that are used have rows.
    word_ngrams : int
        Only 1 is allowed, as in gensim.
    hash_count : {0, 1, 2, 3, 4}
        0: the scheme of fastText. 1 to 4: the scheme of floret, where the word and each of its
        n-grams have this number of rows in one table of `bucket` rows, and words have no rows of
        their own. 50,000 to 200,000 rows are usual.

    Attributes
    ----------
    wv : FastTextKeyedVectors
        The input vectors by word, also of words that were never seen. ``wv.vectors_vocab`` are the
        rows of words and ``wv.vectors_ngrams`` those of n-grams, by ascending bucket.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or `min_n` is greater than `max_n`.
    NotImplementedError
        If `word_ngrams` is not 1.

    Notes
    -----
    A step adds the update of a word's vector to each of the word's rows (Bojanowski, Grave, Joulin,
    Mikolov 2017, "Enriching Word Vectors with Subword Information"). With one matrix for both roles
    the output vector of a word is made of the same rows.

    A vector that is set, as by ``wv["word"] = vector`` or `init_from`, changes the row of the word
    alone, so that the mean is that vector when training begins.

    Examples
    --------
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = FastText(sentences, vector_size=8, min_count=1, seed=1, workers=1)
    >>> model.wv["cats"].shape, "cats" in model.wv.key_to_index
    ((8,), False)
    """

    PARAMETERS = SubwordParameters
    SCHEMA = subword_storage.SCHEMA

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., Any] = hash,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int = MAX_WORDS_IN_BATCH,
        callbacks: Iterable[Any] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        hash_count: int = 0,
        compute_loss: bool = False,
        comment: str | None = None,
        cbow_gradient: CbowGradient = "gensim",
        negative_sharing: NegativeSharing = "window",
        softmax: int = 0,
        matrices: MatricesMode = "two",
        bias: BiasMode = "scalar",
        coupling: float = 0.0,
        deterministic: bool = False,
        progress: ShowProgress = None,
        init_from: Any = None,
        checkpoint: Any = None,
        every: Every | None = None,
        **unknown: Any,
    ) -> None:
        aliases.refuse_unknown(unknown, "FastText()")
        self.min_n, self.max_n, self.bucket = min_n, max_n, bucket
        self.word_ngrams, self.hash_count = word_ngrams, hash_count
        super().__init__(
            sentences, corpus_file, vector_size, alpha, window, min_count, max_vocab_size, sample,
            seed, workers, min_alpha, sg, hs, negative, ns_exponent, cbow_mean, hashfxn, epochs,
            null_word, trim_rule, sorted_vocab, batch_words, compute_loss, callbacks, comment,
            max_final_vocab, shrink_windows, cbow_gradient=cbow_gradient,
            negative_sharing=negative_sharing, softmax=softmax, matrices=matrices, bias=bias,
            coupling=coupling, deterministic=deterministic, progress=progress, init_from=init_from,
            checkpoint=checkpoint, every=every,
        )  # fmt: skip

    def _empty_vectors(self) -> FastTextKeyedVectors:
        return FastTextKeyedVectors(
            self.vector_size, self.min_n, self.max_n, self.bucket, hash_count=self.hash_count
        )

    def _check_wv(self, vectors: object) -> None:
        if not isinstance(vectors, FastTextKeyedVectors):
            raise TypeError(
                f"the wv of a FastText is a FastTextKeyedVectors; got {vectors!r:.60} of type "
                f"{type(vectors).__name__}; vectors without n-grams are for a Word2Vec"
            )

    def _start_from_others(self, words: list[Any], matrices: Matrices, first: int = 0) -> None:
        """Copy the vectors of `init_from`, and those of n-grams if it has such, and forget it."""
        source, subwords = self._init_from, matrices.subwords
        if source is None:
            return
        if isinstance(subwords, SubwordRows):
            given = starting.subwords_of(source)
            if given is not None and given.scheme == subwords.scheme:
                if first == 0:  # an update leaves the rows of old n-grams as they are
                    subwords.take_ngrams(given)
                    matrices.outdate()
            elif not subwords.scheme.has_own_rows:
                raise ValueError(
                    f"with hash_count={self.hash_count} a model can only start from a FastText "
                    "with the same min_n, max_n, bucket and hash_count, because words have no rows "
                    "of their own"
                )
        matrices.settle()
        super()._start_from_others(words, matrices, first)
        matrices.absorb()

    @classmethod
    def from_vectors(
        cls,
        vectors: FastTextKeyedVectors,
        output: np.ndarray | None = None,
        tree: np.ndarray | None = None,
        **parameters: Any,
    ) -> Self:
        """Make a model of vectors, to train them further.

        A copy of them, which shares their memory, becomes its ``wv``.
        The ``__init__`` of a derived class is not called.

        Parameters
        ----------
        vectors : FastTextKeyedVectors
            With the attribute ``count``.
        output : ndarray of float32, shape (V, d), optional
            Output vectors of negative sampling; zeros by default.
        tree : ndarray of float32, shape (V - 1, d), optional
            Output vectors of hierarchical softmax; zeros by default.
        **parameters
            Those of the constructor, but for those that the vectors have.

        Raises
        ------
        ValueError
            If an array is of another shape, or the vectors are those of a pruned model of fastText,
            in which most n-grams have no row to train.

        Examples
        --------
        >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
        >>> wv = FastText(sentences, vector_size=8, min_count=1, workers=1).wv
        >>> FastText.from_vectors(wv, min_count=1)
        FastText<vocab=4, vector_size=8, alpha=0.025>
        """
        scheme = vectors.scheme
        if scheme.is_pruned:
            raise ValueError(
                "the vectors are those of a pruned model, in which most n-grams have no row; they "
                "can be queried, but not trained further"
            )
        made = cls.__new__(cls)
        FastText.__init__(
            made, vector_size=vectors.vector_size, min_n=scheme.min_n, max_n=scheme.max_n,
            bucket=scheme.bucket, hash_count=scheme.hash_count, **parameters,
        )  # fmt: skip
        wv = copy.copy(vectors)
        made.set_arrays(wv, Matrices({"input": wv.array}, made.layout))
        if output is not None:
            made.syn1neg = output
        if tree is not None:
            made.syn1 = tree
        counts = vocabulary_of(vectors).counts
        made.corpus_total_words = int(counts.sum())
        return made

    @classmethod
    def load_fasttext_format(cls, model_file: Any, encoding: str = "utf8") -> Self:
        """Read a model of Facebook's fastText; an old name of `load_facebook_model`, as in gensim.

        Parameters
        ----------
        model_file : str, os.PathLike or binary file object
        encoding : str
            Of the words.
        """
        warnings.warn("use load_facebook_model(path)", DeprecationWarning, 2)
        model: Self = facebook.load(cls, model_file, encoding)
        return model

    # Models of gensim

    @classmethod
    def from_gensim(cls, model: Any) -> Self:
        """Make a model of a FastText of gensim 4, with copies of its words, counts and matrices.

        The rows of all buckets are copied, so that words that were never seen have the vectors that
        they have in gensim. The ``__init__`` of a derived class is not called.

        Parameters
        ----------
        model : gensim.models.FastText

        Raises
        ------
        TypeError
            If it is something else.
        ValueError
            If its matrices do not fit its words.
        """
        made = cls.__new__(cls)
        FastText.__init__(made)
        gensim_model.fill(made, model)
        return made

    def to_gensim(self) -> Any:
        """Return a gensim.models.FastText with copies of the words, counts and matrices.

        It has a row for each of the `bucket` buckets: those without a row here are zeros there.

        Raises
        ------
        ValueError
            If gensim has no such model: of one or three matrices, with full softmax, or with
            floret's scheme.
        ImportError
            If gensim is not installed.
        """
        return gensim_model.to_gensim(self)


def load_facebook_model(
    path: Any, encoding: str = "utf-8", *, all_buckets: bool = True
) -> FastText:
    """Read a model of Facebook's fastText, to train it further.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        A .bin file; it may be compressed (.gz, .bz2, .xz).
    encoding, all_buckets
        As for `load_facebook_vectors`.

    Raises
    ------
    FormatError
        If it is not such a file, or is damaged.
    TruncatedError
        If it is cut. It is a FormatError and an EOFError.
    NotImplementedError
        If the model is supervised; `load_facebook_vectors` reads its vectors.

    Examples
    --------
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = FastText(sentences, vector_size=8, min_count=1, bucket=1000, workers=1)
    >>> save_facebook_model(model, "cat.bin")
    >>> loaded = load_facebook_model("cat.bin")
    >>> bool(np.allclose(loaded.wv["cats"], model.wv["cats"], atol=1e-6))
    True
    """
    model: FastText = facebook.load(FastText, path, encoding, all_buckets)
    return model


def save_facebook_model(
    model: FastText,
    path: Any,
    encoding: str = "utf-8",
    lr_update_rate: int = 100,
    word_ngrams: int = 1,
) -> None:
    """Write a model as a .bin file, which Facebook's fastText and gensim read, atomically.

    The file has a row for each of `bucket` buckets; those without a row here are zeros. fastText
    then computes the same vectors, also of words that were never seen.

    Parameters
    ----------
    model : FastText
    path : str, os.PathLike or binary file object
    encoding : str
        Of the words; fastText expects UTF-8.
    lr_update_rate, word_ngrams : int
        Parameters of fastText that a model does not have; written to the file.

    Raises
    ------
    ValueError
        If the model has `hash_count` (``model.wv.export("floret", path)`` writes it), or a word has
        a zero byte or no form in the encoding.
    TypeError
        If a word is not a str, or `model` is a KeyedVectors (``kv.export("fasttext", path)`` writes
        it).

    Warns
    -----
    UserWarning
        If the file can't hold a part of the model, such as a bias.
    """
    facebook.save(model, path, encoding, lr_update_rate, word_ngrams)
