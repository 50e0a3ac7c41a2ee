"""Small texts and paths that the examples of gensim's documentation import."""

from typing import TYPE_CHECKING

from fastsgns._submodules import submodules_of

if not TYPE_CHECKING:
    __getattr__ = submodules_of(__name__)
