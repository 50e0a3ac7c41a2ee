"""Attributes: the attributes of keys, some of which are computed when they are asked for."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.kernels.objective import Paths
from fastsgns.matrices import TreeWords

TREE_ATTRIBUTES = ("code", "point")
COUNT = "count"
N_SURE = 10  # words from which on no text has the counts n, n - 1, ..., 1


class Attributes(dict[str, Any]):
    """Arrays of one value per key, by the name of the attribute.

    If the keys have a Huffman tree (`has_tree`) and counts, the names ``"code"`` and ``"point"``
    are present too: arrays of objects, which hold the path to each word as in gensim. They are
    computed from the counts when they are asked for, so that they always fit them. `stored` leaves
    them out.

    Parameters
    ----------
    items : mapping of str to ndarray
    has_tree : bool
        Whether ``"code"`` and ``"point"`` are present.
    tree : TreeWords, optional
        A tree that another program has made.
    is_made_up : bool
        Whether the counts are those that gensim gives to the words of files without counts.

    Attributes
    ----------
    n_keys : int or None
        The number of keys, which a new attribute must have. One that is there may be set to another
        length: programs that remove keys often change the attributes first.

    Examples
    --------
    >>> attributes = Attributes({"count": np.array([5, 2, 1])}, has_tree=True)
    >>> [code.tolist() for code in attributes["code"]]
    [[1], [0, 1], [0, 0]]
    >>> [point.tolist() for point in attributes["point"]]
    [[1], [1, 0], [1, 0]]
    >>> "point" in attributes, list(attributes), list(attributes.stored())
    (True, ['count', 'code', 'point'], ['count'])
    """

    def __init__(
        self,
        items: Mapping[str, Any] = {},
        has_tree: bool = False,
        tree: TreeWords | None = None,
        is_made_up: bool = False,
    ) -> None:
        super().__init__(items)
        self.has_tree, self._tree = has_tree, tree
        self._is_made_up = is_made_up
        self._counted: set[Any] = set()  # keys whose made-up count has been replaced
        self.n_keys: int | None = None
        # The paths that were computed last, and the counts they are of
        self._computed: tuple[np.ndarray, dict[str, np.ndarray]] | None = None

    def set_tree(self, has_tree: bool, tree: TreeWords | None) -> None:
        """Set whether the keys have a Huffman tree; `tree` is one that another program made."""
        if tree is not self._tree:
            self._tree, self._computed = tree, None
        self.has_tree = has_tree
        if has_tree:
            for name in TREE_ATTRIBUTES:  # of a model that the vectors have left
                self.pop(name, None)

    @property
    def has_made_up_counts(self) -> bool:
        """Whether the counts are made up; setting them ends that."""
        return self._is_made_up and super().__contains__(COUNT)

    def mark_made_up(self, is_made_up: bool = True) -> None:
        """State whether the counts are made up."""
        self._is_made_up, self._counted = is_made_up, set()

    def mark_counted(self, keys: Iterable[Any]) -> None:
        """State that the counts of some keys have been set; those of all keys are real then."""
        if self._is_made_up:
            self._counted.update(keys)
            self._is_made_up = len(self._counted) < (self.n_keys or 0)

    def rearrange(self, name: str, values: Any) -> None:
        """Set an attribute whose values have moved together with the keys."""
        super().__setitem__(name, values)

    def update(self, *items: Any, **more: Any) -> None:
        """Set several attributes."""
        given = dict(*items, **more)
        if COUNT in given:
            self.mark_made_up(any(getattr(part, "has_made_up_counts", False) for part in items))
        super().update(given)

    def __ior__(self, items: Any) -> "Attributes":  # type: ignore[override,misc]
        self.update(items)
        return self

    def __setitem__(self, name: str, values: Any) -> None:
        n_values = np.shape(values)[0] if np.ndim(values) else None
        if self.n_keys and n_values != self.n_keys and not super().__contains__(name):
            seen = "one value" if n_values is None else f"{n_values} values"
            raise ValueError(
                f"the new attribute {name!r} has {seen}, and there are {self.n_keys} keys; "
                f"expected is an array with a value per key. set_vecattr(key, {name!r}, value) "
                "sets the value of one key"
            )
        super().__setitem__(name, values)
        if name == COUNT:
            self.mark_made_up(False)

    def with_items(self, items: Mapping[str, Any]) -> "Attributes":
        """Return attributes of other arrays, of keys with the same tree."""
        computed = TREE_ATTRIBUTES if self.has_tree else ()
        kept = {name: values for name, values in items.items() if name not in computed}
        return Attributes(kept, self.has_tree, self._tree)

    def stored(self) -> dict[str, Any]:
        """Return the attributes that are not computed."""
        return dict(super().items())

    def __reduce__(self) -> Any:
        return Attributes, (self.stored(), self.has_tree, self._tree, self._is_made_up)

    def copy(self) -> "Attributes":
        """Return other attributes, of the same arrays."""
        return Attributes(self.stored(), self.has_tree, self._tree, self._is_made_up)

    def __missing__(self, name: str) -> np.ndarray:
        if not self._is_computed(name):
            raise KeyError(name)
        counts = np.asarray(self["count"])
        computed = self._computed  # another thread may replace it
        if computed is None or not np.array_equal(counts, computed[0]):
            computed = self._computed = counts.copy(), columns_of(self._paths_of(counts))
        return computed[1][name]

    def _paths_of(self, counts: np.ndarray) -> Paths:
        tree = self._tree
        if tree is not None and tree.paths is not None and np.array_equal(counts, tree.counts):
            return tree.paths
        return sampling.huffman_paths(counts)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._is_computed(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, also one that is computed, or `default`."""
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        yield from filter(self._is_computed, TREE_ATTRIBUTES)

    def __len__(self) -> int:
        return super().__len__() + sum(map(self._is_computed, TREE_ATTRIBUTES))

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """Return the names, also of those that are computed."""
        return KeysView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the arrays."""
        return ValuesView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return the names and arrays."""
        return ItemsView(self)

    def _is_computed(self, name: object) -> bool:
        return (
            name in TREE_ATTRIBUTES
            and self.has_tree
            and super().__contains__("count")
            and not super().__contains__(name)
        )


def look_made_up(counts: np.ndarray) -> bool:
    """Return whether counts of another program, which has no mark, look as if they were made up.

    They are m, m - 1, ..., 1 then, and 0 for words that have been added.

    Examples
    --------
    >>> look_made_up(np.arange(12, 0, -1)), look_made_up(np.array([2, 1]))
    (True, False)
    """
    n_counted = int(np.count_nonzero(counts))
    first = np.asarray(counts)[:n_counted]
    return n_counted >= N_SURE and np.array_equal(first, np.arange(n_counted, 0, -1))


def columns_of(paths: Paths) -> dict[str, np.ndarray]:
    """Return the branches and the inner nodes from the root to each word, as gensim stores them."""
    codes = 1 - paths.labels[: len(paths.nodes)]  # the label is 1 for branch 0
    return {
        "code": split(codes, paths.starts, np.uint8),
        "point": split(paths.nodes, paths.starts, np.uint32),
    }


def split(numbers: np.ndarray, starts: np.ndarray, dtype: Any) -> np.ndarray:
    """Return an array of arrays: the numbers from each start to the next.

    Examples
    --------
    >>> [part.tolist() for part in split(np.array([5, 6, 7]), np.array([0, 1, 3]), np.uint8)]
    [[5], [6, 7]]
    """
    parts = np.empty(len(starts) - 1, object)
    for place, part in enumerate(np.split(np.array(numbers, dtype), starts[1:-1])):
        parts[place] = part
    return parts
