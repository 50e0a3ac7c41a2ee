"""FileScanner: several files scanned by several threads."""

import threading
from collections.abc import Callable

from fastsgns.corpus.ranges import FileRange
from fastsgns.corpus.scan import Scanner
from fastsgns.rules import WORKERS
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import Progress
from fastsgns.runtime.threads import WorkerPool


class FileScanner:
    """Scans the ranges of several files by several threads, each with a `Scanner` of its own.

    Every thread takes the ranges in ascending order, so the ids of its scanner are in the order
    in which the types (distinct tokens) first occur in the thread's part of the files.

    Parameters
    ----------
    file_ranges : list of FileRange
        What to scan, in the order of the files.
    workers : int or None
        Threads; None is the number of cores that this process may use.

    Attributes
    ----------
    ranges : list of FileRange
        Those that were given.
    scanners : list of Scanner
        By thread.
    n_workers : int
        Threads, at most as many as there are ranges.
    """

    def __init__(self, file_ranges: list[FileRange], workers: int | None) -> None:
        self.ranges = file_ranges
        self.n_workers = min(int(WORKERS("workers", workers) or n_cores()), len(self.ranges))
        self.scanners = [Scanner() for _ in range(self.n_workers)]
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._n_bytes = 0
        stops = [file_range.stop for file_range in self.ranges if file_range.is_last]
        self._total_bytes = None if None in stops else sum(stop for stop in stops if stop)

    @property
    def is_stopping(self) -> bool:
        """Whether a thread should return before its range is done."""
        return self._stopping.is_set()

    @property
    def n_tokens(self) -> int:
        """The number of tokens that were read."""
        return sum(file_range.n_tokens for file_range in self.ranges)

    def run(
        self, scan_range: Callable[[int, FileRange], None], progress: Progress | None = None
    ) -> None:
        """Scan all ranges; the first exception of a thread stops the others and is raised here.

        Parameters
        ----------
        scan_range : callable
            ``scan_range(thread, file_range)`` feeds a range to ``scanners[thread]``.
        progress : callable, optional
            ``progress(bytes_done, bytes_total)`` is called ten times per second.
        """

        def scan(thread: int, file_range: FileRange) -> None:
            scanner = self.scanners[thread]
            file_range.scanner, file_range.first_token = thread, scanner.n_tokens
            scan_range(thread, file_range)
            file_range.n_tokens = scanner.n_tokens - file_range.first_token

        def report() -> None:
            if progress:
                progress(self._n_bytes, self._total_bytes)

        pool = WorkerPool(self.n_workers, self.ranges, scan)
        self._stopping = pool.stopping  # not the pool: it refers to this object
        pool.run(report)
        report()

    def add_progress(self, n_bytes: int) -> None:
        """Note that a thread has read so many bytes."""
        with self.lock:
            self._n_bytes += n_bytes
