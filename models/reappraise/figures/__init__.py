"""Figures: each a function of published, recomputed and posterior numbers that returns a matplotlib figure."""

from __future__ import annotations

from reappraise.figures.calibration import calibration_plot
from reappraise.figures.catalogue import FIGURES, draw_all
from reappraise.figures.densities import densities_plot
from reappraise.figures.depth_catalogue import draw_depth
from reappraise.figures.diagnostics import diagnostics_plot
from reappraise.figures.forest import forest_plot
from reappraise.figures.predictive import predictive_by_prior, predictive_plot
from reappraise.figures.ranks import ranks_plot
from reappraise.figures.safety_catalogue import draw_safety
from reappraise.figures.shrinkage import shrinkage_plot
from reappraise.figures.subgroups import subgroup_forest
from reappraise.figures.survival_catalogue import draw_survival

__all__ = [
    "FIGURES",
    "calibration_plot",
    "densities_plot",
    "diagnostics_plot",
    "draw_all",
    "draw_depth",
    "draw_safety",
    "draw_survival",
    "forest_plot",
    "predictive_by_prior",
    "predictive_plot",
    "ranks_plot",
    "shrinkage_plot",
    "subgroup_forest",
]
