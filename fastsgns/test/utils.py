"""Names of gensim's module ``test.utils``, which the examples of its documentation import."""

import os
import tempfile
from importlib.util import find_spec

__all__ = ["common_texts", "datapath", "get_tmpfile"]

# Nine texts of twelve words, as many as gensim's, so that shapes agree; the words are others.
common_texts = [
    ["boat", "river", "water"],
    ["boat", "sail", "wind", "sea"],
    ["sea", "wind", "storm"],
    ["sail", "boat", "sea", "water"],
    ["river", "bridge", "water"],
    ["bread", "oven"],
    ["bread", "oven", "flour"],
    ["flour", "mill", "bread"],
    ["mill", "river", "storm", "bridge"],
]


def datapath(fname: str) -> str:
    """Return the path of a file of gensim's test data, where gensim is installed.

    Raises
    ------
    FileNotFoundError
        If there is no such file. fastsgns has none of gensim's data.
    """
    spec = find_spec("gensim")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(folder, "test", "test_data", fname)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(
        f"{fname!r} is test data of gensim, which fastsgns does not contain; install gensim, or "
        "give the path of a file of yours"
    )


def get_tmpfile(suffix: str) -> str:
    """Return a path with the name `suffix` in a new temporary directory.

    Examples
    --------
    >>> os.path.basename(get_tmpfile("vectors.kv"))
    'vectors.kv'
    """
    return os.path.join(tempfile.mkdtemp(), suffix)
