"""The key points of texts, in their own sentences."""

from __future__ import annotations

from collections.abc import Sequence

from learning.content.material import Source, Statement, statements, stems, terms, terms_in

_SAME = 0.6


def key_points(sources: Sequence[Source], topic: str, per_source: int = 3) -> dict[str, list[Statement]]:
    """By the key of each text its most telling statements in their order: those with the weightiest terms, and what
    the topic names. Texts that say nothing of the topic are left out."""
    weights, wanted = terms(sources), stems(topic)
    found: dict[str, list[Statement]] = {}
    about: set[str] = set()
    for source in sources:
        own = statements([source])
        ranked = sorted(own, key=lambda one: -_weight(one, weights, wanted))
        chosen: list[Statement] = []
        for one in ranked:
            if len(chosen) < per_source and not any(_alike(one.text, other.text) for other in chosen):
                chosen.append(one)
        if not wanted or wanted & stems(f"{source.title} {source.markdown}"):
            about.add(source.key)
        if chosen:
            found[source.key] = sorted(chosen, key=own.index)
    return {key: points for key, points in found.items() if key in about}


def _weight(statement: Statement, weights: dict[str, float], wanted: frozenset[str]) -> float:
    held = sum(weights[term] for term in terms_in(statement, weights))
    return (held + 1.0) * (1 + len(stems(statement.text) & wanted)) / (8 + len(statement.text.split()))


def _alike(one: str, other: str) -> bool:
    own, others = stems(one), stems(other)
    return bool(own and others) and len(own & others) >= _SAME * min(len(own), len(others))
