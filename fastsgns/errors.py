"""The package's own exceptions; everything else is a ValueError, TypeError or KeyError.

And its warnings, which are UserWarnings.
"""

import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

UNWRITABLE = (OSError, ValueError, AttributeError, TypeError)
"""What writing to a standard error raises that is full, closed or not a file of text."""


class FormatError(ValueError):
    """A file is not what its name or its header promises: cut, damaged or hostile.

    Attributes
    ----------
    problem : str
        The file, the line and what was seen.
    fault : str
        What can be done, a key of the advice that each interface has in its own words; or "".
    """

    problem: str = ""
    fault: Any = ""

    @classmethod
    def advising(cls, problem: str, fault: str, advice: Mapping[str, str]) -> Self:
        """Make the exception, with the advice on `fault` in the words of one interface."""
        made = cls(f"{problem}; {advice[fault]}" if fault else problem)
        made.problem, made.fault = problem, fault
        return made


class LongTokenError(FormatError):
    """A token of a text is longer than any word: the file is not a text with words."""

    @classmethod
    def at(cls, name: str, line: int | None, longest: int) -> Self:
        """Make the exception; `line` is the number of the line, if it is known."""
        place = name if line is None else f"{name}, line {line}"
        return cls(
            f"{place}: a token is longer than {longest:,} bytes; give a text with white space "
            "between its words"
        )


class KindError(FormatError, AttributeError):
    """A native file holds something else than what was asked for; the message says what loads it.

    It is an AttributeError too, because that is what programs written for gensim catch.

    Its `problem` is what the file holds, without the advice.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.problem = what


class NotFittedError(ValueError, RuntimeError, AttributeError):
    """A model is asked before it has learned anything; the message says what to call first."""


class TruncatedError(FormatError, EOFError):
    """A file ends before what its header promises. Both a FormatError and an EOFError."""


class NotUTF8Error(UnicodeDecodeError):
    """A word of a text file is not UTF-8.

    Attributes
    ----------
    problem : str
        The file, the line and the word.
    remedy : str
        What to do, in the words of the interface that is used.
    """

    problem = remedy = ""

    @classmethod
    def of(cls, error: UnicodeDecodeError, problem: str, remedy: str) -> "NotUTF8Error":
        """Make the exception from the one of the word."""
        made = cls(error.encoding, error.object, error.start, error.end, error.reason)
        made.problem, made.remedy = problem, remedy
        return made

    def __str__(self) -> str:
        return f"{self.problem} ({self.reason}); {self.remedy}"


class CorpusFileError(FileNotFoundError, TypeError):
    """A file of a corpus does not exist.

    It is a TypeError too, because that is what programs written for gensim catch.
    """


class EmptyCorpusError(ValueError, RuntimeError):
    """There is nothing to train on: no tokens, or no word that is frequent enough.

    It is a RuntimeError too, because that is what programs written for gensim catch.
    """


def warn(message: str) -> None:
    """Issue a UserWarning at the line outside of this package that led to it.

    Where standard error cannot be written to, the warning is lost; Python would raise an exception.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("fastsgns."):
        frame, level = frame.f_back, level + 1
    with suppress(*UNWRITABLE):
        warnings.warn(message, stacklevel=level)


def take_first(errors: list[BaseException]) -> BaseException:
    """Return the first of the errors of several threads, and forget all of them.

    ``raise errors[0]`` makes a reference cycle of the error, its traceback, the frame that raised
    it and the list. All that the frame holds, such as matrices, would then stay in memory until the
    garbage collector runs.
    """
    error = errors[0]
    errors.clear()
    return error
