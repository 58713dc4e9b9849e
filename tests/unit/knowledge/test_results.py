"""From results to what is known: what counts, and for which skill."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from learning.knowledge.bkt import Parameters
from learning.knowledge.history import Skill
from learning.knowledge.mastery import Level, Mastery, mastery
from learning.knowledge.model import DEFAULT, KnowledgeModel
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

QUICK = Parameters(known=0.45, learn=0.25, forget=0.02, guess=0.25, slip=0.2)  # to be learnt, and to slip
MODELS = [
    pytest.param(DEFAULT, id="typical"),
    pytest.param(KnowledgeModel(name="fitted", usual=Skill(bkt=QUICK)), id="fitted"),
]
fitted = st.builds(
    Parameters,
    known=st.floats(0.02, 0.98),
    learn=st.floats(0.001, 0.7),
    forget=st.floats(0.0005, 0.4),
    guess=st.floats(0.02, 0.49),
    slip=st.floats(0.01, 0.45),
)


def result(question: str | None, *, right: bool, minute: int = 0, unit: str = "u") -> Result:
    return Result(unit_id=unit, question_id=question, right=right, at=NOW + timedelta(minutes=minute))


def test_a_question_counts_for_the_skill_that_names_it_or_else_for_its_unit_s() -> None:
    results = [result("q1", right=True), result("q2", right=False), result("q3", right=True, unit="elsewhere")]
    assert [(skill, one.question_id) for skill, one in asked(SKILLS, results)] == [("halves", "q1"), ("thirds", "q2")]


def test_what_was_right_already_says_nothing_new_but_what_is_wrong_later_does() -> None:
    def counted(*rights: bool) -> list[bool]:
        return [one.right for _, one in asked(SKILLS, [result("q1", right=right) for right in rights])]

    assert counted(False, False, True, True) == [False, False, True]
    assert counted(True, True, False, False) == [True, False, False]
    many = trace(DEFAULT, SKILLS, [result("q1", right=True, minute=minute) for minute in range(50)])
    assert many.history.answers == 1


def test_a_right_answer_takes_back_the_wrong_ones_to_the_same_question_and_no_others() -> None:
    results = [result("q1", right=True), result("q3", right=False), result("q1", right=False), result("q1", right=True)]
    assert [(one.question_id, one.right) for _, one in asked(SKILLS, results)] == [("q1", True), ("q3", False)]


@pytest.mark.parametrize("model", MODELS)
def test_right_answers_win_back_what_wrong_ones_to_the_same_questions_have_cost(model: KnowledgeModel) -> None:
    def reached(*attempts: int) -> Mastery:
        """By so many right answers in each attempt at a quiz of five questions."""
        results = [
            result(f"quiz {question}", right=question < right, minute=minute)
            for minute, right in enumerate(attempts)
            for question in range(5)
        ]
        return mastery(model, trace(model, SKILLS, results).history, "halves")

    once, lost, back = reached(5), reached(5, 0), reached(5, 0, 5)
    assert (once.level, lost.level) == (Level.SECURE, Level.BEGINNING)
    assert back == once == reached(5, 0, 5, 5, 3, 5)
    assert (back.answers, back.right) == (5, 5)
    won = [reached(5, 0, right).known for right in range(6)]
    assert won == sorted(set(won))
    assert reached(0, 0, 5).level is Level.SECURE


@pytest.mark.parametrize("model", MODELS)
def test_one_of_two_questions_does_not_make_up_for_the_other_however_often_it_is_answered(
    model: KnowledgeModel,
) -> None:
    answers = [result("q1", right=True), result("q3", right=False)]
    again = [result("q1", right=right) for right in (False, True) * 20]
    found = mastery(model, trace(model, SKILLS, answers + again).history, "halves")
    assert found == mastery(model, trace(model, SKILLS, answers).history, "halves")
    assert found.level is not Level.SECURE


@given(rights=st.lists(st.booleans(), max_size=30), parameters=fitted)
@example(rights=[False, False, True], parameters=Parameters(known=0.5, learn=0.5, forget=0.02, guess=0.1, slip=0.2))
@example(rights=[True, False] * 10 + [True], parameters=QUICK)
def test_one_question_makes_nothing_secure_in_whatever_order_it_is_right_and_wrong(
    rights: list[bool], parameters: Parameters
) -> None:
    model = KnowledgeModel(name="fitted", usual=Skill(bkt=parameters))
    results = [result("q1", right=right, minute=minute) for minute, right in enumerate(rights)]
    assert mastery(model, trace(model, SKILLS, results).history, "halves").level is not Level.SECURE


@given(
    before=st.lists(st.tuples(st.sampled_from(["q1", "q3", "q4"]), st.booleans()), max_size=20),
    again=st.lists(st.booleans(), max_size=10),
    parameters=fitted,
)
def test_repeating_a_question_that_was_right_leads_back_to_where_one_was(
    before: list[tuple[str, bool]], again: list[bool], parameters: Parameters
) -> None:
    model = KnowledgeModel(name="fitted", usual=Skill(bkt=parameters))
    results = [result(question, right=right) for question, right in (*before, ("q1", True))]
    repeated = [result("q1", right=right) for right in (*again, True)]
    assert trace(model, SKILLS, results + repeated) == trace(model, SKILLS, results)


def test_it_is_known_when_a_skill_was_last_asked_for() -> None:
    results = [result("q1", right=True), result(None, right=False, minute=5)]
    traced = trace(DEFAULT, SKILLS, results)
    assert traced.last == {"halves": NOW + timedelta(minutes=5)}
    assert traced.history.skills["halves"].answers == 2
    again = [result("q1", right=False, minute=6), result("q1", right=True, minute=7)]
    assert trace(DEFAULT, SKILLS, results + again).last == {"halves": NOW + timedelta(minutes=7)}
