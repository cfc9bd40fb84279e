"""Classical answers about binary endpoints, each under the name of its method."""
