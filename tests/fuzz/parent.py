"""Starts the processes that fuzz, again after crashes, and counts what they did."""

import base64
import os
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

TOO_FEW = 10  # seconds for which no other process is started
MEMORY = Path("/dev/shm")  # files of memory are faster


def run(
    name: str, seconds: int, folder: Path, seed: int | None = None, inputs: int | None = None
) -> dict[str, Any]:
    """Fuzz one harness for some seconds, without those that the processes need to start.

    Parameters
    ----------
    name : str
        Of the harness.
    seconds : int
    folder : Path
    seed : int, optional
        Of the random numbers.
    inputs : int, optional
        The largest number of inputs.

    Returns
    -------
    dict
        Its name, seconds and inputs, the number of processes, the edges of the code that were
        reached, and the findings of this run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before, findings = changes(name, folder), list[str]()
    n_seconds, n_inputs, n_starts, coverage = 0, 0, 0, 0
    while n_starts == 0 or (
        seconds - n_seconds > TOO_FEW and (inputs is None or n_inputs < inputs)
    ):
        log = folder / f"{name}.{n_starts + 1}.log"
        command = [sys.executable, "-m", "tests.fuzz", "--child", name, "--folder", str(folder),
                   "--seconds", str(seconds - n_seconds)]  # fmt: skip
        if seed is not None:
            command += ["--seed", str(seed + n_starts)]
        if inputs is not None:
            command += ["--inputs", str(inputs - n_inputs)]
        n_starts += 1
        start(command, log)
        said = log.read_text(errors="replace")
        given = last(r"^stat::number_of_executed_units: *(\d+)", said) or last(r"^#(\d+)", said)
        if given is None:
            print(said[-2000:], file=sys.stderr)
            findings.append(f"{name} ended before its first input: see {log}")
            break
        n_inputs += given
        n_seconds += last(r"^Done \d+ runs in (\d+) second", said) or seconds_of(said, given)
        coverage = max(coverage, last(r"cov: (\d+)", said) or 0)
    findings += sorted(path for path, _ in changes(name, folder) - before)
    return {
        "harness": name, "seconds": n_seconds, "inputs": n_inputs, "starts": n_starts,
        "coverage": coverage, "findings": findings,
    }  # fmt: skip


def start(command: list[str], log: Path) -> None:
    """Run a process until it ends, with a folder for temporary files that is removed."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as work,
        open(log, "wb") as file,
    ):
        environment = os.environ | {"TMPDIR": work}
        if "--seed" in command:
            environment["PYTHONHASHSEED"] = "0"
        subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False)


def explain(folder: Path, finding: str) -> str:
    """Return the error of a finding, and its input as text, for machines that keep no files."""
    path = folder / "findings" / finding
    if not path.is_file():
        return finding
    error = path.with_name(finding + ".txt")
    said = error.read_text() if error.exists() else "the process ended\n"
    data = base64.b64encode(zlib.compress(path.read_bytes(), 9)).decode()
    return f"{finding}\n{said}zlib.decompress(base64.b64decode({data!r}))"


def changes(name: str, folder: Path) -> set[tuple[str, int]]:
    """Return the names of a harness' findings of all runs, and when they were last changed."""
    return {
        (path.name, path.stat().st_mtime_ns)
        for path in (folder / "findings").glob(f"{'*' if name == 'all' else name}[-.]*")
        if not path.name.endswith(".txt")
    }


def last(pattern: str, text: str) -> int | None:
    """Return the last number that a pattern finds in a text."""
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else None


def seconds_of(said: str, inputs: int) -> int:
    """Return how long a process that crashed has run, by its own count of inputs per second."""
    speed = last(r"^stat::average_exec_per_sec: *(\d+)", said) or last(r"exec/s: (\d+)", said)
    return max(1, round(inputs / speed)) if speed else TOO_FEW
