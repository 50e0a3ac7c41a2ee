r"""Folders that sentence-transformers and model2vec load: one vector per token, and a tokenizer.

The layout is that of model2vec, which both load: ``model.safetensors`` has the matrix
``embeddings``, and ``tokenizer.json`` says how the package tokenizers splits a text.

Both take the mean of the vectors of the tokens. sentence-transformers counts a token of unknown
words, where a tokenizer has such, and model2vec leaves it out. The tokenizer that is written here
therefore has none: an unknown word becomes no token at all. Its model is BPE without merges. A word
with a space in front is looked up in the vocabulary (``ignore_merges``). If it is not found, BPE
looks up its characters one by one, and leaves out those that are not found; none is found, as each
entry of the vocabulary is a space and at least one more character.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns._version import __version__
from fastsgns.errors import FormatError, warn
from fastsgns.formats import files, folders, header, plain
from fastsgns.formats.native import Tensors
from fastsgns.formats.quantized import dequantize
from fastsgns.formats.tables import (
    ELSEWHERE,
    VECTOR_SCALE,
    VectorTable,
    as_texts,
    check,
    exportable,
)
from fastsgns.formats.writing import destination
from fastsgns.rules import FLAG
from fastsgns.runtime.machine import require_memory

WHAT = "a static embedding"
CONFIG, MODULES, SENTENCES = "config.json", "modules.json", "config_sentence_transformers.json"
TENSORS, TOKENIZER = "model.safetensors", "tokenizer.json"
NAMES = {CONFIG, MODULES, SENTENCES, TENSORS, TOKENIZER}
PLACES = ("", "0_StaticEmbedding")  # where model2vec and sentence-transformers put both files
# model2vec multiplies row i by `weights[i]`; `mapping` has the row of each token
MATRIX, WEIGHTS, MAPPING = "embeddings", "weights", "mapping"
RESERVED = (WEIGHTS, MAPPING, header.OWN, *plain.EMBEDDING)
MARK = " "
# Metaspace puts `MARK` in front of each word, which has no blank itself.
PRE_TOKENIZER = {
    "type": "Sequence",
    "pretokenizers": [
        {
            "type": "Split",
            "pattern": {"Regex": f"[{files.BLANKS}]+"},
            "behavior": "Removed",
            "invert": False,
        },
        {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always", "split": False},
    ],
}
# The JSON of a tokenizer has an object or a list per token, such as a merge, and few values more.
OBJECTS_PER_TOKEN, VALUES_PER_TOKEN, MORE = 4, 16, 1 << 16
# Tokens that are longer than this on average are those of a damaged file.
BYTES_PER_TOKEN, MORE_BYTES = 1 << 11, 1 << 26
COPIES = 4  # of the text, and of its parts, while it is parsed


def write(
    path: Any, table: VectorTable, lowercase: bool = False, weights: npt.ArrayLike | None = None
) -> None:
    """Write a folder, atomically.

    Parameters
    ----------
    path : str or os.PathLike
        Does not exist, is empty, or is a folder that this function wrote and that is replaced.
    table : VectorTable
        Keys of type int become str. Attributes that are numbers become tensors.
    lowercase : bool
        Whether the tokenizer puts texts into lower case.
    weights : array_like, shape (V,), optional
        Factors of the vectors, which are multiplied into the matrix.

    Raises
    ------
    TypeError
        If the keys are neither all str nor all int, or `path` is not a path.
    ValueError
        If a key is empty or contains white space, at which texts are split, or
        `weights` are of another shape, not finite, or so large that the type of the numbers does
        not hold the products.
    FileExistsError
        If the folder has other files.

    Warns
    -----
    UserWarning
        If there are no keys, attributes are left out, or words with upper case are not found with
        `lowercase`.
    """
    lowercase = FLAG("lowercase", lowercase)
    words = _words(table.keys, lowercase)
    tensors = _tensors(table, weights)
    configuration = {
        CONFIG: {
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "hidden_dim": table.vectors.shape[1],
            "normalize": False,
            "max_length": None,  # model2vec cuts texts after 512 tokens by default
            "embedding_dtype": table.vectors.dtype.name,
            "fastsgns": __version__,
        },
        MODULES: [
            {
                "idx": 0,
                "name": "0",
                "path": "",
                "type": "sentence_transformers.models.StaticEmbedding",
            }
        ],
        SENTENCES: {
            "__version__": {},
            "prompts": {},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
    with folders.atomic(path, is_ours) as folder:
        for name, content in configuration.items():
            _write_json(folder, name, content, 2)
        _write_json(folder, TOKENIZER, _tokenizer(words, lowercase), None)
        plain.write_tensors(os.path.join(folder, TENSORS), tensors, {"format": "pt"})


def _words(keys: Sequence[Any], lowercase: bool) -> list[str]:
    if not len(keys):
        warn("there are no keys; model2vec can't encode texts with such a folder")
    words = as_texts(keys, files.BLANKS, WHAT)
    if "" in words:
        raise ValueError(f"the key '' can't be written to {WHAT}: no text has it. {ELSEWHERE}")
    lost = [word for word in words if word != word.lower()] if lowercase else []
    if lost:
        warn(
            f"{len(lost):,} words such as {lost[0]!r:.60} have upper case, and no text does with "
            "lowercase=True: they are not found"
        )
    return words


def _tensors(table: VectorTable, weights: npt.ArrayLike | None) -> Tensors:
    vectors, attributes = table.vectors, dict(table.attributes)
    scales = attributes.pop(VECTOR_SCALE, None) if vectors.dtype == np.int8 else None
    if weights is not None:
        factors = _factors(weights, len(vectors))
        if scales is None:
            vectors = _times(vectors, factors, vectors.dtype)
        else:
            scales = _times(scales[:, None], factors, np.dtype(np.float32))[:, 0]
    tensors = {MATRIX: vectors, **exportable(attributes, RESERVED, texts=False)}
    return tensors if scales is None else tensors | {WEIGHTS: scales}


def _factors(weights: npt.ArrayLike, n: int) -> np.ndarray:
    """Return factors of `n` vectors, float64, or raise a ValueError."""
    factors = np.asarray(weights)
    if factors.shape != (n,) or factors.dtype.kind not in "biuf":
        raise ValueError(
            f"weights are of {factors.dtype} and shape {factors.shape}; expected is one number "
            f"per key, ({n},)"
        )
    if not np.isfinite(factors).all():
        key = int(np.flatnonzero(~np.isfinite(factors))[0])
        raise ValueError(f"weights[{key}] is {factors[key]}; expected are finite numbers")
    return factors.astype(np.float64)


def _times(rows: np.ndarray, factors: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Return the products of rows and their factors, rounded to a type."""
    with np.errstate(over="ignore"):
        products: np.ndarray = (rows * factors[:, None]).astype(dtype)
    if len(lost := np.flatnonzero((np.isfinite(rows) & ~np.isfinite(products)).any(axis=1))):
        raise ValueError(
            f"the vector of key {lost[0]} times weights[{lost[0]}], {factors[lost[0]]:g}, has a "
            f"number that is too large for {dtype}, whose largest is {np.finfo(dtype).max:g}"
        )
    return products


def _tokenizer(words: Sequence[str], lowercase: bool) -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"} if lowercase else None,
        "pre_tokenizer": PRE_TOKENIZER,
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {MARK + word: index for index, word in enumerate(words)},
            "merges": [],
        },
    }


def _write_json(folder: str, name: str, content: Any, indent: int | None) -> None:
    with destination(os.path.join(folder, name)) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=indent).encode())


def is_ours(folder: str) -> bool:
    """Return whether a folder has what `write` writes, and nothing else."""
    if not set(os.listdir(folder)) <= NAMES:
        return False
    try:
        with open(os.path.join(folder, CONFIG), "rb") as file:
            config = json.loads(file.read(1 << 16))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and "fastsgns" in config


def is_folder(path: Any) -> bool:
    """Return whether a path is a folder with vectors and a tokenizer, in one of `PLACES`."""
    return files.is_path(path) and not files.is_url(path) and _place(path) is not None


def size(path: Any) -> int:
    """Return the bytes of the vectors and the tokenizer on the disk."""
    folder = _place(path) or ""
    return sum(os.path.getsize(os.path.join(folder, name)) for name in (TENSORS, TOKENIZER))


def _place(path: Any) -> str | None:
    """Return the folder of both files."""
    for place in PLACES:
        folder = os.path.join(files.local_path(path), place)
        if all(os.path.isfile(os.path.join(folder, name)) for name in (TENSORS, TOKENIZER)):
            return folder
    return None


def read(path: Any) -> VectorTable:
    """Read what `write` wrote, or another static embedding of one of both packages.

    Parameters
    ----------
    path : str or os.PathLike
        The folder.

    Returns
    -------
    VectorTable
        The keys are the tokens, including special ones such as "[PAD]". Weights of tokens are
        multiplied into the vectors, so that int8 rows become float32.

    Raises
    ------
    FormatError
        If it is not such a folder, or a file is damaged.
    TypeError
        If it is not a path.
    """
    if not files.is_path(path):
        raise TypeError(f"{WHAT} is a folder; give a path and not {type(path).__name__}")
    folder, name = _place(path), files.name_of(path)
    if folder is None:
        raise FormatError(f"{name} is not {WHAT}: a folder with {TENSORS} and {TOKENIZER}")
    tensors = plain.read_tensors(os.path.join(folder, TENSORS))[1]
    matrix = plain.name_of_embedding(tensors, name)
    if not tensors[matrix].shape[1]:  # whose number of rows the size of the file does not bound
        raise FormatError(f"{name} has vectors without numbers")
    n_tokens = len(tensors.get(MAPPING, tensors[matrix]))
    keys = _read_tokens(os.path.join(folder, TOKENIZER), n_tokens)
    vectors = _vectors(tensors, tensors[matrix], name)
    reserved = {*RESERVED, matrix}
    attributes = {key: values for key, values in tensors.items() if key not in reserved}
    return check(VectorTable(keys, vectors, None, attributes), name)


def _vectors(tensors: Tensors, rows: np.ndarray, name: str) -> np.ndarray:
    """Return a vector per token: the row that `MAPPING` names, multiplied by `WEIGHTS`."""
    mapping, weights = tensors.get(MAPPING), tensors.get(WEIGHTS)
    if mapping is not None:
        if not _are_rows(mapping, len(rows)):
            raise FormatError(f"{name}: its tensor {MAPPING!r} has not a row of each token")
        require_memory(rows[:1].nbytes * len(mapping), f"the vectors of {name}", "Free memory")
        rows = rows[mapping]
    if weights is None:
        return rows
    if weights.shape != rows.shape[:1] or weights.dtype.kind != "f":
        raise FormatError(f"{name}: its tensor {WEIGHTS!r} has not a factor of each token")
    if rows.dtype.kind in "iu":
        return dequantize(rows, weights)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers that are not finite
        return (rows * weights[:, None]).astype(rows.dtype)


def _are_rows(mapping: np.ndarray, n: int) -> bool:
    """Return whether all are indices of `n` rows."""
    if mapping.ndim != 1 or mapping.dtype.kind not in "iu":
        return False
    return not len(mapping) or (mapping.min() >= 0 and bool(mapping.max() < n))


def _read_tokens(path: str, n: int) -> list[str]:
    """Return the `n` tokens of a tokenizer in the order of their ids.

    The size of the file is compared with `n` before it is read. So is the number of objects and
    values before they are parsed, because each takes many times the size of its text in memory.
    """
    n_bytes = os.path.getsize(path)
    if n_bytes > BYTES_PER_TOKEN * n + MORE_BYTES:
        raise FormatError(
            f"{path} has {n_bytes:,} bytes for {n:,} vectors; allowed are "
            f"{BYTES_PER_TOKEN * n + MORE_BYTES:,}"
        )
    require_memory(COPIES * n_bytes, f"the tokens of {path}", "Free memory")
    with open(path, "rb") as file:
        raw = file.read()
    counts = header.count_outside_strings(raw, b"{[,")
    n_objects, n_values = counts[0] + counts[1], counts[2]
    if n_objects > OBJECTS_PER_TOKEN * n + MORE or n_values > VALUES_PER_TOKEN * n + MORE:
        raise FormatError(
            f"{path} has {n_objects:,} objects and lists of {n_values:,} values for {n:,} vectors; "
            f"allowed are {OBJECTS_PER_TOKEN * n + MORE:,} of {VALUES_PER_TOKEN * n + MORE:,}"
        )
    try:
        content = json.loads(raw)
        ids = _ids(content)
        is_marked = content.get("pre_tokenizer") == PRE_TOKENIZER
        tokens = sorted(ids, key=ids.__getitem__)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path} is not a tokenizer, or it is damaged: {error!r:.100}") from None
    if [ids[token] for token in tokens] != list(range(n)):
        raise FormatError(
            f"{path} has {len(ids):,} tokens, and there are {n:,} vectors; expected is one token "
            "per vector, with ids from 0"
        )
    return [token.removeprefix(MARK) for token in tokens] if is_marked else tokens


def _ids(content: Any) -> dict[str, int]:
    """Return the id of each token: of the model, and those that were added."""
    vocabulary = content["model"]["vocab"]
    if isinstance(vocabulary, list):  # of Unigram: a token and its score
        vocabulary = {token: index for index, (token, _) in enumerate(vocabulary)}
    added = {token["content"]: token["id"] for token in content.get("added_tokens") or ()}
    ids = {**vocabulary, **added}
    if not all(type(index) is int for index in ids.values()):
        raise TypeError("an id is not an integer")
    return ids
