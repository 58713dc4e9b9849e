"""Replicas on different nodes: where new ones go, which move, and which go as load does."""

from __future__ import annotations

import inspect
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.ray_program import write_ray_program
from cluster.spreading import serve as spreading
from cluster.spreading.choosing import Move, Rests, first_to_stop, next_move, node_for, totals

with warnings.catch_warnings(action="ignore"):  # Serve's own, as it is imported
    from ray.serve._private.common import DeploymentID, DeploymentStatus, ReplicaID, ReplicaState
    from ray.serve._private.deployment_scheduler import (
        DeploymentScheduler,
        ReplicaSchedulingRequest,
        SpreadDeploymentSchedulingPolicy,
    )
    from ray.serve._private.deployment_state import (
        DeploymentReplica,
        DeploymentState,
        DeploymentStateManager,
        DeploymentTargetState,
        ReplicaStateContainer,
    )

NODES = ["a", "b", "c"]
placements = st.dictionaries(
    st.sampled_from(["courses", "users", "agents", "web"]),
    st.dictionaries(st.sampled_from(NODES), st.integers(0, 4), min_size=1),
    min_size=1,
)


def anywhere(deployment: str, node: str) -> bool:
    return True


def test_a_replica_goes_where_none_like_it_is_and_then_where_few_are() -> None:
    counts = {"courses": {"a": 1}, "users": {"b": 2, "c": 1}}
    assert node_for("courses", NODES, counts) == "c"
    assert node_for("users", NODES, counts) == "a"
    assert node_for("courses", [], counts) is None


def test_nothing_moves_without_room() -> None:
    assert next_move({"courses": {"a": 2}}, NODES, lambda deployment, node: False, NODES) is None


def test_a_node_that_empties_as_load_goes_is_left_alone() -> None:
    assert next_move({"courses": {"a": 2, "b": 2}}, NODES, anywhere, []) is None
    assert next_move({"courses": {"a": 2, "b": 2}}, NODES, anywhere, ["c"]) == Move("courses", "a")


def test_the_node_that_actors_keep_keeps_the_last_replica() -> None:
    running = {1: "a", 2: "b", 3: "c", 4: "b"}
    assert first_to_stop(running, Counter(a=1, b=2, c=1), {"a"}, 3) == [3, 4, 2]
    assert first_to_stop(running, Counter(a=1, b=2, c=1), set(), 3) == [
        1,
        4,
        2,
    ]  # two stay apart as long as there are two
    assert first_to_stop({1: "a", 2: "a", 3: "b"}, Counter(a=2, b=1), {"a"}, 1) == [2]  # not both on one node


@given(
    running=st.dictionaries(st.integers(), st.sampled_from(NODES), min_size=1),
    occupied=st.sets(st.sampled_from(NODES)),
    number=st.integers(1, 12),
)
def test_what_stays_is_apart_and_where_something_stays_anyway(
    running: dict[int, str], occupied: set[str], number: int
) -> None:
    going = first_to_stop(running, Counter(running.values()), occupied, number)
    left = [node for replica, node in running.items() if replica not in going]
    assert len(set(going)) == len(going) == min(number, len(running))
    if len(left) > 1 and len(set(running.values())) > 1:
        assert len(set(left)) > 1
    if len(left) == 1 and occupied & set(running.values()):
        assert left[0] in occupied


def test_what_led_nowhere_rests_and_others_move_meanwhile() -> None:
    counts = {"courses": {"a": 2}, "users": {"b": 2}}
    resting = {Move("courses", "a")}
    assert next_move(counts, NODES, anywhere, NODES, resting) == Move("users", "b")
    assert next_move({"courses": {"a": 4, "b": 1}}, NODES, anywhere, NODES, resting) is None


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_a_move_rests_twice_as_long_each_time_up_to_an_hour(pauses: list[int]) -> None:
    rests, move, now, expected = Rests[str](), Move("courses", "a"), 0.0, 60.0
    for pause in pauses:
        assert rests.failed(move, now) == expected
        assert rests.at(now) == {move}
        now += pause
        assert (move in rests.at(now)) == (pause < expected)
        expected = min(2 * expected, 3600.0)
    rests.succeeded(move)
    assert not rests.at(now)
    assert rests.failed(move, now) == 60.0


@given(placements, st.sets(st.sampled_from(NODES)))
def test_moves_end_with_no_deployment_on_one_node_and_fresh_nodes_filled(
    placed: dict[str, dict[str, int]], fresh: set[str]
) -> None:
    counts = {deployment: Counter(own) for deployment, own in placed.items()}
    before = {deployment: own.total() for deployment, own in counts.items()}
    for _ in range(200):
        move = next_move(counts, NODES, anywhere, fresh)
        if move is None:
            break
        target = node_for(move.deployment, NODES, counts)
        assert target is not None
        assert target != move.source
        counts[move.deployment][target] += 1
        counts[move.deployment][move.source] -= 1
    else:
        pytest.fail("moves never end")
    assert {deployment: own.total() for deployment, own in counts.items()} == before
    assert all(sum(own[node] > 0 for node in NODES) > 1 for own in counts.values() if own.total() > 1)
    total = totals(counts)
    for node in fresh:
        fuller = [other for other in NODES if total[other] - total[node] > 1]
        assert not [other for other in fuller for own in counts.values() if own[other] > own[node]]


def test_serve_has_what_the_hook_reaches_into(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule, update = DeploymentScheduler._schedule_with_spread_strategy, DeploymentStateManager.update
    migrate = DeploymentState.migrate_replicas_on_draining_nodes
    monkeypatch.setattr(DeploymentScheduler, "_schedule_with_spread_strategy", schedule)  # put back at the end
    choose = DeploymentScheduler._get_replicas_to_stop
    monkeypatch.setattr(DeploymentScheduler, "_get_replicas_to_stop", choose)
    monkeypatch.setattr(DeploymentState, "migrate_replicas_on_draining_nodes", migrate)
    monkeypatch.setattr(DeploymentStateManager, "update", update)
    spreading.install()
    assert DeploymentScheduler._schedule_with_spread_strategy is spreading.schedule
    assert DeploymentScheduler._get_replicas_to_stop is not choose
    assert list(inspect.signature(choose).parameters)[:3] == ["self", "deployment_id", "max_num_to_stop"]
    assert DeploymentState.migrate_replicas_on_draining_nodes is not migrate
    assert DeploymentStateManager.update is not update
    assert list(inspect.signature(migrate).parameters)[:2] == ["self", "draining_nodes"]
    assert "graceful_stop" in inspect.signature(DeploymentState._stop_replica).parameters
    made = "".join(inspect.getsource(kind.__init__) for kind in (DeploymentState, DeploymentStateManager))
    named = ("_replicas", "_target_state", "_deployment_states", "_deployment_scheduler", "_cluster_node_info_cache")
    assert [name for name in named if f"self.{name}" not in made] == []
    assert hasattr(DeploymentReplica, "version")
    assert "version" in {one.name for one in fields(DeploymentTargetState)}


def test_ray_start_does_without_the_commands_it_does_not_need(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(write_ray_program(tmp_path)), "start", "--help"], capture_output=True, text=True, check=False
    )
    assert "--node-ip-address" in done.stdout
    assert done.returncode == 0, done.stderr


class Nodes:
    """What Serve's controller remembers of the nodes."""

    def __init__(self, *names: str) -> None:
        self.names, self.actors = set(names), set[str]()

    def get_active_node_ids(self) -> set[str]:
        return self.names

    def get_draining_nodes(self) -> dict[str, int]:
        return {}

    def get_total_resources_per_node(self) -> dict[str, dict[str, float]]:
        declared = {"CPU": 8.0, "azora_services": 1.0, "azora_actors": 1.0}
        return {name: {"CPU": 8.0} if name == "head" else declared for name in self.names}

    def get_available_resources_per_node(self) -> dict[str, dict[str, float]]:
        declared = self.get_total_resources_per_node()
        return {name: {**has, "azora_actors": 0.999} if name in self.actors else has for name, has in declared.items()}


class Started:
    """An actor class whose instances are never made; remembers the strategies."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def options(self, *, scheduling_strategy: Any, **_: object) -> Started:
        self.asked.append(scheduling_strategy)
        return self

    def remote(self, *_: object) -> Started:
        return self


class Stub:
    """A replica as far as moving one needs it."""

    def __init__(self, replica_id: Any, node: str) -> None:
        self.replica_id, self.actor_node_id, self.version = replica_id, node, "1"
        self.actor_details = SimpleNamespace(state=None)

    def update_state(self, state: Any) -> None:
        self.actor_details.state = state


class State:
    """A deployment: its replicas, how many there shall be, and which were told to stop."""

    def __init__(self, name: Any, replicas: list[Stub]) -> None:
        self._id, self.target_version, self.stopped = name, "1", list[Stub]()
        self._target_state = SimpleNamespace(target_num_replicas=len(replicas), version="1")
        self.curr_status_info = SimpleNamespace(status=DeploymentStatus.HEALTHY)
        self._replicas = ReplicaStateContainer()
        for replica in replicas:
            self._replicas.add(ReplicaState.RUNNING, replica)

    def get_num_running_replicas(self, version: str) -> int:
        return int(self._replicas.count(states=[ReplicaState.RUNNING]))

    def _stop_replica(self, replica: Stub, graceful_stop: bool) -> None:
        assert graceful_stop
        self.stopped.append(replica)


A, B, C = ("a" * 56, "b" * 56, "c" * 56)  # as Ray writes nodes
COURSES, USERS = DeploymentID("services", "courses"), DeploymentID("services", "users")


def scheduler(nodes: Nodes) -> Any:
    made = DeploymentScheduler(nodes, "head", lambda _: None)  # type: ignore[arg-type]
    for deployment in (COURSES, USERS):
        made.on_deployment_created(deployment, SpreadDeploymentSchedulingPolicy())
        resources = {"CPU": 1.0, "azora_services": 0.001}
        config = SimpleNamespace(
            resource_dict=resources, ray_actor_options={}, placement_group_bundles=None, placement_group_strategy=None,
            placement_group_bundle_label_selector=None, max_replicas_per_node=5,
        )  # fmt: skip
        made.on_deployment_deployed(deployment, config)  # type: ignore[arg-type]
    return made


def test_serve_s_scheduler_deals_replicas_out_apart() -> None:
    made, actor = scheduler(Nodes("head", A, B, C)), Started()
    made.on_replica_running(ReplicaID("old", USERS), B)
    for deployment, name in ((COURSES, "1"), (COURSES, "2"), (USERS, "3")):
        replica = ReplicaID(name, deployment)
        made._pending_replicas[deployment][replica] = ReplicaSchedulingRequest(
            replica, actor, {"CPU": 1.0, "azora_services": 0.001}, {"name": name}, (), lambda *_, **__: None
        )  # type: ignore[arg-type]
    spreading.schedule(made)
    assert [strategy.node_id for strategy in actor.asked] == [A, C, A]
    assert not any(made._pending_replicas.values())


def test_as_load_goes_serve_leaves_the_replica_beside_the_actors() -> None:
    nodes = Nodes("head", A, B)
    made = scheduler(nodes)
    for number, node in enumerate((A, A, B)):
        made.on_replica_running(ReplicaID(str(number), COURSES), node)
    nodes.actors = {B}
    assert spreading.to_stop(made, COURSES, 2) == {ReplicaID("0", COURSES), ReplicaID("1", COURSES)}
    nodes.actors = {A}
    assert spreading.to_stop(made, COURSES, 2) == {ReplicaID("1", COURSES), ReplicaID("2", COURSES)}
    made.on_replica_recovering(ReplicaID("3", COURSES))
    assert spreading.to_stop(made, COURSES, 1) == set()  # Serve ends what does not run yet first


def test_a_replica_moves_to_the_node_that_came_back_before_the_old_one_goes() -> None:
    now = 0.0
    nodes = Nodes("head", A, B)
    made, mover = scheduler(nodes), spreading.Mover(lambda: now)
    replicas = [Stub(ReplicaID("1", COURSES), A), Stub(ReplicaID("2", COURSES), A)]
    for replica in replicas:
        made.on_replica_running(replica.replica_id, A)
    state = State(COURSES, replicas)
    manager = SimpleNamespace(
        _deployment_scheduler=made, _cluster_node_info_cache=nodes, _deployment_states={COURSES: state}
    )
    mover.look(manager)
    assert not mover.go_on(state, {})  # not before all has been quiet for a while
    now = 6.0
    mover.look(manager)
    assert replicas[1].actor_details.state == ReplicaState.PENDING_MIGRATION
    assert mover.go_on(state, {})
    assert not state.stopped
    state._replicas.add(ReplicaState.RUNNING, Stub(ReplicaID("3", COURSES), B))
    made.on_replica_running(ReplicaID("3", COURSES), B)
    assert mover.go_on(state, {})
    assert state.stopped == [replicas[1]]
    made.on_replica_stopping(replicas[1].replica_id)
    now = 20.0
    mover.look(manager)
    now = 30.0
    mover.look(manager)
    assert not mover.go_on(state, {})  # all is well, and nothing moves again


@pytest.mark.parametrize(
    "later",
    [(0.0, {A: 1.0}, "1"), (61.0, {}, "1"), (0.0, {}, "2")],
    ids=["a node drains", "no replacement in time", "another version is deployed"],
)
def test_a_move_is_given_up(later: tuple[float, dict[str, float], str]) -> None:
    seconds, draining, version = later
    now = 0.0
    mover, state, manager = both_on_a(lambda: now)
    mover.look(manager)
    now = 6.0
    mover.look(manager)
    assert mover.go_on(state, {})
    now += seconds
    state._target_state.version = version
    assert not mover.go_on(state, draining)
    assert not state.stopped


def both_on_a(clock: Callable[[], float]) -> tuple[spreading.Mover, State, Any]:
    """Both replicas of a deployment on one node of two, and Serve's manager that has them."""
    nodes = Nodes(A, B)
    made = scheduler(nodes)
    replicas = [Stub(ReplicaID("1", COURSES), A), Stub(ReplicaID("2", COURSES), A)]
    for replica in replicas:
        made.on_replica_running(replica.replica_id, A)
    state = State(COURSES, replicas)
    manager = SimpleNamespace(
        _deployment_scheduler=made, _cluster_node_info_cache=nodes, _deployment_states={COURSES: state}
    )
    return spreading.Mover(clock), state, manager


@pytest.mark.parametrize("spilled", [False, True], ids=["no replacement in time", "a replacement on the same node"])
def test_a_move_that_leads_nowhere_is_tried_ever_less_often(spilled: bool) -> None:
    now, begun = 0.0, list[float]()
    mover, state, manager = both_on_a(lambda: now)

    def turn() -> None:
        mover.look(manager)
        for replica in state._replicas.get([ReplicaState.PENDING_MIGRATION]):
            if not begun or mover._moving is not before:
                begun.append(now)
            if spilled:  # as Ray does it where the node that was meant is full by then
                state._replicas.add(ReplicaState.RUNNING, Stub(ReplicaID(f"at {now}", COURSES), A))
            if not mover.go_on(state, {}):  # as Serve does it then
                state._replicas.remove({replica.replica_id})
                state._replicas.add(ReplicaState.RUNNING, replica)

    while now < 3600:
        before = mover._moving
        turn()
        now += 1
    assert 4 <= len(begun) <= 6
    gaps = [later - earlier for earlier, later in pairwise(begun)]
    assert all(later > 1.4 * earlier for earlier, later in pairwise(gaps))
    assert bool(state.stopped) == spilled

    manager._cluster_node_info_cache.names.add(C)
    tries = len(begun)
    for _ in range(10):
        before = mover._moving
        turn()
        now += 1
    assert len(begun) == tries + 1  # at once where a node joins
