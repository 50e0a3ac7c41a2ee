"""Build of the compiled modules: each ``.pyx`` below ``fastsgns/`` is one extension.

``FASTSGNS_DEBUG=1`` turns Cython's run-time checks on (bounds, None, initialised).
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("FASTSGNS_DEBUG", "0") not in ("", "0")
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "nonecheck": DEBUG,
    "initializedcheck": DEBUG,
    "cdivision": not DEBUG,
    "embedsignature": True,
}
FLAGS = [] if os.name == "nt" else ["-O1", "-g"] if DEBUG else ["-O3", "-g0", "-Wno-psabi"]


def extension(source: Path) -> Extension:
    """One extension a ``.pyx``, with the plain C files that stand beside it under its name.

    ``sgns.pyx`` is built together with ``sgns_*.c``; the C that Cython writes goes to ``build/``.
    """
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source), *sorted(str(c) for c in source.parent.glob(f"{source.stem}_*.c"))],
        include_dirs=["fastsgns/kernels"],
        depends=sorted(str(h) for h in source.parent.glob("*.h")),
        extra_compile_args=FLAGS,
    )


setup(
    ext_modules=cythonize(
        [extension(source) for source in sorted(Path("fastsgns").rglob("*.pyx"))],
        build_dir="build/cython",
        compiler_directives=DIRECTIVES,
    )
)
