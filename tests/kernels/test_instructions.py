"""No instruction that some processors lack is outside the variants that are selected at run time.

objdump disassembles every compiled module. Functions of the variants have the name of their variant
(``avx2_step``, ``bags_avx512_sum``), also where the compiler has split or copied them
(``avx2_step.part.0``, ``avx2_step.cold``).
"""

import platform
import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import fastsgns

PACKAGE = Path(fastsgns.__file__).parent
MODULES = sorted(PACKAGE.rglob(f"*{EXTENSION_SUFFIXES[0]}"))
MACHINE = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
VARIANTS = re.compile(r"(^|_)(avx2|avx512)_")
# Helpers of compilers that ask the processor first: libgcc's and compiler-rt's.
ASKING = re.compile(r"^(__cpu_indicator_init|get_available_features|__aarch64_\w+)")

# Instructions of x86-64 that came after SSE2, its baseline. AVX and later: all names start with v
# or work on mask registers (k...). prefetchw is left out, as older processors ignore it, and
# tzcnt, which they run as bsf: compilers use it where both give the same.
X86 = re.compile(
    r"v(?!er[rw]\b)\w+|k(add|and|andn|mov|not|or|ortest|shift[lr]|test|unpck|xn?or)[bwdq]+"
    # SSE3, SSSE3, SSE4, SSE4a
    r"|addsubp[sd]|h(add|sub)p[sd]|lddqu|mov(ddup|shdup|sldup)|fisttp\w*|monitor|mwait"
    r"|pabs[bwd]|palignr|ph(add|sub)s?[wd]|pmaddubsw|pmulhrsw|pshufb|psign[bwd]"
    r"|blendv?p[sd]|dpp[sd]|(insert|extract)ps|movntdqa|mpsadbw|packusdw|pblend(vb|w)"
    r"|pcmp(eq|gt)q|p?extr[bdq]|pextrw|pinsr[bdq]|phminposuw|pm(ax|in)(s[bd]|u[wd])|pmov[sz]x\w+"
    r"|pmuldq|pmulld|ptest|round[ps][sd]|crc32\w*|pcmp[ei]str[im]|(extr|insert)q|movnts[sd]"
    # bits, cryptography, transactions
    r"|popcnt\w*|lzcnt\w*|andn|bextr|bls(i|r|msk)|bzhi|mulx|pdep|pext|rorx|s(ar|hl|hr)x|ad[co]x"
    r"|movbe\w*|aes\w+|pclmul\w+|sha(1|256)\w+|gf2p8\w+|rd(rand|seed)|x(begin|end|test|abort)"
)
# aarch64 after Armv8.0-A: atomics, dot products, half precision, SVE, checksums, cryptography.
ARM = re.compile(
    r"(cas|swp|ld(add|clr|eor|set|[su]max|[su]min)|st(add|clr|eor|set|[su]max|[su]min))p?(a|l|al)?[bh]?"
    r"|[su]dot|usdot|sudot|bfdot|[su]mmla|usmmla|fm[al]l[al]2?|fcadd|fcmla|ptrue|while\w+|sqrdml[as]h"
    r"|crc32\w+|aes\w+|sha(1|256|512)\w+|pmull2?|fjcvtzs|ldap\w+|rdvl|cnt[bhwd]"
)
ARM_OPERANDS = re.compile(r"\b(z\d+\.|p\d+/)|\bv\d+\.[48]h\b.*")
INSTRUCTIONS = {"x86_64": X86, "aarch64": ARM}


def objdump() -> str:
    """Return the disassembler of this processor, which may be emulated; skip without one."""
    if MACHINE not in INSTRUCTIONS or not sys.platform.startswith("linux"):
        pytest.skip(f"no list of instructions for {MACHINE} on {sys.platform}")
    for name in (f"{MACHINE}-linux-gnu-objdump", "objdump"):
        if shutil.which(name):
            return name
    pytest.skip("needs objdump (Debian: apt install binutils)")


def functions(module):
    """Yield (function, instruction, operands) for each instruction of a module."""
    command = [objdump(), "-d", "--no-show-raw-insn", str(module)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    function = ""
    for line in text.splitlines():
        if line.endswith(">:"):
            function = line.split("<")[1][:-2]
        elif "\t" in line:
            words = line.split("\t", 1)[1].split(None, 1)
            while len(words) > 1 and words[0] in ("rep", "repz", "repnz", "lock", "notrack", "bnd"):
                words = words[1].split(None, 1)
            yield function, words[0] if words else "", words[1] if len(words) > 1 else ""


def is_new(instruction: str, operands: str) -> bool:
    """Return whether processors may lack an instruction."""
    if INSTRUCTIONS[MACHINE].fullmatch(instruction):
        return True
    if MACHINE == "x86_64":
        return bool(re.search(r"%[yz]mm|%k[1-7]\b", operands))
    return instruction.startswith("f") and bool(ARM_OPERANDS.search(operands))


def has_symbols(module) -> bool:
    """Return whether a module names its static functions: `strip` removes these names."""
    text = subprocess.run([objdump(), "-t", str(module)], capture_output=True, text=True).stdout
    return "no symbols" not in text


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name.split(".")[0])
def test_only_variants_use_new_instructions(module):
    if not has_symbols(module):
        pytest.skip("the names of functions were stripped")
    found = {
        (function, instruction)
        for function, instruction, operands in functions(module)
        if not VARIANTS.search(function)
        and not ASKING.match(function)
        and is_new(instruction, operands)
    }
    assert not found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name.split(".")[0])
def test_only_variants_call_functions_of_variants(module):
    """All other calls go through the tables, which `rows_variant` and its like select."""
    if not has_symbols(module):
        pytest.skip("the names of functions were stripped")
    called = re.compile(r"<([\w.]+)(?:\+0x[0-9a-f]+)?>")
    found = set()
    for function, instruction, operands in functions(module):
        if not instruction.startswith(("call", "j", "b")) or VARIANTS.search(function):
            continue
        if (match := called.search(operands)) and VARIANTS.search(match[1]):
            found.add((function, match[1]))
    assert not found


def test_variants_use_them():
    """The lists are not empty: the variants have such instructions, in every kernel."""
    if MACHINE != "x86_64":
        pytest.skip(f"{MACHINE} has no such variants")
    for name in ("bags", "cosines", "glove", "sgns"):
        (module,) = (path for path in MODULES if path.name.split(".")[0] == name)
        if not has_symbols(module):
            pytest.skip("the names of functions were stripped")
        new = {f for f, instruction, operands in functions(module) if is_new(instruction, operands)}
        assert any("avx2_" in f for f in new) and any("avx512_" in f for f in new)


OLD = """
    movaps %xmm0,%xmm1|addps %xmm0,%xmm1|prefetchw (%rax)|verr %ax|tzcnt %rax,%rax|bsf %rax,%rax
    pminub %xmm0,%xmm1|pinsrw $1,%eax,%xmm0|andnps %xmm0,%xmm1|cvtss2sd %xmm0,%xmm1
"""
NEW = """
    vaddps %xmm0,%xmm1,%xmm2|vfmadd231ps %ymm0,%ymm1,%ymm2|kmovw %k1,%eax|haddps %xmm0,%xmm1
    pshufb %xmm0,%xmm1|popcnt %rax,%rax|roundsd $1,%xmm0,%xmm1|pminsd %xmm0,%xmm1
    pinsrd $1,%eax,%xmm0|andn %rax,%rbx,%rcx|mulx %rax,%rbx,%rcx|shlx %rax,%rbx,%rcx
    blsr %rax,%rbx|aesenc %xmm0,%xmm1|lzcnt %rax,%rbx
"""


@pytest.mark.parametrize(("lines", "expected"), [(OLD, False), (NEW, True)])
def test_new_instructions_are_told_from_old_ones(lines, expected, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "MACHINE", "x86_64")
    for line in lines.replace("|", "\n").strip().splitlines():
        assert is_new(*line.split()) == expected, line
