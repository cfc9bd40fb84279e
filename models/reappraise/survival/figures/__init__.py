"""Pictures of times to an event: each a function of arrays, and the catalogue of those that a run draws."""
