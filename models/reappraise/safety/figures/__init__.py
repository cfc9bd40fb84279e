"""Pictures of adverse events: each a function of arrays, and the catalogue of those that a run draws."""
