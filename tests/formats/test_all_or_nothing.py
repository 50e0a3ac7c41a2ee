"""A file is written whole or not at all, for each class and each format, on a disk that fills.

A child process saves each object over an older file while the system limits the length of files
(RLIMIT_FSIZE), so that writing fails, whatever code writes.
"""

import pytest
from file_children import NAMES, answer_of
from optional import need

need("resource")

CHILD = """
    import resource, signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def save(write, limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            write()
        except OSError as error:
            return str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        return None

    def content(folder):
        return {
            os.path.join(place, name): open(os.path.join(place, name), "rb").read()
            for place, _, names in os.walk(folder) for name in names
        }

    writers = {name: lambda path, name=name: SAVABLE[name]().save(path) for name in SAVABLE}
    vectors = {False: SAVABLE["FastText"]().wv, True: SAVABLE["FastText, floret"]().wv}
    for form in FORMS:
        writers["vectors in " + form] = (
            lambda path, form=form: vectors[form == "floret"].export(form, path)
        )
    found = {}
    for name, write in writers.items():
        os.mkdir(name)
        path = os.path.join(name, "file")
        write(path)
        before = content(name)
        refused = [save(lambda: write(path), limit) for limit in (0, 100)]
        found[name] = [refused, content(name) == before]
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return answer_of(CHILD, tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize("name", NAMES)
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(found, name):
    if name not in found:
        pytest.skip("pyarrow is not installed")
    refused, is_as_before = found[name]
    assert all(
        message and f"{name}/file" in message and ".tmp" not in message for message in refused
    )
    assert is_as_before
