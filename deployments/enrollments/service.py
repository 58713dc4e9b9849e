"""The rules of enrolments, gathered: one part for each thing people come for."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.enrollments.appealing import Appealing
from deployments.enrollments.certificates import Certifier
from deployments.enrollments.coursework import Coursework
from deployments.enrollments.enrolling import Enrolling
from deployments.enrollments.grading import Grading
from deployments.enrollments.importing import Importing
from deployments.enrollments.quiz_appeals import QuizAppeals
from deployments.enrollments.reading import Reading
from deployments.enrollments.suggesting import Suggesting


@dataclass(frozen=True, kw_only=True)
class EnrollmentService:
    """What the endpoints call."""

    enrolling: Enrolling
    coursework: Coursework
    grading: Grading
    suggesting: Suggesting
    appealing: Appealing
    quiz_appeals: QuizAppeals
    reading: Reading
    certifier: Certifier
    importing: Importing
