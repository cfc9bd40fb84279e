"""Classical answers about times to an event, each under the name of its method."""
