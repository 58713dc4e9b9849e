"""What analytics counts: the one table of counters and sketches that writers and readers share.

Every figure is a sum or a sketch, so that windows, partitions and scopes merge in any order. Counters are integers,
kept sparse: one that is absent is 0. A *net* counter may fall: it adds up differences, so over all time it is how many
there are now, and over a window it is the change within the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal
from uuid import UUID

# The organisation, and its scope's id, under which the figures of the whole platform are kept.
PLATFORM = UUID(int=0)

# 100 % of a score, in the unit of `score_millionths`. Scores have four decimals of a percent, so nothing is lost.
WHOLE_SCORE = 1_000_000

Unit = Literal["events", "people", "enrollments", "units", "scores", "reviews", "points", "cents", "requests", "tokens"]
OtherUnit = Literal["millionths", "microdollars", "views", "seconds"]


class Scope(IntEnum):
    """What a cell tells of; the values are stored. An organisation's `scope_id` is its own id."""

    ORGANISATION = 0  # the platform is the organisation `PLATFORM`
    COURSE = 1
    UNIT = 2


class Grain(IntEnum):
    """The size of a window; the values are stored. Windows are of UTC and take their start's time as their name."""

    ALL = 0  # starts at the epoch
    DAY = 1
    HOUR = 2
    MINUTE = 3


# Units of a course have no fine windows: there are too many of them.
GRAINS: Mapping[Scope, tuple[Grain, ...]] = {
    Scope.ORGANISATION: (Grain.MINUTE, Grain.HOUR, Grain.DAY, Grain.ALL),
    Scope.COURSE: (Grain.MINUTE, Grain.HOUR, Grain.DAY, Grain.ALL),
    Scope.UNIT: (Grain.DAY, Grain.ALL),
}


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter's unit and meaning. Only a `net` one may fall."""

    unit: Unit | OtherUnit
    meaning: str
    net: bool = False


SketchKind = Literal["distinct", "quantiles", "group"]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A sketch, kept in the column of its name."""

    kind: SketchKind
    unit: str
    meaning: str


def _deciles() -> dict[str, Counter]:
    names = {f"progress_{n}": f"Enrolments whose progress is {10 * n} to below {10 * n + 10} %" for n in range(10)}
    names["progress_10"] = "Enrolments whose progress is 100 %"
    return {name: Counter("enrollments", f"{meaning}; none that wait", net=True) for name, meaning in names.items()}


def _stars() -> dict[str, Counter]:
    return {f"rating_{n}": Counter("reviews", f"Reviews with {n} of 5 points", net=True) for n in range(1, 6)}


COUNTERS: Mapping[str, Counter] = {
    "events": Counter("events", "Events of any kind"),
    # People
    "registrations": Counter("people", "Accounts made: registered, created, invited or imported"),
    "sign_ins": Counter("events", "Sessions started"),
    "sign_ins_refused": Counter("events", "Sign-ins to a known account that failed"),
    # Enrolments, as they are
    "waitlisted": Counter("enrollments", "Waiting for a seat", net=True),
    "active": Counter("enrollments", "Learning", net=True),
    "completed": Counter("enrollments", "Completed", net=True),
    "dropped": Counter("enrollments", "Given up and not taken up again", net=True),
    "expired": Counter("enrollments", "Run out of time and not taken up again", net=True),
    # Enrolments, what happened
    "enrollments": Counter("enrollments", "First enrolments of a learner in a course"),
    "returns": Counter("enrollments", "Former learners who enrolled again"),
    "completions": Counter("enrollments", "Courses completed"),
    "drops": Counter("enrollments", "Enrolments given up"),
    "expiries": Counter("enrollments", "Enrolments that ran out of time"),
    "certificates": Counter("enrollments", "Certificates issued"),
    "revenue_cents": Counter("cents", "Prices of the seats that were given for the first time"),
    # Progress
    "started": Counter("enrollments", "Enrolments with any progress; none that wait", net=True),
    "halfway": Counter("enrollments", "Enrolments with a progress of 50 % at least; none that wait", net=True),
    **_deciles(),
    "units_completed": Counter("units", "Units completed"),
    "units_reopened": Counter("units", "Units that were completed and are open again"),
    # Scores
    "attempts": Counter("events", "Quizzes attempted"),
    "submissions": Counter("events", "Assignments handed in"),
    "grades": Counter("events", "Gradings of assignments, repeated ones included"),
    "scored": Counter("scores", "Attempts and graded submissions, each submission once", net=True),
    "score_millionths": Counter("millionths", "Sum of their scores, 1,000,000 being 100 %", net=True),
    # Reviews
    "reviews": Counter("reviews", "Reviews there are", net=True),
    "rating_points": Counter("points", "Sum of their ratings, 1 to 5", net=True),
    **_stars(),
    # AI
    "ai_requests": Counter("requests", "Completions asked of a model, cached ones included"),
    "ai_input_tokens": Counter("tokens", "Tokens sent to models"),
    "ai_output_tokens": Counter("tokens", "Tokens that models answered with"),
    "ai_cost_microdollars": Counter("microdollars", "What models cost"),
    # What front ends and other systems tell
    "client_events": Counter("events", "Events of the ingestion API"),
    "views": Counter("views", "Pages and units viewed"),
    "seconds_spent": Counter("seconds", "Time that front ends say was spent"),
}

SKETCHES: Mapping[str, Sketch] = {
    "learners": Sketch("distinct", "people", "Learners who did something, or were enrolled, in the window"),
    # A sketch cannot give up a value: after a new grade it holds the former one as well.
    "scores": Sketch("quantiles", "percent", "Scores of attempts and of gradings, repeated ones included"),
    "durations": Sketch("quantiles", "days", "From being given a seat to completing the course"),
    # Who is among these two, to tell whether they are too few to be told of.
    "scorers": Sketch("group", "people", "Learners with a score among `scores`"),
    "finishers": Sketch("group", "people", "Learners with a duration among `durations`; one may complete many courses"),
}
