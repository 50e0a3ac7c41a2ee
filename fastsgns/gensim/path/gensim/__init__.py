"""What ``import gensim`` finds in a process that was started by a program under fastsgns.gensim.

It takes its own folder off the path, so that a gensim that is installed is found, and installs
fastsgns in its place. In a Python that lacks fastsgns, it gives way to gensim.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "gensim":
    folder = Path(__file__).resolve().parent.parent
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != folder]
    del sys.modules["gensim"]
    try:
        from fastsgns.gensim.installer import install
        from fastsgns.runtime.environment import gensim_settings
    except ImportError:
        importlib.import_module("gensim")
    else:
        install(**gensim_settings())
        importlib.import_module("gensim")
