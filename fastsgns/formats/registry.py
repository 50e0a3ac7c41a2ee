"""What the kinds of native files are: each kind names the function that rebuilds its object.

Layers above register their own kinds, so that a lower layer can load them without knowing them.
"""

from collections.abc import Callable
from typing import Any

from fastsgns.errors import FormatError
from fastsgns.formats import native

Loader = Callable[[native.Tensors, dict], Any]

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
        If the file is damaged, or of a kind that nothing registered.
    """
    kind, tensors, metadata = native.read(path, mmap)
    if kind not in _loaders:
        raise FormatError(
            f"{path} holds a {kind!r}; known are {sorted(_loaders)}. "
            "Import the module that writes this kind, or upgrade fastsgns."
        )
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
        raise FormatError(f"{path} holds a {type(loaded).__name__}, where {cls.__name__} is wanted")
    return loaded
