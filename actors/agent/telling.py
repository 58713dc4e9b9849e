"""The events of tasks, for the outbox."""

from __future__ import annotations

from actors.agent.state import Status
from actors.agent.store import Task
from stores.events import Event


def ended_event(task: Task, status: Status) -> Event:
    """That a task has ended and what it came to. What it took in all is filled in by whoever writes it with the row."""
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
            "tokens": 0,
            "cost_microdollars": 0,
        },
    )
