"""The examples of the pages in docs run, in their order."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.mark.parametrize("page", ["roles.md", "directed.md"])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)
    assert blocks
    names: dict = {"__name__": "docs"}
    for block in blocks:
        if "import torch" in block and not HAS_TORCH:
            continue
        exec(compile(block, page, "exec"), names)
