"""Enrolments in PostgreSQL: the only place with SQL, one module and one file of queries per subject."""
