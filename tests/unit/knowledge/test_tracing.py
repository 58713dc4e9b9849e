"""Knowledge tracing: chances stay chances, right answers never lower them, and the fit finds what made the data."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from learning.knowledge.bkt import Parameters, after, chance_of_right
from learning.knowledge.bkt_fitting import fit_bkt

chances = st.floats(0.0, 1.0)
skills = st.builds(
    Parameters,
    known=st.floats(0.02, 0.98),
    learn=st.floats(0.001, 0.5),
    forget=st.floats(0.0, 0.3),
    guess=st.floats(0.02, 0.45),
    slip=st.floats(0.02, 0.45),
)


@given(known=chances, skill=skills, right=st.booleans())
def test_chances_stay_between_nil_and_one(known: float, skill: Parameters, right: bool) -> None:
    assert 0 <= chance_of_right(known, skill) <= 1
    assert 0 <= after(known, right, skill) <= 1


@given(known=chances, skill=skills)
def test_a_right_answer_never_leaves_less_than_a_wrong_one(known: float, skill: Parameters) -> None:
    if skill.learn <= 1 - skill.forget:
        assert after(known, True, skill) >= after(known, False, skill) - 1e-12


@given(one=chances, other=chances, skill=skills)
def test_who_knows_more_is_likelier_right(one: float, other: float, skill: Parameters) -> None:
    low, high = sorted((one, other))
    assert chance_of_right(low, skill) <= chance_of_right(high, skill) + 1e-12


def test_the_fit_finds_what_made_the_answers_and_is_the_same_every_time() -> None:
    truth = Parameters(known=0.3, learn=0.25, forget=0.03, guess=0.15, slip=0.08)
    random = np.random.default_rng(5)
    sequences = []
    for _ in range(400):
        known, own = random.random() < truth.known, []
        for _ in range(12):
            own.append(int(random.random() < (1 - truth.slip if known else truth.guess)))
            known = random.random() >= truth.forget if known else random.random() < truth.learn
        sequences.append(own)
    found = fit_bkt(sequences)
    assert found == fit_bkt(sequences)
    assert abs(found.known - truth.known) < 0.08
    assert abs(found.learn - truth.learn) < 0.08
    assert abs(found.guess - truth.guess) < 0.08
    assert abs(found.slip - truth.slip) < 0.05


def test_without_answers_a_skill_is_a_typical_one() -> None:
    assert 0 < fit_bkt([]).learn < 1
