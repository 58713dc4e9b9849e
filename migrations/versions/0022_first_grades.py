"""What a work was given first stays when it is graded again."""

from migrations.run import execute_file

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    execute_file("0022_first_grades.sql")


def downgrade() -> None:
    raise RuntimeError("what was given first would be lost; restore a backup instead")
