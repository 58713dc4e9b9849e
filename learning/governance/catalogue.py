"""Every check there is: of which constraint, where it looks, and what may follow from it.

An organisation chooses an action within `actions`; the mildest of them is as far as it may go. What a constitution does
not mention follows `default`, so that a check which a release brings is in force everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from learning.governance.vocabulary import Action, ApprovalKind, Constraint, Place

_STEP = frozenset({Place.PLAN, Place.CALL})
_IN, _OUT = frozenset({Place.TEXT_IN}), frozenset({Place.TEXT_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """What a check is declared with."""

    name: str
    constraint: Constraint
    places: frozenset[Place]
    actions: frozenset[Action]
    default: Action
    description: str
    # Names of whole numbers that an organisation may set: (mildest, default, strictest).
    parameters: Mapping[str, tuple[int, int, int]]


def _check(
    name: str,
    constraint: Constraint,
    places: frozenset[Place],
    actions: tuple[Action, ...],
    description: str,
    **parameters: tuple[int, int, int],
) -> CheckSpec:
    """The first action is the default."""
    return CheckSpec(
        name=name,
        constraint=constraint,
        places=places,
        actions=frozenset(actions),
        default=actions[0],
        description=description,
        parameters=parameters,
    )


_REFUSE = (Action.REFUSE,)
_ASK = (Action.APPROVE, Action.REFUSE)

_SPECS = (
    _check(
        "personal_data_unapproved",
        Constraint.PRIVACY,
        _STEP,
        _ASK,
        "A step reads about other people and its tool falls under no kind that needs approval",
    ),
    _check(
        "personal_data_leaves",
        Constraint.PRIVACY,
        _STEP,
        (Action.REFUSE, Action.APPROVE),
        "A step takes data about identifiable people out of the cluster, or one that leaves it uses their data",
    ),
    _check(
        "many_people",
        Constraint.PRIVACY,
        _STEP,
        _ASK,
        "A step touches the data of more people than `people`, or of nobody knows how many",
        people=(1000, 50, 1),
    ),
    _check(
        "personal_data_in_request",
        Constraint.PRIVACY,
        _IN,
        (Action.REDACT, Action.REFUSE),
        "A text on its way to a model outside the cluster, or with `inside` 1 to any, holds e-mail addresses, phone or "
        "card numbers, ids or the like; with `names` 1 also names and postal addresses",
        inside=(0, 0, 1),
        names=(0, 0, 1),
    ),
    _check(
        "personal_data_in_answer",
        Constraint.PRIVACY,
        _OUT,
        (Action.REDACT, Action.REFUSE),
        "An answer holds e-mail addresses, phone or card numbers, ids or the like that whoever asks had not named",
    ),
    _check(
        "unread_sources",
        Constraint.ACCURACY,
        frozenset({Place.PLAN}),
        _ASK,
        "Content for learners is drafted, graded or published by a plan that reads no course content or record first",
    ),
    _check(
        "unreviewed_output",
        Constraint.ACCURACY,
        frozenset({Place.PLAN}),
        _ASK,
        "What a model wrote is written to records or sent by a plan that no person looks at",
    ),
    _check(
        "ungrounded_statement",
        Constraint.ACCURACY,
        _OUT,
        (Action.APPROVE, Action.NOTE, Action.REFUSE),
        "More than `percent` of what a text states is not supported by the sources it was to be written from",
        percent=(100, 30, 0),
    ),
    _check(
        "protected_attribute_as_reason",
        Constraint.FAIRNESS,
        _OUT,
        (Action.APPROVE, Action.REFUSE),
        "A text that advises or judges a person argues from sex, age, origin, religion, disability or the like",
    ),
    _check(
        "protected_attribute",
        Constraint.FAIRNESS,
        _STEP,
        _REFUSE,
        "A step that recommends, grades or assesses is given attributes like gender, origin, religion or disability",
    ),
    _check(
        "forbidden_origin",
        Constraint.INTEGRITY,
        _STEP,
        _REFUSE,
        "An argument comes from where its tool takes none from, such as a recipient out of a learner's essay",
    ),
    _check(
        "missing_permission",
        Constraint.INTEGRITY,
        _STEP,
        _REFUSE,
        "A step needs a permission that the person who asks does not hold",
    ),
    _check(
        "out_of_scope",
        Constraint.INTEGRITY,
        _STEP,
        _REFUSE,
        "A step uses a tool that the task's kind does not admit, or a course that the task is not about",
    ),
    _check(
        "outside_plan",
        Constraint.INTEGRITY,
        frozenset({Place.CALL}),
        _REFUSE,
        "A call is none of the plan's steps, or differs from it in what the plan had fixed",
    ),
    _check(
        "malformed_plan",
        Constraint.INTEGRITY,
        frozenset({Place.PLAN}),
        _REFUSE,
        "A plan has no steps, more than `steps`, two of one id, or takes a value from a step that does not come before",
        steps=(100, 30, 1),
    ),
    _check(
        "destructive_step",
        Constraint.INTEGRITY,
        _STEP,
        _REFUSE,
        "A step deletes, erases or revokes: people do that themselves",
    ),
    _check(
        "mass_effect",
        Constraint.INTEGRITY,
        frozenset({Place.PLAN}),
        _ASK,
        "A plan has more than `steps` steps that write, send or destroy",
        steps=(50, 10, 1),
    ),
    _check(
        "injection_in_request",
        Constraint.INTEGRITY,
        _IN,
        (Action.NOTE, Action.REFUSE),
        "A text gives orders to the model that reads it, with a score of at least `percent`",
        percent=(100, 50, 20),
    ),
    _check(
        "verbatim_overlap",
        Constraint.PROPERTY,
        _OUT,
        (Action.REFUSE, Action.APPROVE),
        "At least `words` words in a row stand in a protected text, word for word",
        words=(200, 40, 24),
    ),
    _check(
        "protected_content_leaves",
        Constraint.PROPERTY,
        _STEP,
        (Action.REFUSE, Action.APPROVE),
        "A step takes course content out of the cluster",
    ),
)

# Who looks at a finding that asks for approval: those who approve the kind nearest to its constraint. What endangers
# integrity reaches many people's records, so those decide who decide about personal data.
APPROVED_AS: Mapping[Constraint, ApprovalKind] = {
    Constraint.PRIVACY: ApprovalKind.PERSONAL_DATA_ANALYSIS,
    Constraint.ACCURACY: ApprovalKind.CONTENT_GENERATION,
    Constraint.FAIRNESS: ApprovalKind.STUDENT_ASSESSMENT,
    Constraint.INTEGRITY: ApprovalKind.PERSONAL_DATA_ANALYSIS,
    Constraint.PROPERTY: ApprovalKind.CONTENT_GENERATION,
}

CATALOGUE: Mapping[str, CheckSpec] = {spec.name: spec for spec in _SPECS}
