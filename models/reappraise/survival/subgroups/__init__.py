"""Subgroups of a time-to-event endpoint as printed: a forest plot's ratios, in one model with the whole trial."""
