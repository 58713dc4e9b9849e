"""The users service's tables in PostgreSQL: one module and one file of named queries for each subject."""
