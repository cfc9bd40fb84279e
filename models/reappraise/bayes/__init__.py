"""The PyMC models: the only place that builds a pm.Model. One model per file, one line here for each."""

from __future__ import annotations

from reappraise.bayes.beta_binomial import BetaBinomial
from reappraise.bayes.independent import Independent
from reappraise.bayes.logit_normal import LogitNormal
from reappraise.bayes.model import ResponseModel

MODELS: tuple[ResponseModel, ...] = (
    Independent(),
    BetaBinomial(),
    LogitNormal(),
)

__all__ = ["MODELS", "BetaBinomial", "Independent", "LogitNormal", "ResponseModel"]
