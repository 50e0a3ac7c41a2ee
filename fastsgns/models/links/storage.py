"""A model of links as one native file: its matrices, names, known links and parameters."""

import inspect
import math
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import native, registry, saving
from fastsgns.formats.contents import checked
from fastsgns.formats.saving import PLAIN
from fastsgns.matrices import Matrices
from fastsgns.models.links.base import check_known

NOT_SAVED = ("graph", "pairs", "walks_file", "progress")
STATE: dict[str, Any] = {"epochs_trained": int, "epochs_begun": int, "epoch_losses": list}
RATES = ("alpha", "min_alpha")  # may be below 0 between two fits, which refuse that
NAMES = ("words", "word_ends", "word_types")
KINDS: dict[type, str] = {}


def register(cls: type, kind: str) -> None:
    """Let files of `kind` hold models of `cls`."""
    KINDS[cls] = kind
    registry.register(kind, lambda tensors, metadata: rebuild(cls, tensors, metadata))


def kind_of(cls: type) -> str:
    """The kind of files of a class, or of the one it is derived from."""
    return KINDS[_base(cls)]


def _base(cls: type) -> Any:
    return next(base for base in cls.__mro__ if base in KINDS)


def _parameter_types(base: type) -> dict[str, Any]:
    """The parameters that a file holds: not those that name data or files, nor how to report."""
    names = inspect.signature(base).parameters
    return {name: PLAIN for name in names if name not in NOT_SAVED}


def save(model: Any, path: Any) -> None:
    """Write a NodeEmbedding or PairEmbedding; see their `save`."""
    model._check_learned()
    model._check_roles()
    matrices = model._matrices
    tensors = dict(matrices.vectors)
    if matrices.bias is not None:
        tensors["bias"] = matrices.bias
    if model.target_prior is not None:
        tensors["prior"] = model.target_prior
    if model.target_counts is not None:
        tensors["target_counts"] = model.target_counts
    sides = {"source": model.source}
    if not model.names_are_shared:
        sides["target"] = model.target
    for side, vectors in sides.items():
        packed = native.pack_words(vectors.index_to_key)
        tensors |= {f"{side}_{name}": array for name, array in packed.items()}
    if model.known is not None:
        tensors["known_offsets"], tensors["known_targets"] = model.known
    metadata = {
        "parameters": {name: getattr(model, name) for name in _parameter_types(_base(type(model)))},
        "state": {name: getattr(model, name) for name in STATE},
    }
    saving.save(path, kind_of(type(model)), tensors, metadata, model=model)


def load(cls: type, path: Any, mmap: str | None) -> Any:
    """Read a model of class `cls`; see `NodeEmbedding.load`."""
    if mmap not in (None, "r"):
        raise ValueError(f"mmap={mmap!r}; allowed are None and 'r' (read-only)")
    tensors, metadata = registry.read_as(kind_of(cls), path, mmap is not None)
    try:
        return rebuild(cls, tensors, metadata)
    except FormatError as error:
        raise FormatError(f"{path} is damaged: {error}") from None


def rebuild(cls: Any, tensors: native.Tensors, metadata: dict) -> Any:
    """Make a model of class `cls` from what a file holds.

    Raises
    ------
    FormatError
        If the arrays or the parameters contradict each other, or are missing.
    """
    try:
        model = cls.__new__(cls)
        base = _base(cls)
        parts = checked("metadata", metadata, {"parameters": dict, "state": dict})
        parameters = checked("parameters", parts["parameters"], _parameter_types(base))
        rates = {name: _finite(name, parameters.pop(name)) for name in RATES}
        base.__init__(model, **parameters)
        model.__dict__.update(rates)
        for name, value in parameters.items():
            if isinstance(value, str) and not isinstance(getattr(model, name), str):
                raise TypeError(f"{name} is {value!r:.60}")
        model.__dict__.update(checked("state", parts["state"], STATE))
        sources = _names(tensors, "source")
        targets = sources if model.names_are_shared else _names(tensors, "target")
        model._matrices = _matrices(model, tensors, len(sources), len(targets))
        model._show(sources, targets)
        model.target_prior = _prior(tensors, len(targets))
        model.target_counts = _counts(tensors, len(targets))
        model.known = _known(tensors, len(sources), len(targets))
    except KeyError as missing:
        raise FormatError(f"it holds no {missing}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(str(error)) from None
    return model


def _finite(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r:.60}; allowed are finite numbers")
    return value


def _names(tensors: native.Tensors, side: str) -> list[Any]:
    found = {name: f"{side}_{name}" for name in NAMES}
    packed = {name: tensors[full] for name, full in found.items() if full in tensors}
    return native.unpack_words(packed)


def _matrices(model: Any, tensors: native.Tensors, n_sources: int, n_targets: int) -> Matrices:
    layout = model._layout()
    wanted: dict[str, tuple[int, ...]] = {"input": (n_sources, model.dimensions)}
    if not layout.shares_one_matrix:
        wanted["output"] = (n_targets, model.dimensions)
    if layout.has_word_bias:
        wanted["bias"] = (n_targets,)
    for name in ("input", "output", "bias"):
        found = tensors.get(name)
        if (found is None) != (name not in wanted):
            raise ValueError(f"matrices={model.matrices!r}, and {name} is there or is missing")
        if found is not None and (found.shape != wanted[name] or found.dtype != np.float32):
            raise ValueError(
                f"the {name} matrix is of shape {found.shape} and {found.dtype}; with "
                f"dimensions={model.dimensions} it is of shape {wanted[name]} and float32"
            )
    vectors = {name: tensors[name] for name in wanted if name != "bias"}
    return Matrices(vectors, layout, tensors.get("bias"))


def _prior(tensors: native.Tensors, n_targets: int) -> np.ndarray | None:
    prior = tensors.get("prior")
    if prior is not None and (prior.shape != (n_targets,) or prior.dtype != np.float32):
        raise ValueError(
            f"target_prior is of shape {prior.shape} and {prior.dtype}; with {n_targets} targets "
            f"it is of shape ({n_targets},) and float32"
        )
    return prior


def _counts(tensors: native.Tensors, n_targets: int) -> np.ndarray | None:
    counts = tensors.get("target_counts")
    if counts is not None:
        if counts.shape != (n_targets,) or counts.dtype != np.float64:
            raise ValueError(
                f"target_counts are of shape {counts.shape} and {counts.dtype}; with {n_targets} "
                f"targets they are of shape ({n_targets},) and float64"
            )
        if not (np.isfinite(counts).all() and counts.min(initial=0) >= 0):
            raise ValueError("target_counts are negative or not finite")
    return counts


def _known(
    tensors: native.Tensors, n_sources: int, n_targets: int
) -> tuple[np.ndarray, np.ndarray] | None:
    if "known_offsets" not in tensors:
        return None
    offsets, targets = tensors["known_offsets"], tensors["known_targets"]
    check_known(offsets, targets, n_sources, n_targets)
    return offsets, targets
