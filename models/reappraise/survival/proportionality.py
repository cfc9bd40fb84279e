"""Are the hazards proportional: what the scale of the departures says, a Bayes factor, and prediction of patients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from math import erf, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.fits.model import ARM_CODE
from reappraise.fits.sampling import derived_seed
from reappraise.fits.summary import mean, summary
from reappraise.survival.counts import digest_of
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.left_out import LeftOut, leave_one_out
from reappraise.survival.savage_dickey import averaged, bridged, log_density_ratio

type Floats = NDArray[np.float64]

SMALL_SD = 0.1
"""Standard deviation of the departures below which the log hazard ratio changes little: by a tenth or so."""
LARGEST = 10_000
"""Bayes factors beyond it are only said to be so."""
UNCERTAIN = 0.25
"""Relative Monte Carlo error of a Bayes factor above which its words say that only the order of size is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalityEvidence:
    """Evidence on proportional hazards under one prior.

    Parameters
    ----------
    endpoint, prior
        Keys.
    reconstructions
        Data sets that were reconstructed from what was printed; 0 where the data are known.
    departure_scale
        Scale of the half-normal prior on the standard deviation of the departures, which the Bayes factor depends on.
    departure_sd
        Posterior median and equal-tailed limits of that standard deviation, on the log scale of the hazard ratio.
    small, small_prior
        Probability, after and before the data, that it is below `SMALL_SD`: the hazard ratio changes little.
    log_bayes_factor
        Logarithm of the probability of what is known with proportional hazards over that without: above 0 it speaks
        for proportional hazards.
    log_bayes_factor_error
        Its Monte Carlo standard error.
    left_out
        Comparison by leaving out one patient at a time; None where there are no known patients to leave out.
    refused
        Why there is none; else empty.
    level
        Coverage of the limits.
    failures
        What failed in the diagnostics of the two fits; empty if nothing.
    """

    endpoint: str
    prior: str
    reconstructions: int
    departure_scale: float
    departure_sd: tuple[float, float, float]
    small: float
    small_prior: float
    log_bayes_factor: float
    log_bayes_factor_error: float
    left_out: LeftOut | None
    refused: str
    level: float
    failures: str

    @property
    def bayes_factor(self) -> float:
        """Probability with proportional hazards over that without; 0 or infinite beyond all numbers."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self.log_bayes_factor))

    @property
    def _size(self) -> str:
        """The Bayes factor for the side that it favours, in digits worth reading."""
        if abs(self.log_bayes_factor) >= log(LARGEST):
            return f"above {LARGEST:,}"
        size = exp(abs(self.log_bayes_factor))
        return f"{size:.1f}" if size < 9.95 else f"{size:.2g}"

    @property
    def text(self) -> str:
        """The answer in a few sentences."""
        side = "proportional" if self.log_bayes_factor >= 0 else "non-proportional"
        rough = "" if self.log_bayes_factor_error <= UNCERTAIN else ", of which the draws tell the order of size alone"
        known = f", over {self.reconstructions} reconstructions" if self.reconstructions else ""
        prediction = self.left_out.text if self.left_out else f"No comparison by leaving out patients: {self.refused}."
        failed = "NOT CONVERGED: " if self.failures else ""
        return (
            f"{failed}Bayes factor {self._size} for {side} hazards (Monte Carlo error "
            f"{100 * self.log_bayes_factor_error:.2g}%{rough}), where departures, if any, have a standard deviation of "
            f"HalfNormal({self.departure_scale:g}){known}; probability {self.small:.2g} (before the data "
            f"{self.small_prior:.2g}) that it is below {SMALL_SD:g}, so that the hazard ratio changes little. "
            f"{prediction}"
        )

    @property
    def short(self) -> str:
        """The answer in a sentence, for a figure."""
        side = "for" if self.log_bayes_factor >= 0 else "against"
        return (
            f"Bayes factor {self._size} {side} a level line; probability {self.small:.2g} (before the data "
            f"{self.small_prior:.2g}) that the hazard ratio changes little."
        )

    def _repr_html_(self) -> str:
        value, low, high = self.departure_sd
        rows = [
            ("log Bayes factor for proportional hazards", f"{self.log_bayes_factor:.3g}"),
            ("its Monte Carlo error", f"{self.log_bayes_factor_error:.2g}"),
            (f"departure sd ({self.level:.0%})", f"{value:.3g} ({low:.3g} to {high:.3g})"),
            (f"P(departure sd < {SMALL_SD:g})", f"{self.small:.2g}; before the data {self.small_prior:.2g}"),
        ]
        if self.left_out:
            found = self.left_out
            rows.append(
                (
                    "expected log predictive density, proportional less time-varying",
                    f"{found.difference:.3g} (standard error {found.standard_error:.2g})",
                )
            )
        if self.failures:
            rows.append(("failed diagnostics", self.failures))
        listed = "".join(f"<tr><td>{escape(what)}</td><td>{escape(said)}</td></tr>" for what, said in rows)
        title = f"{self.endpoint}: are the hazards proportional? Prior {self.prior}"
        return f"<table><caption>{escape(title)}<br>{escape(self.text)}</caption>{listed}</table>"


def compare_proportionality(varying: SurvivalFit, proportional: SurvivalFit) -> ProportionalityEvidence:
    r"""Judge proportional hazards by a fit with a hazard ratio that may change, and one without.

    With :math:`\rho = s u`, u standard half-normal, the models differ in nothing but u = 0. So the Bayes factor is
    the Savage-Dickey ratio of densities at the boundary, and each draw of everything else, :math:`\eta`, gives the
    posterior density there without smoothing, by one integral (Rao-Blackwell):

    .. math::
        \frac{p(y \mid \rho = 0)}{p(y)} = \frac{p(u = 0 \mid y)}{p(u = 0)} =
        \mathrm{E}\left[r(\eta) \mid y\right], \quad
        r(\eta) = \frac{L(0, \eta)}{\int_0^\infty L(u, \eta)\, p(u)\, du}

    with L the Poisson likelihood of events given exposure, and p(u) the half-normal density. L p is log-concave in u.
    The probability of a small standard deviation is averaged in the same way.

    Of known data there are draws of the proportional model too. With the shape of the departures, which it knows
    nothing of, drawn from its prior, they make the mean a bridge between the two posteriors: precise even where
    :math:`\rho` is far from 0 and the mean alone would rest on a few draws.

    Of reconstructed data y is what was printed: the replicates are draws of the data given the print, under the model
    with a changing hazard ratio and weighted for the prior of the fit, and belong to :math:`\eta`. So the mean is the
    ratio for the printed numbers. The proportional fit weights the same replicates by this very ratio, has nothing to
    add, and does not enter.

    Where the data are known, the models are compared by prediction of patients left out as well: `leave_one_out`.

    Parameters
    ----------
    varying, proportional
        Fits of the two models to the same data, grid and prior but for the departures.

    Raises
    ------
    AnalysisError
        If they are not, or nothing can be said of departures.

    References
    ----------
    Dickey JM. The weighted likelihood ratio, linear hypotheses on normal location parameters. Ann Math Stat
    1971;42:204-223. doi:10.1214/aoms/1177693507

    Gelfand AE, Smith AFM. Sampling-based approaches to calculating marginal densities. J Am Stat Assoc
    1990;85:398-409. doi:10.1080/01621459.1990.10476213

    Meng X-L, Wong WH. Simulating ratios of normalizing constants via a simple identity. Statistica Sinica
    1996;6:831-860.

    Examples
    --------
    >>> import reappraise as ra
    >>> varying = ra.fit_survival(data, seed=1)  # doctest: +SKIP
    >>> twin = ra.fit_survival(data, model="proportional-hazards", seed=1)  # doctest: +SKIP
    >>> ra.compare_proportionality(varying, twin).text  # doctest: +SKIP
    """
    _check(varying, proportional)
    job = varying.job
    log_ratio, small = _with_departures(varying)
    number = job.datasets
    known = number == 1
    factor, error = bridged(log_ratio, _without(proportional, varying)) if known else averaged(log_ratio)
    failed = [f"{fit.job.model.name}: {fit.diagnosis.failures}" for fit in (varying, proportional) if not fit.converged]
    return ProportionalityEvidence(
        endpoint=job.patients.endpoint,
        prior=job.prior.name,
        reconstructions=0 if known else number,
        departure_scale=job.prior.departure_scale,
        departure_sd=summary(_draws(varying, "departure_sd"), job.sampling.level),
        small=mean(small),
        small_prior=erf(SMALL_SD / job.prior.departure_scale / sqrt(2)),
        log_bayes_factor=factor,
        log_bayes_factor_error=error,
        left_out=leave_one_out(proportional, varying) if known else None,
        refused=""
        if known
        else "the patients of a reconstruction are made up together, and are no independent "
        "observations; what is known is a few printed numbers",
        level=job.sampling.level,
        failures="; ".join(failed),
    )


def _with_departures(fit: SurvivalFit) -> tuple[Floats, Floats]:
    """`log_density_ratio` at every draw of the fit, dims (chain, draw)."""
    log_hazard, effect = _draws(fit, "log_hazard"), _draws(fit, "effect")
    scale = fit.job.prior.departure_scale
    unit = np.maximum(_draws(fit, "departure_sd") / scale, np.finfo(np.float32).tiny)
    departure = log_hazard[..., 1, :] - log_hazard[..., 0, :] - effect[..., None]
    base = log_hazard - ARM_CODE[:, None] * departure[..., None, :]
    return _ratio(fit, base, departure / unit[..., None])


def _without(proportional: SurvivalFit, varying: SurvivalFit) -> Floats:
    """The same at every draw of the proportional fit, with departures of a shape drawn from its prior."""
    base = _draws(proportional, "log_hazard")
    job = varying.job
    rng = np.random.default_rng(derived_seed(job.sampling.seed, job.name, "shape of departures"))
    shape = rng.normal(size=(*base.shape[:2], job.grid.intervals)) @ job.grid.centred_walk.T
    return _ratio(varying, base, job.prior.departure_scale * shape)[0]


def _ratio(fit: SurvivalFit, base: Floats, departure: Floats) -> tuple[Floats, Floats]:
    """`log_density_ratio` of the fit's data.

    Parameters
    ----------
    fit
        Fit with departures; its replicates go with the draws.
    base
        Log hazard without departures, dims (chain, draw, arm, interval).
    departure
        Departure of the log hazard ratio for a unit of their scale, dims (chain, draw, interval).
    """
    slope = ARM_CODE[:, None] * departure[..., None, :]
    events, exposure = (
        np.asarray(fit.tree[group][name].transpose(..., "arm", "interval"), dtype=np.float64)
        for group, name in (("observed_data", "events"), ("constant_data", "exposure"))
    )
    statistics = fit.tree["sample_stats"].to_dataset()
    if "replicate" in statistics:  # each draw has the data of its own replicate
        chain = np.arange(len(events))[:, None]
        replicate = statistics["replicate"].transpose("chain", "draw").values
        events, exposure = events[chain, replicate], exposure[chain, replicate]
    else:
        events, exposure = (np.broadcast_to(one, base.shape) for one in (events, exposure))
    cells = (-1, base.shape[-2] * base.shape[-1])
    flat = (one.reshape(cells) for one in (base, slope, events, exposure))
    log_ratio, small = log_density_ratio(*flat, limit=SMALL_SD / fit.job.prior.departure_scale)
    return log_ratio.reshape(base.shape[:2]), small.reshape(base.shape[:2])


def _check(varying: SurvivalFit, proportional: SurvivalFit) -> None:
    first, second = varying.job, proportional.job
    if first.model.proportional or not second.model.proportional:
        raise AnalysisError(
            "expected a fit of piecewise-exponential and one of proportional-hazards, "
            f"got {first.model.name} and {second.model.name}"
        )
    if first.by != WHOLE or second.by != WHOLE:
        raise AnalysisError(f"{first.patients.endpoint}: expected fits of all patients together, not of subgroups")
    same = (
        (first.patients.endpoint, first.patients.arms, first.grid, first.better)
        == (second.patients.endpoint, second.patients.arms, second.grid, second.better)
        and digest_of(first.patients) == digest_of(second.patients)
        and first.prior == replace(second.prior, departure_scale=first.prior.departure_scale)
    )
    if not same:
        raise AnalysisError(
            "expected fits that differ in nothing but proportional hazards: the same data, arms, grid, direction and "
            f"prior; got {first.name} and {second.name}"
        )
    if first.grid.intervals == 1:
        raise AnalysisError(
            f"{first.patients.endpoint}: one interval has one hazard ratio, so nothing can be said of its change; "
            "fit two intervals or more"
        )
    for fit in (varying, proportional):
        if fit.tree.attrs.get("inputs_digest") != fit.job.digest:
            raise AnalysisError(
                f"{fit.job.name}: expected a fit that was sampled by itself, got draws that share scales with other "
                "endpoints"
            )


def _draws(fit: SurvivalFit, name: str) -> Floats:
    return np.asarray(fit.tree["posterior"][name].transpose("chain", "draw", ...).values, dtype=np.float64)
