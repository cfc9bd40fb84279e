"""reappraise: Bayesian reanalysis of published clinical trials.

>>> import reappraise as ra
>>> trial = ra.load_trial("isatuximab-dexamethasone")
>>> fit = ra.fit(trial["orr"], prior="sceptical", seed=1)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AdverseEventsEndpoint": "safety.published",
    "Analysis": "analysis",
    "AnalysisError": "core.errors",
    "Comparison": "core.comparison",
    "ContinuousEndpoint": "continuous.published",
    "ContinuousResult": "continuous.analysis",
    "DepthEndpoint": "depth.published",
    "DepthFit": "depth.fit",
    "DepthResult": "depth.analysis",
    "EffectEndpoint": "effect.published",
    "Effort": "fits.sampling",
    "EventRateEndpoint": "event_rate.published",
    "EventRateResult": "event_rate.analysis",
    "Estimate": "core.estimate",
    "ExternalRow": "survival.beyond.rule",
    "ExtrapolatedFit": "survival.beyond.extrapolate",
    "Extrapolation": "survival.beyond.rule",
    "Fit": "fits.fit",
    "HazardPrior": "survival.hazard",
    "KINDS": "kinds",
    "LogRatioPrior": "core.prior",
    "OrderError": "survival.beyond.order",
    "OrderedFit": "survival.beyond.order",
    "OutputError": "core.errors",
    "Partition": "published.partition",
    "PrintedContrast": "effect.contrast",
    "PatientData": "published.patients",
    "PatientFormat": "published.patient_format",
    "ProportionalityEvidence": "survival.proportionality",
    "RatePrior": "core.prior",
    "ReappraiseError": "core.errors",
    "ResponseEndpoint": "response.published",
    "ResponseFit": "response.fit",
    "ResponseResult": "response.analysis",
    "SafetyFit": "safety.fit",
    "SafetyResult": "safety.analysis",
    "Sampling": "fits.sampling",
    "SharedSurvivalFit": "survival.together_job",
    "Store": "fits.store",
    "SurvivalEndpoint": "survival.published",
    "SurvivalFit": "survival.fit",
    "SurvivalResult": "survival.analysis",
    "Trial": "published.trial",
    "TrialFileError": "core.errors",
    "analyse": "analysis",
    "audit_trial": "audit:audit",
    "compare_proportionality": "survival.proportionality",
    "exact_contrast": "effect.exact",
    "exact_mean_contrast": "continuous.exact",
    "exact_one_arm": "one_arm.analysis",
    "exact_rate_contrast": "event_rate.exact",
    "exact_estimates": "response.exact",
    "extrapolate": "survival.beyond.extrapolate",
    "fit": "response.fit",
    "fit_adverse_events": "safety.fit",
    "fit_depth": "depth.fit",
    "fit_printed_survival": "survival.printed.job",
    "printed_contrasts": "effect.contrast",
    "pseudo_patients": "survival.printed.pseudo",
    "PseudoPatients": "survival.printed.pseudo",
    "fit_several_arms": "response.several_arms.fit",
    "fit_survival": "survival.fit",
    "fit_survival_subgroups": "survival.subgroups.fit",
    "fit_survival_together": "survival.together",
    "load_trial": "trial",
    "mean_contrasts": "continuous.contrast",
    "mean_priors": "continuous.prior",
    "contrast_priors": "effect.prior",
    "order_survival": "survival.beyond.order",
    "rate_contrasts": "event_rate.contrast",
    "read_patients": "trial.patients",
    "read_tree": "fits.netcdf",
    "recompute": "response.classical.recompute",
    "recompute_survival": "survival.classical.recompute",
    "reconstruct": "survival.reconstruction",
    "SeveralArmsFit": "response.several_arms.fit",
    "Credibility": "evidence.credibility",
    "EffectLikelihood": "evidence.likelihood",
    "EffectPosterior": "evidence.posterior",
    "FlatPrior": "evidence.prior",
    "MixturePrior": "evidence.prior",
    "Sensitivity": "evidence.sensitivity",
    "bayes_factor": "evidence.bayes_factor",
    "bayes_factors": "evidence.bayes_factor",
    "benefit_needed": "evidence.bayes_factor",
    "cochrane_prior": "evidence.cochrane",
    "cochrane_shrinkage": "evidence.cochrane",
    "credibility": "evidence.credibility",
    "effect_likelihoods": "evidence.sources",
    "effect_posterior": "evidence.posterior",
    "effective_sample_size": "evidence.worth",
    "normal_likelihood": "evidence.own",
    "partition_likelihood": "evidence.binary",
    "planned_prior": "evidence.opinions",
    "printed_likelihood": "evidence.own",
    "prior_as_trial": "evidence.opinions",
    "prior_beyond": "evidence.opinions",
    "prior_predictive_p": "evidence.conflict",
    "prior_probability_needed": "evidence.bayes_factor",
    "sensitivity": "evidence.sensitivity",
    "tipping_centre": "evidence.credibility",
    "tipping_sd": "evidence.credibility",
    "zampieri_prior": "evidence.opinions",
    "zampieri_priors": "evidence.opinions",
    "shipped_trials": "trial",
}

if TYPE_CHECKING:
    from reappraise.analysis import Analysis, analyse
    from reappraise.audit import audit as audit_trial
    from reappraise.continuous.analysis import ContinuousResult
    from reappraise.continuous.contrast import mean_contrasts
    from reappraise.continuous.exact import exact_mean_contrast
    from reappraise.continuous.prior import mean_priors
    from reappraise.continuous.published import ContinuousEndpoint
    from reappraise.core.comparison import Comparison
    from reappraise.core.errors import AnalysisError, OutputError, ReappraiseError, TrialFileError
    from reappraise.core.estimate import Estimate
    from reappraise.core.prior import LogRatioPrior, RatePrior
    from reappraise.depth.analysis import DepthResult
    from reappraise.depth.fit import DepthFit, fit_depth
    from reappraise.depth.published import DepthEndpoint
    from reappraise.effect.contrast import PrintedContrast, printed_contrasts
    from reappraise.effect.exact import exact_contrast
    from reappraise.effect.prior import contrast_priors
    from reappraise.effect.published import EffectEndpoint
    from reappraise.event_rate.analysis import EventRateResult
    from reappraise.event_rate.contrast import rate_contrasts
    from reappraise.event_rate.exact import exact_rate_contrast
    from reappraise.event_rate.published import EventRateEndpoint
    from reappraise.evidence.bayes_factor import bayes_factor, bayes_factors, benefit_needed, prior_probability_needed
    from reappraise.evidence.binary import partition_likelihood
    from reappraise.evidence.cochrane import cochrane_prior, cochrane_shrinkage
    from reappraise.evidence.conflict import prior_predictive_p
    from reappraise.evidence.credibility import Credibility, credibility, tipping_centre, tipping_sd
    from reappraise.evidence.likelihood import EffectLikelihood
    from reappraise.evidence.opinions import (
        planned_prior,
        prior_as_trial,
        prior_beyond,
        zampieri_prior,
        zampieri_priors,
    )
    from reappraise.evidence.own import normal_likelihood, printed_likelihood
    from reappraise.evidence.posterior import EffectPosterior, effect_posterior
    from reappraise.evidence.prior import FlatPrior, MixturePrior
    from reappraise.evidence.sensitivity import Sensitivity, sensitivity
    from reappraise.evidence.sources import effect_likelihoods
    from reappraise.evidence.worth import effective_sample_size
    from reappraise.fits.fit import Fit
    from reappraise.fits.netcdf import read_tree
    from reappraise.fits.sampling import Effort, Sampling
    from reappraise.fits.store import Store
    from reappraise.kinds import KINDS
    from reappraise.one_arm.analysis import exact_one_arm
    from reappraise.published.partition import Partition
    from reappraise.published.patient_format import PatientFormat
    from reappraise.published.patients import PatientData
    from reappraise.published.trial import Trial
    from reappraise.response.analysis import ResponseResult
    from reappraise.response.classical.recompute import recompute
    from reappraise.response.exact import exact_estimates
    from reappraise.response.fit import ResponseFit, fit
    from reappraise.response.published import ResponseEndpoint
    from reappraise.response.several_arms.fit import SeveralArmsFit, fit_several_arms
    from reappraise.safety.analysis import SafetyResult
    from reappraise.safety.fit import SafetyFit, fit_adverse_events
    from reappraise.safety.published import AdverseEventsEndpoint
    from reappraise.survival.analysis import SurvivalResult
    from reappraise.survival.beyond.extrapolate import ExtrapolatedFit, extrapolate
    from reappraise.survival.beyond.order import OrderedFit, OrderError, order_survival
    from reappraise.survival.beyond.rule import ExternalRow, Extrapolation
    from reappraise.survival.classical.recompute import recompute_survival
    from reappraise.survival.fit import SurvivalFit, fit_survival
    from reappraise.survival.hazard import HazardPrior
    from reappraise.survival.printed.job import fit_printed_survival
    from reappraise.survival.printed.pseudo import PseudoPatients, pseudo_patients
    from reappraise.survival.proportionality import ProportionalityEvidence, compare_proportionality
    from reappraise.survival.published import SurvivalEndpoint
    from reappraise.survival.reconstruction import reconstruct
    from reappraise.survival.subgroups.fit import fit_survival_subgroups
    from reappraise.survival.together import fit_survival_together
    from reappraise.survival.together_job import SharedSurvivalFit
    from reappraise.trial import load_trial, shipped_trials
    from reappraise.trial.patients import read_patients

__all__ = [
    "KINDS",
    "AdverseEventsEndpoint",
    "Analysis",
    "AnalysisError",
    "Comparison",
    "ContinuousEndpoint",
    "ContinuousResult",
    "Credibility",
    "DepthEndpoint",
    "DepthFit",
    "DepthResult",
    "EffectEndpoint",
    "EffectLikelihood",
    "EffectPosterior",
    "Effort",
    "Estimate",
    "EventRateEndpoint",
    "EventRateResult",
    "ExternalRow",
    "ExtrapolatedFit",
    "Extrapolation",
    "Fit",
    "FlatPrior",
    "HazardPrior",
    "LogRatioPrior",
    "MixturePrior",
    "OrderError",
    "OrderedFit",
    "OutputError",
    "Partition",
    "PatientData",
    "PatientFormat",
    "PrintedContrast",
    "ProportionalityEvidence",
    "PseudoPatients",
    "RatePrior",
    "ReappraiseError",
    "ResponseEndpoint",
    "ResponseFit",
    "ResponseResult",
    "SafetyFit",
    "SafetyResult",
    "Sampling",
    "Sensitivity",
    "SeveralArmsFit",
    "SharedSurvivalFit",
    "Store",
    "SurvivalEndpoint",
    "SurvivalFit",
    "SurvivalResult",
    "Trial",
    "TrialFileError",
    "analyse",
    "audit_trial",
    "bayes_factor",
    "bayes_factors",
    "benefit_needed",
    "cochrane_prior",
    "cochrane_shrinkage",
    "compare_proportionality",
    "contrast_priors",
    "credibility",
    "effect_likelihoods",
    "effect_posterior",
    "effective_sample_size",
    "exact_contrast",
    "exact_estimates",
    "exact_mean_contrast",
    "exact_one_arm",
    "exact_rate_contrast",
    "extrapolate",
    "fit",
    "fit_adverse_events",
    "fit_depth",
    "fit_printed_survival",
    "fit_several_arms",
    "fit_survival",
    "fit_survival_subgroups",
    "fit_survival_together",
    "load_trial",
    "mean_contrasts",
    "mean_priors",
    "normal_likelihood",
    "order_survival",
    "partition_likelihood",
    "planned_prior",
    "printed_contrasts",
    "printed_likelihood",
    "prior_as_trial",
    "prior_beyond",
    "prior_predictive_p",
    "prior_probability_needed",
    "pseudo_patients",
    "rate_contrasts",
    "read_patients",
    "read_tree",
    "recompute",
    "recompute_survival",
    "reconstruct",
    "sensitivity",
    "shipped_trials",
    "tipping_centre",
    "tipping_sd",
    "zampieri_prior",
    "zampieri_priors",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: PyMC and ArviZ take seconds, and not everybody needs them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'reappraise' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(f"reappraise.{module}"), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
