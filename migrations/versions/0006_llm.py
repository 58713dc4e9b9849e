"""Language models: settings, keys, budgets, usage, transcripts."""

from migrations.run import execute_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute_file("0006_llm.sql")


def downgrade() -> None:
    raise RuntimeError("what was metered is not taken back; restore a backup instead")
