"""Pictures of ordered categories: each a function of arrays, and the catalogue of those that a run draws."""
