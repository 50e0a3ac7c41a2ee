"""Steps that every class has: save, load, map, copy, and refuse."""

import copy
import io
import pickle
from typing import Any

import fastsgns

from .checks import check, check_same, content, plain
from .subject import Setting

SUFFIXES = ("", ".fastsgns", ".model")


def save_and_load(thing: Any, setting: Setting) -> tuple[Any, Any]:
    """Save twice, load in one of three ways, and return the loaded object."""
    before = content(thing)
    path = setting.folder / f"saved{setting.dice.pick(SUFFIXES)}"
    thing.save(path)
    check_same(path.read_bytes(), before, "a file and a file object got other bytes")
    thing.save(path)
    check_same(path.read_bytes(), before, "saving twice gives other bytes")
    check([p.name for p in setting.folder.iterdir()] == [path.name], "save leaves other files")
    loads = (type(thing).load, fastsgns.load)
    loaded = setting.dice.pick(loads)(path)
    check(type(loaded) is type(thing), f"{type(thing)} was loaded as {type(loaded)}")
    check_same(content(loaded), before, "what is loaded saves other bytes")
    return loaded, None


def load_mapped(thing: Any, setting: Setting) -> tuple[Any, Any]:
    """Load with mmap="r", compare, and return the object itself."""
    before, path = content(thing), setting.folder / "mapped"
    thing.save(path)
    mapped = setting.dice.pick((type(thing).load, fastsgns.load))(path, mmap="r")
    check_same(content(mapped), before, "what is mapped saves other bytes")
    return thing, plain(repr(mapped))


def copied(thing: Any, setting: Setting) -> tuple[Any, Any]:
    """Copy in one of three ways, and return the copy."""
    before = content(thing)
    kind = setting.dice.pick(("copy", "deepcopy", "pickle"))
    if kind == "pickle":
        file = io.BytesIO()
        pickle.dump(thing, file, protocol=setting.dice.integer(2, 5))
        other = pickle.loads(file.getvalue())
    else:
        other = getattr(copy, kind)(thing)
    check(type(other) is type(thing), f"{kind} is a {type(other)}")
    check_same(content(other), before, f"{kind} saves other bytes")
    check_same(content(thing), before, f"{kind} has changed the original")
    return (other if kind != "copy" else thing), None


def shown(thing: Any, setting: Setting) -> tuple[Any, Any]:
    text = repr(thing)
    check(len(text) < 400 and "\n" not in text and " at 0x" not in text, f"repr is {text!r}")
    return thing, text


STEPS = {"save and load": save_and_load, "mmap": load_mapped, "copy": copied, "repr": shown}
