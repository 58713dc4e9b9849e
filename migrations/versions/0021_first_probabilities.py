"""What was predicted first stays when a prediction is replaced."""

from migrations.run import execute_file

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    execute_file("0021_first_probabilities.sql")


def downgrade() -> None:
    raise RuntimeError("what was predicted first would be lost; restore a backup instead")
