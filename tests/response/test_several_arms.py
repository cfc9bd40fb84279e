"""All arms of a trial in one model, against quadrature, against the model of two arms, and through a whole run.

Random tests compare with a tolerance of 5 Monte Carlo standard errors: a false alarm once in 1.7 million comparisons.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

import reappraise as ra
from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior, effect_priors
from reappraise.fits.sampling import Sampling
from reappraise.response.models import LogitNormal
from reappraise.response.several_arms.fit import MODEL, SeveralArmsFit, SeveralArmsJob
from reappraise.response.several_arms.table import SeveralArms, several_arms
from support.draws import ERRORS, draws, z_score
from support.tables import whole

FILE = Path(__file__).parents[1] / "data" / "three-arms.toml"
PRIOR = LogRatioPrior("p", "P", 0.3, 0.8, "")
TABLE = SeveralArms(
    endpoint="cure",
    arms=("placebo", "low", "high"),
    arm_labels=("Placebo", "Low dose", "High dose"),
    events=(4, 6, 11),
    totals=(20, 25, 18),
    contrasts=(("low", "placebo"), ("high", "placebo"), ("high", "low")),
    better="higher",
)


def fitted(table: SeveralArms, prior: LogRatioPrior = PRIOR, seed: int = 3) -> SeveralArmsFit:
    return SeveralArmsJob(table=table, model=MODEL, prior=prior, sampling=Sampling(seed=seed)).run()


def quadrature(table: SeveralArms, prior: LogRatioPrior) -> dict[str, float]:
    """Posterior means and P(best) by sums over five dims: mean logit, three numbers of the effects, their spread.

    The effects are integrated as they are written, not as they are sampled: delta_k ~ Normal(delta, tau), with delta
    over its named prior by Gauss-Hermite nodes.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    weights = weights / weights.sum()
    taus = np.linspace(0.01, 2.2, 45)
    tau_weights = stats.halfnorm.pdf(taus, scale=MODEL.effect_spread)
    effects = np.linspace(-4.0, 5.0, 181)
    logits = np.linspace(-3.5, 2.5, 121)
    # prior of (delta_1, delta_2): a mixture over tau and delta of products
    centres = prior.mean + prior.sd * nodes
    joint = np.zeros((effects.size, effects.size))
    for tau, weight in zip(taus, tau_weights, strict=True):
        one = stats.norm.pdf(effects[:, None], centres[None, :], np.sqrt(tau**2 + 1e-4))
        joint += weight * np.einsum("ic,jc,c->ij", one, one, weights)
    mean = (effects[:, None] + effects[None, :]) / 2
    total, sums = 0.0, {"low": 0.0, "high": 0.0, "placebo": 0.0, "high over low": 0.0, "best high": 0.0}
    for mu in logits:
        control = mu - mean / 2
        arms = (control, control + effects[:, None], control + effects[None, :])
        like = np.exp(
            sum(
                k * special.log_expit(logit) + (n - k) * special.log_expit(-logit)
                for k, n, logit in zip(table.events, table.totals, arms, strict=True)
            )
        )
        mass = joint * like * stats.norm.pdf(mu, 0, MODEL.mean_logit_sd)
        total += mass.sum()
        for name, logit in zip(table.arms, arms, strict=True):
            sums[name] += float((mass * special.expit(logit)).sum())
        sums["high over low"] += float((mass * (effects[None, :] - effects[:, None])).sum())
        best = (effects[None, :] > effects[:, None]) & (effects[None, :] > 0)
        ties = (effects[None, :] == effects[:, None]) & (effects[None, :] > 0)
        sums["best high"] += float((mass * best).sum() + (mass * ties).sum() / 2)
    return {name: value / total for name, value in sums.items()}


@pytest.mark.sampling
def test_it_agrees_with_quadrature() -> None:
    fit, exact = fitted(TABLE), quadrature(TABLE, PRIOR)
    assert fit.converged
    for arm in TABLE.arms:
        # the grid itself is right to 5e-4: halved steps moved no mean by more
        assert abs(z_score(draws(fit, "rate", arm=arm), exact[arm], 5e-4)) < ERRORS
    log_ratio = np.log(draws(fit, "odds_ratio", contrast="high over low"))
    assert abs(z_score(log_ratio, exact["high over low"], 2e-3)) < ERRORS
    assert abs(z_score(draws(fit, "best", arm="high"), exact["best high"], 2e-3)) < ERRORS


@pytest.mark.sampling
def test_arms_in_another_order_and_the_opposite_event_give_the_same() -> None:
    order = [0, 2, 1]
    turned = replace(
        TABLE,
        arms=tuple(TABLE.arms[i] for i in order),
        arm_labels=tuple(TABLE.arm_labels[i] for i in order),
        events=tuple(TABLE.events[i] for i in order),
        totals=tuple(TABLE.totals[i] for i in order),
    )
    opposite = replace(
        TABLE, events=tuple(n - k for k, n in zip(TABLE.events, TABLE.totals, strict=True)), better="lower"
    )
    fits = fitted(TABLE), fitted(turned, seed=4), fitted(opposite, seed=5)
    for other, sign in zip(fits[1:], (1, -1), strict=True):
        for contrast in ("low over placebo", "high over placebo", "high over low"):
            ours, theirs = (np.log(draws(fit, "odds_ratio", contrast=contrast)) for fit in (fits[0], other))
            assert abs(ours.mean() - sign * theirs.mean()) < ERRORS * np.hypot(
                *(values.std() / 40 for values in (ours, theirs))  # at least 1,600 effective draws each
            )
        assert abs(draws(fits[0], "best", arm="high").mean() - draws(other, "best", arm="high").mean()) < 0.03


def test_density_of_two_arms_is_that_of_the_logit_normal_model() -> None:
    """With one experimental arm both models are the same distribution of two rates."""
    pair, two = whole(), LogitNormal()
    data = two.data(pair, PRIOR, 1)
    own = {
        "events": np.array(pair.events[0]),
        "totals": np.array(pair.totals[0]),
        "mean_logit_sd": data["mean_logit_sd"],
        "prior_mean": data["effect_mean"],
        "prior_sd": data["effect_sd"],
        "effect_sd_scale": np.array(1e-9),
    }
    rng = np.random.default_rng(1)
    drawn = two.draw_prior(data, 5, rng)
    mine = {
        "mean_logit": drawn["average_logit"],
        "average_effect": drawn["average_effect"],
        "effect_sd": np.zeros(5),
        "effect_offset": rng.normal(size=(5, 1)),
    }
    theirs = two.log_likelihood(drawn, data).sum(axis=(-1, -2))
    assert MODEL.log_likelihood(mine, own).sum(axis=-1) == pytest.approx(theirs, abs=1e-10)
    for name, other in (("mean_logit", "average_logit"), ("average_effect", "average_effect")):
        assert MODEL.log_prior(mine, own)[name] == pytest.approx(two.log_prior(drawn, data)[other], abs=1e-12)


@pytest.mark.sampling
def test_compiled_density_is_the_one_in_plain_arrays() -> None:
    data, built = MODEL.data(TABLE, PRIOR), MODEL.build(2)
    for name, value in data.items():
        built[name].set_value(np.asarray(value).astype(built[name].dtype))
    density = built.compile_logp(jacobian=False)
    drawn = MODEL.draw_prior(data, 3, np.random.default_rng(5))
    for index in range(3):
        one = {name: values[index] for name, values in drawn.items()}
        point = {
            (name if name != "effect_sd" else "effect_sd_log__"): (np.log(value) if name == "effect_sd" else value)
            for name, value in one.items()
        }
        ours = MODEL.log_likelihood(one, data).sum() + sum(MODEL.log_prior(one, data).values())
        assert float(density(point)) == pytest.approx(float(ours), abs=1e-6)


def test_prior_says_what_its_docstring_says() -> None:
    data = MODEL.data(TABLE, effect_priors()[0])
    found = MODEL.complete(MODEL.draw_prior(data, 40_000, np.random.default_rng(2)), data, np.random.default_rng(3))
    logit = special.logit(found["rate"])
    apart = np.exp(np.abs(logit[:, 1] - logit[:, 2]))
    # 0.786 by a million draws outside the model; 40,000 are right to .002, 5 standard errors
    assert np.mean(apart < 2) == pytest.approx(0.786, abs=0.011)
    assert np.quantile(logit[:, 1] - logit[:, 0], 0.975) == pytest.approx(1.96 * np.hypot(2.5, 0.5), abs=0.15)


def test_counts_come_from_the_file_with_every_contrast() -> None:
    trial = ra.load_trial(FILE)
    table = several_arms(trial, next(item for item in trial.file.endpoints if item.key == "stroke"))  # type: ignore[arg-type]
    assert table is not None
    assert table.arms == ("warfarin", "low", "high")
    assert table.events == (199, 182, 134)
    assert [pair.events for pair in table.pairs] == [((199, 182),), ((199, 134),), ((182, 134),)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{ arm = "low", events = 182, total = 6015', '{ arm = "low", percent = 3, total = 6015', "count is not known"),
        ('{ arm = "low", events = 182, total', '{ arm = "low", events = 7000, total', "cannot be analysed"),
    ],
)
def test_a_count_that_is_not_known_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "trial.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(AnalysisError, match=said):
        ra.fit_several_arms(ra.load_trial(path), "stroke", seed=1)


def test_what_cannot_be_asked_is_refused() -> None:
    trial = ra.load_trial(FILE)
    with pytest.raises(AnalysisError, match="no binary endpoint 'bleeding' of several arms; it has stroke"):
        ra.fit_several_arms(trial, "bleeding")
    with pytest.raises(AnalysisError, match="fewer than three arms"):
        ra.fit_several_arms(ra.load_trial("eolia"), "mortality")
    with pytest.raises(AnalysisError, match="log odds ratio, got jeffreys"):
        ra.fit_several_arms(trial, "stroke", prior="jeffreys")
    with pytest.raises(ValueError, match="expected contrasts of"):
        replace(TABLE, contrasts=(("middle", "placebo"),))


@pytest.mark.sampling
def test_a_run_holds_all_arms_beside_the_contrasts() -> None:
    trial = ra.load_trial(FILE).only("stroke")
    few = Sampling(draws=250, tune=250, seed=2)
    found = ra.analyse(trial, sampling=few)
    together = [
        item for item in found.comparison.estimates if item.model == "shared-effects" and item.prior == "reference"
    ]
    best = {item.arm: item.value for item in together if item.quantity == "probability_of_best"}
    assert set(best) == {"warfarin", "low", "high"}
    assert best["high"] is not None
    assert best["high"] > 0.95
    assert sum(item.quantity == "rate" for item in together) == 3
    assert [name for name, _ in found["stroke"].figures()] == ["stroke.every-arm"]
    published = [item for item in found.comparison.estimates if item.kind == "published"]
    assert not any(item.endpoint == "stroke" for item in published)
    assert "3 arms together, warfarin counted once" in found["stroke"].words


def test_its_prior_says_that_it_is_of_the_mean_effect() -> None:
    job = SeveralArmsJob(table=TABLE, model=MODEL, prior=PRIOR, sampling=Sampling(seed=1))
    assert job.entered.text.startswith("of the mean effect of the arms over control, log OR ~ Normal(0.3, 0.8)")
    assert "tau ~ HalfNormal(0.5)" in job.entered.text
