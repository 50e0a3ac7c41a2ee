"""What all tests share: the option ``--slow``, the folder of real data, the kernels' variant."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that train for minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Make Ctrl-C work in the tests and in what they start, also if they run in the background.

    A shell that starts a job in the background lets it ignore SIGINT, and children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("FASTSGNS_SLOW", "0") not in ("", "0"):
        return
    skip = pytest.mark.skip(reason="takes minutes; run with --slow or FASTSGNS_SLOW=1")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Corpora, evaluation sets, graphs and odd texts, which are not part of the project."""
    folder = Path(os.environ.get("FASTSGNS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data in {folder}; FASTSGNS_DATA can name another folder")
    return folder


@pytest.fixture
def restore_variant() -> Iterator[None]:
    """Put the variant of the kernels back that was in force before the test."""
    from fastsgns import kernels

    before = kernels.variant()
    yield
    kernels.force(before)


@pytest.fixture
def bench_importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the package bench importable, and nothing else in its folder."""
    if not (ROOT / "bench").is_dir():
        pytest.skip("the bench is not part of this installation")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "bench").symlink_to(ROOT / "bench")
    monkeypatch.syspath_prepend(tmp_path / "path")
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        del sys.modules[name]
