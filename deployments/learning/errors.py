"""Errors of the learning service."""

from __future__ import annotations

from deployments.kit.errors import Conflict, NotFound


class ModelNotFound(NotFound):
    type = "learning-model-not-found"
    title = "The organisation has no such model"


class PredictionNotFound(NotFound):
    type = "prediction-not-found"
    title = "There is no such prediction, or it is not yours to see"


class InterventionNotFound(NotFound):
    type = "intervention-not-found"
    title = "There is no such intervention, or it is not yours to see"


class ModelNotFit(Conflict):
    """It failed its gate, or its predictions were stopped for what they did to a group."""

    type = "model-not-fit"
    title = "The model is not fit to be served"


class NoModelServes(Conflict):
    type = "no-model-serves"
    title = "The organisation has no model that serves: register one and let it serve"


class NotLearning(NotFound):
    type = "not-learning"
    title = "You are not enrolled in the course"


class LearnerNotFound(NotFound):
    type = "learner-not-in-course"
    title = "Nobody of that id takes the course"


class SkillNotFound(NotFound):
    type = "skill-not-found"
    title = "The course has no such skill"


class NoVersionYet(Conflict):
    type = "no-version-yet"
    title = "The course has not been published: skills are those of what is published"


class NotDoneYet(Conflict):
    type = "not-done-yet"
    title = "One reviews what one has done: complete the unit first"
