"""Units as people spell them, times in another unit than the endpoint's, and numbers that cannot be in theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reappraise.audit import ranges
from reappraise.core.errors import TrialFileError
from reappraise.core.units import DAYS, time_in
from reappraise.published.trial import Trial
from reappraise.survival.pseudo_ipd.published import summaries_of
from support.audit_trials import COUNTS, RESPONSE, SURVIVAL, estimate, write

type Written = Callable[..., Trial]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return lambda text: write(tmp_path, text)


@pytest.mark.parametrize("unit", ["percent", "%", "percentage points", "Percent"])
def test_a_percent_sign_is_percent(written: Written, unit: str) -> None:
    trial = written(
        RESPONSE + COUNTS.format(20, 20) + estimate("risk_difference", ("20", "5", "35", None), more=f'unit = "{unit}"')
    )
    (one,) = trial["response"].published.estimates
    assert one.unit == "percent"
    assert one.as_estimate(endpoint="response").value == pytest.approx(0.2)


def landmark(at: str, unit: str = "percent", value: str = "70") -> str:
    return estimate("survival", (value, None, None, None), arm="c", more=f'at = "{at}"\nunit = "{unit}"')


@pytest.mark.parametrize(("at", "months"), [("1 year", 12), ("12", 12), ("12 mo", 12), ("26 weeks", 26 * 7 / 30.4375)])
def test_landmarks_are_converted_to_the_unit_of_the_endpoint(written: Written, at: str, months: float) -> None:
    ratio = estimate("hazard_ratio", ("0.70", "0.50", "0.98", None))
    (one,) = [
        target
        for target in summaries_of(written(SURVIVAL + COUNTS.format(60, 24) + ratio + landmark(at))["survival"]).targets
        if target.statistic == "survival"
    ]
    assert one.at == pytest.approx(months)


def test_a_year_is_twelve_months_and_units_go_both_ways() -> None:
    assert time_in("1 year", "months") == 12
    assert all(time_in(f"{time_in('3', one)} {one}", one) == 3 for one in DAYS)
    assert time_in("12 parsecs", "months") is None


def test_events_before_the_start_of_a_range_are_judged_in_one_unit(written: Written) -> None:
    # at 1 year, 12 months, survival below 1 says nothing of a range from 5.6 months on
    reached = estimate("median", ("9.3", "5.6", "20", None), arm="c", more='unit = "months"\nspread = "range"')
    (found,) = ranges.check(written(SURVIVAL + COUNTS.format(60, 24) + reached + landmark("1 year")))
    assert found.verdict == "consistent"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SURVIVAL + landmark("12 months", "", "16.6"),
            'as a fraction of 1, got 16.6; for percent write unit = "percent"',
        ),
        (
            SURVIVAL + landmark("12 months", "weeks", "16.6"),
            "expected unit = \"percent\" or none for survival, got 'weeks'",
        ),
        (SURVIVAL.replace('"months"', '"parsecs"'), "one of hours, days, weeks, months, years, got 'parsecs'"),
    ],
)
def test_a_number_that_cannot_be_in_its_unit_is_refused_with_what_to_write(
    written: Written, text: str, said: str
) -> None:
    with pytest.raises(TrialFileError) as caught:
        written(text)
    assert said in str(caught.value)


def test_patients_in_days_are_read_into_an_endpoint_in_months(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("futime;status;rx\n365,25;2;1\n0;2;1\n30,4375;1;2\n", encoding="utf-8")
    form = 'time = "futime", event = "status", arm = "rx", unit = "days", arms = { 1 = "c", 2 = "e" }, events = [2]'
    read = f'individual_data = "patients.csv"\nindividual_format = {{ {form} }}\n'
    data = write(tmp_path, SURVIVAL + read).patients["survival"]
    assert data.time[0, 0].tolist() == [12.0, 0.0, 1.0]
    assert data.event[0, 0].tolist() == [True, True, False]
    for change, said in (
        (lambda text: text.replace('1 = "c"', '1 = "d"'), "individual_format.arms"),
        (lambda text: text.replace('individual_data = "patients.csv"\n', ""), "expected individual_data beside it"),
        (lambda text: text.replace('unit = "days"', 'unit = "parsecs"'), "a unit of time"),
    ):
        with pytest.raises(TrialFileError, match=said):
            write(tmp_path, SURVIVAL + change(read))
