"""A rubric out of an assignment's instructions: what they demand, as criteria."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from learning.grading.rubrics import Aspect, Criterion, Rubric, aspect_of, rubric_in
from learning.retrieval.blocks import sections
from learning.retrieval.sentences import sentences

_DEMAND = re.compile(
    r"^(?:\W*)(?:describe|explain|compare|state|name|list|show|calculate|discuss|give|include|find|write|choose|argue|"
    r"justify|analyse|analyze|evaluate|summari[sz]e|define|identify|say|trace|draw|interpret|apply|restate|present|plan)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?P<text>.+)$")
_STRONG = re.compile(r"\*\*(?P<title>[^*]{3,80}?)[.:]?\*\*[.:]?\s*(?P<rest>.*)")
_MOST = 8
_FORM_SHARE = Decimal("0.2")  # of the points, for structure and language together


def drafted(instructions: str, maximum: Decimal) -> Rubric | None:
    """Criteria whose points add up to `maximum`; the table that instructions have, where they have one. None where
    nothing is demanded in words that are understood."""
    if (own := rubric_in(instructions)) is not None:
        return own if Decimal(str(own.points)) == maximum else None
    demands = list(dict.fromkeys(_demands(instructions)))[:_MOST]
    if not demands:
        return None
    form = [
        Criterion(title="Structure: an order that a reader can follow", points=1, aspect=Aspect.STRUCTURE),
        Criterion(title="Language: clear and readable", points=1, aspect=Aspect.LANGUAGE),
    ]
    of_form = _parts(maximum * _FORM_SHARE, len(form))
    of_content = _parts(maximum - sum(of_form), len(demands))
    content = [
        Criterion(title=title, points=float(points), aspect=aspect_of(title), looks_for=(text,) if text else ())
        for (title, text), points in zip(demands, of_content, strict=True)
    ]
    counted = [
        Criterion(title=one.title, points=float(points), aspect=one.aspect)
        for one, points in zip(form, of_form, strict=True)
    ]
    return Rubric(task=instructions, criteria=tuple(one for one in (*content, *counted) if one.points > 0))


def _demands(instructions: str) -> list[tuple[str, str]]:
    """Titles, each with what is looked for where more is said."""
    whole = re.sub(r"\n[ \t]{2,}(?![-*+]|\d+[.)])(?=\S)", " ", instructions)  # an item goes on in the next line
    listed = [match["text"] for line in whole.splitlines() if (match := _LISTED.match(line))]
    if listed:
        return [_titled(text) for text in listed]
    plain = [piece.text for section in sections(instructions) for piece in section.pieces]
    return [_titled(one) for text in plain for one in sentences(text) if _DEMAND.match(one)]


def _titled(text: str) -> tuple[str, str]:
    strong = _STRONG.match(text)
    if strong:
        return strong["title"].strip(" ,;"), " ".join(strong["rest"].replace("**", "").split()).lstrip(" ,;")[:500]
    flat = " ".join(text.replace("**", "").replace("`", "").split()).rstrip(".,;")
    return (flat if len(flat) <= 300 else flat[:297].rstrip() + "..."), ""


def _parts(points: Decimal, count: int) -> Sequence[Decimal]:
    """Points in halves (in hundredths where there are too few), adding up to what there is."""
    step = Decimal("0.5") if points >= Decimal("0.5") * count else Decimal("0.01")
    each = (points / count // step) * step
    left = points - each * count
    parts = []
    for _ in range(count):
        more = min(step, left)
        parts.append(each + more)
        left -= more
    parts[0] += left
    return parts
