"""The same figures computed the plain way, straight from the envelopes: one pass per figure, no deltas, no sketches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

NIL = "00000000-0000-0000-0000-000000000000"
LENGTHS = {"minute": 60, "hour": 3600, "day": 86400}
CLIENT = {"page.viewed", "unit.viewed", "video.played", "search.performed", "time.spent"}
DOES = CLIENT | {
    "enrollment.created", "unit.completed", "quiz.attempted", "submission.created", "review.written",
    "completion.metered",
}  # fmt: skip

Window = tuple[str, str, str, str, datetime]  # organisation, scope, its id, grain, start


@dataclass
class Expected:
    """What a window should hold; `learners`, `scorers` and `finishers` are users."""

    counters: Counter[str] = field(default_factory=Counter)
    learners: set[tuple[str, str]] = field(default_factory=set)
    scores: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    scorers: set[tuple[str, str]] = field(default_factory=set)
    finishers: set[tuple[str, str]] = field(default_factory=set)


def rounded(values: Iterable[float]) -> list[float]:
    return sorted(round(value, 6) for value in values)


def plain(counters: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in counters.items() if amount}


@dataclass
class Model:
    """Everything that the figures of some events should be."""

    windows: dict[Window, Expected] = field(default_factory=lambda: defaultdict(Expected))
    days: dict[tuple[str, str, date], dict[int, Counter[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    cohorts: dict[tuple[str, str, str, date, int], set[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(set)
    )


def model_of(envelopes: Iterable[Mapping[str, Any]]) -> Model:
    model = Model()
    for envelope in envelopes:
        _take(model, envelope)
    return model


def _take(model: Model, envelope: Mapping[str, Any]) -> None:
    name = envelope["type"].removeprefix("azora.").removesuffix(".v1")
    data, org = envelope["data"], envelope["orgid"]
    time = datetime.fromisoformat(envelope["time"]).astimezone(UTC)
    person = None if data.get("user_id") is None else (org, data["user_id"])
    active = person is not None and is_active(name, data)
    for scope, scope_org, scope_id in scopes(org, data):
        counters = figures(name, data, with_standing=scope != "unit")
        for grain in ("day", "all") if scope == "unit" else ("minute", "hour", "day", "all"):
            window = model.windows[scope_org, scope, scope_id, grain, start(grain, time)]
            window.counters.update(counters)
            if active and person:
                window.learners.add(person)
            for key in ("quiz_score", "grade"):
                if data.get(key) is not None and name != "quiz.regraded":  # it was scored when it was made
                    window.scores.append(float(data[key]))
                    window.scorers.add((org, data["user_id"]))
            if name == "enrollment.completed" and data["enrolled_at"]:
                took = time - datetime.fromisoformat(data["enrolled_at"])
                window.durations.append(max(0.0, took / timedelta(days=1)))
                window.finishers.add((org, data["user_id"]))
    if person:
        minute = time.hour * 60 + time.minute
        model.days[org, data["user_id"], time.date()][minute].update(figures(name, data, with_standing=True))
        _follow(model, name, data, time, person, active)


def scopes(org: str, data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = [("organisation", NIL, NIL), ("organisation", org, org)]
    found += [("course", org, data["course_id"])] if data.get("course_id") else []
    return found + ([("unit", org, data["unit_id"])] if data.get("unit_id") else [])


def start(grain: str, time: datetime) -> datetime:
    if grain == "all":
        return datetime(1970, 1, 1, tzinfo=UTC)
    seconds = int(time.timestamp())
    return datetime.fromtimestamp(seconds // LENGTHS[grain] * LENGTHS[grain], UTC)


def is_active(name: str, data: Mapping[str, Any]) -> bool:
    if name in {"session.started", "user.registered", "user.invited"}:
        return bool(data["role"] == "student")
    if name in {"enrollment.activated", "enrollment.waitlisted"}:
        return data["previous_status"] in {"dropped", "expired"}
    return name in DOES


def figures(name: str, data: Mapping[str, Any], *, with_standing: bool) -> Counter[str]:
    found = Counter({"events": 1, **_happened(name, data)})
    if name in CLIENT:
        found["client_events"] += 1
    if "previous_status" in data and with_standing:
        found.update(standing(data["status"], data["progress"]))
        found.subtract(standing(data["previous_status"], data["previous_progress"]))
    if name in {"enrollment.created", "enrollment.activated"} and data["price"]:
        found["revenue_cents"] += int(Decimal(data["price"]) * 100)
    if name in {"enrollment.waitlisted", "enrollment.activated"} and data["previous_status"] in {"dropped", "expired"}:
        found["returns"] += 1
    return found


def _happened(name: str, data: Mapping[str, Any]) -> dict[str, int]:
    simple = {
        "user.registered": "registrations", "user.created": "registrations", "user.imported": "registrations",
        "user.invited": "registrations", "session.started": "sign_ins", "session.refused": "sign_ins_refused",
        "enrollment.created": "enrollments", "enrollment.completed": "completions", "enrollment.dropped": "drops",
        "enrollment.expired": "expiries", "unit.completed": "units_completed", "unit.reopened": "units_reopened",
        "submission.created": "submissions", "certificate.issued": "certificates", "page.viewed": "views",
        "unit.viewed": "views",
    }  # fmt: skip
    if name in simple:
        return {simple[name]: 1}
    if name == "time.spent":
        return {"seconds_spent": data["seconds"]}
    if name == "quiz.attempted":
        return {"attempts": 1, "scored": 1, "score_millionths": int(Decimal(data["quiz_score"]) * 10_000)}
    if name == "quiz.regraded":
        gained = Decimal(data["quiz_score"]) - Decimal(data["previous_quiz_score"])
        return {"score_millionths": int(gained * 10_000)}
    if name == "submission.graded":
        before = data["previous_grade"]
        gained = Decimal(data["grade"]) - Decimal(before or 0)
        return {"grades": 1, "scored": 1 if before is None else 0, "score_millionths": int(gained * 10_000)}
    if name == "completion.metered":
        return {
            "ai_requests": 1, "ai_input_tokens": data["input_tokens"], "ai_output_tokens": data["output_tokens"],
            "ai_cost_microdollars": data["cost_microdollars"],
        }  # fmt: skip
    return _rated(name, data)


def _rated(name: str, data: Mapping[str, Any]) -> dict[str, int]:
    found: Counter[str] = Counter()
    if name == "review.written":
        found.update({"reviews": 1, "rating_points": data["rating"], f"rating_{data['rating']}": 1})
    gone = data.get("previous_rating") if name == "review.written" else data.get("rating")
    if gone is not None and name.startswith("review."):
        found.subtract({"reviews": 1, "rating_points": gone, f"rating_{gone}": 1})
    return found


def standing(status: str | None, progress: str) -> list[str]:
    percent = Decimal(progress)
    if status in {None, "waitlisted"}:
        return [status] if status else []
    found = [str(status), f"progress_{int(percent // 10)}"]
    found += ["started"] if percent > 0 else []
    return found + (["halfway"] if percent >= 50 else [])


def _follow(
    model: Model, name: str, data: Mapping[str, Any], time: datetime, person: tuple[str, str], active: bool
) -> None:
    scope = ("course", data["course_id"]) if data.get("course_id") else ("organisation", person[0])
    since = joined = None
    if data.get("enrolled_at"):
        since = datetime.fromisoformat(data["enrolled_at"])
        joined = name in {"enrollment.created", "enrollment.activated"}
    elif data.get("role") == "student" and name in {"user.registered", "user.invited", "user.created", "user.imported"}:
        since, joined = time, True
    elif data.get("role") == "student" and name == "session.started":
        since = datetime.fromisoformat(data["registered_at"])
    if since is None:
        return
    cohort = _monday(since)
    if joined:
        model.cohorts[person[0], *scope, cohort, 0].add(person)
    if active:
        model.cohorts[person[0], *scope, cohort, max(0, (_monday(time) - cohort).days // 7)].add(person)


def _monday(time: datetime) -> date:
    day = time.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
