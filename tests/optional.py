"""Packages that tests can do without."""

import importlib

import pytest


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
