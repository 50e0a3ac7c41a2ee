"""Sparse word vectors of positive pointwise mutual information, and their truncated SVD."""

from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

__all__ = ["PPMI", "SVDVectors"]
