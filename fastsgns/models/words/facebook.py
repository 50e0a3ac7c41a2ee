"""Models of Facebook's fastText: FastText from its .bin files, and files of FastText."""

from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import facebook, files
from fastsgns.formats.facebook import LOSSES, MODELS, FacebookModel
from fastsgns.kernels.objective import SIMD_PAD, Paths
from fastsgns.matrices import TreeWords
from fastsgns.models.exclusive import not_during
from fastsgns.models.words.tree import matches, paths_of
from fastsgns.vectors import facebook as facebook_vectors
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.spaces import NoRoleError

LOSS_NUMBERS = {name: number for number, name in LOSSES.items()}
MODEL_NUMBERS = {name: number for number, name in MODELS.items()}


def load(cls: Any, path: Any, encoding: str = "utf-8", all_buckets: bool = True) -> Any:
    """Return a FastText of a file; see `fastsgns.models.fasttext.load_facebook_model`.

    Parameters
    ----------
    cls : type
        FastText.
    path, encoding, all_buckets
        As for `load_facebook_vectors`.
    """
    stored, name = facebook_vectors.read(path, all_buckets), files.name_of(path)
    if stored.is_supervised:
        raise NotImplementedError(
            f"{name} is a supervised model, which FastText can't train; load_facebook_vectors(path)"
            " reads its vectors of words"
        )
    loss, values = LOSSES[stored.parameters["loss"]], stored.parameters
    output, tree = stored.output, None
    if output is not None and loss == "hs":
        tree, output = output[:-1], None
    vectors = facebook_vectors.vectors_of(stored, encoding, name)
    try:
        model = cls.from_vectors(
            vectors, output, tree, window=values["ws"], epochs=values["epoch"],
            negative=values["neg"] if loss in ("ns", "ova") else 0, hs=int(loss == "hs"),
            softmax=int(loss == "softmax"), sg=int(MODELS[values["model"]] == "skipgram"),
            min_count=values["min_count"], sample=values["t"],
        )  # fmt: skip
    except ValueError as error:
        raise FormatError(f"{name} has a parameter that FastText does not: {error}") from None
    model.corpus_total_words = stored.n_tokens
    if tree is not None:
        paths = paths_of_facebook(stored.counts)
        matrices = model.current_arrays()
        matrices.tree_words = TreeWords(stored.counts, np.arange(len(stored.counts)), paths)
    return model


@not_during
def save(model: Any, path: Any, encoding: str, lr_update_rate: int, word_ngrams: int) -> None:
    """Write a .bin file; see `fastsgns.models.fasttext.save_facebook_model`."""
    if isinstance(model, KeyedVectors):
        raise TypeError(f'{model!r} are vectors, not a model: kv.export("fasttext", path)')
    wv = model.wv
    loss = "softmax" if model.softmax else "ns" if model.negative or not model.hs else "hs"
    lost = [
        what
        for what, is_lost in {
            "the bias": model.layout.bias is not None,
            "the vectors of negative samples": model.layout.has_negative_matrix,
            "hierarchical softmax beside the other loss": model.hs and loss != "hs",
        }.items()
        if is_lost
    ]
    if lost:
        warn(f"the file does not hold {' and '.join(lost)}")
    parameters = {
        "ws": model.window, "epoch": model.epochs, "min_count": model.min_count,
        "neg": model.negative, "word_ngrams": word_ngrams, "loss": LOSS_NUMBERS[loss],
        "model": MODEL_NUMBERS["skipgram" if model.sg else "cbow"],
        "lr_update_rate": lr_update_rate, "t": float(model.sample),
    }  # fmt: skip
    stored = facebook_vectors.model_of(
        wv, parameters, None, model.corpus_total_words or None, encoding
    )
    stored.output = _tree_rows(model, stored) if loss == "hs" else _output(wv)
    facebook.write(path, stored)


def _output(wv: Any) -> np.ndarray | None:
    """Return the output vectors of a model, None if it has none yet."""
    try:
        return np.asarray(wv.output.array, np.float32)
    except NoRoleError:
        return None


def _tree_rows(model: Any, stored: FacebookModel) -> np.ndarray | None:
    """Return the rows of Facebook's Huffman tree that the model's tree has as well.

    Rows of other nodes, of which words of equal counts can make some, are zeros.
    """
    matrices = model.current_arrays()
    rows, counts = matrices.vectors.get("tree"), stored.counts
    if rows is None:
        return None
    paths = paths_of(matrices, counts), paths_of_facebook(counts)
    source, sign = matches(*paths, np.arange(len(counts)))
    tree = np.zeros((len(counts), rows.shape[1]), np.float32)
    kept = np.flatnonzero(source >= 0)
    tree[kept] = rows[source[kept]] * sign[kept, None]
    if len(kept) < len(rows):
        warn(
            f"the file does not hold {len(rows) - len(kept)} of {len(rows)} rows of hierarchical "
            "softmax, because the tree of fastText has other nodes there; vectors are not affected"
        )
    return tree


def paths_of_facebook(counts: np.ndarray) -> Paths:
    """Return the paths of the Huffman tree that fastText makes of counts.

    Of two nodes of equal weight, an inner node comes first, and of two words, the later one. The
    label of a node is 1 on the side of its second, heavier child (loss.cc of fastText,
    `HierarchicalSoftmaxLoss::buildTree`).

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
        In descending order, as in its files.

    Examples
    --------
    >>> paths = paths_of_facebook(np.array([5, 2, 1]))
    >>> paths.nodes.tolist(), paths.labels[:5].tolist(), paths.starts.tolist()
    ([1, 1, 0, 1, 0], [1.0, 0.0, 1.0, 0.0, 0.0], [0, 1, 3, 5])
    """
    n_words = len(counts)
    n_nodes = max(2 * n_words - 1, 1)
    weights = counts.tolist() + [0] * (n_nodes - n_words)
    parents, sides = [-1] * n_nodes, [0] * n_nodes
    leaf, inner = n_words - 1, n_words
    for made in range(n_words, n_nodes):
        for side in (0, 1):
            if leaf >= 0 and (inner == made or weights[leaf] < weights[inner]):
                node, leaf = leaf, leaf - 1
            else:
                node, inner = inner, inner + 1
            weights[made] += weights[node]
            parents[node], sides[node] = made, side
    nodes: list[int] = []
    labels: list[int] = []
    starts = [0]
    for word in range(n_words):
        path, at = [], word
        while parents[at] >= 0:
            path.append((parents[at] - n_words, sides[at]))
            at = parents[at]
        nodes += [node for node, _ in reversed(path)]
        labels += [label for _, label in reversed(path)]
        starts.append(len(nodes))
    padded = np.zeros(len(labels) + SIMD_PAD, np.float32)
    padded[: len(labels)] = labels
    lengths = np.diff(starts)
    return Paths(
        np.array(nodes, np.int32), padded, np.array(starts, np.int64), int(lengths.max(initial=0))
    )
