"""What the governor and the audit log cost.

    python -m benchmarks.governor [--entries 1000000]

Judging is measured in this process, the audit log against an embedded PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from actors.governor.law import shipped
from cluster.embedded import EmbeddedServers, Home
from configs.settings import Settings
from learning.governance.judge import Judge
from learning.governance.streams import AnswerStream
from learning.governance.views import Argument, CallView, PlanView, StepView, TextContext, TextView
from learning.governance.vocabulary import TRUSTED, ApprovalKind, DataClass, Effect, Origin, Place
from migrations.run import migrate
from stores import audit, valkey
from stores.audit.heads import HeadKeys
from stores.audit.sealing import Sealer
from stores.audit.verifying import Verifier
from stores.ids import new_id
from stores.keyrings import keyring_of
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import KeyDirectory, ensure_keys

_ORG = UUID(int=1)
# What signing in writes besides.
_EFFECT = (
    "insert into outbox (id, org_id, topic, key, partition, event) values ($1, $2, 'user_events', 'k', 0, '{\"a\": 1}')"
)
_PROSE = (
    "Photosynthesis turns light into chemical energy. In the chloroplasts water is split, oxygen is set free, and the "
    "energy is kept in sugar. About 3 of 100 parts of the light are used. "
)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="how long the chain is that is verified")
    entries = parser.parse_args().entries
    judging()
    asyncio.run(logging(entries))


def judging() -> None:
    """Plans, calls and texts."""
    judge = Judge(shipped())
    for count in (5, 30):
        plan = _plan(count)
        _show(f"plan of {count} steps", _times(lambda plan=plan: judge.plan(_fresh(plan)), 500))  # type: ignore[misc]
    plan = _plan(5)
    call = CallView(plan=plan, step=plan.steps[-1])
    _show("call of a step", _times(lambda: judge.call(call), 500))
    context = TextContext(org_id=_ORG, origin=Origin.ASKER, external=True)
    question = TextView(text="How does a leaf make sugar? My mail is ada@example.org.", context=context)
    _show("question of 55 characters", _times(lambda: judge.text(question, Place.TEXT_IN), 500))
    words = [f"{word} " for word in (_PROSE * 25).split()]
    whole = _times(lambda: _flow(judge, words), 30)
    print(f"{'answer as it flows':<28} {statistics.median(whole) / len(words) * 1e6:8.1f} µs a word")


def _flow(judge: Judge, words: list[str]) -> None:
    stream = AnswerStream(judge, TextContext(org_id=_ORG, origin=Origin.MODEL), lambda finding: None)
    for word in words:
        stream.feed(word)
    stream.end()


def _plan(count: int) -> PlanView:
    steps = tuple(
        StepView(
            id=f"s{number}",
            tool="draft" if number % 2 else "read",
            effect=Effect.DRAFT if number % 2 else Effect.READ,
            permission="courses.write",
            approval=ApprovalKind.CONTENT_GENERATION if number % 2 else None,
            data=frozenset({DataClass.COURSE}),
            arguments={
                "text": Argument(
                    value={"words": ["a"] * 50, "n": number}, origins=frozenset({Origin.ASKER}), permitted=TRUSTED
                )
            },
        )
        for number in range(count)
    )
    return PlanView(
        org_id=_ORG, task_id=_ORG, kind="course", asker_id=_ORG, asker_role="instructor", steps=steps,
        permissions=frozenset({"courses.write"}), tools=frozenset({"draft", "read"}),
    )  # fmt: skip


def _fresh(plan: PlanView) -> PlanView:
    # Without the digest that an earlier question has worked out.
    return PlanView(
        org_id=plan.org_id, task_id=plan.task_id, kind=plan.kind, asker_id=plan.asker_id, asker_role=plan.asker_role,
        permissions=plan.permissions, tools=plan.tools, steps=plan.steps, courses=plan.courses,
    )  # fmt: skip


def _times(work: Callable[[], object], count: int) -> list[float]:
    def measured() -> Iterator[float]:
        for _ in range(count):
            began = time.perf_counter()
            work()
            yield time.perf_counter() - began

    return list(measured())


def _show(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{name:<28} p50 {statistics.median(ordered) * 1e3:8.3f} ms   p95 {p95 * 1e3:8.3f} ms")


async def logging(entries: int) -> None:
    """Appending, sealing and verifying."""
    with tempfile.TemporaryDirectory(prefix="azora-bench-") as home, tempfile.TemporaryDirectory() as system:
        Path(system).chmod(0o711)
        async with EmbeddedServers(Home(Path(home)), system_directory=Path(system)) as servers:
            await migrate(servers.postgres_url)
            settings = Settings(
                home=Path(home), database_url=servers.postgres_url, valkey_url=servers.valkey_url,
                data_keys=Keyring.new_key("bench"),
            )  # fmt: skip
            await _measure(settings, entries)


async def _measure(settings: Settings, entries: int) -> None:
    app, system = Database.from_settings(settings), Database.from_settings(settings, role="azora_system")
    client = valkey.connect(settings)
    keyring = keyring_of(settings)
    await ensure_keys(app, keyring)
    keys = HeadKeys(KeyDirectory(system), keyring)
    await keys.refresh()
    org_id = new_id()
    async with system.transaction(None) as connection:
        await connection.execute(
            "insert into organisations (id, slug, name, registration) values ($1, 'bench', 'Bench', 'closed')", org_id
        )
    await _append(app, org_id)
    await _fill(system, org_id, entries)
    await _seal_and_verify(Sealer(system, keys, client), Verifier(system, keys.public), org_id, entries)
    await client.aclose()
    await app.close()
    await system.close()


async def _append(app: Database, org_id: UUID) -> None:
    async def transaction(*, audited: bool) -> float:
        began = time.perf_counter()
        async with app.transaction(org_id) as connection:
            await connection.execute(_EFFECT, new_id(), org_id)
            if audited:
                details = {"session_id": new_id(), "role": "student"}
                entry = audit.Entry(org_id=org_id, action="session.started", source="bench", details=details)
                await audit.append(connection, [entry])
        return time.perf_counter() - began

    for audited in (False, True) * 2:
        times = [await transaction(audited=audited) for _ in range(500)]
        _show(f"transaction{', audited' if audited else ''}", times)
    began = time.perf_counter()

    async def writer() -> None:
        for _ in range(200):
            await transaction(audited=True)

    await asyncio.gather(*(writer() for _ in range(20)))
    print(f"{'20 writers of one log':<28} {4_000 / (time.perf_counter() - began):8.0f} transactions/s")


async def _fill(system: Database, org_id: UUID, entries: int) -> None:
    for _ in range(0, entries, 10_000):
        async with system.transaction(None) as connection:
            await connection.execute(
                "insert into audit_pending (org_id, body) select $1, jsonb_build_object('action', 'session.started',"
                " 'details', jsonb_build_object('session_id', uuidv7(), 'role', 'student'), 'outcome', 'done',"
                " 'source', 'sessions', 'subject', uuidv7(), 'trace', md5(n::text))::text"
                " from generate_series(1, $2::integer) as n",
                org_id, min(10_000, entries),
            )  # fmt: skip


async def _seal_and_verify(sealer: Sealer, verifier: Verifier, org_id: UUID, entries: int) -> None:
    began = time.perf_counter()
    sealed = await sealer.run()
    took = time.perf_counter() - began
    print(f"{'sealing':<28} {sealed / took:8.0f} entries/s ({sealed:,})")
    began = time.perf_counter()
    report = await verifier.verify(org_id)
    took = time.perf_counter() - began
    print(f"{'verifying':<28} {report.entries / took:8.0f} entries/s ({took:.1f} s, holds: {report.holds})")


if __name__ == "__main__":
    main()
