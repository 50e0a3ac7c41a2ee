"""Models of directed links: vectors of nodes, vectors of pairs, and factors of a proximity."""

from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.factors import HOPE, STRAP, ProximityFactorization
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import PairEmbedding

__all__ = [
    "HOPE", "STRAP", "JointScore", "KnownLinks", "LinkModel", "NodeEmbedding", "PairEmbedding",
    "ProximityFactorization",
]  # fmt: skip
