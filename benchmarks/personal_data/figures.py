"""Precision, recall and F2 per character."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from benchmarks.personal_data.corpus import Marked
from learning.privacy.detector import PersonalDataDetector


@dataclass
class Figures:
    """Counts of characters over texts; `by_kind`: found and all characters of a kind."""

    found: int = 0
    false: int = 0
    missed: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    found_by_kind: Counter[str] = field(default_factory=Counter)
    right_kind: Counter[str] = field(default_factory=Counter)
    unseen: int = 0
    unseen_found: int = 0
    milliseconds: list[float] = field(default_factory=list)
    misses: list[tuple[str, str]] = field(default_factory=list)
    alarms: list[tuple[str, str]] = field(default_factory=list)

    def add(self, marked: Marked, detector: PersonalDataDetector, known: Collection[str] = frozenset()) -> None:
        """Count a text; values in `known` were met in training."""
        began = time.thread_time()
        spans = detector.detect(marked.text)
        self.milliseconds.append((time.thread_time() - began) * 1_000)
        is_found: list[str] = [""] * len(marked.text)
        for span in spans:
            is_found[span.start : span.end] = [span.kind.name] * (span.end - span.start)
        is_personal = [False] * len(marked.text)
        for start, end, kind in marked.spans:
            is_personal[start:end] = [True] * (end - start)
            hits = sum(map(bool, is_found[start:end]))
            self.by_kind[kind] += end - start
            self.found_by_kind[kind] += hits
            self.right_kind[kind] += sum(each.replace("DATE_OF_BIRTH", "DATE") == kind for each in is_found[start:end])
            if marked.text[start:end].casefold() not in known:
                self.unseen += end - start
                self.unseen_found += hits
            if hits < (end - start) / 2:
                self.misses.append((kind, _shown(marked.text, start, end)))
        pairs = list(zip(map(bool, is_found), is_personal, strict=True))
        self.found += pairs.count((True, True))
        self.false += pairs.count((True, False))
        self.missed += pairs.count((False, True))
        self.alarms += [
            (span.kind.name, _shown(marked.text, span.start, span.end))
            for span in spans
            if not any(is_personal[span.start : span.end])
        ]

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def f2(self) -> float:
        return 5 * self.precision * self.recall / max(1e-9, 4 * self.precision + self.recall)

    def quantile(self, share: float) -> float:
        """A quantile of the time for a text, in milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _shown(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 25) : start]}<<{text[start:end]}>>{text[end : end + 15]}"


def judge(texts: Sequence[Marked], detector: PersonalDataDetector, known: Collection[str] = frozenset()) -> Figures:
    figures = Figures()
    for marked in texts:
        figures.add(marked, detector, known)
    return figures
