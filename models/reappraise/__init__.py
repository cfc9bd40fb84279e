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
    "Estimate": "estimate",
    "Fit": "fitting",
    "OutputError": "errors",
    "Partition": "endpoints.partition",
    "RatePrior": "prior",
    "ReappraiseError": "errors",
    "Sampling": "sampling",
    "Store": "store",
    "Trial": "trial",
    "TrialFileError": "errors",
    "analyse": "workflow",
    "audit_trial": "audit:audit",
    "exact_estimates": "exact",
    "fit": "fitting",
    "load_trial": "trial",
    "read_tree": "store",
    "recompute": "endpoints.classical",
    "shipped_trials": "trial",
}

if TYPE_CHECKING:
    from reappraise.audit import audit as audit_trial
    from reappraise.compare import Comparison
    from reappraise.endpoints.classical import recompute
    from reappraise.endpoints.partition import Partition
    from reappraise.errors import AnalysisError, OutputError, ReappraiseError, TrialFileError
    from reappraise.estimate import Estimate
    from reappraise.exact import exact_estimates
    from reappraise.fitting import Fit, fit
    from reappraise.prior import EffectPrior, RatePrior
    from reappraise.sampling import Sampling
    from reappraise.store import Store, read_tree
    from reappraise.trial import Trial, load_trial, shipped_trials
    from reappraise.workflow import analyse

__all__ = [
    "AnalysisError",
    "Comparison",
    "EffectPrior",
    "Estimate",
    "Fit",
    "OutputError",
    "Partition",
    "RatePrior",
    "ReappraiseError",
    "Sampling",
    "Store",
    "Trial",
    "TrialFileError",
    "analyse",
    "audit_trial",
    "exact_estimates",
    "fit",
    "load_trial",
    "read_tree",
    "recompute",
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
