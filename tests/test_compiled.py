"""A source tree without compiled modules, or with those of other sources, says what to do."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastsgns
from fastsgns import _compiled

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = (
    "import fastsgns",
    "from fastsgns.models import Word2Vec",
    "from fastsgns.models.word2vec import Word2Vec",
    "import fastsgns.corpus.scan",
    "from fastsgns.vectors.keyedvectors import KeyedVectors",
    "import runpy; runpy.run_module('fastsgns', run_name='__main__')",
    "import runpy; runpy.run_module('fastsgns.demo', run_name='__main__')",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the sources of the package alone, nothing compiled."""
    if not _compiled.sources(ROOT / "fastsgns"):
        pytest.skip("the sources are not beside the tests")
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "*.sha256", "__pycache__")
    shutil.copytree(ROOT / "fastsgns", tmp_path / "fastsgns", ignore=ignored)
    return tmp_path


def run_in(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that is started in a folder, as a user would."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, ''); {code}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def pretend_to_compile(package: Path) -> None:
    for path in package.rglob("*.pyx"):
        path.with_name(path.stem + _compiled.MODULE_SUFFIX).touch()
    _compiled.write_record(package)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_says_in_one_line_what_to_do(clone: Path, entry: str):
    done = run_in(clone, entry)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: {clone / 'fastsgns'} is not compiled for this Python "
        f"({sys.version.split()[0]}): run `python -m pip install .` in {clone}"
    )


def test_modules_of_another_python_do_not_count(clone: Path):
    pretend_to_compile(clone / "fastsgns")
    for path in (clone / "fastsgns").rglob("*" + _compiled.MODULE_SUFFIX):
        other = path.name.replace(_compiled.MODULE_SUFFIX, ".cpython-38-x86_64-linux-gnu.so")
        path.rename(path.with_name(other))
    with pytest.raises(ImportError, match="is not compiled for this Python"):
        _compiled.check(clone / "fastsgns")


@pytest.mark.parametrize("change", ["edit", "add", "delete", "rename", "no record"])
def test_modules_of_other_sources_are_refused(clone: Path, change: str):
    package = clone / "fastsgns"
    pretend_to_compile(package)
    _compiled.check(package)
    header = package / "kernels" / "rng.h"
    match change:
        case "edit":
            header.write_text(header.read_text().replace("1", "2", 1))
        case "add":
            (package / "kernels" / "new.h").touch()
        case "delete":
            header.unlink()
        case "rename":
            header.rename(header.with_name("other.h"))
        case "no record":
            _compiled.record_path(package).unlink()
    line = f"{package} has changed since it was compiled: run `python -m pip install .` in {clone}"
    with pytest.raises(ImportError, match=f"^{re.escape(line)}$"):
        _compiled.check(package)


def test_python_files_may_change_without_compiling(clone: Path):
    package = clone / "fastsgns"
    pretend_to_compile(package)
    (package / "demo.py").write_text("")
    (package / "kernels" / "rng.h").touch()
    _compiled.check(package)


def test_an_installed_package_has_nothing_to_check(tmp_path: Path):
    (tmp_path / "fastsgns").mkdir()
    _compiled.check(tmp_path / "fastsgns")


def test_a_folder_that_was_compiled_in_place_is_imported_from_there():
    if not _compiled.record_path(ROOT / "fastsgns").exists():
        pytest.skip("the folder of these tests is not compiled in place")
    done = run_in(ROOT, "import fastsgns; print(fastsgns.__file__, fastsgns.__version__)")
    expected = f"{ROOT / 'fastsgns' / '__init__.py'} {fastsgns.__version__}"
    assert done.stdout.strip() == expected, done.stderr
