-- The table of revisions was there before the grants of 0001_foundation.sql, which gave every table away. What a database
-- is at is the owner's to say; everybody else reads it.
revoke insert, update, delete on alembic_version from azora_app, azora_system;
