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
    "AnalysisError": "errors",
    "Comparison": "compare",
    "EffectPrior": "prior",
    "Effort": "pseudo_ipd.reconstruct",
    "HazardPrior": "hazard",
    "HazardRatioPrior": "hazard",
    "PatientData": "endpoints.patients",
    "ProportionalityEvidence": "survival_evidence",
    "Estimate": "estimate",
    "DepthFit": "depth.fitting",
    "Fit": "fitting",
    "OutputError": "errors",
    "Partition": "endpoints.partition",
    "RatePrior": "prior",
    "ReappraiseError": "errors",
    "Sampling": "sampling",
    "Store": "store",
    "SafetyFit": "safety.fitting",
    "SharedSurvivalFit": "shared_survival",
    "SurvivalFit": "survival_fitting",
    "Trial": "trial",
    "TrialFileError": "errors",
    "analyse": "workflow",
    "audit_trial": "audit:audit",
    "compare_proportionality": "survival_evidence",
    "exact_estimates": "exact",
    "fit": "fitting",
    "fit_adverse_events": "safety.fitting",
    "fit_depth": "depth.fitting",
    "fit_survival": "survival_fitting",
    "fit_survival_together": "survival_sharing",
    "load_trial": "trial",
    "read_patients": "trial.patients",
    "read_tree": "netcdf",
    "recompute": "endpoints.classical",
    "recompute_survival": "endpoints.classical.survival",
    "reconstruct": "replicates",
    "reweighted": "survival_reweighting",
    "shipped_trials": "trial",
}

if TYPE_CHECKING:
    from reappraise.audit import audit as audit_trial
    from reappraise.compare import Comparison
    from reappraise.depth.fitting import DepthFit, fit_depth
    from reappraise.endpoints.classical import recompute
    from reappraise.endpoints.classical.survival import recompute_survival
    from reappraise.endpoints.partition import Partition
    from reappraise.endpoints.patients import PatientData
    from reappraise.errors import AnalysisError, OutputError, ReappraiseError, TrialFileError
    from reappraise.estimate import Estimate
    from reappraise.exact import exact_estimates
    from reappraise.fitting import Fit, fit
    from reappraise.hazard import HazardPrior, HazardRatioPrior
    from reappraise.netcdf import read_tree
    from reappraise.prior import EffectPrior, RatePrior
    from reappraise.pseudo_ipd.reconstruct import Effort
    from reappraise.replicates import reconstruct
    from reappraise.safety.fitting import SafetyFit, fit_adverse_events
    from reappraise.sampling import Sampling
    from reappraise.shared_survival import SharedSurvivalFit
    from reappraise.store import Store
    from reappraise.survival_evidence import ProportionalityEvidence, compare_proportionality
    from reappraise.survival_fitting import SurvivalFit, fit_survival
    from reappraise.survival_reweighting import reweighted
    from reappraise.survival_sharing import fit_survival_together
    from reappraise.trial import Trial, load_trial, shipped_trials
    from reappraise.trial.patients import read_patients
    from reappraise.workflow import analyse

__all__ = [
    "AnalysisError",
    "Comparison",
    "DepthFit",
    "EffectPrior",
    "Effort",
    "Estimate",
    "Fit",
    "HazardPrior",
    "HazardRatioPrior",
    "OutputError",
    "Partition",
    "PatientData",
    "ProportionalityEvidence",
    "RatePrior",
    "ReappraiseError",
    "SafetyFit",
    "Sampling",
    "SharedSurvivalFit",
    "Store",
    "SurvivalFit",
    "Trial",
    "TrialFileError",
    "analyse",
    "audit_trial",
    "compare_proportionality",
    "exact_estimates",
    "fit",
    "fit_adverse_events",
    "fit_depth",
    "fit_survival",
    "fit_survival_together",
    "load_trial",
    "read_patients",
    "read_tree",
    "recompute",
    "recompute_survival",
    "reconstruct",
    "reweighted",
    "shipped_trials",
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
