"""The classical answer of binary endpoints: candidate intervals and tests from counts, each under its name."""

from reappraise.endpoints.classical.recompute import recompute

__all__ = ["recompute"]
