"""Trials of one arm: its numbers against the benchmark that the paper states."""
