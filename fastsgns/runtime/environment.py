"""The environment variables that the package reads. No other module reads or sets one.

`TABLE` describes them for ``fastsgns info`` and docs/environment.md. A variable that is empty
counts as one that is not set.
"""

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

MOST_HOT_ROWS = 2**16


class Variable(NamedTuple):
    """What an environment variable means.

    Attributes
    ----------
    name : str
    meaning : str
    allowed : str
        The allowed values.
    default : str
        What happens without the variable.
    when : str
        When it is read.
    """

    name: str
    meaning: str
    allowed: str
    default: str
    when: str


KERNEL = Variable(
    "FASTSGNS_KERNEL",
    "the kernel variant",
    "avx512, avx2, sse2 (x86-64), neon (aarch64), plain, blas",
    "the first of these that the processor runs",
    "when fastsgns is imported",
)
HOT_ROWS = Variable(
    "FASTSGNS_HOT_ROWS",
    "the number of frequent rows of which each worker has a copy (docs/cores.md)",
    f"0 to {MOST_HOT_ROWS}, auto",
    "0",
    "when training starts, and by estimate_memory",
)
GENSIM = Variable(
    "FASTSGNS_GENSIM",
    "how fastsgns takes the place of gensim in processes that a program starts",
    "set by fastsgns.install_as_gensim, and not by users",
    "gensim 4 is replaced",
    "when such a process imports gensim",
)
BLAS_THREADS = tuple(
    Variable(
        f"{name}_NUM_THREADS",
        f"the number of threads of a query; also read by {library}",
        "a number from 1; other values are ignored, as by BLAS",
        "the number of cores",
        "by each query of a large matrix",
    )
    for name, library in (("OMP", "OpenMP"), ("OPENBLAS", "OpenBLAS"), ("MKL", "MKL"))
)
RAY_ADDRESS = Variable(
    "RAY_ADDRESS",
    "the Ray cluster to train on; also read by Ray",
    "as the argument address of fastsgns.distributed.train",
    "the cluster that runs on this machine, or else a new one",
    "by fastsgns.distributed.train and resume, without address",
)
TEMPORARY = Variable(
    "TMPDIR",
    "the folder of temporary files (module tempfile of Python)",
    "a folder that can be written to; others are ignored",
    "`TEMP`, `TMP`, or /tmp",
    "when the process writes its first temporary file",
)
TABLE = (KERNEL, HOT_ROWS, GENSIM, *BLAS_THREADS, RAY_ADDRESS, TEMPORARY)


def value_of(variable: Variable) -> str:
    """Return the value of a variable without white space around it; "" if it is not set."""
    return os.environ.get(variable.name, "").strip()


def present() -> dict[str, str | None]:
    """Return the value of each variable of `TABLE`, None if it is not set.

    Examples
    --------
    >>> "FASTSGNS_KERNEL" in present()
    True
    """
    return {variable.name: value_of(variable) or None for variable in TABLE}


def unknown() -> list[str]:
    """Return the names of variables that begin with FASTSGNS_ and are not in `TABLE`.

    Such a name is a variable of the build or of the tests, or misspelled.
    """
    names = {variable.name for variable in TABLE}
    return sorted(name for name in os.environ if name.startswith("FASTSGNS_") and name not in names)


def hot_rows() -> int | None:
    """Return the number of rows that FASTSGNS_HOT_ROWS asks for; None for ``auto``.

    Raises
    ------
    ValueError
        If it is neither "auto" nor a number from 0 to 65536.
    """
    value = value_of(HOT_ROWS) or "0"
    if value == "auto":
        return None
    is_number = value.isascii() and value.isdigit() and len(value) < 20  # int() refuses more
    if not (is_number and int(value) <= MOST_HOT_ROWS):
        raise ValueError(
            f"{HOT_ROWS.name} is {value!r}; expected auto, 0 for no copies, or the number of rows "
            f"of each matrix of which workers have copies, at most {MOST_HOT_ROWS}"
        )
    return int(value)


def blas_threads() -> list[int]:
    """Return the limits on the threads of numpy's BLAS that are set."""
    values = map(value_of, BLAS_THREADS)
    return [int(value) for value in values if value.isdecimal() and int(value) > 0]


def gensim_settings() -> dict[str, Any]:
    """Return the arguments of `install_as_gensim` in a process that a program started.

    Raises
    ------
    ValueError
        If FASTSGNS_GENSIM is not what `set_gensim_settings` sets.
    """
    value = value_of(GENSIM) or "{}"
    try:
        settings = json.loads(value)
    except ValueError:
        settings = None
    if not isinstance(settings, dict) or not settings.keys() <= {"api", "alone"}:
        raise ValueError(
            f'{GENSIM.name} is {value!r}; expected is a value such as {{"api": 4, "alone": false}},'
            " which fastsgns.install_as_gensim() sets: unset the variable"
        )
    return settings


def set_gensim_settings(settings: dict[str, Any]) -> Callable[[], None]:
    """Set the arguments of `install_as_gensim` for child processes; return what undoes that."""
    before = os.environ.get(GENSIM.name)
    os.environ[GENSIM.name] = json.dumps(settings)

    def undo() -> None:
        if before is None:
            os.environ.pop(GENSIM.name, None)
        else:
            os.environ[GENSIM.name] = before

    return undo


def prepend_to_python_path(folder: str) -> None:
    """Make each Python that this process starts look for modules in `folder` first."""
    parts = [folder, os.environ.get("PYTHONPATH")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, parts))
