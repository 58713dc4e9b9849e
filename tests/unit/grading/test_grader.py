"""A grade depends on its answer and on what people graded, never on what is graded beside it."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learning.artefact import UnusableModel
from learning.grading import features
from learning.grading.answers import LABELS, Graded, Label, Question
from learning.grading.concerns import Concern, concerns_of_answer, trust
from learning.grading.errors import TooFewAnswers
from learning.grading.model import ENOUGH, Grader, GradingModel, confidence
from learning.grading.neighbours import Neighbours
from learning.grading.reading import MAXIMUM_CHARACTERS
from learning.grading.storing import load, save
from learning.grading.training import Fitted, fit, macro_f1, see
from tests.unit.grading.model import question, reader, school

NEW = Question(id="new", text="Why does ice float?", references=("Ice is lighter than water.",))


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(see(school(), reader()), "test", rounds=8)


@pytest.fixture(scope="module")
def grader(fitted: Fitted) -> Grader:
    return Grader(fitted.model, reader())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(answers=st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_any_text_gets_a_grade_within_bounds_and_the_same_alone(grader: Grader, answers: list[str]) -> None:
    for asked in (NEW, question("iron")):
        together = grader.grade(asked, answers)
        for answer, grade in zip(answers, together, strict=True):
            assert 0 <= grade.score <= 1
            assert 0 <= grade.confidence <= 1
            assert sum(grade.probabilities) == pytest.approx(1)
            assert grade.feedback
            alone = grader.grade(asked, [answer])[0]
            assert alone.label is grade.label
            assert alone.score == pytest.approx(grade.score, abs=1e-4)


def test_it_learns_from_graded_answers_to_the_same_question(grader: Grader) -> None:
    right, wrong = grader.grade(question("iron"), ["it expands you know", "you need a spoon"])
    assert (right.label, wrong.label) == (Label.CORRECT, Label.INCORRECT)
    assert right.graded_answers == 30
    assert right.score > wrong.score


def test_a_teachers_grades_are_heard_once_there_are_enough(grader: Grader) -> None:
    odd = [Graded(question=NEW, answer=f"penguins sit on it {number}", label=Label.CORRECT) for number in range(ENOUGH)]
    before = grader.grade(NEW, ["penguins sit on it"])[0]
    few = grader.grade(NEW, ["penguins sit on it"], odd[:-1])[0]
    after = grader.grade(NEW, ["penguins sit on it"], odd)[0]
    assert before == few
    assert after.graded_answers == ENOUGH
    assert after.score > before.score


def test_feedback_quotes_the_answer_and_not_the_reference(grader: Grader) -> None:
    answer = "It gets smaller, because it is cold"
    for grade in grader.grade(question("iron"), [answer]):
        quote = grade.feedback.split("“")[1].split("”")[0]
        assert quote in answer
        assert "particles" not in grade.feedback


def test_what_a_person_should_look_at_is_left_to_one_however_sure_the_model_is(grader: Grader) -> None:
    asked = question("iron")
    plain, copies, long = grader.grade(asked, ["it expands", asked.text, f"it expands{' ' * MAXIMUM_CHARACTERS}x"])
    assert [one.concerns for one in (plain, copies, long)] == [(), (Concern.COPIES_THE_TASK,), (Concern.TOO_LONG,)]
    assert [one.needs_person(0) for one in (plain, copies, long)] == [False, True, True]
    assert long.confidence == pytest.approx(plain.confidence)  # the model's own
    assert trust(long.confidence, long.concerns) < trust(plain.confidence, plain.concerns) == plain.confidence


def test_what_looks_right_and_denies_what_no_reference_does_is_left_to_a_person(grader: Grader) -> None:
    answer = "It does not expand, and its particles move faster"
    [read], prepared = reader().read([answer]), grader.prepare(question("iron"))
    assert concerns_of_answer(answer, read, prepared, right=True) == (Concern.DENIES,)
    assert concerns_of_answer(answer, read, prepared, right=False) == ()


def test_a_file_changes_nothing(fitted: Fitted, grader: Grader, tmp_path: Path) -> None:
    file = tmp_path / "model"
    save(fitted.model, file, about={})
    again = Grader(load(file), reader())
    answers = ["it expands", "it gets smaller", "a spoon"]
    for asked in (NEW, question("salt")):
        for one, other in zip(grader.grade(asked, answers), again.grade(asked, answers), strict=True):
            assert one.label is other.label
            assert one.score == pytest.approx(other.score, abs=1e-2)
    file.write_bytes(b"no model")
    with pytest.raises(UnusableModel):
        load(file)


def test_fitting_is_the_same_every_time_and_beats_chance(fitted: Fitted) -> None:
    again = fit(see(school(), reader()), "test", rounds=8)
    assert again.figures == fitted.figures
    assert fitted.figures["macro_f1_known_questions"] > 0.6
    assert isinstance(again.model, GradingModel)


def test_too_little_is_refused() -> None:
    with pytest.raises(TooFewAnswers):
        fit(see(school(answers=3), reader()), "test", rounds=8)


@given(
    chances=st.lists(st.floats(0, 1), min_size=2, max_size=10),
    intercept=st.floats(-3, 3),
    slope=st.floats(0.05, 5),
)
def test_confidence_never_falls_as_the_chance_rises(chances: list[float], intercept: float, slope: float) -> None:
    rising = np.array([[chance, 0.0, 0.0] for chance in sorted(chances)])
    sure = confidence(rising, np.zeros(len(chances), dtype=np.int64), np.array([intercept, slope]))
    assert (np.diff(sure) >= 0).all()
    assert ((sure >= 0) & (sure <= 1)).all()


def test_leaving_one_out_in_closed_form_is_leaving_one_out() -> None:
    answers = reader().read([one.answer for one in school(answers=1)])
    random = np.random.default_rng(2)
    labels = random.integers(0, len(LABELS), size=len(answers))
    chances = random.dirichlet([1, 1, 1], size=len(answers))
    prior = np.array([0.4, 0.2, 0.4])
    whole = Neighbours(answers, labels, chances, prior).left_out()
    for out in range(len(answers)):
        rest = [index for index in range(len(answers)) if index != out]
        others = Neighbours([answers[index] for index in rest], labels[rest], chances[rest], prior)
        assert np.allclose(others.compared([answers[out]], chances[[out]])[0], whole[out])


def test_macro_f1() -> None:
    labels = np.array([0, 0, 1, 2])
    assert macro_f1(labels, labels) == 1
    assert macro_f1(labels, np.array([0, 1, 1, 2])) == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_what_is_measured_does_not_depend_on_the_order_of_sets() -> None:
    """Sets of words have another order in every process; a job that goes on in another one must grade as it did."""
    code = "from tests.unit.grading.test_grader import measured; print(measured())"
    others = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert others == {measured()}


def measured() -> str:
    """A digest of the features of some answers."""
    text, reference, *answers = reader().read([
        "Why does the light go out when the wire is cut near the positive terminal of the battery?",
        "Because the circuit is open and no current flows through the lamp, the wire and the switch any more.",
        "The circuit is no longer closed, so that the current cannot flow through the lamp or the switch.",
        "No current any more because the wire to the terminal of the battery has been cut open somewhere.",
    ])  # fmt: skip
    prepared = features.asked(text, [reference])
    return sha256(b"".join(features.features(one, prepared).tobytes() for one in answers)).hexdigest()
