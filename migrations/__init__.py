"""Alembic migrations. Each revision runs one SQL file of `migrations/sql`, so that the schema reads as SQL."""
