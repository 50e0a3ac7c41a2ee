"""Checkpoints that nodes write, without Ray: whoever writes, the folder has what the model has."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cluster import FakeError, FakeRay

from fastsgns import FastText, Word2Vec
from fastsgns.distributed.checkpoint import ShardWriter
from fastsgns.distributed.cluster import NodeLost
from fastsgns.distributed.node import Node, shapes_of, tables_of
from fastsgns.formats import shards
from fastsgns.models import parameters
from fastsgns.models.words.training import objective_of
from fastsgns.training.shards import matrices_of

SENTENCES = [["the", "cat", "sat"], ["a", "dog", "ran"]] * 20
SETTINGS: dict[str, Any] = {
    "vector_size": 5,
    "min_count": 1,
    "workers": 1,
    "epochs": 1,
    "sample": 0,
}


class FakeMember:
    """A node of this process."""

    def __init__(self) -> None:
        self.node = Node(1)

    def call(self, method: str, *arguments: Any) -> Callable[[], Any]:
        return lambda: getattr(self.node, method)(*arguments)


class FakeCluster:
    """Has nodes of this process; `faults` are what the next calls raise instead."""

    ray = FakeRay()

    def __init__(self, n: int) -> None:
        self.members = [FakeMember() for _ in range(n)]
        self.faults: list[Exception] = []

    def admit(self) -> None:
        pass

    def interrupt_all(self) -> None:
        pass

    def results(self, calls: list[Any]) -> list[Any]:
        if self.faults:
            fault = self.faults.pop()
            if isinstance(fault, NodeLost):
                self.members.pop()
            raise fault
        return [call() for _, call in calls]


def cluster_of(model: Any, n: int) -> Any:
    """Return a cluster whose nodes have the matrices of a model."""
    cluster = FakeCluster(n)
    objective = objective_of(model, parameters.normalize(model))
    for member in cluster.members:
        member.node.set_objective(tables_of(objective), shapes_of(objective))
        for role, matrix in matrices_of(objective).items():
            member.node.fill(role, 0, matrix)
    model.current_arrays().release()  # the rows of the kernels
    return cluster


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec(SENTENCES, **SETTINGS)


def save(model: Any, folder: Path, writer: ShardWriter) -> None:
    """Save a model, and check that the folder has it."""
    with shards.written_by(writer):
        model.save(f"{folder}/")
    loaded = type(model).load(folder)
    assert np.array_equal(loaded.wv.vectors, model.wv.vectors)
    assert np.array_equal(loaded.syn1neg, model.syn1neg)


@pytest.mark.parametrize(
    ("cls", "parameters"),
    [
        (Word2Vec, {}), (Word2Vec, {"matrices": "three", "coupling": 1.0}),
        (Word2Vec, {"vector_size": 16}), (Word2Vec, {"hs": 1}), (FastText, {"bucket": 50}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("n_nodes", [1, 4])
def test_nodes_write_all_rows(cls: Any, parameters: Any, n_nodes: int, tmp_path: Path):
    model = cls(SENTENCES, **SETTINGS | parameters)
    writer = ShardWriter(cluster_of(model, n_nodes))
    save(model, tmp_path / "part", writer)
    assert writer.n_written == n_nodes
    assert len(os.listdir(tmp_path / "part")) == n_nodes + 1


def test_rows_that_nodes_have_otherwise_are_written_here(model: Word2Vec, tmp_path: Path):
    writer = ShardWriter(cluster_of(model, 3))
    model.wv.vectors[0] = 7  # of the first shard
    save(model, tmp_path / "part", writer)
    assert writer.n_written == 2
    writer.cluster.members[0] = FakeMember()  # has no matrices yet
    save(model, tmp_path / "part", writer)
    assert writer.n_written == 4


def test_what_a_lost_node_had_to_write_is_written_by_others(model: Word2Vec, tmp_path: Path):
    writer = ShardWriter(cluster_of(model, 3))
    writer.cluster.faults.append(NodeLost())
    save(model, tmp_path / "part", writer)
    assert writer.n_written == 2 and len(os.listdir(tmp_path / "part")) == 3


@pytest.mark.parametrize("faults", [[FakeError("full")], [NodeLost()] * 3])
def test_without_nodes_this_process_writes(faults: Any, model: Word2Vec, tmp_path: Path):
    writer = ShardWriter(cluster_of(model, 3))
    writer.cluster.faults.extend(faults)
    save(model, tmp_path / "part", writer)
    assert writer.n_written == 0 and len(os.listdir(tmp_path / "part")) == 2


def test_a_folder_that_a_node_does_not_see(
    model: Word2Vec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    writer = ShardWriter(cluster_of(model, 2))
    writer.check_folder(f"{tmp_path}/part/")
    assert os.listdir(tmp_path / "part") == []
    monkeypatch.setattr(shards, "is_seen", lambda folder, id: False)
    with pytest.raises(
        OSError, match=r"checkpoint is '.*part/', a folder .* does not see it\. Giv"
    ):
        writer.check_folder(f"{tmp_path}/part/")
    save(model, tmp_path / "part", writer)  # such as of a machine that has joined later
    assert writer.n_written == 0 and len(os.listdir(tmp_path / "part")) == 3


def test_a_folder_that_a_node_cannot_write_to(
    model: Word2Vec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    writer, real, asked = ShardWriter(cluster_of(model, 1)), shards.check_writable, list[Any]()

    def check(folder: Any) -> str:
        asked.append(folder)
        if len(asked) > 1:
            raise PermissionError(13, "it cannot be written to", folder)
        return real(folder)

    monkeypatch.setattr(shards, "check_writable", check)
    with pytest.raises(OSError, match="cannot write to it: it cannot be written to"):
        writer.check_folder(f"{tmp_path}/part/")
