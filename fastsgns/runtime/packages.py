"""Packages that only some functions need."""

import importlib
from typing import Any


def need(name: str, advice: str) -> Any:
    """Import a module of a package that need not be installed.

    Parameters
    ----------
    name : str
    advice : str
        The message if the package is not installed: what needs it, and how to install it.

    Raises
    ------
    ImportError
        If the package is not installed. If it is and fails, the message says why.

    Examples
    --------
    >>> need("math", "math is a part of Python").sqrt(4.0)
    2.0
    >>> need("absent_package", "this needs absent_package: pip install absent_package")
    Traceback (most recent call last):
    ...
    ImportError: this needs absent_package: pip install absent_package
    """
    package = name.partition(".")[0]
    try:
        importlib.import_module(package)  # also where the module is loaded and the package is not
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in (package, name):
            raise ImportError(advice) from None
        reason: Exception = error
    except Exception as error:  # compiled modules of another numpy raise different ones
        reason = error
    raise ImportError(
        f"{package} is installed, but can't be imported: {reason!s:.500}. Install a version that "
        f"fits this Python and numpy: pip install -U {package}"
    ) from reason
