"""PairEmbedding: vectors of the two sides of (source, target) pairs."""

from collections.abc import Iterable, Mapping, Set
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from fastsgns.errors import NotUTF8Error, warn
from fastsgns.formats import kinds
from fastsgns.formats.files import is_open
from fastsgns.formats.keys import Numbering, plain_all
from fastsgns.graph import arrays, files, naming, readers
from fastsgns.graph.lines import TOO_FEW_COLUMNS, TOO_MANY_COLUMNS
from fastsgns.models.callbacks import Checkpoint, checkpoints
from fastsgns.models.exclusive import exclusive, not_during
from fastsgns.models.links import growth, storage, training
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.growth import Links, Locks, Names, OldRows
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.replay import ReplayedPairs
from fastsgns.models.links.training import NO_REST, Counts, LinkMatrices, Part, Rest
from fastsgns.runtime.progress import ShowProgress
from fastsgns.training.every import Every
from fastsgns.training.examples import PairChunks
from fastsgns.training.sharing import NegativeSharing
from fastsgns.training.unfinished import Call, Unfinished, unfinished_of

PAIRS_PER_BLOCK = 1 << 18
SYNTAX = files.Syntax(comments="", max_columns=2)
SEEN = files.SEEN | {
    TOO_FEW_COLUMNS: "a column is missing; expected a source and a target",
    TOO_MANY_COLUMNS: "there are more than two columns; expected a source and a target",
}
ADVICE = dict.fromkeys(
    files.SEEN,
    "if the file has another format, read its two columns, for example with pandas.read_csv, and "
    "call fit((sources, targets))",
)


class EncodedPairs(NamedTuple):
    """Pairs as ids of two vocabularies.

    Attributes
    ----------
    sources : ndarray of int32, shape (n,)
    source_names : list
        In order of first appearance.
    targets, target_names
        The same for the targets.
    """

    sources: np.ndarray
    source_names: list[Any]
    targets: np.ndarray
    target_names: list[Any]


class PairEmbedding(LinkModel):
    """Vectors of the two sides of pairs: users and items, queries and clicks, words and tags.

    Sources and targets have a vocabulary and a matrix each, so that the same name on both sides
    means two things. The model is skip-gram with negative sampling, and each pair is one example:
    the vector of the source learns to predict the vector of the target, against negative samples
    drawn from the targets in proportion to ``count ** ns_exponent``. Word2Vec with ``window=1`` on
    the pairs would train each pair in both directions, with one vocabulary.

    Parameters
    ----------
    pairs : optional
        The pairs that `fit` learns from if it is called without any, of the types of `fit`.
    dimensions : int
        Length of each vector. `vector_size` is another name.
    negative : int
        Number of negative samples per pair.
    alpha : float, optional
        Learning rate at the start; it falls linearly. The default is 0.025.
    min_alpha : float
        Learning rate at the end. One above `alpha`, with which the rate rises, is a warning.
    epochs : int
        Number of passes over the pairs.
    ns_exponent : float
        Exponent of the counts in the noise distribution. Lower, even negative exponents are often
        better for recommendation (Caselles-Dupré, Lesaint, Royo-Letelier 2018, "Word2vec applied to
        Recommendation: Hyperparameters Matter").
    shuffle : bool
        Train in a random order, which is the same in every epoch, instead of the given order.
    negative_sharing : {"block", "window", "batch", "pair"}
        "pair": each pair has its own negative samples. All others: 8 consecutive pairs share them,
        which is faster.
    workers : int, optional
        Number of threads; by default one per core.
    seed : int or None
        With one worker, results are the same for the same seed. None draws a seed.
    compute_loss : bool
        Whether to compute `epoch_losses`.
    progress : bool, callable or None
        Whether to show progress bars. None: on a terminal or in a notebook. A callable is called
        with a `fastsgns.models.callbacks.ProgressReport` instead, as in `Word2Vec`.
    deterministic : bool
        Whether the result is the same for any number of `workers`, bit for bit, at some cost; see
        docs/deterministic.md.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of sources and of targets by name, in order of first appearance.
    epoch_losses : list of float
        Mean loss per pair of each epoch.
    epochs_trained : int
        Number of epochs trained.
    unfinished : Unfinished or None
        What `resume` would train: the rest of a call that ended early.

    References
    ----------
    Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of Words and
    Phrases and their Compositionality", equation 4 (the objective of a pair).

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
    matrices: LinkMatrices = "two"
    default_alpha, n_blocks = 0.025, 1
    epoch_losses: list[float]
    epochs_trained: int
    epochs_begun: int
    unfinished: Unfinished | None = None
    rest: Rest = NO_REST

    def __init__(
        self,
        pairs: Any = None,
        dimensions: int = 128,
        negative: int = 5,
        alpha: float | None = None,
        min_alpha: float = 0.0001,
        epochs: int = 5,
        ns_exponent: float = 0.75,
        shuffle: bool = True,
        negative_sharing: NegativeSharing = "block",
        workers: int | None = None,
        seed: int | None = 1,
        compute_loss: bool = False,
        progress: ShowProgress = None,
        deterministic: bool = False,
    ) -> None:
        self.pairs = pairs
        self.dimensions, self.negative, self.ns_exponent = dimensions, negative, ns_exponent
        self.alpha, self.min_alpha, self.epochs = alpha, min_alpha, epochs
        self.shuffle, self.negative_sharing = shuffle, negative_sharing
        self.workers, self.seed = workers, seed
        self.compute_loss, self.progress = compute_loss, progress
        self.deterministic = deterministic
        training.check_parameters(self)

    @exclusive
    def fit(
        self,
        pairs: Any = None,
        y: Any = None,
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "PairEmbedding":
        """Learn from pairs, and forget what was learned before.

        Parameters
        ----------
        pairs : iterable of (source, target), array, pair of arrays, table, or path
            Names are of any hashable type. An array has the shape (n, 2) or (2, n); (2, 2) is an
            error. A tuple of two arrays or lists has the sources and the targets. A table has two
            columns. A file has two columns and no header. They are separated by a comma in files
            whose names end in .csv, by a tab in .tsv and else by white space. The file may be
            compressed as .gz, .bz2 or .xz. By default the pairs given to the constructor.
        y
            Ignored; scikit-learn's pipelines pass it.
        checkpoint : str or os.PathLike, optional
            File to save the model to during training, and at its end; a folder if the path ends
            with a slash. If the process is killed, `resume` continues from it. See
            docs/checkpoints.md.
        every : int, str or datetime.timedelta, optional
            From one save to `checkpoint` to the next: a number of epochs (default 1), or a duration
            such as ``"10 min"``, ``"30 s"`` or ``"2 h"``, which also saves within an epoch.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        ValueError
            If there are no pairs, a pair does not have two names, or a parameter is out of its
            range.
        """
        training.check_parameters(self)
        savers = checkpoints(checkpoint, every)
        encoded = self._encode(pairs)
        return self._train_from_scratch(encoded, "fit", self.epochs, savers)

    @exclusive
    def partial_fit(
        self,
        pairs: Any = None,
        y: Any = None,
        epochs: int | None = None,
        old_rows: OldRows = "free",
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "PairEmbedding":
        """Continue training on pairs, which may have new names.

        Only these pairs are trained: they should be drawn from the same distribution as earlier
        ones. If they have new names, or are recent, `update` is better. New names start at means of
        the known and the given pairs (`fastsgns.models.links.growth`), after the old ones. `alpha`
        falls again from its start. New random numbers are drawn. The pairs are added to the known
        links, and to the counts that negative samples are drawn by. A model that is not fitted
        starts from scratch, as in `fit`.

        Parameters
        ----------
        pairs, y
            As for `fit`.
        epochs : int, optional
            Number of epochs. By default the parameter `epochs`.
        old_rows : {"free", "damped", "frozen"} or float
            The factor by which the updates of the vectors of old names are multiplied: 1, 0.1 and
            0 for the words. Frozen vectors keep their bytes.
        checkpoint, every
            As for `fit`.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        ValueError
            For the reasons of `fit`. The model is then unchanged.
        """
        savers = checkpoints(checkpoint, every)
        return self._continue(pairs, "partial_fit", epochs, old_rows, savers)

    @exclusive
    def update(
        self,
        pairs: Any = None,
        y: Any = None,
        epochs: int | None = None,
        old_rows: OldRows = "free",
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> "PairEmbedding":
        """Learn new pairs, which may have new names, and repeat known ones.

        A new pair of a source with m known and n new pairs is replaced with the probability
        m / (m + n) by one of its known pairs (`fastsgns.models.links.replay`). Scores of new and
        old targets thus stay comparable. All else is as in `partial_fit`.

        Parameters
        ----------
        pairs, y, epochs, old_rows, checkpoint, every
            As for `partial_fit`.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        ValueError
            As for `partial_fit`.

        Examples
        --------
        >>> model = PairEmbedding(dimensions=8, workers=1).fit([("ann", "tea"), ("bob", "ale")])
        >>> model.update([("cid", "tea"), ("bob", "mug")]).target.index_to_key
        ['tea', 'ale', 'mug']
        """
        return self._continue(pairs, "update", epochs, old_rows, checkpoints(checkpoint, every))

    @exclusive
    def resume(
        self, pairs: Any = None, *, checkpoint: Any = None, every: Every | None = None
    ) -> "PairEmbedding":
        """Continue a call of `fit`, `partial_fit` or `update` that ended before its last epoch.

        What is left has the learning rates and the random numbers that it would have had without
        the stop. With ``workers=1``, the model that is resumed from a checkpoint is therefore, bit
        for bit, that of training without a stop. After Ctrl-C, the chunks that were being trained
        are trained again.

        Parameters
        ----------
        pairs
            The same pairs as before. Required after `load`, because files do not contain them.
        checkpoint, every
            As for `fit`.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        RuntimeError
            If no such call ended early.
        ValueError
            If the pairs have other names or another number of pairs.

        Examples
        --------
        >>> def stop(report):
        ...     return report.epoch == 2
        >>> pairs = [("ann", "tea"), ("bob", "ale"), ("cid", "tea")] * 20
        >>> model = PairEmbedding(dimensions=8, workers=1, progress=stop).fit(pairs)
        >>> model.epochs_trained
        1
        >>> model.progress = None
        >>> model.resume(pairs, checkpoint="pairs.fastsgns").epochs_trained
        5
        """
        left = unfinished_of(self)
        self.check_fitted()
        training.check_parameters(self)
        training.check_layout(self)
        savers = checkpoints(checkpoint, every)
        encoded = self._encode(pairs)
        names, sources, targets = self._with_new_names(encoded)
        if not names.are_as_before(self):
            raise ValueError(
                "the pairs have names that the model does not have; give the pairs that the "
                f"training began with, or call {left.call}()"
            )
        left = left.with_settings(training.settings_of_links(self))
        left.check_data(len(sources), _sum(sources, targets), "pairs", "a list")
        assert self.source_counts is not None  # training has set both
        assert self.target_counts is not None
        counts = Counts(self.source_counts, self.target_counts)
        return self._train(sources, targets, counts, left, savers)

    @exclusive
    def remove(self, sources: Any = None, targets: Any = None) -> "PairEmbedding":
        """Remove names of one or both sides, with their vectors and known links.

        The vectors of other names stay as they are, and so do their counts.

        Parameters
        ----------
        sources, targets : name, or list or array of names, optional
            None removes no name of this side.

        Returns
        -------
        PairEmbedding
            The model itself.

        Raises
        ------
        NotFittedError
            Before `fit`.
        KeyError
            If a name is unknown.
        ValueError
            If neither is given, or no source or no target would remain.

        Examples
        --------
        >>> model = PairEmbedding(dimensions=8, workers=1).fit([("ann", "tea"), ("bob", "ale")])
        >>> model.remove(targets=["ale"]).target.index_to_key
        ['tea']
        """
        self.check_fitted()
        if sources is None and targets is None:
            raise ValueError("there is nothing to remove; give sources=names or targets=names")
        kept = (
            growth.without(side, [] if removed is None else removed)
            for side, removed in ((self.source, sources), (self.target, targets))
        )
        growth.keep(self, Names.of(self, *kept))
        training.forget_rest(self)
        return self

    def _continue(
        self, pairs: Any, call: Call, epochs: int | None, old_rows: OldRows,
        savers: tuple[Checkpoint, ...],
    ) -> "PairEmbedding":  # fmt: skip
        """Check all arguments, and train from the current vectors, if there are any."""
        training.check_parameters(self)
        n_epochs = training.check_epochs(self, epochs)
        factor = growth.old_row_factor(old_rows)
        if hasattr(self, "source"):
            training.check_layout(self)
        encoded = self._encode(pairs)
        if not hasattr(self, "source"):
            return self._train_from_scratch(encoded, call, n_epochs, savers)
        names, sources, targets = self._with_new_names(encoded)
        former = self.known or KnownLinks.of_pairs(sources[:0], targets[:0], len(self.source))
        former = former.moved(names.source_origin, names.target_origin)
        known = former.with_pairs(sources, targets)
        training.grow(self, names, lambda: Links.of_known(known, len(names.targets)), known)
        locks = Locks.of_old_rows(names, factor)
        self.rest = Rest(former if call == "update" else None, locks)
        left = training.new_call(self, call, n_epochs, len(sources), _sum(sources, targets))
        return self._train(sources, targets, self._counts(sources, targets), left, savers)

    def _train_from_scratch(
        self, encoded: EncodedPairs, call: Call, n_epochs: int, savers: tuple[Checkpoint, ...]
    ) -> "PairEmbedding":
        training.initialize(self, encoded.source_names, encoded.target_names)
        sources, targets = encoded.sources, encoded.targets
        self.known = KnownLinks.of_pairs(sources, targets, len(self.source))
        left = training.new_call(self, call, n_epochs, len(sources), _sum(sources, targets))
        return self._train(sources, targets, self._counts(sources, targets), left, savers)

    def _with_new_names(self, encoded: EncodedPairs) -> tuple[Names, np.ndarray, np.ndarray]:
        """Return the names of the model and those of new pairs, and the ids of the pairs."""
        sides, ids = [], []
        for side, names, places in (
            (self.source, encoded.source_names, encoded.sources),
            (self.target, encoded.target_names, encoded.targets),
        ):
            new = [name for name in names if name not in side.key_to_index]
            sides.append([*side.index_to_key, *new])
            positions = side.key_to_index | dict(zip(new, range(len(side), len(sides[-1]))))
            ids.append(np.array([positions[name] for name in names], np.int32)[places])
        return Names.of(self, *sides), *ids

    def _encode(self, pairs: Any) -> EncodedPairs:
        pairs = self.pairs if pairs is None else pairs
        if pairs is None:
            raise ValueError("there are no pairs to learn from; give fit() some")
        encoded = encode(pairs)
        targets = set(self.target.index_to_key) if hasattr(self, "target") else set()
        if len(targets.union(encoded.target_names)) == 1:
            warn(
                f"all {len(encoded.sources)} pairs have the same target, "
                f"{encoded.target_names[0]!r:.60}: there is nothing to learn without another"
            )
        return encoded

    def _train(
        self,
        sources: np.ndarray,
        targets: np.ndarray,
        counts: Counts,
        left: Unfinished,
        savers: tuple[Checkpoint, ...],
    ) -> "PairEmbedding":
        """Train what is left of a call on these pairs, which `counts` include."""
        former = self.rest.former
        before = counts.sources - np.bincount(sources, minlength=len(self.source))
        if self.shuffle:
            order = np.random.default_rng(left.seed & training.MASK).permutation(len(sources))
            sources, targets = sources[order], targets[order]
        chunks = PairChunks(sources, targets)
        if former is not None:
            if not before.any():  # a model of version 0.1.0, whose file has no counts
                before = np.diff(former.offsets)
            chunks = ReplayedPairs(sources, targets, former, before)
        training.train(self, [Part(chunks, counts.targets)], counts, left, savers)
        return self

    def _counts(self, sources: np.ndarray, targets: np.ndarray) -> Counts:
        """Return how often each name occurs in these pairs and in those of earlier calls."""
        return Counts(
            _added(self.source_counts, sources, len(self.source)),
            _added(self.target_counts, targets, len(self.target)),
        )

    @not_during
    def save(self, path: Any) -> None:
        """Write the model to one file, atomically; see `NodeEmbedding.save`."""
        storage.save(self, path, storage.PAIRS)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "PairEmbedding":
        """Read what `save` wrote; see `NodeEmbedding.load`."""
        return kinds.load_as(cls, storage.PAIRS, path, mmap)


def _sum(sources: np.ndarray, targets: np.ndarray) -> float:
    """Return a sum by which other pairs are noticed; 3 because users and items are not alike."""
    return float(sources.sum(dtype=np.int64) + 3 * targets.sum(dtype=np.int64))


def _added(counts: np.ndarray | None, ids: np.ndarray, n: int) -> np.ndarray:
    """Return the earlier counts of n names, if any, plus those of `ids`."""
    found = np.bincount(ids, minlength=n)
    return found if counts is None else found + counts


def encode(pairs: Any) -> EncodedPairs:
    """Number the sources and the targets of pairs, of the types that `PairEmbedding.fit` accepts.

    Pairs that were encoded are returned as they are.

    Raises
    ------
    ValueError
        If there are none, or they are not pairs.

    Examples
    --------
    >>> encoded = encode([("a", 1), ("b", 1), ("a", 2)])
    >>> encoded.sources.tolist(), encoded.source_names
    ([0, 1, 0], ['a', 'b'])
    >>> encoded.targets.tolist(), encoded.target_names
    ([0, 0, 1], [1, 2])
    """
    encoded = pairs if isinstance(pairs, EncodedPairs) else _encode(pairs)
    if not len(encoded.sources):
        raise ValueError("there are no pairs to learn from: the list is empty")
    return encoded


def _encode(pairs: Any) -> EncodedPairs:
    if isinstance(pairs, (str, bytes)) or hasattr(pairs, "__fspath__"):
        return _encode_file(pairs)
    if is_open(pairs):
        raise TypeError(f"the pairs are an open file, {pairs!r:.60}; give its path")
    if not hasattr(pairs, "tocoo") and (columns := readers.columns_of(pairs)) is not None:
        pairs = _columns_of_table(pairs, columns)
    if hasattr(pairs, "__array__") and (array := np.asarray(pairs)).ndim != 1:
        by_column = arrays.by_column(array, (2,), "fit(({}))", "pairs")
        pairs = tuple(map(arrays.whole, by_column))
    if isinstance(pairs, tuple) and len(pairs) == 2 and all(map(readers.is_column, pairs)):
        left, right = map(naming.column, pairs, ("sources", "targets"))
        if len(left) != len(right):
            raise ValueError(f"there are {len(left)} sources and {len(right)} targets")
        return EncodedPairs(*_encode_column(left, "source"), *_encode_column(right, "target"))
    if hasattr(pairs, "tocoo"):
        raise TypeError(
            "the pairs are a sparse matrix; give the rows and columns of its entries: "
            "fit(matrix.nonzero())"
        )
    if hasattr(pairs, "edges"):
        raise TypeError(
            f"the pairs are a graph, {pairs!r:.60}; give its edges: fit([(u, v) for u, v, *_ in "
            "graph.edges()])"
        )
    if isinstance(pairs, Mapping):
        raise ValueError(
            f"the pairs are a {type(pairs).__name__}, and iterating over it yields its keys; give "
            "a list of (source, target), such as list(pairs) or list(pairs.items())"
        )
    return _encode_iterable(pairs)


def _columns_of_table(table: Any, columns: list[Any]) -> tuple[Any, Any]:
    named = [name for name in columns if not str(name).startswith("Unnamed: ")]
    if len(named) != 2:
        raise ValueError(
            f"a table of pairs has two columns, and this one has {columns!r:.200}; give two of "
            "them: (table['u'], table['v'])"
        )
    return readers.column_values(table[named[0]]), readers.column_values(table[named[1]])


def _encode_column(column: Any, side: str) -> tuple[np.ndarray, list[Any]]:
    if isinstance(column, np.ndarray):
        return _encode_array(column)
    numbering = Numbering(f"the {side} of pair")
    ids, names = numbering.finish(numbering.add(column)[:, 0])
    return ids.astype(np.int32), names


def _encode_array(names: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    distinct, first, ids = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[ids], plain_all(distinct[order])


def _encode_iterable(pairs: Iterable[Any]) -> EncodedPairs:
    """Number the names of each side, one block of pairs at a time."""
    sides = [Numbering(f"the {side} of pair") for side in ("source", "target")]
    blocks: list[np.ndarray] = []
    iterator = iter(pairs)
    while block := list(islice(iterator, PAIRS_PER_BLOCK)):
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
    return EncodedPairs(left[0].astype(np.int32), left[1], right[0].astype(np.int32), right[1])


def _is_pair(pair: Any) -> bool:
    is_other = isinstance(pair, (str, bytes, bytearray, Mapping, Set))
    return not is_other and hasattr(pair, "__len__") and len(pair) == 2


def _encode_file(path: Any) -> EncodedPairs:
    try:
        left, right, _, words, _ = files.read_edges(path, SYNTAX)
    except files.EdgeError as error:
        raise error.worded(SEEN, ADVICE) from None
    except NotUTF8Error as error:
        error.remedy = "convert the file to UTF-8"
        raise
    sources, source_words = _encode_array(left)
    targets, target_words = _encode_array(right)
    return EncodedPairs(
        sources, [words[i] for i in source_words], targets, [words[i] for i in target_words]
    )
