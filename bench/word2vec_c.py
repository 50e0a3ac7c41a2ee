"""The C program word2vec of Mikolov et al., as the package ``word2vec`` of PyPI compiles it."""

import importlib.metadata
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import time
from typing import Any

Job = dict[str, Any]
NAMES = {"vector_size": "-size", "window": "-window", "negative": "-negative"}
NAMES |= {"min_count": "-min-count", "epochs": "-iter"}


def version() -> str | None:
    """Return the version of the package, or None if it or its program is missing."""
    try:
        found = importlib.metadata.version("word2vec")
    except importlib.metadata.PackageNotFoundError:
        return None
    return found if _program() else None


def train(job: Job) -> Job:
    """Train; the time of a run without threads is subtracted.

    The difference is the time of training. A run without threads does everything else: vocabulary,
    initial vectors, the table of 100 million negative samples, and writing the vectors to
    /dev/null.
    """
    rest, rest_cpu = _run(job, 0)
    whole, whole_cpu = _run(job, job["settings"]["workers"])
    unit = 1 if sys.platform == "darwin" else 1024
    with open(job["corpus"], "rb") as lines:
        n_words = sum(len(line.split()) for line in lines)
    return {
        "prepare_wall": rest,
        "prepare_cpu": rest_cpu,
        "train_wall": whole - rest,
        "train_cpu": whole_cpu - rest_cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit,
        "n_words": n_words,
    }


def _run(job: Job, n_threads: int) -> tuple[float, float]:
    """Return the wall-clock seconds and the CPU seconds of one run of the program."""
    settings = job["settings"]
    line = [_program(), "-train", job["corpus"], "-output", os.devnull, "-binary", "1"]
    line += ["-threads", str(n_threads), "-debug", "0", "-sample", "1e-3"]
    line += ["-cbow", str(1 - settings["sg"])]
    for name, option in NAMES.items():
        line += [option, str(settings[name])]
    wall, cpu = time.perf_counter(), _children()
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - wall, _children() - cpu


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _program() -> str | None:
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return shutil.which("word2vec", path=folders)
