"""Distinct counts and quantiles that merge: Apache DataSketches behind two small types, and small groups.

All are small where they hold little: a `Distinct` of one learner takes 12 bytes, of 100,000 about 8 KiB; `Quantiles`
of any number of values take at most about 2.5 KiB; a `Group` takes 4 bytes a learner, and a single one once it is full.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from datasketches import hll_sketch, hll_union, kll_floats_sketch, tgt_hll_type

from actors.analytics_aggregator.figures import SketchKind

# 2^14 registers of 4 bits: a standard error of 0.8 % (Heule, Nunkesser and Hall 2013, HyperLogLog in Practice).
_LG_REGISTERS = 14
# A rank error of 1.33 % at 99 % confidence (Karnin, Lang and Liberty 2016); exact up to 200 values.
_QUANTILES_K = 200
_FLAGS, _OUT_OF_ORDER = 5, 16  # in the preamble of a serialised HyperLogLog sketch

# The greatest number that a group is compared with: the upper bound of the setting `analytics_minimum_group`.
GROUP_LIMIT = 100
_FULL = b"\xff"
_MEMBER_BYTES = 4


class Distinct:
    """How many different members were added: HyperLogLog.

    Its registers, and so `merged(...)`, do not depend on the order of additions or on how they were split.
    """

    __slots__ = ("_always", "_sketch", "_written")

    def __init__(self) -> None:
        self._sketch = hll_sketch(_LG_REGISTERS, tgt_hll_type.HLL_4)
        self._written = 0.0
        self._always = False

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises `RuntimeError`, `ValueError` or `IndexError` for bytes that are no sketch."""
        self = cls.__new__(cls)
        self._sketch = hll_sketch.deserialize(data)
        self._written = self._sketch.get_estimate()
        self._always = bool(data[_FLAGS] & _OUT_OF_ORDER)
        return self

    @classmethod
    def merged(cls, parts: Iterable[bytes]) -> Self:
        """The union of serialised sketches; none at all give an empty one."""
        union = hll_union(_LG_REGISTERS)
        for part in parts:
            union.update(hll_sketch.deserialize(part))
        # A union of one sketch would keep its estimate, which depends on the order of additions; with itself it
        # falls back to the one that depends on the registers alone.
        union.update(union.get_result(tgt_hll_type.HLL_8))
        self = cls.__new__(cls)
        self._sketch = union.get_result(tgt_hll_type.HLL_4)
        self._written = 0.0
        self._always = True
        return self

    def update(self, members: Iterable[int]) -> None:
        """Add members: integers of 64 bits."""
        add = self._sketch.update
        for member in members:
            add(member)

    @property
    def estimate(self) -> float:
        """About how many there are."""
        return float(self._sketch.get_estimate())

    def to_bytes(self) -> bytes:
        """The compact form, in the format that DataSketches has in every language."""
        return bytes(self._sketch.serialize_compact())

    def take_changed(self) -> bytes | None:
        """The compact form, or None where it is what it was when it was last taken or read.

        The estimate of a sketch that is only ever added to grows with every change of its registers; that of a
        union need not, so unions always count as changed.
        """
        estimate = self._sketch.get_estimate()
        if estimate == self._written and not self._always:
            return None
        self._written = estimate
        return self.to_bytes()


class Quantiles:
    """The distribution of values: KLL over floats."""

    __slots__ = ("_sketch", "_written")

    def __init__(self) -> None:
        self._sketch = kll_floats_sketch(_QUANTILES_K)
        self._written = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises `RuntimeError`, `ValueError` or `IndexError` for bytes that are no sketch."""
        self = cls.__new__(cls)
        self._sketch = kll_floats_sketch.deserialize(data)
        self._written = self._sketch.n
        return self

    @classmethod
    def merged(cls, parts: Iterable[bytes]) -> Self:
        """All values of serialised sketches together; none at all give an empty one."""
        self = cls()
        for part in parts:
            self._sketch.merge(kll_floats_sketch.deserialize(part))
        return self

    def update(self, values: Iterable[float]) -> None:
        """Add values."""
        add = self._sketch.update
        for value in values:
            add(value)

    @property
    def count(self) -> int:
        """How many values were added; exact."""
        return int(self._sketch.n)

    def quantiles(self, ranks: Sequence[float]) -> list[float] | None:
        """The values at `ranks` (0 to 1), or None where there are none. The extremes are exact."""
        if self._sketch.is_empty():
            return None
        found = dict(zip(ranks, self._sketch.get_quantiles(list(ranks), True), strict=True))
        found |= {0.0: self._sketch.get_min_value(), 1.0: self._sketch.get_max_value()}
        return [float(found[rank]) for rank in ranks]

    def fractions_up_to(self, values: Sequence[float]) -> list[float] | None:
        """Which part (0 to 1) of all is at most each of `values`, which ascend; None where there are none."""
        return None if self._sketch.is_empty() else list(self._sketch.get_cdf(list(values), True))[:-1]

    def to_bytes(self) -> bytes:
        """The serialised form, in the format that DataSketches has in every language."""
        return bytes(self._sketch.serialize())

    def take_changed(self) -> bytes | None:
        """The serialised form, or None where it is what it was when it was last taken or read."""
        if self._sketch.n == self._written:
            return None
        self._written = self._sketch.n
        return self.to_bytes()


class Group:
    """How many different members were added, exactly up to `GROUP_LIMIT`; further on, only that they are that many.

    The union of groups is full where one of them is, so a full one need not remember its members: it has its final form
    for good. Of members, which are random, 32 bits are kept: among a hundred, two are taken for one once in 900,000
    times, which makes a group look smaller, never larger. Neither order nor split matters.
    """

    __slots__ = ("_members", "_written")

    def __init__(self) -> None:
        self._members: set[int] | None = set()  # None once it is full
        self._written = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises `ValueError` for bytes that are no group."""
        self = cls()
        if data == _FULL:
            self._members = None
        elif not data or len(data) % _MEMBER_BYTES:
            raise ValueError("no group of members")
        else:
            self._include(struct.unpack(f"<{len(data) // _MEMBER_BYTES}i", data))
        self._written = self.count
        return self

    @classmethod
    def merged(cls, parts: Iterable[bytes]) -> Self:
        """The union of serialised groups; none at all give an empty one."""
        self = cls()
        for part in parts:
            other = cls.from_bytes(part)._members
            if other is None:
                self._members = None
                break
            self._include(other)
        return self

    def update(self, members: Iterable[int]) -> None:
        """Add members: random integers of 64 signed bits."""
        if self._members is not None:
            # The first half: in the second one of a UUID's first 64 bits, four tell its version.
            self._include({member >> 32 for member in members})

    def _include(self, members: Iterable[int]) -> None:
        if self._members is not None:
            self._members.update(members)
            if len(self._members) >= GROUP_LIMIT:
                self._members = None

    @property
    def count(self) -> int:
        """How many there are, `GROUP_LIMIT` at most."""
        return GROUP_LIMIT if self._members is None else len(self._members)

    def to_bytes(self) -> bytes:
        """The members in order, little-endian; of a full group one byte."""
        return _FULL if self._members is None else struct.pack(f"<{len(self._members)}i", *sorted(self._members))

    def take_changed(self) -> bytes | None:
        """The serialised form, or None where it is what it was when it was last taken or read."""
        if self.count == self._written:
            return None
        self._written = self.count
        return self.to_bytes()


KINDS: Mapping[SketchKind, type[Distinct] | type[Quantiles] | type[Group]] = {
    "distinct": Distinct,
    "quantiles": Quantiles,
    "group": Group,
}
