"""The foundation schema: organisations, people, courses, enrolments, outbox."""

from migrations.run import execute_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    execute_file("0001_foundation.sql")


def downgrade() -> None:
    raise RuntimeError("the foundation is not taken back; restore a backup instead")
