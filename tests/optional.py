"""What tests can do without: packages, files of the repository, functions of the system."""

import importlib
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Libraries of macOS may stop a child that is forked from a process with threads.
needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="needs fork, not that of macOS"
)


def has(name):
    """Return whether a package is installed and can be imported."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def need(name):
    """Import a package, or skip the test: also where it is installed for another numpy."""
    return pytest.importorskip(name, exc_type=ImportError)


def need_repository():
    """Skip a module where the tests were copied without the repository's other files."""
    if not (ROOT / "setup.py").exists():
        pytest.skip("needs the files of the repository", allow_module_level=True)
