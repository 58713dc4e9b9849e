"""Custom resources of Ray by which the parts of the platform find the nodes that are meant for them.

A node says what it takes by declaring a resource: the head of a cluster declares none and so hosts neither replicas nor
actors; a node with a GPU may declare `azora_models` alone. Each part asks for a thousandth, so that a node which
declares 1 takes as many as its processors and memory allow. Our own head on one machine declares all of them.
"""

from __future__ import annotations

SERVICES = "azora_services"
ACTORS = "azora_actors"
MODELS = "azora_models"
EVERYTHING = (SERVICES, ACTORS, MODELS)

_SHARE = 0.001

ACTOR = {ACTORS: _SHARE}  # `@ray.remote(resources=placement.ACTOR)`
SERVICE = {SERVICES: _SHARE}  # `ray_actor_options: {resources: {azora_services: 0.001}}` in a topology
MODEL = {MODELS: _SHARE}


def node_resources(kinds: tuple[str, ...] = EVERYTHING) -> dict[str, float]:
    """What a node declares that takes these kinds."""
    return dict.fromkeys(kinds, 1.0)
