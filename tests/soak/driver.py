"""The loop over sessions, what it prints, and how a failure is repeated."""

import argparse
import contextlib
import gc
import logging
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from .checks import Failed, Held, check, resident_bytes
from .running import Counts, Session
from .table import SUBJECTS

EVERY = 10.0  # seconds between two lines
# What a session may take of the processor, and of the clock. Most take less than a second of the
# processor, and the longest that was seen 17 (Word2Vec, seed 3, session 2); sanitizers and slow
# processors take some times as long.
CPU_SECONDS, SECONDS = 300, 1800
WARM = 50  # sessions after which the memory of the process has reached its size
GROWTH = 300 << 20  # bytes by which it may grow after them
OFTEN = ("Word2Vec", "FastText", "NodeEmbedding", "Word2Vec", "FastText", "NodeEmbedding",
         "GloVe", "PairEmbedding", "KeyedVectors", "FastTextKeyedVectors")  # fmt: skip
CURRENT = "session"  # the file that names the session in progress, should the process crash


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (1)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (1)")
    parser.add_argument("--classes", help=f"of {', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--session", type=int, help="run this one alone, and print its steps")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at a failure")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run sessions, and return the exit status: 1 if something does not hold."""
    options = parsed(arguments)
    names = options.classes.split(",") if options.classes else [*SUBJECTS, *OFTEN]
    counts, start = Counts(), time.monotonic()
    with quiet(), tempfile.TemporaryDirectory(prefix="soak-") as folder, temporary(folder):
        driver = Driver(options, counts, Path(folder))
        gc.freeze()
        try:
            driver.loop(names, start + 60 * options.minutes)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
        finally:
            gc.unfreeze()
    print(summary(counts, time.monotonic() - start))
    return 1 if counts.failed else 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Log nothing, and start no thread that watches progress bars."""
    before, interval = logging.root.manager.disable, tqdm.monitor_interval
    logging.disable(logging.CRITICAL)
    tqdm.monitor_interval = 0
    yield
    logging.disable(before)
    tqdm.monitor_interval = interval


@contextlib.contextmanager
def temporary(folder: str) -> Iterator[None]:
    """Make temporary files in a folder, where those that are left are seen."""
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before


class Driver:
    """Runs sessions, checks what they leave behind, and reports failures.

    Parameters
    ----------
    options : argparse.Namespace
    counts : Counts
    folder : Path
        An empty folder.
    """

    def __init__(self, options: argparse.Namespace, counts: Counts, folder: Path) -> None:
        self.options, self.counts, self.folder = options, counts, folder
        self._warm, self._held = 0, Held()

    def loop(self, names: list[str], end: float) -> None:
        """Run sessions of the classes in turn until `end`, or the one that was asked for."""
        shown, only = time.monotonic(), self.options.session
        numbers: Iterable[int] = range(10**9) if only is None else [only]
        for number in numbers:
            self.one(names[number % len(names)], number)
            if time.monotonic() > end or (self.counts.failed and not self.options.keep_going):
                return
            if time.monotonic() - shown > EVERY:
                shown = time.monotonic()
                print(f"{self.counts.line()}, {resident_bytes() >> 20} MiB", flush=True)

    def one(self, name: str, number: int) -> None:
        """Run a session, and report a failure."""
        again = (
            f"python -m tests.soak --seed {self.options.seed} --classes {name} --session {number}"
        )
        (self.folder / CURRENT).write_text(again + "\n")
        work = self.folder / "work"
        work.mkdir()
        session = Session(SUBJECTS[name], self.options.seed, number, work, self.counts)
        self.counts.sessions[name] += 1
        try:
            with limited(), open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
                session.run()
            self._held.check(work)
            self._check_left(number)
        except Exception as error:
            self._report(session, error, again)
            self._held = Held()
        work.rmdir()
        if self.options.session is not None:
            print("\n".join(session.log))

    def _check_left(self, number: int) -> None:
        left = {path.name for path in self.folder.iterdir()} - {"work", CURRENT}
        check(not left, f"temporary files are left: {left}")
        if number == WARM:
            gc.freeze()  # collecting later is ten times as fast without the modules' objects
            self._warm = resident_bytes()
        if self._warm:
            grown = resident_bytes() - self._warm
            check(grown < GROWTH, f"memory has grown by {grown >> 20} MiB since session {WARM}")

    def _report(self, session: Session, error: Exception, again: str) -> None:
        self.counts.failed.append(again)
        print("-" * 80, *session.log, "", sep="\n")
        traceback.print_exception(error, limit=-12, file=sys.stdout)
        print(f"\n{again}\n", flush=True)


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Raise an error in a session that does not end, where there are timers (not on Windows)."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: Any) -> NoReturn:
        raise Failed("the session does not end")

    timers = ((signal.ITIMER_PROF, signal.SIGPROF, CPU_SECONDS),
              (signal.ITIMER_REAL, signal.SIGALRM, SECONDS))  # fmt: skip
    before = [signal.signal(number, stop) for _, number, _ in timers]
    for timer, _, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (timer, number, _), handler in zip(timers, before):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def summary(counts: Counts, seconds: float) -> str:
    lines = [f"{seconds / 60:.1f} minutes: {counts.line()}"]
    for title, table in (("sessions", counts.sessions), ("steps", counts.steps)):
        lines += [f"{title}:", *(f"  {n:6d}  {name}" for name, n in sorted(table.items()))]
    return "\n".join([*lines, *(f"FAILED {again}" for again in counts.failed)])
