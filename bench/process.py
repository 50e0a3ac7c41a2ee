"""New processes for jobs, with the same clean environment for each side."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# These select the kernels of OpenBLAS, and can halve the speed of a trainer that uses BLAS.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
STDERR_LINES = 8


class JobError(RuntimeError):
    """A job ended without a result."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run one job of `bench.child` in a separate process, with the kernel of the job.

    Raises
    ------
    JobError
        With the last lines that the process wrote to standard error.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.child"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        env=environment(job.get("kernel"), job.get("threads")),
    )
    if done.returncode:
        tail = "\n  ".join(done.stderr.strip().splitlines()[-STDERR_LINES:])
        raise JobError(f"the job {job} failed with code {done.returncode}:\n  {tail}")
    return json.loads(done.stdout.splitlines()[-1])


def environment(kernel: str | None = None, threads: int | None = None) -> dict[str, str]:
    """Return the environment of a job, in which this package can be imported from any folder.

    `threads` is the number of threads of numpy's BLAS.
    """
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    here = str(Path(__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [kept.get("PYTHONPATH"), here]))
    if threads:
        kept |= {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
    return kept | ({"FASTSGNS_KERNEL": kernel} if kernel else {})
