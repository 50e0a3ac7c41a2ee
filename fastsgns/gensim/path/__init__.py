"""A folder for PYTHONPATH: in it, the package gensim installs fastsgns as gensim."""
