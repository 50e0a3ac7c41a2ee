"""Submodules as attributes of their package, imported when they are asked for."""

import importlib
from collections.abc import Callable
from types import ModuleType


def submodules_of(package: str) -> Callable[[str], ModuleType]:
    """Return the function ``__getattr__`` of a package.

    ``import fastsgns; fastsgns.scripts`` then works, and ``import fastsgns`` does not load it.

    Parameters
    ----------
    package : str
        Its full name.
    """

    def find(name: str) -> ModuleType:
        full = f"{package}.{name}"
        if not name.startswith("_"):
            try:
                return importlib.import_module(full)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
