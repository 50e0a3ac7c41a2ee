"""Programs that import gensim run unchanged on fastsgns.

`make test` installs those of `programs/install.txt` into a folder of its own. The others run where
they are installed. docs/programs.md lists them all.
"""

import os
import re
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

import fastsgns

HERE = Path(__file__).parent / "programs"
ROOT = HERE.parents[2]
FOLDER = Path(os.environ.get("FASTSGNS_PROGRAMS", ROOT / ".venv" / "programs"))
PATH = [str(FOLDER), *sys.path]
REQUIRED = {line.partition("==")[0] for line in (HERE / "install.txt").read_text().splitlines()}
MODULES = {"stemmer": "generic_iterative_stemmer"}
NEEDS = {"pecanpy": "numba", "fastnode2vec": "numba", "spec2vec": "matchms", "zeugma": "tensorflow"}
ALSO_NEEDS = {"scattertext": "spacy", "bertopic": "hdbscan"}
OPTIONS = {"biovec": ["--api", "3"], "cade": ["--api", "3"]}  # they are written for gensim 3
PROGRAMS = sorted(path.stem.removeprefix("run_") for path in HERE.glob("run_*.py"))
# biovec reads FASTA files with pyfasta, which no Python 3 can import. This is what it uses of it.
PYFASTA = """
from pathlib import Path

class Fasta(dict):
    def __init__(self, path):
        records = (record.split("\\n", 1) for record in Path(path).read_text().split(">")[1:])
        super().__init__((name, text.replace("\\n", "")) for name, text in records)
"""


def is_installed(module: str) -> bool:
    return PathFinder.find_spec(module, PATH) is not None


def check_installed(program: str) -> None:
    """Skip the test if the program is not installed; fail where it has to be."""
    needed = (MODULES.get(program, program), NEEDS.get(program), ALSO_NEEDS.get(program))
    absent = [module for module in needed if module and not is_installed(module)]
    if absent and program in REQUIRED and os.environ.get("FASTSGNS_PROGRAMS_REQUIRED"):
        pytest.fail(f"{absent[0]} is not installed in {FOLDER}")
    if absent:
        pytest.skip(f"{absent[0]} is not installed")


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "with gensim"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_program_runs(program: str, is_alone: bool, tmp_path: Path):
    check_installed(program)
    if not is_alone and not is_installed("gensim"):
        pytest.skip("gensim is not installed")
    if program == "biovec":
        (tmp_path / "pyfasta.py").write_text(PYFASTA)
    package = str(Path(fastsgns.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([package, *PATH, str(tmp_path)])}
    options = [*OPTIONS.get(program, []), *["--alone"] * is_alone]
    result = subprocess.run(
        [sys.executable, "-m", "fastsgns.gensim", "run", *options, HERE / f"run_{program}.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert not result.returncode, result.stdout[-2000:] + result.stderr[-6000:]
    expected = r"3\.8\.3" if program in OPTIONS else r"4\.\d+\.\d+"
    assert re.search(rf"^done {expected}$", result.stdout, re.M), result.stdout


def test_every_program_to_install_has_a_test():
    assert set(PROGRAMS) >= REQUIRED
    assert len(REQUIRED) >= 5
