"""What is written in several places about the package is the same everywhere."""

import importlib.util
import re
import tomllib

import pytest
from optional import ROOT, need_repository

import fastsgns

need_repository()

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
FREE_THREADED = ("3.14", "3.15")
BOUND = re.compile(r"[\w.-]+>=\d+\.\d+\.\d+")


def workflows() -> dict[str, str]:
    """Return the workflows by name; the source distribution has none."""
    folder = ROOT / ".github" / "workflows"
    if not folder.is_dir():
        pytest.skip("the workflows are not part of the source distribution")
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yml")}


def wheel_tool():
    """Import tools/wheel.py."""
    spec = importlib.util.spec_from_file_location("wheel_tool", ROOT / "tools" / "wheel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_version_is_the_same():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    [citation] = re.findall(r"^version: (.+)$", text, re.MULTILINE)
    headings = re.findall(
        r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings[0] == "Unreleased"
    assert fastsgns.__version__ == citation == headings[1]


def test_the_tool_installs_the_lower_bounds():
    bounds = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["build-system"]["requires"]]
    assert [bound for bound in bounds if not BOUND.fullmatch(bound)] == []
    lowest = wheel_tool().lowest(bounds)
    assert lowest == [bound.replace(">=", "==") for bound in bounds]
    assert {line.partition("==")[0] for line in lowest} == {
        "numpy", "scipy", "safetensors", "setuptools", "cython"
    }  # fmt: skip


def test_the_pages_name_the_lower_bounds():
    page = (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for bound in (*PYPROJECT["project"]["dependencies"], *PYPROJECT["build-system"]["requires"]):
        name, _, version = bound.partition(">=")
        assert re.search(rf"{name} >= ?{re.escape(version)}\b", page, re.IGNORECASE), bound
    numpy = PYPROJECT["project"]["dependencies"][0].partition(">=")[2].rpartition(".")[0]
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}, numpy {numpy}" in readme


def test_every_list_of_pythons_is_the_same():
    listed = [line.rpartition(" ")[2] for line in PYPROJECT["project"]["classifiers"]
              if re.search(r":: 3\.\d+$", line)]  # fmt: skip
    assert tuple(listed) == PYTHONS
    assert PYPROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"
    free = [f"cp{version.replace('.', '')}t-*" for version in FREE_THREADED]
    usual = [f"cp{version.replace('.', '')}-*" for version in PYTHONS]
    assert sorted(PYPROJECT["tool"]["cibuildwheel"]["build"]) == sorted(usual + free)
    quoted = ", ".join(f'"{version}"' for version in PYTHONS)
    assert f"python: [{quoted}]" in workflows()["test.yml"]


def test_every_action_is_pinned_by_the_hash_of_a_commit():
    used = [
        line.partition("uses:")[2].strip()
        for text in workflows().values()
        for line in text.splitlines()
        if "uses:" in line
    ]
    others = [action for action in used if not action.startswith("./")]
    assert len(others) >= 5
    pinned = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [action for action in others if not pinned.fullmatch(action)] == []
    versions = dict(action.split("@") for action in others)
    assert {f"{name}@{commit}" for name, commit in versions.items()} == set(others)


def test_workflows_have_no_rights_that_they_do_not_need():
    for name, text in workflows().items():
        assert re.search(r"^permissions: \{\}$", text, re.MULTILINE), name
        assert re.search(r"^concurrency:$", text, re.MULTILINE), name
        assert "pull_request_target" not in text, name
        assert "secrets." not in text, name
        written = re.findall(r"^ +([\w-]+): write\b", text, re.MULTILINE)
        assert written == (["id-token"] if name == "publish.yml" else []), name
        assert text.count("actions/checkout@") == text.count("persist-credentials: false"), name
        assert text.count("runs-on:") == text.count("timeout-minutes:"), name
        scripts = re.findall(r"run: (.+)", text)
        assert [line for line in scripts if "${{" in line] == [], name


def test_every_tool_of_a_release_is_pinned_by_hashes():
    workflows()
    lines = (
        (ROOT / ".github" / "requirements.txt")
        .read_text(encoding="utf-8")
        .replace("\\\n", "")
        .splitlines()
    )
    packages = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert len(packages) > 5
    for line in packages:
        assert re.match(r"[\w.-]+==[\w.]+ ", line), line
        assert "--hash=sha256:" in line, line
    [builder] = [line for line in packages if line.startswith("cibuildwheel")]
    assert builder.startswith("cibuildwheel==4.")


def test_no_file_names_a_host_of_a_registry():
    # The user's own settings of pip say where packages come from.
    hosts = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "anaconda" + ".org",
             "deb" + "ian.org", "debian" + ".net", "ubuntu" + ".com")  # fmt: skip
    ends = {".md", ".py", ".toml", ".yml", ".txt", ".in", ".cff", ""}
    folders = ("docs", "tests", "tools", "bench", "examples", "fastsgns", ".github", ".ci")
    paths = [path for name in folders for path in (ROOT / name).rglob("*")]
    for path in (*ROOT.glob("*"), *paths):
        if path.is_file() and path.suffix in ends:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert [host for host in hosts if host in text] == [], path


def test_each_test_file_has_a_name_of_its_own():
    # Otherwise pytest stops when it collects the whole suite, and no file alone shows why.
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
