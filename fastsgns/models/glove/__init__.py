"""GloVe."""

from fastsgns.models.glove.model import GloVe

__all__ = ["GloVe"]
