"""Measure speed, memory and quality of fastsgns, and compare with gensim: python -m bench."""

import sys
from pathlib import Path

_CLONE = Path(__file__).resolve().parent.parent

if not any(_CLONE.glob("fastsgns/kernels/sgns.cp*")):
    # fastsgns is not compiled in place: remove the clone, so that Python finds the installed one.
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != _CLONE]
