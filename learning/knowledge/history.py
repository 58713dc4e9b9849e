"""What is remembered of a learner, one answer at a time, and what it says of the next answer.

Counts and decayed means, of a skill and of everything: performance factors (Pavlik, Cen and Koedinger, 2009) with
recency (Gong, Beck and Heffernan, 2011), and beside them the chance that knowledge tracing gives. A mean starts at what
is usual for the skill, so that a learner without history is an average one.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from learning.knowledge.bkt import TYPICAL, Parameters, after, chance_of_right

_SKILL_DECAYS = (0.5, 0.8, 0.95)
_OVERALL_DECAYS = (0.7, 0.9, 0.97, 0.995)
_WEIGHT_OF_USUAL = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Skill:
    """What fitting found out about a skill."""

    rate: float = 0.66  # how often it is answered rightly
    first: float = 0.6  # the same, of first answers
    late: float = 0.7  # of answers from the fifth on
    answers: int = 0  # how many it was fitted to
    bkt: Parameters = TYPICAL


UNKNOWN = Skill()


@dataclass(slots=True)
class SkillHistory:
    """A learner's answers to one skill."""

    known: float  # chance, of knowledge tracing
    answers: int = 0
    right: int = 0
    recent: int = 0  # the last eight answers as bits, the last one lowest
    streak: int = 0  # of right answers, or of wrong ones below nil
    sums: list[float] = field(default_factory=lambda: [0.0] * len(_SKILL_DECAYS))
    weights: list[float] = field(default_factory=lambda: [0.0] * len(_SKILL_DECAYS))

    def record(self, right: bool, skill: Skill) -> None:
        self.known = after(self.known, right, skill.bkt)
        self.answers += 1
        self.right += right
        self.recent = (self.recent << 1 | right) & 0xFF
        self.streak = max(self.streak, 0) + 1 if right else min(self.streak, 0) - 1
        for at, decay in enumerate(_SKILL_DECAYS):
            self.sums[at] = self.sums[at] * decay + right
            self.weights[at] = self.weights[at] * decay + 1


@dataclass(slots=True)
class History:
    """All answers of a learner. As small as the number of skills, however many answers there were."""

    skills: dict[str, SkillHistory] = field(default_factory=dict)
    answers: int = 0
    surprise: float = 0.0  # sum of right minus usual
    last: float = 0.5
    firsts: int = 0
    first_surprise: float = 0.0  # the same, of first answers to a skill
    surprises: list[float] = field(default_factory=lambda: [0.0] * len(_OVERALL_DECAYS))
    weights: list[float] = field(default_factory=lambda: [0.0] * len(_OVERALL_DECAYS))

    def record(self, name: str, right: bool, skill: Skill) -> None:
        """An answer was right or wrong."""
        own = self.skills.get(name)
        if own is None:
            own = self.skills[name] = SkillHistory(known=skill.bkt.known)
            self.firsts += 1
            self.first_surprise += right - skill.first
        usual = skill.rate
        self.answers += 1
        self.surprise += right - usual
        self.last = float(right)
        for at, decay in enumerate(_OVERALL_DECAYS):
            self.surprises[at] = self.surprises[at] * decay + right - usual
            self.weights[at] = self.weights[at] * decay + 1
        own.record(right, skill)

    def known(self, name: str, skill: Skill) -> float:
        """The chance that the skill is known, by knowledge tracing."""
        own = self.skills.get(name)
        return skill.bkt.known if own is None else own.known

    def features(self, name: str, skill: Skill) -> list[float]:
        """What is known before an answer to this skill."""
        own = self.skills.get(name) or SkillHistory(known=skill.bkt.known)
        right = chance_of_right(own.known, skill.bkt)
        chance = min(max(right, 1e-4), 1 - 1e-4)
        seen = own.answers
        return [
            math.log(chance / (1 - chance)),
            own.known,
            skill.rate,
            skill.first,
            skill.late,
            skill.bkt.learn,
            skill.bkt.slip,
            math.log1p(skill.answers),
            math.log1p(seen),
            math.log1p(own.right),
            math.log1p(seen - own.right),
            (own.right + 2 * skill.rate) / (seen + 2),
            *((total + _WEIGHT_OF_USUAL * skill.rate) / (weight + _WEIGHT_OF_USUAL)
              for total, weight in zip(own.sums, own.weights, strict=True)),
            *(float(own.recent >> at & 1) if seen > at else skill.rate for at in range(4)),
            float(max(-8, min(8, own.streak))),
            math.log1p(self.answers),
            self.surprise / (self.answers + 5),
            *(total / (weight + 2) for total, weight in zip(self.surprises, self.weights, strict=True)),
            self.last,
            math.log1p(self.firsts),
            self.first_surprise / (self.firsts + 3),
            math.log1p(self.answers - seen),
        ]  # fmt: skip

    def document(self) -> dict[str, Any]:
        """As JSON may hold it."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """From what `document` gave."""
        skills = {name: SkillHistory(**own) for name, own in document["skills"].items()}
        return cls(**{**document, "skills": skills})


FEATURES = len(History().features("", UNKNOWN))
"""How many numbers `History.features` gives."""
