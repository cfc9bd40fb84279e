"""A fit of a printed hazard ratio: how large the effect is, of which no time is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from math import log
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make, estimated, probability
from reappraise.fits.words import Attributes, contrasted
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.events import check_events
from reappraise.survival.effect.model import PRINTED_RATIO, PrintedRatio
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.survival.plan import beyond
from reappraise.survival.published import SurvivalEndpoint

_VARIABLES: Mapping[str, Variable] = {
    "effect": Variable(description="log hazard ratio, experimental over control", judged=False),
    "hazard_ratio": Variable(description="hazard ratio, experimental over control", scale="logarithm", reported=True),
    "log_ratio": Variable(description="log hazard ratio as estimated in the trial, before it was rounded"),
    "rounding": Variable(description="width of the log hazard ratios that round to the print"),
    "standard_error": Variable(
        dims=("node",), description="standard errors of the log hazard ratio that the print allows"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectJob(FitJob[PrintedRatio, LogRatioPrior, "EffectFit"]):
    """One posterior of a printed hazard ratio to be computed.

    Parameters
    ----------
    effect
        What was printed; prior on the log hazard ratio of events that are bad, settings and trial are those of every
        `FitJob`.
    """

    layout = "reappraise printed effect posterior 1"

    effect: PrintedEffect
    model: PrintedRatio = PRINTED_RATIO

    def __post_init__(self) -> None:
        """Refuse a prior on another ratio, before anything is sampled."""
        if getattr(self.prior, "kind", "") != "hazard":
            raise AnalysisError(
                f"{self.effect.endpoint}: expected a prior on the log hazard ratio, got "
                f"{getattr(self.prior, 'name', self.prior)!r}"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.effect.endpoint}.{WHOLE}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, model and prior in a line."""
        return f"{self.effect.label}, {self.model.label}, prior {self.prior.label}: {self.entered.text}"

    @property
    def entered(self) -> LogRatioPrior:
        """The prior as it enters: mirrored where the event is good."""
        return self.prior if self.effect.better == "higher" else self.prior.mirrored()

    @property
    def depends(self) -> dict[str, Any]:
        """Numbers as printed, arms, direction, model, prior and settings; not the words for people."""
        effect = self.effect
        return {
            "endpoint": effect.endpoint,
            "arms": effect.arms,
            "log_ratio": effect.log_ratio,
            "standard_error": effect.standard_error,
            "basis": effect.basis,
            "events": effect.events,
            "conditioned": effect.conditioned,
            "better": effect.better,
            "plan": asdict(effect.plan),
            "model": asdict(self.model),
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, arms, what is printed, and how it was read."""
        effect, check = self.effect, check_events(self.effect)
        return {
            "endpoint": effect.endpoint,
            "factor": WHOLE,
            "better": effect.better,
            **contrasted(effect.arms, ", of hazards"),
            "data_origin": "printed hazard ratio, without any time",
            "printed": effect.printed,
            "printed_source": effect.source,
            "standard_error_from": effect.basis,
            "events": json.dumps(effect.events),
            "events_check": "" if check is None else check.words,
            "conditioned": effect.conditioned,
            "notes": json.dumps(effect.notes),
        }

    @property
    def how(self) -> str:
        """What the likelihood is of, and what is not known."""
        effect = self.effect
        said = {"limits": "its limits", "p value": "its p value", "events": "the events alone"}[effect.basis]
        check = check_events(effect)
        warned = ", though surer than its events allow" if check and check.surety.startswith("surer") else ""
        covariates = f" ({effect.conditioned} in print)" if effect.conditioned not in {"neither", "not said"} else ""
        return (
            f"; normal likelihood of the printed hazard ratio{covariates}, standard error from {said}{warned}; no time "
            "is printed, so nothing is known of survival itself"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """One shape for all."""
        return ()

    @property
    def axes(self) -> Mapping[str, Axis]:
        """None has labels."""
        return {}

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The effect on both scales, and what was printed."""
        return _VARIABLES

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """The printed ratio."""
        return {"log_ratio": ()}

    def data(self) -> Data:
        """What was printed, and the numbers of the prior."""
        return self.model.data(self.effect, self.entered)

    def estimands(
        self,
        draws: Draws,
        data: Data,  # noqa: ARG002  # the effect is sampled itself
        rng: np.random.Generator,  # noqa: ARG002
        *,
        posterior: bool,  # noqa: ARG002
    ) -> dict[str, Floats]:
        """The effect on both scales."""
        return {"effect": draws["effect"], "hazard_ratio": np.exp(draws["effect"])}

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Estimates of trials like this one."""
        return {"log_ratio": self.model.predict(found["effect"], data, rng)}

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the hazard ratio, and how probable benefit is, and benefit beyond the margins."""
        effect = self.effect
        control, experimental = effect.arms
        make = partial(make, endpoint=effect.endpoint, numerator=experimental, denominator=control)
        posterior = tree["posterior"].to_dataset()
        drawn = {name: posterior[name].transpose("chain", "draw").to_numpy() for name in ("effect", "hazard_ratio")}
        # a ratio below 1 means longer times
        benefit = -drawn["effect"] if effect.better == "higher" else drawn["effect"]
        better = probability(benefit > 0)
        yield estimated(
            partial(make, quantity="hazard_ratio"),
            drawn["hazard_ratio"],
            self.sampling.level,
            logarithmic=True,
            prob_benefit=better,
        )
        yield make(quantity="probability_of_benefit", at="hazard ratio in favour", value=better)
        for margin in effect.plan.margins:
            value = probability(benefit > -log(margin))
            yield make(quantity="probability_above_margin", at=beyond(margin, effect.better), value=value)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> EffectFit:
        """The fit that has this tree and verdict."""
        return EffectFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class EffectFit(Fit[EffectJob]):
    """A posterior of a printed hazard ratio with its verdict."""


def fit_printed_effect(
    target: TrialEndpoint[SurvivalEndpoint] | PrintedEffect,
    *,
    prior: str | LogRatioPrior = "reference",
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> EffectFit:
    """Fit the effect that a printed hazard ratio is of, where no time is printed.

    Parameters
    ----------
    target
        A time-to-event endpoint of a trial, or a hazard ratio as printed.
    prior
        Name of a prior on the log hazard ratio, or such a prior, of events that are bad: it is mirrored where the
        event is good.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    UndeterminedError
        If print leaves open what the effect is, or how sure it is.
    AnalysisError
        If there is no such prior, or it is on another ratio.
    """
    if not isinstance(target, TrialEndpoint | PrintedEffect):
        raise AnalysisError(
            f'expected an endpoint such as trial["survival"], or a PrintedEffect; got {type(target).__name__}'
        )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    effect = printed_effect(target) if isinstance(target, TrialEndpoint) else target
    job = EffectJob(
        effect=effect,
        prior=effect.plan.named(prior),
        sampling=settings_with(sampling, seed),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()
