"""How well texts are judged, on texts that shaped no rule.

    python -m benchmarks.safety [--injection FILE] [--answers FILE] [--vectors]

Orders to a model: the rules were written, and tuned on attacks.txt and spicy.txt, and the model that weighs their signs
learns from these, their second and third files and two demo courses (benchmarks/safety/train.py). Unseen are
attacks_unseen.txt, attacks_held_out.txt, spicy_unseen.txt, the attacks of Tensor Trust (`--injection`), one demo course
and short answers (`--answers`).
Support: sentences of the demo courses, as they are and changed, against their own unit and against another; students'
answers against reference answers. Copies: passages of the courses inside other text, as they are and with words
changed. Quiz keys: the demo courses' own quizzes against their units, and against feedback that gives an answer away.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from learning.embedding.minilm import MiniLM
from learning.retrieval.sentences import sentences
from learning.safety.grounding import THRESHOLD, Embed, Grounding
from learning.safety.injection import THRESHOLD as FLAGGED
from learning.safety.injection import examine, together
from learning.safety.overlap import Fingerprints
from learning.safety.quiz_keys import QuizKey, leaks

_HERE = Path(__file__).parent
_COURSES = sorted((_HERE.parent.parent / "configs" / "demo" / "courses").glob("*.yaml"))
HELD_OUT_COURSE = "learning-science"
"""The course whose units shaped no rule and no weight."""

console = Console(width=120)


@dataclass(frozen=True)
class Unit:
    """A unit of a demo course."""

    course: str
    title: str
    body: str
    questions: tuple[dict[str, Any], ...]


def units() -> list[Unit]:
    found = []
    for path in _COURSES:
        course = yaml.safe_load(path.read_text(encoding="utf-8"))
        for module in course["modules"]:
            for unit in module["units"]:
                quiz = unit.get("quiz") or {}
                questions = tuple(unit.get("questions") or quiz.get("questions") or ())
                found.append(Unit(course["slug"], unit["title"], str(unit.get("body") or ""), questions))
    return found


def lines(name: str) -> list[str]:
    found = (_HERE / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.replace("\\n", "\n") for line in found]


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def prose(body: str) -> list[str]:
    """Sentences of a body's plain paragraphs."""
    parts = [
        part for part in re.split(r"\n\s*\n", body) if re.match(r"[A-Z]", part) and "|" not in part and "`" not in part
    ]
    return [
        each for part in parts for each in sentences(part) if 8 <= len(each.split()) <= 40 and not each.endswith("?")
    ]


# --- orders to a model


def injection(attacks: Path | None, answers: Path | None) -> None:
    learnt = ("attacks.txt", "attacks_second.txt", "spicy.txt", "spicy_second.txt", "spicy_third.txt")
    texts = {f"{name} (learnt from)": lines(name) for name in learnt}
    texts |= {name: lines(name) for name in ("attacks_unseen.txt", "attacks_held_out.txt", "spicy_unseen.txt")}
    bodies = [unit.body for unit in units() if unit.body.strip()]
    unseen = [unit.body for unit in units() if unit.body.strip() and unit.course == HELD_OUT_COURSE]
    texts["demo courses, paragraphs"] = [part for body in bodies for part in re.split(r"\n\s*\n", body) if part.strip()]
    texts["demo courses, units"] = bodies
    texts["a course that shaped nothing, units"] = unseen
    if answers is not None:
        rows = rows_of(answers)
        texts["short answers and questions"] = sorted({row[key] for row in rows for key in ("answer", "question")})
    if attacks is not None:
        texts["Tensor Trust attacks (unseen)"] = [row["text"] for row in rows_of(attacks)]
        inside = [f"{text[: len(text) // 2]}\n\n{row}\n\n{text[len(text) // 2 :]}" for text, row in zip(
            texts["demo courses, units"] * 40, texts["Tensor Trust attacks (unseen)"], strict=False
        )]  # fmt: skip
        texts["the same inside course units"] = inside
    table = Table("texts", "count", "flagged", "by rules alone", "p95 ms", title="Orders to a model")
    for name, each in texts.items():
        reports, took = [], []
        for text in each:
            began = time.thread_time()
            reports.append(examine(text))
            took.append((time.thread_time() - began) * 1_000)
        flagged = sum(report.flagged for report in reports) / len(reports)
        ruled = sum(together(report.signals) >= FLAGGED for report in reports) / len(reports)
        table.add_row(name, str(len(each)), f"{flagged:.1%}", f"{ruled:.1%}", f"{np.quantile(took, 0.95):.2f}")
    console.print(table)


# --- support in sources


def changed(sentence: str, chance: random.Random) -> dict[str, str]:
    """The sentence with a number, a name or a not changed, where it has one."""
    out: dict[str, str] = {}
    if numbers := list(re.finditer(r"(?<![\w.])\d+(?![\w.])", sentence)):
        number = chance.choice(numbers)
        out["number changed"] = (
            f"{sentence[: number.start()]}{int(number[0]) + chance.randrange(2, 9)}{sentence[number.end() :]}"
        )
    if names := list(re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{3,}", sentence)):
        name = chance.choice(names)
        out["name changed"] = (
            f"{sentence[: name.start()]}{chance.choice(('Montessori', 'Vygotsky', 'Pavlov'))}{sentence[name.end() :]}"
        )
    if verb := re.search(r"\b(?:is|are|was|were|can|will|has|does)\b(?! not)", sentence):
        out["not added"] = f"{sentence[: verb.end()]} not{sentence[verb.end() :]}"
    return out


def shortened(sentence: str, chance: random.Random) -> str:
    """Some words less, as a summary has it."""
    words = sentence.rstrip(".").split()
    keep = [word for word in words if chance.random() > 0.2]
    return " ".join(keep) + "."


def grounding(embed: Embed | None, answers: Path | None) -> None:
    chance, every = random.Random(5), [unit for unit in units() if prose(unit.body)]
    judge = Grounding(embed)
    rates: dict[str, list[bool]] = {}
    for place, unit in enumerate(every[: 12 if embed else 60]):
        other = every[(place + len(every) // 2) % len(every)]
        for sentence in chance.sample(prose(unit.body), min(6, len(prose(unit.body)))):
            cases = {"as it is": (sentence, unit), "a fifth of the words less": (shortened(sentence, chance), unit)}
            cases |= {kind: (text, unit) for kind, text in changed(sentence, chance).items()}
            cases["against another unit"] = (sentence, other)
            for kind, (text, source) in cases.items():
                for each in judge.check(text, [source.body]).statements:
                    rates.setdefault(kind, []).append(each.supported)
    table = Table(
        "statement",
        "count",
        "supported",
        title=f"Support ({'words and vectors' if embed else 'words alone'}, threshold {THRESHOLD})",
    )
    for kind, found in rates.items():
        table.add_row(kind, str(len(found)), f"{sum(found) / len(found):.1%}")
    if answers is not None:
        for label, scores in _answers(judge, answers, 150 if embed else 1_500).items():
            table.add_row(
                f"students' answers: {label}", str(len(scores)), f"{np.mean(np.array(scores) >= THRESHOLD):.1%}"
            )
    console.print(table)


def _answers(judge: Grounding, path: Path, count: int) -> dict[str, list[float]]:
    rows = [row for row in rows_of(path) if len(row["answer"].split()) > 4]
    scores: dict[str, list[float]] = {}
    for row in random.Random(6).sample(rows, min(count, len(rows))):
        statements = judge.check(row["answer"], [f"{row['question']} {' '.join(row['references'])}"]).statements
        if statements:
            scores.setdefault(row["label"], []).append(min(each.score for each in statements))
    return scores


# --- copied passages


def overlap() -> None:
    chance, every = random.Random(7), [unit for unit in units() if len(prose(unit.body)) > 8]
    prints = Fingerprints.of({unit.title: unit.body for unit in every[::2]})
    table = Table("text", "count", "reported", title="Copied passages")
    cases: dict[str, list[bool]] = {}
    for unit in every[::2]:
        words = re.findall(r"[^\W_]+", unit.body)
        filler = " ".join(chance.choice(every[1::2]).body.split()[:60])
        for size in (12, 24, 36, 60):
            start = chance.randrange(max(1, len(words) - size))
            passage = words[start : start + size]
            cases.setdefault(f"{size} words copied", []).append(
                bool(prints.find(f"{filler} {' '.join(passage)} {filler}"))
            )
            edited = [chance.choice(words) if place % 8 == 7 else word for place, word in enumerate(passage)]
            cases.setdefault(f"{size} words, every eighth changed", []).append(bool(prints.find(" ".join(edited))))
    for unit in every[1::2]:
        cases.setdefault("other units", []).append(bool(prints.find(unit.body)))
    for name, found in cases.items():
        table.add_row(name, str(len(found)), f"{sum(found) / len(found):.1%}")
    console.print(table)


# --- quiz keys


def keys(unit: Unit) -> Iterator[QuizKey]:
    """The right options of a unit's questions with options, and the expected words of the others."""
    for number, question in enumerate(unit.questions):
        name, prompt, correct = f"{unit.title}/{number}", str(question["prompt"]), question.get("correct")
        options = question.get("options")
        if options:
            for each in correct if isinstance(correct, list) else [correct]:
                place = int(str(each))
                yield QuizKey(name, prompt, str(options[place]), "ABCDEFGH"[place])
        else:
            answers = question.get("accepted") or question.get("answers") or correct
            answer = answers[0] if isinstance(answers, list) else answers
            if answer is not None and not isinstance(answer, bool):
                yield QuizKey(name, prompt, str(answer))


def quiz() -> None:
    every = units()
    found = [key for unit in every for key in keys(unit)]
    if not found:
        console.print("The demo courses have no quiz whose keys could be read.")
        return
    told = [f"For the question {key.question} the correct answer is: {key.answer}" for key in found]
    lettered = [key for key in found if key.label]
    hints = [f"Think again about this: {key.question} What did the unit say?" for key in found]
    table = Table("text", "count", "reported", title="Quiz keys")
    letters = [f"{key.question} Choose option {key.label}." for key in lettered]
    cases = (("answer told", told, found), ("letter told", letters, lettered), ("a hint without it", hints, found))
    for name, texts, asked in cases:
        hits = [bool(leaks(text, [key])) for text, key in zip(texts, asked, strict=True)]
        table.add_row(name, str(len(hits)), f"{sum(hits) / len(hits):.1%}")
    bodies = [unit.body for unit in every if unit.body.strip()]
    alarms = [bool(leaks(body, found)) for body in bodies]
    table.add_row("course units (they may well say it)", str(len(alarms)), f"{sum(alarms) / len(alarms):.1%}")
    console.print(table)


def _remembering(embed: Embed) -> Embed:
    """The same sources are asked about many times: each sentence is embedded once."""
    known: dict[str, Any] = {}

    def remembered(texts: Sequence[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return remembered


def _existing(path: Path | None) -> Path | None:
    if path is not None and not path.exists():
        console.print(f"{path} is not here: skipped.")
        return None
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--injection", type=Path, help="attacks that shaped no rule")
    parser.add_argument("--answers", type=Path, help="short answers")
    parser.add_argument("--vectors", action="store_true", help="support by vectors too: minutes")
    options = parser.parse_args(arguments)
    answers = _existing(options.answers)
    injection(_existing(options.injection), answers)
    grounding(_remembering(MiniLM.load(threads=1).embed) if options.vectors else None, answers)
    overlap()
    quiz()


if __name__ == "__main__":
    main()
