"""Binary response: counts by level and arm, the models of rates and of effects, and what they answer."""
