"""On whose behalf a model is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from deployments.kit.errors import Forbidden
from deployments.kit.principal import Principal
from deployments.llm.conversation import Asker
from deployments.llm.errors import InvalidRequest
from deployments.llm.keys import KeyHolder, Scope

# What clients may say besides the body, and what it is without.
FEATURE_HEADER = b"x-azora-feature"
COURSE_HEADER = b"x-azora-course-id"
MAX_COST_HEADER = b"x-azora-max-cost-microdollars"
DEFAULT_FEATURE = "api"
TASK_FEATURE = "agents"  # whatever service asks on behalf of a task
_TASK = "task:"
_FEATURE = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_FEATURE_CHARACTERS = 64
_COST_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person or a key of an organisation. `feature` is what calls are metered under besides them: a key's own, that
    of agents where a task acts for the person, or what the person's client says. `task_id` is the task that pays,
    whichever service asks for it. `maximum_microdollars` is what the client wants the call to cost at the most."""

    org_id: UUID
    user_id: UUID | None
    key_id: UUID | None
    feature: str
    any_course: bool
    course_id: UUID | None = None
    task_id: UUID | None = None
    maximum_microdollars: int | None = None
    scopes: frozenset[str] | None = None  # of a key; None: a person's token has none

    @classmethod
    def of(cls, principal: Principal, headers: Mapping[bytes, bytes]) -> Caller:
        """Who asks, as the token and the headers say. Raises `InvalidRequest`."""
        holder = principal if isinstance(principal, KeyHolder) else None
        task_id = _task(principal.acting)
        return cls(
            org_id=principal.org_id,
            user_id=None if holder else principal.user_id,
            key_id=holder.key_id if holder else None,
            feature=holder.feature if holder else TASK_FEATURE if task_id else _feature(headers.get(FEATURE_HEADER)),
            any_course=principal.may("courses.any"),
            course_id=_course(headers.get(COURSE_HEADER)),
            task_id=task_id,
            maximum_microdollars=_microdollars(headers.get(MAX_COST_HEADER)),
            scopes=holder.scopes if holder else None,
        )

    def require(self, scope: Scope) -> None:
        """Raises `Forbidden` where the key was not made for this."""
        if self.scopes is not None and scope not in self.scopes:
            raise Forbidden(f"The key lacks the scope {scope}")

    @property
    def asker(self) -> Asker:
        """What providers inside the cluster may know of them."""
        return Asker(org_id=self.org_id, user_id=self.user_id, any_course=self.any_course, course_id=self.course_id)


def _task(acting: str | None) -> UUID | None:
    return UUID(acting.removeprefix(_TASK)) if acting is not None and acting.startswith(_TASK) else None


def _feature(value: bytes | None) -> str:
    if value is None:
        return DEFAULT_FEATURE
    feature = value.decode("latin-1")
    if len(feature) > _FEATURE_CHARACTERS or not _FEATURE.fullmatch(feature):
        raise InvalidRequest("The header X-Azora-Feature must be a word such as tutor or essay-feedback")
    if feature == TASK_FEATURE:
        raise InvalidRequest(f"The feature {TASK_FEATURE} is kept for tasks of agents; X-Azora-Feature must be another")
    return feature


def _course(value: bytes | None) -> UUID | None:
    if value is None:
        return None
    try:
        return UUID(value.decode("latin-1"))
    except ValueError:
        raise InvalidRequest("The header X-Azora-Course-Id must be a UUID") from None


def _microdollars(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit() or len(value) > _COST_DIGITS:
        raise InvalidRequest("The header X-Azora-Max-Cost-Microdollars must be a whole number")
    return int(value)
