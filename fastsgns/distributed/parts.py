"""Parts of a corpus: pieces of its text files, and sentences as ids."""

import os
import socket
import stat
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple
from zlib import crc32

import numpy as np

from fastsgns.corpus.files import BOM, is_stream
from fastsgns.errors import EmptyCorpusError, FormatError
from fastsgns.formats.files import HEAD_BYTES, check_text, is_url, naming, open_binary

PARTS_PER_NODE = 16  # enough to divide what a lost node had among the others
PART_BYTES = 1 << 16, 8 << 20  # least and most bytes of a part
BLOCK_BYTES = 1 << 16
EMPTY = "the corpus is empty: there is not a single token in it"
MARK_BYTES = 1 << 12  # of each part; the machine that cuts a file reads them anyway


class Mark(NamedTuple):
    """What tells a part of a file from that of another file, mostly.

    Attributes
    ----------
    n_bytes : int
        Of the file.
    crc : int
        Of the first `MARK_BYTES` of the part.
    """

    n_bytes: int
    crc: int

    @classmethod
    def of(cls, file: BinaryIO, start: int = 0, stop: int | None = None) -> "Mark":
        """Return the mark of the part of a file with these bounds."""
        file.seek(start)
        n_read = MARK_BYTES if stop is None else min(MARK_BYTES, stop - start)
        return cls(os.fstat(file.fileno()).st_size, crc32(file.read(n_read)))


class Part(NamedTuple):
    """Bytes `start` to `stop` of a text file, whole lines; or a whole file that is compressed.

    The process that cut the file has seen the `mark`. A pipe or a URL has none.
    """

    path: str
    start: int = 0
    stop: int | None = None
    mark: Mark | None = None

    def check(self) -> None:
        """Check that this machine has the file that was cut.

        Raises
        ------
        FormatError
            If it has another one under the path.
        OSError
            If it cannot read the file.
        """
        if self.mark is None:
            return
        machine = f"the machine {socket.gethostname()!r:.80}"
        try:
            with open(self.path, "rb") as file:
                seen = Mark.of(file, self.start, self.stop)
        except OSError as error:
            raise type(error)(error.errno, f"{error.strerror} on {machine}", self.path) from error
        if seen == self.mark:
            return
        if seen.n_bytes != self.mark.n_bytes:
            what = f"has {seen.n_bytes:,} bytes on {machine}, and had {self.mark.n_bytes:,}"
        else:
            what = f"has other text from byte {self.start:,} on, on {machine}, than"
        raise FormatError(
            f"{self.path} {what} where it was cut into parts: it has changed, or machines see "
            "different files under one path. Give all of them the same files, and train again"
        )


class Sentences(NamedTuple):
    """Tokens of whole sentences: sentence i is ``ids[offsets[i]:offsets[i + 1]]``."""

    ids: np.ndarray
    offsets: np.ndarray

    def around(self, start: int, stop: int, edge: int) -> "Slice":
        """Return the sentences that have the tokens ``start .. stop - 1``.

        A text may be one sentence, so a long one is cut `edge` tokens before and after these.

        Examples
        --------
        >>> sentences = Sentences(np.arange(9, dtype=np.int32), np.array([0, 4, 6, 9]))
        >>> sentences.around(5, 7, edge=9)
        Slice(ids=array([4, 5, 6, 7, 8], dtype=int32), offsets=array([0, 2, 5]), start=4)
        >>> sentences.around(2, 3, edge=1)
        Slice(ids=array([1, 2, 3], dtype=int32), offsets=array([0, 3]), start=1)
        """
        first = int(np.searchsorted(self.offsets, start, "right")) - 1
        last = int(np.searchsorted(self.offsets, stop, "left"))
        offsets = np.clip(self.offsets[first : last + 1], start - edge, stop + edge)
        return Slice(self.ids[offsets[0] : offsets[-1]], offsets - offsets[0], int(offsets[0]))


class Slice(NamedTuple):
    """Some consecutive sentences of a corpus; the first token is the token `start` of it."""

    ids: np.ndarray
    offsets: np.ndarray
    start: int


def check_files(paths: Sequence[str]) -> None:
    """Check that files can be read, are text, and are not all empty.

    Only the beginning of each file is read. Pipes and URLs are not checked.

    Raises
    ------
    FormatError
        If a file is not text, or not compressed as its name says.
    EmptyCorpusError
        If all files are empty.
    OSError
        If a file cannot be read.
    """
    is_empty = True
    for path in paths:
        if not is_regular(path):
            is_empty = False
            continue
        with naming(path), open_binary(path) as file:
            head = file.read(HEAD_BYTES)
        check_text(head, path)
        is_empty = is_empty and not head
    if is_empty:
        raise EmptyCorpusError(EMPTY)


def cut_files(paths: Sequence[str], n_nodes: int) -> list[Part]:
    """Cut text files into parts at the ends of lines, in the order of the files.

    A compressed file is one part, because it can only be read from its beginning.

    Parameters
    ----------
    paths : sequence of str
    n_nodes : int
        There are about `PARTS_PER_NODE` parts per node, if that makes none too small or too large.
    """
    total = sum(os.path.getsize(path) for path in paths if not is_stream(path))
    least, most = PART_BYTES
    n_bytes = min(max(least, total // (PARTS_PER_NODE * n_nodes)), most)
    return [part for path in paths for part in _cut_file(path, n_bytes)]


def _cut_file(path: str, n_bytes: int) -> list[Part]:
    if not is_regular(path):
        return [Part(path)]
    with open(path, "rb") as file:
        if is_stream(path):
            return [Part(path, mark=Mark.of(file))]
        size = os.fstat(file.fileno()).st_size
        starts = [len(BOM) if file.read(len(BOM)) == BOM else 0]
        while (start := _line_start(file, starts[-1] + n_bytes)) < size:
            starts.append(start)
        bounds = zip(starts, [*starts[1:], max(size, starts[0])])
        return [Part(path, *each, Mark.of(file, *each)) for each in bounds]


def is_regular(path: str) -> bool:
    """Return whether a path is that of a file, and not of a pipe, and no URL."""
    return not is_url(path) and stat.S_ISREG(os.stat(path).st_mode)


def _line_start(file: BinaryIO, position: int) -> int:
    """Return the first position from `position` on at which a line starts, or the end of the file.

    The line before may be longer than the memory, so it is read in blocks.
    """
    file.seek(position - 1)
    while block := file.read(BLOCK_BYTES):
        if (at := block.find(b"\n")) >= 0:
            return file.tell() - len(block) + at + 1
    return file.tell()
