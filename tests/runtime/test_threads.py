"""WorkerPool: items in order, errors, Ctrl-C, and systems that start few threads."""

import sys
import threading

import numpy as np
import pytest

from fastsgns import GloVe, NodeEmbedding, Word2Vec
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.runtime.threads import WorkerPool, WorkerThread, in_order


def n_running():
    workers = [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)]
    return sum(not worker.finished.is_set() for worker in workers)


def test_items_are_processed_once_and_in_order():
    done = []
    WorkerPool(1, range(100), lambda thread, item: done.append((thread, item))).run()
    assert done == [(0, item) for item in range(100)]
    done = []
    WorkerPool(4, range(100), lambda thread, item: done.append(item)).run()
    assert sorted(done) == list(range(100))


def test_no_more_threads_than_items():
    seen, barrier = set(), threading.Barrier(2)

    def work(thread, item):
        barrier.wait(10)
        seen.add(thread)

    WorkerPool(9, ["a", "b"], work).run()
    assert seen == {0, 1}
    WorkerPool(9, [], work).run()


@pytest.mark.parametrize("stop_timeout", [None, 5.0])
def test_the_first_error_stops_the_other_threads_and_is_raised(stop_timeout):
    flag, others_wait = np.zeros(1, np.int32), threading.Event()

    def work(thread, item):
        if item == 1:
            others_wait.wait(10)
            raise OSError("the disk is gone")
        others_wait.set()
        pool.stopping.wait(10)

    pool = WorkerPool(2, range(50), work, stop_flag=flag, stop_timeout=stop_timeout)
    with pytest.raises(OSError, match="the disk is gone"):
        pool.run()
    assert flag[0] == 1 and n_running() == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_of_the_waiting_thread_stops_the_kernels(error):
    flag = np.ones(1, np.int32)
    polled = []

    def work(thread, item):
        polled.append(int(flag[0]))
        while not flag[0]:
            pass

    def tick():
        raise error

    with pytest.raises(error):
        WorkerPool(2, range(9), work, stop_flag=flag, stop_timeout=None).run(tick)
    assert polled[0] == 0, "the flag is cleared at the start"
    assert flag[0] == 1 and n_running() == 0


def test_a_thread_that_hangs_is_left_behind():
    hangs = threading.Event()
    threads = []

    def work(thread, item):
        threads.append(threading.current_thread())
        hangs.wait(10)

    def tick():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        WorkerPool(1, [1], work, stop_timeout=0.0).run(tick)
    assert not threads[0].finished.is_set()
    hangs.set()
    threads[0].join()


@pytest.fixture
def refuse_threads(monkeypatch):
    """Make the system refuse each thread of a pool from the n-th on."""

    def limit(n):
        real = threading.Thread.start

        def start(thread):
            if sys._getframe(1).f_locals.get("n_started", n) >= n:
                raise RuntimeError("can't start new thread")
            real(thread)

        monkeypatch.setattr(threading.Thread, "start", start)

    return limit


ROWS = [[f"w{i}" for i in range(50)]] * 400
FITS = {
    "words": lambda path: Word2Vec(
        corpus_file=path, vector_size=4, min_count=1, workers=4, progress=False
    ).wv.vectors,
    "counts": lambda path: Cooccurrences.from_corpus(ROWS * 10, workers=4).weights,
    "GloVe": lambda path: GloVe(
        ROWS, vector_size=4, min_count=1, workers=4, epochs=1, progress=False
    ).wv.vectors,
    "nodes": lambda path: NodeEmbedding(
        dimensions=4, workers=4, num_walks=2, progress=False
    ).fit(np.arange(400).reshape(2, 200)).source.vectors,
}  # fmt: skip


@pytest.mark.parametrize("fit", FITS)
def test_where_no_thread_starts_it_is_a_memory_error(fit, refuse_threads, tmp_path):
    refuse_threads(0)
    (tmp_path / "text").write_text("\n".join(map(" ".join, ROWS)))
    with pytest.raises(MemoryError, match="starts no thread"):
        FITS[fit](tmp_path / "text")


@pytest.mark.parametrize("fit", FITS)
def test_fewer_threads_than_wanted_do_the_work(fit, refuse_threads, tmp_path, caplog):
    refuse_threads(1)
    (tmp_path / "text").write_text("\n".join(map(" ".join, ROWS)))
    assert np.isfinite(FITS[fit](tmp_path / "text")).all()
    assert "started only 1 of" in caplog.text


def running_threads():
    """Return the worker threads that have not ended."""
    alive = threading.enumerate()
    return [t for t in alive if isinstance(t, WorkerThread) and not t.finished.is_set()]


def until(n, error):
    """Yield numbers, then raise."""
    yield from range(n)
    raise error


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_results_come_in_order(n_threads, n):
    pairs = list(in_order(n_threads, range(n), lambda number: number**2))
    assert pairs == [(number, number**2) for number in range(n)]
    assert not running_threads()


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_errors_come_in_order(n):
    seen = []
    with pytest.raises(OSError, match="read"):
        for item, _ in in_order(2, until(n, OSError("read")), str):
            seen.append(item)
    assert seen == list(range(n))
    seen.clear()
    with pytest.raises(ZeroDivisionError):
        for item, _ in in_order(2, until(31, OSError), lambda number: 1 // (number - n)):
            seen.append(item)
    assert seen == list(range(n))
    assert not running_threads()


def test_items_are_read_a_little_ahead_and_not_while_it_pauses():
    read = []
    items = (read.append(number) or number for number in range(100))
    results = in_order(2, items, str)
    next(results)
    assert len(read) <= 5
    results.close()
    read.clear()
    for done, _ in enumerate(in_order(2, items, str, lambda: True)):
        assert len(read) <= done + 2
    assert not running_threads()


def test_an_interrupt_while_an_item_is_read_is_raised_at_once():
    with pytest.raises(KeyboardInterrupt):
        list(in_order(2, until(20, KeyboardInterrupt()), str))
    assert not running_threads()


@pytest.mark.parametrize("n", [1, 20])
def test_where_no_thread_starts_the_caller_does_the_work(n, refuse_threads):
    refuse_threads(0)
    assert [result for _, result in in_order(2, range(n), str)] == [str(i) for i in range(n)]
