"""Conversations with the tutor."""

from migrations.run import execute_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_file("0004_tutor.sql")


def downgrade() -> None:
    raise RuntimeError("conversations are not taken back; restore a backup instead")
