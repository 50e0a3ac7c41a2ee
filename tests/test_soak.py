"""The soak driver draws every parameter, runs, and finds faults that are put in."""

import inspect
import re

import numpy as np
import pytest
from classes import CLASSES
from soak import driver
from soak.draws import Dice, drawn, of_rule, wrong
from soak.subject import documented, may_refuse
from soak.table import SUBJECTS

from fastsgns import KeyedVectors, Word2Vec, kernels, rules
from fastsgns.formats import saving

DATA = {"sentences", "corpus_file", "unknown", "graph", "pairs"}  # what sessions draw themselves
RESULTS = {
    "LinkScores",
    "Recall",
    "F1",
    "Roles",
    "JointScore",
    "KnownLinks",
}  # made by steps of other sessions


def run(capsys, *arguments):
    status = driver.main([*map(str, arguments), "--minutes", "10"])
    return status, capsys.readouterr().out


def test_every_public_class_has_sessions():
    made = {type(case.make()).__name__ for case in CLASSES.values()}
    assert made - RESULTS <= SUBJECTS.keys()


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_parameter_of_the_constructor_is_drawn(name):
    subject = SUBJECTS[name]
    accepted = inspect.signature(subject.constructor or subject.cls).parameters.keys()
    assert accepted - DATA <= subject.parameters.keys() <= accepted


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_parameter_of_a_call_is_drawn(name):
    for method, table in SUBJECTS[name].calls.items():
        accepted = inspect.signature(getattr(SUBJECTS[name].cls, method)).parameters.keys()
        assert accepted - {"self"} == table.keys()


@pytest.mark.parametrize("name", SUBJECTS)
def test_parameters_that_are_drawn_vary(name):
    tables = [drawn(SUBJECTS[name].parameters, Dice(i, extreme=0.3)) for i in range(200)]
    for parameter, draw in SUBJECTS[name].parameters.items():
        values = {repr(table.get(parameter)) for table in tables}
        is_fixed = isinstance(
            inspect.getclosurevars(draw).nonlocals.get("value"), (str, type(None))
        )
        assert len(values) > 1 or is_fixed or parameter in ("word_ngrams", "mapfile_path"), (
            parameter
        )


@pytest.mark.parametrize(
    "rule",
    [rules.integer(1, 9), rules.integer(0, 2**62), rules.NOT_NEGATIVE, rules.POSITIVE,
     rules.ANY_NUMBER, rules.flag(int), rules.choice("a", "b"), rules.n_threads(), rules.SEED,
     rules.real("from 0 to 1", lambda value: 0 <= value <= 1)],
)  # fmt: skip
def test_draws_are_allowed_and_wrong_values_are_not(rule):
    draw = of_rule(rule, lambda dice: 1 if not isinstance(rule, rules.Choice) else "a")
    for seed in range(300):
        rule("it", draw(Dice(seed, extreme=0.9)))
        with pytest.raises(ValueError, match=r"^it is "):
            rule("it", wrong(Dice(seed), rule))


def test_the_whole_range_is_drawn():
    rule = rules.integer(0, 2**62)
    values = [of_rule(rule, 5)(Dice(seed, extreme=1.0)) for seed in range(200)]
    numbers = [int(value) for value in values]
    assert {0, 2**62} <= set(numbers)
    assert len({number.bit_length() for number in numbers}) > 20


@pytest.mark.parametrize("name", SUBJECTS)
def test_sessions_of_every_class_pass(name, capsys):
    for session in range(2):
        status, out = run(capsys, "--classes", name, "--session", session, "--seed", 7)
        assert status == 0, out


def test_a_session_repeats_itself(capsys):
    first = run(capsys, "--classes", "GloVe", "--session", 5)
    assert _without_times(first) == _without_times(
        run(capsys, "--classes", "GloVe", "--session", 5)
    )


def _without_times(result):
    return result[0], re.sub(r"[\d.]+ minutes| at 0x\w+", "", result[1])


def test_only_what_is_documented_may_be_raised():
    def refuses():
        """Do nothing.

        Raises
        ------
        KeyError, IndexError
            Always.
        """

    assert documented(refuses) == (KeyError, IndexError)
    with pytest.raises(AssertionError, match="not documented"), may_refuse(None, refuses):
        raise ValueError("a message that is long enough")


def test_a_refused_call_that_changes_the_object_is_found():
    kv = KeyedVectors(2)
    kv["a"] = [1, 2]
    with pytest.raises(AssertionError, match="has changed"), may_refuse(kv, also=(ValueError,)):
        kv["a"] = [3, 4]
        raise ValueError("a message that is long enough")


# Faults that are put in


def found(capsys, name, n=12):
    """Run sessions until one fails; return what is printed of it."""
    for session in range(n):
        status, out = run(capsys, "--classes", name, "--session", session, "--seed", 3)
        if status:
            assert f"--classes {name} --session {session}" in out
            return out
    return ""


def test_a_save_that_drops_a_row_is_found(monkeypatch, capsys):
    collect, rng = saving.collect, np.random.default_rng(1)

    def shortened(schema, thing):
        tensors, values = collect(schema, thing)
        if thing is not None and rng.random() < 0.5 and "counts" in tensors:
            tensors["counts"] = tensors["counts"] + 1
        return tensors, values

    monkeypatch.setattr(saving, "collect", shortened)
    failure = found(capsys, "Cooccurrences") + found(capsys, "GloVe")
    assert re.search(r"^soak\.checks\.Failed: .*other bytes", failure, re.M)


def test_a_kernel_that_writes_nan_is_found(monkeypatch, capsys):
    train = kernels.train_chunk

    def spoiled(objective, *arguments, **named):
        result = train(objective, *arguments, **named)
        if objective.input is not None and len(objective.input):
            objective.input[-1, 0] = np.nan
        return result

    monkeypatch.setattr(kernels, "train_chunk", spoiled)
    out = ""
    for session in range(4):
        out += run(capsys, "--classes", "Word2Vec", "--session", session, "--seed", 3)[1]
    assert "not finite" in out or re.search(r"[1-9]\d* diverged", out)


def test_a_query_that_is_wrong_is_found(monkeypatch, capsys):
    similarity = KeyedVectors.similarity
    monkeypatch.setattr(
        KeyedVectors, "similarity", lambda kv, a, b, **space: similarity(kv, a, b, **space) + 0.01
    )
    failure = found(capsys, "KeyedVectors", 30)
    [(got, expected)] = re.findall(
        r"^soak\.checks\.Failed: similarity\(.*\) (\S+), (\S+)$", failure, re.M
    )
    assert float(got) - float(expected) == pytest.approx(0.01, abs=1e-4)


def test_a_count_that_is_wrong_is_found(monkeypatch, capsys):
    build = Word2Vec._store_counts

    def off_by_one(self, *arguments, **named):
        build(self, *arguments, **named)
        self.corpus_total_words += 1

    monkeypatch.setattr(Word2Vec, "_store_counts", off_by_one)
    assert re.search(r"^soak\.checks\.Failed: \d+ words$", found(capsys, "Word2Vec"), re.M)


def test_a_file_that_is_left_open_is_found(monkeypatch, capsys, tmp_path):
    opened = []
    load = KeyedVectors.load.__func__

    def leaky(cls, *arguments, **named):
        opened.append(open(tmp_path / "leak", "w"))  # noqa: SIM115
        return load(cls, *arguments, **named)

    monkeypatch.setattr(KeyedVectors, "load", classmethod(leaky))
    assert "left open" in found(capsys, "KeyedVectors", 30)
    for file in opened:
        file.close()


def test_randomness_without_a_seed_is_found(monkeypatch, capsys):
    fill = KeyedVectors.add_vectors

    def noisy(self, keys, weights, *arguments, **named):
        fill(
            self, keys, np.asarray(weights) + np.random.default_rng().random(), *arguments, **named
        )

    monkeypatch.setattr(KeyedVectors, "add_vectors", noisy)
    assert "gave other bytes" in found(capsys, "KeyedVectors", 20)
