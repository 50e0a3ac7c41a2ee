"""Record: the JSON file of results, written again after each result."""

import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from bench import machine

RESULTS = Path(__file__).parent / "results"
Result = dict[str, Any]


class Record:
    """Runs (machine, versions, flags, load) and results, each of which names its run.

    Parameters
    ----------
    path : Path
        The file. An existing file is continued.
    versions, flags, corpus : dict
        Facts of this run.
    """

    def __init__(
        self, path: Path, versions: dict[str, Any], flags: dict[str, Any], corpus: dict[str, Any]
    ) -> None:
        self.path = path
        self.content: dict[str, list[Result]] = {"runs": [], "results": []}
        if path.exists():
            self.content = json.loads(path.read_text(encoding="utf-8"))
        self._run: dict[str, Any] = {
            "command": "python -m bench " + shlex.join(sys.argv[1:]),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "commit": machine.commit(),
            "machine": machine.describe(),
            "versions": versions,
            "flags": flags,
            "corpus": corpus,
            "load_before": machine.load(),
            "load_after": None,
        }
        self.content["runs"].append(self._run)

    @property
    def results(self) -> list[Result]:
        """All results, including those of earlier runs."""
        return self.content["results"]

    def find(self, key: Result) -> Result | None:
        """Return the latest result of a key, or None."""
        for result in reversed(self.results):
            if result.get("key") == key:
                return result
        return None

    def append(self, result: Result) -> Result:
        """Add a result and write the file."""
        result = result | {"run": len(self.content["runs"]) - 1, "load": machine.load()[0]}
        self.results.append(result)
        self.save()
        return result

    def save(self) -> None:
        """Write the file, including this run even if it had nothing to compute."""
        self._run["load_after"] = machine.load()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(self.content, indent=1) + "\n", encoding="utf-8")
        os.replace(unfinished, self.path)

    @property
    def cpu(self) -> str:
        """The processor of this run."""
        return self._run["machine"]["cpu"]

    @property
    def versions(self) -> dict[str, Any]:
        """The versions of this run."""
        return self._run["versions"]

    def heading(self, results: list[Result]) -> str:
        """Return a line with the machine, the versions and the load of some results."""
        loads = [result["load"] for result in results]
        return f"{where(self._run)}; load average {min(loads)} to {max(loads)}"


def where(run: Result) -> str:
    """Return a line with the processor, the versions and the kernel of a run."""
    box, versions = run["machine"], run["versions"]
    packages = ", ".join(
        f"{name} {versions[name]}"
        for name in ("python", "numpy", "fastsgns", "gensim", "word2vec")
        if versions.get(name)
    )
    cores = f"{box['cpu']}, {box['usable_cores']} cores"
    return f"{cores}; {packages}, kernel {versions['fastsgns_kernel']}"


def new_path(command: str) -> Path:
    """Return the name of a file for the results of a command that starts now."""
    return RESULTS / f"{command}-{time.strftime('%Y%m%d-%H%M%S')}.json"
