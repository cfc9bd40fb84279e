"""Beyond the follow-up: closed forms, quadrature, mirrored arms, a twin of external rows, and words that say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

import reappraise as ra
from reappraise.core.errors import AnalysisError
from reappraise.fits.store import Store
from reappraise.survival import estimands as of
from reappraise.survival.beyond.external import clock
from reappraise.survival.beyond.extrapolate import ExtrapolatedFit, extrapolate
from reappraise.survival.beyond.hazards import longer
from reappraise.survival.beyond.rule import ExternalRow, Extrapolation
from reappraise.survival.hazard import Grid
from support.figures import texts
from support.hazard_fits import FAILED, hazard_fit, normal_draws

AFTER = 24.0
RATES = (np.log(0.05), np.log(0.03))
ROWS = (ExternalRow(start=24, stop=36, n=300, r=190), ExternalRow(start=36, stop=60, n=190, r=120))
ROWS_BY_ARM = (replace(ROWS[0], arm="placebo"), replace(ROWS[1], arm="drug"))


def draws_of(found: ExtrapolatedFit, name: str) -> np.ndarray:
    return found.tree["posterior"][name].transpose("chain", "draw", ...).to_numpy().astype(np.float64)


def test_constant_hazards_are_the_exponentials() -> None:
    log_hazard = normal_draws(RATES)
    found = extrapolate(hazard_fit(log_hazard), rule="constant", landmarks=(36.0, 60.0), horizons=(48.0,))
    rate = np.exp(log_hazard)
    # stored in single precision: seven digits of the rate, times up to 5 of the exponent
    assert draws_of(found, "survival_at") == pytest.approx(np.exp(-rate * np.array([36.0, 60.0])), rel=5e-6)
    assert draws_of(found, "restricted_mean") == pytest.approx(-np.expm1(-rate * 48.0) / rate, rel=1e-6)


@pytest.mark.parametrize("wane_by", [30.0, 48.0, 200.0])
def test_a_waning_ratio_is_that_of_the_integrated_hazards(wane_by: float) -> None:
    first = np.log(np.array([[[[0.02, 0.05], [0.03, 0.02]]]]))
    grid, to = Grid((10.0,), AFTER), 70.0
    whole = longer(first, grid, to=to, times=(37.0,), wane_by=wane_by)
    middle, ratio = np.log(0.05 * 0.02) / 2, np.log(0.02 / 0.05)
    for arm, (code, early) in enumerate(((-0.5, 0.02), (0.5, 0.03))):

        def hazard(time: float, code: float = code, early: float = early) -> float:
            if time <= 10:
                return early
            left = 1.0 if time <= AFTER else max(0.0, (wane_by - time) / (wane_by - AFTER))
            return float(np.exp(middle + code * ratio * left))

        def survival(time: float, hazard=hazard) -> float:  # type: ignore[no-untyped-def]  # bound in the loop
            kinks = [kink for kink in (10.0, AFTER, wane_by) if kink < time]
            return float(np.exp(-integrate.quad(hazard, 0, time, points=kinks or None, epsabs=1e-11)[0]))

        own = whole.log_hazard[0, 0, arm]
        for time in (37.0, to):
            assert of.survival(own, whole.grid, time)[0] == pytest.approx(survival(time), rel=1e-9)
        kinks = [kink for kink in (10.0, AFTER, wane_by) if kink < to]
        mean = integrate.quad(survival, 0, to, points=kinks, epsabs=1e-9, limit=200)[0]
        assert of.restricted_mean(own, whole.grid, to)[0] == pytest.approx(mean, rel=1e-5)


def test_a_ratio_that_has_waned_is_one_and_not_reported_as_a_finding() -> None:
    found = extrapolate(hazard_fit(normal_draws(RATES)), rule="waning", wane_by=36.0, landmarks=(30.0, 48.0))
    reported = {item.at for item in found.estimates if item.quantity == "hazard_ratio"}
    assert reported == {"30 months, extrapolated"}
    halfway = next(item for item in found.estimates if item.quantity == "hazard_ratio")
    assert halfway.value == pytest.approx((0.03 / 0.05) ** 0.5, abs=0.02)
    assert of.hazard_ratio(draws_of(found, "log_hazard"), found.job.questions(found.tree).grid, 48.0) == pytest.approx(
        1.0, abs=1e-6
    )


@pytest.mark.parametrize(
    ("rule", "rows", "mirrored"),
    [
        (Extrapolation(rule="constant"), (), ()),
        (Extrapolation(rule="waning", wane_by=50.0), (), ()),
        (Extrapolation(rule="external", rows=ROWS), ROWS, ROWS),
        (
            Extrapolation(rule="external", rows=ROWS_BY_ARM, wane_by=50.0),
            ROWS_BY_ARM,
            (replace(ROWS[0], arm="drug"), replace(ROWS[1], arm="placebo")),
        ),
    ],
)
def test_exchanging_the_arms_mirrors_it(
    rule: Extrapolation, rows: tuple[ExternalRow, ...], mirrored: tuple[ExternalRow, ...]
) -> None:
    log_hazard = normal_draws(RATES, size=(4, 200))
    asked = {"rule": rule.rule, "wane_by": rule.wane_by, "landmarks": (36.0, 60.0)}
    one = extrapolate(hazard_fit(log_hazard), rows=rows, **asked)  # type: ignore[arg-type]  # by name
    other = extrapolate(hazard_fit(log_hazard[:, :, ::-1]), rows=mirrored, **asked)  # type: ignore[arg-type]  # as above
    for name in ("survival_difference", "restricted_mean_difference"):
        # the same random numbers, single precision
        assert draws_of(one, name) == pytest.approx(-draws_of(other, name), abs=2e-5)


@pytest.mark.parametrize(("start", "alive"), [(24.0, 85), (12.0, 58)])
def test_external_rows_are_those_of_the_quadrature(start: float, alive: int) -> None:
    """One interval within, one beyond; level normal, walk's sd known: the joint posterior is a plane integral.

    Four Monte Carlo standard errors at 1,000 effective draws, of 8,000 weighted: four means fail once in 4,000 runs.
    """
    mean, sd, walk_sd = np.log(0.04), 0.4, 0.9
    rng = np.random.default_rng(11)
    level, half = mean + sd * rng.normal(size=(4, 2000)), 0.1 * rng.normal(size=(4, 2000))
    log_hazard = np.stack([level - half, level + half], axis=-1)[..., None]
    row = ExternalRow(start=start, stop=48.0, n=150, r=alive)
    fit = hazard_fit(log_hazard, walk_sd=np.full(level.shape, walk_sd))
    found = extrapolate(fit, rule="external", rows=(row,), landmarks=(40.0,))
    assert found.converged, found.diagnosis.failures
    reached = clock(np.array([12.0, 36.0]), AFTER)
    within, step = np.meshgrid(np.linspace(mean - 6 * sd, mean + 6 * sd, 801), np.linspace(-7, 7, 801), indexing="ij")
    beyond = within + walk_sd * np.sqrt(reached[1] - reached[0]) * step
    hazard = np.exp(within) * (AFTER - start) + np.exp(beyond) * (48.0 - AFTER)
    weight = stats.norm.pdf(within, mean, sd) * stats.norm.pdf(step) * stats.binom.pmf(row.r, row.n, np.exp(-hazard))
    weight /= weight.sum()
    ours = draws_of(found, "log_hazard").mean(axis=2)
    for place, exact in ((0, within), (-1, beyond)):
        centre = float((weight * exact).sum())
        spread = float(np.sqrt((weight * np.square(exact - centre)).sum()))
        assert ours[..., place].mean() == pytest.approx(centre, abs=4 * spread / np.sqrt(1000))
        assert ours[..., place].std() == pytest.approx(spread, rel=0.12)
    # a negative control: without the rows the level within would be elsewhere
    assert abs(float((weight * within).sum()) - mean) > 0.05


def test_the_walk_goes_on_by_the_clock_that_it_has_within_the_follow_up() -> None:
    grid = Grid((2.0, 5.0, 11.0), AFTER)
    middles = grid.starts + grid.lengths / 2
    steps = np.square(np.diff(grid.centred_walk, axis=0)).sum(axis=1)
    assert np.diff(clock(middles, AFTER)) == pytest.approx(steps, rel=1e-12)


def test_external_rows_that_lie_far_from_the_trial_fail_a_check_that_says_what_to_look_at() -> None:
    fit = hazard_fit(normal_draws(RATES, sd=0.05), walk_sd=np.abs(np.random.default_rng(3).normal(size=(4, 1000))) / 4)
    rows = (ExternalRow(start=24, stop=36, n=100_000, r=99_990),)
    found = extrapolate(fit, rule="external", rows=rows, to=36.0)
    assert not found.converged
    assert any("unit of time" in advice for advice in found.diagnosis.advice)


def test_every_number_says_that_it_is_extrapolated_and_by_which_rule() -> None:
    found = extrapolate(hazard_fit(normal_draws((np.log(0.02), np.log(0.015)))), rule="constant", landmarks=(36.0,))
    said = "hazards constant after 24 months"
    assert found.estimates
    for item in found.estimates:
        assert item.extrapolated == said
        assert item.method.startswith(f"extrapolated: {said}; posterior median")
        assert item.at.endswith("extrapolated")
    # both medians lie beyond the follow-up; where they do not, the fit itself tells them
    assert {item.arm for item in found.estimates if item.quantity == "median"} == {"placebo", "drug"}
    early = extrapolate(hazard_fit(normal_draws((np.log(0.2), np.log(0.15)))), rule="constant", landmarks=(36.0,))
    assert not {"median", "not_reached"} & {item.quantity for item in early.estimates}
    assert said in early._repr_html_()


def test_a_fit_that_failed_makes_its_extrapolation_fail() -> None:
    found = extrapolate(hazard_fit(normal_draws(RATES), diagnosis=FAILED), rule="constant", to=48.0)
    assert not found.converged
    assert "tune for longer" in found.diagnosis.advice
    assert not any(item.converged for item in found.estimates)


def test_the_figure_marks_what_is_extrapolated() -> None:
    found = extrapolate(
        hazard_fit(normal_draws(RATES)), rule="external", rows=(*ROWS_BY_ARM, ExternalRow(start=24, stop=30, n=9, r=8)),
        to=60.0,
    )  # fmt: skip
    figure = found.plot()
    said = " ".join(texts(figure))
    assert said.count("extrapolated") >= 3
    assert "from 3 external rows up to 60 months" in said
    assert "stand for no arm" in said
    left, _ = figure.axes
    styles = {line.get_linestyle() for line in left.get_lines()}
    assert {"-", "--"} <= styles
    assert any(float(np.max(line.get_xdata())) <= AFTER for line in left.get_lines() if line.get_linestyle() == "-")


def test_it_is_stored_and_found(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's
    found = extrapolate(hazard_fit(normal_draws(RATES)), rule="external", rows=ROWS, landmarks=(36.0,))
    with Store.open(tmp_path) as store:
        store.write_fit(found)
        kept = store.read_fit(found.job)
    assert kept is not None
    assert kept.diagnosis == found.diagnosis
    assert kept.estimates == found.estimates
    assert kept.tree.attrs["extrapolated"] == found.job.words
    assert kept.tree["external_data"]["r"].to_numpy().tolist() == [190, 120]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rule": "constant"}, "expected landmarks, horizons or to"),
        ({"rule": "constant", "landmarks": (12.0, 48.0)}, "after the follow-up of 24 months.*Ask the fit itself"),
        ({"rule": "constant", "to": 24.0}, "expected times beyond the follow-up of 24 months, got 24"),
        ({"rule": "constant", "to": 48.0, "wane_by": 48.0}, 'write rule = "waning"'),
        ({"rule": "waning", "to": 48.0}, "expected wane_by"),
        ({"rule": "waning", "to": 48.0, "wane_by": 20.0}, "expected wane_by after the follow-up of 24 months, got 20"),
        ({"rule": "external", "to": 48.0}, "expected rows of start, stop, n and r"),
        ({"rule": "constant", "to": 48.0, "rows": ROWS}, 'write rule = "external"'),
        ({"rule": "external", "to": 48.0, "rows": (ROWS[0], ROWS[0])}, "overlap, so that people would count twice"),
        ({"rule": "external", "to": 48.0, "rows": (replace(ROWS[0], arm="other"),)}, "among placebo and drug"),
        (
            {"rule": "external", "to": 48.0, "rows": (ExternalRow(start=0, stop=12, n=9, r=8),)},
            "reaches beyond the follow-up of 24 months; the last one ends at 12",
        ),
        ({"rule": "linear", "to": 48.0}, "unknown rule 'linear'; expected one of constant, waning, external"),
    ],
)
def test_what_has_no_answer_is_refused_in_words(asked: dict[str, object], said: str) -> None:
    fit = hazard_fit(normal_draws(RATES, size=(2, 100)))
    with pytest.raises(AnalysisError, match=said):
        extrapolate(fit, **asked)  # type: ignore[arg-type]  # what a caller may get wrong


def test_rows_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(AnalysisError, match="0 <= start < stop"):
        ExternalRow(start=36, stop=24, n=10, r=5)
    with pytest.raises(AnalysisError, match="r alive of n"):
        ExternalRow(start=24, stop=36, n=10, r=11)


def test_a_landmark_beyond_the_follow_up_says_how_to_extrapolate() -> None:
    job = hazard_fit(normal_draws(RATES, size=(2, 100))).job
    with pytest.raises(AnalysisError, match=r'reappraise\.extrapolate\(fit, rule="constant"'):
        replace(job, landmarks=(36.0,))


def test_it_is_a_public_name() -> None:
    assert ra.extrapolate is extrapolate
    assert ra.ExternalRow is ExternalRow
