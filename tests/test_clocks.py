"""Tests wait for events and count what was done: none sleeps, and none reads a clock.

The tools `tests.fuzz` and `tests.soak` run for a time that is given, so they read one.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TOOLS = ("fuzz", "soak")
CLOCK = re.compile(
    r"\bimport (?:\w+, )*time(?:it)?\b|\bfrom time(?:it)? import\b|\bsleep\((?!0\))"
    r"|\btime\.(?:sleep|time|perf_counter|monotonic|process_time)"
)


@pytest.mark.parametrize(
    ("line", "is_clock"),
    [
        ("import time", True),
        ("import json, time", True),
        ("from time import monotonic", True),
        ("time.sleep(1)", True),
        ("await asyncio.sleep(1)", True),
        ("await asyncio.sleep(0)", False),  # lets other tasks run
        ("start = time.perf_counter_ns()", True),
        ("assert finished.wait(60)", False),
        ("the loss falls from time to time", False),
    ],
)
def test_the_pattern_sees_each_form(line: str, is_clock: bool):
    assert bool(CLOCK.search(line)) == is_clock


def test_no_test_sleeps_or_reads_a_clock():
    lines = [
        f"{path.relative_to(TESTS)}:{number}: {line.strip()}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.name != Path(__file__).name
        and (path.parent.name not in TOOLS or path.name.startswith("test_"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if CLOCK.search(line)
    ]
    assert lines == []
