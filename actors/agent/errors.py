"""Why a task does not go on. Each becomes the task's `error`: a stable type, words, and whether `retry` may help."""

from __future__ import annotations

from typing import Any, ClassVar

from learning.governance.decisions import Decision
from learning.governance.views import PlanView


class TaskStopped(Exception):
    """The task ends here. `type` is stable; `detail` names no person and quotes nothing that somebody wrote."""

    type: ClassVar[str] = "task-failed"
    retriable: ClassVar[bool] = True

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.more = more

    def record(self) -> dict[str, Any]:
        """As the task keeps it."""
        return {"type": self.type, "detail": self.detail, "retriable": self.retriable, **self.more}


class InvalidPlan(TaskStopped):
    """The plan breaks a rule that every plan keeps."""

    type = "plan-invalid"
    retriable = False


class NotPermitted(InvalidPlan):
    """The person may not do what the plan does: no other plan is to be had for it."""


class PastDeadline(TaskStopped):
    type = "past-deadline"
    retriable = False


class TookTooLong(TaskStopped):
    type = "took-too-long"


class KeepsCrashing(TaskStopped):
    """It was taken up again and again without getting on."""

    type = "keeps-crashing"


class DelegationEnded(TaskStopped):
    """The person's sessions were ended, or the person is not active any more: nobody acts in their name."""

    type = "delegation-ended"


class ForbiddenOrigin(TaskStopped):
    """A value comes from where the tool takes none from."""

    type = "forbidden-origin"
    retriable = False


class RefusedByGovernor(TaskStopped):
    """`decision` says what was found, about the plan in `view` or one `step` of it."""

    type = "refused-by-governor"
    retriable = False

    def __init__(self, detail: str, decision: Decision, view: PlanView, step: str | None = None) -> None:
        super().__init__(detail, checks=sorted({finding.check for finding in decision.reasons}))
        self.decision = decision
        self.view = view
        self.step = step


class RefusedByPerson(TaskStopped):
    type = "refused-by-approver"
    retriable = False


class ApprovalExpired(TaskStopped):
    type = "approval-expired"
    retriable = False


class CriteriaNotMet(TaskStopped):
    """All steps were done, and the result is not what the task asks for."""

    type = "criteria-not-met"
    retriable = False


class OutcomeUnknown(TaskStopped):
    """An effect was begun so long ago that repeating it could make it happen twice."""

    type = "outcome-unknown"
    retriable = False


class ToolFailed(TaskStopped):
    """A tool gave up. `problem` is the type of the service's own refusal where there was one."""

    type = "tool-failed"


REFUSALS = (RefusedByGovernor, RefusedByPerson, ApprovalExpired)


class TryAgain(Exception):
    """A call failed in a way that may pass; `after_seconds` is what the service asked for, if it did."""

    def __init__(self, problem: str, detail: str, after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.after_seconds = after_seconds
