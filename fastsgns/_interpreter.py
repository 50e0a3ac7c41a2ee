"""Check that the package is imported in the main interpreter of the process.

A sub-interpreter is made by ``concurrent.interpreters``, by ``InterpreterPoolExecutor``, and by
mod_wsgi unless it is told otherwise. numpy has state that interpreters would share.
"""

import importlib
from contextlib import suppress
from typing import Any

MODULES = ("_interpreters", "_xxsubinterpreters")  # of Python 3.13 and later; of 3.11 and 3.12


def check() -> None:
    """Raise an ImportError in a sub-interpreter.

    Raises
    ------
    ImportError
        With what to do instead.
    """
    for name in MODULES:
        with suppress(ImportError):
            interpreters: Any = importlib.import_module(name)
            if interpreters.get_current() != interpreters.get_main():
                break
            return
    else:
        return
    raise ImportError(
        "fastsgns cannot be imported in a sub-interpreter, because numpy does not support them. "
        "Import it in the main interpreter, or in another process (multiprocessing, "
        "ProcessPoolExecutor). With mod_wsgi, set WSGIApplicationGroup %{GLOBAL}"
    )


check()
