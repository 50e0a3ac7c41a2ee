"""The claims, one file per subject; `CLAIMS` has all of them in the order of the report."""

from fastsgns.study.claim import Claim
from fastsgns.study.claims.collapse import COLLAPSE
from fastsgns.study.claims.direction import DIRECTION
from fastsgns.study.claims.document import DOCUMENT
from fastsgns.study.claims.factors import FACTORS
from fastsgns.study.claims.losses import LOSSES
from fastsgns.study.claims.spread import SPREAD
from fastsgns.study.claims.uses import USES

CLAIMS: tuple[Claim, ...] = tuple(
    sorted(
        [*LOSSES, *USES, *FACTORS, *SPREAD, *COLLAPSE, *DOCUMENT, *DIRECTION],
        key=lambda claim: (int(claim.name[1:].rstrip("abcdef")), claim.name),
    )
)


def chosen(names: list[str] | None) -> list[Claim]:
    """Return the claims with some names, by default all; ``C1`` selects ``C1a``, ``C1b`` and so on.

    Raises
    ------
    ValueError
        If there is no claim with a given name.

    Examples
    --------
    >>> [claim.name for claim in chosen(["C5"])]
    ['C5']
    """
    if names is None:
        return list(CLAIMS)
    for name in names:
        if not any(_matches(claim, name) for claim in CLAIMS):
            known = ", ".join(claim.name for claim in CLAIMS)
            raise ValueError(f"there is no claim {name!r}; there are {known}")
    return [claim for claim in CLAIMS if any(_matches(claim, name) for name in names)]


def _matches(claim: Claim, name: str) -> bool:
    searched, own = name.strip().lower(), claim.name.lower()
    return searched in (own, own.rstrip("abcdef"))
