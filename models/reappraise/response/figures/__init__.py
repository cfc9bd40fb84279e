"""Pictures of binary endpoints: each a function of arrays, and the catalogue of those that a run draws."""
