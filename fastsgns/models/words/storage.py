"""The native file of Word2Vec: its matrices, words, parameters and the state of its training."""

from typing import Any

import numpy as np

from fastsgns.errors import warn
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import (
    COUNT,
    PLAIN,
    RATE,
    REAL,
    STATE,
    Array,
    Content,
    Schema,
    Value,
    When,
    Words,
)
from fastsgns.kernels.objective import SIMD_PAD, Paths
from fastsgns.matrices import Matrices, TreeWords
from fastsgns.rules import choice
from fastsgns.training import unfinished
from fastsgns.vectors import storage as vectors_storage
from fastsgns.vectors.keyedvectors import KeyedVectors

NONE = type(None)
INT = Value((int, bool))  # gensim's users pass True and False for 1 and 0
OPTIONAL = Value((int, float, bool, NONE))
NUMBER = Value(REAL)
DELETABLE = choice("output", "tree")  # arrays that the user may delete to free memory


def save(model: Any, path: Any, ignore: Any = ()) -> None:
    """Write `model` (a Word2Vec) to one file; see `Word2Vec.save`."""
    vectors_storage.check_savable(model.wv, "model.wv")
    arrays = model.current_arrays(thorough=True)  # in the order of the keys; `SCHEMA` reads them
    if "tree" in arrays.vectors and "count" not in model.wv.expandos:
        raise ValueError(
            "model.wv has no counts, which the Huffman tree of hs=1 is made of; set them with "
            "model.wv.set_vecattr(word, 'count', n), or save model.wv alone"
        )
    if model.wv.array.dtype.itemsize > 4:
        warn(
            f"model.wv.vectors are of {model.wv.array.dtype} and are saved as float32; to keep "
            "all digits, save model.wv as well"
        )
    if model.has_own_random:
        warn("the file does not hold model.random, which was set; set it again after loading")
    vectors_storage.warn_of_views(model.wv, "model.wv")
    saving.save(path, model.SCHEMA, model, ignore=ignore)


def _events_to_save(value: Any) -> Any:
    """Return events as values of JSON; a value of another type becomes its str.

    Numbers of numpy are kept, because `saving.save` converts them.
    """
    if isinstance(value, (list, tuple)):
        return [_events_to_save(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _events_to_save(item) for key, item in value.items()}
    return value if isinstance(value, (*PLAIN, np.generic)) else str(value)


def _build(cls: Any, content: Content) -> Any:
    wv = KeyedVectors(0)
    vectors_storage.fill(wv, content.arrays["input"], content)
    return with_arrays(content, wv, content.arrays.get("bias"))


def with_arrays(content: Content, wv: KeyedVectors, bias: np.ndarray | None) -> Any:
    """Return the model of a file, with its `wv`, its biases and its other arrays."""
    model, arrays = content.model, content.arrays
    # wv and the matrices must share one array of input vectors
    roles = {role: arrays[role] for role in ("output", "negative", "tree") if role in arrays}
    bias = None if bias is None else np.array(bias)  # a copy: it may be mapped
    first_bias = model.layout.initial_bias(model.negative)
    matrices = Matrices(roles | {"input": wv.array}, model.layout, bias, first_bias)
    matrices.noise = arrays.get("noise")
    matrices.deleted.update(content.values["deleted"])
    matrices.tree_words = _saved_tree(content)
    model.set_arrays(wv, matrices)
    return model


def _saved_tree(content: Content) -> TreeWords | None:
    """Return a Huffman tree of another program; None if the tree is that of the counts."""
    if "tree_nodes" not in content.arrays:
        return None
    nodes, starts = content.arrays["tree_nodes"], np.array(content.arrays["tree_starts"])
    labels = np.zeros(len(nodes) + SIMD_PAD, np.float32)
    labels[: len(nodes)] = content.arrays["tree_labels"]
    paths = Paths(np.array(nodes), labels, starts, int(np.diff(starts).max(initial=0)))
    counts = content.arrays["attr:count"]
    return TreeWords(np.array(counts), np.arange(len(counts)), paths)


def _tree_array(name: str) -> Any:
    """Return a function of a model that returns an array of a tree of another program, or None."""

    def read(model: Any) -> np.ndarray | None:
        matrices = model.current_arrays()
        words, tree = matrices.tree_words, matrices.vectors.get("tree")
        if words is None or words.paths is None or tree is None:
            return None
        if name == "labels":
            labels: np.ndarray = words.paths.labels[: len(words.paths.nodes)].astype(np.uint8)
            return labels
        array: np.ndarray = getattr(words.paths, name)
        return array

    return read


def _fault_of_tree(content: Content) -> str | None:
    """Return what is wrong with the paths of a Huffman tree of another program, or None."""
    names = ("tree_nodes", "tree_labels", "tree_starts")
    arrays = [content.arrays[name] for name in names if name in content.arrays]
    if not arrays:
        return None
    if len(arrays) < len(names) or not {"tree", "attr:count"} <= content.arrays.keys():
        return "a part of the Huffman tree, its vectors or the counts are missing"
    nodes, labels, starts = arrays
    if labels.max(initial=0) > 1:
        return "tree_labels are not all 0 or 1"
    return faults.of_offsets("tree_starts", starts, len(nodes)) or faults.of_ids(
        "tree_nodes", nodes, content.sizes["words"] - 1
    )


def fault(content: Content, bias: str = "bias") -> str | None:
    """Return what is wrong with the arrays together, or None.

    A model needs the matrices of its roles and the array `bias` as soon as it has words.
    """
    model, layout, arrays = content.model, content.model.layout, content.arrays
    needs_output = model.has_output and not layout.shares_one_matrix
    deleted = content.values["deleted"]
    if both := arrays.keys() & set(deleted):
        return f"it holds an array {min(both)!r}, of which it says that it was deleted"
    if content.sizes["words"] and needs_output and not {*arrays, *deleted} & {"output", "tree"}:
        return f"matrices={model.matrices!r}, but there is no output matrix"
    if content.sizes["words"] and layout.bias and bias not in arrays:
        return f"matrices={model.matrices!r}, but there is no bias"
    return _fault_of_tree(content) or vectors_storage.fault_of_attributes(content)


def _matrix_of(role: str) -> Any:
    return lambda model: model.current_arrays().newest(role)


def input_of(model: Any) -> np.ndarray:
    """Return the input vectors to save: while they are trained, as the kernels have left them."""
    matrices, array = model.current_arrays(), model.wv.array
    newest = matrices.newest("input")
    # What users have replaced or pruned, which the matrices follow later, is in wv alone
    is_own = newest is not None and newest.shape == array.shape and matrices.are_trained
    return np.asarray(newest if is_own else array, np.float32)


def _bias(model: Any) -> Any:
    return model.current_arrays().newest_bias


def _fault_of_noise(name: str, noise: np.ndarray) -> str | None:
    is_fit = np.all(noise >= 0) and 0 < noise.sum() < np.inf
    return None if is_fit else f"{name} are not probabilities"


def _noise(model: Any) -> Any:
    return model.current_arrays().noise


HAS_OUTPUT = When("matrices", lambda content: not content.model.layout.shares_one_matrix)
HAS_NEGATIVE = When(  # without an output matrix, as for hs=1 alone, there are no negative samples
    "matrices",
    lambda content: (
        content.model.layout.has_negative_matrix
        and "output" in {*content.arrays, *content.values["deleted"]}
    ),
)
HAS_WORD_BIAS = When("matrices", lambda content: content.model.layout.has_word_bias)
HAS_ONE_BIAS = When("matrices", lambda content: content.model.layout.bias == "scalar")
ROWS = "words, vector_size"
PARAMETERS: dict[str, Value] = {
    "vector_size": INT, "alpha": RATE, "min_alpha": RATE, "window": INT, "min_count": INT,
    "max_vocab_size": OPTIONAL, "sample": NUMBER, "seed": OPTIONAL, "workers": INT,
    "sg": INT, "hs": INT, "negative": INT, "ns_exponent": NUMBER, "cbow_mean": INT,
    "epochs": INT, "null_word": OPTIONAL, "sorted_vocab": INT, "batch_words": OPTIONAL,
    "compute_loss": OPTIONAL, "comment": Value(object), "max_final_vocab": OPTIONAL,
    "shrink_windows": INT, "cbow_gradient": Value(str), "negative_sharing": Value(str),
    "matrices": Value(str, default="two"), "bias": Value(str, default="scalar"),
    "coupling": Value(REAL, default=0.0), "softmax": Value((int, bool), default=0),
    "deterministic": Value((bool, int), default=False),
}  # fmt: skip
STATE_OF_TRAINING: dict[str, Value] = {
    "effective_min_count": NUMBER, "corpus_count": COUNT, "corpus_total_words": COUNT,
    "train_count": COUNT, "total_train_time": NUMBER, **STATE,
    "min_alpha_yet_reached": NUMBER, "running_training_loss": NUMBER,
    "lifecycle_events": Value((list, NONE), source=lambda m: _events_to_save(m.lifecycle_events)),
    "unfinished": unfinished.VALUE,
}  # fmt: skip
DELETED = Value(
    list, lambda name, roles: [DELETABLE(name, role) for role in roles], default=[],
    source=lambda model: sorted(model.current_arrays().deleted),
)  # fmt: skip
SCHEMA = Schema(
    "model",
    arrays={
        "input": Array("float32", ROWS, input_of),
        # Optional: a model without words lacks them. `fault` checks a model with words.
        "output": Array("float32", ROWS, _matrix_of("output"), HAS_OUTPUT, is_optional=True),
        "negative": Array("float32", ROWS, _matrix_of("negative"), HAS_NEGATIVE),
        "tree": Array("float32", "words - 1, vector_size", _matrix_of("tree"), is_optional=True),
        "noise": Array("float64", "words", _noise, is_optional=True, fault=_fault_of_noise),
        "tree_nodes": Array("int32", "steps", _tree_array("nodes"), is_optional=True),
        "tree_labels": Array("uint8", "steps", _tree_array("labels"), is_optional=True),
        "tree_starts": Array("int64", "words + 1", _tree_array("starts"), is_optional=True),
        "bias": [
            Array("float32", "words", _bias, HAS_WORD_BIAS, is_optional=True),
            Array("float64", "1", _bias, HAS_ONE_BIAS, is_optional=True),
        ],
        **vectors_storage.arrays_beside("wv"),
    },
    values={
        **vectors_storage.values("wv"),
        "parameters": PARAMETERS,
        "state": STATE_OF_TRAINING,
        "deleted": DELETED,
    },
    build=_build,
    words={"": Words(source="wv.index_to_key")},
    construct=kinds.constructor("model"),
    fault=fault,
    set_by_build=("wv",),
    parts={"wv": saving.KEYED},
)
