"""The parent of the fuzzer's processes: what it counts as found, and what it leaves."""

import base64
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from . import parent

DONE = "stat::number_of_executed_units: 7\nDone 7 runs in 60 second(s)\n"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["graphs", "all"])
def test_findings_of_earlier_runs_are_not_counted(name, tmp_path, monkeypatch):
    findings = tmp_path / "findings"
    findings.mkdir()
    for old in ("graphs.csv--1", "graphs.csv--2"):
        (findings / old).write_bytes(b"")
        os.utime(findings / old, (1, 1))

    def start(command, log):
        log.write_text(DONE)
        (findings / "graphs.csv--2").touch()
        (findings / "graphs.csv--3").write_bytes(b"")
        (findings / "graphs.csv--3.txt").write_bytes(b"")

    monkeypatch.setattr(parent, "start", start)
    result = parent.run(name, 60, tmp_path)
    assert result["findings"] == ["graphs.csv--2", "graphs.csv--3"]
    assert (result["inputs"], result["seconds"], result["starts"]) == (7, 60, 1)


def test_a_process_that_ends_before_its_first_input_is_a_finding(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(parent, "start", lambda command, log: log.write_text("a crash"))
    [finding] = parent.run("graphs", 60, tmp_path)["findings"]
    assert finding == f"graphs ended before its first input: see {tmp_path / 'graphs.1.log'}"
    assert "a crash" in capsys.readouterr().err


def test_a_process_that_crashed_is_followed_by_one_with_another_seed(tmp_path, monkeypatch):
    commands = []

    def start(command, log):
        commands.append(" ".join(command))
        log.write_text("#40 NEW cov: 5 exec/s: 20" if len(commands) == 1 else DONE)

    monkeypatch.setattr(parent, "start", start)
    result = parent.run("graphs", 60, tmp_path, seed=5, inputs=47)
    assert [command.partition("--seed ")[2] for command in commands] == [
        "5 --inputs 47", "6 --inputs 7"
    ]  # fmt: skip
    assert (result["inputs"], result["starts"]) == (47, 2)


def test_a_finding_is_explained_with_its_input(tmp_path):
    findings = tmp_path / "findings"
    findings.mkdir()
    (findings / "graphs.csv--1").write_bytes(b"\xff a graph\n")
    (findings / "graphs.csv--1.txt").write_text("KeyError: 'a'\n")
    name, error, data = parent.explain(tmp_path, "graphs.csv--1").splitlines()
    assert (name, error) == ("graphs.csv--1", "KeyError: 'a'")
    assert eval(data, {"zlib": zlib, "base64": base64}) == b"\xff a graph\n"
    assert parent.explain(tmp_path, "graphs ended: see log") == "graphs ended: see log"


def test_temporary_files_of_a_process_are_removed(tmp_path):
    code = "import tempfile; print(tempfile.mkdtemp())"
    parent.start([sys.executable, "-c", code], tmp_path / "log")
    folder = Path((tmp_path / "log").read_text().strip())
    assert folder.is_absolute() and not folder.exists() and not folder.parent.exists()


@pytest.mark.parametrize("required", [False, True])
def test_a_run_without_the_fuzzer_says_so(required):
    code = (
        "import importlib.util, runpy, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n, *a: None if n == 'atheris' else find(n, *a)\n"
        f"sys.argv[1:] = {['--required'] if required else []}\n"
        "space = runpy.run_module('tests.fuzz.__main__', run_name='it')\n"
        "space['main'].__globals__['HAS_WHEEL'] = True\n"
        "sys.exit(space['main']())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith(f"fuzz: {'failed' if required else 'skipped'}: atheris is not")
    assert done.returncode == required
