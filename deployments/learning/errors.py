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
