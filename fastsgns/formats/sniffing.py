"""What the first bytes of a file say: its format, and what is wrong with a file of vectors."""

import codecs
import re
from contextlib import suppress

MARK = b"\xef\xbb\xbf"  # the byte order mark of UTF-8
SIZES = re.compile(rb"[ \t]*([0-9]{1,18})[ \t]+([0-9]{1,18})[ \t]*\r?\n")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1b]")

# What can be done about a file; every interface has its own words for it.
NO_HEADER, HEADER, BINARY, TEXT = "no header", "header", "binary", "text"
NATIVE, NOT_NATIVE, ROW, CUT = "native", "not native", "row", "cut"
DELIMITER = "delimiter"

HERE, ANOTHER_PROCESS = "Where", "In a process without install_as_gensim(), where"
PLACE = HERE  # where the lines for a pickle can be run; `fastsgns.gensim.install` sets it
PICKLE = (
    "a pickle, such as the files of gensim's save(). Only pickle can read it, and that can run "
    "code, so gensim must. {place} both packages are installed: "
    "fastsgns.from_gensim(gensim.models.Word2Vec.load(path)).save('model.fastsgns') keeps the "
    "whole model, and with KeyedVectors.load vectors. Where gensim alone is: "
    "gensim.models.KeyedVectors.load(path).save_word2vec_format('vectors.bin', binary=True), "
    "of a model .wv first. Phrases have to be learned again: fastsgns.Phrases(sentences)"
)
TORCH = (
    "a pickle of torch. Torch must read it: KeyedVectors.from_arrays(words, "
    "torch.load(path, weights_only=True).numpy())"
)
NUMPY = (
    "an array of numpy, which has no words; KeyedVectors.from_arrays(words, numpy.load(path)) "
    "makes vectors of it"
)
FASTTEXT = (
    "a model of fastText; fastsgns.load(path) reads its vectors, and load_facebook_model(path) of "
    "fastsgns.models.fasttext the model"
)
ZIP = "a zip archive; unpack it first. Vectors in .npz: KeyedVectors.from_npz(path)"
HTML = "a page of HTML; download the file itself"
UTF16 = "text in UTF-16; convert it to UTF-8"
GZIP, XZ = b"\x1f\x8b\x08", b"\xfd7zXZ\x00"
BZIP2 = tuple(  # its block size, and the first bytes of a block or, of an empty file, of the end
    b"BZh%d%s" % (size, block)
    for size in range(1, 10)
    for block in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")
)
KNOWN = {
    GZIP: "compressed by gzip; its name must end in .gz",
    **dict.fromkeys(BZIP2, "compressed by bzip2; its name must end in .bz2"),
    XZ: "compressed by xz; its name must end in .xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; decompress it first",
    b"PK\x03\x04": ZIP,
    b"PAR1": "a file of Parquet; KeyedVectors.from_parquet(path) reads vectors from it",
    b"ARROW1": "a file of Arrow; KeyedVectors.from_arrow(path) reads vectors from it",
    b"\xba\x16\x4f\x2f": FASTTEXT,
    b"\x93NUMPY": NUMPY,
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself with git lfs pull",
    b"\x80\x02\x8a\n": TORCH,  # the start of its magic number, pickled
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), PICKLE),
    **dict.fromkeys((b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML"), HTML),
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff"), UTF16),
}


def without_mark(head: bytes | bytearray) -> bytes | bytearray:
    """Remove the byte order mark that a text may begin with."""
    return head.removeprefix(MARK)


def sizes(line: bytes) -> tuple[int, int] | None:
    r"""Return the two numbers of a word2vec header; None if the line is not one.

    Examples
    --------
    >>> sizes(b"3 2\n"), sizes(b"the 0.1 0.2\n")
    ((3, 2), None)
    """
    match = SIZES.fullmatch(without_mark(line))
    return (int(match[1]), int(match[2])) if match else None


def what_it_is(head: bytes) -> tuple[str, str]:
    """Return what a file is that does not begin like one of vectors.

    Returns
    -------
    seen : str
        What it is, and what to do unless `fault` says that; "" if it is not known.
    fault : str
        What can be done, a key of an interface's advice; "" if `seen` says it.

    Examples
    --------
    >>> what_it_is(b"<html>")
    ('a page of HTML; download the file itself', '')
    """
    if not head:
        return "empty", ""
    if is_native(head):
        return "a file of fastsgns", NATIVE
    for magic, seen in KNOWN.items():
        if head.startswith(magic):
            return seen.replace("{place}", PLACE), ""
    return "", NO_HEADER


def not_text(head: bytes) -> str:
    r"""Return what a file is that does not begin like text in UTF-8 or a similar encoding, or "".

    HTML is text.

    Examples
    --------
    >>> not_text(b"to be"), not_text(b"t\0o\0 \0")
    ('', 'text in UTF-16; convert it to UTF-8')
    """
    seen = what_it_is(head)[0] if head else ""
    if seen:
        return "" if seen == HTML else seen
    if b"\0" not in head:
        return ""
    if len(head) > 3 and any(
        4 * half.count(0) >= 3 * len(half) for half in (head[::2], head[1::2])
    ):
        return UTF16
    is_odd = 8 * len(CONTROL.findall(head)) >= len(head)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        is_odd = True
    return "binary data; give a text in UTF-8" if is_odd else ""


def is_native(head: bytes, longest: int = 1 << 32) -> bool:
    """Return whether a native file begins so: a length of up to `longest`, then a brace."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < longest


def is_number(text: bytes) -> bool:
    """Return whether it is a decimal number, infinity or NaN."""
    try:
        number(text)
    except ValueError:
        return False
    return True


def number(text: bytes) -> float:
    """Parse a number as `float` does, but without underscores.

    Raises
    ------
    ValueError
        If it is not a number.
    """
    if b"_" in text:
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def n_numbers(line: bytes, most: int) -> int:
    """Count the numbers that a line ends in, up to `most`, after a word that may be a number.

    Examples
    --------
    >>> n_numbers(b". . . 0.1 0.2", 9), n_numbers(b"7 0.1 0.2", 9), n_numbers(b"the end", 9)
    (2, 2, 0)
    """
    columns = line.rsplit(None, most)
    n_words = 0 if line[:1].isspace() else 1
    count = 0
    while count < len(columns) - n_words and is_number(columns[-1 - count]):
        count += 1
    return count


def has_control_characters(text: bytes) -> bool:
    """Return whether it has bytes that no line of text has."""
    return CONTROL.search(text) is not None


def split_row(line: bytes, n_columns: int) -> tuple[bytes, list[float]] | None:
    """Split a line into a word and so many numbers; None if it is not of this form."""
    line = line.rstrip()
    for separator in (b" ", None) if line else ():
        word, *numbers = line.rsplit(separator, n_columns)
        if len(numbers) == n_columns and not ends_in_number(word):
            with suppress(ValueError):
                return word, [number(text) for text in numbers]
    return None


def holds_rows(word: bytes) -> bool:
    r"""Return whether what would be a word of text is rows of a binary file, by its bytes.

    Examples
    --------
    >>> holds_rows(b"a \xf73N>b 9\xe0\xa0>c"), holds_rows(b"new york"), holds_rows(b"\xe4")
    (True, False, False)
    """
    if b" " not in word:
        return False
    try:
        word.decode()
    except UnicodeDecodeError:
        return True
    return has_control_characters(word)


def ends_in_number(word: bytes) -> bool:
    """Return whether a word of several pieces ends in a number: its row then has too many.

    Examples
    --------
    >>> ends_in_number(b"area 51"), ends_in_number(b"51"), ends_in_number(b"new york")
    (True, False, False)
    """
    return b" " in word and is_number(word.rsplit(b" ", 1)[-1])


def form_of(head: bytes) -> str | None:
    r"""Return ``native``, ``text`` or ``binary`` by the first bytes of a file, or None.

    Examples
    --------
    >>> form_of(b"2 3\na 1 2 3\n"), form_of(b"GIF89a")
    ('text', None)
    """
    if is_native(head):
        return "native"
    first, _, rest = head.partition(b"\n")
    announced = sizes(first + b"\n")
    if announced is None:
        return None
    line = rest[: rest.find(b"\n") + 1]
    is_text = split_row(line, announced[1]) or not has_control_characters(rest)
    return "text" if is_text else "binary"
