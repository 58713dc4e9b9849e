"""The enrolments service, put together."""

from __future__ import annotations

from deployments.enrollments.appealing import Appealing
from deployments.enrollments.certificates import Certifier
from deployments.enrollments.completion import Completion
from deployments.enrollments.coursework import Coursework
from deployments.enrollments.endpoints import router
from deployments.enrollments.enrolling import Enrolling
from deployments.enrollments.grading import Grading
from deployments.enrollments.importing import Importing
from deployments.enrollments.marking import Marker
from deployments.enrollments.quiz_appeals import QuizAppeals
from deployments.enrollments.reading import Reading
from deployments.enrollments.seats import Seats
from deployments.enrollments.second_opinion import SecondOpinion
from deployments.enrollments.service import EnrollmentService
from deployments.enrollments.suggesting import Suggesting
from deployments.enrollments.versions import Versions
from deployments.kit.asking import ModelAsking
from deployments.kit.context import ServiceContext
from deployments.kit.judging import Edge
from deployments.kit.service import ServiceDefinition


def _build(context: ServiceContext) -> EnrollmentService:
    settings = context.settings
    versions = Versions()
    seats = Seats(versions)
    certifier = Certifier(context.keys, context.keyring, issuer=settings.issuer, base_url=settings.base_url)
    completion = Completion(database=context.database, seats=seats, certifier=certifier)
    enrolling = Enrolling(versions=versions, seats=seats, completion=completion)
    grading = Grading(versions=versions, completion=completion)
    model = settings.grading_model
    opinion = SecondOpinion(ModelAsking(settings.services_base_url, model, "grading")) if model else None
    suggesting = Suggesting(
        database=context.database,
        versions=versions,
        marking=Marker(context.embedder),
        confident=settings.grading_confidence,
        edge=Edge.of(context.database, "enrollments", "grading"),
        second_opinion=opinion,
    )
    quiz_appeals = QuizAppeals(versions=versions, completion=completion)
    return EnrollmentService(
        enrolling=enrolling,
        coursework=Coursework(versions=versions, completion=completion),
        grading=grading,
        suggesting=suggesting,
        appealing=Appealing(grading=grading, quizzes=quiz_appeals),
        quiz_appeals=quiz_appeals,
        reading=Reading(versions=versions),
        certifier=certifier,
        importing=Importing(enrolling=enrolling, seats=seats),
    )


SERVICE = ServiceDefinition(
    name="enrollments",
    prefix="/api/enrollments",
    title="Azora enrolments",
    description="Who takes which course: seats and waiting lists, progress, quizzes, assignments, certificates.",
    router=router,
    build=_build,
)
