"""What the platform itself says to people, or of them, judged by the organisation's constitution before it goes out.

What a language model says is judged as it flows (`deployments/llm/governed.py`), what agents do step by step. This is
for the rest: replies, feedback, reasons and drafts that are put together here, with a model or without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from actors.governor.law import Law
from actors.governor.recording import text_entry
from deployments.kit.work import Work
from learning.governance.constitution import Constitution
from learning.governance.judge import Judge
from learning.governance.views import TextContext, TextView
from learning.governance.vocabulary import Origin, Place, Verdict
from stores.audit import Entry
from stores.postgres import Database

_MOST_JUDGED = 20_000
_judged: dict[tuple[tuple[UUID, str, str], str], bool] = {}
"""Whether a text may go out, by organisation, feature and the digest of the constitution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """`text` as it may go out; None where it may not, or not without a person. `entry`: what was found, for the audit
    log, where anything was."""

    text: str | None
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Judges texts by one constitution. Takes about a millisecond for a page of text."""

    constitution: Constitution
    org_id: UUID
    source: str
    feature: str

    def on(
        self, text: str, *, actor: UUID | None = None, known: Sequence[str] = (), sources: Sequence[str] = (),
        recommends: bool = False,
    ) -> Passed:  # fmt: skip
        """Whether a text may go out. See `TextContext` for what it is told."""
        context = TextContext(
            org_id=self.org_id, origin=Origin.MODEL, asker_id=actor, known=tuple(known), sources=tuple(sources),
            recommends=recommends,
        )  # fmt: skip
        decision = Judge(self.constitution).text(TextView(text=text, context=context), Place.TEXT_OUT)
        said = decision.text if decision.verdict is Verdict.ALLOW else None
        if not decision.findings:
            return Passed(text=said, entry=None)
        details: dict[str, Any] = {
            "findings": [one.record() for one in decision.findings],
            "feature": self.feature,
        }
        entry = text_entry(self.org_id, actor, self.source, details, refused=said is None)
        return Passed(text=said, entry=entry)


def texts_in(value: Any) -> Iterator[str]:
    """All texts in plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_in(part)


async def withheld_of(work: Work | None, ruling: Ruling, reasons: Iterable[str], names: Iterable[str] = ()) -> set[str]:
    """Which reasons, of what is said or advised of people, may not go out as they are. `names`, as of units, argue from
    nothing: courses are about anything.

    Each is judged once by a constitution, and what is found is then written down by `work`, where there is one: pages
    are looked at again and again.
    """
    own = {reason: _without(reason, names) for reason in reasons}
    by = (ruling.org_id, ruling.feature, ruling.constitution.digest)
    known = {said: _judged[by, said] for said in own.values() if (by, said) in _judged}
    if new := sorted(set(own.values()) - known.keys()):
        found, entries = await asyncio.to_thread(_examined, ruling, new)
        known |= found
        if work is not None:
            for entry in entries:
                work.record(entry)
        _remember(by, found)
    return {reason for reason, said in own.items() if not known[said]}


def _examined(ruling: Ruling, texts: Sequence[str]) -> tuple[dict[str, bool], list[Entry]]:
    """Whether each may go out, and what was found. They are looked at one by one only where they may not together."""
    whole = "\n".join(texts)
    together = ruling.on(whole, recommends=True)
    if together.text == whole:
        return dict.fromkeys(texts, True), [together.entry] if together.entry is not None else []
    passed = {text: ruling.on(text, recommends=True) for text in texts}
    entries = [one.entry for one in passed.values() if one.entry is not None]
    return {text: one.text == text for text, one in passed.items()}, entries


def _remember(by: tuple[UUID, str, str], found: Mapping[str, bool]) -> None:
    for text, may_go in found.items():
        _judged[by, text] = may_go
    while len(_judged) > _MOST_JUDGED:
        del _judged[next(iter(_judged))]  # the oldest


def _without(reason: str, names: Iterable[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        reason = reason.replace(name, "")
    return reason


class Edge:
    """Where the texts of a service go out. `feature` is what the audit log calls them."""

    def __init__(self, law: Law, source: str, feature: str) -> None:
        self._law = law
        self._source = source
        self._feature = feature

    @classmethod
    def of(cls, database: Database, source: str, feature: str) -> Self:
        return cls(Law(database), source, feature)

    async def ruling(self, org_id: UUID) -> Ruling:
        """By what is in force now. It may be read from the database: ask before a connection is held.

        Raises `StoreUnavailable`.
        """
        constitution = await self._law.in_force(org_id)
        return Ruling(constitution=constitution, org_id=org_id, source=self._source, feature=self._feature)
