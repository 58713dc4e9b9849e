"""What one event adds to the figures. Pure: it depends on the event alone, so order and lateness do not matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from actors.analytics_aggregator.figures import WHOLE_SCORE
from stores.events import CATALOGUE, EventType, Recorded
from stores.events.ai_events import CompletionMetered
from stores.events.analytics_events import TimeSpent
from stores.events.course_events import ReviewDeleted, ReviewWritten
from stores.events.enrollment_events import AboutEnrollment, QuizAttempted, QuizRegraded, SeatGiven, SubmissionGraded
from stores.events.user_events import AccountMade, SessionStarted

_SECONDS_A_DAY = 86_400
_FORMER = {"dropped", "expired"}
_LEARNER = "student"


@dataclass(slots=True)
class Effect:
    """What an event adds: `counters` to every scope it is about, `standing` to all of them but the unit.

    `active` says that the learner takes part. `joined` and `learning_since` are what cohorts are made of: of the
    course where there is one, else of the organisation.
    """

    user_id: UUID | None
    course_id: UUID | None
    unit_id: UUID | None
    counters: dict[str, int]
    active: bool = False
    joined: bool = False
    learning_since: datetime | None = None
    score: float | None = None
    duration_days: float | None = None
    standing: dict[str, int] = field(default_factory=dict)


# A rule is given data of the class that the catalogue declares for the type.
_Rule = Callable[[Effect, Any, datetime], None]


class _Kind(NamedTuple):
    """What events of a type add: one to each counter, and what its rules find. `acts` says that the person does."""

    counters: Mapping[str, int]
    acts: bool = False
    rules: tuple[_Rule, ...] = ()


def user_of(event: Recorded) -> UUID | None:
    """The person that an event is about."""
    found: UUID | None = event.data.__dict__.get("user_id")
    return found


def effect_of(event: Recorded) -> Effect:
    """What the event adds to the figures."""
    data = event.data
    kind = _KINDS[event.type]
    fields = data.__dict__  # asking a model for what it lacks is very slow
    user_id = fields.get("user_id")
    effect = Effect(user_id, fields.get("course_id"), fields.get("unit_id"), dict(kind.counters))
    effect.active = kind.acts and user_id is not None
    for rule in kind.rules:
        rule(effect, data, event.time)
    return effect


def _stand(effect: Effect, data: AboutEnrollment, _time: datetime) -> None:
    effect.learning_since = data.enrolled_at
    if data.status == data.previous_status and data.progress == data.previous_progress:
        return
    standing = dict.fromkeys(_standing(data.status, data.progress), 1)
    for name in _standing(data.previous_status, data.previous_progress):
        if standing.pop(name, 0) == 0:
            standing[name] = -1
    effect.standing = standing


def _standing(status: str | None, progress: Decimal) -> list[str]:
    if status is None:
        return []
    if status == "waitlisted":
        return [status]
    names = [status, f"progress_{int(progress) // 10}"]
    if progress > 0:
        names.append("started")
    if progress >= 50:
        names.append("halfway")
    return names


def _make_account(effect: Effect, data: AccountMade, time: datetime) -> None:
    if data.role == _LEARNER:
        effect.joined, effect.learning_since = True, time


def _come(effect: Effect, data: AccountMade, _time: datetime) -> None:
    effect.active = data.role == _LEARNER


def _sign_in(effect: Effect, data: SessionStarted, _time: datetime) -> None:
    if data.role == _LEARNER:
        effect.active, effect.learning_since = True, data.registered_at


def _take_seat(effect: Effect, data: SeatGiven, _time: datetime) -> None:
    effect.joined = data.enrolled_at is not None
    if data.price:
        effect.counters["revenue_cents"] = int(data.price * 100)


def _return(effect: Effect, data: AboutEnrollment, _time: datetime) -> None:
    # Whoever moves up from the waiting list does nothing for it.
    if data.previous_status in _FORMER:
        effect.counters["returns"] = 1
        effect.active = True


def _complete(effect: Effect, data: AboutEnrollment, time: datetime) -> None:
    if data.enrolled_at is not None:
        effect.duration_days = max(0.0, (time - data.enrolled_at).total_seconds() / _SECONDS_A_DAY)


def _attempt(effect: Effect, data: QuizAttempted, _time: datetime) -> None:
    _add(effect, "score_millionths", _millionths(data.quiz_score))
    effect.score = float(data.quiz_score)


def _mark_anew(effect: Effect, data: QuizRegraded, _time: datetime) -> None:
    before = data.previous_quiz_score
    if before is not None:
        # The attempt was scored when it was made, maybe in another window: whoever made it counts there.
        _add(effect, "score_millionths", _millionths(data.quiz_score) - _millionths(before))


def _grade(effect: Effect, data: SubmissionGraded, _time: datetime) -> None:
    before = data.previous_grade
    _add(effect, "scored", int(before is None))
    _add(effect, "score_millionths", _millionths(data.grade) - (0 if before is None else _millionths(before)))
    effect.score = float(data.grade)


def _millionths(percent: Decimal) -> int:
    return round(percent * (WHOLE_SCORE // 100))


def _add(effect: Effect, name: str, amount: int) -> None:
    if amount:
        effect.counters[name] = amount


def _rate(effect: Effect, data: ReviewWritten, _time: datetime) -> None:
    before = data.previous_rating
    if before is None:
        effect.counters |= {"reviews": 1, "rating_points": data.rating, f"rating_{data.rating}": 1}
    elif before != data.rating:
        effect.counters |= {
            "rating_points": data.rating - before, f"rating_{data.rating}": 1, f"rating_{before}": -1,
        }  # fmt: skip


def _withdraw(effect: Effect, data: ReviewDeleted, _time: datetime) -> None:
    effect.counters |= {"reviews": -1, "rating_points": -data.rating, f"rating_{data.rating}": -1}


def _meter(effect: Effect, data: CompletionMetered, _time: datetime) -> None:
    _add(effect, "ai_input_tokens", data.input_tokens)
    _add(effect, "ai_output_tokens", data.output_tokens)
    _add(effect, "ai_cost_microdollars", data.cost_microdollars)


def _spend(effect: Effect, data: TimeSpent, _time: datetime) -> None:
    effect.counters["seconds_spent"] = data.seconds


def _kind(*names: str, acts: bool = False, rules: tuple[_Rule, ...] = ()) -> _Kind:
    return _Kind({"events": 1, **dict.fromkeys(names, 1)}, acts, rules)


_CLIENT = _kind("client_events", acts=True)
_SPECIAL: Mapping[str, _Kind] = {
    "user.registered.v1": _kind("registrations", rules=(_make_account, _come)),
    "user.invited.v1": _kind("registrations", rules=(_make_account, _come)),
    "user.created.v1": _kind("registrations", rules=(_make_account,)),
    "user.imported.v1": _kind("registrations", rules=(_make_account,)),
    "session.started.v1": _kind("sign_ins", rules=(_sign_in,)),
    "session.refused.v1": _kind("sign_ins_refused"),
    "enrollment.created.v1": _kind("enrollments", acts=True, rules=(_take_seat,)),
    "enrollment.waitlisted.v1": _kind(rules=(_return,)),
    "enrollment.activated.v1": _kind(rules=(_take_seat, _return)),
    "enrollment.completed.v1": _kind("completions", rules=(_complete,)),
    "enrollment.dropped.v1": _kind("drops"),
    "enrollment.expired.v1": _kind("expiries"),
    "unit.completed.v1": _kind("units_completed", acts=True),
    "unit.reopened.v1": _kind("units_reopened"),
    "quiz.attempted.v1": _kind("attempts", "scored", acts=True, rules=(_attempt,)),
    "quiz.regraded.v1": _kind(rules=(_mark_anew,)),
    "submission.created.v1": _kind("submissions", acts=True),
    "submission.graded.v1": _kind("grades", rules=(_grade,)),
    "certificate.issued.v1": _kind("certificates"),
    "review.written.v1": _kind(acts=True, rules=(_rate,)),
    "review.deleted.v1": _kind(rules=(_withdraw,)),
    "completion.metered.v1": _kind("ai_requests", acts=True, rules=(_meter,)),
    "page.viewed.v1": _kind("client_events", "views", acts=True),
    "unit.viewed.v1": _kind("client_events", "views", acts=True),
    "video.played.v1": _CLIENT,
    "video.paused.v1": _CLIENT,
    "video.finished.v1": _CLIENT,
    "search.performed.v1": _CLIENT,
    "time.spent.v1": _kind("client_events", acts=True, rules=(_spend,)),
    "custom.recorded.v1": _CLIENT,
}


def _of_type(declared: EventType) -> _Kind:
    kind = _SPECIAL.get(declared.type, _kind())
    # An enrolment's standing can change with every event about it.
    return kind._replace(rules=(_stand, *kind.rules)) if issubclass(declared.data, AboutEnrollment) else kind


_KINDS: Mapping[str, _Kind] = {type: _of_type(declared) for type, declared in CATALOGUE.items()}
