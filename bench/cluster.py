"""Simulate rounds of training on several nodes, event by event.

The steps are those of `bench.rounds`, without its assumptions: each node has the rows that its own
tokens touch, each message its own length, and nobody waits for more than what it needs:

- A node trains when it has written the merged rows of all owners.
- An owner merges when the changes of all nodes have arrived.

A link carries one message at a time in each direction, so that a message waits until the link of
its sender and that of its receiver are free. Each node sends to the node after it first, then to
the one after that, and so on, and leaves out a receiver that is busy for the moment.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import NamedTuple

import numpy as np

from bench.rounds import Cluster


class NodeWork(NamedTuple):
    """What a node does in a round.

    Attributes
    ----------
    n_tokens : float
    rows_by_owner : ndarray of int, shape (n_nodes,)
        How many of the rows that it touches each node owns.
    """

    n_tokens: float
    rows_by_owner: np.ndarray


class Round(NamedTuple):
    """The work of a round.

    Attributes
    ----------
    works : sequence of NodeWork
        Of each node.
    merged_by_owner : ndarray of int, shape (n_nodes,)
        How many of the rows that any node touches each node owns.
    """

    works: Sequence[NodeWork]
    merged_by_owner: np.ndarray


class Events:
    """A clock, and functions that are called at their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._pending: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call a function when `seconds` have passed."""
        heapq.heappush(self._pending, (self.now + seconds, next(self._order), call))

    def run(self) -> None:
        """Call all functions in the order of their times."""
        while self._pending:
            self.now, _, call = heapq.heappop(self._pending)
            call()


class Message(NamedTuple):
    """Bytes for a node, and what happens when they have arrived."""

    target: int
    n_bytes: float
    arrived: Callable[[], None]


class Network:
    """Full-duplex links of the nodes of a cluster to a switch that is never busy."""

    def __init__(self, events: Events, cluster: Cluster) -> None:
        self.events, self.cluster = events, cluster
        nodes = range(cluster.n_nodes)
        self.waiting: list[dict[int, deque[Message]]] = [{} for _ in nodes]  # by target
        self.sends = [False for _ in nodes]
        self.receives = [False for _ in nodes]
        self.n_sent = [0.0 for _ in nodes]  # bytes

    def send(self, source: int, messages: Sequence[Message]) -> None:
        """Send messages of a node; those to itself arrive at once."""
        for message in messages:
            if message.target == source:
                self.events.after(0.0, message.arrived)
            else:
                self.waiting[source].setdefault(message.target, deque()).append(message)
                self.n_sent[source] += message.n_bytes
        self._start(source)

    def _start(self, source: int) -> None:
        """Begin the first waiting message of a node whose receiver is free, if there is one."""
        if not self.sends[source]:
            for target in self.waiting[source]:
                if not self.receives[target]:
                    self._begin(source, target)
                    return

    def _begin(self, source: int, target: int) -> None:
        message = self.waiting[source][target].popleft()
        if not self.waiting[source][target]:
            del self.waiting[source][target]
        self.sends[source] = self.receives[target] = True

        def end() -> None:
            self.sends[source] = self.receives[target] = False
            self.events.after(self.cluster.latency, message.arrived)
            self._start(source)
            self._receive(target)

        self.events.after(8 * message.n_bytes / self.cluster.bits_per_second, end)

    def _receive(self, target: int) -> None:
        """Begin a message that waits for this receiver, of the next node that sends nothing."""
        n_nodes = self.cluster.n_nodes
        for step in range(1, n_nodes):
            source = (target + step) % n_nodes
            if self.receives[target]:
                return
            if not self.sends[source] and target in self.waiting[source]:
                self._begin(source, target)


class Simulation:
    """The nodes of a cluster in some rounds.

    Parameters
    ----------
    cluster : Cluster
        Of two or more nodes.
    rounds : sequence of Round
    """

    def __init__(self, cluster: Cluster, rounds: Sequence[Round]) -> None:
        self.cluster, self.rounds = cluster, rounds
        self.events = Events()
        self.network = Network(self.events, cluster)
        self.n_pushed = [[0] * cluster.n_nodes for _ in rounds]  # changes that owners have
        self.n_fetched = [[0] * cluster.n_nodes for _ in rounds]  # owners whose rows nodes have

    def run(self) -> float:
        """Return the seconds until all nodes have the rows of the last round."""
        for node in range(self.cluster.n_nodes):
            self._train(node, 0)
        self.events.run()
        return self.events.now

    @property
    def bytes_sent(self) -> float:
        """Mean bytes that a node sent in a round."""
        return sum(self.network.n_sent) / len(self.network.n_sent) / len(self.rounds)

    def _train(self, node: int, n_round: int) -> None:
        if n_round < len(self.rounds):
            seconds = self.rounds[n_round].works[node].n_tokens / self.cluster.tokens_per_second
            self.events.after(seconds, lambda: self._push(node, n_round))

    def _send(
        self, node: int, n_bytes: Callable[[int], float], arrived: Callable[[int], None]
    ) -> None:
        """Send bytes to each node, beginning with the next one."""
        n_nodes = self.cluster.n_nodes
        targets = [(node + step) % n_nodes for step in range(1, n_nodes + 1)]
        self.network.send(
            node, [Message(each, n_bytes(each), partial(arrived, each)) for each in targets]
        )

    def _push(self, node: int, n_round: int) -> None:
        rows = self.rounds[n_round].works[node].rows_by_owner

        def arrived(owner: int) -> None:
            self.n_pushed[n_round][owner] += 1
            if self.n_pushed[n_round][owner] == self.cluster.n_nodes:
                self._merge(owner, n_round)

        pushed = self.cluster.row_bytes.pushed
        self._send(node, lambda owner: pushed * int(rows[owner]), arrived)

    def _merge(self, owner: int, n_round: int) -> None:
        n_rows = sum(int(work.rows_by_owner[owner]) for work in self.rounds[n_round].works)
        seconds = n_rows / self.cluster.merged_per_second
        self.events.after(seconds, lambda: self._scatter(owner, n_round))

    def _scatter(self, owner: int, n_round: int) -> None:
        merged = self.rounds[n_round].merged_by_owner

        def arrived(node: int) -> None:
            self.n_fetched[n_round][node] += 1
            if self.n_fetched[n_round][node] == self.cluster.n_nodes:
                seconds = int(merged.sum()) / self.cluster.merged_per_second
                self.events.after(seconds, lambda: self._train(node, n_round + 1))

        n_bytes = self.cluster.row_bytes.fetched * int(merged[owner])
        self._send(owner, lambda _: n_bytes, arrived)
