"""Put the classes of fastsgns in the place of gensim's, in this process.

Where gensim is installed, its modules stay. A module is given a class of its own, with a property
for each name that fastsgns has, so that ``gensim.models.Word2Vec`` and ``from gensim.models import
Word2Vec`` give the class of fastsgns. Gensim's own functions look their names up in the dict of the
module, where the class of gensim still is. FastText and Doc2Vec, which are derived from it, work
on.

Where gensim is not installed, new modules take its place. They have the names of fastsgns, and
`fastsgns.gensim.missing.Missing` for the others.
"""

import importlib
import importlib.machinery
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from fastsgns.errors import warn
from fastsgns.gensim import names
from fastsgns.gensim.missing import Missing
from fastsgns.models.word2vec import Word2Vec
from fastsgns.rules import integer, takes, takes_flags
from fastsgns.vectors.keyedvectors import KeyedVectors

# Gensim imports it on demand; its classes are derived from gensim's KeyedVectors.
DERIVED = ("gensim.models.poincare",)
# They ask whether a model is a Word2Vec or a KeyedVectors, and must mean those of fastsgns.
ASKING = ("gensim.similarities.annoy", "gensim.similarities.nmslib")
PICKLED_AS = "fastsgns.gensim.models"
FOLDER = str(Path(__file__).parent / "path")  # in it, the package gensim calls `install`
SETTINGS_VARIABLE = "FASTSGNS_GENSIM"  # the arguments of `install` for the package in FOLDER


class Override:
    """A name of a module, as a property of the class that the module is given."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __get__(self, module: Any, owner: type | None = None) -> Any:
        return self._value

    def __set__(self, module: Any, value: Any) -> None:
        self._value = value


class Installation:
    """What `install` has changed, so that `uninstall` can undo it.

    Parameters
    ----------
    api : {4, 3}
        Whose names and arguments the classes have: those of gensim 4, or also those of gensim 3.
    alone : bool
        Whether to leave out a gensim that is installed.
    """

    def __init__(self, api: int, alone: bool) -> None:
        self.api, self.alone = api, alone
        self._undo: list[Callable[[], object]] = []

    def begin(self) -> None:
        """Change the process."""
        root = None if self.alone else _real_gensim()
        if root is None:
            self._replace_modules()
        else:
            self._overlay_modules(root)
        for cls, module in ((Word2Vec, "word2vec"), (KeyedVectors, "keyedvectors")):
            self._set(cls, "__module__", f"{PICKLED_AS}.{module}")
        self._prepare_children()

    def _prepare_children(self) -> None:
        """Make processes that get this path (multiprocessing, joblib) do the same."""
        sys.path.insert(1, FOLDER)  # behind the folder of the program
        self._undo.append(partial(_remove, sys.path, FOLDER))
        os.environ[SETTINGS_VARIABLE] = json.dumps({"api": self.api, "alone": self.alone})
        self._undo.append(lambda: os.environ.pop(SETTINGS_VARIABLE, None))

    def end(self) -> None:
        """Undo the changes, the last one first."""
        while self._undo:
            self._undo.pop()()

    def _set(self, owner: Any, name: str, value: Any) -> None:
        old = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, old))

    def _remove_modules(self) -> None:
        """Take what there is of gensim out of ``sys.modules``."""
        removed = _pop_gensim()
        self._undo.append(lambda: (_pop_gensim(), sys.modules.update(removed)))

    def _claim_version(self, version: str) -> None:
        from fastsgns.gensim.metadata import Metadata  # loads modules that no import needs

        sys.meta_path.insert(0, finder := Metadata(version))
        self._undo.append(partial(_remove, sys.meta_path, finder))

    def _ours(self, module: str, is_alone: bool) -> dict[str, Any]:
        found = names.ours(module, is_alone)
        if self.api == 3:
            from fastsgns.gensim import gensim3

            found |= gensim3.names_of(module)
        return found

    # With gensim

    def _overlay_modules(self, root: ModuleType) -> None:
        for name in DERIVED:
            importlib.import_module(name)
        overlaid = [self._overlay(name) for name in names.OURS]
        if self.api == 3:
            overlaid.append(self._overlay_with(root, {"__version__": names.VERSION_3}))
            self._claim_version(names.VERSION_3)
        real_pickle = sys.modules["gensim.utils"]._pickle
        self._set(sys.modules["gensim.utils"], "_pickle", _RealNames(real_pickle, overlaid))
        for name in ASKING:
            with suppress(ImportError):  # nmslib may not be installed
                self._overwrite(importlib.import_module(name))

    def _overlay(self, name: str) -> ModuleType:
        module = importlib.import_module(f"gensim.{name}")
        return self._overlay_with(module, self._ours(name, is_alone=False))

    def _overlay_with(self, module: ModuleType, found: dict[str, Any]) -> ModuleType:
        overrides = {name: Override(value) for name, value in found.items()}
        self._set(module, "__class__", type("ModuleOfFastsgns", (ModuleType,), overrides))
        return module

    def _overwrite(self, module: ModuleType) -> None:
        """Replace the classes that a module of gensim has imported by ours."""
        for own, value in self._ours("models", is_alone=False).items():
            if own in vars(module):
                self._set(module, own, value)

    # Without gensim

    def _replace_modules(self) -> None:
        self._remove_modules()
        modules = {
            name: ModuleType(f"gensim.{name}" if name else "gensim") for name in names.GENSIM
        }
        for name, module in modules.items():
            self._fill(module, name, is_package=any(n.startswith(f"{name}.") for n in modules))
            sys.modules[module.__name__] = module
            package, _, own = name.rpartition(".")
            if name:
                setattr(modules[package], own, module)
        root = modules[""]
        version = names.VERSION_3 if self.api == 3 else names.VERSION
        vars(root).update(__version__=version, __path__=[])
        self._claim_version(version)

    def _fill(self, module: ModuleType, name: str, is_package: bool) -> None:
        for missing in names.GENSIM[name].split():
            setattr(module, missing, Missing.of(name, missing))
        vars(module).update(self._ours(name, is_alone=True))
        module.__doc__ = f"What fastsgns has of {module.__name__}; see fastsgns.gensim."
        if is_package:
            module.__path__ = []

        def refuse(attribute: str) -> Any:
            raise AttributeError(
                f"module {module.__name__!r} of fastsgns has no attribute {attribute!r}; if gensim "
                "has it: pip install gensim"
            )

        module.__getattr__ = refuse  # type: ignore[method-assign]
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)


def _remove(values: list[Any], value: Any) -> None:
    if value in values:
        values.remove(value)


class _RealNames(ModuleType):
    """The module pickle, as gensim's `utils` uses it to save and load FastText and Doc2Vec.

    A pickle refers to the classes of gensim by name, so the names must mean gensim's meanwhile.
    """

    def __init__(self, real: ModuleType, overlaid: Iterable[ModuleType]) -> None:
        super().__init__(real.__name__)
        self._real, self._overlaid = real, list(overlaid)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in ("dump", "dumps", "load", "loads"):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            with _without(self._overlaid):
                return found(*args, **kwargs)

        return call


@contextmanager
def _without(overlaid: Iterable[ModuleType]) -> Iterator[None]:
    classes = [(module, module.__class__) for module in overlaid]
    try:
        for module, _ in classes:
            module.__class__ = ModuleType
        yield
    finally:
        for module, cls in classes:
            module.__class__ = cls


_installation: Installation | None = None


def _pop_gensim() -> dict[str, ModuleType]:
    """Remove gensim from ``sys.modules``, and return what was there."""
    found = [name for name in sys.modules if name.split(".")[0] == "gensim"]
    return {name: sys.modules.pop(name) for name in found}


def _real_gensim() -> ModuleType | None:
    """Import and return gensim; None if it is not installed, or cannot be imported."""
    try:
        return importlib.import_module("gensim")
    except ImportError as error:
        _pop_gensim()
        if not isinstance(error, ModuleNotFoundError) or error.name != "gensim":
            warn(f"gensim is installed, but cannot be imported ({error}); it is left out")
        return None


@takes(api=integer(3, 4))
@takes_flags
def install(api: int = 4, alone: bool = False) -> None:
    """Put the classes of fastsgns in the place of gensim's, for the rest of this process.

    Call it before other modules import gensim. ``import gensim`` and its submodules then give
    Word2Vec, KeyedVectors, the readers of sentences and the callbacks of fastsgns. Everything else
    is gensim's where it is installed. Without gensim, the other names of gensim 4.4 can be
    imported, and raise an ImportError when they are used.

    A second call does nothing.

    Parameters
    ----------
    api : {4, 3}
        3: also accept the arguments and attributes of gensim 3, such as ``size=``, ``iter=``,
        ``model["word"]`` and ``wv.vocab``; ``gensim.__version__`` is then "3.8.3".
    alone : bool
        Do as if gensim were not installed. Starting is faster, because gensim is not imported.

    Raises
    ------
    ValueError
        If `api` is something else.
    RuntimeError
        If fastsgns is installed with other arguments already.

    Examples
    --------
    >>> import fastsgns
    >>> fastsgns.install_as_gensim()
    >>> from gensim.models import Word2Vec
    >>> Word2Vec is fastsgns.Word2Vec
    True
    >>> fastsgns.gensim.uninstall()
    """
    global _installation
    if _installation is not None:
        if (_installation.api, _installation.alone) != (api, alone):
            raise RuntimeError(
                f"fastsgns is installed as gensim with api={_installation.api} and "
                f"alone={_installation.alone}; call fastsgns.gensim.uninstall() first"
            )
        return
    installation = Installation(api, alone)
    try:
        installation.begin()
    except BaseException:
        installation.end()
        raise
    _installation = installation


def uninstall() -> None:
    """Undo `install`; modules that have imported names meanwhile keep them."""
    global _installation
    if _installation is not None:
        _installation.end()
        _installation = None


install_as_gensim = install
