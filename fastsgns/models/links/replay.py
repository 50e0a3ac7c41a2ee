"""ReplayedPairs: new pairs, and known pairs of the same sources, in their former proportion."""

import numpy as np

from fastsgns.models.links.known import KnownLinks
from fastsgns.training.examples import ChunkPlace, PairChunks, Pairs


class ReplayedPairs(PairChunks):
    """New pairs, some of which are replaced by known pairs of the same source.

    A pair of a source with m known and n new pairs is replaced with the probability m / (m + n). A
    source thus keeps the probabilities of its targets. Training on the new pairs alone would make
    the scores of new targets too high: they would get all of their positive pairs, but only as many
    negative samples as there are for the new pairs.

    Parameters
    ----------
    sources, targets : ndarray of int, shape (n,)
        New pairs.
    known : KnownLinks
        Known links of all sources, without the new pairs. Those of a source are equally probable.
    counts : ndarray of float, shape (n_sources,)
        Number of known pairs of each source, in which repeated pairs count.

    Examples
    --------
    >>> known = KnownLinks.of_pairs(np.array([0, 0, 0]), np.array([0, 1, 2]), n_sources=2)
    >>> pairs = ReplayedPairs(np.array([0, 1]), np.array([3, 3]), known, np.array([3, 0]))
    >>> pairs.replaced.tolist()
    [0.75, 0.0]
    """

    def __init__(
        self, sources: np.ndarray, targets: np.ndarray, known: KnownLinks, counts: np.ndarray
    ) -> None:
        super().__init__(sources, targets)
        self.known = known
        n_known = np.diff(known.offsets)
        n_new = np.bincount(sources, minlength=len(n_known))
        replaced = counts / np.maximum(counts + n_new, 1)
        self.replaced = np.where(n_known > 0, replaced, 0.0)

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Pairs]:
        """Return what a chunk trains; see `fastsgns.training.examples.Chunks`."""
        sources = self.sources[place.start : place.stop]
        targets = self.drawn_targets(place, np.random.default_rng(stream))
        return [Pairs(sources, targets, stream)]

    def drawn_targets(self, place: ChunkPlace, rng: np.random.Generator) -> np.ndarray:
        """Return the targets of a chunk, some of which are replaced at random."""
        sources = self.sources[place.start : place.stop]
        targets = self.targets[place.start : place.stop].copy()
        is_replaced = rng.random(len(sources)) < self.replaced[sources]
        chosen = sources[is_replaced]
        first, last = self.known.offsets[chosen], self.known.offsets[chosen + 1]
        targets[is_replaced] = self.known.targets[rng.integers(first, last)]
        return targets
