"""The peak rates of the processor, measured by a C program that is compiled first."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bench.machine import caches
from fastsgns.runtime.console import say

SOURCE = Path(__file__).with_name("peaks.c")
TARGETS = (["-march=native"], ["-mcpu=native"])
DEFAULT_CACHES = {"L2": 1 << 20, "L3": 32 << 20}
LARGEST = 1 << 30


def program(cache: Path) -> Path | None:
    """Compile the program into the cache folder, unless it exists; return None if it fails."""
    line = shlex.split(os.environ.get("CC", "")) or ["cc"]
    if not shutil.which(line[0]):
        say(f"there is no C compiler, {line[0]}: peaks are not measured (set CC, or install gcc)")
        return None
    version = subprocess.run([*line, "--version"], capture_output=True).stdout
    digest = hashlib.sha256(SOURCE.read_bytes() + version).hexdigest()[:10]
    ready = cache / f"peaks-{digest}"
    if ready.exists():
        return ready
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = ready.with_suffix(f".{os.getpid()}")
    for target in TARGETS:
        command = [*line, "-O3", *target, "-o", str(unfinished), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            os.replace(unfinished, ready)
            return ready
    say(f"{shlex.join(command)} failed, so that peaks are not measured:\n{done.stderr.strip()}")
    return None


def sizes() -> dict[str, int]:
    """Return sizes of arrays by the memory they fit in: half of each cache, and four times L3."""
    found = {name: size for name, size in caches().items() if name != "L1"} or DEFAULT_CACHES
    beyond = min(LARGEST, max(128 << 20, 4 * max(found.values())))
    return {name: size // 2 for name, size in found.items()} | {"DRAM": beyond}


def measure(path: Path) -> dict[str, Any]:
    """Run the program; return flops, and bytes per second read and updated, by level of memory."""
    arrays = sizes()
    line = [str(path), *map(str, arrays.values())]
    found = json.loads(subprocess.run(line, capture_output=True, check=True, text=True).stdout)
    found["bandwidth"] = dict(zip(arrays, found["bandwidth"]))
    return found
