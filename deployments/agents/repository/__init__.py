"""The SQL of the agents service."""
