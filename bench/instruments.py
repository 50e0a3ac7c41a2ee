"""What a child process measures: times of epochs, memory, and the work inside the kernels."""

import sys
import threading
import time
from pathlib import Path
from typing import Any

Job = dict[str, Any]


def now() -> tuple[float, float]:
    """Return the wall-clock time, and the CPU time of all threads (user and system), in seconds."""
    return time.perf_counter(), time.process_time()


class Clock:
    """A callback for both packages that sums the time of the epochs, without the preparation."""

    def __init__(self) -> None:
        self.started = now()
        self.first_epoch: tuple[float, float] | None = None
        self.epochs = [0.0, 0.0]
        self.memory_before: Job = {}

    def on_train_begin(self, model: Any) -> None:
        self.memory_before = resident()

    def on_epoch_begin(self, model: Any) -> None:
        self.epoch_started = now()
        self.first_epoch = self.first_epoch or self.epoch_started

    def on_epoch_end(self, model: Any) -> None:
        for i, (before, after) in enumerate(zip(self.epoch_started, now())):
            self.epochs[i] += after - before

    def on_train_end(self, model: Any) -> None:
        pass

    def result(self) -> Job:
        assert self.first_epoch is not None
        prepare = [after - before for before, after in zip(self.started, self.first_epoch)]
        return {
            "prepare_wall": prepare[0],
            "prepare_cpu": prepare[1],
            "train_wall": self.epochs[0],
            "train_cpu": self.epochs[1],
        }


class Watch:
    """A replacement of fastsgns.kernels.train_chunk that sums the time and the work inside it.

    `objective`, `ids` and `offsets` are those of the last call.
    """

    def __init__(self) -> None:
        from fastsgns import kernels

        self.inner, kernels.train_chunk = kernels.train_chunk, self
        self.lock = threading.Lock()
        self.cpu = self.wall = 0.0
        self.n_calls = self.n_trained = self.n_examples = self.n_kept = 0
        self.objective: Any = None
        self.ids: Any = None
        self.offsets: Any = None

    def __call__(
        self, objective: Any, ids: Any, offsets: Any, start: int, stop: int, *rest: Any
    ) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        done = self.inner(objective, ids, offsets, start, stop, *rest)
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        with self.lock:
            self.objective, self.ids, self.offsets = objective, ids, offsets
            self.wall += wall
            self.cpu += cpu
            self.n_calls += 1
            self.n_trained += stop - start
            self.n_examples += done[1]
            self.n_kept += done[2]
        return done

    def result(self) -> Job:
        from bench import products

        n_products, n_rows = products.per_example(self.objective, self.ids, self.offsets)
        return {
            "products_per_example": n_products,
            "rows_per_example": n_rows,
            "window_order": self.objective.window_order,
            "n_shared_negatives": self.objective.n_shared_negatives,
            "kernel_wall": self.wall,
            "kernel_cpu": self.cpu,
            "n_chunks": self.n_calls,
            "n_trained": self.n_trained,
            "n_examples": self.n_examples,
            "n_kept": self.n_kept,
        }


def resident() -> Job:
    """Return the resident bytes, and those of them that are pages of files; {} except on Linux."""
    fields = _status()
    return {"bytes": fields["VmRSS"], "file_bytes": fields["RssFile"]} if fields else {}


def peak_bytes() -> int:
    """Return the peak memory of this process in bytes.

    On Linux, ru_maxrss includes the memory that the process had before it started this program,
    which is that of its parent. VmHWM does not include it.
    """
    if fields := _status():
        return fields["VmHWM"]
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status() -> dict[str, int]:
    """Return the memory fields of /proc/self/status in bytes; {} if there is no such file."""
    path = Path("/proc/self/status")
    if not path.exists():
        return {}
    fields = (line.split() for line in path.read_text().splitlines())
    return {name[:-1]: int(kib) * 1024 for name, kib, *_ in (f for f in fields if f[-1] == "kB")}
