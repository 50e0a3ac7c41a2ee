"""Names that a program may import, but not use, because gensim is not installed."""

from abc import ABCMeta
from typing import Any, NoReturn


def explain(name: str) -> str:
    """Return what to say about a name of gensim that cannot be used."""
    return (
        f"gensim.{name} is not part of fastsgns, which runs here in place of gensim, and gensim is "
        "not installed; to use it: pip install gensim. The program then gets it from gensim, and "
        "Word2Vec and KeyedVectors still from fastsgns"
    )


class Missing(ABCMeta):
    """The type of a missing name, which is a class so that programs can derive classes from it.

    Programs import Doc2Vec or FastText beside Word2Vec, name them in annotations, and derive
    classes from them. All of this must work. An ImportError is raised as soon as a program calls
    the class or a derived one, or uses an attribute.

    Examples
    --------
    >>> Doc2Vec = Missing.of("models", "Doc2Vec")
    >>> isinstance("text", Doc2Vec)
    False
    >>> try:
    ...     Doc2Vec(vector_size=8)
    ... except ImportError as error:
    ...     print(str(error)[:60])
    gensim.models.Doc2Vec is not part of fastsgns, which runs he
    """

    @classmethod
    def of(cls, module: str, name: str) -> "Missing":
        """Return the class for a name of a module of gensim."""
        return cls(name, (), {"__module__": f"gensim.{module}", "_missing": f"{module}.{name}"})

    def _refuse(cls, *args: Any, **kwargs: Any) -> NoReturn:
        missing = vars(cls).get("_missing") or next(
            (vars(base)["_missing"] for base in cls.__mro__ if "_missing" in vars(base)), "?"
        )
        raise ImportError(explain(missing), name="gensim")

    __call__ = __iter__ = __len__ = __contains__ = __getitem__ = _refuse

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):  # Python and decorators look for such names in every class
            raise AttributeError(name)
        cls._refuse()
