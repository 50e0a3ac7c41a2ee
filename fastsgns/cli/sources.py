"""Files given on the command line: corpora and vectors, told apart by content and suffix."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from fastsgns import EncodedCorpus, KeyedVectors, LineSentence
from fastsgns.corpus.encoded import count_words
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import FormatError
from fastsgns.formats import files, native, word2vec
from fastsgns.progress import reading_bar

STDIO = "-"
FORMATS = {".txt": "text", ".vec": "text", ".bin": "binary"}


def kind(path: str) -> str | None:
    """Tell what a native file holds: ``model``, ``vectors``, ``corpus``; None for other files.

    Raises
    ------
    OSError
        If there is no such file, or it is a directory.
    """
    if is_stream(path):
        return None  # what is read of it to see what it is would be lost
    with open(path, "rb"):
        pass
    try:
        return native.read(path, mmap=True)[0]
    except FormatError:
        return None


def is_stream(path: str) -> bool:
    """Whether `path` can be read only once: standard input, or a pipe."""
    return path == STDIO or stat.S_ISFIFO(os.stat(path).st_mode)


def suffix_format(path: str) -> str:
    """Tell ``text`` or ``binary`` (word2vec's) or ``native`` by suffix, a compressed one too.

    Examples
    --------
    >>> suffix_format("vectors.txt.gz"), suffix_format("GoogleNews.BIN"), suffix_format("model")
    ('text', 'binary', 'native')
    """
    stem, suffix = os.path.splitext(path)
    if files.decompressor(path):
        suffix = os.path.splitext(stem)[1]
    return FORMATS.get(suffix.lower(), "native")


def open_corpus(
    paths: Sequence[str], workers: int, errors: str, progress: bool | None
) -> EncodedCorpus:
    """Read text files (`-` is standard input), or one saved corpus.

    Raises
    ------
    ValueError
        If a saved corpus comes with other files, or a file holds vectors or a model.
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
        return count_words(source, workers=workers, progress=shown)[0]


def _is_saved(paths: Sequence[str]) -> bool:
    """Whether it is one saved corpus; a ValueError for what is neither that nor text."""
    for path in paths:
        found = kind(path)
        if found == "corpus" and len(paths) == 1:
            return True
        if found is not None:
            raise ValueError(
                f"{path} is a {found} of fastsgns: text is wanted, or one saved corpus"
            )
    return False


@contextlib.contextmanager
def _texts(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths of files, that of a copy for standard input."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_spooled_stdin()) if p == STDIO else p for p in paths]


@contextlib.contextmanager
def _spooled_stdin() -> Iterator[str]:
    """Copy standard input to a temporary file: a corpus is read by path, in parallel ranges."""
    with tempfile.NamedTemporaryFile(prefix="fastsgns-stdin-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        file.flush()
        yield file.name


def detect(path: str) -> str:
    """Tell ``native``, ``text`` or ``binary`` of a file of vectors, by content and then suffix.

    Raises
    ------
    ValueError
        If it is a saved corpus.
    """
    if is_stream(path):
        return "text"
    found = kind(path)
    if found == "corpus":
        raise ValueError(f"{path} is a corpus; train on it first: fastsgns train {path} -o MODEL")
    return "native" if found else suffix_format(path)


def load(
    path: str, format: str | None = None, limit: int | None = None, no_header: bool = False
) -> Any:
    """Load a model or vectors: a native file, mapped, or word2vec's text or binary.

    Parameters
    ----------
    path : str
        Where from; `-` is standard input, of word2vec's formats.
    format : {"native", "text", "binary"}, optional
        What the file is; by default told by content and suffix.
    limit : int, optional
        How many vectors to read, of word2vec's formats.
    no_header : bool
        Whether a text has no first line with its sizes (GloVe's).

    Returns
    -------
    Word2Vec or KeyedVectors
        Whatever a native file holds, else vectors.
    """
    format = format or detect(path)
    if format == "native":
        return KeyedVectors.load(path, mmap="r")
    source = sys.stdin.buffer if path == STDIO else path
    return KeyedVectors.load_word2vec_format(
        source, binary=format == "binary", limit=limit, no_header=no_header
    )


def load_vectors(path: str, **options: Any) -> KeyedVectors:
    """Load only the vectors of what `load` loads."""
    loaded = load(path, **options)
    return getattr(loaded, "wv", loaded)


def save(loaded: Any, path: str, format: str | None = None, header: bool = True) -> None:
    """Write a model or vectors; `-` is word2vec's text on standard output."""
    if path == STDIO:
        _print_text(getattr(loaded, "wv", loaded), header)
        return
    format = format or suffix_format(path)
    if format == "native":
        loaded.save(path)
    else:
        vectors = getattr(loaded, "wv", loaded)
        vectors.save_word2vec_format(path, binary=format == "binary", write_header=header)


def _print_text(vectors: KeyedVectors, header: bool) -> None:
    sys.stdout.flush()
    word2vec.write(sys.stdout.buffer, vectors.index_to_key, vectors.vectors, write_header=header)


def check_writable(path: str) -> None:
    """Refuse, before any work is done, an output that can't be written.

    Raises
    ------
    OSError
        If the folder does not exist or can't be written to, or `path` is a folder.
    """
    if path == STDIO:
        return
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder: name a file to write")
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe, written in place
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{path} can't be written to")
        return
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            f"{folder}, the folder of the output, does not exist: make it first"
        )
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder}, the folder of the output, can't be written to")
