"""Settling of calls to models without budgets, a batch at a time."""

from migrations.run import execute_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute_file("0011_settling_together.sql")


def downgrade() -> None:
    raise RuntimeError("versions before this one settle with these functions, too")
