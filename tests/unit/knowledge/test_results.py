"""From results to what is known: what counts, and for which skill."""

from datetime import UTC, datetime, timedelta

from learning.knowledge.mastery import Level, Mastery, mastery
from learning.knowledge.model import DEFAULT
from learning.knowledge.results import Result, asked, trace
from learning.knowledge.skills import CourseSkill, SkillMap

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SKILLS = SkillMap(
    (
        CourseSkill(id="halves", title="Halves", units=frozenset(["u"])),
        CourseSkill(id="thirds", title="Thirds", units=frozenset(), questions=frozenset(["q2"])),
    ),
    declared=True,
)


def result(question: str | None, *, right: bool, minute: int = 0, unit: str = "u") -> Result:
    return Result(unit_id=unit, question_id=question, right=right, at=NOW + timedelta(minutes=minute))


def test_a_question_counts_for_the_skill_that_names_it_or_else_for_its_unit_s() -> None:
    results = [result("q1", right=True), result("q2", right=False), result("q3", right=True, unit="elsewhere")]
    assert [(skill, one.question_id) for skill, one in asked(SKILLS, results)] == [("halves", "q1"), ("thirds", "q2")]


def test_what_was_right_already_says_nothing_new_but_what_is_wrong_later_does() -> None:
    rights = [True, True, False, True, True]
    counted = [one.right for _, one in asked(SKILLS, [result("q1", right=right) for right in rights])]
    assert counted == [True, False, True]
    many = trace(DEFAULT, SKILLS, [result("q1", right=True, minute=minute) for minute in range(50)])
    assert many.history.answers == 1


def test_right_answers_win_back_what_wrong_ones_to_the_same_questions_have_cost() -> None:
    def reached(*attempts: bool) -> Mastery:
        results = [
            result(f"quiz {question}", right=right, minute=minute)
            for minute, right in enumerate(attempts)
            for question in range(5)
        ]
        return mastery(DEFAULT, trace(DEFAULT, SKILLS, results).history, "halves")

    once, lost, back = reached(True), reached(True, False), reached(True, False, True)
    assert (once.level, lost.level, back.level) == (Level.SECURE, Level.BEGINNING, Level.SECURE)
    assert lost.known < 0.2
    assert (back.answers, back.right) == (15, 10)
    assert reached(True, False, True, True, True) == back


def test_it_is_known_when_a_skill_was_last_asked_for() -> None:
    traced = trace(DEFAULT, SKILLS, [result("q1", right=True), result(None, right=False, minute=5)])
    assert traced.last == {"halves": NOW + timedelta(minutes=5)}
    assert traced.history.skills["halves"].answers == 2
