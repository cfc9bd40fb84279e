"""Events per person-time: rates of the arms, and their ratio."""
