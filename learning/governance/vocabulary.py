"""The fixed words of governance: five constraints, four kinds that need approval, where values come from."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Constraint(StrEnum):
    """What may never be broken. There are exactly these five."""

    PRIVACY = "user_privacy"
    ACCURACY = "educational_accuracy"
    FAIRNESS = "unbiased_recommendations"
    INTEGRITY = "platform_integrity"
    PROPERTY = "intellectual_property"


STATEMENTS: dict[Constraint, str] = {
    Constraint.PRIVACY: "Never compromise user privacy",
    Constraint.ACCURACY: "Ensure educational accuracy",
    Constraint.FAIRNESS: "Avoid biased recommendations",
    Constraint.INTEGRITY: "Maintain platform integrity",
    Constraint.PROPERTY: "Respect intellectual property",
}


class ApprovalKind(StrEnum):
    """What a person with the right role must approve before it happens. There are exactly these four."""

    PERSONAL_DATA_ANALYSIS = "personal_data_analysis"
    CONTENT_GENERATION = "content_generation"
    AUTOMATED_GRADING = "automated_grading"
    STUDENT_ASSESSMENT = "student_assessment"


class Origin(StrEnum):
    """Where a value, or a part of it, comes from. A value keeps the origins of all that flowed into it."""

    ASKER = "asker"  # typed by the person who asks, or a fact about them from their token
    ORGANISATION = "organisation"  # set by the organisation's administrators, or an id read from its records
    COURSE_TEXT = "course_text"
    LEARNER_TEXT = "learner_text"
    MODEL = "model"
    TOOL = "tool"  # figures and fixed words that a tool computed, not text that somebody wrote


# What nobody from outside can have worded. Anything else is data and never an instruction.
TRUSTED: frozenset[Origin] = frozenset({Origin.ASKER, Origin.ORGANISATION, Origin.TOOL})


class Effect(StrEnum):
    """What a tool does to the world, from nothing to what cannot be taken back."""

    READ = "read"
    DRAFT = "draft"  # makes something that only the task and its approver see
    WRITE = "write"  # changes records; can be set back
    SEND = "send"  # reaches people, or leaves the platform
    DESTROY = "destroy"  # deletes, erases, revokes


class DataClass(StrEnum):
    """Whose data a step reads or writes."""

    PUBLIC = "public"
    COURSE = "course"
    OWN = "own"  # about the asker
    PERSONAL = "personal"  # about others, identifiable
    AGGREGATE = "aggregate"  # figures over groups, small ones withheld


class Place(StrEnum):
    """What a check looks at."""

    PLAN = "plan"
    CALL = "call"
    TEXT_IN = "text_in"
    TEXT_OUT = "text_out"


class Action(IntEnum):
    """What follows from a finding, from the mildest to the strictest."""

    NOTE = 0
    REDACT = 1
    APPROVE = 2
    REFUSE = 3

    @property
    def word(self) -> str:
        """As constitutions and decisions write it."""
        return self.name.lower()


class Verdict(StrEnum):
    """What may happen now."""

    ALLOW = "allow"
    APPROVAL = "approval"
    REFUSE = "refuse"
