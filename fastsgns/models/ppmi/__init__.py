"""Explicit vectors of positive PMI, and their factors."""

from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

__all__ = ["PPMI", "SVDVectors"]
