"""Keys that are reserved before slow work, and settled with its effect."""

from migrations.run import execute_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute_file("0013_reserved_keys.sql")


def downgrade() -> None:
    raise RuntimeError("keys that are reserved now would be done twice; restore a backup instead")
