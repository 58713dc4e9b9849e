"""Tasks are charged with calls where these are reserved, and corrected where they are settled."""

from migrations.run import execute_file

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    execute_file("0017_tasks_charged_in_the_ledger.sql")


def downgrade() -> None:
    raise RuntimeError("calls in progress say which task they are charged to; restore a backup instead")
