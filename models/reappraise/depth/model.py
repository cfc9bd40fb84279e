"""Cumulative logit model of ordered categories in two arms, with proportional odds or without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy import special, stats

from reappraise.core.prior import LogRatioPrior
from reappraise.depth.table import OrdinalTable
from reappraise.fits.model import ARM_CODE, Draws, Floats

type OrdinalData = Mapping[str, NDArray[np.float64] | NDArray[np.int64]]
"""Values of the model's data variables."""


@dataclass(frozen=True, slots=True)
class CumulativeLogit:
    r"""Ordered categories, best first, with cut points shared by the arms.

    .. math::
        (y_{1a}, \dots, y_{Ka}) \sim \mathrm{Multinomial}(n_a, p_a), \quad
        \mathrm{logit}(p_{1a} + \dots + p_{ka}) = c_{ka} \quad (k < K), \quad x = (-1/2, +1/2)

        c_{ka} = \bar c + x_a \delta + \Bigl(G_{ka} - \frac{1}{K-1} \sum_j G_{ja}\Bigr), \quad
        G_{ka} = \sum_{j < k} g_j e^{x_a w_j}

        \pi \sim \mathrm{Dirichlet}(\alpha, \dots, \alpha), \quad
        c_k = \mathrm{logit}(\pi_1 + \dots + \pi_k), \quad \bar c = \frac{1}{K-1} \sum_k c_k, \quad g_k = c_{k+1} - c_k

        \delta \sim \mathrm{named\ prior}, \quad w_j = s u v_j, \quad u \sim \mathrm{HalfNormal}(1), \quad
        v_j \sim \mathrm{Normal}(0, 1)

    delta is the log odds ratio of a better category, experimental over control, averaged over the cut points. With
    s = 0 all w are 0, so that c_ka = c_k + x_a delta: proportional odds, and delta is common to all cut points. As
    categories stand best first, delta above 0 is benefit, and the named prior is never mirrored.

    Without proportional odds, log odds ratios that vary freely by cut point would let the cumulative probabilities
    of an arm cross, and a truncation against that has a normaliser that depends on the spread and that nobody knows. So
    what departs are the gaps between adjacent cut points, by factors: w_j is the log ratio of the j-th gap in the
    experimental arm to that in the control arm. Gaps stay positive, every value is a valid pair of distributions, and
    the prior is a product of normalised densities. There are K - 2 of them, as the classical test of proportional odds
    has degrees of freedom; equal w are the location-scale model of McCullagh. Since the gaps are centred, delta is
    exactly the mean of the log odds ratios by cut point and keeps its named prior whatever the departures. Where a gap
    is narrow, because few patients are in the category, adjacent odds ratios can differ little: so it has to be.

    Reasons. pi, the categories of a patient halfway between the arms, is uniform over all distributions (alpha = 1):
    no category, order or arm is favoured, and it is worth one patient per category. The half-normal scale s = 0.5 of
    the spread of w puts its median at 0.34: a gap is typically 1.2 times as wide in one arm as in the other, in one of
    sixteen cases 2.7 times or more; a gap of 1 on the logit scale then has adjacent odds ratios that differ by as much.
    Of four categories, the largest odds ratio by cut point is before the data 1.6 times the smallest in the median, and
    9 times or more in one of ten cases, those of the widest gaps.

    Exchange of the arms turns delta and w into -delta and -w; reversal of the categories turns delta into -delta and
    reverses the order of pi and w. The priors of pi and w do not change under either.

    Everything but delta and pi is standard normal or half-normal beneath, so a spread near 0 makes no funnel. All
    numbers of the prior, s included, are data: one compilation serves both models, every prior and every table of as
    many categories.

    References
    ----------
    McCullagh P. Regression models for ordinal data. J R Stat Soc B 1980;42:109-142.
    doi:10.1111/j.2517-6161.1980.tb01109.x
    Peterson B, Harrell FE. Partial proportional odds models for ordinal response variables. Appl Stat
    1990;39:205-217. doi:10.2307/2347760
    """

    proportional: bool = True
    concentration: float = 1.0
    departure_scale: float = 0.5

    @property
    def name(self) -> str:
        """Key of the model."""
        return "proportional-odds" if self.proportional else "non-proportional-odds"

    @property
    def label(self) -> str:
        """The model in words."""
        return f"Cumulative logit, {'proportional' if self.proportional else 'non-proportional'} odds"

    @property
    def formula(self) -> str:
        """Likelihood and priors in a line, stored with every posterior."""
        common = (
            "counts[:, arm] ~ Multinomial(total, category_rate[:, arm]); logit rate_or_better[k, arm] = "
            "{cut}; x = -1/2, +1/2; cut[k] = logit(pi[1] + ... + pi[k]); pi ~ Dirichlet(a, ..., a); effect ~ prior"
        )
        if self.proportional:
            return common.format(cut="cut[k] + x[arm] effect")
        return common.format(cut="mean cut + x[arm] effect + G[k, arm] - mean G[arm]") + (
            "; G[k, arm] = sum over j < k of (cut[j + 1] - cut[j]) exp(x[arm] w[j]); w[j] ~ Normal(0, departure_sd); "
            "departure_sd ~ HalfNormal(s)"
        )

    def build(self, categories: int) -> pm.Model:
        """PyMC model of that many categories with data counts (arm, category) and the numbers of the priors."""
        names = {"category": range(categories), "cut": range(categories - 1), "arm": range(2)}
        with pm.Model(coords=names | {"gap": range(categories - 2)}) as model:
            counts = pm.Data("counts", np.ones((2, categories), dtype=np.int64), dims=("arm", "category"))
            concentration = pm.Data("concentration", np.ones(categories), dims="category")
            mean_category = pm.Dirichlet("mean_category", concentration, dims="category")
            effect = pm.Normal("effect", pm.Data("effect_mean", 0.0), pm.Data("effect_sd", 1.0))
            better, worse = mean_category.cumsum()[:-1], mean_category[::-1].cumsum()[::-1][1:]
            cut = pt.log(better) - pt.log(worse)
            own = cut[None, :] + ARM_CODE[:, None] * effect
            if categories > 2:
                departure_unit = pm.HalfNormal("departure_unit")
                departure_offset = pm.Normal("departure_offset", dims="gap")
                ratio = pm.Data("departure_scale", 0.5) * departure_unit * departure_offset
                gap = cut[1:] - cut[:-1]
                wider = gap[None, :] * pt.expm1(ARM_CODE[:, None] * ratio[None, :])
                shift = pm.math.concatenate([np.zeros((2, 1)), wider.cumsum(axis=1)], axis=1)
                own = own + shift - shift.mean(axis=1, keepdims=True)
            rate = pt.exp(_log_category_rate_graph(own))
            pm.Multinomial("observed", counts.sum(axis=1), rate, observed=counts, dims=("arm", "category"))
        return model

    def data(self, table: OrdinalTable, prior: LogRatioPrior) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Values for the data variables of `build`: counts, and numbers of the priors."""
        categories = len(table.categories)
        found: dict[str, NDArray[np.float64] | NDArray[np.int64]] = {
            "counts": np.array(table.counts, dtype=np.int64).T.copy(),
            "concentration": np.full(categories, self.concentration),
            "effect_mean": np.array(prior.mean),
            "effect_sd": np.array(prior.sd),
        }
        if categories > 2:
            found["departure_scale"] = np.array(0.0 if self.proportional else self.departure_scale)
        return found

    def draw_prior(self, data: OrdinalData, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors, leading axis the draw."""
        found: dict[str, Floats] = {
            "mean_category": rng.dirichlet(data["concentration"], size=draws),
            "effect": rng.normal(data["effect_mean"], data["effect_sd"], size=draws),
        }
        if "departure_scale" in data:
            found["departure_unit"] = np.abs(rng.normal(size=draws))
            found["departure_offset"] = rng.normal(size=(draws, data["concentration"].size - 2))
        return found

    def complete(self, draws: Draws, data: OrdinalData) -> dict[str, Floats]:
        """Add rates and log odds ratios to draws of the sampled variables, leading axes the draws.

        Returns
        -------
        dict
            ``cut_point`` (cut) of the mean patient, ``category_rate`` (category, arm), ``rate_or_better`` (cut, arm),
            ``log_odds_ratio`` (cut), ``departure`` (cut), its difference from ``effect``, and ``departure_sd``.
        """
        own = _arm_cuts(draws, data)
        found = {
            **draws,
            "cut_point": _cut_points(draws["mean_category"]),
            "category_rate": np.swapaxes(np.exp(_log_category_rate(own)), -1, -2),
            "rate_or_better": np.swapaxes(np.asarray(special.expit(own)), -1, -2),
            "log_odds_ratio": own[..., 1, :] - own[..., 0, :],
        }
        found["departure"] = found["log_odds_ratio"] - draws["effect"][..., None]
        if "departure_scale" in data:
            found["departure_sd"] = data["departure_scale"] * draws["departure_unit"]
        return found

    def log_likelihood(self, draws: Draws, data: OrdinalData) -> Floats:
        """Multinomial log probability of the counts of each arm, dims (..., arm)."""
        counts = data["counts"]
        ways = special.gammaln(counts.sum(axis=1) + 1) - special.gammaln(counts + 1).sum(axis=1)
        log_rate = _log_category_rate(_arm_cuts(draws, data))
        return np.asarray(ways + np.where(counts > 0, counts * log_rate, 0.0).sum(axis=-1))

    def log_prior(self, draws: Draws, data: OrdinalData) -> dict[str, Floats]:
        """Log density of every sampled variable, summed over its own dims; departures that do not enter left out."""
        alpha = np.asarray(data["concentration"], dtype=np.float64)
        normaliser = special.gammaln(alpha.sum()) - special.gammaln(alpha).sum()
        found = {
            "mean_category": normaliser + special.xlogy(alpha - 1, draws["mean_category"]).sum(axis=-1),
            "effect": stats.norm.logpdf(draws["effect"], data["effect_mean"], data["effect_sd"]),
        }
        if float(data.get("departure_scale", np.array(0.0))) > 0:
            found["departure_unit"] = stats.halfnorm.logpdf(draws["departure_unit"])
            found["departure_offset"] = stats.norm.logpdf(draws["departure_offset"]).sum(axis=-1)
        return {name: np.asarray(values) for name, values in found.items()}


def _cut_points(mean_category: Floats) -> Floats:
    """Logits of the cumulative probabilities, both tails summed from their own end, dims (..., cut)."""
    better = np.cumsum(mean_category, axis=-1)[..., :-1]
    worse = np.cumsum(mean_category[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    return np.asarray(np.log(better) - np.log(worse))


def _arm_cuts(draws: Draws, data: OrdinalData) -> Floats:
    """Cut points of each arm, dims (..., arm, cut)."""
    cut = _cut_points(draws["mean_category"])
    own = cut[..., None, :] + ARM_CODE[:, None] * draws["effect"][..., None, None]
    if "departure_scale" not in data:
        return np.asarray(own)
    ratio = data["departure_scale"] * draws["departure_unit"][..., None] * draws["departure_offset"]
    wider = np.diff(cut, axis=-1)[..., None, :] * np.expm1(ARM_CODE[:, None] * ratio[..., None, :])
    shift = np.concatenate([np.zeros((*wider.shape[:-1], 1)), np.cumsum(wider, axis=-1)], axis=-1)
    return np.asarray(own + shift - shift.mean(axis=-1, keepdims=True))


def _log_category_rate(own: Floats) -> Floats:
    """Log probabilities of the categories between cut points, without cancellation; dims (..., category)."""
    below = special.log_expit(-own[..., :-1]) + special.log_expit(own[..., 1:])
    with np.errstate(divide="ignore"):  # cut points closer than a double can tell leave no room for the category
        between = below + np.log(-np.expm1(-np.diff(own, axis=-1)))
    return np.concatenate([special.log_expit(own[..., :1]), between, special.log_expit(-own[..., -1:])], axis=-1)


def _log_category_rate_graph(own: Any) -> Any:
    """The same in PyTensor."""
    between = pt.log1mexp(own[:, :-1] - own[:, 1:]) - pt.softplus(own[:, :-1]) - pt.softplus(-own[:, 1:])
    return pm.math.concatenate([-pt.softplus(-own[:, :1]), between, -pt.softplus(own[:, -1:])], axis=1)
