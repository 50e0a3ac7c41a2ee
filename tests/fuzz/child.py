"""The process that fuzzes one harness with atheris."""

import hashlib
import json
import logging
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

CHANGED_READER = 0.02  # how often an input is given to another reader of the harness
# How often a file that was read is changed, and not what the fuzzer chose: most of the inputs that
# reach new code are refused, and changes of these hardly get further.
FROM_POOL, POOL = 0.6, 500
LONGEST = 20_000
# Seconds of the processor that one input may take, and of the clock, which others slow down.
# libFuzzer also reports inputs as slow by the clock, from 10 seconds on if it is not told another
# number, so it is given the same.
LONGEST_READING, TIMEOUT = 10, 120
EVERY = 200  # inputs after which the counts are written


def fuzz(name: str, folder: Path, seconds: int, seed: int = 0, inputs: int = -1) -> None:
    """Fuzz one harness until its time is over. Does not return.

    `seed` 0 means another one each time, and `inputs` -1 that their number has no limit.
    """
    import atheris

    logging.getLogger("fastsgns").addHandler(logging.NullHandler())
    with atheris.instrument_imports(include=["fastsgns"]):
        from .harnesses import find
    readers = find(name)
    corpus = folder / "corpus" / name
    write_seeds(readers, corpus)
    run = Run(readers, folder / "findings", folder / f"{name}.outcomes.json")

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        return run.changed(data, max_size, seed, atheris.Mutate)

    arguments = [
        sys.argv[0], str(corpus), f"-max_total_time={seconds}", f"-timeout={TIMEOUT}",
        f"-seed={seed}", f"-runs={inputs}",
        f"-report_slow_units={TIMEOUT}",
        f"-max_len={LONGEST}",
        "-mutate_depth=2", "-len_control=0", "-rss_limit_mb=3000", "-malloc_limit_mb=500",
        "-print_final_stats=1", f"-artifact_prefix={folder}/findings/{name}--", "-reload=0",
    ]  # fmt: skip
    atheris.Setup(arguments, run.one, custom_mutator=change)
    atheris.Fuzz()


def write_seeds(readers: dict[str, Any], corpus: Path) -> None:
    """Write the seeds of each reader, with the number of the reader in front."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, reader in enumerate(readers.values()):
        for index, seed in enumerate(reader.seeds()):
            if len(seed) < LONGEST:
                (corpus / f"seed-{number:02}-{index:03}").write_bytes(bytes([number]) + seed)


class Run:
    """The readers of a harness, and what they did with the inputs so far."""

    def __init__(self, readers: dict[str, Any], findings: Path, outcomes: Path) -> None:
        from .harnesses import read

        self.names, self.readers, self.read = list(readers), list(readers.values()), read
        self.findings, self.file = findings, outcomes
        findings.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp())  # the parent removes it
        self.outcomes: Counter[str] = Counter()
        if outcomes.exists():
            self.outcomes.update(json.loads(outcomes.read_text()))
        self.n_inputs = 0
        self.pools: list[list[bytes]] = [[] for _ in self.readers]

    def one(self, data: bytes) -> None:
        """Read an input with the reader that its first byte names."""
        if not data:
            return
        number, start = data[0] % len(self.readers), process_time()
        try:
            outcome = self.read(self.readers[number], data[1:], self.folder)
            if (seconds := process_time() - start) > LONGEST_READING:
                raise TimeoutError(f"{len(data)} bytes took {seconds:.0f} seconds")
        except Exception as error:
            outcome = "finding"
            self.record(self.names[number], data[1:], error)
        if outcome == "read":
            self.keep(self.pools[number], data)
        self.outcomes[f"{self.names[number]} {outcome}"] += 1
        self.n_inputs += 1
        if self.n_inputs % EVERY == 0:
            self.file.write_text(json.dumps(self.outcomes))

    def keep(self, pool: list[bytes], data: bytes) -> None:
        """Add a file that was read to those that are changed."""
        if len(pool) < POOL:
            pool.append(data)
        elif self.n_inputs % 4 == 0:
            pool[self.n_inputs // 4 % POOL] = data

    def record(self, name: str, data: bytes, error: Exception) -> None:
        """Write the first input of each kind of finding, and the error."""
        key = hashlib.sha256(f"{name} {where(error)}".encode()).hexdigest()[:10]
        path = self.findings / f"{name}--{key}"
        if not path.exists() or len(data) < path.stat().st_size:
            path.write_bytes(data)
            text = "".join(traceback.format_exception(error))
            path.with_name(path.name + ".txt").write_text(text, errors="backslashreplace")
        path.touch()  # the parent counts files that this run has changed

    def changed(self, data: bytes, max_size: int, seed: int, mutate: Any) -> bytes:
        """Return a changed input."""
        rng = random.Random(seed)
        head, body = data[:1] or b"\0", data[1:]
        if rng.random() < CHANGED_READER:
            head = bytes([rng.randrange(len(self.readers))])
        number = head[0] % len(self.readers)
        reader, pool = self.readers[number], self.pools[number]
        if pool and rng.random() < FROM_POOL:
            body = rng.choice(pool)[1:]

        def change(part: bytes) -> bytes:
            return bytes(mutate(part, max(len(part) + 1, min(2 * len(part) + 64, max_size))))

        new = head + reader.mutate(body, rng, change)
        return new if len(new) <= max_size else new[:max_size]


def where(error: BaseException) -> str:
    """Return the type of an error, and the last line of the package that was running."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "fastsgns" in Path(frame.filename).parts or frame.filename.endswith("reading.py")
    ]
    place = f"{frames[-1].filename}:{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__} {place}"


def replay(reader: Any, data: bytes) -> str:
    """Read an input once, and return the outcome."""
    from .harnesses import read

    with tempfile.TemporaryDirectory() as folder:
        return str(read(reader, data, Path(folder)))
