"""What a task will do: steps in a row, fixed before anything untrusted is read. Data, and nothing but data.

There are no branches and no loops: no text that a step reads can make another step happen, or leave one out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from learning.governance.digests import digest
from learning.governance.vocabulary import Origin

V = TypeVar("V")
MAXIMUM_STEPS = 100
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


def storable(value: V) -> V:
    """The value, however deep, without the one character that PostgreSQL keeps nowhere. Raises `ValueError`."""
    waiting: list[Any] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and "\x00" in part:
            raise ValueError("must not hold the character NUL")
        if isinstance(part, (list, tuple)):
            waiting += part
        elif isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()]
    return value


Storable = Annotated[JsonValue, AfterValidator(storable)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(_Part):
    """A value that the plan itself holds."""

    given: Storable
    origins: tuple[Origin, ...] = Field(default=(Origin.ASKER,), min_length=1)


class Taken(_Part):
    """A field of what an earlier step gave; dots lead into it, numbers into lists."""

    step: Key
    path: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|[0-9]{1,3}))*$", max_length=200)

    @property
    def field(self) -> str:
        """The field of the result that it lies in: origins are kept for each."""
        return self.path.partition(".")[0]


Argument = Given | Taken


class Step(_Part):
    """One call of a tool. `why` is for people who look at the plan."""

    key: Key
    tool: str = Field(max_length=64)
    arguments: dict[str, Argument] = Field(default={}, max_length=32)
    why: str = Field(default="", max_length=300, pattern=r"^[^\x00]*$")


class Plan(_Part):
    """The steps, in the order in which they are done."""

    format: Literal[1] = 1
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MAXIMUM_STEPS)

    def step(self, key: str) -> Step | None:
        """The step of that key."""
        return next((step for step in self.steps if step.key == key), None)

    def digest(self, *, org_id: UUID, task_id: UUID, user_id: UUID, kind: str) -> bytes:
        """What approvals are bound to: SHA-256 over whose task it is and every step with every argument."""
        owner = {"org_id": str(org_id), "task_id": str(task_id), "user_id": str(user_id), "kind": kind}
        return bytes.fromhex(digest({**owner, "plan": self}))

    def amended(self, changes: Mapping[str, Mapping[str, JsonValue]], origin: Origin) -> Plan:
        """The plan with other values for some arguments of some steps."""
        return Plan(
            steps=tuple(
                step.model_copy(
                    update={
                        "arguments": {
                            **step.arguments,
                            **{
                                name: Given(given=value, origins=(origin,))
                                for name, value in changes.get(step.key, {}).items()
                            },
                        }
                    }
                )
                for step in self.steps
            )
        )


def taken(outputs: Mapping[str, Any], reference: Taken) -> Any:
    """The value that a reference leads to. Raises `LookupError` where there is none."""
    value: Any = outputs[reference.step]
    for part in reference.path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def asked(**values: Any) -> dict[str, Argument]:
    """Arguments that the person who asks has given."""
    return {
        name: value if isinstance(value, (Given, Taken)) else Given(given=_plain(value))
        for name, value in values.items()
    }


def _plain(value: Any) -> JsonValue:
    if isinstance(value, BaseModel):
        plain: JsonValue = value.model_dump(mode="json")
        return plain
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
