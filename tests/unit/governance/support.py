"""Plans and constitutions to judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from learning.governance.constitution import Constitution, parse
from learning.governance.views import Argument, PlanView, StepView
from learning.governance.vocabulary import DataClass, Effect, Origin

SHIPPED = (Path(__file__).parents[3] / "configs" / "constitution.json").read_text()


def shipped(**changes: Any) -> dict[str, Any]:
    """The shipped constitution as data; `check={"action": ...}` changes a check's rule."""
    document: dict[str, Any] = json.loads(SHIPPED)
    for constraint in document["constraints"].values():
        constraint["checks"].update({name: rule for name, rule in changes.items() if name in constraint["checks"]})
    return document


def constitution(**changes: Any) -> Constitution:
    return parse(shipped(**changes))


def argument(value: Any = None, *origins: Origin, **more: Any) -> Argument:
    return Argument(value=value, origins=frozenset(origins or {Origin.ASKER}), **more)


def step(id: str = "one", **more: Any) -> StepView:
    settings: dict[str, Any] = {"tool": "read_course", "effect": Effect.READ, "permission": "courses.read"}
    return StepView(id=id, **{**settings, "data": frozenset({DataClass.COURSE}), **more})


def plan(*steps: StepView, **more: Any) -> PlanView:
    settings: dict[str, Any] = {
        "org_id": UUID(int=1),
        "task_id": UUID(int=2),
        "kind": "tutoring",
        "asker_id": UUID(int=3),
        "asker_role": "instructor",
        "permissions": frozenset({step.permission for step in steps}),
        "tools": frozenset({step.tool for step in steps}),
    }
    return PlanView(steps=steps, **{**settings, **more})
