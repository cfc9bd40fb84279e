"""Survival from printed summaries: a likelihood for the printed numbers themselves."""
