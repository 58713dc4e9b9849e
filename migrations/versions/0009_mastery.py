"""Mastery, goals and reviews of learners; skills of courses and what was fitted to them."""

from migrations.run import execute_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    execute_file("0009_mastery.sql")


def downgrade() -> None:
    raise RuntimeError("what learners said of their goals is not taken back; restore a backup instead")
