"""Which targets to ask, in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from configs.models import Alias, Choice, DataRule, Target

Groups = tuple[tuple[Choice, ...], ...]


def permitted(alias: Alias, targets: Mapping[str, Target], rule: DataRule | None = None) -> Groups:
    """The alias's groups without the targets that its data rule, or the stricter one given, does not permit."""
    rules = [alias.data] if rule is None else [alias.data, rule]
    groups = (
        tuple(choice for choice in group if all(r.permits(targets[choice.target].region) for r in rules))
        for group in alias.targets
    )
    return tuple(group for group in groups if group)


class Permissions:
    """What aliases may go to, remembered: neither they nor their targets change while a process lives."""

    _MOST = 10_000

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._targets = targets
        self._known: dict[tuple[int, DataRule | None], Groups] = {}

    def of(self, alias: Alias, rule: DataRule | None) -> Groups:
        """See `permitted`. The alias has to live as long as this object."""
        key = (id(alias), rule)
        if (groups := self._known.get(key)) is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            groups = self._known[key] = permitted(alias, self._targets, rule)
        return groups


def order(
    groups: Sequence[Sequence[Choice]], ready: Callable[[str], bool], free: Callable[[str], bool], random: Random
) -> list[str]:
    """The names of the targets to ask, one after the other.

    Groups keep their order. In a group a target comes before another with a probability by their weights (Efraimidis
    and Spirakis 2006: the order of u^(1/w), u uniform); those with a free place come before those that would make the
    call wait. Targets that are not `ready` are left out.
    """
    names: dict[str, None] = {}  # each once, however often it is named
    for group in groups:
        drawn = [(free(c.target), random.random() ** (1.0 / c.weight), c.target) for c in group if ready(c.target)]
        names |= dict.fromkeys(name for _, _, name in sorted(drawn, reverse=True) if name not in names)
    return list(names)
