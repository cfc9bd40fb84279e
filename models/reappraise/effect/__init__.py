"""Contrasts of the arms of which only an estimate is printed: ratios or differences, with how sure they are."""
