"""The cost of a round of training on several nodes: a model with few parameters.

`fastsgns.distributed` trains in rounds. Each node has a copy of the model, and owns an Nth of its
rows, of which it makes the next state. In a round each of N nodes trains T tokens. It has these
steps:

1. A node trains a replica of the r rows that its tokens touch.
2. It sends the changes of these rows to their owners (reduce-scatter).
3. The owners merge the changes that they received.
4. The owners send the merged rows to all nodes (gather), which write them to their copies.

r is a function of T, which is measured on the ids of a text (`bench.touches`). All nodes together
touch the u rows that N T tokens touch.

**Bytes.** The rows that a node owns do not travel to it. In step 2 it sends ``r (N - 1) / N``
changes of `pushed` bytes. It owns ``u / N`` of the merged rows, and sends each of them to N - 1
nodes in step 4, with `fetched` bytes. So it sends

    (N - 1) / N * (r * pushed + u * fetched)

bytes, and receives as many, because what one node sends another one receives. This assumes that the
rows are spread evenly over the owners. If row i belongs to node i mod N, they are. If a node owns a
range of rows, they are not: rows are numbered by frequency, and all nodes touch the frequent rows,
so that the first owner receives most of the changes.

**Time.** Steps 2 and 4 take a latency each. A full-duplex link of B bits per second sends and
receives at the same time. With k tokens per second and core, c cores, and m merged rows per second
and core, a round takes

    compute  = T / (c k)
    exchange = 8 * bytes / B + 2 * latency    (0 with one node)
    merge    = (r + u) / (c m)                (0 with one node)

An owner merges r changes, because N nodes have r each, and it owns an Nth of them. Each node then
writes u rows, which is taken to be as fast. The steps follow one another. What could overlap is not
counted.

**Epoch.** An epoch of E tokens has ``R = E / (N T)`` rounds, which is the number of merges. One
node without rounds and replicas trains a tokens per second and core, and takes ``E / (c a)``. The
speed-up is that divided by ``R`` times the time of a round:

    N * T / (c a) / (compute + exchange + merge)

**Merges that a network affords.** r grows more slowly than T, because words repeat. So the share of
exchange and merge falls with T. The largest number of merges per epoch with

    exchange + merge <= share * compute

therefore belongs to the smallest such T, which bisection finds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fastsgns.kernels.objective import SIMD_PAD

ID_BYTES, LOAD_BYTES = 4, 4
MESSAGES = 2  # that follow one another in a round
NUMBER_BYTES = {"float32": 4, "bfloat16": 2}
RowsOf = Callable[[float], float]  # touched rows of a number of tokens


class RowBytes(NamedTuple):
    """Bytes that travel for each touched row.

    Attributes
    ----------
    pushed : int
        A change, with the number and the load of the row.
    fetched : int
        A merged row, with its number.
    """

    pushed: int
    fetched: int

    @classmethod
    def of(cls, n_dimensions: int, dtype: str) -> "RowBytes":
        """Return the bytes of rows of `n_dimensions` numbers of a type, which travel with padding.

        Examples
        --------
        >>> RowBytes.of(100, "bfloat16")
        RowBytes(pushed=232, fetched=228)
        """
        n_bytes = -(-n_dimensions // SIMD_PAD) * SIMD_PAD * NUMBER_BYTES[dtype]
        return cls(n_bytes + ID_BYTES + LOAD_BYTES, n_bytes + ID_BYTES)


@dataclass(frozen=True)
class Cluster:
    """Nodes of one kind and the network between them.

    Parameters
    ----------
    n_nodes : int
    tokens_per_second : float
        Tokens of the text that a node trains per second on a replica, with all of its cores.
    alone_per_second : float
        The same without replicas, which is the speed of one node alone.
    merged_per_second : float
        Rows of changes that a node merges per second, with all of its cores.
    bits_per_second : float
        Of the link of a node, in each direction.
    latency : float
        Seconds from the sending of an empty message to its arrival.
    row_bytes : RowBytes
    """

    n_nodes: int
    tokens_per_second: float
    alone_per_second: float
    merged_per_second: float
    bits_per_second: float
    latency: float
    row_bytes: RowBytes


class RoundCost(NamedTuple):
    """Seconds of a round, and the bytes that each node sends; it receives as many."""

    compute: float
    exchange: float
    merge: float
    n_bytes: float

    @property
    def seconds(self) -> float:
        """Seconds of the whole round."""
        return self.compute + self.exchange + self.merge

    @property
    def share(self) -> float:
        """The part of the round that is not computing."""
        return (self.exchange + self.merge) / self.seconds


def cost_of(cluster: Cluster, n_tokens: float, rows_of: RowsOf) -> RoundCost:
    """Compute the cost of a round in which each node trains `n_tokens`.

    Parameters
    ----------
    cluster : Cluster
    n_tokens : float
    rows_of : callable
        Touched rows of a number of tokens.

    Examples
    --------
    >>> ten_gbit = Cluster(4, 4e6, 4e6, 1e7, 10e9, 0.001, RowBytes(pushed=456, fetched=452))
    >>> cost = cost_of(ten_gbit, 1e6, lambda n_tokens: 100 * n_tokens**0.5)
    >>> cost.compute, round(cost.exchange, 4), round(cost.merge, 4), f"{cost.n_bytes:,.0f}"
    (0.25, 0.0836, 0.03, '102,000,000')
    """
    compute, n_nodes = n_tokens / cluster.tokens_per_second, cluster.n_nodes
    if n_nodes == 1:
        return RoundCost(compute, 0.0, 0.0, 0.0)
    n_rows, n_merged = rows_of(n_tokens), rows_of(n_nodes * n_tokens)
    pushed, fetched = cluster.row_bytes
    n_bytes = (n_rows * pushed + n_merged * fetched) * (n_nodes - 1) / n_nodes
    exchange = 8 * n_bytes / cluster.bits_per_second + MESSAGES * cluster.latency
    return RoundCost(compute, exchange, (n_rows + n_merged) / cluster.merged_per_second, n_bytes)


def speedup(cluster: Cluster, n_tokens: float, cost: RoundCost) -> float:
    """Return how many times faster than one node alone rounds of `n_tokens` per node are.

    Examples
    --------
    >>> four = Cluster(4, 1000, 1500, 1, 1, 0, RowBytes(0, 0))
    >>> speedup(four, 3000, RoundCost(compute=3.0, exchange=0.75, merge=0.25, n_bytes=0))
    2.0
    """
    alone = cluster.n_nodes * n_tokens / cluster.alone_per_second
    return alone / cost.seconds


def merges_afforded(
    cluster: Cluster, rows_of: RowsOf, n_epoch_tokens: float, share: float = 1.0
) -> int:
    """Return the largest number of merges per epoch that takes at most `share` times the computing.

    It is 0 if not even one merge per epoch is that short.

    Parameters
    ----------
    cluster : Cluster
        Of two or more nodes.
    rows_of : callable
        Touched rows of a number of tokens. It must grow, and more slowly than the tokens.
    n_epoch_tokens : float
        Tokens of an epoch, of all nodes together.
    share : float

    Examples
    --------
    >>> row_bytes = RowBytes(pushed=1000, fetched=0)
    >>> two = Cluster(2, 1e6, 1e6, math.inf, 8e6, 0, row_bytes)  # a byte per token
    >>> merges_afforded(two, lambda n_tokens: 100 * n_tokens**0.5, n_epoch_tokens=2e10)
    4
    """
    if cluster.n_nodes < 2:
        raise ValueError("one node has nothing to merge; give a cluster of two or more nodes")

    def is_afforded(n_merges: int) -> bool:
        n_tokens = n_epoch_tokens / cluster.n_nodes / n_merges
        cost = cost_of(cluster, n_tokens, rows_of)
        return cost.exchange + cost.merge <= share * cost.compute

    low, high = 0, 1  # `low` is afforded, and `high` is not
    while is_afforded(high) and high < n_epoch_tokens:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_afforded(middle) else (low, middle)
    return low


class Curve:
    """Touched rows by tokens: measured points, and straight lines between their logarithms.

    Before the first point, the rows are those of the first point in proportion to the tokens.
    After the last point, the last line goes on.

    Parameters
    ----------
    n_tokens, n_rows : sequence of float
        Two or more points, with ascending positive tokens.

    Examples
    --------
    >>> curve = Curve([100, 10_000], [50, 500])
    >>> curve(10), round(curve(1000), 1), curve(10_000)
    (5.0, 158.1, 500.0)
    """

    def __init__(self, n_tokens: Sequence[float], n_rows: Sequence[float]) -> None:
        self.x, self.y = np.log(n_tokens), np.log(n_rows)

    def __call__(self, n_tokens: float) -> float:
        """Return the rows that `n_tokens` touch."""
        x = math.log(n_tokens)
        if x <= self.x[0]:
            return round(math.exp(x - self.x[0] + self.y[0]), 6)
        i = min(int(np.searchsorted(self.x, x)), len(self.x) - 1)
        slope = (self.y[i] - self.y[i - 1]) / (self.x[i] - self.x[i - 1])
        return round(math.exp(self.y[i] + slope * (x - self.x[i])), 6)
