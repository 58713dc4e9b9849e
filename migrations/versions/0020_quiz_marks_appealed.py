"""Marks of quizzes can be appealed against."""

from migrations.run import execute_file

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    execute_file("0020_quiz_marks_appealed.sql")


def downgrade() -> None:
    raise RuntimeError("appeals are not taken back; restore a backup instead")
