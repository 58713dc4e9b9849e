"""Serve's controller places replicas by `choosing`, and moves one at a time.

Serve hands every replica to Ray to place, which deals them out to nodes in turn and does not know which belong
together, and it never moves one. So after a node was lost both replicas of a service may be on one of the others, and
the node that comes back stays empty. As load goes it ends replicas on the emptiest nodes, without a look at what else
is there: an actor of the platform may keep one node, and the last replica another. A move goes as Serve leaves a
draining node: a replacement first, then the old one drains and goes.

Reaches into private parts of Ray 2.60, `serve/_private/deployment_scheduler.py` and `deployment_state.py`; a test
says where a release has them otherwise, and `install` then leaves Serve as it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.spreading.choosing import Move, Rests, first_to_stop, next_move, node_for, totals
from configs.placement import ACTORS

_SETTLED_SECONDS = 5.0  # nothing else is changing: a fault is over, a release is out
_FRESH_SECONDS = 180.0
_MOVE_SECONDS = 60.0
_LOOK_SECONDS = 1.0

_log = logging.getLogger("ray.serve")


@dataclass(frozen=True)
class _Moving:
    """A replica that waits for its replacement; `left` is how many like it its node keeps if all goes well."""

    move: Move[Any]
    replica: Any
    left: int
    deadline: float


class Mover:
    """Decides, once per turn of the controller's loop, whether a replica is to move. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moving: _Moving | None = None
        self._settled_since: float | None = None
        self._next_look = 0.0
        self._joined: dict[str, float] = {}
        self._rests = Rests[Any]()

    def look(self, manager: Any) -> None:
        """Begin a move where one is due. `manager` is Serve's `DeploymentStateManager`."""
        now = self._clock()
        scheduler = manager._deployment_scheduler
        nodes = manager._cluster_node_info_cache.get_active_node_ids()
        if not self._joined.keys() >= set(nodes):
            self._rests.forget()  # room that was not there before
        self._joined = {node: self._joined.get(node, now) for node in nodes}
        states = manager._deployment_states
        if manager._cluster_node_info_cache.get_draining_nodes() or not all(map(_is_settled, states.values())):
            self._settled_since = None
            return
        self._settled_since = now if self._settled_since is None else self._settled_since
        if self._moving is not None or not self.is_settled() or now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        room = scheduler._get_available_resources_per_node()
        move = next_move(
            {deployment: _per_node(scheduler, deployment) for deployment in states},
            list(room),
            lambda deployment, node: _fits(scheduler, room, deployment, node),
            [node for node, joined in self._joined.items() if now - joined < _FRESH_SECONDS and node in room],
            self._rests.at(now),
        )
        if move is not None:
            self._begin(states[move.deployment], move)

    def is_settled(self) -> bool:
        """Whether nothing has changed for a while. May be asked from another thread."""
        since = self._settled_since
        return since is not None and self._clock() >= since + _SETTLED_SECONDS

    def _begin(self, state: Any, move: Move[Any]) -> None:
        from ray.serve._private.common import ReplicaState

        there = _running_on(state, move.source)
        if not there:
            return
        newest = there[-1]
        _log.info("Moving %s away from node %s", newest.replica_id, move.source)
        state._replicas.remove({newest.replica_id})
        state._replicas.add(ReplicaState.PENDING_MIGRATION, newest)
        self._moving = _Moving(move, newest.replica_id, len(there) - 1, self._clock() + _MOVE_SECONDS)

    def go_on(self, state: Any, draining: Mapping[str, float]) -> bool:
        """Whether a replica of this deployment is on the move, so that Serve must leave it where it is; stops it where
        its replacement runs."""
        from ray.serve._private.common import ReplicaState

        moving = self._moving
        if moving is None or moving.move.deployment != state._id:
            return False
        replica = state._replicas.get_by_id(moving.replica)
        waiting = replica is not None and replica.actor_details.state == ReplicaState.PENDING_MIGRATION
        late = self._clock() > moving.deadline
        # Of an outdated version Serve ends first those that wait for a replacement, without draining them.
        if draining or late or not waiting or replica.version != state._target_state.version:
            self._moving = None  # Serve takes it for running again, and ends what is one too many
            if late:
                self._rest(moving, "there was no replacement in time")
            return False
        if state._replicas.count(states=[ReplicaState.RUNNING]) >= state._target_state.target_num_replicas:
            if len(_running_on(state, moving.move.source)) > moving.left:
                self._rest(moving, "the replacement came to the same node")
            else:
                self._rests.succeeded(moving.move)
            state._replicas.remove({moving.replica})
            state._stop_replica(replica, graceful_stop=True)
            self._moving = None
        return True

    def _rest(self, moving: _Moving, why: str) -> None:
        seconds = self._rests.failed(moving.move, self._clock())
        _log.info("Moving %s led nowhere: %s; not again for %.0f s", moving.replica, why, seconds)


def install() -> Mover | None:
    """Have the controller of this process place and move replicas so; None where its release of Ray is another."""
    from ray.serve._private.deployment_scheduler import DeploymentScheduler
    from ray.serve._private.deployment_state import DeploymentState, DeploymentStateManager

    try:
        migrate, update = DeploymentState.migrate_replicas_on_draining_nodes, DeploymentStateManager.update
        _ = DeploymentScheduler._schedule_with_spread_strategy, DeploymentScheduler._schedule_replica
        choose = DeploymentScheduler._get_replicas_to_stop
    except AttributeError:
        _log.warning("Replicas are placed by Ray alone: this release of Serve is another")
        return None
    mover = Mover()

    def migrate_or_go_on(state: Any, draining_nodes: Mapping[str, float], *args: Any, **options: Any) -> None:
        if not mover.go_on(state, draining_nodes):
            migrate(state, draining_nodes, *args, **options)

    def look_and_update(manager: Any, *args: Any, **options: Any) -> Any:
        try:
            mover.look(manager)
        except Exception:  # the controller's loop must go on whatever a private part of Serve has become
            _log.exception("No replica is moved")
        return update(manager, *args, **options)

    def stop_first(scheduler: Any, deployment: Any, number: int, **gangs: Any) -> Any:
        chosen: set[Any] = set()
        try:
            chosen = to_stop(scheduler, deployment, number)
        except Exception:  # as above
            _log.exception("Serve chooses which replicas go")
        return chosen or choose(scheduler, deployment, number, **gangs)

    DeploymentScheduler._schedule_with_spread_strategy = schedule
    DeploymentScheduler._get_replicas_to_stop = stop_first
    DeploymentState.migrate_replicas_on_draining_nodes = migrate_or_go_on
    DeploymentStateManager.update = look_and_update
    return mover


def schedule(scheduler: Any) -> None:
    """In place of Serve's own: each waiting replica to the node that has the fewest like it, where Ray agrees."""
    for deployment, waiting in scheduler._pending_replicas.items():
        for request in list(waiting.values()):
            node = None
            if _is_ordinary(request):
                room = scheduler._get_available_resources_per_node()
                fitting = [name for name, free in room.items() if free.can_fit(request.requested_resources)]
                known = set(scheduler._running_replicas) | set(scheduler._launching_replicas) | {deployment}
                node = node_for(deployment, fitting, {one: _per_node(scheduler, one) for one in known})
            scheduler._schedule_replica(
                scheduling_request=request, default_scheduling_strategy="SPREAD", target_node_id=node
            )


def to_stop(scheduler: Any, deployment: Any, number: int) -> set[Any]:
    """Which replicas go; none where Serve is to choose: of those that do not run yet, in gangs or bound to labels."""
    running = scheduler._running_replicas[deployment]
    on_their_way = (scheduler._pending_replicas, scheduler._launching_replicas, scheduler._recovering_replicas)
    if any(kind[deployment] for kind in on_their_way) or not _goes_anywhere(scheduler._deployments[deployment]):
        return set()
    total = totals({one: _per_node(scheduler, one) for one in scheduler._running_replicas})
    return set(first_to_stop(running, total, _with_actors(scheduler), number))


def _with_actors(scheduler: Any) -> set[str]:
    """Nodes that actors of the platform keep, and the head, which stays in any case."""
    nodes = scheduler._cluster_node_info_cache
    free, declared = nodes.get_available_resources_per_node(), nodes.get_total_resources_per_node()
    used = {node for node, all_of in declared.items() if free.get(node, all_of).get(ACTORS, 0) < all_of.get(ACTORS, 0)}
    return used | {scheduler._head_node_id}


def _running_on(state: Any, node: str) -> list[Any]:
    from ray.serve._private.common import ReplicaState

    return [one for one in state._replicas.get([ReplicaState.RUNNING]) if one.actor_node_id == node]


def _per_node(scheduler: Any, deployment: Any) -> dict[str, int]:
    """Replicas of a deployment, those that are on their way to a node included."""
    counts: dict[str, int] = {}
    nodes = [*scheduler._running_replicas.get(deployment, {}).values()]
    nodes += [info.target_node_id for info in scheduler._launching_replicas.get(deployment, {}).values()]
    for node in nodes:
        if node is not None:
            counts[node] = counts.get(node, 0) + 1
    return counts


def _is_ordinary(request: Any) -> bool:
    """Nothing but its resources says where this replica goes."""
    named = (request.placement_group_bundles, request.gang_placement_group, request.actor_options.get("label_selector"))
    return not any(named)


def _fits(scheduler: Any, room: Mapping[str, Any], deployment: Any, node: str) -> bool:
    info = scheduler._deployments.get(deployment)
    return info is not None and _goes_anywhere(info) and bool(room[node].can_fit(info.required_resources))


def _goes_anywhere(info: Any) -> bool:
    """Nothing but what its replicas need says where they go."""
    bound = info.label_selector or info.bundle_label_selector or info.is_gang or info.pins_replicas
    return info.placement_group_bundles is None and not bound


def _is_settled(state: Any) -> bool:
    from ray.serve._private.common import DeploymentStatus

    target = state._target_state.target_num_replicas
    healthy = state.curr_status_info.status == DeploymentStatus.HEALTHY
    running = state.get_num_running_replicas(state.target_version)
    return bool(healthy and target == state._replicas.count() == running)
