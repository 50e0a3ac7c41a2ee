"""What all tests share: the option ``--slow``, the folder of real data, the kernels' variant."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that train for minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("FASTSGNS_SLOW", "0") not in ("", "0"):
        return
    skip = pytest.mark.skip(reason="takes minutes; run with --slow or FASTSGNS_SLOW=1")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Corpora, evaluation sets, graphs and odd texts, which are no part of the project."""
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
