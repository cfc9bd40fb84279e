"""What a trial file says about a survival endpoint, read as targets of a reconstruction."""

from __future__ import annotations

from math import inf, log
from pathlib import Path

import pytest
from scipy.stats import norm

from reappraise.core.errors import AnalysisError
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import Target
from reappraise.trial import load_trial
from support.data import MINI

TEXT = MINI.read_text(encoding="utf-8")
COUNTS = """counts = [
  { arm = "old", events = 25, total = 40, source = "Results" },
  { arm = "new", events = 9, total = 20, source = "Results" },
]
"""
EXACT = 1e-12
"""The same arithmetic, in another order."""


def read(folder: Path, *estimates: str, head: str = COUNTS, better: str = "higher") -> Summaries:
    rows = "\n".join(f'  {{ {row}, source = "Results" }},' for row in estimates)
    survival = (
        f'\n[[endpoints]]\nkind = "survival"\nkey = "os"\nlabel = "Survival"\npopulation = "treated"\n'
        f'better = "{better}"\nunit = "months"\nsource = "Results"\n{head}estimates = [\n{rows}\n]\n'
    )
    path = folder / "trial.toml"
    path.write_text(TEXT + survival, encoding="utf-8")
    return summaries_of(load_trial(path)["os"])


def bounds(summaries: Summaries) -> dict[tuple[str, int], tuple[float, float]]:
    return {(target.statistic, target.arm): (target.low, target.high) for target in summaries.targets}


def the(summaries: Summaries, statistic: str) -> Target:
    (found,) = (target for target in summaries.targets if target.statistic == statistic)
    return found


MEDIAN = 'quantity = "median", arm = "old", value = 8.0, low = 6.1, high = 11'
RATIO = 'quantity = "hazard_ratio", numerator = "new", denominator = "old", value = 0.50, low = 0.25, high = 1.02'
TURNED = 'quantity = "hazard_ratio", numerator = "old", denominator = "new", value = 2.0, low = 0.98, high = 4.1'


def test_medians_with_their_limits_as_printed(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN, 'quantity = "median", arm = "new", value = 14.2, low = 9.3, high = "not reached"')
    assert (found.totals, found.events, found.arms, found.unit) == ((40, 20), (25, 9), ("old", "new"), "months")
    assert not found.free_events
    expected = {
        ("quantile", 0): (7.95, 8.05),
        ("quantile low", 0): (6.05, 6.15),
        ("quantile high", 0): (10.5, 11.5),
        ("quantile", 1): (14.15, 14.25),
        ("quantile low", 1): (9.25, 9.35),
        ("quantile high", 1): (inf, inf),
    }
    assert bounds(found) == {key: pytest.approx(value) for key, value in expected.items()}
    assert [target.z for target in found.targets] == pytest.approx([norm.ppf(0.975)] * 6)
    assert found.horizon == pytest.approx(1.3 * 14.25)
    other = read(tmp_path, MEDIAN + ", level = 0.80")
    assert the(other, "quantile low").z == pytest.approx(norm.ppf(0.9))


def test_a_median_that_is_not_reached(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN, 'quantity = "median", arm = "new", value = "not reached"')
    assert bounds(found)["quantile", 1] == (inf, inf)
    assert found.horizon == pytest.approx(1.3 * 11.5)


def test_hazard_ratios_are_turned_to_experimental_over_control(tmp_path: Path) -> None:
    straight, turned = (bounds(read(tmp_path, MEDIAN, row)) for row in (RATIO, TURNED))
    assert straight["log hazard ratio", 0] == pytest.approx((log(0.495), log(0.505)))
    assert straight["log hazard ratio low", 0] == pytest.approx((log(0.245), log(0.255)))
    assert turned["log hazard ratio", 0] == pytest.approx((-log(2.05), -log(1.95)))
    assert turned["log hazard ratio low", 0] == pytest.approx((-log(4.15), -log(4.05)))
    assert turned["log hazard ratio high", 0] == pytest.approx((-log(0.985), -log(0.975)))


@pytest.mark.parametrize(
    ("row", "p", "sides", "better", "expected"),
    [
        (RATIO, "0.02", 1, "higher", (norm.ppf(0.015), norm.ppf(0.025))),
        (TURNED, "0.02", 1, "higher", (norm.ppf(0.015), norm.ppf(0.025))),
        (RATIO, "0.98", 1, "shorter", (norm.ppf(0.015), norm.ppf(0.025))),
        (RATIO, "0.04", 2, "higher", (norm.ppf(0.0175), norm.ppf(0.0225))),
        (TURNED, "0.04", 2, "higher", (norm.ppf(0.0175), norm.ppf(0.0225))),
        (RATIO.replace("0.50", "1.01"), "0.04", 2, "higher", (-norm.ppf(0.0225), -norm.ppf(0.0175))),
        (RATIO, '"<0.001"', 2, "higher", (-inf, norm.ppf(0.0005))),
        (RATIO, '">0.05"', 2, "higher", (norm.ppf(0.025), 0.0)),
        (RATIO, '"<0.04"', 1, "higher", (-inf, norm.ppf(0.04))),
    ],
)
def test_p_values_bound_the_log_rank_statistic(
    tmp_path: Path, row: str, p: str, sides: int, better: str, expected: tuple[float, float]
) -> None:
    target = the(read(tmp_path, MEDIAN, f"{row}, p = {p}, sides = {sides}", better=better), "log-rank z")
    assert (target.low, target.high) == pytest.approx(expected, abs=EXACT)


def test_p_values_of_unknown_sides_or_another_test_bind_nothing(tmp_path: Path) -> None:
    other = COUNTS + 'test = { name = "fisher_exact", sides = 2, significance_level = 0.05, source = "Methods" }\n'
    stated = COUNTS + 'test = { name = "log_rank", sides = 1, significance_level = 0.025, source = "Methods" }\n'
    for head, binds in ((COUNTS, False), (other, False), (stated, True)):
        found = read(tmp_path, MEDIAN, f"{RATIO}, p = 0.02", head=head)
        assert ("log-rank z" in {target.statistic for target in found.targets}) is binds


def test_survival_in_percent_and_as_fraction(tmp_path: Path) -> None:
    text = 'quantity = "survival", arm = "new", at = "12 months"'
    percent = read(tmp_path, f'{text}, unit = "percent", value = 63.5, low = 54.4, high = 72.6')
    fraction = read(tmp_path, f"{text}, value = 0.635, low = 0.544, high = 0.726")
    assert bounds(percent) == {key: pytest.approx(value) for key, value in bounds(fraction).items()}
    assert bounds(percent)["survival low", 1] == pytest.approx((0.5435, 0.5445))
    assert the(percent, "survival").at == 12.0
    assert percent.estimators.landmark == "plain"
    logarithmic = read(tmp_path, f"{text}, value = 0.635, low = 0.537, high = 0.751")
    assert logarithmic.estimators.landmark == "log"


def test_numbers_repeated_with_fewer_digits_are_left_out(tmp_path: Path) -> None:
    text = 'quantity = "survival", arm = "new", at = "12 months"'
    fine = f'{text}, unit = "percent", value = 63.5, low = 54.4, high = 72.6'
    for coarse in (f'{text}, unit = "percent", value = 64', f"{text}, value = 0.64"):
        for rows in ((fine, coarse), (coarse, fine)):
            found = read(tmp_path, *rows)
            assert len(found.targets) == 3
            assert the(found, "survival").low == pytest.approx(0.6345)
    # an interval that stands beside the coarser number alone is kept
    found = read(tmp_path, MEDIAN, RATIO, RATIO.partition("value")[0] + "value = 0.503")
    assert len([target for target in found.targets if target.statistic == "log hazard ratio"]) == 2
    assert the(found, "log hazard ratio low").low == pytest.approx(log(0.245))


def test_follow_up_gives_its_range_and_the_horizon(tmp_path: Path) -> None:
    text = 'quantity = "median", arm = "old", at = "follow-up", value = 12.9, low = 1, high = 23, spread = "range"'
    found = read(tmp_path, MEDIAN, text)
    got = bounds(found)
    assert got["follow-up median", 0] == pytest.approx((12.85, 12.95))
    assert got["follow-up minimum", 0] == pytest.approx((0.5, 1.5))
    assert got["follow-up maximum", 0] == pytest.approx((22.5, 23.5))
    assert found.horizon == 23.5
    late = 'quantity = "survival", arm = "new", at = "30 months", value = 0.4'
    assert read(tmp_path, text, late).horizon == pytest.approx(1.3 * 30)


def test_ranges_are_intervals_only_if_one_has_no_end(tmp_path: Path) -> None:
    ranged = MEDIAN + ', spread = "range"'
    assert bounds(read(tmp_path, ranged)) == {("quantile", 0): pytest.approx((7.95, 8.05))}
    endless = 'quantity = "median", arm = "new", value = 9.5, low = 6, high = "not reached", spread = "range"'
    found = read(tmp_path, ranged, endless)
    assert len(found.targets) == 6
    assert "confidence interval" in found.notes[0]


def test_events_known_in_one_arm_only_are_a_target(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN, head='counts = [{ arm = "new", events = 9, total = 20, source = "Results" }]\n')
    assert (found.events, found.totals) == ((None, 9), (40, 20))
    assert found.free_events
    assert bounds(found)["events", 1] == pytest.approx((8.6, 9.4))
    assert read(tmp_path, MEDIAN, head="").events == (None, None)


def test_patients_may_be_the_responders(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN, head='among = "response"\n')
    assert found.totals == (10, 9)
    assert "response" in found.notes[0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('quantity = "survival", arm = "new", at = "52 parsecs", value = 0.6', "\"12 months\", got '52 parsecs'"),
        ('quantity = "survival", arm = "new", at = "one year", value = 0.6', "got 'one year'"),
        ('quantity = "median", arm = "new", unit = "weeks", value = 40', "in months, got weeks"),
        (RATIO, "no time is printed"),
    ],
)
def test_what_cannot_be_placed_in_time_is_refused(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(AnalysisError, match="os: ") as caught:
        read(tmp_path, row)
    assert said in str(caught.value)


def test_other_kinds_of_endpoint_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(AnalysisError, match="expected a survival endpoint"):
        summaries_of(load_trial(path)["response"])


def test_the_shipped_trial() -> None:
    trial = load_trial("isatuximab-dexamethasone")
    survival = summaries_of(trial["os"])
    assert (survival.totals, survival.events) == ((109, 55), (50, 22))
    assert (survival.minimum_follow_up, survival.horizon) == (12.0, 24.5)
    assert len(survival.targets) == 22
    assert bounds(survival)["log-rank z", 0] == pytest.approx((norm.ppf(0.185), norm.ppf(0.195)))
    assert bounds(survival)["quantile high", 1] == (inf, inf)
    progression = summaries_of(trial["pfs"])
    assert progression.horizon == survival.horizon
    assert len(progression.targets) == 10
    responders = summaries_of(trial["duration-of-response"])
    assert (responders.totals, responders.events) == ((26, 24), (None, None))
    for summaries in (survival, progression, responders):
        assert summaries.mirrored().mirrored() == summaries


def test_alternatives_differ_in_one_choice_that_the_numbers_depend_on(tmp_path: Path) -> None:
    landmark = 'quantity = "survival", arm = "new", at = "12 months", value = 0.635, low = 0.544, high = 0.726'
    follow_up = 'quantity = "median", arm = "old", at = "follow-up", value = 12.9'
    found = read(tmp_path, MEDIAN, landmark, follow_up)
    others = found.alternatives
    assert len(set(others)) == len(others) == 5
    fields = ("median", "landmark", "follow_up")
    assert all(sum(getattr(one, name) != getattr(found.estimators, name) for name in fields) == 1 for one in others)
    assert len(read(tmp_path, MEDIAN).alternatives) == 2
    bare = read(tmp_path, 'quantity = "median", arm = "old", value = 8.0')
    assert bare.alternatives == ()
    for estimators in others:
        turned = found.assuming(estimators)
        assert turned.estimators == estimators
        assert [target.text for target in turned.targets] == [target.text for target in found.targets]
        assert the(turned, "quantile low").transform == estimators.median
        assert the(turned, "survival low").transform == estimators.landmark
