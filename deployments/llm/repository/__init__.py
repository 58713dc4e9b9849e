"""SQL of the service."""
