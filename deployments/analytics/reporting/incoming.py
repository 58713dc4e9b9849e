"""From a request body to events that keep the rules, and to what is wrong with the others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Annotated, Any, Literal, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from deployments.analytics.repository.reports import Entry
from deployments.analytics.schemas import EventFault
from deployments.kit.errors import Invalid
from stores.events import CATALOGUE, EventData
from stores.events.envelope import TYPE_PREFIX

Model = TypeVar("Model", bound=BaseModel)

MAXIMUM_EVENTS = 1_000
MAXIMUM_ID_CHARS, MAXIMUM_SOURCE_CHARS = 128, 200
TOPIC: Literal["analytics_events"] = "analytics_events"
TYPES = {name: declared for name, declared in CATALOGUE.items() if declared.topic == TOPIC}
_EARLY, _LATE = timedelta(minutes=5), timedelta(days=400)
_FAULTS_SHOWN, _POINTER_CHARS = 5, 200
_SYSTEM = "system"


class Incoming(BaseModel):
    """A CloudEvents 1.0 event in JSON format. `id` and `source` together make a repetition known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=MAXIMUM_ID_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$")]
    source: Annotated[str, Field(min_length=1, max_length=MAXIMUM_SOURCE_CHARS, pattern=r"^[^\x00-\x20\x7f]+$")]
    type: Annotated[str, Field(max_length=100, description=f"With or without the prefix `{TYPE_PREFIX}`")]
    time: Annotated[AwareDatetime | None, Field(description="When it happened; now where it is left out")] = None
    datacontenttype: Literal["application/json"] | None = None
    traceparent: Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports. `for_others` may name other people of the organisation, or nobody."""

    org_id: UUID
    user_id: UUID
    for_others: bool

    @property
    def namespace(self) -> UUID:
        """What ids are unique in: a person's own, or the organisation's systems'. Nobody can take another's ids."""
        owner = _SYSTEM if self.for_others else self.user_id.hex
        return uuid5(NAMESPACE_URL, f"urn:azora:events:{self.org_id.hex}:{owner}")


@dataclass(slots=True)
class Candidate:
    """An event of a batch on its way: its place, what it refers to, and what is wrong with it.

    Ids stay texts, in their canonical form, which is a good deal quicker.
    """

    index: int
    given_id: str | None
    entry: Entry | None = None
    user_id: str | None = None
    course_id: str | None = None
    unit_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    faults: list[EventFault] = field(default_factory=list)

    def refuse(self, pointer: str, code: str, message: str) -> None:
        """Note something that is wrong."""
        self.faults.append(EventFault(pointer=pointer, code=code, message=message))


class _Refused(Exception):
    def __init__(self, *faults: EventFault) -> None:
        super().__init__()
        self.faults = faults


def _refused(pointer: str, code: str, message: str) -> _Refused:
    return _Refused(EventFault(pointer=pointer, code=code, message=message))


def items(body: bytes, batch: bool | None) -> tuple[Sequence[Any], bool]:
    """The events of a body, and whether they came as a batch. Raises `Invalid` for a body that is none at all.

    `batch` says what the media type demands: one event, several, or None for either.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _unreadable("json_invalid", str(error)) from None
    if isinstance(found, list) and batch is not False:
        if not 1 <= len(found) <= MAXIMUM_EVENTS:
            raise _unreadable("batch_size", f"a batch has 1 to {MAXIMUM_EVENTS} events")
        return found, True
    if isinstance(found, dict) and batch is not True:
        return [found], False
    wanted = {None: "an event or a list of events", True: "a list of events", False: "an event"}[batch]
    raise _unreadable("wrong_kind", f"must be {wanted}")


class Examiner:
    """Checks the events that somebody sends at one time, each by itself."""

    def __init__(self, sender: Sender, now: datetime) -> None:
        self._for_others = sender.for_others
        self._org_id, self._user_id = str(sender.org_id), str(sender.user_id)
        self._namespace = sender.namespace.bytes
        self._now, self._earliest, self._latest = now, now - _LATE, now + _EARLY

    def examine(self, index: int, item: Any) -> Candidate:
        """An event as it can be put on the log, or what is wrong with it."""
        given = item.get("id") if isinstance(item, dict) else None
        candidate = Candidate(index, given[:MAXIMUM_ID_CHARS] if isinstance(given, str) else None)
        try:
            incoming = _strictly(Incoming, item)
            time = self._time(incoming.time, item.get("time"))
            name = incoming.type.removeprefix(TYPE_PREFIX)
            if name not in TYPES:
                raise _refused("/type", "unknown_type", f"known are {', '.join(TYPES)}")
            self._refer(candidate, self._data(incoming.data, TYPES[name].data))
            candidate.entry = self._entry(candidate, incoming, name, time)
        except _Refused as refused:
            candidate.faults += refused.faults
        return candidate

    def _data(self, given: dict[str, Any], model: type[EventData]) -> dict[str, Any]:
        data = _strictly(model, given if "user_id" in given else {**given, "user_id": self._user_id}, "/data")
        told = data.model_dump(mode="json", exclude_unset=True)
        if told["user_id"] != self._user_id and not self._for_others:
            raise _refused("/data/user_id", "not_yours", "only administrators report in other people's name")
        return told

    def _refer(self, candidate: Candidate, told: dict[str, Any]) -> None:
        candidate.data, candidate.user_id = told, told["user_id"]
        candidate.course_id, candidate.unit_id = told.get("course_id"), told.get("unit_id")
        if candidate.unit_id is not None and candidate.course_id is None:
            raise _refused("/data/course_id", "missing", "a unit is named together with its course")

    def _entry(self, candidate: Candidate, incoming: Incoming, name: str, time: datetime) -> Entry:
        event_id = self._event_id(incoming)
        identity = str(event_id)
        key = candidate.user_id or identity
        # What `stores.events.Event.envelope` makes, without checking the data a second time.
        envelope = {
            "specversion": "1.0",
            "id": identity,
            "type": f"{TYPE_PREFIX}{name}",
            "source": f"/clients/{incoming.source}",
            "subject": candidate.unit_id or candidate.course_id or candidate.user_id or self._org_id,
            "time": time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "partitionkey": key,
            "orgid": self._org_id,
            "data": candidate.data,
        }
        if incoming.traceparent:
            envelope["traceparent"] = incoming.traceparent
        return Entry(event_id, key, orjson.dumps(envelope).decode())

    def _event_id(self, incoming: Incoming) -> UUID:
        # RFC 9562, version 5, of source and id, which hold no line break.
        name = f"{incoming.source}\n{incoming.id}".encode()
        return UUID(bytes=sha1(self._namespace + name, usedforsecurity=False).digest()[:16], version=5)

    def _time(self, given: datetime | None, text: str | None) -> datetime:
        if given is None or text is None:
            return self._now
        if text[10:11] not in ("T", "t"):  # seconds since the epoch, for one, are no RFC 3339
            raise _refused("/time", "datetime_parsing", "must look like 2026-11-23T09:30:00Z")
        if not self._earliest <= given <= self._latest:
            message = f"at most {_LATE.days} days ago and {_EARLY.seconds // 60} minutes ahead"
            raise _refused("/time", "out_of_range", message)
        return given.astimezone(UTC)


def _strictly(model: type[Model], given: Any, prefix: str = "") -> Model:
    # As JSON: there a text is no number, but a UUID may be a text.
    try:
        return model.model_validate_json(orjson.dumps(given), strict=True, extra="forbid")
    except ValidationError as error:
        raise _Refused(*_faults(error, prefix)) from None
    except orjson.JSONEncodeError:
        raise _refused(prefix, "too_deep", "nested too deeply") from None


def _faults(error: ValidationError, prefix: str = "") -> list[EventFault]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_FAULTS_SHOWN]
    return [
        EventFault(
            pointer=(prefix + "".join(f"/{_escaped(part)}" for part in fault["loc"]))[:_POINTER_CHARS],
            code=fault["type"],
            message=fault["msg"],
        )
        for fault in found
    ]


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _unreadable(code: str, message: str) -> Invalid:
    return Invalid([{"pointer": "/body", "code": code, "message": message}])
