"""Build the compiled modules: each ``.pyx`` file in ``fastsgns/`` is one extension.

Every build also writes the modules next to their sources, where a Python that is started in this
folder finds them, with a record of the sources that they were compiled from. ``FASTSGNS_DEBUG=1``
enables Cython's run-time checks (bounds, None, initialized).

``FASTSGNS_SANITIZE=address``, ``undefined`` or ``thread`` compiles the modules for that sanitizer
of GCC or clang, and ``fuzzer`` for the fuzzer of ``make fuzz``, which takes clang. Such modules are
for tests alone: the one command is ``build``, which writes the package to
``build/sanitized-address/lib`` and leaves the modules next to the sources alone.
"""

import os
import runpy
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext

DEBUG = os.environ.get("FASTSGNS_DEBUG", "0") not in ("", "0")
SANITIZE = os.environ.get("FASTSGNS_SANITIZE", "")
SANITIZERS = {  # checks of the compiler
    "": "",
    "address": "address",
    "undefined": "undefined,float-cast-overflow",
    "thread": "thread",
    "fuzzer": "fuzzer-no-link,address",  # of clang
}
BUILD = f"build/sanitized-{SANITIZE}" if SANITIZE else "build"
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "nonecheck": DEBUG,
    "initializedcheck": DEBUG,
    "cdivision": not DEBUG,
    "embedsignature": True,
    "freethreading_compatible": True,  # docs/threads.md has the rules
}
FLAGS = ["-O1", "-g"] if DEBUG else ["-O3", "-g0", "-Wno-psabi"]  # of GCC and clang
LINK_FLAGS = []
if SANITIZE:
    LINK_FLAGS = [f"-fsanitize={SANITIZERS.get(SANITIZE)}", "-fno-sanitize-recover=all"]
    FLAGS = ["-O1", "-g", "-fno-omit-frame-pointer", "-Wno-psabi", *LINK_FLAGS]
# Modules with equal results on all machines, or of all variants: products and sums are not fused.
UNFUSED = {"bags", "merge", "moments"}


class BuildExtInPlaceToo(build_ext):
    """``build_ext`` for a wheel that also leaves the modules in the source tree."""

    def finalize_options(self) -> None:
        """Set options: copy each module next to its sources, and build on all cores."""
        super().finalize_options()
        self.inplace = not SANITIZE
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        """Build the modules, with the options that the compiler takes.

        MSVC has other options: its defaults of setuptools are good. Some Pythons add the folder of
        their libraries to all modules. These modules need none of them, and a wheel must not name
        folders of the machine that built it.
        """
        if self.compiler.compiler_type == "msvc":
            for module in self.extensions:
                module.extra_compile_args, module.libraries = [], []
        folder = f"-Wl,-rpath,{sysconfig.get_config_var('LIBDIR')}"
        linker = getattr(self.compiler, "linker_so", None) or []
        linker[:] = [word for word in linker if word != folder]
        super().build_extensions()

    def run(self) -> None:
        """Build the modules, and record their sources."""
        super().run()
        if not SANITIZE:
            runpy.run_path("fastsgns/_compiled.py")["write_record"](Path("fastsgns"))


class SanitizedBuild(build):
    """``build`` into a folder of its own."""

    def initialize_options(self) -> None:
        """Set the folder."""
        super().initialize_options()
        self.build_base, self.build_lib = BUILD, f"{BUILD}/lib"


def check_sanitizer() -> None:
    """Exit with a message unless FASTSGNS_SANITIZE is a sanitizer, and the command is ``build``."""
    commands = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if SANITIZE not in SANITIZERS:
        sys.exit(
            f"FASTSGNS_SANITIZE={SANITIZE!r} is not a sanitizer: set it to address, undefined, "
            "thread or fuzzer, or unset it"
        )
    if SANITIZE and commands != ["build"]:
        sys.exit(
            f"FASTSGNS_SANITIZE={SANITIZE} is for `python setup.py build` alone; got "
            f"{' '.join(commands)!r}: unset it to install or to package"
        )


def extension(source: Path) -> Extension:
    """Return the extension of a ``.pyx`` file, with the C files that share its name.

    ``sgns.pyx`` is built together with ``sgns_*.c``. The C of Cython is written to ``build/``.
    """
    unfused = ["-ffp-contract=off"] if source.stem in UNFUSED else []
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source), *sorted(str(c) for c in source.parent.glob(f"{source.stem}_*.c"))],
        include_dirs=["fastsgns/kernels"],
        libraries=["m"],  # exp and log, also where Python has not loaded libm
        depends=sorted(str(header) for header in Path("fastsgns").rglob("*.h")),
        extra_compile_args=FLAGS + unfused,
        extra_link_args=LINK_FLAGS,
    )


if __name__ == "__main__":  # not in the parallel processes of cythonize
    check_sanitizer()
    setup(
        cmdclass={"build_ext": BuildExtInPlaceToo, "build": SanitizedBuild if SANITIZE else build},
        ext_modules=cythonize(
            [extension(source) for source in sorted(Path("fastsgns").rglob("*.pyx"))],
            build_dir=f"{BUILD}/cython",
            compiler_directives=DIRECTIVES,
            nthreads=os.cpu_count() or 1,
        ),
    )
