"""Figures: each a function of published, recomputed and posterior numbers that returns a matplotlib figure."""

from __future__ import annotations

from reappraise.figures.catalogue import FIGURES, draw_all
from reappraise.figures.densities import densities_plot
from reappraise.figures.diagnostics import diagnostics_plot
from reappraise.figures.forest import forest_plot
from reappraise.figures.predictive import predictive_by_prior, predictive_plot
from reappraise.figures.ranks import ranks_plot
from reappraise.figures.shrinkage import shrinkage_plot
from reappraise.figures.subgroups import subgroup_forest

__all__ = [
    "FIGURES",
    "densities_plot",
    "diagnostics_plot",
    "draw_all",
    "forest_plot",
    "predictive_by_prior",
    "predictive_plot",
    "ranks_plot",
    "shrinkage_plot",
    "subgroup_forest",
]
