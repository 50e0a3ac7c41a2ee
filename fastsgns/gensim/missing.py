"""Names that a program may import, but not use, because gensim is not there."""

from abc import ABCMeta
from typing import Any, NoReturn

from fastsgns.gensim.listing import GENSIM

THEN = "The program then gets it from gensim, and Word2Vec and KeyedVectors still from fastsgns"
NOT_INSTALLED = (
    "gensim is not installed; to use it: pip install gensim, and run without alone=True or "
    f"--alone. {THEN}"
)
LEFT_OUT = "gensim is left out by alone=True or --alone; to use it: leave out this option. " + THEN
UNUSABLE = f"gensim is installed, but cannot be imported; repair that to use it. {THEN}"
UNKNOWN = (
    "gensim 4.4, whose names fastsgns has, does not have it either; if the program needs another "
    "version of gensim, install that one, and run without alone=True or --alone"
)


def explain(name: str, way: str = UNKNOWN) -> str:
    """Return what to say about a name of gensim that cannot be used."""
    return f"gensim.{name} is not part of fastsgns, which runs here in place of gensim, and {way}"


class Missing(ABCMeta):
    """The type of a missing name, which is a class so that programs can derive classes from it.

    Programs import Doc2Vec or LdaModel beside Word2Vec, name them in annotations, and derive
    classes from them. All of this must work. An ImportError is raised as soon as a program calls
    the class or a derived one. Its attributes are missing too: an AttributeError says the same, so
    that ``hasattr`` is False.

    Examples
    --------
    >>> Doc2Vec = Missing.of("models", "Doc2Vec")
    >>> isinstance("text", Doc2Vec), hasattr(Doc2Vec, "load")
    (False, False)
    >>> try:
    ...     Doc2Vec(vector_size=8)
    ... except ImportError as error:
    ...     print(str(error)[:60])
    gensim.models.Doc2Vec is not part of fastsgns, which runs he
    """

    @classmethod
    def of(cls, module: str, name: str, way: str = NOT_INSTALLED) -> "Missing":
        """Return the class for a name of a module of gensim, whose errors say a way out."""
        text = explain(f"{module}.{name}".lstrip("."), way)
        return cls(name, (), {"__module__": f"gensim.{module}".rstrip("."), "_missing": text})

    def _text(cls) -> str:
        texts = (vars(base)["_missing"] for base in cls.__mro__ if "_missing" in vars(base))
        return next(texts, cls.__name__)

    def _refuse(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImportError(cls._text(), name="gensim")

    __call__ = __iter__ = __len__ = __contains__ = __getitem__ = _refuse

    def __bool__(cls) -> bool:
        return True  # as every class; Python would ask for the length

    def __getattr__(cls, name: str) -> NoReturn:
        # Python and decorators look for names with an underscore in every class.
        raise AttributeError(name if name.startswith("_") else cls._text())


class Refusal:
    """A finder that says of modules of gensim that there are none, and what to do.

    ``from package import name`` also asks it, for names that the package does not have.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Raise a ModuleNotFoundError if `name` begins with "gensim."."""
        module = name.removeprefix("gensim.")
        if module != name and module not in GENSIM:
            # The import system ignores the error in the second case if its name is the module's.
            raise ModuleNotFoundError(explain(module), name="gensim")
