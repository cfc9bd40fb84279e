"""Classical answers about ordered categories, each under the name of its method."""
