"""WalkFile: a text file of walks, one per line, with names separated by spaces."""

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TextIO

import numpy as np

from fastsgns.formats.files import words_of
from fastsgns.formats.writing import destination
from fastsgns.training.examples import Examples, Sentences


class WalkFile:
    """A text file to which several threads write walks, one chunk at a time.

    Parameters
    ----------
    file : text file
    names : sequence of hashable
        By node id; written as ``str(name)``.

    Raises
    ------
    ValueError
        If a name is empty, contains white space or begins with a byte order mark, or if two names
        are equal as text. A reader could not tell such names.

    Examples
    --------
    >>> import sys
    >>> WalkFile(sys.stdout, ["a", 7]).write(np.array([0, 1, 0]), np.array([0, 3]))
    a 7 a
    """

    def __init__(self, file: TextIO, names: Sequence[Any]) -> None:
        self.file, self.lock = file, threading.Lock()
        self.words = [str(name) for name in names]
        odd = next((word for word in self.words if not _is_word(word)), None)
        if odd is not None:
            raise ValueError(f"the name {odd!r} can't be a word of a text file; rename that node")
        if len(set(self.words)) < len(self.words):
            raise ValueError(
                "two names, such as 1 and '1', are one word of a text file; rename one"
            )

    def write(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        """Write the walks ``ids[offsets[i]:offsets[i + 1]]``."""
        words = [self.words[i] for i in ids.tolist()]
        text = "".join(
            " ".join(words[start:stop]) + "\n" for start, stop in pairwise(offsets.tolist())
        )
        with self.lock:
            self.file.write(text)

    def write_pairs(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Write pairs of nodes as walks of two nodes."""
        ids = np.stack([sources, targets], axis=1).ravel()
        self.write(ids, np.arange(0, len(ids) + 1, 2))


class Recording:
    """The part of chunks of walks that writes the walks to a file.

    Attributes
    ----------
    file : WalkFile or None
    """

    file: WalkFile | None

    @property
    def is_recorded(self) -> bool:
        """Whether there is a file."""
        return self.file is not None

    def record(self, examples: Sequence[Examples]) -> None:
        """Write the walks of a chunk, or the pairs of a source and a target, to the file."""
        for part in examples:
            if self.file is None:
                return
            if isinstance(part, Sentences):
                self.file.write(part.ids, part.offsets)
            elif part.roles == ("input", "output"):
                self.file.write_pairs(part.sources, part.targets)
            elif part.roles == ("output", "input"):
                self.file.write_pairs(part.targets, part.sources)


def _is_word(name: str) -> bool:
    return words_of(name) == [name] and name[0] != "\ufeff"


@contextmanager
def walk_file(path: Any, names: Sequence[Any]) -> Iterator[WalkFile | None]:
    """Open a WalkFile that appears at `path` once it is complete; yield None without a path."""
    if path is None:
        yield None
        return
    with destination(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="\n")
        yield WalkFile(text, names)
        text.flush()
        text.detach()
