"""Models of Facebook's fastText: .bin and .ftz, supervised, quantized and pruned."""

import contextlib
import gzip
import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import classes
import numpy as np

import fastsgns
from fastsgns.formats import facebook
from fastsgns.models.fasttext import FastText, load_facebook_model, save_facebook_model
from fastsgns.vectors.facebook import load_facebook_vectors

from . import mutators
from .native import LARGEST, TEXT
from .reading import REFUSED_QUERY, Finding, Reader, check_vectors

# Written by fastText 0.9
FOLDER = Path(__file__).parents[1] / "formats" / "fasttext_0_9"


def models() -> Iterable[bytes]:
    made = [path.read_bytes() for path in sorted(FOLDER.glob("*.[bf]*"))]
    for options in ({"bucket": 7}, {"max_n": 0}, {"hs": 1, "negative": 0, "bucket": 5}):
        file = io.BytesIO()
        save_facebook_model(classes.fasttext(**{"vector_size": 2, **options}), file)
        made.append(file.getvalue())
    return made


def unquantized() -> Iterable[bytes]:
    return [data for data in models() if len(data) < 5000]


def check(kv: Any, path: Path) -> None:
    check_vectors(kv)
    for word in ("metal1", "absent", "é"):
        try:
            if kv[word].shape != (kv.vector_size,):
                raise Finding(f"the vector of {word!r} is of shape {kv[word].shape}")
        except KeyError:
            pass
    few = load_facebook_vectors(path, all_buckets=False)
    if few.index_to_key != kv.index_to_key or not np.array_equal(
        few.vectors, kv.vectors, equal_nan=True
    ):
        raise Finding("vectors of words depend on which buckets are read")


def check_model(model: FastText, path: Path) -> None:
    check_vectors(model.wv)
    if max(model.window, model.negative, model.vector_size) <= LARGEST:
        model.workers = 1
        with contextlib.suppress(*REFUSED_QUERY), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that are too large
            model.build_vocab(TEXT, update=True)
            model.train(TEXT, total_examples=2, epochs=1)


def check_parts(model: facebook.FacebookModel, path: Path) -> None:
    n_words, n_labels = len(model.words), len(model.labels)
    if len(model.counts) != n_words or len(model.label_counts) != n_labels:
        raise Finding("there are other counts than words or labels")
    if len(model.input) < n_words or model.input.shape[1] != model.parameters["dim"]:
        raise Finding(f"the input matrix of {n_words} words is of shape {model.input.shape}")
    buckets = model.buckets
    if len(buckets) and (np.diff(buckets) <= 0).any():
        raise Finding("buckets do not ascend")


def zipped() -> Iterable[bytes]:
    return [gzip.compress(data) for data in models()]


READERS = {
    "vectors": Reader(load_facebook_vectors, models, ".bin", check=check),
    "load": Reader(fastsgns.load, models, "", check=check),
    "parts": Reader(facebook.read, models, ".ftz", check=check_parts),
    "model": Reader(load_facebook_model, unquantized, ".bin", check=check_model,
                    allowed=(NotImplementedError,)),
    "gz": Reader(load_facebook_vectors, zipped, ".bin.gz",
                 mutate=mutators.compressed(".gz", mutators.as_bytes), check=check_vectors),
}  # fmt: skip
