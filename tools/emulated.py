"""Compile the modules for another processor, and run tests in qemu's emulation of it.

Python, numpy, scipy and pytest for the processor come from Debian packages, which are unpacked into
``build/emulated`` and not installed. A cross compiler of this machine compiles the modules.

Needs the programs debootstrap (as root, or with fakeroot), qemu-user-static and the cross compiler,
such as gcc-aarch64-linux-gnu, and Cython in the Python that runs this script::

    .venv/bin/python tools/emulated.py arm64                        # the tests in TESTS
    .venv/bin/python tools/emulated.py arm64 tests/kernels -k blas  # arguments of pytest
    .venv/bin/python tools/emulated.py s390x -c "import fastsgns"   # a line of Python
    QEMU_CPU=Nehalem .venv/bin/python tools/emulated.py amd64       # a processor without AVX
"""

import argparse
import os
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The oldest aarch64, Armv8.0. It is also 5 times faster to emulate than newer ones, whose signed
# return addresses qemu computes in software.
MODELS = {"arm64": "cortex-a57"}
# Debian's names of processors: the name of qemu's emulator, the prefix of the compiler.
PROCESSORS = {
    "amd64": ("x86_64", "x86_64-linux-gnu"),
    "arm64": ("aarch64", "aarch64-linux-gnu"),
    "armhf": ("arm", "arm-linux-gnueabihf"),
    "ppc64el": ("ppc64le", "powerpc64le-linux-gnu"),
    "riscv64": ("riscv64", "riscv64-linux-gnu"),
    "s390x": ("s390x", "s390x-linux-gnu"),
}
PACKAGES = [
    "python3", "python3-dev", "libc6-dev", "python3-numpy", "python3-scipy",
    "python3-pytest", "python3-hypothesis", "python3-tqdm", "python3-networkx", "python3-pandas",
]  # fmt: skip
TESTS = ["tests/kernels", "tests/training", "tests/formats", "tests/test_sampling.py"]
# These import the package safetensors, which Debian lacks.
TESTS += [f"--ignore=tests/formats/test_{name}.py" for name in ("native", "static_embedding")]
FOLDER = Path("build/emulated").absolute()


def main() -> int:
    """Unpack, compile and run; return the exit status of what ran."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("processor", choices=PROCESSORS)
    parser.add_argument("--suite", default="trixie", help="of Debian (default: trixie)")
    parser.add_argument("--mirror", help="of Debian (default: that of debootstrap)")
    options, arguments = parser.parse_known_args()
    check_programs(options.processor)
    python = FOLDER / f"{options.processor}-{options.suite}.python"
    if not python.exists():
        unpack(options.processor, options.suite, options.mirror, python)
    build(options.processor, python)
    if arguments[:1] != ["-c"]:
        arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or TESTS)]
    environment = {"QEMU_CPU": MODELS[options.processor]} if options.processor in MODELS else {}
    return subprocess.run([python, *arguments], env=environment | os.environ).returncode


def check_programs(processor: str) -> None:
    """Exit with a message if a program is missing."""
    emulator, compiler = PROCESSORS[processor]
    needed = {
        "debootstrap": "debootstrap",
        f"qemu-{emulator}-static": "qemu-user-static",
        f"{compiler}-gcc": f"gcc-{compiler.replace('_', '-')} libc6-dev-{processor}-cross",
    } | ({"fakeroot": "fakeroot"} if os.geteuid() else {})
    missing = [package for program, package in needed.items() if not shutil.which(program)]
    if missing:
        sys.exit(f"emulated.py needs more programs (Debian: apt install {' '.join(missing)})")


def unpack(processor: str, suite: str, mirror: str | None, python: Path) -> None:
    """Unpack the Debian packages, and write a program `python` that runs their Python."""
    root = python.with_suffix("")
    print(f"unpacking Debian's packages for {processor} into {root}", flush=True)
    shutil.rmtree(root, ignore_errors=True)  # of an attempt that failed
    root.mkdir(parents=True)
    fakeroot = ["fakeroot"] if os.geteuid() else []
    command = ["debootstrap", "--foreign", f"--arch={processor}", "--variant=minbase"]
    command += [f"--include={','.join(PACKAGES)}", suite, str(root), *filter(None, [mirror])]
    subprocess.run([*fakeroot, *command], stdout=subprocess.DEVNULL, check=True)
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        subprocess.run(["dpkg", "-x", package, root], check=True)
        package.unlink()
    # The scripts that link these libraries after an installation did not run.
    libraries = {str(file.parent) for file in root.glob("usr/lib/*/*/lib[bl]*.so.3")}
    emulator = f"qemu-{PROCESSORS[processor][0]}-static"
    python.write_text(
        f"#!/bin/sh\nPYTHONHOME={root}/usr exec {emulator} -L {root} "
        f"-E LD_LIBRARY_PATH={':'.join(sorted(libraries))} "
        f'-0 "$0" {root}/usr/bin/python3 "$@"\n'
    )
    python.chmod(0o755)


def build(processor: str, python: Path) -> None:
    """Compile the modules next to their sources, unless these modules are there already."""
    package = Path("fastsgns")
    compiled = runpy.run_path("fastsgns/_compiled.py")
    ask = "import sysconfig as s; print(s.get_config_var('EXT_SUFFIX'), s.get_path('include'))"
    suffix, include = subprocess.check_output([python, "-c", ask], text=True).split()
    record = package / f"_compiled{suffix}.sha256"
    if record.exists() and record.read_text().strip() == compiled["fingerprint"](package):
        return
    # Cython runs in this Python: the C is the same for all processors.
    subprocess.run([sys.executable, "setup.py", "--quiet", "--name"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    extension = runpy.run_path("setup.py")["extension"]
    headers = [f"-I{include}", "-idirafter", str(python.with_suffix("") / "usr/include")]

    def newer(target: Path, source: Path) -> bool:
        return target.stat().st_mtime > source.stat().st_mtime

    def compile_module(source: Path) -> None:
        module = extension(source)
        flags = [*module.extra_compile_args, *(f"-I{path}" for path in module.include_dirs)]
        sources = [str(Path("build/cython", source).with_suffix(".c")), *module.sources[1:]]
        target = source.with_name(source.stem + suffix)
        inputs = [*sources, *module.depends]
        if target.exists() and all(newer(target, Path(path)) for path in inputs):
            return
        compiler = [f"{PROCESSORS[processor][1]}-gcc", "-shared", "-fPIC", "-DNDEBUG"]
        subprocess.run(
            [*compiler, *flags, *headers, *sources, "-lm", "-o", f"{target}.part"], check=True
        )
        Path(f"{target}.part").replace(target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_module, sorted(package.rglob("*.pyx"))))
    record.write_text(compiled["fingerprint"](package) + "\n")


if __name__ == "__main__":
    sys.exit(main())
