"""Training on a real Ray cluster: the result is that of one machine, whatever nodes do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastsgns import FastText, GloVe, NodeEmbedding, PairEmbedding, Word2Vec, distributed
from fastsgns.corpus.sentences import LineSentence
from fastsgns.distributed import cluster as cluster_module
from fastsgns.distributed import corpus as corpus_module
from fastsgns.distributed import runner as runner_module
from fastsgns.distributed.checkpoint import ShardWriter
from fastsgns.distributed.node import Node, checksum
from fastsgns.errors import EmptyCorpusError, NodesLostError
from fastsgns.models.glove import grid
from fastsgns.training.shards import matrices_of

ROOT = Path(__file__).resolve().parent.parent.parent
New = Callable[..., Word2Vec]
STEPS = ("scan", "encode", "around", "train", "merge", "stage", "commit", "write_shard")


def same(model: Word2Vec, other: Word2Vec) -> bool:
    """Return whether two models have the same words, counts and numbers."""
    words = [each.wv.index_to_key for each in (model, other)]
    counts = [each.wv.expandos["count"].tolist() for each in (model, other)]
    return (
        words[0] == words[1]
        and counts[0] == counts[1]
        and np.array_equal(model.wv.vectors, other.wv.vectors)
        and np.array_equal(model.syn1neg, other.syn1neg)
    )


def dying(folder: Path, steps: tuple[str, ...]) -> type[Node]:
    """Return a class of nodes of which one dies in each step, the first that comes to it."""

    class Dying(Node):
        pass

    def mortal(step: str) -> Callable[..., Any]:
        def method(self: Node, *arguments: Any) -> Any:
            try:
                os.close(os.open(folder / step, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return getattr(Node, step)(self, *arguments)
            return os.kill(os.getpid(), signal.SIGKILL)

        return method

    for step in steps:
        setattr(Dying, step, mortal(step))
    return Dying


def trained(model: Word2Vec, corpus: str) -> Word2Vec:
    """Train a model on this machine."""
    model.build_vocab(corpus_file=corpus)
    n = model.corpus_total_words
    model.train(corpus_file=corpus, total_words=n, epochs=model.epochs)
    return model


class Watch:
    """Notes the tokens of each round that was committed, and its nodes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n_tokens, self.n_members, self.n_repeated = 0, list[int](), 0
        self.members: list[Any] = []
        real, watch = runner_module.RoundRunner.__call__, self

        def call(runner: Any, *arguments: Any) -> Any:
            commit = real(runner, *arguments)

            def note() -> Any:
                tallies = commit()
                watch.n_tokens += sum(tally.n_units for tally in tallies)
                watch.members = runner.cluster.members
                watch.n_members.append(len(watch.members))
                watch.n_repeated = runner.n_repeated
                return tallies

            return note

        monkeypatch.setattr(runner_module.RoundRunner, "__call__", call)


@pytest.fixture
def expected(small: None, corpus: str, new: New) -> Word2Vec:
    """Return the model of one machine."""
    return trained(new(), corpus)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return a list to which each save to a folder adds its shards, and those by nodes."""
    found, real = list[tuple[int, int]](), ShardWriter.__call__

    def call(writer: ShardWriter, *arguments: Any) -> Any:
        before = writer.n_written
        checksums = real(writer, *arguments)
        found.append((len(checksums), writer.n_written - before))
        return checksums

    monkeypatch.setattr(ShardWriter, "__call__", call)
    return found


def test_any_number_of_nodes_makes_the_model_of_one_machine(
    machines: Any, expected: Word2Vec, new: New, corpus: str, watch: Watch
):
    reports: list[Any] = []
    model = distributed.train(new(progress=reports.append), corpus, 3)
    starting = [(each.done, each.total) for each in reports if each.step == "starting Ray"]
    assert starting == [(0, 3), (3, 3)] and reports[0].step == "starting Ray"
    assert same(model, expected)
    assert (model.corpus_count, model.corpus_total_words) == (
        expected.corpus_count,
        expected.corpus_total_words,
    )
    assert model.epochs_trained == 2 and model.unfinished is None
    assert watch.n_tokens == 2 * sum(expected.wv.expandos["count"])
    assert set(watch.n_members) == {3}


def test_a_node_that_dies_in_any_step_costs_nothing(
    machines: Any, expected: Word2Vec, new: New, corpus: str, tmp_path: Path, watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(cluster_module, "MOST_LOSSES", 99)
    (died := tmp_path / "died").mkdir()
    monkeypatch.setattr(cluster_module, "Node", dying(died, STEPS))
    folder = f"{tmp_path}/part/"
    model = distributed.train(new(), corpus, 2, checkpoint=folder)
    assert {path.name for path in died.iterdir()} == {*STEPS}
    assert same(model, expected) and same(Word2Vec.load(folder), expected)
    assert len(os.listdir(folder)) <= 3  # a manifest, and a shard of each node that had started
    assert watch.n_tokens == 2 * sum(expected.wv.expandos["count"])
    assert watch.n_repeated >= 4


def test_machines_may_leave_and_join(
    machines: Any, expected: Word2Vec, new: New, corpus: str, watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    import ray

    monkeypatch.setattr(cluster_module, "UNAVAILABLE_SECONDS", 1.0)
    admit = cluster_module.Cluster.admit

    def admit_when_started(cluster: Any, *arguments: Any) -> None:
        admit(cluster, *arguments)
        for each in cluster._starting:
            ray.wait([each.answer])
        admit(cluster, *arguments)

    monkeypatch.setattr(cluster_module.Cluster, "admit", admit_when_started)

    class Change:
        def on_epoch_begin(self, model: Word2Vec) -> None:
            if model.epochs_trained == 0:
                self.machine = machines.add_node(num_cpus=1, object_store_memory=100 << 20)
            else:
                machines.remove_node(self.machine, allow_graceful=False)
                with pytest.raises(ray.exceptions.RayError):  # when its process has ended
                    while True:
                        ray.get(watch.members[-1].interrupt("ping"))

    model = distributed.train(new(callbacks=[Change()]), corpus)
    assert same(model, expected)
    assert watch.n_members[0] == 3 and watch.n_members[-1] == 2


def test_callbacks_may_train_another_model_and_change_lock_factors(
    machines: Any, small: None, new: New, corpus: str, tmp_path: Path, saves: list[tuple[int, int]]
):
    class Change:
        def on_epoch_begin(self, model: Word2Vec) -> None:
            if model.epochs_trained == 1:
                model.wv.vectors_lockf[:20] = 0
                self.other = trained(new(seed=5, min_count=3), corpus)

        def on_epoch_end(self, model: Word2Vec) -> None:
            model.wv.vectors[-1] = model.epochs_trained

    changes, models = [Change(), Change()], []
    for change in changes:
        model = new(callbacks=[change])
        model.build_vocab(corpus_file=corpus)
        model.wv.vectors_lockf = np.full(len(model.wv), 0.5, np.float32)
        models.append(model)
    n_words = models[0].corpus_total_words
    models[0].train(corpus_file=corpus, total_words=n_words, epochs=2)
    distributed.train(models[1], corpus, 2, checkpoint=f"{tmp_path}/part/")
    assert same(*models) and same(Word2Vec.load(tmp_path / "part"), models[0])
    assert saves == [(2, 1)] * 2  # this process writes what the callback has changed
    assert same(*(change.other for change in changes))


def test_a_callback_of_a_hogwild_training_trains_here_or_on_the_cluster(
    machines: Any, expected: Word2Vec, new: New, corpus: str, watch: Watch
):
    class Train:
        def on_epoch_begin(self, model: Word2Vec) -> None:
            if model.epochs_trained == 1:
                n_rounds = len(watch.n_members)
                self.here = trained(new(deterministic=False, workers=1), corpus)
                assert len(watch.n_members) == n_rounds
                self.there = distributed.train(new(), corpus, 2)
                assert len(watch.n_members) > n_rounds

    train = Train()
    model = distributed.train(new(deterministic=False, callbacks=[train]), corpus, 2)
    assert model.epochs_trained == 2
    assert same(train.here, trained(new(deterministic=False, workers=1), corpus))
    assert same(train.there, expected)


def test_too_few_nodes_end_the_training_with_a_model_that_can_be_resumed(
    machines: Any, expected: Word2Vec, new: New, corpus: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(cluster_module, "MOST_LOSSES", 1)
    monkeypatch.setattr(cluster_module, "Node", dying(tmp_path, ("merge",)))
    model = new()
    with pytest.raises(NodesLostError, match="1 nodes are left, and min_nodes is 2"):
        distributed.train(model, corpus, min_nodes=2)
    assert model.unfinished is not None
    monkeypatch.undo()


def test_ctrl_c_leaves_the_rounds_that_ended(
    machines: Any, expected: Word2Vec, new: New, corpus: str, watch: Watch
):
    def press(report: Any) -> None:
        if report.step == "training" and report.done > 3000:
            signal.raise_signal(signal.SIGINT)

    model = new(progress=press)
    with pytest.raises(KeyboardInterrupt):
        distributed.train(model, corpus, 1)
    assert 3000 < watch.n_tokens < sum(expected.wv.expandos["count"])
    assert model.unfinished is not None and model.unfinished.places[0].n_units == watch.n_tokens
    model.progress = False
    distributed.resume(model, corpus, 2)
    assert same(model, expected)
    assert watch.n_tokens == 2 * sum(expected.wv.expandos["count"])


DRIVER = """
import os, signal, sys
from fastsgns import Word2Vec, distributed
from fastsgns.distributed import parts
from fastsgns.formats import native, shards
from fastsgns.training import examples, rounds

def write(path, *arguments):
    if path.endswith(shards.MANIFEST) and os.path.exists(path):
        assert len(os.listdir(os.path.dirname(path))) == 4  # with both shards, and the mark
        os.kill(os.getpid(), signal.SIGKILL)
    real(path, *arguments)

real, native.write = native.write, write
examples.CHUNK_TOKENS, parts.PART_BYTES = (200, 200), (4000, 4000)
rounds.ROUNDS_PER_EPOCH, rounds.LEAST_ROUNDS = 4, 1
rounds.SHARD_TOKENS, rounds.USUAL_SHARD = (200, 400), 400
address, corpus, path = sys.argv[1:]
model = Word2Vec(vector_size=8, min_count=2, epochs=2, seed=3, workers=2, sg=1, deterministic=True)
distributed.train(model, corpus, 1, address=address, checkpoint=path, every=1)
"""


def test_a_driver_that_is_killed_before_the_manifest_is_resumed_on_another_number_of_nodes(
    machines: Any, expected: Word2Vec, corpus: str, tmp_path: Path
):
    path = f"{tmp_path}/part/"
    command = [sys.executable, "-c", DRIVER, machines.address, corpus, path]
    killed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    alone, model = Word2Vec.load(path), Word2Vec.load(path)
    assert model.epochs_trained == 1 and not same(model, expected)
    alone.resume(corpus_file=corpus)
    assert same(alone, expected)
    distributed.resume(model, corpus, 2, checkpoint=path)
    assert same(model, expected) and same(Word2Vec.load(path), expected)
    assert len(os.listdir(path)) == 3


@pytest.mark.parametrize("transport", ["float32", "bfloat16"])
def test_sentences_are_sent_and_hogwild_nodes_learn(
    machines: Any, small: None, corpus: str, watch: Watch, transport: Any,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(runner_module, "MESSAGE_BYTES", 2000)
    sums: list[set[int]] = []
    real = runner_module.RoundRunner._send_model

    def send(runner: Any, objective: Any, *arguments: Any) -> None:
        real(runner, objective, *arguments)
        calls = [(each, each.call("checksum")) for each in runner.cluster.members]
        own = checksum(matrices_of(objective))
        sums.append({own, *runner.cluster.results(calls)})

    monkeypatch.setattr(runner_module.RoundRunner, "_send_model", send)
    sentences = list(LineSentence(corpus))
    settings = {"vector_size": 8, "min_count": 2, "epochs": 2, "seed": 3, "compute_loss": True}
    model = distributed.train(
        Word2Vec(**settings), sentences, 2, workers=1, transport=transport, rounds=5
    )
    assert {len(each) for each in sums} == {1}  # all nodes and the driver have the same bits
    assert watch.n_tokens == 2 * sum(model.wv.expandos["count"])
    assert len(watch.n_members) >= 10
    alone = trained(Word2Vec(**settings, workers=1), corpus)
    assert model.wv.index_to_key == alone.wv.index_to_key
    assert model.epoch_losses[0] == pytest.approx(alone.epoch_losses[0], rel=0.05)
    assert model.epoch_losses[1] < model.epoch_losses[0]


def test_a_text_of_one_sentence_is_cut(
    machines: Any, small: None, new: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = str(tmp_path / "text")
    pick = np.random.default_rng(1)
    Path(text).write_text(" ".join(f"w{i}" for i in pick.integers(0, 50, 9000)))
    longest = []
    real = corpus_module.DriverTokens.pieces

    def pieces(*arguments: Any) -> Any:
        found = real(*arguments)
        longest.append(len(found[0].ids))
        return found

    monkeypatch.setattr(corpus_module.DriverTokens, "pieces", pieces)
    expected = trained(new(), text)
    assert same(distributed.train(new(), text, 2), expected)
    assert same(distributed.train(new(), list(LineSentence(text)), 2), expected)
    assert max(longest) < 3000


def test_subwords_and_a_text_that_is_too_small_for_rounds(machines: Any, tmp_path: Path):
    (tmp_path / "text").write_text("to be or not to be\n" * 50)
    settings = {"vector_size": 8, "min_count": 1, "bucket": 50, "seed": 1, "deterministic": True}
    model = distributed.train(FastText(**settings), tmp_path / "text", 2)
    alone = FastText(corpus_file=tmp_path / "text", **settings)
    assert np.array_equal(model.wv.vectors, alone.wv.vectors)


def test_a_text_of_blank_lines_is_an_empty_corpus(machines: Any, tmp_path: Path):
    (tmp_path / "text").write_text("\n \n" * 50)
    with pytest.raises(EmptyCorpusError, match="there is not a single token in it"):
        distributed.train(Word2Vec(), tmp_path / "text", 2)


@pytest.mark.parametrize("make", [NodeEmbedding, PairEmbedding])
def test_nodes_and_pairs_are_those_of_one_machine(
    machines: Any, small: None, make: Any, tmp_path: Path, saves: list[tuple[int, int]]
):
    edges = [(i, (i + k) % 60) for i in range(60) for k in (1, 2, 3)] * 20
    settings = {"dimensions": 8, "epochs": 2, "seed": 1, "deterministic": True, "progress": False}
    alone = make(**settings).fit(edges)
    model = distributed.train(make(**settings), edges, 2, checkpoint=f"{tmp_path}/part/")
    for each in (model, make.load(tmp_path / "part")):
        assert each.epochs_trained == 2
        assert np.array_equal(each.source.vectors, alone.source.vectors)
        assert np.array_equal(each.target.vectors, alone.target.vectors)
    # This process alone has whole rows of a model that is trained in blocks of columns
    assert saves == [(2, 0 if make is NodeEmbedding else 2)] * 2


@pytest.mark.parametrize(("matrices", "n_nodes"), [("two", 2), ("tied", 1)])
def test_a_glove_is_that_of_one_machine_also_if_a_node_dies(
    machines: Any, corpus: str, tmp_path: Path, matrices: Any, n_nodes: int,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(grid, "LEAST_CELLS", 16)
    settings = {"vector_size": 8, "epochs": 2, "seed": 1, "matrices": matrices, "min_count": 1}
    alone = GloVe(corpus_file=corpus, deterministic=True, **settings)
    if n_nodes > 1:
        monkeypatch.setattr(cluster_module, "Node", dying(tmp_path, ("run_items",)))
    folder, model = f"{tmp_path}/part/", GloVe(deterministic=True, **settings)
    distributed.train(model, corpus, n_nodes, checkpoint=folder)
    assert np.array_equal(GloVe.load(folder).wv.vectors, alone.wv.vectors)
    assert (tmp_path / "run_items").exists() == (n_nodes > 1)
    assert model.epochs_trained == 2 and model.epoch_losses == alone.epoch_losses
    assert np.array_equal(model.wv.vectors, alone.wv.vectors)


def test_one_node_of_the_command_line_makes_the_model_of_one_machine(
    machines: Any, expected: Word2Vec, corpus: str, tmp_path: Path, watch: Watch
):
    from fastsgns import cli

    output = str(tmp_path / "model.fastsgns")
    model = ["--sg", "--deterministic", "--min-count=2", "--dim=8", "--epochs=2", "--seed=3"]
    options = ["--ray=auto", "--nodes=1", "--workers=2", "-q", "--checkpoint", f"{tmp_path}/part/"]
    assert cli.main(["train", corpus, "-o", output, *model, *options]) == 0
    assert same(Word2Vec.load(output), expected)
    assert same(Word2Vec.load(tmp_path / "part"), expected)
    assert set(watch.n_members) == {1}
