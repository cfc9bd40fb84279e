"""A trial, described once in one declarative file."""

from reappraise.trial.load import load_trial, shipped_trials
from reappraise.trial.trial import Trial, TrialEndpoint

__all__ = ["Trial", "TrialEndpoint", "load_trial", "shipped_trials"]
