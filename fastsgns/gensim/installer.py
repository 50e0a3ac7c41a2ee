"""Put the classes of fastsgns in the place of gensim's, in this process.

Where gensim is installed, its modules stay. A module is given a class of its own, with a property
for each name that fastsgns has, so that ``gensim.models.Word2Vec`` and ``from gensim.models import
Word2Vec`` give the class of fastsgns. Gensim's own functions look their names up in the dict of the
module, where the class of gensim still is. Doc2Vec, which is derived from it, works on.

Where gensim is not installed, new modules take its place. They have the names of fastsgns, and
`fastsgns.gensim.missing.Missing` for the others.
"""

import importlib
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from fastsgns.errors import warn
from fastsgns.formats import sniffing
from fastsgns.gensim import names
from fastsgns.gensim.listing import GENSIM
from fastsgns.gensim.missing import LEFT_OUT, NOT_INSTALLED, UNUSABLE, Missing, Refusal, explain
from fastsgns.models.fasttext import FastText
from fastsgns.models.phrases import FrozenPhrases, Phrases
from fastsgns.models.word2vec import Word2Vec
from fastsgns.rules import integer, takes, takes_flags
from fastsgns.runtime import environment
from fastsgns.vectors.fasttext import FastTextKeyedVectors
from fastsgns.vectors.keyedvectors import KeyedVectors

# Gensim imports it on demand; its classes are derived from gensim's KeyedVectors.
DERIVED = ("gensim.models.poincare",)
# They ask whether a model is a Word2Vec or a KeyedVectors, and must mean those of fastsgns.
ASKING = ("gensim.similarities.annoy", "gensim.similarities.nmslib")
PICKLED_AS = "fastsgns.gensim.models"
PICKLED = {
    Word2Vec: "word2vec",
    KeyedVectors: "keyedvectors",
    FastText: "fasttext",
    FastTextKeyedVectors: "fasttext",
    Phrases: "phrases",
    FrozenPhrases: "phrases",
}
FOLDER = str(Path(__file__).parent / "path")  # in it, the package gensim calls `install`


class _Theirs(threading.local):
    """How many calls of this thread want the classes of gensim."""

    depth = 0


_theirs = _Theirs()


class Override:
    """A name of a module, as a property of the class that the module is given."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, module: Any, owner: type | None = None) -> Any:
        if not _theirs.depth:
            return self._value
        if self._name in vars(module):
            return vars(module)[self._name]
        raise AttributeError(f"module {module.__name__!r} has no attribute {self._name!r}")

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
        self._hide_folder()
        root = None if self.alone else _real_gensim()
        if holders := _holders_of_theirs(self.alone):
            warn(
                f"gensim was imported before fastsgns took its place, and {', '.join(holders)} "
                "took classes from it, which stay gensim's; call install_as_gensim() before "
                "anything imports gensim"
            )
        if root is None:
            self._replace_modules()
        else:
            self._overlay_modules(root)
        for cls, module in PICKLED.items():
            self._set(cls, "__module__", f"{PICKLED_AS}.{module}")
        self._set(sniffing, "PLACE", sniffing.ANOTHER_PROCESS)
        self._prepare_children()

    def _hide_folder(self) -> None:
        """Take FOLDER off the path, where a program that runs on fastsgns has put it."""
        before = list(sys.path)
        if FOLDER in before:
            sys.path[:] = [entry for entry in before if entry != FOLDER]
            self._undo.append(lambda: sys.path.__setitem__(slice(None), before))

    def _prepare_children(self) -> None:
        """Make processes that get this path (multiprocessing, joblib) do the same."""
        sys.path.insert(1, FOLDER)  # behind the folder of the program
        self._undo.append(partial(_remove, sys.path, FOLDER))
        settings = {"api": self.api, "alone": self.alone}
        self._undo.append(environment.set_gensim_settings(settings))

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

        self._add_finder(Metadata(version))

    def _add_finder(self, finder: Any) -> None:
        sys.meta_path.insert(0, finder)
        self._undo.append(partial(_remove, sys.meta_path, finder))

    def _ours(self, module: str, is_alone: bool) -> dict[str, Any]:
        found = names.ours(module, is_alone)
        if self.api == 3:
            from fastsgns.gensim import gensim3

            found |= gensim3.names_of(module)
        return found

    # With gensim

    def _overlay_modules(self, root: ModuleType) -> None:
        for name in (*DERIVED, *ASKING):  # now, so that they import the classes of gensim
            with suppress(ImportError):  # nmslib may not be installed
                importlib.import_module(name)
        for name in names.OURS:
            self._overlay(importlib.import_module(f"gensim.{name}"), self._ours(name, False))
        if self.api == 3:
            self._overlay(root, {"__version__": names.VERSION_3})
            self._claim_version(names.VERSION_3)
        utils = sys.modules["gensim.utils"]
        self._set(utils, "_pickle", _RealNames(vars(utils)["_pickle"]))
        for name in ASKING:
            if name in sys.modules:
                self._overwrite(sys.modules[name])

    def _overlay(self, module: ModuleType, found: dict[str, Any]) -> None:
        overrides = {name: Override(value) for name, value in found.items()}
        self._set(module, "__class__", type("ModuleOfFastsgns", (ModuleType,), overrides))

    def _overwrite(self, module: ModuleType) -> None:
        """Replace the classes that a module of gensim has imported by ours."""
        for own, value in self._ours("models", is_alone=False).items():
            if own in vars(module):
                self._set(module, own, value)

    # Without gensim

    def _replace_modules(self) -> None:
        self._remove_modules()
        way = self._way_out()
        modules = {name: ModuleType(f"gensim.{name}".rstrip(".")) for name in GENSIM}
        classes = names.our_classes()
        for name, module in modules.items():
            listed = GENSIM[name].split()
            vars(module).update({each: classes[each] for each in listed if each in classes})
            vars(module).update(self._ours(name, is_alone=True))
            _complete(module, name, way)
            sys.modules[module.__name__] = module
            package, _, own = name.rpartition(".")
            if name:
                setattr(modules[package], own, module)
        version = names.VERSION_3 if self.api == 3 else names.VERSION
        vars(modules[""]).update(__version__=version)
        self._claim_version(version)
        self._add_finder(Refusal())

    def _way_out(self) -> str:
        """Return what to do to use a name that only gensim has."""
        if find_spec("gensim") is None:
            return NOT_INSTALLED
        return LEFT_OUT if self.alone else UNUSABLE


def _complete(module: ModuleType, name: str, way: str) -> None:
    """Add to a module in place of one of gensim the names that fastsgns does not have."""
    listed = GENSIM[name].split()
    prefix = f"{name}." if name else ""
    parts = [each.removeprefix(prefix) for each in GENSIM if each and each.startswith(prefix)]
    own = [each for each in vars(module) if not each.startswith("_")]

    def find(attribute: str) -> Any:
        if attribute not in listed:
            raise AttributeError(explain(prefix + attribute))
        vars(module)[attribute] = found = Missing.of(name, attribute, way)
        return found

    vars(module).update(
        __doc__=f"What fastsgns has of {module.__name__}; see fastsgns.gensim.",
        __all__=sorted({*listed, *own, *(part for part in parts if "." not in part)}),
        __getattr__=find,
        # As in a package, so that ``from module import name`` asks `Refusal` for unknown names.
        __path__=[],
        __spec__=importlib.machinery.ModuleSpec(module.__name__, None),
    )


def _remove(values: list[Any], value: Any) -> None:
    if value in values:
        values.remove(value)


class _RealNames(ModuleType):
    """The module pickle, as gensim's `utils` uses it to save and load Doc2Vec.

    A pickle refers to the classes of gensim by name, so the names must mean gensim's meanwhile.
    They do in the thread that saves or loads; in others they still mean those of fastsgns.
    """

    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__)
        self._real = real

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in ("dump", "dumps", "load", "loads"):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            with _names_of_gensim():
                return found(*args, **kwargs)

        return call


@contextmanager
def _names_of_gensim() -> Iterator[None]:
    _theirs.depth += 1
    try:
        yield
    finally:
        _theirs.depth -= 1


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


def _holders_of_theirs(alone: bool) -> list[str]:
    """Return the modules that have a class of gensim which `install` replaces.

    Without gensim's modules (`alone`), a module that has one of them has all of its classes.
    """
    loaded = {name: sys.modules.get(f"gensim.{name}") for name in names.OURS}
    theirs = {
        id(value)
        for name, module in loaded.items()
        for own in names.OURS[name][1].split()
        if isinstance(value := vars(module or names).get(own), type)
        and value.__module__.startswith("gensim.")  # REAL is numpy's
    }
    if alone:
        theirs |= {id(module) for module in loaded.values() if module}
        theirs |= {id(sys.modules["gensim"])} if "gensim" in sys.modules else set()
    return [
        name
        for name, module in list(sys.modules.items())
        if name.split(".")[0] not in ("gensim", "fastsgns")
        and theirs.intersection(map(id, list(getattr(module, "__dict__", {}).values())))
    ]


@takes(api=integer(3, 4))
@takes_flags
def install(api: int = 4, alone: bool = False) -> None:
    """Put the classes of fastsgns in the place of gensim's, for the rest of this process.

    Call it before other modules import gensim. ``import gensim`` and its submodules then give
    Word2Vec, FastText, KeyedVectors, Phrases, the readers of sentences and the callbacks of
    fastsgns. Everything else is gensim's where it is installed. Without gensim, the other names of
    gensim 4.4 can be imported, and raise an ImportError when they are used.

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
