"""The list of claims, and their verdicts on numbers that are given."""

import re

import pytest

from fastsgns.study.claim import Claim, Results
from fastsgns.study.claims import CLAIMS, chosen
from fastsgns.study.settings import Settings


def test_claims_are_chosen_by_name():
    assert [c.name for c in chosen(["c1", "C7"])] == ["C1a", "C1b", "C1c", "C7"]
    assert chosen(None) == list(CLAIMS)
    with pytest.raises(ValueError, match=r"C99.*there are C1a"):
        chosen(["C99"])


def test_claims_have_names_of_their_own_in_order():
    names = [c.name for c in CLAIMS]
    assert len(set(names)) == len(names)
    numbers = [int(re.findall(r"\d+", name)[0]) for name in names]
    assert numbers == sorted(numbers)


def fabricated(
    coin: float, one_way: float, degrees: tuple[float, float] = (0.7, 0.1)
) -> tuple[Results, Claim]:
    """Results of C9 as two seeds would give them.

    `coin` is one vector's AUC on reversed edges, and `degrees` are the AUC and the MRR of the
    logarithms of the degrees.
    """
    (claim,) = chosen(["C9"])

    def of(auc: float, mrr: float) -> list[dict]:
        def form(shift: float) -> dict:
            kinds = ("0 % reversed", "50 % reversed", "100 % reversed", "degree-matched")
            scores = dict.fromkeys(kinds, auc + shift)
            return {"auc": scores, "hits": scores, "mrr": mrr + shift, "direction": 0.5,
                    "one_way": one_way}  # fmt: skip

        forms = ("raw", "with degrees", "degree product", "log degrees")
        return [{"g": dict.fromkeys(forms, form(shift))} for shift in (0.0, 0.001)]

    baselines = of(0.7, 0.1)
    for product, logarithms in zip(baselines, of(*degrees)):
        product["g"]["log degrees"] = logarithms["g"]["log degrees"]
    found = {"degrees": baselines, "one vector": of(coin, 0.2)}
    return Results(found | {"source and target": of(0.9, 0.3)}, Settings(n_seeds=2)), claim


@pytest.mark.parametrize(
    "coin, one_way, verdict",
    [(0.5, 0.95, "confirmed"), (0.8, 0.95, "refuted"), (0.8, 0.3, "confirmed")],
)
def test_one_vector_must_be_a_coin_where_edges_are_one_way(coin, one_way, verdict):
    results, claim = fabricated(coin, one_way)
    assert claim.judge(results).verdict == verdict


@pytest.mark.parametrize(
    "degrees, verdict",
    [((0.89, 0.29), "confirmed"), ((0.91, 0.1), "refuted"), ((0.7, 0.31), "refuted")],
)
def test_two_roles_must_exceed_the_better_baseline(degrees, verdict):
    results, claim = fabricated(0.5, 0.95, degrees)
    assert claim.judge(results).verdict == verdict
