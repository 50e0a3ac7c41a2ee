"""Run programs that import gensim on fastsgns, in one process and without changing them.

`install` puts the classes of fastsgns in the place of gensim's, whether gensim is installed or not.
``python -m fastsgns.gensim run program.py`` does so and runs a program. docs/programs.md explains
both.

The modules of this package: `installer` changes ``sys.modules``; `names` says what is ours, and
`listing` what gensim has; `missing` makes the names that nobody has; `gensim3` has classes with the
arguments and attributes of gensim 3; `path` is a folder for the PYTHONPATH of processes that a
program starts.
"""

from fastsgns.gensim.installer import install, install_as_gensim, uninstall

__all__ = ["install", "install_as_gensim", "uninstall"]
