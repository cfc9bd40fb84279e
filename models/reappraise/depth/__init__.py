"""Depth of response: ordered categories of two arms, fitted, judged, and set beside the binary endpoints."""

from __future__ import annotations

from reappraise.depth.fit import MODELS, DepthFit, DepthJob, fit_depth
from reappraise.depth.implied import ImpliedRate, implied_rates
from reappraise.depth.proportionality import Proportionality, proportionality
from reappraise.depth.tables import table_of
from reappraise.depth.workflow import DepthResult, analyse_depth

__all__ = [
    "MODELS",
    "DepthFit",
    "DepthJob",
    "DepthResult",
    "ImpliedRate",
    "Proportionality",
    "analyse_depth",
    "fit_depth",
    "implied_rates",
    "proportionality",
    "table_of",
]
