"""KnownLinks: the links that a model has learned from, so that it recommends others."""

from typing import NamedTuple

import numpy as np

from fastsgns.graph.digraph import DirectedGraph


class KnownLinks(NamedTuple):
    """Links as compressed rows, each link once, with the ids of sources and targets.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_sources + 1,)
        The targets of source i are ``targets[offsets[i]:offsets[i + 1]]``.
    targets : ndarray of int32, shape (n_links,)
        Ascending for each source.

    Examples
    --------
    >>> links = KnownLinks.of_pairs(np.array([1, 0, 1]), np.array([2, 5, 2]), n_sources=3)
    >>> links.offsets.tolist(), links.targets.tolist()
    ([0, 1, 2, 2], [5, 2])
    """

    offsets: np.ndarray
    targets: np.ndarray

    def __repr__(self) -> str:
        return f"<KnownLinks: {len(self.targets)} links of {len(self.offsets) - 1} sources>"

    @classmethod
    def of_pairs(cls, sources: np.ndarray, targets: np.ndarray, n_sources: int) -> "KnownLinks":
        """Make them from pairs in any order; a pair may be given several times."""
        keys = np.sort(sources.astype(np.int64) << 32 | targets)  # faster than np.unique
        keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
        first_keys = np.arange(n_sources + 1, dtype=np.int64) << 32
        offsets = np.searchsorted(keys, first_keys).astype(np.int64)
        return cls(offsets, (keys & 0xFFFFFFFF).astype(np.int32))

    @classmethod
    def of_graph(cls, graph: DirectedGraph) -> "KnownLinks":
        """Return the edges of a graph; the arrays are shared unless the edges have times."""
        if graph.times is None:
            return cls(graph.out_offsets, graph.out_targets)
        return cls.of_pairs(graph.out_sources, graph.out_targets, graph.n_nodes)

    @property
    def sources(self) -> np.ndarray:
        """The source of each link, beside `targets`; int32."""
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))

    def targets_of(self, source: int) -> np.ndarray:
        """Return the targets of a source."""
        return self.targets[self.offsets[source] : self.offsets[source + 1]]

    def moved(self, sources: np.ndarray, targets: np.ndarray) -> "KnownLinks":
        """Return the links after the rows of sources and targets were moved.

        Parameters
        ----------
        sources, targets : ndarray of int
            For each new row of a source or a target, the old row, or -1 for a new name. Links of
            rows that are gone are dropped.
        """
        n_targets = max(int(self.targets.max(initial=-1)), int(targets.max(initial=-1))) + 1
        new_sources = _new_ids(sources, len(self.offsets) - 1)[self.sources]
        new_targets = _new_ids(targets, n_targets)[self.targets]
        is_kept = (new_sources >= 0) & (new_targets >= 0)
        return KnownLinks.of_pairs(new_sources[is_kept], new_targets[is_kept], len(sources))

    def with_pairs(self, sources: np.ndarray, targets: np.ndarray) -> "KnownLinks":
        """Return these links and further ones."""
        both = np.append(self.sources, sources), np.append(self.targets, targets)
        return KnownLinks.of_pairs(*both, len(self.offsets) - 1)


def _new_ids(origin: np.ndarray, n_old: int) -> np.ndarray:
    """Return the new position of each old row, or -1, where new row i was row ``origin[i]``."""
    ids = np.full(n_old, -1, np.int32)
    kept = np.flatnonzero(origin >= 0)
    ids[origin[kept]] = kept
    return ids
