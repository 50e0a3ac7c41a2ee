"""Build of the compiled modules: each ``.pyx`` below ``fastsgns/`` is one extension.

Whatever the command, the modules are also put beside their sources, where Python that is started
in this folder finds them, with a record of the sources that they were compiled from.
``FASTSGNS_DEBUG=1`` turns Cython's run-time checks on (bounds, None, initialised).
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


class BuildExtInPlaceToo(build_ext):
    """``build_ext`` for a wheel that leaves the modules in the source tree as well."""

    def finalize_options(self) -> None:
        """Copy each module beside its sources after it is built, and build on all cores."""
        super().finalize_options()
        self.inplace = True
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        """Build, and record the sources."""
        super().run()
        runpy.run_path("fastsgns/_compiled.py")["write_record"](Path("fastsgns"))


def extension(source: Path) -> Extension:
    """One extension a ``.pyx``, with the plain C files that stand beside it under its name.

    ``sgns.pyx`` is built together with ``sgns_*.c``; the C that Cython writes goes to ``build/``.
    """
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source), *sorted(str(c) for c in source.parent.glob(f"{source.stem}_*.c"))],
        include_dirs=["fastsgns/kernels"],
        depends=sorted(str(header) for header in Path("fastsgns").rglob("*.h")),
        extra_compile_args=FLAGS,
    )


if __name__ == "__main__":  # not in the processes that translate modules side by side
    setup(
        cmdclass={"build_ext": BuildExtInPlaceToo},
        ext_modules=cythonize(
            [extension(source) for source in sorted(Path("fastsgns").rglob("*.pyx"))],
            build_dir="build/cython",
            compiler_directives=DIRECTIVES,
            nthreads=os.cpu_count() or 1,
        ),
    )
