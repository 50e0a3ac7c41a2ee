"""Scripts under the names of gensim's package scripts."""

from typing import TYPE_CHECKING

from fastsgns._submodules import submodules_of

if not TYPE_CHECKING:
    __getattr__ = submodules_of(__name__)
