"""What keeps answers from being graded."""

from __future__ import annotations

from configs.errors import AzoraError


class TooFewAnswers(AzoraError):
    """There is too little to learn grading from."""

    type = "too-few-graded-answers"
    title = "There are too few graded answers"
