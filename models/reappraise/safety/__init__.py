"""Adverse events: the three-level models fitted to a trial's tables, and what stands out in them."""
