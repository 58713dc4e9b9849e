"""What keeps answers from being graded."""

from __future__ import annotations

from configs.errors import AzoraError


class UnusableModel(AzoraError):
    """A file is not a grading model, or not one of this form."""

    type = "unusable-grading-model"
    title = "The grading model cannot be used"


class TooFewAnswers(AzoraError):
    """There is too little to learn grading from."""

    type = "too-few-graded-answers"
    title = "There are too few graded answers"
