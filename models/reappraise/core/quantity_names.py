"""What people call the quantities, and which of ours they mean."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from reappraise.core.estimate import QUANTITIES

SPOKEN: Final = {
    "ard": "risk_difference",
    "absolute_risk_reduction": "risk_difference",
    "arr": "risk_difference",
    "auc": "restricted_mean",
    "difference_in_means": "mean_difference",
    "gmr": "ratio_of_geometric_means",
    "hr": "hazard_ratio",
    "incidence_rate_ratio": "rate_ratio",
    "irr": "rate_ratio",
    "landmark": "survival",
    "md": "mean_difference",
    "mean_diff": "mean_difference",
    "median_os": "median",
    "median_pfs": "median",
    "median_survival": "median",
    "nnt": "number_needed_to_treat",
    "or": "odds_ratio",
    "orr": "rate",
    "os_rate": "survival",
    "percent": "rate",
    "percentage": "rate",
    "proportion": "rate",
    "rd": "risk_difference",
    "relative_risk": "risk_ratio",
    "response_rate": "rate",
    "rmst": "restricted_mean",
    "rmst_difference": "restricted_mean_difference",
    "rr": "risk_ratio",
    "smd": "standardised_mean_difference",
    "standardized_mean_difference": "standardised_mean_difference",
    "survival_probability": "survival",
    "survival_rate": "survival",
}
"""Quantities by what papers and programs call them, in lower case with underscores."""
USUAL: Final = (
    "rate", "median", "survival", "mean", "risk_ratio", "odds_ratio", "hazard_ratio", "rate_ratio", "risk_difference",
    "mean_difference", "restricted_mean_difference", "number_needed_to_treat",
)  # fmt: skip
"""What nearly all papers print."""


def quantity_meant(name: str) -> str:
    """The quantity that a name may stand for; empty where none is near.

    Examples
    --------
    >>> quantity_meant("HR"), quantity_meant("odds ratio"), quantity_meant("hazzard_ratio"), quantity_meant("xyz")
    ('hazard_ratio', 'odds_ratio', 'hazard_ratio', '')
    """
    plain = "_".join(name.lower().replace("-", " ").split())
    if plain in SPOKEN:
        return SPOKEN[plain]
    known = [one.name for one in QUANTITIES.values() if one.form != "probability"]
    near = get_close_matches(plain, known, n=1, cutoff=0.75)
    return near[0] if near else ""


def advice_on(name: str) -> str:
    """What a name that is no quantity may have been meant for, in a sentence."""
    meant = quantity_meant(name)
    if meant:
        return f"no quantity is called {name!r}; did you mean {meant!r}?"
    return f"no quantity is called {name!r}; the usual ones are {', '.join(USUAL)}, and reappraise schema lists all"
