"""When people were last mailed about approvals, and what learners were advised to do."""

from migrations.run import execute_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_file("0014_mails_and_paths.sql")


def downgrade() -> None:
    raise RuntimeError("what people were not yet mailed about would be lost; restore a backup instead")
