"""train and resume: models trained on the nodes of a Ray cluster."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, get_args

from fastsgns import rules
from fastsgns.cooccurrence.counts import Cooccurrences, check_nonempty
from fastsgns.corpus.encoded import EncodedCorpus, encode
from fastsgns.corpus.files import check_paths
from fastsgns.corpus.sentences import LineSentence, PathLineSentences
from fastsgns.distributed.checkpoint import ShardWriter
from fastsgns.distributed.cluster import Cluster, check_cluster, joined
from fastsgns.distributed.corpus import TextCorpus
from fastsgns.distributed.parts import EMPTY, check_files, cut_files
from fastsgns.distributed.remote import RemoteCorpus
from fastsgns.distributed.runner import RoundRunner
from fastsgns.distributed.transport import Transport
from fastsgns.errors import EmptyCorpusError
from fastsgns.formats import shards
from fastsgns.formats.files import is_path, is_url
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models import parameters
from fastsgns.models.callbacks import Checkpoint, checkpoints
from fastsgns.models.glove.model import GloVe
from fastsgns.models.links.base import require_edges
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import EncodedPairs, PairEmbedding
from fastsgns.models.links.pairs import encode as encode_pairs
from fastsgns.models.links.training import check_parameters
from fastsgns.models.links.walks import choose_kinds
from fastsgns.models.word2vec import Word2Vec
from fastsgns.models.words.jobs import has_hooks
from fastsgns.models.words.reading import Source, scan_source
from fastsgns.models.words.vocabulary import vocabulary_of
from fastsgns.runtime.progress import reading_bar
from fastsgns.training.every import Every
from fastsgns.training.rounds import Elsewhere, Rounds, runs_rounds
from fastsgns.training.unfinished import unfinished_of


@dataclass(frozen=True)
class ThreadsRule(rules.Whole):
    """Threads of each node; -1 means None: other machines have other numbers of processors."""

    def __call__(self, name: str, value: Any) -> Any:
        """Return the number of threads, or None."""
        return None if rules.number(value) == -1 else super().__call__(name, value)


THREADS = ThreadsRule(
    f"integers from 1 to {rules.MAX_WORKERS}, and -1 and None for all processors of each machine",
    None, 1, rules.MAX_WORKERS,
)  # fmt: skip
RULES = {
    "nodes": rules.integer(1, 2**16, none=None), "min_nodes": rules.integer(1, 2**16),
    "workers": THREADS, "transport": rules.choice(*get_args(Transport)),
    "rounds": rules.integer(1, 2**20),
}  # fmt: skip
Model = TypeVar("Model")
_is_training: ContextVar[bool] = ContextVar("is_training", default=False)


@rules.takes(**RULES)
def train(
    model: Model,
    corpus: Any,
    nodes: int | None = None,
    *,
    min_nodes: int = 1,
    workers: int | None = None,
    transport: Transport = "float32",
    rounds: int = 32,
    address: str | None = None,
    callbacks: Iterable[Any] | None = None,
    checkpoint: Any = None,
    every: Every | None = None,
) -> Model:
    """Train a model on the nodes of a Ray cluster, and return it.

    Each node trains its part of a round on a copy of the rows that it uses. Then all changes are
    merged, and each node has the same matrices again. docs/distributed.md explains the rest.

    A model without words gets those of the corpus.

    Parameters
    ----------
    model : Word2Vec, FastText, GloVe, NodeEmbedding or PairEmbedding
    corpus : path, list of paths, LineSentence, or iterable of sentences; graph; or pairs
        Text files are read by the nodes, which must see them under the same paths. Sentences are
        read by this process, once, and sent to the nodes. A GloVe, which must have
        ``deterministic=True``, also takes counts; this process makes them, keeps the matrices, and
        sends blocks of cells with their rows. The last two models take what their ``fit`` takes;
        each node gets the whole graph.
    nodes : int, optional
        How many nodes take part. By default one on each machine of the cluster that has
        processors. If there are more nodes than machines, several are on one machine.
    min_nodes : int
        With fewer nodes than this, training ends with a `NodesLostError`.
    workers : int, optional
        Threads of each node; by default, and with -1, the processors of its machine, divided among
        the nodes there.
    transport : {"float32", "bfloat16"}
        In which type rows travel. With "bfloat16", what a round has changed of a row is rounded to
        8 bits, which halves the time in the network.
    rounds : int
        Rounds per epoch, at most. A model with ``deterministic=True`` has those of one machine.
    address : str, optional
        That of the cluster, HOST:PORT; "auto" is the cluster that runs on this machine, and "local"
        a new one on this machine alone. By default the cluster that this process has joined, or
        that runs on this machine, or else a new one.
    callbacks, checkpoint, every
        As for `Word2Vec.train`; only that takes callbacks. A checkpoint is one file, which this
        process writes. If the path ends with a slash, it is a folder, to which all nodes write a
        part of the rows. `resume` continues from both, with any number of nodes, and so does
        ``model.resume`` on one machine.

    Returns
    -------
    model
        The one that was given. With ``deterministic=True`` and float32, it is bit for bit that of
        one machine.

    Raises
    ------
    ImportError
        If Ray is not installed.
    ConnectionError
        If no cluster answers at `address` within seconds.
    NodesLostError
        If fewer than `min_nodes` are left. The model has all rounds that ended.
    TypeError
        For a model of another class, or one with methods of its own for single sentences.
    ValueError
        For a GloVe that is not deterministic, or a model that writes its walks to a file.
    OSError
        If a checkpoint cannot be written, or is a folder that a node does not see.
    FormatError
        If a text file changes, or is another one on another node, as far as this is noticed.
    KeyboardInterrupt
        On Ctrl-C, within seconds. The model has all rounds that ended, and can be used.

    Examples
    --------
    >>> from fastsgns import Word2Vec, distributed
    >>> model = Word2Vec(vector_size=20)
    >>> distributed.train(model, "corpus.txt", nodes=2)  # doctest: +SKIP
    """
    trained, how = _trained(model), _how(model, callbacks, checkpoint, every)
    folders = _folders(model, how)
    _check(corpus, nodes, min_nodes, address)
    corpus = _read(trained, corpus)
    with _run(model, nodes, min_nodes, workers, transport, rounds, address, folders) as run:
        if isinstance(trained, Word2Vec):
            corpus = run.data(corpus)
            sizes = {"total_words": corpus.n_raw_tokens, "epochs": trained.epochs}
            trained.train(corpus, **sizes, **how)
        elif isinstance(trained, GloVe):
            trained.train(corpus, **how)
        else:
            trained.fit(corpus, **how)
    return model


@rules.takes(**RULES)
def resume(
    model: Model,
    corpus: Any,
    nodes: int | None = None,
    *,
    min_nodes: int = 1,
    workers: int | None = None,
    transport: Transport = "float32",
    rounds: int = 32,
    address: str | None = None,
    callbacks: Iterable[Any] | None = None,
    checkpoint: Any = None,
    every: Every | None = None,
) -> Model:
    """Continue a training that ended before its last epoch, on a Ray cluster; return the model.

    It does not matter on how many nodes the training began, nor whether it began on one machine.

    Parameters
    ----------
    model : Word2Vec, FastText, GloVe, NodeEmbedding or PairEmbedding
        Such as one that was loaded from a checkpoint.
    corpus
        The same as before.
    nodes, min_nodes, workers, transport, rounds, address, callbacks, checkpoint, every
        As for `train`.

    Raises
    ------
    RuntimeError
        If no training ended early.
    ValueError
        If the corpus or the words are others than before.
    """
    trained, how = _trained(model), _how(model, callbacks, checkpoint, every)
    folders = _folders(model, how)
    unfinished_of(model)
    _check(corpus, nodes, min_nodes, address)
    corpus = _read(trained, corpus)
    with _run(model, nodes, min_nodes, workers, transport, rounds, address, folders) as run:
        is_words = isinstance(trained, Word2Vec)
        trained.resume(run.data(corpus) if is_words else corpus, **how)
    return model


def _trained(model: Any) -> Any:
    """Return a model that can be trained on a cluster.

    Raises
    ------
    TypeError, ValueError
        For others.
    """
    if not isinstance(model, (Word2Vec, GloVe, NodeEmbedding, PairEmbedding)):
        raise TypeError(
            f"the model is a {type(model).__name__}; allowed are Word2Vec, FastText, GloVe, "
            "NodeEmbedding and PairEmbedding. Train others on one machine, by their own methods"
        )
    if isinstance(model, GloVe) and not model.deterministic:
        raise ValueError(
            "deterministic is False, and nodes train blocks of cells that have no words in common; "
            "give GloVe(deterministic=True)"
        )
    if isinstance(model, Word2Vec) and has_hooks(model):
        raise TypeError(
            f"{type(model).__name__} overrides methods that train one sentence at a time, which no "
            "other node can do; give a Word2Vec or FastText, or train it on one machine"
        )
    if (path := getattr(model, "walks_file", None)) is not None:
        raise ValueError(
            f"walks_file is {path!r:.60}, and the walks of a cluster are on its nodes; "
            "set it to None, or train on one machine"
        )
    return model


def _check(corpus: Any, nodes: int | None, min_nodes: int, address: str | None) -> None:
    """Check what takes no time, before the corpus is read."""
    if corpus is None:
        raise TypeError(
            "the corpus is None; give a path or a list of paths, sentences, or what the fit of the "
            "model takes"
        )
    if nodes is not None and nodes < min_nodes:
        raise ValueError(
            f"min_nodes is {min_nodes}, and nodes is {nodes}; give a min_nodes of at most that"
        )
    check_cluster(address)


def _how(model: Any, callbacks: Any, checkpoint: Any, every: Any) -> dict[str, Any]:
    """Return the arguments of a method that trains a model, once they are checked."""
    checkpoints(checkpoint, every)
    how = {"checkpoint": checkpoint, "every": every}
    if isinstance(model, Word2Vec):
        others = None if callbacks is None else parameters.as_callbacks(callbacks)
        return how | {"callbacks": others}
    if callbacks is not None:
        raise TypeError(f"a {type(model).__name__} takes no callbacks; leave them out")
    return how


def _folders(model: Any, how: dict[str, Any]) -> list[Any]:
    """Return the paths of the checkpoints that are folders, to which the nodes write."""
    callbacks = how.get("callbacks")
    savers = getattr(model, "callbacks", ()) if callbacks is None else callbacks
    paths = [how["checkpoint"], *(each.path for each in savers if isinstance(each, Checkpoint))]
    return [path for path in paths if shards.is_folder(path)]


@dataclass
class _Run:
    """A training on a cluster."""

    model: Any
    cluster: Cluster

    def data(self, corpus: EncodedCorpus | list[str]) -> EncodedCorpus:
        """Return the corpus of a model that has words then, of sentences or of paths."""
        if isinstance(corpus, EncodedCorpus):
            return corpus
        n_nodes = len(self.cluster.members)
        text = TextCorpus(self.cluster, cut_files(corpus, n_nodes))
        if not len(self.model.wv):
            self._build_vocab(text)
        vocabulary = vocabulary_of(self.model.wv)
        with reading_bar(self.model.progress, "parts", "encoding") as report:
            text.encode(vocabulary, partial(report, 0, len(text.parts)))
        return RemoteCorpus(text, vocabulary)

    def _build_vocab(self, text: TextCorpus) -> None:
        with reading_bar(self.model.progress, "parts", "counting") as report:
            counted = text.count(lambda: report(len(text.raw_sizes), len(text.parts)))
        if not text.n_raw_tokens:
            raise EmptyCorpusError(EMPTY)
        counts = dict(zip(counted.words, counted.counts.tolist()))
        self.model.build_vocab_from_freq(counts, corpus_count=text.n_raw_sentences)


@contextmanager
def _run(
    model: Any, nodes: int | None, min_nodes: int, workers: int | None, transport: Transport,
    rounds: int, address: str | None, folders: Sequence[Any],
) -> Iterator[_Run]:  # fmt: skip
    """Join a cluster, and have it train the rounds of all models until the end of the block.

    It writes the checkpoints that are folders, too.
    """
    with ExitStack() as stack:
        with reading_bar(model.progress, "nodes", "starting Ray") as report:
            ray = stack.enter_context(joined(address, nodes, partial(report, 0, nodes)))
            reserves = not _is_training.get()
            cluster = stack.enter_context(
                Cluster(ray, nodes, min_nodes, workers, transport, reserves)
            )
            report(len(cluster.members), len(cluster.members))
        writer = ShardWriter(cluster)
        for folder in folders:
            writer.check_folder(folder)
        runner = RoundRunner(cluster, is_deterministic=getattr(model, "deterministic", False))

        def layout(chunks: range) -> Rounds:
            n_nodes = len(cluster.members)
            n_threads = max(member.n_threads for member in cluster.members)
            runner.n_shards = n_nodes
            return Rounds(chunks, n_nodes, max(len(chunks) // (rounds * n_nodes), n_threads))

        elsewhere = Elsewhere(runner, layout, cluster.run_items)
        token = _is_training.set(True)  # a callback may train another model on the cluster
        try:
            with runs_rounds(elsewhere), shards.written_by(writer):
                yield _Run(model, cluster)
        finally:
            _is_training.reset(token)


def _read(model: Any, corpus: Any) -> Any:
    """Return what the nodes can use of a corpus: paths of text files, sentences, a graph or pairs.

    What can be checked is checked here, because a cluster may take long to start. Sentences are
    read before nodes take all processors, which reading them may need, as it does if they are those
    of a Ray Dataset. A model without words gets those of sentences.
    """
    if isinstance(model, (NodeEmbedding, PairEmbedding)):
        return _read_links(model, corpus)
    if isinstance(model, GloVe):
        return _count(model, corpus)
    checked = parameters.check(model)
    parameters.check_objective(checked)
    if not isinstance(corpus, EncodedCorpus):
        if (paths := _paths_of(corpus)) is not None:
            names = [path if is_url(path) else os.path.abspath(path) for path in check_paths(paths)]
            check_files(names)
            return names
        with scan_source(Source.of(corpus, None), checked) as scanned:
            corpus = encode(scanned)
    if not corpus.n_raw_tokens:
        raise EmptyCorpusError(EMPTY)
    if not len(model.wv):
        model.build_vocab(corpus)
    return corpus


def _read_links(model: NodeEmbedding | PairEmbedding, links: Any) -> DirectedGraph | EncodedPairs:
    check_parameters(model)
    if isinstance(model, PairEmbedding):
        return encode_pairs(links)
    choose_kinds(model)
    graph = DirectedGraph.of(links)
    require_edges(graph)
    return graph


def _count(model: GloVe, corpus: Any) -> Cooccurrences:
    if isinstance(corpus, Cooccurrences):
        counts = corpus
    elif (paths := _paths_of(corpus)) is not None:
        counts = model.count(corpus_file=paths)
    else:
        counts = model.count(corpus)
    check_nonempty(counts)
    return counts


def _paths_of(corpus: Any) -> Any:
    """Return the paths of a corpus of text files that nodes can read; None for others."""
    if is_path(corpus):
        return corpus
    if type(corpus) in (LineSentence, PathLineSentences) and corpus.errors == "strict":
        return corpus.whole_files()
    is_list = isinstance(corpus, (list, tuple)) and len(corpus) > 0
    return corpus if is_list and all(map(is_path, corpus)) else None
