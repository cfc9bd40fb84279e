"""What a trial was planned for: its priors, the sizes of benefit that are asked for, and what no plan can be."""

from __future__ import annotations

import tomllib
from math import exp, log
from pathlib import Path

import pytest

from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.survival.plan import MARGINS, UNPLANNED, Plan, beyond
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial
from support.data import SURVIVAL


def test_the_priors_know_the_planned_ratio() -> None:
    plan = Plan(hazard_ratio=0.6)
    _, _, sceptical, enthusiastic = plan.priors
    assert exp(enthusiastic.mean) == pytest.approx(0.6)
    assert sceptical.sd == pytest.approx(abs(log(0.6)) / 1.645)
    assert plan.named("enthusiastic") == enthusiastic
    assert plan.named(sceptical) is sceptical
    assert UNPLANNED.priors == hazard_ratio_priors()
    with pytest.raises(AnalysisError, match="unknown prior 'flat'; expected one of reference, wide"):
        plan.named("flat")


@pytest.mark.parametrize("ratio", [0.02, 50.0])
def test_no_prior_on_a_planned_ratio_is_wider_than_the_one_that_reconstructions_are_drawn_under(ratio: float) -> None:
    wide = max(hazard_ratio_priors(), key=lambda prior: prior.sd)
    assert all(prior.sd <= wide.sd for prior in Plan(hazard_ratio=ratio).priors)


def test_the_planned_ratio_is_a_margin_and_exchanged_arms_mirror_it() -> None:
    assert Plan(hazard_ratio=0.7).margins == (0.9, 0.8, 0.7)
    assert UNPLANNED.margins == MARGINS
    assert Plan(hazard_ratio=1.3).margins == MARGINS  # planned for harm: no size of benefit
    assert Plan(hazard_ratio=0.5).swapped().hazard_ratio == 2
    assert Plan(hazard_ratio=0.5).swapped().swapped() == Plan(hazard_ratio=0.5)
    assert (beyond(0.8, "higher"), beyond(0.8, "lower")) == ("hazard ratio < 0.8", "hazard ratio > 1.25")


def test_a_gain_of_the_restricted_mean_is_a_share_of_its_horizon_where_none_is_stated() -> None:
    assert UNPLANNED.gain(12.0) == pytest.approx(0.6)
    assert Plan(restricted_mean=2.0).gain(12.0) == 2.0
    # the reason given for it: a ratio of 0.8 where half of the controls have had the event by the horizon
    rate = log(2)
    gain = (1 - exp(-0.8 * rate)) / (0.8 * rate) - (1 - exp(-rate)) / rate
    assert gain == pytest.approx(0.05, abs=0.005)


def _written(tmp_path: Path, line: str) -> Path:
    text = SURVIVAL.read_text(encoding="utf-8")
    assert tomllib.loads(text)["endpoints"]
    first = text.index('kind = "survival"')
    path = tmp_path / "trial.toml"
    path.write_text(text[:first] + line + "\n" + text[first:], encoding="utf-8")
    for other in SURVIVAL.parent.glob("*.csv"):
        (tmp_path / other.name).write_bytes(other.read_bytes())
    return path


def test_a_trial_file_states_it_of_the_event_as_it_counts_it(tmp_path: Path) -> None:
    trial = load_trial(_written(tmp_path, "planned_hazard_ratio = 0.65\nrestricted_mean_margin = 1.5"))
    stated = next(one.published for one in trial.of(SurvivalEndpoint) if one.published.planned_hazard_ratio)
    assert stated.plan == Plan(hazard_ratio=0.65, restricted_mean=1.5)
    assert stated.model_copy(update={"better": "lower"}).plan.hazard_ratio == pytest.approx(1 / 0.65)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("planned_hazard_ratio = 1", "expected a planned ratio other than 1"),
        ("planned_hazard_ratio = 0", "planned_hazard_ratio"),
        ("planned_hazard_ratio = 1e300", "planned_hazard_ratio"),
        ("planned_hazard_ratio = 0.019", "planned_hazard_ratio"),
        ("restricted_mean_margin = -2", "restricted_mean_margin"),
    ],
)
def test_what_no_plan_can_be_is_refused_with_its_key(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(TrialFileError, match=said):
        load_trial(_written(tmp_path, line))
