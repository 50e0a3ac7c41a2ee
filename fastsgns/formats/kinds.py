"""The kinds of native files, and `load`, which reads a file of any kind."""

import importlib
from collections.abc import Callable
from lzma import LZMAError
from typing import Any, NamedTuple, TypeVar
from zlib import error as ZlibError

from fastsgns.errors import FormatError, KindError
from fastsgns.formats import facebook, files, native, own, shards
from fastsgns.formats.files import name_of
from fastsgns.formats.schema import Schema, check

T = TypeVar("T")


class Kind(NamedTuple):
    """One kind of native file.

    Attributes
    ----------
    description : str
        The kind in words, for messages.
    cls : str
        The class of the objects, "module:class", where users import it. Its method `load` reads
        files of this kind.
    schema : str
        The `Schema` of the kind, "module:name".
    vectors : str
        The attribute of the object that holds its vectors by key; "" if there is none.
    is_mapped : bool
        Whether `load` maps the file even without ``mmap="r"``.
    """

    description: str
    cls: str
    schema: str
    vectors: str = ""
    is_mapped: bool = False


RATES = ("alpha", "min_alpha")
LINKS, PPMI = "fastsgns.models.links", "fastsgns.models.ppmi"
COUNTS = "fastsgns.cooccurrence"
WORDS, GLOVE = "fastsgns.models.words.storage:SCHEMA", "fastsgns.models.glove.storage:SCHEMA"
PHRASES = "fastsgns.models.phrases"
CORPUS = "fastsgns.corpus.encoded:SCHEMA"
KINDS = {
    "vectors": Kind("vectors by key", "fastsgns:KeyedVectors", "fastsgns.vectors.storage:SCHEMA"),
    "subword vectors": Kind(
        "vectors of words and of their n-grams",
        "fastsgns.models.fasttext:FastTextKeyedVectors",
        "fastsgns.vectors.fasttext_storage:SCHEMA",
    ),
    "model": Kind("a Word2Vec model", "fastsgns:Word2Vec", WORDS, "wv"),
    "fasttext": Kind(
        "a FastText model",
        "fastsgns:FastText",
        "fastsgns.models.words.subword_storage:SCHEMA",
        "wv",
    ),
    "glove": Kind("a GloVe model", "fastsgns:GloVe", GLOVE, "wv"),
    "nodes": Kind("a model of nodes", "fastsgns:NodeEmbedding", f"{LINKS}.storage:NODES", "source"),
    "pairs": Kind("a model of pairs", "fastsgns:PairEmbedding", f"{LINKS}.storage:PAIRS", "source"),
    "node factors": Kind(
        "factors of a graph (HOPE, STRAP, FastRP or ProNE)",
        f"{LINKS}:ProximityFactorization",
        f"{LINKS}.factors:SCHEMA",
        "source",
    ),
    "ppmi": Kind("a PPMI matrix", f"{PPMI}:PPMI", f"{PPMI}.model:SCHEMA"),
    "svd": Kind("factors of a PPMI matrix", f"{PPMI}:SVDVectors", f"{PPMI}.svd:SCHEMA", "wv"),
    "corpus": Kind("an encoded corpus", "fastsgns:EncodedCorpus", CORPUS, is_mapped=True),
    "cooccurrences": Kind(
        "co-occurrence counts", f"{COUNTS}:Cooccurrences", f"{COUNTS}.counts:SCHEMA", is_mapped=True
    ),
    "phrases": Kind("counts of phrases", "fastsgns:Phrases", f"{PHRASES}:SCHEMA"),
    "frozen phrases": Kind("phrases", "fastsgns:FrozenPhrases", f"{PHRASES}:FROZEN"),
    "graph": Kind("a graph", "fastsgns:DirectedGraph", "fastsgns.graph.storage:SCHEMA"),
}
# Files of other programs that `load` reads, by their first bytes: "module:function"
FOREIGN = {facebook.HEAD: "fastsgns.vectors.facebook:load_facebook_vectors"}


def load(path: Any, mmap: str | None = None) -> Any:
    """Read what any `save` of this package wrote: a model, vectors, a corpus, counts or a graph.

    The vectors of a model of Facebook's fastText (.bin, .ftz) are read, too.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    mmap : {None, "r"}
        With ``"r"`` arrays are mapped, read-only, and use memory only as they are read. By default
        they are read, but those of corpora and of co-occurrence counts are mapped. The arrays of a
        GloVe model are always copied into memory. While a file is mapped, no other program may
        change it in place or truncate it, which can end the process (SIGBUS). Replacing it by a new
        file, as `save` does, is safe.

    Returns
    -------
    object
        An instance of the class whose `save` wrote the file.

    Raises
    ------
    KindError
        If the file is of a kind that this release does not know. It is also a FormatError, and an
        AttributeError as gensim raises.
    FormatError
        If the file is not a fastsgns file, or is damaged.

    Examples
    --------
    >>> import fastsgns
    >>> fastsgns.EncodedCorpus.from_iterable([["to", "be"]]).save("corpus.fastsgns")
    >>> fastsgns.load("corpus.fastsgns")
    <EncodedCorpus of 2 tokens in 1 sentences, 2 words>
    """
    is_asked = check_mmap(mmap)
    if reader := _foreign(path):
        return reader(path)
    kind, tensors, metadata = shards.read(
        path, mmap=lambda kind: is_asked or (kind in KINDS and KINDS[kind].is_mapped)
    )
    if kind not in KINDS:
        raise _unknown_kind(path, kind)
    return _build(path, class_of(kind), schema_of(kind), tensors, metadata)


def _foreign(path: Any) -> Any:
    """Return the function that reads a file of another program, or None."""
    if files.is_open(path):
        if files.is_text(path) or not (hasattr(path, "seekable") and path.seekable()):
            return None
        with files.naming(files.name_of(path)):
            head = path.read(4)
            path.seek(-len(head), 1)
    else:
        try:
            with files.open_binary(path) as file:
                head = file.read(4)
        except (OSError, EOFError, ValueError, TypeError, LZMAError, ZlibError, ImportError):
            return None  # the reader of native files says what is wrong
    return _imported(FOREIGN[head]) if head in FOREIGN else None


def load_as(cls: type[T], schema: Schema, path: Any, mmap: Any = None) -> T:
    """Read a file of one kind as an object of `cls`.

    If the class of another kind is derived from `cls`, its files are read as objects of that class.

    Parameters
    ----------
    cls : type
        The class of the kind, or one that is derived from it.
    schema : Schema
        The table of the kind.
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
        If the file is not a fastsgns file, or is damaged.
    """
    kind, tensors, metadata = shards.read(path, mmap=check_mmap(mmap))
    if kind not in KINDS:
        raise _unknown_kind(path, kind)
    if kind != schema.kind and issubclass(class_of(kind), cls):
        derived: type[T] = class_of(kind)
        return _build(path, derived, schema_of(kind), tensors, metadata)
    if kind != schema.kind:
        vectors = KINDS[kind].vectors if schema.kind == "vectors" else ""
        raise wrong_kind(
            path,
            KINDS[kind].description,
            KINDS[schema.kind].description,
            KINDS[kind].cls.replace(":", "."),
            f"; its vectors are the attribute {vectors!r} of the model" if vectors else "",
        )
    return _build(path, cls, schema, tensors, metadata)


def check_mmap(mmap: Any) -> bool:
    """Return whether `mmap` asks for mapped arrays; raise a ValueError for other values."""
    if mmap not in (None, "r", False, True):
        raise ValueError(f"mmap={mmap!r}; allowed are None and 'r' (read-only)")
    return bool(mmap)


def class_of(kind: str) -> Any:
    """Return the class of the objects of a kind."""
    return _imported(KINDS[kind].cls)


def schema_of(kind: str) -> Any:
    """Return the `Schema` of a kind."""
    return _imported(KINDS[kind].schema)


def constructor(kind: str) -> Callable[[Any, dict[str, Any]], Any]:
    """Return a function for `Schema.construct` that calls the constructor of a class of models.

    The ``__init__`` of a derived class is not called, because its arguments are not in the file.
    The constructor does not get the learning rates, which users may have set to numbers that it
    would refuse. They are set afterwards; the next call of ``train`` checks them.
    """

    def construct(cls: Any, values: dict[str, Any]) -> Any:
        model, parameters = cls.__new__(cls), dict(values["parameters"])
        rates = {name: parameters.pop(name) for name in RATES if name in parameters}
        class_of(kind).__init__(model, **parameters)
        for name, value in (rates | values["state"]).items():
            setattr(model, name, value)
        return model

    return construct


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _build(
    path: Any, cls: type[T], schema: Schema, tensors: native.Tensors, metadata: dict[str, Any]
) -> T:
    try:
        content = check(schema, cls, tensors, metadata)
        thing: T = schema.build(cls, content)
    except KindError:  # a FormatError of a file that is not damaged
        raise
    except FormatError as error:
        raise FormatError(f"{name_of(path)} is damaged: {error}") from None
    own.restore(thing, content.own)
    return thing


def _unknown_kind(path: Any, kind: str) -> KindError:
    return KindError(
        f"{name_of(path)} holds a {kind!r:.60}, which this release does not know",
        "upgrade fastsgns",
    )


def wrong_kind(path: Any, found: str, expected: str, cls: str, more: str = "") -> KindError:
    """Return the error that a file holds `found` instead of `expected`; `cls` can load it."""
    return KindError(
        f"{name_of(path)} holds {found}, not {expected}",
        f"load it with fastsgns.load(path) or {cls}.load(path){more}",
    )
