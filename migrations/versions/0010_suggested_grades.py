"""Suggested grades and appeals."""

from migrations.run import execute_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    execute_file("0010_suggested_grades.sql")


def downgrade() -> None:
    raise RuntimeError("decisions on grades are not taken back; restore a backup instead")
