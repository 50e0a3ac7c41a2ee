"""What all models of links do: other names of parameters, queries, learning rates."""

import copy
import inspect
import pickle

import pytest
from classes import CLASSES

from fastsgns import load
from fastsgns.models.links.aliases import ALIASES, aliases_of
from fastsgns.models.links.base import LinkModel

MODELS = {
    name: case for name, case in CLASSES.items() if isinstance(case.make(), LinkModel)
}  # every public class of models of links: tests/test_contract.py checks that CLASSES has all
KINDS = {type(case.make()) for case in MODELS.values()}
RENAMED = [(cls, alias) for cls in KINDS for alias in aliases_of(inspect.signature(cls).parameters)]
VALUES = {"vector_size": 6, "window": 4}


def test_each_class_takes_vector_size():
    assert {cls for cls, alias in RENAMED if alias == "vector_size"} == KINDS
    assert {alias for _, alias in RENAMED} == set(ALIASES) == set(VALUES)


@pytest.mark.parametrize("cls, alias", RENAMED)
def test_an_alias_sets_the_parameter(cls, alias, tmp_path):
    name, value = ALIASES[alias], VALUES[alias]
    model = cls(**{alias: value})
    parameters = model.get_params()
    assert parameters[name] == value and alias not in parameters
    assert repr(model) == f"{cls.__name__}({name}={value})"
    again = [cls(**parameters), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    again += [cls().set_params(**{alias: value}), cls().set_params(**{name: value})]
    for other in again:
        assert other.get_params() == parameters
        assert getattr(other, alias) == getattr(other, name) == value
    setattr(model, alias, value - 1)
    assert getattr(model, name) == value - 1
    edges = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]
    model.fit(edges).save(tmp_path / "model")
    assert getattr(load(tmp_path / "model"), alias) == value - 1


@pytest.mark.parametrize("cls, alias", RENAMED)
def test_both_names_of_a_parameter_are_refused(cls, alias):
    name, value = ALIASES[alias], VALUES[alias]
    message = f"{alias} is another name of {name}; give one of them"
    with pytest.raises(TypeError, match=message):
        cls(**{alias: value, name: value})
    with pytest.raises(TypeError, match=message):
        cls().set_params(**{alias: value, name: value})
    before = list(inspect.signature(cls).parameters).index(name)
    with pytest.raises(TypeError, match=message):
        cls(*[None] * before, value, **{alias: value})
    with pytest.raises(ValueError, match=f"{name} is 0; allowed are"):
        cls(**{alias: 0})
    with pytest.raises(TypeError, match="vektor_size"):
        cls(vektor_size=3)


@pytest.mark.parametrize("cls", KINDS)
def test_derived_classes_take_aliases(cls):
    class Silent(cls):
        pass

    class Own(cls):
        def __init__(self, extra=1, **options):
            super().__init__(**options)
            self.extra = extra

    assert Silent(vector_size=3).dimensions == Own(extra=2, vector_size=3).dimensions == 3

    class Fixed(cls):
        def __init__(self, vector_size=5):
            super().__init__(vector_size=vector_size)

    assert Fixed().dimensions == 5 and Fixed(vector_size=7).get_params() == {"vector_size": 7}
