"""Counts of ordered categories: solved from print, refused with reasons, and their classical answers."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special
from statsmodels.miscmodels.ordinal_model import OrderedModel

from reappraise.core.errors import AnalysisError
from reappraise.depth.classical.proportional_odds import PROFILE, WALD, odds_test, proportional_odds
from reappraise.depth.classical.recompute import recompute_depth, wilcoxon
from reappraise.depth.counts import ordinal_table
from reappraise.depth.published import DepthEndpoint
from reappraise.depth.solve import ArmCounts, UndeterminedError, solve
from reappraise.depth.table import OrdinalTable
from reappraise.published.record import Count
from reappraise.response.published import ResponseEndpoint
from support.tables import ordinal as table

TRIAL = table((10, 11), (16, 13), (21, 6), (62, 25))
TONSILS = table((269, 24), (560, 29), (497, 19))  # McCullagh 1980: greatly enlarged, enlarged, normal; carriers last


def count(arm: str, total: int, *, events: int | None = None, percent: str | None = None) -> dict[str, object]:
    found: dict[str, object] = {"arm": arm, "total": total, "source": "Table 1"}
    found |= {} if events is None else {"events": events}
    return found | ({} if percent is None else {"percent": Decimal(percent)})


def depth(*categories: dict[str, object], **changes: object) -> DepthEndpoint:
    keys = [{"key": f"c{place}", "label": f"Category {place}"} | own for place, own in enumerate(categories)]
    facts = {"kind": "depth", "key": "depth", "label": "Depth", "population": "all", "source": "Table 1"}
    return DepthEndpoint.model_validate(facts | {"categories": keys} | changes)


def response(key: str, old: int, new: int, **changes: object) -> dict[str, ResponseEndpoint]:
    facts = {"kind": "response", "key": key, "label": key, "population": "all", "better": "higher", "source": "Table 1"}
    counts = [count("old", 20, events=old), count("new", 10, events=new)]
    return {key: ResponseEndpoint.model_validate(facts | {"counts": counts} | changes)}


def read(endpoint: DepthEndpoint, responses: dict[str, ResponseEndpoint]) -> OrdinalTable:
    return ordinal_table(endpoint, responses, ("old", "new"), ("Old", "New"))


def test_counts_come_from_print_percentages_differences_and_the_rest() -> None:
    endpoint = depth(
        {"counts": [count("old", 20, events=2), count("new", 10, percent="30")], "or_better": "vgpr"},
        {"or_better": "orr"},
        {"counts": [count("old", 20, percent="10.0"), count("new", 10, events=1)]},
        {},
    )
    primary = response("orr", 7, 5, planned_odds_ratio=Decimal("1.5"), primary=True)
    found = read(endpoint, response("vgpr", 2, 3, planned_odds_ratio=Decimal(3)) | primary)
    assert found.counts == ((2, 3), (5, 2), (2, 1), (11, 4))
    assert found.totals == (20, 10)
    assert found.or_better_counts == ((2, 3), (7, 5), (9, 6))
    assert found.cut_labels == ("Category 0", "Category 1 or better", "Category 2 or better")
    assert found.origins[0] == ("2 of 20", "30% of 10")
    assert found.origins[1][0] == "orr 7 of 20 minus vgpr 2 of 20"
    assert found.origins[3][0] == "20 patients minus all better categories"
    assert [row[0] for row in found.subtracted] == [" minus " in row[0] for row in found.origins]
    assert found.planned_odds_ratio == 1.5


def test_binary_endpoints_alone_make_a_table_of_their_assessor() -> None:
    endpoint = depth({"or_better": "vgpr"}, {"or_better": "orr"}, {}, assessor="Investigator")
    both = response("vgpr", 2, 3, assessor="Investigator") | response("orr", 7, 5, assessor="Investigator")
    found = read(endpoint, both)
    assert found.counts == ((2, 3), (5, 2), (13, 5))
    assert found.assessor == "Investigator"


def arm(printed: list[Count | None], cumulated: list[Count | None] | None = None) -> ArmCounts:
    labels = tuple(f"category {place}" for place in range(len(printed)))
    wholes = cumulated or [None] * len(printed)
    return ArmCounts("depth, new", labels, tuple(printed), tuple(wholes), tuple(f"e{k}" for k in range(len(labels))))


def one(total: int, **number: object) -> Count:
    return Count.model_validate(count("new", total, **number))  # type: ignore[arg-type]


def test_a_percentage_that_several_counts_round_to_is_settled_by_other_numbers() -> None:
    vague = one(300, percent="10")  # 29, 30 or 31 patients, and the limits of rounding
    with pytest.raises(UndeterminedError, match=r"'category 0' may hold .* of 300"):
        solve(arm([vague, one(300, events=70), None]))
    settled = solve(arm([vague, one(300, events=70), None], [None, one(300, events=101), None]))
    assert [item.count for item in settled] == [31, 70, 199]


@given(
    counts=st.lists(st.integers(0, 30), min_size=2, max_size=6).filter(lambda held: sum(held) > 0),
    hidden=st.sets(st.integers(0, 5), max_size=3),
)
def test_what_is_solved_is_what_was_printed(counts: list[int], hidden: set[int]) -> None:
    total = sum(counts)
    printed = [None if place in hidden else one(total, events=held) for place, held in enumerate(counts)]
    cumulated = [
        one(total, events=sum(counts[: place + 1])) if place in hidden else None for place in range(len(counts))
    ]
    if any(printed) or any(cumulated):
        assert [item.count for item in solve(arm(printed, cumulated))] == counts


@pytest.mark.parametrize(
    ("categories", "responses", "said"),
    [
        (
            [{"counts": [count("old", 20, events=2), count("new", 10, events=4)], "or_better": "orr"}, {}],
            response("orr", 3, 4),
            "'Category 0': no number.*2 of 20 in this one, 3 of 20 in it or better",
        ),
        (
            [{"or_better": "orr"}, {"or_better": "cbr"}, {}],
            response("orr", 7, 5) | response("cbr", 6, 8),
            "'Category 1': no number .*7 patients in better categories, 6 of 20 in it or better .cbr.*Correct",
        ),
        (
            [
                {"counts": [count("old", 20, events=2), count("new", 10, events=4)]},
                {"counts": [count("old", 20, events=2), count("new", 10, events=4)]},
            ],
            {},
            "'Category 1': no number.*20 in all categories, of which it is the worst",
        ),
        (
            [{"counts": [count("old", 21, events=2), count("new", 10, events=4)], "or_better": "orr"}, {}],
            response("orr", 2, 4),
            "the same total, got Category 0: of 21; Category 0 or better .orr.: of 20",
        ),
        ([{"or_better": "cr"}, {}], response("orr", 2, 4), "'cr' is no response endpoint of the trial; .* orr"),
        ([{"or_better": "orr"}, {}], response("orr", 2, 4, population="other"), "population 'other'"),
        ([{"or_better": "orr"}, {}], response("orr", 2, 4, better="lower"), "expected 'higher'"),
    ],
)
def test_contradictions_name_the_category_and_the_numbers(
    categories: list[dict[str, object]], responses: dict[str, ResponseEndpoint], said: str
) -> None:
    with pytest.raises(AnalysisError, match=said) as caught:
        read(depth(*categories), responses)
    assert not isinstance(caught.value, UndeterminedError)


def test_another_assessor_is_refused_and_too_little_is_told_from_contradiction() -> None:
    with pytest.raises(AnalysisError, match="assessor 'Investigator', the categories are of 'Committee'"):
        read(depth({"or_better": "orr"}, {}, assessor="Committee"), response("orr", 2, 4, assessor="Investigator"))
    with pytest.raises(UndeterminedError, match="'Category 1' may hold 0 to 13 of 20; 'Category 2'"):
        read(depth({"or_better": "orr"}, {}, {}), response("orr", 7, 4))
    with pytest.raises(UndeterminedError, match="old: no category"):
        read(depth({}, {}), {})


def test_a_table_refuses_what_is_none() -> None:
    for counts, changes, said in (
        (((1, 2),), {}, "at least 2 categories"),
        (((1, -2), (3, 4)), {}, "expected a count of patients, got -2"),
        (((1, 0), (3, 0)), {}, "new: expected patients in both arms"),
        (((1, 2), (3, 4)), {"categories": ("a", "a")}, "keys of their own"),
        (((1, 2), (3, 4)), {"origins": (("", ""),)}, "expected origins for 2 categories, got 1"),
    ):
        with pytest.raises(AnalysisError, match=said):
            table(*counts, **changes)


def test_exchanged_twice_is_the_same() -> None:
    held = replace(TRIAL, planned_odds_ratio=2.0, origins=(("x", "y"),) * 4, subtracted=((True, False),) * 4)
    assert held.swapped().swapped() == held
    assert held.swapped().counts[0] == (11, 10)
    assert held.swapped().planned_odds_ratio == 0.5
    assert {key for key, value in asdict(held).items() if value != asdict(held.swapped())[key]} == {
        "arms",
        "arm_labels",
        "counts",
        "origins",
        "planned_odds_ratio",
        "subtracted",
    }


# Classical answers


@pytest.mark.parametrize("held", [TRIAL, TONSILS], ids=["trial", "tonsils"])
def test_proportional_odds_are_those_of_statsmodels(held: OrdinalTable) -> None:
    grades = -np.arange(len(held.categories))
    grade = np.concatenate([np.repeat(grades, [row[arm] for row in held.counts]) for arm in (0, 1)])
    place = np.repeat([0.0, 1.0], held.totals)[:, None]
    theirs = OrderedModel(grade, place, distr="logit").fit(method="newton", disp=0)
    wald, profile = proportional_odds(held)
    assert (wald.method, profile.method) == (WALD, PROFILE)
    # their derivatives are by finite differences: six digits
    assert np.log(wald.value or 0) == pytest.approx(theirs.params[0], rel=1e-5)
    assert np.log([wald.low, wald.high]) == pytest.approx(theirs.conf_int()[0], rel=1e-4, abs=1e-5)
    for limit in (profile.low, profile.high):
        assert 2 * (theirs.llf - profiled(held, np.log(limit))) == pytest.approx(3.8414588, abs=1e-4)


def profiled(held: OrdinalTable, effect: float) -> float:
    """Profile log likelihood by another optimiser on another parametrisation."""
    counts = np.array(held.counts).T

    def minus(free: np.ndarray) -> float:
        cuts = np.cumsum(np.append(free[0], np.exp(free[1:])))
        edges = special.expit(cuts + np.array([[-0.5], [0.5]]) * effect)
        rates = np.diff(edges, prepend=0.0, append=1.0)
        return -float((counts * np.log(rates)).sum())

    start = np.array([-1.0, *np.zeros(len(held.counts) - 2)])
    return -float(optimize.minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9}).fun)


def test_the_tests_of_proportional_odds_compare_with_the_free_table() -> None:
    found = odds_test(TONSILS)
    best = profiled(TONSILS, np.log(proportional_odds(TONSILS)[0].value or 0))
    counts = np.array(TONSILS.counts, dtype=float)
    free = float((counts * np.log(counts / counts.sum(axis=0))).sum())
    assert found.likelihood_ratio == pytest.approx(2 * (free - best), abs=1e-6)
    assert found.degrees_of_freedom == 1
    assert found.score == pytest.approx(found.likelihood_ratio, rel=0.02)  # equal to first order
    assert odds_test(TRIAL).degrees_of_freedom == 2
    assert odds_test(table((5, 3), (2, 6))).p_score == 1.0
    exact = table((5, 34), (7, 14), (3, 3))  # odds 1/2 and 4 in one arm, 2 and 16 in the other
    assert proportional_odds(exact)[0].value == pytest.approx(4.0)
    assert odds_test(exact).likelihood_ratio == pytest.approx(0.0, abs=1e-9)


def test_with_two_categories_it_is_the_odds_ratio_of_the_two_by_two_table() -> None:
    wald, _ = proportional_odds(table((3, 9), (5, 4)))
    assert wald.value == pytest.approx(9 * 5 / (4 * 3))
    error = 1.959964 * (1 / 3 + 1 / 9 + 1 / 5 + 1 / 4) ** 0.5
    assert np.log([wald.low, wald.high]) == pytest.approx(np.log(wald.value or 0) + np.array([-error, error]), rel=1e-6)


def test_an_empty_category_changes_nothing_and_a_one_sided_table_has_one_limit() -> None:
    full, gap = table((5, 3), (2, 1), (4, 9)), table((5, 3), (0, 0), (2, 1), (4, 9))
    assert [item.value for item in proportional_odds(full)] == pytest.approx(
        [item.value for item in proportional_odds(gap)]
    )
    assert odds_test(gap).degrees_of_freedom == 1
    (up,) = proportional_odds(table((0, 5), (4, 3), (5, 0)))
    (down,) = proportional_odds(table((5, 0), (3, 4), (0, 5)).swapped().swapped())
    assert (up.value, up.high, down.value, down.low) == (np.inf, np.inf, 0.0, 0.0)
    assert 1 < up.low < 50
    (nothing,) = proportional_odds(table((5, 3), (0, 0)))
    assert (nothing.value, nothing.low, nothing.high) == (None, 0.0, np.inf)
    assert wilcoxon(table((5, 3), (0, 0))) == (1.0, 1.0)


def test_exchange_of_arms_and_reversal_of_categories_mirror_the_odds_ratio() -> None:
    for held in (TRIAL, table((0, 5), (4, 3), (5, 0))):
        mirrored = proportional_odds(held.swapped())
        upside = proportional_odds(replace(held, counts=held.counts[::-1]))
        for here, there, below in zip(proportional_odds(held), mirrored, upside, strict=True):
            for turned in (there, below):
                assert turned.low == pytest.approx(1 / here.high, rel=1e-6)
                assert turned.high * here.low == pytest.approx(1.0, rel=1e-6) or np.isinf(turned.high) != np.isinf(
                    here.high
                )
    assert odds_test(TRIAL.swapped()).score == pytest.approx(odds_test(TRIAL).score)


def test_recomputed_rows_have_a_direction_and_the_wilcoxon_test_both_sides() -> None:
    rows = list(recompute_depth(TRIAL))
    rates = [row for row in rows if row.quantity == "category_rate"]
    assert [(row.item, row.arm) for row in rates[:3]] == [("a", "old"), ("a", "new"), ("b", "old")]
    assert sum(row.value or 0 for row in rates if row.arm == "new") == pytest.approx(1.0)
    ratios = [row for row in rows if row.quantity == "odds_ratio"]
    assert [row.item for row in ratios] == ["a", "b", "c"]
    assert ratios[1].value == pytest.approx((24 * 83) / (31 * 26))
    p_values = [(row.sides, row.p_value) for row in rows if row.p_value is not None]
    one_sided, two_sided = wilcoxon(TRIAL)
    assert p_values == [(1, one_sided), (2, two_sided)]
    assert two_sided == pytest.approx(2 * one_sided)
    assert {(row.numerator, row.denominator) for row in rows if not row.arm} == {("new", "old")}
