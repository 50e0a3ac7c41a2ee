"""encode: vectors of texts, which are weighted means of the vectors of their words.

Texts are divided into blocks. Threads tokenize a block, look its words up and sum their vectors,
which have been whitened before where that is wanted. Components and lengths of the vectors of texts
follow in the caller's thread. No result depends on the number of threads.
"""

import math
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastsgns.arrays import check_mapped
from fastsgns.corpus import tokens
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.scan import Scanner
from fastsgns.corpus.texts import ids_of_tokens, join_texts
from fastsgns.errors import warn
from fastsgns.formats.keys import plain
from fastsgns.formats.tables import narrowed
from fastsgns.kernels.sums import sum_rows
from fastsgns.rules import POSITIVE, Whole
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import ShowProgress, make_bar
from fastsgns.runtime.threads import in_order
from fastsgns.vectors.norms import unit
from fastsgns.vectors.weighting import (
    Whitening,
    as_components,
    principal_components,
    probabilities,
    remove_components,
    sif_weights,
    zipfian_whitening,
)

WEIGHTINGS = ("mean", "sif", "zipf")
SIF_A = 1e-3  # of Arora, Liang, Ma (2017), section 4
BLOCK_TEXTS, BLOCK_LETTERS = 8192, 1 << 18  # of a block, which a thread encodes in some 10 ms
WORD_LETTERS = 6  # of an average word, with the space after it
KEYS_AT_ONCE = 1 << 17
CACHE_BYTES = 1 << 26  # of inferred vectors that a call keeps
SECONDS_WITHOUT_BAR = 1.0
N_COMPONENTS = Whole("integers from 0 to the number of dimensions, and arrays", None, least=0)


class Sentences(NamedTuple):
    """Consecutive sentences of an EncodedCorpus.

    Attributes
    ----------
    words : ndarray of int32
        Their words, as ids of the vocabulary.
    starts : ndarray of int64, shape (n + 1,)
        Sentence i has ``words[starts[i]:starts[i + 1]]``.
    """

    words: np.ndarray
    starts: np.ndarray


class Block(NamedTuple):
    """Consecutive texts.

    Attributes
    ----------
    first : int
        The number of the first one.
    texts : list of str and of lists of tokens, or Sentences
    n_letters : int
        About how many letters they have.
    """

    first: int
    texts: list[Any] | Sentences
    n_letters: int

    @property
    def n_texts(self) -> int:
        """The number of texts."""
        texts = self.texts
        return len(texts.starts) - 1 if isinstance(texts, Sentences) else len(texts)


class Ids(NamedTuple):
    """The words of texts: text i has ``ids[starts[i]:starts[i + 1]]``.

    Attributes
    ----------
    ids : ndarray of int32
        -1 is the next one of `unknown`.
    starts : ndarray of int64, shape (n + 1,)
    unknown : list
        Words that are not present, if their vectors may be inferred.
    """

    ids: np.ndarray
    starts: np.ndarray
    unknown: list[Any]


class EncodedBlock(NamedTuple):
    """The vectors of consecutive texts.

    Attributes
    ----------
    vectors : ndarray of float32, shape (n, d)
    n_known : ndarray of int64, shape (n,)
        How many of the words of each text have a vector.
    """

    vectors: np.ndarray
    n_known: np.ndarray


class WordIds:
    """The ids of words in texts, looked up in a dict or, without the GIL, in a table of bytes.

    Parameters
    ----------
    ids : dict of key to int
    keep_unknown : bool
        Whether to list the words that are not present.
    in_table : bool
        Whether to make the table, which takes longer than to look up some words in the dict.
    vocabulary : list of hashable, optional
        The words of the corpus whose `Sentences` are to be looked up.
    """

    def __init__(
        self,
        ids: dict[Any, int],
        keep_unknown: bool,
        in_table: bool,
        vocabulary: list[Any] | None = None,
    ) -> None:
        self._ids, self._keep_unknown = ids, keep_unknown
        self._scanner: Scanner | None = None
        self._vocabulary = vocabulary
        if vocabulary is not None:
            found = (ids.get(word, -1) for word in vocabulary)
            self._id_of_word = np.fromiter(found, np.int32, len(vocabulary))
        elif in_table:
            self._scanner, self._id_of_type = _table_of(ids)

    def of(self, block: Block) -> Ids:
        """Return the ids of the words of a block."""
        texts = block.texts
        if isinstance(texts, Sentences):
            return self._from_sentences(texts)
        if self._scanner is not None and all(isinstance(text, str) for text in texts):
            return self._from_bytes(self._scanner, texts)
        unknown: list[Any] | None = [] if self._keep_unknown else None
        words = [split(text) if isinstance(text, str) else text for text in texts]
        ids, starts = ids_of_tokens(words, self._ids, block.first, unknown)
        return Ids(ids, starts, unknown or [])

    def _from_bytes(self, scanner: Scanner, texts: list[str]) -> Ids:
        data, starts = join_texts(texts)
        types, token_starts, places = scanner.look_up(data, starts, self._keep_unknown)
        ids = types if self._id_of_type is None else self._id_of_type[types]
        return Ids(ids, token_starts, _decoded(data, places))

    def _from_sentences(self, sentences: Sentences) -> Ids:
        ids, starts = self._id_of_word[sentences.words], sentences.starts
        is_known = ids >= 0
        if is_known.all():
            return Ids(ids, starts, [])
        if not self._keep_unknown or self._vocabulary is None:
            return Ids(ids[is_known], _kept(starts, is_known), [])
        unknown = sentences.words[~is_known].tolist()
        return Ids(ids, starts, [self._vocabulary[word] for word in unknown])


def split(text: str) -> list[str]:
    r"""Return the tokens of a text, as the readers of corpora split lines: at ASCII white space.

    Examples
    --------
    >>> split("to\tbe\u00a0or ")
    ['to', 'be\xa0or']
    """
    words = b"\n".join(text.encode("utf-8", "surrogatepass").split())
    return words.decode("utf-8", "surrogatepass").split("\n") if words else []


def _table_of(ids: dict[Any, int]) -> tuple[Scanner, np.ndarray | None]:
    """Return a scanner whose types are the keys that can be tokens, and the id of each type.

    The ids end with -1, the id of the type -1. They are None if they are those of the types.
    """
    words = [key for key in ids if isinstance(key, str)]
    if len(words) < len(ids) or not _are_tokens(words):
        words = [word for word in words if split(word) == [word]]
    scanner = Scanner()
    for start in range(0, len(words), KEYS_AT_ONCE):
        scanner.feed(_in_lines(words[start : start + KEYS_AT_ONCE]))
    id_of_type = np.array([*map(ids.__getitem__, words), -1], np.int32)
    if np.array_equal(id_of_type[:-1], np.arange(len(words))):
        return scanner, None
    return scanner, id_of_type


def _decoded(data: bytes, places: np.ndarray) -> list[str]:
    """Return the words that start and end at some places of UTF-8."""
    spans = zip(places[:, 0].tolist(), places[:, 1].tolist())  # faster than a list per span
    if data.isascii():
        text = data.decode()
        return [text[start:stop] for start, stop in spans]
    return [data[start:stop].decode("utf-8", "surrogatepass") for start, stop in spans]


def _in_lines(words: list[str]) -> bytes:
    return ("\n".join(words) + "\n").encode("utf-8", "surrogatepass")


def _are_tokens(words: list[str]) -> bool:
    """Return whether each word is one token."""
    for start in range(0, len(words), KEYS_AT_ONCE):
        lines = _in_lines(words[start : start + KEYS_AT_ONCE])
        if lines.split() != lines.split(b"\n")[:-1]:
            return False
    return True


class InferredRows:
    """The vectors of words that are not present, of which the first ones are kept for later blocks.

    Several threads may use it at the same time. A vector does not depend on whether it is kept.

    Parameters
    ----------
    unseen : Unseen
    whitening : Whitening or None
        Is applied to the vectors.
    d : int
        Dimensions of a vector.
    """

    def __init__(self, unseen: Any, whitening: Whitening | None, d: int) -> None:
        self._unseen, self._whitening = unseen, whitening
        n_rows = CACHE_BYTES // (4 * max(d, 1))
        self._rows = np.empty((n_rows, d), np.float32)  # a page takes memory when it is written
        self._has_row = np.empty(n_rows, bool)
        self._places: dict[Any, int] = {}
        self._lock = threading.Lock()

    def of(self, words: list[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return for each word its row, or -1, and the rows: float32, shape (m, d).

        A word whose vector is zero, as none of its n-grams occurs in the vocabulary, has no row.
        """
        row_of = {word: row for row, word in enumerate(dict.fromkeys(words))}
        kept = [self._places.get(word, -1) for word in row_of]
        places = np.array(kept, np.int64)
        is_new = places < 0
        rows = np.empty((len(places), self._rows.shape[1]), np.float32)
        has_row = np.empty(len(places), bool)
        rows[~is_new], has_row[~is_new] = (
            self._rows[places[~is_new]],
            self._has_row[places[~is_new]],
        )
        if is_new.any():
            new = [word for word, place in zip(row_of, kept) if place < 0]
            rows[is_new], has_row[is_new] = inferred = self._infer(new)
            self._keep(new, *inferred)
        ids = np.where(has_row, np.arange(len(places), dtype=np.int32), np.int32(-1))
        return ids[np.array([row_of[word] for word in words], np.int64)], rows

    def _infer(self, words: list[Any]) -> tuple[np.ndarray, np.ndarray]:
        rows = np.asarray(self._unseen.vectors(words), np.float32)
        has_row = np.asarray(rows.any(axis=1))
        if self._whitening is not None:
            rows = self._whitening(rows).astype(np.float32)
        return rows, has_row

    def _keep(self, words: list[Any], rows: np.ndarray, has_row: np.ndarray) -> None:
        """Keep vectors, as long as there is room, unless another thread has done so."""
        with self._lock:
            n_kept, n_rows = len(self._places), len(self._rows)
            new = [i for i, word in enumerate(words) if word not in self._places]
            new = new[: n_rows - n_kept]
            places = range(n_kept, n_kept + len(new))
            self._rows[n_kept : places.stop] = rows[new]
            self._has_row[n_kept : places.stop] = has_row[new]
            # A place is looked up without the lock, so that its row has to be there before.
            self._places.update(zip((words[i] for i in new), places))


@dataclass
class Encoder:
    """Encodes blocks of texts with the vectors and weights that a call uses.

    Attributes
    ----------
    rows : ndarray of float32, shape (V, d)
        Whitened for "zipf".
    ids : WordIds
    weights : ndarray of float32, shape (V,), or None
    inferred : InferredRows or None
        The vectors of words that are not present. Their weight is 1, that of SIF for words with
        the probability 0.
    """

    rows: np.ndarray
    ids: WordIds
    weights: np.ndarray | None
    inferred: InferredRows | None

    def means(self, block: Block) -> EncodedBlock:
        """Return the weighted means of the vectors of words."""
        ids, starts, unknown = self.ids.of(block)
        means = np.empty((block.n_texts, self.rows.shape[1]), np.float32)
        if not unknown or self.inferred is None:
            sum_rows(starts, ids, self.rows, means, weights=self.weights, mean=True)
            return EncodedBlock(means, np.diff(starts))
        is_known = ids >= 0
        known = _kept(starts, is_known)
        sum_rows(known, ids[is_known], self.rows, means, weights=self.weights)
        inferred_ids, inferred = self.inferred.of(unknown)
        others = _kept(starts, ~is_known)
        others, inferred_ids = _kept_of(others, inferred_ids)
        sum_rows(others, inferred_ids, inferred, means, add=True)
        n_known = np.diff(known) + np.diff(others)
        means /= np.maximum(n_known, 1).astype(np.float32)[:, None]
        return EncodedBlock(means, n_known)


def _kept(starts: np.ndarray, is_kept: np.ndarray) -> np.ndarray:
    """Return where lists start after some of their items have been dropped."""
    before: np.ndarray = np.concatenate([[0], np.cumsum(is_kept)])[starts]
    return before


def _kept_of(starts: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lists without the ids that are negative."""
    return _kept(starts, ids >= 0), ids[ids >= 0]


def blocks_of(texts: Iterable[Any]) -> Iterator[Block]:
    """Yield texts in blocks; the texts of other types than str are lists of tokens."""
    if isinstance(texts, EncodedCorpus):
        yield from _blocks_of_corpus(texts)
        return
    block: list[Any] = []
    first, n_letters = 0, 0
    for number, item in enumerate(texts):
        text = item if type(item) is str or type(item) is list else _plain_text(item, number)
        block.append(text)
        n_letters += len(text) if isinstance(text, str) else WORD_LETTERS * len(text)
        if len(block) >= BLOCK_TEXTS or n_letters >= BLOCK_LETTERS:
            yield Block(first, block, n_letters)
            block, first, n_letters = [], number + 1, 0
    if block:
        yield Block(first, block, n_letters)


def _blocks_of_corpus(corpus: EncodedCorpus) -> Iterator[Block]:
    """Yield the sentences of a corpus in the blocks that `blocks_of` makes of lists of words."""
    check_mapped(corpus.ids)  # raises if the file was truncated; reading it would crash
    offsets, first = corpus.offsets, 0
    while first < len(offsets) - 1:
        full = offsets[first] + math.ceil(BLOCK_LETTERS / WORD_LETTERS)
        stop = min(int(np.searchsorted(offsets, full)), first + BLOCK_TEXTS, len(offsets) - 1)
        starts = offsets[first : stop + 1] - offsets[first]
        words = corpus.ids[offsets[first] : offsets[stop]]
        yield Block(first, Sentences(words, starts), WORD_LETTERS * len(words))
        first = stop


def _plain_text(item: Any, number: int) -> str | list[Any]:
    """Return a text as a str or a list of tokens.

    Raises
    ------
    ValueError
        If it is a missing value.
    TypeError
        If it is neither.
    """
    if hasattr(item, "as_py"):  # Arrow
        item = item.as_py()
    if isinstance(item, str):
        return item
    if isinstance(item, (bytes, bytearray)):
        raise TypeError(
            f"text {number} is of bytes, {item!r:.60}, where a str is wanted; decode it, for "
            'example text.decode("utf-8")'
        )
    if item is None or isinstance(item, float) or type(item).__name__ == "NAType":
        raise ValueError(
            f"text {number} is {item!r}, where a str or a list of tokens is wanted; replace "
            'missing texts by "", which gets a row of zeros, for example with series.fillna("")'
        )
    return list(tokens.sequence(item, number, "text"))


def _check_texts(texts: Any) -> None:
    """Raise a TypeError if the rows of the result could not be matched to texts."""
    kind = type(texts).__name__
    if isinstance(texts, (bytes, bytearray)):
        raise TypeError(f"texts is of {kind}, {texts!r:.60}; decode it to a str first")
    if getattr(texts, "ndim", 1) != 1 or hasattr(texts, "columns"):
        raise TypeError(
            f"texts is a {kind} of {getattr(texts, 'ndim', 2)} dimensions; give one column of it, "
            "or a list of texts"
        )
    if isinstance(texts, (Mapping, AbstractSet)):
        raise TypeError(
            f"texts is a {kind}; give a list, such as list(texts.values()) of a dict or "
            "sorted(texts) of a set, as the rows of the result are in the order of the texts"
        )
    if not isinstance(texts, Iterable):
        raise TypeError(
            f"texts is a {kind}, {texts!r:.60}; expected is a str, or an iterable of str or of "
            "lists of tokens"
        )


def encoder_of(
    kv: Any, weighting: str, a: float, in_table: bool, vocabulary: list[Any] | None = None
) -> Encoder:
    """Return the encoder of a KeyedVectors for a weighting.

    Raises
    ------
    ValueError
        If the weighting is not known, or needs counts that there are not, or a number of a vector
        is too large for float32.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting is {weighting!r}; allowed are {WEIGHTINGS}")
    a = POSITIVE("a", a)
    array = kv.rows.array
    weights = whitening = None
    if weighting != "mean":
        shares = probabilities(kv, f"weighting={weighting!r}")
        if weighting == "sif":
            weights = sif_weights(shares, a)
        else:
            whitening = zipfian_whitening(array, shares)
    rows = narrowed(array, "float32") if whitening is None else whitening.of_rows(array, np.float32)
    ids = WordIds(kv.key_table.key_to_index, kv.unseen is not None, in_table, vocabulary)
    inferred = None if kv.unseen is None else InferredRows(kv.unseen, whitening, rows.shape[1])
    return Encoder(rows, ids, weights, inferred)


def _n_letters(head: list[Block], texts: Iterable[Any]) -> float:
    """Return about how many letters texts have, of which `head` is the beginning."""
    n_letters = sum(block.n_letters for block in head)
    if len(head) < 2:
        return n_letters
    n_texts = sum(block.n_texts for block in head)
    return n_letters / n_texts * len(texts) if isinstance(texts, Sized) else math.inf


def encode_blocks(
    kv: Any,
    texts: Iterable[Any],
    weighting: str = "mean",
    a: float = SIF_A,
    workers: int | None = None,
    progress: ShowProgress = False,
) -> Iterator[EncodedBlock]:
    """Yield the vectors of texts in blocks, before components are removed; see `encode`.

    The memory that is used does not depend on the number of texts.
    """
    _check_texts(texts)
    blocks = blocks_of(texts)
    head = list(islice(blocks, 2))
    n_words = _n_letters(head, texts) / WORD_LETTERS
    vocabulary = texts.vocabulary.words if isinstance(texts, EncodedCorpus) else None
    encoder = encoder_of(kv, weighting, a, n_words >= len(kv), vocabulary)
    n_threads = n_cores() if workers is None else workers
    done, started = 0, time.monotonic()
    total = len(texts) if isinstance(texts, Sized) else None
    bar = None
    encoded = in_order(n_threads, chain(head, blocks), encoder.means)
    with closing(encoded):
        try:
            for block, means in encoded:
                yield means
                done += block.n_texts
                if bar is None and (
                    progress is not None or time.monotonic() > started + SECONDS_WITHOUT_BAR
                ):
                    bar = make_bar(progress, total, "encoding", "texts", started)
                if bar is not None:
                    bar.update_to(done)
        finally:
            if bar is not None:
                bar.close()


def encode(
    kv: Any,
    texts: Any,
    weighting: str,
    a: float,
    components: Any,
    normalize: bool,
    workers: int | None,
    progress: ShowProgress,
    return_known: bool,
) -> Any:
    """Return the vectors of texts; see `KeyedVectors.encode`."""
    texts = plain(texts)
    is_single = isinstance(texts, str)
    d = kv.vector_size
    removed = _components(components, d)
    if is_single and isinstance(removed, int) and removed:
        raise ValueError(
            "remove_components of a single text would leave nothing of it: give components of many "
            "texts, as fastsgns.vectors.weighting.principal_components(vectors) returns them"
        )
    source = [texts] if is_single else texts
    blocks = encode_blocks(kv, source, weighting, a, workers, progress)
    with closing(blocks):  # type: ignore[type-var]
        vectors, n_known = _joined(blocks, len(source) if isinstance(source, Sized) else None, d)
    if isinstance(removed, int):
        removed = principal_components(vectors, removed) if removed else np.empty((0, d))
    if len(removed):
        remove_components(vectors, removed)
    if normalize:
        vectors = unit(vectors)
    if not return_known:
        _warn_of_zeros(n_known, is_single)
        return vectors[0] if is_single else vectors
    return (vectors[0], int(n_known[0])) if is_single else (vectors, n_known)


def _components(components: Any, d: int) -> int | np.ndarray:
    """Return how many components to remove, or which."""
    if np.ndim(components):
        return as_components(components, d)
    number: int = N_COMPONENTS("remove_components", components) or 0
    if number > d:
        raise ValueError(f"remove_components is {number}; the vectors have {d} dimensions")
    return number


def _joined(blocks: Iterable[EncodedBlock], n: int | None, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of all blocks and their numbers of known words."""
    vectors, n_known = np.empty((n or 0, d), np.float32), np.empty(n or 0, np.int64)
    done = 0
    for block in blocks:
        stop = done + len(block.vectors)
        if stop > len(vectors):  # of an iterator; a page that is not written takes no memory
            room = max(stop, 2 * len(vectors))
            vectors, n_known = _longer(vectors, room), _longer(n_known, room)
        vectors[done:stop], n_known[done:stop] = block
        done = stop
    if done < len(vectors):
        vectors, n_known = vectors[:done].copy(), n_known[:done].copy()
    return vectors, n_known


def _longer(array: np.ndarray, n: int) -> np.ndarray:
    longer = np.empty((n, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _warn_of_zeros(n_known: npt.NDArray[np.int64], is_single: bool) -> None:
    if n_known.all():
        return
    missing = np.flatnonzero(n_known == 0)
    which = (
        "the text has"
        if is_single
        else f"{len(missing):,} of {len(n_known):,} texts (the first is text {missing[0]}) have"
    )
    warn(
        f"{which} no word that these vectors have, and a vector of zeros; with return_known=True, "
        "encode also returns the number of known words of each text, and does not warn"
    )
