"""Language models: keys, budgets, usage, transcripts."""

from migrations.run import execute_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_file("0004_llm.sql")


def downgrade() -> None:
    raise RuntimeError("what was metered is not given back; restore a backup instead")
