"""Models of directed links: vectors of nodes, vectors of pairs, and factors of a proximity."""

from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.factors import ProximityFactorization
from fastsgns.models.links.fastrp import FastRP
from fastsgns.models.links.hope import HOPE
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import PairEmbedding
from fastsgns.models.links.prone import ProNE
from fastsgns.models.links.strap import STRAP

__all__ = [
    "HOPE", "STRAP", "FastRP", "JointScore", "KnownLinks", "LinkModel", "NodeEmbedding",
    "PairEmbedding", "ProNE", "ProximityFactorization",
]  # fmt: skip
