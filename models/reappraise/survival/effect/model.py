"""A normal likelihood for a printed log hazard ratio, its rounding and that of its standard error carried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy import special, stats

from reappraise.core.prior import LogRatioPrior
from reappraise.fits.model import Data, Draws, Floats
from reappraise.survival.effect.published import PrintedEffect

NODES = 8
"""Standard errors that the span of those allowed is integrated over: right to 1e-6 where the largest is 3 times the
least."""
_ROOT_2 = float(np.sqrt(2.0))


@dataclass(frozen=True, slots=True)
class PrintedRatio:
    r"""The printed log hazard ratio is normal about the true one, and was rounded.

    .. math::
        \hat\beta \sim \mathrm{Normal}(\beta, s), \qquad \beta \sim \mathrm{Normal}(m, \tau)

        L(\beta) = P(l \le \hat\beta \le h \mid \beta) = \frac{1}{K} \int_{s_1}^{s_2}
            \left[\Phi\left(\frac{h - \beta}{s}\right) - \Phi\left(\frac{l - \beta}{s}\right)\right] ds,
            \qquad K = s_2 - s_1

    beta is the log hazard ratio, experimental over control; l and h are the least and the largest log ratio that round
    to the print, so that the rounding error is a latent number, integrated out; s_1 and s_2 are the least and the
    largest standard error that the print allows.

    Reasons. Cox's and the log-rank estimate are asymptotically normal on this scale, and published intervals are
    Wald intervals on it: what a limit says is b and s. Print says no more of the data, so the likelihood of the data is
    known as far as this, and no further: no survival, no hazard by time, no test of proportional hazards. Where hazards
    are not proportional, beta is what Cox's regression estimates, an average over the events that were seen. A flat
    weight of s over what rounds to the limits lets coarse print, "0.5 to 1.0", say as little as it does; print of two
    decimals moves s by 2% and changes next to nothing. The named prior is mirrored where the event is good.

    Numerically, with the interval reflected to the lower tail, a = -|x| - d and b = -|x| + d in standard errors of its
    middle x and half width d,

    .. math::
        \log[\Phi(b) - \Phi(a)] = \log\Phi(b) + \log(1 - e^{\delta}), \qquad
        \delta = \log\frac{E(-a)}{E(-b)} - 2 d |x|, \qquad \log\Phi(z) = \log(E(-z) / 2) - z^2 / 2

    where E(z) = erfcx(z / sqrt 2): nothing overflows or cancels however far the draw lies from the print.

    Exchange of the arms turns (l, h), m and beta into (-h, -l), -m and -beta and changes nothing else. Where rounding
    is negligible the posterior is the conjugate normal one; else it is a mixture of normals
    (`reappraise.survival.effect.exact`), which is the test of the sampler.

    Looked at before the data, for 166 events: the reference prior expects printed ratios of 1/7 to 7 with 95%, the
    wide one of 1/135 to 135, the sceptical one of 0.47 to 2.1.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat Soc A
    1994;157:357-416. doi:10.2307/2983527
    Parmar MKB, Torri V, Stewart L. Extracting summary statistics to perform meta-analyses of the published literature
    for survival endpoints. Stat Med 1998;17:2815-2834.
    doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8
    """

    name: str = "printed-effect"
    label: str = "Normal likelihood of the printed hazard ratio"
    formula: str = (
        "P(low <= estimate <= high), estimate ~ Normal(effect, standard_error), the log hazard ratios from low to high "
        "rounding to the print; standard_error ~ Uniform(least, largest that the print allows); effect ~ prior"
    )

    @property
    def build(self) -> Callable[..., pm.Model]:
        """Makes the PyMC model; it has one shape, ()."""
        return _build

    def data(self, effect: PrintedEffect, prior: LogRatioPrior) -> Data:
        """Values of the data variables.

        Parameters
        ----------
        effect
            What was printed.
        prior
            Prior as it enters, on the log hazard ratio, experimental over control.
        """
        least, largest = effect.standard_error
        return {
            "log_ratio": np.array(effect.centre),
            "rounding": np.array(effect.log_ratio[1] - effect.log_ratio[0]),
            "standard_error": least + (largest - least) * _quadrature()[0],
            "effect_mean": np.array(prior.mean),
            "effect_sd": np.array(prior.sd),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Log hazard ratios from the prior, dims (draw,)."""
        return {"effect": rng.normal(data["effect_mean"], data["effect_sd"], size=draws)}

    def predict(self, effect: Floats, data: Data, rng: np.random.Generator) -> Floats:
        """Estimates of trials like this one, log hazard ratios before rounding, dims (...)."""
        which = rng.choice(NODES, size=effect.shape, p=_quadrature()[1])
        return np.asarray(rng.normal(effect, data["standard_error"][which]))

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Log probability of what was printed, dims (...)."""
        error = data["standard_error"]
        away = np.abs(data["log_ratio"] - draws["effect"])[..., None] / error
        half = data["rounding"] / 2 / error
        inside = special.log_ndtr(half - away)
        below = special.log_ndtr(-half - away)
        each = inside + np.log(-np.expm1(below - inside))
        return np.asarray(special.logsumexp(each, axis=-1, b=_quadrature()[1]))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Normal log density of the log hazard ratio."""
        return {"effect": np.asarray(stats.norm.logpdf(draws["effect"], data["effect_mean"], data["effect_sd"]))}


PRINTED_RATIO = PrintedRatio()


@cache
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss-Legendre nodes on (0, 1), and their weights, which add up to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2


def _build() -> pm.Model:
    """PyMC model with data log_ratio, rounding, standard_error (node), effect_mean, effect_sd."""
    with pm.Model(coords={"node": range(NODES)}) as model:
        log_ratio = pm.Data("log_ratio", 0.0)
        rounding = pm.Data("rounding", 0.01)
        error = pm.Data("standard_error", np.full(NODES, 0.2), dims="node")
        effect = pm.Normal("effect", pm.Data("effect_mean", 0.0), pm.Data("effect_sd", 1.0))
        each = _log_within(pt.abs(log_ratio - effect) / error, rounding / 2 / error)
        pm.Potential("printed", pm.math.logsumexp(each + np.log(_quadrature()[1])))
    return model


def _log_within(away: Any, half: Any) -> Any:
    """Log probability of a standard normal number within `half` of a place that is `away` from 0.

    One formula for all places: a switch between two would hand on the gradient of the one not taken, which is not a
    number far out (``pymc.distributions.dist_math.normal_lcdf`` beyond 8 standard deviations).
    """
    upper, lower = (away - half) / _ROOT_2, (away + half) / _ROOT_2
    inside = pt.erfcx(upper)
    ratio = pt.log(pt.erfcx(lower)) - pt.log(inside) - 2 * half * away
    return pt.log(inside / 2) - pt.sqr(upper) + pt.log1mexp(ratio)
