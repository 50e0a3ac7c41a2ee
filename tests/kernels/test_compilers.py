"""Compilers without the vector extensions of GCC compile the portable variants of the kernels.

clang checks the C files by the rules of MSVC (``--target=x86_64-pc-windows-msvc``). The headers of
Windows are replaced by declarations of the few functions that the kernels call. Skipped without
clang.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import fastsgns

PACKAGE = Path(fastsgns.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.c"))
HEADERS = {
    "string.h": """
        #include <stddef.h>
        void *memcpy(void *, const void *, size_t);
        void *memmove(void *, const void *, size_t);
        void *memset(void *, int, size_t);
        int memcmp(const void *, const void *, size_t);
        size_t strlen(const char *);
        int strcmp(const char *, const char *);
        int strncmp(const char *, const char *, size_t);
    """,
    "stdlib.h": """
        #include <stddef.h>
        void *malloc(size_t);
        void *calloc(size_t, size_t);
        void *realloc(void *, size_t);
        void free(void *);
    """,
    "malloc.h": """
        #include <stddef.h>
        void *_aligned_malloc(size_t, size_t);
        void _aligned_free(void *);
    """,
    "math.h": """
        double exp(double), log(double), sqrt(double), log1p(double);
        float expf(float), logf(float), sqrtf(float);
        short _fdtest(float *), _dtest(double *);
        #define isinf(x) (sizeof(x) == 4 ? _fdtest((float *)&(x)) : _dtest((double *)&(x)) == 1)
    """,
}
MSVC = [
    "clang", "--target=x86_64-pc-windows-msvc", "-fms-extensions", "-fms-compatibility",
    "-fms-compatibility-version=19.40", "-fgnuc-version=0", "-std=c11", "-fsyntax-only",
    "-Wall", "-Wno-unused-function", "-Werror", "-Wgnu", "-Wvla", "-Wno-undef",
]  # fmt: skip

if not SOURCES:
    pytest.skip("the sources are not installed", allow_module_level=True)


@pytest.fixture
def headers(tmp_path) -> Path:
    """Write the headers that replace those of Windows."""
    if not shutil.which("clang"):
        pytest.skip("needs clang (Debian: apt install clang)")
    for name, text in HEADERS.items():
        (tmp_path / name).write_text(f"#pragma once\n{text}")
    return tmp_path


def check(source: Path, headers: Path, *options: str) -> str:
    """Return what clang says about a C file by the rules of MSVC."""
    command = [*MSVC, f"-I{headers}", f"-I{PACKAGE / 'kernels'}", *options, str(source)]
    return subprocess.run(command, capture_output=True, text=True).stderr


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_msvc_compiles_it(source, headers):
    assert check(source, headers) == ""


def test_gcc_extensions_are_found(headers, tmp_path):
    """The check refuses what MSVC refuses."""
    for line in (
        "int f(int n) { int a[n]; return sizeof a; }",
        "int f(int x) { return ({ x; }); }",
        "void *f(void *x) { return x + 1; }",
    ):
        (tmp_path / "f.c").write_text(line + "\n")
        assert "error" in check(tmp_path / "f.c", headers, "-Werror=pointer-arith"), line


def test_msvc_builds_no_variant_with_vectors(headers, tmp_path):
    (tmp_path / "f.c").write_text(
        '#include "platform.h"\n#if BUILDS_AVX || BUILDS_BASELINE\n#error vectors\n#endif\n'
        "typedef int not_empty;\n"
    )
    assert check(tmp_path / "f.c", headers) == ""


def test_every_file_with_vectors_is_guarded():
    """Vector extensions are only in headers that files include inside of BUILDS_..."""
    extensions = re.compile(r"vector_size|__m(128|256|512)|_mm\d*_|vreinterpret|__builtin_cpu")
    for source in SOURCES:
        text = source.read_text()
        if source.parent.name == "kernels" and (extensions.search(text) or "_simd.h" in text):
            assert re.search(r"#if BUILDS_(AVX|BASELINE)\n", text), source
