"""Packages that are missing, and packages that fail."""

import pytest

from fastsgns.runtime import packages


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (None, "^it needs this: pip install it$"),
        ("raise ImportError('it requires NumPy 2')", "it requires NumPy 2. Install a version"),
        ("import absent_part", "can't be imported: No module named 'absent_part'"),
        ("raise AttributeError('_ARRAY_API not found')", "can't be imported: _ARRAY_API not"),
    ],
)
def test_an_error_says_why_a_package_is_not_imported(tmp_path, monkeypatch, text, match):
    if text is not None:
        (tmp_path / "package_of_a_test.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=match):
        packages.need("package_of_a_test", "it needs this: pip install it")
