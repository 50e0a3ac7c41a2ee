"""KeyedVectors: vectors by key, their neighbours, and their files."""

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.formats import kinds, saving, word2vec, word2vec_reader
from fastsgns.formats.keys import key_list, plain_all
from fastsgns.rules import takes_flags
from fastsgns.vectors import evaluation, storage
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.renamed import Renamed
from fastsgns.vectors.table import Key

logger = logging.getLogger(__name__)


class KeyedVectors(Renamed):
    """Vectors by key: words, nodes, or anything hashable; gensim's class by name and behaviour.

    Parameters
    ----------
    vector_size : int
        Numbers a vector, d.
    count : int
        Slots to allocate before keys are added.
    dtype : dtype
        Of the vectors: float32, float64 or float16.
    mapfile_path
        Kept, not used.

    Attributes
    ----------
    vectors : ndarray, shape (V, d)
        May be written in place or replaced.
    index_to_key : list of length V
    key_to_index : dict
    vector_size : int
    norms : ndarray, shape (V,)
        Lengths of the vectors; always those of the vectors as they are now.
    expandos : dict of str to ndarray of length V
        Attributes of the keys, such as ``count``.
    vectors_lockf : ndarray of float32, shape (1,) or (V,)
        Factors of the updates in training; 0 freezes a vector.
    strict : bool
        Whether an int that is not a key is a KeyError. By default it is False, as in gensim: such
        an int stands for the row at that position. Set it to True where keys are numbers, such as
        ids of items, of which an unknown one must not get the row of another. It is saved.

    Examples
    --------
    >>> kv = KeyedVectors(2)
    >>> kv["king"], kv["queen"], kv["cabbage"] = [3, 1], [3, 2], [-1, 1]
    >>> "king" in kv, len(kv), kv["queen"].tolist()
    (True, 3, [3.0, 2.0])
    >>> kv.most_similar("king", topn=1)[0][0]
    'queen'
    """

    @classmethod
    def from_arrays(
        cls,
        words: Iterable[Key],
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
        ids: dict[Key, int] | None = None,
    ) -> "KeyedVectors":
        """Take keys and vectors as they are, without copying.

        Parameters
        ----------
        words : iterable of V keys
        vectors : array_like of float, shape (V, d)
            Copied only if it is not C-contiguous. As the caller may go on writing to it, norms are
            computed for each query, unless it is read-only.
        counts : array_like of int, shape (V,), optional
            Becomes the attribute ``count``.
        ids : dict, optional
            Positions of `words`, if the caller has them.

        Raises
        ------
        ValueError
            If the shapes disagree, a key comes twice or is a missing value (None or NaN).
        TypeError
            If a key can't be hashed.

        Examples
        --------
        >>> KeyedVectors.from_arrays(["a"], np.ones((1, 3), np.float32))
        KeyedVectors<vector_size=3, 1 keys>
        """
        names, rows = key_list(words), np.asarray(vectors)
        if rows.ndim != 2 or len(rows) != len(names):
            raise ValueError(f"{len(names)} words with vectors of shape {rows.shape}")
        kv = cls(rows.shape[1], dtype=rows.dtype)
        kv.set_items(names, rows, ids if names is words else None)
        kv.vectors = rows
        if len(kv.key_to_index) != len(names):
            raise ValueError(f"{len(names)} words, but {len(kv.key_to_index)} different ones")
        if counts is not None:
            kv.expandos["count"] = np.asarray(counts)
            if kv.expandos["count"].shape != (len(names),):
                raise ValueError(f"{len(names)} words, counts of shape {np.shape(counts)}")
        return kv

    def sort_by_descending_frequency(self) -> None:
        """Reorder keys, vectors and attributes by the attribute ``count``, if there is one."""
        if "count" not in self.expandos:
            return
        order = np.argsort(-self.expandos["count"], kind="stable")
        if np.array_equal(order, np.arange(len(self))):
            return
        self._refuse_if_owned()
        if self.role_link is not None:
            self.role_link.sync(self)  # the matrices may not know of changed keys yet
        words = [self.index_to_key[index] for index in order.tolist()]
        self.expandos = {name: values[order] for name, values in self.expandos.items()}
        if len(self.vectors_lockf) > 1:
            self.vectors_lockf = self.vectors_lockf[order]
        self.set_items(words, self._vectors[order])

    @takes_flags
    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> "KeyedVectors":
        """Make a KeyedVectors of those of `keys` that are present.

        Parameters
        ----------
        keys : iterable of keys
            Of a mapping, such as a Counter of words, the keys are taken.
        allow_inference : bool
            Of no effect: vectors of absent keys can't be inferred here.
        copy_vecattrs : bool
            Take the attributes along.
        """
        given = plain_all(as_key_list(keys, "keys", of_mapping=True))
        names = [key for key in dict.fromkeys(given) if key in self]
        ids = self._ids(names)
        chosen = KeyedVectors(self.vector_size)
        chosen.set_items(names, self._vectors[ids])
        chosen.strict = self.strict
        if copy_vecattrs:
            chosen.expandos = {name: values[ids] for name, values in self.expandos.items()}
        return chosen

    # Files

    def save(
        self,
        fname: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write everything to one file, atomically; `load` reads it.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        separately, sep_limit, ignore, pickle_protocol
            Accepted as gensim does, without effect: it is always one file, and no pickle.

        Raises
        ------
        TypeError
            If a key or attribute has a type that a file can't hold.
        ValueError
            If `load` would refuse the file; a file that is there already is left as it is.

        Warns
        -----
        UserWarning
            If a vector is not finite; it is saved as it is.
        """
        storage.save(self, fname)

    @classmethod
    def load(cls, fname: Any, mmap: str | None = None) -> Any:
        """Read what `save` wrote; for files of models there is `fastsgns.load`.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        mmap : {None, "r"}
            With ``"r"`` the vectors are mapped, read-only, and cost memory as they are used. While
            they are mapped, no other program may change the file in place or truncate it, which
            can end the process (SIGBUS); to replace it by a new file, as `save` does, is safe.

        Raises
        ------
        KindError
            (a FormatError and an AttributeError) if the file holds something else than vectors.
        FormatError
            If the file is of another format or damaged.
        """
        return kinds.load_as(cls, storage.SCHEMA, fname, kinds.check_mmap(mmap))

    @takes_flags
    def save_word2vec_format(
        self,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write the word2vec tool's format; see `fastsgns.formats.word2vec.write`.

        Parameters
        ----------
        fname, fvocab, binary, write_header, prefix, append
            As there.
        total_vec : int, optional
            Number of rows that the header names.
        sort_attr : str
            Write in descending order of this attribute, where there is one.

        Warns
        -----
        UserWarning
            If a vector is not finite; it is written as it is.
        """
        saving.check_finite("vectors", self._vectors, refuse=False)
        words, vectors = self.index_to_key, self._vectors
        counts = self.expandos.get("count")
        by = self.expandos.get(sort_attr)
        if by is not None and np.any(by[:-1] < by[1:]):
            order = np.argsort(-by, kind="stable")
            words, vectors = [words[index] for index in order.tolist()], vectors[order]
            counts = None if counts is None else counts[order]
        word2vec.write(
            fname,
            words,
            vectors,
            counts=np.zeros(len(words), int) if counts is None else counts,
            binary=binary,
            write_header=write_header,
            prefix=prefix,
            fvocab=fvocab,
            append=append,
            total=total_vec,
        )

    @classmethod
    @takes_flags
    def load_word2vec_format(
        cls,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
    ) -> "KeyedVectors":
        """Read the word2vec tool's format; see `fastsgns.formats.word2vec.read`.

        The attribute ``count`` is n down to 1, unless `fvocab` says better.
        """
        words, vectors, counts = word2vec.read(
            fname,
            binary=binary,
            limit=limit,
            encoding=encoding,
            unicode_errors=unicode_errors,
            no_header=no_header,
            datatype=datatype,
            fvocab=fvocab,
        )
        kv = cls(vectors.shape[1], dtype=datatype)
        kv.set_items(words, vectors)
        kv.expandos["count"] = counts
        return kv

    @takes_flags
    def intersect_word2vec_format(
        self,
        fname: Any,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Overwrite the vectors of keys that a word2vec file has; add none.

        Parameters
        ----------
        fname, binary, encoding, unicode_errors
            As for `load_word2vec_format`.
        lockf : float
            Their ``vectors_lockf`` from now on: 0 keeps them as they are in training, 1 trains.

        Raises
        ------
        ValueError
            If the file's vectors are of another size.
        """
        n_found = 0
        with word2vec_reader.opened(fname, binary=binary) as reader:
            if reader.n_columns != self.vector_size:
                raise ValueError(
                    f"{fname} has vectors of {reader.n_columns}; needed is {self.vector_size}"
                )
            if len(self.vectors_lockf) != len(self):
                self.vectors_lockf = np.full(len(self), self.vectors_lockf[0], np.float32)
            for encoded, block in reader.blocks():
                words = word2vec_reader.decoded(reader, encoded, encoding, unicode_errors)
                rows = [row for row, word in enumerate(words) if word in self.key_to_index]
                ids = [self.key_to_index[words[row]] for row in rows]
                self._norms = None
                self._writable()[ids] = block[rows]
                self.vectors_lockf[ids] = lockf
                n_found += len(rows)
        logger.info("took %d vectors of %s for %d keys", n_found, fname, len(self))

    # Evaluation

    @takes_flags
    def evaluate_word_pairs(
        self,
        pairs: Any,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        space: str = "in-in",
    ) -> tuple[Any, Any, float]:
        """Correlate cosines with human scores of similarity.

        Parameters
        ----------
        pairs : str, os.PathLike or iterable of lines
            ``word1<delimiter>word2<delimiter>score`` a line; ``#`` starts a comment.
        restrict_vocab : int, optional
            Know only the first so many keys.
        case_insensitive : bool
            Of words that differ in case alone, the most frequent stands.
        dummy4unknown : bool
            Count pairs with an unknown word as cosine 0 instead of leaving them out.
        space : str
            As in `most_similar`.

        Returns
        -------
        pearson, spearman
            scipy's results, with ``statistic`` and ``pvalue``.
        oov : float
            Per cent of pairs with an unknown word.

        Raises
        ------
        ValueError
            If fewer than two pairs can be used.
        """
        return evaluation.evaluate_word_pairs(
            self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown, space
        )

    @takes_flags
    def evaluate_word_analogies(
        self,
        analogies: Any,
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer analogies ``a b c d``, right where d is the word nearest to b - a + c.

        Parameters
        ----------
        analogies : str, os.PathLike or iterable of lines
            Four words a line, in sections that start with ``: name``.
        restrict_vocab, case_insensitive
            As for `evaluate_word_pairs`; answers too are sought among those keys.
        dummy4unknown : bool
            Count questions with an unknown word as wrong instead of leaving them out.
        similarity_function : {"most_similar", "most_similar_cosmul"}
            3CosAdd or 3CosMul.

        Returns
        -------
        score : float
            Share of right answers.
        sections : list of dict
            With ``section``, ``correct`` and ``incorrect`` (lists of four words); the last one is
            ``Total accuracy``.

        Raises
        ------
        ValueError
            If a question comes before any section, or there is none.
        """
        return evaluation.evaluate_word_analogies(
            self, analogies, restrict_vocab, case_insensitive, dummy4unknown, similarity_function
        )
