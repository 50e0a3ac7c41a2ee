"""Build the compiled modules: each ``.pyx`` file in ``fastsgns/`` is one extension.

Every build also writes the modules next to their sources, where a Python that is started in this
folder finds them, with a record of the sources that they were compiled from. ``FASTSGNS_DEBUG=1``
enables Cython's run-time checks (bounds, None, initialized).
"""

import os
import runpy
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

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
# Modules whose variants give equal results: products and sums are not fused.
UNFUSED = {"bags"}


class BuildExtInPlaceToo(build_ext):
    """``build_ext`` for a wheel that also leaves the modules in the source tree."""

    def finalize_options(self) -> None:
        """Set options: copy each module next to its sources, and build on all cores."""
        super().finalize_options()
        self.inplace = True
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        """Build the modules, and record their sources."""
        super().run()
        runpy.run_path("fastsgns/_compiled.py")["write_record"](Path("fastsgns"))


def extension(source: Path) -> Extension:
    """Return the extension of a ``.pyx`` file, with the C files that share its name.

    ``sgns.pyx`` is built together with ``sgns_*.c``. The C of Cython is written to ``build/``.
    """
    unfused = ["-ffp-contract=off"] if FLAGS and source.stem in UNFUSED else []
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source), *sorted(str(c) for c in source.parent.glob(f"{source.stem}_*.c"))],
        include_dirs=["fastsgns/kernels"],
        depends=sorted(str(header) for header in Path("fastsgns").rglob("*.h")),
        extra_compile_args=FLAGS + unfused,
    )


if __name__ == "__main__":  # not in the parallel processes of cythonize
    setup(
        cmdclass={"build_ext": BuildExtInPlaceToo},
        ext_modules=cythonize(
            [extension(source) for source in sorted(Path("fastsgns").rglob("*.pyx"))],
            build_dir="build/cython",
            compiler_directives=DIRECTIVES,
            nthreads=os.cpu_count() or 1,
        ),
    )
