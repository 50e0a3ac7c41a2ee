"""Loading runs no code of a file, starts no program, and opens no other file.

A child process saves an object of each class, and vectors in each format. It loads all files once,
so that all modules are imported. Then it installs an audit hook (PEP 578), which notes what the
interpreter is asked to do, and loads them again.
"""

import pytest
from file_children import FORMS, NAMES, answer_of

CHILD = """
    from fastsgns import KeyedVectors

    loaders = {}
    for name, make in SAVABLE.items():
        thing = make()
        thing.save(name)
        loaders[name] = type(thing).load
    for form in FORMS:
        name = "vectors in " + form
        vectors = SAVABLE["FastText, floret" if form == "floret" else "FastText"]().wv
        vectors.export(form, name)
        loaders[name] = lambda path, form=form: KeyedVectors.from_file(path, form)

    def load_all(note):
        for name, load in loaders.items():
            note(name)
            load(name)
        note(None)

    load_all(bool)
    events, present = [], None

    def set_present(name):
        global present
        present = name

    def hook(event, arguments):
        if present is not None:
            events.append((present, event, [repr(argument)[:200] for argument in arguments]))

    sys.addaudithook(hook)
    load_all(set_present)
    print(json.dumps(events))
"""

HARMLESS = {  # events of the interpreter and of reading that change nothing outside the process
    "object.__getattr__", "sys._getframe", "builtins.id", "gc.get_objects", "os.listdir",
    "os.scandir", "mmap.__new__", "array.__new__", "open",
}  # fmt: skip
MEMORY = ("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup/")  # how much memory is free


def fault_of(name: str, event: str, arguments: list[str]) -> str | None:
    """Return what an event does that no load may do, or None.

    The header of an array in an npz is a dict of Python, which numpy reads by `ast.literal_eval`.
    That parses it, which is the event "compile". It runs nothing, which would be "exec".
    """
    if event == "compile" and name == "vectors in npz" and "'descr'" in arguments[0]:
        return None
    if event not in HARMLESS:
        return f"{name}: {event} {arguments}"
    if event == "open" and not set(arguments[1].strip("'")) <= set("rb"):
        return f"{name}: opened for writing: {arguments}"
    path = arguments[0].strip("'")
    if event == "open" and name not in path and not path.startswith(MEMORY):
        return f"{name}: another file was opened: {arguments}"
    return None


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    return answer_of(CHILD, tmp_path_factory.mktemp("files"))


def test_no_load_runs_code_or_touches_another_file(events):
    faults = [fault for event in events if (fault := fault_of(*event))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", NAMES)
def test_the_hook_has_seen_each_load(events, name):
    if name.startswith("vectors in ") and name.removeprefix("vectors in ") not in FORMS:
        pytest.skip("pyarrow is not installed")
    assert any(seen == name and event == "open" for seen, event, _ in events)
