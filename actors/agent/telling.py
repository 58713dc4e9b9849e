"""The events of tasks, for the outbox."""

from __future__ import annotations

from actors.agent.state import Status
from actors.agent.store import Task
from stores.events import Event


def ended_event(task: Task, status: Status, tokens: int, cost_microdollars: int) -> Event:
    """That a task has ended, what it came to, and what it took in all."""
    return Event(
        topic="ai_events",
        type="agent_task.ended.v1",
        source="/agents",
        subject=str(task.id),
        key=str(task.user_id),
        org_id=task.org_id,
        data={
            "task_id": task.id,
            "user_id": task.user_id,
            "course_id": task.course_id,
            "kind": task.kind,
            "status": status.value,
            "attempt": task.attempt,
            "tokens": tokens,
            "cost_microdollars": cost_microdollars,
        },
    )
