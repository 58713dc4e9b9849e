"""What the aggregators stored of a scope, merged over the partitions it was written by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self
from uuid import UUID

from actors.analytics_aggregator.figures import PLATFORM, SKETCHES, WHOLE_SCORE, Scope
from actors.analytics_aggregator.sketches import Distinct, Group, Quantiles
from deployments.analytics.estimates import Estimates

# All are read at once: to ask a sketch costs more than what it answers.
RANKS = (0.1, 0.25, 0.5, 0.75, 0.9)
_PLACES = Decimal("0.0001")
_ESTIMATES = Estimates(20_000)


class Subject(NamedTuple):
    """What figures are of: whose rows they are, the kind of scope, and its id."""

    org_id: UUID
    scope: Scope
    id: UUID

    @classmethod
    def platform(cls) -> Self:
        """All organisations together."""
        return cls(PLATFORM, Scope.ORGANISATION, PLATFORM)

    @classmethod
    def organisation(cls, org_id: UUID) -> Self:
        """One organisation."""
        return cls(org_id, Scope.ORGANISATION, org_id)

    @classmethod
    def course(cls, org_id: UUID, course_id: UUID) -> Self:
        """One course of an organisation."""
        return cls(org_id, Scope.COURSE, course_id)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many values there are, exactly, and about which stands at each of `RANKS`; none where there are none."""

    count: int
    at: Mapping[float, float]


@dataclass(slots=True)
class Cell:
    """One window of one scope. Complete it before it is read: sketches are merged once, when first asked for."""

    counters: dict[str, int] = field(default_factory=dict)
    _parts: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    _read: dict[str, Any] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in the row of one more partition, or of one more window."""
        self.add_counters(row["counters"])
        for name in SKETCHES:
            if (sketch := row.get(name)) is not None:
                self._parts[name].append(sketch)

    def add_counters(self, counters: Mapping[str, int]) -> None:
        """Add counters up."""
        mine = self.counters
        for name, value in counters.items():
            mine[name] = mine.get(name, 0) + value

    def include(self, other: Cell) -> None:
        """Take in another window."""
        self.add_counters(other.counters)
        for name, parts in other._parts.items():
            self._parts[name] += parts

    def count(self, name: str) -> int:
        """A counter's value."""
        return self.counters.get(name, 0)

    @property
    def learners(self) -> int:
        """About how many learners were active."""
        if "learners" not in self._read:
            self._read["learners"] = _ESTIMATES.together(self._parts["learners"])
        learners: int = self._read["learners"]
        return learners

    def crowd(self, enough: int) -> int:
        """How many learners were active, or fewer, but `enough` at least where there are so many.

        Merging large sketches takes long: where the learners of one partition alone are enough, nothing is merged.
        """
        if "crowd" not in self._read:
            alone = (round(Distinct.from_bytes(part).estimate) for part in self._parts["learners"])
            self._read["crowd"] = next((count for count in alone if count >= enough), None)
        found: int | None = self._read["crowd"]
        return self.learners if found is None else found

    @property
    def scores(self) -> Distribution:
        """Scores in percent."""
        return self._distribution("scores")

    @property
    def durations(self) -> Distribution:
        """Days from getting a seat to completing."""
        return self._distribution("durations")

    def _distribution(self, name: str) -> Distribution:
        if name not in self._read:
            merged = Quantiles.merged(self._parts[name])
            values = merged.quantiles(RANKS)
            self._read[name] = Distribution(merged.count, dict(zip(RANKS, values, strict=True)) if values else {})
        found: Distribution = self._read[name]
        return found

    @property
    def scorers(self) -> int:
        """How many learners have a score, `GROUP_LIMIT` at most."""
        return self._group("scorers")

    @property
    def finishers(self) -> int:
        """How many learners have completed a course, `GROUP_LIMIT` at most."""
        return self._group("finishers")

    def _group(self, name: str) -> int:
        if name not in self._read:
            self._read[name] = Group.merged(self._parts[name]).count
        found: int = self._read[name]
        return found

    @property
    def score_mean(self) -> Decimal | None:
        """In percent; None without a score, or where what was marked anew belongs to another window's scores."""
        whole, part = self.count("scored") * WHOLE_SCORE, self.count("score_millionths")
        return percent(part, whole) if whole > 0 and 0 <= part <= whole else None


def merged(rows: Iterable[Mapping[str, Any]]) -> Cell:
    """All rows as one cell."""
    cell = Cell()
    for row in rows:
        cell.add(row)
    return cell


def by_start(rows: Iterable[Mapping[str, Any]]) -> dict[datetime, Cell]:
    """Cells by the beginning of their window."""
    cells: dict[datetime, Cell] = {}
    for row in rows:
        start = row["start"]
        if start not in cells:
            cells[start] = Cell()
        cells[start].add(row)
    return cells


def by_scope(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, Cell]:
    """Cells by the id of their scope, all windows together."""
    cells: dict[UUID, Cell] = {}
    for row in rows:
        cells.setdefault(row["scope_id"], Cell()).add(row)
    return cells


def percent(part: int, whole: int) -> Decimal:
    """A share in percent, four decimals."""
    return (Decimal(part) * 100 / Decimal(whole)).quantize(_PLACES)


def rounded(value: float, places: Decimal = _PLACES) -> Decimal:
    """A figure of a sketch as a decimal, four decimals."""
    return Decimal(value).quantize(places)
