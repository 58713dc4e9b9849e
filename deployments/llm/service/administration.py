"""What administrators decide: settings, keys, budgets; and what they and everybody see of usage and transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from configs.models import Models
from deployments.kit.errors import Invalid
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.llm.errors import KeyNotFound, TranscriptNotFound
from deployments.llm.keys import NewKey
from deployments.llm.repository.budgets import BudgetRepository, NewBudget, StoredBudget
from deployments.llm.repository.keys import KeyRepository, StoredKey
from deployments.llm.repository.settings import LlmSettings, SettingsRepository
from deployments.llm.repository.transcripts import NewTranscript, TranscriptRepository
from deployments.llm.repository.usage import UsageRepository, UsageRow
from deployments.llm.schemas import NewApiKey, NewBudgetBody, SettingsChange
from deployments.llm.transcripts import Transcripts

_LONGEST_REPORT = timedelta(days=400)
_DEFAULT_REPORT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Usage of some days."""

    first: date
    last: date
    total: UsageRow
    groups: list[UsageRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The rules."""

    models: Models
    transcripts: Transcripts

    async def settings(self, work: Work) -> LlmSettings:
        """The organisation's settings, or the defaults."""
        return await SettingsRepository(await work.connection()).find()

    async def change_settings(self, work: Work, body: SettingsChange, if_match: str | None) -> LlmSettings:
        """Replace them. Raises `Invalid` for a model that there is not, `PreconditionFailed`."""
        known = {*self.models.models, *self.models.embeddings}
        for index, name in enumerate(body.models or ()):
            if name not in known:
                raise Invalid.field(f"models/{index}", "unknown_model", "there is no model of this name")
        repository = SettingsRepository(await work.connection())
        check_match(if_match, await repository.locked_revision())
        return await repository.put(body.models, body.regions, body.cache_seconds, body.transcript_days)

    async def make_key(self, work: Work, principal: Principal, body: NewApiKey) -> tuple[NewKey, StoredKey]:
        """A key: its text, which nobody can read again, and what is kept."""
        key = NewKey.make()
        stored = await KeyRepository(await work.connection()).insert(
            id=key.id,
            name=body.name,
            digest=key.digest,
            scopes=body.scopes,
            feature=body.feature,
            created_by=principal.user_id,
            expires_at=body.expires_at,
        )
        work.audit("api_key.created", subject=key.id, scopes=body.scopes, expires_at=body.expires_at)
        return key, stored

    async def keys(self, work: Work, after: UUID | None, limit: int) -> list[StoredKey]:
        """The newest first, revoked ones too."""
        return await KeyRepository(await work.connection()).page(after, limit)

    async def revoke_key(self, work: Work, key_id: UUID) -> StoredKey:
        """End a key. Raises `KeyNotFound`."""
        key = await KeyRepository(await work.connection()).revoke(key_id)
        if key is None:
            raise KeyNotFound
        work.audit("api_key.revoked", subject=key_id)
        return key

    async def make_budget(self, work: Work, body: NewBudgetBody) -> StoredBudget:
        """A budget, with what was spent of it before. Raises `BudgetExists`, `BudgetSubjectUnknown`."""
        repository = BudgetRepository(await work.connection())
        return await repository.find(await repository.insert(NewBudget(**body.model_dump())))

    async def budgets(self, work: Work, after: UUID | None, limit: int) -> list[StoredBudget]:
        """The newest first."""
        return await BudgetRepository(await work.connection()).page(after, limit)

    async def change_budget(self, work: Work, budget_id: UUID, maximum: int, if_match: str | None) -> StoredBudget:
        """Raises `BudgetNotFound`, `PreconditionFailed`."""
        repository = BudgetRepository(await work.connection())
        check_match(if_match, await repository.locked_revision(budget_id))
        await repository.change(budget_id, maximum)
        return await repository.find(budget_id)

    async def delete_budget(self, work: Work, budget_id: UUID) -> None:
        """Raises `BudgetNotFound`."""
        repository = BudgetRepository(await work.connection())
        await repository.find(budget_id)
        await repository.delete(budget_id)

    async def usage(
        self, work: Work, first: date | None, last: date | None, by: list[str], user_id: UUID | None, limit: int
    ) -> Report:
        """Usage in groups; the last thirty days where no others are named. Raises `Invalid`."""
        last = last or datetime.now(UTC).date()
        first = first or last - _DEFAULT_REPORT
        if not timedelta(0) <= last - first <= _LONGEST_REPORT:
            message = f"must lie at most {_LONGEST_REPORT.days} days before the last, and not after it"
            raise Invalid([{"pointer": "/query/first", "code": "invalid_range", "message": message}])
        repository = UsageRepository(await work.connection())
        found = await repository.totals(first, last, [], user_id, 1)
        groups = await repository.totals(first, last, by, user_id, limit) if by else []
        return Report(first=first, last=last, total=found[0] if found else _NOTHING, groups=groups)

    async def page_of_transcripts(
        self, work: Work, user_id: UUID | None, after: UUID | None, limit: int
    ) -> list[NewTranscript]:
        """The newest first."""
        return await TranscriptRepository(await work.connection()).page(user_id, after, limit)

    async def delete_transcript(self, work: Work, principal: Principal, transcript_id: UUID) -> None:
        """One's own; anybody's for whoever may read them all and may change settings. Raises `TranscriptNotFound`."""
        everybody = principal.may("llm.transcripts") and principal.may("llm.manage")
        repository = TranscriptRepository(await work.connection())
        if not await repository.delete(transcript_id, None if everybody else principal.user_id):
            raise TranscriptNotFound

    def opened(self, transcript: NewTranscript) -> dict[str, Any]:
        """Messages and answer. Raises `SealBroken`."""
        return self.transcripts.opened(transcript.id, transcript.sealed)


_NOTHING = UsageRow(
    day=None, user_id=None, key_id=None, feature=None, model=None, target=None, provider=None,
    requests=0, failed=0, cached=0, input_tokens=0, output_tokens=0, microdollars=0,
)  # fmt: skip
