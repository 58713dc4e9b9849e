"""The model that is served: one answer at a time gives what many at once give, and a file changes nothing."""

from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.artefact import UnusableModel
from learning.knowledge.bkt import TYPICAL
from learning.knowledge.fitting import Learner, TooFewResults, by_skill, examples, fit_predictor, skill_of, usual_rate
from learning.knowledge.history import History
from learning.knowledge.mastery import Level, mastery
from learning.knowledge.model import DEFAULT, KnowledgeModel
from learning.knowledge.storing import load, save

answers = st.lists(st.tuples(st.sampled_from(["adding", "dividing"]), st.booleans()), max_size=40)


def learners(count: int) -> list[Learner]:
    random = np.random.default_rng(3)
    found = []
    for _ in range(count):
        ability = random.normal()
        skills = [str(skill) for skill in random.choice(["adding", "dividing", "sets"], size=20)]
        hard = {"adding": 0.8, "dividing": -0.5, "sets": 0.0}
        right = [int(random.random() < 1 / (1 + np.exp(-ability - hard[skill]))) for skill in skills]
        found.append(Learner(skills, right))
    return found


@pytest.fixture(scope="module")
def model() -> KnowledgeModel:
    some = learners(100)
    skills = {name: skill_of(own, TYPICAL, usual_rate(some)) for name, own in by_skill(some).items()}
    return KnowledgeModel(name="test", skills=skills, predictor=fit_predictor(*examples(some, skills)))


def test_row_by_row_is_what_all_at_once_is(model: KnowledgeModel) -> None:
    assert model.predictor is not None
    learner = learners(101)[-1]
    features, _ = examples([learner], model.skills)
    history, one_by_one = History(), []
    for name, right in zip(learner.skills, learner.right, strict=True):
        one_by_one.append(model.chance(history, name))
        model.record(history, name, bool(right))
    assert one_by_one == pytest.approx(model.predictor.chances(features).tolist())


def test_a_file_changes_nothing(model: KnowledgeModel, tmp_path: Path) -> None:
    save(model, tmp_path / "model", about={"learners": 100})
    again = load(tmp_path / "model")
    history = History()
    for right in (True, False, True):
        assert again.chance(history, "sets") == model.chance(history, "sets")
        model.record(history, "sets", right)
    (tmp_path / "other").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(UnusableModel):
        load(tmp_path / "other")


@given(given_answers=answers)
def test_mastery_has_bounds_and_words_for_any_history(given_answers: list[tuple[str, bool]]) -> None:
    history = History()
    for name, right in given_answers:
        DEFAULT.record(history, name, right)
    found = mastery(DEFAULT, history, "adding", "adding up")
    assert 0 <= found.known <= 1
    assert 0 <= found.next_right <= 1
    assert "adding up" in found.explanation
    assert (found.level is Level.UNSEEN) == (found.answers == 0)
    assert found == mastery(DEFAULT, History.of(orjson.loads(orjson.dumps(history.document()))), "adding", "adding up")


def test_one_lucky_answer_makes_nobody_secure_and_many_right_ones_do() -> None:
    history = History()
    DEFAULT.record(history, "sets", True)
    assert mastery(DEFAULT, history, "sets").level is not Level.SECURE
    for _ in range(6):
        DEFAULT.record(history, "sets", True)
    assert mastery(DEFAULT, history, "sets").level is Level.SECURE
    assert "7 of 7" in mastery(DEFAULT, history, "sets").explanation


def test_too_little_is_refused() -> None:
    some = learners(2)
    skills = {name: skill_of(own, TYPICAL, 0.5) for name, own in by_skill(some).items()}
    with pytest.raises(TooFewResults):
        fit_predictor(*examples(some, skills))
