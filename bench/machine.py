"""What a measurement depends on: the machine, its load, the versions."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """Return the name of the processor, the number of cores and the memory."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": _memory(),
        "caches": caches(),
        "system": platform.platform(),
        "compiled_with": platform.python_compiler(),
    }


def usable_cores() -> int:
    """Count the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> list[float]:
    """Return the load averages over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def commit() -> str | None:
    """Return the commit of the clone that contains the bench, with ``-dirty`` if it was changed."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True
        )
    except OSError:
        return None
    return done.stdout.strip() or None


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def caches() -> dict[str, int]:
    """Return the bytes of the first core's data caches by name, such as L2; {} except on Linux."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        facts = {name: (folder / name).read_text().strip() for name in ("level", "type", "size")}
        if facts["type"] != "Instruction":
            unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[facts["size"][-1]]
            found[f"L{facts['level']}"] = int(facts["size"][:-1]) * unit
    return found
