"""The exceptions and warnings of the package.

Other errors are a ValueError, TypeError or KeyError. Warnings are UserWarnings.
"""

import errno
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

UNWRITABLE = (OSError, ValueError, AttributeError, TypeError)
"""Raised by writing to a standard error that is full, closed or not a text file."""


class FormatError(ValueError):
    """A file is not what its name or its header says: cut, damaged or malicious.

    Attributes
    ----------
    problem : str
        The file, the line and what is wrong.
    fault : str
        The key of the advice, which Python and the command line word differently; or "".
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
    """A token is longer than any word, so the file does not consist of words."""

    @classmethod
    def at(cls, name: str, line: int | None, longest: int) -> Self:
        """Make the exception; `line` is the number of the line, if it is known."""
        place = name if line is None else f"{name}, line {line}"
        return cls(
            f"{place}: a token is longer than {longest:,} bytes; give a text with white space "
            "between its words"
        )


class KindError(FormatError, AttributeError):
    """A native file holds another kind of object; the message says what loads it.

    It is an AttributeError too, because that is what programs written for gensim catch.

    Its `problem` is what the file holds, without the advice.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.problem = what


class NotFittedError(ValueError, RuntimeError, AttributeError):
    """A model is used before it was trained; the message says what to call first."""


class TruncatedError(FormatError, EOFError):
    """A file is shorter than it says. Both a FormatError and an EOFError."""


class DamagedError(FormatError, OSError):
    """A compressed file is damaged, or not compressed. Both a FormatError and an OSError."""


class NotUTF8Error(UnicodeDecodeError):
    """A word of a text file is not UTF-8.

    Attributes
    ----------
    problem : str
        The file, the line and the word.
    remedy : str
        What to do, worded for the interface that is used.
    """

    problem = remedy = ""

    @classmethod
    def of(cls, error: UnicodeDecodeError, problem: str, remedy: str) -> "NotUTF8Error":
        """Make the exception from that of decoding the word."""
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


class NodesLostError(RuntimeError):
    """Of the nodes that train a model together, too few are left.

    The model has what was trained until the last round.
    """


class CheckpointError(OSError):
    """The checkpoint at the end of a training was not written.

    Attributes
    ----------
    model : model
        The trained model, which a constructor that raises this does not return.
    problem : str
        Why it was not written, without the advice.
    """

    model: Any = None
    problem: str = ""

    @classmethod
    def of(cls, error: BaseException, path: str, model: Any) -> Self:
        """Make the exception from that of saving a model."""
        number, why = getattr(error, "errno", None), getattr(error, "strerror", None)
        number = number or (errno.ENOMEM if isinstance(error, MemoryError) else errno.EINVAL)
        why = why or str(error) or type(error).__name__
        advice = "the training has ended; save the model, error.model, elsewhere"
        made = cls(number, f"{why}; {advice}", path)
        made.model, made.problem = model, str(error) or why
        return made


class StopTraining(Exception):
    """Raised by a callback to end training without an error; ``on_train_end`` is still called."""


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
