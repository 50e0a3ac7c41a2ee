"""The package changes no state of the process, and results do not depend on it."""

import gc
import hashlib
import json
import locale
import logging
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse.linalg
import scipy.special  # noqa: F401  these imports add filters of warnings
from classes import CLASSES, content

import fastsgns

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
TESTS = Path(__file__).parent


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def state() -> dict[str, object]:
    """Return what the package must not change."""
    loggers = [logging.getLogger(), logging.getLogger("fastsgns")]
    return {
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": current_umask(),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "recursion": sys.getrecursionlimit(),
        "switches": sys.getswitchinterval(),
        "path": list(sys.path),
        "hooks": [sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook],
        "streams": [sys.stdin, sys.stdout, sys.stderr],
        "collector": [gc.isenabled(), gc.get_threshold()],
        "floating point": np.geterr(),
        "printing": np.get_printoptions() | {"formatter": None},
        "np.random": str(np.random.get_state(legacy=False)),  # noqa: NPY002
        "random": random.getstate(),
        "warnings": list(warnings.filters),
        "logging": [(it.level, it.handlers[:], it.propagate, it.disabled) for it in loggers],
        "log records": [logging.getLogRecordFactory(), logging.root.manager.disable],
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "threads": {thread for thread in threading.enumerate() if not thread.daemon},
    }  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_no_class_changes_the_state_of_the_process(name, tmp_path):
    case, path = CLASSES[name], tmp_path / "f"
    before = state()
    thing = case.make()
    case.ask(thing)
    if case.train:
        case.train(thing)
    if case.is_savable:
        thing.save(path)
        case.ask(fastsgns.load(path))
    after = state()
    for key, value in before.items():
        assert after[key] == value, key


IMPORTED = """
import sys
sys.path.insert(0, {tests!r})
import numpy, json, logging, warnings, random, locale, signal, gc, threading
from multiprocessing import util
{state}
before = state()
import fastsgns, fastsgns.gensim, fastsgns.cli
after = state()
changed = [key for key in before if before[key] != after[key]]
print(json.dumps(changed))
"""


def test_the_import_changes_no_state_of_the_process():
    source = Path(__file__).read_text(encoding="utf-8")
    start, stop = source.index("def current_umask"), source.index('@pytest.mark.parametrize("name"')
    code = "import numpy as np, os\n" + IMPORTED.format(tests=str(TESTS), state=source[start:stop])
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr


# Results do not depend on it

EVERYTHING = """
import hashlib, json, os, sys
sys.path.insert(0, {tests!r})
prepare = compile({prepare!r}, "prepare", "exec")
exec(prepare)
from classes import CLASSES, content
found = {{}}
for name, case in CLASSES.items():
    if case.is_result:
        continue
    thing = case.make()
    if case.train:
        case.train(thing)
    found[name] = hashlib.sha256(content(thing)).hexdigest()
with open({target!r}, "w") as file:
    json.dump(found, file)
"""


def digests() -> dict[str, str]:
    """Return the content of an object of each class after training, in this process."""
    found = {}
    for name, case in CLASSES.items():
        if not case.is_result:
            thing = case.make()
            if case.train:
                case.train(thing)
            found[name] = hashlib.sha256(content(thing)).hexdigest()
    return found


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    return digests()


def run(tmp_path, prepare="", options=(), variables=None, **settings):
    """Return the digests that another Python finds."""
    target = tmp_path / "found.json"
    code = EVERYTHING.format(tests=str(TESTS), prepare=textwrap.dedent(prepare), target=str(target))
    (tmp_path / "program.py").write_text(code)
    command = [sys.executable, *options, str(tmp_path / "program.py")]
    environment = os.environ | (variables or {})
    settings = {"capture_output": True, "text": True} | settings
    result = subprocess.run(command, env=environment, **settings)
    assert result.returncode == 0, result.stderr
    return json.loads(target.read_text())


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (["-OO"], {"PYTHONHASHSEED": "1"}),
        (["-X", "dev", "-W", "ignore"], {"PYTHONHASHSEED": "2", "LC_ALL": "C"}),
        ([], {"PYTHONOPTIMIZE": "1", "PYTHONUTF8": "0", "TZ": "Asia/Kathmandu", "HOME": "/"}),
    ],
    ids=["optimized", "development mode, C", "optimized, Nepal"],
)
def test_results_do_not_depend_on_options_of_python(tmp_path, expected, options, variables):
    assert run(tmp_path, "", options, variables) == expected


def has_locale(name):
    """Return whether a locale is installed, and leave this process in its own."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, before)
    return True


@pytest.mark.parametrize("name", ["tr_TR.UTF-8", "de_DE.UTF-8"])
def test_results_do_not_depend_on_the_locale(tmp_path, expected, name):
    """Turkish has two letters i; German has a comma in numbers."""
    if not has_locale(name):
        pytest.skip(f"the locale {name} is not installed")
    prepare = "import locale; assert locale.setlocale(locale.LC_ALL) == os.environ['LC_ALL']"
    prepare = f"import locale; locale.setlocale(locale.LC_ALL, ''); {prepare}"
    assert run(tmp_path, prepare, variables={"LC_ALL": name}) == expected


CHANGED = """
import gc, logging, random, tempfile, warnings
import numpy as np
random.seed(5); np.random.seed(5)
np.seterr(under="raise", over="raise", divide="raise", invalid="raise")
np.set_printoptions(precision=1)
os.umask(0o077)
gc.disable()
logging.basicConfig(level=logging.DEBUG, filename=os.devnull)
warnings.simplefilter("error")
sys.setrecursionlimit(400)
"""


def test_results_do_not_depend_on_state_that_programs_change(tmp_path, expected):
    assert run(tmp_path, CHANGED) == expected


@POSIX
def test_results_do_not_depend_on_streams_and_the_folder(tmp_path, expected):
    """Without the three standard streams, in a folder that is gone, with few files."""
    prepare = """
    import resource, tempfile
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)
    for number in (0, 1, 2):
        os.close(number)
    sys.stdin = sys.stdout = sys.stderr = None
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    """
    assert run(tmp_path, prepare) == expected


@POSIX
def test_a_child_without_streams_still_ends_well(tmp_path, expected):
    """As a daemon starts Python: the streams are closed before Python starts."""
    command = [
        "sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', sys.executable, str(tmp_path / "program.py"),
    ]  # fmt: skip
    target = tmp_path / "found.json"
    (tmp_path / "program.py").write_text(
        EVERYTHING.format(tests=str(TESTS), prepare="", target=str(target))
    )
    assert subprocess.run(command).returncode == 0
    assert json.loads(target.read_text()) == expected
