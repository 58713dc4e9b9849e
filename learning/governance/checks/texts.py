"""Checks of whole texts on their way to a model, to a person or into a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from learning.governance.checks.seen import Seen
from learning.governance.checks.steps import Parameters
from learning.governance.views import TextView
from learning.privacy.detector import PersonalDataDetector
from learning.privacy.kinds import DIRECT, Kind, Span
from learning.safety.attributes import mentions
from learning.safety.grounding import Grounding
from learning.safety.injection import MAX_LENGTH, examine
from learning.safety.overlap import Fingerprints

TextCheck = Callable[[TextView, Parameters], Iterator[Seen]]

# What has a form. Names and postal addresses are found by a tagger, which mistakes some words for them.
FORMED = DIRECT - {Kind.PERSON, Kind.ADDRESS}
PATTERNS = PersonalDataDetector.patterns_only()
_EVERYTHING = PersonalDataDetector.load()


def personal_data_in_request(view: TextView, parameters: Parameters) -> Iterator[Seen]:
    if not (view.context.external or parameters["inside"]):
        return
    detector, kinds = (_EVERYTHING, DIRECT) if parameters["names"] else (PATTERNS, FORMED)
    for span in detector.detect(view.text):
        if span.kind in kinds:
            yield personal(span)


def personal_data_in_answer(view: TextView, _: Parameters) -> Iterator[Seen]:
    for span in PATTERNS.detect(view.text):
        if span.kind in FORMED and not named(view.text[span.start : span.end], view.context.known):
            yield personal(span)


def personal(span: Span) -> Seen:
    """A find of personal data; the evidence is its kind."""
    return Seen(evidence=span.kind.value, span=(span.start, span.end), replacement=f"[{span.kind.value}]")


def named(found: str, known: tuple[str, ...]) -> bool:
    """Whether whoever gets a text has named what was found in it."""
    return any(found in text for text in known)


def injection_in_request(view: TextView, parameters: Parameters) -> Iterator[Seen]:
    report = examine(view.text[:MAX_LENGTH])
    if report.score * 100 >= parameters["percent"]:
        families = ", ".join(sorted({signal.family for signal in report.signals}))
        yield Seen(evidence=f"{families}: {report.score:.2f}")


def verbatim_overlap(view: TextView, parameters: Parameters) -> Iterator[Seen]:
    if not view.context.protected:
        return
    prints = fingerprints(view.context.protected)
    for overlap in prints.find(view.text, least_words=parameters["words"]):
        evidence = f"{overlap.words} words of protected text {overlap.source}"
        yield Seen(evidence=evidence, span=(overlap.start, overlap.end))


def fingerprints(protected: tuple[str, ...]) -> Fingerprints:
    """Of protected texts, by their place in the context."""
    return Fingerprints.of({str(place): text for place, text in enumerate(protected, start=1)})


def ungrounded_statement(view: TextView, parameters: Parameters) -> Iterator[Seen]:
    if not view.context.sources:
        return
    report = Grounding().check(view.text, view.context.sources)
    unsupported = round((1 - report.share) * 100)
    if unsupported > parameters["percent"]:
        yield Seen(evidence=f"{unsupported} % of what it states is not in its sources")


def protected_attribute_as_reason(view: TextView, _: Parameters) -> Iterator[Seen]:
    if not view.context.recommends:
        return
    for mention in mentions(view.text):
        if mention.as_reason:
            yield Seen(evidence=f"argues from {mention.attribute}", span=(mention.start, mention.end))


TEXT_CHECKS: Mapping[str, TextCheck] = {
    check.__name__: check
    for check in (
        personal_data_in_request,
        personal_data_in_answer,
        injection_in_request,
        verbatim_overlap,
        ungrounded_statement,
        protected_attribute_as_reason,
    )
}
