"""Readers of text files. Each can be iterated many times, and yields sentences, lists of str.

Tokens are what ASCII white space separates (space, tab, newline, carriage return, vertical tab,
form feed), as for ``bytes.split()``. A no-break or an ideographic space is part of its token.
"""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from inspect import isfunction
from itertools import chain, islice, takewhile
from types import GeneratorType
from typing import Any

from fastsgns.corpus.files import BOM, Path, check_path, check_paths
from fastsgns.corpus.scan import LONGEST_TOKEN
from fastsgns.errors import LongTokenError, NotUTF8Error
from fastsgns.formats.files import (
    HEAD_BYTES,
    WORD,
    check_text,
    is_path,
    local_path,
    name_of,
    naming,
    open_binary,
)
from fastsgns.rules import Rule, integer

WHITE_SPACE = r"[ \t\n\r\x0b\x0c]"
BLANKS: dict[type, Any] = {str: re.compile(WHITE_SPACE), bytes: re.compile(WHITE_SPACE.encode())}
NEWLINES: dict[type, Any] = {bytes: b"\n", str: "\n"}
MARKS: dict[type, Any] = {bytes: BOM, str: BOM.decode()}
READ_BYTES = 1 << 16
CHUNK_BYTES = 1 << 18
ONCE = (
    "the corpus is a {}, which can be read only once, but training may read it several times; use "
    "a list, or an object whose __iter__ starts anew"
)
REMEDY = "read it with errors='replace', or convert the file to UTF-8"
LENGTH = integer(1, 2**62, none=None)
LINES = integer(0, 2**62, none=None)


def words_of(text: bytes | str, errors: str = "strict") -> list[str]:
    r"""Split text into its tokens.

    Examples
    --------
    >>> words_of(b" to be\tor  not\n")
    ['to', 'be', 'or', 'not']
    """
    if isinstance(text, str):
        return WORD.findall(text)
    words = b"\n".join(text.split()).decode("utf-8", errors).split("\n")
    return [word for word in words if word]


def _words_in(text: bytes | str, errors: str, name: str, number: int | None = None) -> list[str]:
    """Return `words_of` a text, and name the file and the line in the error of a bad word.

    Raises
    ------
    NotUTF8Error
        If a word is not UTF-8 and `errors` is "strict".
    """
    try:
        return words_of(text, errors)
    except UnicodeDecodeError as error:
        start = error.object.rfind(b"\n", 0, error.start) + 1
        word = error.object[start:].partition(b"\n")[0]
        place = name if number is None else f"{name}, line {number}"
        problem = f"{place}: the word {word[:40]!r} is not UTF-8"
        raise NotUTF8Error.of(error, problem, REMEDY) from None


def _chunks(line: bytes | str) -> Iterator[bytes | str]:
    """Yield a long line in chunks that end between tokens."""
    start = 0
    while start < len(line):
        blank = BLANKS[type(line)].search(line, start + CHUNK_BYTES)
        stop = blank.end() if blank else len(line)
        yield line[start:stop]
        start = stop


def _shared(words: list[str]) -> list[str]:
    """Replace equal words by one object, as each object takes 50 bytes or more."""
    known: dict[str, str] = {}
    return [known.setdefault(word, word) for word in words]


def check_reiterable(sentences: object) -> None:
    """Raise an error for a corpus that can be read only once.

    Raises
    ------
    TypeError
        For a generator or another built-in iterator (file, map, zip, ...), and whenever
        `check_corpus` raises one. If a class defines ``__iter__`` in Python, it is assumed to
        start from the beginning, even if it returns the object itself.

    Examples
    --------
    >>> check_reiterable([["to", "be"]])
    """
    check_corpus(sentences)
    if isfunction(getattr(type(sentences), "__iter__", None)):
        return
    if iter(sentences) is sentences:  # type: ignore[call-overload]
        raise TypeError(ONCE.format(type(sentences).__name__))


def check_not_generator(sentences: object) -> None:
    """Raise an error for a generator, as gensim does, although reading it once would be enough.

    Other iterators (map, filter, ``itertools.chain``) pass; gensim would take them as well.

    Raises
    ------
    TypeError
        For a generator, and whenever `check_corpus` raises one.

    Examples
    --------
    >>> check_not_generator(map(str.split, ["to be"]))
    """
    check_corpus(sentences)
    if isinstance(sentences, GeneratorType):
        raise TypeError(ONCE.format(type(sentences).__name__))


def check_corpus(sentences: object) -> None:
    """Raise an error for an object that is not an iterable of sentences.

    Raises
    ------
    TypeError
        For a string, a mapping, a table with columns, and an object that is not iterable.
    """
    if isinstance(sentences, (str, bytes, bytearray, os.PathLike)):
        raise TypeError(
            f"the corpus is {sentences!r:.60}, where an iterable of sentences is wanted, each a "
            "sequence of tokens; to read a file, give its path as corpus_file or use LineSentence"
        )
    kind = type(sentences).__name__
    if isinstance(sentences, Mapping):
        raise TypeError(
            f"the corpus is a {kind}, which is iterated by its keys, where an iterable of "
            "sentences is wanted; give its values: corpus.values()"
        )
    if hasattr(sentences, "columns") and hasattr(sentences, "shape"):
        raise TypeError(
            f"the corpus is a {kind}, which is iterated by its columns, where an iterable of "
            "sentences is wanted; give the column that holds them, such as table['tokens']"
        )
    try:
        iter(sentences)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(
            f"the corpus is a {kind}, where an iterable of sentences is wanted"
        ) from None


def _checked(name: str, rule: Rule, doc: str) -> Any:
    """Return a property whose values follow a rule, also when it is set after construction."""
    return property(
        lambda reader: vars(reader)[name],
        lambda reader, value: vars(reader).__setitem__(name, rule(name, value)),
        doc=doc,
    )


class LineSentence:
    r"""Sentences of text files, one per line.

    Parameters
    ----------
    source : str, os.PathLike, a list of them, or an open file
        Paths may end in .gz, .bz2 or .xz, and may be URLs if smart_open is installed. An open
        file needs ``seek``.
    max_sentence_length : int, optional
        Split longer lines into sentences of this many tokens. By default no line is split.
    limit : int, optional
        Read only this many lines of each file, including blank ones.
    errors : str
        How to decode bytes that are not UTF-8: "strict", "replace", "ignore", ...

    Examples
    --------
    >>> import io
    >>> list(LineSentence(io.BytesIO(b"to be or\n\nnot to be\n")))
    [['to', 'be', 'or'], ['not', 'to', 'be']]
    """

    def __init__(
        self,
        source: Any,
        max_sentence_length: int | None = None,
        limit: int | None = None,
        errors: str = "strict",
    ) -> None:
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit
        self.errors = errors

    max_sentence_length = _checked("max_sentence_length", LENGTH, "Tokens per sentence, at most.")
    limit = _checked("limit", LINES, "Lines to read of each file, at most.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r:.80})"

    def whole_files(self) -> list[str] | None:
        """Return the paths if each whole line of theirs is a sentence, else None."""
        if hasattr(self.source, "seek") or not (self.limit is self.max_sentence_length is None):
            return None
        return self._paths()

    def _paths(self) -> list[str]:
        return check_paths(self.source)

    def __iter__(self) -> Iterator[list[str]]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._sentences(self.source, name_of(self.source))
            return
        for path in self._paths():
            with naming(path), open_binary(path) as file:
                yield from self._sentences(file, path)

    def _sentences(self, file: Any, name: str) -> Iterator[list[str]]:
        for index, line in enumerate(islice(_lines(file), self.limit)):
            if index == 0:
                check_text(line + file.peek(HEAD_BYTES) if hasattr(file, "peek") else line, name)
                line = line.removeprefix(MARKS[type(line)])
            number = index + 1
            if len(line) > CHUNK_BYTES:
                chunks = _chunks(_long_line(file, line, name, number))  # to save memory
                words_of_chunks = (
                    _shared(_words_in(chunk, self.errors, name, number)) for chunk in chunks
                )
                yield from _cut(words_of_chunks, self.max_sentence_length or sys.maxsize)
                continue
            words = _words_in(line, self.errors, name, number)
            length = self.max_sentence_length or len(words) or 1
            for start in range(0, len(words), length):
                yield words[start : start + length]


def _cut(blocks: Iterable[list[str]], length: int) -> Iterator[list[str]]:
    """Yield the words of all blocks in sentences of `length` words; the last may have fewer."""
    words: list[str] = []
    for block in blocks:
        words += block
        n_full = len(words) - len(words) % length
        for start in range(0, n_full, length):
            yield words[start : start + length]
        del words[:n_full]
    if words:
        yield words


def _lines(file: Any) -> Iterable[bytes | str]:
    """Return the lines of an open file; only the beginning of a line that is too long."""
    if not hasattr(file, "readline"):
        return file  # type: ignore[no-any-return]
    return takewhile(len, iter(partial(file.readline, LONGEST_TOKEN), None))


def _long_line(file: Any, line: bytes | str, name: str, number: int) -> bytes | str:
    """Return the whole line that begins with `line`.

    Raises
    ------
    LongTokenError
        If it has a token that is longer than `LONGEST_TOKEN`.
    """
    parts: list[Any] = [line]
    while hasattr(file, "readline") and not parts[-1].endswith(NEWLINES[type(line)]):
        if len(parts[-1]) >= LONGEST_TOKEN and not BLANKS[type(line)].search(parts[-1]):
            raise LongTokenError.at(name, number, LONGEST_TOKEN)
        if not (part := file.readline(LONGEST_TOKEN)):
            break
        parts.append(part)
    whole: bytes | str = parts[0][:0].join(parts)
    return whole


class PathLineSentences(LineSentence):
    """Sentences of all files of a directory in order of their names, one per line.

    Parameters
    ----------
    source : str or os.PathLike
        One file, or a directory. Its subdirectories are not searched.
    max_sentence_length, limit, errors
        As in `LineSentence`.

    Attributes
    ----------
    input_files : list of paths
        The files to read, in this order. It may be set to one path or any iterable of paths.

    Raises
    ------
    ValueError
        If there is no such file or directory.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in "ab":
    ...         _ = pathlib.Path(folder, name).write_text(f"{name} file")
    ...     list(PathLineSentences(folder))
    [['a', 'file'], ['b', 'file']]
    """

    def __init__(
        self,
        source: Path,
        max_sentence_length: int | None = None,
        limit: int | None = None,
        errors: str = "strict",
    ) -> None:
        super().__init__(local_path(source), max_sentence_length, limit, errors)
        self.input_files = _files(self.source)

    @property
    def input_files(self) -> list[Any]:
        """The files to read."""
        return self._input_files

    @input_files.setter
    def input_files(self, paths: Path | Iterable[Path]) -> None:
        self._input_files = [paths] if is_path(paths) else list(paths)  # type: ignore[arg-type]

    def _paths(self) -> list[str]:
        return check_paths(self.input_files) if self.input_files else []


def _files(source: str) -> list[str]:
    try:
        mode = os.stat(source).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{source} is neither a file nor a directory; give the path of one"
        ) from None
    if not stat.S_ISDIR(mode):
        return [source]
    paths = (os.path.join(source, name) for name in sorted(os.listdir(source)))
    return [path for path in paths if os.path.isfile(path)]


class Text8Corpus:
    """Sentences of equal length from a file without lines, such as text8.

    Parameters
    ----------
    fname : str or os.PathLike
        As in `LineSentence`.
    max_sentence_length : int
        Tokens per sentence; the last may have fewer.
    """

    def __init__(self, fname: Path, max_sentence_length: int = 10000) -> None:
        self.fname = fname
        self.max_sentence_length = max_sentence_length

    max_sentence_length = _checked("max_sentence_length", LENGTH, "Tokens per sentence.")

    def __iter__(self) -> Iterator[list[str]]:
        path = check_path(self.fname)
        with naming(path), open_binary(path) as file:
            blocks = (_words_in(block, "strict", path) for block in _whole_words(file, path))
            yield from _cut(blocks, self.max_sentence_length)


def _whole_words(file: Any, name: str) -> Iterator[bytes]:
    """Yield the content in blocks that end between tokens."""
    head = file.read(HEAD_BYTES)
    check_text(head, name)
    text = [b""]
    length, number = 0, 1
    for block in chain([head.removeprefix(BOM)], iter(partial(file.read, READ_BYTES), b"")):
        start, *tail = re.split(rb"(?=[ \t\n\r\x0b\x0c])", block, maxsplit=1)
        text.append(start)
        length += len(start)
        if length > LONGEST_TOKEN:
            raise LongTokenError.at(name, number, LONGEST_TOKEN)
        number += block.count(b"\n")
        if tail:
            cut = len(tail[0]) - len(BLANKS[bytes].split(tail[0])[-1])
            yield b"".join(text) + tail[0][:cut]
            text = [tail[0][cut:]]
            length = len(text[0])
    yield b"".join(text)


class BrownCorpus:
    """Sentences of the Brown corpus, a directory of files of ``token/TAG``.

    Words are yielded in lower case with the first two letters of their tag, ``the/at``. Tokens
    whose tag does not begin with letters, such as punctuation, are left out.

    Parameters
    ----------
    dirname : str or os.PathLike
    """

    def __init__(self, dirname: Path) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for path in _files(local_path(self.dirname)):
            for line in LineSentence(path):
                pairs = (word.split("/") for word in line if word.count("/") == 1)
                words = [f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()]
                if words:
                    yield words
