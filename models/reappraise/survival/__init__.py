"""Time to an event: individual data, known or reconstructed, hazards that may change, and what they answer."""
