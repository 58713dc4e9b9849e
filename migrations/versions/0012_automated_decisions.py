"""Measures of automated decisions, and stops."""

from migrations.run import execute_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute_file("0012_automated_decisions.sql")


def downgrade() -> None:
    raise RuntimeError("a stop is not taken back by a migration; restore a backup instead")
