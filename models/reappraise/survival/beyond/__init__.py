"""Beyond what one endpoint's data say: after its follow-up by a stated rule, and within another endpoint."""
