"""What needs no cluster: errors, transport, and nodes that do not answer, by a fake of Ray."""

import functools
import gzip
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastsgns import GloVe, NodeEmbedding, PairEmbedding, Word2Vec, cli, distributed
from fastsgns.distributed import cluster as cluster_module
from fastsgns.distributed import training as training_module
from fastsgns.distributed.cluster import Cluster, Member, NodeLost, Starting
from fastsgns.distributed.corpus import TextCorpus
from fastsgns.distributed.losses import ROUNDS_PER_LOSS
from fastsgns.distributed.parts import Part
from fastsgns.distributed.runner import RoundRunner
from fastsgns.distributed.text import PartSize
from fastsgns.distributed.transport import from_bfloat16, to_bfloat16
from fastsgns.errors import FormatError, NodesLostError


class FakeError(Exception):
    pass


class Died(FakeError):
    pass


class Unavailable(FakeError):
    pass


class TimedOut(FakeError):
    pass


class Task(FakeError):
    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


EXCEPTIONS = SimpleNamespace(
    RayError=FakeError, RayTaskError=Task, ActorUnavailableError=Unavailable,
    GetTimeoutError=TimedOut,
)  # fmt: skip


class FakeRay:
    """Has calls that return a value, or raise it, in turn."""

    exceptions = EXCEPTIONS

    def __init__(self) -> None:
        self.killed: list[Any] = []
        self.machines: dict[str, int] = {}  # their processors

    def nodes(self) -> list[Any]:
        return [
            {"NodeID": name, "Alive": True, "Resources": {"CPU": n}}
            for name, n in self.machines.items()
        ]

    def wait(self, references: list[Any], **_: Any) -> tuple[list[Any], list[Any]]:
        return references[:1], references[1:]

    def get(self, reference: Any, **_: Any) -> Any:
        answer = reference.pop(0) if isinstance(reference, list) else reference
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def kill(self, actor: Any) -> None:
        self.killed.append(actor)


def fake(pings: list[list[Any]]) -> tuple[Cluster, list[Member]]:
    """Return a cluster of members whose pings have these answers."""

    def member(number: int, answers: list[Any]) -> Member:
        made = Member(number, "machine", f"actor {number}")
        made.interrupt = lambda method: answers if method == "ping" else 0  # type: ignore
        return made

    members = [member(number, answers) for number, answers in enumerate(pings)]
    return Cluster(FakeRay(), members=list(members)), members


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "TICK_SECONDS", 0.0)


def test_a_node_that_comes_back_is_kept(quick: None):
    cluster, members = fake([[Unavailable(), TimedOut(), 1], [2]])
    with pytest.raises(NodeLost):
        cluster.results([(members[0], Task(Unavailable())), (members[1], 3)])
    assert cluster.members == members


def test_a_node_that_died_is_dropped(quick: None, caplog: pytest.LogCaptureFixture):
    cluster, members = fake([[Died()], [2]])
    with pytest.raises(NodeLost):
        cluster.results([(members[0], Died("of this")), (members[1], 3)])
    assert cluster.members == members[1:]
    assert "node 0 is lost: of this" in caplog.text


def test_a_node_that_does_not_come_back_is_killed(quick: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_module, "UNAVAILABLE_SECONDS", 0.01)
    cluster, members = fake([[Unavailable()] * 10**6])
    with pytest.raises(NodeLost):
        cluster.results([(members[0], Unavailable())])
    assert cluster.members == [] and cluster.ray.killed == ["actor 0"]


def test_what_fails_although_no_node_is_lost_is_raised_in_the_end(quick: None):
    cluster, members = fake([[1] * 9])
    for _ in range(cluster_module.MOST_REPEATS):
        cluster.results([(members[0], 1)])  # a step of the round that does not fail
        with pytest.raises(NodeLost):
            cluster.results([(members[0], FakeError("full"))])
    with pytest.raises(FakeError, match="full"):
        cluster.results([(members[0], FakeError("full"))])
    cluster.went_on()
    with pytest.raises(NodeLost):
        cluster.results([(members[0], FakeError("full"))])


def test_a_part_that_has_changed_is_an_error():
    text = TextCorpus(fake([[1]])[0], [Part("one.txt", 0, 9), Part("one.txt", 9, 14)])
    text.raw_sizes |= {0: PartSize(3, 1), 1: PartSize(2, 1)}
    text._check_sizes({1: PartSize(2, 1)})
    with pytest.raises(FormatError, match=r"one\.txt had 2 words from byte 9 on, and has 5 now"):
        text._check_sizes({1: PartSize(5, 1)})


def test_an_error_of_a_node_is_raised_as_it_is(quick: None):
    cluster, members = fake([[1]])
    with pytest.raises(FileNotFoundError, match="gone"):
        cluster.results([(members[0], Task(Task(FileNotFoundError("gone"))))])


def test_bfloat16_is_the_nearest_number():
    pick = np.random.default_rng(1)
    values = (pick.standard_normal(9000) * 10.0 ** pick.integers(-30, 30, 9000)).astype(np.float32)
    found = from_bfloat16(to_bfloat16(values))
    assert np.all(np.abs(found - values) <= np.abs(values) / 256)
    above, below = found * np.float32(1 + 1 / 128), found * np.float32(1 - 1 / 128)
    for other in (above, below):
        other = from_bfloat16(to_bfloat16(other))
        assert np.all(np.abs(found - values) <= np.abs(other - values))
    special = np.array([0.0, -0.0, np.inf, -np.inf], np.float32)
    assert np.array_equal(from_bfloat16(to_bfloat16(special)), special)
    assert np.isnan(from_bfloat16(to_bfloat16(np.array([np.nan], np.float32)))).all()


def test_models_that_no_cluster_trains_are_refused():
    with pytest.raises(TypeError, match="the model is a dict; allowed are Word2Vec"):
        distributed.train({}, [["a"]])
    with pytest.raises(ValueError, match=r"give GloVe\(deterministic=True\)"):
        distributed.train(GloVe(), [["a"]])
    with pytest.raises(ValueError, match="walks_file is 'walks', and the walks of a cluster"):
        distributed.train(NodeEmbedding(walks_file="walks"), [("a", "b")])
    with pytest.raises(ValueError, match="transport is 'float16'; allowed are"):
        distributed.train(Word2Vec(), [["a"]], transport="float16")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="there is nothing to resume"):
        distributed.resume(Word2Vec(), [["a"]])


def test_settings_that_cannot_be_are_refused_before_a_cluster_starts():
    with pytest.raises(ValueError, match="min_nodes is 3, and nodes is 2; give"):
        distributed.train(Word2Vec(), [["a"]], 2, min_nodes=3)
    with pytest.raises(TypeError, match="the corpus is None; give a path"):
        distributed.train(Word2Vec(), None)


def words(**settings: Any) -> Word2Vec:
    return Word2Vec(vector_size=4, **{"min_count": 1} | settings)


def known() -> Word2Vec:
    model = words()
    model.build_vocab([["a", "b"]])
    return model


def counted() -> GloVe:
    return GloVe(vector_size=4, min_count=1, deterministic=True, progress=False)


def changed(model: Any, **parameters: Any) -> Any:
    for name, value in parameters.items():
        setattr(model, name, value)
    return model


@pytest.mark.parametrize(
    ("make", "corpus", "message"),
    [
        (words, [], "the corpus is empty"),
        (known, [], "the corpus is empty"),
        (known, [[]], "the corpus is empty"),
        (words, "missing", "does not exist: 'missing'"),
        (words, ["text", "missing"], "does not exist: 'missing'"),
        (words, "folder", "is a directory"),
        (words, "empty", "the corpus is empty"),
        (words, ["empty", "empty"], "the corpus is empty"),
        (words, "binary", "is binary data"),
        (words, "gzip", "its name must end in .gz"),
        (words, "text.gz", "is damaged, or not what its suffix says"),
        (words, {"a": 1}, "the corpus is a dict"),
        (lambda: words(min_count=5), [["a"]], "no word is left of 1"),
        (lambda: changed(words(), vector_size=0), "text", "vector_size is 0"),
        (lambda: changed(words(), negative=0), "text", "negative"),
        (counted, [], "no two of the 0 words are near"),
        (counted, "missing", "does not exist: 'missing'"),
        (NodeEmbedding, [], "has no edges to learn from"),
        (NodeEmbedding, "missing", "does not exist|No such file"),
        (lambda: changed(NodeEmbedding(), walks="x"), [("a", "b")], "walks is 'x'"),
        (PairEmbedding, [], "there are no pairs to learn from"),
        (PairEmbedding, [("a", "b", "c")], r"a pair is \(source, target\)"),
        (PairEmbedding, "missing", "does not exist|No such file"),
        (lambda: changed(PairEmbedding(), epochs=-3), [("a", "b")], "epochs is -3"),
    ],
)
def test_a_corpus_that_cannot_be_trained_is_refused_before_a_cluster_starts(
    make: Any, corpus: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("text", b"a b\n"), ("text.gz", b"a b\n"), ("empty", b""), ("binary", bytes(range(256))),
        ("gzip", gzip.compress(b"a b\n")),
    ):  # fmt: skip
        Path(name).write_bytes(text)
    Path("folder").mkdir()
    monkeypatch.setattr(training_module, "check_cluster", lambda address: None)
    monkeypatch.setattr(training_module, "joined", lambda *_: pytest.fail("it starts"))
    with pytest.raises((ValueError, TypeError, OSError), match=message):
        distributed.train(make(), corpus, address="local")


def test_the_address_is_checked_before_a_corpus_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_module, "need", lambda *_: RayThatStarts())

    def read() -> Iterator[list[str]]:
        pytest.fail("it is read")
        yield []

    with pytest.raises(ValueError, match="address is 'here'"):
        distributed.train(words(), read(), address="here")
    monkeypatch.setenv("RAY_ADDRESS", "there")
    with pytest.raises(ValueError, match="address is 'there'"):
        distributed.train(words(), read())


@pytest.mark.parametrize("address", ["here", "host:", ":80", "host:port", "host:65536"])
def test_an_address_of_another_form_is_refused(address: str):
    with pytest.raises(ValueError, match=f"address is '{address}'; allowed are HOST:PORT"):
        cluster_module.check_address(address)


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """Answer all connections with these bytes, or close them; yield the address."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(len(cluster_module.PREFACE))
                    if answer is not None:
                        connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_address_where_nothing_answers_is_refused_at_once():
    with server(None) as address:
        pass
    with pytest.raises(ConnectionError, match=f"no Ray cluster answers at '{address}'; start"):
        cluster_module.check_address(address)
    for other in (None, "auto", "local", "ray://host:1"):
        cluster_module.check_address(other)
    with pytest.raises(TypeError, match="address is 7, a int; give a string"):
        cluster_module.check_address(7)  # type: ignore[arg-type]


SETTINGS_OF_A_SERVER = bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100])


@pytest.mark.parametrize("answer", [SETTINGS_OF_A_SERVER, None, bytes([21, 3, 1, 0, 2, 2, 70])])
def test_a_server_of_grpc_or_of_tls_may_be_a_cluster(answer: bytes | None):
    with server(answer) as address:
        cluster_module.check_address(address)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"+OK"])
def test_another_program_at_the_address_is_refused(answer: bytes):
    with server(answer) as address, pytest.raises(ConnectionError, match="no Ray cluster answers"):
        cluster_module.check_address(address)


def test_another_program_that_says_nothing_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.1)
    refused = pytest.raises(ConnectionError, match="no Ray cluster answers")
    with socket.create_server(("127.0.0.1", 0)) as listener, refused:
        cluster_module.check_address(f"127.0.0.1:{listener.getsockname()[1]}")


class RayThatStarts:
    """Sets a handler of SIGTERM, as Ray does, and notes how it was started."""

    def __init__(self) -> None:
        self.started: list[Any] = []

    def is_initialized(self) -> bool:
        return False

    def init(self, address: str, **settings: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: None)
        if address == "auto":
            raise ConnectionError
        self.started.append((address, settings["num_cpus"]))

    def shutdown(self) -> None:
        self.started.append("ended")


@pytest.mark.parametrize(("address", "variable"), [(None, ""), ("local", "x:1"), (None, "local")])
def test_a_new_cluster_leaves_the_handler_of_sigterm(
    monkeypatch: pytest.MonkeyPatch, address: str | None, variable: str
):
    ray = RayThatStarts()
    monkeypatch.setenv("RAY_ADDRESS", variable)
    monkeypatch.setattr(cluster_module, "need", lambda *_: ray)
    monkeypatch.setattr(cluster_module, "n_cores", lambda: 2)

    def handler(*_: Any) -> None:
        pass

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with cluster_module.joined(address, 3, lambda: ray.started.append("reported")):
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ray.started == ["reported", ("local", 3), "ended"]


@pytest.mark.parametrize(
    ("n_nodes", "workers", "places"),
    [
        (None, None, [(4, 4), (2, 2)]),
        (3, None, [(2, 2), (2, 2), (2, 2)]),
        (2, 1, [(1, 1), (1, 1)]),
        (3, 16, [(16, 2), (16, 2), (16, 2)]),
        (9, None, [(1, 1)] * 6 + [(1, 0)] * 3),
    ],
)
def test_nodes_reserve_no_more_processors_than_machines_have(
    n_nodes: int | None, workers: int | None, places: list[tuple[int, int]]
):
    cluster = Cluster(FakeRay(), n_nodes, workers=workers)
    cluster.ray.machines = {"a": 4, "b": 2}
    found = cluster._free_places()
    assert sorted((p.n_threads, p.n_reserved) for p in found) == sorted(places)
    cluster.members = [Member(i, p.machine, None, *p[1:]) for i, p in enumerate(found)]
    assert cluster._free_places() == []
    lost = cluster.members.pop()
    (again,) = cluster._free_places()
    assert again.n_reserved <= max(1, lost.n_reserved)


def starting(answers: dict[str, list[list[Any]]], **settings: Any) -> Cluster:
    """Return a cluster of machines whose nodes answer this, one list for each node in turn."""

    class Started(Cluster):
        def _start(self, place: Any) -> Starting:
            self._n_started += 1
            member = Member(self._n_started, place.machine, f"actor {self._n_started}")
            return Starting(member, answers[place.machine].pop(0))

    cluster = Started(FakeRay(), **settings)
    cluster.ray.machines = dict.fromkeys(answers, 2)
    return cluster


def machines_of(cluster: Cluster) -> list[str]:
    return [member.machine for member in cluster.members]


def test_the_others_do_not_wait_for_a_node_that_starts():
    cluster = starting({"a": [[2]], "b": [[TimedOut(), TimedOut(), 2]]})
    cluster.admit()
    assert machines_of(cluster) == ["a"]
    cluster.admit()
    assert machines_of(cluster) == ["a"]
    cluster.admit()
    assert machines_of(cluster) == ["a", "b"]
    cluster.close()
    assert cluster.ray.killed == ["actor 1", "actor 2"]


def test_nodes_that_start_are_waited_for_if_there_are_too_few():
    late = [TimedOut(), TimedOut(), 2]
    cluster = starting({"a": [[2]], "b": [late]}, min_nodes=2)
    cluster.admit()
    assert machines_of(cluster) == ["a", "b"]


def test_at_the_beginning_all_nodes_are_waited_for_for_a_while(caplog: pytest.LogCaptureFixture):
    with starting({"a": [[2]], "b": [[TimedOut(), TimedOut(), 2]]}) as cluster:
        assert machines_of(cluster) == ["a", "b"]


def test_a_node_that_does_not_start_is_named_and_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(cluster_module, "LONG_SECONDS", -1.0)
    cluster = starting({"a": [[2]], "b": [[TimedOut()] * 3 for _ in range(3)]})
    cluster.admit()
    cluster.admit()
    assert caplog.text.count("node 2 has not started in") == 1
    monkeypatch.setattr(cluster_module, "START_SECONDS", -1.0)
    cluster.admit()
    assert "node 2 did not start: no answer within" in caplog.text
    for _ in range(2):
        cluster.admit()
    assert cluster.ray.killed == ["actor 2", "actor 3", "actor 4"]
    cluster.ray.machines.pop("a")
    cluster.members.clear()
    with pytest.raises(NodesLostError, match="0 nodes are left, and min_nodes is 1"):
        cluster.admit()


def test_losses_of_a_machine_that_goes_on_are_forgotten(quick: None):
    n = 2 * cluster_module.MOST_LOSSES
    cluster = starting({"a": [[2] for _ in range(n + cluster_module.MOST_LOSSES)]})

    def lose() -> None:
        cluster.admit()
        cluster.members[0].interrupt = lambda method: Died()  # type: ignore[method-assign]
        with pytest.raises(NodeLost):
            cluster.results([(cluster.members[0], Died())])

    for _ in range(n):
        lose()
        for _ in range(ROUNDS_PER_LOSS):
            cluster.members = [Member(0, "a", None)]
            cluster.went_on()
        cluster.members.clear()
    for _ in range(cluster_module.MOST_LOSSES):
        lose()
    with pytest.raises(NodesLostError, match="0 nodes are left"):
        cluster.admit()


@pytest.mark.parametrize(("n_shards", "n_used"), [(1, 1), (2, 2), (3, 5)])
def test_nodes_that_joined_train_a_part_of_whole_rounds(n_shards: int, n_used: int):
    cluster, members = fake([[1]] * 5)
    runner = RoundRunner(cluster, n_shards=3)
    jobs: list[Any] = list(range(20))
    size = len(jobs) // n_shards
    shards = [jobs[i * size : (i + 1) * size] for i in range(n_shards)]
    divided = runner._divide(shards)
    assert [member for member, _ in divided] == members[:n_used]
    assert [job for _, part in divided for each in part for job in each] == jobs[: n_shards * size]


def test_without_ray_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install fastsgns\[distributed\]"):
        distributed.train(Word2Vec(min_count=1), [["a", "b"]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nodes", "2"], "--nodes belongs to --ray"),
        (["--ray", "auto", "--phrases", "1"], "--phrases: it needs the text on one machine"),
        (["--ray", "auto", "--errors", "ignore"], "--errors ignore: nodes read text that is UTF-8"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], message: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "text").write_text("a b\n")
    with pytest.raises(SystemExit):
        cli.main(["train", str(tmp_path / "text"), "-o", str(tmp_path / "out"), *options])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "workers"),
    [([], None), (["--workers", "-1"], None), (["--workers", "3"], 3), (["--workers", "2"], 2)],
)
def test_workers_of_the_command_line_are_the_threads_of_each_node(
    options: list[str], workers: int | None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fastsgns.cli.arguments.n_cores", lambda: 2)
    seen = []

    @functools.wraps(distributed.train)
    def train(model: Word2Vec, corpus: list[str], **options: Any) -> None:
        seen.append(options.get("workers"))
        model.build_vocab(corpus_file=corpus[0])
        model.train(corpus_file=corpus[0], total_words=9, epochs=1)

    monkeypatch.setattr(distributed, "train", train)
    (tmp_path / "text").write_text("a b a b\n")
    command = ["train", str(tmp_path / "text"), "-o", str(tmp_path / "out"), "--min-count", "1"]
    assert cli.main([*command, "--ray", "auto", "-q", *options]) == 0
    assert seen == [workers]


@pytest.mark.parametrize(("workers", "expected"), [(-1, None), ("-1", None), (None, None), (3, 3)])
def test_all_processors_are_those_of_each_machine(workers: Any, expected: int | None):
    assert training_module.RULES["workers"]("workers", workers) == expected
    with pytest.raises(ValueError, match="workers is 0; allowed are integers from 1 to 65536, and"):
        distributed.train(words(), [["a"]], workers=0)
