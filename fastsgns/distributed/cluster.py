"""Cluster: the nodes that take part, each a Ray actor, and what happens when one is lost.

A cluster is joined as it is, and nothing of it is changed. Where there is none, a small one is
started on this machine, and stopped at the end.
"""

import logging
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from fastsgns.distributed.losses import Losses
from fastsgns.distributed.node import Node
from fastsgns.distributed.transport import Transport
from fastsgns.errors import NodesLostError
from fastsgns.runtime import environment
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.packages import need

logger = logging.getLogger(__name__)

ADVICE = (
    "training on several machines needs the package ray: pip install fastsgns[distributed] (there "
    "is none for Python 3.15 and for free-threaded builds yet)"
)
LOCAL_STORE_BYTES = 200 << 20  # Ray's memory for messages, of a cluster that is started here
MOST_PORT = 65535
CONNECT_SECONDS = 10.0  # for a cluster to accept a connection, and to answer
# What a client of HTTP/2, and so of gRPC, says first: a preface, and a frame of no settings.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
FRAME_TYPE, SETTINGS = 3, b"\x04"  # where a frame has its type; that of a server's first frame
TLS_ALERT = 0x15  # the first byte of an alert
TICK_SECONDS = 0.1
START_SECONDS = 120.0  # for an actor to start
LONG_SECONDS = 30.0  # after which training begins without those that have not started
UNAVAILABLE_SECONDS = 60.0  # for a node that does not answer to come back
TRY_SECONDS = 5.0  # to wait for one answer
MOST_REPEATS = 3  # of a round that failed although no node was lost
MOST_LOSSES = 3  # of actors of one machine, which is not used any more after them


class NodeLost(Exception):
    """A node is lost: what was asked of the nodes is to be asked of those that are left."""


def nothing() -> None:
    """Report nothing."""


@contextmanager
def joined(
    address: str | None, n_nodes: int | None, report: Callable[[], object] = nothing
) -> Iterator[Any]:
    """Join a cluster, or start one, and yield the module ray; leave what was joined or started.

    Parameters
    ----------
    address : str or None
        "local" is a new cluster on this machine. "auto" is the cluster that runs on this machine.
        Others are as for ``ray.init``. None: the cluster that this process has joined, that
        RAY_ADDRESS names, or that runs on this machine; or else a new one.
    n_nodes : int or None
        A cluster that is started here has a processor for each, at least.
    report : callable
        Called before what takes seconds: joining or starting a cluster, and then its nodes.
    """
    ray = need("ray", ADVICE)
    report()
    if ray.is_initialized():
        yield ray
        return
    quiet = {"log_to_driver": False, "configure_logging": False}
    address = _address_or_default(address)
    is_new = address == "local"
    with _signals_kept():
        if not is_new:
            is_new = not _join(ray, address, quiet)
        if is_new:
            logger.info("starting a Ray cluster on this machine")
            ray.init(
                "local", num_cpus=max(n_cores(), n_nodes or 1), include_dashboard=False,
                object_store_memory=LOCAL_STORE_BYTES, **quiet,
            )  # fmt: skip
    try:
        yield ray
    finally:
        ray.shutdown()


def _join(ray: Any, address: str | None, quiet: Mapping[str, bool]) -> bool:
    """Join a cluster, and return whether there is one; an address must have one."""
    check_address(address)
    try:
        ray.init(address or "auto", **quiet)
    except ConnectionError as error:
        if address is not None:
            raise _no_answer(address) from error
        return False
    return True


def check_cluster(address: str | None) -> None:
    """Check that Ray is installed, and the address at which `joined` would join a cluster.

    Raises
    ------
    ImportError
        If Ray is not installed.
    TypeError, ValueError, ConnectionError
        As of `check_address`.
    """
    if not need("ray", ADVICE).is_initialized():
        check_address(_address_or_default(address))


def _address_or_default(address: str | None) -> str | None:
    return address or environment.value_of(environment.RAY_ADDRESS) or None


def check_address(address: str | None) -> None:
    """Raise an error if an address is wrong, or no server of gRPC, such as Ray's, answers there.

    Ray itself tries for more than five minutes, and logs a warning every few seconds.

    Raises
    ------
    TypeError, ValueError
        If it has another form than HOST:PORT.
    ConnectionError
        If no program accepts connections there, or it is another one.

    Examples
    --------
    >>> check_address("node1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: address is 'node1'; allowed are HOST:PORT, as `ray start --head` prints it, ...
    """
    if address in (None, "auto", "local"):
        return
    if not isinstance(address, str):
        raise TypeError(f"address is {address!r:.80}, a {type(address).__name__}; give a string")
    if "://" in address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MOST_PORT:
        raise ValueError(
            f"address is {address!r:.80}; allowed are HOST:PORT, as `ray start --head` prints it, "
            "'auto' for the cluster that runs on this machine, and 'local' for a new one"
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as server:
            if not _may_be_ray(server):
                raise _no_answer(address)
    except OSError as error:
        raise _no_answer(address) from error


def _may_be_ray(server: socket.socket) -> bool:
    """Return whether a server begins as one of gRPC does, by sending its settings.

    A server that wants TLS refuses the preface of a client: it sends an alert, or only closes the
    connection.
    """
    server.sendall(PREFACE)
    head = b""
    try:
        while len(head) <= FRAME_TYPE and (received := server.recv(FRAME_TYPE + 1 - len(head))):
            head += received
    except ConnectionResetError:
        return True
    return not head or head[0] == TLS_ALERT or head[FRAME_TYPE:] == SETTINGS


def _no_answer(address: str) -> ConnectionError:
    return ConnectionError(
        f"no Ray cluster answers at {address!r:.80}; start one with `ray start --head`, or give "
        "the address 'local' for a new one on this machine"
    )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep a handler of SIGTERM that this program has set; Ray replaces it by its own."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if callable(handler) and signal.getsignal(signal.SIGTERM) is not handler:
            signal.signal(signal.SIGTERM, handler)


@dataclass(eq=False)
class Member:
    """A node that takes part.

    Attributes
    ----------
    number : int
        Each has another one, also if it is on the same machine as one before.
    machine : str
        The id of the Ray node.
    actor : actor handle of a `Node`
    n_threads : int
    n_reserved : int
        Processors of the machine that Ray keeps for the node.
    """

    number: int
    machine: str
    actor: Any
    n_threads: int = 1
    n_reserved: int = 0

    def call(self, method: str, *args: Any, n_returns: int = 1) -> Any:
        """Call a method of the node, and return the references of its results."""
        options = {"num_returns": n_returns}
        return getattr(self.actor, method).options(**options).remote(*args)

    def interrupt(self, method: str) -> Any:
        """Call a method at once, while another one may run."""
        return getattr(self.actor, method).options(concurrency_group="control").remote()


@dataclass(eq=False)
class Starting:
    """A node that was started, and has not answered yet.

    Attributes
    ----------
    member : Member
    answer : reference
        Its number of threads, once it has started.
    started : float
        A time of ``time.monotonic``.
    is_reported : bool
        Whether a warning has said that it takes long.
    """

    member: Member
    answer: Any
    started: float = field(default_factory=time.monotonic)
    is_reported: bool = False


class Place(NamedTuple):
    """Where a node can be started: a machine, its threads, and processors that Ray reserves.

    The reservations on a machine have no more processors in sum than it has. More nodes than that
    would wait for ever.
    """

    machine: str
    n_threads: int
    n_reserved: int


@dataclass
class Cluster:
    """The nodes that take part in a training.

    Parameters
    ----------
    ray : module
    n_nodes : int or None
        How many nodes take part; several may be on one machine. None: one on each machine.
    min_nodes : int
        With fewer, training ends.
    workers : int or None
        Threads of each node; None: the processors of the machine, divided among its nodes.
    transport : {"float32", "bfloat16"}
    reserves : bool
        Whether nodes reserve processors. Within another training, whose nodes wait meanwhile, there
        may be none left.
    """

    ray: Any
    n_nodes: int | None = None
    min_nodes: int = 1
    workers: int | None = None
    transport: Transport = "float32"
    reserves: bool = True
    members: list[Member] = field(default_factory=list)
    _starting: list[Starting] = field(default_factory=list)
    _n_started: int = 0
    _losses: Losses = field(default_factory=Losses)
    _n_repeats: int = 0

    def __enter__(self) -> "Cluster":
        try:
            self.admit(LONG_SECONDS)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop all nodes, whatever they do."""
        for member in self._present():
            with suppress(Exception):
                self.ray.kill(member.actor)
        self.members.clear()
        self._starting.clear()

    def admit(self, patience: float = 0.0) -> None:
        """Start nodes on machines that have none yet, and take in those that have started.

        There are at most as many as were asked for. One that is slow to start takes part after a
        later call: the others do not wait for it, unless there are fewer than `min_nodes`.

        Parameters
        ----------
        patience : float
            How many seconds to wait for all nodes.

        Raises
        ------
        NodesLostError
            If there are fewer than `min_nodes`, and no more can be started.
        """
        failure: Exception | None = None
        end = time.monotonic() + patience
        while True:
            self._starting += map(self._start, self._free_places())
            failure = self._take_in() or failure
            is_enough = len(self.members) >= max(1, self.min_nodes)
            if is_enough and time.monotonic() >= end:
                return
            if self._starting:
                self.ray.wait([each.answer for each in self._starting], timeout=TICK_SECONDS)
            elif not self._free_places():
                break
        if not is_enough:
            raise NodesLostError(
                f"{len(self.members)} nodes are left, and min_nodes is {self.min_nodes}. The model "
                "has what was trained until the last round. Start machines, or allow fewer nodes; "
                "then continue with resume(), or train() if no round has ended"
            ) from failure

    def _take_in(self) -> Exception | None:
        """Add the nodes that have started; return why one did not start, or None if none failed."""
        failure: Exception | None = None
        starting, self._starting = self._starting, []
        for each in starting:
            answer = self._answer(each)
            if answer is None:
                self._starting.append(each)
            elif isinstance(answer, Exception):
                failure = answer
                reason = str(answer).strip().rpartition("\n")[2]
                logger.warning("node %d did not start: %s", each.member.number, reason)
                self._losses.note(each.member.machine)
                self.ray.kill(each.member.actor)
            else:
                each.member.n_threads = answer
                self.members.append(each.member)
        return failure

    def _answer(self, starting: Starting) -> Any:
        """Return the number of threads of a node that has started; or why it has not; or None."""
        seconds = time.monotonic() - starting.started
        try:
            return self.ray.get(starting.answer, timeout=0)
        except self.ray.exceptions.GetTimeoutError:
            if seconds > START_SECONDS:
                return TimeoutError(f"no answer within {START_SECONDS:.0f} s")
        except self.ray.exceptions.RayError as error:
            return error
        if seconds > LONG_SECONDS and not starting.is_reported:
            starting.is_reported = True
            logger.warning(
                "node %d has not started in %.0f s: its machine is busy, or other programs of the "
                "cluster have reserved the processors, which `ray status` shows. It takes part "
                "once it has started", starting.member.number, LONG_SECONDS,
            )  # fmt: skip
        return None

    def _present(self) -> list[Member]:
        """Return all nodes, also those that have not started yet."""
        return [*self.members, *(each.member for each in self._starting)]

    def _free_places(self) -> list[Place]:
        """Return the places where nodes can be started."""
        cpus = {
            node["NodeID"]: int(node["Resources"].get("CPU", 0))
            for node in self.ray.nodes()
            if node["Alive"] and self._losses.of(node["NodeID"]) < MOST_LOSSES
        }
        cpus = {machine: n for machine, n in cpus.items() if n}
        wanted = len(cpus) if self.n_nodes is None else self.n_nodes
        present = self._present()
        used = Counter(member.machine for member in present)
        chosen: list[str] = []
        while cpus and sum(used.values()) < wanted:
            machine = min(cpus, key=lambda name: used[name] / cpus[name])
            used[machine] += 1
            chosen.append(machine)
        free = Counter(cpus)
        for member in present:
            free[member.machine] -= member.n_reserved
        places: list[Place] = []
        for machine in chosen:
            share = max(1, cpus[machine] // used[machine])
            n_threads = self.workers or share
            n_reserved = max(0, min(n_threads, share, free[machine])) if self.reserves else 0
            free[machine] -= n_reserved
            places.append(Place(machine, n_threads, n_reserved))
        return places

    def _start(self, place: Place) -> Starting:
        strategies = self.ray.util.scheduling_strategies
        strategy = strategies.NodeAffinitySchedulingStrategy(place.machine, soft=False)
        remote = self.ray.remote(concurrency_groups={"control": 1})(Node)
        actor = remote.options(
            num_cpus=place.n_reserved, max_restarts=0, max_task_retries=0,
            scheduling_strategy=strategy,
        ).remote(place.n_threads, self.transport)  # fmt: skip
        self._n_started += 1
        member = Member(self._n_started, place.machine, actor, place.n_threads, place.n_reserved)
        return Starting(member, member.call("ping"))

    # Calls

    def run_items(
        self,
        function: Callable[[Any], Any],
        items: Sequence[Any],
        report: Callable[[], object] = nothing,
    ) -> list[Any]:
        """Return ``function(item)`` for each item, computed by all nodes; lost ones are replaced.

        Parameters
        ----------
        function : callable
            Of a module that all nodes can import. It may be called more than once for an item.
        items : sequence
        report : callable
            Called ten times per second.
        """
        while True:
            self.admit()
            n = len(self.members)
            try:
                parts = self.results(
                    [
                        (member, member.call("run_items", function, items[i::n]))
                        for i, member in enumerate(self.members)
                    ],
                    report,
                )
            except NodeLost:
                continue
            self.went_on()
            return [parts[i % n][i // n] for i in range(len(items))]

    def results(
        self, calls: Iterable[tuple[Member, Any]], report: Callable[[], object] = nothing
    ) -> list[Any]:
        """Return the results of calls, in their order.

        Parameters
        ----------
        calls : iterable of (Member, reference)
        report : callable
            Called ten times per second.

        Raises
        ------
        NodeLost
            If a node is lost, or an object that it had. `members` are those that are left.
        BaseException
            What a call has raised on its node.
        """
        references = [reference for _, reference in calls]
        found: dict[Any, Any] = {}
        left = references
        while left:
            ready, left = self.ray.wait(left, timeout=TICK_SECONDS)
            for reference in ready:
                try:
                    found[reference] = self.ray.get(reference)
                except self.ray.exceptions.RayError as error:
                    self._raise(error, [each for each in references if each not in found])
            report()
        return [found[reference] for reference in references]

    def went_on(self) -> None:
        """Note that a round has ended: failures from here on are others than those before."""
        self._n_repeats = 0
        self._losses.finish_round(member.machine for member in self.members)

    def _raise(self, error: Any, unread: Sequence[Any]) -> NoReturn:
        """Raise what a node has raised; or NodeLost, once it is known which nodes are left.

        Parameters
        ----------
        error : RayError
        unread : sequence of references
            Other calls, which are ended: what they return is not wanted any more.
        """
        exceptions = self.ray.exceptions
        while isinstance(error, exceptions.RayTaskError) and error.cause is not None:
            error = error.cause
        if not isinstance(error, exceptions.RayError):
            raise error
        lost = [member for member in self.members if not self._is_alive(member)]
        for member in lost:
            logger.warning("node %d is lost: %s", member.number, str(error).partition("\n")[0])
            self._losses.note(member.machine)
            self.members.remove(member)
        self._n_repeats += 1
        if not lost and self._n_repeats > MOST_REPEATS:
            raise error
        self.interrupt_all()
        for reference in unread:
            with suppress(Exception):
                self.ray.get(reference)
        raise NodeLost

    def _is_alive(self, member: Member) -> bool:
        """Return whether a node answers; one that is unavailable gets some time to come back."""
        exceptions, end = self.ray.exceptions, time.monotonic() + UNAVAILABLE_SECONDS
        while time.monotonic() < end:
            try:
                self.ray.get(member.interrupt("ping"), timeout=TRY_SECONDS)
                return True
            except (exceptions.ActorUnavailableError, exceptions.GetTimeoutError):
                time.sleep(TICK_SECONDS)
            except exceptions.RayError:
                return False
        with suppress(Exception):  # it may have come back now, when others have its work
            self.ray.kill(member.actor)
        return False

    def interrupt_all(self) -> None:
        """Have all nodes end what they train, as what they return is not wanted any more."""
        for member in self.members:
            with suppress(self.ray.exceptions.RayError):
                self.ray.get(member.interrupt("abort"), timeout=TRY_SECONDS)
