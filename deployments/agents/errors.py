"""Errors of the agents service."""

from __future__ import annotations

from deployments.kit.errors import Conflict, Forbidden, NotFound, TooManyRequests
from stores.errors import StoreUnavailable


class TaskNotFound(NotFound):
    type = "task-not-found"
    title = "There is no such task"


class ApprovalNotFound(NotFound):
    type = "approval-not-found"
    title = "There is no such request for approval"


class TaskNotPermitted(Forbidden):
    type = "task-not-permitted"
    title = "Your role does not permit what the task would do"


class NotYoursToApprove(Forbidden):
    type = "not-yours-to-approve"
    title = "Nobody approves what they asked for themselves, and only those who are asked approve"


class TaskEnded(Conflict):
    type = "task-ended"
    title = "The task has ended"


class TaskNotRetriable(Conflict):
    type = "task-not-retriable"
    title = "Only a task that failed or was cancelled can be tried once more"


class ApprovalDecided(Conflict):
    type = "approval-decided"
    title = "The request was answered, has expired or was withdrawn"


class PlanChanged(Conflict):
    type = "plan-changed"
    title = "The plan is not the one that you have seen; look at it again"


class TooManyTasks(TooManyRequests):
    type = "too-many-tasks"
    title = "Too many of your tasks have not ended"


class TooManyTaskStreams(TooManyRequests):
    type = "too-many-task-streams"
    title = "You follow too many tasks at once"


class TaskStreamsExhausted(StoreUnavailable):
    type = "task-streams-exhausted"
    title = "Too many people follow tasks here; try again shortly"
