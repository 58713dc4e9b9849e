"""Everything that is read and compared before a reply is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from actors.learner_model.reading import Reader
from actors.retrieval_index.search import Found
from deployments.kit.errors import CourseNotFound
from deployments.kit.principal import Principal
from deployments.tutor.errors import ConversationFull, ConversationNotFound, MaterialNotReady, NothingToTeach
from deployments.tutor.material import NO_QUIZZES, Material, Quizzes, meaning_of, source_of
from deployments.tutor.remembering import LastTurns, Said
from deployments.tutor.repository import ConversationRepository
from learning.embedding.minilm import Vectors
from learning.tutoring import quizzes, replies
from learning.tutoring.quizzes import QuizQuestion
from learning.tutoring.replies import Quotation, Source
from learning.tutoring.standing import Standing
from stores.postgres import Connection, Database

MAXIMUM_TURNS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A passage to be put into other words, and where it stands."""

    text: str
    source: Source


Told = TypeVar("Told", Quotation, Excerpt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A question with all that a reply depends on. `wanted`: what was looked for, the question with what it follows up;
    `sought`: what of an open quiz it comes to; `near`: what of open quizzes is about the same; `standings`: how far the
    learner is with what was found; `meaning`: vectors of sentences of the excerpts."""

    text: str
    wanted: str
    version_id: UUID
    before: Said
    completed: frozenset[UUID]
    sought: QuizQuestion | None
    near: tuple[QuizQuestion, ...]
    quotations: tuple[Quotation, ...]
    excerpts: tuple[Excerpt, ...]
    by_meaning: bool
    standings: tuple[Standing, ...] = ()
    meaning: Mapping[str, Vectors] = field(default_factory=dict)


class Preparation:
    """Reads in short transactions of its own: none is open while memory is asked, anything is embedded, or a model
    speaks."""

    def __init__(self, database: Database, material: Material, last: LastTurns, *, for_a_model: bool) -> None:
        """`for_a_model`: whether a language model is shown what was asked before."""
        self._database = database
        self._material = material
        self._last = last
        self._for_a_model = for_a_model
        self._skills = Reader()

    async def prepare(self, principal: Principal, conversation_id: UUID, text: str) -> Prepared:
        """Raises `ConversationNotFound`, `ConversationFull`, `NothingToTeach` where the learner has left the course,
        `MaterialNotReady` where it is not indexed yet."""
        course_id, version_id, before, completed, still_open = await self._readings(principal, conversation_id)
        earlier = [exchange.question for exchange in before.exchanges]
        followed, wanted = replies.followed_up(text, earlier), replies.standalone(text, earlier)
        # Together they may mean what none of them means alone, and the other way round.
        asked = dict.fromkeys((text, *reversed(followed), wanted))
        meant = await self._material.vectors([*asked, *(earlier if self._for_a_model else ())])
        hits = ((hit, one) for one in asked if (hit := _sought(one, meant.get(one), still_open)))
        sought, wanted = next(hits, (None, wanted))
        vector, vectors = meant.get(wanted), _stacked(meant, asked)
        async with self._database.transaction(principal.org_id, readonly=True) as connection:
            found = await self._material.passages(connection, version_id, wanted, vector)
            if not found and not await self._material.is_indexed(connection, version_id):
                raise MaterialNotReady()
            standings = await self._standings(connection, principal, course_id, version_id, found)
        quoted = tuple(await self._material.quotations(wanted, vector, found))
        excerpts = tuple(Excerpt(text=one.passage.text, source=source_of(one)) for one in found) if quoted else ()
        if sought is None:
            shown = tuple(_without_keys(quoted, vectors, still_open))
            excerpts = tuple(_without_keys(excerpts, vectors, still_open))
            if quoted and not shown:  # all that answers it answers an open quiz: where to read remains to be said
                sought = _held_back_by(quoted, vectors, still_open)
            else:
                quoted = shown
        if sought is not None:
            quoted = tuple(_places(quoted, vectors, still_open))
        unsaid = _unsaid(sought, vectors, still_open)
        return Prepared(
            text=text,
            wanted=wanted,
            version_id=version_id,
            before=before,
            completed=completed,
            sought=sought and _discreet_question(sought, unsaid, still_open),
            near=quizzes.about_the_same(_stacked(meant, meant), still_open.questions, still_open.vectors),
            quotations=tuple(_with_discreet_sources(quoted, unsaid, still_open)),
            excerpts=tuple(_with_discreet_sources(excerpts, unsaid, still_open)),
            by_meaning=vector is not None,
            standings=tuple(_unspoilt(standings, unsaid)) if quoted else (),
            meaning=meaning_of(found) if excerpts and self._for_a_model else {},
        )

    async def meaning(self, prepared: Prepared, sentence: str) -> Vectors | None:
        """What a sentence means (d), where it can be compared with what was prepared."""
        if not sentence or not prepared.meaning:
            return None
        return (await self._material.vectors([sentence])).get(sentence)

    async def _standings(
        self, connection: Connection, principal: Principal, course_id: UUID, version_id: UUID, found: Sequence[Found]
    ) -> tuple[Standing, ...]:
        """How far the learner is with the skills of the units that were found, in their order."""
        rows = await ConversationRepository(connection, principal.user_id).mastery(course_id)
        if not rows:
            return ()
        tracer = (await self._skills.sources(connection, [(course_id, version_id)]))[course_id, version_id]
        taught = [id for one in found for id in tracer.skills.taught_by(str(one.passage.unit_id))]
        return tuple(_standing(id, tracer.skills.by_id[id].title, rows.get(id)) for id in dict.fromkeys(taught))

    async def _readings(
        self, principal: Principal, conversation_id: UUID
    ) -> tuple[UUID, UUID, Said, frozenset[UUID], Quizzes]:
        """The course and its version, what was said before, the units completed, the quizzes still open."""
        recalled = await self._last.recall(principal.org_id, conversation_id)
        async with self._database.transaction(principal.org_id) as connection:
            repository = ConversationRepository(connection, principal.user_id)
            conversation = await repository.find(conversation_id)
            if conversation is None:
                raise ConversationNotFound()
            if conversation.turns >= MAXIMUM_TURNS:
                raise ConversationFull()
            version_id = await readable_version(repository, principal, conversation.course_id)
            completed = await repository.completed_units(conversation.course_id)
            used = await repository.attempts_used(conversation.course_id)
            knows_the_keys = await _edits(repository, principal, conversation.course_id)
            said = await self._last.of(conversation, recalled, repository, completed)
            known = await self._material.quizzes(version_id, None)
            content = await repository.content(version_id) if known is None else None
        found = known or await self._material.quizzes(version_id, content)
        assert found is not None
        still_open = NO_QUIZZES if knows_the_keys else _open(found, completed, used)
        return conversation.course_id, version_id, said, completed, still_open


async def readable_version(repository: ConversationRepository, principal: Principal, course_id: UUID) -> UUID:
    """What of a course the person reads. Raises `CourseNotFound`, `NothingToTeach`."""
    found = await repository.readable_version(course_id, any_course=principal.may("courses.any"))
    if found is not None:
        return found
    raise NothingToTeach() if await repository.course_is_published(course_id) else CourseNotFound()


def _standing(skill_id: str, title: str, row: Mapping[str, Any] | None) -> Standing:
    if row is None:
        return Standing(skill_id=skill_id, title=title, level="unseen")
    return Standing(skill_id=skill_id, title=title, level=row["level"], answers=row["answers"], right=row["right"])


def _stacked(meant: Mapping[str, Vectors], texts: Iterable[str]) -> Vectors | None:
    return np.stack([meant[text] for text in texts]) if meant else None


def _sought(text: str, vector: Vectors | None, still_open: Quizzes) -> QuizQuestion | None:
    return quizzes.asked_for(text, vector, still_open.questions, still_open.vectors)


def _without_keys(some: Iterable[Told], vector: Vectors | None, still_open: Quizzes) -> Iterator[Told]:
    for one in some:
        text = quizzes.without_keys(one.text, vector, still_open.questions, still_open.vectors)
        if text is not None:
            yield replace(one, text=text)


def _places(some: Iterable[Quotation], vector: Vectors | None, still_open: Quizzes) -> Iterator[Quotation]:
    """For a hint: what is quoted without the keys of other open questions; of nothing that is left, where it stands."""
    for one in some:
        yield next(iter(_without_keys([one], vector, still_open)), replace(one, text=""))


def _unsaid(sought: QuizQuestion | None, vector: Vectors | None, still_open: Quizzes) -> tuple[QuizQuestion, ...]:
    """The questions that no title may give away: the one that is hinted at, and those near what was asked."""
    near = quizzes.near_a_prompt(vector, still_open.questions, still_open.vectors)
    return near if sought is None else (sought, *near)


def _with_discreet_sources(some: Iterable[Told], unsaid: Sequence[QuizQuestion], still_open: Quizzes) -> Iterator[Told]:
    for one in some:
        heading = _discreet(one.source.heading, one.source.unit_id, unsaid, still_open)
        yield replace(one, source=replace(one.source, heading=heading))


def _discreet_question(sought: QuizQuestion, unsaid: Sequence[QuizQuestion], still_open: Quizzes) -> QuizQuestion:
    return replace(sought, unit_title=_discreet(sought.unit_title, sought.unit_id, unsaid, still_open))


def _discreet(heading: str, unit_id: UUID, unsaid: Sequence[QuizQuestion], still_open: Quizzes) -> str:
    """As much of a heading as gives nothing away; where that is nothing, the place of its unit."""
    return quizzes.heading_without_keys(heading, unsaid) or still_open.places[unit_id]


def _unspoilt(standings: Iterable[Standing], unsaid: Sequence[QuizQuestion]) -> Iterator[Standing]:
    """Those of skills whose title gives nothing away."""
    return (one for one in standings if not any(quizzes.has_key(one.title, question) for question in unsaid))


def _held_back_by(some: Iterable[Quotation], vector: Vectors | None, still_open: Quizzes) -> QuizQuestion:
    """The question for whose sake none of the quotations is shown."""
    near = quizzes.near_a_prompt(vector, still_open.questions, still_open.vectors)
    comparable = vector is not None and still_open.vectors is not None
    answered = (
        question for question in near for one in some if quizzes.answers(one.text, question, certainly_near=comparable)
    )
    return next(answered, near[0])


async def _edits(repository: ConversationRepository, principal: Principal, course_id: UUID) -> bool:
    """Whether the person may edit the course, and so reads the keys of its quizzes there."""
    if not principal.may("courses.write"):
        return False
    return principal.may("courses.any") or await repository.teaches(course_id)


def _open(all_quizzes: Quizzes, completed: frozenset[UUID], used: Mapping[UUID, int]) -> Quizzes:
    """The questions of quizzes that the learner can still pass: which are not completed and have an attempt left. The
    answers of the others are explained to them anyway."""
    kept = [
        n
        for n, question in enumerate(all_quizzes.questions)
        if question.unit_id not in completed
        and (question.attempts is None or used.get(question.unit_id, 0) < question.attempts)
    ]
    vectors = all_quizzes.vectors
    open_vectors = None if vectors is None or not kept else vectors[kept]
    return replace(all_quizzes, questions=_of(all_quizzes.questions, kept), vectors=open_vectors)


def _of(questions: Sequence[QuizQuestion], places: Sequence[int]) -> tuple[QuizQuestion, ...]:
    return tuple(questions[place] for place in places)
