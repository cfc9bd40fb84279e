"""The PyMC models: the only place that builds a pm.Model. One model per file, one line here for each."""

from __future__ import annotations

from reappraise.response.model import ResponseModel
from reappraise.response.models.beta_binomial import BetaBinomial
from reappraise.response.models.independent import Independent
from reappraise.response.models.logit_normal import LogitNormal

MODELS: tuple[ResponseModel, ...] = (
    Independent(),
    BetaBinomial(),
    LogitNormal(),
)

__all__ = ["MODELS", "BetaBinomial", "Independent", "LogitNormal", "ResponseModel"]
