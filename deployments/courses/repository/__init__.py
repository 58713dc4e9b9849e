"""Courses in PostgreSQL; the only place with SQL."""
