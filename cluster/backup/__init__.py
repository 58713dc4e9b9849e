"""`azora backup` and `azora restore`: PostgreSQL and Valkey as of one moment, in one encrypted, verified file."""
