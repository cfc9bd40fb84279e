"""What may lie behind a contrast that counts do not give: found where it is made, and adjusted papers not blamed."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.api import GLM, families

from reappraise.audit import contrasts_from_counts, log_symmetry, p_from_interval, percentages
from reappraise.audit.digits import texts
from reappraise.audit.finding import Finding
from support.audit_trials import COUNTS, RESPONSE, estimate, unchecked

RATIO = ("2.00", "1.19", "3.36", None)  # 20 of 50 over 20 of 100: log 2 -+ 1.96 sqrt(1/20 - 1/50 + 1/20 - 1/100)


def finding(numbers: tuple[str | None, ...], *, more: str = "", counts: str = "") -> Finding:
    text = RESPONSE + (counts or COUNTS.format(20, 20)) + estimate("risk_ratio", numbers, more=more)
    (found,) = contrasts_from_counts.check(unchecked(text))
    return found


def test_the_counts_give_it() -> None:
    assert finding(RATIO).verdict == "consistent"


@pytest.mark.parametrize(
    ("numbers", "more", "said"),
    [
        (RATIO, 'level = "0.90"', "an interval of 0.95 instead of 0.9 (Katz log)"),
        (("2.00", "1.21", "3.30", None), "", "adjustment or stratification that is not named"),
        (("2.40", "1.43", "4.02", None), "", "adjustment or stratification that is not named"),
        (("2.00", "1.02", "3.93", None), "", "a design or model that widens the interval"),
        (("2.00", "1.09", "3.36", None), "", "a wrong digit: lower limit 1.09, where 1.19 would fit (Katz log)"),
        (("2.06", "1.19", "3.36", None), "", "a wrong digit: value 2.06, where 2.00 would fit (Katz log)"),
        (("0.50", "0.30", "0.84", None), "", "exchanged arms ("),
        (("0.75", "0.59", "0.96", None), "", "patients without the event ("),
        (("1.33", "1.07", "1.66", None), "", "None of the usual causes fits"),
        (("9.00", "8.00", "10.1", None), "", "None of the usual causes fits"),
        (("2.40", "1.43", "4.02", None), 'how = ["adjusted"]', "print says so: adjusted"),
        (("2.40", "1.43", "4.02", None), 'method = "Mantel-Haenszel"', "print says so: stratified"),
    ],
)
def test_a_cause_is_named_where_it_fits(numbers: tuple[str | None, ...], more: str, said: str) -> None:
    found = finding(numbers, more=more)
    assert found.verdict == "not reproduced"
    assert said in found.message, found.message


def test_the_nearest_method_is_named_with_its_distance() -> None:
    # log 2.4 - log 2 = 0.182, over log(4.02 / 1.43) / 3.92 = 0.264
    assert (
        "The nearest is Katz log, 2 (1.191 to 3.359), 0.69 standard errors away."
        in finding(("2.40", "1.43", "4.02", None)).message
    )


def test_what_is_said_to_be_crude_and_is_not_is_inconsistent() -> None:
    found = finding(("2.40", "1.43", "4.02", None), more='how = ["crude"]')
    assert (found.verdict, found.message.endswith("Print says that it is crude.")) == ("inconsistent", True)


def test_another_population_is_named() -> None:
    # 20 of 51 over 20 of 102
    said = finding(("2.00", "1.19", "3.37", None)).message
    assert "another population, Randomised patients: 51 and 102 patients" in said


def test_a_wrong_count_is_named_unless_its_percentage_agrees() -> None:
    right = ("2.60", "1.62", "4.18", None)  # 26 of 50 over 20 of 100
    wrong = COUNTS.format(20, 20)
    assert "a wrong digit: 20 events of 50 with E, where 26 would fit (" in finding(right, counts=wrong).message
    sure = wrong.replace("total = 50", 'total = 50\npercent = "40"')
    assert "a wrong digit: 20 events" not in finding(right, counts=sure).message


CHECKS = (percentages.check, contrasts_from_counts.check, p_from_interval.check, log_symmetry.check)


def verdicts(text: str) -> set[str]:
    trial = unchecked(text)
    return {found.verdict for check in CHECKS for found in check(trial)}


def counted(control: tuple[int, int], treated: tuple[int, int], percents: tuple[str, str]) -> str:
    """Counts in a population of their own sizes."""
    rows = zip(("c", "e"), (control, treated), percents, strict=True)
    return RESPONSE + "".join(
        f'[[endpoints.counts]]\narm = "{arm}"\nevents = {events}\ntotal = {total}\npercent = "{percent}"\n'
        'source = "Results"\n'
        for arm, (events, total), percent in rows
    )


@pytest.mark.slow
def test_no_paper_with_an_adjusted_estimate_is_called_inconsistent() -> None:
    """200 trials, the odds ratio adjusted for a strong covariate, which print does not mention."""
    rng = np.random.default_rng(20261127)
    away = 0
    for _ in range(200):
        size = int(rng.integers(40, 400))
        arm, covariate = np.repeat([0.0, 1.0], size), rng.normal(size=2 * size)
        effect, strength = rng.normal(0, 0.5), rng.uniform(0.5, 1.5)
        event = rng.random(2 * size) < 1 / (1 + np.exp(0.5 - effect * arm - strength * covariate))
        fit = GLM(event.astype(float), np.column_stack([np.ones(2 * size), arm, covariate]), families.Binomial()).fit()
        value, (low, high), p = np.exp(fit.params[1]), np.exp(fit.conf_int()[1]), fit.pvalues[1]
        events = [int(event[arm == which].sum()) for which in (0, 1)]
        percents = [f"{100 * number / size:.1f}" for number in events]
        said = "<0.001" if p < 0.001 else f"{p:.3f}"
        found = verdicts(
            counted((events[0], size), (events[1], size), (percents[0], percents[1]))
            + estimate("odds_ratio", (f"{value:.2f}", f"{low:.2f}", f"{high:.2f}", said), more="sides = 2")
        )
        assert "inconsistent" not in found
        away += "not reproduced" in found
    assert away > 180  # it is seen that they are not crude


@pytest.mark.slow
def test_most_wrong_digits_of_crude_papers_are_found() -> None:
    """200 trials, one digit of one printed number mistyped: at least 80% are found, and none without a mistake."""
    rng = np.random.default_rng(20261128)
    found = 0
    for _ in range(200):
        totals = [int(rng.integers(40, 400)) for _ in range(2)]
        events = [int(rng.integers(total // 8, 7 * total // 8)) for total in totals]
        rates = [number / total for number, total in zip(events, totals, strict=True)]
        error = np.sqrt(sum(1 / number - 1 / total for number, total in zip(events, totals, strict=True)))
        ratio = rates[1] / rates[0]
        numbers = [f"{ratio * np.exp(step * 1.959964 * error):.2f}" for step in (0, -1, 1)]
        percents = [f"{100 * rate:.1f}" for rate in rates]
        printed = [*numbers, *percents]

        def paper(printed: list[str], totals: list[int] = totals, events: list[int] = events) -> set[str]:
            return verdicts(
                counted((events[0], totals[0]), (events[1], totals[1]), (printed[3], printed[4]))
                + estimate("risk_ratio", (*printed[:3], None))
            )

        assert paper(printed) == {"consistent"}
        which = int(rng.integers(len(printed)))
        others = [text for text in texts(printed[which]) if which < 3 or float(text) <= 100]
        mistyped = [*printed]
        mistyped[which] = others[int(rng.integers(len(others)))]
        found += bool(paper(mistyped) - {"consistent", "cannot judge"}) or impossible(mistyped)
    assert found >= 160


def impossible(printed: list[str]) -> bool:
    """Whether the value lies outside its interval: a finding of a check of its own."""
    value, low, high = (float(text) for text in printed[:3])
    return not low <= value <= high


def test_a_ratio_upside_down_is_told_before_its_adjustment() -> None:
    # 20 of 50 over 20 of 100 is 2; 0.51, adjusted, is its inverse and a little more
    upside = finding(("0.51", "0.30", "0.86", None), more='how = ["adjusted"]')
    assert (upside.verdict, "exchanged arms" in upside.message) == ("not reproduced", True), upside.message
    right = finding(("1.9", "1.1", "3.2", None), more='how = ["adjusted"]')
    assert "print says so: adjusted" in right.message


def test_a_level_that_was_forgotten_is_told_beside_adjustment() -> None:
    # Katz's 99.5% interval of a ratio of 2 is 0.95 to 4.21; here that of an adjusted 2.1
    found = finding(("2.10", "1.00", "4.42", None))
    assert "an interval of 0.995 instead of 0.95, perhaps adjusted" in found.message, found.message


def test_a_percentage_that_may_be_a_fraction_is_asked_about() -> None:
    counts = COUNTS.replace("events = {}", "{}").format('percent = "0.44"', 'percent = "0.36"')
    found = list(percentages.check(unchecked(RESPONSE + counts)))
    assert [one.verdict for one in found] == ["cannot judge", "cannot judge"]
    assert found[0].message == "Is 0.44 a fraction of 1? Then write percent = 44: 44 of 100 patients."


@pytest.mark.parametrize(
    ("events", "percent", "said"),
    [
        (715, "24.9", "715 of 3012 is not 24.9%; 751 of 3012, one digit away, would be right."),
        (751, "29.4", "751 of 3012 is not 29.4%; 24.9%, one digit away, would be right."),
        (751, "33.1", "751 of 3012 is not 33.1%; 996 to 998 of 3012 would be."),
    ],
)
def test_a_digit_that_would_make_a_percentage_right_is_named(events: int, percent: str, said: str) -> None:
    text = counted((829, 3010), (events, 3012), ("27.5", percent))
    found = [one for one in percentages.check(unchecked(text)) if one.verdict == "inconsistent"]
    assert [one.message for one in found] == [said]


def test_an_interval_that_another_method_may_have_made_is_not_put_down_to_the_design() -> None:
    found = finding(("2.00", "1.20", "3.38", None))  # Katz's is 1.19 to 3.36
    assert "another method for the interval" in found.message
