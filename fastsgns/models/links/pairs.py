"""PairEmbedding: vectors from any stream of (source, target) pairs, with names of their own."""

from collections.abc import Hashable, Iterable, Mapping, Set
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from fastsgns.errors import NotUTF8Error, warn
from fastsgns.formats import kinds
from fastsgns.formats.files import is_open
from fastsgns.formats.keys import Numbering, plain_all
from fastsgns.graph import files, naming
from fastsgns.models.exclusive import exclusive
from fastsgns.models.links import storage as linkstorage
from fastsgns.models.links.training import MASK, LinkTraining
from fastsgns.training.examples import PairChunks
from fastsgns.training.sharing import NegativeSharing

BLOCK = 1 << 18
Ids = np.ndarray
Encoded = tuple[Ids, list[Hashable], Ids, list[Hashable]]
SYNTAX = files.Syntax(comments="", max_columns=2)
SEEN = files.SEEN | {
    files.TOO_FEW_COLUMNS: "it lacks a column: a line is a source and a target",
    files.TOO_MANY_COLUMNS: "it has more than two columns: a line is a source and a target",
}
ADVICE = dict.fromkeys(
    files.SEEN,
    "for files of another form read the two columns and give fit((sources, targets))",
)


class PairEmbedding(LinkTraining):
    """Vectors of the two sides of pairs: users and items, queries and clicks, words and tags.

    Sources and targets have a vocabulary and a matrix each, so that the same name on both sides is
    two things. Learned by skip-gram with negative sampling: each pair is an example, in which the
    source's row predicts the target's against negatives drawn from the targets, in proportion to
    ``count ** ns_exponent``. Word2Vec with ``window=1`` on pairs of words would do the same but
    for learning every pair both ways, and with one vocabulary.

    Parameters
    ----------
    pairs : see `fit`, optional
        What `fit` learns from if it is given nothing else.
    dimensions : int
        Numbers a vector.
    negative : int
        Negatives a pair.
    alpha, min_alpha : float
        Learning rate at the start and at the end; it falls linearly.
    epochs : int
        Passes over the pairs.
    ns_exponent : float
        Of the counts, for the negatives; lower, and also negative ones often suit recommendation
        better (Caselles-Dupré, Lesaint, Royo-Letelier 2018, "Word2vec applied to Recommendation:
        Hyperparameters Matter").
    shuffle : bool
        Train in a random order, the same in every epoch, instead of that of the pairs.
    negative_sharing : {"block", "window", "pair"}
        Whether pairs share negatives, 8 at a time, or each has its own.
    workers : int, optional
        Threads; by default one for each core.
    seed : int or None
        With one worker the same seed gives the same bytes. None draws one.
    compute_loss : bool
        Fill `epoch_losses`.
    progress : bool or None
        Progress bar: yes, no, or on a terminal and in a notebook.

    Attributes
    ----------
    source, target : KeyedVectors
        Vectors by name of either side, in order of first appearance.
    epoch_losses : list of float
        Mean loss a pair.

    Examples
    --------
    >>> bought = [("ann", "tea"), ("ann", "cup"), ("bob", "ale"), ("bob", "mug")] * 200
    >>> model = PairEmbedding(dimensions=8, alpha=0.1, workers=1).fit(bought)
    >>> model.score("ann", "cup") > model.score("ann", "mug")
    True
    >>> sorted(name for name, _ in model.recommend("bob", topn=2, exclude_known=False))
    ['ale', 'mug']
    """

    names_are_shared = False
    matrices = "two"

    def __init__(
        self,
        pairs: Any = None,
        dimensions: int = 128,
        negative: int = 5,
        alpha: float = 0.025,
        min_alpha: float = 0.0001,
        epochs: int = 5,
        ns_exponent: float = 0.75,
        shuffle: bool = True,
        negative_sharing: NegativeSharing = "block",
        workers: int | None = None,
        seed: int | None = 1,
        compute_loss: bool = False,
        progress: bool | None = None,
    ) -> None:
        self.pairs = pairs
        self.dimensions, self.negative, self.ns_exponent = dimensions, negative, ns_exponent
        self.alpha, self.min_alpha, self.epochs = alpha, min_alpha, epochs
        self.shuffle, self.negative_sharing = shuffle, negative_sharing
        self.workers, self.seed = workers, seed
        self.compute_loss, self.progress = compute_loss, progress
        self._check()

    @exclusive
    def fit(self, pairs: Any = None, y: Any = None) -> "PairEmbedding":
        """Learn from pairs, anew.

        Parameters
        ----------
        pairs : iterable of (source, target), pair of arrays, or path
            Any hashable names. Two arrays of the same length, as a tuple or stacked to (2, n), are
            sources and targets. A file has two words per line, separated by white space, and no
            header; .gz, .bz2 and .xz are read too. By default the pairs given to the constructor.
        y
            Not looked at.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        ValueError
            If there are no pairs, or something else than two names in one.
        """
        self._check()
        sources, source_names, targets, target_names = self._encoded(pairs)
        self._start(source_names, target_names)
        return self._train(sources, targets, self.epochs)

    @exclusive
    def partial_fit(self, pairs: Any = None, y: Any = None, epochs: int | None = None) -> Any:
        """Go on learning, from pairs of the names there are.

        Known links, and the counts of targets by which negatives are drawn, are added to.

        Parameters
        ----------
        pairs, y
            As for `fit`.
        epochs : int, optional
            By default as many as `fit` makes. `alpha` falls anew; the random numbers are new ones.

        Raises
        ------
        KeyError
            If a name was not in what `fit` learned from.
        """
        if not hasattr(self, "source"):
            return self.fit(pairs)
        self._check()
        chosen = self._chosen_epochs(epochs)
        sources, source_names, targets, target_names = self._encoded(pairs)
        sources = _renamed(self.source.key_to_index, source_names, "source")[sources]
        targets = _renamed(self.target.key_to_index, target_names, "target")[targets]
        return self._train(sources, targets, chosen)

    def _encoded(self, pairs: Any) -> Encoded:
        pairs = self.pairs if pairs is None else pairs
        if pairs is None:
            raise ValueError("there are no pairs to learn from; give fit() some")
        encoded = encode(pairs)
        if not len(encoded[0]):
            raise ValueError("there are no pairs to learn from: the list is empty")
        if len(encoded[3]) == 1:
            warn(
                f"all {len(encoded[0])} pairs have the same target, {encoded[3][0]!r:.60}: there "
                "is no other to tell it from, and nothing to learn"
            )
        return encoded

    def _train(self, sources: Ids, targets: Ids, epochs: int) -> "PairEmbedding":
        self._remember(sources, targets)
        counts = np.bincount(targets, minlength=len(self.target))
        if self.target_counts is not None:
            counts = counts + self.target_counts
        if self.shuffle:
            seed = None if self.seed is None else int(self.seed) & MASK
            order = np.random.default_rng(seed).permutation(len(sources))
            sources, targets = sources[order], targets[order]
        self._learn(PairChunks(sources, targets), partial(self._objective, counts), epochs)
        return self

    def save(self, path: Any) -> None:
        """Write the model to one file, atomically; see `NodeEmbedding.save`."""
        self._normalize()
        linkstorage.save(self, path, linkstorage.PAIRS)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "PairEmbedding":
        """Read what `save` wrote; see `NodeEmbedding.load`."""
        return kinds.load_as(cls, linkstorage.PAIRS, path, kinds.check_mmap(mmap))


def _renamed(ids: dict[Hashable, int], names: list[Hashable], side: str) -> Ids:
    missing = next((name for name in names if name not in ids), None)
    if missing is not None:
        raise KeyError(f"the {side} {missing!r} was not in what fit() learned from")
    return np.array([ids[name] for name in names], np.int32)


def encode(pairs: Any) -> Encoded:
    """Pairs as ids of two vocabularies, each in order of first appearance.

    Parameters
    ----------
    pairs
        As for `PairEmbedding.fit`.

    Returns
    -------
    sources : ndarray of int32, shape (n,)
    source_names : list
    targets, target_names
        The same of the other side.

    Examples
    --------
    >>> encode([("a", 1), ("b", 1), ("a", 2)])
    (array([0, 1, 0], dtype=int32), ['a', 'b'], array([0, 0, 1], dtype=int32), [1, 2])
    """
    if isinstance(pairs, (str, bytes)) or hasattr(pairs, "__fspath__"):
        return _of_file(pairs)
    if is_open(pairs):
        raise TypeError(f"the pairs are an open file, {pairs!r:.60}; give its path")
    if isinstance(pairs, np.ndarray) and pairs.ndim == 2 and len(pairs) == 2:
        pairs = tuple(pairs)
    if isinstance(pairs, tuple) and len(pairs) == 2 and all(map(_is_column, pairs)):
        left, right = map(naming.column, pairs, ("sources", "targets"))
        if len(left) != len(right):
            raise ValueError(f"there are {len(left)} sources and {len(right)} targets")
        return *_of_column(left, "source"), *_of_column(right, "target")
    if isinstance(pairs, Mapping):
        raise ValueError(
            f"the pairs are a {type(pairs).__name__}, which is iterated by its keys; a list of "
            "(source, target) is wanted, such as list(pairs) or list(pairs.items())"
        )
    if hasattr(pairs, "columns"):
        raise ValueError("a table is no list of pairs; give two columns: (table['u'], table['v'])")
    return _of_iterable(pairs)


def _is_column(given: Any) -> bool:
    return isinstance(given, (np.ndarray, list)) or hasattr(given, "__array__")


def _of_column(column: Any, side: str) -> tuple[Ids, list[Any]]:
    if isinstance(column, np.ndarray):
        return _of_array(column)
    numbering = Numbering(f"the {side} of pair")
    ids, names = numbering.finish(numbering.add(column)[:, 0])
    return ids.astype(np.int32), names


def _of_array(names: np.ndarray) -> tuple[Ids, list[Any]]:
    distinct, first, ids = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[ids], plain_all(distinct[order])


def _of_iterable(pairs: Iterable[Any]) -> Encoded:
    """Ids by two dictionaries, a block of pairs at a time."""
    sides = [Numbering(f"the {side} of pair") for side in ("source", "target")]
    blocks: list[np.ndarray] = []
    iterator = iter(pairs)
    while block := list(islice(iterator, BLOCK)):
        odd = next((i for i, pair in enumerate(block) if not _is_pair(pair)), None)
        if odd is not None:
            fields = (
                ", such as (row['user'], row['item'])" if isinstance(block[odd], Mapping) else ""
            )
            raise ValueError(f"a pair is (source, target){fields}; got {block[odd]!r:.60}")
        columns = [source for source, _ in block], [target for _, target in block]
        ids = [side.add(column) for side, column in zip(sides, columns)]
        blocks.append(np.hstack(ids, dtype=np.int32))
    both = np.concatenate(blocks) if blocks else np.empty((0, 2), np.int32)
    left, right = (side.finish(ids) for side, ids in zip(sides, both.T))
    return left[0].astype(np.int32), left[1], right[0].astype(np.int32), right[1]


def _is_pair(given: Any) -> bool:
    without_order = isinstance(given, (str, bytes, bytearray, Mapping, Set))
    return not without_order and hasattr(given, "__len__") and len(given) == 2


def _of_file(path: Any) -> Encoded:
    try:
        left, right, _, words = files.read_edges(path, SYNTAX)
    except files.EdgeError as error:
        raise error.worded(SEEN, ADVICE) from None
    except NotUTF8Error as error:
        error.remedy = "convert the file to UTF-8"
        raise
    sources, source_words = _of_array(left)
    targets, target_words = _of_array(right)
    return (
        sources, [words[i] for i in source_words], targets, [words[i] for i in target_words],
    )  # fmt: skip
