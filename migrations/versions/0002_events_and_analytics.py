"""The outbox read as a log, and the figures of analytics."""

from migrations.run import execute_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_file("0002_events_and_analytics.sql")
    execute_file("0002_events_written_before.sql")


def downgrade() -> None:
    raise RuntimeError("events taken by consumers are not given back; restore a backup instead")
