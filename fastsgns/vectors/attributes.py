"""Attributes: the attributes of keys, some of which are computed when they are asked for."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.kernels.objective import Paths
from fastsgns.matrices import TreeWords

TREE_ATTRIBUTES = ("code", "point")


class Attributes(dict[str, Any]):
    """Arrays of one value per key, by the name of the attribute.

    If the keys have a Huffman tree (`has_tree`) and counts, the names ``"code"`` and ``"point"``
    are present too: arrays of objects, which hold the path to each word as in gensim. They are
    computed from the counts when they are asked for, so that they always fit them. They are found
    by name, and are not among the items, so that no file holds them.

    Parameters
    ----------
    items : mapping of str to ndarray
    has_tree : bool
        Whether ``"code"`` and ``"point"`` are present.
    tree : TreeWords, optional
        A tree that another program has made.

    Examples
    --------
    >>> attributes = Attributes({"count": np.array([5, 2, 1])}, has_tree=True)
    >>> [code.tolist() for code in attributes["code"]]
    [[1], [0, 1], [0, 0]]
    >>> [point.tolist() for point in attributes["point"]]
    [[1], [1, 0], [1, 0]]
    >>> "point" in attributes, list(attributes)
    (True, ['count'])
    """

    def __init__(
        self, items: Mapping[str, Any] = {}, has_tree: bool = False, tree: TreeWords | None = None
    ) -> None:
        super().__init__(items)
        self.has_tree, self._tree = has_tree, tree
        self._counts: np.ndarray | None = None  # of the paths that were computed last
        self._paths: dict[str, np.ndarray] = {}

    def set_tree(self, has_tree: bool, tree: TreeWords | None) -> None:
        """Set whether the keys have a Huffman tree; `tree` is one that another program made."""
        if tree is not self._tree:
            self._tree, self._counts = tree, None
        self.has_tree = has_tree

    def __reduce__(self) -> Any:
        return Attributes, (dict(self), self.has_tree, self._tree)

    def copy(self) -> "Attributes":
        """Return other attributes, of the same arrays."""
        return Attributes(self, self.has_tree, self._tree)

    def __missing__(self, name: str) -> np.ndarray:
        if not self._is_computed(name):
            raise KeyError(name)
        counts = np.asarray(self["count"])
        if self._counts is None or not np.array_equal(counts, self._counts):
            self._paths, self._counts = columns_of(self._paths_of(counts)), counts.copy()
        return self._paths[name]

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

    def _is_computed(self, name: object) -> bool:
        return name in TREE_ATTRIBUTES and self.has_tree and super().__contains__("count")


def columns_of(paths: Paths) -> dict[str, np.ndarray]:
    """Return the branches and the inner nodes from the root to each word, as gensim stores them."""
    codes = (1 - paths.labels[: len(paths.nodes)]).astype(np.uint8)  # the label is 1 for branch 0
    columns: dict[str, np.ndarray] = {"code": codes, "point": paths.nodes.astype(np.uint32)}
    found = {}
    for name, numbers in columns.items():
        found[name] = np.empty(len(paths.starts) - 1, object)
        for word, part in enumerate(np.split(numbers, paths.starts[1:-1])):
            found[name][word] = part
    return found
