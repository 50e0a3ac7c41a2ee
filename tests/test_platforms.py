"""What only some systems have: the package does without it."""

import subprocess
import sys
from pathlib import Path

import pytest

import fastsgns

# Modules and functions of Python that Windows lacks, or macOS.
MODULES = ["fcntl", "resource", "pwd", "grp", "termios", "posix_ipc", "readline"]
NAMES = {
    "os": [
        "sched_getaffinity", "posix_fallocate", "register_at_fork", "fork", "geteuid", "getuid",
        "chown", "fchown", "fchmod", "sysconf", "uname", "getpgid", "killpg", "setsid", "sendfile",
        "pread", "preadv", "pwrite", "openpty", "mkfifo", "memfd_create",
    ],
    "mmap": ["MADV_HUGEPAGE", "MADV_DONTNEED", "MAP_PRIVATE", "MAP_ANONYMOUS", "PROT_READ"],
    "signal": [
        "SIGHUP", "SIGUSR1", "SIGPIPE", "SIGALRM", "SIGKILL", "alarm", "setitimer",
        "pthread_sigmask", "pthread_kill", "siginterrupt",
    ],
}  # fmt: skip
HIDE = f"""
import importlib, sys
import numpy, scipy.linalg, scipy.sparse, scipy.stats  # they are built for their system
for name in {MODULES!r}:
    sys.modules[name] = None  # import raises an ImportError
for module, names in {NAMES!r}.items():
    for name in names:
        if hasattr(importlib.import_module(module), name):
            delattr(importlib.import_module(module), name)
"""
USE = """
import os, sys, tempfile
import numpy as np
import fastsgns
from fastsgns.cli import main
folder = tempfile.mkdtemp()
os.chdir(folder)
sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
model = fastsgns.Word2Vec(sentences, vector_size=8, min_count=1, workers=2, epochs=2)
os.name = WINDOWS or os.name
for _ in range(2):
    model.save("model.fastsgns")
    model.wv.save_word2vec_format("vectors.bin", binary=True)
    model.wv.export("static-embedding", "folder")
assert np.array_equal(fastsgns.load("model.fastsgns").wv.vectors, model.wv.vectors)
corpus = fastsgns.EncodedCorpus.from_iterable(sentences, memory_budget=0)
assert list(corpus) == sentences
fastsgns.NodeEmbedding(8, num_walks=1).fit([(0, 1), (1, 2), (2, 0)])
assert sorted(os.listdir()) == ["folder", "model.fastsgns", "vectors.bin"]
assert main(["info", "model.fastsgns"]) in (0, None)
"""
EVERY = """
import pkgutil
import fastsgns
for module in pkgutil.walk_packages(fastsgns.__path__, "fastsgns."):
    if not module.name.endswith("__main__") and not module.name.startswith("fastsgns.gensim"):
        importlib.import_module(module.name)
"""


def run(code: str) -> None:
    """Run code in a new Python that finds the package where this one does."""
    folder = str(Path(fastsgns.__file__).parents[1])
    start = f"import sys; sys.path.insert(0, {folder!r})\n"
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_module_can_be_imported_without_what_windows_lacks():
    run(HIDE + EVERY)


@pytest.mark.parametrize("name", ["", "nt"])
def test_training_and_saving_work_without_it(name):
    run(HIDE + f"WINDOWS = {name!r}" + USE)
