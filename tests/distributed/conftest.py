"""A Ray cluster of two machines, which all tests of this folder share, and a small corpus."""

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastsgns import Word2Vec
from fastsgns.distributed import parts
from fastsgns.training import examples, rounds

STORE_BYTES = 100 << 20


@pytest.fixture(scope="package")
def machines() -> Iterator[Any]:
    """Yield a `ray.cluster_utils.Cluster` that this process has joined."""
    try:
        import ray
        from ray.cluster_utils import Cluster
    except ImportError:
        pytest.skip("Ray is not installed: it has no wheel for each Python and platform")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    settings = {"object_store_memory": STORE_BYTES, "include_log_monitor": False}
    of_head = {"num_cpus": 2, "include_dashboard": False, "no_monitor": True, **settings}
    cluster = Cluster(initialize_head=True, head_node_args=of_head)
    cluster.add_node(num_cpus=1, **settings)
    ray.init(cluster.address, log_to_driver=False, configure_logging=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have small chunks, shards and parts, so that a small corpus has several of each."""
    monkeypatch.setattr(examples, "CHUNK_TOKENS", (200, 200))
    monkeypatch.setattr(examples, "FINE_CHUNK_TOKENS", (200, 200))
    monkeypatch.setattr(rounds, "ROUNDS_PER_EPOCH", 4)
    monkeypatch.setattr(rounds, "LEAST_ROUNDS", 1)
    monkeypatch.setattr(rounds, "SHARD_TOKENS", (200, 400))
    monkeypatch.setattr(rounds, "USUAL_SHARD", 400)
    monkeypatch.setattr(parts, "PART_BYTES", (4000, 4000))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a text of some ten thousand tokens."""
    pick = random.Random(1)
    words = [f"w{i}" for i in range(90)]
    weights = [1 / (i + 1) for i in range(90)]
    lines = [" ".join(pick.choices(words, weights, k=pick.randrange(1, 12))) for _ in range(1500)]
    path = tmp_path_factory.mktemp("corpus") / "text"
    path.write_text("\n".join(lines))
    return str(path)


@pytest.fixture
def new() -> Callable[..., Word2Vec]:
    """Return a function that makes a model without words."""

    def make(**parameters: Any) -> Word2Vec:
        settings = {"vector_size": 8, "min_count": 2, "epochs": 2, "seed": 3, "workers": 2, "sg": 1}
        return Word2Vec(**settings | {"deterministic": True} | parameters)

    return make
