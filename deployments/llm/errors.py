"""What can go wrong between a question and its answer.

    LlmError
    ├── ModelNotFound            404   no alias of that name, or not for this caller
    ├── DataMustStay             403   the data rule leaves no target
    ├── InvalidRequest           400   the body breaks a rule of the API; `param` names the field
    ├── UnsupportedParameter     400   nothing that may answer honours the parameter
    ├── ContextTooLong           400   the prompt does not fit
    ├── RequestRefused           400   the upstream finds fault with the request itself
    ├── BudgetError              429   the call might exceed a budget
    │   ├── BudgetExhausted            of a day, a month, or for good; or it asks more than the whole of it
    │   └── RateExceeded               of a minute or an hour: worth waiting for
    ├── MeterUnavailable         503   nothing is asked that could not be metered
    ├── ModelOverloaded          503   no place, and no room to wait for one; or every target rests
    └── UpstreamError
        ├── UpstreamBusy         429   the upstream limits our rate; with Retry-After where it gave one
        ├── UpstreamUnavailable  503   no connection, or a failure of its own
        ├── UpstreamTimeout      504   silent for too long before the first token
        ├── UpstreamRefused      502   it does not know us or the model: ours to repair
        └── UpstreamBroken       502   the stream broke: cut, stalled, malformed, endless

What administrators meet is no LlmError: `BudgetExists`, `BudgetNotFound`, `BudgetSubjectUnknown`, `KeyNotFound`,
`TranscriptNotFound`.

Three properties steer what happens next, as long as nothing has been sent to the caller: `again` (the same target may
manage if asked again), `elsewhere` (another target may), `blames` (it counts against the target's health).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from configs.errors import AzoraError
from deployments.kit.errors import Conflict, NotFound


class LlmError(AzoraError):
    """The root; `param` is the field of the request that is at fault."""

    again: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = False
    blames: ClassVar[bool] = False
    type = "llm-error"
    title = "The model could not be asked"

    def __init__(
        self, detail: str | None = None, *, param: str | None = None, retry_after_seconds: float | None = None
    ) -> None:
        extra: dict[str, Any] = {} if param is None else {"param": param}
        super().__init__(detail, **extra)
        self.param = param
        self.retry_after_seconds = retry_after_seconds
        self.consumed = False  # the upstream had taken the request, and may charge for it

    @property
    def headers(self) -> dict[str, str]:
        if self.retry_after_seconds is None:
            return {}
        return {"retry-after": str(max(1, -int(-self.retry_after_seconds // 1)))}


class ModelNotFound(LlmError):
    status = 404
    type = "model-not-found"
    title = "There is no such model"


class DataMustStay(LlmError):
    status = 403
    type = "data-must-stay"
    title = "The data rule of your organisation permits nothing that answers for this model"


class InvalidRequest(LlmError):
    status = 400
    type = "invalid-request"
    title = "The request is not valid"


class UnsupportedParameter(LlmError):
    status = 400
    type = "unsupported-parameter"
    title = "The model does not support this parameter"
    elsewhere = True

    @classmethod
    def of(cls, param: str) -> UnsupportedParameter:
        return cls(f"The model does not support {param}", param=param)


class ContextTooLong(LlmError):
    status = 400
    type = "context-length-exceeded"
    title = "The conversation is longer than the model can read"
    elsewhere = True

    def __init__(self, detail: str | None = None, *, param: str | None = "messages") -> None:
        super().__init__(detail, param=param)


class RequestRefused(LlmError):
    status = 400
    type = "request-refused"
    title = "The model's provider finds fault with the request"


class BudgetError(LlmError):
    """A call might exceed a budget; `renewed_at` is when the budget is full again, None: never."""

    def __init__(
        self, detail: str | None = None, *, budget_id: UUID | None = None, renewed_at: datetime | None = None
    ) -> None:
        wait = None if renewed_at is None else max((renewed_at - datetime.now(UTC)).total_seconds(), 0.0)
        super().__init__(detail, retry_after_seconds=wait)
        self.extra |= {"budget_id": budget_id, "resets_at": renewed_at}


class BudgetExhausted(BudgetError):
    status = 429
    type = "insufficient-quota"
    title = "The budget is used up"

    @property
    def headers(self) -> dict[str, str]:
        # OpenAI's clients would otherwise try again by themselves.
        return {**super().headers, "x-should-retry": "false"}


class RateExceeded(BudgetError):
    status = 429
    type = "model-rate-limit"
    title = "More than a budget by the minute or hour allows; slow down"
    retriable = True


class BudgetExists(Conflict):
    type = "budget-exists"
    title = "There is a budget of this subject, unit and period; change that"


class BudgetNotFound(NotFound):
    type = "budget-not-found"
    title = "There is no such budget"


class BudgetSubjectUnknown(NotFound):
    type = "budget-subject-unknown"
    title = "There is no such person or key"


class KeyNotFound(NotFound):
    type = "key-not-found"
    title = "There is no such key"


class TranscriptNotFound(NotFound):
    type = "transcript-not-found"
    title = "There is no such transcript, or it is not yours"


class MeterUnavailable(LlmError):
    status = 503
    type = "meter-unavailable"
    title = "Calls cannot be metered now; try again shortly"
    retriable = True

    def __init__(self, detail: str | None = None, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


class ModelOverloaded(LlmError):
    status = 503
    type = "model-overloaded"
    title = "The model has more to do than it can; try again shortly"
    retriable = True
    elsewhere = True

    def __init__(self, detail: str | None = None, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


class UpstreamError(LlmError):
    """A target failed. `upstream_status` is its HTTP status, for the log; the caller is not told."""

    type = "upstream-error"
    title = "The model's provider failed"
    status = 502
    retriable = True
    elsewhere = True
    blames = True

    def __init__(
        self,
        detail: str | None = None,
        *,
        upstream_status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)
        self.upstream_status = upstream_status


class UpstreamBusy(UpstreamError):
    """`exhausted`: a quota is used up, and waiting a moment does not help."""

    status = 429
    type = "upstream-rate-limited"
    title = "The model's provider limits our rate; try again later"
    again = True
    blames = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        upstream_status: int | None = None,
        retry_after_seconds: float | None = None,
        exhausted: bool = False,
    ) -> None:
        super().__init__(detail, upstream_status=upstream_status, retry_after_seconds=retry_after_seconds)
        self.exhausted = exhausted


class UpstreamUnavailable(UpstreamError):
    status = 503
    type = "upstream-unavailable"
    title = "The model's provider is unavailable; try again shortly"
    again = True


class UpstreamTimeout(UpstreamError):
    status = 504
    type = "upstream-timeout"
    title = "The model did not begin to answer in time"


class UpstreamRefused(UpstreamError):
    type = "upstream-refused"
    title = "The model's provider refused the platform's request"
    retriable = False


class UpstreamBroken(UpstreamError):
    type = "upstream-broken"
    title = "The answer broke off"
