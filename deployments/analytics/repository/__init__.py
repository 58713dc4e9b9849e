"""Figures in PostgreSQL, and the outbox for what clients report: the only place with SQL."""
