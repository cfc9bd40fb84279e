"""reappraise: Bayesian reanalysis of published clinical trials."""

__version__ = "0.1.0"
