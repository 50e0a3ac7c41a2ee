"""Formats of files by content and suffix, and errors that advise options of the command line."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from fastsgns.cli.parsers import UsageError
from fastsgns.cli.streams import STDIO, is_stream
from fastsgns.errors import FormatError, NotUTF8Error
from fastsgns.formats import files, shards, sniffing, static_embedding, tsv
from fastsgns.vectors import exchange
from fastsgns.vectors.exchange import FORMATS, SUFFIXES, form_of, suffix_of

TRAINED_ON = {"corpus": "train", "cooccurrences": "glove"}
HEAD_BYTES = exchange.HEAD_BYTES
NOT_UTF8 = "give --errors replace or --errors ignore, or convert the file"
ADVICE = {
    sniffing.NO_HEADER: "give --no-header to read text without a header, such as GloVe's",
    sniffing.HEADER: "the first line may be a header: leave out --no-header",
    sniffing.BINARY: "the file looks binary: give --from binary",
    sniffing.TEXT: "the file is text: give --from text",
    sniffing.NATIVE: "give --from native",
    sniffing.NOT_NATIVE: "give --from text or --from binary for vectors of other formats",
    sniffing.ROW: "repair or remove that line",
    sniffing.DELIMITER: "give what separates the columns with --delimiter",
    sniffing.CUT: "the file is cut or its header is wrong; 'fastsgns convert --limit N' reads only "
    "the first N rows",
}


@contextmanager
def in_words_of_options(advice: Mapping[str, str] = ADVICE) -> Iterator[None]:
    """Replace the advice in errors about files of vectors by advice about options.

    Parameters
    ----------
    advice : mapping of str to str
        Advice by fault. By default it is about the options that `add_vectors` adds.

    Raises
    ------
    FormatError, ValueError
        The error that was raised inside, with other advice.
    """
    try:
        yield
    except NotUTF8Error as error:
        raise ValueError(f"{error.problem}; {NOT_UTF8}") from None
    except FormatError as error:
        if error.fault not in advice:
            raise
        raise type(error)(f"{error.problem}; {advice[error.fault]}") from None


def kind(path: str) -> str | None:
    """Return the kind of a native file, such as ``model`` or ``corpus``; None for other files.

    Raises
    ------
    OSError
        If there is no such file, or it is a directory.
    """
    if is_stream(path):
        return None  # the bytes that are read to detect the kind would be lost
    try:
        return shards.kind_of(path)
    except FormatError:
        return None


def suffix_format(path: str) -> str | None:
    """Return the format by suffix, a key of `fastsgns.vectors.exchange.FORMATS`; None if unknown.

    Examples
    --------
    >>> suffix_format("vectors.txt.gz"), suffix_format("GoogleNews.BIN"), suffix_format("v.npz")
    ('text', 'binary', 'npz')
    """
    return SUFFIXES.get(suffix_of(path))


def check_suffix(path: str, known: Sequence[str], what: str) -> None:
    """Check that the suffix of an output is one of its format.

    Parameters
    ----------
    path : str
    known : sequence of str
        The suffixes of the format; "" for no suffix.
    what : str
        What is written, for the message.

    Raises
    ------
    UsageError
        If the suffix is not one of them.
    """
    if suffix_of(path) not in known:
        names = ", ".join(filter(None, known)) + (" and no suffix" if "" in known else "")
        raise UsageError(
            f"{path}: the suffix is of another format than what is written ({what}). Known are "
            f"{names}, each of them also with .gz, .bz2 or .xz"
        )


def output_format(path: str, format: str | None = None) -> str:
    """Return the format to write: `format`, or by default that of the suffix; text for `-`.

    Raises
    ------
    UsageError
        If the suffix is not known, or programs that read the format can't read it compressed or
        from a pipe.
    """
    known = format or ("text" if path == STDIO else suffix_format(path))
    if known is None:
        raise UsageError(
            f"{path}: the suffix names no known format. Known are {known_suffixes()}. "
            "--to of 'fastsgns convert' names a format whatever the suffix is"
        )
    if not FORMATS[known].is_compressed_too and files.decompressor(path):
        raise UsageError(f"{path}: {known} is not compressed; leave out the last suffix")
    if known == "tsv" and path == STDIO:
        raise UsageError("tsv is two files: name one, such as vectors.tsv")
    if FORMATS[known].check_folder and path == STDIO:
        raise UsageError(f"{known} is a folder: name one")
    return known


def known_suffixes() -> str:
    """Return the formats that a suffix decides, in words.

    Examples
    --------
    >>> known_suffixes().startswith(".fastsgns, .model and no suffix (native)")
    True
    """
    parts = []
    for name, form in FORMATS.items():
        named = [suffix or "no suffix" for suffix in form.suffixes]
        if named:
            listed = ", ".join(named[:-1]) + " and " * (len(named) > 1) + named[-1]
            parts.append(f"{listed} ({name})")
    able = ", ".join(name for name, form in FORMATS.items() if form.is_compressed_too)
    return f"{', '.join(parts)}; those of {able} also with .gz, .bz2 or .xz"


def check_native(path: str) -> None:
    """Check that the suffix of an output is one of the native format.

    Raises
    ------
    UsageError
        If it is not.
    """
    if output_format(path) != "native":
        raise UsageError(f"{path} is written in the native format: name it .fastsgns")


def is_pair(path: str) -> bool:
    """Return whether a path is the name of the two files of the TensorBoard projector."""
    return suffix_format(path) == "tsv" and tsv.is_pair(path)


def detect(path: str, no_header: bool = False) -> str:
    """Return the format of a file of vectors by its content, or else by its suffix.

    Text of word2vec is ``text``, whatever the suffix is.

    Raises
    ------
    ValueError
        If it is a saved corpus or counts.
    """
    if is_pair(path):
        return "tsv"
    if static_embedding.is_folder(path):
        return "static-embedding"
    native_kind = kind(path)
    if native_kind in TRAINED_ON:
        command = TRAINED_ON[native_kind]
        raise ValueError(
            f"{path} holds {native_kind}; train on it first: fastsgns {command} {path} -o MODEL"
        )
    if native_kind:
        return "native"
    if no_header:
        return "text"
    named = suffix_format(path)
    with files.naming(path), files.open_binary(path) as file:
        return form_of(file.read(HEAD_BYTES)) or (named if named in ("binary", "tsv") else "text")
