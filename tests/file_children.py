"""Child processes that save and load objects of all classes, and vectors in all formats."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from classes import SAVABLE
from optional import has

from fastsgns.vectors.exchange import FORMATS

TESTS = Path(__file__).parent
NEEDS = {"parquet": "pyarrow", "arrow": "pyarrow"}
FORMS = [name for name in FORMATS if has(NEEDS.get(name, "numpy"))]  # those that can be written
NAMES = [*SAVABLE, *(f"vectors in {form}" for form in FORMATS)]
START = """
import json, os, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from classes import SAVABLE
FORMS = sys.argv[2].split()
"""


def answer_of(code: str, folder: Path) -> Any:
    """Run code after `START` in a folder, and return the JSON that it prints."""
    command = [sys.executable, "-c", START + textwrap.dedent(code), str(TESTS), " ".join(FORMS)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
