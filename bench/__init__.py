"""Speed, memory and quality of fastsgns, beside gensim where it is installed: python -m bench."""

import sys
from pathlib import Path

_CLONE = Path(__file__).resolve().parent.parent

if not any(_CLONE.glob("fastsgns/kernels/sgns.cp*")):
    # fastsgns is not compiled in place here: let Python find the one that is installed.
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != _CLONE]
