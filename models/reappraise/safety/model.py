"""Adverse events within body systems within all, two arms, with or without a point mass at no effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy import special, stats

from reappraise.fits.model import ARM_CODE, Draws, Floats
from reappraise.safety.prior import EventPrior
from reappraise.safety.table import EventTable

type EventData = Mapping[str, NDArray[Any]]
"""Values of the model's data variables."""

TERM_WISE = ("level_part", "effect_part")
SYSTEM_WISE = ("system_level_part", "system_effect_part", "effect_variance", "null_weight")


@dataclass(frozen=True, slots=True)
class EventModel:
    r"""Three levels: terms, body systems, all.

    .. math::
        y_{ta} \sim \mathrm{Binomial}(n_{ta}, p_{ta}), \quad
        \mathrm{logit}\, p_{ta} = \alpha_t + x_a \theta_t, \quad x = (-1/2, +1/2)

        \alpha_t \sim \mathrm{N}(\mu_{s(t)}, \sigma^2), \quad
        \theta_t \sim \pi_{s(t)} \delta_0 + (1 - \pi_{s(t)}) \mathrm{N}(\nu_{s(t)}, \omega_{s(t)}^2)

        \mu_s \sim \mathrm{N}(\mu, \tau^2), \quad \nu_s \sim \mathrm{N}(\nu, \kappa^2), \quad
        \mu, \nu \sim \mathrm{N}(0, 10), \quad
        \sigma^2, \omega_s^2, \tau^2, \kappa^2 \sim \mathrm{IG}(3, 1)

        \pi_s \sim \mathrm{Beta}(a, b), \quad a, b \sim \mathrm{Exp}(1)\ \text{truncated to above 1}

    and :math:`\pi_s = 0` without the point mass. It differs from Berry and Berry in one thing: the mean of both arms'
    log odds, and not the control arm's, has the prior, so that exchanging the arms mirrors every result.

    Which of the two a term is, no effect or some, is summed over in the likelihood, and drawn afterwards from its
    exact conditional distribution. Under no effect the slab's log odds ratio says nothing and follows its prior.

    What is sampled is partially centred, :math:`z \sim \mathrm{N}(c m, v^c)` for a variable of mean m and standard
    deviation v, with c from 0 for terms without events to nearly 1 for frequent ones, by their information: of the
    shipped trial's tables, centred and non-centred forms alike gave fewer effective draws, and some divergences. The
    effects under a point mass are not centred, since a term may turn out to say nothing about the slab.

    All counts, the system of each term and the numbers of the prior are data: one compilation serves every table of
    at most so many terms and systems, the rest being terms of no patients.

    Terms are taken to be independent given their rates. Patients have several terms at once, so that true
    uncertainty about common parameters is somewhat larger than stated.

    Parameters
    ----------
    point_mass
        Whether a term may have no effect at all.
    thinned
        Every so many draws are kept: with a point mass they follow each other more closely.

    References
    ----------
    Berry SM, Berry DA. Accounting for multiplicities in assessing drug safety: a three-level hierarchical mixture
    model. Biometrics 2004;60:418-426. doi:10.1111/j.0006-341X.2004.00186.x
    Xia HA, Ma H, Carlin BP. Bayesian hierarchical modeling for detecting safety signals in clinical trials. J Biopharm
    Stat 2011;21:1006-1029. doi:10.1080/10543406.2010.520181
    Papaspiliopoulos O, Roberts GO, Sköld M. A general framework for the parametrization of hierarchical models.
    Statist Sci 2007;22:59-73. doi:10.1214/088342307000000014
    """

    name: str
    label: str
    formula: str
    point_mass: bool
    thinned: int

    def build(self, terms: int, systems: int) -> pm.Model:
        """PyMC model for so many terms and systems; counts, structure and numbers of the prior as data."""
        coords = {"term": range(terms), "system": range(systems), "arm": range(2)}
        with pm.Model(coords=coords) as model:
            counts = np.zeros((terms, 2), dtype=np.int64)
            events = pm.Data("events", counts, dims=("term", "arm"))
            totals = pm.Data("totals", counts, dims=("term", "arm"))
            choices = pm.Data("log_choices", np.zeros(terms), dims="term")
            system = pm.Data("system_index", np.zeros(terms, dtype=np.int64), dims="term")
            spread = pm.Data("location_sd", 1.0)
            shape, scale = pm.Data("variance_shape", 3.0), pm.Data("variance_scale", 1.0)
            effect_variance = pm.InverseGamma("effect_variance", shape, scale, dims="system")
            level_variance = pm.InverseGamma("level_variance", shape, scale)
            term = {"level": pt.log(level_variance), "effect": pt.log(effect_variance)[system]}
            whole: dict[str, Any] = {}
            for name in ("level", "effect"):
                overall = pm.Normal(f"overall_{name}", 0.0, spread)
                between = pt.log(pm.InverseGamma(f"between_{name}_variance", shape, scale))
                centring = pm.Data(f"system_{name}_centring", np.zeros(systems), dims="system")
                part = pm.Normal(
                    f"system_{name}_part", centring * overall, pt.exp(centring / 2 * between), dims="system"
                )
                mean = _placed(part, overall, pt.exp((1 - centring) / 2 * between), centring)[system]
                centring = pm.Data(f"{name}_centring", np.zeros(terms), dims="term")
                part = pm.Normal(f"{name}_part", centring * mean, pt.exp(centring / 2 * term[name]), dims="term")
                whole[name] = _placed(part, mean, pt.exp((1 - centring) / 2 * term[name]), centring)
            logit = whole["level"][:, None] + whole["effect"][:, None] * ARM_CODE
            density = (events * logit - totals * pt.softplus(logit)).sum(axis=-1)
            if self.point_mass:
                rate = pm.Data("weight_rate", 1.0)
                null, some = (pm.Exponential(f"{name}_shape_above_1", rate) for name in ("null", "effect"))
                weight = pm.Beta("null_weight", 1 + null, 1 + some, dims="system")
                level = whole["level"]
                same = events.sum(axis=-1) * level - totals.sum(axis=-1) * pt.softplus(level)
                density = pm.math.logaddexp(pt.log(weight)[system] + same, pt.log1p(-weight)[system] + density)
            pm.Potential("observed", (choices + density).sum())
        return model

    def data(self, table: EventTable, prior: EventPrior, *, terms: int = 0, systems: int = 0) -> EventData:
        """Values for the data variables of `build`, padded to at least so many terms and systems."""
        width, groups = max(terms, len(table.terms)), max(systems, len(table.body_systems))
        events, totals = (np.zeros((width, 2), dtype=np.int64) for _ in range(2))
        events[: len(table.terms)] = table.events
        totals[: len(table.terms)] = table.totals
        index = np.zeros(width, dtype=np.int64)
        index[: len(table.terms)] = table.index
        level, effect = _information(events, totals)
        typical = prior.variance_scale / max(prior.variance_shape - 1, 1)  # mean of a variance
        if self.point_mass:
            effect = np.zeros(width)
        found: dict[str, NDArray[Any]] = {
            "events": events,
            "totals": totals,
            "log_choices": _log_choices(events, totals),
            "system_index": index,
            "location_sd": np.array(prior.location_variance**0.5),
            "variance_shape": np.array(prior.variance_shape),
            "variance_scale": np.array(prior.variance_scale),
        }
        for name, known in (("level", level), ("effect", effect)):
            found[f"{name}_centring"] = known / (known + 1 / typical)
            # a mean is known as well as its terms are, each up to its own deviation
            of_mean = np.bincount(index, known / (1 + known * typical), minlength=groups)
            found[f"system_{name}_centring"] = of_mean / (of_mean + 1 / typical)
        if self.point_mass:
            found["weight_rate"] = np.array(prior.weight_rate)
        return found

    def draw_prior(self, data: EventData, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors, leading axis the draw."""
        systems, index = len(data["system_level_centring"]), data["system_index"]

        def variance(*shape: int) -> Floats:
            return np.asarray(data["variance_scale"] / rng.gamma(data["variance_shape"], size=(draws, *shape)))

        found = {"effect_variance": variance(systems), "level_variance": variance()}
        term = {"level": found["level_variance"][:, None], "effect": found["effect_variance"][:, index]}
        for name in ("level", "effect"):
            overall = found[f"overall_{name}"] = rng.normal(0.0, data["location_sd"], size=draws)
            between = found[f"between_{name}_variance"] = variance()
            centring = data[f"system_{name}_centring"]
            part = rng.normal(centring * overall[:, None], between[:, None] ** (centring / 2))
            found[f"system_{name}_part"] = part
            mean = _placed(part, overall[:, None], between[:, None] ** ((1 - centring) / 2), centring)[:, index]
            centring = data[f"{name}_centring"]
            found[f"{name}_part"] = rng.normal(centring * mean, term[name] ** (centring / 2))
        if self.point_mass:
            for name in ("null", "effect"):
                found[f"{name}_shape_above_1"] = rng.exponential(1 / data["weight_rate"], size=draws)
            null, some = (1 + found[f"{name}_shape_above_1"][:, None] for name in ("null", "effect"))
            found["null_weight"] = rng.beta(null, some, size=(draws, systems))
        return found

    def complete(
        self, draws: Draws, data: EventData, rng: np.random.Generator, *, posterior: bool
    ) -> dict[str, Floats]:
        """Named parameters on their own scales, leading axes the draws.

        Returns
        -------
        dict
            ``level`` and ``effect`` (term), the log odds ratio with its zeros; ``system_level`` and ``system_effect``
            (system), means of the slab; ``overall_level``, ``overall_effect``; standard deviations ``level_sd``,
            ``effect_sd`` (system), ``between_level_sd``, ``between_effect_sd``. With a point mass ``null_weight``
            (system), and ``no_effect`` (term): the probability of no effect given everything else, the counts
            included (`posterior`) or not.
        """
        found, slab = self._placed(draws, data)
        found["effect"] = slab
        if self.point_mass:
            weight = draws["null_weight"][..., data["system_index"]]
            if posterior:
                same, differs = self._log_densities(found["level"], slab, data)
                odds = special.logit(weight) + same - differs
                weight = special.expit(odds)
            found |= {"null_weight": draws["null_weight"], "no_effect": weight}
            found["effect"] = np.where(rng.uniform(size=weight.shape) < weight, 0.0, slab)
        return found

    def log_likelihood(self, draws: Draws, data: EventData) -> Floats:
        """Log probability of each term's counts in both arms, no effect or some summed over; dims (..., term)."""
        found, slab = self._placed(draws, data)
        same, differs = self._log_densities(found["level"], slab, data)
        if not self.point_mass:
            return differs
        weight = draws["null_weight"][..., data["system_index"]]
        return np.asarray(np.logaddexp(np.log(weight) + same, np.log1p(-weight) + differs))

    def log_prior(self, draws: Draws, data: EventData) -> dict[str, Floats]:
        """Log density of every sampled variable on its natural scale, summed over its own dims."""
        index = data["system_index"]
        found: dict[str, Any] = {}
        term = {"level": draws["level_variance"][..., None], "effect": draws["effect_variance"][..., index]}
        for name in ("level", "effect"):
            overall, between = draws[f"overall_{name}"], draws[f"between_{name}_variance"][..., None]
            found[f"overall_{name}"] = stats.norm.logpdf(overall, 0.0, data["location_sd"])
            centring, part = data[f"system_{name}_centring"], draws[f"system_{name}_part"]
            found[f"system_{name}_part"] = stats.norm.logpdf(
                part, centring * overall[..., None], between ** (centring / 2)
            )
            mean = _placed(part, overall[..., None], between ** ((1 - centring) / 2), centring)[..., index]
            centring = data[f"{name}_centring"]
            found[f"{name}_part"] = stats.norm.logpdf(
                draws[f"{name}_part"], centring * mean, term[name] ** (centring / 2)
            )
        for name in ("level_variance", "effect_variance", "between_level_variance", "between_effect_variance"):
            found[name] = stats.invgamma.logpdf(draws[name], data["variance_shape"], scale=data["variance_scale"])
        if self.point_mass:
            for name in ("null_shape_above_1", "effect_shape_above_1"):
                found[name] = stats.expon.logpdf(draws[name], scale=1 / data["weight_rate"])
            shapes = (1 + draws[f"{name}_shape_above_1"][..., None] for name in ("null", "effect"))
            found["null_weight"] = stats.beta.logpdf(draws["null_weight"], *shapes)
        own = {*TERM_WISE, *SYSTEM_WISE}
        return {
            name: np.asarray(value).sum(axis=-1) if name in own else np.asarray(value) for name, value in found.items()
        }

    def _placed(self, draws: Draws, data: EventData) -> tuple[dict[str, Floats], Floats]:
        """Parameters but the effects of terms, and those effects where there are any."""
        index = data["system_index"]
        term = {"level": draws["level_variance"][..., None], "effect": draws["effect_variance"][..., index]}
        found: dict[str, Floats] = {}
        placed: dict[str, Floats] = {}
        for name in ("level", "effect"):
            overall, between = draws[f"overall_{name}"], draws[f"between_{name}_variance"]
            centring = data[f"system_{name}_centring"]
            scale = between[..., None] ** ((1 - centring) / 2)
            mean = _placed(draws[f"system_{name}_part"], overall[..., None], scale, centring)
            centring = data[f"{name}_centring"]
            scale = term[name] ** ((1 - centring) / 2)
            placed[name] = _placed(draws[f"{name}_part"], mean[..., index], scale, centring)
            found |= {
                f"system_{name}": mean,
                f"overall_{name}": overall,
                f"{name}_sd": np.sqrt(draws[f"{name}_variance"]),
                f"between_{name}_sd": np.sqrt(between),
            }
        return {**found, "level": placed["level"]}, placed["effect"]

    @staticmethod
    def _log_densities(level: Floats, effect: Floats, data: EventData) -> tuple[Floats, Floats]:
        """Log probability of each term's counts without any effect, and with that effect."""
        both = []
        for size in (np.zeros(1), effect):
            logit = level[..., None] + size[..., None] * ARM_CODE
            terms = data["events"] * logit - data["totals"] * np.logaddexp(0.0, logit)
            both.append(np.asarray(terms.sum(axis=-1) + data["log_choices"]))
        return both[0], both[1]


def _placed(part: Any, mean: Any, scale: Any, centring: Any) -> Any:
    """The variable that a partially centred part stands for: for NumPy and PyTensor alike.

    `scale` is its standard deviation to the power of one minus `centring`.
    """
    return mean + scale * (part - centring * mean)


def _information(events: NDArray[Any], totals: NDArray[Any]) -> tuple[Floats, Floats]:
    """Information of each term's counts about its mean log odds and its log odds ratio, at the pooled rate."""
    patients = totals.sum(axis=-1)
    rate = (events.sum(axis=-1) + 0.5) / (patients + 1)
    per_patient = rate * (1 - rate)
    between = totals.prod(axis=-1) / np.maximum(patients, 1)
    return np.where(patients > 0, patients * per_patient, 0.0), between * per_patient


def _log_choices(events: NDArray[Any], totals: NDArray[Any]) -> Floats:
    ways = special.gammaln(totals + 1) - special.gammaln(events + 1) - special.gammaln(totals - events + 1)
    return np.asarray(ways.sum(axis=-1))


_LEVELS = (
    "events[term, arm] ~ Binomial(totals, p); logit p = level[term] + x[arm] effect[term]; x = -1/2, +1/2; "
    "level ~ Normal(system_level, level_sd); {effect}; system_level ~ Normal(overall_level, between_level_sd); "
    "system_effect ~ Normal(overall_effect, between_effect_sd); overall ~ Normal(0, variance v); "
    "variances ~ InverseGamma(shape, scale)"
)
THREE_LEVEL = EventModel(
    "three-level", "Three levels", _LEVELS.format(effect="effect ~ Normal(system_effect, effect_sd[system])"), False, 1
)
POINT_MASS = EventModel(
    "three-level-point-mass",
    "Three levels, or no effect",
    _LEVELS.format(effect="effect = 0 with probability null_weight[system], else Normal(system_effect, effect_sd)")
    + "; null_weight ~ Beta(a, b); a, b ~ Exponential(rate) above 1",
    True,
    2,
)
EVENT_MODELS: tuple[EventModel, ...] = (THREE_LEVEL, POINT_MASS)
"""Every model of adverse events."""
