"""How well personal data is found, and how rarely what is none is taken for it.

    python -m benchmarks.personal_data --data ../shared/data/pii/train.jsonl.gz [--answers FILE] [--folds 3 | --own]

Per character, a character counts as found whatever kind is given to it. The public sentences come from some 120
templates, and a sentence of a template that was trained on is no unseen one; so

- `--own` trains on our own templates and lists alone and judges by all public sentences;
- `--folds N` holds out whole templates, those alike together, N times, and also tells how much is found of values
  (names, streets) that occur in no training sentence;
- without either the shipped model is judged; of the public sentences these figures are of what it was trained on.

False alarms are counted on the demo courses, on our written ordinary texts, and with `--answers` on the questions and
answers of short_answers (train.jsonl.gz). Times are processor time, of one core.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pycrfsuite
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.personal_data import corpus
from benchmarks.personal_data.corpus import Marked
from benchmarks.personal_data.figures import Figures, judge
from benchmarks.personal_data.train import ROOT, fit, training_texts
from learning.privacy.detector import PersonalDataDetector, identifying
from learning.privacy.gazetteer import Gazetteer
from learning.privacy.kinds import DIRECT
from learning.privacy.tagger import CrfTagger

console = Console(width=120)


def detector_of(path: Path) -> PersonalDataDetector:
    tagger = pycrfsuite.Tagger()
    tagger.open(str(path))
    return PersonalDataDetector(CrfTagger(tagger, Gazetteer.load()))


def trained(texts: Sequence[Marked]) -> PersonalDataDetector:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tagger.crfsuite"
        fit(texts, Gazetteer.load(), path)
        return detector_of(path)


def folds(public: Sequence[Marked], count: int, rounds: int) -> Figures:
    """Each group of templates judged by a model that saw none of them."""
    groups, figures = corpus.groups(public), Figures()
    console.print(f"{len({each.template for each in public})} templates in {len(set(groups))} groups")
    for fold in range(count):
        seen = [each for each, group in zip(public, groups, strict=True) if group % count != fold]
        unseen = [each for each, group in zip(public, groups, strict=True) if group % count == fold]
        known = set().union(*(each.values() for each in seen))
        detector = trained(training_texts(seen, rounds=rounds))
        for each in unseen:
            figures.add(each, detector, known)
        console.print(f"fold {fold + 1}: {len(unseen)} sentences, F2 so far {figures.f2:.3f}")
    return figures


def show(title: str, figures: Figures) -> None:
    table = Table("kind", "characters", "found", "as this kind", title=title)
    for kind, count in figures.by_kind.most_common():
        found, right = figures.found_by_kind[kind] / count, figures.right_kind[kind] / count
        table.add_row(kind.lower(), str(count), f"{found:.3f}", f"{right:.3f}")
    console.print(table)
    unseen = f", of values met in no training sentence {figures.unseen_found / max(1, figures.unseen):.3f}"
    console.print(
        f"precision {figures.precision:.3f}, recall {figures.recall:.3f}{unseen}, F2 {figures.f2:.3f}; "
        f"per text p50 {figures.quantile(0.5):.1f} ms, p95 {figures.quantile(0.95):.1f} ms, "
        f"p99 {figures.quantile(0.99):.1f} ms"
    )


def ordinary_texts(answers: Path | None) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {"demo courses": []}
    for path in sorted((ROOT / "configs" / "demo" / "courses").glob("*.yaml")):
        course = yaml.safe_load(path.read_text(encoding="utf-8"))
        units = [unit for module in course["modules"] for unit in module["units"]]
        texts["demo courses"] += [
            part for unit in units for part in str(unit.get("body", "")).split("\n\n") if part.strip()
        ]
    spicy = (ROOT / "benchmarks" / "safety" / "spicy.txt").read_text(encoding="utf-8").splitlines()
    texts["questions and homework (spicy.txt)"] = [line for line in spicy if not line.startswith("# ")]
    if answers is not None:
        with gzip.open(answers, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        texts["short answers"] = sorted({row["answer"] for row in rows})
        texts["short answers: questions"] = sorted({row["question"] for row in rows})
    return texts


def alarms(detector: PersonalDataDetector, answers: Path | None, examples: int) -> None:
    table = Table(
        "texts", "count", "with a find", "that identifies", "direct", "words", "words in finds", title="False alarms"
    )
    for name, texts in ordinary_texts(answers).items():
        found = [detector.detect(text) for text in texts]
        kept = [identifying(text, spans) for text, spans in zip(texts, found, strict=True)]
        direct = [[span for span in spans if span.kind in DIRECT] for spans in kept]
        words = sum(len(text.split()) for text in texts)
        pairs = [(text, span) for text, spans in zip(texts, found, strict=True) for span in spans]
        inside = sum(len(text[span.start : span.end].split()) for text, span in pairs)
        table.add_row(
            name, str(len(texts)), f"{sum(map(bool, found)) / len(texts):.1%}",
            f"{sum(map(bool, kept)) / len(texts):.1%}",
            f"{sum(map(bool, direct)) / len(texts):.1%}", str(words), f"{inside / words:.2%}",
        )  # fmt: skip
        shown = [f"{span.kind.name} {text[span.start : span.end]!r}" for text, span in pairs]
        console.print(f"{name}: ", "; ".join(shown[:: max(1, len(shown) // max(1, examples))][:examples]))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the public sentences")
    parser.add_argument("--answers", type=Path, help="short answers, as ordinary texts")
    parser.add_argument("--own", action="store_true", help="train without the public sentences")
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=8, help="how often each of our templates is filled in training")
    parser.add_argument("--examples", type=int, default=0)
    options = parser.parse_args()
    public = corpus.public(options.data) if options.data and options.data.exists() else []
    if not public:
        console.print("The public sentences are not here: false alarms only.")
    if public and options.folds:
        show("Templates held out", folds(public, options.folds, options.rounds))
        return
    detector = (
        trained(training_texts([], rounds=options.rounds)) if options.own else PersonalDataDetector(CrfTagger.load())
    )
    if public:
        show("Trained on none of these sentences" if options.own else "The shipped model", judge(public, detector))
    alarms(detector, options.answers, options.examples)


if __name__ == "__main__":
    main()
