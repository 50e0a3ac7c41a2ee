"""Files given on the command line: corpora and vectors, told apart by content and suffix."""

import contextlib
import os
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fastsgns import DirectedGraph, EncodedCorpus, KeyedVectors, LineSentence
from fastsgns import load as load_native
from fastsgns.cli import filetypes, streams
from fastsgns.cli.arguments import UsageError
from fastsgns.cli.streams import STDIO, is_stream
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import scan
from fastsgns.corpus.spill import disk_errors
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotUTF8Error
from fastsgns.formats import writing
from fastsgns.formats.files import name_of
from fastsgns.formats.sniffing import form_of
from fastsgns.models.links.base import LinkModel
from fastsgns.runtime.console import INTERRUPTED, say
from fastsgns.runtime.progress import reading_bar
from fastsgns.vectors.spaces import COMBINATIONS, SPACES


def open_corpus(
    paths: Sequence[str], workers: int, errors: str, progress: bool | None
) -> EncodedCorpus:
    """Read text files (`-` is standard input), or one saved corpus.

    Raises
    ------
    ValueError
        If a saved corpus comes with other files, or a file holds vectors or a model; if a text is
        not UTF-8 and `errors` is "strict".
    """
    if _is_saved(paths):
        return EncodedCorpus.load(paths[0])
    with _texts(paths) as texts, reading_bar(progress, "B") as shown:
        return EncodedCorpus.from_files(texts, workers=workers, errors=errors, progress=shown)


def count(paths: Sequence[str], workers: int, errors: str, progress: bool | None) -> Vocabulary:
    """Count the words of what `open_corpus` takes."""
    if _is_saved(paths):
        return EncodedCorpus.load(paths[0]).vocabulary
    with _texts(paths) as texts, reading_bar(progress, "B") as shown:
        source = LineSentence(texts, errors=errors)
        return scan(source, keep_tokens=False, workers=workers, progress=shown).vocabulary


def _is_saved(paths: Sequence[str]) -> bool:
    """Whether it is one saved corpus; a ValueError for what is neither that nor text."""
    for path in paths:
        found = filetypes.kind(path)
        if found == "corpus" and len(paths) == 1:
            return True
        if found is not None:
            raise ValueError(
                f"{path} is a {found} of fastsgns: text is wanted, or one saved corpus"
            )
    return False


@contextlib.contextmanager
def _texts(paths: Sequence[str]) -> Iterator[list[str]]:
    """As `spooled`, with advice on what is not UTF-8."""
    try:
        with spooled(paths) as files:
            yield files
    except NotUTF8Error as error:
        raise ValueError(f"{error.problem}; {filetypes.NOT_UTF8}") from None


@contextlib.contextmanager
def spooled(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths of files, that of a copy for standard input."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_spooled_stdin()) if p == STDIO else p for p in paths]


@contextlib.contextmanager
def _spooled_stdin() -> Iterator[str]:
    """Copy standard input to a temporary file: text is read by path, in parallel ranges.

    Errors name standard input and not the copy.
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
    """Put another name of a file in an error."""
    error.args = tuple(a.replace(path, name) if isinstance(a, str) else a for a in error.args)
    for attribute in ("path", "problem", "filename"):
        if isinstance(text := getattr(error, attribute, None), str):
            setattr(error, attribute, text.replace(path, name))


def check_distinct(output: str | None, others: Iterable[str | None]) -> None:
    """Refuse an output that would take the place of one of `others`.

    Raises
    ------
    UsageError
        If it is the same file, by whatever name.
    """
    for other in others:
        if output and other and _is_same_file(output, other):
            raise UsageError(
                f"{output} would overwrite {other}, which is to be kept: name another output"
            )


def _is_same_file(path: str, other: str) -> bool:
    if STDIO in (path, other):
        return False
    if os.path.exists(path) and os.path.exists(other):
        return os.path.isfile(path) and os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def load(
    path: str,
    format: str | None = None,
    limit: int | None = None,
    no_header: bool = False,
    errors: str = "strict",
) -> Any:
    """Load a model or vectors: a native file, mapped, or word2vec's text or binary.

    Parameters
    ----------
    path : str
        Where from; `-` is standard input, which like a pipe may be compressed.
    format : {"native", "text", "binary"}, optional
        What the file is; by default told by content and suffix.
    limit : int, optional
        How many vectors to read, of word2vec's formats.
    no_header : bool
        Whether a text has no first line with its sizes (GloVe's); other formats ignore it.
    errors : {"strict", "replace", "ignore"}
        What is done with words that are not UTF-8, of word2vec's formats.

    Returns
    -------
    Word2Vec or KeyedVectors
        Whatever a native file holds, else vectors.
    """
    options = {"limit": limit, "no_header": no_header, "unicode_errors": errors}
    with filetypes.in_words_of_options():
        if not is_stream(path):
            return _load(path, format or filetypes.detect(path, no_header), options)
        with streams.opened(path) as file:
            found = None if no_header else form_of(file.peek(filetypes.HEAD_BYTES))
            return _load(file, format or found or "text", options)


def _load(source: Any, format: str, options: dict[str, Any]) -> Any:
    if format == "native":
        loaded = load_native(source, mmap="r")
        if isinstance(loaded, (EncodedCorpus, Cooccurrences, DirectedGraph)):
            raise ValueError(f"{name_of(source)} holds {loaded!r}, not a model or vectors")
        return loaded
    options["no_header"] &= format == "text"
    return KeyedVectors.load_word2vec_format(source, binary=format == "binary", **options)


def load_given(arguments: Namespace) -> KeyedVectors:
    """Load the vectors that the arguments of `fastsgns.cli.arguments.add_vectors` name."""
    loaded = load(
        arguments.model,
        arguments.from_format,
        no_header=arguments.no_header,
        errors=arguments.errors,
    )
    in_space = getattr(arguments, "space", SPACES[0]) != SPACES[0]
    return of_role(loaded, "input" if in_space else arguments.role, arguments.model)


def given_out(loaded: Any) -> Any:
    """The vectors that a loaded model gives out: ``wv`` of words, the sources' of links."""
    return getattr(loaded, "wv", getattr(loaded, "source", loaded))


def of_role(loaded: Any, role: str | None, path: str) -> KeyedVectors:
    """Give the vectors of a role, or a combination of two, of what `load` loaded from `path`.

    Without a role: what the model gives out. Of links, "input" are sources and "output" targets.

    Raises
    ------
    ValueError
        If there are none, as in a file of vectors alone.
    """
    if role is None or (role == "input" and not hasattr(loaded, "roles")):
        return given_out(loaded)
    if isinstance(loaded, LinkModel):
        if role != "output":
            raise ValueError(f"{path} holds links: their roles are input (sources) and output")
        return loaded.target
    if not hasattr(loaded, "roles"):
        raise ValueError(
            f"{path} holds vectors alone: for the role {role!r} a whole model is wanted, as "
            "model.save and fastsgns train write it"
        )
    try:
        if role in COMBINATIONS:
            return loaded.roles.combined(role)
        return getattr(loaded.roles, role)
    except AttributeError as error:
        raise ValueError(f"{path}: {error}") from None


def save(loaded: Any, path: str, format: str | None = None) -> None:
    """Write a model or vectors; `-` is standard output, by default word2vec's text.

    The format "glove" is word2vec's text without its header.
    """
    header = format != "glove"
    format = filetypes.output_format(path, format)
    with streams.output(path) if path == STDIO else contextlib.nullcontext(path) as target:
        if format == "native":
            loaded.save(target)
            return
        vectors = given_out(loaded)
        vectors.save_word2vec_format(target, binary=format == "binary", write_header=header)


def finish(save: Callable[[], None], report: str, finished: bool, arguments: Namespace) -> int:
    """Save what was trained and say so; 130 if training or saving was stopped early."""
    try:
        save()
    except KeyboardInterrupt:
        say(f"stopped while saving to {arguments.output}: what was learnt is lost")
        return INTERRUPTED
    if arguments.progress is not False or not finished:
        say(report)
        say(
            f"{'saved to' if finished else 'stopped early; what there is is saved to'} "
            f"{arguments.output}"
        )
    return 0 if finished else INTERRUPTED


def check_writable(path: str, format: str | None = None) -> None:
    """Refuse, before any work is done, an output of vectors that can't be written.

    Raises
    ------
    UsageError
        As for `fastsgns.cli.filetypes.output_format`.
    OSError
        As for `fastsgns.formats.writing.check_writable`.
    """
    filetypes.output_format(path, format)
    if path != STDIO:
        writing.check_writable(path)


def check_kept(path: str | None) -> None:
    """As `check_writable`, of a file in the native format, if there is one."""
    if path:
        filetypes.check_native(path)
        writing.check_writable(path)
