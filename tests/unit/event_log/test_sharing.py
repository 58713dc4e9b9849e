"""Members deal out the partitions among themselves with nobody in charge."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from stores.event_log.membership import fair_share, moves
from stores.event_log.types import Claim

MEMBERS = ["a", "b", "c"]
PARTITIONS = range(5)


@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.integers(1, 40))
def test_shares_are_disjoint_complete_and_even(live: set[str], partitions: int) -> None:
    shares = {member: fair_share(member, live, range(partitions)) for member in live}
    assert sorted(partition for share in shares.values() for partition in share) == list(range(partitions))
    sizes = [len(share) for share in shares.values()]
    assert max(sizes) - min(sizes) <= 1


def test_one_who_does_not_count_as_living_yet_has_a_share() -> None:
    assert fair_share("b", {"a"}, range(4)) == {1, 3}


@dataclass
class World:
    """The table of claims, and what each member believes it holds."""

    owners: dict[int, str | None] = field(default_factory=lambda: dict.fromkeys(PARTITIONS))
    epochs: dict[int, int] = field(default_factory=lambda: dict.fromkeys(PARTITIONS, 0))
    held: dict[str, dict[int, Claim]] = field(default_factory=lambda: {member: {} for member in MEMBERS})

    def renew(self, member: str, live: set[str]) -> None:
        board = {Claim(partition, self.epochs[partition]): owner for partition, owner in self.owners.items()}
        todo = moves(member, live | {member}, board, self.held[member])
        self._assign(todo.release, None)
        self._assign(todo.take, member)
        self.held[member] = todo.keep | {
            claim.partition: Claim(claim.partition, self.epochs[claim.partition]) for claim in todo.take
        }

    def _assign(self, claims: list[Claim], owner: str | None) -> None:
        for claim in claims:
            assert self.epochs[claim.partition] == claim.epoch
            self.owners[claim.partition] = owner
            self.epochs[claim.partition] += 1

    def holders(self, partition: int) -> list[str]:
        """Whose claims would pass the check."""
        current = Claim(partition, self.epochs[partition])
        return [member for member, held in self.held.items() if held.get(partition) == current]


steps = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sets(st.sampled_from(MEMBERS)), st.booleans()))


@given(steps, st.sets(st.sampled_from(MEMBERS), min_size=1))
def test_nobody_shares_a_partition_and_all_end_up_with_their_part(
    history: list[tuple[str, set[str], bool]], survivors: set[str]
) -> None:
    world = World()
    for member, live, forgets in history:
        if forgets:
            world.held[member] = {}  # it starts anew under its name
        world.renew(member, live)
        assert all(len(world.holders(partition)) <= 1 for partition in PARTITIONS)
    for _ in range(2):
        for member in sorted(survivors):
            world.renew(member, survivors)
    for member in survivors:
        assert world.held[member].keys() == fair_share(member, survivors, PARTITIONS)
        assert all(world.holders(partition) == [member] for partition in world.held[member])
