"""Jobs of ``python -m bench load``: files of vectors written, and read by one package."""

import gzip
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.instruments import now

Job = dict[str, Any]
BLOCK = 1000  # rows, whose numbers all blocks of a file have
GZIP_LEVEL = 1  # the fastest, because only reading is measured


def make(job: Job) -> Job:
    """Write a word2vec file of words and of numbers from a normal distribution."""
    n_rows, d, digits = job["rows"], job["dim"], job["digits"]
    vectors = np.random.default_rng(0).standard_normal((BLOCK, d), np.float32)
    if digits is None:
        tails = [b" " + row.tobytes() for row in vectors]
    else:
        number = "%.6f" if digits == 6 else f"%.{digits}g"
        wide = np.random.default_rng(0).standard_normal((BLOCK, d))
        pattern = f" {number}" * d + "\n"
        tails = [(pattern % tuple(row)).encode() for row in wide.tolist()]
    opener: Any = gzip.open if job["path"].endswith(".gz") else open
    options = {"compresslevel": GZIP_LEVEL} if opener is gzip.open else {}
    with opener(job["path"], "wb", **options) as file:
        file.write(b"%d %d\n" % (n_rows, d))
        for start in range(0, n_rows, BLOCK):
            names = range(start, min(start + BLOCK, n_rows))
            file.write(b"".join(b"word%d%s" % pair for pair in zip(names, tails)))
    return {"bytes": os.stat(job["path"]).st_size}


def measure(job: Job) -> Job:
    """Time one reading or writing of a file, after a package was imported."""
    prepare = {"read": _reference, "load": _load, "map": _map, "save": _save}[job["action"]]
    work = prepare(job)
    _touch_memory(sum(path.stat().st_size for path in _files_of(job["path"])))
    wall, cpu = now()
    made = work()
    after = now()
    rows = made if isinstance(made, int) else len(made)
    return {
        "wall": after[0] - wall,
        "cpu": after[1] - cpu,
        "bytes": sum(path.stat().st_size for path in _files_of(job["path"])),
        "length": rows,
    }


def _touch_memory(n_bytes: int) -> None:
    """Write to new memory and free it.

    The host of a virtual machine takes memory back that is free for some seconds. Getting it again
    takes several times as long as the reading, and less after imports that are short.
    """
    np.empty(n_bytes + (n_bytes >> 2), np.uint8)[:: 1 << 12] = 1


def _files_of(path: str) -> Iterator[Path]:
    """Yield the file, and those that gensim puts beside it."""
    return Path(path).parent.glob(Path(path).name + "*")


def _keyed_vectors(package: str) -> Any:
    module = {"gensim": "gensim.models", "fastsgns": "fastsgns"}[package]
    return importlib.import_module(module).KeyedVectors


def _reference(job: Job) -> Callable[[], Any]:
    path = job["path"]
    if path.endswith(".gz"):
        return lambda: gzip.open(path).read()
    if job["options"].get("binary") or path.endswith(".native"):
        return lambda: np.fromfile(path, np.uint8)
    return lambda: Path(path).read_bytes()


def _load(job: Job) -> Callable[[], Any]:
    cls, options = _keyed_vectors(job["package"]), dict(job["options"])
    if job["path"].endswith(".native"):
        return lambda: cls.load(job["path"])
    options["datatype"] = np.dtype(options.get("datatype", "f4")).type
    return lambda: cls.load_word2vec_format(job["path"], **options)


def _map(job: Job) -> Callable[[], Any]:
    cls = _keyed_vectors(job["package"])
    return lambda: cls.load(job["path"], mmap="r")


def _save(job: Job) -> Callable[[], Any]:
    cls = _keyed_vectors(job["package"])
    kv = cls.load_word2vec_format(job["source"], binary=True, limit=job["rows"])

    def work() -> int:
        if job["path"].endswith(".native"):
            kv.save(job["path"])
        else:
            kv.save_word2vec_format(job["path"], **job["options"])
        return len(kv)

    return work


JOBS = {"make_vectors": make, "load": measure}
