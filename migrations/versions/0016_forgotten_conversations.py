"""Deleted conversations are told of."""

from migrations.run import execute_file

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    execute_file("0016_forgotten_conversations.sql")


def downgrade() -> None:
    raise RuntimeError("who remembers conversations must hear of deleted ones; restore a backup instead")
