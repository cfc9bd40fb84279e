"""A trial, described once in one declarative file."""

from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.trial.load import load_trial, shipped_trials

__all__ = ["Trial", "TrialEndpoint", "load_trial", "shipped_trials"]
