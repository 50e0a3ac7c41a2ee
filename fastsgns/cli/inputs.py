"""Input files of the command line: corpora, vectors and models, by content and suffix."""

import contextlib
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    FrozenPhrases,
    KeyedVectors,
    LineSentence,
    Phrases,
)
from fastsgns import load as load_native
from fastsgns.cli import filetypes, streams
from fastsgns.cli.streams import STDIO, is_stream
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import scan
from fastsgns.corpus.spill import disk_errors
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotUTF8Error
from fastsgns.formats.files import name_of
from fastsgns.models.links.base import LinkModel
from fastsgns.runtime.progress import reading_bar
from fastsgns.vectors.exchange import form_of
from fastsgns.vectors.roles import Roles
from fastsgns.vectors.spaces import COMBINATIONS, SPACES, require_link

NEITHER = (EncodedCorpus, Cooccurrences, DirectedGraph, Phrases, FrozenPhrases)
"""Classes of native files that are neither models nor vectors."""
WORD2VEC = ("text", "binary", "glove", "vec")


def open_corpus(arguments: Namespace) -> EncodedCorpus:
    """Read text files (`-` is standard input), or one saved corpus, as `add_inputs` describes.

    Raises
    ------
    ValueError
        If a saved corpus is not the only file, if a file contains vectors or a model, or if a text
        is not UTF-8 and `errors` is "strict".
    """
    if _is_saved(arguments.inputs):
        return EncodedCorpus.load(arguments.inputs[0])
    with _texts(arguments) as texts, reading_bar(arguments.progress, "B") as shown:
        return EncodedCorpus.from_files(
            texts, workers=arguments.workers, errors=arguments.errors, progress=shown
        )


def count(arguments: Namespace) -> Vocabulary:
    """Count the words of text files, or of one saved corpus: see `open_corpus`."""
    if _is_saved(arguments.inputs):
        return EncodedCorpus.load(arguments.inputs[0]).vocabulary
    with _texts(arguments) as texts, reading_bar(arguments.progress, "B") as shown:
        source = LineSentence(texts, errors=arguments.errors)
        return scan(source, keep_tokens=False, workers=arguments.workers, progress=shown).vocabulary


def _is_saved(paths: Sequence[str]) -> bool:
    """Return whether `paths` is one saved corpus; raise a ValueError for other native files."""
    for path in paths:
        kind = filetypes.kind(path)
        if kind == "corpus" and len(paths) == 1:
            return True
        if kind is not None:
            raise ValueError(
                f"{path} is a file of fastsgns with {kind}: give text, or one saved corpus"
            )
    return False


@contextlib.contextmanager
def _texts(arguments: Namespace) -> Iterator[list[str]]:
    """Yield as `local_copies` does; errors about UTF-8 advise options."""
    try:
        with local_copies(arguments.inputs) as files:
            yield files
    except NotUTF8Error as error:
        raise ValueError(f"{error.problem}; {filetypes.NOT_UTF8}") from None


@contextlib.contextmanager
def local_copies(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths of files, with the path of a temporary copy for standard input."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_copied_stdin()) if p == STDIO else p for p in paths]


@contextlib.contextmanager
def _copied_stdin() -> Iterator[str]:
    """Copy standard input to a temporary file, because text is read in parallel ranges of a file.

    Errors name standard input instead of the copy.
    """
    with tempfile.NamedTemporaryFile(prefix="fastsgns-stdin-", buffering=0) as file:
        with streams.opened(STDIO) as text:
            while block := text.read(1 << 20):
                _write_all(file, block)
        try:
            yield file.name
        except Exception as error:
            _rename(error, file.name, "standard input")
            raise


def _write_all(file: Any, block: bytes) -> None:
    with disk_errors("a copy of standard input"):
        while block:
            block = block[file.write(block) :]


def _rename(error: Exception, path: str, name: str) -> None:
    """Replace a path in an error by a name."""
    error.args = tuple(a.replace(path, name) if isinstance(a, str) else a for a in error.args)
    for attribute in ("path", "problem", "filename"):
        if isinstance(text := getattr(error, attribute, None), str):
            setattr(error, attribute, text.replace(path, name))


def load(path: str, arguments: Namespace, limit: int | None = None) -> Any:
    """Load a model or vectors: a native file, mapped, or one in another format of vectors.

    Parameters
    ----------
    path : str
        A file, which may be a pipe. `-` is standard input. Both may be compressed.
    arguments : Namespace
        The options of `fastsgns.cli.arguments.add_vectors`. Without ``--from``, the format is
        detected from content and suffix. Only text reads ``--no-header``, and only word2vec's
        formats ``--errors``.
    limit : int, optional
        Number of vectors to read from word2vec's formats.

    Returns
    -------
    Word2Vec or KeyedVectors
        The content of a native file; of other files, vectors.
    """
    format, no_header = arguments.from_format, arguments.no_header
    options = {"limit": limit, "no_header": no_header, "unicode_errors": arguments.errors}
    with filetypes.in_words_of_options():
        if filetypes.is_pair(path) or not is_stream(path):
            return _load(path, format or filetypes.detect(path, no_header), options)
        with streams.opened(path) as file:
            detected = None if no_header else form_of(file.peek(filetypes.HEAD_BYTES))
            return _load(file, format or detected or "text", options)


def _load(source: Any, format: str, options: dict[str, Any]) -> Any:
    if format == "native":
        loaded = load_native(source, mmap="r")
        if isinstance(loaded, NEITHER):
            raise ValueError(f"{name_of(source)} holds {loaded!r}, not a model or vectors")
        return loaded
    if format not in WORD2VEC:
        return KeyedVectors.from_file(source, format)
    options["no_header"] |= format == "glove"
    options["no_header"] &= format != "binary"
    return KeyedVectors.load_word2vec_format(source, binary=format == "binary", **options)


def load_vectors(arguments: Namespace) -> KeyedVectors:
    """Load the vectors of the arguments that `fastsgns.cli.arguments.add_vectors` adds."""
    loaded = load(arguments.model, arguments)
    in_space = getattr(arguments, "space", SPACES[0]) != SPACES[0]
    return of_role(loaded, "input" if in_space else arguments.role, arguments.model)


def main_vectors(loaded: Any) -> KeyedVectors:
    """Return the vectors of a model that are used by default: ``wv`` of words, sources of links."""
    vectors: KeyedVectors = getattr(loaded, "wv", getattr(loaded, "source", loaded))
    return vectors


def has_output(loaded: Any) -> bool:
    """Return whether there are output vectors, or targets, beside `main_vectors`."""
    vectors = main_vectors(loaded)
    if isinstance(loaded, LinkModel):
        return True
    return hasattr(vectors, "output") and not np.shares_memory(vectors.array, vectors.output.array)


def of_role(loaded: Any, role: str | None, path: str) -> KeyedVectors:
    """Return the vectors of a role, or of a combination of two, of a model or vectors.

    Parameters
    ----------
    loaded : model or KeyedVectors
    role : str, optional
        By default `main_vectors`. Of links, "input" are sources and "output" are targets.
    path : str
        The file of `loaded`, for messages.

    Raises
    ------
    ValueError
        If there are no such vectors.
    """
    if role is None or (role == "input" and not hasattr(loaded, "roles")):
        return main_vectors(loaded)
    if isinstance(loaded, LinkModel):
        if role != "output":
            raise ValueError(f"{path} holds links: their roles are input (sources) and output")
        target: KeyedVectors = loaded.target
        return target
    try:
        if isinstance(loaded, KeyedVectors) and loaded.role_link is not None:
            return of_link(loaded, role)
        if not hasattr(loaded, "roles"):
            raise ValueError(
                f"{path} holds vectors alone: the role {role!r} needs a whole model, as "
                "model.save and fastsgns train write it, or vectors with a second matrix"
            )
        roles: Roles = loaded.roles
        vectors: KeyedVectors = (
            roles.combined(role) if role in COMBINATIONS else getattr(roles, role)
        )
        return vectors
    except AttributeError as error:
        raise ValueError(f"{path}: {error}") from None


def of_link(vectors: KeyedVectors, role: Any) -> KeyedVectors:
    """Return the vectors of a role, or of a combination, of vectors with a second matrix."""
    link = require_link(vectors)
    found: KeyedVectors = (
        link.combined(vectors, role) if role in COMBINATIONS else link.role(vectors, role)
    )
    return found
