"""What the tutor makes of how far a learner is."""

from learning.tutoring.standing import Standing, for_a_model, with_advice

WEAK = Standing(skill_id="1", title="Ratios", level="beginning", answers=4, right=1)
SECURE = Standing(skill_id="2", title="Fractions", level="secure", answers=6, right=6)
UNSEEN = Standing(skill_id="3", title="Powers", level="unseen")


def test_advice_is_for_what_results_have_shown_to_be_weak() -> None:
    assert with_advice("Read.", [SECURE, UNSEEN]) == "Read."
    told = with_advice("Read.", [SECURE, WEAK])
    assert told.startswith("Read.\n\nYou answered 1 of 4 questions on “Ratios” rightly so far")


def test_a_model_is_told_what_was_shown_and_nothing_else() -> None:
    assert for_a_model([UNSEEN]) == ""
    assert "Ratios: beginning (1 of 4 right); Fractions: secure (6 of 6 right)" in for_a_model([WEAK, SECURE, UNSEEN])
