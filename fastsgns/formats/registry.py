"""What the kinds of native files are: each kind names the function that rebuilds its object.

Layers above register their own kinds, so that a lower layer can load them without knowing them.
"""

import importlib
from collections.abc import Callable
from typing import Any

from fastsgns.errors import FormatError, KindError
from fastsgns.formats import native
from fastsgns.formats.files import name_of

Loader = Callable[[native.Tensors, dict], Any]

# Of each kind: what it is, the module of its class, and the class whose `load` reads it.
KINDS = {
    "model": ("a Word2Vec model", "fastsgns", "Word2Vec"),
    "vectors": ("vectors by key", "fastsgns", "KeyedVectors"),
    "glove": ("a GloVe model", "fastsgns", "GloVe"),
    "nodes": ("a model of nodes", "fastsgns", "NodeEmbedding"),
    "pairs": ("a model of pairs", "fastsgns", "PairEmbedding"),
    "node factors": (
        "factors of a graph (HOPE or STRAP)",
        "fastsgns.models.links.factors",
        "Factorized",
    ),
    "ppmi": ("a PPMI matrix", "fastsgns.models.ppmi.model", "PPMI"),
    "svd": ("factors of a PPMI matrix", "fastsgns.models.ppmi.svd", "SVDVectors"),
    "corpus": ("an encoded corpus", "fastsgns", "EncodedCorpus"),
    "cooccurrences": ("co-occurrence counts", "fastsgns.cooccurrence.counts", "Cooccurrences"),
    "graph": ("a graph", "fastsgns", "DirectedGraph"),
}
_loaders: dict[str, Loader] = {}


def register(kind: str, loader: Loader) -> None:
    """Let `load` rebuild files of `kind` with ``loader(tensors, metadata)``."""
    _loaders[kind] = loader


def load(path: Any, mmap: bool = False) -> Any:
    """Read a native file of any registered kind.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where from.
    mmap : bool
        Map the arrays read-only instead of reading them.

    Returns
    -------
    object
        What the loader of the file's kind makes of it.

    Raises
    ------
    FormatError
        If the file is damaged, or of a kind that is unknown or has to be loaded by its class.
    """
    kind, tensors, metadata = native.read(path, mmap)
    if kind not in _loaders and kind in KINDS:
        importlib.import_module(KINDS[kind][1])
    if kind not in _loaders:
        raise _of_another_kind(path, kind, "a model or vectors")
    try:
        return rebuild(kind, tensors, metadata)
    except FormatError as error:
        raise FormatError(f"{path} is damaged: {error}") from None


def rebuild(kind: str, tensors: native.Tensors, metadata: dict) -> Any:
    """Make the object that a file of a registered kind holds.

    Raises
    ------
    FormatError
        If the contents contradict each other, or something is missing.
    """
    try:
        return _loaders[kind](tensors, metadata)
    except KeyError as missing:
        raise FormatError(f"it holds no {missing}") from None


def load_as(cls: type, path: Any) -> Any:
    """Read a native file that holds a `cls`.

    Raises
    ------
    FormatError
        If it holds something else, or is damaged.
    """
    loaded = load(path)
    if not isinstance(loaded, cls):
        found = type(loaded)
        raise KindError(
            f"{name_of(path)} holds a {found.__name__}, not a {cls.__name__}",
            f"load it with {found.__module__}.{found.__name__}.load",
        )
    return loaded


def read_as(kind: str, path: Any, mmap: bool = False) -> tuple[native.Tensors, dict]:
    """Read the contents of a native file of one kind; parameters as of `native.read`.

    Returns
    -------
    tensors, metadata

    Raises
    ------
    KindError
        (a FormatError and an AttributeError) if the file is of another kind.
    FormatError
        If the file is damaged.
    """
    found, tensors, metadata = native.read(path, mmap)
    if found != kind:
        raise _of_another_kind(path, found, KINDS[kind][0])
    return tensors, metadata


def _of_another_kind(path: Any, found: str, expected: str) -> KindError:
    holds = f"{name_of(path)} holds"
    if found not in KINDS:
        return KindError(
            f"{holds} a {found!r:.60}, which this release does not know", "upgrade fastsgns"
        )
    what, module, name = KINDS[found]
    return KindError(f"{holds} {what}, not {expected}", f"load it with {module}.{name}.load")
