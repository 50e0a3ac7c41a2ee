"""Cooccurrences: counts of the words that occur near each other."""

from fastsgns.cooccurrence.counts import Cooccurrences

__all__ = ["Cooccurrences"]
