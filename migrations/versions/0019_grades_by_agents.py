"""Suggested grades know whether an agent decided on them."""

from migrations.run import execute_file

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    execute_file("0019_grades_by_agents.sql")


def downgrade() -> None:
    raise RuntimeError("what agents decided would count as people's decisions")
