"""Adverse events: the three-level models fitted to a trial's tables, and what stands out in them."""

from reappraise.safety.fit import SafetyFit, SafetyJob, fit_adverse_events
from reappraise.safety.flagged import FlaggedTerms, TermSignal

__all__ = ["FlaggedTerms", "SafetyFit", "SafetyJob", "TermSignal", "fit_adverse_events"]
