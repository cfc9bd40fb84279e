"""Medians of a level of which no ratio is printed."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reappraise.core.prior import LogRatioPrior
from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.classical.kaplan_meier import kaplan_meier, quantile
from reappraise.survival.printed.job import fit_printed_survival
from reappraise.survival.printed.published import print_of
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.classical import heterogeneity, recompute_subgroups
from reappraise.survival.subgroups.medians import FLAT, ratio_of_medians
from reappraise.survival.subgroups.published import SurvivalLevel
from reappraise.survival.subgroups.reading import subgroups_of
from support.subgroups import ASIA, ASIA_EVENTS

type Altered = Callable[..., Any]
type Floats = NDArray[np.float64]


def median(arm: str, value: str, low: str, high: str) -> str:
    return (
        f'{{ quantity = "median", arm = "{arm}", value = "{value}", low = "{low}", high = "{high}", source = "Text" }}'
    )


def asia(control: tuple[str, str, str], experimental: tuple[str, str, str]) -> str:
    own = f"{median('placebo', *control)}, {median('drug', *experimental)}"
    return ASIA_EVENTS.replace("\n  ] },\n", f"\n  ], estimates = [ {own} ] }},\n")


SHORTER, LONGER = ("8.1", "5.6", "11.3"), ("12.4", "8.2", "17.9")


def test_medians_stand_for_a_ratio_where_none_is_printed(altered: Altered) -> None:
    table = subgroups_of(altered((ASIA, asia(SHORTER, LONGER))), "region")
    level = table.levels[2]
    assert (level.basis, level.printed) == ("medians", "medians placebo 8.1 and drug 12.4 months")
    assert level.standard_error[0] == pytest.approx(sqrt(1 / 25 + 1 / 24))
    assert log(8.1 / 12.4) < level.centre < 0  # nearly as many have died in both arms
    assert level.log_ratio is not None
    spread = (level.log_ratio[1] - level.log_ratio[0]) / sqrt(12)
    # medians alone would have 1 / (log 2)^2 = 2.1 times the variance of an efficient estimate; deaths tell more
    assert 0.2 < spread / level.error < 1.1
    assert table.notes[0].startswith(
        "no ratio of Asia is printed: its medians stand for one, with a standard error of 0."
    )


def test_they_are_no_classical_estimate(altered: Altered) -> None:
    table = subgroups_of(altered((ASIA, asia(SHORTER, LONGER))), "region")
    assert {one.population for one in recompute_subgroups(table, level=0.95)} == {
        "region=europe",
        "region=america",
        "all",
    }
    found = heterogeneity(table)
    assert found is not None
    assert found.degrees == 1


def test_exchanging_the_arms_mirrors_them(os: TrialEndpoint[SurvivalEndpoint]) -> None:
    def level(*arms: str) -> SurvivalLevel:
        numbers = zip(arms, (25, 24), (35, 34), (SHORTER, LONGER), strict=True)
        keys = ("value", "low", "high")
        counts, estimates = [], []
        for arm, events, total, median_of in numbers:
            counts.append({"arm": arm, "events": events, "total": total, "source": "Text"})
            own = dict(zip(keys, median_of, strict=True))
            estimates.append({"arm": arm, "quantity": "median", "source": "Text", **own})
        return SurvivalLevel.model_validate({"key": "x", "label": "X", "counts": counts, "estimates": estimates})

    found, turned = (ratio_of_medians(os, level(*arms)) for arms in (("placebo", "drug"), ("drug", "placebo")))
    assert found is not None
    assert turned is not None
    assert turned.log_ratio == pytest.approx(-found.log_ratio, abs=1e-3)  # the search for the mode ends there
    assert turned.error == pytest.approx(found.error, rel=1e-2)


def test_beside_a_ratio_medians_say_nothing_more_about_it(altered: Altered) -> None:
    more = ASIA.replace("\n  ] },\n", f"\n    {median('placebo', *SHORTER)}, {median('drug', *LONGER)},\n  ] }},\n")
    found = subgroups_of(altered((ASIA, more)), "region")
    assert found.levels == subgroups_of(altered(), "region").levels
    assert found.notes == ("medians of Asia stand as printed: beside its ratio they say nothing more about it",)


FIRST = median("placebo", *SHORTER)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (FIRST, FIRST.replace(" }", ', unit = "weeks" }'), "expected the median of placebo in months, got weeks"),
        (f"{FIRST}, ", "", "for that, medians, patients and events of both arms are needed"),
    ],
)
def test_medians_that_do_not_suffice_leave_the_level_to_its_events(
    altered: Altered, old: str, new: str, said: str
) -> None:
    text = asia(SHORTER, LONGER)
    assert old in text
    table = subgroups_of(altered((ASIA, text.replace(old, new))), "region")
    assert table.levels[2].basis == "events"
    assert table.notes[0].startswith("the medians of Asia are not used: ")
    assert said in table.notes[0]


@pytest.mark.sampling
def test_it_is_the_posterior_of_the_print_with_its_prior_taken_out(altered: Altered) -> None:
    item = altered((ASIA, asia(SHORTER, LONGER)))
    (level,) = (one for one in item.published.factor("region").levels if one.key == "asia")
    found = ratio_of_medians(item, level)
    assert found is not None
    own = item.published.model_copy(update={"counts": level.counts, "printed": level.estimates, "factors": ()})
    wide = LogRatioPrior(name="flat", label="Flat", mean=0.0, sd=FLAT.sd, rationale="test", ratio="hazard")
    summaries = print_of(type(item)(item.trial, own)).summaries
    fit = fit_printed_survival(summaries, prior=wide, sampling=Sampling(seed=1))
    draws = np.log(fit.tree["posterior"]["hazard_ratio"].to_numpy().astype(np.float64))
    # normal at the mode: of 25 and 24 events it is off by a tenth of a standard deviation in places
    assert draws.mean() == pytest.approx(found.log_ratio, abs=0.15 * found.error)
    assert draws.std() == pytest.approx(found.error, rel=0.15)


@pytest.mark.slow
def test_over_many_trials_it_lies_about_the_truth_and_about_coxs_estimate_as_it_says(
    os: TrialEndpoint[SurvivalEndpoint],
) -> None:
    """Means and mean squares of 30 standard normal numbers: bounds that one in ten thousand such tests would cross."""
    truth, size, rng = log(0.6), 60, np.random.default_rng(7)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), size)
    from_truth, from_cox = [], []
    for _ in range(30):
        time = rng.exponential(12 * np.exp(-truth * arm))
        ends = rng.uniform(12, 30, 2 * size)
        event = time <= ends
        time = np.minimum(time, ends)
        found = ratio_of_medians(os, printed_as(time, event, arm))
        assert found is not None
        error = sqrt(sum(1 / int(event[arm == one].sum()) for one in (0, 1)))
        from_truth.append((found.log_ratio - truth) / found.error)
        from_cox.append((found.log_ratio - hazard_ratio(time, event, arm).log_value) / found.noise(error))
    for z in (np.array(from_truth), np.array(from_cox)):
        assert abs(z.mean()) < 3.9 / sqrt(30)
        assert 0.35 < np.square(z).mean() < 2.2


def printed_as(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8]) -> SurvivalLevel:
    """A level as a paper prints it: patients, events and medians with limits."""
    counts, estimates = [], []
    for code, key in enumerate(("placebo", "drug")):
        own = arm == code
        found = quantile(kaplan_meier(time[own], event[own]), 0.5, scale="log-log")
        source = {"arm": key, "source": "Text"}
        counts.append({**source, "events": int(event[own].sum()), "total": int(own.sum())})
        numbers = {"value": found.value, "low": found.low, "high": found.high}
        known = {name: f"{number:.1f}" if np.isfinite(number) else "not reached" for name, number in numbers.items()}
        estimates.append({**source, "quantity": "median", **known})
    return SurvivalLevel.model_validate({"key": "asia", "label": "Asia", "counts": counts, "estimates": estimates})
