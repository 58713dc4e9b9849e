"""What is remembered of conversations: always what the database has, whatever crashes, breaks or comes late."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.conversation_memory.state import REMEMBERED_TURNS, Forgetful, Key, Memory, Recollection, Turn
from actors.conversation_memory.store import ConversationKeeper
from stores.postgres import Database

ROOM_BYTES = 16_000  # for two or three conversations
PLACES, WHICH = st.integers(0, 1), st.integers(0, 9)


def turn(number: int) -> Turn:
    return Turn(
        id=uuid4(), number=number, question=b"a question", reply=b"a reply", kind="answer", quiz_question_id=None,
        sources=[], made_by={"model": "extractive"}, created_at=datetime.now(UTC),
    )  # fmt: skip


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waited")


class Asked(NamedTuple):
    """A request, and what it was told by memory."""

    key: Key
    recalled: Recollection | None


class Read(NamedTuple):
    """A request that has read the database, with what was said before."""

    key: Key
    ticket: UUID | None
    before: tuple[Turn, ...]


def taken(waiting: list[Any], at: int) -> Any:
    """One of those that wait, taken out; at -1 the last."""
    return waiting.pop(at % len(waiting))


class Conversations(RuleBasedStateMachine):
    """A database, a keeper that hears of deletions later or not at all, and requests that overtake one another."""

    def __init__(self) -> None:
        super().__init__()
        conversation = uuid4()
        self.keys = [Key(uuid4(), conversation), Key(uuid4(), conversation)]  # alike but for the tenant
        self.database: dict[Key, list[Turn]] = {key: [] for key in self.keys}
        self.news: deque[Key] = deque()
        self.connected = False
        self.deleted: set[Key] = set()
        self.asked: list[Asked] = []
        self.read: list[Read] = []
        self.committed: list[tuple[Key, UUID, tuple[Turn, ...]]] = []
        self.crash()
        self.listen()

    @rule(crashes=st.booleans())
    def fail(self, crashes: bool) -> None:
        """Which, but for a crash, the keeper does not know yet."""
        self.connected = False
        self.news.clear()
        if crashes:
            self.crash()

    def crash(self) -> None:
        self.keeper = ConversationKeeper(Database("postgresql:///nowhere"), ROOM_BYTES)
        self.hears = False

    @precondition(lambda self: not self.connected)
    @rule()
    def notice(self) -> None:
        self.keeper.on_state(False)
        self.hears = False

    @precondition(lambda self: not self.connected and not self.hears)
    @rule()
    def listen(self) -> None:
        self.keeper.on_state(True)
        self.connected = self.hears = True

    @precondition(lambda self: self.news)
    @rule()
    def hear(self) -> None:
        key = self.news.popleft()
        self.keeper.on_message(f"{key.org_id}:{key.conversation_id}")

    @rule(place=PLACES)
    def ask(self, place: int) -> None:
        key = self.keys[place]
        self.asked.append(Asked(key, done(self.keeper.recall(key))))

    @precondition(lambda self: self.asked)
    @rule(at=WHICH)
    def look_up(self, at: int = -1) -> None:
        asked = taken(self.asked, at)
        if (stored := self.database.get(asked.key)) is None:  # not found, whatever is remembered
            return
        before, recalled = tuple(stored[-REMEMBERED_TURNS:]), asked.recalled
        known = recalled.last_of(len(stored)) if recalled else None
        assert known is None or known == before
        self.read.append(Read(asked.key, recalled.ticket if recalled else None, before))

    @precondition(lambda self: self.read)
    @rule(at=WHICH)
    def commit(self, at: int = -1) -> None:
        request = taken(self.read, at)
        if (stored := self.database.get(request.key)) is None:
            return
        said = turn(len(stored) + 1)
        stored.append(said)
        if request.ticket:
            self.committed.append((request.key, request.ticket, (*request.before, said)))

    @precondition(lambda self: self.committed)
    @rule(at=WHICH)
    def remember(self, at: int = -1) -> None:
        done(self.keeper.remember(*taken(self.committed, at)))

    @precondition(lambda self: self.committed)
    @rule()
    def die_before_telling(self) -> None:
        self.committed.pop()

    @rule(place=PLACES, tells=st.booleans())
    def take_a_turn(self, place: int, tells: bool) -> None:
        """All of the above, undisturbed."""
        self.ask(place)
        self.look_up()
        self.commit()
        if tells and self.committed:
            self.remember()

    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        key = self.keys[place]
        del self.database[key]
        self.deleted.add(key)
        if self.connected:
            self.news.append(key)
        self.keys[place] = other = Key(key.org_id, uuid4())
        self.database[other] = []

    @invariant()
    def nothing_deleted_is_kept_once_it_was_heard(self) -> None:
        if self.connected and not self.news:
            for key in self.deleted:
                assert done(self.keeper.recall(key)).turns == ()

    @invariant()
    def there_is_room(self) -> None:
        memory = self.keeper._memory
        assert memory.size_bytes <= ROOM_BYTES
        assert memory.size_bytes == sum(entry.size_bytes for entry in memory._entries.values())

    @invariant()
    def the_deaf_know_nothing(self) -> None:
        if not self.hears:
            assert done(self.keeper.recall(self.keys[0])) is None
            assert self.keeper._memory.size_bytes == 0


TestConversations = Conversations.TestCase


def test_a_conversation_is_remembered_turn_by_turn() -> None:
    memory, key = Memory(ROOM_BYTES), Key(uuid4(), uuid4())
    said: list[Turn] = []
    for number in range(1, 6):
        recalled = memory.recall(key)
        assert recalled.last_of(len(said)) == tuple(said[-REMEMBERED_TURNS:])
        said.append(turn(number))
        assert memory.remember(key, recalled.ticket, said[-1:])


def test_turns_that_come_in_another_order_are_the_same() -> None:
    memory, key = Memory(ROOM_BYTES), Key(uuid4(), uuid4())
    ticket, turns = memory.recall(key).ticket, [turn(number) for number in range(1, 5)]
    for at in (3, 1, 2, 0):
        memory.remember(key, ticket, [turns[at]])
    assert memory.recall(key).last_of(4) == tuple(turns[1:])
    assert memory.recall(key).last_of(5) is None  # somebody else said more
    assert memory.recall(key).last_of(3) is None  # and this reader is behind


@pytest.mark.parametrize("again", [False, True])
def test_what_comes_after_it_was_forgotten_is_not_taken_up(again: bool) -> None:
    memory, key = Memory(ROOM_BYTES), Key(uuid4(), uuid4())
    ticket = memory.recall(key).ticket
    memory.forget(key)
    if again:
        memory.recall(key)
    assert not memory.remember(key, ticket, [turn(1)])
    assert memory.recall(key).turns == ()


def test_what_a_reply_rests_on_takes_room() -> None:
    plain = turn(1)
    sources = [{"unit_id": str(uuid4()), "passage_id": number, "heading": "A heading " * 40} for number in range(9)]
    made_by = {"model": "any", "considered": [{"skill_id": str(uuid4()), "level": "secure"}] * 40}
    for rich, described in ((replace(plain, sources=sources), sources), (replace(plain, made_by=made_by), made_by)):
        assert rich.size_bytes - plain.size_bytes > len(orjson.dumps(described))


def test_the_least_recently_used_goes_first() -> None:
    memory, keys = Memory(ROOM_BYTES), [Key(uuid4(), uuid4()) for _ in range(3)]
    for key in keys[:2]:
        memory.remember(key, memory.recall(key).ticket, [turn(1), turn(2)])
    memory.recall(keys[0])
    memory.remember(keys[2], memory.recall(keys[2]).ticket, [turn(1), turn(2)])
    assert [bool(memory.recall(key).turns) for key in (keys[0], keys[2], keys[1])] == [True, True, False]


async def test_listening_begins_once_and_again_where_it_ended() -> None:
    class Breaking(Database):
        listened = 0

        async def listen(self, *_: object) -> None:
            self.listened += 1
            if self.listened == 1:
                raise ZeroDivisionError
            await asyncio.Event().wait()

    database = Breaking("postgresql:///nowhere")
    keeper = ConversationKeeper(database, ROOM_BYTES)
    for _ in range(3):
        keeper.listen()
        await asyncio.sleep(0)
    assert database.listened == 2
    assert keeper._listening is not None
    keeper._listening.cancel()


def test_without_a_memory_nothing_is_recalled() -> None:
    key = Key(uuid4(), uuid4())
    done(Forgetful().remember(key, uuid4(), [turn(1)]))
    assert done(Forgetful().recall(key)) is None
