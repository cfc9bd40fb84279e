"""Leaves: numbers with their digits, words for what went wrong, estimates, opinions held before the data."""
