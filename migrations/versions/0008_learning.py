"""Models of learning, predictions and interventions."""

from migrations.run import execute_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_file("0008_learning.sql")


def downgrade() -> None:
    raise RuntimeError("predictions are not taken back; restore a backup instead")
