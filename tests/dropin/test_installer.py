"""fastsgns in the place of gensim: each test runs a process, with gensim and without it."""

import importlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import listing
import pytest

import fastsgns
from fastsgns.gensim import names
from fastsgns.gensim.listing import GENSIM
from fastsgns.gensim.missing import Missing

HAS_GENSIM = pytest.mark.skipif(find_spec("gensim") is None, reason="gensim is not installed")
WAYS = [pytest.param(True, id="alone"), pytest.param(False, id="with gensim", marks=HAS_GENSIM)]
SENTENCES = 'S = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50\n'
PACKAGES = ("fastsgns.models", "fastsgns.scripts", "fastsgns.test")
SETTINGS = "vector_size=8, min_count=1, workers=1, sample=0"


def run(folder: Path, code: str, *options: str) -> str:
    """Run a program under the installer, and return its output."""
    (folder / "program.py").write_text(SENTENCES + code)
    command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "fastsgns.gensim", "run"]
    return finish(subprocess.run([*command, *options, "program.py"], **captured(folder)))


def run_plain(folder: Path, code: str) -> str:
    """Run code without the installer."""
    return finish(subprocess.run([sys.executable, "-c", code], **captured(folder)))


def captured(folder: Path) -> dict:
    path = os.pathsep.join([str(Path(fastsgns.__file__).parent.parent), *sys.path])
    variables = os.environ | {"PYTHONPATH": path}
    variables.pop("PYTHONSAFEPATH", None)  # the programs import modules beside them
    return {"cwd": folder, "env": variables, "capture_output": True, "text": True}


def finish(result: subprocess.CompletedProcess) -> str:
    assert not result.returncode, result.stdout + result.stderr
    return result.stdout


def alone(is_alone: bool) -> list[str]:
    return ["--alone"] * is_alone


@pytest.mark.parametrize("is_alone", WAYS)
def test_each_form_of_import_gives_our_classes(tmp_path: Path, is_alone: bool):
    code = """
import gensim, fastsgns
import gensim.models.keyedvectors as keyed
from gensim.models import Word2Vec, KeyedVectors, word2vec
from gensim.models.word2vec import LineSentence, PathLineSentences, Text8Corpus
from gensim.models.callbacks import CallbackAny2Vec
from gensim.utils import simple_preprocess, RULE_KEEP
from gensim.models.word2vec_inner import train_batch_sg
assert Word2Vec is gensim.models.Word2Vec is word2vec.Word2Vec is fastsgns.Word2Vec
assert KeyedVectors is keyed.Word2VecKeyedVectors is fastsgns.KeyedVectors
assert LineSentence is fastsgns.LineSentence
assert simple_preprocess("Hello World") == ["hello", "world"]
from gensim.matutils import unitvec
from gensim.test.utils import common_texts, get_tmpfile
assert unitvec(Word2Vec(common_texts, min_count=1).wv[0]).shape == (100,)
from importlib.metadata import version
assert version("gensim") == gensim.__version__ >= "4.0.0"
from importlib.util import find_spec
assert find_spec("gensim.models") is not None
print("gensim" in str(type(Word2Vec())), "gensim.models" in str(type(Word2Vec().wv)))
"""
    assert run(tmp_path, code, *alone(is_alone)) == "True True\n"


@pytest.mark.parametrize("is_alone", WAYS)
def test_what_is_saved_loads_without_the_installer(tmp_path: Path, is_alone: bool):
    code = f"""
import copy, pickle
from gensim.models import Word2Vec
class Own(Word2Vec):
    pass
model = Own(S, {SETTINGS})
assert (copy.deepcopy(model).wv.vectors == model.wv.vectors).all()
assert type(pickle.loads(pickle.dumps(model))) is Own
model.save("own.model")
model = Word2Vec(S, {SETTINGS})
model.save("plain.model")
open("plain.pickle", "wb").write(pickle.dumps((model, model.wv)))
"""
    run(tmp_path, code, *alone(is_alone))
    code = """
import pickle, fastsgns
model, wv = pickle.load(open("plain.pickle", "rb"))
assert type(model) is fastsgns.Word2Vec and type(wv) is fastsgns.KeyedVectors
for name in ("plain.model", "own.model"):
    assert (fastsgns.Word2Vec.load(name).wv.vectors == model.wv.vectors).all()
print(type(model))
"""
    assert run_plain(tmp_path, code) == "<class 'fastsgns.models.word2vec.Word2Vec'>\n"


def test_names_of_gensim_can_be_imported_without_it_but_not_used(tmp_path: Path):
    code = """
from abc import ABC
from gensim.models import Doc2Vec, LdaModel, Nmf
from gensim.models.doc2vec import Doc2Vec as D2V, TaggedDocument
from gensim.models.poincare import PoincareKeyedVectors
from gensim.corpora import Dictionary, WikiCorpus
from gensim.similarities import WmdSimilarity
import gensim.downloader as api
class Derived(PoincareKeyedVectors, ABC):
    def __init__(self, n: int | LdaModel): ...
assert not isinstance("text", (Doc2Vec, LdaModel))
for use in (lambda: Doc2Vec(vector_size=5), lambda: Derived(3), lambda: api.load("glove"),
            lambda: list(Nmf), lambda: TaggedDocument([], [0])):
    try:
        use()
    except ImportError as error:
        assert "gensim is" in str(error), error
    else:
        raise AssertionError(use)
assert bool(Doc2Vec) and not hasattr(Doc2Vec, "load") and not hasattr(Derived, "load")
try:
    D2V.load("x")
except AttributeError as error:
    assert str(error).startswith("gensim.models.doc2vec.Doc2Vec is not part of fastsgns"), error
print("done")
"""
    assert run(tmp_path, code, "--alone") == "done\n"


def test_the_way_out_fits_the_process(tmp_path: Path):
    code = """
from gensim.models import Doc2Vec
try:
    Doc2Vec()
except ImportError as error:
    print("left out by alone=True" in str(error), "pip install gensim" in str(error))
"""
    has_gensim = find_spec("gensim") is not None
    assert run(tmp_path, code, "--alone") == f"{has_gensim} {not has_gensim}\n"


UNKNOWN = {
    "from gensim.utils import nothing": "gensim.utils.nothing",
    "from gensim.models import Nothing": "gensim.models.Nothing",
    "from gensim.models.word2vec import Nothing": "gensim.models.word2vec.Nothing",
    "from gensim import nothing": "gensim.nothing",
    "import gensim.summarization": "gensim.summarization",
    "import gensim.models.wrappers.ldamallet": "gensim.models.wrappers",
    "from gensim.models.wrappers import LdaMallet": "gensim.models.wrappers",
}


def test_names_that_no_gensim_4_has_cannot_be_imported_and_say_why(tmp_path: Path):
    code = f"""
for statement, name in {UNKNOWN}.items():
    try:
        exec(statement)
    except ImportError as error:
        assert str(error).startswith(name + " is not part of fastsgns"), (statement, error)
        assert "install" in str(error)
    else:
        raise AssertionError(statement)
import gensim.models
assert not hasattr(gensim, "nothing") and not hasattr(gensim.models, "Nothing")
try:
    gensim.models.Nothing
except AttributeError as error:
    print(str(error)[:50])
"""
    assert run(tmp_path, code, "--alone") == "gensim.models.Nothing is not part of fastsgns, whi\n"


def test_every_name_of_gensim_can_be_imported_and_ours_are_ours(tmp_path: Path):
    code = """
import importlib
import fastsgns
from fastsgns.gensim import names
from fastsgns.gensim.listing import GENSIM
from fastsgns.gensim.missing import Missing
for module, text in GENSIM.items():
    found = importlib.import_module(f"gensim.{module}".rstrip("."))
    for name in text.split():
        scope = {}
        exec(f"from {found.__name__} import {name}", scope)
        is_ours = isinstance(getattr(fastsgns, name, None), type)
        assert not (is_ours and isinstance(scope[name], Missing)), (module, name)
    exec(f"from {found.__name__} import *", {})
for module, (source, text) in (names.OURS | names.INSTEAD).items():
    found, own = (importlib.import_module(each) for each in (f"gensim.{module}", source))
    for name in text.split() or own.__all__:
        assert getattr(found, name) is getattr(own, name), (module, name)
from gensim import *
print(models.word2vec.LineSentence is fastsgns.LineSentence)
"""
    assert run(tmp_path, code, "--alone") == "True\n"


def test_every_module_and_name_of_ours_under_the_name_of_gensims_is_in_the_tables():
    """A module or name that is added to fastsgns must not be forgotten for a process alone."""
    tables = names.OURS | names.INSTEAD
    sources = {module: source for module, (source, _) in tables.items()}
    for module, text in GENSIM.items():
        if module in ("", "models", "scripts", "test") or not is_module(f"fastsgns.{module}"):
            continue
        assert sources.get(module) == f"fastsgns.{module}"
        own = importlib.import_module(f"fastsgns.{module}")
        public = set(getattr(own, "__all__", vars(own)))
        listed = set(tables[module][1].split() or public) | names.our_classes().keys()
        assert public & set(text.split()) <= listed, module


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of its package
        return False


@HAS_GENSIM
def test_other_models_of_gensim_work_beside_ours(tmp_path: Path):
    code = """
from gensim.models import Doc2Vec
from gensim.models.doc2vec import TaggedDocument
from gensim.models.poincare import PoincareModel
from gensim.similarities.annoy import AnnoyIndexer, Word2Vec
import fastsgns
assert Word2Vec is fastsgns.Word2Vec
documents = [TaggedDocument(words, [i]) for i, words in enumerate(S)]
Doc2Vec(documents, vector_size=8, min_count=1).save("docs.model")
assert len(Doc2Vec.load("docs.model").dv) == 100
print(PoincareModel.__name__)
"""
    assert run(tmp_path, code) == "PoincareModel\n"
    code = "from gensim.models import Doc2Vec; print(type(Doc2Vec.load('docs.model').dv))"
    assert run_plain(tmp_path, code) == "<class 'gensim.models.keyedvectors.KeyedVectors'>\n"


@pytest.mark.parametrize("options", [[], ["--alone"], ["--api", "3"]])
def test_fasttext_is_ours_and_loads_in_every_process(tmp_path: Path, options: list[str]):
    code = """
import pickle
import gensim
from gensim.models import FastText, Word2Vec, fasttext
from gensim.models.keyedvectors import FastTextKeyedVectors
import fastsgns
assert issubclass(FastText, fastsgns.FastText) and fasttext.FastText is FastText
assert "gensim" in str(FastText)
model = FastText(S, min_count=1)
assert isinstance(model, Word2Vec) and isinstance(model.wv, FastTextKeyedVectors)
model.save("fast.model")
pickle.dump((model, model.wv), open("fast.pickle", "wb"))
assert (FastText.load("fast.model").wv["cats"] == model.wv["cats"]).all()
print(fasttext.ft_ngram_hashes("cat", 3, 6, 100))
"""
    assert run(tmp_path, code, *options) == "[47, 73, 37, 31, 95, 6]\n"
    code = """
import pickle, fastsgns
model, wv = pickle.load(open("fast.pickle", "rb"))
loaded = fastsgns.FastText.load("fast.model")
assert (loaded.wv["cats"] == model.wv["cats"]).all() and (wv["cats"] == model.wv["cats"]).all()
print(isinstance(model, fastsgns.FastText), type(loaded))
"""
    expected = "True <class 'fastsgns.models.fasttext.FastText'>\n"
    assert run_plain(tmp_path, code) == expected


@pytest.mark.parametrize("options", [[], ["--alone"], ["--api", "3"]])
def test_phrases_are_ours_and_load_in_every_process(tmp_path: Path, options: list[str]):
    code = """
import pickle
from gensim.models import Phrases, Word2Vec, phrases
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phraser
import fastsgns
assert issubclass(Phrases, fastsgns.Phrases) and phrases.Phrases is Phrases
found = Phrases(S, min_count=1, threshold=1e-9, connector_words=ENGLISH_CONNECTOR_WORDS)
found.save("found.phrases")
pickle.dump((found, Phraser(found)), open("phrases.pickle", "wb"))
assert Phrases.load("found.phrases").export_phrases() == found.export_phrases()
print(any("_" in word for word in Word2Vec(found[S], min_count=1).wv.index_to_key))
"""
    assert run(tmp_path, code, *options) == "True\n"
    code = """
import pickle, fastsgns
found, frozen = pickle.load(open("phrases.pickle", "rb"))
loaded = fastsgns.Phrases.load("found.phrases")
print(loaded.export_phrases() == found.export_phrases() == frozen.phrasegrams)
"""
    assert run_plain(tmp_path, code) == "True\n"


@HAS_GENSIM
def test_classes_are_ours_while_another_thread_saves_a_model_of_gensim(tmp_path: Path):
    code = """
import threading
from gensim import models, utils
import fastsgns
real = utils._pickle._real
inside, leave = threading.Barrier(3), threading.Barrier(3)

class Slow:  # its pickling waits for the other threads
    def __reduce__(self):
        inside.wait(60)
        leave.wait(60)
        return int, ()

def save():
    utils._pickle.dumps([Slow(), theirs])

theirs = vars(models)["Word2Vec"]
assert theirs is not fastsgns.Word2Vec
threads = [threading.Thread(target=save) for _ in range(2)]
for thread in threads:
    thread.start()
inside.wait(60)
assert models.Word2Vec is models.word2vec.Word2Vec is fastsgns.Word2Vec
leave.wait(60)
for thread in threads:
    thread.join()
assert models.Word2Vec is models.word2vec.Word2Vec is fastsgns.Word2Vec
fastsgns.gensim.uninstall()
print(models.Word2Vec is theirs)
"""
    assert run(tmp_path, code) == "True\n"


@HAS_GENSIM
def test_the_listing_is_that_of_gensim():
    import gensim

    if not gensim.__version__.startswith("4.4."):
        pytest.skip(f"the listing is of gensim 4.4, and this is {gensim.__version__}")
    assert listing.listing() == GENSIM, "run tests/dropin/listing.py"


@HAS_GENSIM
@pytest.mark.parametrize("is_alone", [False, True])
def test_a_program_that_has_classes_of_gensim_already_is_warned(tmp_path: Path, is_alone: bool):
    (tmp_path / "part.py").write_text("from gensim.models.word2vec import Word2Vec as W\n")
    code = f"""
import warnings, gensim.utils, fastsgns
def install():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fastsgns.install_as_gensim(alone={is_alone})
    fastsgns.gensim.uninstall()
    return [str(warning.message) for warning in caught]
seen = gensim
del gensim
if not {is_alone}:
    assert install() == []
del seen
assert install() == []
import part
(message,) = install()
print(message)
"""
    shown = run_plain(tmp_path, code)
    assert shown.startswith("gensim was imported before") and "and part took" in shown


def test_the_variable_for_processes_is_restored(monkeypatch: pytest.MonkeyPatch):
    for value in (None, '{"api": 3}'):
        monkeypatch.delenv("FASTSGNS_GENSIM", raising=False)
        if value:
            monkeypatch.setenv("FASTSGNS_GENSIM", value)
        fastsgns.install_as_gensim(alone=True)
        fastsgns.gensim.uninstall()
        assert os.environ.get("FASTSGNS_GENSIM") == value


@pytest.mark.parametrize("is_alone", WAYS)
def test_a_program_can_run_another_one_on_fastsgns(tmp_path: Path, is_alone: bool):
    (tmp_path / "inner.py").write_text("from gensim.models import Word2Vec\nprint(Word2Vec)\n")
    code = f"""
import subprocess, sys
command = [sys.executable, "-m", "fastsgns.gensim", "run", *{alone(is_alone)}, "inner.py"]
subprocess.run(command, check=True)
"""
    assert run(tmp_path, code, *alone(is_alone)) == (
        "<class 'fastsgns.gensim.models.word2vec.Word2Vec'>\n"
    )


@pytest.mark.parametrize("is_alone", WAYS)
def test_uninstall_restores_everything(tmp_path: Path, is_alone: bool):
    code = f"""
import sys
before = dict(sys.modules)
import fastsgns
from importlib.util import find_spec
path, finders, has_gensim = list(sys.path), list(sys.meta_path), find_spec("gensim") is not None
for _ in range(2):
    fastsgns.install_as_gensim(alone={is_alone})
    fastsgns.install_as_gensim(alone={is_alone})
    import gensim.models
    assert gensim.models.Word2Vec is fastsgns.Word2Vec
    assert "gensim" in str(fastsgns.Word2Vec)
    try:
        fastsgns.install_as_gensim(api=3, alone={is_alone})
    except RuntimeError as error:
        assert "uninstall" in str(error)
    fastsgns.gensim.uninstall()
    fastsgns.gensim.uninstall()
    assert str(fastsgns.Word2Vec) == "<class 'fastsgns.models.word2vec.Word2Vec'>"
    assert (sys.path, sys.meta_path) == (path, finders)
    if has_gensim:
        import gensim.models
        assert gensim.models.Word2Vec is not fastsgns.Word2Vec
        assert gensim.models.word2vec.LineSentence is not fastsgns.LineSentence
        from gensim.similarities import annoy
        assert annoy.Word2Vec is gensim.models.Word2Vec
    else:
        assert "gensim" not in sys.modules
print("done")
"""
    assert run_plain(tmp_path, code) == "done\n"


@pytest.mark.parametrize("is_alone", WAYS)
def test_processes_that_a_program_starts_import_our_classes(tmp_path: Path, is_alone: bool):
    (tmp_path / "part.py").write_text(
        "from gensim.models import Word2Vec\n\ndef name(_):\n    return Word2Vec.__module__\n"
    )
    code = """
import multiprocessing, subprocess, sys
import part
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*pool.map(part.name, [0]))
    print(subprocess.check_output([sys.executable, "-c", "import part; print(part.name(0))"],
                                  text=True).strip())
"""
    expected = "fastsgns.gensim.models.word2vec\n" * 2
    assert run(tmp_path, code, *alone(is_alone)) == expected


def test_processes_of_a_program_that_calls_the_installer_import_our_classes(tmp_path: Path):
    (tmp_path / "part.py").write_text(
        "from gensim.models import Word2Vec\n\ndef name(_):\n    return Word2Vec.__module__\n"
    )
    code = """
import multiprocessing
import fastsgns
if __name__ == "__main__":
    fastsgns.install_as_gensim(alone=True)
    import part
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*pool.map(part.name, [0]))
"""
    (tmp_path / "program.py").write_text(code)
    result = subprocess.run([sys.executable, "program.py"], **captured(tmp_path))
    assert finish(result) == "fastsgns.gensim.models.word2vec\n"


@pytest.mark.parametrize("is_alone", WAYS)
def test_programs_of_gensim_3(tmp_path: Path, is_alone: bool):
    code = """
import gensim
from gensim.models import Word2Vec, KeyedVectors
from gensim.models.keyedvectors import BaseKeyedVectors
assert gensim.__version__ == "3.8.3"
model = Word2Vec(S, size=8, iter=2, min_count=1, workers=1)
assert model.iter == 2 and model["cat"].shape == (8,) and "cat" in model
assert model.wv.vocab["the"].count == 100 and model.wv.vocab["the"].index == 0
assert sorted(model.wv.vocab) == sorted(model.wv.index2word) == ["cat", "dog", "sat", "the"]
assert model.similarity("cat", "dog") == model.wv.similarity("cat", "dog")
assert isinstance(model.wv, BaseKeyedVectors)
model.train(sentences=S, total_examples=model.corpus_count, epochs=model.iter)
model.save("old.model")
assert Word2Vec.load("old.model").wv.vocab["cat"].count == 50
model.wv.save_word2vec_format("old.txt")
vectors = KeyedVectors.load_word2vec_format("old.txt")
assert vectors.syn0.shape == (4, 8) and vectors.wv is vectors
vectors.add("new", vectors.syn0[0])
assert vectors.vocab["new"].index == 4
print(type(model.wv).__name__)
"""
    assert run(tmp_path, code, "--api", "3", *alone(is_alone)) == "KeyedVectors\n"


def test_a_module_is_run_with_its_arguments(tmp_path: Path):
    (tmp_path / "corpus.txt").write_text("to be or not to be\n" * 50)
    command = [sys.executable, "-m", "fastsgns.gensim", "run", "--alone", "-m"]
    command += ["gensim.scripts.word2vec_standalone", "-train", "corpus.txt", "-output", "v.txt"]
    finish(subprocess.run([*command, "-size", "4", "-min_count", "1"], **captured(tmp_path)))
    assert (tmp_path / "v.txt").read_text().startswith("4 4\n")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (["absent.py"], "there is no file absent.py"),
        (["."], "the folder . has no file __main__.py"),
        (["-m", "absent"], "there is no module absent"),
        (["-m", "absent.part"], "cannot run absent.part: No module named 'absent'"),
        (["-m", "json"], "there is no module json.__main__"),
        (["-m", "gensim.absent"], "cannot run gensim.absent: gensim.absent is not part of"),
        (["-m", "gensim.downloader"], "gensim.downloader is a package without code, or gensim's"),
    ],
)
def test_a_program_that_does_not_exist_is_named(tmp_path: Path, program: list, message: str):
    command = [sys.executable, "-m", "fastsgns.gensim", "run", "--alone", *program]
    result = subprocess.run(command, **captured(tmp_path))
    assert result.returncode == 1
    assert result.stderr.startswith(f"python -m fastsgns.gensim: {message}")
    assert result.stderr.count("\n") == 1


def test_a_missing_name_looks_like_a_class():
    name = Missing.of("models", "Doc2Vec")
    assert isinstance(name, type)
    assert not hasattr(name, "__wrapped__")
    with pytest.raises(ImportError, match=r"gensim\.models\.Doc2Vec .* pip install gensim"):
        name(vector_size=5)


@pytest.mark.parametrize("api", [2, 5, "x", 3.5, None])
def test_an_unknown_api_is_refused(api: object):
    with pytest.raises(ValueError, match=r"api is .*; allowed are integers from 3 to 4"):
        fastsgns.install_as_gensim(api=api)


@HAS_GENSIM
def test_objects_become_those_of_gensim_and_come_back_under_the_installer(tmp_path: Path):
    code = f"""
import gensim, fastsgns
model = gensim.models.Word2Vec(S, {SETTINGS})
theirs = model.to_gensim()
assert type(theirs).__module__ == "gensim.models.word2vec"
assert not isinstance(theirs, fastsgns.Word2Vec)
assert type(model.wv.to_gensim()) is type(theirs.wv) is not fastsgns.KeyedVectors
theirs.save("theirs.model")
again = fastsgns.from_gensim(type(theirs).load("theirs.model"))
assert type(again) is fastsgns.Word2Vec
assert (again.syn1neg == model.syn1neg).all() and (again.wv.vectors == model.wv.vectors).all()
try:
    gensim.models.Word2Vec.load("theirs.model")
except ValueError as error:
    assert "In a process without install_as_gensim(), where both" in str(error), error
fastsgns.gensim.uninstall()
try:
    fastsgns.Word2Vec.load("theirs.model")
except ValueError as error:
    assert "gensim must. Where both" in str(error), error
print("done")
"""
    assert run(tmp_path, code) == "done\n"


def test_objects_of_gensim_cannot_be_made_without_it(tmp_path: Path):
    code = f"""
from gensim.models import Word2Vec
try:
    Word2Vec(S, {SETTINGS}).to_gensim()
except ImportError as error:
    print(error)
"""
    shown = run(tmp_path, code, "--alone")
    assert shown.startswith("gensim is replaced by fastsgns in this process, and is not installed")


def test_submodules_are_there_after_a_bare_import(tmp_path: Path):
    code = (
        "import fastsgns; print(fastsgns.utils.RULE_KEEP, fastsgns.models.word2vec.FAST_VERSION,"
        "fastsgns.models.keyedvectors.REAL.__name__, fastsgns.models.callbacks.__name__,"
        "fastsgns.models.Word2Vec.__name__)"
    )
    expected = "2 1 float32 fastsgns.models.callbacks Word2Vec\n"
    assert run_plain(tmp_path, code) == expected


@pytest.mark.parametrize("package", ["fastsgns", *PACKAGES])
def test_every_public_submodule_is_there_after_a_bare_import(tmp_path: Path, package: str):
    code = f"""
import importlib, pkgutil, sys, fastsgns
before = set(sys.modules)
package = eval({package!r})
found = [module.name for module in pkgutil.iter_modules(package.__path__)]
public = [name for name in found if not name.startswith("_")]
for name in public:
    assert getattr(package, name).__name__.startswith("fastsgns."), name
    assert sys.modules[f"{package}.{{name}}"], name
for name in ("nothing", "_nothing"):
    try:
        getattr(package, name)
    except AttributeError as error:
        assert str(error) == f"module '{package}' has no attribute {{name!r}}"
    else:
        raise AssertionError(name)
print(len(public) > 0)
"""
    assert run_plain(tmp_path, code) == "True\n"
