"""The only place with SQL of the governance service."""
