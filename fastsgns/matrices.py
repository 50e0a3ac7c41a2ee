"""The arrays of a model: which one each role uses, and their memory."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import get_ident
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np

from fastsgns.kernels.objective import Paths
from fastsgns.runtime.locks import first_use
from fastsgns.runtime.machine import anonymous_memory, free_pages, release_memory, require_memory

LANE_REALS = 16  # float32 numbers of a cache line
HUGE_PAGE = 2 << 20
RANDOM_BLOCK = 1 << 20  # numbers drawn at a time
RELEASED_ROWS = 1 << 10  # of which the memory is freed at a time: less than a huge page

MatricesMode = Literal["two", "tied", "tied+bias", "tied+reflect", "three"]
BiasMode = Literal["scalar", "word", "both"]
ArrayRole = Literal["input", "output", "negative", "tree"]
MATRICES: tuple[MatricesMode, ...] = get_args(MatricesMode)
BIASES: tuple[BiasMode, ...] = get_args(BiasMode)
TARGET_ROLES: tuple[ArrayRole, ...] = ("output", "negative")


@dataclass(frozen=True)
class MatrixLayout:
    """Which array each role of a model uses, which bias is added, and which signs are reflected.

    The roles of a word are ``input``, ``output`` and ``negative`` (`Matrices`). The score of word i
    in the input role and word j in the output role is

        two, three     w_i . c_j     (three: n_j instead of c_j where j is a negative sample)
        tied           w_i . w_j
        tied+bias      w_i . w_j + b,   + b_j,   or  + b_i + b_j     ("scalar", "word", "both")
        tied+reflect   (w_i * sign) . w_j,   sign = -1 in the first half of the dimensions, else 1

    With g_ij = y - sigmoid(s_ij), where y is 1 for a positive pair and 0 for a negative sample, the
    negative gradients of the logistic loss of one pair, at the values before the step, are

        w_i   g_ij sign * w_j  (two: g_ij c_j)        w_j   g_ij sign * w_i  (two: c_j  g_ij w_i)
        b     g_ij,  at a hundredth of the rate       b_j   g_ij,   and b_i  g_ij with "both"

    They are summed where i and j are the same word, and where a word is in several pairs of a step.

    A tied score is a positive semi-definite function of i and j. Its mean over any weights of the
    words is therefore >= 0, but the mean of the optimum of SGNS, PMI - log k (Levy, Goldberg 2014,
    "Neural Word Embedding as Implicit Matrix Factorization"), is negative. A bias corrects the
    mean. The signs also allow negative eigenvalues (Assylbekov, Takhanov 2019, "Context Vectors are
    Reflections of Word Vectors in Half the Dimensions").

    Parameters
    ----------
    matrices : {"two", "tied", "tied+bias", "tied+reflect", "three"}
    bias : {"scalar", "word", "both"} or None
        The bias that is added to scores; only "tied+bias" has one. `of` derives it from the
        parameters of a model.

    Examples
    --------
    >>> MatrixLayout("tied+reflect").signs(4)
    array([-1., -1.,  1.,  1.], dtype=float32)
    """

    matrices: MatricesMode = "two"
    bias: BiasMode | None = None

    @classmethod
    def of(cls, matrices: MatricesMode, bias: BiasMode) -> "MatrixLayout":
        """Return the layout that the parameters `matrices` and `bias` of a model describe."""
        return cls(matrices, bias if matrices == "tied+bias" else None)

    @property
    def shares_one_matrix(self) -> bool:
        """Whether the input and the output role use the same array."""
        return self.matrices.startswith("tied")

    @property
    def has_negative_matrix(self) -> bool:
        """Whether negative samples have an array of their own."""
        return self.matrices == "three"

    def array_of(self, role: ArrayRole) -> ArrayRole:
        """Return the role whose array `role` uses: its own, or ``input`` for a shared output."""
        return "input" if role == "output" and self.shares_one_matrix else role

    @property
    def target_roles(self) -> tuple[ArrayRole, ...]:
        """The roles of targets that have an array of their own."""
        if self.shares_one_matrix:
            return ()
        return ("output", "negative") if self.has_negative_matrix else ("output",)

    @property
    def has_word_bias(self) -> bool:
        """Whether each word has a bias, stored in the first column after the dimensions."""
        return self.bias in ("word", "both")

    @property
    def n_bias_columns(self) -> int:
        """Number of columns after the dimensions of an input row (`fastsgns.kernels.roles`)."""
        return {None: 0, "scalar": 1, "word": 1, "both": 2}[self.bias]

    @property
    def ones_column(self) -> int | None:
        """Index, among these columns, of the one that is 1 in every row."""
        return {None: None, "scalar": 0, "word": None, "both": 1}[self.bias]

    def initial_bias(self, negative: int) -> float:
        """Return the bias at which scores start at -log(negative).

        That is the optimum of SGNS for a pair whose PMI is 0.
        """
        n_summed = 2 if self.bias == "both" else 1
        return -math.log(max(negative, 1)) / n_summed

    def n_flipped(self, dimensions: int) -> int:
        """Return the number of leading coordinates whose sign is flipped in the input role."""
        return dimensions // 2 if self.matrices == "tied+reflect" else 0

    def signs(self, dimensions: int) -> np.ndarray:
        """Return +1 or -1 for each coordinate, float32 of shape (dimensions,)."""
        signs = np.ones(dimensions, np.float32)
        signs[: self.n_flipped(dimensions)] = -1
        return signs


def padded(dimensions: int) -> int:
    """Return the length of a row of the kernels: `dimensions` rounded up to whole cache lines.

    Examples
    --------
    >>> padded(100)
    112
    """
    return -(-dimensions // LANE_REALS) * LANE_REALS


def allocate_rows(n_rows: int, dimensions: int) -> np.ndarray:
    """Return float32 rows of zeros, padded and aligned to cache lines, on huge pages if possible.

    Returns
    -------
    ndarray of float32, shape (n_rows, padded(dimensions))

    Raises
    ------
    MemoryError
        If the rows need more memory than is free.
    """
    return _allocate(n_rows, padded(dimensions), f"{n_rows} rows of {dimensions} dimensions")


def _allocate(n_rows: int, width: int, what: str) -> np.ndarray:
    n_bytes = n_rows * width * 4
    require_memory(n_bytes, what)
    memory = np.frombuffer(anonymous_memory(n_bytes + HUGE_PAGE, what), np.uint8)
    start = -memory.ctypes.data % HUGE_PAGE
    return memory[start : start + n_bytes].view(np.float32).reshape(n_rows, width)


class RowStore:
    """The vectors of one matrix in two layouts: that of users, and during training that of kernels.

    Users see `vectors`, shape (n, d), C-contiguous, so that any program can use the array as it is.
    The rows of the kernels start at a cache line, are padded with zeros to whole cache lines, and
    hold biases after the d numbers of the vector. `spread` copies the vectors to such rows,
    `collect` copies the rows back, and `release` frees the rows. Each epoch begins with `spread`
    and ends with `collect`. If the two layouts are the same, kernels train `vectors` itself.

    An array that a user or another thread holds therefore always has the layout of users, with the
    vectors of the last `collect`.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d), C-contiguous
        It is not copied.
    columns : ndarray of float32, shape (k, n)
        The numbers after each vector, such as its bias: one array per column.
    scale : float
        The rows of the kernels are the vectors multiplied by this power of 2.

    Attributes
    ----------
    vectors, columns : ndarray
    rows : ndarray of float32, shape (n, a multiple of 16), or None
        Vector, columns and padding of each row, between `spread` and `release`.

    Examples
    --------
    >>> store = RowStore.zeros(2, 3)
    >>> store.vectors[:] = [[1, 2, 3], [4, 5, 6]]
    >>> rows = store.spread()
    >>> rows[:, :4].tolist()
    [[1.0, 2.0, 3.0, 0.0], [4.0, 5.0, 6.0, 0.0]]
    >>> rows[0, 0] = 7
    >>> store.release()
    >>> store.vectors.tolist()
    [[7.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """

    def __init__(self, vectors: np.ndarray, columns: np.ndarray, scale: float = 1.0) -> None:
        self.vectors, self.columns, self.scale = vectors, columns, np.float32(scale)
        self.rows: np.ndarray | None = None
        self._must_collect = False  # whether `rows` may be newer than `vectors`
        self._trainer = 0  # the thread that has filled `rows`

    @classmethod
    def zeros(cls, n_rows: int, dimensions: int, n_columns: int = 0) -> "RowStore":
        """Return a store of zeros."""
        vectors = _allocate(n_rows, dimensions, f"{n_rows} rows of {dimensions} dimensions")
        return cls(vectors, np.zeros((n_columns, n_rows), np.float32))

    def __reduce__(self) -> Any:
        return RowStore, (self.vectors, self.columns, float(self.scale))

    def spread(self) -> np.ndarray:
        """Copy the vectors, as they are now, to the rows of the kernels; return `rows`."""
        dimensions, n_columns = self.vectors.shape[1], len(self.columns)
        if self.rows is None:
            shape = len(self.vectors), dimensions + n_columns
            self.rows = self.vectors if self._is_trained_in_place() else allocate_rows(*shape)
        self._trainer = get_ident()
        if self.rows is not self.vectors:
            np.multiply(self.vectors, self.scale, out=self.rows[:, :dimensions])
            self.rows[:, dimensions : dimensions + n_columns] = self.columns.T
            self._must_collect = True
        return self.rows

    def collect(self) -> None:
        """Copy what the kernels have trained since `spread` to `vectors` and `columns`."""
        if self.rows is not None and self._must_collect:
            release_memory()  # that of the workers
            dimensions, n_columns = self.vectors.shape[1], len(self.columns)
            np.multiply(self.rows[:, :dimensions], 1 / self.scale, out=self.vectors)
            self.columns[:] = self.rows[:, dimensions : dimensions + n_columns].T
            self._must_collect = False

    @property
    def are_trained(self) -> bool:
        """Whether kernels train `rows` now, for this thread.

        A child that another thread has forked has rows that nobody trains any more.
        """
        return self.rows is not None and self._trainer == get_ident()

    @property
    def newest(self) -> np.ndarray:
        """The vectors as the kernels have left them, to read: those of `collect`, but no copy."""
        if self.rows is None or not self.are_trained or not self._must_collect or self.scale != 1:
            return self.vectors
        return self.rows[:, : self.vectors.shape[1]]

    @property
    def newest_columns(self) -> np.ndarray:
        """The numbers after each vector as the kernels have left them, shape (k, n), to read."""
        if self.rows is None or not self.are_trained or not self._must_collect:
            return self.columns
        dimensions = self.vectors.shape[1]
        return self.rows[:, dimensions : dimensions + len(self.columns)].T

    def release(self) -> None:
        """Collect, and free the rows of the kernels."""
        self.collect()
        self.rows = None

    def release_by_blocks(self) -> None:
        """Collect and free some rows at a time, so that both arrays are never whole at once."""
        if self.rows is not None and self._must_collect:
            release_memory()  # that of the workers
            dimensions, n_columns = self.vectors.shape[1], len(self.columns)
            for start in range(0, len(self.rows), RELEASED_ROWS):
                block = slice(start, start + RELEASED_ROWS)
                rows = self.rows[block]
                np.multiply(rows[:, :dimensions], 1 / self.scale, out=self.vectors[block])
                self.columns[:, block] = rows[:, dimensions : dimensions + n_columns].T
                free_pages(rows)
            self._must_collect = False
        self.rows = None

    def _is_trained_in_place(self) -> bool:
        """Return whether the kernels train `vectors` itself."""
        is_same = has_one_layout(self.vectors.shape[1], len(self.columns)) and self.scale == 1
        return is_same and self.vectors.flags.c_contiguous and self.vectors.ctypes.data % 64 == 0


class PaddedRows:
    """Rows that are always in the layout of the kernels, which train them in place.

    It is for the largest array of a model, of which there is never a second copy. Users see
    `vectors`, the first d numbers of each row. An array in another layout, such as one that is
    mapped from a file, is used as it is, and copied to that layout when it is first trained.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
    columns : ndarray of float32, shape (n, k), optional
        The numbers after each vector, such as its bias. Neither array is copied.

    Attributes
    ----------
    vectors, columns : ndarray

    Examples
    --------
    >>> rows = PaddedRows.zeros(2, 3, n_columns=1)
    >>> rows.vectors[:] = 5
    >>> rows.trainable()[:, :5].tolist()
    [[5.0, 5.0, 5.0, 0.0, 0.0], [5.0, 5.0, 5.0, 0.0, 0.0]]
    """

    def __init__(self, vectors: np.ndarray, columns: np.ndarray | None = None) -> None:
        self.vectors = vectors
        self.columns = np.zeros((len(vectors), 0), np.float32) if columns is None else columns
        self._whole: np.ndarray | None = None  # of which the two are columns

    @classmethod
    def zeros(cls, n_rows: int, dimensions: int, n_columns: int = 0) -> "PaddedRows":
        """Return rows of zeros."""
        rows = cls(np.zeros((0, dimensions), np.float32))
        rows._use(allocate_rows(n_rows, dimensions + n_columns), dimensions, n_columns)
        return rows

    def _use(self, whole: np.ndarray, dimensions: int, n_columns: int) -> None:
        self._whole = whole
        self.vectors = whole[:, :dimensions]
        self.columns = whole[:, dimensions : dimensions + n_columns]

    def trainable(self) -> np.ndarray:
        """Return all rows, shape (n, a multiple of 16), in the memory of `vectors` and `columns`.

        If another array had to be copied for this, these two are new arrays.
        """
        if self._whole is None or self._whole.ctypes.data % (4 * LANE_REALS):
            old_vectors, old_columns = self.vectors, self.columns
            n_rows, dimensions = old_vectors.shape
            n_columns = old_columns.shape[1]
            self._use(allocate_rows(n_rows, dimensions + n_columns), dimensions, n_columns)
            self.vectors[:], self.columns[:] = old_vectors, old_columns
        whole = self._whole
        assert whole is not None
        return whole

    def __copy__(self) -> "PaddedRows":
        copied = PaddedRows(self.vectors, self.columns)
        copied._whole = self._whole
        return copied

    def __reduce__(self) -> Any:
        return PaddedRows, (np.ascontiguousarray(self.vectors), np.array(self.columns))


class Composition(Protocol):
    """Rows of which the vectors of words are made; `fastsgns.vectors.subword_rows.SubwordRows`.

    Attributes
    ----------
    scheme : fastsgns.corpus.subwords.SubwordScheme
        How words are made of rows.
    table : fastsgns.corpus.subwords.SubwordTable
        The rows of each word.
    """

    scheme: Any
    table: Any

    def trainable(self) -> np.ndarray:
        """Return the rows that kernels train."""

    def compose(self, vectors: np.ndarray, biases: np.ndarray | None) -> None:
        """Compute the vector of each word, and its bias if it has one."""

    def absorb(self, vectors: np.ndarray, biases: np.ndarray | None) -> None:
        """Change the rows so that they make these vectors and biases."""

    def follow(self, keys: list[Any], order: object, thorough: bool) -> None:
        """Bring the rows of words into the order of `keys`."""


class ComposedStore(RowStore):
    """Vectors that are made of other rows, which kernels train in their place.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)
        What `source` makes. What users write to it, `spread` passes on.
    columns : ndarray of float32, shape (k, n)
        The first one has the biases, if `has_bias`.
    source : Composition
    has_bias : bool
    """

    def __init__(
        self, vectors: np.ndarray, columns: np.ndarray, source: Composition, has_bias: bool
    ) -> None:
        super().__init__(vectors, columns)
        self.source = source
        self._biases = columns[0] if has_bias else None
        self._has_values = False  # somebody may have read the vectors, and still hold the array

    def outdate(self) -> None:
        """Note that the rows are newer than the vectors, which `collect` then computes."""
        self._must_collect = True

    def absorb(self) -> None:
        """Change the rows so that they make the vectors and biases that were set."""
        with first_use:
            if self._must_collect:
                self.collect()
            else:
                self.source.absorb(self.vectors, self._biases)
                self._has_values = True

    @property
    def newest(self) -> np.ndarray:
        """The vectors of the last `collect`: those that the rows make would have to be computed."""
        return self.vectors

    @property
    def newest_columns(self) -> np.ndarray:
        """The numbers after each vector as of the last `collect`."""
        return self.columns

    def pass_on(self) -> None:
        """Change the rows so that they make what was set, unless they were trained since."""
        if not self._must_collect:
            self.absorb()

    def spread(self) -> np.ndarray:
        """Pass on what was written to the vectors since `collect`; return the rows of `source`."""
        if not self._must_collect:
            self.absorb()
        self.rows, self._must_collect = self.source.trainable(), True
        self._trainer = get_ident()
        return self.rows

    def collect(self) -> None:
        """Compute the vectors and biases, if the rows may have been trained."""
        if not self._must_collect:
            return
        with first_use:
            if self._must_collect:  # no other thread has computed them meanwhile
                self.source.compose(self.vectors, self._biases)
                self._must_collect, self._has_values = False, True

    def release(self) -> None:
        """Leave the rows to `source`; compute the vectors, unless they never had values."""
        self.rows = None
        if self._has_values:
            self.collect()


def has_one_layout(dimensions: int, n_columns: int = 0) -> bool:
    """Return whether users and kernels have the same layout."""
    return not n_columns and dimensions == padded(dimensions)


def moved(old: list[Any], new: list[Any]) -> np.ndarray:
    """Return the position in `old` of each key of `new`, or -1.

    Examples
    --------
    >>> moved(["a", "b"], ["b", "c", "a"])
    array([ 1, -1,  0])
    """
    places = dict(zip(old, range(len(old))))
    return np.fromiter((places.get(key, -1) for key in new), np.int64, len(new))


def moved_or_renamed(old: list[Any], new: list[Any]) -> np.ndarray:
    """Return the position in `old` of the row of each key of `new`, or -1.

    If no key of `old` has another position in `new`, and `new` is not shorter, the first
    ``len(old)`` rows keep their positions: keys that differ were renamed. Otherwise rows are found
    by key.

    Examples
    --------
    >>> moved_or_renamed(["a", "b"], ["A", "b", "c"])
    array([ 0,  1, -1])
    >>> moved_or_renamed(["a", "b", "c"], ["c", "a"])
    array([2, 0])
    """
    if new[: len(old)] == old:  # the usual case, and fast: keys were appended
        origin = np.arange(len(new))
        origin[len(old) :] = -1
        return origin
    origin = moved(old, new)
    known = np.flatnonzero(origin >= 0)
    if len(new) >= len(old) and np.array_equal(origin[known], known):
        origin[: len(old)] = np.arange(len(old))
    return origin


class KeyTracker:
    """Finds where rows belong after the list of keys of a `KeyedVectors` has changed.

    Attributes
    ----------
    keys : list of hashable
        A copy of the list as it was at the last call of `follow`.
    """

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self._list: list[Any] = []  # the list itself
        self._order: object = None

    def follow(self, keys: list[Any], order: object, thorough: bool = False) -> np.ndarray | None:
        """Return the old position of each key, or -1; None if nothing is known to have changed.

        If `order` has changed, rows are found by key. Otherwise, if the list is another one or has
        another length, `moved_or_renamed` finds which keys were renamed, appended, moved or
        removed.

        Parameters
        ----------
        keys : list of hashable
        order : object
            Another object whenever the order of the keys has changed.
        thorough : bool
            Compare all keys, even if the list is the same object and has the same length.

        Examples
        --------
        >>> tracker, keys, order = KeyTracker(), ["a", "b"], object()
        >>> tracker.follow(keys, order)
        >>> keys.append("c")
        >>> tracker.follow(keys, order)
        array([ 0,  1, -1])
        """
        is_same = order is self._order and keys is self._list and len(keys) == len(self.keys)
        if is_same and not (thorough and keys != self.keys):
            return None
        origin = None
        if self._order is not None and keys != self.keys:
            find = moved_or_renamed if order is self._order else moved
            origin = find(self.keys, keys)
        self._list, self.keys, self._order = keys, list(keys), order
        return origin


class TreeWords(NamedTuple):
    """The words whose Huffman tree the rows of the role ``tree`` belong to.

    Attributes
    ----------
    counts : ndarray of int, shape (m,)
        The counts that the tree was computed from.
    places : ndarray of int, shape (n,)
        The position of each present word among these counts, or -1.
    paths : Paths or None
        The paths of a tree that another program has made of these counts; None of the tree that
        `fastsgns.sampling.huffman_paths` makes.
    """

    counts: np.ndarray
    places: np.ndarray
    paths: Paths | None = None


class Matrices:
    """The arrays of a model by role: it owns them, and moves their rows when the words change.

    Roles are ``input`` (words that predict), ``output`` (words that are predicted), ``negative``
    (negative samples, if they have vectors of their own) and ``tree`` (inner nodes of hierarchical
    softmax).

    `rows` copies an array to the layout of the kernels, which train the copy; `spread`, `collect`
    and `release` then work on all arrays (`RowStore`).

    Attributes
    ----------
    vectors : dict of str to ndarray, shape (n, dimensions)
        One array per role; `replace` sets one. If both roles share one array, it is ``input``.
    layout : MatrixLayout
        Which array each role uses, and which bias is added.
    bias : ndarray or None
        With one matrix: shape (1,) of float64, or (n,) of float32, as `layout` says.
    first_bias : float
        The bias of words that are new.
    noise : ndarray of float64, shape (n,), or None
        The weights of a noise distribution that the user has set, in the order of the keys.
    tree_words : TreeWords or None
        Set by `fastsgns.models.words.tree`.
    deleted : set of str
        Roles whose array the user has deleted: no array of zeros may take its place.
    subwords : Composition or None
        The rows of which the input vectors are made, in a model with subwords. Kernels train them
        as the rows of the input role, and `collect` computes the vectors.
    """

    are_saved_as_rows = True  # by `newest`

    def __init__(
        self,
        vectors: dict[str, np.ndarray] | None = None,
        layout: MatrixLayout = MatrixLayout(),
        bias: np.ndarray | None = None,
        first_bias: float = 0.0,
    ) -> None:
        self.vectors = dict(vectors or {})
        self.layout, self.bias = layout, bias
        self.first_bias = first_bias
        self.noise: np.ndarray | None = None
        self.tree_words: TreeWords | None = None
        self.deleted: set[ArrayRole] = set()
        self.subwords: Composition | None = None
        self._stores: dict[str, RowStore] = {}
        self._tracker = KeyTracker()
        self._room: dict[str, np.ndarray] = {}  # larger arrays that growing ones are the start of

    def follow(
        self, keys: list[Any], vectors: np.ndarray, order: object, thorough: bool = False
    ) -> None:
        """Set the input vectors, and bring the rows of the other roles into the order of `keys`.

        `KeyTracker.follow`, which has the parameters `order` and `thorough`, finds them. Rows of
        keys that are gone are dropped; new keys get new rows.

        Parameters
        ----------
        keys : list of hashable
        vectors : ndarray, shape (n, d)
            The input vector of each key.
        order, thorough
        """
        self.vectors["input"] = vectors
        n_old = len(self._tracker.keys)
        origin = self._tracker.follow(keys, order, thorough)
        if origin is not None:
            self.rearrange(origin, n_old)
        if self.subwords is not None:
            self.subwords.follow(keys, order, thorough)

    def rearrange(self, origin: np.ndarray, n_old: int) -> None:
        """Set row i of the arrays of targets, and bias i, to the old ones at ``origin[i]``.

        If that is -1, the row is zero and the bias is `first_bias`. Arrays whose number of rows is
        not `n_old` are left as they are.
        """
        n_old, kept = n_old or len(origin), origin >= 0
        if len(origin) == n_old and np.array_equal(origin, np.arange(n_old)):
            return
        if self.tree_words is not None:
            places = np.where(kept, self.tree_words.places[origin], -1)
            self.tree_words = self.tree_words._replace(places=places)
        is_longer = np.array_equal(origin[:n_old], np.arange(n_old)) and not kept[n_old:].any()
        for role in TARGET_ROLES:
            old = self.vectors.get(role)
            if old is None or len(old) != n_old:
                continue
            if is_longer:
                self.vectors[role] = self._lengthened(role, len(origin))
            else:
                self.create(role, len(origin), old.shape[1])
                self.vectors[role][kept] = old[origin[kept]]
        if self.layout.has_word_bias and self.bias is not None and len(self.bias) == n_old:
            bias = np.full(len(origin), self.first_bias, np.float32)
            bias[kept] = self.bias[origin[kept]]
            self.bias = bias
        if self.noise is not None:
            self.noise = np.where(kept, self.noise[origin], 0.0)

    def with_rows(self, origins: Mapping[ArrayRole, np.ndarray], first_bias: float) -> "Matrices":
        """Return copies of the arrays with other rows.

        Parameters
        ----------
        origins : mapping of str to ndarray of int
            For each role: the old row of each new row, or -1 for a row of zeros. Roles that have
            no array are ignored.
        first_bias : float
            The bias of rows of zeros.

        Examples
        --------
        >>> matrices = Matrices({"input": np.arange(6, dtype=np.float32).reshape(3, 2)})
        >>> matrices.with_rows({"input": np.array([2, -1])}, 0.0).vectors["input"].tolist()
        [[4.0, 5.0], [0.0, 0.0]]
        """
        copied = Matrices(layout=self.layout, first_bias=first_bias)
        for role, origin in origins.items():
            old, kept = self.vectors.get(role), origin >= 0
            if old is None:
                continue
            copied.create(role, len(origin), old.shape[1])
            copied.vectors[role][kept] = old[origin[kept]]
            if role == "input" and copied.bias is not None and self.bias is not None:
                copied.bias[:] = first_bias
                copied.bias[kept] = self.bias[origin[kept]]
        if not self.layout.has_word_bias and self.bias is not None:
            copied.bias = self.bias.copy()
        return copied

    def _lengthened(self, role: ArrayRole, n_rows: int) -> np.ndarray:
        """Return the array of a role with zeros appended; spare room grows by half of it."""
        old, room = self.vectors[role], self._room.get(role)
        if room is None or old.base is not room or len(room) < n_rows:
            self._room[role] = room = np.zeros((n_rows + n_rows // 2, old.shape[1]), np.float32)
            room[: len(old)] = old
        room[len(old) : n_rows] = 0
        self._stores.pop(role, None)
        return room[:n_rows]

    def replace(self, role: ArrayRole, vectors: np.ndarray) -> None:
        """Use another array for a role, and for the roles that share its array."""
        self.vectors[self.layout.array_of(role)] = vectors
        self.deleted.discard(role)

    def delete(self, role: ArrayRole) -> None:
        """Free the array of a role, and note that it was there."""
        for arrays in (self.vectors, self._stores, self._room):
            arrays.pop(role, None)
        self.deleted.add(role)

    def create(self, role: ArrayRole, n_rows: int, dimensions: int) -> None:
        """Make the array of a role, of zeros, and the biases that belong to it."""
        n_spare = role == "tree"
        n_all = n_rows + n_spare
        vectors = _allocate(n_all, dimensions, f"{n_all} rows of {dimensions} dimensions")
        self._add_store(role, vectors[:n_rows], np.zeros(n_rows, np.float32))
        if n_spare:
            self._room[role] = vectors

    def with_spare_row(self) -> np.ndarray | None:
        """Return the vectors of the tree with one more row, which is not used; None: no tree.

        The Huffman tree of n words has n - 1 inner nodes; gensim's matrix has n rows. The memory is
        that of the role ``tree``. An array that was loaded or set without a spare row is copied.

        Examples
        --------
        >>> matrices = Matrices()
        >>> matrices.create("tree", 2, 4)
        >>> matrices.with_spare_row().shape, matrices.vectors["tree"].shape
        ((3, 4), (2, 4))
        """
        tree = self.vectors.get("tree")
        if tree is None:
            return None
        if not self._has_spare_row(tree):
            self.grow("tree", len(tree))
        return self._room["tree"]

    def _has_spare_row(self, tree: np.ndarray) -> bool:
        """Return whether the vectors of the tree are the start of an array with one more row."""
        room = self._room.get("tree")
        is_same = room is not None and room.ctypes.data == tree.ctypes.data
        return is_same and len(self._room["tree"]) == len(tree) + 1

    def replace_tree(self, vectors: np.ndarray, n_nodes: int) -> None:
        """Use another array for the tree, whose rows after the first `n_nodes` are not used."""
        self.replace("tree", vectors[:n_nodes])
        self._room["tree"] = vectors

    def start_bias(self, value: float, n_old: int = 0) -> None:
        """Set the bias of all words, or of those after the first `n_old`, to `value`."""
        self.first_bias = value
        if self.layout.has_word_bias and self.bias is not None:
            self.bias[n_old:] = value
        elif self.layout.bias and not n_old:
            self.bias = np.array([value])

    def grow(self, role: ArrayRole, n_rows: int) -> None:
        """Append rows of zeros up to `n_rows`; the old rows keep their bytes."""
        old, old_bias = self.vectors[role], self.bias
        self.create(role, n_rows, old.shape[1])
        self.vectors[role][: len(old)] = old
        if self.bias is not old_bias and self.bias is not None and old_bias is not None:
            self.bias[: len(old)] = old_bias

    def outdate(self) -> None:
        """Note that the rows of subwords, if there are such, are newer than the input vectors."""
        self._composed_store(ComposedStore.outdate)

    def absorb(self) -> None:
        """Change the rows of subwords, if there are such, to make the present input vectors."""
        self._composed_store(ComposedStore.absorb)

    def pass_on(self) -> None:
        """Do as `absorb`, unless the rows of subwords were trained since the vectors were set."""
        self._composed_store(ComposedStore.pass_on)

    def _composed_store(self, method: Callable[[ComposedStore], None]) -> None:
        if self.subwords is not None and self.trainable("input") is not None:
            store = self._stores["input"]
            assert isinstance(store, ComposedStore)
            method(store)

    def stored(self, role: ArrayRole) -> np.ndarray | None:
        """Return the array with the vectors of a role, before signs are flipped; None: no role."""
        name = self.layout.array_of(role)
        if name == "input":
            self.settle()
        return self.vectors.get(name)

    def signs(self, role: ArrayRole) -> np.ndarray | None:
        """Return the signs by which the stored vectors of a role are multiplied; None: all 1."""
        vectors = self.stored(role)
        if role != "output" or vectors is None or not self.layout.n_flipped(vectors.shape[1]):
            return None
        return self.layout.signs(vectors.shape[1])

    def in_role(self, role: ArrayRole) -> np.ndarray | None:
        """Return the vectors of a role as they enter scores, shape (n, dimensions).

        With flipped signs that is a read-only copy. None if there is no such role.
        """
        vectors, signs = self.stored(role), self.signs(role)
        if vectors is None or signs is None:
            return vectors
        flipped: np.ndarray = vectors * signs
        flipped.flags.writeable = False
        return flipped

    def newest(self, role: ArrayRole) -> np.ndarray | None:
        """Return the array of a role to save, also while it is trained; no copy is made.

        Input vectors that are made of subwords are not among them: their rows are saved.
        """
        store = self._stores.get(role)
        return self.vectors.get(role) if store is None else store.newest

    @property
    def are_trained(self) -> bool:
        """Whether kernels train the input vectors now, in rows of their own."""
        store = self._stores.get("input")
        return store is not None and store.are_trained

    @property
    def newest_bias(self) -> np.ndarray | None:
        """The bias to save, also while it is trained."""
        store = self._stores.get("input")
        if store is None or not self.layout.has_word_bias or not self._has_store("input"):
            return self.bias
        bias: np.ndarray = store.newest_columns[0]
        return bias

    def rows(self, role: ArrayRole) -> np.ndarray | None:
        """Copy the array of a role, as it is now, to the rows that kernels train.

        Returns
        -------
        ndarray of float32, shape (n, a multiple of 16), or None
            Always the same rows until `release`, unless the array is replaced. None if there is no
            such role.
        """
        role = self.layout.array_of(role)
        return None if self.trainable(role) is None else self._stores[role].spread()

    def trainable(self, role: ArrayRole) -> np.ndarray | None:
        """Return the array of a role, replaced by a copy if kernels can't train it."""
        vectors = self.vectors.get(role)
        if vectors is not None and not self._has_store(role):
            self._make_store(role, vectors)
        return self.vectors.get(role)

    def spread(self) -> None:
        """Copy all arrays and biases, as they are now, to the rows that kernels train."""
        for store in self._stores.values():
            if store.rows is not None:
                store.spread()

    def collect(self) -> None:
        """Copy what the kernels have trained back to the arrays and biases."""
        for store in self._stores.values():
            store.collect()

    def release(self) -> None:
        """Collect, and free the rows of the kernels.

        With subwords, of which there are many, the peak of memory matters more: rows are freed some
        at a time, and input vectors that nobody has read are computed when they are (`settle`).
        """
        for store in self._stores.values():
            if self.subwords is None or isinstance(store, ComposedStore):
                store.release()
            else:
                store.release_by_blocks()

    def settle(self) -> None:
        """Compute the input vectors if the rows that make them have been trained since.

        While the rows are trained, the vectors are those of the last `collect`.
        """
        store = self._stores.get("input")
        if isinstance(store, ComposedStore) and store.rows is None:
            store.collect()

    def _make_store(self, role: ArrayRole, vectors: np.ndarray) -> None:
        """Make the store of an array that was loaded or replaced.

        The array itself is trained if it is float32, C-contiguous and writable; otherwise a copy.
        That of the tree must have a spare row too, so that `with_spare_row` needs no copy later.
        """
        is_fit = vectors.dtype == np.float32 and vectors.flags.c_contiguous
        is_fit = is_fit and (role != "tree" or self._has_spare_row(vectors))
        if not (is_fit and vectors.flags.writeable and vectors.dtype.isnative):
            self.grow(role, len(vectors))
        else:
            self._add_store(role, vectors, self.bias)

    def _add_store(self, role: ArrayRole, vectors: np.ndarray, bias: np.ndarray | None) -> None:
        """Make the store of the array of a role; the input role has columns for biases."""
        n_columns = self.layout.n_bias_columns if role == "input" else 0
        columns = np.zeros((n_columns, len(vectors)), np.float32)
        store = RowStore(vectors, columns)
        if role == "input" and self.subwords is not None:
            has_bias = self.layout.has_word_bias
            store = ComposedStore(vectors, columns, self.subwords, has_bias)
        self._stores[role], self.vectors[role] = store, vectors
        if n_columns and self.layout.ones_column is not None:
            store.columns[self.layout.ones_column] = 1
        if n_columns and self.layout.has_word_bias and bias is not None:
            store.columns[0] = bias
            self.bias = store.columns[0]

    def _has_store(self, role: ArrayRole) -> bool:
        """Return whether the array of a role, and its biases, are those of its store."""
        store = self._stores.get(role)
        if store is None:
            return False
        if role == "input" and getattr(store, "source", None) is not self.subwords:
            return False
        if role == "input" and self.layout.has_word_bias:
            bias = None if self.bias is None else self.bias.__array_interface__
            if bias != store.columns[0].__array_interface__:  # other memory, shape or dtype
                return False
        return self.vectors[role] is store.vectors

    def __getstate__(self) -> dict[str, Any]:
        # The subwords belong to the `KeyedVectors`, from which `sync_matrices` gets them.
        return vars(self) | {"_stores": {}, "_room": {}, "subwords": None}


class ColumnBlock:
    """Some of the columns of two matrices, which kernels train as two matrices of their own.

    The columns of a model are cut into blocks, each trained on other examples. Its scores are the
    mean of the scores of the blocks. A block therefore trains its part of the output matrix times
    the number of blocks, a power of 2, so that no digit is lost.

    Parameters
    ----------
    arrays : Matrices
        Two matrices without biases.
    columns : slice
    n_blocks : int
        A power of 2.

    Examples
    --------
    >>> arrays = Matrices({"input": np.ones((3, 8), np.float32)})
    >>> arrays.create("output", 3, 8)
    >>> block = ColumnBlock(arrays, slice(4, 8), n_blocks=2)
    >>> block.rows("output")[:, 0] = 5
    >>> block.release()
    >>> arrays.vectors["output"][0].tolist()
    [0.0, 0.0, 0.0, 0.0, 2.5, 0.0, 0.0, 0.0]
    """

    layout = MatrixLayout()

    def __init__(self, arrays: Matrices, columns: slice, n_blocks: int) -> None:
        self._stores: dict[ArrayRole, RowStore] = {}
        scales: dict[ArrayRole, float] = {"input": 1, "output": n_blocks}
        for role, scale in scales.items():
            array = arrays.trainable(role)
            assert array is not None
            none = np.empty((0, len(array)), np.float32)
            self._stores[role] = RowStore(array[:, columns], none, scale)
        self.n_dimensions = self._stores["input"].vectors.shape[1]

    def rows(self, role: ArrayRole) -> np.ndarray:
        """Copy the columns of a role, as they are now, to the rows that kernels train."""
        return self._stores[role].spread()

    def spread(self) -> None:
        """Copy the columns, as they are now, to the rows that kernels train."""
        for store in self._stores.values():
            store.spread()

    def collect(self) -> None:
        """Copy what the kernels have trained back to the arrays."""
        for store in self._stores.values():
            store.collect()

    def release(self) -> None:
        """Collect, and free the rows of the kernels."""
        for store in self._stores.values():
            store.release()


def pad(vectors: np.ndarray) -> np.ndarray:
    """Return float32 rows with the padding of the kernels, to read; a copy if they are changed.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)

    Returns
    -------
    ndarray of float32, shape (n, padded(d))
    """
    if vectors.shape[1] == padded(vectors.shape[1]) and vectors.flags.c_contiguous:
        return vectors
    rows = allocate_rows(*vectors.shape)
    rows[:, : vectors.shape[1]] = vectors
    return rows


def randomize(vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Fill with uniform random numbers from [-1/d, 1/d), as gensim does; in place.

    Half of that range, as in word2vec.c, gave lower scores.
    """
    n_rows, dimensions = vectors.shape
    block = max(1, RANDOM_BLOCK // dimensions)
    for start in range(0, n_rows, block):
        rows = vectors[start : start + block]
        rows[:] = (2 * rng.random(rows.shape, np.float32) - np.float32(1)) / np.float32(dimensions)


def array_bytes(dimensions: int, n_columns: int = 0) -> int:
    """Return the bytes per row of an array in the layout of users, and of its columns."""
    return 4 * (dimensions + n_columns)


def copy_bytes(dimensions: int, n_columns: int = 0) -> int:
    """Return the bytes per row of the kernels' copy of an array; 0 if they train the array."""
    return 0 if has_one_layout(dimensions, n_columns) else 4 * padded(dimensions + n_columns)
