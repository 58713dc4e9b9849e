"""Vectors of sentences beside those of passages."""

from migrations.run import execute_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute_file("0015_sentence_vectors.sql")


def downgrade() -> None:
    raise RuntimeError("what writes vectors of sentences needs their table; restore a backup instead")
