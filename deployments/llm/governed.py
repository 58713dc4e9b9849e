"""The governor at the models: what an organisation's constitution says of questions and of answers as they flow.

What is redacted in a question that leaves the cluster is put back into the answer, so that whoever asks sees their own
words again and the provider never did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Self

from actors.governor.law import Law
from actors.governor.recording import text_entry
from configs.models import Models, load_models
from deployments.kit.context import ServiceContext
from deployments.kit.logs import get_logger
from deployments.kit.lru import BoundedCache
from deployments.llm.caller import Caller
from deployments.llm.conversation import ChatRequest, Message
from deployments.llm.filters import Blocked, Channel, StreamFilter
from deployments.llm.policy import Policy
from deployments.llm.routing import Permissions
from learning.governance.constitution import Constitution
from learning.governance.decisions import Finding
from learning.governance.judge import Judge
from learning.governance.streams import AnswerStream, Refused
from learning.governance.views import TextContext, TextView
from learning.governance.vocabulary import Action, Origin, Place
from learning.privacy.redaction import Pseudonyms
from learning.privacy.streams import RestorationStream
from stores import audit
from stores.errors import StoreError
from stores.postgres import Database

log = get_logger("llm")

# From so many characters on, looking at a question would hold up what others are being answered.
_LONG_CHARACTERS = 2_000
_ORIGINS = {"tool": Origin.TOOL, "assistant": Origin.MODEL}
_FOUND_BYTES = 4_194_304
_REFUSAL = "This cannot be answered here: the organisation's constitution forbids it ({constraint}: {check})."

Findings = tuple[Finding, ...]
_Key = tuple[bytes, str, TextContext]
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class GovernorSafeguard:
    """Brings a filter for every call."""

    def __init__(self, law: Law, models: Models, database: Database, spawn: Spawn) -> None:
        self._law = law
        self._models = models
        self._permissions = Permissions(models.targets)
        # A conversation brings all that was said in it again with every turn, and its instructions with every call.
        self._found: BoundedCache[_Key, Findings] = BoundedCache(_FOUND_BYTES, _weigh)
        self._database = database
        self._spawn = spawn

    @classmethod
    def of(cls, context: ServiceContext) -> Self:
        models = load_models(context.settings.models_file)
        return cls(Law(context.database), models, context.database, context.spawn)

    async def for_call(self, caller: Caller, policy: Policy) -> GovernedCall:
        """Raises `StoreUnavailable` where the constitution cannot be read."""
        return GovernedCall(self, await self._law.in_force(caller.org_id), caller, policy)

    def leaves(self, model: str, policy: Policy) -> bool:
        """Whether any target that may answer for the name lies outside the cluster."""
        alias = self._models.models.get(model)
        if alias is None:
            return False  # there is no such model, and the call will end at that
        groups = self._permissions.of(alias, policy.rule)
        return any(not self._models.targets[choice.target].inside for group in groups for choice in group)

    async def examined(self, judge: Judge, views: Sequence[TextView]) -> list[Findings]:
        """What the checks of questions find in each text."""
        keys = [_key(judge.constitution, view) for view in views]
        known = {key: self._found.get(key) for key in keys}
        new = {key: view for key, view in zip(keys, views, strict=True) if known[key] is None}
        if sum(len(view.text) for view in new.values()) > _LONG_CHARACTERS:
            examined = await asyncio.to_thread(_examine, judge, new)
        else:
            examined = _examine(judge, new)
        for key, findings in examined.items():
            self._found.put(key, findings)
        return [examined.get(key) or known[key] or () for key in keys]

    def tell(self, caller: Caller, finding: Finding, place: Place, constitution: Constitution) -> None:
        """Write a finding to the audit log. The answer does not wait for it."""
        details = {
            "finding": finding.record(),
            "place": place,
            "feature": caller.feature,
            "key_id": caller.key_id,
            "constitution": {"version": constitution.version, "digest": constitution.digest},
        }
        refused = finding.action is Action.REFUSE
        self._spawn(self._write(text_entry(caller.org_id, caller.user_id, "llm", details, refused=refused)))

    async def _write(self, entry: audit.Entry) -> None:
        try:
            async with self._database.transaction(entry.org_id) as connection:
                await audit.append(connection, [entry])
        except StoreError as error:
            log.warning("finding not recorded", check=entry.details["finding"]["check"], cause=repr(error))


class GovernedCall:
    """A filter for one question and its answer."""

    def __init__(
        self, safeguard: GovernorSafeguard, constitution: Constitution, caller: Caller, policy: Policy
    ) -> None:
        self._safeguard = safeguard
        self._judge = Judge(constitution)
        self._caller = caller
        self._policy = policy
        self._pseudonyms = Pseudonyms()
        self._known: tuple[str, ...] = ()
        self._told: set[tuple[Place, str]] = set()

    async def on_request(self, request: ChatRequest) -> ChatRequest:
        """See `Filter`."""
        self._known = tuple(message.text for message in request.messages)
        external = self._safeguard.leaves(request.model, self._policy)
        views = [self._view(message, external) for message in request.messages]
        found = await self._safeguard.examined(self._judge, views)
        findings = [finding for each in found for finding in each]
        for finding in findings:
            self._tell(finding, Place.TEXT_IN)
        if refused := next((finding for finding in findings if finding.action is Action.REFUSE), None):
            raise Blocked(_explanation(refused))
        if not findings:
            return request
        texts = map(self._redacted, self._known, found)
        messages = tuple(replace(message, text=text) for message, text in zip(request.messages, texts, strict=True))
        return request if messages == request.messages else replace(request, messages=messages)

    def _view(self, message: Message, external: bool) -> TextView:
        origin = _ORIGINS.get(message.role, Origin.ASKER)
        return TextView(
            text=message.text, context=TextContext(org_id=self._caller.org_id, origin=origin, external=external)
        )

    def _redacted(self, text: str, findings: Findings) -> str:
        """The text with tokens in the place of what is redacted; the same text has the same token."""
        parts: list[str] = []
        at = 0
        spans = [(f.span, f.evidence) for f in findings if f.action is Action.REDACT and f.span is not None]
        for (start, end), kind in sorted(spans):
            if start >= at:
                parts += [text[at:start], self._pseudonyms.token(kind, text[start:end])]
                at = end
        return "".join([*parts, text[at:]])

    def open(self, channel: Channel) -> StreamFilter | None:
        """See `Filter`. Arguments of tools are JSON, which redaction would break: originals are put back, no more."""
        restoration = RestorationStream(self._pseudonyms.mapping) if self._pseudonyms.mapping else None
        if channel != "text":
            return _Answer(None, restoration) if restoration is not None else None
        context = TextContext(org_id=self._caller.org_id, origin=Origin.MODEL, known=self._known)
        stream = AnswerStream(self._judge, context, lambda finding: self._tell(finding, Place.TEXT_OUT))
        return _Answer(stream, restoration)

    def _tell(self, finding: Finding, place: Place) -> None:
        # Once for each check: an answer with a hundred numbers in it is one event.
        if (place, finding.check) not in self._told:
            self._told.add((place, finding.check))
            self._safeguard.tell(self._caller, finding, place, self._judge.constitution)


class _Answer:
    """Judges what the model says, then puts back what was redacted in the question."""

    def __init__(self, stream: AnswerStream | None, restoration: RestorationStream | None) -> None:
        self._stream = stream
        self._restoration = restoration

    def on_delta(self, text: str) -> str:
        """See `StreamFilter`."""
        if self._stream is not None:
            try:
                text = self._stream.feed(text)
            except Refused as refused:
                raise Blocked(_explanation(refused.finding)) from None
        return text if self._restoration is None else self._restoration.feed(text)

    def on_end(self) -> str:
        """See `StreamFilter`."""
        rest = ""
        if self._stream is not None:
            try:
                rest = self._stream.end()
            except Refused as refused:
                raise Blocked(_explanation(refused.finding)) from None
        return rest if self._restoration is None else self._restoration.feed(rest) + self._restoration.end()


def _key(constitution: Constitution, view: TextView) -> _Key:
    """Everything that findings depend on, the text by its digest."""
    text = blake2b(view.text.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    return text, constitution.digest, view.context


def _examine(judge: Judge, views: Mapping[_Key, TextView]) -> dict[_Key, Findings]:
    checks = judge.constitution.checks(Place.TEXT_IN)
    return {key: tuple(judge.examine(view, checks)) for key, view in views.items()}


def _weigh(findings: Findings) -> int:
    """About how many bytes the findings of a text take, with their key."""
    return 500 + 500 * len(findings)


def _explanation(finding: Finding) -> str:
    return _REFUSAL.format(constraint=finding.constraint, check=finding.check)
