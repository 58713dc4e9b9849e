"""Tasks that agents carry out, and the approvals they wait for."""

from migrations.run import execute_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute_file("0007_agents.sql")


def downgrade() -> None:
    raise RuntimeError("tasks are not taken back; restore a backup instead")
