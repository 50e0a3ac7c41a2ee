"""The package's own exceptions; everything else is a ValueError, TypeError or KeyError.

And its warnings, which are UserWarnings.
"""

import sys
import warnings
from contextlib import suppress


class FormatError(ValueError):
    """A file is not what its name or its header promises: cut, damaged or hostile."""


class TruncatedError(FormatError, EOFError):
    """A file ends before what its header promises. Both a FormatError and an EOFError."""


class CorpusFileError(FileNotFoundError, TypeError):
    """A file of a corpus does not exist.

    It is a TypeError too, because that is what programs written for gensim catch.
    """


class EmptyCorpusError(ValueError, RuntimeError):
    """There is nothing to train on: no tokens, or no word that is frequent enough.

    It is a RuntimeError too, because that is what programs written for gensim catch.
    """


def warn(message: str) -> None:
    """Give a UserWarning at the line, outside of this package, that led here.

    Where standard error is closed the warning is lost; Python would raise a ValueError.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("fastsgns."):
        frame, level = frame.f_back, level + 1
    with suppress(ValueError):
        warnings.warn(message, stacklevel=level)
