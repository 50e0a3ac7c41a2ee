"""The kinds of native files, and `load`, which reads a file of any kind."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from fastsgns.errors import FormatError, KindError
from fastsgns.formats import native
from fastsgns.formats.files import name_of
from fastsgns.formats.schema import Schema, check

Thing = TypeVar("Thing")


class Kind(NamedTuple):
    """One kind of native file.

    Attributes
    ----------
    what : str
        The kind in words, for messages.
    cls : str
        The class of the objects, "module:class". Its method `load` reads files of this kind.
    schema : str
        The `Schema` of the kind, "module:name".
    vectors : str
        The attribute of the object that holds its vectors by key; "" if there is none.
    is_mapped : bool
        Whether `load` maps the file even without ``mmap="r"``.
    """

    what: str
    cls: str
    schema: str
    vectors: str = ""
    is_mapped: bool = False


RATES = ("alpha", "min_alpha")
LINKS, PPMI = "fastsgns.models.links", "fastsgns.models.ppmi"
COUNTS = "fastsgns.cooccurrence.counts"
FACTORS = "factors of a graph (HOPE or STRAP)", f"{LINKS}.factors:ProximityFactorization"
WORDS, GLOVE = "fastsgns.models.words.storage:SCHEMA", "fastsgns.models.glove.storage:SCHEMA"
CORPUS = "fastsgns.corpus.encoded:SCHEMA"
KINDS = {
    "vectors": Kind("vectors by key", "fastsgns:KeyedVectors", "fastsgns.vectors.storage:SCHEMA"),
    "model": Kind("a Word2Vec model", "fastsgns:Word2Vec", WORDS, "wv"),
    "glove": Kind("a GloVe model", "fastsgns:GloVe", GLOVE, "wv", True),
    "nodes": Kind("a model of nodes", "fastsgns:NodeEmbedding", f"{LINKS}.storage:NODES", "source"),
    "pairs": Kind("a model of pairs", "fastsgns:PairEmbedding", f"{LINKS}.storage:PAIRS", "source"),
    "node factors": Kind(*FACTORS, f"{LINKS}.factors:SCHEMA", "source"),
    "ppmi": Kind("a PPMI matrix", f"{PPMI}.model:PPMI", f"{PPMI}.model:SCHEMA"),
    "svd": Kind("factors of a PPMI matrix", f"{PPMI}.svd:SVDVectors", f"{PPMI}.svd:SCHEMA", "wv"),
    "corpus": Kind("an encoded corpus", "fastsgns:EncodedCorpus", CORPUS, is_mapped=True),
    "cooccurrences": Kind(
        "co-occurrence counts", f"{COUNTS}:Cooccurrences", f"{COUNTS}:SCHEMA", is_mapped=True
    ),
    "graph": Kind("a graph", "fastsgns:DirectedGraph", "fastsgns.graph.storage:SCHEMA"),
}


def load(path: Any, mmap: str | None = None) -> Any:
    """Read what any `save` of this package wrote: a model, vectors, a corpus, counts or a graph.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    mmap : {None, "r"}
        With ``"r"`` arrays are mapped, read-only, and cost memory as they are used. By default
        they are read, but those of corpora and of co-occurrence counts are mapped. While a file is
        mapped, no other program may change it in place or truncate it, which can end the process
        (SIGBUS). To replace it by a new file, as `save` does, is safe.

    Returns
    -------
    object
        Of the class whose `save` wrote the file.

    Raises
    ------
    KindError
        (a FormatError and an AttributeError) if the file is of a kind that this release does not
        know.
    FormatError
        If the file is of another format, or damaged.

    Examples
    --------
    >>> import fastsgns
    >>> fastsgns.EncodedCorpus.from_iterable([["to", "be"]]).save("corpus.fastsgns")
    >>> fastsgns.load("corpus.fastsgns")
    <EncodedCorpus of 2 tokens in 1 sentences, 2 words>
    """
    is_asked = _is_mapped(mmap)
    kind, tensors, metadata = native.read(
        path, lambda kind: is_asked or (kind in KINDS and KINDS[kind].is_mapped)
    )
    if kind not in KINDS:
        raise _of_another_kind(path, kind, "")
    return _built(path, class_of(kind), schema_of(kind), tensors, metadata)


def load_as(cls: type[Thing], schema: Schema, path: Any, mmap: Any = None) -> Thing:
    """Read a file of one kind as an object of `cls`.

    Parameters
    ----------
    cls : type
        The class of the kind, or one that is derived from it.
    schema : Schema
        Of the kind.
    path : str, os.PathLike or binary file object
    mmap : {None, "r", False, True}
        With "r" and True the arrays are mapped, read-only, instead of read.

    Raises
    ------
    ValueError
        If `mmap` is something else.
    KindError
        If the file is of another kind.
    FormatError
        If the file is of another format, or damaged.
    """
    kind, tensors, metadata = native.read(path, _is_mapped(mmap))
    if kind != schema.kind:
        raise _of_another_kind(path, kind, KINDS[schema.kind].what)
    thing: Thing = _built(path, cls, schema, tensors, metadata)
    return thing


def _is_mapped(mmap: Any) -> bool:
    if mmap not in (None, "r", False, True):
        raise ValueError(f"mmap={mmap!r}; allowed are None and 'r' (read-only)")
    return bool(mmap)


def class_of(kind: str) -> Any:
    """Return the class of the objects of a kind."""
    return _found(KINDS[kind].cls)


def schema_of(kind: str) -> Any:
    """Return the `Schema` of a kind."""
    return _found(KINDS[kind].schema)


def constructor(kind: str) -> Callable[[Any, dict[str, Any]], Any]:
    """Return the `Schema.construct` of a kind of model, which calls the constructor of its class.

    The ``__init__`` of a derived class is not called, because its arguments are not in the file.
    Learning rates are set after the constructor has checked the other parameters. They may be
    below 0 between two calls of ``train``, which then refuses them.
    """

    def construct(cls: Any, values: dict[str, Any]) -> Any:
        model, parameters = cls.__new__(cls), dict(values["parameters"])
        rates = {name: parameters.pop(name) for name in RATES if name in parameters}
        class_of(kind).__init__(model, **parameters)
        for name, value in (rates | values["state"]).items():
            setattr(model, name, value)
        return model

    return construct


def _found(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _built(
    path: Any, cls: type, schema: Schema, tensors: native.Tensors, metadata: dict[str, Any]
) -> Any:
    try:
        return schema.build(cls, check(schema, cls, tensors, metadata))
    except KindError:
        raise
    except FormatError as error:
        raise FormatError(f"{name_of(path)} is damaged: {error}") from None


def _of_another_kind(path: Any, found: str, expected: str) -> KindError:
    if found not in KINDS:
        return KindError(
            f"{name_of(path)} holds a {found!r:.60}, which this release does not know",
            "upgrade fastsgns",
        )
    what, cls, _, vectors, _ = KINDS[found]
    wants_vectors = vectors and expected == KINDS["vectors"].what
    more = f"; its vectors are the attribute {vectors!r} of the model" if wants_vectors else ""
    return other_object(path, what, expected, cls.replace(":", "."), more)


def other_object(path: Any, found: str, expected: str, cls: str, more: str = "") -> KindError:
    """Return the error of a file that holds something else, which the class `cls` loads."""
    return KindError(
        f"{name_of(path)} holds {found}, not {expected}",
        f"load it with fastsgns.load(path) or {cls}.load(path){more}",
    )
